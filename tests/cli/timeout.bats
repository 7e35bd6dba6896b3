# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --timeout and --term-seq: a job whose time is up, whatever it does.

load ../helpers/common

# runtime_ms SEQ: how long that job ran, from the log.
runtime_ms() {
	awk -F '\t' -v seq="$1" '$1 == seq { print int($4 * 1000) }' log
}

# ends SEQ...: exit value and signal of each, from the log.
ends() {
	for seq; do
		awk -F '\t' -v seq="$seq" '$1 == seq { print $7, $8 }' log
	done
}

# stops COMMAND ARG...: muster with ARG... has to kill COMMAND, which makes
# the file up when it is ready for that. Leaves the log.
stops() {
	local command=$1

	shift
	t -j 2 --joblog log --halt now,fail=1 "$@" ::: "$command" \
		'await up; exit 99'
	assert_status 99
}

@test "--timeout ends a job, which has failed then" {
	echo true >others
	t --timeout 0.3 --tasks - --timeout 1000 --tasks others \
		<<<'exec sleep 1000'
	assert_status 1
}

@test "--timeout leaves those alone that are in time" {
	t -j 1 --timeout 1000 ::: 'sleep 0.1; echo a' 'echo b'
	assert_ok $'a\nb'
}

@test "--timeout counts for each job on its own" {
	# All of them take longer.
	{
		yes 'sleep 0.1' | head -n $((45 * MUSTER_TEST_SLOW))
		echo 'echo d'
	} >jobs
	t -j 1 --timeout $((4 * MUSTER_TEST_SLOW)) -a jobs
	assert_ok d
}

@test "--timeout 0 is none" {
	t --timeout 0 ::: 'sleep 0.1; echo a'
	assert_ok a
}

@test "--timeout takes seconds, minutes, hours, days and their sums" {
	while read -r time least; do
		t --joblog log --timeout "$time" ::: 'exec sleep 1000'
		assert_status 1
		[ "$(runtime_ms 1)" -ge "$least" ]
	done <<-END
		0.2	200
		0.2s	200
		0.005m	300
		0.0001h	360
		0.000004d	345
		0.0m0.3s	300
	END
}

@test "--timeout of many weeks is no short one" {
	t --timeout 35d ::: 'sleep 0.1; echo a'
	assert_ok a
	t --timeout 106751d ::: 'sleep 0.1; echo a'
	assert_ok a
	t -j 1 --timeout 1e300% ::: true true true 'sleep 0.1; echo a'
	assert_ok a
}

@test "--timeout takes nothing else" {
	for time in x 5x -1 '' 1m30x % -5% 0% nan; do
		t --timeout "$time" ::: true
		assert_usage_error "--timeout: '$time' is "
	done
}

@test "--timeout N%: of the median of the successes" {
	t -j 1 --joblog log --timeout 1000% ::: \
		'sleep 0.05' 'sleep 0.05' 'sleep 0.05' 'exec sleep 1000'
	assert_status 1
	assert_equal "$(ends 4)" '-1 15'
	[ "$(runtime_ms 4)" -ge 500 ]
}

@test "--timeout N% does not count failures" {
	t -j 1 --timeout 200% ::: false false false false 'sleep 0.2; echo a'
	assert_status 4
	assert_output a
}

@test "--timeout N% kills no job before three have succeeded" {
	t -j 1 --timeout 200% ::: true true 'sleep 0.3; echo a'
	assert_ok a
}

@test "--timeout N% also ends jobs that run already" {
	t -j 2 --joblog log --timeout 1000% ::: 'exec sleep 1000' true true true
	assert_status 1
	assert_equal "$(ends 1)" '-1 15'
}

@test "what a job wrote before its time was up is kept" {
	t --timeout $((3 * MUSTER_TEST_SLOW)) ::: \
		'echo out; echo err >&2; printf part; exec sleep 1000' 'echo b'
	assert_status 1
	assert_output $'out\npartb'
	assert_stderr err
}

@test "what a job writes when it is told to end is kept" {
	stops 'trap "echo bye; exit 3" TERM; : >up; sleep 1000 & wait' \
		--term-seq TERM,60000,KILL
	assert_output bye
}

@test "a job that exits with 0 after its time has failed all the same" {
	t --joblog log --timeout "$MUSTER_TEST_SLOW" \
		--term-seq TERM,60000,KILL ::: \
		'trap "exit 0" TERM; sleep 1000 & wait'
	assert_status 1
	assert_equal "$(ends 1)" '-1 15'
}

@test "a job that ignores TERM gets KILL" {
	stops 'trap "" TERM; : >up; exec sleep 1000'
	assert_equal "$(ends 1)" '-1 9'
}

@test "a job that has stopped itself ends as well" {
	stops ': >up; kill -STOP $$; exec sleep 1000'
	assert_equal "$(ends 1)" '-1 15'
}

@test "grandchildren end with the job" {
	stops 'sleep 1000 & (sleep 1000; :) & : >up; wait'
	no_marked_pids
}

@test "grandchildren that ignore TERM end with the job" {
	stops '(trap "" TERM; : >up; exec sleep 1000) & wait'
	no_marked_pids
}

# Signals and waits.

@test "--term-seq sends its signals one after the other" {
	stops 'trap "echo HUP" HUP; trap "echo INT" INT
		: >up; while :; do sleep 0.01; done' \
		--term-seq HUP,500,INT,2000,KILL,25
	assert_output $'HUP\nINT'
	assert_equal "$(ends 1)" '-1 9'
}

@test "--term-seq goes no further than is needed" {
	stops ': >up; exec sleep 1000' --term-seq INT,100000,KILL
	assert_equal "$(ends 1)" '-1 2'
}

@test "--term-seq knows signals by name and number" {
	for seq in USR1 SIGUSR1 usr1 10 "USR1,100000,KILL,25"; do
		rm -f up
		stops ': >up; exec sleep 1000' --term-seq "$seq"
		assert_equal "$(ends 1)" '-1 10'
	done
}

@test "--term-seq without KILL still comes to it" {
	stops 'trap "" TERM; : >up; exec sleep 1000' --term-seq TERM,50
	assert_equal "$(ends 1)" '-1 9'
}

@test "--termseq is --term-seq" {
	stops ': >up; exec sleep 1000' --termseq QUIT,1000,KILL,25
	assert_equal "$(ends 1)" '-1 3'
}

@test "--term-seq takes nothing else" {
	for seq in FOO TERM,x TERM,100, '' ,100 TERM,-1 0 TERM,,KILL 99; do
		t --term-seq "$seq" ::: true
		assert_usage_error "--term-seq: '$seq' "
	done
}

# The end of a job that leaves others behind.

@test "a child that holds the pipes does not keep the job going" {
	t -j 1 ::: 'sleep 1000 & echo $! >child; echo a' \
		'kill -0 "$(cat child)" && echo b'
	assert_ok $'a\nb'
	none_survived
}

@test "a daemon that holds the pipes is left alone, and nothing lost" {
	t ::: 'setsid sh -c "echo \$\$ >daemon; exec sleep 1000" &
		await daemon; echo early'
	assert_ok early
	kill "$(cat daemon)"
}

@test "what a child writes soon after the job's end is there" {
	wait_until child_is_heard
}

# The child may be late, as may its shell: then there is another one.
child_is_heard() {
	t ::: 'echo a; (sleep 0.02; echo b) & :'
	[ "$status$output" = $'0a\nb' ]
}

@test "a child in the background that ends by itself is waited for" {
	t ::: '(sleep 0.3; : >file) >/dev/null 2>&1 & echo a'
	assert_ok a
	# Where what is left can be seen.
	[ "${MUSTER_TEST_TOOL-}" != portable ] || wait_until test -e file
	[ -e file ]
}

# Task files.

@test "each --tasks file has the --timeout given before it" {
	echo 'exec sleep 1000' >short
	echo 'sleep 0.4; echo b' >long
	t -j 1 --joblog log --timeout 0.2 --tasks short \
		--timeout 1000 --tasks long
	assert_status 1
	assert_output b
	assert_equal "$(ends 1 2)" $'-1 15\n0 0'
}

@test "a --tasks file before any --timeout has the last one" {
	echo 'exec sleep 1000' >one
	echo 'exec sleep 1000' >two
	t -j 1 --joblog log --tasks one --timeout 0.2 --tasks two
	assert_status 2
	assert_equal "$(ends 1 2)" $'-1 15\n-1 15'
}
