#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# {= expressions =}, compared with GNU parallel. What Perl makes of many more
# is in tests/unit/test_eval.c.

# Braces and $ here are for muster.
# shellcheck disable=SC1083,SC2016

load ../helpers/common

@test "{= =} changes each value, {=n =} one of them" {
	as_parallel echo '{= s/a/b/ =}' '{=2 s/c/d/ =}' '{=-1 $_=uc =}' \
		'{=0 $_=lc =}' '{=3 $_="x" =}' ::: aa AB ::: cc
	as_parallel echo '{=s/a/b/=}' '{= $_++ =}' '{=$_=seq()*10=}' ::: a 9
}

@test "{= =} may be several words of the command line" {
	as_parallel echo {= 's/a/b/' =} ::: a
}

@test "{= =} is what stands innermost" {
	as_parallel echo '{= {= $_=1 =}' '{= $_=1' ::: a
}

@test "\$arg[1] and @arg are the values" {
	as_parallel echo '{= $_ = $arg[1] . $arg[2] =}' \
		'{=1 $_ = "@arg" =}' '{= $_=$#arg =}' ::: a b ::: c
}

@test "seq(), slot(), total_jobs() and \$job" {
	as_parallel echo '{= $_=sprintf("%03d",$_) =}' \
		'{= $_=total_jobs() =}' '{= $_=seq()."/".total_jobs() =}' \
		::: 1 2 3
	as_parallel echo '{= $_=$job->seq()." ".$job->slot() =}' ::: a
}

@test "total_jobs() of what comes from standard input" {
	t -j 2 echo '{= $_=seq()."/".total_jobs() =}' <<<$'a\nb\nc'
	assert_ok $'1/3\n2/3\n3/3'
}

@test "results are quoted where they stand, unless uq() was called" {
	as_parallel echo '{= $_="a b" =}' 'x{= $_="a b" =}y' \
		'{= $_ = Q($_) =}' '{= uq(); $_="\$x" =}' ::: 'a b'
	t "echo '{= \$_=q(it's) =}' \"{= \$_=q(\$x\"y) =}\"" ::: a
	assert_ok "it's \$x\"y"
	as_parallel 'my_{= s/a/b/ =}' {} ::: 'a b'
	t echo '{= uq(); $_="a; echo b" =}' ::: x
	assert_ok $'a\nb'
}

@test "skip() leaves a job out" {
	t echo '{= skip() if $_ eq "b" =}' ::: a b c
	assert_ok $'a\nc'
	t --always-shell echo '{= $job->skip() unless /b/ =}' ::: a b c
	assert_ok b
}

@test "--tagstring takes expressions" {
	t --tagstring '{= $_=uc =}-{#}' echo ::: a b
	assert_ok $'A-1\ta\nB-2\tb'
}

@test "--then has them too" {
	t --then 'echo {= $_=uc =}' echo ::: a
	assert_ok $'a\nA'
}

@test "what is not supported is named, with the place" {
	without_perl echo '{= $_ = system("ls") =}' ::: a
	assert_usage_error "'{= \$_ = system(\"ls\") =}': 'system(\"ls\")"
	without_perl echo '{= $c++ =}' ::: a
	assert_usage_error "a variable that is not set"
	without_perl echo '{= s/(// =}' ::: a
	assert_usage_error "regular expression '('"
}

@test "what fails with one value is that job's failure" {
	t echo '{= $_ = 6 / $_ =}' ::: 2 0 3
	assert_status 1
	assert_output $'3\n2'
	assert_stderr_has "job 2: '{= \$_ = 6 / \$_ =}': division by zero"
}
