# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --joblog: GNU parallel's columns, with the values of release 20221222 and
# later.

load ../helpers/common

header=$'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal'
header+=$'\tCommand'

# columns LIST: these of each line but the header, with blanks between.
columns() {
	tail -n +2 log | cut -f "$1" | tr '\t' ' '
}

@test "the log begins with the names of the nine columns" {
	muster --joblog log </dev/null
	assert_file_is log "$header"$'\n'
}

@test "each line has nine columns" {
	muster -j 2 --joblog log echo ::: a b c >out
	assert_equal "$(awk -F '\t' '{ print NF }' log)" $'9\n9\n9\n9'
}

@test "a job that succeeds: its output's size, 0 and 0" {
	muster --joblog log ::: 'echo abc; echo defghi >&2' >out 2>err
	assert_equal "$(columns 1,2,5-)" \
		'1 : 0 4 0 0 echo abc; echo defghi >&2'
}

@test "a job that fails: its status and 0" {
	t --joblog log ::: 'exit 3'
	assert_equal "$(columns 7-)" '3 0 exit 3'
}

@test "a death by signal: 128 more, and the signal" {
	t -j 1 --joblog log ::: 'kill -9 $$' 'kill -TERM $$'
	assert_equal "$(columns 7,8)" $'137 9\n143 15'
}

@test "a timeout: -1 and the signal" {
	t --joblog log --timeout 0.1 ::: 'exec sleep 1000'
	assert_equal "$(columns 7-)" '-1 15 exec sleep 1000'
}

@test "a job killed by --halt now: -1 and the signal" {
	t -j 2 --joblog log --halt now,fail=1 ::: ': >up; exec sleep 1000' \
		'await up; exit 2'
	assert_equal "$(columns 1,7,8)" $'2 2 0\n1 -1 15'
}

@test "a job that had to be killed harder: -1 and 9" {
	t -j 2 --joblog log --halt now,fail=1 --term-seq TERM,10,KILL ::: \
		'trap "" TERM; : >up; exec sleep 1000' 'await up; exit 2'
	assert_equal "$(columns 1,7,8)" $'2 2 0\n1 -1 9'
}

@test "Starttime is when the job began, in seconds since 1970" {
	before=$(date +%s)
	muster --joblog log ::: true
	after=$(date +%s)
	start=$(columns 3)
	[[ $start =~ ^[0-9]+\.[0-9]{3}$ ]]
	[ "${start%.*}" -ge "$before" ]
	[ "${start%.*}" -le "$after" ]
}

@test "JobRuntime is ten wide, in seconds, no less than the job took" {
	muster --joblog log ::: 'sleep 0.3'
	runtime=$(tail -n 1 log | cut -f 4)
	[[ $runtime =~ ^\ *[0-9]+\.[0-9]{3}$ ]]
	assert_equal ${#runtime} 10
	[ "$(tr -d ' .' <<<"$runtime")" -ge 300 ]
}

@test "lines are in order of completion" {
	muster -j 2 --joblog log ::: 'await go' true ': >go' >out
	assert_equal "$(columns 1 | head -n 1)" 2
	assert_equal "$(columns 1 | sort)" $'1\n2\n3'
}

@test "a job's line is there before the next one begins" {
	t -j 1 --joblog log ::: true 'tail -n 1 log | cut -f 1'
	assert_ok 1
}

@test "the command is what was run" {
	muster -j 1 --joblog log 'echo {} {#}' ::: 'a b' "it's" >out
	assert_equal "$(columns 9)" "echo 'a b' 1
echo 'it'\"'\"'s' 2"
}

@test "newlines in the command become NUL" {
	muster --joblog log echo ::: $'a\nb' >out
	assert_equal "$(wc -l <log)" 2
	printf "echo 'a\0b'\n" | cmp - <(tail -n 1 log | cut -f 9-)
}

@test "tabs in the command stay in the last column" {
	muster --joblog log echo ::: $'a\tb' >out
	assert_equal "$(tail -n 1 log | cut -f 9-)" $'echo \'a\tb\''
}

@test "a file that is there is written anew" {
	echo old >log
	muster --joblog log true ::: a
	assert_equal "$(columns 9)" 'true a'
	assert_equal "$(head -n 1 log)" "$header"
}

@test "+FILE appends without a second header" {
	muster --joblog +log true ::: a
	muster --joblog +log true ::: b
	assert_equal "$(head -n 1 log)" "$header"
	assert_equal "$(columns 1,9)" $'1 true a\n1 true b'
}

@test "+FILE cuts off a line that was torn" {
	printf '%s\n1\t:\t12' "$header" >log
	muster --joblog +log true ::: a
	assert_equal "$(columns 1,9)" '1 true a'
}

@test "a log that another run writes to is left alone" {
	start muster --joblog log ::: ': >up; await go; echo a'
	await up
	t --joblog log echo ::: b
	assert_usage_error "--joblog: 'log' is in use by another run"
	t --joblog +log echo ::: b
	assert_usage_error "--joblog: 'log' is in use by another run"
	: >go
	finish
	assert_equal "$(columns 1,7-)" '1 0 0 : >up; await go; echo a'
}

@test "several runs may write to what is no file" {
	t --joblog /dev/null ::: 'muster --joblog /dev/null echo ::: a'
	assert_ok a
}

@test "one whole line a job with many workers" {
	seq 500 | muster -j 16 --joblog log true
	assert_equal "$(columns 1 | sort -n)" "$(seq 500)"
	assert_equal "$(awk -F '\t' 'NF != 9' log)" ''
}

@test "--retries: one line for all tries, with the last one's end" {
	t -j 1 --retries 3 --joblog log ::: \
		'echo try >>tries; exit $(wc -l <tries)' true
	assert_equal "$(columns 1,7)" $'1 3\n2 0'
}

@test "jobs that ended, those killed at SIGINT, and no others" {
	start muster -j 2 --joblog log ::: 'echo a' ': >1; exec sleep 1000' \
		': >2; exec sleep 1000' 'echo never'
	wait_until test -e 1
	wait_until test -e 2
	kill -INT "$pid"
	finish
	assert_equal "$(columns 1,7,8 | sort)" $'1 0 0\n2 -1 15\n3 -1 15'
}

@test "the log is whole when muster is killed" {
	start muster -j 1 --joblog log ::: 'echo a' ': >up; exec sleep 1000'
	wait_until test -e up
	kill -KILL "$pid"
	finish
	assert_equal "$(columns 1,7,8,9)" '1 0 0 echo a'
}

@test "an input that can't be run is logged with 255" {
	printf 'echo a\nb\0c\necho d\n' >jobs
	t -j 1 --joblog log -a jobs
	assert_status 255
	assert_equal "$(columns 1,7,8 | sort)" $'1 0 0\n2 255 0\n3 0 0'
}

@test "--dry-run writes no log" {
	muster --dry-run --joblog log echo ::: a >out
	[ ! -e log ]
}

@test "--joblog - writes to standard output" {
	muster --joblog - true ::: a >log
	assert_equal "$(head -n 1 log)" "$header"
	assert_equal "$(columns 9)" 'true a'
}

@test "a path that can't be written: a message, 255, nothing run" {
	mkdir dir
	for path in none/log dir ''; do
		t --joblog "$path" touch ::: ran
		assert_usage_error "--joblog: can't open '$path': "
	done
	[ ! -e ran ]
}

@test "a full device: a message, 255, nothing run" {
	t --joblog /dev/full touch ::: ran
	assert_usage_error "--joblog: can't write to '/dev/full': No space"
	[ ! -e ran ]
}

@test "a log that fills up: a message, 255, nothing more started" {
	status=0
	(
		trap '' XFSZ
		ulimit -f 4
		seq 10000 | muster -j 1 --joblog log echo 2>err | wc -l >count
		exit "${PIPESTATUS[1]}"
	) || status=$?
	assert_equal "$status" 255
	assert_file_is err $'muster: --joblog: \'log\': File too large\n'
	[ "$(cat count)" -lt 5000 ]
	# What did not go in as a whole is not in it.
	tail -c 1 log | cmp - <(echo)
	assert_equal "$(awk -F '\t' 'NF != 9' log)" ''
}
