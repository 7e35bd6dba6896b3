# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# For cases that send signals to muster and see how it ends.

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

# Is the warden there? Where there is a parent-death signal it comes only for
# jobs that last.
has_warden() {
	local child

	warden=
	for child in $(pgrep -P "$pid"); do
		if [ "$(ps -o sid= -p "$child")" -eq "$child" ]; then
			warden=$child
		fi
	done 2>/dev/null
	[ "$warden" ]
}
