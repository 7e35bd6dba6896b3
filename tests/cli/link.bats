#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Which items there are, and which of them meet: --link, -E, --arg-sep,
# --skip-first-line, --shuf, --total-jobs.

load ../helpers/common

same() {
	command -v parallel >/dev/null || skip "GNU parallel is not there"
	assert_equal "$(muster "$@")" "$(oracle -k "$@")"
}

@test "--link takes inputs in step, shorter ones begin again" {
	t --link echo ::: 1 2 3 ::: a b
	assert_ok $'1 a\n2 b\n3 a'
}

@test "--link: as GNU parallel" {
	seq 5 >five
	printf '%s\n' a b >two
	same --link echo {2} {1} :::: five two
	same --xapply echo ::: 1 2 3 :::+ a b ::: x
	same --link echo ::: 1 2 3 4 ::: a b :::+ p q
	same --link -a five -a two echo
	same -E 3 --link echo ::: 1 3 2 ::: a 3 b
}

@test "--link: an empty input gives empty values" {
	t --link --dry-run echo ::: 1 2 :::
	assert_ok $'echo 1 \'\'\necho 2 \'\''
	t --link echo ::: :::
	assert_ok ''
}

@test "--link reads lazily" {
	mkfifo in
	muster --link -j 1 'echo {}; touch {1}' :::: in ::: a b >out &
	exec 5>in
	echo 1 >&5
	wait_until test -e 1
	echo 2 >&5
	wait_until test -e 2
	exec 5>&-
	wait $!
	assert_file_is out $'1 a\n2 b\n'
}

@test "--link: a bad item fails alone" {
	printf '1\n\0\n3\n' >file
	t --link echo :::: file ::: a b c
	assert_status 255
	assert_output $'1 a\n3 c'
	assert_stderr_has "line 2: NUL byte"
}

@test "-E ends an input" {
	t -E 3 echo <<<$'1\n2\n3\n4'
	assert_ok $'1\n2'
	t -e 3 echo <<<$'1\n2\n3\n4'
	assert_ok $'1\n2'
	t --eof=3 echo <<<$'1\n2\n3\n4'
	assert_ok $'1\n2'
	t -E '' echo <<<$'1\n\n3'
	assert_ok $'1\n\n3'
}

@test "-E: as GNU parallel" {
	same -E 3 echo ::: 1 3 2 ::: a 3 b
	same -E b --trim l echo ::: a ' b' c
	same -E b -C , echo {2} ::: a,1 b,2 b c,3
}

@test "-E counts what is before it" {
	t -E 3 --halt now,done=50% -j 1 echo ::: 1 2 3 4 5 6
	assert_output 1
}

@test "--arg-sep and --arg-file-sep" {
	seq 2 >two
	t --arg-sep ,, echo ,, a b ,,+ c d
	assert_ok $'a c\nb d'
	t --arg-file-sep %% --arg-sep , echo %% two , x
	assert_ok $'1 x\n2 x'
	t --arg-sep ,, echo ::: a ,, x
	assert_ok '::: a x'
	t --arg-sep '' echo
	assert_usage_error "--arg-sep: an empty word cannot separate anything"
}

@test "--skip-first-line" {
	seq 3 >three
	t --skip-first-line echo :::: three ::: a b
	assert_ok $'2 a\n2 b\n3 a\n3 b'
	t --skip-first-line echo <<<x
	assert_ok ''
}

@test "--skip-first-line: it alone, also when it could not be run" {
	printf 'a\0b\n1\n2\n' >bad
	t --skip-first-line echo :::: bad
	assert_ok $'1\n2'
}

@test "--shuf runs all, once, in another order" {
	seq 100 | muster --shuf 'echo {}' >out
	sort -n out | cmp - <(seq 100)
	run cmp -s out <(seq 100)
	assert_equal "$status" 1
}

@test "--shuf numbers jobs in their new order" {
	t --shuf echo {#} ::: a b c
	assert_ok $'1\n2\n3'
}

@test "--total-jobs is what the bar counts to" {
	mkfifo in
	muster --total-jobs 8 --bar true <in 2>err &
	exec 5>in
	seq 4 >&5
	wait_until file_has err '50% 4:4'
	exec 5>&-
	wait $!
	t --total-jobs x echo ::: a
	assert_usage_error "--total-jobs: 'x' is not a whole number from 1 on"
	t --total-jobs 0 echo ::: a
	assert_usage_error "--total-jobs: '0' is not a whole number"
}
