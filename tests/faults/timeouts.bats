# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# A timeout ends the whole job, whatever it does, and whatever goes on around
# it.

load ../helpers/common
load ../helpers/faults
load ../helpers/watched

in_time=0.3

# For those that have something to do before: so late a shell is on no machine.
time_enough=$((3 * ${MUSTER_TEST_SLOW:-1}))

# late COMMAND ARG...: muster with ARG... has to end COMMAND, whose time is
# up; leaves the log.
late() {
	local command=$1

	shift
	t --timeout "$in_time" --joblog log "$@" ::: "$command"
	assert_status 1
	assert_equal "$(column 7)" -1
}

@test "a job that writes without end" {
	t --timeout "$in_time" --joblog log --results r ::: yes
	assert_status 1
	assert_equal "$(column 7)" -1
}

@test "a job whose output nobody takes" {
	stuck_stdout --timeout "$in_time" --joblog log ::: 'exec yes'
	wait_until has_lines log 2
	kill -INT "$pid"
	ended_with 'signal 2'
	assert_equal "$(column 7)" -1
}

@test "while muster is idle on standard input" {
	idle_stdin --timeout "$in_time" --joblog log
	echo 'exec sleep 1000' >&7
	wait_until has_lines log 2
	exec 7>&-
	ended_with 'exit 1'
}

@test "while the output of another one is not taken" {
	stuck_stdout -j 2 --timeout 2 --joblog log ::: 'exec yes' \
		'exec sleep 1000'
	wait_until has_lines log 3
	kill -INT "$pid"
	ended_with 'signal 2'
	assert_equal "$(column 7 2)" -1
}

@test "in every way to start and to show a job" {
	for how in --always-shell -u --line-buffer --no-keep-order --tag \
		'-j 1' '--nice 5' '--retries 1' --no-kill-tree --files; do
		# shellcheck disable=SC2086
		TMPDIR=$PWD late 'exec sleep 1000' $how
	done
}

@test "a job that does not read its block" {
	t --pipe --block 1M --timeout "$in_time" --joblog log \
		'exec sleep 1000' < <(head -c 3000000 /dev/zero)
	[ "$status" -ge 1 ]
	assert_equal "$(column 7)" -1
}

@test "a job of a later stage" {
	t --timeout "$in_time" cat --then 'sleep 1000 #' ::: /dev/null
	assert_status 1
}

@test "all tries of a job have their time, and each is ended" {
	in_time=$time_enough
	late 'echo x >>tries; exec sleep 1000' --retries 3
	assert_equal "$(wc -l <tries)" 3
}

@test "a job that changes its group, its session, or both" {
	is_portable && skip "no /proc"
	for how in 'setsid -w sleep 1000' 'setsid -w sh -c "sleep 1000; :"' \
		'set -m; sleep 1000 & wait'; do
		late "$how"
		no_marked_pids
	done
}

@test "a job that ignores all signals and waits for children that do, too" {
	in_time=$time_enough
	late 'trap "" TERM HUP INT QUIT; (sleep 1000; :) & (sleep 1000; :)'
	assert_equal "$(column 8)" 9
	no_marked_pids
}

@test "a job that goes on behind TERM: TERM thrice, then KILL" {
	in_time=$time_enough
	late 'trap "echo >>told" TERM
		while :; do sleep 0.01; done'
	assert_equal "$(column 8)" 9
	[ "$(wc -l <told)" -le 3 ]
	# 350 ms lie between the first and KILL.
	[ "$(column 4 | tr -d ' .')" -ge 640 ]
}

@test "a job that somebody else kills while it is being ended" {
	in_time=$time_enough
	late 'trap "kill -KILL \$\$" TERM; sleep 1000 & wait'
	assert_equal "$(column 8)" 9
}

@test "fifty jobs at once" {
	t -j 50 --timeout 0.5 --joblog log 'exec sleep 1000 #' ::: {1..50}
	assert_status 50
	assert_equal "$(tail -n +2 log | cut -f 7 | sort -u)" -1
	no_marked_pids
}

@test "0 behind its time: failed, whoever asks" {
	local late='trap "exit 0" TERM; sleep 1000 & wait'

	late "$late" --journal j
	grep -q '"event":"end".*"timeout":true\|"end":"timeout"\|timeout' j
	t --timeout "$in_time" --halt now,fail=1 ::: "$late"
	[ "$status" -ne 0 ]
	t --timeout "$in_time" --exit-as max ::: "$late"
	[ "$status" -ne 0 ]
	t --timeout "$in_time" --exit-as any ::: "$late"
	assert_status 1
	printf '%s #muster: id=a\n: >ran #muster: after=a\n' "$late" >tasks
	t --timeout "$in_time" --tasks tasks
	assert_status 2
	[ ! -e ran ]
	t --timeout "$in_time" --failed-to again ::: "$late"
	assert_file_is again "$late"$'\n'
}

@test "what it had written is kept, wherever that goes" {
	local job='printf a; : >up; exec sleep 1000'
	local in_time=$time_enough how pid pids=()

	# At once, each in a directory of its own.
	for how in --group --line-buffer --tag --no-keep-order '--results r' \
		'--output o --journal j'; do
		(
			mkdir "d$how"
			cd "d$how"
			# shellcheck disable=SC2086
			late "$job" $how
			case $how in
			--results*) assert_equal "$(cat r/1/*/stdout)" a ;;
			--output*) assert_file_is o a ;;
			*) assert_output_has a ;;
			esac
		) &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
}

@test "times from nothing to centuries" {
	for time in 0 25d 35d 50d 1000d 36500d 2147483s 2147484s 4294968s; do
		t --timeout $time ::: 'echo a'
		assert_ok a
	done
	for time in 0.001 0.01 1e-3; do
		t --timeout $time ::: 'exec sleep 1000'
		[ "$status" -ne 0 ]
	done
}

@test "a percentage that comes to nothing, or to much" {
	t -j 1 --timeout 100000000% ::: true true true 'sleep 0.1; echo a'
	assert_ok a
	t -j 1 --timeout 1% ::: 'sleep 0.1' 'sleep 0.1' 'sleep 0.1' \
		'exec sleep 1000'
	[ "$status" -ge 1 ]
}

@test "the wall clock jumps a year: no job has used its time" {
	needs_faultlib
	for n in 1 2 3; do
		f clock:$n:jump:from --timeout 1000 --deadline 2000 \
			--joblog log ::: 'sleep 0.1; echo a'
		assert_status 0
		assert_file_is out $'a\n'
		[ "$(column 4 | tr -d ' .')" -lt 1000000 ]
	done
}

@test "a job's own timeout stands before the common one" {
	echo 'exec sleep 1000 #muster: timeout=300ms' >tasks
	echo 'sleep 0.6; echo b #muster: timeout=0' >>tasks
	t --timeout 0.3s --tasks tasks
	[ "$status" -ge 1 ]
}

@test "the time of a job does not begin while it waits" {
	# All of them take longer.
	seq $((40 * MUSTER_TEST_SLOW)) >in
	t -j 1 --timeout "$time_enough" 'sleep 0.1 #' :::: in
	assert_status 0
}
