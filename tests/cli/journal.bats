# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --journal, what it has; and --resume and its kin by it; --output; --sync.

load ../helpers/common

# The events of the journal, one a line.
events() {
	sed -n 's/^{"event":"\([a-z]*\)",.*}$/\1/p' j
}

# member NAME EVENT: what the records of that kind have there.
member() {
	grep "^{\"event\":\"$2\"" j | grep -o "\"$1\":[^,}]*" | cut -d : -f 2-
}

# resumed TEXT: the report, and nothing else, on standard error.
resumed() {
	assert_stderr "muster: resumed: $1"
}

@test "a run, a start and an end for each job, a finish" {
	t -j 1 --journal j ::: true 'exit 3'
	assert_status 1
	assert_equal "$(events | xargs)" 'run start end start end finish'
	assert_equal "$(member job end | xargs)" '1 2'
	assert_equal "$(member status end | xargs)" '0 3'
	assert_equal "$(member command start)" $'"true"\n"exit 3"'
	assert_equal "$(member try start | xargs)" '1 1'
	assert_equal "$(member succeeded finish)" 1
	assert_equal "$(member failed finish)" 1
}

@test "the run: version, options, directory, command" {
	t --journal j -j 2 echo ::: a
	assert_file_has j '"version":"0.1.0"'
	assert_file_has j '"options":["--journal","j","-j","2"]'
	assert_file_has j "\"cwd\":\"$PWD\""
	assert_file_has j '"command":"echo"'
}

@test "every line is JSON" {
	command -v python3 >/dev/null || skip 'no python3'
	t -j 2 --retries 2 --journal j --output o ::: \
		$'echo \'a\tb\nc"d\\\'' $'echo \xff\x01' false 'kill -9 $$'
	python3 -c 'import json, sys
for line in sys.stdin: json.loads(line)' <j
}

@test "what a job used" {
	t --journal j ::: 'echo abc; exit 0'
	assert_equal "$(member bytes end)" 4
	# Not known everywhere.
	[ "$(member maxrss end)" -gt 0 ] ||
		[ "${MUSTER_TEST_TOOL-}" = portable ]
	[[ $(member runtime end) =~ ^[0-9]+\.[0-9]{3}$ ]]
	[[ $(member user end) =~ ^[0-9]+\.[0-9]{3}$ ]]
	[[ $(member system end) =~ ^[0-9]+\.[0-9]{3}$ ]]
}

@test "signals and timeouts" {
	t -j 1 --journal j --tasks - <<-'END'
		kill -9 $$
		exec sleep 1000 #muster: timeout=0.2
	END
	assert_equal "$(member end end | xargs)" 'signaled timeout'
	assert_equal "$(member signal end | xargs)" '9 15'
	assert_equal "$(member timeout end | xargs)" 'false true'
}

@test "each try has its records" {
	t --journal j --retries 3 ::: 'exit 1'
	assert_equal "$(events | xargs)" \
		'run start end start end start end finish'
	assert_equal "$(member try end | xargs)" '1 2 3'
	assert_equal "$(member again end | xargs)" 'true true'
}

@test "what never ran is there, too" {
	cat >jobs <<-'END'
		false   #muster: id=a
		true    #muster: after=a
	END
	t -j 1 --journal j --tasks jobs
	assert_equal "$(member end end | xargs)" 'exited skipped'
	assert_equal "$(events | xargs)" 'run start end end finish'
	t -j 1 --journal j --halt soon,fail=1 ::: false true true
	assert_equal "$(tail -n 3 j | member_of end)" 'cancelled cancelled'
}

# member_of NAME: of the records on standard input.
member_of() {
	grep -o "\"$1\":\"[^\"]*" | cut -d '"' -f 4 | xargs
}

@test "dropped jobs are on record" {
	t -j 1 --journal j --queue-size 1 --on-full drop ::: \
		'until grep dropped j; do sleep 0.02; done' true true true true
	assert_file_has j '"end":"dropped"'
}

@test "variables: their names, not what they hold" {
	t --journal j --tasks - <<<'true #muster: env:SECRET=hunter2 cwd=/'
	assert_status 0
	assert_file_has j '"env":["SECRET"]'
	assert_file_has j '"cwd":"/"'
	run grep hunter2 j
	assert_output ''
}

@test "--dry-run writes none" {
	t --dry-run --journal j --output o echo ::: a
	assert_ok 'echo a'
	[ ! -e j ] && [ ! -e o ]
}

@test "a second run is appended" {
	t --journal j true ::: a
	t --journal j true ::: b
	assert_equal "$(events | xargs)" \
		'run start end finish run start end finish'
}

@test "--journal - is standard output" {
	t --journal - true ::: a
	assert_status 0
	assert_output_has '{"event":"finish"'
}

# Files that are not as they should be.

@test "what is no journal is left alone" {
	printf 'something else' >j
	t --journal j touch ran ::: a
	assert_usage_error "--journal: 'j' is not a journal"
	assert_file_is j 'something else'
	[ ! -e ran ]
}

@test "a bad line in the middle is named" {
	t --journal j -j 1 true ::: a b
	sed -i '3s/"event"/event/' j
	cp j before
	t --journal j --resume true ::: a b
	assert_usage_error "--journal: 'j': line 3 is not a record of a journal"
	cmp j before
}

@test "lines at the end that are no records are cut off" {
	t --journal j -j 1 true ::: a b
	cp j whole
	printf '\0\0\0\0\0\n{"event":"end","jo' >>j
	t --journal j --resume true ::: a b c
	resumed '2 jobs skipped, 1 new'
	head -c "$(wc -c <whole)" j | cmp - whole
	assert_equal "$(events | tail -n 4 | xargs)" 'run start end finish'
}

@test "a journal of which nothing is whole begins anew" {
	local text

	for text in '{"ev' '\0\0\0' ''; do
		printf '%b' "$text" >j
		t --journal j --resume echo ::: a
		assert_ok a
		assert_equal "$(events | xargs)" 'run start end finish'
		rm j
	done
}

@test "a journal that is written to by another run" {
	start muster --journal j ::: ': >up; await go'
	await up
	t --journal j echo ::: b
	assert_usage_error "--journal: 'j' is in use by another run"
	: >go
	finish
	assert_equal "$(events | xargs)" 'run start end finish'
}

@test "one file for two purposes" {
	local how

	for how in '--journal f --joblog f' '--journal f --output f' \
		'--joblog f --output f'; do
		# shellcheck disable=SC2086 # words
		t $how echo ::: a
		assert_usage_error "both write to 'f'"
		[ ! -e f ]
	done
}

@test "paths that can't be written: a message, 255, nothing run" {
	local path

	mkdir dir
	for path in none/j dir ''; do
		t --journal "$path" touch ::: ran
		assert_usage_error "--journal: can't open '$path': "
		t --output "$path" touch ::: ran
		assert_usage_error "--output: can't open '$path': "
	done
	t --journal /dev/full touch ::: ran
	assert_usage_error "--journal: can't write to '/dev/full': No space"
	[ ! -e ran ]
}

@test "a journal that fills up: a message, 255, nothing more started" {
	status=0
	(
		trap '' XFSZ
		ulimit -f 8
		seq 10000 | muster -j 1 --journal j echo 2>err | wc -l >count
		exit "${PIPESTATUS[1]}"
	) || status=$?
	assert_equal "$status" 255
	assert_file_is err $'muster: --journal: \'j\': File too large\n'
	[ "$(cat count)" -lt 5000 ]
	# Whole records only.
	assert_equal "$(tail -c 1 j | wc -l)" 1
}

# Resuming.

@test "--resume: a list with lines removed, added and moved" {
	t -j 1 --journal j ::: 'echo a' 'echo b' 'echo c' 'echo d'
	t -j 1 --journal j --resume ::: 'echo x' 'echo d' 'echo b' 'echo y' \
		'echo a'
	assert_status 0
	assert_output $'x\ny'
	resumed "3 jobs skipped, 2 new; 1 in 'j' not in the input any more"
}

@test "--resume: the same command several times goes by count" {
	t -j 1 --journal j ::: 'echo a' 'echo b' 'echo a'
	t -j 1 --journal j --resume ::: 'echo a' 'echo a' 'echo a' 'echo b'
	assert_output a
	resumed '3 jobs skipped, 1 new'
	t -j 1 --journal j --resume ::: 'echo a' 'echo a' 'echo a' 'echo b'
	assert_output ''
	resumed '4 jobs skipped, 0 new'
}

@test "--resume: a command, given otherwise, is the same" {
	t --journal j echo ::: a b
	t --journal j --resume ::: 'echo b' 'echo a'
	assert_output ''
	t --journal j --resume < <(printf '%s\n' 'echo a' 'echo b')
	resumed '2 jobs skipped, 0 new'
}

@test "--resume: failed jobs are skipped, with --resume-failed run again" {
	t -j 1 --journal j ::: true 'test -e x' 'test -e x'
	assert_status 2
	t -j 1 --journal j --resume ::: true 'test -e x' 'test -e x'
	assert_status 0
	resumed '3 jobs skipped, 2 of them failed, 0 new'
	: >x
	t -j 1 --journal j --resume-failed ::: true 'test -e x' 'test -e x'
	assert_status 0
	resumed '1 job skipped, 0 new'
	rm x
	# What failed then has succeeded since.
	t -j 1 --journal j --resume ::: true 'test -e x' 'test -e x' \
		'test -e x'
	assert_status 1
	resumed '3 jobs skipped, 1 new'
}

@test "--resume: a timeout has failed; what muster killed has not ended" {
	t -j 1 --journal j --timeout 0.2 ::: 'exec sleep 1000'
	t -j 1 --journal j --resume ::: 'exec sleep 1000'
	resumed '1 job skipped, 1 of them failed, 0 new'
	start muster -j 1 --journal k ::: ': >up; await go; echo b'
	await up
	kill -INT "$pid"
	finish
	: >go
	t -j 1 --journal k --resume ::: ': >up; await go; echo b'
	assert_output b
	resumed '0 jobs skipped, 0 new'
}

@test "--resume: what was running when muster was killed is run again" {
	start muster -j 1 --journal j ::: 'echo a' ': >up; await go; echo b'
	await up
	kill -KILL "$pid"
	finish
	: >go
	t -j 1 --journal j --resume ::: 'echo a' ': >up; await go; echo b'
	assert_status 0
	assert_output b
	resumed '1 job skipped, 0 new'
}

@test "--resume: a run without it makes all before not count" {
	t --journal j true ::: a
	t --journal j true ::: b
	t -j 1 --journal j --resume echo ::: a
	t -j 1 --journal j --resume true ::: a b
	assert_status 0
	resumed "1 job skipped, 1 new; 1 in 'j' not in the input any more"
}

@test "--resume: directory, variables and input make another job" {
	t --journal j --tasks - <<-'END'
		true #muster: cwd=/
		true #muster: env:A=1 env:B=2
		true #muster: stdin=/dev/null
	END
	t -j 1 --journal j --resume --tasks - <<-'END'
		echo a
		true
		true #muster: env:B=2 env:A=1
		true #muster: stdin=/dev/zero
		true #muster: cwd=/ timeout=1000
		true #muster: cwd=/tmp
		true #muster: env:A=1
	END
	assert_status 0
	resumed "2 jobs skipped, 5 new; 1 in 'j' not in the input any more"
	mkdir sub
	cd sub
	t --journal ../j --resume true ::: ''
	assert_stderr_has '0 jobs skipped, 1 new'
}

@test "--resume: a command with its slot in it is the same in another" {
	t -j 2 --journal j 'echo {}; [ {} = 1 ] || : >go; await go; : {%}' \
		::: 1 2
	t -j 1 --journal j --resume \
		'echo {}; [ {} = 1 ] || : >go; await go; : {%}' ::: 1 2
	resumed '2 jobs skipped, 0 new'
}

@test "--resume: pipelines begin again with an input that is not over" {
	t -j 1 --journal j --then 'test -e' echo ::: a b
	assert_status 2
	: >b
	t -j 1 --journal j --resume-failed --then 'test -e' echo ::: a b
	assert_status 1
	assert_output $'a\nb'
	t -j 1 --journal j --resume-failed --then 'test -e' echo ::: a b
	assert_output a
	resumed '1 job skipped, 0 new'
}

@test "--resume: blocks of input are known by their bytes" {
	seq 100 >in
	t -j 1 --journal j --pipe -N 20 'head -n 1' <in
	assert_equal "$(wc -l <<<"$output")" 5
	sed -i '41s/.*/other/' in
	t -j 1 --journal j --resume --pipe -N 20 'head -n 1' <in
	assert_output other
	resumed "4 jobs skipped, 1 new; 1 in 'j' not in the input any more"
}

@test "--resume --dry-run: what would be run; the journal stays as it is" {
	t --journal j echo ::: a
	cp j before
	t --dry-run --journal j --resume echo ::: b a
	assert_output 'echo b'
	cmp j before
}

@test "--resume: tasks go by how those they wait for had ended" {
	printf '%s\n' 'true #muster: id=good' 'false #muster: id=bad' >jobs
	t -j 1 --journal j --tasks jobs
	cat >>jobs <<-'END'
		echo a       #muster: after=good
		echo b       #muster: after=bad
		echo c       #muster: after?=bad
	END
	t -j 1 --journal j --resume --tasks jobs
	assert_status 1
	assert_output $'a\nc'
}

@test "--resume: one job of each kind with many workers" {
	seq 1000 | muster -j 8 --journal j 'test $(({} % 3)) != 0' || :
	seq 2000 | tac | muster -j 8 --journal j --resume-failed \
		'test $(({} % 3)) != 0' 2>err || :
	assert_file_is err $'muster: resumed: 667 jobs skipped, 1000 new\n'
	t --journal j --resume 'test $(({} % 3)) != 0' ::: $(seq 2000)
	resumed '2000 jobs skipped, 666 of them failed, 0 new'
}

@test "--journal and --joblog: the journal says what is done" {
	t -j 1 --journal j --joblog log echo ::: a b
	t -j 1 --journal j --joblog log --resume echo ::: b c a
	assert_output c
	assert_equal "$(wc -l <log)" 4
}

@test "a journal cut anywhere: what it has whole is not run again" {
	local len ends

	t -j 1 --journal whole echo ::: a b
	for len in $(seq 0 "${MUSTER_TEST_EVERY-23}" "$(wc -c <whole)"); do
		head -c "$len" whole >j
		ends=$(grep -c '"event":"end".*}$' j) || :
		muster -j 1 --journal j --resume echo ::: a b >out 2>said
		case $ends in
		0) assert_file_is out $'a\nb\n' ;;
		1)
			# The newline may be what is missing.
			[ -n "$(tail -c 1 <(head -c "$len" whole))" ] ||
				assert_file_is out $'b\n' ;;
		esac
		muster -j 1 --journal j --resume echo ::: a b >out 2>said
		assert_file_is out ''
	done
}

# --retry-failed

@test "--retry-failed: the failed commands of the journal" {
	t -j 1 --journal j ::: true 'test -e x' 'kill -9 $$' $'echo "\xff"; exit 1'
	: >x
	t -j 1 --journal j --retry-failed
	assert_status 2
	assert_output $'\xff'
	t -j 1 --journal j --retry-failed
	assert_status 2
	t -j 1 --journal j --resume ::: true 'test -e x'
	resumed "2 jobs skipped, 0 new; 2 in 'j' not in the input any more"
}

@test "--retry-failed: directories and inputs are as they were" {
	mkdir sub
	echo text >sub/in
	t --journal j --tasks - <<<'cat; ls; test -e ../x #muster: cwd=sub stdin=in'
	: >x
	t --journal j --retry-failed
	assert_status 0
	assert_output $'text\nin'
}

@test "--retry-failed: what needs more than its command is told" {
	t --journal j --tasks - <<<'exit 1 #muster: env:A=1'
	t --journal j --retry-failed
	assert_status 255
	assert_stderr_has '--retry-failed: job 1 had more than a command'
}

@test "--retry-failed with nothing on record: nothing to do" {
	t --journal j --retry-failed
	assert_ok ''
}

# --output

@test "--output: the standard output of jobs, and that alone" {
	t -j 2 --output o ::: 'await go; echo a; echo e >&2' 'echo b; : >go'
	assert_status 0
	assert_output ''
	assert_stderr e
	assert_file_is o $'a\nb\n'
	t --output o --tag echo ::: c
	assert_file_is o $'c\tc\n'
	t --output - echo ::: c
	assert_ok c
}

@test "--output: the journal has where each job's output ends" {
	t -j 1 --journal j --output o ::: 'echo abc' true 'printf d'
	assert_equal "$(member offset out | xargs)" '4 4 5'
	t -j 1 --tag --journal k --output o echo ::: x
	assert_file_has k '"event":"out","job":1,"offset":4'
}

@test "--output: large outputs, tags, and in order of completion" {
	t -j 4 --no-keep-order --tag --journal j --output o \
		'seq {} | head -c 3000000' ::: 400000 10 400001 0 20
	assert_equal "$(member offset out | tail -n 1)" "$(wc -c <o)"
	t -j 4 --journal k --output o --output-memory 1000 \
		'seq {} | head -c 3000000' ::: 400000 10 400001 0 20
	assert_file_has k "\"job\":5,\"offset\":$(wc -c <o)}"
}

@test "--output and --then: more than may be in wait, of an earlier stage" {
	muster --journal j --output o -j2 --then 'echo two {}' \
		'head -c 25000000 /dev/zero; : {}' ::: a b
	assert_equal "$(wc -c <o)" 50000012
	assert_equal "$(tr -d '\0' <o)" $'two a\ntwo b'
}

@test "--output: what a killed run had not finished is not in it" {
	start muster -j 1 --journal j --output o ::: 'echo a' \
		'echo half; : >up; await go; echo whole'
	await up
	wait_until file_has o a
	kill -KILL "$pid"
	finish
	: >go
	t -j 1 --journal j --output o --resume ::: 'echo a' \
		'echo half; : >up; await go; echo whole'
	assert_status 0
	assert_file_is o $'a\nhalf\nwhole\n'
}

@test "--output: the same after an interrupt" {
	start muster -j 2 --journal j --output o ::: 'echo a' \
		'echo half; : >up; await go; echo whole' 'echo c'
	await up
	wait_until file_has j '"event":"end","job":3'
	kill -INT "$pid"
	finish
	: >go
	t -j 2 --journal j --output o --resume ::: 'echo a' \
		'echo half; : >up; await go; echo whole' 'echo c'
	assert_status 0
	assert_file_is o $'a\nhalf\nwhole\nc\n'
}

@test "--output: a file that is shorter than it was" {
	t -j 1 --journal j --output o echo ::: a b c
	truncate -s 3 o
	t -j 1 --journal j --output o --resume echo ::: a b c d
	assert_file_is o $'a\nb\nc\nd\n'
	resumed '1 job skipped, 1 new'
	t -j 1 --journal j --output o --resume echo ::: a b c d
	assert_file_is o $'a\nb\nc\nd\n'
	resumed '4 jobs skipped, 0 new'
}

@test "--output: failed ones that are run again come at the end" {
	t -j 1 --journal j --output o ::: 'echo a; test -e x' 'echo b'
	: >x
	t -j 1 --journal j --output o --resume-failed ::: 'echo a; test -e x' \
		'echo b'
	assert_status 0
	assert_file_is o $'a\nb\na\n'
}

@test "--output: it must be the one it was" {
	t --journal j --output o echo ::: a
	t --journal j --resume echo ::: a
	assert_usage_error "went to '$PWD/o': give the same --output"
	t --journal j --output p --resume echo ::: a
	assert_usage_error "went to '$PWD/o': give the same --output"
	t --journal j --output "$PWD/o" --resume echo ::: a b
	assert_status 0
	assert_file_is o $'a\nb\n'
	t --journal k echo ::: a
	t --journal k --output o --resume echo ::: a
	assert_usage_error 'went to standard output'
	assert_file_is o $'a\nb\n'
}

@test "--output with a joblog alone: appended to" {
	t -j 1 --joblog log --output o echo ::: a
	t -j 1 --joblog log --output o --resume echo ::: a b
	assert_file_is o $'a\nb\n'
}

@test "--output: what it can't be combined with" {
	t --output o -u echo ::: a
	assert_usage_error '--output cannot be combined with --ungroup'
	t --output o --tty echo ::: a
	assert_usage_error '--output cannot be combined with --tty'
	t --output o --results dir echo ::: a
	assert_usage_error '--output cannot be combined with --results'
	t --output o --journal j --line-buffer echo ::: a
	assert_usage_error '--output with --journal can be combined with'
	t --output o --line-buffer echo ::: a
	assert_ok ''
}

@test "--output: a full device" {
	t --output /dev/full --journal j echo ::: a b c
	assert_status 255
	assert_stderr_has "--output: '/dev/full': No space left on device"
	assert_equal "$(events | grep -c out)" 0
}

# --sync

@test "--sync: three words" {
	local word

	for word in none end always; do
		t --sync $word -j 2 --journal j --joblog log --output o echo \
			::: a b c
		assert_ok ''
		assert_file_is o $'a\nb\nc\n'
	done
	t --sync sometimes --journal j echo ::: a
	assert_usage_error "--sync: 'sometimes' is none of none, end, always"
}
