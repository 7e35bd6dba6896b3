# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Resume is exact: what has a whole record of success is not run again, all
# else is, after any end and with any damage to the end of a log.

load ../helpers/common
load ../helpers/faults
load ../helpers/watched

# Job N appends N to ran; those whose file bad-N is there fail.
job='echo {} >>ran; [ ! -e bad-{} ]'

ran_is() {
	assert_equal "$(sort -n ran | xargs)" "$*"
	rm ran
}

# resumed KIND ARG...: runs the job on ARG... with that log.
resumed() {
	local how=$1

	shift
	t -j 2 "$how" log --resume "$job" ::: "$@"
}

@test "a record of nothing: all is run; of all: nothing" {
	for how in --joblog --journal; do
		rm -f log
		resumed $how 1 2 3
		assert_status 0
		ran_is 1 2 3
		resumed $how 1 2 3
		assert_status 0
		[ ! -e ran ]
	done
}

@test "a log with bytes of zero at its end, as after a crash of the system" {
	for how in --joblog --journal; do
		rm -f log
		resumed $how 1 2 3
		rm ran
		head -c 4096 /dev/zero >>log
		resumed $how 1 2 3 4
		assert_status 0
		ran_is 4
		refute grep -qaP '\0' log
	done
}

@test "a log whose last record is junk" {
	for how in --joblog --journal; do
		for junk in x '{' '{"event":"end","job":3' $'3\t:\t1' \
			$'\377\376' '}{' '"'; do
			rm -f log
			resumed $how 1 2
			rm ran
			printf %s "$junk" >>log
			resumed $how 1 2 3
			assert_status 0
			ran_is 3
		done
	done
}

@test "a torn record of a success is none: that job is run again" {
	for how in --joblog --journal; do
		rm -f log
		t -j 1 $how log "$job" ::: 1 2
		rm ran
		if [ $how = --journal ]; then
			# The last end, without its last byte.
			sed -i '/"event":"finish"/d' log
		fi
		truncate -s -1 log
		resumed $how 1 2
		assert_status 0
		ran_is 2
	done
}

@test "resumed after each end: INT, TERM, HUP, KILL, halt" {
	for how in --joblog --journal; do
		for end in INT TERM HUP KILL; do
			rm -f log up go ran
			start muster -j 1 --grace 0 $how log --resume \
				'echo {} >>ran; [ {} != 2 ] || [ -e go ] ||
				{ : >up; exec sleep 1000; }' ::: 1 2 3
			wait_until test -e up
			kill -$end "$pid"
			if [ $end = HUP ]; then
				wait_until none_pending
				kill -HUP "$pid"
			fi
			finish
			[ "$status" -ne 0 ]
			: >go
			rm ran
			t -j 1 $how log --resume \
				'echo {} >>ran; [ {} != 2 ] || [ -e go ] ||
				{ : >up; exec sleep 1000; }' ::: 1 2 3
			ran_is 2 3
			end_what_is_left
		done
	done
}

@test "resumed after --halt: what was not started is run" {
	: >bad-2
	for how in --joblog --journal; do
		rm -f log
		t -j 1 $how log --halt now,fail=1 "$job" ::: 1 2 3 4
		assert_status 1
		ran_is 1 2
		rm bad-2
		t -j 1 $how log --resume-failed "$job" ::: 1 2 3 4
		assert_status 0
		ran_is 2 3 4
		: >bad-2
	done
}

@test "resumed thrice, a part each time" {
	for how in --joblog --journal; do
		rm -f log
		for n in 2 4 6; do
			resumed $how $(seq $n)
			assert_status 0
			ran_is $((n - 1)) $n
		done
	done
}

@test "a journal: the list turned round, with holes, and twice as long" {
	resumed --journal 1 2 3 4 5
	rm ran
	resumed --journal 5 4 3 2 1
	[ ! -e ran ]
	resumed --journal 5 9 3 8
	ran_is 8 9
	assert_stderr_has '2 jobs skipped'
	assert_stderr_has '2 new'
	resumed --journal {1..10}
	ran_is 6 7 10
}

@test "a joblog alone: the first difference is named, nothing is run" {
	resumed --joblog 1 2 3
	rm ran
	resumed --joblog 1 9 3
	own_error
	assert_stderr_has 2
	[ ! -e ran ]
}

@test "the status tells of this run; failed ones count until they succeed" {
	: >bad-2
	resumed --journal 1 2 3
	assert_status 1
	rm ran
	t --journal log --resume-failed "$job" ::: 1 2 3
	assert_status 1
	ran_is 2
	rm bad-2
	t --journal log --resume-failed "$job" ::: 1 2 3
	assert_status 0
	ran_is 2
	t --journal log --resume-failed "$job" ::: 1 2 3
	assert_status 0
	[ ! -e ran ]
}

@test "a log that is not ours to read, or to write: nothing is run" {
	for how in --joblog --journal; do
		mkdir -p log
		resumed $how 1
		own_error log
		[ ! -e ran ]
		rmdir log
		mkfifo log
		exec 6<>log
		status=0
		timeout 60 "$(type -P muster)" $how log --resume "$job" ::: 1 \
			>out 2>err || status=$?
		[ "$status" -ne 124 ]
		exec 6>&-
		rm -f log ran
	done
}

@test "a second run on a log that is in use is refused, and changes nothing" {
	for how in --joblog --journal; do
		rm -f up go log
		start muster $how log ': >up; await go #' ::: 1
		wait_until test -e up
		cp log before
		resumed $how 1
		own_error 'in use'
		[ ! -e ran ]
		cmp log before
		: >go
		finish
		assert_status 0
	done
}

@test "each read of the journal fails: nothing is skipped for that" {
	needs_faultlib
	resumed --journal 1 2 3
	rm ran
	for n in 1 2 3; do
		cp log log.old
		f read@/log:$n:EIO --journal log --resume "$job" ::: 1 2 3
		[ -e hit ] || break
		own_error log
		[ ! -e ran ]
		cp log.old log
	done
}

@test "a disk that is full when a run is resumed: 255, the rest later" {
	resumed --journal 1 2
	rm ran
	cp log full.log
	needs_faultlib
	f write@/log:2:ENOSPC:from -j 1 --journal log --resume "$job" ::: 1 2 3 4
	own_error 'No space left'
	rm -f ran.first
	[ ! -e ran ] || mv ran ran.first
	resumed --journal 1 2 3 4
	assert_status 0
	[ "$(sort -u ran ran.first 2>/dev/null | xargs)" = '3 4' ]
}

# cuts FILE: the sizes to cut it to: all, or some that are spread over the bytes
# of its lines.
cuts() {
	local step=53

	[ "${MUSTER_TEST_LONG-}" != 1 ] || step=1
	seq 0 $step "$(stat -c %s "$1")"
}

# lacking KIND: which of the jobs 1 to 4 have no whole record of an end in the
# file log.
lacking() {
	local whole

	# Without a line that has lost its newline.
	whole=$(cat log)
	[ -z "$(tail -c 1 log)" ] || whole=$(sed '$d' log)
	for n in 1 2 3 4; do
		case $1 in
		--joblog) grep -q "^$n	" <<<"$whole" || echo "$n" ;;
		*) grep -q "\"end\",\"job\":$n," <<<"$whole" || echo "$n" ;;
		esac
	done | xargs
}

# cut_anywhere KIND
cut_anywhere() {
	t -j 1 "$1" log "$job" ::: 1 2 3 4
	cp log log.whole
	for n in $(cuts log.whole); do
		rm -f ran
		head -c "$n" log.whole >log
		want=$(lacking "$1")
		resumed "$1" 1 2 3 4
		assert_status 0
		: >>ran
		assert_equal "$n: $(sort -n ran | xargs)" "$n: $want"
		# Now it is whole again.
		assert_equal "$(lacking "$1")" ''
	done
}

@test "a joblog cut at any byte: those without a whole line run again" {
	cut_anywhere --joblog
}

@test "a journal cut at any byte: those without a whole end run again" {
	cut_anywhere --journal
}

@test "the same with output in FILE, and some of it kept" {
	job='echo {} >>ran; [ {} != 2 ] || await go; echo out {}'
	printf 'out %s\n' 1 2 3 4 >whole
	start muster -j 4 --journal log --output o "$job" ::: 1 2 3 4
	wait_until eval '[ "$(events log end)" -eq 3 ]'
	wait_until eval '[ "$(events log out)" -eq 1 ]'
	kill -KILL "$pid"
	finish
	end_what_is_left
	: >go
	cp log log.whole
	cp o o.then
	cp o.kept kept.then
	for n in $(cuts log.whole); do
		rm -f ran
		head -c "$n" log.whole >log
		cp o.then o
		cp kept.then o.kept
		want=$(lacking --journal)
		t -j 2 --journal log --output o --resume "$job" ::: 1 2 3 4
		assert_status 0
		cmp o whole || fail_with "$n: $(cat o log)"
		: >>ran
		# What is in FILE was not kept any more, and its place may have
		# gone to others: then the job that printed it runs again.
		[[ "$n: $(sort -n ran | xargs)" == "$n: "?("1 ")"${want#1 }" ]] ||
			fail_with "$n: $(xargs <ran), not $want"
		[[ $want != 1* ]] || grep -qx 1 ran
		[ ! -e o.kept ]
	done
}

@test "one write a record, whatever its length" {
	needs_faultlib
	long=$(head -c 20000 /dev/zero | tr '\0' x)
	for log in joblog journal; do
		# Killed behind each write: that was a line, and a whole one.
		for n in {1..20}; do
			rm -f log
			f write@/log:"$n":after -j 2 --$log log "true $long{} #" \
				::: 1 2 3
			[ -e hit ] || break
			assert_equal "$(wc -l <log)" "$n"
			assert_equal "$(tail -c 1 log)" ''
		done
		refute test -e hit
		assert_equal "$(wc -l <log)" $((n - 1))
		[ "$n" -gt 4 ]
	done
}

@test "a log is opened to be appended to, and its directory is synced" {
	mkdir d
	for how in --joblog --journal; do
		rm -rf d/log
		type -P strace >/dev/null || skip "no strace"
		strace -f -o trace -e trace=openat muster $how d/log true \
			::: 1 2>err || skip "no strace here"
		grep '"d/log"' trace | grep WR >opens
		[ -s opens ]
		refute grep -v 'O_APPEND.*O_CLOEXEC' opens
	done
	needs_faultlib
	for how in --joblog --journal; do
		for sync in end always; do
			rm -f d/log
			# Before there is anything in it.
			f fsync@/d:1:kill $how d/log --sync $sync true ::: 1 || :
			[ -e hit ]
			assert_file_is d/log ''
		done
	done
}
