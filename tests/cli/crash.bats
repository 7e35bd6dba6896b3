# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Jobs that go wrong in the worst way: the others, their output and the exit
# status are none the worse for it, and nothing is left behind.

load ../helpers/common
load ../helpers/disk

# bash ignores SIGQUIT.
setup() {
	common_setup
	export PARALLEL_SHELL=/bin/sh
}

# around COMMAND ARG...: muster with ARG... runs COMMAND as job 11 of 21; each
# of the others puts its number out. Leaves the log.
around() {
	{
		seq -f 'echo %.0f' 10
		echo "$1"
		seq -f 'echo %.0f' 11 20
	} >jobs
	shift
	t -j 4 --joblog log "$@" -a jobs
	assert_equal "$output" "$(seq 20)"
	assert_equal "$(wc -l <log)" 22
	assert_equal "$(awk '$1 != "Seq" && $7 + $8 != 0' log | wc -l)" \
		"$status"
}

# Who is neither told of its death nor given the orphans can't end them.
end_what_is_left() {
	local pid

	[ "${MUSTER_TEST_TOOL-}" = portable ] || return 0
	for pid in $(marked_pids); do
		kill -KILL "$pid" 2>/dev/null || :
	done
}

# ends [SEQ]: the exit value of that job (11), from the log.
ends() {
	awk -F '\t' -v seq="${1-11}" '$1 == seq { print $7 }' log
}

# has_died [SIGNAL]: job 11 died of that signal, or of one.
has_died() {
	awk -F '\t' -v want="${1-}" '
		$1 == 11 { ok = $8 > 0 && (want == "" || want == $8) }
		END { exit !ok }' log || fail_with "$(cat log)"
}

# Signals.

# Those that end a process: not CHLD, CONT, STOP, TSTP, TTIN, TTOU, URG, WINCH.
deadly='1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 24 25 26 27 29 30 31 34 64'

@test "a job that dies of a signal, for each of them" {
	for s in $deadly; do
		echo "kill -$s \$\$"
		echo "echo $s"
	done >jobs
	t -j 3 --joblog log -a jobs
	assert_status "$(wc -w <<<"$deadly")"
	assert_output "$(tr ' ' '\n' <<<"$deadly")"
	awk '$1 % 2 && $8 { print $8 }' log | sort -n >signals
	assert_equal "$(cat signals)" "$(tr ' ' '\n' <<<"$deadly")"
}

@test "jobs that dump core" {
	mkdir cores
	ulimit -c "$(ulimit -Hc)"
	for s in QUIT SEGV ABRT BUS FPE ILL SYS TRAP XCPU; do
		around "cd cores && kill -$s \$\$"
		assert_status 1
		has_died "$(kill -l $s)"
	done
}

@test "a signal that nobody heeds" {
	for s in CHLD CONT URG WINCH; do
		around "kill -$s 0; exit 3"
		assert_equal "$(ends)" 3
	done
}

@test "a job that fails in its shell's own words" {
	for command in 'exit 1' 'if' '(' 'exec ./no_such' 'no_such' '. ./no' \
		'./jobs' 'cd jobs' 'set -u; $none' ': ${none?}'; do
		around "$command"
		assert_status 1
	done
}

# Signals to others.

@test "a job that kills its process group" {
	for command in 'kill -KILL 0' 'kill -KILL -$$' 'kill 0' 'kill -- -$$' \
		'sleep 1000 & kill -KILL 0' '(sleep 1000; :) & kill -HUP 0' \
		'(kill -ABRT 0); sleep 1000'; do
		around "$command"
		assert_status 1
		has_died
	done
	no_marked_pids
}

@test "a job that kills another one" {
	t -j 2 --joblog log ::: 'echo $$ >pid; : >up; exec sleep 1000' \
		'await up; kill -KILL "$(cat pid)"; echo b' 'echo c'
	assert_status 1
	assert_output $'b\nc'
	assert_equal "$(ends 1)" 137
}

@test "a job that kills its own children" {
	around 'sleep 1000 & kill -KILL $!; wait $!; exit 5'
	assert_equal "$(ends)" 5
}

@test "a job that tells its parent to end: muster drains" {
	t -j 2 --joblog log --grace 100 ::: ': >up; await told; echo a' \
		'await up; kill "$PPID"; : >told; echo b' 'await told; echo c'
	assert_output_has $'a\nb'
	[ "$status" -ge 1 ]
	assert_equal "$(ends 1)$(ends 2)" 00
}

@test "a job that stops its parent and lets it go on" {
	around 'kill -STOP "$PPID"; kill -CONT "$PPID"; exit 5'
	assert_equal "$(ends)" 5
}

@test "a job that kills its parent: the jobs end with it" {
	for command in 'kill -KILL "$PPID"' 'kill -ABRT "$PPID"'; do
		rm -f up
		t -j 2 ::: ': >up; exec sleep 1000' \
			"await up; $command; exec sleep 1000"
		[ "$status" -gt 128 ]
		end_what_is_left
		wait_until no_marked_pids
	done
}

# What they use up.

@test "a job that fills the disk" {
	seq -f 'echo %.0f' 20 | sed '11i cat /dev/zero >full/big' >jobs
	run --separate-stderr on_disk 1024k muster -j 4 --joblog log -a jobs
	assert_status 1
	assert_output "$(seq 20)"
	[ "$(ends)" != 0 ]
}

@test "a job that fills the disk where others' output is held" {
	{
		echo 'cat /dev/zero >full/big; : >filled; await done'
		seq -f 'await filled; seq %.0f 30000' 5
		echo ': >done'
	} >jobs
	run --separate-stderr on_disk 1024k muster -j 10 --joblog log \
		--tmpdir full --output-memory 1k -a jobs
	# Job 1 waits for the last one, all of whose forerunners are held.
	assert_status 0
	for n in 1 2 3 4 5; do
		seq $n 30000
	done | cmp - <(echo "$output")
}

@test "a job that writes more than its limit" {
	around 'ulimit -f 8; exec cat /dev/zero >big'
	has_died "$(kill -l XFSZ)"
}

@test "a job that exhausts its memory" {
	around 'ulimit -v 100000; exec tail /dev/zero'
	assert_status 1
}

@test "a job that exhausts its stack" {
	around 'ulimit -s 256; f() { f; }; f'
	assert_status 1
}

@test "a job that exhausts its CPU time" {
	around 'ulimit -t 1; while :; do :; done'
	assert_status 1
	has_died
}

@test "a job that exhausts its descriptors" {
	around 'ulimit -n 4; exec 3<jobs 4<jobs 5<jobs; exit 9'
	assert_status 1
}

@test "a job that starts 300 processes" {
	around 'n=300; while [ $((n-=1)) -gt 0 ]; do sleep 1000 & done; exit 3'
	assert_equal "$(ends)" 3
	end_what_is_left
}

# Each process starts others as long as it may, and none ends by itself. For
# root the limit does not count: as someone else then, who runs nothing but
# this, also when the case runs twice at a time.
@test "a job that forks without end, under a limit" {
	if [ "$EUID" -eq 0 ]; then
		limited="setpriv --reuid $((50000 + $$ % 10000)) "
		limited+='--regid 54321 --clear-groups prlimit --nproc=40'
	else
		limited="prlimit --nproc=$((40 + $(my_threads)))"
	fi
	bomb='b() { while :; do b & sleep 0.1; done; }'
	bomb+='; b 2>/dev/null & exec sleep 1000'
	around "exec $limited sh -c '$bomb' #muster: timeout=2" --term-seq KILL
	assert_equal "$(ends)" -1
	has_died 9
	wait_until no_marked_pids
}

my_threads() {
	cat /proc/[0-9]*/status 2>/dev/null | awk -v uid="$EUID" '
		/^Uid:/ { mine = $2 == uid }
		/^Threads:/ && mine { n += $2 }
		END { print n + 0 }'
}

# How they leave.

@test "a job that closes its descriptors" {
	for command in 'exec <&-' 'exec >&-' 'exec 2>&-' 'exec <&- >&- 2>&-' \
		'exec >&- 2>&-; sleep 0.1'; do
		around "$command; exit 7"
		assert_equal "$(ends)" 7
	done
}

@test "a job that stops itself, under a timeout" {
	for command in 'kill -STOP $$' 'kill -STOP 0' 'kill -TSTP 0' \
		'(kill -STOP 0) & wait; sleep 1000'; do
		around "$command #muster: timeout=0.3"
		assert_equal "$(ends)" -1
		has_died
	done
}

@test "a job that goes away as a daemon" {
	around 'setsid sh -c "echo \$\$ >pid; exec sleep 1000" & await pid'
	assert_ok "$(seq 20)"
	kill "$(cat pid)"
}

@test "a job that goes away as a daemon, with nothing held open" {
	cat >daemon <<-'END'
		setsid sh -c 'echo $$ >pid; exec sleep 1000' \
			</dev/null >/dev/null 2>&1 &
	END
	around 'sh ./daemon; await pid'
	assert_ok "$(seq 20)"
	kill "$(cat pid)"
}

@test "a job whose children write on after its end" {
	{
		seq -f 'echo %.0f' 10
		echo '(while :; do echo more; sleep 0.01; done) & exit 6'
		seq -f 'echo %.0f' 11 20
	} >jobs
	t -j 4 --joblog log -a jobs
	assert_status 1
	assert_equal "$(grep -v more <<<"$output")" "$(seq 20)"
	assert_equal "$(ends)" 6
}

@test "a job that leaves processes that ignore signals" {
	around '(trap "" HUP INT TERM; : >up; sleep 1000) & await up; exit 4'
	assert_equal "$(ends)" 4
	end_what_is_left
	wait_until no_marked_pids
}

@test "a job that removes the directory it is in" {
	around 'mkdir here && cd here && rmdir ../here && exit 2'
	assert_equal "$(ends)" 2
}

@test "a hundred jobs that crash, and their retries" {
	yes 'kill -SEGV $$' | head -n 100 >jobs
	echo 'echo still' >>jobs
	t -j 8 --retries 2 --joblog log -a jobs
	assert_status 100
	assert_output still
	assert_equal "$(awk '$8 == 11' log | wc -l)" 100
}
