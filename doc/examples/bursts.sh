#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Jobs that come in bursts, from a producer that keeps its end of a FIFO open.
#
# --min workers stay for the next line, up to --max are there during a burst,
# and those above the minimum end when they have been idle for --idle-timeout.
set -eu
: "${MUSTER:=muster}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkfifo lines

# Three bursts of eight jobs, a second apart.
producer() {
	for burst in 1 2 3; do
		echo "burst $burst" >>workers
		for job in 1 2 3 4 5 6 7 8; do
			echo "sleep 0.2; echo burst $burst, job $job"
		done
		sleep 1
	done
}

# What --debug=sched tells of workers goes where the producer notes its bursts.
: >workers
producer >lines &
"$MUSTER" --min 1 --max 4 --idle-timeout 0.3 --debug=sched \
	<lines 2>>workers >output
wait

echo "jobs done: $(wc -l <output)"
awk '
/^burst/ { close_burst(); burst = $0; started = ended = 0 }
/ starts$/ { started++; n++; if (n > most) most = n }
/ ends$/ { ended++; n-- }
END { close_burst() }
function close_burst() {
	if (burst)
		print burst ": workers started " started ", ended " ended \
			", at most " most " at once"
}' workers
