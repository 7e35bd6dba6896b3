# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Input of any kind: long, torn, slow, growing, not a file at all. What can be
# run is run, once, and nobody but muster reads standard input.

load ../helpers/common
load ../helpers/faults

# feed ARG...: starts muster ARG... with a FIFO as standard input, whose other
# end is descriptor 5.
feed() {
	mkfifo in
	exec 5<>in
	start muster "$@" <in
}

# A line of 100 MB between two short ones.
long_line() {
	echo a
	head -c 100000000 /dev/zero | tr '\0' x
	printf '\nb\n'
}

@test "a line of 100 MB: that job fails alone" {
	long_line >in
	for how in -j1 '-j1 --always-shell' '-j1 --tag' '-j1 --resume --joblog log'
	do
		# shellcheck disable=SC2086
		m $how echo <in >out
		assert_status 1
		assert_stderr_has 'job 2'
		assert_stderr_has 'the command has 10000000'
		[ "$(wc -l <err)" -eq 1 ]
		assert_equal "$(sed 's/.*\t//' out | xargs)" 'a b'
	done
}

@test "a line of 100 MB from a pipe, in pieces" {
	m -j 1 echo < <(long_line) >out
	assert_status 1
	assert_stderr_has 'job 2'
	assert_file_is out $'a\nb\n'
	m -j 1 echo < <(echo a; head -c 100000000 /dev/zero | tr '\0' x) >out
	assert_status 1
	assert_stderr_has 'job 2'
	assert_file_is out $'a\n'
}

@test "a line of 100 MB: what is short of it can be had" {
	m -j 1 --colsep , echo {1} >out < <(long_line | sed 's/^x/short,x/')
	assert_status 0
	assert_file_is out $'a\nshort\nb\n'
	m -j 1 echo '{= $_ = length($_) =}' < <(long_line) >out
	assert_status 0
	assert_file_is out $'1\n100000000\n1\n'
}

@test "a record of 100 MB as a block: as it is" {
	long_line >in
	m --pipe -j 2 --block 1k cat <in >out
	assert_status 0
	cmp in out
	m --pipe -j 2 cat < <(cat in) >out
	assert_status 0
	cmp in out
	m --pipe-part -a in --block 1k -j 2 cat >out
	assert_status 0
	cmp in out
	m --pipe --round-robin -j 2 --block 1k wc -c <in >out
	assert_status 0
	assert_equal "$(awk '{ n += $1 } END { print n }' out)" 100000005
}

@test "a line of 300 MB: 255, the line named, what was before it is run" {
	m -j 1 echo < <(echo a; head -c 300000000 /dev/zero | tr '\0' x) >out
	own_error 'line 2: longer than 256 MiB'
	assert_file_is out $'a\n'
}

@test "a value over the system's limit for one word: that job alone" {
	without_valgrind
	for shell in dash bash; do
		export PARALLEL_SHELL
		PARALLEL_SHELL=$(command -v $shell)
		head -c 200000 /dev/zero | tr '\0' y >long
		{ echo a; cat long; printf '\nb\n'; } >in
		m printf '%s\\n' <in >out
		assert_status 1
		assert_stderr_has 'job 2'
		assert_file_is out $'a\nb\n'
	done
}

@test "a value of which a command has several: that job alone" {
	without_valgrind
	head -c 70000 /dev/zero | tr '\0' y >long
	{ echo a; cat long; printf '\nb\n'; } >in
	PARALLEL_SHELL=/bin/sh m 'printf "%s\n" {} {} | cut -c 1' <in >out
	assert_status 1
	assert_stderr_has 'job 2'
	assert_file_is out $'a\na\nb\nb\n'
}

@test "NUL in any place is an error that names the line" {
	for text in '\0a\nb\nc\n' 'a\n\0\nc\n' 'a\nb\nc\0' 'a\nb\nc\0\n'; do
		# shellcheck disable=SC2059
		printf "$text" >in
		m echo <in >out
		own_error NUL
		assert_stderr_has 'line '
		assert_equal "$(wc -l <out)" 2
	done
}

@test "NUL ten thousand times is told, and ends" {
	head -c 10000 /dev/zero >in
	m echo <in >out
	own_error NUL
	assert_file_is out ''
	head -c 10000 /dev/zero | tr '\0' '\n' >in
	m -j 4 -0 printf x <in >out
	assert_status 0
}

@test "every byte but NUL and newline, as a line and in one" {
	for i in {1..9} {11..255}; do
		# shellcheck disable=SC2059
		printf "\\$(printf %03o "$i")\n"
	done >in
	PARALLEL_SHELL=/bin/dash muster -j 1 'printf "%s\n" {}' <in >out
	cmp in out
	tr -d '\n' <in >line
	echo >>line
	PARALLEL_SHELL=/bin/dash muster 'printf "%s\n" {}' <line >out
	cmp line out
}

@test "CRLF, a lone CR, and a byte order mark are data" {
	printf '\357\273\277a\r\n\r\r\n\rb' >in
	muster -j 1 'printf "%s|"' <in >out
	printf '\357\273\277a\r|\r\r|\rb|' | cmp - out
}

@test "no final newline, by every road" {
	printf 'a\nb' >in
	for how in '' '-a in' '-X' '-n 2' '-L 1'; do
		# shellcheck disable=SC2086
		t $how echo <in
		assert_status 0
		assert_equal "$(tr ' ' '\n' <<<"$output")" $'a\nb'
	done
	t --pipe -N 1 cat <in
	assert_ok $'a\nb'
	printf 'echo a\necho b' >tasks
	t --tasks tasks
	assert_ok $'a\nb'
	printf '{"command":"echo a"}\n{"command":"echo b"}' >json
	t --jsonl json
	assert_ok $'a\nb'
}

@test "nothing but newlines" {
	yes '' | head -n 200 >in
	t -j 4 printf x{} <in
	assert_ok "$(printf 'x%.0s' {1..200})"
	t -r -j 4 printf x{} <in
	assert_ok ''
}

@test "a writer that is slow, byte by byte" {
	feed -j 1 echo
	for byte in a b $'\n' c ' ' d $'\n' e; do
		printf %s "$byte" >&5
		wait_until is_drained
	done
	wait_until file_has out ab
	wait_until file_has out 'c d'
	exec 5>&-
	finish
	assert_status 0
	assert_file_is out $'ab\nc d\ne\n'
}

is_drained() {
	! read -r -t 0 -u 5
}

@test "a standard input that does not block: nothing is lost" {
	mkfifo fifo
	exec 5<>fifo
	nonblock='fcntl(STDIN, F_SETFL, O_NONBLOCK); exec @ARGV'
	start perl -MFcntl -e "$nonblock" muster -j 2 echo <fifo 5>&-
	echo a >&5
	wait_until file_has out a
	echo b >&5
	wait_until file_has out b
	exec 5>&-
	finish
	assert_status 0
	assert_file_is out $'a\nb\n'
}

@test "a standard input that says EAGAIN, each time it is read" {
	needs_faultlib
	seq 10 >in
	for n in 1 2 3; do
		f read@/in:$n:EAGAIN -j 1 echo <in
		assert_status 0
		cmp in out
		f read@/in:$n:EINTR -j 1 echo <in
		assert_status 0
		cmp in out
	done
}

@test "short reads, all of them" {
	needs_faultlib
	seq 300 >in
	f read:1:short:from -j 4 echo <in
	assert_status 0
	cmp in out
	f read:1:short:from --pipe --block 100 cat <in
	assert_status 0
	cmp in out
}

@test "a socket as standard input" {
	pair='socketpair(A, B, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die;
		open(STDIN, "<&B") or die;
		syswrite(A, "1\n2\n3"); close(A); close(B); exec @ARGV'
	run --separate-stderr perl -MSocket -e "$pair" muster -j 1 echo
	assert_ok $'1\n2\n3'
	run --separate-stderr perl -MSocket -e "${pair/STREAM/SEQPACKET}" \
		muster -j 1 echo
	assert_ok $'1\n2\n3'
}

@test "a socket that nobody is connected to: an error" {
	lone='socket(S, AF_UNIX, SOCK_STREAM, 0) or die;
		open(STDIN, "<&S") or die; exec @ARGV'
	run --separate-stderr perl -MSocket -e "$lone" muster echo
	own_error 'standard input'
}

@test "a socket in a directory is no file" {
	perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0) &&
		bind(S, sockaddr_un("sock")) or die'
	m echo :::: sock >out
	own_error sock
	rm sock
}

@test "devices: /dev/null is empty, /dev/full is endless zeroes" {
	t echo </dev/null
	assert_ok
	t -a /dev/null echo
	assert_ok
	m -j 1 --halt now,done=1 -0 echo </dev/full >out
	[ "$status" -le 1 ]
}

@test "a file that grows while it is read: its lines are run, once" {
	seq 3 >in
	exec 6>>in
	start muster -j 1 'echo {}; [ {} != 1 ] || { : >up; await go; }' <in
	wait_until test -e up
	printf '4\n5\n' >&6
	exec 6>&-
	: >go
	finish
	assert_status 0
	# What was added behind the end may be seen or not.
	assert_equal "$(head -n 3 out)" $'1\n2\n3'
	[ "$(sort -u out | wc -l)" -eq "$(wc -l <out)" ]
}

@test "a file that shrinks while it is read: no line is torn or invented" {
	seq 100000 >in
	start muster -j 1 --queue-size 1 \
		'echo {}; [ {} != 5 ] || { : >up; await go; }' <in
	wait_until test -e up
	: >in
	: >go
	kill -HUP "$pid"
	finish
	[ "$status" -lt 128 ]
	seq 100000 | head -n "$(wc -l <out)" | cmp - out
}

@test "a file that shrinks, of which blocks are given: their jobs failed" {
	seq 20000 >whole
	for how in '--pipe' '--pipe-part -a in' '--pipe-part --fifo -a in' \
		'--pipe-part --cat -a in'; do
		cp whole in
		file=
		[[ $how != *-part\ --* ]] || file={}
		# shellcheck disable=SC2086
		m $how -j 1 --joblog log --block 20k \
			"cat $file; truncate -s 30000 in #" <in >out
		assert_status 5
		assert_stderr_has 'job 2: '
		assert_equal "$(tail -n +2 log | cut -f 7 | xargs)" \
			'0 255 255 255 255 255'
		head -c "$(column 5)" whole | cmp - <(head -c "$(column 5)" out)
	done
}

@test "a file that is replaced while it is read: the old one counts" {
	seq 3 >in
	start muster -j 1 'echo {}; [ {} != 1 ] || { : >up; await go; }' \
		:::: in
	wait_until test -e up
	seq 7 9 >new
	mv new in
	: >go
	finish
	assert_status 0
	assert_file_is out $'1\n2\n3\n'
}

@test "no job eats standard input, in any launch path" {
	seq 20 >in
	for how in '' --always-shell --line-buffer -u '-j 1' --kill-tree; do
		# shellcheck disable=SC2086
		t $how -j 4 'cat; echo' <in
		assert_status 0
		assert_equal "$(sort -n <<<"$output")" "$(seq 20)"
	done
	t -j 2 --tasks - <<<$'cat\necho a\nread x; echo "[$x]"'
	assert_status 0
	assert_output $'a\n[]'
}

@test "what follows muster in a script finds its own input" {
	{
		echo 'muster -j 2 cat ::: /dev/null /dev/null'
		echo 'echo still here'
	} >script
	run --separate-stderr sh <script
	assert_ok 'still here'
}

@test "an input that ends while all workers are held" {
	feed -j 1
	echo ': >up; await go; echo a' >&5
	wait_until test -e up
	echo 'echo b' >&5
	exec 5>&-
	: >go
	finish
	assert_status 0
	assert_file_is out $'a\nb\n'
}

@test "an input whose writer dies in a line: what there is counts" {
	feed -j 1 echo
	(
		exec >&5
		printf 'a\nb'
		kill -KILL "$BASHPID"
	) || :
	exec 5>&-
	finish
	assert_status 0
	assert_file_is out $'a\nb\n'
}

@test "two inputs of different length, one of which fails" {
	needs_faultlib
	seq 10 >one
	seq 10 >two
	f read@/two:1:EIO --link echo :::: one two
	own_error two
}

@test "JSON that is torn, too deep, or no JSON: 255, the line named" {
	for text in '{"command":"echo x"' '{"command":' '{"command":"a' '[' \
		'null' '{"command":1}' '"x' "$(printf '[%.0s' {1..2000})" \
		'{"command":"a\u0000"}' '{"command":"\ud800"}' $'\377' '{}'; do
		printf '{"command":"echo a"}\n%s\n' "$text" >tasks
		m --jsonl tasks >out
		own_error
		assert_stderr_has 'line 2'
	done
}

@test "ten million blank lines are read in the memory of a few" {
	local kib

	export ASAN_OPTIONS=${ASAN_OPTIONS-}:quarantine_size_mb=1
	feed -r -j 1 echo
	yes '' | head -n $((10000000 / MUSTER_TEST_SLOW)) >&5
	echo last >&5
	wait_until file_has out last
	kib=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")
	exec 5>&-
	finish
	assert_status 0
	assert_file_is out $'last\n'
	[ "$kib" -lt $((65536 * MUSTER_TEST_SLOW)) ] || fail_with "$kib kB"
}

# As arguments it is a million, and ten with MUSTER_TEST_LONG=1.
@test "ten million lines, each once, in order" {
	local n=1000000

	[ "${MUSTER_TEST_LONG-}" != 1 ] || n=10000000
	seq $((n / MUSTER_TEST_SLOW)) >in
	m -X echo <in >out
	assert_status 0
	tr ' ' '\n' <out | cmp - in
	seq $((10000000 / MUSTER_TEST_SLOW)) >in
	m --pipe -j 2 --block 8M cat <in >out
	assert_status 0
	cmp in out
}

@test "bytes that are no characters: in the logs, and known to a resume" {
	printf '\377\n\303\n\355\240\200\na\200b\n\300\257\n\360\237\n' >in
	for log in joblog journal; do
		rm -f log
		m -j 1 --$log log 'printf "%s\n" {}; [ {} != "a\200b" ]' <in \
			>out
		assert_status 0
		cmp in out
		m --$log log --resume 'printf "%s\n" {}; [ {} != "a\200b" ]' \
			<in >out
		assert_status 0
		assert_file_is out ''
	done
	# One byte is another: only that job runs.
	m --journal log --resume 'printf "%s\n" {}; [ {} != "a\200b" ]' \
		< <(LC_ALL=C sed '1s/.*/\o376/' in) >out
	assert_status 0
	printf '\376\n' | cmp - out
}
