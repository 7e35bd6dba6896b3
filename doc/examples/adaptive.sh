#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# One command line for any kind of job: --scale adaptive looks at how many jobs
# end per second and at how long processes wait for the CPU, memory and disk,
# and has more or fewer workers between --min and --max.
#
# Jobs that wait are run many at a time; jobs that compute, about as many as
# there are CPUs, though 32 are allowed.
set -eu
: "${MUSTER:=muster}"

# run NAME JOBS COMMAND: shows how many workers there were at most, and the
# mean number of jobs that ran at once.
run() {
	begin=$(date +%s%N)
	yes "$3" | head -n "$2" | "$MUSTER" --scale adaptive \
		--min 1 --max 32 --pool-stats 2>stats
	end=$(date +%s%N)
	printf '%-8s %3d jobs: %5d ms, most workers at once: %s\n' "$1" "$2" \
		$(((end - begin) / 1000000)) \
		"$(sed -n 's/^Most at once *//p' stats)"
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo "CPUs: $(nproc)"
run waiting 600 'sleep 0.1'
run computing 150 'i=60000; while [ $((i -= 1)) -gt 0 ]; do :; done'
