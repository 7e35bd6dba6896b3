# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# The engine without processes, while its bounds change at random and jobs come
# from two sides: each is run once. For more than that, or the seed of a run
# that failed: tests/bench/stress JOBS SEED.

load ../helpers/common

@test "growth and shrinking at random lose no job and run none twice" {
	run "$MUSTER_TEST_HELPERS/../bench/stress" 20000
	assert_status 0
	assert_equal "$(grep -c ': ok$' <<<"$output")" 10
}
