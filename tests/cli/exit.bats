# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Exit status, --exit-as, --halt, --retries. The numbers are those of GNU
# parallel 20221122, but for --exit-as, which it has not.

load ../helpers/common

# fails N: as many jobs that fail.
fails() {
	yes 'exit 1' | head -n "$1"
}

# Counting.

@test "all jobs succeed: 0" {
	t ::: true true true
	assert_ok
}

@test "no jobs at all: 0" {
	t </dev/null
	assert_ok
}

@test "the status is the number of failed jobs, whatever theirs is" {
	t ::: 'exit 255' true 'exit 1' 'exit 42' true
	assert_status 3
}

@test "100 failed jobs: 100" {
	fails 100 >jobs
	t -j 4 -a jobs
	assert_status 100
}

@test "more than 100 failed jobs: 101" {
	fails 101 >jobs
	t -j 4 -a jobs
	assert_status 101
	fails 256 >jobs
	t -j 4 -a jobs
	assert_status 101
}

@test "a death by signal is a failure" {
	t ::: 'kill -9 $$' true 'kill -TERM $$'
	assert_status 2
}

@test "a command that does not exist is a failure like others" {
	t ::: /nonexistent/program 'no-such-program-anywhere x' true
	assert_status 2
	assert_stderr_has no-such-program-anywhere
}

@test "a failed job stops no other" {
	t -j 1 ::: 'exit 255' 'kill -9 $$' 'echo on'
	assert_status 2
	assert_output on
}

# --exit-as

@test "--exit-as count is the default rule" {
	t --exit-as count ::: 'exit 7' 'exit 9' true
	assert_status 2
}

@test "--exit-as first: the status of the first failed job in input" {
	t -j 2 --exit-as first ::: 'await 2; exit 7' 'exit 9' ': >2'
	assert_status 7
	t --exit-as first ::: true true
	assert_status 0
}

@test "--exit-as first: a death by signal is 128 and its number" {
	t --exit-as first ::: true 'kill -9 $$'
	assert_status 137
}

@test "--exit-as max: the highest status" {
	t --exit-as max ::: 'exit 7' 'exit 19' 'exit 9'
	assert_status 19
	t --exit-as max ::: 'exit 7' 'kill -TERM $$'
	assert_status 143
	t --exit-as max ::: true
	assert_status 0
}

@test "--exit-as any: 1 when any failed" {
	t --exit-as any ::: 'exit 7' 'exit 19' true
	assert_status 1
	t --exit-as any ::: true
	assert_status 0
}

@test "--exit-as xargs: 0, 123, 124, 125 as xargs" {
	t --exit-as xargs ::: true
	assert_status 0
	t --exit-as xargs ::: 'exit 7' true
	assert_status 123
	t --exit-as xargs ::: 'exit 7' 'exit 255'
	assert_status 124
	t --exit-as xargs ::: 'exit 255' 'kill -9 $$'
	assert_status 125
}

@test "--exit-as xargs: 126 when a command could not be run" {
	PARALLEL_SHELL=$PWD/none t --exit-as xargs ::: 'true; true' true
	assert_status 126
}

@test "--exit-as xargs: 126 and 127 as who tried to execute it says" {
	: >plain
	run -127 muster --exit-as xargs -- nosuchprogram ::: a
	t --exit-as xargs ./plain ::: a
	assert_status 126
	run -127 muster --exit-as xargs ::: 'exit 126' 'exit 127' 'kill -9 $$'
	t --exit-as xargs ::: 'exit 126' 'exit 255' 'kill -9 $$'
	assert_status 126
}

@test "--exit-as takes no other word" {
	t --exit-as worst ::: true
	assert_usage_error "--exit-as: 'worst' is none of count, first, max"
}

# --halt

# halts RULE STATUS OUTPUT: with these five jobs, one after the other.
halts() {
	t -j 1 --halt "$1" ::: 'echo 1; exit 1' 'echo 2' 'echo 3; exit 3' \
		'echo 4; exit 4' 'echo 5'
	assert_status "$2" && assert_equal "$1: ${output//$'\n'/ }" "$1: $3"
}

@test "--halt never and 0 run all jobs" {
	halts never 3 '1 2 3 4 5'
	halts 0 3 '1 2 3 4 5'
}

@test "--halt 1 and 2: the first failed job's status" {
	halts 1 1 '1'
	halts 2 1 '1'
}

@test "--halt -1 and -2: 0 after the first success" {
	halts -1 0 '1 2'
	halts -2 0 '1 2'
}

@test "--halt N%: the percentage that failed" {
	halts 50% 60 '1 2 3 4'
	halts 1% 20 '1'
	halts 100% 60 '1 2 3 4 5'
}

@test "--halt N% that is one job: that job's status" {
	halts 20% 1 '1'
	halts now,fail=20% 1 '1'
	halts now,done=20% 1 '1'
}

@test "--halt WHEN,fail=1: that job's status" {
	halts now,fail=1 1 '1'
	halts soon,fail=1 1 '1'
}

@test "--halt WHEN,fail=N: N" {
	halts now,fail=2 2 '1 2 3'
	halts soon,fail=3 3 '1 2 3 4'
	halts soon,fail=9 3 '1 2 3 4 5'
}

@test "--halt WHEN,success=N: 0" {
	halts now,success=1 0 '1 2'
	halts soon,success=2 0 '1 2 3 4 5'
}

@test "--halt WHEN,success=N with fewer successes: as without" {
	halts now,success=9 3 '1 2 3 4 5'
}

@test "--halt WHEN,done=N: as many as failed, or the one's status" {
	halts now,done=1 1 '1'
	halts soon,done=2 1 '1 2'
	halts now,done=3 2 '1 2 3'
}

@test "--halt WHEN,done=N with no failure: 0" {
	t -j 1 --halt soon,done=2 ::: 'echo 1' 'echo 2' 'echo 3'
	assert_ok $'1\n2'
}

@test "--halt WHEN,WHY=N%" {
	halts now,fail=50% 60 '1 2 3 4'
	halts soon,fail=60% 60 '1 2 3 4'
	halts soon,success=40% 0 '1 2 3 4 5'
	halts now,done=40% 20 '1 2'
	halts soon,done=100% 60 '1 2 3 4 5'
}

@test "--halt: a death by signal is 128 and its number" {
	t -j 1 --halt now,fail=1 ::: 'echo 1' 'echo 2; kill -9 $$' 'echo 3'
	assert_status 137
	assert_output $'1\n2'
}

@test "--halt N% counts rounded up" {
	t -j 1 --halt soon,fail=30% ::: 'echo 1' 'echo 2; kill -9 $$' 'echo 3'
	assert_status 34
	assert_output $'1\n2'
}

@test "--halt N% is of all jobs, also of those not read yet" {
	{
		echo 'exit 7'
		yes 'echo on' | head -n 99
	} >jobs
	t -j 1 --queue-size 1 --halt soon,fail=1% -a jobs
	assert_status 7
	assert_output ''
	t -j 1 --queue-size 1 --halt soon,fail=2% -a jobs
	assert_status 1
	assert_equal "${#lines[@]}" 99
}

@test "--halt takes no other rule" {
	for rule in bad soon now,fail=x 3 -3 fail=1 now,,fail ''; do
		t --halt "$rule" ::: true
		assert_usage_error "--halt: '$rule' is not"
	done
}

@test "--halt-on-error is --halt" {
	t -j 1 --halt-on-error now,fail=1 ::: 'exit 5' 'echo 2'
	assert_status 5
	assert_output ''
}

@test "--halt now kills the running jobs" {
	t -j 2 --halt now,fail=1 ::: ': >up; exec sleep 1000' \
		'await up; exit 3'
	assert_status 3
	no_marked_pids
}

@test "--halt now loses no output of finished jobs, nor of killed ones" {
	t -j 2 --halt now,fail=1 ::: 'echo one; : >up; exec sleep 1000' \
		'echo two' 'await up; echo three; exit 7' 'echo never'
	assert_status 7
	assert_output $'one\ntwo\nthree'
}

@test "--halt soon lets the running jobs end" {
	t -j 2 --halt soon,fail=1 ::: 'await failed; echo one' \
		': >failed; exit 2'
	assert_status 2
	assert_output one
}

@test "--halt now leaves a slow reader the time it takes" {
	head -c 300000 /dev/zero | tr '\0' x >data
	muster -j 1 --halt now,fail=1 ::: 'cat data; exit 3' true | {
		sleep 2.5
		cat
	} >out
	assert_equal "${PIPESTATUS[0]}" 3
	cmp data out
}

@test "--halt counts killed jobs not as failed" {
	t -j 3 --halt now,fail=2 ::: ': >up; exec sleep 1000' \
		'await up; exit 3' 'await up; exit 4'
	assert_status 2
}

@test "--halt success ends the others" {
	t -j 2 --halt now,success=1 ::: 'exec sleep 1000' 'echo found'
	assert_ok found
}

# --retries

@test "--retries N tries a job N times in all" {
	t --retries 3 ::: 'echo try >>log; exit 1'
	assert_status 1
	assert_equal "$(wc -l <log)" 3
}

@test "--retries ends with the first success" {
	t --retries 5 ::: 'echo try >>log; [ "$(wc -l <log)" -eq 2 ]'
	assert_ok
	assert_equal "$(wc -l <log)" 2
}

@test "--retries 0 tries until it succeeds" {
	t --retries 0 ::: 'echo try >>log; [ "$(wc -l <log)" -ge 20 ]'
	assert_ok
	assert_equal "$(wc -l <log)" 20
}

@test "--retries 1 and none try once" {
	t --retries 1 ::: 'echo try >>log; false'
	t ::: 'echo try >>log; false'
	assert_equal "$(wc -l <log)" 2
}

@test "--retries gives the last try's output only" {
	t -j 1 --retries 3 ::: \
		'echo try >>log; wc -l <log; wc -l <log >&2; exit 1' 'echo b'
	assert_status 1
	assert_output $'3\nb'
	assert_stderr 3
}

@test "--retries repeats a job that a signal killed" {
	t --retries 2 ::: '[ -e once ] || { : >once; kill -9 $$; }; echo ok'
	assert_ok ok
}

@test "--retries repeats a job whose time was up" {
	t --retries 9 --timeout "$MUSTER_TEST_SLOW" ::: \
		'[ -e once ] || { : >once; exec sleep 1000; }; echo ok'
	assert_ok ok
}

@test "--retries: only the last failure counts for --halt" {
	t -j 1 --retries 2 --halt now,fail=1 ::: \
		'[ -e once ] || { : >once; exit 9; }; echo ok' 'echo on'
	assert_ok $'ok\non'
}

@test "--retries keeps the order of output" {
	t -j 2 --retries 2 ::: \
		'await 2; [ -e once ] || { : >once; exit 9; }; echo one' \
		'echo two; : >2' 'echo three'
	assert_ok $'one\ntwo\nthree'
}

@test "--retries takes whole numbers from 0 on" {
	for n in -1 x 1.5 '' 99999999999999999999; do
		t --retries "$n" ::: true
		assert_usage_error "--retries: '$n' is "
	done
}
