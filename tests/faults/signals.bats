# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Stopping is bounded and staged, in every state a run can be in. After each
# case the teardown makes sure that no process of it is alive.

load ../helpers/common
load ../helpers/faults
load ../helpers/watched

forever=': >up; exec sleep 1000'

# How a run ends that had been started, or had not yet come to its signals.
ended_early() {
	wait_until has_lines how 2
	wait
	case $(sed -n 2p how) in
	"signal $1" | 'exit '[12] | 'exit 255') ;;
	*) fail_with "$(cat how)" ;;
	esac
}

@test "TERM, HUP and QUIT in the first moments" {
	for i in 1 2 3; do
		for signal in TERM HUP QUIT; do
			rm -f how
			watched --grace 0 ::: 'exec sleep 1000' &
			wait_until has_lines how 1
			pid=$(head -n 1 how)
			kill -$signal "$pid"
			if [ $signal = HUP ]; then
				wait_until none_pending
				kill -HUP "$pid" 2>/dev/null || :
			fi
			ended_early "$(kill -l $signal)"
		done
	done
}

@test "each signal while a FIFO has no writer" {
	mkfifo fifo
	for signal in INT QUIT TERM HUP; do
		rm -f how
		watched -j 2 echo :::: fifo
		kill -$signal "$pid"
		ended_early "$(kill -l $signal)"
	done
}

@test "each signal while a log is a FIFO that nobody reads" {
	mkfifo fifo
	for how in --joblog --journal --output --failed-to; do
		for signal in INT TERM HUP; do
			rm -f how
			watched $how fifo echo ::: a
			kill -$signal "$pid" 2>/dev/null || :
			wait_until has_lines how 2
			wait
			assert_file_is out ''
		done
	done
}

@test "each signal while the names of columns, or a total, are read" {
	for how in '--header :' --bar --eta '--shuf' '-j 1 --total-jobs 5'; do
		for signal in INT TERM; do
			rm -f in how
			# shellcheck disable=SC2086
			idle_stdin $how echo
			kill -$signal "$pid"
			ended_early "$(kill -l $signal)"
		done
	done
}

@test "QUIT and HUP while idle on standard input" {
	for signal in QUIT HUP; do
		rm -f in how
		idle_stdin
		echo 'echo a' >&7
		wait_until file_has out a
		kill -$signal "$pid"
		ended_early "$(kill -l $signal)"
		assert_file_is out $'a\n'
	done
}

@test "idle with a warm pool, by all policies" {
	for policy in eager balanced lazy fixed adaptive; do
		rm -f in how
		idle_stdin --min 4 --max 8 --scale $policy
		kill -INT "$pid"
		ended_with 'signal 2'
	done
}

@test "each signal while nobody reads the output, jobs running" {
	for signal in INT QUIT TERM; do
		rm -f out how up
		stuck_stdout --grace 0 ::: ': >up; exec yes' 'exec yes'
		wait_until test -e up
		kill -$signal "$pid"
		ended_early "$(kill -l $signal)"
		no_marked_pids
	done
}

@test "HUP twice while nobody reads the output" {
	stuck_stdout ::: ': >up; exec yes'
	wait_until test -e up
	kill -HUP "$pid"
	wait_until none_pending
	kill -HUP "$pid"
	ended_with 'exit 1'
}

@test "nobody reads standard error, either" {
	mkfifo e
	exec 8<>e
	for signal in INT TERM; do
		rm -f how up
		fresh ended how muster --grace 0 ::: ': >up; exec yes >&2' \
			>out 2>e &
		wait_until has_lines how 1
		wait_until test -e up
		kill -$signal "$(head -n 1 how)"
		ended_early "$(kill -l $signal)"
		no_marked_pids
	done
}

@test "jobs that ignore TERM are killed in the end, for each signal" {
	for signal in INT TERM; do
		rm -f up log
		start muster --grace 0 --joblog log ::: \
			'trap "" TERM INT HUP; : >up; while :; do sleep 1; done'
		wait_until test -e up
		kill -$signal "$pid"
		finish
		[ "$status" -ne 0 ]
		assert_equal "$(column 7) $(column 8)" '-1 9'
	done
}

@test "jobs that have stopped themselves" {
	start muster -j 2 --joblog log ::: ': >up; kill -STOP $$' \
		'kill -STOP 0'
	wait_until test -e up
	kill -INT "$pid"
	finish
	assert_status 130
	no_marked_pids
}

@test "a job that forks without rest" {
	start muster ::: 'trap "" TERM; : >up
		while :; do (exec sleep 0.1) & wait; done'
	wait_until test -e up
	kill -INT "$pid"
	finish
	assert_status 130
	no_marked_pids
}

@test "a job whose leader is gone and whose children hold its output" {
	start muster ::: '(trap "" TERM; : >up; exec sleep 1000) & exit 0' \
		'await up; exec sleep 1000'
	wait_until test -e up
	kill -INT "$pid"
	finish
	assert_status 130
	is_portable || no_marked_pids
	end_what_is_left
}

@test "children forked twice, in the job's group" {
	start muster ::: '( (exec sleep 1000) & ) ; : >up; exec sleep 1000'
	wait_until test -e up
	kill -INT "$pid"
	finish
	is_portable || no_marked_pids
	end_what_is_left
}

@test "children forked twice, in a session of their own" {
	is_portable && skip "no /proc, no adoption"
	start muster ::: '(setsid sh -c ": >up; exec sleep 1000" &)
		exec sleep 1000'
	wait_until test -e up
	kill -INT "$pid"
	finish
	no_marked_pids
}

ignores_hup() {
	grep -q '^SigIgn:.*[13579bdf]$' "/proc/$pid/status"
}

@test "nohup: HUP is nothing, before, amid and behind the jobs" {
	mkfifo in
	exec 7<>in
	start nohup muster <in
	wait_until ignores_hup
	kill -HUP "$pid"
	echo ': >up; await go; echo a' >&7
	wait_until test -e up
	kill -HUP "$pid"
	: >go
	wait_until file_has out a
	kill -HUP "$pid"
	exec 7>&-
	finish
	assert_status 0
	assert_file_is out $'a\n'
}

@test "in the background of a script INT is nothing" {
	start sh -c 'muster ::: ": >up; await go; echo a" & echo $! >muster
		wait $!'
	wait_until test -e up
	kill -INT "$(cat muster)"
	: >go
	finish
	assert_status 0
	assert_file_is out $'a\n'
}

@test "signals that were blocked at start are obeyed, and kept for jobs" {
	watched ::: "$forever"
	wait_until test -e up
	kill -INT "$pid"
	ended_with 'signal 2'
	rm -f how up
	start env --block-signal=INT,TERM muster ::: \
		'grep SigBlk /proc/self/status; : >up; exec sleep 1000'
	wait_until test -e up
	kill -TERM "$pid"
	kill -TERM "$pid"
	finish
	assert_status 1
}

@test "TSTP while idle on standard input, then INT and CONT" {
	idle_stdin
	kill -TSTP "$pid"
	wait_until in_state T "$pid"
	kill -INT "$pid"
	kill -CONT "$pid"
	ended_with 'signal 2'
}

@test "TSTP and CONT, ten times: nothing is lost" {
	start muster -j 2 'await go; echo {}' ::: {1..4}
	for i in {1..10}; do
		kill -TSTP "$pid"
		wait_until in_state T "$pid"
		kill -CONT "$pid"
		wait_until in_state S "$pid"
	done
	: >go
	finish
	assert_status 0
	assert_file_is out $'1\n2\n3\n4\n'
}

@test "TSTP while nobody reads the output" {
	stuck_stdout ::: ': >up; exec yes'
	wait_until test -e up
	kill -TSTP "$pid"
	wait_until in_state T "$pid"
	kill -CONT "$pid"
	wait_until in_state S "$pid"
	kill -INT "$pid"
	ended_with 'signal 2'
}

@test "STOP and CONT from outside, which nobody can see" {
	start muster -j 2 'await go; echo {}' ::: 1 2 3
	kill -STOP "$pid"
	wait_until in_state T "$pid"
	: >go
	kill -CONT "$pid"
	finish
	assert_status 0
	assert_file_is out $'1\n2\n3\n'
}

@test "TSTP stops the clock of --deadline and --grace" {
	start muster --deadline $((3 * MUSTER_TEST_SLOW)) ::: \
		': >up; await go; echo a'
	wait_until test -e up
	kill -TSTP "$pid"
	wait_until in_state T "$pid"
	sleep $((3 * MUSTER_TEST_SLOW)).2
	: >go
	kill -CONT "$pid"
	finish
	assert_file_is out $'a\n'
}

@test "signals that mean nothing change nothing" {
	start muster ::: ': >up; await go; echo a'
	wait_until test -e up
	for i in 1 2 3 4 5; do
		kill -CHLD "$pid"
		kill -URG "$pid"
		kill -WINCH "$pid"
		kill -CONT "$pid"
		kill -USR2 "$pid"
		kill -PIPE "$pid"
	done
	: >go
	finish
	assert_status 0
	assert_file_is out $'a\n'
}

@test "a storm of exits at once" {
	local n=100

	[ "${MUSTER_TEST_LONG-}" != 1 ] || n=1000
	mkfifo gate
	seq $n >in
	start muster -j $n --joblog log 'exec cat gate #' \
		:::: in
	all_up() {
		[ "$(pgrep -P "$pid" -x cat | wc -l)" -ge $n ]
	}
	wait_until all_up
	: >gate
	finish
	assert_status 0
	assert_equal "$(tail -n +2 log | cut -f 7 | sort | uniq -c | xargs)" \
		"$n 0"
}

@test "a storm of signals is a signal, and one more, and one more" {
	watched ::: "$forever"
	wait_until test -e up
	for i in {1..50}; do
		kill -TERM "$pid" || break
	done 2>/dev/null
	ended_with 'exit 1'
}

@test "INT to the whole group, as of a terminal" {
	start setsid ended how muster ::: "$forever"
	wait_until test -e up
	kill -INT "$(head -n 1 how)"
	ended_with 'signal 2'
}

@test "INT while a rate, a delay or a gate holds jobs back" {
	for how in '--rate 1/h' '--delay 1000' '--load 0.000001' \
		'--memfree 1000000G'; do
		rm -f how
		# shellcheck disable=SC2086
		watched $how echo ::: 1 2 3
		kill -INT "$pid"
		ended_with 'signal 2'
	done
}

@test "INT while a hook of --on-done runs" {
	watched --on-done ': >hook; exec sleep 1000' true ::: 1 2
	wait_until test -e hook
	kill -INT "$pid"
	wait_until none_pending || :
	kill -INT "$pid" 2>/dev/null || :
	ended_with 'signal 2'
}

@test "INT while a job does not read its block of input" {
	watched --pipe --block 100k ': >up; exec sleep 1000' \
		< <(yes)
	wait_until test -e up
	kill -INT "$pid"
	ended_with 'signal 2'
}

@test "INT while waiting for a semaphore" {
	HOME=$PWD muster --fg --id x ': >held; await go' &
	wait_until test -e held
	HOME=$PWD start ended how muster --fg --id x touch never
	wait_until has_lines how 1
	kill -INT "$(head -n 1 how)"
	ended_with_any
	: >go
	wait
	[ ! -e never ]
}

ended_with_any() {
	wait_until has_lines how 2
	[[ $(sed -n 2p how) == 'signal 2' ]] || fail_with "$(cat how)"
}

@test "a signal while what jobs left behind is waited for" {
	for signal in INT TERM; do
		rm -f how
		watched ::: '(trap "" TERM HUP; exec sleep 1000) \
			>/dev/null 2>&1 & echo a'
		wait_until file_has out a
		kill -$signal "$pid" 2>/dev/null || :
		wait_until has_lines how 2
		wait
		end_what_is_left
		no_marked_pids
	done
}

@test "INT: every log has its line, and the journal its end" {
	start muster -j 2 --joblog log --journal j ::: true \
		'await up2; : >up; exec sleep 1000' ': >up2; exec sleep 1000'
	wait_until test -e up
	kill -INT "$pid"
	finish
	assert_status 130
	assert_equal "$(wc -l <log)" 4
	assert_equal "$(events j start)" 3
	assert_equal "$(events j end)" 3
	assert_equal "$(events j finish)" 1
}

@test "TERM: a message says what was left undone" {
	start muster -j 1 ::: ': >up; await go' true true
	wait_until test -e up
	tell TERM
	: >go
	finish
	assert_status 1
	assert_file_has err '2 jobs were not started'
}
