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
	offers 'muster -k --no-ke' --no-keep-order
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

# A musterctl for completions to ask.
make_musterctl() {
	cat >"$BATS_TEST_TMPDIR/bin/musterctl" <<-'END'
		#!/bin/sh
		[ "$*" = 'run.sock jobs' ] || exit
		printf '%s\n' 'SEQ STATE' '4 running' '17 queued'
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/musterctl"
	contrib=$BATS_TEST_DIRNAME/../../contrib
}

# ctl "WORD..." WORD...: bash offers these for the first words of musterctl.
ctl() {
	local words offered

	read -ra words <<<"$1"
	[[ $1 != *' ' ]] || words+=('')
	shift
	offered=$(bash --norc -c '
		. "$0"
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_musterctl
		printf "%s\n" "${COMPREPLY[@]}"
	' "$contrib/musterctl.bash" "${words[@]}")
	assert_equal "$offered" "$(printf '%s\n' "$@")"
}

@test "bash completes requests to musterctl, and jobs" {
	make_musterctl
	touch run.sock
	ctl 'musterctl r' run.sock
	ctl 'musterctl --j' --json
	ctl 'musterctl run.sock p' pause priority
	ctl 'musterctl --json run.sock st' status stop
	ctl 'musterctl run.sock kill ' 4 17
	ctl 'musterctl run.sock kill 1' 17
	ctl 'musterctl run.sock priority 4 ' low normal high
	ctl 'musterctl run.sock kill 4 ' ''
	ctl 'musterctl other.sock kill ' ''
	ctl 'musterctl run.sock add musterc' musterctl
	ctl 'musterctl run.sock add cat ru' run.sock
}

@test "zsh can parse the completion of musterctl" {
	make_musterctl
	[ "$(head -n 1 "$contrib/_musterctl")" = '#compdef musterctl' ]
	zsh -n "$contrib/_musterctl"
}

@test "completions of musterctl know all its requests" {
	local request file

	make_musterctl
	"${MUSTER%/*}/musterctl" --help |
		sed -n '/^  [a-z]/s/^  \([a-z]*\).*/\1/p' >requests
	has_lines requests 10
	while read -r request; do
		for file in musterctl.bash _musterctl musterctl.fish; do
			grep -qw "$request" "$contrib/$file" ||
				fail_with "$file: no $request"
		done
	done <requests
}

if command -v fish >/dev/null; then
	@test "fish completes requests to musterctl, and jobs" {
		make_musterctl
		mkdir fish
		HOME=$PWD/fish fish --no-config -c '
			source $argv[1]
			complete -C "musterctl --js"
			complete -C "musterctl run.sock pa"
			complete -C "musterctl --json run.sock kill 1"
			complete -C "musterctl run.sock priority 4 h"' \
			"$contrib/musterctl.fish" >offered
		assert_equal "$(cut -f 1 offered)" \
			$'--json\npause\n17\nhigh'
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
