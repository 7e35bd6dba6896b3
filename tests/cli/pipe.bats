# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --pipe: blocks of whole records on the standard input of jobs.

# shellcheck disable=SC2094 # cmp reads what muster reads

load ../helpers/common

# p INPUT ARG...: muster --pipe ARG... with INPUT (as for printf %b).
p() {
	printf '%b' "$1" >input
	shift
	run --separate-stderr muster --pipe "$@" <input
}

# The same from muster and from GNU parallel, which is slow: a few together.
same() {
	muster "$@" <input >ours
	oracle -k "$@" <input >theirs
	cmp ours theirs || fail_with "differs: $*"
}

@test "--block: what fits of whole records" {
	p '1\n2\n3\n4\n5\n' --block 5 'echo r; cat'
	assert_ok $'r\n1\n2\nr\n3\n4\nr\n5'
}

@test "--block takes sums" {
	p '1\n2\n3\n4\n5\n' --block '2*(1+2)-1' 'echo r; cat'
	assert_ok $'r\n1\n2\nr\n3\n4\nr\n5'
}

@test "a record longer than a block is not cut" {
	p 'abcdefgh\nij\n' --block 2 'echo r; cat'
	assert_ok $'r\nabcdefgh\nr\nij'
}

@test "a missing last newline stays missing" {
	p 'a\nb' -N1 'cat; echo .'
	assert_ok $'a\n.\nb.'
}

@test "without input there is no job" {
	p '' 'echo job; cat'
	assert_ok ''
}

@test "-N, -n: so many records" {
	p '1\n2\n3\n' -N2 'echo r; cat'
	assert_ok $'r\n1\n2\nr\n3'
	p '1\n2\n3\n' -n 2 'echo r; cat'
	assert_ok $'r\n1\n2\nr\n3'
}

@test "-L: records of so many lines" {
	p '1\n2\n3\n4\n5\n' -L2 --block 5 'echo r; cat'
	assert_ok $'r\n1\n2\nr\n3\n4\nr\n5'
	p '1\n2\n3\n4\n5\n' -L2 -N2 'echo r; cat'
	assert_ok $'r\n1\n2\n3\n4\nr\n5'
}

@test "--recend, --recstart" {
	p 'aXbXc' --recend X -N1 'cat; echo'
	assert_ok $'aX\nbX\nc'
	p 'aXbXc' --recstart X -N1 'cat; echo'
	assert_ok $'a\nXb\nXc'
	p 'aXbXYc' --recend X --recstart Y -N1 'cat; echo'
	assert_ok $'aXbX\nYc'
}

@test "--regexp" {
	p 'a12b3c' --regexp --recend '\d+' -N1 'cat; echo'
	assert_ok $'a12\nb3\nc'
}

@test "--rrs takes separators out" {
	p 'aXbXc' --recend X --rrs -N2 'cat; echo'
	assert_ok $'ab\nc'
}

@test "--header: before each block" {
	p 'h\n1\n2\n3\n' --header : -N2 'cat'
	assert_ok $'h\n1\n2\nh\n3'
	p '#a\n#b\n1\n2\n' --header '(#.*\n)*' -N1 'cat'
	assert_ok $'#a\n#b\n1\n#a\n#b\n2'
}

@test "-r drops blank lines" {
	p 'a\n\n \nb\n' -r -N1 'echo r; cat'
	assert_ok $'r\na\nr\nb'
}

@test "--csv: whole records, with newlines in quotes" {
	local text=$'h,"x\ny"\na,"1\n2"\nb,3\n"c""\n",4'

	printf '%s' "$text" >in.csv
	t --pipe --csv -k -N1 'echo r; cat' <in.csv
	assert_ok $'r\nh,"x\ny"\nr\na,"1\n2"\nr\nb,3\nr\n"c""\n",4'
	t --pipe --csv -k --block 5 'echo r; cat' <in.csv
	assert_ok $'r\nh,"x\ny"\nr\na,"1\n2"\nr\nb,3\nr\n"c""\n",4'
	t --pipe --csv -k --block 5 cat < <(cat in.csv)
	assert_ok "$text"
}

@test "-N values a job, as well as records" {
	p '1\n2\n3\n4\n5\n6\n' -N2 'echo {1} {2}; cat' ::: a b c
	assert_ok $'a b\n1\n2\nc\n3\n4\n\n5\n6'
	p '1\n' --tee -N2 'echo {1} {2}; cat' ::: a b c d
	assert_ok $'a b\n1\nc d\n1'
	p '1\n2\n' -L1 'echo {1} {2}; cat' ::: a b
	assert_ok $'a\n1\n2'
}

@test "bytes are kept: NUL, CR, no newline at all" {
	head -c 300000 /dev/urandom >random
	muster --pipe --block 1k cat <random | cmp - random
	muster --pipe --block 7k --recend '\0' cat <random | cmp - random
	muster --pipe --block 5k --recend '' cat <random | cmp - random
	muster --pipe -N 3 --block 5k cat <random | cmp - random
}

@test "more data than a pipe holds, and slow readers" {
	seq 600000 >input
	muster --pipe --block 3M cat <input | cmp - input
	muster --pipe --block 2M 'read -r l; echo "$l"; cat' <input |
		cmp - input
}

@test "a job that does not read is no failure" {
	seq 1000000 >input
	run --separate-stderr muster --pipe --block 4M true <input
	assert_ok ''
	run --separate-stderr muster --pipe --block 4M 'head -n 1' <input
	assert_status 0
	assert_no_stderr
}

@test "what reads on after the job gets it all" {
	seq 300000 >input
	muster --pipe --block 10M \
		'exec 3<&0; { cat <&3 >copy; mv copy done; } >/dev/null & :' \
		<input
	wait_until test -e done
	cmp done input
}

@test "--retries: each try gets the whole block" {
	p '1\n2\n' -N1 --retries 2 --retry-output all 'cat; exit 3'
	assert_status 2
	assert_output $'1\n1\n2\n2'
}

@test "a job that is killed while it is written to" {
	seq 1000000 >input
	run --separate-stderr muster --pipe --block 6M --timeout 0.1 \
		'exec sleep 1000' <input
	assert_status 2
	assert_no_stderr
}

@test "--halt ends it while input is left" {
	yes | muster --pipe -j2 --halt now,fail=1 'head -n 1; exit 7' >out ||
		status=$?
	[ "$status" -eq 7 ]
}

@test "an input that pauses: --block-timeout hands on what is there" {
	mkfifo in
	exec 7<>in
	start muster --pipe --block-timeout 0.05 'cat >>got; touch "n$(wc -l \
		<got)"' <in 7>&-
	echo a >&7
	wait_until test -e n1
	echo b >&7
	wait_until test -e n2
	exec 7>&-
	finish
	[ "$status" -eq 0 ]
	assert_file_is got $'a\nb\n'
}

@test "-N hands on as soon as the records are there" {
	mkfifo in
	exec 7<>in
	start muster --pipe -N1 'cat >"got$PARALLEL_SEQ"' <in 7>&-
	echo a >&7
	wait_until test -s got1
	exec 7>&-
	finish
	[ "$status" -eq 0 ]
}

@test "inputs are values, one for each block; then none" {
	p '1\n2\n3\n' -N1 'echo {#}{}; cat' ::: x y
	assert_ok $'1x\n1\n2y\n2\n3\n3'
	seq 2 >a
	seq 3 4 >b
	p 'x\n' -a a -a b 'echo {1}{2}; cat'
	assert_ok $'13\nx'
	p 'x\n' 'echo {}; cat' :::: b
	assert_ok $'3\nx'
}

@test "--block -N: so many blocks for each job at a time" {
	seq 20 >input
	for size in -1 -2 -3 -9; do
		muster --pipe -j2 --block "$size" 'echo r; cat' <input >file
		muster --pipe -j2 --block "$size" 'echo r; cat' \
			< <(cat input) >pipe
		muster --pipe-part -a input -j2 --block "$size" \
			'echo r; cat' >part
		cmp file part
		cmp pipe part
	done
	p '1\n2\n3\n4\n' -j2 --block -1 'echo r; cat'
	assert_ok $'r\n1\n2\n3\nr\n4'
}

@test "from a file, the same as from a pipe" {
	seq 1500 >input
	for args in '--block 500' '--block 4097' '--recend 7' \
		'--recend 7 --recstart 8 --block 50' \
		'--header : --block 499' '--header 3 --block 700 --cat' \
		'--recend 9\n1 --block 600'; do
		# shellcheck disable=SC2086 # several words
		muster --pipe $args 'echo r; cat' <input >file
		# shellcheck disable=SC2086
		muster --pipe $args 'echo r; cat' < <(cat input) >pipe
		cmp file pipe || fail_with "differs: $args"
	done
}

@test "a file is read from where it stands, and up to its end" {
	seq 5 >input
	{
		read -r first
		muster --pipe cat
		cat
	} <input >out
	assert_equal "$first" 1
	assert_file_is out $'2\n3\n4\n5\n'
	{
		muster --pipe cat
		cat
	} <input >out
	cmp out input
}

@test "--cat: the block in a file of its own" {
	p '1\n2\n3\n' --cat -N2 'cat {}; cmp {} "$PARALLEL_TMP"; cat'
	assert_ok $'1\n2\n3'
	seq 500000 >input
	run --separate-stderr muster --cat --block 2M 'cmp input {}' \
		<input
	[ "$status" -eq 2 ]
	muster --cat --block 2M 'cat {}' <input | cmp - input
}

@test "--fifo: the block in a fifo" {
	p '1\n2\n3\n' --fifo -N2 'test -p {} && cat {}'
	assert_ok $'1\n2\n3'
	seq 500000 >input
	muster --fifo --block 2M 'sleep 0.01; cat {}' <input | cmp - input
	p '1\n2\n3\n' --fifo -N2 ': {}; echo not read'
	assert_ok $'not read\nnot read'
}

@test "--cat and --fifo leave nothing behind when they are ended" {
	seq 10 >input
	start muster --fifo -N1 ': {}; touch up; exec sleep 1000' <input
	wait_until test -e up
	kill -INT "$pid"
	finish
	[ "$status" -eq 130 ]
	dir_is_empty "$TMPDIR"
}

@test "--joblog has the bytes that were sent" {
	p '1\n2\n3\n' -j1 -N2 --joblog log 'cat >/dev/null'
	run awk -F '\t' 'NR > 1 { print $1, $5 }' log
	assert_output $'1 4\n2 2'
}

@test "the same as GNU parallel" {
	command -v parallel >/dev/null || skip "no GNU parallel"
	printf '>a\nACGT\n\n>b\n  \nGG\n>c\nT' >input
	same --pipe --block 6 'echo r; cat'
	same --pipe -N2 --header : 'echo r; cat'
	same --pipe --recstart '>' --recend '\n' --block 9 'echo r; cat'
	same --pipe --regexp --recstart '^>' -N1 'echo r; cat'
	same --pipe -r -L2 -N1 'echo r; cat'
	same --pipe --cat --dryrun 'wc {}'
}

@test "--pipe: mistakes" {
	local args

	t --pipe
	assert_usage_error "--pipe: a command to pipe into is missing"
	t --pipe --block x cat
	assert_usage_error "--block: 'x' is not a size"
	t --pipe --block 1/0 cat
	assert_usage_error "--block: '1/0' is not a size"
	t --pipe -N x cat
	assert_usage_error "-N: 'x' is not a number"
	t --pipe --regexp --recend '(' cat
	assert_usage_error "--regexp: bad regular expression"
	t --pipe --regexp --recend 'a*?' cat
	assert_usage_error "--recend: 'a*?' is not supported"
	t --cat --fifo cat
	assert_usage_error "--fifo cannot be combined with --cat"
	t --pipe -a missing cat
	assert_usage_error "-a: cannot open 'missing'"
	t --pipe -a - cat
	assert_usage_error "-a: standard input holds the data of --pipe"
	t --pipe --tasks x cat
	assert_usage_error "--pipe cannot be combined with --tasks"
	t --pipe --shuf cat
	assert_usage_error "--pipe cannot be combined with --shuf"
	for args in --recend --recstart --regexp --rrs --pipe-part -L; do
		case $args in
		--rec* | -L) args+=" 1" ;;
		esac
		# shellcheck disable=SC2086
		t --pipe --csv $args cat
		assert_usage_error "cannot be combined with --csv"
	done
	t --pipe --then cat cat
	assert_usage_error "--pipe cannot be combined with --then"
}

# Files that do not have the size they say they have: /proc, on Linux.
@test "a file of the kernel's, of no size, is read to its end" {
	file=/proc/version
	[ -e "$file" ] || file=$BATS_TEST_FILENAME
	muster --pipe cat <"$file" | cmp - "$file"
	if [ ! -s "$file" ]; then
		t --pipe-part -a "$file" cat
		assert_usage_error "--pipe-part: '$file' has another size"
	fi
}

@test "no byte of standard input goes to two: another reader ends the input" {
	seq 200000 >in
	status=0
	{
		muster --pipe -j 1 --queue-size 1 --block 10k \
			': >running; await go; cat' >out 2>err &
		await running
		dd bs=1000 count=1 of=taken 2>/dev/null
		: >go
		wait $! || status=$?
	} <in
	assert_equal "$status" 255
	assert_file_has err 'someone else reads standard input, too'
	# What it had taken by then, and not what the other one has.
	[ -s out ]
	cmp -n "$(wc -c <out)" in out
	cmp taken <(tail -c +$(($(wc -c <out) + 1)) in | head -c 1000)
}

@test "--cat and --fifo: the file goes behind a command that does not name it" {
	p '1\n2\n3\n' --cat wc -l
	[[ $output == '3 '*/1 ]]
	p '1\n2\n3\n' --fifo cat
	assert_output $'1\n2\n3'
	p '1\n2\n3\n' --cat 'echo {} | wc -l'
	assert_output 1
	p '1\n2\n3\n' --cat 'cat $PARALLEL_TMP'
	assert_output $'1\n2\n3'
	p '1\n' --cat --dry-run echo
	assert_output 'echo $PARALLEL_TMP'
}
