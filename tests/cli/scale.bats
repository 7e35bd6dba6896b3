# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --scale and --scale-threshold: when workers are started, told by how many
# jobs run at once.

load ../helpers/common
load ../helpers/meet

setup() {
	common_setup
	meet_setup
}

# open_muster ARG...: with an input that stays open, on descriptor 7, and its
# workers' lives in the file err.
open_muster() {
	mkfifo in
	exec 7<>in
	start muster --debug sched "$@" <in
}

# Closes that input, waits for the end.
close_muster() {
	exec 7>&-
	finish
	assert_equal "$status" 0
}

# How many workers there have been.
workers() {
	grep -o '[[][0-9]*[]] worker starts' err | sort -u | wc -l
}

policies='eager balanced lazy fixed adaptive'

# What is the same with all of them.

@test "no policy changes the output" {
	for policy in $policies; do
		seq 50 | muster --scale "$policy" -j 4 --queue-size 3 echo >out
		seq 50 | cmp - out
	done
}

@test "no policy changes the exit status" {
	for policy in $policies; do
		t --scale "$policy" -j 3 'exit {}' ::: 0 1 0 2 3
		assert_status 3
	done
}

@test "no policy goes beyond the maximum" {
	for policy in $policies; do
		rm -f counts
		yes "$count_job" | head -n 30 |
			muster --scale "$policy" -j 3 --queue-size 4
		assert_equal "$(wc -l <counts)" 30
		[ "$(most)" -le 3 ]
	done
}

@test "with every policy --min workers are there" {
	for policy in $policies; do
		rm -f met/*
		seq 2 | muster --scale "$policy" --min 2 -j 4 meet 2
	done
}

@test "with every policy one job is enough to be run" {
	for policy in $policies; do
		t --scale "$policy" -j 8 echo ::: a
		assert_ok a
	done
}

# eager

@test "--scale eager: a worker for each job that waits" {
	seq 6 | muster --scale eager -j 8 meet 6
}

@test "eager is the default" {
	open_muster -j 8
	for n in 1 2 3; do
		echo "meet 3 $n" >&7
	done
	wait_until test -e met/3
	close_muster
	assert_equal "$(workers)" 3
}

# balanced

@test "--scale balanced: two that wait for one worker start no other" {
	open_muster --scale balanced -j 8
	echo ': >one; await go' >&7
	wait_until test -e one
	printf '%s\n' "$count_job" "$count_job" >&7
	: >go
	close_muster
	assert_equal "$(workers)" 1
	assert_equal "$(most)" 1
}

@test "--scale balanced: three that wait do" {
	open_muster --scale balanced -j 8
	echo 'meet 2 1' >&7
	wait_until test -e met/1
	printf '%s\n' 'meet 2 2' : : >&7
	close_muster
	assert_equal "$(workers)" 2
}

@test "--scale balanced doubles as long as many wait" {
	seq 40 | muster --scale balanced -j 8 meet 8
}

@test "--scale-threshold is how many may wait for each worker" {
	yes "$count_job" | head -n 20 |
		muster --scale balanced --scale-threshold 20 -j 8
	assert_equal "$(most)" 1
	seq 4 | muster --scale balanced --scale-threshold 1 -j 2 meet 2
}

@test "--scale-threshold counts workers that --min has started" {
	yes "$count_job" | head -n 20 |
		muster --scale balanced --scale-threshold 10 --min 2 -j 8
	[ "$(most)" -le 2 ]
}

@test "--scale-threshold means nothing to other policies" {
	seq 4 | muster --scale eager --scale-threshold 1000 -j 4 meet 4
}

# lazy

@test "--scale lazy: no other worker while the queue has room" {
	yes "$count_job" | head -n 10 |
		muster --scale lazy --queue-size 10 -j 8
	assert_equal "$(wc -l <counts)" 10
	assert_equal "$(most)" 1
}

@test "--scale lazy: more, one by one, when the queue is full" {
	seq 30 | muster --scale lazy --queue-size 2 -j 4 meet 4
}

@test "--scale lazy: no more than it takes to have room" {
	open_muster --scale lazy --queue-size 2 -j 8
	echo ': >one; await go' >&7
	wait_until test -e one
	# Two wait in the queue, the third for room.
	printf '%s\n' ': >two; await go' : : >&7
	wait_until test -e two
	: >go
	close_muster
	assert_equal "$(workers)" 2
}

# fixed

@test "--scale fixed: all workers are there before there is work" {
	open_muster --scale fixed -j 4
	for n in 1 2 3 4; do
		wait_until file_has err "[$n] worker starts"
	done
	close_muster
	assert_equal "$(workers)" 4
}

@test "--scale fixed: none ends for having nothing to do" {
	open_muster --scale fixed -j 3 --idle-timeout 0.05
	wait_until file_has err '[3] worker starts'
	sleep 0.3
	assert_equal "$(grep -c '[[][0-9]*[]] worker ends' err)" 0
	close_muster
}

@test "--scale fixed follows -j FILE" {
	echo 2 >number
	open_muster --scale fixed -j number
	wait_until file_has err '[2] worker starts'
	echo 4 >number
	wait_until file_has err '[4] worker starts'
	echo 1 >number
	wait_until has_ended 3
	echo 'echo still' >&7
	wait_until file_has out still
	close_muster
}

has_ended() {
	[ "$(grep -c '[[][0-9]*[]] worker ends' err)" -ge "$1" ]
}

# adaptive

# The job that finds another one running fails, and that ends the run. More
# jobs than there is time for: it ends in no other way.
@test "--scale adaptive tries more than one" {
	status=0
	yes 'mkdir met/$$; sleep 0.02; set -- met/*; rmdir met/$$; [ $# = 1 ]' |
		muster --scale adaptive -j 4 --halt now,fail=1 || status=$?
	[ "$status" -ne 0 ]
}

@test "--scale adaptive starts with one worker" {
	open_muster --scale adaptive -j 8
	echo 'echo a' >&7
	wait_until file_has out a
	close_muster
	assert_equal "$(workers)" 1
}

@test "--scale adaptive with one number to choose from" {
	seq 3 | muster --scale adaptive --min 3 -j 3 meet 3
}

@test "--scale adaptive obeys -j FILE" {
	echo 3 >number
	{
		yes "$count_job" | head -n 20
		echo 'echo 1 >number; sleep 2'
	} >lines
	muster --scale adaptive --min 1 -j number -a lines
	[ "$(most)" -le 3 ]
	assert_equal "$(wc -l <counts)" 20
}

@test "--scale adaptive: --debug=sched says why the goal moves" {
	echo 1 >number
	open_muster --scale adaptive --min number -j 4
	echo 'await go' >&7
	wait_until file_has err '[1] worker starts'
	echo 3 >number
	wait_until file_has err ' -> 3: other bounds; pressure:'
	: >go
	close_muster
	assert_file_has err 'stage 1: goal '
}

# Errors.

@test "--scale takes the five policies and nothing else" {
	for policy in greedy '' Eager eager,lazy 1; do
		t --scale "$policy" true ::: a
		assert_usage_error "--scale: '$policy' is none of eager, "
		assert_stderr_has 'balanced, lazy, fixed, adaptive'
	done
	t --scale
	assert_usage_error "option '--scale' needs an argument"
}

@test "--scale-threshold takes whole numbers from 1 on" {
	for n in 0 -1 1.5 x '' 2x; do
		t --scale-threshold "$n" true ::: a
		assert_usage_error "--scale-threshold: '$n' is not a whole number"
	done
	t --scale-threshold 99999999999999999999 true ::: a
	assert_usage_error "--scale-threshold: '99999999999999999999' is too large"
}

@test "the last --scale counts" {
	seq 3 | muster --scale lazy --scale eager -j 3 meet 3
}

@test "--scale fixed: workers beyond the minimum take no CPU when idle" {
	local before

	ticks() {
		sed 's/.*) //' "/proc/$pid/stat" | awk '{ print $12 + $13 }'
	}
	start muster -j 4 --scale fixed --idle-timeout 0.05 ::: \
		': >up; await go'
	wait_until test -e up
	before=$(ticks)
	sleep 1
	[ $(($(ticks) - before)) -lt 30 ]
	: >go
	finish
	assert_equal "$status" 0
}
