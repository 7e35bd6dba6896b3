#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Expressions beyond our own, which perl runs; compared with GNU parallel.

# Braces and $ here are for muster.
# shellcheck disable=SC1083,SC2016

load ../helpers/common

# as_parallel ARG...: muster prints what GNU parallel does.
as_parallel() {
	local expected

	expected=$(oracle -k -j 1 "$@")
	[ -n "$expected" ] || fail_with "GNU parallel says nothing"
	t "$@"
	assert_ok "$expected"
}

@test "perl: sort, hashes, references" {
	as_parallel echo '{= $_ = join ",", sort split // =}' \
		'{= my %h = (a => 1); $_ = $h{a} =}' \
		'{= my $f = sub { "<@_>" }; $_ = $f->($_) =}' ::: cab xyz
}

@test "perl: variables live on, in the order of the input" {
	as_parallel -k echo '{= $n .= $_; $_ = $n =}' ::: a b c d e f
	t -j 8 echo '{= $n .= $_; $_ = length $n =}' < <(yes a | head -n 300)
	assert_ok "$(seq 300)"
}

@test "perl: expressions share their variables, ours too" {
	t -j 1 echo '{= $x = uc =}' '{= $_ = $x =}' ::: a b
	assert_ok $'a A\nb B'
	as_parallel echo '{1}' '{=1 $_ = $seen{$_}++ ? "again" : "new" =}' \
		::: a b a
}

@test "perl: an expression is run once for each value, also with a log" {
	t --joblog log --tag echo '{= $n++; $_ = $n =}' ::: a b c
	assert_ok $'a\t1\nb\t2\nc\t3'
	t -N 2 --retries 3 'echo {= $m++; $_ = $m =} ; false' ::: a b
	assert_output '1 2'
}

@test "perl: results are quoted, unless uq() was called; skip() skips" {
	as_parallel echo '{= $_ = join " ", reverse sort split // =}' ::: ab
	as_parallel echo '{= my %h; uq(); $_ = "\$((1+1))" =}' ::: a
	t echo '{= $seen{$_}++ and skip() =}' ::: a b a
	assert_ok $'a\nb'
}

@test "perl: seq(), slot(), total_jobs() and the rest" {
	t -j 1 echo '{= my %h; $_ = seq().slot().total_jobs().$job->seq =}' \
		::: a b
	assert_ok $'1121\n2122'
	t -j 1 echo '{= my %h; $_ = seq() . "/" . total_jobs() =}' <<<$'a\nb'
	assert_ok $'1/2\n2/2'
	as_parallel echo '{= my %h; $_ = "$arg[1]$arg[2]$#arg" =}' ::: a ::: b
	as_parallel echo '{= my %h; $_ = yyyy_mm_dd() . yyyymmdd() =}' ::: a
}

@test "perl: --rpl with groups, --plus, formats" {
	as_parallel --rpl '{x(.)} my @a = sort split /$$1/; $_ = "@a"' \
		echo '{x,}' '{1x,}' ::: c,b,a
	t --rpl '{h} my %h = (a => 7); $_ = $h{$_}' echo '{h:%03d}' ::: a
	assert_ok 007
}

@test "perl: --filter that remembers" {
	as_parallel --header : echo {a} {= 's/x/y/' =} ::: a x
	t --filter 'not $seen{"{}"}++' echo ::: a b a c b
	assert_ok $'a\nb\nc'
	t -j 4 --filter 'not $seen{{}}++' echo < <(yes | head -n 50)
	assert_ok y
}

@test "perl: --tagstring, --workdir and --results" {
	t --tagstring '{= my %h = (a => "A"); $_ = $h{$_} =}' echo ::: a
	assert_ok $'A\ta'
	t --wd '{= my @a = sort split //; $_ = "@a" =}' 'basename "$PWD"' ::: ba
	assert_ok 'a b'
	t --results 'r/{= my @a = sort split //; $_ = join "", @a =}' \
		echo ::: ba
	assert_equal "$(cat r/ab)" ba
}

@test "perl: -X and several inputs" {
	as_parallel -X -j 1 echo '{= my @a = sort split //; $_ = join "", @a =}' \
		::: ba dc
	as_parallel echo '{=2 my @a = sort split //; $_ = "@a" =}' {1} \
		::: a b ::: ba dc
}

@test "perl: its mistakes are told in a line, with the expression" {
	t echo '{= foo( =}' ::: a
	assert_usage_error "cannot use '{= foo( =}': perl: syntax error"
	t echo '{= die "no\n" if $_ eq "b" =}' ::: a b c
	assert_status 1
	assert_output $'a\nc'
	assert_stderr "muster: job 2: '{= die \"no\\n\" if \$_ eq \"b\" =}': \
perl: no"
}

@test "perl: one that has ended is not started anew" {
	t -j 1 echo '{= exit 3 if $_ eq "b"; my %h =}' ::: a b c
	assert_status 2
	assert_output a
	assert_stderr_has "job 3: '{= exit 3"
	assert_stderr_has "perl has ended with exit status 3"
}

@test "perl: one that is stuck stops no signal" {
	start muster -j 1 echo '{= open F, ">stuck"; sleep 1 while 1 =}' ::: a
	wait_until test -e stuck
	kill -INT "$pid"
	finish || status=$?
	assert_equal "$status" 130
}

@test "perl: its code gets no input, and jobs no descriptor of it" {
	t 'ls /proc/self/fd | wc -l; : {= my %h; $_ = <STDIN> =}' ::: a
	assert_status 0
	with=$output
	t 'ls /proc/self/fd | wc -l; : {}' ::: a
	assert_ok "$with"
}

@test "perl: is not started without need" {
	mkdir fake
	printf '#!/bin/sh\n: >>%s/started\nexec %s "$@"\n' "$PWD" \
		"$(command -v perl)" >fake/perl
	chmod +x fake/perl
	PATH=$PWD/fake:$PATH t --plus echo {..} '{= s/a/b/; $x = 1 =}' ::: a
	assert_ok 'a b'
	[ ! -e started ]
	PATH=$PWD/fake:$PATH t echo '{= my %h =}' '{= our @y =}' ::: a b
	assert_ok $'a a\nb b'
	[ -e started ]
}

@test "perl: without one, what is not known is named" {
	without_perl echo '{= $_ = join ",", sort split // =}' ::: a
	assert_usage_error "'sort split //"
}

@test "--match: {m.n} is a group of what matches" {
	t --match '(.*),(.*)_(.*)' echo {1.2} {1.3} {1.1} ::: Gold,Heart_of
	assert_ok 'Heart of Gold'
	t --match '(.*),' --match '([a-z]+)' echo {1.1}{2.1} \
		::: Milli,bar ::: 10ways
	assert_ok Milliways
	t --match "(\d+)'(.)" echo '{1.1:%04d}' {1.2} {1.} {2.1} {1.3} \
		::: "a12'\$.x" no
	assert_ok $'0012 $ a12\'$ {2.1} \n0000  no {2.1} '
}

@test "--match: +n is another's, the empty one is none" {
	t --match +2 --match '([A-Za-z]+)' echo {1.1} {2.1} \
		::: /Improbability/ ::: 10drive
	assert_ok 'Improbability drive'
	t --match '' --match '([a-z]+)' echo {1} {1.1} {2.1} ::: a1 ::: 1b
	assert_ok 'a1 {1.1} b'
	t --match '(a)' --tagstring {1.1} echo ::: bab
	assert_ok $'a\tbab'
}

@test "--match: what is wrong with it" {
	t --match '(' echo ::: a
	assert_usage_error "--match: '('"
	t --match +3 echo ::: a
	assert_usage_error "--match: '+3'"
	t --match +1 echo ::: a
	assert_usage_error "--match: '+1'"
	t --match +2777777777 echo ::: a
	assert_usage_error "--match: '+2777777777'"
}

@test "formats, also where --plus has a meaning for them" {
	t --plus -j 1 echo '{#:%03d}' '{%:%02d}' '{2:%.1f}' '{:%s}' ::: 7 ::: 2
	assert_ok '001 01 2.0 7 2'
}

@test "jobs left out by skip() or --filter: -2 in the job log" {
	t --joblog log -j 1 --filter '{} != 2' echo ::: 1 2 3
	assert_ok $'1\n3'
	assert_equal "$(cut -f 7 log)" $'Exitval\n0\n-2\n0'
	t --joblog log --resume-failed echo ::: 1 2 3
	assert_status 0
	assert_output ''
}

@test "names of columns in --workdir and --filter" {
	t --header : --wd '{d}' --filter '"{d}" ne "b"' 'basename "$PWD"' \
		::: d a b
	assert_ok a
}
