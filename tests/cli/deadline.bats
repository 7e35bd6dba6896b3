# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --deadline: a time for the whole run. What comes then is SIGTERM's, which
# signals.bats looks at more closely.

load ../helpers/common

forever=': >up; exec sleep 1000'

# soon: time enough for jobs to be started before.
setup() {
	common_setup
	soon=$((3 * MUSTER_TEST_SLOW))
}

# Ends when the deadline is past.
wait_for_deadline='until grep -q deadline err; do sleep 0.02; done'

@test "--deadline: running jobs may end, no more are started" {
	start muster -j 1 --deadline "$soon" --joblog log ::: \
		"$wait_for_deadline; echo done" 'echo never'
	finish
	assert_equal "$status" 1
	assert_file_is out $'done\n'
	[[ $(cat err) == 'muster: deadline of '*'s reached: starting no'* ]]
	assert_equal "$(tail -n +2 err)" 'muster: 1 job was not started'
	assert_equal "$(wc -l <log)" 2
}

@test "--deadline: after --grace running jobs are ended, and logged" {
	t --deadline "$soon" --grace 0.1 --joblog log ::: "echo a; $forever"
	assert_status 1
	assert_output a
	assert_equal "$(tail -n 1 log | cut -f 7,8)" $'-1\t15'
	no_marked_pids
}

@test "--deadline with --grace 0 ends running jobs at once" {
	t -j 2 --deadline "$soon" --grace 0 --joblog log ::: \
		'exec sleep 1000' 'exec sleep 1000' 'touch never'
	assert_status 2
	assert_stderr_has 'muster: deadline of '
	assert_equal "$(tail -n +2 log | cut -f 7,8)" $'-1\t15\n-1\t15'
	[ ! -e never ]
}

@test "--deadline: the term sequence goes on to KILL" {
	t --deadline "$soon" --grace 0 --term-seq TERM,10,KILL,10 --joblog log \
		::: 'trap "" TERM; : >up; while :; do sleep 0.01; done'
	assert_status 1
	assert_equal "$(tail -n 1 log | cut -f 7)" -1
	no_marked_pids
}

@test "--deadline does not come before its time" {
	local begin=${EPOCHREALTIME/./}

	t --deadline 0.5 --grace 0 ::: 'exec sleep 1000'
	assert_status 1
	[ $((${EPOCHREALTIME/./} - begin)) -ge 500000 ]
	assert_stderr_has 'deadline of 0.500s reached'
}

@test "--deadline: a run that is over before has no word of it" {
	t --deadline 1000 ::: 'echo a' 'exit 3'
	assert_status 1
	assert_output a
	assert_no_stderr
	t --deadline 1000d ::: 'sleep 0.1; echo a'
	assert_ok a
}

@test "--deadline 0 is none" {
	t --deadline 0 ::: 'sleep 0.1; echo a'
	assert_ok a
	t --deadline 0.01 --deadline 0 ::: 'sleep 0.1; echo a'
	assert_ok a
}

@test "--deadline while waiting for input" {
	mkfifo in
	exec 7<>in
	start muster --deadline 0.3 <in
	finish
	assert_equal "$status" 1
	assert_file_has err 'deadline of 0.300s reached'
}

@test "--deadline: a job that fails is not tried again" {
	start muster --deadline "$soon" --retries 1000000 ::: \
		"echo try >>tries; $wait_for_deadline; false"
	finish
	assert_equal "$status" 1
	assert_equal "$(wc -l <tries)" 1
}

@test "--deadline: SIGTERM after it is the second one" {
	start muster --deadline "$soon" --grace 10000 ::: "$forever"
	wait_until test -e up
	wait_until file_has err deadline
	kill -TERM "$pid"
	finish
	assert_equal "$status" 1
	no_marked_pids
}

@test "--deadline after SIGTERM changes nothing" {
	start muster --deadline "$soon" --grace 10000 ::: \
		': >up; await go; echo done'
	wait_until test -e up
	kill -TERM "$pid"
	sleep "$soon.2"
	: >go
	finish
	assert_equal "$status" 1
	assert_file_is out $'done\n'
}

@test "--deadline after SIGHUP begins the time of --grace" {
	start muster --deadline "$soon" --grace 0.1 ::: "$forever"
	wait_until test -e up
	kill -HUP "$pid"
	finish
	assert_equal "$status" 1
	no_marked_pids
}

@test "--deadline while nobody reads the output" {
	mkfifo out
	exec 9<>out
	start muster --deadline "$soon" --grace 0 --joblog log \
		head -c 300000 ::: /dev/zero
	wait_until is_gone "$pid"
	finish
	assert_equal "$status" 1
	assert_file_has err 'reached: output is still to be written'
	assert_file_has err 'gave up waiting'
}

@test "--deadline does not count while muster is stopped" {
	start muster --deadline "$soon" ::: \
		': >up; await go; echo a'
	wait_until test -e up
	kill -TSTP "$pid"
	wait_until is_stopped
	sleep "$soon.2"
	: >go
	kill -CONT "$pid"
	finish
	assert_equal "$status" 0
	assert_file_is out $'a\n'
	assert_file_is err ''
}

is_stopped() {
	[[ $(sed 's/.*) //' "/proc/$pid/stat") == T* ]]
}

@test "--deadline takes nothing else" {
	local time

	for time in x 5x -1 '' 50% never; do
		t --deadline "$time" ::: true
		assert_usage_error "--deadline: '$time' is not a time"
	done
}
