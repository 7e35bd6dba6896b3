# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# The terminal survives: ^C, ^Z, hangup; what is typed reaches whom it should;
# modes are as they were.

load ../helpers/common
load ../helpers/faults
load ../helpers/watched

# on_terminal COMMAND: by bash, with job control, on a terminal whose keys are
# descriptor 7; what it shows is in the file raw.
on_terminal() {
	mkfifo keys
	exec 7<>keys
	printf '%s\n' "$1" >script
	start script -qec 'bash --norc -m ./script' /dev/null <keys
}

# Waits for the file rc, which scripts leave.
leave() {
	wait_until test -e rc
	exec 7>&-
	finish
}

key() {
	# shellcheck disable=SC2059 # escapes
	printf "$1" >&7
}

forever='echo $$ >job.new; mv job.new job; exec sleep 1000'

@test "^C: jobs, muster, and the shell's loop end" {
	on_terminal 'trap ": >rc" EXIT
		for i in 1 2 3; do muster ::: "echo \$\$ >job; exec sleep 1000"
		echo x >>survived; done'
	wait_until has_lines job 1
	key '\003'
	leave
	[ ! -e survived ]
	wait_until is_dead job
}

@test "^C twice: nothing is waited for" {
	on_terminal 'trap : INT
		muster --term-seq TERM,1000000,KILL ::: "trap \"echo >told\" TERM
			echo \$\$ >job; while :; do sleep 0.05; done"
		echo $? >rc'
	wait_until has_lines job 1
	key '\003'
	wait_until test -e told
	key '\003'
	leave
	assert_equal "$(cat rc)" 130
	wait_until is_dead job
}

@test "^\\: as ^C" {
	on_terminal 'trap : QUIT
		muster ::: "echo \$\$ >job; exec sleep 1000"; echo $? >rc'
	wait_until has_lines job 1
	key '\034'
	leave
	assert_equal "$(cat rc)" 131
}

@test "^Z and fg: jobs stop and go on with muster" {
	on_terminal 'echo $$ >shell
		muster ::: "echo \$\$ >job; await go; echo done >>result"
		echo $? >stopped; await on; fg >/dev/null; echo $? >rc'
	wait_until has_lines job 1
	key '\032'
	wait_until has_lines stopped 1
	# Stopped, by whichever signal.
	[ "$(cat stopped)" -gt 128 ]
	wait_until in_state T "$(cat job)"
	: >go
	: >on
	leave
	assert_equal "$(cat rc)" 0
	assert_file_is result $'done\n'
}

@test "^Z and bg: jobs go on in the background, with a bar, unstopped" {
	on_terminal 'muster --bar ::: "echo \$\$ >job; await go; echo >result" &
		wait_for=$!; await job; kill -TSTP %1; sleep 0.1
		bg >/dev/null; : >on; wait $wait_for; echo $? >rc'
	wait_until test -e on
	: >go
	leave
	assert_equal "$(cat rc)" 0
	[ -e result ]
}

@test "in the background from the start: progress stops nothing" {
	on_terminal 'stty tostop 2>/dev/null; stty -tostop
		muster --bar --eta echo ::: 1 2 3 >out3 & wait $!; echo $? >rc'
	leave
	assert_equal "$(cat rc)" 0
	assert_equal "$(cat out3)" $'1\n2\n3'
}

@test "what is typed is not eaten by jobs" {
	on_terminal 'muster -j 1 "cat >/dev/null; echo {}" ::: 1 2 >out3
		: >ready; read -r line; echo "$line" >rc'
	wait_until test -e ready
	key 'typed\n'
	leave
	assert_equal "$(cat rc)" typed
	assert_equal "$(cat out3)" $'1\n2'
}

@test "modes are as they were, however it ends" {
	on_terminal 'trap : INT
		stty -g >before
		muster --bar ::: true true; muster --eta false ::: x
		muster --latest-line echo ::: a b
		muster --bar ::: "echo \$\$ >job; exec sleep 1000"
		stty -g >after; : >rc'
	wait_until has_lines job 1
	key '\003'
	leave
	cmp before after
}

@test "the terminal hangs up: muster drains, nothing stays" {
	on_terminal 'exec muster --joblog log ::: "echo \$\$ >job; await go"'
	wait_until has_lines job 1
	muster_pid=$(ps -o ppid= -p "$(cat job)" | tr -d ' ')
	kill -HUP "$muster_pid"
	: >go
	wait_until is_gone "$muster_pid"
	exec 7>&-
	finish
	[ "$(column 7)" = 0 ]
}

@test "the terminal goes away under it" {
	on_terminal 'exec muster --bar --joblog log ::: \
		"echo \$\$ >job; await go; echo x"'
	wait_until has_lines job 1
	muster_pid=$(ps -o ppid= -p "$(cat job)" | tr -d ' ')
	kill -KILL "$pid"
	: >go
	exec 7>&-
	finish
	wait_until is_gone "$muster_pid"
	end_what_is_left
}

@test "a bar leaves the last line clean" {
	on_terminal 'muster --bar "echo x{}" ::: 1 2 3; echo $? >rc'
	leave
	assert_equal "$(cat rc)" 0
	# Output lines are whole, whatever was drawn between them.
	for i in 1 2 3; do
		grep -aq "x$i" out
	done
}

@test "no terminal at all: a bar is no trouble" {
	for how in --bar --eta --progress --latest-line; do
		run --separate-stderr setsid -w muster $how echo ::: a
		[ "$status" -eq 0 ]
		assert_output_has a
	done
}

@test "output to a terminal that is stopped: ^S, then ^Q" {
	on_terminal 'stty ixon
		muster ::: "echo \$\$ >job; await go; echo after"; echo $? >rc'
	wait_until has_lines job 1
	key '\023'
	: >go
	key '\021'
	leave
	assert_equal "$(cat rc)" 0
	grep -aq after out
}
