#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Replacement strings. --dry-run shows what becomes of them, and GNU parallel
# what should.

# Braces here are for muster.
# shellcheck disable=SC1083

load ../helpers/common

# What paths can look like.
paths=(a.b.c a.b a dir/a.b dir/a dir/ / .hidden dir/.hidden a. ./a ../.. ''
	. .. dir.d/file /a /a.b //a a//b.c 'a b/c d.e f' dir.d/ .a.b a..b
	dir//a.b dir/./a.b -n 'a.b/' '//' '...')

@test "{} stands for the value, anywhere and often" {
	as_parallel echo {} a{}b {}{} x={} ::: x 'y z'
}

@test "{.} is the value without its extension" {
	as_parallel echo {.} 'x{.}y' ::: "${paths[@]}"
}

@test "{/} is the last part of a path" {
	as_parallel echo {/} 'x{/}y' ::: "${paths[@]}"
}

@test "{//} is the directory of a path" {
	as_parallel echo {//} 'x{//}y' ::: "${paths[@]}"
}

@test "{/.} is the last part without its extension" {
	as_parallel echo {/.} 'x{/.}y' ::: "${paths[@]}"
}

@test "{1} {2} ... are the values one by one" {
	as_parallel echo {2} {1} {2}{1} ::: a 'b c' ::: d
	as_parallel echo {10} {1} ::: a ::: b ::: c ::: d ::: e ::: f ::: g \
		::: h ::: i ::: j
}

@test "{-1} {-2} count from the last" {
	as_parallel echo {-1} {-2} {-3} ::: a ::: 'b c' ::: d
}

@test "a position beyond the values is empty" {
	as_parallel echo x{3}y {1} ::: a ::: b
	# GNU parallel begins again at the other end here.
	t --dry-run echo x{-3}y ::: a ::: b
	assert_ok 'echo xy'
}

@test "{1.} {2/} {1//} {-1/.} are parts of one value" {
	as_parallel echo {1.} {1/} {1//} {1/.} {2.} {2/} {2//} {2/.} \
		::: "${paths[@]}" ::: d/e.f
	as_parallel echo {-1.} {-1/} {-1//} {-1/.} {-2.} \
		::: d/e.f ::: "${paths[@]}"
}

@test "{} and its forms are all values, each quoted" {
	as_parallel echo {} ::: a 'b c' ::: d 'e f'
	as_parallel echo {.} {/} {//} {/.} ::: 'x/a b.c' ::: y/d.e
}

@test "{#} is the job's number" {
	as_parallel echo {#} {} ::: a b c d e f g h i j k
}

@test "{%} is the number of the worker" {
	t -j 1 echo {%} {} ::: a b
	assert_ok $'1 a\n1 b'
	# Each of two jobs waits for the other.
	t -j 2 'touch {}.run; until [ -e a.run -a -e b.run ]; do
		sleep 0.01; done; echo {%}' ::: a b
	assert_status 0
	assert_equal "$(sort <<<"$output")" $'1\n2'
}

@test "values are appended when the command has no place for them" {
	as_parallel echo ::: a 'b c'
	as_parallel echo '|' cat ::: a
	as_parallel 'echo x; echo y' ::: a ::: b
}

@test "nothing is appended when a replacement string stands anywhere" {
	as_parallel echo x{.} ::: a.b
	as_parallel echo {2} ::: a ::: b
	as_parallel echo {#} ::: a b
	as_parallel -j 1 echo {%} ::: a b
}

@test "a command that begins with {} is not quoted" {
	as_parallel {} ::: 'echo a; echo b' 'echo "c d"'
	as_parallel {} x ::: 'echo a'
	t {} ::: 'echo a; echo b' 'echo "c  d"'
	assert_ok $'a\nb\nc  d'
}

@test "other braces are ordinary text" {
	as_parallel echo {a,b} '${HOME}' {1..3} '{ }' {a} {...} {/1} {1a} \
		{{}} {#1} ::: v
	t echo {a,b}{} ::: v
	assert_ok 'av bv'
}

@test "-I: another word for {}" {
	as_parallel -I ,, echo ,, x,,y ::: a 'b c'
	as_parallel -I ,, echo {} ,, {1} ::: a
	as_parallel -I @ echo @ {.} {/} ::: d/a.b
	as_parallel -I {} echo {} {1} ::: a
	as_parallel -I aa echo aaa ::: v
	as_parallel -I ,, echo no ::: a
}

@test "-i and --replace: another word, or none" {
	as_parallel -i,, echo ,, ::: a
	as_parallel -i ,, echo ,, ::: a
	as_parallel --replace=,, echo ,, ::: a
	as_parallel --replace ,, echo ,, ::: a
	as_parallel -i -k echo {} ::: a
}

@test "-I: the tag is still the value" {
	t -I ,, --tag echo ,, ::: a
	assert_ok $'a\ta'
}

@test "-I with nothing is an error" {
	t -I '' echo ::: a
	assert_usage_error -I
}

@test "values are no templates" {
	as_parallel echo {} ::: {} {1} {.} {#} '{= 1 =}'
}

@test "command lines are no templates" {
	t <<<$'echo {} {#} {1} {.}'
	assert_ok '{} {#} {1} {.}'
}

@test "a retried job may get another {%} but keeps its {#}" {
	t -j 1 --retries 3 'echo {#} >>seen; false' ::: a b
	assert_status 2
	assert_equal "$(sort seen | uniq -c | tr -s ' ')" $' 3 1\n 3 2'
}
