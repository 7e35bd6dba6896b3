# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --kill-tree: what a job has started outside its process group.

load ../helpers/common

# Is the process whose number is in file $1 gone, or dead and not yet waited
# for?
is_dead() {
	local state

	state=$(ps -o state= -p "$(cat "$1")") || return 0
	[[ $state == Z* ]]
}

lives() {
	! is_dead "$1"
}

need_tree() {
	[ "${MUSTER_TEST_TOOL-}" != portable ]
}

# A job that puts "sleep 60" into a session of its own, writes its number to
# file d, and then runs $1.
daemon_and() {
	printf '%s' "setsid sh -c 'echo \$\$ >d.new; mv d.new d; exec sleep 60' & \
		await d; $1 #"
}

@test "a session of its own is ended with a job that takes too long" {
	t --timeout 0.5 "$(daemon_and 'exec sleep 60')" ::: 1
	assert_equal "$status" 1
	if need_tree; then
		is_dead d
	else
		kill "$(cat d)"
	fi
}

@test "also one that ignores SIGTERM" {
	t --timeout 0.5 'setsid sh -c "trap \"\" TERM; echo \$\$ >d.new
		mv d.new d; while :; do sleep 1; done" & await d; exec sleep 60 #' \
		::: 1
	assert_equal "$status" 1
	if need_tree; then
		is_dead d
	else
		kill -9 "$(cat d)"
	fi
}

@test "also one whose parent is gone" {
	t --timeout 0.5 '(setsid sh -c "echo \$\$ >d.new
		mv d.new d; exec sleep 60" &) & await d; exec sleep 60 #' ::: 1
	assert_equal "$status" 1
	if need_tree; then
		is_dead d
	else
		kill "$(cat d)"
	fi
}

@test "without its environment it is found by its parents" {
	t --timeout 0.5 'env -i setsid sh -c "echo \$\$ >d.new; mv d.new d
		exec sleep 60" & await d; exec sleep 60 #' ::: 1
	assert_equal "$status" 1
	if need_tree; then
		is_dead d
	else
		kill "$(cat d)"
	fi
}

@test "it gets the signals of the term sequence first" {
	need_tree || return 0
	t -j2 --halt now,fail=1 --term-seq USR1,60000,KILL '
		[ {} = 1 ] || { await d; exit 3; }
		setsid sh -c "trap \"echo got >>told; exit\" USR1
			echo \$\$ >d.new; mv d.new d
			while :; do sleep 0.1; done" & await d
		exec sleep 60 #' ::: 1 2
	assert_equal "$status" 3
	assert_equal "$(cat told)" got
	is_dead d
}

@test "--halt now and signals end it as well" {
	need_tree || return 0
	t -j2 --halt now,fail=1 "case {} in 1) await d; exit 3; esac
		$(daemon_and 'exec sleep 60')" ::: 2 1
	assert_equal "$status" 3
	is_dead d
	rm d
	start muster "$(daemon_and 'exec sleep 60')" ::: 1
	wait_until test -e d
	kill -INT "$pid"
	finish
	assert_equal "$status" 130
	is_dead d
}

@test "it lives on when its job ends by itself" {
	t "$(daemon_and 'exit 0')" ::: 1
	assert_ok
	lives d
	kill "$(cat d)"
	rm d
	t "$(daemon_and 'exit 1')" ::: 1
	assert_equal "$status" 1
	lives d
	kill "$(cat d)"
}

@test "what another job has started is left alone" {
	t -j3 --halt now,fail=1 --joblog log 'case {} in
		1) setsid sh -c "echo \$\$ >d.new; mv d.new d; exec sleep 60" &
		   await d ;;
		2) : >up; exec sleep 60 ;;
		3) await up
		   until [ $(wc -l <log) = 2 ]; do sleep 0.02; done; exit 3 ;;
		esac #' ::: 1 2 3
	assert_equal "$status" 3
	lives d
	kill "$(cat d)"
}

@test "--no-kill-tree ends the group alone" {
	t -j2 --no-kill-tree --halt now,fail=1 "case {} in 1) await d; exit 3
		esac; $(daemon_and 'exec sleep 60')" ::: 2 1
	assert_equal "$status" 3
	lives d
	kill "$(cat d)"
}
