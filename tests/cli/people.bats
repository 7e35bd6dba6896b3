# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --bar, --eta, --progress, and what else muster shows to people: on a
# terminal, and elsewhere.

load ../helpers/common

# terminal COMMAND: runs it by a shell on a terminal of its own; what it wrote
# there is left in the file raw, what can be seen in the end in screen (each
# line without what was erased, colours and blanks at its end).
terminal() {
	status=0
	script -qec "$1" /dev/null >raw || status=$?
	sed 's/\r$//; s/.*\r\x1b\[K//; s/\x1b\[[0-9]*m//g; s/ *$//' \
		raw >screen
}

# No bytes that move the cursor or change colours.
is_plain() {
	[[ $1 != *[$'\r\e\b']* ]]
}

# Elsewhere than on a terminal.

@test "--bar writes plain lines" {
	t --bar true ::: 1 2 3
	assert_status 0
	is_plain "$stderr"
	assert_equal "${stderr_lines[-1]}" '100% 3:0=0s 3'
}

@test "--eta writes plain lines" {
	t --eta true ::: 1 2 3
	is_plain "$stderr"
	[[ ${stderr_lines[-1]} =~ \
		^ETA:\ 0s\ Left:\ 0\ AVG:\ [0-9.]+s\ \ local:0/3/100%/[0-9.]+s$ ]]
}

@test "--progress writes plain lines" {
	t --progress true ::: 1 2 3
	is_plain "$stderr"
	[[ ${stderr_lines[-1]} =~ ^local:0/3/100%/[0-9.]+s$ ]]
}

@test "they count failed jobs" {
	for option in --bar --eta --progress; do
		t "$option" ::: true false false
		assert_status 2
		[[ ${stderr_lines[-1]} == *' failed:2'* ]]
	done
}

@test "they write few lines for many jobs" {
	seq 300 | muster --bar true 2>err
	[ "$(wc -l <err)" -le 20 ]
	seq 300 | muster --progress true 2>err
	[ "$(wc -l <err)" -le 20 ]
}

@test "they leave standard output alone" {
	t --bar --eta --progress -j 1 echo ::: a b
	assert_status 0
	assert_output $'a\nb'
}

@test "of several, --bar wins over --eta, and that over --progress" {
	t --progress --eta --bar true ::: 1
	[[ ${stderr_lines[-1]} == 100%* ]]
	t --progress --eta true ::: 1
	[[ ${stderr_lines[-1]} == ETA:* ]]
}

@test "--bar with no jobs at all" {
	t --bar </dev/null
	assert_status 0
	is_plain "$stderr"
}

@test "--bar of jobs from a pipe that are still coming" {
	mkfifo in
	exec 7<>in
	start muster --bar <in
	echo ': >up; await go' >&7
	wait_until test -e up
	kill -USR2 "$pid"
	kill -USR1 "$pid"
	wait_until file_has err running
	kill -USR2 "$pid"
	wait_until file_has err '?% 0:?=? '
	: >go
	exec 7>&-
	finish
	assert_equal "$(tail -n 1 err)" '100% 1:0=0s : >up; await go'
}

# On a terminal.

@test "the bar is drawn in reverse video as far as jobs are done" {
	terminal "muster -j 1 --bar await ::: 1 2 3" &
	wait_until file_has raw $'\r\e[K0% 0:3=? '
	: >1
	wait_until file_has raw $'\r\e[K\e[7m33% 1:2='
	: >2
	wait_until file_has raw $'\r\e[K\e[7m66% 2:1='
	: >3
	wait
	assert_equal "$(cat screen)" '100% 3:0=0s 3'
}

@test "the bar leaves its last state and output as it is" {
	terminal "muster -j 1 --bar 'sleep 0.1; echo' ::: a b c"
	assert_equal "$status" 0
	assert_file_is screen $'a\nb\nc\n100% 3:0=0s c\n'
}

@test "the bar is never mixed into output, whatever it is" {
	for i in $(seq 40); do
		echo "sleep 0.0$((i % 7)); echo $i; printf $i; echo e$i >&2"
	done >jobs
	terminal "muster -j 4 --bar -a jobs"
	sed '$d' screen |
		cmp - <(for i in $(seq 40); do echo "$i"; echo "${i}e$i"; done)
	[[ $(tail -n 1 screen) == '100% 40:0=0s '* ]]
}

@test "the bar waits for the end of a line" {
	terminal "muster -j 1 --bar 'sleep 0.15; printf' ::: a b c"
	assert_file_is screen $'abc\n100% 3:0=0s c\n'
}

@test "the bar is never mixed into messages" {
	job='sleep 0.2; kill -USR1 $PARALLEL_PID; sleep 0.2; :'
	terminal "muster --bar '$job' ::: a"
	assert_equal "$status" 0
	assert_file_is screen "muster: running jobs:
1	$job a
100% 1:0=0s a
"
}

@test "a message begins a line of its own" {
	# What only the output has, and not the bar.
	terminal "muster --bar ::: 'printf %s o k; await go' & await up
		kill -USR1 \$!; : >go; wait" &
	wait_until file_has raw ok
	: >up
	wait
	assert_equal "$(head -n 2 screen)" $'ok\nmuster: running jobs:'
}

@test "-t and the bar share the terminal" {
	terminal "muster -j 1 -t --bar 'sleep 0.1; :' ::: a b"
	assert_file_is screen $'sleep 0.1; : a\nsleep 0.1; : b\n100% 2:0=0s b\n'
}

@test "--summary stands whole below the bar" {
	terminal "muster --bar --summary ::: 'sleep 0.1; false'"
	assert_equal "$(sed -n 1p screen)" \
		'100% 1:0=0s failed:1 sleep 0.1; false'
	[[ $(sed -n 2p screen) == 'Seq  Status'* ]]
	[[ $(sed -n 4p screen) == 'muster: 1 of 1 job failed '* ]]
	assert_equal "$(wc -l <screen)" 4
}

@test "--eta and --progress are one line each on a terminal" {
	terminal "muster -j 1 --eta 'sleep 0.15; :' ::: 1 2"
	[[ $(cat screen) =~ \
		^ETA:\ 0s\ Left:\ 0\ AVG:\ [0-9.]+s\ \ local:0/2/100%/[0-9.]+s$ ]]
	terminal "muster -j 1 --progress 'sleep 0.15; :' ::: 1 2"
	[[ $(cat screen) =~ ^local:0/2/100%/[0-9.]+s$ ]]
}

@test "the bar is no wider than the terminal" {
	terminal "stty cols 30; muster -j 1 --bar ::: \
		': aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' \
		'await go; : bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'" &
	wait_until file_has raw '50% 1:1=0s awai'
	: >go
	wait
	sed 's/\r\x1b\[K/\n/g' raw | sed 's/\r$//; s/\x1b\[[0-9]*m//g' >drawn
	grep '^50% 1:1=0s await go; : bbbb' drawn
	assert_equal "$(grep '.\{31\}' drawn)" ''
}

@test "with standard output elsewhere the bar is on the terminal alone" {
	terminal "muster -j 1 --bar 'sleep 0.1; echo' ::: a b >out"
	assert_file_is out $'a\nb\n'
	assert_file_is screen $'100% 2:0=0s b\n'
}

@test "SIGINT leaves no half of a bar" {
	terminal "muster --bar ::: 'sleep 0.2; kill -INT \$PARALLEL_PID
		exec sleep 1000'"
	assert_equal "$status" 130
	assert_equal "$(wc -l <screen)" 1
	[[ $(tail -c 2 raw) == $'\r' ]]
}

@test "without a bar output to a terminal is byte for byte" {
	terminal "muster -j 1 printf ::: 'a\r' 'b' '\tc\n'"
	printf 'a\rb\tc\r\n' | cmp - raw
}

# SIGUSR2

@test "SIGUSR2 switches progress on" {
	start muster ::: ': >up; await go'
	wait_until test -e up
	kill -USR2 "$pid"
	wait_until file_has err 'local:1/0/100%/'
	: >go
	finish
	[[ $(tail -n 1 err) == 'local:0/1/100%/'* ]]
	assert_equal "$(wc -l <err)" 2
}

@test "SIGUSR2 switches progress off" {
	start muster --progress ::: ': >up; await go'
	wait_until test -e up
	kill -USR2 "$pid"
	wait_until usr2_taken
	: >go
	finish
	assert_equal "$status" 0
	assert_equal "$(grep local: err)" ''
}

# muster takes signals one after the other, and this one shows.
usr2_taken() {
	kill -USR1 "$pid" && file_has err 'running jobs'
}

@test "SIGUSR2 twice changes nothing" {
	start muster ::: ': >up; await go'
	wait_until test -e up
	kill -USR2 "$pid"
	wait_until file_has err 'local:1/0/100%/'
	kill -USR2 "$pid"
	wait_until usr2_taken
	: >go
	finish
	assert_equal "$(grep -c local: err)" 1
}

# Control characters.

bad=$'\e[31m\x07\x7f\xc2\x9b1m'
shown='\x1B[31m\x07\x7F\xC2\x9B1m'

@test "control characters in the bar are shown, not sent" {
	t --bar : ::: "$bad"
	assert_equal "${stderr_lines[-1]}" "100% 1:0=0s $shown"
}

@test "control characters in what SIGUSR1 lists are shown, not sent" {
	start muster ': >up; await go;' ::: "$bad"
	wait_until test -e up
	kill -USR1 "$pid"
	wait_until has_lines err 2
	: >go
	finish
	assert_equal "$(sed -n 2p err)" $'1\t'": >up; await go; '$shown'"
}

@test "control characters in messages to a terminal are shown, not sent" {
	printf %s "$bad" >name
	terminal 'muster -a "$(cat name)"'
	assert_equal "$status" 255
	assert_file_is screen \
		"muster: -a: cannot open '$shown': No such file or directory"$'\n'
}

@test "control characters in -t, -v, --dry-run to a terminal are shown" {
	printf %s "$bad" >name
	for option in -t -v --dry-run; do
		terminal "muster $option -a name :"
		assert_file_is screen ": '$shown'"$'\n'
	done
}

@test "elsewhere -t, -v and --dry-run show the command as it is" {
	printf %s "$bad" >name
	t -t -a name :
	assert_stderr ": '$bad'"
	t -v -a name :
	assert_output ": '$bad'"
	t --dry-run -a name :
	assert_output ": '$bad'"
}

@test "newlines in a command stay newlines on a terminal" {
	terminal "muster --dry-run ::: 'echo a
	echo b'"
	assert_file_is screen $'echo a\n\techo b\n'
}

@test "the output of jobs reaches a terminal as it is" {
	terminal "muster 'printf \"\\033[31m\"' ::: x"
	assert_file_is raw $'\e[31m'
}
