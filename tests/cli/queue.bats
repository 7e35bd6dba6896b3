# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# The queue: --queue-order, --priority-aging, --on-full, --dispatch. Most cases
# have one worker, which is held in the job "gate" while others are queued;
# started jobs leave their names in the file log.

load ../helpers/common

gate=': >up; await go; echo gate'

setup() {
	common_setup
	mkfifo in
	exec 5<>in
}

is_drained() {
	! read -r -t 0 -u 5
}

# gated ARG...: muster -j 1 ARG..., its only worker held, its input open.
gated() {
	start muster -j 1 "$@" <in
	echo "$gate" >&5
	wait_until test -e up
}

# put NAME...: these jobs are read.
put() {
	local name

	for name; do
		echo "echo $name | tee -a log"
	done >&5
	wait_until is_drained
}

# put_all NAME...: and, as another read only comes when they have been
# submitted, they are in the queue.
put_all() {
	put "$@"
	echo : >&5
	wait_until is_drained
}

# The end of input; the held worker goes on.
open_gate() {
	exec 5>&-
	: >go
	finish
}

started() {
	assert_equal "$(tr '\n' ' ' <log)" "$* "
}

printed() {
	assert_equal "$(tr '\n' ' ' <out)" "$* "
}

# tasks NAME N: a file NAME.tasks with N tasks NAME1, NAME2, ...
tasks() {
	local i

	for ((i = 1; i <= $2; i++)); do
		echo "echo $1$i | tee -a log"
	done >"$1.tasks"
}

# --queue-order

@test "--queue-order fifo: the oldest first" {
	gated --queue-order fifo
	put_all a b c d e
	open_gate
	assert_equal "$status" 0
	started a b c d e
}

@test "--queue-order fifo: whatever the priorities" {
	echo "$gate" >gate.tasks
	tasks l 2
	tasks h 2
	start muster -j 1 --queue-order fifo --tasks gate.tasks \
		--priority low --tasks l.tasks --priority high \
		--tasks h.tasks --tasks - <in
	wait_until test -e up
	put_all e
	open_gate
	started l1 l2 h1 h2 e
}

@test "--queue-order lifo: the newest first, output in input order" {
	gated --queue-order lifo
	put_all a b c d e
	open_gate
	assert_equal "$status" 0
	started e d c b a
	printed gate a b c d e
}

@test "--queue-order priority is the default" {
	local option

	tasks l 2
	tasks h 2
	echo "$gate" >gate.tasks
	for option in '' --queue-order=priority; do
		exec 5<>in
		rm -f up go log
		# shellcheck disable=SC2086
		start muster -j 1 $option --tasks gate.tasks \
			--priority low --tasks l.tasks --priority high \
			--tasks h.tasks --priority -1000 --tasks - <in
		wait_until test -e up
		put_all e
		open_gate
		started h1 h2 l1 l2 e
	done
}

@test "--queue-order takes nothing else" {
	local order

	for order in '' random FIFO 'fifo ' 0; do
		t --queue-order "$order" true ::: a
		assert_usage_error "--queue-order: '$order' is none of"
		assert_stderr_has 'priority, fifo, lifo'
	done
}

# --priority-aging

# late_high ARG...: a low job waits for a time, then a high one comes.
late_high() {
	mkfifo later
	exec 6<>later
	start muster -j 1 "$@" --priority low --tasks - --priority high \
		--tasks later <in
	echo "$gate" >&5
	wait_until test -e up
	put_all low
	exec 5>&-
	sleep 0.5
	printf '%s\n' 'echo high >>log' >&6
	wait_until is_read
	echo : >&6
	wait_until is_read
	exec 6>&-
	: >go
	finish
	assert_equal "$status" 0
}

is_read() {
	! read -r -t 0 -u 6
}

@test "without --priority-aging a high job goes before all that wait" {
	late_high
	started high low
}

@test "--priority-aging: who has waited long goes before" {
	late_high --priority-aging 10ms
	started low high
}

@test "--priority-aging so slow that it comes to nothing" {
	late_high --priority-aging 1000d
	started high low
}

@test "--priority-aging takes nothing else" {
	local time

	for time in x '' -1 5x; do
		t --priority-aging "$time" true ::: a
		assert_usage_error "--priority-aging: '$time' is not a time"
	done
}

@test "--priority-aging needs priorities" {
	for order in fifo lifo; do
		t --priority-aging 1 --queue-order "$order" true ::: a
		assert_usage_error "--priority-aging cannot be combined with"
		assert_stderr_has "--queue-order $order"
	done
}

# --on-full

@test "--on-full block is the default: nothing is lost" {
	seq 300 | muster -j 2 --queue-size 1 echo >out
	seq 300 | cmp - out
	seq 300 | muster -j 2 --queue-size 1 --on-full block echo >out
	seq 300 | cmp - out
}

@test "--on-full drop: a message, a line in the log, a failure" {
	gated --queue-size 2 --on-full drop --joblog joblog
	put a b c d e
	wait_until has_lines err 3
	open_gate
	assert_equal "$status" 3
	started a b
	printed gate a b
	assert_equal "$(grep -c '^muster: .*queue.*full' err)" 3
	assert_equal "$(wc -l <err)" 3
	assert_equal "$(sed 1d joblog | sort -n | cut -f 1,7,8 | tr '\t' ' ')" \
		$'1 0 0\n2 0 0\n3 0 0\n4 255 0\n5 255 0\n6 255 0'
}

@test "--on-full drop: later ones run when there is room again" {
	gated --queue-size 1 --on-full drop
	put a b
	wait_until has_lines err 1
	: >go
	wait_until file_has log a
	wait_until file_has out a
	put c
	wait_until file_has out c
	open_gate
	assert_equal "$status" 1
	started a c
}

@test "--on-full drop: dropped jobs are in --summary and --failed-to" {
	gated --queue-size 1 --on-full drop --summary --failed-to again
	put a b
	wait_until has_lines err 1
	open_gate
	assert_equal "$status" 1
	assert_file_is again $'echo b | tee -a log\n'
	assert_file_has err '(1 dropped)'
}

@test "--on-full drop: a dropped job is never tried again" {
	gated --queue-size 1 --on-full drop --retries 5
	put a b
	wait_until has_lines err 1
	open_gate
	assert_equal "$status" 1
	started a
	assert_equal "$(wc -l <err)" 1
}

@test "--on-full run: the reader runs it, beside the workers" {
	gated --queue-size 1 --on-full run
	put a b
	# All workers are held: none but the reader could.
	wait_until file_has log b
	[ ! -e go ]
	open_gate
	assert_equal "$status" 0
	started b a
	printed gate a b
}

@test "--on-full run: nothing is lost, nothing is run twice" {
	seq 300 | muster -j 2 --queue-size 1 --on-full run \
		'echo {} | tee -a log' >out
	seq 300 | cmp - out
	sort -n log | cmp - out
}

@test "--on-full run: a failure counts, retries and all" {
	gated --queue-size 1 --on-full run --retries 3
	put a
	echo 'echo x >>tries; false' >&5
	wait_until test -e tries
	open_gate
	assert_equal "$status" 1
	assert_equal "$(wc -l <tries)" 3
}

@test "--on-full run: SIGINT ends the reader's job, too" {
	gated --queue-size 1 --on-full run
	put a
	echo ': >held; exec sleep 1000' >&5
	wait_until test -e held
	kill -INT "$pid"
	finish
	exec 5>&-
	assert_equal "$status" 130
	no_marked_pids
}

@test "--on-full takes nothing else" {
	local what

	for what in '' wait DROP 'run '; do
		t --on-full "$what" true ::: a
		assert_usage_error "--on-full: '$what' is none of block, drop"
	done
}

# --dispatch

@test "--dispatch: the same results either way" {
	local how

	for how in shared stealing; do
		seq 500 | muster -j 4 --dispatch "$how" 'echo {} | tee -a log' \
			>out
		seq 500 | cmp - out
		sort -n log | cmp - out
		rm log
	done
}

@test "--dispatch: with one worker, the same order either way" {
	local how order

	for order in fifo lifo; do
		for how in shared stealing; do
			exec 5<>in
			rm -f up go log
			gated --dispatch "$how" --queue-order "$order"
			put_all a b c
			open_gate
			tr '\n' ' ' <log
		done >$order
	done
	assert_file_is fifo 'a b c a b c '
	assert_file_is lifo 'c b a c b a '
}

@test "--dispatch stealing: no job waits for a worker that is held" {
	gated -j 3 --dispatch stealing
	put_all a b c d e f g h i j
	wait_until has_lines log 10
	[ ! -e go ]
	open_gate
	assert_equal "$status" 0
	printed gate a b c d e f g h i j
}

@test "--dispatch takes nothing else" {
	local how

	for how in '' steal SHARED both; do
		t --dispatch "$how" true ::: a
		assert_usage_error "--dispatch: '$how' is none of shared"
	done
}
