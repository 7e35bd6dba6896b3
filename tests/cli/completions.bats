#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The completions that contrib/gen-completions makes.

load ../helpers/common

setup() {
	common_setup
	generate=$BATS_TEST_DIRNAME/../../contrib/gen-completions
}

# complete WORD...: what bash offers for the last word, one line each.
complete_words() {
	"$generate" bash >completion
	bash --norc -c '
		. ./completion
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_muster
		printf "%s\n" "${COMPREPLY[@]}"
	' bash "$@"
}

# offers "WORD..." WORD...: these are offered for the first words.
offers() {
	local words

	read -ra words <<<"$1"
	[[ $1 != *' ' ]] || words+=('')
	shift
	assert_equal "$(complete_words "${words[@]}")" "$(printf '%s\n' "$@")"
}

@test "bash completes names of options" {
	offers 'muster --ti' --timeout
	offers 'muster -k --no-k' --no-keep-order
	offers 'muster -j 8 --pri' --priority --priority-aging
	offers 'muster -kj 8 --idle' --idle-timeout
	offers 'muster --keep' --keep-order
}

@test "bash completes words that options take" {
	offers 'muster --exit-as ' count first max any xargs
	offers 'muster --priority h' high
	offers 'muster -k --halt soon,f' soon,fail=1
}

@test "bash completes an argument behind =, cut off or not" {
	offers 'muster --summary = a' all
	offers 'muster --summary = ' all failed
	offers 'muster --summary =' all failed
	offers 'muster --summary=a' --summary=all
	offers 'muster --exit-as = max --summ' --summary
}

@test "bash completes files and directories" {
	mkdir sub
	touch some
	offers 'muster -a s' some sub
	offers 'muster --tmpdir s' sub
	offers 'muster -k cat ::: so' some
	offers 'muster ::: so' some
	offers 'muster --joblog so' some
}

@test "bash completes the program to run" {
	cat >"$BATS_TEST_TMPDIR/bin/muster-test-program" <<<'#!/bin/sh'
	chmod +x "$BATS_TEST_TMPDIR/bin/muster-test-program"
	offers 'muster muster-test-p' muster-test-program
	offers 'muster -k --min 2 -- muster-test-p' muster-test-program
}

@test "bash leaves options behind the program to the program" {
	offers 'muster cat --ti' ''
	offers 'muster -- -x --ti' ''
}

@test "zsh can parse its completion" {
	"$generate" zsh >completion
	[ "$(head -n 1 completion)" = '#compdef muster' ]
	zsh -n completion
	grep -qF -e '--timeout=[end a job after TIME]:TIME: ' completion
	grep -qF -e '*-a+[' completion
}

if command -v fish >/dev/null; then
	@test "fish completes names, words and programs" {
		"$generate" fish >completion
		# It makes directories of its own.
		mkdir fish
		HOME=$PWD/fish fish --no-config -n completion
		HOME=$PWD/fish fish --no-config -c 'source completion
			complete -C "muster --ti"
			complete -C "muster --exit-as m"
			complete -C "muster -k cat --ti"' >offered
		assert_equal "$(cut -f 1 offered)" $'--timeout\nmax'
	}
fi

@test "the list has each option once, with its argument" {
	local line

	"$generate" list >made
	for line in '-j --jobs N' '--summary[=WHICH]' '-0 --null' -v; do
		grep -qxF -e "$line" made
	done
	run ! grep -e '--keeporder' -e '--onall' made
	[ -z "$(sort made | uniq -d)" ]
}

@test "gen-completions refuses what it does not know" {
	run -2 "$generate"
	run -2 "$generate" tcsh
	run -1 "$generate" bash nosuchfile
	[[ $output == *"cannot read 'nosuchfile'" ]]
	run -1 "$generate" bash /dev/null
	[[ $output == *"no options in '/dev/null'" ]]
}
