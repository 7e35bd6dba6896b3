#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# --plus, other names for replacement strings, -q and --shell-quote, compared
# with GNU parallel.

# Braces and $ here are for muster.
# shellcheck disable=SC1083,SC2016

load ../helpers/common

# does_as ARG...: what they print is the same. To GNU parallel a job that is
# left out has failed.
does_as() {
	local expected

	expected=$(oracle -k "$@" || :)
	t -k "$@"
	assert_ok "$expected"
}

# What needs more than POSIX has to say.
needs_pcre() {
	muster --version | sed '/^Without/,$d' | grep -q PCRE2 ||
		skip 'built without PCRE2'
}

paths=(a.b.c a.b a dir/a.b dir/a dir/ / .hidden dir/.hidden a. ./a ../.. . ..
	dir.d/file /a /a.b //a a//b.c 'a b/c d.e f' .a.b a..b x.tar.gz.xz
	d/x.tar.gz d.e/f.g.h.i.j)

@test "--plus: extensions and directories" {
	needs_pcre
	as_parallel --plus echo {+/} {+.} {+..} {+...} {..} {...} {/..} \
		{/...} ::: "${paths[@]}"
}

@test "--plus: the same of one value" {
	needs_pcre
	as_parallel --plus echo {1+/} {2+.} {1..} {-1/...} \
		::: "${paths[@]}" ::: x.y.z
}

@test "--plus: {##}, {0#} and {0%}" {
	needs_pcre
	as_parallel --plus echo {##} {0#} {} ::: a b c d e f g h i j k
	as_parallel -j 12 --plus echo {0%} ::: a
}

@test "--plus: {##} of what comes from standard input" {
	t --plus echo {##} {} <<<$'a\nb\nc'
	assert_ok $'3 a\n3 b\n3 c'
}

@test "--plus: {:-x}, {:n} and {:n:m}" {
	needs_pcre
	as_parallel --plus echo {:-def} {:2} {:1:3} \
		::: '' abcdef abc 'a b c d'
}

@test "--plus: {#re}, {##re}, {%re} and {%%re} take text away" {
	needs_pcre
	as_parallel --plus echo '{#a.*b}' '{##a.*b}' '{%b.*c}' '{%%b.*c}' \
		::: aXbXbYcZc abc zzz
	as_parallel --plus echo '{#\w+_}' '{%\.\w+}' '{1%.gz}' '{1#a}' \
		::: foo_bar_baz.tar.gz
	as_parallel --plus echo {%.c}.o {#./} ::: ./a.c b.c
}

@test "--plus: {/re/x} and its like replace" {
	needs_pcre
	as_parallel --plus echo {/a/b} {//a/b} {/#a/b} {/%a/b} '{/a/}' \
		'{//[an]/<&>}' ::: banana 'a a'
	as_parallel --plus echo '{//./}' '{/#./X}' ::: a.b
}

@test "--plus: {^re} and its like change case" {
	needs_pcre
	as_parallel --plus echo {^b} {^^a} {,A} {,,A} '{^^[an]}' '{1^.}' \
		::: banana AbAbA
}

@test "--plus: {choose_k} and {uniq} leave out" {
	does_as --plus echo {choose_k} ::: A B C ::: A B C
	does_as --plus echo {1} {2} '{uniq}' ::: A B ::: A B
}

@test "--plus: {slot} and {host} are the shell's to replace" {
	as_parallel --plus echo {slot} {host} {sshlogin} {hgrp} {agrp} ::: a
	t -j 1 --plus echo {slot} ::: a b
	assert_ok $'1\n1'
}

@test "--plus: values are quoted where they stand" {
	needs_pcre
	t --plus "echo {%.c} '{%.c}' \"{%.c}\"" ::: "it's \"x\".c"
	assert_ok "it's \"x\" it's \"x\" it's \"x\""
}

@test "--plus: without it these are ordinary text" {
	as_parallel echo '{+/}' '{..}' '{%.c}' ::: a.c
}

@test "{#:%04d}: formats" {
	t --dry-run echo '{#:%04d}' '{1:%8.2f}' '{:%x}' '{/.:%-4s}' ::: 255.5
	assert_ok "echo 0001 '  255.50' ff '255 '"
}

@test "--er --bnr --dnr --bner --seqreplace --slotreplace: other names" {
	as_parallel --er ,, --bnr : --dnr ';' --bner / --seqreplace + \
		--slotreplace % echo ,, : ';' / + % \
		'{.} {/} {#} {1.} {1a}' ::: d/a.b
	as_parallel --extensionreplace {X} echo {X} {1X} {-1X} {.} ::: a.b
	as_parallel --bnr {B} --dnr {D} --bner {BE} echo {B} {1B} {D} {1D} \
		{BE} {1BE} ::: d/a.b
	t -U ,, --dry-run echo ,, ::: a.b
	assert_ok 'echo a'
}

@test "--er with nothing is an error" {
	t --er '' echo ::: a
	assert_usage_error --er
}

@test "-q: the command is quoted too" {
	as_parallel -q echo x{}y '$HOME' '' 'a  b' ::: 'a b' ::: c
	as_parallel -q ::: 'echo a'
	as_parallel -q {} ::: 'echo a'
	as_parallel -q echo no place ::: 'a b' "it's"
	as_parallel -q echo {.} {/} {2} '{2}{1}' {3} 'x{3}' \
		::: 'd/a b.c' ::: 'e f'
	does_as -q echo '$HOME' {} '`x`' ::: 'a  b' '$y'
}

@test "-q: words reach the program as they are" {
	t -q printf '<%s>' a ' b ' '' '{}x' ::: 'c  d' "e'f"
	assert_ok "<a>< b ><><c  dx><a>< b ><><e'fx>"
	t --always-shell -q printf '<%s>' a ' b ' '' '{}x' ::: 'c  d'
	assert_ok '<a>< b ><><c  dx>'
}

@test "--shell-quote prints the commands quoted" {
	does_as --shell-quote echo {} ::: 'a b' "it's"
	does_as --shellquote ::: 'a*b' plain '' '$x'
	does_as --shell-quote --shell-quote ::: 'a*b'
	does_as --shell-quote -q echo {} ::: 'a b'
	t --shell-quote 'touch {}' ::: file
	assert_ok "'touch file'"
	[ ! -e file ]
}
