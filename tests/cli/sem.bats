#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# --semaphore, also by the name sem.

load ../helpers/common

setup() {
	common_setup
	export PARALLEL_HOME=$BATS_TEST_TMPDIR/state
	ln -s muster "$BATS_TEST_TMPDIR/bin/sem"
}

# The last one out removes its file.
teardown() {
	local bad=0

	if [ -d "$PARALLEL_HOME/semaphores" ]; then
		processes_are_gone && dir_is_empty "$PARALLEL_HOME/semaphores" ||
			bad=1
	fi
	common_teardown && [ $bad = 0 ]
}

s() {
	run --separate-stderr sem "$@"
}

# No slot of $1 is free for -j $2.
is_full() {
	s --id "$1" -j "$2" --st -0.05 --fg echo runs
	assert_status 1
	assert_output ''
	assert_stderr 'muster: --semaphore-timeout: no slot in time; giving up'
}

@test "--fg: output and exit status are the command's" {
	s --fg 'echo a; echo b >&2; exit 7'
	assert_status 7
	assert_output a
	assert_stderr b
	s --fg 'kill -KILL $$'
	assert_status 137
	s --fg true
	assert_ok
}

@test "in the background, sem does not wait for the command" {
	sem --id x 'await go; echo over >log'
	[ ! -e log ]
	touch go
	s --id x --wait
	assert_ok
	assert_file_is log $'over\n'
}

@test "the next one waits for its slot" {
	sem --id x 'await go; echo 1 >>log'
	sem --id x 'echo 2 >>log' &
	touch go
	wait $!
	sem --id x --fg 'echo 3 >>log'
	assert_file_is log $'1\n2\n3\n'
}

@test "-j N: so many at a time" {
	sem --id x -j2 'touch a; await b; await go'
	sem --id x -j2 'touch b; await a; await go'
	is_full x 2
	is_full x 1
	s --id x -j3 --fg echo third
	assert_ok third
	touch go
	sem --id x --wait
}

@test "-j takes what it takes elsewhere" {
	local n

	echo 3 >n
	sem --id x -j2 'await go'
	sem --id x -j2 'await go'
	for n in 0 3 +2 n 10000%; do
		s --id x -j "$n" --fg echo yes
		assert_ok yes
	done
	is_full x -1000
	touch go
	sem --id x --wait
	s -j nosuch --fg true
	assert_usage_error "-j: 'nosuch'"
}

@test "different names do not wait for each other" {
	sem --id a/b 'await go'
	s --id 'a b' --fg echo yes
	assert_ok yes
	s --semaphore-name ../x --fg echo yes
	assert_ok yes
	is_full a/b 1
	touch go
	sem --id a/b --wait
	s --id "$(printf '%300s' '')" --fg true
	assert_usage_error '--id: '
	assert_stderr_has 'is too long'
}

@test "any of its options makes muster a semaphore" {
	t --semaphore --fg echo a
	assert_ok a
	t --id x --fg echo a
	assert_ok a
	t --fg 'exit 3'
	assert_status 3
	t --st 1 --fg echo a
	assert_ok a
	t --bg --id x 'echo a >b'
	assert_ok
	t --id x --wait
	assert_ok
	assert_file_is b $'a\n'
	t --wait
	assert_ok
}

@test "without a name it is the terminal's, wherever input comes from" {
	cat >steps <<-'END'
		sem 'await go'
		sem --st -0.05 --fg true </dev/null 2>/dev/null
		echo $? >status
		touch go
		sem --wait
	END
	script -qec 'sh steps' /dev/null >/dev/null
	assert_file_is status $'1\n'
	sem 'await gone'
	s --st -0.05 --fg true
	assert_status 1
	touch gone
	sem --wait
}

@test "--semaphore-timeout: a slot or none after a time" {
	sem --id x 'await go'
	s --id x --st -0.05s --fg echo no
	assert_status 1
	assert_output ''
	s --id x --semaphoretimeout 0.05 --fg 'echo yes; exit 4'
	assert_status 4
	assert_output yes
	assert_stderr \
		'muster: --semaphore-timeout: no slot in time; going on without'
	s --id x --st -0.05 --wait
	assert_status 1
	touch go
	s --id x --st -1000 --wait
	assert_ok
	s --st soon --fg true
	assert_usage_error "--st: 'soon' is not a time"
}

@test "a slot taken in spite counts" {
	sem --id x -j2 'await go'
	sem --id x -j2 'await go'
	sem --id x -j2 --st 0.05 'await go' 2>/dev/null
	is_full x 3
	touch go
	sem --id x --wait
}

@test "standard input is that of sem, or the file of -a" {
	run sem --fg cat <<<a
	assert_output a
	sem --id x --pipe 'cat >b' <<<b
	sem --id x 'cat >c' <<<c
	echo d >in
	sem --id x -a in 'cat >d'
	sem --id x --wait
	assert_file_is b $'b\n'
	assert_file_is c $'c\n'
	assert_file_is d $'d\n'
	s -a nosuchfile cat
	assert_usage_error "-a: cannot open 'nosuchfile'"
}

@test "in the background: directory, environment, output of the caller" {
	mkdir sub
	(cd sub && X='a b' sem --id x 'pwd; echo $X; echo e >&2' >o 2>e)
	sem --id x --wait
	assert_file_is sub/o "$PWD/sub"$'\na b\n'
	assert_file_is sub/e $'e\n'
}

@test "the command is put together as ever" {
	touch file
	s --fg echo '*' '$HOME' 'a  b'
	assert_ok "file $HOME a b"
	s --fg -q echo '*' '$HOME' 'a  b'
	assert_ok '* $HOME a  b'
	s --fg echo '[{}]' '{#}'
	assert_ok '[] 1'
	s --fg --dry-run echo a
	assert_ok 'echo a '
	s -q --fg printf '(%s)' a ''
	assert_ok '(a)()'
}

@test "output of commands side by side comes in pieces" {
	sem --id x -j2 'echo a; touch 1; await 2; echo b' >>out
	sem --id x -j2 'await 1; echo c; touch 2; echo d' >>out
	sem --id x --wait
	[[ $(tr -d '\n' <out) == @(abcd|cdab) ]]
}

@test "one that is alone is heard at once" {
	start sem --fg 'echo 1; await go; echo 2'
	wait_until has_lines out 1
	touch go
	finish
	assert_file_is out $'1\n2\n'
}

@test "options of jobs are there" {
	s --fg --tagstring T --joblog log 'echo a; exit 2'
	assert_status 2
	assert_output $'T\ta'
	assert_equal "$(cut -f 7,9 log | tail -n 1)" $'2\techo a; exit 2 '
	s --fg --retries 3 'echo >>tries; false'
	assert_status 1
	has_lines tries 3
	s --fg --timeout 0.05 'exec sleep 60'
	[ "$status" -gt 0 ]
}

@test "--results: the names that GNU parallel has" {
	local name

	for name in d 'f{}-{#}' r.csv r.tsv; do
		s --fg --results "m/$name" 'echo a; echo b >&2; exit 3'
		assert_status 3
	done
	assert_file_is m/d/1/'\0noarg'/stdout $'a\n'
	s --fg --results -.json echo a
	assert_output_has '"V": [ "\u0000noarg" ]'
	command -v parallel >/dev/null || skip 'no parallel'
	unset PARALLEL_HOME
	for name in d 'f{}-{#}' r.csv r.tsv; do
		oracle --semaphore --fg --results "o/$name" \
			'echo a; echo b >&2; exit 3' || :
	done
	sed -i -E 's/[0-9]+\.[0-9]{3}//g' {m,o}/r.*
	diff -r o m
}

@test "a killed one leaves its slot" {
	start sem --id x --fg 'echo $$ >job; exec sleep 60'
	wait_until has_lines job 1
	is_full x 1
	kill -KILL "$pid"
	finish
	kill "$(cat job)" || :
	s --id x --fg echo free
	assert_ok free
}

@test "a signal ends one that waits" {
	local sig

	sem --id x 'await go'
	for sig in TERM INT HUP; do
		start sem --id x --fg 'echo ran'
		kill -"$sig" "$pid"
		finish
		assert_equal "$status" $((128 + $(kill -l $sig)))
		assert_file_is out ''
	done
	touch go
	sem --id x --wait
}

@test "a signal ends one that runs, with its command" {
	start sem --id x --fg 'touch up; exec sleep 60'
	wait_until test -e up
	kill -INT "$pid"
	finish
	assert_equal "$status" 130
	s --id x --wait
	assert_ok
}

@test "within another one" {
	s --id a -j2 --fg 'sem --id a -j2 --fg sem --id b --fg echo deep'
	assert_ok deep
}

@test "of many that wait, one at a time runs" {
	local i pids=()

	sem --id x 'await go'
	for ((i = 0; i < 30; i++)); do
		sem --id x --fg \
			'mkdir lock && echo >>log && rmdir lock' &
		pids+=($!)
	done
	touch go
	wait "${pids[@]}"
	assert_equal "$(wc -l <log)" 30
}

@test "of many that wait for several slots, so many run" {
	local i pids=()

	for ((i = 0; i < 40; i++)); do
		sem --id x -j3 --fg 'echo 1 >>log; echo -1 >>log' &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	assert_equal "$(wc -l <log)" 80
	awk '{ n += $1; if (n > 3) exit 1 }' log
}

@test "its directory is its owner's alone" {
	sem --fg true
	assert_equal "$(stat -c %a "$PARALLEL_HOME/semaphores")" 700
	chmod 770 "$PARALLEL_HOME/semaphores"
	s --fg true
	assert_usage_error "can be written to by others"
	rmdir "$PARALLEL_HOME/semaphores"
	ln -s "$HOME" "$PARALLEL_HOME/semaphores"
	s --fg true
	assert_usage_error "is not a directory"
	rm "$PARALLEL_HOME/semaphores"
	PARALLEL_HOME=/dev/null s --fg true
	assert_usage_error "cannot make directory '/dev/null/semaphores'"
}

@test "what makes no sense with it is an error" {
	local args

	s --fg
	assert_usage_error '--semaphore needs a command, or --wait'
	s --fg echo ::: a
	assert_usage_error "--semaphore takes no input from ':::'"
	s --fg -a a -a b echo
	assert_usage_error "--semaphore takes no input from '-a' twice"
	s --fg --bg --interactive echo
	assert_usage_error '--bg cannot be combined with --interactive'
	for args in --link --shuf -X -m '-n 2' '-L 1' --csv '--colsep ,' \
		'--pipe-part -a a' '--resume --joblog x' --retry-failed \
		'--min 1' '--then x' '--header :'; do
		# shellcheck disable=SC2086
		s --fg $args echo
		assert_usage_error 'cannot be combined with'
		assert_stderr_has "${args%% *}"
	done
	s --fg --tasks a echo
	assert_usage_error '--tasks'
}

@test "install-compat gives the names parallel and sem" {
	local make=$BATS_TEST_DIRNAME/../../contrib/install-compat

	rm "$BATS_TEST_TMPDIR/bin/sem"
	"$make" muster
	"$make" muster
	assert_equal "$(readlink "$BATS_TEST_TMPDIR/bin/sem")" muster
	assert_equal "$(command -v parallel)" "$BATS_TEST_TMPDIR/bin/parallel"
	run parallel echo ::: a b
	assert_output $'a\nb'
	run sem --fg echo a
	assert_output a
	mkdir dir
	"$make" muster dir
	assert_equal "$(readlink dir/sem)" "$BATS_TEST_TMPDIR/bin/muster"
	rm dir/sem
	echo mine >dir/sem
	run -1 "$make" muster dir
	assert_output_has "is there already"
	"$make" -f muster dir
	[ -L dir/sem ]
	run -1 "$make" nosuchprogram
	run -2 "$make"
}
