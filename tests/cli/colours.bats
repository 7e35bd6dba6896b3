# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --color, --ctag, --ctagstring, --color-failed.

load ../helpers/common

red=$'\e[48;5;196;38;5;231m\e[K'
off=$'\e[m'

# as_oracle ARG...: the same bytes as GNU parallel's.
as_oracle() {
	muster -k "$@" >mine
	oracle -k "$@" >theirs 2>/dev/null || :
	cmp mine theirs
}

@test "--color, --ctag and --ctagstring are GNU parallel's" {
	type parallel >/dev/null || skip 'GNU parallel is not installed'
	as_oracle --color 'echo {}; echo {} more #' ::: 1 2 3
	as_oracle --colour --tag 'echo {} #' ::: 1 2 3
	as_oracle --ctag 'echo {} #' ::: 1 2 3
	as_oracle --ctagstring 'T {}' 'echo {} #' ::: 1 2 3
	as_oracle --color -v 'echo {} #' ::: 1 2
}

@test "--color is GNU parallel's for many jobs" {
	type parallel >/dev/null || skip 'GNU parallel is not installed'
	seq 500 | muster --color --dry-run >mine
	seq 500 | oracle -k --color --dry-run >theirs
	cmp mine theirs
}

@test "--color: a line without its end is no colour for what follows" {
	t --color 'printf x{}' ::: 1 2
	[[ $output == $'\e['*$'\e[Kx1\e[m\e['*$'\e[Kx2\e[m' ]]
}

@test "--color: a line that comes in parts has one tag" {
	t --ctag -j1 'printf x; : >one; await two; echo y #' ::: 1 &
	wait_until test -e one
	: >two
	wait
	muster --ctag 'printf x; printf y; echo z #' ::: 1 >out
	assert_equal "$(tr -cd '\t' <out | wc -c)" 1
}

@test "--color-failed shows failed jobs white on red" {
	t --color-failed 'echo {}; echo e{} >&2; test {} != 2 #' ::: 1 2 3
	assert_status 1
	assert_output "1"$'\n'"${red}2$off"$'\n'"3"
	assert_stderr "e1"$'\n'"${red}e2$off"$'\n'"e3"
}

@test "--cf and its other names" {
	for option in cf colour-failed colorfail colourfailed; do
		t --$option 'echo {}; false #' ::: 1
		assert_output "${red}1$off"
	done
}

@test "--cf with --tag and --color" {
	t --cf --tag 'echo x; false #' ::: 1
	assert_output "${red}1"$'\t'"x$off"
	t --cf --color 'echo x; test {} = 1 #' ::: 1 2
	[[ ${lines[0]} != "$red"* && ${lines[0]} == $'\e['* ]]
	assert_equal "${lines[1]}" "${red}x$off"
}

@test "--cf shows nothing before a job's end" {
	start muster --cf 'echo x; : >one; await two; false #' ::: 1
	wait_until test -e one
	assert_equal "$(cat out)" ''
	: >two
	finish
	assert_equal "$(cat out)" "${red}x$off"
}

@test "--cf and the last of several tries" {
	t --cf --retries 2 'echo >>n; echo x; test "$(wc -l <n)" = 2 #' ::: 1
	assert_ok x
}
