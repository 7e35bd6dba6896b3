# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# What GNU parallel's options set for each job: --nice, --workdir, --env,
# --process-slot-var; and --interactive.

load ../helpers/common

# Niceness.

@test "--nice is the niceness of jobs" {
	without_valgrind
	t --nice 7 'nice #' ::: a
	assert_ok 7
}

@test "--nice beyond the last one is the last one" {
	t --nice 30 'nice #' ::: a
	assert_ok 19
}

@test "--nice also without a shell" {
	t --nice 7 <<<nice
	assert_ok 7
}

@test "--nice takes whole numbers" {
	t --nice 1.5 true ::: a
	assert_usage_error "--nice: '1.5' is not a whole number"
	t --nice x true ::: a
	assert_usage_error "--nice: 'x' is not a whole number"
}

# Directories.

@test "--workdir is the directory of jobs" {
	t --workdir / pwd ::: a
	assert_ok /
}

@test "--wd and --work-dir are --workdir" {
	t --wd / pwd ::: a
	assert_ok /
	t --work-dir=/ pwd ::: a
	assert_ok /
}

@test "--wd makes the directory, and those above it" {
	t --wd new/deep pwd ::: a
	assert_ok "$PWD/new/deep"
}

@test "--wd replaces strings, and quotes nothing" {
	t --wd 'd {}/{#}' 'pwd #' ::: 'a b' c
	assert_ok "$PWD/d a b/1"$'\n'"$PWD/d c/2"
}

@test "--wd ... is a directory for each job" {
	t --wd ... 'touch file; pwd #' ::: a b
	assert_status 0
	assert_equal "$(ls "$HOME"/.parallel/tmp/*-[12])" \
		"$(printf '%s:\nfile\n\n' "${lines[@]}")"
	rm -r "$HOME/.parallel"
}

@test "--wd . and an empty one change nothing" {
	t --wd . pwd ::: a
	assert_ok "$PWD"
	t --wd '' pwd ::: a
	assert_ok "$PWD"
}

@test "a task's own directory goes before --wd" {
	mkdir own
	t --wd other <<<'pwd #muster: cwd=own'
	assert_ok "$PWD/own"
	[ ! -e other ]
}

@test "--wd where no directory can be is an error" {
	: >file
	t --wd file/x true ::: a
	assert_usage_error "directory 'file/x': Not a directory"
}

@test "--wd makes nothing for --dry-run" {
	t --wd new --dry-run pwd ::: a
	assert_ok 'pwd a'
	[ ! -e new ]
}

@test "with --retries a job is in the directory of its try" {
	t -j1 --retries 3 --wd 'd{%}' \
		'pwd; echo >>n; test "$(wc -l <n)" -eq 3 #' ::: a
	assert_ok "$PWD/d1"
}

# Variables.

@test "--process-slot-var is the slot's number from 0" {
	t -j1 --process-slot-var SLOT 'echo $SLOT {%} #' ::: a b
	assert_ok '0 1'$'\n''0 1'
}

@test "--process-slot-var also where no shell is started" {
	SLOT=no t -j1 --process-slot-var SLOT printenv ::: SLOT
	assert_ok 0
}

@test "--process-slot-var takes a name" {
	t --process-slot-var A=B true ::: a
	assert_usage_error "--process-slot-var: 'A=B' cannot be the name"
	t --process-slot-var '' true ::: a
	assert_usage_error "--process-slot-var: '' cannot be the name"
}

@test "jobs know their slot and their host" {
	t -j1 'echo $PARALLEL_JOBSLOT0 $PARALLEL_SSHLOGIN $PARALLEL_SSHHOST #' \
		::: a
	assert_ok '0 : :'
}

@test "--env: jobs on this host have all variables as it is" {
	A=1 B=2 t --env A,C --env D 'echo $A $B #' ::: a
	assert_ok '1 2'
}

@test "--env _ needs --record-env" {
	t --env A,_ true ::: a
	assert_usage_error "--env: '_' needs what 'muster --record-env' writes"
	t --record-env
	assert_ok
	grep -qx HOME "$HOME/.parallel/ignored_vars"
	A=1 t --env _ 'echo $A #' ::: a
	assert_ok 1
	rm -r "$HOME/.parallel"
}

@test "--record-env that cannot write" {
	: >home
	HOME=$PWD/home t --record-env
	assert_usage_error "--record-env: cannot write '$PWD/home/.parallel"
}

# Asking.

# terminal COMMAND: by a shell on a terminal of its own; what it wrote there,
# without the answers that a terminal repeats.
terminal() {
	status=0
	script -qec "stty -echo; $1" /dev/null >raw <answers || status=$?
	tr -d '\r' <raw >screen
}

@test "-p runs what is answered with y" {
	printf '%s\n' y n ' Yes' '' >answers
	terminal 'muster -j1 -p "echo >>{}" ::: a b c d'
	assert_equal "$status" 0
	assert_equal "$(echo ?)" 'a c'
}

@test "-p asks in the order of the input" {
	yes | head -n 50 >answers
	terminal 'seq 50 | muster -j8 -p true 2>questions'
	assert_equal "$(cat questions)" \
		"$(printf 'true %d ?...' $(seq 50))"
}

@test "-p asks again before another try" {
	printf '%s\n' y y n >answers
	terminal 'muster -p --retries 3 "echo >>n; false" ::: 1 2>questions'
	assert_equal "$(wc -l <n)" 2
	assert_equal "$(grep -o '?\.\.\.' questions | wc -l)" 3
}

@test "-p with a terminal that hangs up runs nothing more" {
	: >answers
	printf '\4' >answers
	terminal 'muster -p "echo >>n" ::: 1 2 3 2>questions'
	[ ! -e n ]
}

@test "-p and tasks that wait for later ones" {
	printf '%s\n' y y >answers
	printf '%s\n' 'echo 1 >>n #muster: after=b' 'echo 2 >>n #muster: id=b' \
		>jobs
	terminal 'muster -p --tasks jobs 2>questions'
	assert_equal "$(cat n)" 2$'\n'1
}

@test "-p ends with Ctrl-C" {
	mkfifo answers
	exec 7<>answers
	start script -qec 'trap : INT; stty -echo
		muster -p echo ::: 1 2 2>questions; echo $? >rc' \
		/dev/null <answers
	wait_until file_has questions '?...'
	printf '\3' >&7
	wait_until test -e rc
	exec 7>&-
	finish
	assert_equal "$(cat questions)" 'echo 1 ?...'
}

@test "-p without a terminal" {
	run --separate-stderr setsid -w muster -p true ::: a
	assert_usage_error "--interactive: cannot open '/dev/tty'"
}
