# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# kill -9 of muster: its jobs die with it, nothing that has a name is left, and
# the next run knows what was done.

load ../helpers/common
load ../helpers/faults

forever='echo $$ >pid{#}.new; mv pid{#}.new pid{#}; exec sleep 1000 #'

# killed N ARG...: muster ARG..., killed when N jobs run.
killed() {
	local n=$1

	shift
	start muster "$@"
	for i in $(seq "$n"); do
		wait_until test -e "pid$i"
	done
	kill -KILL "$pid"
	finish
	assert_status 137
}

all_dead() {
	# Where there is no parent-death signal they live.
	if is_portable; then
		end_what_is_left
		return
	fi
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
	kill -KILL -- "-$(pgrep -P "$pid" -x muster || echo "$pid")"
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
