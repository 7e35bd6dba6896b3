#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The command line itself, and -j in all its forms.

load ../helpers/common

# bad ARG...: is an error that names the option, the first of them.
bad() {
	t "$@" true ::: a
	assert_usage_error "${1%%=*}"
}

@test "an unknown option is an error with the nearest name" {
	t --timeot 5 echo ::: a
	assert_usage_error "unknown option '--timeot'"
	assert_stderr_has "(did you mean '--timeout'?)"
	t --taks f
	assert_usage_error "(did you mean '--tasks'?)"
	t --dry-rnu echo ::: a
	assert_usage_error "(did you mean '--dry-run'?)"
	t --jobslog=f echo ::: a
	assert_usage_error "unknown option '--jobslog'"
	assert_stderr_has "(did you mean '--joblog'?)"
}

@test "an unknown option like no other has no suggestion" {
	t --xylophone echo ::: a
	assert_usage_error "unknown option '--xylophone'"
	[[ $stderr != *mean* ]]
	t -Z echo ::: a
	assert_usage_error "unknown option '-Z'"
	t -kZ echo ::: a
	assert_usage_error "unknown option '-Z'"
}

@test "nothing runs when any option is wrong" {
	t --joblog log --failed-to failed --bra touch ran ::: a
	assert_usage_error --bra
	t --min 5 -j 2 --joblog log --failed-to failed touch ran ::: a
	assert_usage_error --min
	dir_is_empty .
}

@test "an option without its argument is an error" {
	local option

	for option in -j --jobs --timeout --tasks -a -I -d --halt; do
		t "$option"
		assert_usage_error "option '$option' needs an argument"
	done
}

@test "an argument for an option that takes none is an error" {
	t --bar=5 echo ::: a
	assert_usage_error "option '--bar' takes no argument"
	t --keep-order= echo ::: a
	assert_usage_error "option '--keep-order' takes no argument"
}

@test "what is no number of jobs is an error" {
	local value

	for value in x '' - + % 5%% 1.5 -% 0x10 '2 ' 1e3 --; do
		bad -j "$value"
		assert_stderr_has "'$value'"
		bad --max "$value"
	done
	bad --jobs 99999999999999999999
	assert_stderr_has 'too large'
}

@test "what is no time is an error" {
	local value

	for value in x '' 5x -1 1y . 1.2.3 ' 5' 1,5 1h30x; do
		bad --timeout "$value"
		assert_stderr_has "'$value'"
		bad --grace "$value"
		bad --idle-timeout "$value"
	done
	bad --timeout 0%
	bad --timeout -5%
}

@test "what is no size is an error" {
	local value

	for value in x '' -1 5Q 1.5.5 K '64 M'; do
		bad --output-memory "$value"
		assert_stderr_has "'$value'"
	done
}

@test "what is no count is an error" {
	local value

	for value in x '' -1 1.5 99999999999999999999 2x; do
		bad --retries "$value"
		assert_stderr_has "'$value'"
	done
	bad --min 0
	bad --min x
}

@test "words that an option does not take are errors" {
	bad --halt sometimes
	bad --halt now,fail=0
	bad --halt now,fail=x%
	bad --halt later,fail=1
	bad --exit-as last
	assert_stderr_has 'count, first, max, any, xargs'
	bad --summary=some
	bad --term-seq NOSUCH,10
	bad --term-seq ''
	bad --debug nothing
	bad --tmpdir /none/such
	bad --joblog /none/such/log
	bad --failed-to /none/such/failed
}

@test "a minimum above the maximum is an error" {
	t --min 5 --max 2 echo ::: a
	assert_usage_error '--min 5 is more than the maximum of 2'
	t -j 3 --min 4 echo ::: a
	assert_usage_error '--min 4'
	t --min 4 -j 3 --max 4 echo ::: a
	assert_ok a
}

@test "a prefix of one option only is that option" {
	t --dry --keep --retri 2 echo ::: a
	assert_ok 'echo a'
}

@test "a prefix of several options is an error that lists them" {
	t --ta echo ::: a
	assert_usage_error "option '--ta' is ambiguous: "
	assert_stderr_has "'--tasks'"
	assert_stderr_has "'--tag'"
}

@test "long names may lack their dashes, as in GNU parallel" {
	t --dryrun --keeporder --norunifempty --maxprocs 2 echo ::: a
	assert_ok 'echo a'
	t --linebuffer echo ::: a
	assert_ok a
	t --lb echo ::: a
	assert_ok a
}

@test "options behind the command belong to the command" {
	t echo --help -j x -k ::: a
	assert_ok '--help -j x -k a'
	t echo {} --dry-run ::: --version
	assert_ok '--version --dry-run'
}

@test "-- ends the options" {
	t -k -- echo ::: a
	assert_ok a
	printf '#!/bin/sh\necho "dash $1"\n' >-x
	chmod +x ./-x
	PATH=$PWD:$PATH t -- -x ::: a
	assert_ok 'dash a'
	t --dry-run -- echo -- ::: --
	assert_ok 'echo -- --'
}

@test "letters may be joined, to each other and to their arguments" {
	t -kj2 --dry-run echo ::: a
	assert_ok 'echo a'
	t -k0j 2 echo < <(printf 'a\nb\0c')
	assert_ok $'a\nb\nc'
	t --jobs=2 -d, echo < <(printf 'a,b')
	assert_ok $'a\nb'
}

@test "of options that say the same, the last counts" {
	t --exit-as any --exit-as count false ::: a b
	assert_status 2
	t -d , -d x echo < <(printf 'a,bxc')
	assert_ok $'a,b\nc'
}

@test "GNU parallel's notices are accepted and ignored" {
	t --will-cite --no-notice --nn --citation --bibtex --gnu --willcite \
		echo ::: a
	assert_ok a
}

@test "what only GNU parallel has is named as such" {
	local args

	for args in '-S host' --basefile=x --onall --embed; do
		# shellcheck disable=SC2086
		t $args echo ::: a
		assert_usage_error "of GNU parallel is not supported"
		assert_stderr_has "${args%%[ =2]*}"
	done
}

@test "--help is complete, in groups, and fits a terminal" {
	local option

	t --help
	assert_status 0
	assert_no_stderr
	assert_output_has 'Usage: muster '
	for option in --arg-file --tasks --jobs --min --priority --timeout \
		--keep-order --dry-run --halt --joblog --summary --bar -I -v; do
		grep -qE -e "^ +(-., )?$option\\b" <<<"$output" ||
			fail_with "no $option"
	done
	[ "$(grep -c '^[A-Z][A-Za-z ]*:$' <<<"$output")" -ge 5 ]
	awk 'length > 80 { print; bad = 1 } END { exit bad }' <<<"$output"
	[[ $output != *' '$'\n'* ]]
	run muster -h
	[ "${lines[0]}" = "$(muster --help | head -n 1)" ]
}

@test "--version says which it is" {
	t --version
	assert_status 0
	assert_no_stderr
	[[ ${lines[0]} == 'muster '[0-9]* ]]
	t -V
	[[ ${lines[0]} == 'muster '[0-9]* ]]
}

@test "help that cannot be written is an error" {
	local option

	for option in --help --version; do
		status=0
		stderr=$(muster "$option" 2>&1 >/dev/full) || status=$?
		assert_usage_error 'standard output'
	done
}

# -j: so many jobs run at once, and none has a number above that.

# at_once N CMD...: CMD, which is muster and options, runs N jobs at once.
at_once() {
	rm -f slots go
	start "${@:2}" 'echo {%} >>slots
		until [ -e go ]; do sleep 0.02; done' \
		::: $(seq $(($1 * 2 + 3)))
	wait_until has_lines slots "$1"
	touch go
	finish
	assert_equal "$status" 0
	assert_equal "$(sort -n slots | tail -n 1)" "$1"
}

@test "-j N, in all its names" {
	at_once 3 muster -j 3
	at_once 3 muster -j3
	at_once 2 muster --jobs 2
	at_once 3 muster -P 3
	at_once 2 muster --max-procs=2
	at_once 3 muster --max 3
	at_once 1 muster -j 1
}

@test "of -j and --max the last counts" {
	at_once 3 muster -j 5 --max 3
	at_once 3 muster --max 5 -j 3
}

@test "-j is relative to the CPUs that muster may use" {
	local cpus=1 cpu on=()

	if [ "${MUSTER_TEST_TOOL-}" = portable ]; then
		cpus=$(getconf _NPROCESSORS_ONLN)
	else
		cpu=$(taskset -cp $$)
		cpu=${cpu##*: }
		on=(taskset -c "${cpu%%[-,]*}")
	fi
	at_once "$cpus" "${on[@]}" muster
	at_once "$cpus" "${on[@]}" muster -j 100%
	at_once $((cpus + 2)) "${on[@]}" muster -j +2
	at_once $((cpus * 3)) "${on[@]}" muster -j 300%
	at_once $((cpus + (cpus + 1) / 2)) "${on[@]}" muster -j 150%
	at_once 1 "${on[@]}" muster -j "-$cpus"
	at_once 1 "${on[@]}" muster -j -1000
	at_once 1 "${on[@]}" muster -j 1%
}

@test "-j 0 is as many as possible" {
	start muster -j 0 'echo {} >>slots
		until [ -e go ]; do sleep 0.1; done' ::: {1..50}
	wait_until has_lines slots 50
	touch go
	finish
	assert_equal "$status" 0
}

@test "-j FILE is what the file says" {
	echo ' 2 ' >number
	at_once 2 muster -j number
	printf 3 >number
	at_once 3 muster --max number
	# Numbers win over files.
	echo 5 >./2
	at_once 2 muster -j 2
}

@test "-j FILE is read again while jobs run" {
	echo 1 >number
	start muster -j number 'echo {%} >>slots
		until [ -e go ]; do sleep 0.02; done' ::: {1..9}
	wait_until has_lines slots 1
	echo junk >number
	echo 3 >number.new
	mv number.new number
	wait_until has_lines slots 3
	echo 1 >number
	touch go
	finish
	assert_equal "$status" 0
	assert_equal "$(sort -n slots | tail -n 1)" 3
}

@test "-j FILE that holds no number is an error at the start" {
	local text

	for text in '' x '1 2' 1.5 99999999999; do
		echo "$text" >number
		bad -j number
	done
	mkdir dir
	bad -j dir
	assert_stderr_has directory
	bad -j nosuchfile
}

@test "--min starts so many workers at once" {
	t --min 3 -j 3 --debug sched echo ::: a
	assert_status 0
	assert_output a
	assert_equal "$(grep -c '\[.\] worker starts' <<<"$stderr")" 3
}

@test "without --min one worker is enough for jobs that follow each other" {
	mkfifo in
	exec 5<>in
	start muster -j 3 --debug sched <in
	echo 'echo a' >&5
	wait_until file_has out a
	exec 5>&-
	finish
	assert_equal "$(grep -c '\[.\] worker starts' err)" 1
}
