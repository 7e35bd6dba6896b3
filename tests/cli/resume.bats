# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# RESUMING A RUN: --resume, --resume-failed, --retry-failed.

load ../helpers/common

# logged LIST: these columns of the log's jobs, with blanks between.
logged() {
	grep -v ^Seq log | cut -f "$1" | tr '\t' ' '
}

# skipped TEXT: what muster says of it, and nothing else.
skipped() {
	assert_stderr "muster: resumed: $1"
}

@test "--resume: what is in the log is not run again" {
	t -j 1 --joblog log echo ::: a b
	t -j 1 --joblog log --resume echo ::: a b c
	assert_output c
	assert_status 0
	skipped '2 jobs skipped'
	assert_equal "$(logged 1,9)" $'1 echo a\n2 echo b\n3 echo c'
}

@test "--resume: nothing left to do" {
	t --joblog log echo ::: a
	t --joblog log --resume echo ::: a
	assert_status 0
	assert_output ''
	skipped '1 job skipped'
}

@test "--resume without a log: all jobs are run, and nothing is said" {
	t --joblog log --resume echo ::: a b
	assert_ok $'a\nb'
}

@test "--resume: the name of the file of --cat and --fifo does not matter" {
	local how log

	for how in --cat --fifo; do
		for log in --joblog --journal; do
			rm -f log
			seq 4 | muster --pipe -N2 $how $log log 'cat {}' >out
			assert_file_is out "$(seq 4)"$'\n'
			seq 6 | muster --pipe -N2 $how $log log --resume \
				'cat {}' >out
			assert_file_is out $'5\n6\n'
		done
	done
	rm -f log
	seq 4 | muster --pipe -N2 --cat --joblog log 'wc -c {} | cat - {}' >out
	seq 4 | muster --pipe -N2 --cat --joblog log --resume \
		'wc -c {} | cat - {}' >out
	assert_file_is out ''
	t --pipe -N2 --cat --joblog log --resume 'wc -l {} | cat - {}' \
		< <(seq 4)
	assert_status 255
	assert_stderr_has 'the input has changed'
}

@test "--resume: also failed jobs are skipped, and not counted" {
	t -j 1 --joblog log exit ::: 0 2
	assert_status 1
	t -j 1 --joblog log --resume exit ::: 0 2
	assert_status 0
	skipped '2 jobs skipped, 1 of them failed'
}

@test "--resume-failed: failed jobs are run again" {
	t -j 1 --joblog log exit ::: 0 2 0 3
	t -j 1 --joblog log --resume-failed exit ::: 0 2 0 3 4
	assert_status 3
	skipped '2 jobs skipped'
	assert_equal "$(logged 1,7)" $'1 0\n2 2\n3 0\n4 3\n2 2\n4 3\n5 4'
}

@test "--resume-failed: the last line of a job counts" {
	t -j 1 --joblog log test -e ::: x y
	: >x
	t -j 1 --joblog log --resume-failed test -e ::: x y
	assert_status 1
	t -j 1 --joblog log --resume-failed test -e ::: x y
	assert_status 1
	skipped '1 job skipped'
	assert_equal "$(logged 1,7)" $'1 1\n2 1\n1 0\n2 1\n2 1'
}

@test "--resume: holes in the log are filled, in the order of the input" {
	t -j 1 --joblog log echo ::: 1 2 3 4 5
	sed -i '/^[24]\t/d' log
	t --joblog log --resume echo ::: 1 2 3 4 5
	assert_output $'2\n4'
	skipped '3 jobs skipped'
}

@test "--resume: {#} goes on" {
	t -j 1 --joblog log echo '{#}' ::: a b
	t -j 1 --joblog log --resume echo '{#}' ::: a b c d
	assert_output $'3\n4'
}

@test "--resume: a run that was killed goes on" {
	start muster -j 1 --joblog log ::: 'echo a' 'await go; echo b' 'echo c'
	wait_until has_lines log 2
	kill -KILL "$pid"
	finish
	: >go
	t -j 1 --joblog log --resume ::: 'echo a' 'await go; echo b' 'echo c'
	assert_output $'b\nc'
	skipped '1 job skipped'
}

@test "--resume: a job that an interrupt ended is run again" {
	start muster -j 1 --joblog log ::: 'echo a' ': >up; await go; echo b'
	await up
	kill -INT "$pid"
	finish
	assert_equal "$(logged 1,7)" $'1 0\n2 -1'
	: >go
	t -j 1 --joblog log --resume ::: 'echo a' ': >up; await go; echo b'
	assert_output b
}

@test "--resume: a job that an interrupt kept from its next try is run again" {
	local kept

	for kept in '--journal log' '--journal log --output o'; do
		rm -f ran log o
		# shellcheck disable=SC2086 # words
		start muster $kept --retries 3 --retry-delay 60 \
			'echo {} >>ran; [ {} != a ]' ::: a b
		wait_until has_lines ran 2
		wait_until grep -qw b log
		kill -INT "$pid"
		finish
		# shellcheck disable=SC2086 # words
		t $kept --resume 'echo {} >>ran; [ {} != a ]' ::: a b
		assert_status 1
		assert_equal "$(sort ran | xargs)" 'a a b'
	done
}

@test "a log cut at any byte: what it has whole is not run again" {
	local len lines

	t -j 1 --joblog whole echo ::: a b
	for len in $(seq 0 3 "$(wc -c <whole)"); do
		head -c "$len" whole >log
		lines=$(wc -l <log)
		muster --joblog log --resume echo ::: a b >out 2>said
		case $lines in
		0 | 1) assert_file_is out $'a\nb\n' ;;
		2) assert_file_is out $'b\n' ;;
		esac
		assert_equal "$(logged 1,9 | sort)" $'1 echo a\n2 echo b'
	done
}

@test "a torn line is cut off, and its job is run again" {
	t -j 1 --joblog log echo ::: a b
	truncate -s -3 log
	t -j 1 --joblog log --resume echo ::: a b
	assert_output b
	assert_equal "$(logged 1,9)" $'1 echo a\n2 echo b'
}

# The input has changed.

@test "--resume: another input is an error that names the first difference" {
	t -j 1 --joblog log echo ::: a b c
	t -j 1 --joblog log --resume echo ::: a x y d
	assert_usage_error "--resume: the input has changed: job 2 is 'echo x'"
	assert_stderr_has "in 'log' it was 'echo b'"
	assert_equal "$(logged 1)" $'1\n2\n3'
}

@test "--resume: another command is an error" {
	t --joblog log echo ::: a
	t --joblog log --resume printf ::: a b
	assert_usage_error "job 1 is 'printf a', in 'log' it was 'echo a'"
}

@test "--resume-failed: what is run again may have changed" {
	t -j 1 --joblog log ::: true false
	t -j 1 --joblog log --resume-failed ::: true 'echo mended'
	assert_status 0
	assert_output mended
}

@test "--resume: a shorter input is told" {
	t -j 1 --joblog log echo ::: a b c
	t -j 1 --joblog log --resume echo ::: a
	assert_status 0
	skipped "1 job skipped; 2 in 'log' not in the input any more"
}

@test "--resume: newlines and long commands are compared" {
	printf 'echo a\necho b\0echo %090000d\0' 1 >jobs
	t -0 -j 1 --joblog log -a jobs
	t -0 -j 1 --joblog log --resume -a jobs
	assert_status 0
	skipped '2 jobs skipped'
	sed -i 's/echo b/echo c/' jobs
	t -0 -j 1 --joblog log --resume -a jobs
	assert_usage_error "job 1 is 'echo a\\necho c'"
}

@test "--resume: a command with its slot in it is the same in another" {
	t -j 2 --joblog log2 'echo {}; [ {} = 1 ] || : >go; await go; : {%}' \
		::: 1 2
	t -j 1 --joblog log2 --resume \
		'echo {}; [ {} = 1 ] || : >go; await go; : {%}' ::: 1 2
	assert_status 0
	skipped '2 jobs skipped'
}

@test "--resume: lines of attributes and of words" {
	cat >jobs <<-'END'
		echo a   #muster: tag=x
		echo b   #muster: timeout=1000
	END
	t -j 1 --joblog log --tasks jobs
	t -j 1 --joblog log --resume --tasks jobs
	assert_status 0
	skipped '2 jobs skipped'
}

# With others.

@test "--resume: tasks go by how those they wait for had ended" {
	cat >jobs <<-'END'
		true         #muster: id=good
		false        #muster: id=bad
	END
	t -j 1 --joblog log --tasks jobs
	cat >>jobs <<-'END'
		echo a       #muster: after=good
		echo b       #muster: after=bad
		echo c       #muster: after?=bad
		echo d       #muster: after!=bad
	END
	t -j 1 --joblog log --resume --tasks jobs
	assert_status 1
	assert_output $'a\nc\nd'
	assert_stderr_has 'resumed: 2 jobs skipped, 1 of them failed'
}

@test "--resume: an id that two tasks have is still an error" {
	t --joblog log --tasks - <<<'true #muster: id=a'
	t --joblog log --resume --tasks - <<-'END'
		true #muster: id=a
		true #muster: id=a
	END
	assert_status 255
	assert_stderr_has "'a'"
}

@test "--resume: --halt counts what this run has to do" {
	t -j 1 --joblog log true ::: 1 2 3 4 5 6 7 8
	t -j 1 --joblog log --resume --halt soon,fail=50% \
		'[ {} -lt 9 ] && true || exit' ::: 1
	assert_status 255
	rm log
	t -j 1 --joblog log ::: true true true true
	t -j 1 --joblog log --resume --halt soon,done=50% ::: true true true \
		true 'echo a' 'echo b' 'echo c' 'echo d'
	assert_output $'a\nb'
}

@test "--resume: pipelines begin again with an input that is not over" {
	t -j 1 --joblog log --then 'test -e' echo ::: a b
	assert_status 2
	: >b
	t -j 1 --joblog log --resume-failed --then 'test -e' echo ::: a b
	assert_status 1
	assert_output $'a\nb'
	t -j 1 --joblog log --resume-failed --then 'test -e' echo ::: a b
	assert_output a
	skipped '1 job skipped'
}

@test "--resume: the bar knows what is left" {
	t -j 1 --joblog log true ::: 1 2 3
	t -j 1 --joblog log --resume --bar true ::: 1 2 3 4
	assert_stderr_has '100% 1:0='
}

@test "--resume --dry-run: what would be run; no log is made" {
	t --dry-run --joblog log --resume echo ::: a
	assert_ok 'echo a'
	[ ! -e log ]
	t -j 1 --joblog log echo ::: a
	t --dry-run --joblog log --resume echo ::: a b
	assert_output 'echo b'
	assert_equal "$(logged 1)" 1
}

@test "--resume: one job of each number with many workers" {
	seq 2000 | muster -j 8 --joblog log 'test $(({} % 3)) != 0' || :
	seq 2000 | muster -j 8 --joblog log --resume-failed true 2>/dev/null ||
		[ $? -eq 255 ]
	seq 3000 | muster -j 8 --joblog log --resume \
		'test $(({} % 3)) != 0' 2>/dev/null || :
	assert_equal "$(logged 1 | sort -n)" "$(seq 3000)"
}

# --retry-failed

@test "--retry-failed: the failed commands of the log" {
	t -j 1 --joblog log exit ::: 0 2 0 3
	t -j 1 --joblog log --retry-failed
	assert_status 2
	assert_no_stderr
	assert_equal "$(logged 1,7,9 | tail -n 2)" $'2 2 exit 2\n4 3 exit 3'
}

@test "--retry-failed: command and input do not count" {
	t -j 1 --joblog log ::: true 'echo b; test -e x'
	: >x
	t -j 1 --joblog log --retry-failed echo ::: c </dev/zero
	assert_ok b
	t -j 1 --joblog log --retry-failed
	assert_ok ''
}

@test "--retry-failed: newlines are as they were" {
	t -0 --joblog log -a <(printf 'echo a\necho b; exit 1\0')
	t --joblog log --retry-failed
	assert_status 1
	assert_output $'a\nb'
}

@test "--retry-failed with no log: nothing to do" {
	t --joblog log --retry-failed
	assert_ok ''
}

# Bad requests.

@test "without --joblog there is nothing to go by" {
	local option

	for option in resume resume-failed retry-failed; do
		t --$option echo ::: a
		assert_usage_error "--$option needs --joblog"
		t --$option --joblog - echo ::: a
		assert_usage_error "--$option: the log cannot be standard"
	done
}

@test "--retry-failed has no pipelines" {
	t --joblog log --retry-failed --then echo
	assert_usage_error '--retry-failed cannot be combined with --then'
}

@test "a file that is no job log" {
	echo 'something else' >log
	t --joblog log --resume echo ::: a
	assert_usage_error "--joblog: 'log': line 1 is not that of a job"
	assert_file_is log $'something else\n'
}

@test "a log of GNU parallel's" {
	command -v parallel >/dev/null || skip 'no parallel'
	oracle -j 1 --joblog log exit ::: 0 2 0 || :
	t -j 1 --joblog log --resume-failed exit ::: 0 2 0 3
	assert_status 2
	skipped '2 jobs skipped'
	oracle -j 1 --joblog log --resume exit ::: 0 2 0 3 4 || :
	assert_equal "$(logged 1,7)" $'1 0\n2 2\n3 0\n2 2\n4 3\n5 4'
}
