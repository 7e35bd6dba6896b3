# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --round-robin and --tee: jobs that are given their input while they run.

load ../helpers/common

# p INPUT ARG...: muster ARG... with INPUT (as for printf %b).
p() {
	printf '%b' "$1" >input
	shift
	run --separate-stderr muster "$@" <input
}

@test "-k --round-robin: each job gets every Nth block" {
	seq 14 >input
	run --separate-stderr muster -k --pipe --round-robin -j3 -N2 \
		'echo $(cat)' <input
	assert_ok $'1 2 7 8 13 14\n3 4 9 10\n5 6 11 12'
}

@test "--round-robin: all blocks, each once; no more jobs than -j" {
	seq 100000 >input
	muster --round -j3 --block 1k 'cat; echo job >>jobs' <input >out
	sort -n out | cmp - input
	[ "$(wc -l <jobs)" -eq 3 ]
}

@test "--round-robin: no job without a block" {
	p '1\n' --roundrobin -j3 -N1 'echo r; cat'
	assert_ok $'r\n1'
	p '' --roundrobin -j3 -N1 'echo r; cat'
	assert_ok ''
}

has_bytes() {
	[ "$(wc -c <"$1")" -ge "$2" ]
}

@test "--round-robin: whoever is ready gets the next block" {
	# The first job reads nothing until the second has had most of it.
	seq 300000 >input
	muster --round-robin -j2 --block 10k \
		'[ {#} = 1 ] && until test -e go; do sleep 0.01; done
		cat >got{#}' <input &
	wait_until test -e got2
	wait_until has_bytes got2 1500000
	: >go
	wait
	cat got1 got2 | sort -n | cmp - input
}

@test "--round-robin: the header once for each job" {
	p 'h\n1\n2\n3\n' -k --round-robin -j2 -N1 --header : 'echo $(cat)'
	assert_ok $'h 1 3\nh 2'
}

@test "--round-robin: -L, --recend, --rrs, --fifo, values" {
	p '1\n2\n3\n4\n5\n6\n' -k --round-robin -j2 -L2 --block 4 'echo $(cat)'
	assert_ok $'1 2 5 6\n3 4'
	p 'aXbXcXd' -k --round-robin -j2 --recend X --rrs -N1 'cat; echo'
	assert_ok $'ac\nbd'
	p '1\n2\n3\n' -k --round-robin -j2 -N1 --fifo 'cat {}'
	assert_ok $'1\n3\n2'
	p '1\n2\n3\n' -k --round-robin -j2 -N1 'echo {}; cat' ::: x y
	assert_ok $'x\n1\n3\ny\n2'
}

@test "--round-robin: a job that ends early; others get the rest" {
	# A block that the first one has left comes when it may.
	seq 100000 >input
	run --separate-stderr muster --round-robin -j2 --block 1k \
		'[ {#} = 1 ] && exit 3; sort -n | tail -n 1' <input
	assert_status 1
	assert_output 100000
	assert_no_stderr
}

@test "--round-robin: when all have ended, no more is read" {
	yes | {
		run --separate-stderr muster -k --round-robin -j2 --block 1k \
			'head -n 1; exit 3'
		assert_status 2
		assert_output $'y\ny'
		assert_no_stderr
	}
}

@test "--round-robin: jobs that close their standard input" {
	seq 100000 >input
	run --separate-stderr muster -k --round-robin -j2 --block 1k \
		'test -n "$(head -c 1)"; exec <&-; echo closed' <input
	assert_ok $'closed\nclosed'
}

@test "--round-robin: a timeout takes a job out of the round" {
	seq 100000 >input
	run --separate-stderr muster -k --round-robin -j2 --block 1k \
		--timeout 0.5 'exec sleep 1000' <input
	assert_status 2
}

@test "--round-robin: --halt and signals end it while input is left" {
	yes | muster --round-robin -j2 --halt now,fail=1 'exit 7' >out ||
		status=$?
	[ "$status" -eq 7 ]
	# The others meet the end of their input.
	yes | muster --round-robin -j2 --halt soon,fail=1 \
		'[ {#} = 1 ] && exit 7; cat >/dev/null; echo end' >out ||
		status=$?
	[ "$status" -eq 7 ]
	mkfifo in
	exec 7<>in
	printf '1\n2\n' >&7
	start muster --round-robin -j2 -N1 'cat; echo end; touch ended{#}' \
		<in 7>&-
	kill -TERM "$pid"
	finish
	exec 7>&-
	wait_until test -e ended1 -o ! -e ended2
}

@test "--round-robin: what the jobs were given is in the job log" {
	seq 9 >input
	muster -k --round-robin -j2 -N1 --joblog log 'cat >/dev/null' <input
	tail -n +2 log | sort -n | cut -f 1,5 >got
	assert_file_is got $'1\t10\n2\t8\n'
}

@test "--pipe-part --round-robin: a part for each job" {
	seq 60 >input
	t --pipe-part -a input --round-robin -j2 --block 10 'wc -l'
	assert_ok $'32\n28'
}

@test "--group-by --round-robin" {
	p '1,a\n1,b\n2,c\n1,d\n' -k --colsep , --group-by 1 --round-robin \
		-j2 -N1 'echo $(cat)'
	assert_ok $'1,a 1,b 1,d\n2,c'
}

@test "--round-robin that runs a job again cannot be" {
	t --round-robin --retries 2 cat
	assert_usage_error '--retries cannot be combined with --round-robin'
	t --round-robin --cat cat
	assert_usage_error '--cat cannot be combined with --round-robin'
	t --round-robin --joblog log --resume cat
	assert_usage_error '--resume cannot be combined with --round-robin'
}

@test "--tee: every job gets all data, in the order of the values" {
	p '1\n2\n' --pipe --tee 'echo {}; cat' ::: a b c
	assert_ok $'a\n1\n2\nb\n1\n2\nc\n1\n2'
	p '1\n2\n' --tee 'echo {1}{2}; cat' ::: a b ::: c d
	assert_ok $'ac\n1\n2\nad\n1\n2\nbc\n1\n2\nbd\n1\n2'
	seq 2 >values
	p 'x\n' --tee 'echo {}; cat' :::: values
	assert_ok $'1\nx\n2\nx'
}

@test "--tee: much data, jobs of different speed" {
	seq 600000 >input
	muster --tee '{}' ::: cat 'dd bs=999 status=none' 'sleep 0.1; cat' \
		<input >out
	cat input input input | cmp - out
}

@test "--tee: those that stop reading do not hold up others" {
	seq 600000 >input
	run --separate-stderr muster --tee '{}' ::: true 'head -n 1' \
		'exec <&-; echo x' 'exit 3' 'tail -n 1' <input
	assert_status 1
	assert_output $'1\nx\n600000'
	assert_no_stderr
}

@test "--tee: without data, the jobs run all the same" {
	p '' --tee 'echo {}; cat' ::: a b
	assert_ok $'a\nb'
}

@test "--tee: data that comes slowly is handed on at once" {
	mkfifo in
	exec 7<>in
	start muster --tee 'read -r l; echo "$l" >{}; mv {} done{}; cat' \
		::: a b <in 7>&-
	echo x >&7
	wait_until test -e donea -a -e doneb
	exec 7>&-
	finish
	[ "$status" -eq 0 ]
}

@test "--pipe-part --tee: the first file for each job" {
	seq 3 >data
	t --pipe-part --tee -a data 'echo {}; cat' ::: a b
	assert_ok $'a\n1\n2\n3\nb\n1\n2\n3'
}

@test "--tee: usage errors" {
	t --tee cat
	assert_usage_error '--tee needs values, one for each job (:::)'
	t --tee -j2 cat ::: a b c
	assert_status 255
	assert_stderr_has '--tee: all 3 jobs have to run at once, but only 2'
	t --tee --retries 2 cat ::: a
	assert_usage_error '--retries cannot be combined with --tee'
	t --pipe-part --tee -a missing cat ::: a
	assert_usage_error "-a: cannot open 'missing'"
}

@test "the same as GNU parallel" {
	command -v parallel >/dev/null || skip "GNU parallel is not installed"
	printf 'h,v\n1,a\n1,b\n2,c\n1,d\n3,e\n' >input
	while read -r args; do
		# shellcheck disable=SC2086 # several words
		muster --pipe -k $args 'echo $(cat)' <input >ours
		# shellcheck disable=SC2086
		oracle --pipe -k $args 'echo $(cat)' <input >theirs
		cmp ours theirs || fail_with "differs: $args"
	done <<'END'
--round-robin -j2 -N1
--round-robin -j4 --block 5 --header :
--round-robin -j2 -L2
END
	muster --pipe -k --tee 'echo {} $(cat)' ::: a b <input >ours
	oracle --pipe -k --tee 'echo {} $(cat)' ::: a b <input >theirs
	cmp ours theirs
}

@test "--tee gives what there is, whatever else is said of records" {
	(echo HEAD; seq 30000; echo; echo) >in
	for options in '--header :' '--header 2' '--recstart 1 --rrs' \
		'--recend 9 --rrs' '--regexp --recend [0-9] --rrs' '-r' \
		'--csv'; do
		# shellcheck disable=SC2086 # words
		muster --tee --block 10k $options 'cat >{}' ::: a b <in
		cmp in a
		cmp in b
	done
}
