#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# --tmux and --tmuxpane.

load ../helpers/common
load ../helpers/tmux

setup() {
	common_setup
	tmux_setup
}

teardown() {
	end_session
	common_teardown
}

# What can be seen in all windows and panes.
seen() {
	local pane

	for pane in $(session list-panes -s -F '#{pane_id}'); do
		session capture-pane -p -t "$pane"
	done
}

is_seen() {
	seen | grep -qxF -e "$1"
}

log_has() {
	assert_equal "$(tail -n +2 log | sort -n | cut -f 1,7-8)" "$1"
}

@test "--tmux: a window a job, status and log as ever" {
	t --tmux --joblog log 'echo "out of {}"; exit {}' ::: 0 3 2
	assert_status 2
	assert_output ''
	[[ $stderr == "See output with: "*"/tmux -S $TMPDIR/muster-"*"/tmux\
 attach" ]]
	log_has $'1\t0\t0\n2\t3\t0\n3\t2\t0'
	wait_until is_seen 'out of 0'
	wait_until is_seen 'out of 3'
	wait_until is_seen 'out of 2'
	session list-windows -F '#{window_name}' >names
	has_lines names 4
	grep -qxF 'echo "out of 3"; exit 3' names
}

@test "--tmuxpane: a pane a job, in one window" {
	t --tmuxpane 'echo "out of {}"; exit {}' ::: 0 1
	assert_status 1
	wait_until is_seen 'out of 0'
	wait_until is_seen 'out of 1'
	assert_equal "$(session list-windows -F '#{window_panes}')" 3
}

@test "panes that do not fit become windows" {
	t --tmuxpane -j8 'echo "out of {}"' ::: {1..70}
	assert_status 0
	[ "$(session list-panes -s | wc -l)" -ge 2 ]
}

@test "jobs have a terminal, and environment and directory as ever" {
	mkdir sub
	X="it's" t --tmux --wd sub 'test -t 0 && test -t 1 && test -t 2 &&
		echo "$PARALLEL_SEQ $X {}" >got; pwd >>got #' ::: a
	assert_status 0
	assert_file_is sub/got "1 it's a"$'\n'"$PWD/sub"$'\n'
}

@test "niceness, and a file or FIFO for standard input, as ever" {
	echo file >f
	mkfifo ff
	cat >tasks <<-'END'
		cat >got1 #muster: stdin=f
		cat >got2 #muster: stdin=../ff cwd=sub
		nice >got3
	END
	mkdir sub
	echo fifo >ff &
	t --tmux --nice 7 --tasks tasks
	assert_status 0
	assert_file_is got1 $'file\n'
	assert_file_is sub/got2 $'fifo\n'
	assert_file_is got3 $'7\n'
}

@test "titles are no formats" {
	t --tmux echo '"#(touch hacked)#{pid}"' ::: "a b"
	assert_status 0
	session list-windows -F '#{window_name}' >names
	grep -qF '"#(touch hacked)#{pid}"' names
	[ ! -e hacked ]
}

@test "a job in tmux that takes too long is ended" {
	t --tmux --timeout 0.3 --joblog log 'echo $$ >pid; exec sleep 60 #' \
		::: a
	assert_status 1
	assert_equal "$(cut -f 7 log | tail -n 1)" -1
	[ ! -e pid ] || wait_until is_gone "$(cat pid)"
}

@test "a job in tmux that ignores TERM and HUP is killed" {
	t --tmux --timeout 0.3 'trap "" TERM HUP; echo $$ >pid
		while :; do sleep 1; done #' ::: a
	assert_status 1
	[ ! -e pid ] || wait_until is_gone "$(cat pid)"
}

@test "a window that is closed is a hang-up" {
	start muster --tmux --joblog log 'touch up; exec sleep 60 #' ::: a
	wait_until test -e up
	session kill-window -t muster:1
	finish
	assert_equal "$status" 1
	log_has $'1\t129\t1'
}

@test "a window that is closed is none to who ignores it" {
	nohup "$(type -P muster)" --tmux --joblog log ': >up; await go
		: >down #' ::: a >out 2>err &
	wait_until test -e up
	session kill-window -t muster:1
	: >go
	wait
	[ -e down ]
	log_has $'1\t0\t0'
}

@test "--journal: records as ever; resumed, what has ended is not run" {
	local job='echo {} >>ran; exit {}'

	t --tmux --journal j --joblog log "$job" ::: 0 3 2
	assert_status 2
	grep '"event":"end"' j | grep -o '"end":.*"signal":[0-9]*' | sort >ends
	assert_file_is ends '"end":"exited","status":0,"signal":0
"end":"exited","status":2,"signal":0
"end":"exited","status":3,"signal":0
'
	t --tmux --journal j --resume "$job" ::: 5 2 3 0
	assert_status 1
	assert_stderr_has 'resumed: 3 jobs skipped, 2 of them failed, 1 new'
	# It is the same job in a window and out of it.
	t --journal j --resume-failed "$job" ::: 5 2 3 0
	assert_status 3
	assert_equal "$(sort ran | xargs)" '0 2 2 3 3 5 5'
	t --tmux --journal j --retry-failed
	assert_status 3
	assert_equal "$(sort ran | xargs)" '0 2 2 2 3 3 3 5 5 5'
}

@test "--journal: killed or interrupted, the rest is run, and no more" {
	local job='echo {} >>ran; [ {} != 2 ] || [ -e go ] || exec sleep 60'

	for end in KILL INT TERM; do
		rm -f j log ran go
		start muster -j 1 --tmux --grace 0 --journal j --joblog log \
			"$job" ::: 1 2 3
		wait_until has_lines ran 2
		kill -$end "$pid"
		finish
		[ "$status" -ne 0 ]
		: >go
		t -j 1 --tmux --journal j --resume "$job" ::: 1 2 3
		assert_status 0
		assert_equal "$(xargs <ran)" '1 2 2 3'
		t -j 1 --tmux --joblog log --resume "$job" ::: 1 2 3
		assert_status 0
		assert_equal "$(xargs <ran)" '1 2 2 3 2 3'
		end_session
	done
}

@test "retries in tmux, and its own shell's functions" {
	f() { echo "f $1" >>got; false; }
	export -f f
	SHELL=/bin/bash PARALLEL_SHELL=/bin/bash t --tmux --retries 2 f ::: a
	assert_status 1
	assert_file_is got $'f a\nf a\n'
}

@test "when muster is killed, the session ends" {
	start muster --tmux 'echo $$ >pid; exec sleep 60 #' ::: a
	wait_until has_lines pid 1
	kill -KILL "$pid"
	finish
	wait_until is_gone "$(cat pid)"
	wait_until dir_is_empty "$TMPDIR"
}

@test "when muster is interrupted, so are the jobs" {
	start muster --tmux 'echo $$ >pid; exec sleep 60 #' ::: a
	wait_until has_lines pid 1
	kill -INT "$pid"
	finish
	assert_equal "$status" 130
	wait_until is_gone "$(cat pid)"
}

@test "--fg shows the session" {
	TERM=vt100 script -qec 'muster --tmux --fg \
		"tmux list-clients >clients; tmux detach-client #" ::: a' \
		/dev/null >screen
	has_lines clients 0
	run ! grep -q 'See output' screen
}

@test "--dry-run and --tmux" {
	t --tmux --dry-run echo ::: a
	assert_ok 'echo a'
}

@test "errors of --tmux" {
	local args

	PARALLEL_TMUX=nosuchtmux t --tmux echo ::: a
	assert_usage_error "--tmux: 'nosuchtmux' is not installed"
	PARALLEL_TMUX=false t --tmux echo ::: a
	assert_usage_error "could not start a server (status 1)"
	t --tmux --tmpdir "$TMPDIR/nosuch" echo ::: a
	assert_usage_error "nosuch"
	mkdir "$TMPDIR/$(printf '%090d' 0)"
	t --tmux --tmpdir "$TMPDIR/0"* echo ::: a
	assert_usage_error 'is too long for a socket'
	rmdir "$TMPDIR/0"*
	for args in '--pipe' '--cat' '--round-robin' '--tee' '--group-by 1' \
		'--pipe-part -a x'; do
		# shellcheck disable=SC2086
		t --tmux $args cat ::: a
		assert_usage_error 'cannot be combined with --tmux'
	done
	for args in --files --files0 --latest-line; do
		t --tmuxpane $args echo ::: a
		assert_usage_error '--tmux cannot be combined with --'
	done
	t --tmux --cgroup=auto echo ::: a
	assert_usage_error '--tmux cannot be combined with --cgroup'
	t --tmux --semaphore echo
	assert_usage_error '--semaphore cannot be combined with --tmux'
}
