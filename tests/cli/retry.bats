# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --retries with --retry-delay, --retry-jitter, --retry-on, --retry-output.

load ../helpers/common

# tries NAME: how often that job was run (each try adds a line to the file).
tries() {
	[ -e "$1" ] && wc -l <"$1"
}

# gaps_from MS...: between the tries that left their times in the file times,
# in nanoseconds, at least so much passed.
gaps_from() {
	local last now

	assert_equal "$(wc -l <times)" $(($# + 1))
	{
		read -r last
		while read -r now; do
			[ $((now - last)) -ge $(($1 * 1000000)) ] ||
				fail_with "a gap of $((now - last)) ns"
			last=$now
			shift
		done
	} <times
}

stamp='date +%s%N >>times; false'

# A job that fails but at its third try, and tells which it is.
third='echo x >>n; n=$(wc -l <n); echo "try $n"; echo "no $n" >&2; [ $n -ge 3 ]'

# --retry-delay

@test "--retry-delay: so long before the next try" {
	t --retries 4 --retry-delay 0.1 ::: "$stamp"
	assert_status 1
	gaps_from 100 100 100
}

@test "--retry-delay TIME,FACTOR: longer each time" {
	t --retries 4 --retry-delay 0.05,2 ::: "$stamp"
	assert_status 1
	gaps_from 50 100 200
}

@test "--retry-delay TIME,FACTOR,MAX: but no longer than that" {
	t --retries 4 --retry-delay 0.05,1000000,0.1 ::: "$stamp"
	assert_status 1
	gaps_from 50 100 100
}

@test "--retry-delay is not for the first try, nor behind the last" {
	t --retry-delay 1h ::: 'echo a; exit 3'
	assert_status 1
	assert_output a
	t --retries 3 --retry-delay 1h ::: 'echo a'
	assert_ok a
}

@test "--retry-delay: a job that waits holds no worker" {
	start muster -j 1 --retries 2 --retry-delay 1h --joblog log ::: \
		'echo a >>a; exit 3' 'echo b >>b' 'echo c >>c; : >up'
	wait_until test -e up
	wait_until has_lines log 3
	kill -TERM "$pid"
	finish
	assert_equal "$status" 1
	assert_equal "$(tries a) $(tries b) $(tries c)" '1 1 1'
	# What it came to is in the log all the same.
	assert_equal "$(sed 1d log | sort | cut -f 1,7 | tr '\t' ' ')" \
		$'1 3\n2 0\n3 0'
}

@test "--retry-delay: SIGINT while a job waits for its next try" {
	start muster --retries 2 --retry-delay 1h ::: 'echo a >>a; false'
	wait_until test -e a
	kill -INT "$pid"
	finish
	assert_equal "$status" 130
	assert_equal "$(tries a)" 1
}

@test "--retry-delay: --halt counts a job only when its tries are over" {
	t -j 1 --retries 2 --retry-delay 0.1 --halt soon,fail=1 ::: \
		'echo a >>a; exit 3' 'echo b >>b'
	assert_status 3
	assert_equal "$(tries a)" 2
}

@test "--retry-delay: output stays in input order" {
	t -j 4 --retries 3 --retry-delay 0.05 ::: "$third" 'echo b' 'echo c'
	assert_status 0
	assert_output $'try 3\nb\nc'
}

@test "--retry-delay: the end waits for those that wait" {
	t -j 1 --retries 3 --retry-delay 0.2,2 ::: "$third"
	assert_status 0
	assert_output 'try 3'
}

@test "--retry-jitter: those that failed together come back one by one" {
	retries='[ -e {} ] && echo {} >>again || { : >{}; exit 1; }'
	seq 101 120 >names
	muster -j 1 --retries 2 --retry-delay 0.5 "$retries" <names
	cmp names again
	rm 1* again
	muster -j 1 --retries 2 --retry-delay 1 --retry-jitter "$retries" \
		<names
	sort again | cmp names -
	[ "$(cat again)" != "$(cat names)" ]
}

@test "--retry-delay takes nothing else" {
	local delay

	for delay in x '' -1 1, 1,x 1,0.5 1,2, 1,2,x 1,2,3,4; do
		t --retries 2 --retry-delay "$delay" true ::: a
		assert_usage_error "--retry-delay: '$delay' is not TIME[,FAC"
	done
	t --retry-delay 1000000d true ::: a
	assert_usage_error "--retry-delay: '1000000d' is too large"
}

# --retry-on

# ran N COMMAND ARG...: with these arguments and three tries in all, COMMAND
# is tried N times.
ran() {
	local n=$1 command=$2

	shift 2
	rm -f j
	t --retries 3 --journal j "$@" ::: "$command"
	assert_status 1
	assert_equal "$(grep -c '"event":"start"' j)" "$n"
}

@test "without --retry-on every failure is tried again" {
	ran 3 'exit 1'
	ran 3 'exit 255'
	ran 3 'kill -9 $$'
	ran 3 'exec sleep 1000' --timeout 0.1
}

@test "--retry-on STATUS: these and no others" {
	ran 3 'exit 3' --retry-on 3
	ran 1 'exit 4' --retry-on 3
	ran 3 'exit 75' --retry-on 3,10-20,75
	ran 3 'exit 10' --retry-on 3,10-20,75
	ran 3 'exit 20' --retry-on 3,10-20,75
	ran 1 'exit 21' --retry-on 3,10-20,75
	ran 1 'kill -9 $$' --retry-on 1-255
	ran 1 'exec sleep 1000' --timeout 0.1 --retry-on 1-255
}

@test "--retry-on SIGNAL: these and no others" {
	ran 3 'kill -9 $$' --retry-on KILL
	ran 3 'kill -SEGV $$' --retry-on sigsegv,KILL
	ran 1 'kill -TERM $$' --retry-on SEGV,KILL
	ran 1 'exit 137' --retry-on KILL
	ran 1 'exec sleep 1000' --timeout 0.1 --retry-on TERM
}

@test "--retry-on fail, signal, timeout: all of a kind" {
	ran 3 'exit 7' --retry-on fail
	ran 1 'kill -9 $$' --retry-on fail
	ran 3 'kill -9 $$' --retry-on signal
	ran 1 'exit 7' --retry-on signal
	ran 3 'exec sleep 1000' --timeout 0.1 --retry-on timeout
	ran 1 'exit 7' --retry-on timeout
	ran 1 'exec sleep 1000' --timeout 0.1 --retry-on fail,signal,start
}

@test "--retry-on judges each try anew" {
	t --retries 9 --retry-on 3 --joblog log ::: \
		'echo >>tries; [ "$(wc -l <tries)" -lt 3 ] && exit 3; exit 4'
	assert_status 1
	assert_equal "$(wc -l <tries)" 3
	assert_equal "$(sed 1d log | cut -f 7)" 4
}

@test "--retry-on without --retries: one try" {
	t --retry-on 3 ::: 'echo >>tries; exit 3'
	assert_status 1
	assert_equal "$(wc -l <tries)" 1
}

@test "--retry-on takes nothing else" {
	local list

	for list in '' 0 256 5-3 3, ,3 3-x x NOSUCH 'KILL TERM' +9; do
		t --retries 2 --retry-on "$list" true ::: a
		assert_usage_error "--retry-on: '$list' is not a list of"
	done
}

# --retry-output

@test "only the last try's output counts" {
	t --retries 5 ::: "$third" 'echo b'
	assert_status 0
	assert_output $'try 3\nb'
	assert_stderr 'no 3'
}

@test "only the last try's output counts, also when all fail" {
	t --retries 2 --retry-output last ::: "$third" 'echo b'
	assert_status 1
	assert_output $'try 2\nb'
}

@test "--retry-output all: every try's, in their order" {
	t --retries 5 --retry-output all ::: "$third" 'echo b'
	assert_status 0
	assert_output $'try 1\ntry 2\ntry 3\nb'
	assert_stderr $'no 1\nno 2\nno 3'
}

@test "--retry-output all with a delay, among others, with tags" {
	t -j 3 --tagstring {#} --retries 5 --retry-delay 0.05 \
		--retry-output all ::: 'echo a' "$third" 'echo c'
	assert_status 0
	assert_output $'1\ta\n2\ttry 1\n2\ttry 2\n2\ttry 3\n3\tc'
}

@test "a job has one line in the log, whatever its tries" {
	t --retries 5 --retry-delay 0.01 --retry-output all --joblog log ::: \
		"$third" false
	assert_status 1
	assert_equal "$(sed 1d log | cut -f 1 | sort)" $'1\n2'
}

# Memory and disk give out behind it, and more has ended than may wait.
@test "--retry-output all, in order of completion: others go on in between" {
	printf '%s\n' 'case $1 in' \
		'1) head -c 300000 /dev/zero; [ -e go ] ;;' \
		'300) : >go ;;' '*) head -c 60000 /dev/zero ;;' esac >job.sh
	TMPDIR=/nonexistent muster --no-keep-order --output-memory 64K \
		--retry-output all --retries 40 --retry-delay 0.5 -j4 \
		'sh ./job.sh' {} ::: $(seq 300) >out
	(($(wc -c <out) >= 600000 + 298 * 60000))
}

@test "--retry-output all, compressed: longer than the worker that began" {
	muster --results res --compress-program gzip --retry-output all \
		--retries 2 --retry-delay 1 --idle-timeout 0.2 -j4 \
		'echo x; [ {} != 3 ] || [ -e go ] || { : >go; exit 1; }' \
		::: 1 2 3 4
	gzip -dc <res/1/3/stdout >got 2>/dev/null || cat res/1/3/stdout >got
	assert_file_is got $'x\nx\n'
}

@test "--retry-output takes nothing else" {
	t --retry-output none true ::: a
	assert_usage_error "--retry-output: 'none' is none of last, all"
	t --retry-output '' true ::: a
	assert_usage_error "--retry-output: '' is none of"
}

@test "a job that waits for its next try at the end has the output of its last" {
	t --retries 3 --retry-delay 1000 --joblog log --deadline \
		$((3 * MUSTER_TEST_SLOW)) \
		::: 'echo out; echo err >&2; exit 4'
	assert_status 1
	assert_output out
	assert_stderr_has err
	assert_equal "$(tail -n 1 log | cut -f 6,7)" $'4\t4'
}

@test "output of tries that another one followed is dropped, also in turns" {
	t -j 2 --retries 3 --retry-delay 0.01 \
		::: 'echo 1 >>n1; cat n1; test $(wc -l <n1) = 3' \
		'echo x >>n2; cat n2; test $(wc -l <n2) = 2'
	assert_ok $'1\n1\n1\nx\nx'
}

# ended_in_pause ARG...: muster ARG..., with one job that fails; SIGTERM comes
# before its next try.
ended_in_pause() {
	rm -f up
	start muster --joblog /dev/null --metrics m --metrics-interval 0.01 \
		"$@"
	wait_until test -e up
	wait_until file_has m 'muster_jobs{state="delayed"} 1'
	kill -TERM "$pid"
	finish
	assert_equal "$status" 1
	assert_file_is out $'a\n'
}

@test "the longest times there are, from options and attributes" {
	local time

	for time in 35d 106751d; do
		t --timeout $time --idle-timeout $time --grace $time \
			--priority-aging $time --metrics m \
			--metrics-interval $time --deadline $time echo ::: a
		assert_ok a
		t --delay $time ::: 'echo a'
		assert_ok a
		ended_in_pause --retries 2 --retry-delay $time ::: \
			'echo a; : >up; false'
		echo "echo a; : >up; exit 3 #muster: retries=9 \
retry-delay=$time,1000,$time timeout=$time" >tasks
		ended_in_pause --tasks tasks
	done
	t --timeout 106752d true ::: a
	assert_usage_error "--timeout: '106752d' is too large"
}
