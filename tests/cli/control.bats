# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --control: a run that is watched and steered while it goes on.

load ../helpers/common

setup() {
	local real

	common_setup
	real=$(realpath "${MUSTER_TEST_REAL-$MUSTER}")
	ln -s "${real%/*}/musterctl" "$BATS_TEST_TMPDIR/bin/musterctl"
	# Jobs that must not run side by side: "alone WORD" writes it to the
	# file order, and fails when another one is at it.
	cat >"$BATS_TEST_TMPDIR/bin/alone" <<-'END'
		#!/bin/sh
		mkdir lock || exit 1
		echo "$1" >>order
		rmdir lock
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/alone"
}

# steered ARG...: starts muster ARG... with a socket.
# The socket is there a moment before anybody listens.
listens() {
	[ -S run.sock ] && musterctl run.sock status >/dev/null 2>&1
}

steered() {
	start muster --control run.sock "$@"
	wait_until listens
}

ctl() {
	musterctl run.sock "$@"
}

# c REQUEST...: its results in $status, $output and $stderr.
c() {
	run --separate-stderr musterctl run.sock "$@"
}

# has KEY VALUE: is that in the run's status?
has() {
	ctl status --json | grep -qF "\"$1\":$2,"
}

await_status() {
	wait_until has "$@"
}

# The jobs, as "SEQ STATE" in the order of SEQ.
states() {
	ctl jobs --json |
		sed 's/.*"jobs":\[//; s/},{/}\n{/g' |
		sed -n 's/.*"seq":\([0-9]*\),"state":"\([a-z]*\)".*/\1 \2/p' |
		sort -n
}

assert_refused() {
	assert_status 1 && assert_output '' && assert_stderr_has "$1"
}

# status, jobs

@test "status has the counts of jobs and workers" {
	steered -j 2 ::: 'await go' 'await go' true true false
	await_status running 2
	await_status input_ended true
	ctl status --json >json
	assert_file_has json '{"ok":true,"version":"'
	assert_file_has json "\"pid\":$pid,"
	assert_file_has json '"paused":false,"stopping":"no"'
	assert_file_has json '"submitted":5,"queued":3,"held":0,"delayed":0,'
	assert_file_has json '"running":2,"done":0,"failed":0,"cancelled":0,'
	assert_file_has json '"min":1,"max":2,'
	assert_file_has json '"workers":2,"busy":2,"idle":0}'
	assert_equal "$(wc -l <json)" 1
	: >go
	finish
	assert_equal "$status" 1
}

@test "status counts what is over" {
	steered -j 1 ::: true false 'exit 2' 'await go'
	await_status done 3
	has failed 2
	: >go
	finish
	assert_equal "$status" 2
}

@test "jobs lists what runs and what waits" {
	steered -j 2 'await go{}; echo' ::: 1 2 3 4
	await_status running 2
	await_status queued 2
	assert_equal "$(states)" $'1 running\n2 running\n3 queued\n4 queued'
	ctl jobs --json >json
	assert_file_has json '"command":"await go1; echo"'
	assert_file_has json '"state":"queued","priority":0,"tries":0,"comm'
	assert_file_has json '"command":"await go4; echo"}]}'
	grep -E '"slot":[12],"priority":0,"tries":1,"elapsed":[0-9.]*,' json
	touch go1 go2 go3 go4
	finish
}

@test "commands are listed as visible text" {
	printf '%b\0' 'await go; : "\n\t\0033\0303\0244\0377"' >jobs
	steered -0 -a jobs
	await_status running 1
	ctl jobs --json >json
	assert_file_has json 'await go; : \"\\n\\t\\x1Bä\\xFF\"'
	: >go
	finish
	assert_equal "$status" 0
}

@test "status and jobs for people" {
	musterctl --version >version
	steered -j 1 ::: 'await go' 'true x'
	await_status running 1
	await_status queued 1
	ctl status >lines
	ctl jobs >table
	if grep -q '^With: jansson' version; then
		assert_file_has lines $'running: 1'
		assert_file_has lines $'paused: no'
		grep -x 'elapsed: [0-9.]*s' lines
		assert_equal "$(tr -s ' ' <table | sed 's/ *[0-9.]*s / /')" \
"SEQ STATE SLOT TRIES PRIORITY ELAPSED COMMAND
 1 running 1 1 0 await go
 2 queued 0 0 true x"
	else
		assert_file_has lines '{"ok":true,'
		assert_file_has table '{"ok":true,"jobs":[{"seq":1,'
	fi
	: >go
	finish
}

# scale

both='touch up{}; await up1; await up2'

@test "scale: more run at once" {
	steered -j 1 "$both" ::: 1 2
	wait_until test -e up1
	ctl scale 1 2
	finish
	assert_equal "$status" 0
}

@test "scale: fewer run at once, and none is ended for it" {
	steered -j 3 ::: 'await go' 'await go' 'await go' \
		'alone 4' 'alone 5' 'alone 6' 'alone 7' 'alone 8'
	await_status running 3
	ctl scale 1 1
	has max 1
	has running 3
	: >go
	finish
	assert_equal "$status" 0
	assert_equal "$(sort order | tr '\n' ' ')" '4 5 6 7 8 '
}

@test "scale: a higher minimum starts workers" {
	steered -j 1 ::: 'await go'
	ctl scale 5 9
	await_status workers 5
	: >go
	finish
}

@test "scale: wrong bounds are refused" {
	steered -j 2 ::: 'await go'
	c scale 3 2
	assert_refused 'scale: MIN 3 is more than MAX 2'
	c scale 1 0
	assert_refused "scale: MAX: '0' is not a whole number from 1 to"
	c scale 0 1
	assert_refused "scale: MIN: '0' is not"
	c scale 1 1000001
	assert_refused "scale: MAX: '1000001' is not"
	c scale 1
	assert_refused 'usage: scale MIN MAX'
	c scale one two
	assert_refused "scale: MIN: 'one' is not"
	has max 2
	: >go
	finish
}

@test "scale: a job file that stays as it is changes nothing back" {
	echo 1 >number
	steered -j number "$both" ::: 1 2
	wait_until test -e up1
	ctl scale 1 2
	finish
	assert_equal "$status" 0
}

# pause, resume

@test "pause: what runs goes on, nothing is started until resume" {
	steered -j 1 ::: 'await go' 'touch second'
	await_status running 1
	await_status queued 1
	ctl pause
	has paused true
	: >go
	await_status done 1
	sleep 0.2
	[ ! -e second ]
	has running 0
	has queued 1
	ctl resume
	finish
	[ -e second ]
	assert_equal "$status" 0
}

@test "pause: SIGTERM ends a paused run" {
	steered -j 1 ::: 'await go' 'touch second'
	await_status running 1
	ctl pause
	: >go
	await_status done 1
	kill -TERM "$pid"
	finish
	[ ! -e second ]
	assert_equal "$status" 1
}

# stop

@test "stop: as SIGTERM, running jobs may end" {
	steered -j 1 ::: 'await go; echo one' 'echo two'
	await_status running 1
	ctl stop
	await_status stopping '"drain"'
	: >go
	finish
	assert_equal "$status" 1
	assert_file_is out $'one\n'
}

@test "stop: the second one ends running jobs" {
	steered -j 1 --joblog log ::: ': >up; exec sleep 1000'
	wait_until test -e up
	ctl stop
	ctl stop
	finish
	assert_equal "$status" 1
	assert_equal "$(sed 1d log | cut -f 7,8)" $'-1\t15'
}

@test "stop: running jobs have the time of --grace" {
	steered -j 1 --grace 0 ::: ': >up; exec sleep 1000'
	wait_until test -e up
	ctl stop
	finish
	assert_equal "$status" 1
}

# kill

@test "kill: a running job is ended, logged and not tried again" {
	steered --retries 3 --joblog log ::: \
		'echo x >>tries; : >up; exec sleep 1000' 'echo other'
	wait_until test -e up
	c kill 1
	assert_status 0
	finish
	assert_equal "$status" 1
	assert_file_is out $'other\n'
	assert_equal "$(wc -l <tries)" 1
	assert_equal "$(sed 1d log | sort -n | head -n 1 | cut -f 1,7,8)" \
		$'1\t-1\t15'
}

@test "kill: a waiting job is never started and counts as failed" {
	steered -j 1 --joblog log ::: 'await go' 'touch second' 'touch third'
	await_status running 1
	await_status queued 2
	ctl kill 2
	: >go
	finish
	assert_equal "$status" 1
	[ ! -e second ]
	[ -e third ]
	assert_equal "$(sed 1d log | sort -n | cut -f 1,7 | tr '\n\t' ' :')" \
		'1:0 2:-1 3:0 '
}

@test "kill: no such job" {
	steered ::: 'await go'
	c kill 2
	assert_refused 'no job 2 runs or waits'
	c kill 0
	assert_refused "'0' is not the number of a job"
	: >go
	finish
	assert_equal "$status" 0
}

# retry

@test "retry: a failed job is run anew, its failure stays" {
	steered -j 2 ::: '[ -e ok ] || exit 5; echo fine' 'await go'
	await_status done 1
	: >ok
	c retry 1 --json
	assert_ok '{"ok":true,"seq":3,"failed":1}'
	await_status done 2
	c retry 1
	assert_refused 'no job 1 runs, waits or has failed'
	: >go
	finish
	assert_equal "$status" 1
	assert_file_is out $'fine\n'
}

@test "retry: what the job had it has again" {
	local how job

	for how in '--pipe --block 4' '--pipe --block 4 --cat' \
		'-m --max-chars 60 --colsep ,'; do
		rm -f go in
		printf '1\n2\n3\n4\n' >in
		# shellcheck disable=SC2016 # for the jobs
		case $how in
		-m*)
			job='A {1} B {2}'
			printf '%s\n' a,b c,d e,f g,h i,j k,l >in
			;;
		*--cat*) job='$(cat {} | xargs)' ;;
		*) job='$(xargs)' ;;
		esac
		# shellcheck disable=SC2086
		steered -j 1 $how "echo {#} $job; [ {#} != 2 ] || await go
			[ {#} != 1 ]" <in
		await_status failed 1
		c retry 1
		assert_status 0
		: >go
		finish
		assert_equal "$status" 1
		assert_equal "$(cut -d ' ' -f 2- out | sort | uniq -c |
			awk '$1 == 2' | wc -l)" 1
		rm -f out
	done
}

@test "retry: words that are a program, failed in a later stage" {
	muster --version | sed '/^Without/,$d' | grep -q jansson ||
		skip 'built without jansson'
	printf '{"command":["sh","-c","echo one >>ran; exit 0"]}\n%s\n' \
		'{"command":["await","go"]}' >in
	steered -j 2 --jsonl in --then 'test -e ok # {}'
	await_status failed 1
	: >ok
	c retry 2
	assert_status 0
	wait_until has_lines ran 2
	: >go
	finish
	assert_equal "$status" 1
}

@test "retry: with a journal, which can be read afterwards" {
	steered -j 2 --journal j ::: '[ -e ok ]' 'await go'
	await_status failed 1
	: >ok
	c retry 1
	await_status done 2
	: >go
	finish
	assert_equal "$status" 1
	t --journal j --resume-failed ::: '[ -e ok ]' 'await go'
	assert_status 0
	assert_stderr_has '2 jobs skipped, 0 new'
}

@test "retry: a job that never failed" {
	steered -j 1 ::: true 'await go' true
	await_status done 1
	await_status queued 1
	c retry 1
	assert_refused 'no job 1 runs, waits or has failed'
	c retry 3
	assert_refused 'job 3 waits for its first try'
	: >go
	finish
	assert_equal "$status" 0
}

@test "retry: a running job is ended and tried once more" {
	steered ::: 'echo x >>tries; mkdir up 2>/dev/null || exit 0
		: >up/now; exec sleep 1000'
	wait_until test -e up/now
	c retry 1 --json
	assert_ok '{"ok":true,"seq":1}'
	finish
	assert_equal "$status" 0
	assert_equal "$(wc -l <tries)" 2
}

# priority

@test "priority: what waits is run in another order" {
	steered -j 1 ::: 'await go' 'alone 2' 'alone 3' 'alone 4' 'alone 5'
	await_status queued 4
	ctl priority 4 high
	ctl priority 2 -5
	: >go
	finish
	assert_equal "$(tr '\n' ' ' <order)" '4 3 5 2 '
}

@test "priority: wrong ones are refused" {
	steered -j 1 ::: 'await go' true
	await_status queued 1
	c priority 1 5
	assert_refused 'job 1 is running'
	c priority 2 top
	assert_refused "priority: 'top' is not low, normal, high or"
	c priority 2 -1001
	assert_refused "priority: '-1001' is not"
	c priority 9 1
	assert_refused 'no job 9 runs or waits'
	: >go
	finish
}

# add

@test "add: its output comes in order, its outcome counts" {
	steered -j 4 ::: 'await go; echo one' 'echo two'
	await_status input_ended true
	c add 'echo three; touch go; exit 3' --json
	assert_status 0
	finish
	assert_equal "$status" 1
	assert_file_is out $'one\ntwo\nthree\n'
}

@test "add: tells the number of the job" {
	steered -j 1 ::: 'await go' true
	await_status input_ended true
	c --json add true
	assert_ok '{"ok":true,"seq":3}'
	c --json add true
	assert_ok '{"ok":true,"seq":4}'
	: >go
	finish
	assert_equal "$status" 0
}

@test "add: the run's command is applied" {
	steered -j 1 'await go; echo got {#}: {}' ::: a
	await_status input_ended true
	ctl add "b  'c" '$(d)'
	: >go
	finish
	assert_file_is out $'got 1: a\ngot 2: b  \'c $(d)\n'
}

@test "add: newlines, backslashes and options in the command" {
	steered -j 1 ::: 'await go'
	ctl add 'printf "%s\n" "a\\b"
		echo c' -- --json -h
	: >go
	finish
	assert_equal "$status" 0
	assert_file_is out $'a\\b\nc -- --json -h\n'
}

@test "add: a command with settings of its own" {
	steered -j 1 ::: 'await go'
	await_status input_ended true
	ctl add 'echo $X; cat #muster: env:X=1 id=a' >/dev/null
	ctl add 'echo after #muster: after=a' >/dev/null
	c add 'echo never #muster: after=nobody'
	c add 'echo never #muster: tiemout=3'
	assert_status 1
	assert_stderr_has "did you mean 'timeout'"
	c add '#muster: barrier'
	assert_stderr_has 'a barrier cannot be added'
	: >go
	finish
	assert_equal "$status" 255
	assert_file_is out $'1\nafter\n'
	assert_file_has err "'nobody'"
}

@test "add: a run of nothing but added jobs" {
	mkfifo in
	exec 7<>in
	start muster --control run.sock <in
	wait_until listens
	for n in 1 2 3; do
		ctl add "echo $n" >/dev/null
	done
	exec 7>&-
	finish
	assert_equal "$status" 0
	assert_file_is out $'1\n2\n3\n'
}

@test "add: nothing more when the run is being stopped" {
	steered -j 1 ::: 'await go'
	await_status running 1
	ctl stop
	await_status stopping '"drain"'
	c add 'touch more'
	assert_refused 'the run is over'
	: >go
	finish
	[ ! -e more ]
}

@test "add: hundreds at once are run once each" {
	steered -j 4 ::: 'await go'
	await_status running 1
	seq 500 | sed 's/.*/add echo & >>ran; echo &/' |
		talk run.sock >answers
	assert_equal "$(grep -c '^{"ok":true,"seq":[0-9]*}$' answers)" 500
	: >go
	finish
	assert_equal "$status" 0
	seq 500 | cmp - out
	sort -n ran | cmp - <(seq 500)
}

# The socket.

@test "the socket has mode 0600, and is gone at the end" {
	umask 000
	steered ::: 'await go'
	assert_equal "$(stat -c %a run.sock)" 600
	: >go
	finish
	[ ! -e run.sock ]
	c status
	assert_status 255
	assert_stderr_has "musterctl: cannot connect to 'run.sock': No such file"
}

@test "the socket is gone after a signal" {
	for signal in INT QUIT HUP; do
		rm -f up
		steered ::: ': >up; trap exit TERM; sleep 1000 & wait'
		wait_until test -e up
		kill -"$signal" "$pid"
		[ "$signal" != HUP ] || ctl kill 1
		finish
		[ "$status" -ne 0 ]
		[ ! -e run.sock ]
	done
}

@test "the socket is gone when nobody reads the output" {
	muster --control run.sock yes ::: a | head -n 1
	[ ! -e run.sock ]
}

@test "the socket of a run that was killed is replaced" {
	# Where it does not die with muster, it ends with the next run's job.
	steered ::: ': >up; await go'
	wait_until test -e up
	kill -KILL "$pid"
	finish
	[ -S run.sock ]
	c status
	assert_status 255
	assert_stderr_has 'Connection refused'
	steered ::: 'await go'
	await_status running 1
	: >go
	finish
	assert_equal "$status" 0
}

@test "a file that exists is an error" {
	echo precious >run.sock
	t --control run.sock touch ran ::: ''
	assert_usage_error "--control: 'run.sock' exists and is not a socket"
	assert_file_is run.sock $'precious\n'
	[ ! -e ran ]
}

@test "a socket that somebody listens on is an error" {
	steered ::: 'await go'
	t --control run.sock true ::: a
	assert_usage_error "another process listens on 'run.sock'"
	await_status running 1
	: >go
	finish
	assert_equal "$status" 0
}

@test "a path that is too long, or leads nowhere, is an error" {
	t --control "$(printf '%0200d' 0)" true ::: a
	assert_usage_error 'is too long for the path of a socket'
	t --control no/such/dir true ::: a
	assert_usage_error "--control: cannot make 'no/such/dir': No such file"
	t --control '' true ::: a
	assert_usage_error "--control: '' is not the path of a socket"
}

@test "with bad usage there is no socket" {
	t --control run.sock --min 9 -j 2 true ::: a
	assert_status 255
	[ ! -e run.sock ]
}

knows_peers() {
	muster --version | tr -s '\n ' ' ' | sed 's/Without:.*//' |
		grep -qF 'peer credentials'
}

# Where one can be somebody else: the mode keeps him out, and past the mode
# the credentials, where the system tells them.
@test "other users are refused, the owner is not" {
	steered ::: 'await go'
	if [ "$EUID" -eq 0 ]; then
		chmod 777 .
		exec 9<"$(command -v talk)"
		as_other 9 <<<status >said 2>&1 || :
		assert_file_has said 'Permission denied'
		if knows_peers; then
			chmod 666 run.sock
			as_other 9 <<<pause >said 2>&1
			assert_file_is said "$turned_away"$'\n'
		fi
	fi
	c status
	assert_status 0
	has paused false
	: >go
	finish
	assert_equal "$status" 0
}

turned_away='{"ok":false,"error":"this run belongs to another user"}'

# The directories above may be closed to others, so by what is open.
as_other() {
	setpriv --reuid 54321 --regid 54321 --clear-groups \
		"/proc/self/fd/$1" run.sock
}

# What comes in.

@test "10000 requests during a run change nothing in its result" {
	# The last job keeps the run from ending before they are answered.
	work='[ {} -lt 300 ] || await go; echo out{}; echo err{} >&2'
	work+='; [ $(({} % 7)) -gt 0 ]'
	seq 300 >jobs
	: >go
	status=0
	muster -j 3 "$work" <jobs >out1 2>err1 || status=$?
	assert_equal "$status" 42
	rm go
	steered -j 3 --joblog log "$work" <jobs
	yes status | head -n 10000 | talk run.sock >answers
	: >go
	finish
	assert_equal "$status" 42
	cmp out out1
	sort err | cmp - <(sort err1)
	assert_equal "$(grep -c '^{"ok":true,.*}$' answers)" 10000
	sed 1d log | cut -f 1 | sort -n | cmp - <(seq 300)
}

@test "junk, NUL and half a request do no harm" {
	steered ::: 'await go; echo done'
	await_status running 1
	head -c 300000 "$MUSTER_TEST_HELPERS/talk" | talk run.sock >answers
	assert_equal "$(grep -vc '^{"ok":false,"error":".*"}$' answers)" 0
	printf 'kill 1\0\npause\0 \n' | talk run.sock >answers
	assert_equal "$(sort -u answers)" \
		'{"ok":false,"error":"a request cannot hold a NUL"}'
	printf 'kill 1' | talk run.sock >answers
	assert_file_is answers ''
	has paused false
	: >go
	finish
	assert_equal "$status" 0
	assert_file_is out $'done\n'
}

@test "a request of more than 1 MiB is refused" {
	steered ::: 'await go'
	head -c 2000000 /dev/zero | tr '\0' x | talk run.sock >answers
	assert_file_is answers '{"ok":false,"error":"a request has more than 1048576 bytes"}'$'\n'
	c status
	assert_status 0
	: >go
	finish
}

@test "a client that never reads keeps nobody from ending" {
	steered -j 1 ::: 'await go'
	await_status running 1
	for n in 1 2 3; do
		yes jobs | head -n 100000 | talk -m run.sock &
	done
	c status
	assert_status 0
	: >go
	finish
	assert_equal "$status" 0
	wait
}

@test "unknown requests are refused, with the nearest" {
	steered ::: 'await go'
	c stauts
	assert_refused "unknown request 'stauts' (did you mean 'status'?)"
	c xyzzy
	assert_refused "unknown request 'xyzzy'"
	c status now
	assert_refused 'usage: status'
	c --json xyzzy
	assert_status 1
	assert_output "{\"ok\":false,\"error\":\"unknown request 'xyzzy'\"}"
	: >go
	finish
}

# musterctl

@test "musterctl: bad usage" {
	for args in '' 'run.sock' '--json' '--json run.sock' 'run.sock --json'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr musterctl $args
		assert_status 255
		assert_output ''
		assert_stderr_has 'musterctl: usage: '
	done
	c --yaml status
	assert_status 255
	assert_stderr "musterctl: unknown option '--yaml' (see musterctl --help)"
	c kill $'1\n2'
	assert_status 255
	assert_stderr_has 'holds a newline'
	c status
	assert_status 255
	assert_stderr_has "musterctl: cannot connect to 'run.sock'"
}

@test "musterctl: --help and --version" {
	run --separate-stderr musterctl --help
	assert_status 0
	assert_output_has 'Usage: musterctl '
	assert_no_stderr
	for request in status jobs scale pause resume stop kill retry \
			priority add; do
		assert_output_has "  $request"
	done
	run --separate-stderr musterctl -V
	assert_status 0
	assert_output_has 'musterctl '
	assert_equal "$(musterctl --version | head -n 1 | cut -d ' ' -f 2)" \
		"$(muster --version | head -n 1 | cut -d ' ' -f 2)"
}

@test "musterctl: the output cannot be written" {
	steered ::: 'await go'
	status=0
	ctl status --json >/dev/full 2>said || status=$?
	assert_equal "$status" 255
	assert_file_has said 'musterctl: standard output: No space left'
	: >go
	finish
}

@test "musterctl: the manual page has its requests and options" {
	page=$srcdir/man/musterctl.1
	for request in status jobs scale pause resume stop kill retry \
			priority add; do
		grep -q "^\\.It Cm $request" "$page"
	done
	for option in json help version; do
		grep -q -e "Fl -$option" "$page"
	done
}

# Where nothing is lost from sight.

@test "a job that waits for room between two stages can be seen and steered" {
	steered -j 1 --queue-size 1 --then 'await go; echo {}' \
		'echo {} >>log #' ::: 1 2 3 4
	# 2 runs, 4 waits, 6 has no room.
	has_third() {
		states | grep -qx '6 queued'
	}
	wait_until has_third
	c retry 6
	assert_refused 'job 6 waits for its first try'
	c priority 6 high
	assert_status 0
	c kill 6
	assert_status 0
	: >go
	finish
	assert_equal "$status" 1
	assert_file_is out $'1\n2\n4\n'
}

@test "jobs that never ran have their commands in log and summary" {
	steered -j 1 --joblog log --summary=all 'await go; echo' ::: a b c
	await_status queued 2
	ctl kill 2
	ctl stop
	: >go
	finish
	assert_equal "$status" 1
	assert_equal "$(cut -f 7,9 log | grep b)" $'-1\tawait go; echo b'
	grep -q '^ *3  cancelled .* await go; echo c$' err
}

# Bounds of what is added.

@test "add: refused when twice the queue waits" {
	local i

	steered -j 1 --queue-size 2 ::: 'await go'
	await_status running 1
	for i in 1 2 3 4; do
		c add "echo $i"
		assert_status 0
	done
	c add 'echo 5'
	assert_refused 'too many jobs wait'
	: >go
	finish
	assert_equal "$status" 0
	assert_file_is out $'1\n2\n3\n4\n'
}

@test "add: in a run that is resumed, not before all input has been read" {
	muster --joblog log ::: true
	mkfifo in
	exec 7<>in
	steered -j 1 --joblog log --resume -a in
	printf '%s\n' true 'exit 3' >&7
	await_status failed 1
	c add 'echo x'
	assert_refused 'a run that is resumed takes new jobs when all input'
	c retry 2
	assert_refused 'a run that is resumed takes new jobs when all input'
	echo 'await go' >&7
	await_status running 1
	exec 7>&-
	await_status input_ended true
	c add 'echo x'
	assert_ok 'seq: 4'
	: >go
	finish
	assert_equal "$status" 1
	assert_equal "$(cut -f 1,9 log | tail -n 3)" \
		$'2\texit 3\n3\tawait go\n4\techo x'
}
