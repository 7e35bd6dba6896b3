# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# The engine without processes, while its bounds change at random and jobs come
# from two sides: each is run once. For more than that, or the seed of a run
# that failed: tests/bench/stress JOBS SEED.

load ../helpers/common
load ../helpers/faults

@test "growth and shrinking at random lose no job and run none twice" {
	run "$MUSTER_TEST_HELPERS/../bench/stress" 20000
	assert_status 0
	assert_equal "$(grep -c ': ok$' <<<"$output")" 10
}

# allocates N JOBS: is there an N-th allocation? (Nothing happens to it.)
allocates() {
	seq "$2" >in
	with_fault "malloc:$1:jump" -j2 --queue-size 4 /bin/echo <in >out
	assert_equal "$(wc -l <out)" "$2"
	[ -e hit ]
}

@test "what is allocated does not grow with the jobs" {
	needs_faultlib
	allocates 50 100
	refute allocates 500 600
}
