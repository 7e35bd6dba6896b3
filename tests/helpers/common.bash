# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# common.bash - what every tests/cli/*.bats file loads:
#
#	load ../helpers/common
#
# It gives each case a world of its own (fixed locale, zone, umask, HOME,
# TMPDIR, a fresh working directory, "muster" and "fresh" first in PATH) and
# fails the case afterwards when a process, a temporary file or a sanitizer's
# report is left behind. A file with a setup or teardown of its own calls
# common_setup first and common_teardown last.
#
# From the environment: MUSTER, the program under test; MUSTER_TEST_HELPERS,
# the directory with the compiled helpers; MUSTER_TEST_SLOW, a factor for
# every limit of time; MUSTER_TEST_TOOL: asan, tsan, valgrind or portable
# when the program is such a build (see check-with).

bats_require_minimum_version 1.5.0

common_setup() {
	local name top

	top=$(realpath "${BASH_SOURCE[0]%/*}/../..")

	# Nothing of the caller's settings, or of make's, reaches a case.
	for name in $(compgen -e); do
		case $name in
		MUSTER | MUSTER_TEST_*) ;;
		MUSTER_* | PARALLEL* | XDG_* | LC_* | GREP_* | MAKE*)
			unset "$name" ;;
		BASH_ENV | ENV | CDPATH | LANG | LANGUAGE | MFLAGS)
			unset "$name" ;;
		POSIXLY_CORRECT | COLUMNS | LINES | NO_COLOR)
			unset "$name" ;;
		esac
	done
	# bats exports functions of its own.
	for name in $(compgen -A function bats_); do
		# shellcheck disable=SC2163 # the function it names
		export -nf "$name"
	done
	: "${MUSTER:=$top/build/muster}"
	: "${MUSTER_TEST_HELPERS:=${MUSTER%/*}/tests/helpers}"
	: "${MUSTER_TEST_SLOW:=1}"
	export MUSTER MUSTER_TEST_HELPERS MUSTER_TEST_SLOW

	export LC_ALL=C.UTF-8 TZ=UTC SHELL=/bin/sh TERM=dumb
	export HOME=$BATS_TEST_TMPDIR/home TMPDIR=$BATS_TEST_TMPDIR/tmp
	umask 022
	ulimit -Sc 0
	mkdir "$HOME" "$TMPDIR" "$BATS_TEST_TMPDIR/bin" \
		"$BATS_TEST_TMPDIR/reports" "$BATS_TEST_TMPDIR/work"
	ln -s "$(realpath "$MUSTER")" "$BATS_TEST_TMPDIR/bin/muster"
	PATH=$BATS_TEST_TMPDIR/bin:$(realpath "$MUSTER_TEST_HELPERS"):$PATH
	reports_setup "$BATS_TEST_TMPDIR/reports"
	make_await "$BATS_TEST_TMPDIR/bin/await"
	cd "$BATS_TEST_TMPDIR/work" || return
	exec </dev/null
	start_watchdog "$top/tests/helpers/watchdog"
	# Every process that a case starts carries this mark.
	export MUSTER_TEST_ID=$BATS_TEST_TMPDIR
}

common_teardown() {
	local bad=0

	kill "${watchdog-}" 2>/dev/null || :
	processes_are_gone || bad=1
	# Killed in their first moments, these tools leave files of their own.
	case ${MUSTER_TEST_TOOL-} in
	valgrind) rm -f "$TMPDIR"/valgrind_proc_* ;;
	tsan) rm -f "$TMPDIR"/tsan.rodata.* ;;
	esac
	dir_is_empty "$TMPDIR" || bad=1
	dir_is_empty "$HOME" || bad=1
	no_reports "$BATS_TEST_TMPDIR/reports" || bad=1
	return $bad
}

# A case that hangs loses its processes after two minutes, and fails.
start_watchdog() {
	fresh "$1" $((120 * MUSTER_TEST_SLOW)) "$BATS_TEST_TMPDIR" \
		"$BATS_TEST_TMPDIR/reports/watchdog" >/dev/null 2>&1 &
	watchdog=$!
	disown "$watchdog"
}

setup() {
	common_setup
}

teardown() {
	common_teardown
}

# For jobs: "await FILE" returns when FILE exists, or fails in the end.
make_await() {
	cat >"$1" <<-END
		#!/bin/sh
		n=$((1500 * MUSTER_TEST_SLOW))
		until [ -e "\$1" ]; do
			[ \$n -gt 0 ] || { echo "no \$1" >&2; exit 1; }
			n=\$((n - 1))
			sleep 0.02
		done
	END
	chmod +x "$1"
}

# Sanitizers write their reports into directory $1, so that they neither mix
# with the output under test nor get lost in it.
reports_setup() {
	export MUSTER_TEST_REPORTS=$1
	case ${MUSTER_TEST_TOOL-} in
	asan)
		ASAN_OPTIONS+=${ASAN_OPTIONS:+:}log_path=$1/asan
		UBSAN_OPTIONS+=${UBSAN_OPTIONS:+:}log_path=$1/ubsan
		export ASAN_OPTIONS UBSAN_OPTIONS ;;
	tsan)
		TSAN_OPTIONS+=${TSAN_OPTIONS:+:}log_path=$1/tsan
		export TSAN_OPTIONS ;;
	esac
}

no_reports() {
	local file bad=0

	for file in "$1"/*; do
		[ -s "$file" ] || continue
		echo "report: ${file##*/}"
		cat "$file"
		bad=1
	done
	return $bad
}

dir_is_empty() {
	local left

	left=$(find "$1" -mindepth 1 | head -n 20)
	[ -z "$left" ] && return
	echo "files left in $1:"
	echo "$left"
	return 1
}

# The pids of all processes that this case has started.
marked_pids() {
	local path

	# grep itself must not carry the mark.
	MUSTER_TEST_ID='' grep -lzsxF "MUSTER_TEST_ID=$BATS_TEST_TMPDIR" \
		/proc/[0-9]*/environ | while read -r path; do
			path=${path#/proc/}
			echo "${path%/environ}"
		done
}

no_marked_pids() {
	[ -z "$(marked_pids)" ]
}

# Those that there are; the pids are known before anything else is started.
kill_marked() {
	local pids

	pids=$(marked_pids)
	# shellcheck disable=SC2086 # words
	[ -z "$pids" ] || kill -KILL $pids 2>/dev/null || :
}

# For wait_until. Without the means of Linux, what hooks and jobs have left may
# outlive muster.
no_survivors() {
	if [ "${MUSTER_TEST_TOOL-}" = portable ]; then
		kill_marked
	fi
	no_marked_pids
}

# The same at once: where there are these means nothing has outlived it.
none_survived() {
	no_marked_pids || {
		[ "${MUSTER_TEST_TOOL-}" = portable ] &&
			wait_until no_survivors
	}
}

processes_are_gone() {
	local pid

	MUSTER_TEST_LIMIT=20 wait_until no_marked_pids >/dev/null && return
	echo "processes left behind:"
	for pid in $(marked_pids); do
		echo "$pid: $(tr '\0' ' ' <"/proc/$pid/cmdline")"
		kill -KILL "$pid"
	done 2>/dev/null
	return 1
}

# wait_until CMD...: until CMD succeeds; fails when it never does.
wait_until() {
	local limit=${MUSTER_TEST_LIMIT-30}
	local end=$((SECONDS + limit * MUSTER_TEST_SLOW))

	until "$@"; do
		if ((SECONDS > end)); then
			echo "waited in vain for: $*"
			return 1
		fi
		sleep 0.02
	done
}

# For wait_until: has FILE so many lines; does it hold TEXT; is PID gone?
has_lines() {
	[ -e "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ]
}

file_has() {
	[ -e "$1" ] && grep -qF -e "$2" "$1"
}

is_gone() {
	! kill -0 "$1" 2>/dev/null
}

# t ARG...: muster ARG..., its results in $status, $output and $stderr.
t() {
	run --separate-stderr muster "$@"
}

# For cases where valgrind would be seen: it changes the environment and the
# limits, needs more of these, and dies where an exec fails. Then the program
# alone is tested.
without_valgrind() {
	ln -sfn "$(realpath "${MUSTER_TEST_REAL-$MUSTER}")" \
		"$BATS_TEST_TMPDIR/bin/muster"
}

# With so few descriptors a job can just be started: in $fewest. (With fewer
# muster would try for ten seconds.)
find_fewest_descriptors() {
	for ((fewest = 8; ; fewest++)); do
		! (
			ulimit -n $fewest
			exec timeout "${MUSTER_TEST_SLOW:-1}" \
				muster -j 1 /bin/echo ::: a
		) >/dev/null 2>&1 || return 0
	done
}

# without_perl ARG...: as t, where PATH has no perl.
without_perl() {
	local name
	local few=$BATS_TEST_TMPDIR/few

	mkdir -p "$few"
	for name in muster bash sh env cat dirname basename realpath \
		valgrind; do
		if type -P "$name" >/dev/null; then
			ln -sfn "$(type -P "$name")" "$few/$name"
		fi
	done
	run --separate-stderr env PATH="$few" muster "$@"
}

# oracle ARG...: GNU parallel ARG..., which keeps files in its home.
oracle() {
	mkdir -p "$BATS_TEST_TMPDIR/oracle"
	HOME=$BATS_TEST_TMPDIR/oracle parallel --will-cite "$@"
}

# as_parallel ARG...: muster makes the same commands as GNU parallel.
as_parallel() {
	local expected

	expected=$(oracle --dry-run -k "$@")
	[ -n "$expected" ] || fail_with "GNU parallel says nothing"
	t --dry-run "$@"
	assert_ok "$expected"
}

# want_of SHELL COMMAND...: what the shell makes of each, without input: in
# $BATS_TEST_TMPDIR/want.{out,err,status}. The next one begins when all that has
# the output of the one before has ended.
want_of() {
	local command status want=$BATS_TEST_TMPDIR/want

	rm -f "$want".*
	for command in "${@:2}"; do
		{
			status=0
			PARALLEL_SHELL=$1 "$1" -c -- "$command" \
				2>>"$want.err" || status=$?
			echo "$status" >>"$want.status"
		} | cat >>"$want.out"
	done 2>/dev/null </dev/null 8>&-
}

# start CMD...: CMD in the background with default signals (a shell's "&"
# ignores SIGINT), its output in the files out and err, its pid in $pid.
# Returns when CMD has been executed: fresh's end of the fifo closes then.
start() {
	local ready=$BATS_TEST_TMPDIR/ready

	mkfifo "$ready"
	fresh "$@" <&0 >out 2>err 9>"$ready" &
	pid=$!
	cat "$ready"
	rm "$ready"
}

# Waits for what start has started, leaves its exit status in $status.
finish() {
	status=0
	wait "$pid" || status=$?
}

fail_with() {
	echo "$@"
	echo "status: ${status-}"
	echo "output: ${output-}"
	echo "stderr: ${stderr-}"
	return 1
}

assert_status() {
	[ "$status" -eq "$1" ] || fail_with "expected status $1"
}

assert_output() {
	[ "$output" = "$1" ] || fail_with "expected output: $1"
}

assert_output_has() {
	[[ $output == *"$1"* ]] || fail_with "expected in output: $1"
}

assert_output_lacks() {
	[[ $output != *"$1"* ]] || fail_with "not expected in output: $1"
}

assert_stderr() {
	[ "${stderr-}" = "$1" ] || fail_with "expected stderr: $1"
}

assert_stderr_has() {
	[[ ${stderr-} == *"$1"* ]] || fail_with "expected in stderr: $1"
}

assert_no_stderr() {
	assert_stderr ''
}

# assert_ok [OUTPUT]: status 0, this output, nothing on standard error.
assert_ok() {
	assert_status 0 && assert_output "${1-}" && assert_no_stderr
}

# One line "muster: ..." with TEXT in it, no output, status 255.
assert_usage_error() {
	assert_status 255 && assert_output "" &&
		assert_stderr_has "$1" || return
	[[ $stderr == 'muster: '* && $stderr != *$'\n'* ]] ||
		fail_with "expected one line 'muster: ...'"
}

# assert_file_is FILE TEXT: byte for byte, last newline included.
assert_file_is() {
	printf '%s' "$2" | cmp - "$1" || {
		echo "$1 is:"
		cat -A "$1"
		return 1
	}
}

assert_file_has() {
	file_has "$1" "$2" || {
		echo "no '$2' in $1:"
		cat -A "$1"
		return 1
	}
}

assert_equal() {
	[ "$1" = "$2" ] || fail_with "'$1' is not '$2'"
}
