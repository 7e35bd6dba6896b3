# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --group-by: the lines that have one value are a record.

load ../helpers/common

setup() {
	common_setup
	printf 'id,v\n1,a\n1,b\n2,c\n2,d\n1,e\n' >table
	tail -n +2 table >rows
}

# g ARG...: muster --pipe ARG..., one line for each job.
g() {
	run --separate-stderr muster --pipe --colsep , "$@" 'echo $(cat)'
}

@test "a column by its number" {
	g --group-by 1 -N1 <rows
	assert_ok $'1,a 1,b\n2,c 2,d\n1,e'
	g --groupby 1 -N2 <rows
	assert_ok $'1,a 1,b 2,c 2,d\n1,e'
	g --group-by 1 --block 6 <rows
	assert_ok $'1,a 1,b\n2,c 2,d 1,e'
	g --group-by -2 -N1 <rows
	assert_ok $'1,a 1,b\n2,c 2,d\n1,e'
}

@test "a column by its name, which each block begins with" {
	g --group-by id -N1 <table
	assert_ok $'id,v 1,a 1,b\nid,v 2,c 2,d\nid,v 1,e'
	g --header : --group-by id -N1 <table
	assert_ok $'id,v 1,a 1,b\nid,v 2,c 2,d\nid,v 1,e'
	g --header : --group-by 1 -N1 <table
	assert_ok $'id,v 1,a 1,b\nid,v 2,c 2,d\nid,v 1,e'
}

@test "an expression, of the line or of a column" {
	g --group-by '$_ = substr($_, 0, 1)' -N1 <rows
	assert_ok $'1,a 1,b\n2,c 2,d\n1,e'
	g --group-by 'id s/2/1/' -N1 <table
	assert_ok 'id,v 1,a 1,b 2,c 2,d 1,e'
	g --group-by '2 tr/abcd/xxyz/' -N1 <rows
	assert_ok $'1,a 1,b\n2,c\n2,d\n1,e'
}

@test "without --colsep, tabs; --colsep is an expression" {
	printf 'a\t1\nb\t1\nc\t2\n' >tabs
	muster --group-by 2 -N1 'echo $(wc -l)' <tabs >out
	assert_file_is out $'2\n1\n'
	printf 'a   1\nb 1\nc 2\n' >blanks
	muster --colsep ' +' --group-by 2 -N1 'echo $(wc -l)' <blanks >out
	assert_file_is out $'2\n1\n'
}

@test "the last line without its end belongs to its group" {
	printf 'a,1\nb,1' >input
	g --group-by 2 -N1 <input
	assert_ok 'a,1 b,1'
}

@test "--pipe-part" {
	run --separate-stderr muster --pipe-part -a rows --colsep , \
		--group-by 1 --block 1 'echo $(cat)'
	assert_ok $'1,a 1,b\n2,c 2,d\n1,e'
	run --separate-stderr muster --pipe-part -a table --colsep , \
		--group-by id --block 1 'echo $(cat)'
	assert_ok $'id,v 1,a 1,b\nid,v 2,c 2,d\nid,v 1,e'
}

@test "groups are whole and the blocks are the input, for any size" {
	for i in 1 2 3 4 5 6 7 8 9; do
		yes "$i,some text" | head -n $((i * 100))
	done >input
	for size in 1 100 1k 5k 100k; do
		# shellcheck disable=SC2094 # both only read it
		muster --pipe --colsep , --group-by 1 --block $size cat \
			<input | cmp - input
		muster --pipe-part -a input --colsep , --group-by 1 \
			--block $size cat | cmp - input
		muster --pipe --colsep , --group-by 1 --block $size \
			'uniq' <input >out
		[ "$(wc -l <out)" -eq 9 ]
		muster --pipe-part -a input --colsep , --group-by 1 \
			--block $size 'uniq' >out
		[ "$(wc -l <out)" -eq 9 ]
	done
}

@test "usage errors" {
	g --group-by zz <table
	assert_usage_error "--group-by: there is no column 'zz' in 'id,v'"
	g --group-by '' <table
	assert_usage_error "--group-by: '' is neither a column nor"
	g --group-by '1 open(F)' <table
	assert_usage_error "--group-by: 'open(F)' is not supported"
	for option in --rrs '--recend x' '--recstart x' --csv --regexp; do
		# shellcheck disable=SC2086 # two words
		g --group-by 1 $option <table
		assert_status 255
		assert_stderr_has 'cannot be combined with --group-by'
	done
}

@test "the same as GNU parallel" {
	command -v parallel >/dev/null || skip "GNU parallel is not installed"
	while read -r file args; do
		# shellcheck disable=SC2086 # several words
		muster --pipe -k --colsep , $args 'echo $(cat)' <"$file" >ours
		# shellcheck disable=SC2086
		oracle --pipe -k --colsep , $args 'echo $(cat)' \
			<"$file" >theirs
		cmp ours theirs || fail_with "differs: $args"
	done <<'END'
rows --group-by 1 -N1
table --group-by id -N1
rows --group-by 1 -N2
rows --group-by 3 -N1
END
}
