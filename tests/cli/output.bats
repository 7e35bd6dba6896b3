# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# What jobs write: order, bytes, tags, memory, and those who do not read.

load ../helpers/common

# pattern N FILE: a FILE of N bytes, of which no two blocks are the same.
pattern() {
	seq -f 'line %.0f of a long file' 1000000 | head -c "$1" >"$2"
}

# Order.

@test "output comes in input order whatever jobs take" {
	for i in $(seq 60); do
		echo "sleep 0.0$((RANDOM % 9)); echo $i"
	done >jobs
	t -j 16 -a jobs
	assert_ok "$(seq 60)"
}

@test "a job that ends first waits for its turn" {
	t -j 2 ::: 'await two; echo one' 'echo two; : >two'
	assert_ok $'one\ntwo'
}

@test "standard error comes in input order as well" {
	t -j 2 ::: 'await two; echo one >&2' 'echo two >&2; : >two'
	assert_status 0
	assert_stderr $'one\ntwo'
}

@test "a thousand short jobs on many workers stay in order" {
	seq 1000 | muster -j 8 echo >out
	seq 1000 | cmp - out
}

@test "the oldest job's output appears before its end" {
	start muster ::: 'echo now; await go; echo then'
	wait_until file_has out now
	: >go
	finish
	assert_file_is out $'now\nthen\n'
}

@test "the next job is live as soon as the oldest has ended" {
	start muster -j 2 ::: 'await one; echo a' 'echo b; : >one; await two'
	wait_until file_has out b
	: >two
	finish
	assert_file_is out $'a\nb\n'
}

@test "what later jobs write is held until then" {
	start muster -j 2 ::: 'echo a; await go; echo b' 'echo c' ': >done'
	wait_until test -e done
	wait_until file_has out a
	assert_file_is out $'a\n'
	: >go
	finish
	assert_file_is out $'a\nb\nc\n'
}

@test "--no-keep-order gives output as jobs end" {
	t -j 2 --no-keep-order ::: 'await go; echo one' 'echo two' ': >go'
	assert_ok $'two\none'
}

@test "--no-keep-order keeps each job's output together" {
	t -j 2 --no-keep-order ::: 'echo a; await go; echo b' 'echo c' ': >go'
	assert_ok $'c\na\nb'
}

# Bytes.

@test "standard output and standard error stay apart" {
	t ::: 'echo out; echo err >&2; echo more'
	assert_status 0
	assert_output $'out\nmore'
	assert_stderr err
}

@test "binary output comes out as it went in" {
	head -c 300000 /dev/urandom >data
	printf 'a\0b\n\0\r\n\377\376' >>data
	muster -j 2 cat ::: data data data | cmp - <(cat data data data)
}

@test "a last line without newline gets none" {
	muster printf %s ::: a 'b c' d >out
	assert_file_is out 'ab cd'
}

@test "empty output adds nothing" {
	muster ::: true 'printf a' true >out
	assert_file_is out a
}

@test "one line of many megabytes is one line" {
	head -c 20000000 /dev/zero | tr '\0' x >data
	muster cat ::: data | cmp - data
}

@test "what a job wrote just before its end is not lost" {
	pattern 60000 data
	for i in 1 2 3 4 5 6 7 8; do
		echo "cat data"
	done | muster -j 4 >out
	cat data data data data data data data data | cmp - out
}

# Modes.

@test "-u lets jobs write to muster's own output" {
	muster -u ::: 'readlink /proc/self/fd/1' >out
	assert_file_is out "$PWD/out"$'\n'
}

@test "-u mixes what jobs write" {
	t -j 2 -u ::: 'echo a; : >1; await 2; echo c' 'await 1; echo b; : >2'
	assert_ok $'a\nb\nc'
}

@test "-u tags nothing" {
	t -u --tag echo ::: a
	assert_ok a
}

@test "--line-buffer gives lines of all jobs as they come" {
	start muster -j 2 --line-buffer ::: 'echo a; await go' \
		'await 1; echo b; await go'
	wait_until file_has out a
	: >1
	wait_until file_has out b
	: >go
	finish
	assert_equal "$status" 0
	assert_file_is out $'a\nb\n'
}

@test "--line-buffer never tears a line" {
	t -j 2 --lb ::: 'printf a; await go; echo b' 'echo c' ': >go'
	assert_ok $'c\nab'
}

@test "--line-buffer ends with the lines that have no newline" {
	muster -j 1 --lb printf ::: 'a\nb' 'c' >out
	assert_file_is out $'a\nbc'
}

@test "--line-buffer keeps whole lines under load" {
	for i in 1 2 3 4; do
		echo "yes $i$i$i$i$i$i$i$i$i | head -n 20000"
	done | muster -j 4 --lb | sort | uniq -c | sed 's/^ *//' >out
	assert_file_is out "20000 111111111
20000 222222222
20000 333333333
20000 444444444
"
}

@test "-k --line-buffer gives the first unfinished job's lines" {
	start muster -j 2 -k --lb ::: 'echo a; await go; echo b' 'echo c' \
		': >done'
	wait_until test -e done
	wait_until file_has out a
	assert_file_is out $'a\n'
	: >go
	finish
	assert_file_is out $'a\nb\nc\n'
}

# Tags; the expected bytes are what GNU parallel 20221122 gives.

@test "--tag begins each line with the values" {
	muster --tag 'printf "x\ny"' ::: a b >out
	assert_file_is out $'a\tx\na\tyb\tx\nb\ty'
}

@test "--tag adds nothing to no output" {
	muster --tag true ::: a b >out
	assert_file_is out ''
}

@test "--tag marks standard error too" {
	t --tag 'echo o; echo e >&2' ::: a
	assert_output $'a\to'
	assert_stderr $'a\te a'
}

@test "--tag joins the values of several inputs" {
	t --tag echo ::: 'a b' ::: c
	assert_ok $'a b c\ta b c'
}

@test "--tag --line-buffer tags a line once however it comes" {
	muster --lb --tag ::: 'printf x; sleep 0.1; printf "y\nz"' >out
	printf '%s\t%s\n%s\t%s' 'printf x; sleep 0.1; printf "y\nz"' xy \
		'printf x; sleep 0.1; printf "y\nz"' z | cmp - out
}

@test "--tagstring takes replacement strings and escapes" {
	muster --tagstring '{}-{#}\t!' 'printf "x\ny"' ::: a b >out
	assert_file_is out $'a-1\t!\tx\na-1\t!\tyb-2\t!\tx\nb-2\t!\ty'
}

@test "an empty --tagstring adds nothing, not even a TAB" {
	muster --tagstring '' 'printf "x\ny"' ::: a b >out
	assert_file_is out $'x\nyx\ny'
}

# Commands shown.

@test "-v shows each command before its output" {
	t -j 1 -v echo ::: a 'b c'
	assert_ok $'echo a\na\necho \'b c\'\nb c'
}

@test "-v is tagged and in order like output" {
	t -j 2 -v --tag echo ::: a 'b c'
	assert_ok $'a\techo a\na\ta\nb c\techo \'b c\'\nb c\tb c'
}

@test "-v with --ungroup: the command is there before its output" {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		t -u -j1 -v '/bin/echo {}; :' ::: a b c
		assert_output "$(printf '/bin/echo %s; :\n%s\n' a a b b c c)"
	done
	muster -u -v '/bin/echo {}' ::: a >/dev/full 2>err || status=$?
	[ "$status" -eq 255 ]
	grep -q '^muster: ' err
}

@test "-v with --ungroup: INT ends it while nobody reads" {
	local long

	printf -v long '%03000d' 0
	mkfifo out
	exec 7<>out
	# Each line fills most of a page, and a pipe has sixteen.
	yes "true $long" | head -n 64 >lines
	start muster -u -v -j1 --joblog log --tasks lines
	wait_until has_lines log 16
	kill -INT "$pid"
	finish
	[ "$status" -eq 130 ]
	exec 7>&-
}

@test "--silent takes back -v" {
	t -v --silent echo ::: a
	assert_ok a
}

@test "-t and --verbose show commands on standard error" {
	t -j 1 -t echo ::: a 'b c'
	assert_output $'a\nb c'
	assert_stderr $'echo a\necho \'b c\''
	t --verbose echo ::: a
	assert_stderr 'echo a'
}

@test "--dry-run prints commands and runs none" {
	t --dry-run touch ::: a 'b c' "it's"
	assert_ok "touch a
touch 'b c'
touch 'it'\"'\"'s'"
	assert_equal "$(ls)" ''
}

@test "--dry-run prints what a shell can run" {
	muster --dry-run 'printf "%s|" {}' ::: ' a' '$(b)' "c'd" '' '*' >script
	assert_equal "$(sh script)" " a|\$(b)|c'd||*|"
}

@test "--dry-run --tag tags the commands" {
	t --dry-run --tag echo ::: a 'b c'
	assert_ok $'a\techo a\nb c\techo \'b c\''
}

# Held output.

@test "--output-memory 0 holds everything elsewhere" {
	pattern 300000 data
	muster -j 3 --output-memory 0 ::: 'await 3; echo first' 'cat data' \
		'cat data >&2; : >3' >out 2>err
	{ echo first; cat data; } | cmp - out
	cmp data err
}

@test "held output is spilled to a file without a name in --tmpdir" {
	mkdir spool
	pattern 2000000 data
	start muster -j 2 --output-memory 64K --tmpdir spool ::: \
		'await go; echo first' 'cat data' ': >done'
	wait_until test -e done
	ls -l "/proc/$pid/fd" >fds
	dir_is_empty spool
	grep -q " -> $PWD/spool/.* (deleted)" fds
	: >go
	finish
	assert_equal "$status" 0
	{ echo first; cat data; } | cmp - out
	dir_is_empty spool
}

@test "\$TMPDIR is the directory for that when none is named" {
	mkdir spool
	pattern 2000000 data
	TMPDIR=$PWD/spool start muster -j 2 --output-memory 64K ::: \
		'await go' 'cat data' ': >done'
	wait_until test -e done
	ls -l "/proc/$pid/fd" >fds
	: >go
	finish
	grep -q " -> $PWD/spool/.* (deleted)" fds
	cmp out data
}

@test "an unusable \$TMPDIR loses and mixes nothing" {
	pattern 1000000 data
	mkdir gone
	TMPDIR=$PWD/gone muster -j 4 --output-memory 64K ::: \
		'await 4; echo first' 'rmdir gone; : >2; cat data' \
		'await 2; cat data' 'await 2; : >4' |
		cmp - <(echo first; cat data data)
}

@test "a full spool loses and mixes nothing" {
	pattern 1000000 data
	(
		trap '' XFSZ
		ulimit -f 100
		muster -j 4 --output-memory 64K ::: 'await go; echo first' \
			'cat data' 'cat data' ': >go'
	) | cmp - <(echo first; cat data data)
}

@test "--no-keep-order with a full spool ends as well" {
	pattern 1000000 data
	(
		trap '' XFSZ
		ulimit -f 100
		muster -j 3 --output-memory 64K --no-keep-order cat ::: \
			data data data
	) | cmp - <(cat data data data)
}

@test "an unusable --tmpdir is a usage error" {
	t --tmpdir none echo ::: a
	assert_usage_error "--tmpdir"
}

# peak_kib BYTES: the most memory that muster has taken while 64 jobs that
# have written so much wait for the first.
peak_kib() {
	rm -f go done
	{
		echo 'await go'
		yes "head -c $1 data" | head -n 64
		echo ': >done'
	} >jobs
	start muster -j 4 --output-memory 4M -a jobs
	wait_until test -e done
	sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status" >peak
	: >go
	finish
	[ "$status" -eq 0 ] && [ "$(wc -c <out)" -eq $((64 * $1)) ] &&
		cat peak
}

@test "64 MiB that wait behind a slow first job are not in memory" {
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:quarantine_size_mb=1
	pattern 1048576 data
	few=$(peak_kib 1024)
	many=$(peak_kib 1048576)
	[ $((many - few)) -lt 32768 ]
}

# Those who read.

@test "a closed standard output is an error for what is written there" {
	status=0
	muster echo ::: a >&- 2>err || status=$?
	assert_equal "$status" 255
	assert_file_has err 'muster: standard output: '
}

@test "a closed standard output is none for silent jobs" {
	muster true ::: a b >&-
}

@test "a closed standard output does not become a job's pipe or file" {
	muster --joblog log ::: 'echo x >&2' >&- 2>err
	assert_file_is err $'x\n'
	assert_equal "$(wc -l <log)" 2
}

@test "a full device under standard output gives a message and 255" {
	status=0
	muster echo ::: a b >/dev/full 2>err || status=$?
	assert_equal "$status" 255
	assert_file_is err \
		$'muster: standard output: No space left on device\n'
}

@test "a full device under standard error gives 255" {
	status=0
	muster 'echo {} >&2' ::: a b 2>/dev/full || status=$?
	assert_equal "$status" 255
}

@test "after a failed write nothing more is started" {
	status=0
	seq 100000 | muster -j 1 --joblog log echo >/dev/full 2>err || status=$?
	assert_equal "$status" 255
	[ "$(wc -l <log)" -lt 50000 ]
}

# too_large BYTES BLOCKS: a job's output of so many bytes, into a file of so
# many blocks.
too_large() {
	pattern "$1" data
	status=0
	(
		trap '' XFSZ
		ulimit -f "$2"
		exec muster cat ::: data >out 2>err
	) || status=$?
	assert_equal "$status" 255
	assert_file_has err 'muster: standard output: File too large'
}

@test "a file that may not grow gives a message and 255" {
	too_large 100000 8
}

@test "a long output to a file that may not grow: all that it takes is there" {
	too_large 3000000 1000
	# In blocks of 1024 bytes, or of 512 (POSIX).
	run -0 stat -c %s out
	assert_equal "$((output % 512000))" 0
	cmp -n "$output" data out
}

@test "long outputs to a file, in order and whole" {
	pattern 3000000 data
	muster -j 3 'cat data; echo {}' ::: a b c d e f >out
	cmp out <(for i in a b c d e f; do cat data; echo "$i"; done)
	muster -j 3 --no-keep-order 'cat data; echo; echo end {}' ::: a b c >out
	run -0 grep -c ^end out
	assert_equal "$output" 3
	assert_equal "$(wc -c <out)" 9000021
}

# counted CHAR FILE: how often it is there.
counted() {
	tr -dc "$1" <"$2" | wc -c
}

@test "a long output loses nothing where muster's messages go to the same file" {
	head -c 20000000 /dev/zero | tr '\0' '#' >data
	muster -t -j 2 'if [ {} = 1 ]; then cat data data; else :; fi' \
		::: $(seq 300) >out 2>&1
	assert_equal "$(counted '#' out)" 40000000
	assert_equal "$(tr -d '#' <out | grep -o 'if \[' | wc -l)" 300
}

@test "nor where another program writes to the same open file" {
	head -c 20000000 /dev/zero | tr '\0' a >data
	{
		muster 'cat data #' ::: 1 &
		muster 'tr a b <data #' ::: 1 &
		wait
	} >out
	assert_equal "$(counted a out)" 20000000
	assert_equal "$(counted b out)" 20000000
	assert_equal "$(wc -c <out)" 40000000
}

@test "a long output to a file leaves jobs their descriptors" {
	# Without Linux's calls a worker has a pipe of its own, too.
	(
		case ${MUSTER_TEST_TOOL-} in
		portable | tsan) ulimit -n 40 ;;
		*) ulimit -n 12 ;;
		esac
		exec muster -j 8 'head -c 300000 /dev/zero #' {} ::: $(seq 20) \
			>out 2>err
	)
	assert_equal "$(wc -c <out)" 6000000
}

# Packets (O_DIRECT), of which a read takes one: a hundred and more wait.
@test "all that a job has written before its end is read, however little a read gets" {
	muster ::: 'perl -e "
		use Fcntl qw(:DEFAULT F_SETFL);
		fcntl(STDOUT, 1031, 1 << 20);
		fcntl(STDOUT, F_SETFL, O_WRONLY | O_DIRECT);
		syswrite(STDOUT, \"x\" x 4096) for 1 .. 400;"; : >done' |
		{
			await done
			sleep 0.3
			cat >out
		}
	assert_equal "$(wc -c <out)" 1638400
}

@test "with -u and a closed standard output jobs cannot write" {
	status=0
	muster -u echo ::: a >&- 2>err || status=$?
	assert_equal "$status" 1
	status=0
	muster --joblog - true ::: a >&- 2>err || status=$?
	assert_equal "$status" 255
	assert_file_has err "--joblog: can't open '-'"
}

@test "a reader that stops ends muster by SIGPIPE, and its jobs" {
	fresh muster -j 2 ::: 'yes' 'sleep 1000' 2>err | head -n 1 >out
	result=("${PIPESTATUS[@]}")
	assert_equal "${result[0]}" 141
	assert_file_is out $'y\n'
	assert_file_is err ''
}

@test "a reader that stops also ends endless input" {
	yes 'echo a' 2>&- | fresh muster -j 2 2>err | head -n 1 >out
	result=("${PIPESTATUS[@]}")
	assert_equal "${result[1]}" 141
	assert_file_is out $'a\n'
	assert_file_is err ''
}

@test "with SIGPIPE ignored a reader that stops is an error" {
	(
		trap '' PIPE
		exec muster -j 2 ::: 'while echo y; do :; done' 2>err
	) | head -n 1 >out
	result=("${PIPESTATUS[@]}")
	assert_equal "${result[0]}" 255
	assert_file_has err 'muster: standard output: Broken pipe'
}

@test "a reader that begins after all jobs have ended gets everything" {
	pattern 20000 data
	{
		yes 'cat data' | head -n 50
		echo ': >done'
	} >jobs
	muster -j 4 -a jobs | {
		wait_until test -e done
		cat
	} >out
	for i in $(seq 50); do
		cat data
	done | cmp - out
}

@test "a reader that does not read delays no timeout" {
	muster --timeout 0.3 --joblog log ::: yes 2>err | {
		wait_until grep -q yes log
		wc -c >got
	}
	# All that it wrote was kept.
	[ "$(cut -f 6 log | tail -n 1)" -eq "$(cat got)" ]
}

@test "much output of many jobs, to a pipe, a file and the end of one" {
	pattern 1500000 data
	for i in 1 2 3 4 5 6; do
		cat data
	done >want
	echo first >end
	muster -j 3 cat ::: data data data data data data | cmp - want
	muster -j 3 cat ::: data data data data data data >out
	cmp out want
	muster -j 3 cat ::: data data data data data data >>end
	cmp end <(echo first; cat want)
	muster -j 3 -v cat ::: data data | cmp - <(
		echo cat data; cat data; echo cat data; cat data)
	muster -j 3 'cat {} {} >&2; cat {}' ::: data data 2>err >out
	cmp err <(cat data data data data)
	cmp out <(cat data data)
}

@test "a reader in small pieces gets everything" {
	pattern 300000 data
	muster -j 2 cat ::: data data |
		dd bs=1021 iflag=fullblock status=none |
		cmp - <(cat data data)
}
