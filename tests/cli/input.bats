#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Where jobs come from: standard input, files, the command line.

load ../helpers/common

# in_fifo ARG...: starts muster ARG... with a FIFO as standard input, whose
# other end is descriptor 5.
in_fifo() {
	mkfifo in
	exec 5<>in
	start muster "$@" <in
}

tail_is() {
	[ "$(tail -n 1 "$1")" = "$2" ]
}

@test "every line of standard input is a command" {
	t <<<$'echo one\nfalse\necho two; echo three'
	assert_status 1
	assert_output $'one\ntwo\nthree'
}

@test "with a command, every line is a value" {
	t echo got <<<$'one\ntwo  three'
	assert_ok $'got one\ngot two  three'
}

@test "the last line may lack its newline" {
	t < <(printf 'echo a\necho b')
	assert_ok $'a\nb'
}

@test "an empty input is no job" {
	t </dev/null
	assert_ok
	t false {} </dev/null
	assert_ok
	: >empty
	t -a empty false
	assert_ok
}

@test "a file that is only a newline is one blank job" {
	t echo 'x{}y' <<<''
	assert_ok xy
}

@test "blank lines count, unless -r" {
	local text=$'a\n\n  \n\t\nb'

	t echo 'x{}' <<<"$text"
	assert_ok $'xa\nx\nx  \nx\t\nxb'
	t -r echo 'x{}' <<<"$text"
	assert_ok $'xa\nxb'
	t --no-run-if-empty echo 'x{}' <<<"$text"
	assert_ok $'xa\nxb'
}

@test "blank command lines do nothing" {
	t <<<$'\n   \necho a\n\n'
	assert_ok a
}

@test "a carriage return belongs to the line" {
	muster printf '[%s]' < <(printf 'a\r\nb\r\n') >out
	assert_file_is out $'[a\r][b\r]'
	muster < <(printf 'echo a\r\necho b\r\n') >out
	assert_file_is out $'a\r\nb\r\n'
}

@test "bytes that are no text come through" {
	muster printf '[%s]' < <(printf '\377\376\n\200 \001\033\n') >out
	assert_file_is out $'[\377\376][\200 \001\033]'
}

@test "-0: items end in NUL and may hold newlines" {
	muster -0 printf '[%s]' < <(printf 'a\nb\0c\n\0\0d') >out
	assert_file_is out $'[a\nb][c\n][][d]'
	muster --null < <(printf 'echo a\necho b\0echo c') >out
	assert_file_is out $'a\nb\nc\n'
}

@test "-d: items end in any byte" {
	local d

	for d in ',' '\054' '\x2c'; do
		t -d "$d" echo < <(printf 'a,b b,,c')
		assert_ok $'a\nb b\n\nc'
	done
	t -d '\t' echo < <(printf 'a\tb\n\tc')
	assert_ok $'a\nb\n\nc'
	t -d '\0' echo < <(printf 'a\0b')
	assert_ok $'a\nb'
	t --delimiter \\\\ echo < <(printf 'a\\b')
	assert_ok $'a\nb'
}

@test "-d: more than a byte is an error" {
	local d

	for d in ab '' '\q' '\x'; do
		t -d "$d" echo ::: a
		assert_usage_error "-d: '$d'"
	done
}

@test "-a and :::: read values from a file" {
	printf '1\n2' >n
	t -a n echo
	assert_ok $'1\n2'
	t --arg-file n echo
	assert_ok $'1\n2'
	t echo :::: n
	assert_ok $'1\n2'
}

@test "the file - is standard input" {
	t -a - echo <<<$'1\n2'
	assert_ok $'1\n2'
	t echo ::: a :::: - <<<$'1\n2'
	assert_ok $'a 1\na 2'
	t --tasks - <<<'echo task'
	assert_ok task
}

@test "::: takes values from the command line, as they are" {
	t echo ::: a 'b  c' '' $'d\ne' --bar
	assert_ok $'a\nb  c\n\nd\ne\n--bar'
}

@test "several ::: give every combination, the last varies fastest" {
	local a b c want=

	for a in 1 2; do
		for b in x y z; do
			for c in + -; do
				want+="$a $b $c"$'\n'
			done
		done
	done
	t echo '{1} {2} {3}' ::: 1 2 ::: x y z ::: + -
	assert_ok "${want%$'\n'}"
}

@test "without a command, the values of a job are one" {
	t ::: echo printf ::: a b
	assert_ok $'a\nb\nab'
	t ::: 'echo x' ::: '; echo y'
	assert_ok $'x\ny'
}

@test "files, standard input and ::: combine" {
	printf 'f\ng\n' >file
	t -a file echo :::: - ::: x y <<<$'1\n2'
	assert_ok $'f 1 x\nf 1 y\nf 2 x\nf 2 y\ng 1 x\ng 1 y\ng 2 x\ng 2 y'
}

@test "several files behind :::: combine" {
	printf '1\n2\n' >n
	printf 'a\nb\n' >l
	t echo :::: n l
	assert_ok $'1 a\n1 b\n2 a\n2 b'
}

@test "the same file twice combines with itself" {
	printf '1\n2\n' >n
	t -a n -a n echo
	assert_ok $'1 1\n1 2\n2 1\n2 2'
}

@test ":::+ goes in step with the source before it" {
	t echo ::: a b :::+ 1 2
	assert_ok $'a 1\nb 2'
	t echo ::: a b :::+ 1 2 ::: x y
	assert_ok $'a 1 x\na 1 y\nb 2 x\nb 2 y'
	t echo ::: x y ::: a b :::+ 1 2
	assert_ok $'x a 1\nx b 2\ny a 1\ny b 2'
	t echo ::: a b :::+ 1 2 :::+ p q
	assert_ok $'a 1 p\nb 2 q'
}

@test "the shorter of linked sources ends both" {
	t echo ::: a b c :::+ 1 2
	assert_ok $'a 1\nb 2'
	t echo ::: a :::+ 1 2 ::: x
	assert_ok 'a 1 x'
}

@test "::::+ and -a +FILE link files" {
	printf '1\n2\n' >n
	printf 'a\nb\n' >l
	t echo :::: n ::::+ l
	assert_ok $'1 a\n2 b'
	t -a n -a +l echo
	assert_ok $'1 a\n2 b'
	t echo ::: x y ::::+ n
	assert_ok $'x 1\ny 2'
}

@test "an empty source counts as one empty value, all empty as no job" {
	t echo '[{1}]' '[{2}]' ::: a b :::
	assert_ok $'[a] []\n[b] []'
	t false :::
	assert_ok
	t false ::: ::: :::: /dev/null
	assert_ok
}

@test "--tasks runs the lines of its files, one file after the other" {
	printf 'echo a1; echo a2\nfalse\n' >a
	printf 'echo b\n' >b
	t --tasks b --tasks a --tasks b
	assert_status 1
	assert_output $'b\na1\na2\nb'
}

@test "NUL in a line is an error of that line alone" {
	printf 'echo a\necho b\0c\necho d\n' >in
	t <in
	assert_status 255
	assert_output $'a\nd'
	assert_stderr_has 'standard input'
	assert_stderr_has 'line 2'
	assert_stderr_has NUL
	t echo :::: in
	assert_status 255
	assert_output $'echo a\necho d'
	assert_stderr_has "in"
	assert_stderr_has 'line 2'
	assert_equal "${#stderr_lines[@]}" 1
}

@test "a file that is missing is an error before anything runs" {
	local args

	for args in '-a missing' '--tasks missing'; do
		# shellcheck disable=SC2086
		t $args touch ran ::: x
		assert_usage_error missing
		assert_stderr_has "${args% *}"
	done
	t touch ::: ran :::: missing
	assert_usage_error '::::'
	assert_stderr_has missing
	dir_is_empty .
}

@test "a directory is no input" {
	mkdir dir
	t -a dir echo
	assert_usage_error "'dir'"
	assert_stderr_has directory
	t --tasks dir
	assert_usage_error "--tasks"
	t </
	assert_status 255
	assert_output ''
	assert_stderr_has 'standard input'
}

@test "a file that cannot be read gives 255" {
	# What is at address 0 of a process can't be read even by root.
	t -a /proc/self/mem echo
	assert_status 255
	assert_output ''
	assert_stderr_has /proc/self/mem
	printf 'echo %s\n' a b >good
	t --tasks good --tasks /proc/self/mem --tasks good
	assert_status 255
	assert_output $'a\nb\na\nb'
	assert_stderr_has --tasks
}

@test "standard input that is closed is no empty input" {
	status=0
	muster <&- >out 2>err || status=$?
	assert_equal "$status" 255
	assert_file_is out ''
	assert_file_has err 'standard input is closed'
}

@test "the first job runs before the end of input" {
	in_fifo
	echo 'echo first' >&5
	wait_until file_has out first
	echo 'echo second' >&5
	wait_until file_has out second
	exec 5>&-
	finish
	assert_file_is out $'first\nsecond\n'
}

@test "values from a FIFO run as they come" {
	mkfifo values
	start muster echo got :::: values
	exec 5>values
	echo 1 >&5
	wait_until file_has out 'got 1'
	exec 5>&-
	finish
	assert_equal "$status" 0
	assert_file_is out $'got 1\n'
}

@test "half a line waits for its other half" {
	in_fifo
	printf 'echo a\necho ' >&5
	wait_until file_has out a
	printf 'b\n' >&5
	wait_until file_has out b
	exec 5>&-
	finish
	assert_file_is out $'a\nb\n'
}

@test "an endless input ends by --halt" {
	muster -j 2 --halt soon,success=3 >out < <(yes 'echo y')
	[ "$(wc -l <out)" -ge 3 ]
}

@test "long lines come through" {
	local long

	long=$(printf '%0100000d' 7)
	muster printf %s <<<"$long" >out
	assert_file_is out "$long"
	muster printf '%s' ::: "$long" a >out
	assert_file_is out "${long}a"
}

@test "a command that is too long fails alone" {
	local long

	without_valgrind
	long=$(head -c 3000000 /dev/zero | tr '\0' x)
	t < <(echo 'echo a'; echo "echo $long"; echo 'echo b')
	assert_status 1
	assert_output $'a\nb'
	assert_stderr_has 'job 2:'
	assert_stderr_has 'too long'
	t echo < <(echo a; echo "$long"; echo b)
	assert_status 1
	assert_output $'a\nb'
	assert_stderr_has 'job 2:'
}

@test "a million lines need no more memory than a tenth of them" {
	local many=$((1000000 / MUSTER_TEST_SLOW)) few before after

	few=$((many / 10))
	# Freed memory is to be used again, not kept for checks.
	ASAN_OPTIONS+=${ASAN_OPTIONS:+:}quarantine_size_mb=1 \
		in_fifo --dry-run echo
	seq "$few" >&5
	wait_until tail_is out "echo $few"
	before=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")
	seq $((few + 1)) "$many" >&5
	wait_until tail_is out "echo $many"
	after=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")
	exec 5>&-
	finish
	seq "$many" | sed 's/^/echo /' | cmp - out
	# What a full queue takes; at 16 bytes a line it would be more.
	[ "$after" -lt $((before + 8192 * MUSTER_TEST_SLOW)) ] ||
		fail_with "$before kB grew to $after kB"
}
