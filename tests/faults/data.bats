# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Arguments are data, as a property: values of random bytes come out of every
# replacement string and every place of a command as they went in, in each
# shell that is installed, and without one. The seeds are fixed; with
# MUSTER_TEST_LONG=1 there are twenty of each, else one.

load ../helpers/common
load ../helpers/faults

# One muster for all values, and several values a job where that can be said.
setup() {
	common_setup
	without_valgrind
	seeds=1
	[ "${MUSTER_TEST_LONG-}" != 1 ] || seeds=20
}

# values SEED [LEAST]: 60 of them, each with NUL behind it, into the file in:
# any bytes but NUL (and slash and newline, with LEAST), half of them those
# that mean something to a shell.
values() {
	perl -e '
		my ($seed, $plain) = @ARGV;
		srand($seed);
		my @hot = split(//, q{$`"\\!;&|<>(){}[]*?~#=%^@:, -}
			. "\x27\t\r\x01\x7f\x80\xff");
		push @hot, "\n" if !$plain;
		for (1 .. 60) {
			my $v = "";
			for (0 .. int(rand(12))) {
				my $c = rand() < 0.6 ? $hot[rand(@hot)]
					: chr(1 + int(rand(255)));
				next if $plain && $c =~ m{[/\n.]};
				$v .= $c;
			}
			$v = "x" if $plain && $v eq "";
			print $v, "\0";
		}' "$@" >in
}

# Does the shell know how to take any byte? It is told in C.UTF-8.
with_shell() {
	type -P "$1" >/dev/null || skip "no $1"
	export PARALLEL_SHELL
	PARALLEL_SHELL=$(type -P "$1")
}

# through TEMPLATE [ARG...]: all values, by jobs of twelve, come out as the
# file in.
through() {
	local template=$1 seed

	shift
	for seed in $(seq "$seeds"); do
		values "$seed"
		muster -0 -j 2 "$@" "$template" <in >out 2>err ||
			fail_with "$template: $(cat err)"
		cmp in out || fail_with "$template, seed $seed"
	done
	[ ! -s err ] || fail_with "$template: $(cat err)"
}

# each SHELL: the places that every shell has.
each() {
	with_shell "$1"
	through '/usr/bin/printf "%s\0" {}' -n 12
	through '/usr/bin/printf "%s\0" {1} {2} {3} {4} {5} {6}' -N 6
	through '/usr/bin/printf "%s\0" "{}"'
	through "/usr/bin/printf '%s\\0' '{}'"
	through '/usr/bin/printf "%s%s\0" "" ""{}""'
}

@test "sh" {
	each dash
}

@test "bash" {
	each bash
}

@test "zsh" {
	each zsh
}

@test "ksh" {
	each ksh
}

@test "mksh" {
	each mksh
}

# fish, with all that it writes in the directory x.
with_fish() {
	with_shell fish
	export XDG_CONFIG_HOME=$PWD/x XDG_DATA_HOME=$PWD/x
	export XDG_CACHE_HOME=$PWD/x XDG_RUNTIME_DIR=$PWD/x
	# Several that start at once get in each other's way when they make it.
	mkdir -p x/fish
	fish -c true >/dev/null 2>&1
}

@test "fish" {
	with_fish
	through '/usr/bin/printf "%s\0" {}' -n 12
	through '/usr/bin/printf "%s\0" "{}"'
	through "/usr/bin/printf '%s\\0' '{}'"
}

@test "csh" {
	with_shell csh
	through '/usr/bin/printf "%s\0" {}' -n 12
	through "/usr/bin/printf '%s\\0' '{}'"
}

@test "tcsh" {
	with_shell tcsh
	through '/usr/bin/printf "%s\0" {}' -n 12
	through '/usr/bin/printf "%s\0" "{}"'
	through "/usr/bin/printf '%s\\0' '{}'"
}

@test "without a shell" {
	with_shell dash
	through '/usr/bin/printf %s\\0 {}' -n 12
	through "/usr/bin/printf '%s\\0' {}" -n 12
	for seed in $(seq "$seeds"); do
		values "$seed"
		perl -MJSON::PP -0ne 'chomp; push @v, $_; END {
			print JSON::PP->new->latin1->encode({ command =>
				[ "/usr/bin/printf", "%s\\0", @v ] }), "\n" }' \
			in >tasks || skip "no JSON::PP"
		# As text: bytes that are no character can't be in JSON.
		LC_ALL=C tr -d '\200-\377' <in >ascii
		perl -MJSON::PP -0ne 'chomp; push @v, $_; END {
			print JSON::PP->new->ascii->encode({ command =>
				[ "/usr/bin/printf", "%s\\0", @v ] }), "\n" }' \
			ascii >tasks
		muster --jsonl tasks >out
		cmp ascii out
	done
}

@test "in the places that sh and bash have" {
	for shell in dash bash; do
		with_shell $shell
		through 'x={}; printf "%s\0" "$x"'
		through 'x="{}"; printf "%s\0" "$x"'
		through 'f() { printf "%s\0" "$1"; }; f {}'
		through 'if true; then printf "%s\0" {}; fi' -n 12
		through '(printf "%s\0" "{}")'
		through 'printf "%s\0" "$(printf "%s." {})" |
			sed -z "s/[.]\$//"'
		through 'case {} in "{}") printf "%s\0" {} ;; esac'
		through 'for v in {}; do printf "%s\0" "$v"; done' -n 12
		through 'set -- {}; printf "%s\0" "$@"' -n 12
	done
}

@test "bash: \$'...', here-strings, arrays, [[ ]]" {
	with_shell bash
	through "printf '%s\\0' \$'{}'"
	through 'a=({}); printf "%s\0" "${a[@]}"' -n 12
	through '[[ {} == "{}" ]] && printf "%s\0" {}'
	# Not by "read": bash's loses \1 behind some bytes, wherever these come
	# from.
	export nl=$'\n'
	through 'x=$(cat <<<{}; echo .); printf "%s\0" "${x%"$nl."}"'
}

@test "every replacement string that keeps a value" {
	with_shell dash
	through 'printf "%s\0" {1}'
	through 'printf "%s\0" {-1}'
	through 'printf "%s\0" {= =}'
	through 'printf "%s\0" {=1 =}'
	through 'printf "%s\0" "{= =}"'
	through 'printf "%s\0" ,,' -I ,,
	through 'printf "%s\0"' -X
	through 'printf "%s\0"' -m
	through 'printf "%s\0" {}' -X
}

# strings SHELL...: some of them, in each.
strings() {
	for shell; do
		type -P "$shell" >/dev/null || continue
		if [ "$shell" = fish ]; then with_fish; else with_shell "$shell"; fi
		through '/usr/bin/printf "%s\0" {1} {2} {3} {-3} {-2} {-1}' -N 6
		through '/usr/bin/printf "%s\0" {= =}' -n 20
		through '/usr/bin/printf "%s\0" {v}' -n 20 \
			--rpl '{v} s/^/x/; s/^x//'
		through '/usr/bin/printf "%s\0" ,,' -n 20 -I ,,
		through '/usr/bin/printf "%s\0"' -X
	done
}

@test "replacement strings in bash, zsh, ksh, mksh" {
	strings bash zsh ksh mksh
}

@test "replacement strings in csh, tcsh, fish" {
	strings csh tcsh fish
}

@test "{/} {.} {/.} {//} of values without a slash or a dot" {
	with_shell dash
	for seed in $(seq "$seeds"); do
		values "$seed" plain
		for s in '{/}' '{.}' '{/.}' '{1/}' '{1.}' '{1/.}'; do
			muster -0 "printf '%s\\0' $s" <in >out
			cmp in out || fail_with "$s"
			muster -0 "printf '%s\\0' \"$s\"" <in >out
			cmp in out || fail_with "\"$s\""
		done
		LC_ALL=C sed -z 's|$|/x|' in | muster -0 "printf '%s\\0' {//}" >out
		cmp in out
	done
}

@test "columns of random bytes" {
	with_shell dash
	for seed in $(seq "$seeds"); do
		values "$seed" plain
		tr -d '\t' <in >one
		LC_ALL=C sed -z 's/.*/&\t&/' one | muster -0 --colsep '\t' --trim n \
			'printf "%s\0" {1} {2}' >out
		LC_ALL=C sed -z p one | cmp - out
	done
}

@test "the environment: PARALLEL_TMP aside, a value names nothing" {
	with_shell dash
	values 5
	muster -0 --tag 'true {}' <in >out
	[ ! -s out ]
	muster -0 --results r --dry-run 'true {}' <in >out
	[ ! -e r ]
}

@test "what --dry-run and --failed-to give a shell is the same again" {
	for shell in dash bash; do
		with_shell $shell
		values 6
		muster -0 --dry-run 'printf "%s\0" {}' <in >commands
		"$PARALLEL_SHELL" commands >out
		cmp in out
		rm -f again
		status=0
		muster -0 --failed-to again 'printf "%s\0" {}; exit 3' <in \
			>out || status=$?
		assert_status 60
		muster -0 -a again >out || :
		cmp in out
	done
}

@test "a value that looks like an option, a string or a template" {
	t printf '%s\\n' ::: -n -- --help '{}' '{1}' '{#}' '{= $_=1 =}' ::: x
	assert_status 0
	assert_output '-n
x
--
x
--help
x
{}
x
{1}
x
{#}
x
{= $_=1 =}
x'
}

@test "in later stages, from a pipe, in hooks: still data" {
	values 7 plain
	muster -0 -j 1 true {} --then 'printf "%s\0" {} #' <in >out || :
	[ ! -s out ] || cmp in out
	[ "$(ls)" = "$(printf 'in\nout')" ]
}
