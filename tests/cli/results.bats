# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --results: as a tree, in files named by a template, as records.

load ../helpers/common
load ../helpers/disk

# files DIR: all files in it.
files() {
	find "$1" -type f -printf '%P\n' | sort
}

# without_times FILE: Starttime and JobRuntime of records look like this.
without_times() {
	sed -E 's/[0-9]{10}\.[0-9]{3}/T/; s/([,\t] ?|")([A-Za-z":]* ?)[0-9]+\.[0-9]{3}/\1\2R/' "$@"
}

# Trees.

@test "a directory: stdout, stderr and seq of each job, and nothing shown" {
	t --results out 'echo {}; echo E >&2' ::: a b
	assert_ok ''
	assert_equal "$(files out | tr '\n' ' ')" \
		'1/a/seq 1/a/stderr 1/a/stdout 1/b/seq 1/b/stderr 1/b/stdout '
	assert_file_is out/1/a/stdout $'a\n'
	assert_file_is out/1/b/stderr $'E\n'
	assert_file_is out/1/b/seq 2
}

@test "several sources: a level for each" {
	t --results out echo ::: a b ::: x y
	assert_equal "$(cat out/1/b/2/x/stdout out/1/b/2/x/seq)" $'b x\n3'
}

@test "--header: the levels have the names of the columns" {
	t --header : --results out echo ::: one a ::: two b
	assert_equal "$(files out | tail -n 1)" one/a/two/b/stdout
}

@test "command lines are values" {
	t --results out <<-'END'
		echo a b
		echo a/b
	END
	assert_equal "$(cat 'out/1/echo a b/stdout')" 'a b'
	assert_equal "$(cat 'out/1/echo a\_b/stdout')" a/b
}

@test "values with / \\ TAB and newline, and empty ones" {
	t -0 --results out printf %s < <(printf '%s\0' a/b 'a\b' $'a\tb' \
		$'a\nb' '')
	assert_equal "$(cat 'out/1/a\_b/stdout')" a/b
	assert_equal "$(cat 'out/1/a\\b/stdout')" 'a\b'
	assert_equal "$(cat 'out/1/a\tb/stdout')" $'a\tb'
	assert_equal "$(cat $'out/1/a\nb/stdout')" $'a\nb'
	[ -f out/1/stdout ]
}

@test "no value leaves the directory" {
	t --results in/out echo ::: . .. ../../x /etc
	assert_status 0
	assert_equal "$(files . | grep -v '^in/out/1/')" ''
	assert_equal "$(cat 'in/out/1/\../stdout')" ..
	assert_equal "$(cat 'in/out/1/..\_..\_x/stdout')" ../../x
}

@test "files of before are replaced" {
	t --results out 'seq 9; :' ::: a
	t --results out echo ::: a
	assert_file_is out/1/a/stdout $'a\n'
}

@test "only the last try's output is kept" {
	t --retries 3 --results out 'echo {}$((n = 1)); echo >>n; wc -l <n; false' \
		::: a
	assert_status 1
	assert_equal "$(cat out/1/*/stdout)" $'a1\n3'
	rm -r n out
	t --retries 2 --retry-output all --results out 'echo x; false' ::: a
	assert_equal "$(cat out/1/*/stdout)" $'x\nx'
}

@test "failed jobs have their files; the status is by results" {
	t --results out 'echo {}; exit {}' ::: 0 3
	assert_status 1
	assert_equal "$(cat out/1/3/stdout out/1/3/seq)" $'3\n2'
}

@test "a job that was killed has no seq" {
	start muster --results in 'echo a; : >up; exec sleep {}' ::: 1000
	await up
	kill -INT "$pid"
	finish
	assert_file_is in/1/1000/stdout $'a\n'
	[ ! -e in/1/1000/seq ]
}

@test "output of any length, byte for byte" {
	t -j 2 --results out 'head -c {} /dev/zero; echo end >&2' ::: \
		3000000 70000 0
	assert_equal "$(wc -c <out/1/3000000/stdout)" 3000000
	assert_equal "$(wc -c <out/1/0/stdout)" 0
	head -c 70000 /dev/zero | cmp - out/1/70000/stdout
}

@test "-u, --line-buffer and --tag make no difference" {
	local option

	for option in -u --line-buffer --tag --no-keep-order; do
		t $option --results out echo ::: a
		assert_ok ''
		assert_file_is out/1/a/stdout $'a\n'
		rm -r out
	done
}

@test "--dry-run prints, and makes nothing" {
	t --dry-run --results out echo ::: a
	assert_ok 'echo a'
	[ ! -e out ]
}

@test "an empty name is none" {
	t --results '' echo ::: a
	assert_ok a
}

# Templates.

@test "a name with replacement strings: file, .err and .seq" {
	t --results 'o/{}.txt' 'echo {}; echo E >&2' ::: a b/c
	assert_ok ''
	assert_equal "$(files o | tr '\n' ' ')" \
		'a.txt a.txt.err a.txt.seq b/c.txt b/c.txt.err b/c.txt.seq '
	assert_file_is o/b/c.txt $'b/c\n'
	assert_file_is o/b/c.txt.err $'E\n'
}

@test "a template that ends in a slash: a directory" {
	t --results 'o/{1/.}-{#}/' echo ::: x/a.c b
	assert_equal "$(cat o/a-1/stdout o/b-2/stdout o/b-2/seq)" $'x/a.c\nb\n2'
}

@test "--header: columns have names in a template, too" {
	t --header : --results 'o/{one}' echo ::: one a
	assert_file_is o/a $'a\n'
}

@test "expressions in a template" {
	t --results 'o/{= s/x/y/ =}' echo ::: axb
	assert_file_is o/ayb $'axb\n'
}

@test "-I: another replacement string" {
	t -I , --results 'o/x,y' echo , ::: a
	assert_file_is o/xay $'a\n'
}

# Records.

@test "NAME.csv, as GNU parallel writes it" {
	t --results o.csv 'echo {}; echo E, >&2; exit {#}' ::: a 'b c' '"q,'
	assert_status 3
	assert_output ''
	assert_no_stderr
	assert_equal "$(without_times o.csv)" "$(cat <<-'END'
		Seq,Host,Starttime,JobRuntime,Send,Receive,Exitval,Signal,Command,V1,Stdout,Stderr
		1,:,T,R,0,2,1,0,"echo a; echo E, >&2; exit 1",a,"a
		","E,
		"
		2,:,T,R,0,4,2,0,"echo 'b c'; echo E, >&2; exit 2","b c","b c
		","E,
		"
		3,:,T,R,0,4,3,0,"echo '""q,'; echo E, >&2; exit 3","""q,","""q,
		","E,
		"
	END
	)"
}

@test "-.tsv goes to standard output, in the order of the input" {
	t -j 2 --results -.tsv ::: 'await go; echo a' ': >go; true'
	assert_status 0
	tab=$'\t'
	assert_equal "$(without_times <<<"$output")" "$(printf '%s\t' Seq Host \
		Starttime JobRuntime Send Receive Exitval Signal Command V1 \
		Stdout)Stderr
$(printf '%s\t' 1 : T R 0 2 0 0 '"await go; echo a"' '"await go; echo a"')\"a
\"$tab
$(printf '%s\t' 2 : T R 0 0 0 0 '": >go; true"' '": >go; true"')	"
}

@test "-.json: one object a line" {
	t --results -.json printf ::: 'x\ty\nq"\\\001é' ::: z
	assert_status 0
	assert_output_has '"Seq": 1, "Host": ":", "Starttime": '
	assert_output_has '"Exitval": 0, "Signal": 0, "Command": "printf '
	assert_output_has '"V": [ "x\\ty\\nq\"\\\\\\001é","z" ]'
	assert_output_has '"Stdout": "x\ty\nq\"\\\u0001é", "Stderr": "" }'
}

@test "json: bytes that are no character become one that says so" {
	t --results -.json 'printf "a\377b\303"; :' ::: x
	assert_output_has $'"Stdout": "a\xef\xbf\xbdb\xef\xbf\xbd"'
}

@test "json: characters across pieces stay whole" {
	t --results o.json 'yes äöü€ | head -c 3000000; :' ::: x
	assert_status 0
	assert_equal "$(grep -c $'\ufffd' o.json)" 0
	assert_equal "$(grep -o 'äöü€' o.json | wc -l)" 300001
}

@test "csv: long output whole, and doubled quotes" {
	t --results o.csv 'yes \" | head -n 700000; echo e >&2' ::: a
	assert_status 0
	assert_equal "$(grep -c '""$' o.csv)" 700000
	assert_equal "$(tail -n 2 o.csv)" $'","e a\n"'
}

@test "records: names of columns from --header" {
	t --header : --results -.csv true ::: 'a b' 1 ::: c 2
	assert_output_has ',Command,"a b",c,Stdout,Stderr'
}

@test "records: ends in upper case are known" {
	t --results X.CSV true ::: a
	assert_equal "$(grep -c . X.CSV)" 2
}

@test "records: deaths and timeouts as in the job log" {
	echo 'kill -9 $$' >one
	echo 'exec sleep 1000' >two
	t -j 1 --results -.csv --timeout 1000 --tasks one --timeout 0.1 \
		--tasks two
	assert_output_has ',0,0,137,9,"kill -9 $$"'
	assert_output_has ',0,0,-1,15,"exec sleep 1000"'
}

@test "records: a file of before is replaced" {
	t --results o.csv true ::: a b
	t --results o.csv true ::: a
	assert_equal "$(grep -c . o.csv)" 2
}

@test "records: one of each job with many workers, in order" {
	seq 2000 | muster -j 8 --results -.csv true >out
	assert_equal "$(tail -n +2 out | cut -d , -f 1)" "$(seq 2000)"
}

# Resuming.

@test "--resume: what has its files is not run again" {
	t --results out echo ::: a b
	t --resume --results out 'echo x' ::: a b c
	assert_status 0
	assert_stderr 'muster: resumed: 2 jobs skipped'
	assert_equal "$(cat out/1/*/stdout)" $'a\nb\nx c'
}

@test "--resume: a job that was not over is run again" {
	t --results out echo ::: a b
	rm out/1/a/seq
	t --resume --results out 'echo x' ::: a b
	assert_equal "$(cat out/1/*/stdout)" $'x a\nb'
}

@test "--resume-failed: files do not tell how a job ended" {
	t --results out echo ::: a
	t --resume-failed --results out 'echo x' ::: a
	assert_equal "$(cat out/1/*/stdout)" 'x a'
}

@test "--resume with a log: records are appended" {
	t --joblog log --results o.csv echo ::: a
	t --joblog log --resume --results o.csv echo ::: a b
	assert_equal "$(cut -d , -f 1 o.csv | grep .)" $'Seq\n1\n"\n2\n"'
}

@test "--resume: records alone tell nothing" {
	t --resume --results o.csv echo ::: a
	assert_usage_error '--resume needs --joblog, --journal, or --results in files'
}

# Errors.

@test "a file in place of the directory" {
	: >out
	t --results out echo ::: a
	assert_usage_error "--results: cannot use 'out': Not a directory"
	t --results out/x.csv echo ::: a
	assert_usage_error "--results: can't open 'out/x.csv': Not a directory"
	t --results none/x.csv echo ::: a
	assert_usage_error "--results: can't open 'none/x.csv': No such file"
}

@test "a name that is too long: that job is not run, others are" {
	local long

	long=$(printf 'a%.0s' {1..300})
	t --results out 'echo {}; : >ran-{#}' ::: "$long" b
	assert_status 255
	assert_stderr_has "muster: job 1: --results: cannot create 'out/1/aaa"
	assert_stderr_has 'File name too long'
	assert_file_is out/1/b/stdout $'b\n'
	[ ! -e ran-1 ] && [ -e ran-2 ]
}

@test "a directory where a file should be" {
	mkdir -p out/1/a/stdout
	t --results out echo ::: a b
	assert_status 255
	assert_stderr_has "cannot create 'out/1/a/stdout': Is a directory"
	assert_file_is out/1/b/stdout $'b\n'
}

@test "a full disk: told, and the other jobs go on" {
	run --separate-stderr on_disk 256k muster -j 1 --results full/out \
		'head -c {} /dev/zero; : >ran-{}' ::: 9000000 1
	assert_status 255
	assert_stderr_has \
		"--results: cannot write to 'full/out/1/9000000/stdout'"
	[ -e ran-1 ]
}

@test "a full disk: records" {
	run --separate-stderr on_disk 256k muster -j 1 --results full/x.csv \
		'head -c {} /dev/zero' ::: 9000000 1
	assert_status 255
	assert_stderr_has "--results: 'full/x.csv'"
}

@test "records of --pipe: what was sent, and as many values for all" {
	seq 4 | muster --pipe -j1 -N2 --results o.csv true
	assert_equal "$(cut -d , -f 5- o.csv)" \
		'Send,Receive,Exitval,Signal,Command,Stdout,Stderr
4,0,0,0,true,,
4,0,0,0,true,,'
	seq 4 | muster --pipe -j1 -N2 --results p.csv true ::: a ::: b
	assert_equal "$(cut -d , -f 5- p.csv)" \
		'Send,Receive,Exitval,Signal,Command,V1,V2,Stdout,Stderr
4,0,0,0,true,a,b,,
4,0,0,0,true,,,,'
}

@test "--results has no pipelines" {
	t --results out --then echo echo ::: a
	assert_usage_error '--results cannot be combined with --then'
}

@test "few descriptors: slower, and nothing is lost" {
	ulimit -n 40
	seq 300 | muster -j 8 --results out echo
	assert_equal "$(cat out/1/*/stdout | sort -n)" "$(seq 300)"
}

@test "jobs that wait for another try hold no files" {
	seq 60 >in
	mkdir m
	(
		ulimit -n 40
		exec muster -j4 --retries 2 --retry-delay 1 --results 'r{#}' \
			'test -e m/{} || { : >m/{}; echo no; exit 1; }
			echo {}; echo {} >&2' <in >/dev/null 2>err
	)
	[ ! -s err ]
	seq -f 'r%g' 60 | xargs cat | cmp in -
	seq -f 'r%g.err' 60 | xargs cat | cmp in -
}

@test "a next try that is never begun leaves what the one before said" {
	local pid

	mkfifo pipe
	{
		echo 'test -e m || { : >m; echo first; exit 1; }; echo second'
		# So much that nothing new begins until it is read.
		for i in 1 2 3 4 5 6; do
			printf '%s\n' "head -c 3000000 /dev/zero | tr '\\0' x; : >d$i"
		done
	} >list
	muster -j 2 --no-keep-order --retries 2 --retry-delay 4 \
		--results -.csv <list >pipe 2>err &
	pid=$!
	exec 4<pipe
	for i in m d1 d2; do
		await "$i"
	done
	sleep 5
	kill -TERM "$pid"
	kill -TERM "$pid"
	cat <&4 >out
	wait "$pid" || true
	grep -aq ',"first' out
	[ "$(grep -ac ',"second' out)" -eq 0 ]
}

# Against GNU parallel.

@test "the trees that GNU parallel makes" {
	command -v parallel >/dev/null || skip 'no parallel'
	local name

	for name in d 'f/{1}-{2}.x' 'g/{#}/' h/i; do
		oracle --results "o/$name" 'echo {}; echo {#} >&2' \
			::: a 'b c' d/e "f'g" ::: 1 '\x' ''
		muster --results "m/$name" 'echo {}; echo {#} >&2' \
			::: a 'b c' d/e "f'g" ::: 1 '\x' ''
	done
	oracle --results o/none -N0 echo x ::: a
	muster --results m/none -N0 echo x ::: a
	[ -e m/none/1/'\0noarg'/stdout ]
	echo x >in
	oracle --results o/part --pipe-part -a in cat
	muster --results m/part --pipe-part -a in cat
	diff -r o m
	oracle --results o/pipe --pipe cat <in
	muster --results m/pipe --pipe cat <in
	assert_equal "$(ls m/pipe)" "$(ls o/pipe)"
}

@test "the records that GNU parallel writes" {
	command -v parallel >/dev/null || skip 'no parallel'
	local end

	for end in csv tsv; do
		oracle -k --results o.$end 'echo {}; echo {#} >&2; exit 3' \
			::: a 'b c' 'd,e' "f'g" 'h"i' ::: 1 '' '\x' || :
		muster --results m.$end 'echo {}; echo {#} >&2; exit 3' \
			::: a 'b c' 'd,e' "f'g" 'h"i' ::: 1 '' '\x' || :
		diff <(without_times o.$end) <(without_times m.$end)
	done
}

@test "records: two runs at once mix nothing; the second is refused" {
	muster --results o.csv ': >running; await go' ::: a &
	await running
	t --results o.csv true ::: b
	assert_usage_error "--results: 'o.csv' is in use by another run"
	: >go
	wait
	[ "$(wc -l <o.csv)" -eq 2 ]
}

@test "few descriptors, and jobs tried again: none is lost" {
	seq 60 >in
	for round in 1 2 3; do
		rm -rf r* m*
		mkdir m
		(
			ulimit -n 30
			exec muster -j20 --retries 2 --results 'r{#}' \
				'test -e m/{} || { : >m/{}; exit 1; }; echo {}' \
				<in >/dev/null 2>err
		)
		seq -f 'r%g' 60 | xargs cat | cmp in -
	done
}
