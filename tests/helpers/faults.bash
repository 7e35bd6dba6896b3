# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# faults.bash - what the files of tests/faults share, on top of common.bash:
# runs with a failing system around them, and how they must end.

# The library that lets calls fail must be the first one, and so must those of
# these tools.
needs_faultlib() {
	case ${MUSTER_TEST_TOOL-} in
	asan | tsan | valgrind) skip "no faults with $MUSTER_TEST_TOOL" ;;
	esac
}

is_portable() {
	[ "${MUSTER_TEST_TOOL-}" = portable ]
}

# Without parent-death signals and adoption somebody else has to tidy up.
end_what_is_left() {
	local pid

	is_portable || return 0
	for pid in $(marked_pids); do
		kill -KILL "$pid" 2>/dev/null || :
	done
}

# m ARG...: muster ARG... with what has been redirected by the caller, its
# standard error in the file err; leaves status and stderr.
m() {
	status=0
	# shellcheck disable=SC2034 # for assert_status
	muster "$@" 2>err || status=$?
	stderr=$(cat err)
}

# f FAULT ARG...: the same with that fault, standard output in the file out;
# the file "hit" is there afterwards if the call has come.
f() {
	local fault=$1

	shift
	rm -f hit
	status=0
	# shellcheck disable=SC2034 # for assert_status
	LD_PRELOAD=$MUSTER_TEST_HELPERS/faultlib.so FAULT=$fault \
		FAULT_HIT=$PWD/hit muster "$@" >out 2>err || status=$?
	stderr=$(cat err)
}

# own_error [TEXT]: 255, and nothing but messages of muster's, one with TEXT.
own_error() {
	assert_status 255
	assert_stderr_has "muster: ${1+}"
	assert_stderr_has "${1-}"
	refute grep -v '^muster: ' <<<"$stderr"
}

# on_disk SIZE CMD ARG...: with a file system of that size (as 64k) on the
# directory full; where we may not mount one, with files that can't be longer.
on_disk() {
	local size=$1

	shift
	mkdir -p full
	if unshare -m true 2>/dev/null; then
		unshare -m sh -c 'mount -t tmpfs -o "size=$0" none full &&
			exec "$@"' "$size" "$@"
	else
		size=${size%k}
		(
			trap '' XFSZ
			ulimit -f $((size > 8 ? size - 8 : 1))
			exec "$@"
		)
	fi
}

# on_read_only CMD ARG...: where nothing can be written in the directory full.
on_read_only() {
	mkdir -p full
	if unshare -m true 2>/dev/null; then
		unshare -m sh -c 'mount -t tmpfs -o ro none full &&
			exec "$@"' sh "$@"
	else
		chmod 555 full
		"$@"
	fi
}

# refute CMD...: CMD must fail.
refute() {
	if "$@"; then
		fail_with "not expected: $*"
	fi
}

# The column of the job log: column N [SEQ].
column() {
	awk -F '\t' -v c="$1" -v seq="${2-1}" '$1 == seq { print $c }' log
}

# How many records of that event the journal FILE has.
events() {
	grep -c "\"event\":\"$2\"" "$1" || :
}

# watched ARG...: as start muster ARG..., and how it ends is known.
watched() {
	start ended how muster "$@"
	wait_until has_lines how 1
	pid=$(head -n 1 how)
}

# ended_with TEXT: waits for it.
ended_with() {
	wait_until has_lines how 2
	wait
	assert_equal "$(sed -n 2p how)" "$1"
}

none_pending() {
	local pending

	# Who has ended has none.
	pending=$(sed -n 's/^ShdPnd:[^0-9a-f]*//p' "/proc/$pid/status" \
		2>/dev/null) || return 0
	# But SIGCHLD, which nobody takes.
	[ $((16#$pending & ~0x10000)) -eq 0 ]
}

has_listed() {
	[ "$(grep -c '^muster: running jobs:' err)" -ge "$1" ]
}

# tell SIGNAL: sends it to muster, and returns when muster has obeyed.
tell() {
	kill -"$1" "$pid"
	wait_until none_pending
	listed=$((${listed-0} + 1))
	kill -USR1 "$pid"
	wait_until has_listed "$listed"
}

in_state() {
	[[ $(sed 's/.*) //' "/proc/$2/stat") == $1* ]]
}

# idle_stdin ARG...: watched with an input that stays open, as descriptor 7.
idle_stdin() {
	mkfifo in
	exec 7<>in
	watched "$@" <in
}

# stuck_stdout ARG...: watched, and nobody reads what it writes.
stuck_stdout() {
	mkfifo out
	exec 9<>out
	watched "$@"
}

# Is the process whose number is in FILE gone, or a zombie of somebody's?
is_dead() {
	local state

	state=$(ps -o state= -p "$(cat "$1")") || return 0
	[[ $state == Z* ]]
}

lives() {
	! is_dead "$1"
}
