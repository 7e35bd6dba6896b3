# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --on-done and --pool-stats.

load ../helpers/common
load ../helpers/watched

# --on-done

@test "--on-done runs after each job" {
	t -j 2 --on-done 'echo $MUSTER_SEQ >>done' echo ::: a b c
	assert_ok $'a\nb\nc'
	assert_equal "$(sort done)" $'1\n2\n3'
}

@test "--on-done runs after the job, before the worker's next one" {
	t -j 1 --on-done 'echo "done $MUSTER_SEQ" >>log' 'echo {} >>log' ::: a b
	assert_ok
	assert_file_is log $'a\ndone 1\nb\ndone 2\n'
}

@test "--on-done is told how the job ended" {
	printf '%s\n' true 'exit 7' 'kill -USR1 $$' \
		'exec sleep 1000 #muster: timeout=0.2' >jobs
	t -j 1 --on-done \
		'echo "$MUSTER_END,$MUSTER_STATUS,$MUSTER_SIGNAL" >>log' \
		-a jobs
	assert_status 3
	assert_file_is log $'exited,0,\nexited,7,\nsignaled,,USR1\ntimeout,,TERM\n'
}

@test "--on-done is told the command as the shell got it" {
	t --on-done 'printf "%s\n" "$MUSTER_COMMAND" >log' 'echo -- {}' ::: "it's"
	assert_ok "-- it's"
	t --dry-run 'echo -- {}' ::: "it's"
	assert_file_is log "$output"$'\n'
}

@test "--on-done: a command with newlines and all kinds of bytes" {
	printf 'printf "%%s" "a\nb=\377"\0' >jobs
	t -0 --on-done 'printf %s "$MUSTER_COMMAND" >log' -a jobs
	assert_status 0
	tr -d '\0' <jobs | cmp - log
}

@test "--on-done is told slot, tries, run time and memory" {
	t -j 1 --retries 3 --on-done 'env | grep ^MUSTER_ >log' ::: \
		'sleep 0.1; echo try >>tries; [ "$(wc -l <tries)" -eq 2 ]'
	assert_ok
	assert_file_has log 'MUSTER_SLOT=1'
	assert_file_has log 'MUSTER_TRIES=2'
	grep -xE 'MUSTER_RUNTIME=[0-9]+\.[0-9]{3}' log
	awk -F = '/RUNTIME/ { exit !($2 >= 0.1) }' log
	if [ "${MUSTER_TEST_TOOL-}" = portable ]; then
		grep -x 'MUSTER_RSS=0' log
	else
		awk -F = '/RSS/ { exit !($2 > 100000 && $2 % 1024 == 0) }' log
	fi
	grep -x 'MUSTER_ID=' log
	[ "$(grep -c TRIES log)" -eq 1 ]
}

@test "--on-done does not hear of tries that another follows" {
	t --retries 3 --on-done 'echo $MUSTER_TRIES >>log' ::: false
	assert_status 1
	assert_file_is log $'3\n'
}

@test "--on-done: variables of another muster are not handed on" {
	t --on-done 'muster --on-done "env | grep ^MUSTER_SEQ= >>log" ::: true' \
		::: true true true
	assert_ok
	assert_file_is log $'MUSTER_SEQ=1\nMUSTER_SEQ=1\nMUSTER_SEQ=1\n'
}

@test "--on-done: nothing is replaced in the command" {
	t --on-done 'echo {} {#} >log' echo ::: a
	assert_ok a
	assert_file_is log $'{} {#}\n'
}

@test "--on-done: the shell is that of the jobs" {
	PARALLEL_SHELL=/bin/bash t --on-done 'echo "$BASH" >log' ::: 'echo $BASH'
	assert_ok /bin/bash
	assert_file_is log $'/bin/bash\n'
}

@test "--on-done reads nothing and writes to standard error" {
	echo input >input
	t -j 1 --on-done 'cat; echo out; echo err >&2' cat ::: /dev/null <input
	assert_status 0
	assert_output ''
	assert_stderr $'out\nerr'
}

@test "--on-done: the job log already has the job" {
	t -j 1 --joblog log --on-done 'tail -n 1 log | cut -f 1 >>seen' true ::: 1 2
	assert_ok
	assert_file_is seen $'1\n2\n'
}

@test "--on-done: hooks of different workers run side by side" {
	t -j 2 --on-done ': >at$MUSTER_SEQ; await at1; await at2' true ::: 1 2
	assert_ok
}

@test "--on-done: the next job of that worker waits for it" {
	start muster -j 1 --on-done ': >up; await go' 'echo {}' ::: a b
	wait_until test -e up
	assert_file_is out $'a\n'
	: >go
	finish
	assert_equal "$status" 0
	assert_file_is out $'a\nb\n'
}

@test "--on-done: output is handed over before" {
	start muster -j 1 --on-done ': >up; await go' 'echo {}' ::: a
	wait_until test -e up
	wait_until file_has out a
	: >go
	finish
	assert_equal "$status" 0
}

@test "--on-done: --timeout does not apply" {
	t --timeout 0.1 --on-done 'sleep 0.5; echo over >log' \
		exec sleep ::: 1000
	assert_status 1
	assert_file_is log $'over\n'
}

@test "--on-done: jobs that are refused have it, too" {
	printf 'true\na\0b\n' >jobs
	t -j 1 --on-done 'echo $MUSTER_SEQ $MUSTER_END "$MUSTER_TRIES" >>log' \
		-a jobs
	assert_status 255
	assert_equal "$(sort log)" $'1 exited 1\n2 refused 0'
}

@test "--on-done: jobs that never began because of --halt have none" {
	t -j 1 --halt soon,fail=1 --on-done 'echo $MUSTER_SEQ >>log' ::: \
		false true true
	assert_status 1
	assert_file_is log $'1\n'
}

@test "--on-done: jobs that --halt now ends have it" {
	t -j 2 --halt now,fail=1 --on-done 'echo $MUSTER_END >>log' ::: \
		': >up; exec sleep 1000' 'await up; false'
	assert_status 1
	assert_equal "$(sort log)" $'exited\nkilled'
}

@test "--dry-run runs no --on-done" {
	t --dry-run --on-done 'touch ran' echo ::: a
	assert_ok 'echo a'
	[ ! -e ran ]
}

@test "an empty --on-done is an error" {
	local command

	for command in '' '  ' $'\t\n'; do
		t --on-done "$command" echo ::: a
		assert_usage_error "--on-done: an empty command"
	done
}

# Its failures.

@test "--on-done that fails: a message and status 1" {
	t -j 1 --on-done 'test "$MUSTER_SEQ" -ne 2' true ::: 1 2 3
	assert_status 1
	assert_stderr 'muster: --on-done: job 2: exit status 1'
}

@test "--on-done that is killed: a message and status 1" {
	t --on-done 'kill -9 $$' true ::: 1
	assert_status 1
	assert_stderr 'muster: --on-done: job 1: killed by SIGKILL'
}

@test "--on-done that fails does not hide the jobs' status" {
	t --on-done false ::: 'exit 3' 'exit 4'
	assert_status 2
	t --on-done false --halt now,success=1 true ::: 1
	assert_status 1
}

# Ends of the run.

@test "--on-done: SIGINT ends a hook that hangs" {
	watched --on-done ': >up; exec sleep 1000' true ::: 1
	wait_until test -e up
	kill -INT "$pid"
	ended_with 'signal 2'
	no_marked_pids
	assert_file_is err $'muster: --on-done: job 1: killed by SIGTERM\n'
}

@test "--on-done: SIGINT ends what hooks of a group of processes do" {
	watched --on-done 'sleep 1000 & sleep 1000 & : >up; wait' true ::: 1
	wait_until test -e up
	kill -INT "$pid"
	ended_with 'signal 2'
	no_marked_pids
}

@test "--on-done: jobs that SIGINT ends have it" {
	start muster --on-done 'echo $MUSTER_END $MUSTER_SIGNAL >log' ::: \
		': >up; exec sleep 1000'
	wait_until test -e up
	kill -INT "$pid"
	finish
	assert_equal "$status" 130
	assert_file_is log $'killed TERM\n'
}

@test "--on-done: one that hangs after SIGINT is ended, too" {
	watched --on-done 'exec sleep 1000' ::: ': >up; exec sleep 1000'
	wait_until test -e up
	kill -INT "$pid"
	ended_with 'signal 2'
	no_marked_pids
}

@test "--on-done: a second SIGINT waits for nothing" {
	watched --term-seq TERM,1000000,KILL --on-done \
		'trap "echo told" TERM; : >up; while :; do sleep 0.01; done' \
		true ::: 1
	wait_until test -e up
	kill -INT "$pid"
	wait_until file_has err told
	kill -INT "$pid"
	ended_with 'signal 2'
	no_marked_pids
}

@test "--on-done: SIGTERM waits for it, no longer than --grace" {
	start muster --on-done ': >up; await go; echo over >log' true ::: 1
	wait_until test -e up
	kill -TERM "$pid"
	wait_until none_pending
	: >go
	finish
	assert_equal "$status" 1
	assert_file_is log $'over\n'

	start muster --grace 0.2 --on-done ': >up2; exec sleep 1000' true ::: 1
	wait_until test -e up2
	kill -TERM "$pid"
	finish
	assert_equal "$status" 1
	no_marked_pids
}

@test "--on-done: SIGINT ends one that hangs for a job that was refused" {
	printf 'a\0b\n' >jobs
	watched --on-done ': >up; exec sleep 1000' -a jobs
	wait_until test -e up
	kill -INT "$pid"
	ended_with 'signal 2'
	no_marked_pids
}

# start_with_waiting ARG...: muster ARG... with one worker and two jobs; the
# first has failed once and waits for its next try behind the second, which
# runs until there is a file go.
start_with_waiting() {
	mkfifo in
	exec 7<>in
	echo ': >up1; await fail; false' >low
	watched -j 1 --retries 2 --metrics m --metrics-interval 0.01 \
		--priority low --tasks low --priority high --tasks in "$@"
	wait_until test -e up1
	echo ': >up2; await go' >&7
	wait_until file_has m 'muster_jobs{state="queued"} 1'
	: >fail
	wait_until test -e up2
}

@test "--on-done: a job that SIGTERM keeps from its next try has it" {
	start_with_waiting --on-done 'echo $MUSTER_SEQ $MUSTER_TRIES >>log'
	kill -TERM "$pid"
	# While the other job runs, and so does muster itself.
	wait_until file_has log '1 1'
	: >go
	ended_with 'exit 1'
	assert_file_is log $'1 1\n2 1\n'
}

@test "--on-done: SIGINT ends one that hangs for such a job" {
	start_with_waiting --on-done '[ $MUSTER_SEQ = 2 ] || exec sleep 1000'
	kill -TERM "$pid"
	wait_until none_pending
	: >go
	wait_until file_has m 'muster_jobs_failed_total{end="exited"} 1'
	wait_until file_has m 'muster_jobs_succeeded_total 1'
	kill -INT "$pid"
	ended_with 'signal 2'
	no_marked_pids
	assert_file_is err $'muster: --on-done: job 1: killed by SIGTERM\n'
}

@test "--on-done: SIGTSTP stops it, SIGCONT continues it" {
	start muster --on-done 'echo $$ >hook; exec sleep 1000' true ::: 1
	wait_until has_lines hook 1
	kill -TSTP "$pid"
	wait_until in_state T "$pid"
	wait_until in_state T "$(cat hook)"
	kill -CONT "$pid"
	wait_until in_state S "$(cat hook)"
	kill -INT "$pid"
	finish
	assert_equal "$status" 130
}

@test "--on-done: kill -9 of muster kills it" {
	start muster --on-done ': >up; exec sleep 1000' true ::: 1
	wait_until test -e up
	kill -KILL "$pid"
	finish
	wait_until no_survivors
}

@test "--on-done: what it leaves in its group ends with muster" {
	t --on-done 'sleep 1000 >/dev/null 2>&1 &' true ::: 1 2
	assert_ok
	[ "${MUSTER_TEST_TOOL-}" = portable ] || no_marked_pids
	wait_until no_survivors
}

# --pool-stats

# row NAME: what the table says behind it.
row() {
	sed -n "s/^$1  *//p" <<<"$stderr"
}

@test "--pool-stats is a table on standard error at the end" {
	t -j 2 --pool-stats 'echo {}' ::: 1 2 3
	assert_status 0
	assert_output $'1\n2\n3'
	assert_equal "${stderr_lines[0]}" 'muster: pool statistics:'
	for name in 'Workers started' 'Workers ended' 'Most at once' \
		'Tries per worker' 'Worker time' Waiting Steals Retries; do
		[ -n "$(row "$name")" ]
	done
}

@test "--pool-stats: most at once, and how busy" {
	t -j 3 --pool-stats ': >at{}; await at1; await at2; await at3' ::: 1 2 3
	assert_status 0
	assert_equal "$(row 'Most at once')" 3
	[[ $(row 'Worker time') =~ busy\ ([0-9.]+)%,\ idle\ ([0-9.]+)%$ ]]
	awk -v b="${BASH_REMATCH[1]}" -v i="${BASH_REMATCH[2]}" \
		'BEGIN { exit !(b > 0 && b + i > 99.8 && b + i < 100.2) }'
}

@test "--pool-stats: idle workers have idle time" {
	t --min 4 -j 4 --pool-stats sleep ::: 0.5
	[[ $(row 'Worker time') =~ busy\ ([0-9.]+)%,\ idle\ ([0-9.]+)%$ ]]
	awk -v i="${BASH_REMATCH[2]}" 'BEGIN { exit !(i > 10) }'
}

@test "--pool-stats is there after SIGINT" {
	start muster --pool-stats ::: ': >up; exec sleep 1000'
	wait_until test -e up
	kill -INT "$pid"
	finish
	assert_equal "$status" 130
	assert_file_has err 'muster: pool statistics:'
}

# tries_listed: the counts of the workers, one a line.
tries_listed() {
	grep -oE '(^|  )[0-9]+: [0-9]+' <<<"$stderr" | sed 's/.*: //'
}

@test "--pool-stats: each worker's tries add up" {
	t -j 3 --min 3 --pool-stats true ::: {1..20}
	assert_status 0
	assert_equal "$(tries_listed | wc -l)" 3
	assert_equal "$(tries_listed | awk '{ n += $1 } END { print n }')" 20
	[[ $(row 'Tries per worker') =~ ^6\.7\ \ min\ [0-9]+,\ median ]]
}

@test "--pool-stats: every worker has work when all are needed" {
	t -j 3 --pool-stats ': >at{}; await at1; await at2; await at3' ::: 1 2 3
	assert_equal "$(tries_listed)" $'1\n1\n1'
	[[ $(row 'Tries per worker') == *'min 1, median 1, max 1, spread 0.0%' ]]
}

@test "--pool-stats: why workers were started" {
	t --min 2 -j 2 --pool-stats true ::: 1
	assert_equal "$(row 'Workers started')" '2  start 2'
	assert_equal "$(row 'Workers ended')" '2  end 2'
	t -j 2 --pool-stats ': >at{}; await at1; await at2' ::: 1 2
	assert_equal "$(row 'Workers started')" '2  start 1, demand 1'
}

@test "--pool-stats: retries, and how long jobs waited" {
	t -j 1 --retries 3 --pool-stats ::: 'sleep 0.3; false' true
	assert_equal "$(row Retries)" 2
	time='[0-9.hms]+'
	[[ $(row Waiting) =~ ^$time\ \ median\ $time,\ 95%\ $time,\ max\ ($time)$ ]]
	# The second job waited for the first.
	[[ ${BASH_REMATCH[1]} == *[3-9][0-9][0-9].*ms ||
		${BASH_REMATCH[1]} == *[0-9]s ]]
}

# --debug

@test "--debug: every line of a worker has its number" {
	t -j 2 --debug=sched,proc ': >at{}; await at1; await at2' ::: 1 2
	assert_status 0
	assert_equal "$(grep -cE '^muster: proc: \[[12]\] job [12]: process' \
		<<<"$stderr")" 2
	assert_equal "$(grep -cF '[1] job' <<<"$stderr")" 1
	[ "$(grep -cE '^muster: sched: \[[12]\] .*(starts|ends)' \
		<<<"$stderr")" -ge 2 ]
}
