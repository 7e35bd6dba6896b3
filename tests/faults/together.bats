# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --journal, --output and --resume together with what else changes how jobs are
# run or shown: either a run that was killed is gone on with exactly, or one
# line says that it can't be.

load ../helpers/common
load ../helpers/faults

# The first job waits for the file go, and says that it runs.
job='echo {} >>ran; [ {} != 1 ] || { : >up; await go; }; echo out {}'

# goes_on N ARG...: killed when N jobs have ended and the first one runs; the
# second run does that one alone.
goes_on() {
	local n=$1

	shift
	rm -f j o up go ran
	start muster --journal j --output o "$@"
	wait_until test -e up
	wait_until ends "$n"
	kill -KILL "$pid"
	finish
	end_what_is_left
	: >go
	mv ran ran.first
	t --journal j --output o --resume "$@"
	assert_status 0
	assert_equal "$(cat ran)" 1
	[ ! -e o.kept ]
}

ends() {
	[ "$(events j end)" -ge "$1" ]
}

whole() {
	assert_file_is o $'out 1\nout 2\nout 3\n'
}

@test "--latest-line" {
	goes_on 2 -j 3 --latest-line "$job" ::: 1 2 3
	assert_equal "$(sed 's/.*out/out/' o | xargs)" 'out 1 out 2 out 3'
}

@test "--files, --files0" {
	goes_on 2 -j 3 --files --tmpdir . "$job" ::: 1 2 3
	assert_equal "$(xargs cat <o | xargs)" 'out 1 out 2 out 3'
	xargs rm -f <o
	goes_on 2 -j 3 --files0 --tmpdir . "$job" ::: 1 2 3
	assert_equal "$(xargs -0 cat <o | xargs)" 'out 1 out 2 out 3'
}

@test "--compress" {
	goes_on 2 -j 3 --compress --output-memory 1 "$job" ::: 1 2 3
	whole
}

@test "--line-buffer in order, --tag, -v" {
	goes_on 2 -j 3 --line-buffer -k "$job" ::: 1 2 3
	whole
	goes_on 2 -j 3 --tag "$job" ::: 1 2 3
	assert_file_is o $'1\tout 1\n2\tout 2\n3\tout 3\n'
	goes_on 2 -j 3 -v "$job" ::: 1 2 3
	assert_equal "$(grep -c '^out' o)" 3
}

@test "--pipe, --pipe-part" {
	seq 3 >in
	block='read x; echo $x >>ran; [ $x != 1 ] || { : >up; await go; }
		echo out $x'
	goes_on 2 -j 3 --pipe-part -a in --block 1 "$block"
	whole
	rm -f j o up go ran
	start muster --journal j --output o -j 3 --pipe -N 1 "$block" <in
	wait_until test -e up
	wait_until ends 2
	kill -KILL "$pid"
	finish
	end_what_is_left
	: >go
	rm ran
	muster --journal j --output o --resume -j 3 --pipe -N 1 "$block" \
		<in 2>err
	assert_equal "$(cat ran)" 1
	whole
}

@test "--retries" {
	goes_on 4 -j 3 --retries 2 "$job; [ {} = 1 ] || [ -e t{} ] ||
		{ : >t{}; false; }" ::: 1 2 3
	whole
}

@test "jobs that wait for others" {
	cat >in <<-END
	echo a >>ran; echo out 2 # muster: id=a
	echo b >>ran; echo out 3 # muster: after=a
	END
	rm -f up go
	{
		echo "echo 1 >>ran; : >up; await go; echo out 1"
		cat in
	} >jobs
	goes_on 2 -j 3 -a jobs
	whole
}

@test "--halt: what it ended is run again, what had ended is not" {
	start muster -j 3 --journal j --output o --halt now,fail=1 \
		"$job; [ {} != 3 ] || { await up; [ -e go ]; }" ::: 1 2 3
	finish
	[ "$status" -ne 0 ]
	: >go
	cp ran ran.first
	t -j 3 --journal j --output o --resume-failed \
		"$job; [ {} != 3 ] || { await up; [ -e go ]; }" ::: 1 2 3
	assert_status 0
	assert_equal "$(sort -u o | xargs)" 'out 1 out 2 out 3'
}

@test "--sync end, --sync always" {
	for sync in end always; do
		goes_on 2 -j 3 --sync $sync "$job" ::: 1 2 3
		whole
	done
}

@test "--joblog beside it" {
	goes_on 2 -j 3 --joblog log "$job" ::: 1 2 3
	whole
	assert_equal "$(tail -n +2 log | cut -f 1 | sort | xargs)" '1 2 3'
}

@test "what can't be: a line, and nothing is run" {
	for how in '-u' '--tty' '--results r' '--line-buffer' \
		'--no-keep-order --then true'; do
		# shellcheck disable=SC2086
		t --journal j --output o $how ': >ran' ::: 1
		assert_usage_error --output
		[ ! -e ran ]
	done
}

@test "--semaphore: a journal for what it runs, and nothing to go on with" {
	for n in 1 2; do
		HOME=$PWD muster --fg --id x --journal j --output o \
			echo out $n
	done
	assert_equal "$(events j run)" 2
	assert_file_is o $'out 2\n'
	t --fg --id x --journal j --output o --resume echo out 2
	assert_usage_error '--semaphore cannot be combined with --resume'
	rm -rf "$PWD/.parallel"
}
