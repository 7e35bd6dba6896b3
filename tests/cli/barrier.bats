# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# The line "#muster: barrier": all before it are over before any after it
# starts.

load ../helpers/common
load ../helpers/watched

# tasks ARG...: muster ARG... with standard input as the file of tasks jobs.
tasks() {
	cat >jobs
	t --tasks jobs "$@"
}

# columns LIST: these of each line of the log but the header, with blanks
# between.
columns() {
	tail -n +2 log | cut -f "$1" | tr '\t' ' '
}

# in_fifo ARG...: starts muster ARG... with a FIFO as standard input, whose
# other end is descriptor 5.
in_fifo() {
	mkfifo in
	exec 5<>in
	start muster "$@" <in
}

# phase NAME N: N tasks that say when they begin and end in the file seen.
phase() {
	yes "echo $1 >>seen; sleep 0.01; echo $1 >>seen" | head -n "$2"
}

@test "all before a barrier are over before any after it starts" {
	tasks -j 8 < <(
		phase one 12
		echo '#muster: barrier'
		phase two 12
		echo '#muster: barrier'
		phase three 12
	)
	assert_ok
	assert_equal "$(uniq -c seen | awk '{ print $1, $2 }')" \
		$'24 one\n24 two\n24 three'
}

@test "a barrier on standard input" {
	t -j 3 <<-'END'
		await go; : >a
		sleep 0.1; : >go
		#muster: barrier
		[ -e a ] && echo b
	END
	assert_ok b
}

@test "what runs beside each other between barriers still does" {
	tasks -j 2 <<-'END'
		echo 1
		#muster: barrier
		: >a; await b; echo 2
		: >b; await a; echo 3
		#muster: barrier
		echo 4
	END
	assert_ok $'1\n2\n3\n4'
}

@test "several barriers in a row, at the beginning and at the end" {
	tasks -j 2 --joblog log --summary <<-'END'
		#muster: barrier
		#muster: barrier
		echo a
		#muster: barrier
		#muster: barrier
		#muster: barrier
		echo b
		#muster: barrier
	END
	assert_status 0
	assert_output $'a\nb'
	assert_stderr_has 'muster: 2 jobs, none failed, in '
	# They are no jobs, and take no numbers.
	assert_equal "$(columns 1,7,9)" $'1 0 echo a\n2 0 echo b'
}

@test "nothing but barriers is no job" {
	tasks --joblog log <<<$'#muster: barrier\n#muster: barrier'
	assert_ok
	assert_equal "$(wc -l <log)" 1
}

@test "a barrier waits for the end of a task, whatever it is" {
	tasks -j 4 --term-seq KILL <<-'END'
		false
		kill -9 $$
		exec sleep 1000		#muster: timeout=0.1
		sleep 0.2; : >a; exit 3
		#muster: barrier
		[ -e a ] && echo b
	END
	assert_status 4
	assert_output b
}

@test "a barrier waits for the last try" {
	tasks -j 3 <<-'END'
		[ -e 1 ] && : >2 || { : >1; false; } #muster: retries=2 retry-delay=0.1
		#muster: barrier
		[ -e 2 ] && echo b
	END
	assert_ok b
}

@test "a barrier waits for those that wait for others" {
	tasks -j 2 <<-'END'
		[ -e b ] && sleep 0.1 && : >a	#muster: after=b
		: >b				#muster: id=b
		#muster: barrier
		[ -e a ] && echo c
	END
	assert_ok c
}

@test "-j 1, a queue of one, output in input order" {
	tasks -j 1 --queue-size 1 < <(
		seq 5 | sed 's/.*/echo &/'
		echo '#muster: barrier'
		seq 6 10 | sed 's/.*/echo &/'
	)
	assert_ok "$(seq 10)"
}

@test "each of many barriers" {
	n=$((200 / MUSTER_TEST_SLOW))
	tasks -j 8 < <(seq "$n" | sed 's/.*/echo & >>seen\n#muster: barrier/')
	assert_ok
	assert_equal "$(cat seen)" "$(seq "$n")"
}

@test "a barrier between files of tasks" {
	printf '%s\n' 'await go; : >a' 'sleep 0.1; : >go' '#muster: barrier' \
		>one
	echo '[ -e a ] && echo b' >two
	t -j 3 --tasks one --tasks two
	assert_ok b
}

@test "what is before a barrier runs before the end of input" {
	in_fifo -j 2
	printf '%s\n' 'echo a' '#muster: barrier' >&5
	wait_until file_has out a
	echo 'echo b' >&5
	wait_until file_has out b
	exec 5>&-
	finish
	assert_equal "$status" 0
	assert_file_is out $'a\nb\n'
}

@test "a task that waits for an id behind the barrier is refused" {
	tasks -j 2 --joblog log <<-'END'
		touch ran	#muster: id=x after=late
		touch ran	#muster: after=x
		echo c		#muster: after!=x
		#muster: barrier
		echo late	#muster: id=late
		echo e		#muster: after=late after?=x
	END
	assert_status 255
	assert_output $'c\nlate\ne'
	assert_stderr_has "muster: jobs:1: 'x' waits for 'late', which is no \
task's id before the barrier"
	assert_stderr_has "muster: jobs:2: skipped: 'x' was refused"
	assert_equal "${#stderr_lines[@]}" 2
	assert_equal "$(columns 1,7 | sort)" \
		$'1 255\n2 255\n3 0\n4 0\n5 0'
	[ ! -e ran ]
}

@test "a cycle before a barrier is named there, and the rest runs" {
	tasks -j 2 <<-'END'
		touch ran	#muster: id=a after=b
		touch ran	#muster: id=b after=a
		#muster: barrier
		echo c		#muster: after!=b
	END
	assert_status 255
	assert_output c
	assert_stderr_has "jobs:1: these tasks wait for each other: \
'a' -> 'b' -> 'a'"
	[ ! -e ran ]
}

@test "--halt in front of a barrier: nothing after it runs" {
	tasks -j 2 --halt soon,fail=1 <<-'END'
		exit 7
		#muster: barrier
		touch ran
	END
	assert_status 7
	[ ! -e ran ]
}

@test "SIGTERM in front of a barrier: nothing after it runs" {
	printf '%s\n' ': >up; await go; echo a' '#muster: barrier' 'touch ran' \
		>jobs
	start muster -j 2 --tasks jobs
	wait_until test -e up
	kill -TERM "$pid"
	wait_until none_pending
	kill -USR1 "$pid"
	wait_until file_has err 'muster: running jobs:'
	: >go
	finish
	assert_equal "$status" 1
	assert_file_is out $'a\n'
	[ ! -e ran ]
}

@test "SIGINT in front of a barrier ends muster" {
	printf '%s\n' ': >up; exec sleep 1000' '#muster: barrier' 'touch ran' \
		>jobs
	start muster -j 2 --tasks jobs
	wait_until test -e up
	kill -INT "$pid"
	finish
	assert_equal "$status" 130
	[ ! -e ran ]
}

@test "--no-attributes: the line is a comment, which does nothing" {
	tasks -j 3 --no-attributes --joblog log <<-'END'
		await go; echo a
		#muster: barrier
		: >go
	END
	assert_ok a
	assert_equal "$(columns 1 | sort)" $'1\n2\n3'
}

@test "sh runs the same file" {
	cat >jobs <<-'END'
		echo a	#muster: id=a
		#muster: barrier
		echo b	#muster: after=a
	END
	assert_equal "$(sh jobs)" "$(muster --tasks jobs)"
}
