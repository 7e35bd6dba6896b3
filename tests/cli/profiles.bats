# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Options that stand elsewhere: ~/.parallel/config, -J, $PARALLEL; --plain.

load ../helpers/common

setup() {
	common_setup
	mkdir "$HOME/.parallel"
	config=$HOME/.parallel/config
}

teardown() {
	rm -rf "$HOME/.parallel" "$HOME/.parallelrc"
	common_teardown
}

@test "options of ~/.parallel/config" {
	echo '--tag' >"$config"
	t echo ::: a
	assert_ok $'a\ta'
}

@test "comments, blank lines, quotes and several lines" {
	printf '%s\n' '# --bogus' '' '  # --bogus' '  --tagstring "a '\''b"' \
		"--delay '0'" '\-k' >"$config"
	t echo ::: 1
	assert_ok "a 'b"$'\t'1
}

@test "an argument may stand on the next line" {
	printf '%s\n' --tagstring X >"$config"
	t echo ::: a
	assert_ok $'X\ta'
}

@test "\$PARALLEL goes before the file, the command line before both" {
	echo '--tagstring file' >"$config"
	t echo ::: a
	assert_ok $'file\ta'
	PARALLEL='--tagstring "an environment"' t echo ::: a
	assert_ok $'an environment\ta'
	PARALLEL='--tagstring environment' t --tagstring line echo ::: a
	assert_ok $'line\ta'
}

@test "words that are no options begin the command" {
	echo '-v echo one' >"$config"
	PARALLEL='-k two' t three ::: a
	assert_ok $'echo one two three a\none two three a'
}

@test "inputs may stand there, too" {
	PARALLEL='echo ::: 1 2' t
	assert_ok $'1\n2'
}

@test "-J names another file" {
	echo '--bogus' >"$config"
	echo '--tagstring X' >"$HOME/.parallel/mine"
	t -J mine echo ::: a
	assert_ok $'X\ta'
	t --profile mine echo ::: a
	assert_ok $'X\ta'
}

@test "several -J, of which the last counts" {
	echo '--tagstring A -v' >"$HOME/.parallel/a"
	echo '--tagstring B' >"$HOME/.parallel/b"
	t -J a -J b echo ::: 1
	assert_ok $'B\techo 1\nB\t1'
}

@test "-J with a path" {
	echo '--tag' >mine
	t -J ./mine echo ::: a
	assert_ok $'a\ta'
	t -J "$PWD/mine" echo ::: a
	assert_ok $'a\ta'
}

@test "-J with a name that is nowhere goes on" {
	t -J nope echo ::: a
	assert_status 0
	assert_output a
	assert_stderr "muster: --profile: there is no profile 'nope'"
}

@test "-J behind the command belongs to the command" {
	echo '--bogus' >"$HOME/.parallel/mine"
	t echo -J mine ::: a
	assert_ok '-J mine a'
}

@test "-J is found among options with optional arguments" {
	echo '--tag' >"$HOME/.parallel/mine"
	t -i % -kJ mine echo % ::: a
	assert_ok $'a\ta'
}

@test "--plain reads none of them" {
	echo '--bogus' >"$config"
	echo '--bogus' >"$HOME/.parallelrc"
	PARALLEL=--bogus t --plain echo ::: a
	assert_ok a
	PARALLEL=--bogus t -J config --plain echo ::: a
	assert_ok a
}

@test "~/.parallelrc goes before config" {
	echo '--tagstring a' >"$config"
	echo '--tagstring b' >"$HOME/.parallelrc"
	t echo ::: 1
	assert_ok $'b\t1'
}

@test "\$PARALLEL_HOME and XDG directories" {
	mkdir -p home xdg/parallel dirs/parallel
	echo '--tagstring home -v' >home/config
	echo '--tagstring xdg' >xdg/parallel/config
	echo '--tagstring dirs' >dirs/parallel/config
	PARALLEL_HOME=$PWD/home t echo ::: 1
	assert_ok $'home\techo 1\nhome\t1'
	PARALLEL_HOME=$PWD/home XDG_CONFIG_HOME=$PWD/xdg t echo ::: 1
	assert_ok $'xdg\techo 1\nxdg\t1'
	XDG_CONFIG_DIRS=/nowhere:$PWD/dirs XDG_CONFIG_HOME=$PWD/xdg \
		t echo ::: 1
	assert_ok $'dirs\t1'
}

@test "grouping of the command line goes before that of a profile" {
	echo '--line-buffer' >"$config"
	t --group echo ::: a
	assert_ok a
	PARALLEL=-u t echo ::: a
	assert_ok a
	PARALLEL='-u --group' t echo ::: a
	assert_usage_error '--group cannot be combined with --ungroup'
}

@test "what is wrong is named with its place" {
	printf '%s\n' -k '-v --halt x' >"$config"
	t echo ::: a
	assert_usage_error "$config:2: --halt: 'x' is not"
	echo --bogus >"$config"
	t echo ::: a
	assert_usage_error "$config:1: unknown option '--bogus'"
	echo '-j "8' >"$config"
	t echo ::: a
	assert_usage_error "$config:1: a quote has no end"
	: >"$config"
	PARALLEL='-j eight' t echo ::: a
	assert_usage_error "\$PARALLEL: -j: 'eight' is"
}

@test "a NUL byte is told, with its place" {
	local file

	for file in "$config" "$HOME/.parallelrc" "$HOME/.parallel/mine"; do
		printf -- '--tag\n--max 1\0 --bogus\n' >"$file"
		set -- -J mine
		[[ $file = */mine ]] || set --
		t "$@" echo ::: a
		assert_usage_error "$file:2: a NUL byte"
		printf '\0' >"$file"
		t "$@" echo ::: a
		assert_usage_error "$file:1: a NUL byte"
		rm "$file"
	done
}

@test "a file that cannot be read" {
	mkdir "$config"
	t echo ::: a
	assert_usage_error "cannot read '$config': Is a directory"
	rmdir "$config"
}

@test "an error of the command line is told as ever" {
	echo '--tag' >"$config"
	t --bogus
	assert_usage_error "unknown option '--bogus'"
	t -J
	assert_usage_error "option '-J' needs an argument"
}
