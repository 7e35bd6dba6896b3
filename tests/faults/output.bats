# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Output is byte-exact, unmixed and bounded, whatever jobs, readers and disks
# do.

load ../helpers/common
load ../helpers/disk
load ../helpers/faults

# bytes N SEED: so many bytes of any value, always the same.
bytes() {
	awk -v n="$1" -v seed="$2" 'BEGIN {
		srand(seed)
		for (i = 0; i < n / 64; i++) {
			line = ""
			for (j = 0; j < 15; j++)
				line = line sprintf("%c", 33 + int(rand() * 90))
			for (j = 0; j < 4; j++)
				printf "%s", line
			printf "%d\n", i % 1000
		}
	}' | head -c "$1"
}

@test "all 256 values of a byte, in any order of jobs" {
	for i in {0..255}; do
		# shellcheck disable=SC2059
		printf "\\$(printf %03o "$i")"
	done >all
	for how in '' --no-keep-order '--output-memory 0' '-j 1'; do
		# shellcheck disable=SC2086
		muster $how -j 3 cat ::: all all all >out
		cmp out <(cat all all all)
		# shellcheck disable=SC2086
		muster $how -j 3 'cat {} >&2' ::: all all all 2>err >out
		cmp err <(cat all all all)
	done
}

@test "groups never mix, however they are cut" {
	local way='for i in 1 2 3 4 5 6 7 8; do printf "%s" {}; done; echo'

	for how in '' --no-keep-order '--output-memory 0'; do
		# shellcheck disable=SC2086
		muster $how -j 8 "$way" ::: {a..h} >out
		assert_equal "$(sort out | uniq | wc -l)" 8
		refute grep -v -E '^(.)\1{7}$' out
	done
}

@test "order survives jobs that fail, die, time out and can't be started" {
	t -j 4 --timeout 3 ::: 'sleep 0.2; echo 1; exit 1' \
		'echo 2; kill -9 $$' 'echo 3; exec /none/x' 'echo 4' \
		'echo 5; exec sleep 100' 'echo 6'
	assert_status 4
	assert_output $'1\n2\n3\n4\n5\n6'
}

@test "order survives retries" {
	t -j 4 --retries 3 'echo {}; echo x >>n{}
		[ "$(wc -l <n{})" -ge $(({} % 3 + 1)) ]' ::: {1..12}
	assert_ok "$(seq 12)"
}

@test "128 MiB of one job behind a slow first one take under 64 MiB" {
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:quarantine_size_mb=1
	local size=$((128 / MUSTER_TEST_SLOW))

	[ "${MUSTER_TEST_LONG-}" != 1 ] || size=2048
	mkfifo reader
	sha256sum <reader >sum &
	start sh -c 'exec muster -j 2 "$@" >reader' sh ::: 'await up' \
		"head -c ${size}M /dev/zero; : >done"
	wait_until test -e done
	kib=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")
	: >up
	finish
	wait
	assert_status 0
	assert_equal "$(cat sum)" "$(head -c "${size}M" /dev/zero | sha256sum)"
	[ "$kib" -lt 65536 ] || fail_with "$kib kB"
}

@test "a job that closes its output and goes on: it is waited for" {
	t -j 1 ::: 'echo a; exec >&- 2>&-; sleep 0.2; : >late; exit 3' \
		'[ -e late ] && echo b'
	assert_status 1
	assert_output $'a\nb'
}

@test "a job that closes one stream only" {
	t ::: 'exec 2>&-; echo a; sleep 0.05; echo b' \
		'exec >&-; echo c >&2; sleep 0.05; echo d >&2'
	assert_status 0
	assert_output $'a\nb'
	assert_stderr $'c\nd'
}

@test "a daemon that keeps both pipes: over when the job is, in order" {
	t -j 2 ::: 'setsid sh -c "echo \$\$ >d; exec sleep 1000" & await d
		echo a; echo b >&2' 'echo c'
	assert_status 0
	assert_output $'a\nc'
	assert_stderr b
	kill "$(cat d)"
}

@test "a daemon that writes on without end: half a second, in order" {
	t -j 1 ::: 'echo a; setsid sh -c "while :; do echo y; sleep 0.01
		done" &' 'echo b'
	assert_status 0
	# On a busy machine it may come too late to be heard at all.
	[[ $(uniq <<<"$output" | xargs) =~ ^'a '(y )?b$ ]]
}

@test "what is in the pipe at a job's end is there, up to the last byte" {
	bytes 60000 1 >data
	for how in '' '--timeout 100' --always-shell '--no-keep-order'; do
		# shellcheck disable=SC2086
		muster $how -j 4 'cat data; kill -9 $$' ::: 1 2 3 4 >out ||
			[ $? -eq 4 ]
		cmp out <(cat data data data data)
	done
}

@test "a child that writes on after the job's end is listened to" {
	wait_until child_is_heard
}

# It may be late on a busy machine: then there is another one.
child_is_heard() {
	t ::: '(for i in 1 2 3 4 5; do sleep 0.01; echo $i; done) & echo 0'
	[ "$status$output" = "0$(seq 0 5)" ]
}

@test "a reader that stops for a while loses nothing" {
	bytes 400000 2 >data
	mkfifo out
	{
		head -c 1000
		wait_until test -e all
		cat
	} <out >got &
	fresh muster -j 3 'cat {}; : >ran{#}' ::: data data data >out &
	pid=$!
	wait_until test -e ran3
	: >all
	finish
	wait
	assert_status 0
	cmp got <(cat data data data)
}

@test "a reader that does not block, and is full for long" {
	bytes 300000 3 >data
	mkfifo out
	nonblock='fcntl(STDOUT, F_SETFL, O_NONBLOCK | O_WRONLY); exec @ARGV'
	{
		head -c 100
		wait_until test -e up
		cat
	} <out >got &
	fresh perl -MFcntl -e "$nonblock" muster -j 2 'cat {}; : >up' \
		::: data data >out 2>err &
	pid=$!
	finish
	wait
	assert_status 0
	cmp got <(cat data data)
}

@test "a reader that takes a byte and goes: SIGPIPE, jobs ended" {
	status=0
	{
		ended how muster -j 2 ::: 'yes' 'exec sleep 1000' 2>err
	} | head -c 1 >/dev/null || :
	wait_until has_lines how 2
	assert_equal "$(tail -n 1 how)" 'signal 13'
	no_marked_pids
}

@test "a reader of standard error that goes: 255" {
	mkfifo e
	: <e &
	status=0
	muster -j 1 'yes >&2' ::: 1 2>e >out || status=$?
	assert_status 255
	wait
}

@test "a spool that is full from the first byte: slower, and whole" {
	needs_faultlib
	bytes 300000 4 >data
	for call in write@deleted:1:ENOSPC:from write@deleted:2:ENOSPC:from \
		write@deleted:1:EIO:from write@deleted:2:short:from; do
		rm -f up
		f $call -j 4 --output-memory 4k ::: 'await up; echo a' \
			'cat data' 'cat data' ': >up'
		assert_status 0
		cmp out <(echo a; cat data data)
	done
}

@test "a spool that can't be made: slower, and whole" {
	needs_faultlib
	bytes 300000 4 >data
	for error in EACCES ENOSPC EMFILE EROFS; do
		rm -f up
		f open@tmp:1:$error:from -j 4 --output-memory 4k ::: \
			'await up; echo a' 'cat data' 'cat data' ': >up'
		assert_status 0
		cmp out <(echo a; cat data data)
	done
}

@test "without O_TMPFILE: a file whose name is gone at once" {
	needs_faultlib
	bytes 300000 5 >data
	rm -f up
	f open@"$TMPDIR":1:EISDIR -j 3 --output-memory 4k ::: \
		'await up; echo a' 'cat data; ls -A "$TMPDIR" >ls; : >up'
	assert_status 0
	cmp out <(echo a; cat data)
	assert_file_is ls ''
}

@test "a TMPDIR that is missing, no directory, or read-only" {
	bytes 300000 6 >data
	: >file
	for dir in "$PWD/none" "$PWD/file" /proc /sys; do
		rm -f up
		TMPDIR=$dir muster -j 3 --output-memory 4k ::: \
			'await up; echo a' 'cat data' ': >up' >out
		cmp out <(echo a; cat data)
	done
}

@test "a full TMPDIR: order and bytes exact" {
	bytes 500000 7 >data
	on_disk 64k env TMPDIR="$PWD/full" muster -j 4 --output-memory 4k ::: \
		'await up; echo a' 'cat data' 'cat data' ': >up' >out
	cmp out <(echo a; cat data data)
}

@test "--line-buffer: lines of any length, whole" {
	bytes 100000 8 | tr -d '\n' >long
	echo >>long
	muster --line-buffer -j 4 'cat {}; echo short' ::: long long long >out
	assert_equal "$(sort out | uniq -c | awk '{ print $1 }' | xargs)" '3 3'
	grep -v short out | head -n 1 | cmp - long
}

@test "--tag with no newline at the end, in the middle of others" {
	t -j 3 --tag 'printf "%s\nx" {}' ::: a b c
	assert_status 0
	assert_output $'a\ta\na\txb\tb\nb\txc\tc\nc\tx'
}

@test "--files and --results: byte for byte, as is what went by the pipe" {
	bytes 200000 9 >data
	muster --results r 'cat data #' ::: 1 2
	cmp data r/1/1/stdout
	cmp data r/1/2/stdout
	muster --tmpdir . --files 'cat data #' ::: 1 >names
	cmp data "$(cat names)"
}

@test "standard error and standard output into one file: nothing is lost" {
	muster -j 4 'seq 1000; seq 1000 >&2 #' ::: a b c >out 2>&1
	assert_equal "$(wc -l <out)" 6000
	assert_equal "$(sort -n out | uniq -c | awk '{ print $1 }' | sort -u)" 6
}

@test "output of a thousand jobs, held behind the first, few descriptors" {
	without_valgrind
	(
		ulimit -n 40
		seq 1000 | muster -j 4 --output-memory 0 \
			'[ {} != 1 ] || sleep 0.3; echo {}' >out
	)
	seq 1000 | cmp - out
}
