# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --journal and --output when muster is killed: what is on record is not run
# again, all else is, and the output is that of an unbroken run.
#
# MUSTER_TEST_KILLS: how often it is killed at random (100).

load ../helpers/common
load ../helpers/faults

setup() {
	common_setup
	sync=
	list=(1 2 3 3 4 5)
	for i in "${list[@]}"; do
		echo "out $i"
		printf '%s' "no newline $i"
	done >whole
}

job='echo out {}; printf "no newline %s" {}'
# The same, and the first one waits for the last.
waits='[ {} != 1 ] || await last; [ {} != 5 ] || : >last
	echo out {}; printf "no newline %s" {}'

# go_on ARG...: a run that is not broken, with what all of them have.
go_on() {
	muster -j 2 --journal j --output o "$@" "$job" ::: "${list[@]}"
}

# Each job has ended once, in whichever run: jobs by the values in their
# commands. And nothing is kept any more.
check_runs() {
	local done

	done=$(awk '
	function member(name) {
		if (!match($0, "\"" name "\":\"?[^,\"}]*"))
			return ""
		return substr($0, RSTART + length(name) + 3,
			      RLENGTH - length(name) - 3)
	}
	/"event":"run"/ { run++ }
	{ id = run " " member("job") }
	/"event":"start"/ {
		match($0, /echo out [0-9]*/)
		value[id] = substr($0, RSTART + 9, RLENGTH - 9)
	}
	/"event":"end"/ { print value[id] }' j | sort | xargs)
	assert_equal "$done" "${list[*]}"
	[ ! -e o.kept ]
}

# sweep WHAT CALL MIN: a run with that happening in the N-th CALL, for all N
# (more than MIN), each followed by one that goes on.
sweep() {
	local n=0

	while :; do
		n=$((n + 1))
		rm -f j o o.kept last
		# shellcheck disable=SC2086
		with_fault "$2:$n:$1" -j 2 --journal j --output o $sync \
			"$job" ::: "${list[@]}" >/dev/null 2>&1 || :
		[ -e hit ] || break
		go_on --resume 2>err
		cmp o whole
		check_runs
	done
	[ "$n" -gt "$3" ]
}

@test "killed before each write of the journal" {
	sweep kill write@/j 18
}

@test "killed behind each write of the journal" {
	sweep after write@/j 18
}

@test "killed within each write of the journal" {
	sweep tear write@/j 18
}

@test "killed within each write of the output" {
	sweep tear write@/o 1
}

@test "killed before each write, output of some being kept" {
	job=$waits
	sweep kill write@/j 18
	sweep kill write@/o 7
}

@test "killed behind each write, output of some being kept" {
	job=$waits
	sweep after write@/j 18
	sweep after write@/o 7
}

@test "killed within each write, output of some being kept" {
	job=$waits
	sweep tear write@/j 18
	sweep tear write@/o 7
}

@test "killed at each sync, output of some being kept" {
	job=$waits
	sync='--sync always'
	sweep kill fsync@/o 6
	sweep after fsync@/o 6
}

@test "killed as what is kept is cut" {
	sweep kill ftruncate@/o 1
	sweep after ftruncate@/o 1
}

@test "a journal that is full from any record on: 255, and the rest later" {
	local n=0

	while :; do
		n=$((n + 1))
		rm -f j o o.kept
		status=0
		with_fault "write@/j:$n:ENOSPC:from" -j 2 --journal j \
			--output o "$job" ::: "${list[@]}" >out 2>err ||
			status=$?
		[ -e hit ] || break
		assert_equal "$status" 255
		assert_file_has err 'No space left on device'
		go_on --resume 2>err
		cmp o whole
		check_runs
	done
	[ "$n" -gt 18 ]
}

@test "a write of which half is done: the record is cut off" {
	with_fault write@/j:5:short -j 1 --journal j echo ::: a b c >out
	assert_file_is out $'a\nb\nc\n'
	muster --journal j --resume echo ::: a b c >out 2>err
	assert_file_is out ''
	assert_file_has err 'resumed: 3 jobs skipped, 0 new'
}

@test "--sync always: a sync that fails is final, and no end is told" {
	status=0
	with_fault fsync@/j:2:EIO -j 1 --journal j --sync always echo \
		::: a b c >out 2>err || status=$?
	assert_equal "$status" 255
	assert_file_is err $'muster: --journal: \'j\': Input/output error\n'
	# The second one is that of job 1's end; its own output may be out.
	assert_equal "$(grep -c '"start"' j)" 1
	assert_equal "$(grep -c '"end"' j)" 1
}

@test "--sync end: a sync that fails is told" {
	for file in j log o; do
		rm -f j log o
		status=0
		with_fault "fsync@/$file:1:EIO" --sync end --journal j \
			--joblog log --output o echo ::: a 2>err || status=$?
		assert_equal "$status" 255
		assert_file_has err "'$file': Input/output error"
	done
}

@test "--sync none: no sync at all" {
	with_fault fsync:1:EIO --journal j --joblog log --output o echo ::: a
	[ ! -e hit ]
}

@test "killed at random, again and again" {
	local kills=${MUSTER_TEST_KILLS-100}
	local n=0 i

	mkfifo never
	exec 9<>never
	# A process each, so that few runs come to their end.
	seq 300 >jobs
	sed 's/^/out /' jobs >whole
	while [ "$n" -lt "$kills" ]; do
		fresh muster -j 4 --journal j --output o --resume \
			/bin/echo out <jobs 2>>err &
		i=$(printf '0.%03d' $((RANDOM % 80)))
		# A pause that needs no process.
		read -rt "$i" _ <&9 || :
		kill -KILL $! 2>/dev/null || :
		if wait $!; then
			cmp o whole
			rm j o
			continue
		fi 2>/dev/null
		n=$((n + 1))
	done
	muster -j 4 --journal j --output o --resume /bin/echo out <jobs \
		2>>err
	cmp o whole
	# Nobody has been refused, or has complained of the journal.
	run grep -v '^muster: resumed: ' err
	assert_output ''
	run done_again
	assert_output ''
	run more_than 4
	assert_output ''
}

# more_than N: runs of the last account that left more than N jobs to be run
# again.
more_than() {
	awk -v most="$1" '
	/"event":"run"/ { open = 0; run++ }
	/"event":"start"/ { open++ }
	/"event":"end"/ { open-- }
	open > most { print run }' j
}

# Jobs of the last account that were started although they were done.
done_again() {
	awk '
	function member(name) {
		if (!match($0, "\"" name "\":\"?[^,\"}]*"))
			return ""
		return substr($0, RSTART + length(name) + 3,
			      RLENGTH - length(name) - 3)
	}
	/"event":"run"/ { run++ }
	{ id = run " " member("job") }
	/"event":"start"/ {
		key[id] = member("key")
		if (done[key[id]])
			print
	}
	/"event":"end"/ { done[key[id]] = 1 }' j
}
