# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --latest-line, on a terminal and elsewhere.

load ../helpers/common

# terminal COLUMNS COMMAND: runs it by a shell on a terminal of its own; what
# it wrote there is left in the file raw.
terminal() {
	status=0
	script -qec "stty cols $1 rows 10; $2" /dev/null >raw || status=$?
}

@test "elsewhere than on a terminal: the last line of each job, in order" {
	t --latest-line -j3 'echo a; [ {} != 1 ] || await three; echo {}
		[ {} != 3 ] || : >three' ::: 1 2 3
	assert_ok $'1\n2\n3'
}

@test "a line ends in newline or carriage return, or with the job" {
	t --ll "printf %b {}" ::: 'a\nb' 'a\rb\r' 'a\r\nb\r\n' 'a\n\n' a
	assert_ok $'b\nb\nb\n\na'
}

@test "pieces of lines are put together" {
	t --ll 'printf a; sleep 0.1; printf "b\r"; sleep 0.1; printf "\n"
		: {}' ::: x
	assert_ok ab
}

@test "both streams are one" {
	t --ll 'echo {} >&2' ::: 1
	assert_ok 1
	t --ll 'echo {}' ::: 1
	assert_ok 1
}

@test "a job that says nothing has an empty line" {
	t --ll --tag true ::: 1 2
	assert_ok $'1\t\n2\t'
}

@test "--tagstring that becomes empty leaves its TAB" {
	t --colsep , --tagstring '{2}' echo x ::: a,1 b,
	assert_output $'1\tx a 1\n\tx b '
	t --tagstring '' echo ::: a
	assert_output a
	t --tag echo ::: ''
	assert_output $'\t'
}

@test "--tag, --tagstring, --color" {
	t --ll --tagstring 'x{}' 'echo a; echo {}' ::: 1
	assert_ok $'x1\t1'
	t --ll --color --tag echo ::: 1
	[[ $output == $'1\t\e[48;5;'*$'m\e[K1\e[m' ]]
	t --ll --color-failed 'echo {}; exit {}' ::: 0 1
	[[ ${lines[0]} == 0 && ${lines[1]} == $'\e[48;5;196;'*$'m\e[K1\e[m' ]]
}

@test "-u and --line-buffer make no difference" {
	for option in -u --lb; do
		t --ll $option 'echo x; echo {}' ::: 1
		assert_ok 1
	done
}

@test "of a job that is tried again, the last try counts" {
	t --ll --retries 2 'echo x >>tries; seq $(wc -l <tries); false' ::: 1
	assert_output 2
}

@test "a dry run shows all commands" {
	t --ll --dry-run $'echo a\necho' ::: 1
	assert_ok $'echo a\necho 1'
}

@test "what it cannot go with" {
	t --ll --files echo ::: 1
	assert_usage_error '--latest-line cannot be combined with --files'
	t --ll --results out echo ::: 1
	assert_usage_error '--latest-line cannot be combined with --results'
}

@test "on a terminal running jobs have a line each, by slot" {
	terminal 40 'muster -j2 --ll --tag "echo a{}; [ {} = 3 ] || {
		await go; }; echo b{}" ::: 1 2 &
		until grep -q "a1" raw && grep -q "a2" raw; do
			sleep 0.02; done 2>/dev/null; : >go; wait'
	assert_equal "$status" 0
	text=$(cat raw; echo x)
	# Which of the two has slot 1 is chance.
	[[ $text == *$'1       a1\r\n'* || $text == *$'2       a2\r\n'* ]]
	[[ $text == *'1       a1'* && $text == *'2       a2'* ]]
	[[ $text == *$'\e[1A\e[J'* ]]
	[[ $text == *$'1       b1\r\n'* && $text == *$'2       b2\r\n'* ]]
	# What is drawn last is taken away.
	[[ ${text##*$'\n'} == x || ${text##*$'\n'} == *$'\e['[KJ]x ]]
}

@test "on a terminal lines are cut, and control characters made visible" {
	terminal 20 "muster --ll --tag 'printf %030d 1; printf \"\\\\n\"
		[ {} = 1 ] || printf \"\\\\033[2Jx\\\\ty\"' ::: 1 2"
	grep -qF '1       00000000000>' raw
	grep -qF '2       \x1B[2Jx' raw
	run ! grep -qF $'\e[2J' raw
}
