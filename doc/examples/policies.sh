#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The same work with four policies of scaling: six jobs, one every 0.1 seconds,
# each takes 0.25, so three at a time would do; then twenty at once.
#
# eager starts a worker whenever a job waits; balanced lets two wait for each
# worker before it doubles them; lazy starts one only when the queue is full
# (here it holds twelve); fixed has all of them from the start.
set -eu
: "${MUSTER:=muster}"

jobs() {
	for _ in 1 2 3 4 5 6; do
		echo 'sleep 0.25'
		sleep 0.1
	done
	yes 'sleep 0.25' | head -n 20
}

for policy in eager balanced lazy fixed; do
	begin=$(date +%s%N)
	most=$(jobs | "$MUSTER" --scale "$policy" --min 1 --max 8 \
		--queue-size 12 --pool-stats 2>&1 |
		sed -n 's/^Most at once *//p')
	end=$(date +%s%N)
	printf '%-8s  %s workers at most, %4d ms\n' \
		"$policy" "$most" $(((end - begin) / 1000000))
done
