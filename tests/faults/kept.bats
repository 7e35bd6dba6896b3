# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --journal and --output when jobs have ended whose output still waited for its
# turn: none of them runs again, and FILE is that of an unbroken run. The sweeps
# over each write are in cli/journal_crash.bats.

load ../helpers/common
load ../helpers/disk
load ../helpers/faults

# Writes down who ran; the first one waits for the file go.
job='echo {} >>ran; [ {} != 1 ] || await go; echo out {}; echo err {} >&2'

# broken N ARG...: muster with a journal, killed when N jobs have ended and the
# first one runs.
broken() {
	local n=$1 before

	shift
	before=$(grep -cx 1 ran 2>/dev/null) || before=0
	start muster --journal j --output o --resume "$@"
	wait_until ended "$n"
	wait_until first_runs "$before"
	kill -"${signal-KILL}" "$pid"
	finish
	: >go
	end_what_is_left
}

first_runs() {
	[ "$(grep -cx 1 ran)" -gt "$1" ]
}

ended() {
	[ "$(events j end)" -ge "$1" ]
}

# whole ARG...: the rest of it; FILE is then that of a run without a break.
whole() {
	t --journal j --output o --resume "$@"
	cp ran ran.both
	muster --output o.whole "$@" 2>err.whole || :
	cmp o o.whole
	mv ran.both ran
}

each_once() {
	assert_equal "$(sort -n ran | xargs)" "$*"
}

@test "killed while the first one runs: the others do not run again" {
	broken 4 -j 5 "$job" ::: 1 2 3 4 5
	[ ! -s o ]
	whole -j 5 "$job" ::: 1 2 3 4 5
	assert_status 0
	assert_equal "$(sort -n ran | xargs)" '1 1 2 3 4 5'
	assert_stderr_has $'err 1\nerr 2\nerr 3\nerr 4\nerr 5\n'
	assert_stderr_has '4 jobs skipped, 0 new'
	[ ! -e o.kept ]
}

@test "killed twice: what is kept is kept" {
	broken 3 -j 5 "$job" ::: 1 2 3 4
	rm go
	broken 5 -j 2 "$job" ::: 1 2 3 4 5 6
	assert_equal "$(events j kept)" 3
	whole -j 5 "$job" ::: 1 2 3 4 5 6
	assert_equal "$(sort -n ran | xargs)" '1 1 1 2 3 4 5 6'
	[ ! -e o.kept ]
}

@test "interrupted: what had ended does not run again" {
	half='echo {} >>ran; echo half {}; [ {} != 1 ] || { : >up; await go; }
		echo out {}'
	start muster -j 4 --journal j --output o "$half" ::: 1 2 3 4
	await up
	wait_until ended 3
	kill -INT "$pid"
	finish
	: >go
	# What it printed is there, and with it all that came behind.
	assert_equal "$(head -n 2 o | xargs)" 'half 1 half 2'
	[ -e o.kept ]
	whole -j 4 "$half" ::: 1 2 3 4
	assert_equal "$(sort -n ran | xargs)" '1 1 2 3 4'
	[ ! -e o.kept ]
}

@test "interrupted, and nothing had been printed by those who ran" {
	for signal in INT TERM; do
		rm -f j o ran go
		broken 3 -j 4 --grace 0 "$job" ::: 1 2 3 4
		assert_equal "$(xargs <o)" 'out 2 out 3 out 4'
		assert_equal "$(events j gap)" 1
		[ -e o.kept ]
		whole -j 4 "$job" ::: 1 2 3 4
		assert_equal "$(sort -n ran | xargs)" '1 1 2 3 4'
		[ ! -e o.kept ]
	done
}

@test "interrupted before others began: what is behind them comes behind them" {
	cat >jobs <<-'END'
		echo 1 >>ran; await go; echo out 1
		echo 2 >>ran; await go; echo out 2 #muster: priority=low
		echo 3 >>ran; echo out 3 #muster: priority=high
		echo 4 >>ran; : >up; await go; echo out 4 #muster: priority=high
	END
	for signal in TERM HUP INT; do
		rm -f j o ran go up
		# With a percentage nothing begins before all is read.
		start muster -j 2 --halt soon,fail=100% --journal j --output o -a jobs
		await up
		wait_until ended 1
		kill -"$signal" "$pid"
		# With the others, what runs may end.
		[ "$signal" = INT ] || : >go
		finish
		: >go
		end_what_is_left
		whole -j 2 -a jobs
		assert_equal "$(xargs <o)" 'out 1 out 2 out 3 out 4'
		[ ! -e o.kept ]
	done
}

@test "to a pipe: nothing that was delivered is run again for the order" {
	cat >jobs <<-'END'
		echo 1 >>ran; await go; echo out 1
		echo 2 >>ran; echo out 2 #muster: priority=low
		echo 3 >>ran; echo out 3 #muster: priority=high
		echo 4 >>ran; echo out 4 #muster: priority=high
		echo 5 >>ran; : >up; await go; echo out 5 #muster: priority=high
	END
	mkfifo o
	cat o >first 3>&- &
	# With a percentage nothing begins before all is read.
	start muster -j 2 --halt soon,fail=100% --journal j --output o -a jobs
	await up
	wait_until ended 2
	kill -INT "$pid"
	finish
	: >go
	end_what_is_left
	wait_until file_has first 'out 4'
	cat o >second 3>&- &
	t -j 2 --journal j --output o -a jobs --resume
	assert_status 0
	wait_until file_has second 'out 5'
	assert_equal "$(xargs <first)" 'out 3 out 4'
	assert_equal "$(xargs <second)" 'out 1 out 2 out 5'
	assert_equal "$(grep -c '^[34]$' ran)" 2
}

@test "failed ones count as failed, and are run again if that is asked for" {
	bad="$job; [ {} != 3 ] || [ -e good ]"
	broken 3 -j 4 "$bad" ::: 1 2 3 4
	t -j 4 --journal j --output o --resume "$bad" ::: 1 2 3 4
	assert_status 0
	assert_stderr_has '3 jobs skipped, 1 of them failed'
	assert_file_is o $'out 1\nout 2\nout 3\nout 4\n'
	rm j o ran go
	broken 3 -j 4 "$bad" ::: 1 2 3 4
	: >good
	t -j 4 --journal j --output o --resume-failed "$bad" ::: 1 2 3 4
	assert_status 0
	assert_file_is o $'out 1\nout 2\nout 3\nout 4\n'
	assert_equal "$(sort -n ran | xargs)" '1 1 2 3 3 4'
	[ ! -e o.kept ]
}

@test "--retry-failed: what is kept comes out, what failed runs" {
	bad="$job; [ {} != 3 ] || [ -e good ]"
	broken 3 -j 4 "$bad" ::: 1 2 3 4
	: >good
	t -j 4 --journal j --output o --retry-failed
	assert_status 0
	assert_equal "$(sort -n ran | xargs)" '1 1 2 3 3 4'
	assert_equal "$(sort o | xargs)" 'out 1 out 2 out 3 out 4'
	[ ! -e o.kept ]
}

@test "more than memory takes, of several at once" {
	big='echo {} >>ran; [ {} != 1 ] || await go
		seq {}00000 | head -c {}000001'
	broken 3 -j 4 --output-memory 4k "$big" ::: 1 2 3 4
	whole -j 2 --output-memory 4k "$big" ::: 1 2 3 4
	assert_equal "$(sort -n ran | xargs)" '1 1 2 3 4'
	[ ! -e o.kept ]
}

@test "three hundred of them" {
	seq 300 >in
	MUSTER_TEST_LIMIT=60 broken 299 -j 3 -a in "$job"
	assert_equal "$(stat -c %a o.kept)" 600
	# Close together, whatever blocks a file system has.
	[ "$(stat -c %s o.kept)" -lt 30000 ]
	t -j 3 -a in --journal j --output o --resume "$job"
	assert_equal "$(sort -n ran | uniq -c | awk '$1 > 1' | xargs)" '2 1'
	sed 's/^/out /' in | cmp - o
}

@test "the place of what has been written is used again" {
	# Each waits for the one before it to be out: little is kept at a time.
	muster -j 4 --journal j --output o --output-memory 1k \
		'head -c 300000 /dev/zero; stat -c %b o.kept >b{}' ::: {1..40}
	assert_equal "$(stat -c %s o)" 12000000
	[ ! -e o.kept ]
	# In blocks of 512; all of it would be 23000.
	[ "$(cat b?? | sort -n | tail -n 1)" -lt 15000 ]
}

@test "in order of completion" {
	broken 3 -j 4 --no-keep-order "$job" ::: 1 2 3 4
	t -j 4 --no-keep-order --journal j --output o --resume "$job" \
		::: 1 2 3 4
	assert_equal "$(sort -n ran | xargs)" '1 1 2 3 4'
	assert_equal "$(sort o | xargs)" 'out 1 out 2 out 3 out 4'
}

@test "tags and colours are those of then" {
	for how in --tag '--tagstring {#}-{}' '--color --tag' --color-failed; do
		rm -f j o ran go
		# shellcheck disable=SC2086
		broken 3 -j 4 $how "$job" ::: 1 2 3 4
		# shellcheck disable=SC2086
		whole -j 4 $how "$job" ::: 1 2 3 4
		assert_equal "$(sort -n ran | xargs)" '1 1 2 3 4'
	done
	rm -f j o ran go
	broken 3 -j 4 --tagstring 'slot{%}' "$job" ::: 1 2 3 4
	t -j 4 --tagstring 'slot{%}' --journal j --output o --resume "$job" \
		::: 1 2 3 4
	grep -v 'out 1' o >rest
	assert_equal "$(grep -c '^slot[1-4]' rest)" 3
}

@test "a line taken out of the list: its output is kept for when it is back" {
	broken 3 -j 4 "$job" ::: 1 2 3 4
	t --journal j --output o --resume "$job" ::: 1 2 4
	assert_file_is o $'out 1\nout 2\nout 4\n'
	[ -e o.kept ]
	t --journal j --output o --resume "$job" ::: 1 2 3 4
	assert_file_is o $'out 1\nout 2\nout 4\nout 3\n'
	assert_equal "$(sort -n ran | xargs)" '1 1 2 3 4'
	[ ! -e o.kept ]
}

@test "what was kept is gone, or another's, or short, or wrong: those run again" {
	for loss in 'rm o.kept' 'truncate -s 4097 o.kept' ': >o.kept' \
		'sed -i "2,\$s/out/OUT/" o.kept' \
		'truncate -s 4096 o.kept; truncate -s 9999 o.kept' \
		'muster --journal k --output p echo ::: a; head -c 4096 p >o.kept
		printf "muster kept output 1 0123456789abcdef\n" >o.kept
		truncate -s 9999 o.kept'; do
		rm -f j o ran go k p
		broken 3 -j 4 "$job" ::: 1 2 3 4
		eval "$loss"
		whole -j 4 "$job" ::: 1 2 3 4
		assert_status 0
		[ "$(sort -u ran | xargs)" = '1 2 3 4' ]
		[ ! -e o.kept ]
	done
}

@test "an earlier run that is not resumed: what it kept is nobody's" {
	broken 3 -j 4 "$job" ::: 1 2 3 4
	t -j 4 --journal j --output o echo ::: a b
	assert_file_is o $'a\nb\n'
	[ ! -e o.kept ]
}

@test "a mistake on the command line costs nothing" {
	broken 3 -j 4 "$job" ::: 1 2 3 4
	t --journal j --output o --control /nowhere/s "$job" ::: 1
	own_error
	whole -j 4 "$job" ::: 1 2 3 4
	assert_equal "$(sort -n ran | xargs)" '1 1 2 3 4'
}

@test "something in its place is left alone, and no link is followed" {
	echo precious >o.kept
	t --journal j --output o echo ::: a
	own_error "'o.kept' is in the way"
	assert_file_is o.kept $'precious\n'
	rm o.kept
	echo precious >target
	ln -s target o.kept
	t --journal j --output o echo ::: a
	own_error o.kept
	assert_file_is target $'precious\n'
	rm o.kept
	mkdir o.kept
	t --journal j --output o echo ::: a
	own_error o.kept
	rmdir o.kept
	mkfifo o.kept
	t --journal j --output o echo ::: a
	own_error o.kept
}

@test "a file that is none: nothing is kept, nothing is in the way" {
	t --journal j --output /dev/null echo ::: a
	assert_status 0
	[ ! -e /dev/null.kept ]
	refute grep -q '"kept"' j
}

@test "it can't be written: 255, and the run goes on later" {
	needs_faultlib
	for n in 2 3 4; do
		rm -f j o ran
		f write@/o.kept:$n:ENOSPC:from -j 1 --journal j --output o \
			"echo {} >>ran; echo out {}" ::: 1 2 3 4
		own_error "'o.kept': No space left"
		[ -e hit ]
		t -j 1 --journal j --output o --resume \
			"echo {} >>ran; echo out {}" ::: 1 2 3 4
		assert_status 0
		assert_file_is o $'out 1\nout 2\nout 3\nout 4\n'
		each_once 1 2 3 4
	done
}

@test "a disk that is full of what is kept: 255, and the run goes on later" {
	status=0
	on_disk 400k muster -j 2 --journal j --output full/o 'echo {} >>ran
		[ {} != 1 ] || until [ -s err ] || [ -e go ]; do sleep 0.05; done
		seq {} 30000; [ {} != 9 ] || : >go' ::: 1 2 3 4 5 6 7 8 9 \
		2>err || status=$?
	assert_equal "$status" 255
	assert_file_has err "muster: --output: '"
	[ ! -e go ]
}

# Whose output the writer takes as soon as nothing can be kept any more.
@test "a disk that fills up with what the first job prints" {
	status=0
	on_disk 600k muster --journal j --output full/o --output-memory 64K \
		-j1 'head -c 3000000 /dev/zero; : {}' ::: a b 2>err || status=$?
	assert_equal "$status" 255
	assert_file_has err "muster: --output: '"
}

@test "no right to make it: 255, nothing run" {
	needs_faultlib
	f open@o.kept:2:EACCES --journal j --output o 'echo {} >>ran' ::: 1
	own_error "can't make 'o.kept'"
	[ ! -e ran ]
}

@test "it can't be read back: 255, and the run goes on later" {
	needs_faultlib
	broken 3 -j 4 "$job" ::: 1 2 3 4
	f read@/o.kept:8:EIO -j 4 --journal j --output o --resume "$job" \
		::: 1 2 3 4
	assert_status 255
	assert_stderr_has "muster: --output: 'o': Input/output error"
	whole -j 4 "$job" ::: 1 2 3 4
	assert_status 0
	assert_equal "$(sort -n ran | xargs)" '1 1 2 3 4'
}

@test "FILE fills up while others have ended: they do not run again" {
	needs_faultlib
	mkdir d
	ln -s d/real o
	f write@/d/real:1:ENOSPC:from -j 2 --journal j --output o \
		'echo {} >>ran; echo out {}' ::: 1 2 3 4
	own_error 'No space left'
	whole -j 2 'echo {} >>ran; echo out {}' ::: 1 2 3 4
	assert_status 0
	each_once 1 2 3 4
}

@test "--then: a pipeline that is over does not run again" {
	first='echo {} >>ran; echo one {}; [ {} != 1 ] || await go'
	second='echo {} >>ran2; echo two {}; [ {} != 3 ] || false'
	broken 6 -j 4 --then "$second" "$first" ::: 1 2 3 4
	t -j 4 --journal j --output o --resume --then "$second" "$first" \
		::: 1 2 3 4
	assert_file_is o "$(printf 'one %s\ntwo %s\n' 1 1 2 2 3 3 4 4)"$'\n'
	assert_equal "$(sort -n ran | xargs)" '1 1 2 3 4'
	assert_equal "$(sort -n ran2 | xargs)" '1 2 3 4'
	[ ! -e o.kept ]
}

# The first job's second stage is what is broken.
broken_between() {
	first='echo {} >>ran; echo one {}'
	second='[ {} != 1 ] || await go; echo two {}'
	broken 5 -j 4 --then "$second" "$first" ::: 1 2 3
	t -j 4 --journal j --output o --resume --then "$second" "$first" \
		::: 1 2 3
	assert_file_is o "$(printf 'one %s\ntwo %s\n' 1 1 2 2 3 3)"$'\n'
	assert_equal "$(sort -n ran | xargs)" '1 1 2 3'
	[ ! -e o.kept ]
}

@test "--then: killed between two stages, the pipeline begins again" {
	broken_between
}

@test "--then: interrupted between two stages" {
	signal=INT
	broken_between
}
