#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Which of the waiting jobs is started next. Each case has one worker, whose
# first job waits until everything else is queued; started jobs leave their
# names in the file "log".

load ../helpers/common

setup() {
	common_setup
	mkfifo in
	echo 'await go; echo gate' >gate
	exec 5<>in
}

# tasks NAME N: a file NAME.tasks with N tasks NAME1, NAME2, ...
tasks() {
	local i

	for ((i = 1; i <= $2; i++)); do
		echo "echo $1$i | tee -a log"
	done >"$1.tasks"
}

is_drained() {
	! read -r -t 0 -u 5
}

# queue_from LINES ARG...: muster -j 1 ARG... behind the gate. The last of its
# inputs is standard input, with LINES: when these have been read, what stands
# before the last of them has been queued.
queue_from() {
	start muster -j 1 --priority 1000 --tasks gate --priority 0 \
		"${@:2}" <in
	echo "$1" >&5
	wait_until is_drained
	exec 5>&-
	touch go
	finish
}

queue() {
	queue_from : "$@" --tasks -
}

started() {
	assert_equal "$(tr '\n' ' ' <log)" "$* "
}

printed() {
	assert_equal "$(tr '\n' ' ' <out)" "gate $* "
}

@test "without priorities jobs start in input order" {
	tasks a 3
	tasks b 3
	queue --tasks a.tasks --tasks b.tasks
	assert_equal "$status" 0
	started a1 a2 a3 b1 b2 b3
	printed a1 a2 a3 b1 b2 b3
}

@test "high before normal before low, each in input order" {
	tasks l 2
	tasks n 2
	tasks h 2
	queue --priority low --tasks l.tasks --priority normal \
		--tasks n.tasks --priority high --tasks h.tasks
	assert_equal "$status" 0
	started h1 h2 n1 n2 l1 l2
}

@test "output is in input order all the same" {
	tasks l 2
	tasks h 2
	queue --priority low --tasks l.tasks --priority high --tasks h.tasks
	printed l1 l2 h1 h2
}

@test "with --no-keep-order output is in the order of the ends" {
	tasks l 2
	tasks h 2
	queue --no-keep-order --priority low --tasks l.tasks \
		--priority high --tasks h.tasks
	printed h1 h2 l1 l2
}

@test "priorities are numbers, the words are some of them" {
	local file

	for file in a b c d e f g; do
		tasks "$file" 1
	done
	queue --priority -1000 --tasks a.tasks --priority 11 --tasks b.tasks \
		--priority high --tasks c.tasks --priority +9 --tasks d.tasks \
		--priority 1000 --tasks e.tasks --priority -10 --tasks f.tasks \
		--priority low --tasks g.tasks --priority 0
	started e1 b1 c1 d1 f1 g1 a1
}

@test "--priority is for the inputs behind it" {
	tasks a 1
	tasks b 1
	tasks c 1
	queue --tasks a.tasks --priority 1 --tasks b.tasks --tasks c.tasks
	started b1 c1 a1
}

@test "priorities of equal value keep input order across files" {
	tasks a 2
	tasks b 2
	tasks c 2
	queue --priority high --tasks a.tasks --priority low --tasks b.tasks \
		--priority high --tasks c.tasks
	started a1 a2 c1 c2 b1 b2
}

@test "the values of a command have the priority before them" {
	tasks a 1
	queue_from $'echo x >>log\necho y >>log\n:' \
		--priority low --tasks a.tasks \
		--priority high {} :::: -
	started x y a1
}

@test "a job that is retried keeps its priority" {
	tasks l 2
	cat >h.tasks <<-'E'
		echo h >>log; [ -e once ] || { touch once; false; }
	E
	queue --retries 2 --priority low --tasks l.tasks --priority high \
		--tasks h.tasks
	assert_equal "$status" 0
	started h h l1 l2
}

@test "a bad --priority is an error" {
	local value

	for value in urgent '' 1001 -1001 1.5 High 0x5 '5 '; do
		t --priority "$value" echo ::: a
		assert_usage_error "--priority: '$value'"
	done
}

@test "--queue-size: what has not been read can't go first" {
	tasks l 4
	tasks h 2
	start muster -j 1 --queue-size 1 --tasks gate --priority low \
		--tasks l.tasks --priority high --tasks h.tasks
	touch go
	finish
	started l1 l2 l3 l4 h1 h2
}

@test "a bad --queue-size is an error" {
	local value

	for value in 0 -1 x '' 1.5 99999999999999999999; do
		t --queue-size "$value" echo ::: a
		assert_usage_error "--queue-size: '$value'"
	done
}
