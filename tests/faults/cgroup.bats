# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --cgroup: nothing that a job has started outlives its being ended, and no
# cgroup is left.

load ../helpers/common
load ../helpers/faults
load ../helpers/watched

# A cgroup as one that is delegated: in $group. Where none can be made, that
# is an error, and $group is empty: the case ends there.
make_cgroup() {
	local mount=auto

	group=
	if ! is_portable; then
		mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
		group=$(mktemp -d "$mount/test-XXXXXX" 2>/dev/null) || group=
	fi
	if [ ! -e "$group/cgroup.kill" ]; then
		is_refused "${group:-${mount:-auto}}"
		[ -z "$group" ] || rmdir "$group"
		group=
	fi
}

# is_refused DIR: it can't be used, and nothing is run.
is_refused() {
	t --cgroup "$1" 'touch run' ::: 1
	assert_usage_error "muster: --cgroup: '$1' can't be used: "
	[ ! -e run ]
}

teardown() {
	local status=0

	if [ "${group-}" ]; then
		group_is_empty || {
			echo "left: $(ls "$group")"
			status=1
			echo 1 >"$group/cgroup.kill"
		}
		wait_until remove_group
	fi
	common_teardown && return $status
}

group_is_empty() {
	[ -z "$(find "$group" -mindepth 1 -type d)" ]
}

remove_group() {
	find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || [ ! -e "$group" ]
}

# A daemon that no walk finds: its parent is gone, its session and its
# environment are others.
# shellcheck disable=SC2016 # for the job's shell
hidden='setsid env -i PATH="$PATH" MUSTER_TEST_ID="$MUSTER_TEST_ID" \
	sh -c "sh -c \"echo \\\$\\\$ >daemon.new; mv daemon.new daemon
		exec sleep 1000\" >/dev/null 2>&1 &" & await daemon'

@test "each job is in a cgroup of its own, and none is left" {
	make_cgroup
	[ "$group" ] || return 0
	t -j 2 --cgroup "$group" 'grep ^0:: /proc/self/cgroup #' ::: 1 2 3
	assert_status 0
	assert_equal "$(sort -u <<<"$output" | wc -l)" 3
	[[ $output != *$'\n0::/\n'* ]]
}

@test "in every way to start a job" {
	make_cgroup
	[ "$group" ] || return 0
	for how in --always-shell -u '--nice 1' '--pipe -N 1' '--tmpdir .' \
		--no-die-with-parent; do
		# shellcheck disable=SC2086
		muster $how --cgroup "$group" 'grep ^0:: /proc/self/cgroup #' \
			>out <<<1
		file_has out "/$(basename "$group")/muster-"
		group_is_empty
	done
}

@test "a daemon that hides from the walk is ended: timeout" {
	make_cgroup
	[ "$group" ] || return 0
	start muster --timeout 1 --cgroup "$group" "$hidden; sleep 1000 #" ::: 1
	wait_until test -e daemon
	finish
	assert_status 1
	wait_until is_dead daemon
}

@test "a daemon that hides from the walk is ended: INT, and twice TERM" {
	make_cgroup
	[ "$group" ] || return 0
	for signals in INT 'TERM TERM'; do
		rm -f daemon
		start muster --cgroup "$group" "$hidden; sleep 1000 #" ::: 1
		wait_until test -e daemon
		for signal in $signals; do
			kill -"$signal" "${pid:?}"
			wait_until none_pending
		done
		finish
		[ "$status" -ne 0 ]
		wait_until is_dead daemon
		group_is_empty
	done
}

@test "the daemon of a job that ended by itself is left alone" {
	make_cgroup
	[ "$group" ] || return 0
	t --cgroup "$group" "$hidden" ::: 1
	assert_status 0
	lives daemon
	kill "$(cat daemon)"
	wait_until is_dead daemon
	# What is then empty goes with the next run.
	wait_until next_run_cleans
}

next_run_cleans() {
	muster --cgroup "$group" true ::: 1
	group_is_empty
}

@test "kill -9: the next run removes what is left, but not a living run's" {
	make_cgroup
	[ "$group" ] || return 0
	start muster --cgroup "$group" 'echo $$ >pid1; exec sleep 1000' ::: 1
	wait_until has_lines pid1 1
	t --cgroup "$group" true ::: 1
	assert_status 0
	lives pid1
	refute group_is_empty
	kill -KILL "$pid"
	finish
	wait_until is_dead pid1
	wait_until next_run_cleans
}

@test "auto: the cgroup that muster is in" {
	make_cgroup
	[ "$group" ] || return 0
	# shellcheck disable=SC2016 # for sh
	sh -c 'echo 0 >"$0/cgroup.procs"
		exec muster --cgroup auto "grep ^0:: /proc/self/cgroup #" ::: 1' \
		"$group" >out
	file_has out "/$(basename "$group")/muster-"
}

@test "one that can't be used is an error, and nothing is run" {
	mkdir plain
	for dir in none plain /proc; do
		is_refused "$dir"
	done
	dir_is_empty plain
}
