# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Process numbers so short that each is given away again at once: a job's end
# is never taken for another's, and no signal reaches another job.
#
# It takes a namespace of its own with a bound on numbers in it (root;
# Linux 6.14); elsewhere the cases run with the numbers there are.

load ../helpers/common

# Few numbers are left once they have wrapped round at 300.
within_few() {
	local few='echo 310 >/proc/sys/kernel/pid_max && exec "$@"'

	if unshare -pf --mount-proc sh -c "$few" sh true 2>/dev/null; then
		unshare -pf --mount-proc sh -c "$few" sh "$@"
	else
		"$@"
	fi
}

@test "every job's end is its own" {
	yes "$(printf 'true\nfalse')" | head -n 2400 >list
	run --separate-stderr within_few muster -j3 --joblog jl --tasks list
	assert_equal "$status" 101
	awk 'NR > 1 && $7 != 1 - $1 % 2 { bad++ } END { exit bad > 0 }' jl
	assert_equal "$(wc -l <jl)" 2401
}

@test "a job that is ended takes no other one with it" {
	run --separate-stderr within_few muster -j3 --timeout 3 --joblog jl '
		[ $(({} % 60)) != 0 ] || { sleep 60 & exec sleep 60; }; : #' \
		::: {1..200}
	assert_equal "$status" 3
	awk 'NR > 1 && ($7 != 0) != ($1 % 60 == 0) { bad++ }
		END { exit bad > 0 }' jl
	assert_equal "$(wc -l <jl)" 201
}
