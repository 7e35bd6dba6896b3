# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# doc/examples: those that need no more than the other cases do. How long
# something takes is not looked at, only what comes out.

load ../helpers/common

# example NAME: runs it.
example() {
	run --separate-stderr sh "$BATS_TEST_DIRNAME/../../doc/examples/$1.sh"
}

@test "cpu-bound.sh" {
	example cpu-bound
	assert_status 0
	assert_equal "$(grep -c ' ms$' <<<"$output")" 3
	assert_output_has 'all are whole'
	assert_no_stderr
}

@test "io-bound.sh" {
	example io-bound
	assert_status 0
	assert_equal "$(grep -c ' ms$' <<<"$output")" 4
	assert_no_stderr
}

@test "bursts.sh" {
	example bursts
	assert_status 0
	assert_output_has 'jobs done: 24'
	assert_equal "$(grep -c '^burst [123]: .* at most [1-4] at once$' \
		<<<"$output")" 3
	assert_no_stderr
}

@test "policies.sh" {
	example policies
	assert_status 0
	assert_equal "$(grep -c ' [1-8] workers at most' <<<"$output")" 4
	assert_output_has 'fixed     8 workers'
	assert_no_stderr
}

@test "http-rate.sh" {
	example http-rate
	assert_status 0
	assert_output_has $'status 1, 30 pages; the first and the last:
this is page 1\nthis is page 30'
	assert_output_has 'requests that the server saw: 33'
	assert_no_stderr
}

@test "examples.md shows every example as it is" {
	for script in "$BATS_TEST_DIRNAME"/../../doc/examples/*.sh; do
		echo "## ${script##*/}"
		echo
		echo '```sh'
		sed 1,3d "$script"
		echo '```'
	done >shown
	sed -n '/^## /,/^```$/p' "$BATS_TEST_DIRNAME/../../doc/examples.md" |
		cmp - shown
}
