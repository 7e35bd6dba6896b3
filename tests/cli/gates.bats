# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# What holds back new jobs: --load, --memfree, --memsuspend, --noswap, --limit.

load ../helpers/common

# --limit

@test "--limit runs before each start" {
	t -j8 --limit 'echo >>asked' echo ::: 1 2 3 4 5
	assert_ok $'1\n2\n3\n4\n5'
	[ "$(wc -l <asked)" -ge 5 ]
}

@test "--limit with status 1 holds jobs back" {
	start muster -j4 --limit 'echo >>asked; test -e go' 'echo {}' ::: 1 2 3
	wait_until has_lines asked 2
	assert_equal "$(cat out)" ''
	: >go
	finish
	assert_equal "$status" 0
	assert_equal "$(cat out)" $'1\n2\n3'
}

@test "--limit lets one job start at a time" {
	# The second one is asked for once the first one runs.
	t -j4 --limit 'test ! -e one || test -e two || { : >two; exit 1; }' \
		': >one; await two #' ::: 1 2
	assert_ok
}

@test "--limit with status 2 has the youngest job tried again" {
	t -j2 --limit '
		if test -e second && ! test -e told; then : >told; exit 2; fi' '
		echo {} >>starts
		case {} in
		1) await again ;;
		2) if [ -e second ]; then : >again; exit; fi
		   : >second; sleep 60 ;;
		esac #' ::: 1 2
	assert_ok
	assert_equal "$(sort starts)" $'1\n2\n2'
}

@test "--limit with its own words" {
	t --limit 'mem 1' echo ::: a
	assert_ok a
	t --limit 'load 100000' echo ::: a
	assert_ok a
	t --limit 'io 1000000' echo ::: a
	assert_ok a
}

@test "--limit: what is wrong" {
	t --limit 'mem lots' echo ::: a
	assert_usage_error "--limit: 'lots' is not a number"
	t --limit load echo ::: a
	assert_usage_error "--limit: '' is not a number"
	t --limit '' echo ::: a
	assert_usage_error '--limit: an empty command'
}

@test "--limit is ended with the run" {
	start muster --limit ': >asked; exec sleep 60' echo ::: a
	wait_until test -e asked
	kill -INT "$pid"
	finish
	assert_equal "$status" 130
	assert_equal "$(cat out)" ''
}

# Memory.

@test "--memfree with memory enough" {
	t --memfree 1k echo ::: a b
	assert_ok $'a\nb'
}

@test "--memfree with too little starts nothing" {
	start muster --memfree 1000P --debug sched -- 'echo {}' ::: a
	wait_until file_has err 'worker starts'
	kill -TERM "$pid"
	finish
	assert_equal "$status" 1
	assert_equal "$(cat out)" ''
}

@test "--memsuspend with memory enough" {
	t --memsuspend 1k echo ::: a b
	assert_ok $'a\nb'
}

@test "--memfree and --memsuspend take sizes" {
	t --memfree lots echo ::: a
	assert_usage_error "--memfree: 'lots' is not a size"
	t --memsuspend -1 echo ::: a
	assert_usage_error "--memsuspend: '-1' is not a size"
}

# Load and swap.

@test "--load that is not reached" {
	for load in 100000 100000.5 100000% +100000; do
		t --load "$load" echo ::: a b
		assert_ok $'a\nb'
	done
}

@test "--load: nothing that may start waits for the next look" {
	local begin mid end

	begin=$(date +%s%N)
	t --retries 3 'sleep 0.4; false' ::: 1
	mid=$(date +%s%N)
	t --load 100000 --noswap --retries 3 'sleep 0.4; false' ::: 1
	end=$(date +%s%N)
	# The other two tries would wait for more than half a second each.
	[ $(((end - mid) * 10)) -lt $(((mid - begin) * 17)) ]
}

@test "--load from a file" {
	echo 100000 >load
	t --load load echo ::: a
	assert_ok a
}

@test "--load takes what -j takes" {
	t --load lots echo ::: a
	assert_usage_error "--load: 'lots' is neither"
}

@test "--noswap" {
	t --noswap echo ::: a b
	assert_ok $'a\nb'
}
