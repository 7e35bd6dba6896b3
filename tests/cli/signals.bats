# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Signals to muster, and what is left of its jobs. After each case the
# teardown makes sure that no process of it is alive.

load ../helpers/common
load ../helpers/watched

forever=': >up; exec sleep 1000'

# SIGINT, SIGQUIT

@test "SIGINT ends the jobs, and muster by the same signal" {
	watched ::: "$forever"
	wait_until test -e up
	kill -INT "$pid"
	ended_with 'signal 2'
	no_marked_pids
}

@test "SIGQUIT ends the jobs, and muster by the same signal" {
	watched ::: "$forever"
	wait_until test -e up
	kill -QUIT "$pid"
	ended_with 'signal 3'
	no_marked_pids
}

@test "SIGINT: what was put out so far is flushed" {
	start muster -j 2 ::: "echo one; : >1; exec sleep 1000" \
		"await 1; echo two; printf part; echo err >&2; $forever"
	wait_until test -e up
	kill -INT "$pid"
	finish
	assert_file_is out $'one\ntwo\npart'
	assert_file_is err $'err\n'
}

@test "SIGINT: nothing more is started" {
	start muster -j 1 ::: "$forever" 'touch more'
	wait_until test -e up
	kill -INT "$pid"
	finish
	[ ! -e more ]
}

@test "SIGINT: a killed job is not tried again" {
	start muster --retries 5 ::: "echo try >>tries; $forever"
	wait_until test -e up
	kill -INT "$pid"
	finish
	assert_equal "$(wc -l <tries)" 1
}

@test "SIGINT: a job may take its leave, and what it says is kept" {
	start muster --term-seq TERM,60000,KILL ::: \
		'trap "echo bye; exit" TERM; : >up; sleep 1000 & wait'
	wait_until test -e up
	kill -INT "$pid"
	finish
	assert_file_is out $'bye\n'
}

@test "SIGINT: --summary and --failed-to are still written" {
	start muster --summary --failed-to again ::: "$forever"
	wait_until test -e up
	kill -INT "$pid"
	finish
	assert_file_is again "$forever"$'\n'
	assert_file_has err 'muster: 1 of 1 job failed (1 killed) in '
}

@test "a second SIGINT waits for nothing" {
	watched --term-seq TERM,1000000,KILL ::: \
		'trap "echo told" TERM
		: >up; while :; do sleep 0.01; done'
	wait_until test -e up
	kill -INT "$pid"
	wait_until file_has out told
	kill -INT "$pid"
	ended_with 'signal 2'
	no_marked_pids
}

@test "SIGINT while waiting for input" {
	idle_stdin
	echo 'echo a' >&7
	wait_until file_has out a
	kill -INT "$pid"
	ended_with 'signal 2'
}

@test "SIGINT in the first moments" {
	for i in 1 2 3 4 5 6 7 8 9 10; do
		start muster ::: 'exec sleep 1000'
		kill -INT "$pid"
		finish
		assert_equal "$status" 130
	done
}

@test "SIGINT while nobody reads the output" {
	mkfifo out
	exec 9<>out
	start muster ::: ': >up; yes' 'yes'
	wait_until test -e up
	kill -INT "$pid"
	wait_until is_gone "$pid"
	finish
	assert_equal "$status" 130
}

@test "a loop in a shell script ends at SIGINT" {
	start bash -c 'for i in 1 2 3; do
		muster ::: "echo \$PPID >>muster; : >up; exec sleep 1000"
		echo survived
	done'
	wait_until test -e up
	kill -INT "$pid" "$(cat muster)"
	finish
	assert_equal "$status" 130
	assert_file_is out ''
}

# SIGTERM, SIGHUP

@test "SIGTERM lets running jobs end, starts no more, is at least 1" {
	start muster -j 1 ::: ': >up; await go; echo done' 'echo never'
	wait_until test -e up
	tell TERM
	: >go
	finish
	assert_equal "$status" 1
	assert_file_is out $'done\n'
}

@test "SIGTERM: the status is by results when jobs have failed" {
	start muster -j 1 ::: 'exit 5' 'exit 5' ': >up; await go; exit 9' true
	wait_until test -e up
	tell TERM
	: >go
	finish
	assert_equal "$status" 3
}

@test "SIGTERM: after --grace the jobs are killed" {
	start muster --grace 0.2 --joblog log ::: "$forever"
	wait_until test -e up
	kill -TERM "$pid"
	finish
	assert_equal "$status" 1
	assert_equal "$(tail -n 1 log | cut -f 7,8)" $'-1\t15'
	no_marked_pids
}

@test "--grace 0 kills at once" {
	start muster --grace 0 ::: "$forever"
	wait_until test -e up
	kill -TERM "$pid"
	finish
	assert_equal "$status" 1
}

@test "a second SIGTERM kills now" {
	start muster --grace 10000 ::: "$forever"
	wait_until test -e up
	tell TERM
	kill -TERM "$pid"
	finish
	assert_equal "$status" 1
	no_marked_pids
}

@test "a third SIGTERM waits for nothing" {
	start muster --grace 10000 --term-seq TERM,1000000,KILL ::: \
		'trap "echo told" TERM
		: >up; while :; do sleep 0.01; done'
	wait_until test -e up
	tell TERM
	kill -TERM "$pid"
	wait_until file_has out told
	kill -TERM "$pid"
	finish
	assert_equal "$status" 1
}

@test "SIGTERM while waiting for input" {
	idle_stdin
	echo 'echo a' >&7
	wait_until file_has out a
	kill -TERM "$pid"
	ended_with 'exit 1'
	assert_file_is out $'a\n'
}

@test "SIGTERM after the last job, while nobody reads the output" {
	mkfifo out
	exec 9<>out
	start muster --grace 0 --joblog log head -c 300000 ::: /dev/zero
	wait_until has_lines log 2
	kill -TERM "$pid"
	wait_until is_gone "$pid"
	finish
	assert_equal "$status" 1
	assert_file_has err 'gave up waiting'
}

@test "SIGTERM: a job that fails is not tried again" {
	start muster --retries 5 ::: 'echo try >>tries; : >up; await go; false'
	wait_until test -e up
	tell TERM
	: >go
	finish
	assert_equal "$status" 1
	assert_equal "$(wc -l <tries)" 1
}

@test "SIGINT after SIGTERM kills, and muster dies of it" {
	watched --grace 10000 ::: "$forever"
	wait_until test -e up
	tell TERM
	kill -INT "$pid"
	ended_with 'signal 2'
}

@test "SIGHUP lets running jobs end, starts no more, is at least 1" {
	start muster -j 1 --grace 0 ::: ': >up; await go; echo done' 'echo never'
	wait_until test -e up
	tell HUP
	: >go
	finish
	assert_equal "$status" 1
	assert_file_is out $'done\n'
}

@test "SIGHUP leaves a slow reader the time it takes" {
	head -c 300000 /dev/zero | tr '\0' x >data
	mkfifo out
	{
		wait_until test -e told
		sleep 2.5
		cat
	} <out >got &
	start muster ::: 'cat data; : >up; await go'
	wait_until test -e up
	tell HUP
	: >go
	: >told
	finish
	wait
	assert_equal "$status" 1
	cmp data got
}

@test "a second SIGHUP kills now" {
	start muster ::: "$forever"
	wait_until test -e up
	tell HUP
	kill -HUP "$pid"
	finish
	assert_equal "$status" 1
	no_marked_pids
}

# What was ignored or blocked when muster was started.

@test "a signal that is ignored stays ignored, in muster and its jobs" {
	for signal in HUP INT QUIT TERM USR1; do
		rm -f up go
		start sh -c 'trap "" "$0"; exec "$@"' "$signal" muster -j 1 ::: \
			': >up; await go; echo a' 'kill -'"$signal"' $$; echo b'
		wait_until test -e up
		kill -"$signal" "$pid"
		: >go
		finish
		assert_equal "$status" 0
		assert_file_is out $'a\nb\n'
	done
}

@test "jobs begin with the signals muster was started with" {
	show='grep -E "^Sig(Blk|Ign|Cgt)" /proc/self/status'
	fresh muster ::: "exec $show" "$show" >ours
	fresh sh -c "$show; $show" >theirs
	cmp ours theirs
}

@test "jobs begin with the ignored signals muster was started with" {
	show='grep -E "^Sig(Blk|Ign)" /proc/self/status'
	for signal in PIPE CHLD HUP TSTP ALRM; do
		fresh sh -c 'trap "" "$0"; exec muster ::: "$1"' \
			"$signal" "exec $show" >ours
		fresh sh -c 'trap "" "$0"; eval "$1"' "$signal" "$show" >theirs
		cmp ours theirs
	done
}

@test "with SIGCHLD ignored jobs' ends are seen all the same" {
	status=0
	fresh sh -c 'trap "" CHLD; exec muster ::: "exit 3" "sleep 0.1" false' ||
		status=$?
	assert_equal "$status" 2
}

# For people.

@test "SIGUSR1 lists the running jobs" {
	start muster -j 2 ': >up{#}; await go; echo {}' ::: 'a b' c d
	wait_until test -e up1
	wait_until test -e up2
	kill -USR1 "$pid"
	wait_until has_lines err 3
	: >go
	finish
	assert_equal "$status" 0
	assert_file_is out $'a b\nc\nd\n'
	assert_equal "$(sort err)" "1	: >up1; await go; echo 'a b'
2	: >up2; await go; echo c
muster: running jobs:"
}

@test "SIGUSR1 with nothing running says so" {
	idle_stdin
	echo 'echo a' >&7
	wait_until file_has out a
	wait_until lists_nothing
	exec 7>&-
	ended_with 'exit 0'
}

lists_nothing() {
	tell CONT
	[ "$(tail -n 1 err)" = 'muster: running jobs:' ]
}

@test "SIGTSTP stops the jobs with muster, SIGCONT continues them" {
	start muster ::: 'sleep 1000 & echo $! >child
		echo $$ >job; exec sleep 1000'
	wait_until has_lines job 1
	kill -TSTP "$pid"
	wait_until in_state T "$pid"
	wait_until in_state T "$(cat job)"
	wait_until in_state T "$(cat child)"
	kill -CONT "$pid"
	wait_until in_state S "$(cat job)"
	wait_until in_state S "$(cat child)"
	wait_until in_state S "$pid"
	kill -INT "$pid"
	finish
}

@test "SIGTSTP stops the jobs' clocks as well" {
	local limit=$((3 * MUSTER_TEST_SLOW))

	start muster --timeout "$limit" --joblog log ::: \
		': >up; await go; echo a'
	wait_until test -e up
	kill -TSTP "$pid"
	wait_until in_state T "$pid"
	sleep "$limit.2"
	: >go
	kill -CONT "$pid"
	finish
	assert_equal "$status" 0
	assert_file_is out $'a\n'
	[ "$(awk -F '\t' '{ print int($4) }' log | tail -n 1)" -lt "$limit" ]
}

# stops_with OPTIONS: how long muster is stopped comes on top of a pause of 3
# seconds between two lines of the file begun. The moment to stop it may be
# missed on a busy machine; then once more.
stops_with() {
	local first second try

	for try in 1 2 3 4 5; do
		rm -f begun
		start muster -j 1 "$@"
		wait_until has_lines begun 1
		kill -TSTP "$pid"
		wait_until in_state T "$pid"
		[ "$(wc -l <begun)" -gt 1 ] || break
		kill -CONT "$pid"
		finish
	done
	[ "$try" -lt 5 ]
	sleep 3
	kill -CONT "$pid"
	wait_until has_lines begun 2
	finish
	first=$(sed -n 1p begun)
	second=$(sed -n 2p begun)
	[ $(((second - first) / 1000000)) -ge 4500 ]
}

@test "SIGTSTP stops the clock of --retry-delay" {
	stops_with --retries 2 --retry-delay 3 ::: \
		'date +%s%N >>begun; exit 3'
	assert_equal "$status" 1
}

@test "SIGTSTP stops the clocks of --delay and --rate" {
	stops_with --delay 3 ::: 'date +%s%N >>begun' 'date +%s%N >>begun'
	stops_with --rate 20/m ::: 'date +%s%N >>begun' 'date +%s%N >>begun'
}

# What is left behind.

@test "kill -9 of muster kills its jobs" {
	start muster -j 3 ::: "$forever" 'exec sleep 1000' 'exec sleep 1000'
	wait_until test -e up
	kill -KILL "$pid"
	finish
	wait_until no_marked_pids
}

@test "--no-die-with-parent lets them live" {
	start muster --no-die-with-parent ::: 'echo $$ >job; exec sleep 1000'
	wait_until has_lines job 1
	kill -KILL "$pid"
	finish
	kill "$(cat job)"
}

@test "what a job leaves in its group ends with muster" {
	t ::: 'sleep 1000 >/dev/null 2>&1 & echo a' \
		'(trap "" TERM; exec sleep 1000) >/dev/null 2>&1 & echo b'
	assert_ok $'a\nb'
	none_survived
}

@test "a daemon in a session of its own is left alone" {
	t ::: 'setsid sh -c "echo \$\$ >daemon; exec sleep 1000" >/dev/null 2>&1 &
		await daemon; echo a'
	assert_ok a
	kill "$(cat daemon)"
}

@test "SIGINT ends what jobs have left in their groups" {
	start muster -j 1 ::: 'sleep 1000 >/dev/null 2>&1 &' "$forever"
	wait_until test -e up
	kill -INT "$pid"
	finish
	none_survived
}

@test "a job that is killed from outside is a failure like others" {
	start muster -j 1 --joblog log ::: 'echo $$ >job; exec sleep 1000' 'echo b'
	wait_until has_lines job 1
	kill -KILL "$(cat job)"
	finish
	assert_equal "$status" 1
	assert_file_is out $'b\n'
	assert_equal "$(tail -n +2 log | cut -f 7,8)" $'137\t9\n0\t0'
}

@test "a job that another stops and continues goes on" {
	start muster ::: 'echo $$ >job; await go; echo a'
	wait_until has_lines job 1
	kill -STOP "$(cat job)"
	wait_until in_state T "$(cat job)"
	: >go
	kill -CONT "$(cat job)"
	finish
	assert_equal "$status" 0
	assert_file_is out $'a\n'
}

@test "a signal to all of muster's group is not for a job that is just begun" {
	seq 4000 >in
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		rm -f log
		setsid "$MUSTER" -j8 --joblog log /bin/true -- <in &
		pid=$!
		wait_until logged 100
		kill -TERM -- "-$pid"
		wait "$pid" || :
		awk -F '\t' 'NR > 1 && $8' log >signaled
		assert_file_is signaled ''
	done
}

@test "nor is one that would stop or end it there, and not muster" {
	local sig

	seq 500 >in
	# They cannot all be over before the signal has been sent.
	echo sent >>in
	for sig in TTIN TTOU ALRM TTIN TTOU ALRM; do
		rm -f log sent
		setsid "$MUSTER" -j4 --joblog log \
			'[ {} != sent ] || await sent; echo {}' <in >out &
		pid=$!
		wait_until logged 100
		kill "-$sig" -- "-$pid"
		: >sent
		wait "$pid"
		cmp in out
	done
}

logged() {
	[ -e log ] && [ "$(wc -l <log)" -gt "$1" ]
}
