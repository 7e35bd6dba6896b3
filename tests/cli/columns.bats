#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Items cut into columns: --colsep, --csv, --header, --trim.

load ../helpers/common

# same ARG...: GNU parallel and muster print the same.
same() {
	command -v parallel >/dev/null || skip "GNU parallel is not there"
	assert_equal "$(muster "$@")" "$(oracle -k "$@")"
}

@test "--colsep cuts items into columns" {
	t -C , echo {2} {1} ::: a,b c,d
	assert_ok $'b a\nd c'
}

@test "--colsep takes an expression" {
	t --colsep '\s*[;|]\s*' echo {3}{2}{1} ::: 'a ;b| c'
	assert_ok cba
}

@test "{} is all columns, and without a command they are one" {
	t -C , --dry-run echo ::: 'a b,c'
	assert_ok "echo 'a b' c"
	t -C , ::: echo,x
	assert_ok x
}

@test "columns of several inputs stand side by side" {
	t -C , echo {3}{1} ::: a,b c,d ::: e f
	assert_ok $'ea\nfa\nec\nfc'
}

@test "columns: as GNU parallel" {
	same -C , --dry-run echo ::: a,b,, ,,a '' , ' a , b '
	same -C , echo '{-1} {3}.' ::: a,b c,d,e
	same -C ' ' --dry-run echo ::: ' a b ' 'a  b'
	same -C 'x*' --dry-run echo ::: axbxxc xax x
	same -C '(,)' --dry-run echo ::: a,b,c
	same -C '^a' --dry-run echo ::: aaa
	same -C '\d+|[\t;]' --dry-run echo ::: a12b $'a\tb;c'
	same -C , --tag echo {1} ::: a,b
	same -C , -r --dry-run echo ::: '' ' ' ,
	same -C , --link echo {1}{2}{3}{4} ::: a,b c,d ::: 1,2 3,4
}

@test "--trim takes blanks off values" {
	same --trim l --dry-run echo ::: ' a b '
	same --trim r --dry-run echo ::: ' a b '
	same --trim rl --dry-run echo ::: ' a b '
	same --trim n -C , --dry-run echo ::: ' a , b '
	same --trim l -C , --dry-run echo ::: ' a , b '
}

@test "--csv: quotes, commas and newlines in cells" {
	printf '%s\n' 'n,m' '"a b","c ""q"" d"' '"two' 'lines",z' >file
	t --csv --dry-run echo {2} {1} :::: file
	assert_ok "echo m n
echo 'c \"q\" d' 'a b'
echo z 'two
lines'"
}

@test "--csv with another separator, names, and CR LF" {
	printf 'n;m\r\n1;"x;y"\r\n' >file
	t --csv --colsep ';' --header : echo {m} {n} :::: file
	assert_ok 'x;y 1'
}

@test "--csv keeps blanks" {
	t --csv --dry-run echo {2} ::: 'a, b '
	assert_ok "echo ' b '"
}

@test "a row that is no CSV is an error with its line, others are run" {
	printf '%s\n' a,b 'x"y' c,d >file
	t --csv echo {2} :::: file
	assert_status 255
	assert_output $'b\nd'
	assert_stderr_has "muster: ::::: 'file': line 2: no CSV: a quote"
}

@test "an open quote at the end of CSV is an error" {
	t --csv echo <<<$'a\n"b\nc'
	assert_status 255
	assert_output a
	assert_stderr_has 'a quote is not closed'
}

@test "--header : without --colsep: columns are cut at TABs" {
	printf 'h1\th2\n v1 \tv2\nw1\tw 2\n' >file
	t --header : echo '{h2}-{h1}' :::: file
	assert_output $'v2- v1 \nw 2-w1'
	t --header : echo '{2},{}' ::: h1 $'a\tb'
	assert_output 'b,a b'
	t --header : --colsep , echo '{h2}' ::: h1,h2 $'a\tb,c\td'
	assert_output $'c\td'
	t --header : --csv echo '{h2}' ::: h1,h2 $'a\tb,c\td'
	assert_output $'c\td'
	t --header : --trim lr echo '{h1}.' :::: file
	assert_output $'v1.\nw1.'
	t --header 0 echo '{1}' ::: $'a\tb'
	assert_output $'a\tb'
}

@test "--header : names columns" {
	t --header : echo {y} {x.} ::: x 1.c 2 ::: y a
	assert_ok $'a 1\na 2'
	t -C , --header : echo {b}-{a} <<<$'a,b\n1,2\n3,4'
	assert_ok $'2-1\n4-3'
}

@test "--header: as GNU parallel" {
	same --header : echo {x/} {x//} {x/.} {x.} {x} ::: x 1/2.c
	same --header : -C , echo {a}+{b}{e} ::: a,b c,d ::: e f
	same --header : --tagstring {y} echo {x} ::: x 1 2 ::: y a b
	same --header : echo {.} ::: . z.x
	same --header : --skip-first-line echo {x} ::: q x 1
	same --header : echo {x} ::: x
	same --header : echo {x} :::: /dev/null
	seq 2 >two
	same --header 0 echo {two} {1} :::: two
}

@test "--header counts for the bar and for --halt" {
	t --header : --halt now,done=50% -j 1 echo {x} ::: x 1 2 3 4
	assert_output $'1\n2'
}

@test "an unknown column is an error" {
	t --header : echo {colour} ::: color red
	assert_usage_error "--header: there is no column 'colour' (did you \
mean 'color'?)"
	t --header : "awk 'BEGIN {print {x}}'; echo \${y}" ::: x 1
	assert_ok 1
}

@test "what is wrong with these options" {
	t --colsep '[' echo ::: a
	assert_usage_error "--colsep: '['"
	t -C 'a(' echo ::: a
	assert_usage_error "--colsep: 'a('"
	t --csv -C ', *' echo ::: a
	assert_usage_error "--colsep: ', *' is not one byte, as --csv needs"
	t --trim x echo ::: a
	assert_usage_error "--trim: 'x' is none of n, l, r, lr, rl"
	t --header foo echo ::: a
	assert_usage_error "--header: 'foo' is not ':' or 0"
	t --header : -I X echo ::: a
	assert_usage_error "--header cannot be combined with -I"
	t --colsep
	assert_usage_error "option '--colsep' needs an argument"
}

@test "a signal ends muster while it waits for names" {
	mkfifo names
	start muster --header : echo {x} :::: names
	kill -TERM "$pid"
	finish
	assert_equal "$status" 143
}
