#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Several items in one job: -n, -N, -L, -X, -m, --xargs, -s, -x.

load ../helpers/common

# same ARG...: GNU parallel and muster print the same for the numbers 1 to 10.
same() {
	command -v parallel >/dev/null || skip "GNU parallel is not there"
	assert_equal "$(seq 10 | muster "$@")" "$(seq 10 | oracle -k "$@")"
}

@test "-n N puts items in the place of {}" {
	t -n 2 echo a{}b ::: 1 2 3
	assert_ok $'a1 2b\na3b'
}

@test "-N N repeats the word around {}, and has positions" {
	t -N 2 echo a{}b {2}-{1} ::: 1 2 3
	assert_ok $'a1b a2b 2-1\na3b -3'
}

@test "-n, -N, -L: as GNU parallel" {
	same -n2 echo '{2} {1} {} {/}.'
	same -N3 echo '{1} {2}x{3} {4}'
	same -N3 echo '{-1}'
	same -N2 echo 'a{1}{2}b c{}d{1}'
	same --max-args 4 echo
	same --max-replace-args=4 echo x{}
	same -L 3 echo a{}b
	same -l 3 echo
	same -l echo
	same --max-lines=4 echo
	same -N2 -n1 echo
	same -n3 -m echo a{}b
	same -N3 -m echo a{}b {1}
	same -N2 --tag echo {1}
	same -N2 -C , echo {1}{2}{3} ::: 1,2 3,4
	same -n2 echo ::: 1 2 3 ::: 4 5
	same --header : -N2 echo {x} {2} ::: x 1 2 3
}

@test "0 items: a job for each, without its value" {
	t -N0 echo x{}y {1} ::: a b
	assert_ok $'xy\nxy'
	t -n0 true ::: a b
	assert_ok ''
}

@test "-L: a line that ends in a blank goes on in the next" {
	t -L 1 --dry-run echo <<<$'a b \nc\nd'
	assert_ok $'echo \'a b c\'\necho d'
	t -r -L 2 --dry-run echo <<<$'a\n\nc\nd'
	assert_ok $'echo a c\necho d'
}

@test "-X repeats words, -m does not" {
	t -X -j1 echo pic{}.jpg ::: 1 2 3
	assert_ok 'pic1.jpg pic2.jpg pic3.jpg'
	t -m -j1 echo pic{}.jpg ::: 1 2 3
	assert_ok 'pic1 2 3.jpg'
}

@test "-X and -m spread items over the slots, --xargs does not" {
	t -X -j4 echo ::: 1 2 3 4 5 6 7 8 9 10
	assert_ok $'1 2 3\n4 5 6\n7 8 9\n10'
	t --xargs -j4 echo ::: 1 2 3 4 5
	assert_ok '1 2 3 4 5'
}

@test "-X, -m, --xargs: as GNU parallel" {
	same -X -j3 echo a{}b{}c d{.}{#} {#}
	same -m -j3 echo a{}b{}c d{.}{#} {#}
	same -j1 -X echo 'a{}b{.}c' {}
	same -j1 -X --tagstring 'a{}b' echo x
	same -X -n3 -j2 echo
	same --xargs -n3 -j2 echo a{}
	same --xargs -X -j2 echo a{}b
	same -X -j1 echo x{}y ::: a b ::: c d
	same -X -j1 -C , --dry-run echo x{}y ::: a,b 1 '2 2,3'
}

@test "-X quotes each value, also inside quotes and substitutions" {
	t -X -j1 --dry-run echo x{} ::: 'a b' c
	assert_ok "echo x'a b' xc"
	t -X -j1 'printf "[%s]" $(echo a{}b) "x {}y"' ::: 1 '$2'
	assert_ok '[a1b][a$2b][x 1y $2y]'
}

@test "with -q, --plus, --rpl and {= =}: as GNU parallel" {
	same -q -X -j1 printf '[%s]' 'x {}b' c
	same -X -j1 echo 'a{= s/1/ q/ =}b{}'
	same -N2 echo 'z{=2 $_ .= "x" =}' '{= $_ = $arg[1] =}'
	same -N2 --plus echo 'z{+.}-{..} {2..}'
	same -N2 --rpl '{y} s/1/5/' echo 'z{y}x {2y}'
}

@test "--pipe: -n, -N and -L are of records" {
	t --pipe -L 2 -N 1 -j1 wc -l <<<$'a\nb\nc\nd'
	assert_ok $'2\n2'
	t --pipe -X cat <<<a
	assert_usage_error "--pipe cannot be combined with -X"
}

@test "-X and -m with positions: all rows" {
	t -X -j1 echo {2}-{1} ::: 1 2 ::: a b
	assert_ok 'a-1 b-1 a-2 b-2'
	t -m -j1 echo {2}-{1} ::: 1 2 ::: a b
	assert_ok 'a b a b-1 1 2 2'
	t -X -j1 -C , --header : echo {y}{x} <<<$'x,y\n1,2\n3,4'
	assert_ok '21 43'
	t -X -j1 /bin/echo {2}{1} ::: 1 2 ::: a
	assert_ok 'a1 a2'
}

@test "without a command, items together are one" {
	t -N2 ::: echo a echo b
	assert_ok $'a\nb'
}

@test "-s is what a command stays below" {
	same -s 20 -j1 -m echo
	same -s 20 -j1 -X echo a{}b
	same -s 14 -j1 --xargs echo
	t -s 11 -j1 -m --dry-run echo ::: 'a b' c d
	assert_ok $'echo \'a b\'\necho c d'
}

# longest OPTIONS -- COMMAND: jobs of so many of the values as fit are what
# muster packs, when each job is made by itself.
longest() {
	local -a job=() options=()
	local value line kept=

	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	: >want
	for value in "${values[@]}"; do
		line=$(muster -j1 --dry-run "${options[@]}" -- "$@" \
			::: "${job[@]}" "$value")
		if [ "${#line}" -ge 70 ] || [[ $line = *$'\n'* ]]; then
			printf '%s\n' "$kept" >>want
			job=()
			line=$(muster -j1 --dry-run "${options[@]}" -- "$@" \
				::: "$value")
		fi
		job+=("$value")
		kept=$line
	done
	printf '%s\n' "$kept" >>want
	muster -j1 --dry-run -s 70 "${options[@]}" -- "$@" \
		::: "${values[@]}" >got
	diff want got
}

@test "-s: as many as fit, whatever they look like" {
	values=(1 22 if a.b 'x y' done /etc/passwd '' "it's" 333 abcdef -- 1
		"a'b" then x/y/z 4444 '$HOME' '"' 5 6 7 8 9 10 '~' end)
	longest -m -- echo
	longest -X -- 'a{}b x{}'
	longest -N 3 -- 'echo {1} echo {}'
	longest -m -- 'echo {} >{}.x "{}" '"'"'{}'"'"
	longest -m -- 'echo 2{} {/}'
	longest -m -q -- echo 'a b{}' {}
	longest -X -- 'echo `echo {}` # {}'
	longest -m -- echo '{= $_ = length =}{}'
}

@test "-s: as many as fit, where they do not add up" {
	values=(1 22 '' if a.b 'x y' "it's" /etc/passwd 333 abcdef 1 2 '~'
		x/y/z 4444 then '$HOME' '"' 5 6 7 8 9 10 end)
	longest -N 4 -- 'echo {1}/{} {-1}'
	longest -N 3 -- 'echo {1} {3}'
	longest -m -q -- echo '{}c d' "it's {}"
	longest -X -q -- echo 'a b{}c d'
	longest -m -- 'cat {= uq =}>o'
	longest -X -- 'echo $x{= uq; s/y// =}'
	longest -m -- 'echo {= $_ = $arg[1] =} {= $_ = @arg =}'
}

@test "-s: what is too long behind others is refused alone" {
	local long

	long=$(printf %070d 0)
	run -255 --separate-stderr muster -j1 --dry-run -s 70 -N 2 \
		'echo {-1}{-1}' ::: a "$long" b
	assert_output $'echo aa\necho bb'
	assert_stderr_has 'value 2: its command would be too long (145 bytes'
	run -255 --separate-stderr muster -j1 --dry-run -s 70 -N 3 \
		'echo {1}{1} {3}' ::: a b "$long" c d
	assert_output $'echo aa \necho cc '
	assert_stderr_has 'value 3: its command would be too long'
	run -255 --separate-stderr muster -j1 --dry-run -x -s 70 -N 2 \
		'echo {-1}{-1}' ::: a "$long" b
	assert_output 'echo aa'
	# Nor does what had been read behind it come.
	run -255 --separate-stderr muster -j1 --dry-run -x -s 70 -m \
		'echo {= uq; s/.*// if /^a/ =}x' ::: 1 a "$long" {100..140}
	assert_output 'echo 1 x'
}

@test "the system's limit is kept, whatever expressions make of values" {
	local jobs

	jobs=$({ echo 1; echo a; seq 1000 40000; } |
		muster -j1 -m 'echo {= uq; s/.*// if /^a/ =}x' | wc -l)
	[ "$jobs" -ge 2 ]
	[ "$jobs" -le 3 ]
}

@test "an item that is too long fails, the others are run" {
	t -s 12 echo ::: a bbbbbbbbbb c
	assert_status 255
	assert_output $'a\nc'
	assert_stderr_has 'value 2: its command would be too long'
	t -s 12 -X -j1 echo <<<$'a\nbbbbbbbbbb\nc'
	assert_status 255
	assert_output $'a\nc'
	assert_stderr_has 'standard input: item 2: its command would be too'
}

@test "-x gives up there" {
	t -x -s 12 echo ::: a bbbbbbbbbb c
	assert_status 255
	assert_output a
	assert_stderr_has 'value 2: its command would be too long'
}

@test "full commands run before the input ends" {
	mkfifo in
	muster -X -s 12 -j 1 'touch' <in &
	exec 5>in
	printf '%s\n' a b c d e >&5
	wait_until test -e a
	exec 5>&-
	wait $!
	[ -e e ]
}

@test "a hundred thousand items, none lost, and the system's limit kept" {
	seq 100000 >want
	seq 100000 | muster -m -j 2 echo | tr ' ' '\n' | cmp - want
	seq 100000 | muster --xargs /bin/echo | tr ' ' '\n' | cmp - want
	[ "$(muster --xargs echo <want | wc -l)" -lt 10 ]
}

@test "tasks stay alone" {
	printf '%s\n' x y >tasks
	t -j1 -X --tasks tasks echo ::: 1 2
	assert_ok $'x\ny\n1 2'
}

@test "what is wrong with these options" {
	t -n x echo ::: a
	assert_usage_error "-n: 'x' is not a number"
	t -N x echo ::: a
	assert_usage_error "-N: 'x' is not a number"
	t -L 0 echo ::: a
	assert_usage_error "-L: '0' is not a number of lines from 1 on"
	t --max-chars x echo ::: a
	assert_usage_error "--max-chars: 'x' is not a number"
	t -s
	assert_usage_error "option '-s' needs an argument"
}

@test "the limit counts the longest number that a slot may have" {
	seq 400 >in
	# 12 slots: with a number of two digits the command has 40 bytes at most.
	muster -j12 --min 12 -s 40 -m 'sleep 0.05; echo {%}a {}' <in >out
	[ "$(xargs -n1 <out | grep -vc a)" -eq 400 ] || fail_with "$(cat out)"
	muster -j12 --min 12 -s 40 -m --dry-run 'sleep 0.05; echo {%}a {}' <in |
		awk 'length($0) + 1 > 40 { exit 1 }'
}

@test "@arg: what asks for one of many does not list them all" {
	seq 20000 >in
	t -j1 --dry-run -m 'echo {= $_ = $arg[-1] =}' <in
	[ "$(tr ' ' '\n' <<<"$output" | grep -c 20000)" -gt 1000 ]
	t -j1 --dry-run -n 20000 'echo {= $_ = @arg =}' <in
	[ "$(tr ' ' '\n' <<<"$output" | grep -c 20000)" -eq 0 ]
}
