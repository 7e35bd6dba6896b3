#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# "#muster:": tasks with settings of their own, in a comment.

# shellcheck disable=SC2016 # jobs expand what is theirs

load ../helpers/common

# tasks ARG... <LINES: muster ARG... --tasks jobs, with LINES in that file.
tasks() {
	cat >jobs
	t "$@" --tasks jobs
}

# A bad line 2 among good ones: that task is not run, the others are.
assert_bad_second() {
	printf '%s\n' 'echo one' "echo two $1" 'echo three' >jobs
	t --tasks jobs
	assert_status 255
	assert_output $'one\nthree'
	assert_stderr "muster: --tasks: 'jobs': line 2: #muster: $2"
}

# The keys.

@test "cwd= is where the job runs" {
	mkdir -p 'a b/c'
	tasks <<-'END'
		pwd #muster: cwd='a b'
		pwd -P #muster: cwd=/
		/bin/pwd #muster: cwd='a b/c'
		pwd
	END
	assert_ok "$PWD/a b"$'\n/\n'"$PWD/a b/c"$'\n'"$PWD"
}

@test "cwd= that is no directory is a job that failed" {
	: >file
	tasks <<-'END'
		echo a #muster: cwd=missing
		echo b #muster: cwd=file
		echo c
	END
	assert_status 2
	assert_output c
	assert_stderr_has "job 1: cannot change to directory 'missing': No such"
	assert_stderr_has "job 2: cannot change to directory 'file': Not a dir"
}

@test "env: adds to the environment, of shells and of programs" {
	export OLD=old GONE=gone
	tasks <<-'END'
		echo "$A-$B-$OLD-$GONE" #muster: env:A=1 env:B='2  3' env:GONE=
		env #muster: env:MINE=1 env:OLD=new
	END
	assert_status 0
	assert_equal "${lines[0]}" '1-2  3-old-'
	assert_output_has MINE=1
	assert_output_has OLD=new
	assert_output_lacks OLD=old
}

@test "env: of one job is not the next one's" {
	tasks -j 1 <<-'END'
		sh -c 'echo "[$A$B]"' #muster: env:A=1
		sh -c 'echo "[$A$B]"' #muster: env:B=2
		sh -c 'echo "[$A$B]"'
	END
	assert_ok $'[1]\n[2]\n[]'
}

@test "env:PATH is where programs are looked for" {
	mkdir bin
	printf '#!/bin/sh\necho mine\n' >bin/prog
	chmod +x bin/prog
	tasks -j 1 <<-END
		prog #muster: env:PATH=$PWD/bin:$PATH
		prog
	END
	assert_status 1
	assert_output mine
	assert_stderr_has 'not found'
}

@test "env: that a shell looks at works as in a shell" {
	local shell

	for shell in sh bash; do
		shell=$(command -v "$shell")
		PARALLEL_SHELL=$shell tasks <<-'END'
			printenv PWD #muster: env:PWD=/nowhere
			printenv SHLVL PS1 #muster: env:SHLVL=7 env:PS1=x
			printenv IFS HOME #muster: env:IFS=: env:HOME=/h
		END
		output=${output//$'\n'/|}
		assert_equal "$output" "$(
			{
				PWD=/nowhere "$shell" -c 'printenv PWD'
				SHLVL=7 PS1=x "$shell" -c 'printenv SHLVL PS1'
				IFS=: HOME=/h "$shell" -c 'printenv IFS HOME'
			} | tr '\n' '|' | sed 's/|$//')"
	done
}

@test "env: and cwd= by a shell and without one are the same" {
	mkdir dir
	cat >jobs <<-'END'
		env #muster: env:A='x y' env:PATHX=/
		env #muster: env:A=1 cwd=dir
		printenv A #muster: env:A=1
		cat file #muster: cwd=dir
		./prog a #muster: cwd=dir
	END
	echo text >dir/file
	printf '#!/bin/sh\necho prog "$1"\n' >dir/prog
	chmod +x dir/prog
	muster -j 1 --tasks jobs |
		grep -vE '^PARALLEL_(PID|TMP)' | sort >direct
	muster -j 1 --always-shell --tasks jobs |
		grep -vE '^PARALLEL_(PID|TMP)' | sort >shell
	diff shell direct
	assert_file_has direct 'A=x y'
	assert_file_has direct 'prog a'
}

@test "stdin= is standard input, seen from the job's directory" {
	mkdir dir
	echo here >in
	echo there >dir/in
	tasks <<-END
		cat #muster: stdin=in
		cat #muster: stdin=in cwd=dir
		cat #muster: stdin=$PWD/in cwd=dir
		read -r x; echo "\$x" #muster: stdin=in
		cat
	END
	assert_ok $'here\nthere\nhere\nhere'
}

@test "stdin= goes before what the first job would get" {
	echo file >in
	printf 'cat #muster: stdin=in\n' >jobs
	t --tasks jobs <<<mine
	assert_ok file
}

@test "stdin= that cannot be read is a job that failed" {
	mkdir dir
	tasks <<-'END'
		cat #muster: stdin=missing
		cat #muster: stdin=dir
		echo c
	END
	assert_status 2
	assert_output c
	assert_stderr_has "job 1: stdin: cannot open 'missing': No such file"
	assert_stderr_has "job 2: stdin: cannot open 'dir': Is a directory"
}

@test "stdin= waits for whoever writes to a FIFO" {
	mkfifo fifo
	tasks -j 2 <<-'END'
		cat #muster: stdin=fifo
		echo through >fifo
	END
	assert_ok through
}

@test "a job that waits for its FIFO can be timed out" {
	mkfifo fifo
	tasks --joblog log <<-'END'
		cat #muster: stdin=fifo timeout=0.05
		echo b
	END
	assert_status 1
	assert_output b
	assert_equal "$(awk -F '\t' '$1 == 1 { print $7 }' log)" -1
}

@test "a job that waits for its FIFO can be stopped" {
	mkfifo fifo
	echo 'cat #muster: stdin=fifo' >jobs
	echo ': >up; await never' >>jobs
	start muster -j 2 --tasks jobs
	wait_until [ -e up ]
	kill -INT "$pid"
	finish
	assert_status 130
}

@test "tag= stands before each line, also without --tag" {
	tasks <<-'END'
		printf 'a\nb\n' #muster: tag='one two'
		echo c
		echo d >&2 #muster: tag=err
	END
	assert_status 0
	assert_output $'one two\ta\none two\tb\nc'
	assert_stderr $'err\td'
}

@test "tag= goes before --tag and --tagstring" {
	cat >jobs <<-'END'
		echo a #muster: tag=mine
		echo b
		echo c #muster: tag=
	END
	t --tag --tasks jobs
	assert_ok $'mine\ta\necho b\tb\nc'
	t --tagstring all --tasks jobs
	assert_ok $'mine\ta\nall\tb\nc'
}

@test "retries= counts tries, and goes before --retries" {
	tasks --retries 4 --joblog log <<-'END'
		echo x >>a; false #muster: retries=2
		echo x >>b; false
		echo x >>c; [ "$(wc -l <c)" -eq 6 ] #muster: retries=0
	END
	assert_status 2
	assert_equal "$(wc -l <a) $(wc -l <b) $(wc -l <c)" '2 4 6'
}

@test "timeout= ends a job, and goes before --timeout" {
	tasks --timeout 1000 --joblog log <<-'END'
		exec sleep 900 #muster: timeout=0.05
		echo b
	END
	assert_status 1
	assert_output b
	assert_equal "$(awk -F '\t' '$1 == 1 { print $7 }' log)" -1
}

@test "timeout=0 is none, whatever --timeout says" {
	tasks --timeout 0.05 <<-'END'
		sleep 0.3; echo a #muster: timeout=0
		exec sleep 900
	END
	assert_status 1
	assert_output a
}

is_drained() {
	! read -r -t 0 -u 5
}

@test "priority= goes before --priority" {
	mkfifo in
	exec 5<>in
	cat >jobs <<-'END'
		await go #muster: priority=1000
		echo a
		echo b #muster: priority=high
		echo c #muster: priority=-1000
		echo d #muster: priority=11
	END
	# The one worker waits until all have been read: when the last input
	# is, what is before it has been queued.
	start muster -j 1 --no-keep-order --priority low --tasks jobs \
		--tasks - <in
	echo 'echo e' >&5
	wait_until is_drained
	exec 5>&-
	: >go
	finish
	assert_file_is out $'d\nb\na\ne\nc\n'
}

@test "id=, after=, retry-delay= and weight= are taken" {
	tasks <<-'END'
		echo a #muster: id=a weight=1 retry-delay=1,2,1m
		echo b #muster: id=b after=a
	END
	assert_ok $'a\nb'
}

# What is a comment.

@test "only a comment is a comment" {
	tasks <<-'END'
		echo '#muster: cwd=/none'
		echo "x #muster: cwd=/none"
		echo a#muster: \#muster: \ #muster: $(echo b)#muster:
		echo c # cwd #muster: cwd=/none
		echo "$(echo d)" '#e' #muster: cwd=/
	END
	assert_ok "#muster: cwd=/none
x #muster: cwd=/none
a#muster: #muster:  #muster: b#muster:
c
d #e"
}

@test "lines run under sh with the same result" {
	cat >jobs <<-'END'
		echo 'a  b'   #muster: id=x priority=high timeout=10m
		echo "c #d" \#e #muster: tag='' env:Y="1 2" # and more
		false || echo f #muster: retries=3
		#muster: barrier
		echo g; echo h& wait #muster: weight=2 stdin=/dev/null
	END
	sh jobs >want
	t --tasks jobs
	assert_ok "$(cat want)"
}

@test "attributes are read wherever lines are commands" {
	echo 'pwd #muster: cwd=/' >jobs
	t <jobs
	assert_ok /
	t -a jobs
	assert_ok /
	t :::: jobs
	assert_ok /
	t --tasks jobs
	assert_ok /
	t -0 < <(printf 'pwd\npwd #muster: cwd=/\0pwd #muster: cwd=/\0')
	assert_ok $'/\n/\n/'
}

@test "values have no attributes" {
	echo 'a #muster: cwd=/' >values
	t echo <values
	assert_ok 'a #muster: cwd=/'
	t echo -a <values
	assert_ok '-a a #muster: cwd=/'
	t echo :::: values
	assert_ok 'a #muster: cwd=/'
	t ::: 'pwd #muster: cwd=/'
	assert_ok "$PWD"
	t :::: values ::: b
	assert_status 1
}

@test "--tasks lines have attributes also with a command" {
	echo 'a b #muster: tag=T' >jobs
	t echo --tasks jobs
	assert_status 0
	t --tasks jobs echo
	assert_ok $'T\ta b'
}

@test "--no-attributes runs lines as they are" {
	tasks --no-attributes -v <<-'END'
		pwd #muster: cwd=/ nonsense
	END
	assert_ok "pwd #muster: cwd=/ nonsense
$PWD"
}

if command -v fish >/dev/null; then
	@test "the shell's kind decides what is quoted" {
		# To fish the second quote is escaped, the third ends it.
		printf '%s\n' "echo 'a\\' #muster: tag='x" >jobs
		HOME=$PWD/fish PARALLEL_SHELL=$(command -v fish) \
			t --tasks jobs
		assert_ok "a' #muster: tag=x"
	}
fi

# What is shown and written down.

@test "commands are shown and logged without their attributes" {
	cat >jobs <<-'END'
		echo a   #muster: id=x tag=t
		false #muster: retries=2
	END
	t -j 1 -v --tag --tasks jobs --joblog log --summary
	assert_output $'t\techo a\nt\ta\nfalse\tfalse'
	assert_equal "$(cut -f 9 log)" $'Command\necho a\nfalse'
	assert_stderr_has $'false\nmuster: 1 of 2 jobs failed'
	t --dry-run --tasks jobs
	assert_ok $'t\techo a\nfalse'
	t -t --tasks jobs
	assert_stderr_has 'echo a'
	[[ $stderr != *muster* ]]
}

@test "--failed-to keeps the attributes, and can be run again" {
	mkdir dir
	cat >jobs <<-'END'
		echo a #muster: id=a
		pwd; false   #muster: cwd=dir  tag="x  y" # why
		false
	END
	t --tasks jobs --failed-to again
	assert_status 2
	assert_file_is again $'pwd; false #muster: cwd=dir  tag="x  y" # why\nfalse\n'
	t --tasks again
	assert_status 2
	assert_output $'x  y\t'"$PWD/dir"
}

# What is wrong.

@test "a bad attribute is an error that names file, line and key" {
	assert_bad_second '#muster: timeout=abc' \
		"timeout: 'abc' is not a time (such as 90, 1.5m or 2h)"
	assert_bad_second '#muster: priority=hi' \
		"priority: 'hi' is not low, normal, high or a whole number from -1000 to 1000"
	assert_bad_second '#muster: retries=-1' \
		"retries: '-1' is not a whole number from 0 on"
	assert_bad_second '#muster: retry-delay=1,0' \
		"retry-delay: '1,0' is not TIME[,FACTOR[,MAX]] (such as 2, 1s,2 or 500ms,1.5,1m)"
	assert_bad_second '#muster: weight=1.5' \
		"weight: '1.5' is not a whole number from 0 on"
	assert_bad_second '#muster: after=a,' \
		'after: empty, where an id should be'
	assert_bad_second '#muster: env:1=x' \
		'env:1: has to be env: and a name of letters, digits and _'
	assert_bad_second '#muster: id=a id=b' 'id: given twice'
	assert_bad_second "#muster: tag='x" 'tag: a quote without its end'
}

@test "an unknown attribute is an error with the nearest known one" {
	assert_bad_second '#muster: timout=3' \
		"unknown attribute 'timout' (did you mean 'timeout'?)"
	assert_bad_second '#muster: quux=3' "unknown attribute 'quux'"
	assert_bad_second '#muster: tag' 'tag: needs a value (tag=...)'
}

@test "a barrier stands alone" {
	assert_bad_second '#muster: barrier' \
		'barrier: has to stand on a line of its own'
	t <<<'#muster: barrier id=x'
	assert_usage_error "standard input: line 1: #muster: barrier: has to"
	t <<<'#muster: id=x'
	assert_usage_error "#muster: there is no command before it"
	t <<<$'echo a\n#muster: barrier\necho b'
	assert_ok $'a\nb'
}

@test "what may be a comment or not is an error" {
	t <<<'echo a;#muster: cwd=/'
	assert_usage_error "without a blank before it (--no-attributes leaves"
	t --no-attributes <<<'echo a;#muster: cwd=/'
	assert_ok a
}

@test "items of other delimiters are named as such" {
	t -0 < <(printf 'echo a\0b #muster: x=1\0')
	assert_status 255
	assert_output a
	assert_stderr "muster: standard input: item 2: #muster: unknown attribute 'x'"
}
