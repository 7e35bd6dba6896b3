#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# --jsonl: tasks as JSON objects.

# shellcheck disable=SC2016 # jobs expand what is theirs

load ../helpers/common

setup() {
	common_setup
	muster --version | sed -n '/^With:/,/^Without:/p' |
		grep -v ^Without | grep -q jansson || skip 'built without jansson'
}

# json ARG... <LINES: muster --jsonl list ARG..., with LINES in that file.
json() {
	cat >list
	t --jsonl list "$@"
}

# A bad line 2 among good ones: that task is not run, the others are.
assert_bad_second() {
	printf '%s\n' '{"command": "echo one"}' "$1" \
		'{"command": "echo three"}' >list
	t --jsonl list
	assert_status 255
	assert_output $'one\nthree'
	# shellcheck disable=SC2053 # a pattern
	[[ $stderr == "muster: --jsonl: 'list': line 2: "$2 ]] ||
		fail_with "expected: $2"
}

@test "a string is a command for the shell" {
	json <<<'{"command": "echo a; echo \"$((1 + 1))\" | cat"}'
	assert_ok $'a\n2'
}

@test "an array is a program and its arguments, without a shell" {
	json <<<'{"command": ["printf", "[%s]", "a  b", "$HOME", "*", "", "'"'"'"]}'
	assert_ok "[a  b][\$HOME][*][][']"
}

@test "an array never gets a shell, nor a template" {
	json --always-shell --debug proc cat <<<'{"command": ["env", "true"]}'
	assert_status 0
	assert_stderr_has 'without a shell'
}

@test "empty lines are skipped" {
	json <<<$'\n{"command": "echo a"}\n  \n\n{"command": "echo b"}'
	assert_ok $'a\nb'
}

@test "all keys are those of comments" {
	mkdir dir
	echo text >dir/in
	json --joblog log <<-'END'
		{"command": "cat; pwd", "cwd": "dir", "stdin": "in", "tag": "t"}
		{"command": ["printenv", "A", "B", "C"], "env": {"A": "x  y", "B": 2, "C": 0.5}}
		{"command": "exec sleep 900", "timeout": 0.05}
		{"command": "exec sleep 900", "timeout": "50ms"}
		{"command": "echo x >>tries; false", "retries": 3, "retry-delay": 0}
		{"command": "echo z", "id": "z", "weight": 1, "priority": "high", "env:X": "1"}
		{"command": "echo y", "after": ["z"], "priority": -3}
	END
	assert_status 3
	assert_output "t	text
t	$PWD/dir
x  y
2
0.5
z
y"
	assert_equal "$(wc -l <tries)" 3
	assert_equal "$(awk -F '\t' '$7 == -1 { print $1 }' log | sort)" $'3\n4'
}

@test "a barrier is an object of its own" {
	json <<<$'{"command": "echo a"}\n{"barrier": true}\n{"command": "echo b"}'
	assert_ok $'a\nb'
	assert_bad_second '{"barrier": true, "id": "x"}' \
		'barrier: has to stand alone'
}

@test "programs are looked for in the job's PATH, from its directory" {
	mkdir -p dir/bin
	printf '#!/bin/sh\necho "mine $*"\n' >dir/bin/prog
	cp dir/bin/prog dir/here
	chmod +x dir/bin/prog dir/here
	json <<-END
		{"command": ["prog", "1"], "env": {"PATH": "$PWD/dir/bin:/usr/bin:/bin"}}
		{"command": ["prog", "2"], "env": {"PATH": "bin:/usr/bin:/bin"}, "cwd": "dir"}
		{"command": ["./here", "3"], "cwd": "dir"}
		{"command": ["here", "4"], "env": {"PATH": ":/usr/bin:/bin"}, "cwd": "dir"}
	END
	assert_ok $'mine 1\nmine 2\nmine 3\nmine 4'
}

@test "PWD is right in the job's directory" {
	mkdir dir
	json <<<'{"command": ["printenv", "PWD"], "cwd": "dir"}'
	assert_ok "$PWD/dir"
}

@test "a program that cannot be executed has a shell's status" {
	without_valgrind
	mkdir dir
	echo text >plain
	printf 'echo x\n' >noform
	chmod +x noform
	json --joblog log <<-'END'
		{"command": ["no-such-program", "a"]}
		{"command": ["./plain"]}
		{"command": ["./dir"]}
		{"command": ["./noform"]}
		{"command": [""]}
		{"command": ["./none/x"]}
	END
	assert_status 6
	assert_output ''
	assert_stderr_has "job 1: cannot execute 'no-such-program': No such file"
	assert_stderr_has "job 2: cannot execute './plain': Permission denied"
	assert_stderr_has "job 4: cannot execute './noform': Exec format error"
	assert_equal "$(sort -n log | cut -f 7 | tr '\n' ' ')" \
		'Exitval 127 126 126 126 127 127 '
}

@test "a program that is there but not executable is 126" {
	mkdir bin
	: >bin/prog
	json --joblog log <<<'{"command": ["prog"], "env": {"PATH": "'"$PWD"'/bin:/bin"}}'
	assert_status 1
	assert_equal "$(sed 1d log | cut -f 7)" 126
}

@test "an array is shown and logged as a command line" {
	echo '{"command": ["echo", "a b", "$x", "it'"'"'s"], "tag": "t"}' >list
	t --dry-run --jsonl list
	assert_ok "t	echo 'a b' '\$x' 'it'\"'\"'s'"
	t -v --jsonl list --joblog log
	assert_output "t	echo 'a b' '\$x' 'it'\"'\"'s'
t	a b \$x it's"
	assert_equal "$(sed 1d log | cut -f 9)" "echo 'a b' '\$x' 'it'\"'\"'s'"
}

@test "--failed-to writes lines that do the same" {
	mkdir dir
	json --failed-to again <<-'END'
		{"command": ["sh", "-c", "echo \"$1-$A\"; pwd; exit 3", "sh", "a b"], "cwd": "dir", "env": {"A": "it's"}, "tag": "x  y"}
		{"command": "echo c; false", "retries": 2}
		{"command": "true"}
	END
	assert_status 2
	first=$output
	t --tasks again
	assert_status 2
	assert_output "$first"
	assert_output_has "x  y	a b-it's"
}

@test "--priority, --timeout and '-' are as for --tasks" {
	echo '{"command": "exec sleep 900"}' >list
	echo 'sleep 0.2; echo b' >jobs
	t -j 1 --timeout 0.05 --jsonl list --timeout 1000 --tasks jobs \
		--jsonl - <<<'{"command": "echo c"}'
	assert_status 1
	assert_output $'b\nc'
	t --jsonl - --tasks -
	assert_usage_error 'standard input is named twice'
}

@test "comments in commands are the shell's" {
	json <<<'{"command": "pwd #muster: cwd=/"}'
	assert_ok "$PWD"
}

@test "a line of 1 MiB is a line" {
	{
		printf '{"command": "cat <<E | wc -c\\n'
		head -c 100000 /dev/zero | tr '\0' x
		printf '\\nE", "tag": "'
		head -c 1048576 /dev/zero | tr '\0' y
		printf '"}\n'
	} >list
	t --jsonl list
	assert_status 0
	[[ $output == *$'y\t100001' ]]
}

@test "bad JSON is an error that names line and column" {
	assert_bad_second '{"command": }' "bad JSON: * (column 13)"
	assert_bad_second 'echo a' "bad JSON: * (column 4)"
	assert_bad_second '[1]' 'not a JSON object'
	assert_bad_second '{}' 'command: missing'
}

@test "a wrong key, type or value is an error that names the key" {
	assert_bad_second '{"comand": "a"}' \
		"unknown attribute 'comand' (did you mean 'command'[?])"
	assert_bad_second '{"command": 1}' \
		'command: has to be a string or an array of strings'
	assert_bad_second '{"command": "a", "id": 1}' \
		'id: has to be a string'
	assert_bad_second '{"command": "a", "timeout": "x"}' \
		"timeout: 'x' is not a time (such as 90, 1.5m or 2h)"
	assert_bad_second '{"command": "a\u0000b"}' \
		'command: holds a NUL (\\u0000)'
}

@test "a NUL byte is an error of its line" {
	printf '{"command": "echo \0"}\n{"command": "echo b"}\n' >list
	t --jsonl list
	assert_status 255
	assert_output b
	assert_stderr_has "--jsonl: 'list': line 1: bad JSON"
}

@test "a file that is not there is a usage error" {
	t --jsonl missing
	assert_usage_error "--jsonl: cannot open 'missing'"
}

@test "--jsonl: objects in objects without end" {
	local depth

	for depth in 2000 100000; do
		{
			printf '{"a":%.0s' $(seq "$depth")
			echo
			echo '{"command": "echo b"}'
		} >jobs
		t --jsonl jobs
		assert_status 255
		assert_output b
		assert_stderr_has 'line 1:'
	done
}

@test "objects in objects without end are an error" {
	local depth

	for depth in 2047 2049 20000; do
		printf '{"a":%.0s' $(seq $depth) >deep
		t --jsonl deep
		assert_usage_error "--jsonl: 'deep': line 1: bad JSON: "
	done
}

@test "a library that cannot be loaded is told in one line" {
	mkdir lib
	echo none >lib/libjansson.so.4
	# Linked with it, muster does not even start.
	grep -aq 'libjansson\.so\.4' "$MUSTER" &&
		LD_LIBRARY_PATH=$PWD/lib "$MUSTER" --version >version ||
		skip 'jansson is linked, not loaded'
	export LD_LIBRARY_PATH=$PWD/lib
	echo '{"command": "echo a"}' >list
	t --jsonl list
	assert_usage_error '--jsonl: cannot load a library: '
	# What has no need of it does not ask for it.
	t echo ::: a
	assert_status 0
	assert_output a
}
