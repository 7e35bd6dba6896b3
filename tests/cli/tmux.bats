#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# --tmux and --tmuxpane.

load ../helpers/common

# A window stays for the ten seconds of a sleep behind its job: here until
# the session ends, however long that takes.
setup() {
	common_setup
	cat >"$BATS_TEST_TMPDIR/bin/sleep" <<-END
		#!/bin/sh
		[ "\$*" != 10 ] || set -- 1000
		exec $(type -P sleep) "\$@"
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/sleep"
}

# There is a session for as long as its last job's window, so each case ends
# it.
teardown() {
	end_session
	# The keeper removes the directory.
	MUSTER_TEST_LIMIT=10 wait_until dir_is_empty "$TMPDIR" >/dev/null || :
	common_teardown
}

end_session() {
	local socket

	for socket in "$TMPDIR"/muster-*/tmux; do
		[ ! -S "$socket" ] || tmux -S "$socket" kill-server || :
	done
}

session() {
	tmux -S "$TMPDIR"/muster-*/tmux "$@"
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
	t --tmux --semaphore echo
	assert_usage_error '--semaphore cannot be combined with --tmux'
}
