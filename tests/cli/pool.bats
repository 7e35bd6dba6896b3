# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# How many jobs run at once: -j, --max, --min, --idle-timeout, slots, limits.

load ../helpers/common
load ../helpers/meet

setup() {
	common_setup
	meet_setup
}

# The bound.

@test "-j 1 runs one job after the other" {
	seq 20 | muster -j 1 'mkdir met/lock; echo {} >>log; rmdir met/lock'
	assert_equal "$(cat log)" "$(seq 20)"
}

@test "-j N runs N jobs at once" {
	seq 4 | muster -j 4 meet 4
}

@test "-j N never runs more" {
	yes "$count_job" | head -n 40 | muster -j 3
	assert_equal "$(wc -l <counts)" 40
	[ "$(most)" -le 3 ]
}

@test "-P, --max-procs and --jobs are -j" {
	for option in -P --max-procs= --jobs= -j; do
		rm -f met/*
		seq 5 | muster "${option}5" meet 5
	done
}

@test "-j 200 runs 200 jobs at once" {
	seq 200 | muster -j 200 meet 200
}

@test "-j 0 runs as many as it can" {
	seq 60 | muster -j 0 meet 60
}

@test "-j +N runs N more than there are CPUs" {
	n=$(($(nproc) + 2))
	seq "$n" | muster -j +2 meet "$n"
}

@test "-j N% runs so many of the CPUs" {
	n=$((3 * $(nproc)))
	seq "$n" | muster -j 300% meet "$n"
}

@test "the default is as many as there are CPUs" {
	n=$(nproc)
	seq "$n" | muster meet "$n"
	rm -rf met/*
	yes "$count_job" | head -n 20 | muster
	[ "$(most)" -le "$n" ]
}

@test "-j follows the CPUs that muster may use" {
	local n=1

	# Elsewhere all of the machine's count.
	[ "${MUSTER_TEST_TOOL-}" != portable ] ||
		n=$(getconf _NPROCESSORS_ONLN)
	yes "$count_job" | head -n 20 | taskset -c "$(one_cpu)" muster
	[ "$(most)" -le "$n" ]
}

# One that this process may run on.
one_cpu() {
	sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' \
		/proc/self/status
}

@test "-j -N is at least one" {
	yes "$count_job" | head -n 10 | muster -j -1000
	assert_equal "$(most)" 1
}

@test "-j takes sums" {
	seq 6 | muster -j '2*3' meet 6
}

@test "-j Nauto: fewer while jobs fail, up to N again when they succeed" {
	run -3 --separate-stderr muster -j 3auto --debug sched exit \
		::: 1 1 1 0 0 0 0 0 0 0 0 0
	grep -o 'auto: .*' <<<"$stderr" >said
	assert_file_is said "auto: 2 jobs at once
auto: 1 jobs at once
auto: 2 jobs at once
auto: 3 jobs at once
"
	run -255 --separate-stderr muster -j 3auto --then true echo ::: a
	assert_stderr_has "-j with 'auto' cannot be combined with --then"
	run -255 --separate-stderr muster --min 2auto echo ::: a
	assert_stderr_has "--min: '2auto' is not a number of workers"
	run -255 --separate-stderr muster --load 2auto echo ::: a
	assert_stderr_has "--load: '2auto' is no load"
}

@test "-j takes nothing else" {
	for n in x 1.5 5x '' +x -- 1e3; do
		t -j "$n" true ::: a
		assert_usage_error "-j: '$n' is "
	done
}

@test "-j FILE is read again while jobs run" {
	echo 1 >number
	seq 3 | muster -j number 'echo 3 >number; meet 3'
}

@test "-j FILE with fewer: running jobs go on, no more are started" {
	echo 4 >number
	{
		yes 'await go; :' | head -n 4
		yes "$count_job" | head -n 20
	} >jobs
	start muster --debug sched -j number -a jobs
	wait_until file_has err '[4] worker starts'
	echo 1 >number
	wait_until file_has err ' ends' &
	: >go
	finish
	wait
	assert_equal "$status" 0
	assert_equal "$(wc -l <counts)" 20
}

@test "-j FILE with bad content changes nothing" {
	echo 2 >number
	seq 2 | muster -j number 'echo nonsense >number; sleep 0.1; meet 2'
}

@test "-j FILE with bad content at the start is an error" {
	echo nonsense >number
	t -j number true ::: a
	assert_usage_error "-j: 'number' holds no number of jobs"
}

@test "--max is the same bound, the last one given wins" {
	seq 3 | muster -j 1 --max 3 meet 3
	rm met/*
	yes "$count_job" | head -n 10 | muster --max 3 -j 1
	assert_equal "$(most)" 1
}

# Workers that come and go.

# idle_muster ARG...: with an input that stays open, on descriptor 7, and its
# workers' lives in the file err.
idle_muster() {
	mkfifo in
	exec 7<>in
	start muster --debug sched "$@" <in
}

workers() {
	grep -o '[[][0-9]*[]] worker starts' err | sort | uniq -c | wc -l
}

@test "--min N workers are there before there is work" {
	idle_muster --min 3 -j 4
	for n in 1 2 3; do
		wait_until file_has err "[$n] worker starts"
	done
	exec 7>&-
	finish
	assert_equal "$(workers)" 3
}

@test "workers are started when jobs wait, no more than that" {
	idle_muster -j 8
	for n in 1 2 3 4; do
		echo "echo {%} $n; : >done$n" >&7
		wait_until test -e done$n
		wait_until file_has out "$n"
	done
	exec 7>&-
	finish
	[ "$(workers)" -le 2 ]
}

@test "a worker above the minimum ends after --idle-timeout" {
	idle_muster -j 3 --idle-timeout 0.1
	for n in 1 2 3; do
		echo "meet 3 $n" >&7
	done
	wait_until test -e met/3
	wait_until has_ended 2
	echo 'echo still' >&7
	wait_until file_has out still
	exec 7>&-
	finish
	assert_equal "$status" 0
}

has_ended() {
	[ "$(grep -c '[[][0-9]*[]] worker ends' err)" -ge "$1" ]
}

@test "--min workers stay whatever --idle-timeout is" {
	idle_muster --min 2 -j 3 --idle-timeout 0.05
	for n in 1 2 3; do
		echo "meet 3 $n" >&7
	done
	wait_until has_ended 1
	sleep 0.3
	assert_equal "$(grep -c '[[][0-9]*[]] worker ends' err)" 1
	exec 7>&-
	finish
	assert_equal "$status" 0
}

@test "--min above the maximum is an error" {
	t --min 5 -j 4 true ::: a
	assert_usage_error '--min 5 is more than the maximum of 4'
}

@test "--min 0 is an error" {
	t --min 0 true ::: a
	assert_usage_error "--min: '0' is not a number of workers from 1 on"
}

# Slots.

@test "{%} is from 1 to N" {
	seq 100 | muster -j 4 ':; echo {%} {}' | cut -d ' ' -f 1 | sort -u >slots
	[ "$(head -n 1 slots)" -eq 1 ]
	[ "$(tail -n 1 slots)" -le 4 ]
}

@test "{%} is 1 for one job at a time" {
	seq 10 | muster -j 1 'echo {%} {}' | cut -d ' ' -f 1 | sort -u >slots
	assert_file_is slots $'1\n'
}

@test "{%} differs among the jobs that run at once" {
	seq 5 | muster -j 5 'meet 5 {}; echo {%}' | sort >slots
	assert_equal "$(cat slots)" "$(seq 5)"
}

@test "PARALLEL_JOBSLOT is {%}" {
	seq 20 | muster -j 3 'echo {%} $PARALLEL_JOBSLOT {}' >slots
	assert_equal "$(awk '$1 != $2' slots)" ''
	assert_equal "$(wc -l <slots)" 20
}

# Limits.

reached='muster: cannot run more than [0-9]* jobs* at once (.*); going on with'

@test "few descriptors: a message, and fewer run at once" {
	without_valgrind
	status=0
	(
		ulimit -n 40
		seq 100 | muster -j 100 'sleep 0.05; echo' 2>err >out
		exit "${PIPESTATUS[1]}"
	) || status=$?
	assert_equal "$status" 0
	seq 100 | cmp - out
	assert_equal "$(grep -c "$reached" err)" 1
	assert_equal "$(wc -l <err)" 1
}

@test "a soft limit on descriptors is raised, and given back to jobs" {
	without_valgrind
	(
		ulimit -Sn 64
		seq 100 | muster -j 100 'meet 100 {}; ulimit -Sn' 2>err |
			sort -u >limits
	)
	assert_file_is err ''
	assert_file_is limits $'64\n'
}

# As someone who has no other processes, where that is possible; for root the
# limit does not count. The path of the program may be closed to others.
few_processes() {
	local n

	if [ "$EUID" -eq 0 ]; then
		chmod 777 .
		exec 9<"$BATS_TEST_TMPDIR/bin/muster"
		ulimit -u 14
		exec setpriv --reuid $((40000 + $$ % 10000)) --regid 54321 \
			--clear-groups \
			/proc/self/fd/9 "$@"
	fi
	n=$(awk -v uid="$EUID" '
		/^Uid:/ { mine = $2 == uid }
		/^Threads:/ && mine { n += $2 }
		END { print n }' /proc/[0-9]*/status)
	ulimit -u $((n + 14))
	exec muster "$@"
}

@test "few processes: a message, and fewer run at once" {
	without_valgrind
	status=0
	yes 'sleep 0.1' | head -n 60 >jobs
	(few_processes -j 50 --joblog - <jobs >out 2>err) || status=$?
	assert_equal "$status" 0
	assert_equal "$(wc -l <out)" 61
	grep "$reached" err
	assert_equal "$(wc -l <err)" 1
}

@test "few processes and a warm pool: the reader has its thread all the same" {
	without_valgrind
	status=0
	seq 30 >list
	(few_processes -j 20 --min 20 --then ':; echo b{}' -j 20 ':; echo a{}' \
		<list >out 2>err) || status=$?
	assert_equal "$status" 0
	assert_equal "$(wc -l <out)" 60
}

@test "few processes and a fixed pool: its threads make room" {
	without_valgrind
	status=0
	seq 30 >list
	(few_processes -j 20 --min 20 --scale fixed echo <list >out 2>err) ||
		status=$?
	assert_equal "$status" 0
	cmp list out
	assert_equal "$(grep -c "$reached" err)" 1
}

@test "a fixed pool that finds no threads gives half of its own back" {
	without_valgrind
	status=0
	# So many that the last thread is asked for before all are done.
	seq 300 >list
	(few_processes -j 20 --scale fixed --pool-stats /bin/echo <list \
		>out 2>err) || status=$?
	assert_equal "$status" 0
	cmp list out
	grep "$reached" err
	grep -Eq '^Workers ended .* shortage ([2-9]|1[0-9])' err
}

@test "no descriptors for a process: a message for each job, status 255" {
	without_valgrind
	run --separate-stderr bash -c \
		'ulimit -n 8; exec muster -j 2 ":; echo {}" ::: a b'
	assert_status 255
	assert_stderr_has 'job 2: cannot start a process: Too many open files'
	# While both try, each is one that runs to the other.
	[[ $stderr == 'muster: cannot '*' (Too many open files); '* ]]
}

@test "short jobs may run on all CPUs that muster may, as before" {
	seq 200 | muster 'nproc #' >out
	[ "$(sort out | uniq -c | tr -s ' ')" = " 200 $(nproc)" ]
	seq 200 | muster --fast 'cd . && nproc #' >out
	[ "$(sort out | uniq -c | tr -s ' ')" = " 200 $(nproc)" ]
}
