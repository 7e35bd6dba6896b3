#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# --rpl, --parens and --filter, compared with GNU parallel.

# Braces and $ here are for muster.
# shellcheck disable=SC1083,SC2016

load ../helpers/common

needs_pcre() {
	muster --version | sed '/^Without/,$d' | grep -q PCRE2 ||
		skip 'built without PCRE2'
}

@test "--rpl: a replacement string of one's own" {
	as_parallel --rpl '{a} s/a/b/' echo {a} {1a} {2a} ::: banana ::: aa
	as_parallel --rpl '%1 s/a/b/' echo x%1y ::: banana
	as_parallel --rpl '{slash} s/\//_/g' echo {slash} ::: a/b/c
	as_parallel --rpl '{U} $_=uc' --rpl '{L} $_=lc' echo {U}{L} {2U} \
		::: aB ::: cD
}

@test "--rpl: one that there is gets another meaning" {
	as_parallel --rpl '{.} s/a/b/' echo {.} {1.} ::: banana
	as_parallel --rpl '{a} s/a/b/' --rpl '{a} s/a/c/' echo {a} ::: a
}

@test "--rpl: the longest fits first" {
	as_parallel --rpl '% s/a/b/' --rpl '%% s/b/a/' echo %% % ::: ab
}

@test "--rpl: groups" {
	needs_pcre
	as_parallel --rpl '{a(.)b} s/$$1/X/' echo {anb} {1acb} ::: banana
	as_parallel --rpl '{%(\S+?)/(\S+?)} s/$$1/$$2/' \
		echo '{%a/b}' '{1%n/m}' ::: banana
	as_parallel --rpl '{/(\.\S+?)/(\.\S+?)} s/$$1/$$2/g;' \
		echo {/.tar/.gz} ::: UU.tar
}

@test "--rpl: a number before the expression is a position" {
	as_parallel --rpl '{o} 1 $_=seq()' echo {o} ::: a b ::: c d
}

@test "--rpl: what is wrong with it" {
	t --rpl '{a}' echo {a} ::: a
	assert_usage_error "--rpl: '{a}'"
	t --rpl '{a(} s/a/b/' --rpl '{b(*)} s/a/b/' echo {b} ::: a
	assert_usage_error "--rpl: '{b(*)}'"
	without_perl --rpl '{a} fork()' echo {a} ::: a
	assert_usage_error "'fork()' is not supported"
	# Nobody uses it: nobody minds.
	t --rpl '{a} fork()' echo {} ::: a
	assert_ok a
}

@test "--parens: other brackets" {
	as_parallel --parens ,,,, echo ',,$_=2*$_,,' ::: 4
	as_parallel --parens '<<>>' echo '<<s/a/b/>>' '<<2 s/a/b/>>' \
		::: ax ::: ay
	t --parens '{={' echo ::: a
	assert_usage_error --parens
}

@test "--filter: only some jobs are run" {
	t --filter '{1} < {2}' echo {1} {2} ::: 1 2 3 ::: 1 2 3
	assert_ok $'1 2\n1 3\n2 3'
	t --filter '"{1}" lt "{2}"' --filter '"{2}" ne "c"' echo {1} {2} \
		::: a b c ::: a b c
	assert_ok 'a b'
	t --filter 'seq() % 2' echo ::: a b c
	assert_ok $'a\nc'
	t --filter '$arg[2] eq "x"' echo ::: a b ::: x y
	assert_ok $'a x\nb x'
}

@test "--filter: what is left out is no failure" {
	t --filter 0 echo ::: a b c
	assert_ok ''
}

@test "--filter: a condition that is none" {
	t --filter '{} <' echo ::: a
	assert_stderr_has "--filter"
	[ "$status" -ne 0 ]
	without_perl --filter '{} <' echo ::: a
	assert_stderr_has "--filter: 'a <'"
	[ "$status" -ne 0 ]
	without_perl --filter '{= fork() =}' echo ::: a
	assert_usage_error "--filter: cannot use '{= fork() =}'"
}

@test "--filter: values are no code that does harm" {
	t --filter '"{}" ne ""' echo ::: '`touch x`' '"; system("touch x"); "'
	[ ! -e x ]
	for filter in '"{}" ne ""' '"{}" ne "" and keys(%ENV)'; do
		t --filter "$filter" echo ::: '`touch x`' \
			'"; system("touch x"); "' '${\system("touch x")}'
		assert_status 0
		assert_equal "$(wc -l <<<"$output")" 3
	done
	[ ! -e x ]
}
