# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --tty and --open-tty: jobs that use the terminal.

load ../helpers/common

# terminal COMMAND: by a shell on a terminal of its own, on which the text of
# the file answers is typed; what COMMAND left there goes to screen.
terminal() {
	status=0
	script -qec "stty -echo; $1" /dev/null >raw <answers || status=$?
	tr -d '\r' <raw >screen
}

@test "--tty lets jobs read from the terminal, one after the other" {
	printf '%s\n' one two >answers
	terminal 'muster --tty "read x; echo {} \$x >>got #" ::: 1 2'
	assert_equal "$status" 0
	assert_equal "$(cat got)" $'1 one\n2 two'
}

@test "--tty lets jobs write to the terminal" {
	: >answers
	terminal 'muster --tty "test -t 0 && test -t 1 && test -t 2 && echo \
		yes #" ::: 1'
	assert_equal "$(cat screen)" yes
}

@test "--open-tty opens it only" {
	printf '%s\n' one >answers
	terminal 'muster -o "read x; test -t 1 || echo \$x {} #" ::: 1'
	assert_equal "$(tail -n 1 screen)" 'one 1'
}

@test "--tty with -j and --group" {
	: >answers
	terminal 'muster --tty -j2 --group "test -t 1 || echo no #" ::: 1 2'
	assert_equal "$(cat screen)" $'no\nno'
}

@test "--tty: one job at a time, unless -j says more" {
	t --tty 'mkdir lock && rmdir lock #' ::: 1 2 3 4 5
	assert_ok
	t --tty -j2 'case {} in 1) : >one; await two ;; *) : >two ;; esac #' \
		::: 1 2
	assert_ok
}

@test "--tty without a terminal" {
	run --separate-stderr setsid -w muster --tty 'cat; echo x #' ::: a
	assert_ok x
}

@test "--tty: a job that is over its time is ended" {
	: >answers
	terminal 'muster --tty --timeout 0.1 "exec sleep 60 #" ::: 1'
	assert_equal "$status" 1
}

@test "--tty: Ctrl-C ends job and run" {
	mkfifo answers
	exec 7<>answers
	start script -qec 'trap : INT
		muster --tty ": >one; exec sleep 60 #" ::: 1; echo $? >rc' \
		/dev/null <answers
	wait_until test -e one
	printf '\3' >&7
	wait_until test -e rc
	exec 7>&-
	finish
	assert_equal "$(cat rc)" 130
}
