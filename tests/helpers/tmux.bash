# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# For cases of --tmux: its sessions end with the case.

# A window stays for the ten seconds of a sleep behind its job: here until
# the session ends, however long that takes.
tmux_setup() {
	cat >"$BATS_TEST_TMPDIR/bin/sleep" <<-END
		#!/bin/sh
		[ "\$*" != 10 ] || set -- 1000
		exec $(type -P sleep) "\$@"
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/sleep"
}

# There is a session for as long as its last job's window, so each case ends
# it. The keeper removes the directory.
end_session() {
	local socket

	for socket in "$TMPDIR"/muster-*/tmux; do
		[ ! -S "$socket" ] || tmux -S "$socket" kill-server || :
	done
	MUSTER_TEST_LIMIT=10 wait_until dir_is_empty "$TMPDIR" >/dev/null || :
}

session() {
	tmux -S "$TMPDIR"/muster-*/tmux "$@"
}
