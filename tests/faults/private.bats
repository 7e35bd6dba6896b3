# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Private by default: what has no need of a name has none, what has one is the
# user's alone; nothing below $HOME; nothing secret in logs or on command
# lines; nothing that a terminal would obey in what muster itself prints.

load ../helpers/common
load ../helpers/faults

mode_of() {
	stat -c %a "$1"
}

@test "spool: no name, and only ours" {
	head -c 300000 /dev/zero >data
	umask 0
	start muster -j 2 --output-memory 4k ::: 'await up; await go' \
		'cat data; : >up'
	wait_until test -e up
	spools() {
		[[ $(readlink "/proc/$pid/fd/"*) == *"$TMPDIR"*deleted* ]]
	}
	wait_until spools
	dir_is_empty "$TMPDIR"
	for fd in /proc/"$pid"/fd/*; do
		[[ $(readlink "$fd") == *deleted* ]] || continue
		assert_equal "$(stat -Lc %a "$fd")" 600
	done
	: >go
	finish
	assert_status 0
}

@test "--files: 0600 with any umask, names nobody can guess" {
	mkdir d
	for mask in 0 022 077; do
		umask $mask
		muster --tmpdir d --files echo ::: a b c >>names
	done
	while read -r file; do
		assert_equal "$(mode_of "$file")" 600
	done <names
	assert_equal "$(sort -u names | wc -l)" 9
	# Not one after the other.
	[ "$(cut -c 1-9 names | sort -u | wc -l)" -gt 1 ]
}

@test "--cat, --fifo: in a directory of 0700" {
	umask 0
	for how in --cat --fifo; do
		run --separate-stderr muster --pipe $how \
			'stat -c %a "${f%/*}" {}; cat {} >/dev/null' <<<x
		run --separate-stderr muster --pipe $how \
			'stat -c %a "$(dirname {})"; cat {} >/dev/null' <<<x
		assert_output 700
	done
}

# planted FAULT ARG...: with a link where the file is to be made; what it
# points to, if anything, stays as it is.
planted() {
	echo keep >target
	seq 1000 >data
	for FAULT_PLANT in "$PWD/target" "$PWD/new"; do
		export FAULT_PLANT
		f "$@" <data
		[ -e hit ] || fail_with "no file was made: $*"
		assert_file_is target $'keep\n'
		[ ! -e new ]
		find "$TMPDIR" . -type l -delete
		rm -f "$TMPDIR"/par*
	done
}

@test "a planted link is not followed: once, another name is taken" {
	needs_faultlib
	planted open@"$TMPDIR":1:plant --tmpdir "$TMPDIR" --files echo ::: a
	assert_status 0
	planted open@metrics:1:plant --metrics metrics echo ::: a
	assert_status 0
	assert_file_has metrics muster_
}

@test "a planted link is not followed: at each name" {
	needs_faultlib
	planted open@"$TMPDIR":1:plant:from --tmpdir "$TMPDIR" --files \
		echo ::: a
	[ "$status" -ne 0 ]
	for how in --cat '--cat --tmpdir .'; do
		# shellcheck disable=SC2086
		planted open@muster-:1:plant:from --pipe $how cat {}
		[ "$status" -ne 0 ]
	done
	planted open@metrics:1:plant:from --metrics metrics echo ::: a
	assert_status 255
	planted open@o.kept:1:plant:from -j 2 --journal j --output o \
		'[ {} = 2 ] || await up; echo {}; : >up' ::: 1 2
}

@test "nothing is written below HOME, whatever is used" {
	t --joblog l --journal j --results r --summary --bar --eta \
		--metrics m --tag echo ::: a
	assert_status 0
	dir_is_empty "$HOME"
}

@test "a HOME that is missing, or not ours, is no trouble" {
	for home in /none /proc /dev/null ''; do
		HOME=$home t echo ::: a
		assert_status 0
		assert_output a
	done
	unset HOME
	t echo ::: a
	assert_status 0
}

@test "the environment is in no log and on no command line" {
	export SECRET=hunter2secret
	start muster --joblog log --journal j --control s --metrics m \
		--debug all ::: ': >up; await go; true' 'ps -ef >ps.out; true'
	wait_until test -e up
	for p in $(pgrep -P "$pid") "$pid"; do
		refute grep -qa hunter2 "/proc/$p/cmdline"
	done
	: >go
	finish
	assert_status 0
	refute grep -a hunter2 log j m err ps.out
}

@test "a task's variables: their names in the journal, not the values" {
	echo 'true #muster: env:TOKEN=hunter2' >tasks
	t --journal j --joblog log --debug all --tasks tasks
	assert_status 0
	grep -q TOKEN j
	refute grep hunter2 j
}

@test "control socket: 0600 with any umask" {
	for mask in 0 022; do
		umask $mask
		rm -f up go
		start muster --control sock ::: ': >up; await go'
		wait_until test -e up
		assert_equal "$(mode_of sock)" 600
		: >go
		finish
		[ ! -e sock ]
	done
}

@test "control socket: what is there and is none is left alone" {
	echo keep >sock
	m --control sock echo ::: a >out
	own_error sock
	assert_file_is sock $'keep\n'
	rm sock
	mkdir sock
	m --control sock echo ::: a >out
	own_error sock
	[ -d sock ]
}

@test "control socket: no link is followed" {
	echo keep >target
	ln -s target sock
	m --control sock echo ::: a >out
	own_error
	assert_file_is target $'keep\n'
}

@test "control socket: somebody else is refused" {
	[ "$EUID" -eq 0 ] || skip "needs to be two users"
	type -P setpriv >/dev/null || skip "no setpriv"
	umask 0
	dir=$(mktemp -d /tmp/muster-test.XXXXXX)
	chmod 777 "$dir"
	start muster --control "$dir/s" ::: ': >up; await go; echo a'
	wait_until test -e up
	# Where the peer's uid is not told, its mode alone protects it.
	is_portable || chmod 777 "$dir/s"
	printf '{"request":"stop"}\nstop\n' | setpriv --reuid 54321 \
		--regid 54321 --clear-groups "$(type -P talk)" "$dir/s" \
		>said 2>&1 || :
	: >go
	finish
	rm -rf "$dir"
	assert_status 0
	assert_file_is out $'a\n'
}

@test "logs have the modes that umask says" {
	umask 027
	t --joblog log --journal j --output o --failed-to f --results r \
		echo ::: a
	[ "$status" -eq 0 ] || t --joblog log --journal j --failed-to f \
		echo ::: a
	for file in log j f; do
		assert_equal "$(mode_of $file)" 640
	done
}

# screen COMMAND: what it prints on a terminal, in the file raw.
screen() {
	script -qec "$1" /dev/null </dev/null >raw || :
}

@test "control characters in what muster prints to a terminal" {
	local evil=$'\033]0;evil\007\233x\177'

	printf '%s\n' "$evil" >in
	for how in '--bar' '-t' '--summary=all' '--eta' '--progress'; do
		screen "muster $how false {} <in"
		LC_ALL=C refute grep -a -e $'\033]0' -e $'\177' \
			-e $'\007' -e $'\233' raw
	done
	screen 'muster --joblog "$(printf "/none/\033]0;x\007")" true ::: a'
	refute grep -a $'\033]0' raw
	screen 'muster "--$(printf "\033]0;x\007")" true ::: a'
	refute grep -a $'\033]0' raw
}

# shows_none WHAT: raw has no byte that a terminal obeys, WHAT is named else;
# as Latin-1 or as UTF-8.
shows_none() {
	LC_ALL=C refute grep -a -H --label="$1" -P \
		'\x1b[]]0|[\x07\x08\x7f\x9b]' raw
}

@test "control characters: in errors, in answers, in lists of jobs" {
	export E=$'\033]0;evil\007\233x\177\302\233y\b'

	printf '%s\n' "$E" >in
	for how in '-v' '--dry-run' '--debug all' '--halt now,fail=1' \
		'--timeout 0.01' '--retries 2' '--on-fail echo' --tag \
		'--tag --line-buffer' --latest-line; do
		screen "muster $how false {} <in"
		shows_none "$how"
	done
	for how in -j --timeout -a --colsep --rpl --halt --control --profile \
		--journal --output --metrics --tasks --jsonl --block \
		--cgroup --term-seq --rate --retry-on '--pipe-part -a'; do
		screen "muster $how \"(/none/\$E\" true ::: a"
		grep -q 'muster: ' raw || fail_with "$how: $(cat -v raw)"
		shows_none "$how"
	done
	printf 'false #muster: id:a%s\nfalse #muster: after:q%s\n' \
		"$E" "$E" >tasks
	screen "muster --tasks tasks --bar --summary=all"
	shows_none tasks
	printf '{"comm%s' "$E" >json
	screen "muster --jsonl json"
	shows_none json
}

@test "control characters: of a run that is asked, from outside" {
	export E=$'\033]0;evil\007\233x\177\302\233y\b'

	real=$(realpath "${MUSTER_TEST_REAL-$MUSTER}")
	ln -s "${real%/*}/musterctl" "$BATS_TEST_TMPDIR/bin/musterctl"
	printf '%s\n' "$E" >in
	start muster --control sock ': >up; await go; true {}' <in
	wait_until test -e up
	screen "musterctl sock jobs"
	grep -q running raw
	shows_none jobs
	screen "musterctl sock \"\$E\""
	shows_none request
	screen "musterctl \"/none/\$E\" status"
	shows_none path
	: >go
	finish
	assert_status 0
}

@test "what jobs print is theirs: no byte is changed, terminal or not" {
	screen "muster 'printf \"\\033[1mx\\007\"' ::: a"
	grep -aq $'\033\[1mx\007' raw
}

@test "TMPDIR that others may write to: nothing of ours can be replaced" {
	mkdir -m 1777 shared
	TMPDIR=$PWD/shared start muster --pipe --cat \
		'echo {} >name; : >up; await go; cat {}' <<<x
	wait_until test -e up
	assert_equal "$(mode_of "$(dirname "$(cat name)")")" 700
	: >go
	finish
	assert_file_is out $'x\n'
	dir_is_empty shared
}
