# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# How many jobs run at once.

# meet_setup: makes "meet N NAME" for jobs: it makes the file NAME in the
# directory met, and returns when N are there: so N jobs must run at once for
# any to end.
meet_setup() {
	mkdir met
	cat >"$BATS_TEST_TMPDIR/bin/meet" <<-END
		#!/bin/sh
		: >"met/\$2"
		n=$((500 * MUSTER_TEST_SLOW))
		until set -- "\$1" met/*; [ \$# -gt "\$1" ]; do
			[ \$n -gt 0 ] || exit 1
			n=\$((n - 1))
			sleep 0.05
		done
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/meet"
}

# A job that adds to the file counts how many of its kind run at once.
# shellcheck disable=SC2034 # for the cases
count_job='mkdir met/$$; ls met | wc -l >>counts; sleep 0.01; rmdir met/$$; :'

# most: the highest of these counts.
most() {
	sort -n counts | tail -n 1
}
