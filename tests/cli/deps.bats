# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Tasks that wait for others: id=, after=, after!=, after?=.

load ../helpers/common
load ../helpers/watched

# tasks ARG...: muster ARG... with standard input as the file of tasks jobs.
tasks() {
	cat >jobs
	t --tasks jobs "$@"
}

# start_tasks ARG...: the same in the background.
start_tasks() {
	cat >jobs
	start muster --tasks jobs "$@"
}

# in_fifo ARG...: starts muster ARG... with a FIFO as standard input, whose
# other end is descriptor 5.
in_fifo() {
	mkfifo in
	exec 5<>in
	start muster "$@" <in
}

# columns LIST: these of each line of the log but the header, with blanks
# between.
columns() {
	tail -n +2 log | cut -f "$1" | tr '\t' ' '
}

# The conditions.

@test "after=: runs when the other has succeeded" {
	tasks -j 3 <<-'END'
		await go; : >a		#muster: id=a
		[ -e a ] && echo b	#muster: after=a
		: >go
	END
	assert_ok b
}

@test "after=: is skipped when the other has failed" {
	tasks -j 2 <<-'END'
		exit 3		#muster: id=a
		touch ran	#muster: after=a
		echo c
	END
	assert_status 2
	assert_output c
	assert_stderr "muster: jobs:2: skipped: 'a' failed"
	[ ! -e ran ]
}

@test "after!=: runs when the other is over, whatever it did" {
	tasks -j 3 <<-'END'
		await go; : >a; false	#muster: id=a
		[ -e a ] && echo b	#muster: after!=a
		: >go
	END
	assert_status 1
	assert_output b
	assert_no_stderr
	tasks <<<$'echo a #muster: id=a\necho b #muster: after!=a'
	assert_ok $'a\nb'
}

@test "after?=: runs when the other has failed" {
	tasks -j 3 <<-'END'
		await go; : >a; false	#muster: id=a
		[ -e a ] && echo b	#muster: after?=a
		: >go
	END
	assert_status 1
	assert_output b
	assert_no_stderr
}

@test "after?=: is skipped when the other has succeeded" {
	tasks -j 2 <<-'END'
		echo a		#muster: id=a
		touch ran	#muster: after?=a
	END
	assert_status 1
	assert_output a
	assert_stderr "muster: jobs:2: skipped: 'a' succeeded"
	[ ! -e ran ]
}

@test "a death by signal and a timeout are failures" {
	tasks -j 2 --term-seq KILL <<-'END'
		kill -9 $$	#muster: id=killed
		exec sleep 1000	#muster: id=slow timeout=0.1
		echo 3		#muster: after?=killed,slow
		touch ran	#muster: after=slow
	END
	assert_status 3
	assert_output 3
	assert_stderr "muster: jobs:4: skipped: 'slow' failed"
	[ ! -e ran ]
}

@test "several ids: all of them" {
	tasks -j 5 <<-'END'
		await go; : >a			#muster: id=a
		await go; : >b			#muster: id=b
		await go; : >c; false		#muster: id=c
		[ -e a ] && [ -e b ] && [ -e c ] && echo d #muster: after=a,b after!=c
		: >go
	END
	assert_status 1
	assert_output d
}

@test "several ids: one that fails is enough" {
	tasks -j 2 <<-'END'
		true		#muster: id=a
		false		#muster: id=b
		touch ran	#muster: after=a,b
		touch ran	#muster: after=b after?=a
	END
	assert_status 3
	[ ! -e ran ]
}

@test "the same id twice" {
	tasks -j 2 <<-'END'
		echo a	#muster: id=a
		echo b	#muster: after=a,a
		echo c	#muster: after=a after!=a
		echo d	#muster: after=a after?=a
	END
	assert_status 1
	assert_output $'a\nb\nc'
	assert_stderr "muster: jobs:4: skipped: 'a' succeeded"
}

@test "tasks on standard input have conditions, too" {
	t -j 3 <<-'END'
		await go; : >a		#muster: id=a
		[ -e a ] && echo b	#muster: after=a
		: >go
	END
	assert_ok b
}

@test "ids hold for all files of tasks" {
	echo "echo 1 #muster: after=b" >one
	echo "echo 2 #muster: id=b after=none" >two
	t --tasks one --tasks two
	assert_status 255
	assert_output ''
	assert_stderr_has "two:1: 'b' waits for 'none', which is no task's id"
	assert_stderr_has "one:1: skipped: 'b' was refused"
	echo "echo 2 #muster: id=b" >two
	t --tasks one --tasks two
	assert_ok $'1\n2'
}

# Order.

@test "ids may come later in the input; output is in its order" {
	tasks -j 1 --joblog log <<-'END'
		echo a	#muster: after=c
		echo b	#muster: id=b
		echo c	#muster: id=c after=b
	END
	assert_ok $'a\nb\nc'
	assert_equal "$(columns 1)" $'2\n3\n1'
}

@test "a diamond" {
	tasks -j 4 --joblog log <<-'END'
		echo end	#muster: id=end after=left,right
		echo left	#muster: id=left after=top
		echo right	#muster: id=right after=top
		echo top	#muster: id=top
	END
	assert_ok $'end\nleft\nright\ntop'
	assert_equal "$(columns 1 | head -n 1)" 4
	assert_equal "$(columns 1 | tail -n 1)" 1
}

@test "those that wait take no slot" {
	tasks -j 1 --joblog log <<-'END'
		echo a	#muster: after=d
		echo b	#muster: after=d
		echo c	#muster: after!=d
		echo d	#muster: id=d
	END
	assert_ok $'a\nb\nc\nd'
	assert_equal "$(columns 1)" $'4\n1\n2\n3'
}

@test "those that wait do not fill the queue" {
	tasks -j 1 --queue-size 1 --joblog log < <(
		seq 50 | sed 's/.*/echo &	#muster: after=last/'
		echo 'echo last	#muster: id=last'
	)
	assert_ok "$(seq 50; echo last)"
	assert_equal "$(columns 1)" "$(echo 51; seq 50)"
}

@test "much output of one that comes later but runs earlier" {
	head -c 1000000 /dev/zero | tr '\0' x >data
	cat >jobs <<-'END'
		echo first	#muster: after=a
		cat data	#muster: id=a
	END
	(
		trap '' XFSZ
		ulimit -f 100
		muster -j 1 --output-memory 64K --joblog log --tasks jobs
	) | cmp - <(echo first; cat data)
	assert_equal "$(columns 1)" $'2\n1'
}

@test "a chain of 1000 runs in its order" {
	n=$((1000 / MUSTER_TEST_SLOW))
	seq "$n" | awk '{
		print "echo " $1 "  #muster: id=t" $1 \
			($1 > 1 ? " after=t" $1 - 1 : "")
	}' >jobs
	t -j 8 --joblog log --tasks jobs
	assert_ok "$(seq "$n")"
	assert_equal "$(columns 1)" "$(seq "$n")"
}

@test "a chain that begins at the end of input" {
	n=$((500 / MUSTER_TEST_SLOW))
	seq "$n" | awk -v n="$n" '{
		print "echo " $1 "  #muster: id=t" $1 \
			($1 < n ? " after=t" $1 + 1 : "")
	}' >jobs
	t -j 2 --joblog log --tasks jobs
	assert_ok "$(seq "$n")"
	assert_equal "$(columns 1)" "$(seq "$n" -1 1)"
}

@test "a chain of 1000 behind a failed task is skipped" {
	seq 1000 | awk '{
		print ($1 == 1 ? "false" : "touch ran") "  #muster: id=t" $1 \
			($1 > 1 ? " after=t" $1 - 1 : "")
	}' >jobs
	t -j 2 --joblog log --tasks jobs
	assert_status 101
	assert_equal "${#stderr_lines[@]}" 999
	assert_stderr_has "muster: jobs:2: skipped: 't1' failed"
	assert_stderr_has "muster: jobs:1000: skipped: 't999' was skipped"
	assert_equal "$(columns 1 | sort -n)" "$(seq 1000)"
	[ ! -e ran ]
}

@test "dependents run before the end of input" {
	in_fifo -j 2 --joblog log
	echo 'echo b	#muster: id=b after=a' >&5
	echo 'echo c	#muster: after=b' >&5
	echo 'echo a	#muster: id=a' >&5
	wait_until file_has out a
	assert_file_is out $'b\nc\na\n'
	# One that is over is still known.
	echo 'echo d	#muster: after=a,b' >&5
	wait_until file_has out d
	exec 5>&-
	finish
	assert_equal "$status" 0
	assert_equal "$(columns 1)" $'3\n1\n2\n4'
}

# Those that never run.

@test "a skipped task counts as failed for those behind it" {
	tasks -j 4 <<-'END'
		false		#muster: id=a
		touch ran	#muster: id=b after=a
		touch ran	#muster: id=c after=b
		echo d		#muster: after!=c
		echo e		#muster: after?=b
	END
	assert_status 3
	assert_output $'d\ne'
	assert_stderr_has "muster: jobs:2: skipped: 'a' failed"
	assert_stderr_has "muster: jobs:3: skipped: 'b' was skipped"
	[ ! -e ran ]
}

@test "skipped tasks are in the log, with 255" {
	tasks -j 1 --joblog log <<-'END'
		exit 3	#muster: id=a
		echo b	#muster: id=b after=a
		echo c	#muster: after=b
	END
	assert_status 3
	assert_equal "$(columns 1,7- | sort)" $'1 3 0 exit 3
2 255 0 echo b
3 255 0 echo c'
	assert_equal "$(awk -F '\t' 'NF != 9' log)" ''
}

@test "skipped tasks are in the summary" {
	tasks -j 1 --summary <<-'END'
		exit 3	#muster: id=a
		echo b	#muster: id=b after=a
		echo c	#muster: after!=b
	END
	assert_status 2
	assert_output c
	assert_stderr_has \
		'muster: 2 of 3 jobs failed (1 exit status, 1 skipped) in '
	grep -Eq '^ *2 +skipped +0 +- +- +- +echo b$' <<<"$stderr"
}

@test "an id that no task has: a message, 255, all others run" {
	tasks -j 2 --joblog log <<-'END'
		echo a
		touch ran	#muster: id=x after=nope
		touch ran	#muster: id=y after=x
		echo d		#muster: after!=y
		touch ran	#muster: after=a,b
		echo f		#muster: after?=x
	END
	assert_status 255
	assert_output $'a\nd\nf'
	at="muster: jobs"
	assert_stderr_has \
		"$at:2: 'x' waits for 'nope', which is no task's id in the input"
	assert_stderr_has "$at:3: skipped: 'x' was refused"
	assert_stderr_has "$at:5: this task waits for 'a', 'b', which are no \
tasks' ids in the input"
	assert_equal "${#stderr_lines[@]}" 3
	assert_equal "$(columns 1,7,8 | sort)" $'1 0 0
2 255 0
3 255 0
4 0 0
5 255 0
6 0 0'
	[ ! -e ran ]
}

@test "tasks that wait for each other: named in full, 255, all others run" {
	tasks -j 2 --joblog log --summary <<-'END'
		echo a
		touch ran	#muster: id=b after=c
		touch ran	#muster: id=c after!=d
		touch ran	#muster: id=d after?=b
		touch ran	#muster: after=d
		echo f		#muster: after!=d
	END
	assert_status 255
	assert_output $'a\nf'
	at="muster: jobs"
	assert_stderr_has "$at:2: these tasks wait for each other: \
'b' -> 'c' -> 'd' -> 'b'"
	assert_stderr_has \
		"$at:3: 'c' waits for 'd', which waits for 'c' in turn"
	assert_stderr_has \
		"$at:4: 'd' waits for 'b', which waits for 'd' in turn"
	assert_stderr_has "$at:5: skipped: 'd' was refused"
	assert_equal "$(columns 1,7,8 | sort)" $'1 0 0
2 255 0
3 255 0
4 255 0
5 255 0
6 0 0'
	assert_stderr_has '4 of 6 jobs failed (3 refused, 1 skipped) in '
	[ ! -e ran ]
}

@test "a task that waits for itself is refused" {
	tasks <<-'END'
		touch ran	#muster: id=a after=a
		echo b		#muster: after?=a
	END
	assert_status 255
	assert_output b
	assert_stderr "muster: jobs:1: 'a' waits for itself"
	[ ! -e ran ]
}

@test "an id that another task has is refused, the first one counts" {
	tasks -j 1 <<-'END'
		echo a		#muster: id=a
		touch ran	#muster: id=a
		echo c		#muster: after=a
	END
	assert_status 255
	assert_output $'a\nc'
	assert_stderr "muster: jobs:2: 'a' is the id of another task already"
	[ ! -e ran ]
}

@test "cycle and unknown id behind a long run: nothing is lost" {
	tasks -j 4 < <(
		seq 200 | sed 's/.*/echo &/'
		echo 'touch ran	#muster: id=a after=b'
		echo 'touch ran	#muster: id=b after=a,nope'
	)
	assert_status 255
	assert_output "$(seq 200)"
	assert_stderr_has "jobs:201: these tasks wait for each other: \
'a' -> 'b' -> 'a'"
	assert_stderr_has "jobs:202: 'b' waits for 'nope', which is no task's \
id in the input; 'b' waits for 'a', which waits for 'b' in turn"
	[ ! -e ran ]
}

@test "--no-attributes: no conditions" {
	tasks -j 1 --no-attributes <<-'END'
		echo a	#muster: id=a after=b
		echo b	#muster: id=b after=a
	END
	assert_ok $'a\nb'
}

# Together with other things.

@test "a task that is tried again is over only after its last try" {
	tasks -j 3 <<-'END'
		await go; [ -e 1 ] && : >2 || { : >1; false; } #muster: id=a retries=2
		[ -e 2 ] && echo b	#muster: after=a
		[ -e 2 ] && echo c	#muster: after!=a
		: >go
	END
	assert_ok $'b\nc'
}

@test "a task that fails all its tries has failed once" {
	tasks -j 2 <<-'END'
		echo >>tries; false	#muster: id=a retries=3
		wc -l <tries		#muster: after?=a
	END
	assert_status 1
	assert_output 3
}

@test "released tasks come by their priorities" {
	tasks -j 1 --joblog log <<-'END'
		echo 1	#muster: after=a priority=low
		echo 2	#muster: after=a
		echo 3	#muster: after=a priority=high
		echo 4	#muster: id=a
	END
	assert_ok $'1\n2\n3\n4'
	assert_equal "$(columns 1)" $'4\n3\n2\n1'
}

@test "--halt soon: those that wait are not run" {
	tasks -j 2 --halt soon,fail=1 <<-'END'
		exit 7		#muster: id=a
		touch ran	#muster: after!=a
		touch ran	#muster: after?=a
	END
	assert_status 7
	[ ! -e ran ]
}

@test "--halt now: those that wait are not run" {
	tasks -j 2 --halt now,fail=1 <<-'END'
		: >up; exec sleep 1000	#muster: id=a
		touch ran		#muster: after!=a
		await up; exit 7
	END
	assert_status 7
	[ ! -e ran ]
}

@test "--halt now,success: those that wait are not run" {
	tasks -j 2 --halt now,success=1 <<-'END'
		true		#muster: id=a
		touch ran	#muster: after=a
	END
	assert_status 0
	[ ! -e ran ]
}

# terminate: sends SIGTERM to muster, and returns when it has obeyed.
terminate() {
	kill -TERM "$pid"
	wait_until none_pending
	kill -USR1 "$pid"
	wait_until file_has err 'muster: running jobs:'
}

@test "SIGTERM: those that wait are not run" {
	start_tasks -j 2 --summary <<-'END'
		: >up; await go; echo a	#muster: id=a
		touch ran		#muster: id=b after=a
		touch ran		#muster: after!=b
	END
	wait_until test -e up
	terminate
	: >go
	finish
	assert_equal "$status" 1
	assert_file_is out $'a\n'
	assert_file_has err '2 of 3 jobs failed (2 cancelled) in '
	[ ! -e ran ]
}

@test "SIGTERM while all wait for ids to come" {
	in_fifo -j 2
	echo 'echo a' >&5
	echo 'touch ran	#muster: id=b after=later' >&5
	echo 'touch ran	#muster: after=b' >&5
	wait_until file_has out a
	kill -TERM "$pid"
	finish
	assert_equal "$status" 1
	[ ! -e ran ]
}

@test "SIGINT: those that wait are not run" {
	start_tasks -j 2 <<-'END'
		: >up; exec sleep 1000	#muster: id=a
		touch ran		#muster: after!=a
		touch ran		#muster: after?=a
	END
	wait_until test -e up
	kill -INT "$pid"
	finish
	assert_equal "$status" 130
	[ ! -e ran ]
}
