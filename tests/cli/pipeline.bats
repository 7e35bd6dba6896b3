#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# --then: a command behind the command, in a pool of its own.

load ../helpers/common

setup() {
	common_setup
}

@test "--then runs for each input, output by input and stage" {
	t -j 4 --then 'echo two {}' --then 'echo three {}' echo one ::: a b
	assert_ok $'one a\ntwo a\nthree a\none b\ntwo b\nthree b'
}

@test "an input does not wait for others" {
	t -j 2 --then 'echo {} >up.{}; echo two {}' \
		'case {} in a) await up.b;; esac; echo one {}' ::: a b
	assert_ok $'one a\ntwo a\none b\ntwo b'
}

@test "the template of a later stage without {} has the value behind it" {
	t --then 'echo two' echo one ::: 'a  b'
	assert_ok $'one a  b\ntwo a  b'
}

@test "all replacement strings are known, {#} is the input's number" {
	t -j 1 --then 'echo {#} {1/.} {2}' echo {#} ::: d/x.c d/y.c ::: 7
	assert_ok $'1\n1 x 7\n2\n2 y 7'
}

@test "command lines as input" {
	t --then 'echo ran: {}' ::: 'echo a' 'echo b'
	assert_ok $'a\nran: echo a\nb\nran: echo b'
}

@test "a failure ends the input's way, and counts once" {
	t --then 'echo two {}; test {} != b' --then 'echo three {}' \
		'echo one {}; test {} != a' ::: a b c
	assert_status 2
	assert_output $'one a\none b\ntwo b\none c\ntwo c\nthree c'
}

@test "the joblog numbers jobs by input and stage" {
	t -j 1 --joblog log --then 'true 2' 'test {} = b #' ::: a b
	assert_status 1
	assert_equal "$(tail -n +2 log | sort -n | cut -f 1,7,9)" \
		$'1\t1\ttest a = b #\n3\t0\ttest b = b #\n4\t0\ttrue 2 b'
}

# Each job waits until so many of its stage are up.
@test "each stage has the bounds given before it" {
	t -j 3 --then ': >b.{}; await b.1; await b.2; await b.3; ls b.* | wc -l' -j 1 \
		': >a.{}; ls a.* | wc -l; rm a.{}' ::: 1 2 3
	assert_ok $'1\n3\n1\n3\n1\n3'
}

@test "--min of a stage above its --max" {
	t --min 3 -j 2 --then true -j 5 true ::: a
	assert_usage_error '--min 3 is more than the maximum of 2'
}

@test "a slow stage holds up the one before it" {
	start muster -j 1 --queue-size 2 --then 'await go; echo {}' \
		'echo {} >>log #' ::: 1 2 3 4 5 6 7 8 9
	# One is held by the second stage, two wait, one has no room.
	wait_until has_lines log 4
	: >go
	finish
	assert_equal "$status" 0
	assert_file_is out $'1\n2\n3\n4\n5\n6\n7\n8\n9\n'
}

@test "few descriptors and three stages" {
	without_valgrind
	status=0
	seq 30 >list
	(
		ulimit -n 20
		exec muster -j 3 --min 3 --then 'echo B {}' --then 'echo C {}' \
			'echo A {}' <list >out 2>err
	) || status=$?
	assert_equal "$status" 0
	sed 's/.*/A &\nB &\nC &/' list | cmp - out
}

@test "retries and timeouts hold for every stage" {
	t --retries 3 --then 'echo x >>tries; test $(wc -l <tries) = 3 #' \
		true ::: a
	assert_status 0
	assert_equal "$(wc -l <tries)" 3
	t --timeout $((3 * MUSTER_TEST_SLOW)) --then 'exec sleep 1000 #' \
		': >first #' ::: a
	assert_status 1
	[ -e first ]
}

@test "--halt now stops all stages" {
	t --halt now,fail=1 -j 2 \
		--then 'test {} = a && await up; exit 3' \
		'test {} = a || { : >up; exec sleep 1000; }' ::: a b
	assert_status 3
}

@test "--dry-run shows every stage" {
	t --dry-run --then 'gzip {}.wav' 'sox {}' ::: a
	assert_ok $'sox a\ngzip a.wav'
}

@test "an empty command is an error" {
	t --then '' true ::: a
	assert_usage_error '--then: an empty command'
}

@test "SIGTERM lets what runs end and starts no later stage" {
	start muster --then 'echo two' ': >up; await go; echo one #' ::: a
	wait_until test -e up
	kill -TERM "$pid"
	: >go
	finish
	assert_equal "$status" 1
	assert_file_is out $'one\n'
}

@test "many inputs through three stages" {
	seq 300 >in
	t -j 3 --then 'echo b{}' --then 'echo c{}' 'echo a{}' :::: in
	for i in $(seq 300); do
		printf 'a%d\nb%d\nc%d\n' "$i" "$i" "$i"
	done >want
	assert_status 0
	printf '%s\n' "$output" | cmp - want
}
