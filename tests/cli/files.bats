# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --files, --files0, --compress and its programs, PARALLEL_TMP.

load ../helpers/common
load ../helpers/disk

# The files are to stay: so they go where nobody looks for leftovers.
setup() {
	common_setup
	mkdir kept
}

# f ARG...: muster --files ARG...
f() {
	t --tmpdir kept --files "$@"
}

# Paths of files as one word, and what is in those that were named.
names() {
	sed -E 's|kept/par[0-9A-Za-z]{10}\.par|NAME|g' <<<"$output"
}

contents() {
	tr '\0' '\n' <<<"$output" | sed 's/.*\t//' | xargs -r cat
}

count() {
	find kept -type f | wc -l
}

# Names.

@test "--files: the output stays in files, whose names are printed in order" {
	f -j3 '[ {} != a ] || await go; echo {}; [ {} != c ] || : >go' \
		::: a b c
	assert_status 0
	assert_no_stderr
	assert_equal "$(names)" $'NAME\nNAME\nNAME'
	assert_equal "$(contents)" $'a\nb\nc'
	assert_equal "$(count)" 3
}

@test "the files are the user's alone, and hard to guess" {
	f 'echo {}' ::: a b
	assert_equal "$(stat -c %a kept/* | sort -u)" 600
	[ "${lines[0]}" != "${lines[1]}" ]
}

@test "a job without output has an empty file" {
	f true ::: a
	assert_equal "$(names)" NAME
	assert_file_is "$output" ''
}

@test "as in GNU parallel, standard error is lost" {
	f 'echo E >&2; echo {}' ::: O
	assert_no_stderr
	assert_equal "$(contents)" O
}

@test "--files0: NUL behind the names" {
	muster --tmpdir kept --files0 echo ::: a b >out
	assert_equal "$(tr -dc '\0\n' <out | od -An -c | tr -d ' ')" '\0\0'
	assert_equal "$(xargs -0 cat <out)" $'a\nb'
}

@test "--tag goes before the names" {
	f --tag -v echo ::: a
	assert_equal "$(names)" $'a\tNAME'
	assert_equal "$(contents)" $'echo a\na'
}

@test "a failed job has a file, one that did not run has none" {
	f 'echo {}; exit 3' ::: a b
	assert_status 2
	assert_equal "$(contents)" $'a\nb'
	rm kept/*
	f -j1 --halt now,fail=1 'echo {}; exit 3' ::: a b
	assert_equal "$(contents)" a
	assert_equal "$(count)" 1
	rm kept/*
	f 'echo {= $_ eq "b" and skip() =}' ::: a b
	assert_equal "$(contents)" a
	assert_equal "$(count)" 1
}

@test "of a job that is tried again, the last try counts" {
	f --retries 3 'echo x >>tries; wc -l <tries; false' ::: a
	assert_equal "$(contents)" 3
	assert_equal "$(count)" 1
}

@test "--line-buffer: the name comes with the first output" {
	start muster --tmpdir kept --files --lb 'echo {}; await go; echo b' \
		::: a
	wait_until has_lines out 1
	assert_equal "$(cat "$(cat out)")" a
	: >go
	finish
	assert_equal "$(cat "$(cat out)")" $'a\nb'
}

@test "-u wins, and a dry run keeps nothing" {
	f -u echo ::: a
	assert_ok a
	f --dry-run echo ::: a
	assert_ok 'echo a'
	assert_equal "$(count)" 0
}

@test "with --results: the names of those files" {
	f --results out echo ::: a b
	assert_ok $'out/1/a/stdout\nout/1/b/stdout'
	assert_equal "$(count)" 0
}

@test "with records: the names instead of the output" {
	f --results r.csv echo ::: a b
	assert_equal "$(contents)" $'a\nb'
	assert_equal "$(names)" $'NAME\nNAME'
	assert_file_has r.csv "\"echo b\",b,\"${lines[1]}\","
	f --results -.tsv echo ::: c
	assert_equal "$(names | tail -n 1 | cut -f 11-)" $'"NAME"\t'
}

@test "no file is left by a muster that was killed" {
	[ "${MUSTER_TEST_TOOL-}" != portable ] ||
		skip "files without a name are Linux's"
	without_valgrind
	start muster --tmpdir kept --files \
		'echo a; : >begun; exec sleep 100 #' ::: a
	wait_until test -e begun
	kill -KILL "$pid"
	finish
	assert_equal "$(count)" 0
}

@test "a directory that is not there, or not ours" {
	t --tmpdir nowhere --files echo ::: a
	assert_usage_error "--tmpdir: cannot use 'nowhere'"
	TMPDIR=/nowhere t --files echo ::: a
	assert_status 255
	assert_stderr_has "--files: cannot create a file in '/nowhere'"
}

@test "a full disk is told, and the job has no file" {
	run --separate-stderr on_disk 256k muster -j1 --tmpdir full --files \
		'seq {}' ::: 1000000 1
	assert_status 255
	assert_stderr_has '--files: cannot write to'
	assert_equal "${#lines[@]}" 1
}

# Compression.

@test "--compress-program: files are compressed by it" {
	f --compress-program gzip 'seq {}; seq {} >&2' ::: 1 3
	assert_status 0
	assert_equal "$(zcat <"${lines[0]}")" 1
	assert_equal "$(zcat <"${lines[1]}")" $'1\n2\n3'
	t --results out --compress-program 'gzip -9' 'seq {} >&2' ::: 3
	assert_ok
	assert_equal "$(zcat <out/1/3/stderr)" $'1\n2\n3'
	assert_file_is out/1/3/stdout ''
}

@test "--compress finds a program" {
	local muster gzip

	muster=$(command -v muster)
	gzip=$(command -v gzip)
	mkdir only
	# Not the first one that is looked for, but the only one.
	printf '#!/bin/sh\necho "$@" >>used\nexec %s "$@"\n' "$gzip" >only/pigz
	chmod +x only/pigz
	PATH=$PWD/only "$muster" --tmpdir kept --files --compress \
		'echo a; echo' ::: b >out
	assert_equal "$(gzip -dc <"$(cat out)")" $'a\nb'
	assert_equal "$(sort -u used)" '-c -1'
}

# packer NAME COMMAND: a program that counts how often it is used.
packer() {
	printf '#!/bin/sh\necho >>"%s/%s.used"\n%s\n' "$PWD" "$1" "$2" >"$1"
	chmod +x "$1"
}

@test "held output is compressed and comes back byte for byte" {
	packer pack 'exec gzip -1'
	packer unpack 'exec gzip -dc'
	head -c 3000000 /dev/urandom >random
	muster -j3 --output-memory 64k --compress-program ./pack \
		--decompress-program ./unpack --joblog log \
		'[ {} != 1 ] || until [ $(wc -l <log) = 4 ]; do sleep 0.02; done
		cat random; cat random >&2' ::: 1 2 3 4 >out 2>err
	cat random random random random | cmp - out
	cat random random random random | cmp - err
	# Once each for the test at the start.
	[ "$(wc -l <pack.used)" -gt 10 ]
	[ "$(wc -l <unpack.used)" -gt 10 ]
}

@test "programs that do not work are found before anything is run" {
	t --compress-program false 'echo >ran' ::: a
	assert_usage_error "--compress-program: 'false' failed (exit status 1)"
	t --compress-program cat --decompress-program 'tr a-z A-Z' echo ::: a
	assert_usage_error "--compress-program: 'tr a-z A-Z' does not give back"
	t --compress-program ' ' echo ::: a
	assert_usage_error "--compress-program: an empty command"
	[ ! -e ran ]
}

@test "one that fails later: nothing is lost, and the status is 255" {
	packer pack 'cat >in.$$; [ $(wc -c <in.$$) -lt 1000 ] && cat in.$$'
	muster -j1 --output-memory 1k --compress-program ./pack --joblog log \
		--decompress-program cat --no-keep-order 'seq {}' \
		::: 99999 >out 2>err || status=$?
	assert_equal "$status" 255
	seq 99999 | cmp - out
	assert_file_has err "--compress-program: './pack' failed"
}

@test "one that fails later: the file is not kept" {
	packer pack 'cat >in.$$; [ $(wc -c <in.$$) -lt 1000 ] && cat in.$$'
	f --compress-program ./pack 'seq {}' ::: 99999 1
	assert_status 255
	assert_stderr "muster: --files: './pack' failed (exit status 1)"
	assert_equal "$(contents)" 1
	assert_equal "$(count)" 1
}

@test "--decompress-program alone compresses nothing" {
	f --decompress-program false echo ::: a
	assert_status 0
	assert_equal "$(contents)" a
}

# PARALLEL_TMP.

@test "PARALLEL_TMP names a file for the job, which is removed" {
	t --tmpdir kept 'echo {} >$PARALLEL_TMP; cat $PARALLEL_TMP
		echo $PARALLEL_TMP >>names' ::: a b
	assert_ok $'a\nb'
	grep -cxE 'kept/par[0-9A-Za-z]+' names
	assert_equal "$(sort -u names | wc -l)" 2
	assert_equal "$(count)" 0
	t --tmpdir kept 'test -e $PARALLEL_TMP' ::: a
	assert_status 1
}

@test "--cat, --fifo: nothing is left by a muster that was killed" {
	local how

	without_valgrind
	for how in cat fifo; do
		rm -f begun hold
		mkfifo hold
		exec 8<>hold
		echo a >&8
		start muster --pipe "--$how" -N1 --tmpdir kept \
			'cat {}; : >begun; exec sleep 100' <hold
		wait_until test -e begun
		kill -KILL "$pid"
		finish
		exec 8>&-
		wait_until rmdir kept
		mkdir kept
	done
	end_orphans
}

# Where they do not die with muster.
end_orphans() {
	local pid

	[ "${MUSTER_TEST_TOOL-}" = portable ] || return 0
	for pid in $(marked_pids); do
		kill -KILL "$pid" 2>/dev/null || :
	done
}
