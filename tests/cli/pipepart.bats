# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --pipe-part: parts of files on the standard input of jobs.

load ../helpers/common

@test "parts run past their size to the next border" {
	seq 10 >nums
	t --pipe-part -a nums --block 5 'echo r; cat'
	assert_ok $'r\n1\n2\n3\nr\n4\n5\n6\nr\n7\n8\n9\nr\n10'
}

@test "the parts are the file, whatever their size" {
	head -c 3000000 /dev/urandom >random
	muster --pipepart -a random --block 100k cat | cmp - random
	muster --pipepart -a random --block 2M --recend X cat | cmp - random
	muster --pipepart -a random --block 7k --recend '' cat | cmp - random
	muster --pipepart -a random cat | cmp - random
}

@test "--block -N: so many parts for each job at a time" {
	seq 1000 >nums
	t --pipe-part -a nums -j2 --block -2 'echo x'
	assert_ok $'x\nx\nx\nx'
}

@test "several files, also behind ::::" {
	seq 2 >a
	seq 3 4 >b
	t --pipe-part --block 1k 'echo r; cat' :::: a b
	assert_ok $'r\n1\n2\nr\n3\n4'
}

@test "--header before each part" {
	printf 'h\n1\n2\n3\n' >nums
	t --pipe-part -a nums --header : --block 3 cat
	assert_ok $'h\n1\n2\nh\n3'
}

@test "an empty file has no part" {
	: >nums
	t --pipe-part -a nums 'echo job'
	assert_ok ''
}

@test "a job that does not read, and one that is tried again" {
	seq 500000 >nums
	t --pipe-part -a nums --block 2M true
	assert_ok ''
	t --pipe-part -a nums --block -1 -j1 --retries 2 --retry-output all \
		'head -n 2; exit 1'
	assert_status 1
	assert_output $'1\n2\n1\n2'
}

@test "--cat and --fifo" {
	seq 300000 >nums
	muster --pipe-part -a nums --cat 'cat {}' | cmp - nums
	muster --pipe-part -a nums --fifo 'cat {}' | cmp - nums
}

@test "the same parts as GNU parallel" {
	command -v parallel >/dev/null || skip "no GNU parallel"
	seq 200 >nums
	for args in '--block 50' '--block -3' '--header :' '--recend 7'; do
		# shellcheck disable=SC2086 # several words
		muster --pipe-part -j2 -a nums $args 'echo r; cat' >ours
		# shellcheck disable=SC2086
		oracle --pipe-part -j2 -k -a nums $args 'echo r; cat' >theirs
		cmp ours theirs || fail_with "differs: $args"
	done
}

@test "--pipe-part: mistakes" {
	t --pipe-part cat
	assert_usage_error "--pipe-part: needs files (-a FILE)"
	t --pipe-part -a missing cat
	assert_usage_error "-a: cannot open 'missing'"
	t --pipe-part -a /dev/null cat
	assert_usage_error "'/dev/null' is neither a file nor a block device"
	seq 3 >nums
	t --pipe-part -a nums -N1 cat
	assert_usage_error "--pipe-part cannot be combined with -N"
}
