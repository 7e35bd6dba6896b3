# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Shortage slows, it does not lose. And the sweeps: the N-th call of a kind
# fails, once and from there on; muster never hangs, never exits with 0 when
# anything is lost, and always says why. With MUSTER_TEST_LONG=1 for every N
# until no such call is left, else for the first few.

load ../helpers/common
load ../helpers/faults

setup() {
	common_setup
	most=4
	[ "${MUSTER_TEST_LONG-}" != 1 ] || most=100000
	export PARALLEL_SHELL=/bin/sh
	seq 6 >in
}

# holds: what may be true of a run of "echo {}" on the file in.
holds() {
	case $status in
	0)
		cmp in out && [ "$(wc -l <log)" -eq 7 ] && return ;;
	137 | 139 | 134 | 124 | 125) ;;
	*)
		# Nothing that was not asked for, and nothing twice.
		[ -z "$(sort out | uniq -d)" ] &&
			[ -z "$(sort -u out in | diff - in)" ] &&
			[[ $stderr == *'muster: '* || $1 == write:* ]] &&
			return ;;
	esac
	fail_with "$1: $(cat out)"
}

# sweep CALL ERROR [ARG...]: all N, once and from there on.
sweep() {
	local call=$1 error=$2 n how

	shift 2
	needs_faultlib
	for how in '' :from; do
		for ((n = 1; n <= most; n++)); do
			rm -f log j
			f "$call:$n:$error$how" -j 2 --joblog log \
				--journal j "$@" /bin/echo <in
			[ -e hit ] || break
			holds "$call:$n:$error$how"
			no_marked_pids || wait_until no_marked_pids
		done
	done
	assert_status 0 || [ "$n" -gt "$most" ]
}

@test "sweep: read" {
	sweep read EIO
}

@test "what a job printed can't be read: it has failed" {
	needs_faultlib
	for how in '' --line-buffer --no-keep-order; do
		# Without ppoll the first ones are those that wake.
		for n in {1..9}; do
			rm -f j
			# shellcheck disable=SC2086
			f "read@pipe:$n:EIO" -j 1 --journal j $how /bin/echo ::: a b
			[ "$status" -eq 0 ] || break
		done
		[ -e hit ]
		assert_status 1
		assert_stderr_has 'job 1: what it printed could not be read'
		assert_file_is out $'b\n'
		# It has not ended as it should have: so it is run again.
		t --journal j --resume /bin/echo ::: a b
		assert_output a
	done
}

@test "sweep: write" {
	sweep write ENOSPC
}

@test "sweep: open" {
	sweep open EMFILE
}

@test "sweep: open, for want of rights" {
	sweep open EACCES
}

@test "sweep: close" {
	sweep close EIO
}

@test "sweep: pipe" {
	sweep pipe EMFILE
}

@test "sweep: threads" {
	sweep thread EAGAIN --min 2
}

@test "sweep: fsync" {
	sweep fsync EIO --sync always
}

@test "sweep: a process, once" {
	needs_faultlib
	for ((n = 1; n <= most + 3; n++)); do
		for error in EAGAIN ENOMEM; do
			f "clone:$n:$error" -j 2 --joblog log /bin/echo <in
			assert_status 0
			cmp in out
		done
		[ -e hit ] || break
	done
}

@test "no process at all: ten seconds, then each job has failed, or 255" {
	needs_faultlib
	head -n 1 in >one
	f clone:1:EAGAIN:from -j 2 /bin/echo <one
	[ "$status" -ne 0 ]
	assert_stderr_has 'Resource temporarily unavailable'
	assert_file_is out ''
}

@test "no thread at all for what is given its input: an end, and not 0" {
	needs_faultlib
	seq 1500 >in
	f thread:3:EAGAIN:from --pipe --round-robin --block 1k -j3 wc -l <in
	assert_status 255
	assert_stderr_has 'job 1: cannot start'
	# One that can be had later is enough.
	f thread:3:EAGAIN --tee --block 1k -j1 wc -l ::: 1 <in
	assert_status 0
	assert_file_is out $'1500\n'
}

@test "sweep: memory, once" {
	needs_faultlib
	local n step=37

	[ "${MUSTER_TEST_LONG-}" != 1 ] || step=1
	for ((n = 1; n < 100000; n += step)); do
		rm -f log
		f "malloc:$n:ENOMEM" -j 2 --joblog log /bin/echo <in
		[ -e hit ] || break
		holds "malloc:$n"
	done
	assert_status 0
}

@test "memory that is gone for good: an end within its time, a message" {
	needs_faultlib
	local n pids=()

	for n in 20 400; do
		(
			mkdir "m$n"
			cp in "m$n"
			cd "m$n"
			: >log
			f "malloc:$n:ENOMEM:from" -j 2 --joblog log /bin/echo <in
			[ -e hit ] || exit 0
			holds "malloc:$n:from"
		) &
		pids+=($!)
	done
	for p in "${pids[@]}"; do
		wait "$p"
	done
}

@test "few descriptors: slower, and nothing lost" {
	without_valgrind
	for n in 12 16 20 30; do
		(
			ulimit -n $n
			exec muster -j 50 /bin/echo
		) <in >out 2>err || {
			file_has err 'muster: '
			continue
		}
		cmp in out
	done
}

@test "few descriptors: held output takes none that a job needs" {
	without_valgrind
	# The second one runs first, and is held up by the first.
	printf '%s\n' 'seq 10000 19999' 'seq 200000 239999 #muster: priority=high' \
		'seq 30000 39999' >list
	muster -j1 --tasks list >want
	find_fewest_descriptors
	# The list is one more.
	for ((n = fewest + 1; n < fewest + 5; n++)); do
		(ulimit -n $n && muster -j1 --output-memory 64K --tasks list \
			>got 2>err) || fail_with "$n: $(cat err)"
		cmp want got
	done
}

@test "few descriptors and --compress: slower, and nothing lost" {
	without_valgrind
	# The first one holds up the others, above what may be in memory.
	printf '[ {} != 1 ] || sleep 0.5; seq {}00000 {}30000; :' >command
	muster -j6 "$(cat command)" ::: 1 2 3 4 5 6 7 8 >want
	find_fewest_descriptors
	for ((n = fewest; n < fewest + 8; n++)); do
		(ulimit -n $n && muster -j6 --output-memory 64K --compress \
			--compress-program gzip \
			"$(cat command)" ::: 1 2 3 4 5 6 7 8 >got 2>err) ||
			fail_with "$n: $(cat err)"
		cmp want got
	done
}

@test "too few descriptors for anything: a message, and not 0" {
	without_valgrind
	for n in 3 4 5 6; do
		status=0
		(
			ulimit -Sn $n
			ulimit -Hn $n
			exec muster -j 5 /bin/echo
		) <in >out 2>err || status=$?
		if [ "$status" -eq 0 ]; then
			cmp in out
		else
			[ -s err ]
		fi
	done
}

# as_other N CMD...: by a user who may have N processes.
as_other() {
	if [ "$EUID" -eq 0 ]; then
		setpriv --reuid $((40000 + $$ % 10000)) --regid 54321 \
			--clear-groups prlimit --nproc="$1" "${@:2}"
	else
		skip "needs another user"
	fi
}

@test "few processes: slower, and nothing lost" {
	without_valgrind
	chmod 755 "$BATS_TEST_TMPDIR"
	real=$(realpath "$MUSTER")
	as_other 60 true || skip "no other user here"
	as_other 60 test -x "$real" || skip "others can't run muster"
	for n in 8 12 20; do
		status=0
		as_other $n "$real" -j 40 /bin/echo <in >out 2>err || status=$?
		if [ "$status" -eq 0 ]; then
			cmp in out
		else
			file_has err muster:
		fi
	done
}

@test "little address space, and stacks of any size" {
	without_valgrind
	case ${MUSTER_TEST_TOOL-} in asan | tsan) skip "shadow memory" ;; esac
	for v in 30000 60000 200000; do
		(
			ulimit -v $v
			muster -j 8 /bin/echo <in >out 2>err
		) || {
			file_has err 'muster: '
			continue
		}
		cmp in out
	done
	for s in 128 unlimited 65536; do
		(
			ulimit -Ss $s 2>/dev/null || exit 0
			exec muster -j 20 /bin/echo <in >out 2>err
		)
		cmp in out
	done
}

@test "little address space and a thousand jobs: fewer at once, none lost" {
	without_valgrind
	case ${MUSTER_TEST_TOOL-} in asan | tsan) skip "shadow memory" ;; esac
	seq 300 >in
	for v in 20000 60000 200000; do
		status=0
		(
			ulimit -v $v
			exec muster -j 1000 'sleep 0.1; echo {}' <in >out 2>err
		) || status=$?
		stderr=$(cat err)
		assert_status 0
		cmp in out
	done
}

# Each job ends when all three have begun.
together=': >up{}; for i in 1 2 3; do await up$i; done; echo {} #'

@test "a shortage that passes while jobs run on: they need not end for it" {
	needs_faultlib
	head -n 3 in >three
	for fault in clone:2:EAGAIN clone:3:ENOMEM pipe:4:EMFILE; do
		rm -f up?
		f $fault -j 3 "$together" <three
		assert_status 0
		cmp three out
	done
}

@test "a shortage of threads that passes while jobs run on" {
	needs_faultlib
	head -n 3 in >three
	for n in 2 3 4 5 6; do
		rm -f up?
		f thread:$n:EAGAIN -j 3 "$together" <three
		if [ "$status" -eq 0 ]; then
			cmp three out
		else
			assert_stderr_has 'muster: '
		fi
	done
}

@test "fewer threads than asked for are enough, down to one" {
	needs_faultlib
	for n in 1 2 3 4 5; do
		f thread:$n:EAGAIN:from -j 8 --min 8 /bin/echo <in
		holds_any
	done
}

holds_any() {
	if [ "$status" -eq 0 ]; then
		cmp in out
	else
		assert_stderr_has 'muster: '
	fi
}

@test "a shortage that passes: nothing has failed" {
	needs_faultlib
	for fault in clone:3:EAGAIN clone:2:ENOMEM pipe:3:EMFILE \
		pipe:4:ENFILE; do
		f $fault -j 3 --joblog log --retries 1 /bin/echo <in
		assert_status 0
		cmp in out
		assert_equal "$(tail -n +2 log | cut -f 7 | sort -u)" 0
	done
}
