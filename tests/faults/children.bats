# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Jobs start clean: signals, descriptors, limits, mask, directory, environment
# are what muster was given, in every way they are started.

load ../helpers/common
load ../helpers/faults
load ../helpers/tmux

setup() {
	common_setup
	# It keeps the signal mask.
	export PARALLEL_SHELL
	PARALLEL_SHELL=$(type -P bash)
}

ways=('' --always-shell '-j 2' -u --line-buffer --no-kill-tree '--timeout 99'
	'--retries 2' '--wd .' --no-die-with-parent '--pipe -N 1')

# same CMD...: a job prints what CMD prints for fresh, in every way. CMD must
# be of plain words.
same() {
	local want how

	want=$(fresh "$@")
	for how in "${ways[@]}"; do
		# shellcheck disable=SC2086
		run --separate-stderr fresh muster $how "${*@Q} #" <<<x
		[ "$output" = "$want" ] || fail_with "$how: want $want"
	done
}

@test "signals: dispositions and mask" {
	same grep -E '^Sig(Blk|Ign|Cgt):' /proc/self/status
}

@test "signals: SIGPIPE, which muster ignores, ends a job" {
	for how in "${ways[@]}"; do
		# shellcheck disable=SC2086
		run --separate-stderr fresh muster $how --joblog log \
			'kill -PIPE $$; echo alive #' <<<x
		assert_status 1
		assert_equal "$(column 8)" 13
	done
}

@test "signals: an alarm ends a job" {
	run fresh muster --joblog log perl -e "'alarm 1; sleep 60' #" ::: x
	assert_status 1
	assert_equal "$(column 8)" 14
}

@test "signals: real-time ones are at their default" {
	for s in 34 40 64; do
		t --joblog log "kill -$s \$\$; sleep 60 #" ::: x
		assert_status 1
		assert_equal "$(column 8)" $s
	done
}

@test "descriptors: 0, 1 and 2, whatever muster has open" {
	exec 7</dev/null 8>/dev/null 9<>/dev/null
	for how in "${ways[@]}" '--joblog l' '--journal j' '--results r' \
		'--control s' '--output o' '--tmpdir . --output-memory 0'; do
		rm -f l j s o
		# shellcheck disable=SC2086
		run --separate-stderr muster $how 'ls /proc/self/fd >fds #' <<<x
		assert_status 0
		assert_file_is fds $'0\n1\n2\n3\n'
	done
}

@test "descriptors: those of other jobs are not there" {
	t -j 8 'ls /proc/self/fd | wc -l #' ::: {1..32}
	assert_status 0
	assert_equal "$(sort -u <<<"$output")" 4
}

@test "descriptors: with some of muster's own closed at start" {
	muster 'ls /proc/self/fd >{} #' ::: a <&-
	muster 'ls /proc/self/fd >{} #' ::: b 2>&-
	status=0
	muster 'ls /proc/self/fd >{} #' ::: c >&- || status=$?
	for file in a b c; do
		assert_file_is $file $'0\n1\n2\n3\n'
	done
}

@test "standard input is /dev/null, and at its end" {
	for how in "${ways[@]:0:10}"; do
		# shellcheck disable=SC2086
		run --separate-stderr muster $how \
			'readlink /proc/self/fd/0; wc -c #' <<<x
		assert_output $'/dev/null\n0'
	done
}

@test "umask" {
	umask 027
	same sh -c umask
	umask 0
	same sh -c umask
}

@test "limits, soft and hard" {
	without_valgrind
	ulimit -Sn 123
	ulimit -Ss 4096
	ulimit -Sc 0
	ulimit -Sf 100000
	same cat /proc/self/limits
	# Those that muster raises for itself.
	ulimit -Sn 40
	t -j 60 'ulimit -Sn #' ::: {1..60}
	assert_equal "$(sort -u <<<"$output")" 40
}

@test "priority, scheduling and CPUs" {
	same nice
	# Who runs this may be nice already, and 19 is the end.
	fresh nice -n 7 nice >expected
	fresh nice -n 7 muster 'nice #' ::: x >out
	cmp expected out
	same grep -E '^(Cpus_allowed|NoNewPrivs|CapEff|Uid|Gid|Groups):' \
		/proc/self/status
}

@test "timers, and what else a process inherits" {
	same grep -E '^(Seccomp|CoreDumping|Speculation_Store):' \
		/proc/self/status
	same cat /proc/self/oom_score_adj
	same cat /proc/self/timerslack_ns
}

@test "the directory, also one that has lost its name" {
	mkdir -p d/e
	cd d/e
	same pwd -P
	rmdir ../e
	PARALLEL_SHELL=/bin/sh t ::: 'echo a'
	assert_status 0
	assert_output a
}

@test "the environment: nothing but what the manual names" {
	local names='PARALLEL_(SEQ|JOBSLOT0?|PID|SSHHOST|SSHLOGIN|TMP)'

	names+='|_|SHLVL|PWD|OLDPWD'
	for how in "${ways[@]}"; do
		# shellcheck disable=SC2086
		env -i PATH="$PATH" A='x y' B=$'1\n2' PARALLEL_SHELL=/bin/sh \
			"$(type -P muster)" $how 'env -0 >got #' <<<x
		tr '\n\0' '\t\n' <got | grep -vE "^($names)=" | sort >left
		assert_file_is left "A=x y
B=1	2
PARALLEL_SHELL=/bin/sh
PATH=$PATH
"
	done
}

@test "the environment: strange entries pass, as by a shell" {
	env -i 'a-b=1' 'X=' 'Y==' PATH="$PATH" PARALLEL_SHELL=/bin/bash \
		"$(type -P muster)" env ::: -0 | tr '\0' '\n' >got
	for entry in a-b=1 X= Y==; do
		grep -qxF -e "$entry" got || fail_with "no $entry"
	done
}

@test "each job leads a process group of its own, in muster's session" {
	for how in "${ways[@]}"; do
		# shellcheck disable=SC2086
		run --separate-stderr muster $how \
			'ps -o pid=,pgid=,sid= -p $$ #' <<<x
		read -r p g s <<<"$output"
		assert_equal "$p" "$g"
		assert_equal "$s" "$(ps -o sid= -p $$ | tr -d ' ')"
	done
}

@test "no child is a zombie for longer than it takes" {
	start muster -j 4 ::: true false 'exit 3' ': >up; await go' true true
	wait_until test -e up
	no_zombies() {
		[[ $(ps -o state= --ppid "$pid") != *Z* ]]
	}
	wait_until no_zombies
	: >go
	finish
	assert_status 2
}

@test "orphans that muster adopts are reaped, in heaps" {
	PARALLEL_SHELL=/bin/sh
	t -j 2 '(true &); [ {} != 150 ] ||
		ps -o state= --ppid "$PPID" | grep -c Z' ::: {1..150}
	[ "$output" -lt 100 ]
}

@test "hooks and programs of muster's own start as clean" {
	t --on-done 'ls /proc/self/fd >fds; grep SigBlk /proc/self/status >blk' \
		true ::: x
	assert_status 0
	[ "$(wc -l <fds)" -le 4 ]
	assert_equal "$(awk '{ print $2 }' blk)" 0000000000000000
}

@test "on a terminal (--tty): mask, dispositions, descriptors, limits" {
	local look='{ grep -h -e ^Sig[BI] -e ^Max /proc/self/status \
		/proc/self/limits; umask; pwd
		ls /proc/self/fd; } >'

	printf '%s\n' "$look want" >direct
	cat >through <<-END
		muster --tty '$look got #' ::: 1
	END
	for way in direct through; do
		fresh script -qec "sh ./$way" /dev/null >/dev/null </dev/null
	done
	[ -s want ]
	cmp want got
}

# with_state CMD ARG...: started with signals that are ignored or blocked.
with_state() {
	perl -MPOSIX -e '$SIG{$_} = "IGN" for split(" ", shift);
		sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGALRM, SIGURG, 40));
		exec @ARGV' "$ignored" "$@"
}

@test "in tmux: mask, dispositions, descriptors, limits, umask, directory" {
	local look='{ grep -h -e ^Sig[BI] -e ^Max -e ^Cpus_a -e ^Cap -e ^Gr \
		/proc/self/status /proc/self/limits; umask; pwd; nice
		ls /proc/self/fd; } >'

	without_valgrind
	tmux_setup
	mkdir 'a b'
	cd 'a b'
	umask 027
	ulimit -Sn 40
	ulimit -Ss 4096
	for ignored in '' HUP TTIN TTOU 'HUP INT QUIT PIPE TERM TSTP CONT
			USR1 USR2 CHLD TTIN TTOU ALRM NUM64'; do
		with_state fresh env muster "$look ../want #" ::: x
		with_state fresh env muster --tmux "$look ../got #" ::: x
		[ -s ../want ]
		diff ../want ../got || fail_with "ignored: $ignored"
		end_session
	done
}

@test "in tmux: the environment, but what tells of the terminal" {
	local names='PARALLEL_(PID|TMP)|_|TERM(_PROGRAM(_VERSION)?)?'

	names+='|TMUX(_PANE)?'
	tmux_setup
	for set in '' 'SHLVL=7 SHELL=/bin/dash' 'SHELL='; do
		rm -f want got
		for how in 'want -j1' 'got --tmux'; do
			# shellcheck disable=SC2086
			env -i PATH="$PATH" A='x y' B=$'1\n2' C="it's" D= \
				TMPDIR="$TMPDIR" HOME="$HOME" TERM=dumb \
				MUSTER_TEST_ID="$MUSTER_TEST_ID" \
				PARALLEL_SHELL="$PARALLEL_SHELL" $set \
				"$(type -P muster)" ${how#* } \
				"env -0 >${how%% *} #" ::: x
		done
		for file in want got; do
			tr '\n\0' '\t\n' <$file | grep -vE "^($names)=" |
				sort >$file.left
		done
		grep -qxF "C=it's" want.left
		diff want.left got.left
		end_session
	done
}

teardown() {
	end_session
	common_teardown
}
