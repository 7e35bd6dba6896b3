# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Status 0 means everything: each item was run, each job ended with 0 within
# its time, each byte was delivered, each record written. Whatever is missing
# of that gives a message and another status.

load ../helpers/common
load ../helpers/disk
load ../helpers/faults
load ../helpers/watched

@test "0: each item was run once, and each byte is out" {
	seq 500 >in
	t -j 8 --joblog log -a in 'echo {}; echo {} >>ran'
	assert_ok "$(seq 500)"
	assert_equal "$(sort -n ran)" "$(seq 500)"
	assert_equal "$(wc -l <log)" 501
}

# Input.

@test "an input that fails in its first read: 255, and nothing run" {
	needs_faultlib
	seq 3 >in
	f read@/in:1:EIO touch <in
	own_error 'Input/output error'
	[ ! -e 1 ]
}

@test "an input that fails later: what had been read is run, 255" {
	needs_faultlib
	seq 100000 >in
	f read@/in:2:EIO -j 4 -X echo <in
	own_error 'Input/output error'
	[ -s out ]
	# No item twice, none invented; the torn one was not run.
	tr ' ' '\n' <out >got
	cmp got <(head -n "$(wc -l <got)" in)
}

@test "an input that fails later, for each way to give one" {
	needs_faultlib
	seq 100000 >in
	for how in '-a in echo' ':::: in -X echo' '--pipe --block 8k wc -l' \
		'-a in -N 1000 echo'; do
		case $how in
		::::*) set -- -X echo :::: in ;;
		--pipe*) set -- --pipe --block 8k cat ;;
		*-N*) set -- -a in -N 1000 echo ;;
		*) set -- -a in -X echo ;;
		esac
		f read@/in:2:EIO "$@" <in
		if [ "$how" = '--pipe --block 8k wc -l' ] && is_portable; then
			# It has come to the job whose block that was.
			assert_status 1
			assert_stderr_has 'could not be read: Input/output error'
		else
			own_error 'Input/output error'
		fi
	done
}

# each_read_fails HOW...: for each HOW, and each of its reads of in.
each_read_fails() {
	local how n

	needs_faultlib
	yes '"xy"' | head -n 1200 >in
	printf '{"command":"true %3000s"}\n' {1..3} >in.json
	for how; do
		n=0
		while :; do
			n=$((n + 1))
			# shellcheck disable=SC2086
			f read@/in:$n:EIO:from $how <in
			[ -e hit ] || break
			[ "$status" -gt 0 ] || fail_with "$how: $n"
			assert_stderr_has 'Input/output error'
			[ "$n" -lt 100 ]
		done
		assert_equal "$how: $status" "$how: 0"
		[ "$n" -gt 1 ]
	done
}

@test "an input that fails at each of its reads: lines" {
	each_read_fails '-a in -X echo' '--header : -a in -X echo' \
		'--csv -a in -n 1000 echo' '--jsonl in.json' '--shuf -X echo'
}

@test "an input that fails at each of its reads: several" {
	each_read_fails '--link -X echo :::: in in' '-X echo ::: 1 :::: in' \
		'-j 1 --bar -X echo'
}

@test "an input that fails at each of its reads: --pipe" {
	each_read_fails '--pipe --block 4k cat' '--pipe --header 1 cat' \
		'--pipe -N 900 cat'
}

@test "an input that fails at each of its reads: --pipe, dealt out" {
	each_read_fails '--pipe --round-robin --block 4k cat' \
		'--pipe --tee cat ::: 1 2' '--pipe --group-by 1 cat'
}

@test "an input that fails at each of its reads: --pipe-part" {
	each_read_fails '--pipe-part -a in --block 4k cat' \
		'--pipe-part --cat -a in --block 4k cat' \
		'--pipe-part --header 1 -a in --block 4k cat'
}

@test "a task file that fails later: the tasks before it are run, 255" {
	needs_faultlib
	yes 'echo task' | head -n 20000 >in
	f read@/in:2:EIO -j 1 --halt soon,done=50 --tasks in
	[ -s out ]
	f read@/in:1:EIO --tasks in
	own_error in
	assert_file_is out ''
}

@test "a directory, by every road" {
	mkdir dir
	for how in '-a dir echo' '--tasks dir' '--jsonl dir' '--pipe cat' \
		'--pipe-part -a dir cat' 'echo :::: dir' \
		'echo ::: a ::::+ dir' '--link echo :::: dir dir'; do
		# shellcheck disable=SC2086
		m $how <dir >out
		own_error
		assert_file_is out ''
	done
}

@test "an input that may not be read, or is not there, by every road" {
	needs_faultlib
	: >my.txt
	for error in EACCES ENOENT EIO; do
		for how in '-a my.txt echo' '--tasks my.txt' '--jsonl my.txt' \
			'--csv -a my.txt echo' '--pipe-part -a my.txt cat' \
			'echo :::: my.txt' 'echo ::: a ::::+ my.txt' \
			'--pipe --tee cat :::: my.txt'; do
			# shellcheck disable=SC2086
			f open@my.txt:1:$error $how </dev/null
			[ -e hit ]
			own_error my.txt
			assert_file_is out ''
		done
	done
}

@test "a closed standard input that nobody needs: 0" {
	echo x >in
	for how in 'echo ::: x' '-a in echo' 'echo :::: in' \
		'--pipe-part -a in cat'; do
		status=0
		# shellcheck disable=SC2086
		muster $how <&- >out 2>err || status=$?
		assert_status 0
		assert_file_is out $'x\n'
		assert_file_is err ''
	done
}

@test "a standard input that can only be written to" {
	status=0
	muster echo 0>file >out 2>err || status=$?
	stderr=$(cat err)
	own_error 'standard input'
	assert_file_is out ''
}

@test "a closed standard input, by every road" {
	for how in 'echo' '-X echo' '--pipe cat' '-a - echo' '--tasks -' \
		'--jsonl -' 'echo :::: -'; do
		status=0
		# shellcheck disable=SC2086
		muster $how <&- >out 2>err || status=$?
		stderr=$(cat err)
		own_error
		assert_file_is out ''
	done
}

@test "an item that can't be run: the others are, 255" {
	printf 'a\nb\0b\nc\n' >in
	for how in '' --line-buffer --no-keep-order '-j 1 --tag'; do
		# shellcheck disable=SC2086
		m $how printf '%s\\n' <in >out
		own_error NUL
		assert_equal "$(wc -l <out)" 2
	done
}

# Output.

@test "a full standard output, by every road" {
	for how in '' --line-buffer --no-keep-order --tag '-v' --dry-run \
		--files '--results -.csv' '--results -.json' '-j 1' --pipe \
		--color '--joblog -' '--journal -' --latest-line \
		'--tagstring x' '--retries 2' --shell-quote; do
		# shellcheck disable=SC2086
		TMPDIR=$PWD m $how echo <<<$'a\nb' >/dev/full
		own_error 'No space left on device'
	done
}

@test "a closed standard output, by every road" {
	for how in '' --line-buffer --no-keep-order --tag '-v' --dry-run \
		--files '--results -.csv' '-j 1' --pipe '--joblog -' \
		'--journal -' --latest-line --shell-quote; do
		# shellcheck disable=SC2086
		TMPDIR=$PWD m $how echo <<<$'a\nb' >&-
		own_error
	done
}

@test "a full standard output: what tells of muster itself, too" {
	for how in --help --version --number-of-cpus --number-of-cores \
		--max-line-length-allowed '--minversion 1'; do
		# shellcheck disable=SC2086
		m $how >/dev/full
		own_error
		# shellcheck disable=SC2086
		m $how >&-
		own_error
	done
}

@test "a limit of the size of files: a message, and no death" {
	(
		ulimit -f 1
		m -j 1 --joblog log seq ::: 1000 2000 3000 >big
		echo "$status" >status
	)
	stderr=$(cat err)
	assert_file_is status $'255\n'
	assert_stderr_has 'standard output: File too large'
	cmp big <(seq 1000 | head -c 1024)
	[ "$(wc -l <log)" -ge 2 ]
}

@test "a reader that has gone, with SIGPIPE ignored: 255, a message" {
	(
		trap '' PIPE
		m -j 1 yes ::: 1
		echo "$status" >status
	) | head -c 1 >/dev/null
	stderr=$(cat err)
	assert_file_is status $'255\n'
	assert_stderr 'muster: standard output: Broken pipe'
}

@test "with -u the jobs write themselves, and fail themselves" {
	m -u echo ::: a b c >/dev/full
	assert_status 3
}

@test "a full or closed standard error that jobs write to: 255" {
	for how in '' --line-buffer --no-keep-order --tag; do
		status=0
		# shellcheck disable=SC2086
		muster $how 'echo {} >&2' ::: a >out 2>/dev/full || status=$?
		assert_status 255
		status=0
		# shellcheck disable=SC2086
		muster $how 'echo {} >&2' ::: a >out 2>&- || status=$?
		assert_status 255
	done
}

@test "a standard error that is closed, or full, and not needed: 0" {
	muster echo ::: a 2>&- >out
	assert_file_is out $'a\n'
	muster echo ::: a 2>/dev/full >out
	assert_file_is out $'a\n'
}

@test "a summary that can't be written: 255" {
	for how in '--summary=all' '--summary=all --line-buffer'; do
		status=0
		# shellcheck disable=SC2086
		muster $how echo ::: a >out 2>/dev/full || status=$?
		assert_status 255
		assert_file_is out $'a\n'
	done
}

@test "a write that fails for once: 255, and a message" {
	needs_faultlib
	for error in EIO ENOSPC EDQUOT EFBIG; do
		f write@/out:1:$error -j 1 echo ::: a b c
		own_error 'standard output'
	done
}

@test "a write that fails in the middle: what was before it is whole" {
	needs_faultlib
	f write@/out:2:EIO --line-buffer -j 1 'echo {}; await out{}' ::: 1 &
	wait_until file_has out 1
	: >out1
	wait
	# Else all three might be written at once.
	f write@/out:2:EIO -j 1 \
		'[ {} = a ] || until [ -s out ]; do sleep 0.02; done; echo {}' \
		::: a b c
	assert_status 255
	assert_equal "$(head -c 2 out)" a
}

@test "short writes: nothing is lost" {
	needs_faultlib
	seq 20000 >data
	f write@/out:1:short:from -j 3 cat ::: data data data
	assert_status 0
	cmp out <(cat data data data)
}

@test "EINTR and EAGAIN: nothing is lost" {
	needs_faultlib
	seq 20000 >data
	for error in EINTR EAGAIN; do
		for n in 1 2 3; do
			f write@/out:$n:$error -j 3 cat ::: data data data
			assert_status 0
			cmp out <(cat data data data)
			f read:$n:$error -j 3 cat ::: data data data
			assert_status 0
			cmp out <(cat data data data)
		done
	done
}

@test "held output that can't be read back: 255" {
	needs_faultlib
	head -c 300000 /dev/zero >data
	f read@deleted:1:EIO -j 2 --output-memory 0 ::: 'await up; echo a' \
		'cat data; : >up' 'echo c'
	[ -e hit ] || skip "not held in a file here"
	own_error 'Input/output error'
}

# Records.

@test "a log on a full device: 255, nothing run" {
	for how in --joblog --journal; do
		m $how /dev/full touch ::: ran >out
		own_error 'No space left'
		[ ! -e ran ]
	done
}

@test "a log that fails at each of its writes: 255, whatever it is" {
	needs_faultlib
	for how in '--joblog log' '--journal log' '--output log' \
		'--results log.csv' '--failed-to log'; do
		n=0
		while :; do
			n=$((n + 1))
			rm -f log
			# shellcheck disable=SC2086
			f write@/log:$n:EIO -j 1 $how ::: 'echo a' false
			[ -e hit ] || break
			own_error 'Input/output error'
			[ "$n" -lt 20 ]
		done
		[ "$n" -gt 1 ]
		assert_status 1
	done
}

@test "a log that fails while jobs wait for another try: 255, and an end" {
	needs_faultlib
	for how in '--joblog log' '--journal log'; do
		rm -f log
		# shellcheck disable=SC2086
		f write@/log:3:ENOSPC:from $how -j2 --retries 3 \
			--retry-delay 40 'case {} in a) false ;; *) sleep 0.3 ;;
			esac' ::: a b c d e f
		own_error 'No space left'
		[ -e hit ]
		assert_status 255
	done
}

@test "a log whose close fails: 255" {
	needs_faultlib
	for how in --joblog --journal --output --failed-to; do
		rm -f log
		f close@/log:1:EIO:from $how log ::: 'echo a'
		[ -e hit ]
		own_error log
	done
}

@test "a log that may not be opened: 255, nothing run" {
	needs_faultlib
	for error in EACCES EROFS ENOSPC EIO; do
		for how in '--joblog log' '--journal log' '--output log' \
			'--results log.csv' '--failed-to log' \
			'--metrics log'; do
			# shellcheck disable=SC2086
			f open@log:1:$error $how touch ::: ran
			[ -e hit ]
			own_error log
			[ ! -e ran ]
		done
	done
}

@test "--files that fill the disk: 255, and the other jobs are run" {
	run --separate-stderr on_disk 64k muster -j 1 --files --tmpdir full \
		'head -c {} /dev/zero; : >ran{}' ::: 1 100000 2
	own_error 'No space left'
	[ -e ran1 ]
	[ -e ran2 ]
}

# Whatever fails, the logs have the jobs that were run, and no other.
on_record() {
	local want

	[ "$status" -eq 255 ] || fail_with "$*: $status"
	[ -s ran ] || fail_with "$*: nothing was run"
	want=$(sort -n ran | xargs)
	assert_equal "$*: $(tail -n +2 log | cut -f 1 | sort -n | xargs)" \
		"$*: $want"
	grep '"end":"exited"' j | grep -o '"job":[0-9]*' | cut -d : -f 2 |
		sort -n | xargs >ended
	assert_equal "$*: $(cat ended)" "$*: $want"
}

@test "whatever fails, what had been done is on record" {
	needs_faultlib
	seq 30000 >in
	for fault in read@/in:2:EIO write@/out:1:ENOSPC write@/err:1:ENOSPC \
		write@/full:1:ENOSPC write@/r.csv:1:ENOSPC \
		write@/o:2:EIO; do
		rm -f ran log j o o.kept
		set -- -j 2
		case $fault in
		*/full*) set -- -j 2 --failed-to full ;;
		*r.csv*) set -- -j 2 --results r.csv ;;
		*/o:*) set -- -j 2 --output o ;;
		esac
		f $fault "$@" -n 3000 --joblog log --journal j \
			'echo {#} >>ran; echo {#}; echo {#} >&2; exit 1 #' <in
		[ -e hit ] || fail_with "$fault never came"
		on_record $fault
	done
}

@test "--results that fill the disk: 255, and the other jobs are run" {
	run --separate-stderr on_disk 64k muster -j 1 --results full/r \
		'head -c {} /dev/zero; : >ran{}' ::: 1 100000 2
	own_error 'No space left'
	[ -e ran1 ]
	[ -e ran2 ]
}

@test "--failed-to on a full device: 255" {
	m --failed-to /dev/full false ::: a
	own_error --failed-to
}

@test "--metrics that can't be written: 255" {
	run --separate-stderr on_disk 4k sh -c '
		head -c 8000 /dev/zero >full/x 2>/dev/null
		exec muster --metrics full/m echo ::: a'
	own_error --metrics
}

@test "--metrics, not written while descriptors are short: 0 if it is at the end" {
	needs_faultlib
	f open@metr.:2:EMFILE --metrics metr --metrics-interval 0.01 sleep ::: 0.2
	[ -e hit ]
	assert_status 0
	[ ! -s err ]
	assert_file_has metr 'muster_jobs_succeeded_total 1'
	f open@metr.:2:EMFILE:from --metrics metr --metrics-interval 0.01 \
		sleep ::: 0.2
	own_error '--metrics: cannot write'
}

@test "a log on a file system that is read-only: 255, nothing run" {
	for how in --joblog --journal --output --failed-to --results \
		--metrics; do
		run --separate-stderr on_read_only muster $how full/x \
			touch ::: ran
		own_error full/x
		[ ! -e ran ]
	done
}

@test "a log below what is no directory, or is one: 255, nothing run" {
	: >file
	mkdir dir
	for how in --joblog --journal --output --failed-to; do
		for path in file/x dir none/x ''; do
			m $how "$path" touch ::: ran
			[ -n "$path" ] || continue
			own_error "$path"
			[ ! -e ran ]
		done
	done
}

# Jobs.

@test "one job of many that fails, in any place and any way" {
	for n in 1 50 100; do
		for way in 'exit 1' 'exit 255' 'kill -9 $$' 'exec /none/x'; do
			t -j 4 "[ {} != $n ] || { $way; }" ::: {1..100}
			assert_status 1
		done
	done
}

@test "256 failures are not 0" {
	seq 256 >in
	t -j 4 -a in false
	assert_status 101
	t -j 4 -a in --exit-as max 'exit 256 #'
	assert_status 0
}

@test "a job that is 0 and too late: 1" {
	t --timeout 0.2 ::: 'trap "exit 0" TERM; sleep 1000 & wait'
	assert_status 1
	t --timeout 0.2 --retries 2 ::: 'trap "exit 0" TERM; sleep 1000 & wait'
	assert_status 1
}

@test "a job that was refused, dropped or skipped: not 0" {
	cat >tasks <<-'END'
		false #muster: id=a
		echo b #muster: after=a
	END
	t --tasks tasks
	assert_status 2
	assert_output ''
	t 'cat <<E
		{}
		E' ::: a
	[ "$status" -ne 0 ]
}

@test "--on-done that fails: not 0" {
	t --on-done false echo ::: a
	assert_status 1
	assert_output a
	t --on-done 'exec /none/x' echo ::: a
	assert_status 1
}

@test "a stop by signal with every job done by then: not 0" {
	start muster ::: ': >up; await go'
	wait_until test -e up
	tell TERM
	: >go
	finish
	assert_status 1
}

@test "no error of muster's is without a message" {
	needs_faultlib
	seq 5 >in
	for call in open:1:EMFILE open:2:EIO pipe:1:EMFILE thread:1:EAGAIN \
		thread:1:EAGAIN:from read:1:EIO; do
		f $call -j 2 /bin/echo <in
		[ "$status" -eq 0 ] || [ -n "$stderr" ] ||
			fail_with "$call: no message"
		[ "$status" -ne 0 ] || cmp out in
	done
}
