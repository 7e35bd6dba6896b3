# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --fast: the same as without it, whatever the job does.

load ../helpers/common
load ../helpers/faults
load ../helpers/watched

# Where shells can be kept warm, is that what FILE says of N jobs at least?
has_warm() {
	is_portable || [ "$(grep -c 'in a warm shell' "$2")" -ge "$1" ] ||
		fail_with "not warm: $(grep 'job .*: process' "$2")"
}

# both ARG...: muster ARG... with and without --fast, each in an empty
# directory, reading list: output, status and job log are the same. Messages
# may name processes.
both() {
	local how what

	[ -e list ] || : >list
	for how in --fast --no-kill-tree; do
		mkdir empty
		status=0
		(cd empty && muster $how --joblog ../log "$@" <../list \
			>../out$how 2>../err$how) || status=$?
		rm -r empty
		echo "status $status" >>out$how
		sed -Ei 's/ *\b[0-9]{2,}\b/ N/g' err$how
		cut -f 1,6- log | sort -n |
			sed -E 's/muster-\w{6}/muster-N/' >log$how
	done
	for what in out err log; do
		diff -au $what--no-kill-tree $what--fast || return
	done
}

# table SHELL: all of fast.pairs, one after the other.
table() {
	type -P "$1" >/dev/null || {
		echo "# tool missing: $1" >&3
		return
	}
	export PARALLEL_SHELL
	PARALLEL_SHELL=$(type -P "$1")
	tr '\n' '\0' <"$BATS_TEST_DIRNAME/../helpers/fast.pairs" |
		sed -z 's/<NL>/\n/g' >list
	both -0 -j 1
	muster --fast -0 -j 1 --debug=proc <list >/dev/null 2>err || :
	has_warm 100 err
}

@test "nothing a job does makes a difference, or reaches the next one: sh" {
	table sh
}

@test "the same: dash" {
	table dash
}

@test "the same: bash" {
	table bash
}

@test "the same: zsh" {
	table zsh
}

@test "the same: mksh" {
	table mksh
}

@test "the same with several at a time" {
	seq 200 | sed 's/.*/cd \/; exit $(((&) % 7))/' >list
	both -j 4
	assert_file_has out--fast "status 101"
}

# The warm shell.

@test "all shell commands of a worker but the first are run warm" {
	t --fast -j 1 --debug=proc 'cd .; echo' ::: 1 2 3 4
	assert_status 0
	assert_output $'1\n2\n3\n4'
	has_warm 3 <(echo "$stderr")
}

@test "without --fast none is" {
	t -j 1 --debug=proc 'cd .; echo' ::: 1 2 3
	assert_output $'1\n2\n3'
	[[ $stderr != *warm* ]]
}

@test "what a job writes late reaches no other" {
	cat >list <<-'END'
		cd .
		trap "" PIPE; (await ../go; echo late; echo late >&2; : >../done) & echo one
		: >../go; await ../done; rm ../go ../done; echo two
		cd .; echo three
	END
	both -j 1
	assert_file_is out--fast $'one\ntwo\nthree\nstatus 0\n'
}

@test "a timeout ends the job, and the next ones run" {
	printf '%s\n' 'cd .' 'cd .; sleep 1000; :' 'trap "" TERM; sleep 1000; :' \
		'cd .; echo on' >list
	both -j 1 --timeout 0.4
	assert_file_has out--fast $'on\nstatus 2'
}

@test "--halt now ends what runs" {
	printf '%s\n' 'cd .' 'cd .' ': >../runs; sleep 1000; :' \
		'await ../runs; rm ../runs; exit 3' 'cd .; echo not here' >list
	both -j 2 --halt now,fail=1
	assert_file_is out--fast $'status 3\n'
}

last_two_stay='[ {} -lt 5 ] && exit; : >r{}; exec sleep 1000'

@test "Ctrl-C ends muster, jobs and warm shells" {
	start muster --fast -j 2 "$last_two_stay" ::: {1..6}
	wait_until test -e r5
	wait_until test -e r6
	kill -INT "$pid"
	finish
	assert_status 130
}

@test "kill -9 of muster ends jobs and warm shells" {
	is_portable && return
	start muster --fast -j 2 "$last_two_stay" ::: {1..6}
	wait_until test -e r5
	wait_until test -e r6
	kill -KILL "$pid"
	finish
	assert_status 137
}

@test "kill -9 of muster ends the whole group of a warm job" {
	is_portable && return
	start muster --fast --debug proc -j 1 \
		'cd .; [ {} = 1 ] || { sleep 1000 & : >up; wait; }' ::: 1 2
	wait_until test -e up
	wait_until has_warden
	assert_file_has err 'in a warm shell'
	kill -KILL "$pid"
	finish
	wait_until no_marked_pids
}

# The other shells that muster has started, from a job.
others='for p in $(pgrep -x -P $PPID sh); do [ $p = $$ ] || kill -KILL $p; done'

@test "a warm shell that is killed costs no job" {
	for i in {1..30}; do
		echo "cd .; echo $i"
		[ $((i % 3)) -ne 0 ] || echo "$others; echo killed"
	done >list
	both -j 1
}

@test "warm shells killed at any time cost no job" {
	start muster --fast -j 2 --timeout 1000 'cd .; exec /bin/echo {}' \
		::: {1..400}
	for i in {1..40}; do
		# The one that waits has no job's number.
		for p in $(pgrep -P "$pid" -x sh); do
			tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null |
				grep -q ^MUSTER_WARM= && kill -KILL "$p"
		done || :
	done
	finish
	assert_status 0
	seq 400 | cmp - out
}

@test "a warm shell that is stopped delays, and costs no job" {
	is_portable && return
	printf '%s\n' 'cd .' 'cd .' "${others/-KILL/-STOP}; echo stopped" \
		'cd .; echo on' >list
	both -j 1
	assert_file_is out--fast $'stopped\non\nstatus 0\n'
}

@test "a shortage ends warm shells, and no job lacks what they had" {
	start bash -c 'ulimit -n 40; exec muster --fast -j 0 "cd .; echo {}" \
		::: {1..300}'
	finish
	assert_status 0
	seq 300 | cmp - out
}

@test "one clear line for a shell that is none of those" {
	printf '#!/bin/sh\nexec /bin/sh "$@"\n' >own
	chmod +x own
	PARALLEL_SHELL=$PWD/own t --fast -j 1 'cd .; echo' ::: 1 2 3
	assert_status 0
	assert_output $'1\n2\n3'
	[[ $stderr == "muster: --fast: "*"/own'"* && $stderr != *$'\n'* ]]
}

@test "and for one that is loaded with libraries of the user's" {
	LD_BIND_NOW=1 t --fast -j 1 'cd .; echo $LD_BIND_NOW' ::: 1 2
	assert_status 0
	assert_output $'1 1\n1 2'
	[[ $stderr == "muster: --fast: "* && $stderr != *$'\n'* ]]
}

@test "environment and arguments too long for it are no loss" {
	export BIG
	BIG=$(head -c 100000 /dev/zero | tr '\0' x)
	printf '%s\n' 'cd .; echo ${#BIG}' 'cd .; echo ${#BIG}' >list
	both -j 1
	unset BIG
	for n in 90000 130000 140000; do
		head -c $n /dev/zero | tr '\0' y | sed 's/.*/cd .; echo & | wc -c/'
		echo
	done >list
	both -j 1
}

# What needs no shell at all.

@test "a template is no obstacle" {
	seq 20 >list
	both 'echo {} "{}" {#} x{}y; #'
	both echo {} "'a b'" {.}
	both "printf '%s\\n'"
	printf '%s\n' "it's" '$HOME' '*' 'a  b' '-n' 'a\nb' '' 'é' >list
	both echo
	both 'echo "{}" '"'{}'"
	both "printf '%s|\\n' {}"
}

# With other options.

@test "what jobs are given: --env, functions, settings, directories" {
	export PARALLEL_SHELL GIVEN=1
	PARALLEL_SHELL=$(type -P bash)
	f() { cd / && echo "f $1 $GIVEN"; exit 3; }
	export -f f
	seq 5 >list
	both -j 1 --env GIVEN 'f {}'
	cat >list <<-'END'
		cd .
		echo $A; pwd #muster: env:A=1 cwd=/
		echo $A; pwd
		echo $LD_X $MALLOC_X #muster: env:LD_X=1 env:MALLOC_X=2
		cat; echo $? #muster: stdin=/dev/null
		nice #muster: priority=3
		echo PATH=$PATH #muster: env:PATH=/nowhere
		echo fine #muster: env:PATH=/nowhere
		cd /nowhere #muster: cwd=/nowhere
	END
	both -j 1
	seq 3 >list
	both -j 1 --workdir / 'pwd; echo'
	both -j 1 --nice 5 'nice; echo'
	both -j 1 --slot-var SLOT 'echo $SLOT $PARALLEL_SEQ'
}

@test "what becomes of output: --tag, --files, --results, -u, --line-buffer" {
	seq 12 >list
	command='cd .; echo o{}; echo e{} >&2; exit $(({} % 2))'
	for how in --tag --line-buffer --no-keep-order -v --dry-run \
		'--tag --line-buffer' -u --group --compress '--results /dev/stdout'; do
		# shellcheck disable=SC2086
		both -j 1 $how "$command"
	done
	for how in --fast --always-shell; do
		muster $how -j 1 --results res$how "$command" <list >out 2>err || :
		(cd res$how && find . -type f -exec head {} + | sort) >all$how
	done
	cmp all--fast all--always-shell
}

@test "what becomes of jobs: --retries, --retry-on, --then, --filter" {
	seq 9 >list
	both -j 1 --retries 3 'echo x >>../tries; exit $(({} % 3))'
	assert_equal "$(wc -l <tries)" $(((3 + 3 * 3 + 3 * 3) * 2))
	both -j 1 'cd .; echo 1{}' --then 'cd .; echo 2{}'
	both -j 1 --halt soon,fail=2 'exit $(({} / 3))'
	both -j 1 --filter '{} % 2' 'cd .; echo'
}

@test "blocks of input: --pipe, --pipe-part, --cat" {
	seq 20000 >list
	both -j 2 --pipe --block 10k 'cd .; wc -l'
	both -j 2 --pipe --block 10k 'read x; echo "$x"'
	both -j 1 --pipe --block 10k --cat 'cd .; wc -l <{}'
	both -j 2 --pipe-part --block 10k --arg-file "$PWD/list" 'cd .; wc -l'
	both -j 2 --pipe --round-robin --block 1k 'cat >/dev/null; echo end'
}

@test "a journal has the same of them, and is resumed" {
	seq 6 >list
	for how in --fast --always-shell; do
		muster $how -j 1 --journal j$how 'echo {}; exit $(({} / 4))' \
			<list >out$how || :
		grep -o '"status":[0-9]*' j$how >s$how
	done
	cmp out--fast out--always-shell
	cmp s--fast s--always-shell
	t --fast --journal j--fast --resume-failed 'echo {}; exit $(({} / 4))' <list
	assert_output $'4\n5\n6'
}

@test "--fast: with few descriptors its shells go, and as many jobs run" {
	(
		ulimit -n 28
		seq 40 | exec muster --fast -j4 'cd .; sleep 0.01; echo {}' \
			>out 2>err
	)
	seq 40 | cmp - out
	assert_file_is err ''
}
