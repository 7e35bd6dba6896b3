#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PROGRAM | PROGRAM without a shell: what happens is what happens with one.

load ../helpers/common
load ../helpers/watched

setup() {
	common_setup
	mkdir bin
	printf 'echo "plain $*"; cat; exit 5\n' >bin/plain
	printf '#!/none/such/sh\n' >bin/badinterp
	printf '\177ELF junk' >bin/badelf
	printf '#!/bin/sh\nkill "-$1" $$\n' >bin/die
	printf '#!/bin/sh\necho "out $*"; echo "err $*" >&2; cat\n' >bin/both
	printf '#!/bin/sh\nexit "$1"\n' >bin/ends
	chmod +x bin/*
	PATH=$PWD/bin:$PATH
}

# as_by SHELL COMMAND...: each gives the output, the errors and the status
# that it has when the shell gets it. Numbers of processes are N.
as_by() {
	local shell name dir=$BATS_TEST_TMPDIR

	shell=$(command -v "$1")
	want_of "$shell" "${@:2}"
	printf '%s\0' "${@:2}" | PARALLEL_SHELL=$shell muster -0 -j1 \
		--joblog "$dir/log" >"$dir/got.out" 2>"$dir/got.err" || :
	tail -n +2 "$dir/log" | sort -n | cut -f 7 >"$dir/got.status"
	# Who of two that run at once says something first is chance.
	for name in "$dir"/{want,got}.err; do
		sed -Ei 's/ *\b[0-9]{3,}\b /N /' "$name"
		sort -o "$name" "$name"
	done
	for name in out err status; do
		diff -a "$dir/want.$name" "$dir/got.$name" ||
			fail_with "$1: $name differs"
	done
}

commands=(
	'env echo a | env cat' 'seq 5 | sort -rn | head -n 2' 'seq 3|cat'
	'  seq 3  |	wc -l  ' "env printf '%s|' 'a|b' \"c|d\" | env cat"
	'seq 100000 | head -n 1' 'env cat | env cat' 'seq 3 | sort | cat | wc'
	'seq 3 | sort | cat | wc | cat' 'seq 3 | sort | cat | wc | cat | cat'
	'echo b a | tr " " . | sort' 'echo x | nosuch | cat'
	'both a 2>&1 | cat' 'both a | both b' 'both a >&2 | cat'
	'both a 2>/dev/null | both b >/dev/null' 'seq 3 | cat 2>&1 </dev/null'
	'both a >/dev/null | cat' 'both | both >&2' 'seq 3 | cat >/dev/full'
	'nosuch | cat' 'seq 3 | nosuch' './none | cat'
	'plain x | cat' 'seq 2 | plain y' 'plain a | plain b | plain c'
	'badinterp | cat' 'seq 2 | badinterp' 'badelf | cat' 'seq 2 | badelf'
	'bin | cat' 'cat | ./bin' 'ends 3 | ends 4' 'ends 4 | ends 0'
	'env false | env true' 'env true | env false' 'cat bin/ends | read x'
	'seq 3 |' '| cat' 'seq 3 || cat' 'seq 3 |& cat' 'seq 3 | cat &'
	'seq 3 | cat; seq 1' 'seq 3 | (cat)' 'seq 3 | { cat; }' '! seq 1 | cat'
	'seq 1 | ! cat' 'X=a env | grep ^X=' 'seq 2 | X=a cat'
	'seq 3 | cat # | cat' "seq '3 | cat'" 'seq 3 \| cat' 'seq 3 | c"a"t'
	'env | grep ^PWD=' 'env | grep ^SHLVL=' 'env | env | grep ^SHLVL='
	'env pwd | cat' 'env sh -c "exit 3" | env sh -c "cat; exit 200"'
	'both 8>&1 | cat' 'env cat /proc/self/fdinfo/0 </dev/null | sed 1d'
	'cd / | pwd' 'exec seq 3 | cat' 'seq 1 | exec cat' 'exit 3 | cat'
	'both "" | both ""' 'env echo "$HOME" | cat' 'env echo *n | cat'
	'env echo a\|b | cat' "env echo 'unbalanced | cat" 'yes | sed 2q'
	'die KILL | cat' 'die TERM | cat' 'die PIPE | cat' 'die INT | cat'
	'die PIPE | die INT' 'seq 1 | die PIPE' 'seq 1 | die INT' 'ends 3 | die 15'
)

@test "as the shell: dash" {
	as_by dash "${commands[@]}"
	as_by dash 'die SEGV | cat' 'ends 7 | die SEGV' 'ends 7 | die 9' \
		'cat | die 34' 'die QUIT | die PIPE' 'die HUP | cat | ends 3'
}

@test "as the shell: bash" {
	as_by bash "${commands[@]}" 'env | grep ^_=' 'env | env | grep ^_='
	as_by bash 'die SEGV | cat' 'ends 7 | die SEGV' 'ends 7 | die 9' \
		'cat | die 34' 'die QUIT | die PIPE' 'die HUP | cat | die ABRT' \
		'ends 0 |  ends 200 | die 9' 'die 15 | die 15 | die 1'
}

@test "there is no shell, in any of them" {
	printf '#!/bin/sh\nread -r x; echo $x $PPID\n' >bin/parent
	chmod +x bin/parent
	echo 'parent | parent | parent >&2' | muster 2>err || :
	# The parent is muster, for whom PARALLEL_PID stands.
	printf '#!/bin/sh\n[ $PPID = $PARALLEL_PID ] && echo yes; cat\n' >bin/parent
	run muster <<<'parent | parent | parent'
	assert_output $'yes\nyes\nyes'
	run muster --always-shell <<<'parent | parent | parent'
	assert_output ''
}

@test "all are of the same group, and none leads it" {
	printf '#!/bin/sh\nps -o pid=,pgid= -p $$; cat\n' >bin/group
	chmod +x bin/group
	run muster <<<'group | group | group'
	assert_status 0
	[ "$(awk '{ print $2 }' <<<"$output" | sort -u | wc -l)" -eq 1 ]
	awk '$1 == $2 { exit 1 }' <<<"$output"
}

@test "any part may make a session or a group of its own" {
	run muster <<<"seq 3 | setsid sh -c 'sleep 0.2; cat; exit 3'"
	assert_status 1
	assert_output $'1\n2\n3'
	run muster --joblog log <<<"cat /dev/null | setsid sh -c 'exit 3'"
	[ "$(cut -f 7 log | tail -n 1)" = 3 ]
	# timeout(1) ends its own group, which is not that of the others.
	printf '#!/bin/sh\nsleep 1\n: >late\n' >bin/slow
	chmod +x bin/slow
	run muster --joblog log <<<'slow | timeout 0.2 cat'
	assert_output ''
	[ -e late ]
	[ "$(cut -f 7 log | tail -n 1)" = 124 ]
}

@test "what a part has started elsewhere ends with the job" {
	printf '#!/bin/sh\necho $$ >pid\nexec sleep 300\n' >bin/far
	chmod +x bin/far
	run muster --timeout 0.5 \
		<<<"setsid env -i sh -c 'bin/far & wait' | cat"
	assert_status 1
	# Without /proc nobody knows of it.
	if [ "${MUSTER_TEST_TOOL-}" = portable ]; then
		kill -KILL "$(cat pid)"
	else
		wait_until is_gone "$(cat pid)"
	fi
}

@test "a part that is too long: nothing is run" {
	{
		printf '/bin/echo '
		head -c 140000 /dev/zero | tr '\0' x
		printf ' | tee out\n'
	} >list
	run muster -a list
	[ "$status" -ne 0 ]
	[ ! -e out ]
}

@test "the job is over when all are" {
	mkfifo go
	printf '#!/bin/sh\nexec >&-\necho up >go\nread x <go\n: >late\n' >bin/slow
	chmod +x bin/slow
	muster --joblog log <<<'slow | ends 0 | ends 3' &
	read -r _ <go
	# The others have ended, and it lasts.
	wait_until has_lines log 1
	[ ! -e late ]
	echo on >go
	status=0
	wait $! || status=$?
	[ "$status" -eq 1 ]
	[ -e late ]
	[ "$(cut -f 7 log | tail -n 1)" = 3 ]
}

@test "a timeout ends all, also one in a session of its own" {
	printf '#!/bin/sh\necho $$ >>pids\nexec sleep 300\n' >bin/waits
	chmod +x bin/waits
	run muster --no-kill-tree --timeout 1 <<<'waits | setsid waits | waits'
	assert_status 1
	[ "$(wc -l <pids)" -eq 3 ]
	while read -r pid; do
		is_gone "$pid"
	done <pids
}

@test "with muster all die" {
	printf '#!/bin/sh\necho $$ >>pids\nexec sleep 300\n' >bin/waits
	chmod +x bin/waits
	muster <<<'waits | waits' 3>&- &
	wait_until has_lines pids 2
	kill -KILL $!
	wait $! || :
	while read -r pid; do
		wait_until is_gone "$pid"
	done <pids
}

@test "standard input of the job is that of the first one" {
	run muster --pipe --block 10 'cat | tr 0-9 a-j | cat' < <(seq 8)
	assert_output "$(seq 8 | tr 0-9 a-j)"
	seq 3 >in
	run muster <<<'cat | wc -l #muster: stdin=in'
	assert_output 3
	printf 'x\ny\n' >in
	run muster -a <(echo 'cat | rev') -j1 <in
	assert_output $'x\ny'
}

@test "few descriptors: the shell does it" {
	without_valgrind
	for ((i = 1; i <= 40; i++)); do
		echo "seq $i | sort -n | cat | tail -n 1"
	done >list
	seq 40 >want
	find_fewest_descriptors
	for ((n = fewest; n < fewest + 8; n++)); do
		(ulimit -n $n && muster -j8 <list >got 2>err) ||
			fail_with "$n: $(cat err)"
		cmp want got
	done
}
