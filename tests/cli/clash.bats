#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Files that a run would both read and write are left alone.

load ../helpers/common

setup() {
	common_setup
	printf 'echo 1\necho 2\n' >cmds
	ln cmds same
	ln -s cmds link.csv
}

@test "records that would empty the input" {
	local option

	for option in "--joblog same" "--joblog +same" "--output link.csv" \
		"--results ./link.csv" "--failed-to same" "--metrics same" \
		"--journal same"; do
		# shellcheck disable=SC2086 # words
		set -- $option
		t "$@" -a cmds
		assert_usage_error "$1: '${2#+}' is also read (-a)"
		run -255 --separate-stderr muster "$@" <cmds
		assert_equal "$stderr" \
			"muster: $1: '${2#+}' is also the standard input"
		run -255 --separate-stderr muster "$@" --tasks - <cmds
		assert_equal "$stderr" \
			"muster: $1: '${2#+}' is also the standard input"
	done
	assert_equal "$(<cmds)" $'echo 1\necho 2'
}

@test "output that would be read as input" {
	run -255 --separate-stderr sh -c 'muster <cmds >>cmds'
	assert_equal "$stderr" \
		'muster: standard input is also the standard output'
	run -255 --separate-stderr sh -c 'muster echo :::: same >>cmds'
	assert_equal "$stderr" "muster: ::::: 'same' is also the standard output"
	assert_equal "$(<cmds)" $'echo 1\necho 2'
	# > has emptied it by then, and nothing more can be lost.
	sh -c 'muster <same >same'
	[ ! -s cmds ]
}

@test "two kinds of records in one file" {
	t --joblog log --output log -a cmds
	assert_usage_error "--joblog and --output: both write to 'log'"
	[ ! -e log ]
	touch log
	ln log csv.csv
	t --results ./csv.csv --journal log -a cmds
	assert_usage_error "--journal and --results: both write to './csv.csv'"
}

@test "what is no regular file may be both" {
	t -a cmds --joblog /dev/null --output /dev/null --failed-to /dev/null
	assert_ok ''
	muster --output /dev/stdout <cmds | cmp - <(printf '1\n2\n')
}

@test "a file that is not there yet, by two names" {
	ln -s . there
	t --failed-to x --metrics ./x false ::: a
	assert_usage_error "--failed-to and --metrics: both write to './x'"
	t --joblog there/x --journal "$PWD/x" true ::: a
	assert_usage_error "--joblog and --journal: both write to '$PWD/x'"
	[ ! -e x ]
	mkdir sub
	t --joblog x --journal sub/x true ::: a
	assert_status 0
}
