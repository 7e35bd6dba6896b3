# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --rate and --delay: how often jobs are started. A slow machine starts them
# later, never earlier, so times have lower bounds here and no others.

load ../helpers/common
load ../helpers/meet

# timed ARG...: t ARG... with a log; begin is the time before, in microseconds.
timed() {
	rm -f log
	begin=${EPOCHREALTIME/./}
	t --joblog log "$@"
	elapsed=$((${EPOCHREALTIME/./} - begin))
}

# starts_from MS...: of the starts in the log, from first to last, none came
# earlier after begin than this (less the millisecond that the log rounds).
starts_from() {
	local i=0 bounds=("$@") start

	assert_equal "$(($(wc -l <log) - 1))" $#
	while read -r start; do
		start=$((${start/./} * 1000 - begin))
		[ "$start" -ge $((bounds[i] * 1000 - 1000)) ] ||
			fail_with "start $((i + 1)) after $start us"
		i=$((i + 1))
	done < <(tail -n +2 log | cut -f 3 | sort -n)
}

@test "--rate N/s: a start every Nth part of a second" {
	timed -j 10 --rate 20/s echo ::: 1 2 3 4 5 6 7 8 9 10
	assert_ok "$(seq 10)"
	starts_from 0 50 100 150 200 250 300 350 400 450
	[ "$elapsed" -ge 450000 ]
}

@test "--rate N/m and N/h: of a minute, of an hour" {
	timed -j 5 --rate 600/m true ::: 1 2 3 4
	starts_from 0 100 200 300
	timed -j 5 --rate 36000/h true ::: 1 2 3 4
	starts_from 0 100 200 300
}

@test "--rate N/s:BURST: not before their time behind the burst" {
	timed -j 10 --rate 20/s:4 echo ::: 1 2 3 4 5 6 7 8 9 10
	assert_ok "$(seq 10)"
	starts_from 0 0 0 0 50 100 150 200 250 300
}

@test "--rate N/h:BURST: the burst starts together" {
	meet_setup
	timed -j 5 --rate 1/h:4 meet 4 ::: 1 2 3 4
	assert_ok
}

@test "--rate without BURST: two don't start together" {
	start muster -j 5 --rate 1/h --joblog log touch ::: first second
	wait_until has_lines log 2
	sleep 0.3
	kill -TERM "$pid"
	finish
	assert_equal "$status" 1
	[ -e first ]
	[ ! -e second ]
	assert_equal "$(wc -l <log)" 2
}

@test "--rate: SIGINT while a job waits for its moment" {
	start muster -j 5 --rate 1/h touch ::: first second
	wait_until test -e first
	kill -INT "$pid"
	finish
	assert_equal "$status" 130
	[ ! -e second ]
}

@test "--rate: SIGTERM lets what runs end, and what waits is not started" {
	start muster -j 5 --rate 1/h ::: ': >up; await go; echo done' \
		'echo never'
	wait_until test -e up
	kill -TERM "$pid"
	: >go
	finish
	assert_equal "$status" 1
	assert_file_is out $'done\n'
}

@test "--rate is of jobs, whatever the number of workers" {
	timed -j 1 --rate 20/s true ::: 1 2 3 4
	starts_from 0 50 100 150
	timed --min 8 -j 8 --rate 20/s true ::: 1 2 3 4
	starts_from 0 50 100 150
}

@test "--rate counts the tries of a job as well" {
	timed --rate 20/s --retries 5 false ::: 1
	assert_status 1
	[ "$elapsed" -ge 200000 ]
}

@test "--rate above what can be started changes nothing" {
	t --rate 1000000000/s echo ::: 1 2 3
	assert_ok $'1\n2\n3'
	seq 300 | muster -j 4 --rate 1000000/s:1000000 echo >out
	seq 300 | cmp - out
}

# ticks: what muster has had of the CPU, in hundredths of a second.
ticks() {
	sed 's/.*) //' "/proc/$pid/stat" | awk '{ print $12 + $13 }'
}

@test "--rate: waiting takes no CPU" {
	start muster --rate 1/h touch ::: first second
	wait_until test -e first
	before=$(ticks)
	sleep 1
	[ $(($(ticks) - before)) -lt 30 ]
	kill -INT "$pid"
	finish
}

@test "--rate takes nothing else" {
	local rate

	for rate in 0.5/s 5 5/ /s 0/s -1/s 1.5/s 5/d 5/S 5/sec 5/s: 5/s:0 5/s:x \
		'' '5 /s' 5/s:1:2; do
		t --rate "$rate" true ::: a
		assert_usage_error "--rate: '$rate' is not a rate: a whole "
	done
	t --rate 99999999999/s true ::: a
	assert_usage_error "--rate: '99999999999/s' is too large"
}

# --delay

@test "--delay: so long between two starts" {
	timed -j 5 --delay 0.1 echo ::: 1 2 3 4
	assert_ok $'1\n2\n3\n4'
	starts_from 0 100 200 300
	[ "$elapsed" -ge 300000 ]
}

@test "--delay: two don't start together" {
	start muster -j 5 --delay 1h touch ::: first second
	wait_until test -e first
	sleep 0.3
	[ ! -e second ]
	kill -INT "$pid"
	finish
	assert_equal "$status" 130
}

@test "--delay 0 is none" {
	t --delay 0 echo ::: 1 2 3
	assert_ok $'1\n2\n3'
}

@test "--delay counts the tries of a job as well" {
	timed --delay 0.05 --retries 4 false ::: 1
	assert_status 1
	[ "$elapsed" -ge 150000 ]
}

@test "--delay and --rate both hold" {
	timed -j 9 --delay 0.02 --rate 10/s:3 true ::: 1 2 3 4 5
	starts_from 0 20 40 100 200
	timed -j 9 --delay 0.1 --rate 1000/s:9 true ::: 1 2 3
	starts_from 0 100 200
}

@test "--delay takes nothing else" {
	local delay

	for delay in x '' -1 5x 50%; do
		t --delay "$delay" true ::: a
		assert_usage_error "--delay: '$delay' is not a time"
	done
}

@test "--delay TIMEauto grows with failures" {
	# 100 ms, then 130, 169, 220, 286: 905 in all.
	t -j1 --joblog log --delay 0.1auto false ::: 1 2 3 4 5 6
	assert_status 6
	sed 1d log | sort -n | awk '{ t[NR] = $3 }
		END { exit !(t[6] - t[1] >= 0.89) }'
}

@test "--delay TIMEauto shrinks with successes" {
	# The sum of all delays never comes to ten of the first one.
	seq 30 | muster -j1 --joblog log --delay 0.1auto true
	sed 1d log | sort -n | awk '{ t[NR] = $3 }
		END { exit !(t[30] - t[29] < t[2] - t[1]) }'
	t --delay 0auto true ::: 1 2 3
	assert_ok
}

@test "--delay: auto alone is no time" {
	for delay in auto xauto 1auto2; do
		t --delay "$delay" true ::: a
		assert_usage_error "--delay: '$delay' is not a time"
	done
}
