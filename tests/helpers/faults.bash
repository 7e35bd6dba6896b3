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

# with_fault FAULT ARG...: muster ARG... with that fault; the file "hit" is
# there afterwards if the call has come.
with_fault() {
	local fault=$1

	needs_faultlib
	shift
	rm -f hit
	LD_PRELOAD=$MUSTER_TEST_HELPERS/faultlib.so FAULT=$fault \
		FAULT_HIT=$PWD/hit muster "$@"
}

# f FAULT ARG...: the same, standard output in the file out.
f() {
	status=0
	# shellcheck disable=SC2034 # for assert_status
	with_fault "$@" >out 2>err || status=$?
	stderr=$(cat err)
}

# own_error [TEXT]: 255, and nothing but messages of muster's, one with TEXT.
own_error() {
	assert_status 255
	assert_stderr_has "muster: ${1+}"
	assert_stderr_has "${1-}"
	refute grep -v '^muster: ' <<<"$stderr"
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
