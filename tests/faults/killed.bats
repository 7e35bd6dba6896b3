# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# kill -9 of muster: its jobs die with it, nothing that has a name is left, and
# the next run knows what was done.

load ../helpers/common
load ../helpers/faults
load ../helpers/watched

forever='echo $$ >pid{#}.new; mv pid{#}.new pid{#}; exec sleep 1000 #'

# running N ARG...: starts muster ARG..., and returns when N jobs run.
running() {
	local n=$1

	shift
	start muster "$@"
	for i in $(seq "$n"); do
		wait_until test -e "pid$i"
	done
}

kill_it() {
	kill -KILL "$pid"
	finish
	assert_status 137
}

# killed N ARG...: muster ARG..., killed when N jobs run.
killed() {
	running "$@"
	kill_it
}

all_dead() {
	for i in $(seq "$1"); do
		wait_until is_dead "pid$i"
	done
}

@test "jobs die in every way they are started" {
	for how in '' --always-shell -u --line-buffer '--retries 3' \
		'--timeout 1000' '--nice 3' '--wd .' --no-keep-order \
		'--tag --delay 0.01'; do
		rm -f pid?
		# shellcheck disable=SC2086
		killed 2 -j 2 $how "$forever" ::: 1 2
		all_dead 2
	done
}

@test "a job that needs no shell dies" {
	start muster sleep ::: 1000
	wait_until pgrep -P "$pid" -x sleep
	pgrep -P "$pid" -x sleep >pid1
	kill -KILL "$pid"
	finish
	all_dead 1
}

@test "twenty jobs die" {
	killed 20 -j 20 "$forever" ::: {1..20}
	all_dead 20
}

@test "a job that reads blocks dies, and one of a later stage" {
	killed 1 --pipe "$forever" < <(echo a; exec sleep 2)
	all_dead 1
	rm -f pid1
	killed 1 true --then "$forever" ::: 1
	all_dead 1
}

@test "a job that ignores every signal dies" {
	killed 1 'trap "" TERM HUP INT QUIT
		echo $$ >pid1.new; mv pid1.new pid1
		while :; do sleep 0.05; done #' ::: 1
	all_dead 1
	end_what_is_left
}

# lasting N ARG...: as killed, once there is a warden.
lasting() {
	running "$@"
	wait_until has_warden
	kill_it
}

@test "the whole group of a job dies, not its first process alone" {
	lasting 3 'note() { echo $$ >pid$1.new; mv pid$1.new pid$1; }
		sh -c "echo \$\$ >pid2; exec sleep 1000" &
		sh -c "echo \$\$ >pid3; sleep 1000; :" &
		note 1
		sleep 1000; sleep 1000 #' ::: 1
	all_dead 3
}

@test "a job that has cleared its parent-death signal dies" {
	setpriv --pdeathsig clear true 2>/dev/null || skip "no setpriv for it"
	lasting 1 "exec setpriv --pdeathsig clear sh -c '$forever'" ::: 1
	all_dead 1
}

@test "what a job that is over has left in its group dies" {
	is_portable && skip "it is not known any more"
	lasting 2 -j 1 'case {} in
		1) sh -c "echo \$\$ >pid1; exec sleep 1000" >&- 2>&- &
			await pid1 ;;
		2) echo $$ >pid2; exec sleep 1000 ;; esac #' ::: 1 2
	all_dead 2
}

# The job ends, and one of its group goes on writing: muster listens a while.
@test "what it has left dies also while muster listens to it" {
	is_portable && skip "it is not known any more"
	start muster --always-shell ::: 'sh -c "trap \"\" PIPE
		echo \$\$ >pid1; while :; do echo x; sleep 0.02; done" &
		await pid1; echo $$ >leader.new; mv leader.new leader'
	wait_until test -e leader
	wait_until is_gone "$(cat leader)"
	kill_it
	all_dead 1
}

@test "a job of the terminal dies, and nobody but it" {
	cat >command <<-END
		muster --tty 'echo \$\$ >pid1; exec sleep 1000 #' ::: 1 &
		echo \$! >m; wait; : >after
	END
	timeout 60 script -qec 'sh command' /dev/null >tty.out 2>&1 &
	wait_until has_lines pid1 1
	pid=$(cat m)
	wait_until has_warden
	kill -KILL "$pid"
	all_dead 1
	wait_until test -e after
	wait
}

@test "a warden that somebody has killed is no harm" {
	start muster 'echo $$ >pid1; await go; : >end' ::: 1
	wait_until test -e pid1
	wait_until has_warden
	kill -KILL "$warden"
	: >go
	finish
	assert_status 0
	[ -e end ]
}

@test "the warden holds no descriptor but its own" {
	start muster 'echo $$ >pid1; exec sleep 1000' ::: 1
	wait_until test -e pid1
	wait_until has_warden
	wait_until has_one_descriptor "$warden"
	kill -INT "$pid"
	finish
	assert_status 130
}

has_one_descriptor() {
	[ "$(ls "/proc/$1/fd")" = 0 ]
}

@test "a job that has stopped itself dies" {
	killed 1 'echo $$ >pid1.new; mv pid1.new pid1; kill -STOP $$ #' ::: 1
	all_dead 1
}

@test "muster dies while it ends its jobs: they die" {
	start muster --term-seq TERM,100000,KILL ::: 'trap "echo >told" TERM
		echo $$ >pid1.new; mv pid1.new pid1
		while :; do sleep 0.05; done #'
	wait_until test -e pid1
	kill -INT "$pid"
	wait_until test -e told
	kill -KILL "$pid"
	finish
	all_dead 1
	end_what_is_left
}

@test "--no-die-with-parent: a job does its work, nobody has a record of it" {
	start muster --no-die-with-parent --joblog log ::: \
		'echo $$ >pid1; await go; : >done'
	wait_until test -e pid1
	kill -KILL "$pid"
	finish
	: >go
	wait_until test -e done
	assert_equal "$(wc -l <log)" 1
}

@test "held output leaves no file" {
	head -c 300000 /dev/zero >data
	start muster -j 2 --output-memory 4k ::: 'exec sleep 1000' \
		'cat data; : >up'
	wait_until test -e up
	kill -KILL "$pid"
	finish
	dir_is_empty "$TMPDIR"
	end_what_is_left
}

@test "--results: what is there is whole or has no seq" {
	start muster -j 1 --results r ::: 'echo a' 'echo b; : >up; exec sleep 1000'
	wait_until test -e up
	kill -KILL "$pid"
	finish
	[ "$(find r -name seq | wc -l)" -le 1 ]
	end_what_is_left
}

@test "killed with its whole group, as by a batch system" {
	start setsid muster -j 2 ::: 'echo $$ >pid1; exec sleep 1000' \
		'echo $$ >pid2; exec sleep 1000'
	wait_until has_lines pid1 1
	wait_until has_lines pid2 1
	# setsid may have forked.
	kill -KILL -- "-$(ps -o ppid= -p "$(cat pid1)" | tr -d ' ')"
	finish
	all_dead 2
}

@test "the lock of a log dies with it" {
	for how in --joblog --journal; do
		rm -f pid1 log
		killed 1 $how log "$forever" ::: 1
		t $how log --resume true ::: 1
		[ "$status" -eq 0 ] || [[ $stderr == *differ* ]] ||
			fail_with "locked?"
		[[ $stderr != *'in use'* ]] || fail_with locked
		end_what_is_left
	done
}

@test "the slot of a semaphore dies with it" {
	HOME=$PWD start muster --fg --id x ': >up; exec sleep 1000'
	wait_until test -e up
	kill -KILL "$pid"
	finish
	end_what_is_left
	HOME=$PWD timeout 60 "$(type -P muster)" --fg --id x echo free >got
	assert_file_is got $'free\n'
}

@test "a socket that is left is no obstacle for the next run" {
	killed 1 --control sock "$forever" ::: 1
	end_what_is_left
	t --control sock echo ::: a
	assert_status 0
	assert_output a
	[ ! -e sock ]
}

@test "killed by what it does itself: SEGV, ABRT, BUS" {
	local mine=handle_segv=0:handle_sigbus=0:handle_abort=0

	# Tools that look for such faults would take these for some.
	without_valgrind
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:$mine
	export TSAN_OPTIONS=${TSAN_OPTIONS-}:$mine
	for signal in SEGV ABRT BUS; do
		rm -f pid1
		start muster "$forever" ::: 1
		wait_until test -e pid1
		kill -$signal "$pid"
		finish
		[ "$status" -gt 128 ]
		all_dead 1
	done
}

@test "the journal and the log have what had ended" {
	killed 3 -j 1 --journal j --joblog log \
		"echo \$\$ >pid{#}; [ {} != 3 ] || exec sleep 1000" ::: 1 2 3 4
	assert_equal "$(wc -l <log)" 3
	assert_equal "$(events j end)" 2
	assert_equal "$(events j finish)" 0
	end_what_is_left
	t --journal j --resume \
		"echo \$\$ >pid{#}; [ {} != 3 ] || exec sleep 1000" ::: 1 2
	assert_stderr_has '2 jobs skipped'
}
