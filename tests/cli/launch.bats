#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# How commands are started: by which shell or by none, and with what of
# muster's own state. Whatever muster leaves out, nobody may notice: commands
# are compared with what the shell makes of them.

# shellcheck disable=SC1003 # what looks like a slip is meant

load ../helpers/common

# Where a command finds programs and files of all kinds.
setup() {
	common_setup
	mkdir bin second dir0
	printf '#!/bin/sh\necho "prog $# $*"\n' >bin/prog
	printf 'echo "plain $*"\n' >bin/plain
	printf '#!/none/such/sh\n' >bin/badinterp
	printf '\177ELF junk' >bin/badelf
	printf '#!/bin/sh\necho first\n' >bin/unexec
	printf '#!/bin/sh\necho second\n' >second/unexec
	: >bin/empty
	chmod +x bin/* second/*
	chmod -x bin/unexec
	ln -s nowhere bin/dangling
	mkdir bin/folder
	cp bin/prog second/folder
	: >a.txt
	: >b.txt
	base=$PATH
	PATH=$PWD/bin:$PWD/second:$PATH
}

# as_by SHELL COMMAND...: each gives the output, the errors and the status
# that it has when the shell gets it; by muster as it is, and with
# --always-shell.
as_by() {
	local shell option name dir=$BATS_TEST_TMPDIR

	shell=$(command -v "$1")
	want_of "$shell" "${@:2}"
	for option in --group --always-shell; do
		printf '%s\0' "${@:2}" | PARALLEL_SHELL=$shell \
			muster -0 "$option" --joblog "$dir/log" \
			>"$dir/got.out" 2>"$dir/got.err" || :
		tail -n +2 "$dir/log" | sort -n | cut -f 7 >"$dir/got.status"
		for name in out err status; do
			diff -a "$dir/want.$name" "$dir/got.$name" ||
				fail_with "$1 $option: $name differs"
		done
	done
}

# Where words end and what is no more than a word.
plain=(
	'env echo one' '  env  echo	two	' "env echo 'a  b' \"c  d\" ''"
	"env echo a'b'\"c\"d" 'env echo a=b,c:d@e%f+g-h.i/j_k' 'env echo a#b'
	"env echo 'a\"b' \"a'b\"" "env printf '%s\\n' a b" 'env echo "x\y"'
	'env echo \$HOME' 'env echo "$HOME" $HOME' 'env echo `echo x`'
	'env echo $((1+1))' 'env echo a\ b' 'env echo a\' 'env echo #no' '#no'
	'' '   ' 'env echo a;env echo b' 'env echo a & wait' 'env echo a|cat'
	'env false || env echo or' 'env true && env echo and' 'env echo >&2 err'
	$'env echo a\nenv echo b' $'env echo a\r' $'env echo \303\251 \377'
	'env echo ~ ~root a=~ a:~' 'env echo *.txt' "env echo '*.txt' \"*\""
	'env echo ?.txt [a-z].txt' 'env echo {a,b} {1..3}' 'env echo !x ^y'
	'env echo %1 @ = == =env' 'env echo -- -n' 'env echo "unbalanced'
	"env echo 'unbalanced" 'env echo )' 'env echo "a!b"' 'env'\'' '\'' x'
	'"env" echo q' "'env' echo q" 'e"n"v echo q' 'env -i env'
	'env sh -c '\''echo "$#" "$0"'\'' a b' 'env cat' 'env pwd'
)

@test "words: dash" {
	as_by dash "${plain[@]}"
}

@test "words: bash" {
	as_by bash "${plain[@]}"
}

# Where the output of a job goes, and where its input comes from.
redirected=(
	'both >/dev/null' 'both 2>/dev/null' 'both >&2' 'both 1>&2' 'both 2>&1'
	'both 2>&1 >/dev/null' 'both >/dev/null 2>&1' 'both >/dev/null >&2'
	'both >&2 2>/dev/null' 'both >>/dev/null' 'both 2>&1 1>&2' 'both >& 2'
	'both a >/dev/null b' 'both a 2>&1 b' 'both 2>/dev/null a' 'both >&1'
	'both > /dev/null' 'both 0>/dev/null' 'both 1</dev/null' 'both 0<&1'
	'both 1<&0' 'both 2<&1' 'both 2 >/dev/null' "both '2' >&2" 'both 2>& 1'
	'both 2>&1>/dev/null' 'both >/dev/null2>&1' 'both>/dev/null' 'both a2>&1'
	'>/dev/null both' '2>&1 both >/dev/null' 'both 8>/dev/null' 'both >&8'
	'both >&-' 'both 2>&-' 'both <&-' 'both 12>&1' 'both >/dev/nul/x'
	'both >/dev/full' 'both >/dev/null/' 'both >&/dev/null'
	'both &>/dev/null' 'both >|/dev/null' 'both <>/dev/null' 'both >&1x'
	"both >'/dev/null'" 'both >/dev/null;both' 'both >/dev/null | both'
	'env cat </dev/null' 'env cat 0</dev/null 2>&1' 'nosuch >/dev/null'
	'nosuch 2>/dev/null' 'nosuch 2>&1' 'badinterp >/dev/null' 'both >'
	'badelf 2>/dev/null' 'plain x >&2' 'both 2>' 'both </dev/null 2>&1'
	'env cat /proc/self/fdinfo/2 2>/dev/null' 'env sh -c "exit 3" >/dev/null'
	'env cat /proc/self/fdinfo/0 </dev/null'
	'env cat /proc/self/fdinfo/0 0>/dev/null'
	'env cat /proc/self/fdinfo/2 2>>/dev/null' 'echo a >/dev/null'
	'echo a >&2' 'both {a}>/dev/null' 'both >/dev/null >&1 >&1 >&1 >&1 >&1'
	'both >/dev/null >&1 >&1 >&1 >&1 >&1 >&1'
)

@test "redirections: dash" {
	printf '#!/bin/sh\necho "out $*"; echo "err $*" >&2; cat\n' >bin/both
	chmod +x bin/both
	as_by dash "${redirected[@]}"
}

@test "redirections: bash" {
	printf '#!/bin/sh\necho "out $*"; echo "err $*" >&2; cat\n' >bin/both
	chmod +x bin/both
	as_by bash "${redirected[@]}"
}

# Programs, and what is none.
programs=(
	'prog a b' './bin/prog' 'bin/prog x' './prog' "$PWD/prog" 'plain x'
	'bin/plain y' 'badinterp' 'bin/badinterp' 'badelf' 'bin/badelf' 'empty'
	'unexec' 'bin/unexec' 'folder z' 'bin/folder' 'dir0' './dir0' 'dangling'
	'bin/dangling' 'nosuchprogram -x' './nosuch' '/none/such/prog a'
	'bin/prog/x' '/' '.' '..' '-x' '--' '+' 'prog/' '1' '_' 'a.txt'
	'./a.txt' "'prog' q" 'env nosuchprogram' 'prog '\'''\' \''' '""' "''"
	"' ' x"
)

@test "programs: dash" {
	without_valgrind
	as_by dash "${programs[@]}"
}

@test "programs: bash" {
	without_valgrind
	as_by bash "${programs[@]}"
}

# What a shell knows without any program, and how commands end.
known=(
	'echo a\tb' "'echo' 'a\tb'" 'echo -e "a\tb"' 'echo -n x'
	'printf "%s\n" x' 'test a = b' '[ a = a ]' '[ a ]' '[ a' 'true' 'false'
	':' 'type env' 'command -v env' 'command env echo x' 'exec env echo x'
	'eval env echo x' 'exit 7' 'exit' 'return 3' 'cd dir0 && env pwd' 'pwd'
	'umask' 'ulimit -n' 'shift 2' '. bin/plain' 'source bin/plain' 'read x'
	'unset x' 'let x=1' 'local x' 'hash' 'wait' 'jobs' 'trap' 'getopts a b'
	'kill -l TERM' 'if true; then echo y; fi'
	'for i in 1 2; do echo $i; done' 'while false; do :; done'
	'case x in x) echo x;; esac' '! true' '{ echo a; }' '(exit 4)'
	'[[ a == a* ]]' '((1))' 'f() { echo f; }; f' 'function g { :; }'
	'select x' 'coproc env true' 'then' 'done' 'fi' 'esac' 'in' 'do'
	'alias x=y' 'x' 'enable' 'env sh -c "exit 3"' 'kill -9 $$' 'exit 255'
	'exit 256' 'kill -TERM $$' 'A=1' 'A=1 env sh -c '\''echo $A'\'
	'A=1 B="2 3" env sh -c '\''echo $B'\' 'PATH=/none/such env'
	'PATH=$PWD/second:$PATH unexec' 'A+=1' '1=2' 'a-b=c' 'a[1]=2'
	'A=~ env sh -c '\''echo $A'\' 'env A=1 sh -c '\''echo $A'\' 'pushd'
	'dirs' 'caller' 'mapfile' 'history x' 'suspend x' 'logout' 'bind x'
	'chdir dir0' 'compgen -x' 'shopt -x' 'typeset x'
)

@test "builtins, keywords, assignments, statuses: dash" {
	as_by dash "${known[@]}"
}

@test "builtins, keywords, assignments, statuses: bash" {
	as_by bash "${known[@]}"
}

# What is known without running it, and what looks like it.
outcomes=(
	'echo' 'echo a  b' "echo 'a  b' \"\" c" "echo '\$x' '*' '!' '~' '#'"
	'echo -n a' 'echo a -n' 'echo -' 'echo -- a' "echo 'a\\n'" "echo 'é'"
	"echo '	'" 'echo a # b' 'echo a=b c=d' 'echo ./a' 'echo a, b: c@d %e'
	"'echo' a" '"echo" a' 'ec"ho" a' '\echo a' 'echo a ' ' 	echo a'
	'printf a' "printf '%s-%s\\n' b c" "printf '%s,' a b c"
	"printf '%s %s.' a b c" "printf '%%\\t\\\\'" 'printf %s' 'printf'
	'printf -- a' 'printf a b' "printf '%d' 1" "printf '%5s' 1"
	"printf '%'" "printf '\\'" "printf '\\0101'" "printf '%s' '\\'"
	"printf '%s' -n" "printf '%b' '\\t'" "printf '%s\\n'"
	'true a b' 'true --help' 'false a' 'exit 0' 'exit 255' 'exit 256'
	'exit 00' 'exit 01' "exit ''" 'exit 1 2' 'exit a' 'exit -1' 'exit 08'
	'exit 99999999999999999999'
	'echo a >&2' 'echo a >/dev/null' 'echo a >>/dev/null' 'echo a 1>&2'
	'echo a 2>/dev/null' 'echo a 2>&1' 'echo a 2>&1 1>&2'
	'echo a >&2 2>/dev/null' 'echo a 2>/dev/null >&2' 'exit 3 >&2'
	'echo a </dev/null' 'echo a 1</dev/null' 'echo a >&0'
	'echo a </dev/null >&0' 'echo a 0>/dev/null >&0' 'echo a >&8'
	'echo a >/dev/full' 'echo a >nowhere/a' 'echo a >&-' 'echo a > /dev/null'
	'echo a;' 'echo a &' 'echo a; wait' 'echo a && echo b' '! true'
	'>&2 echo a' 'echo {a,b}' 'echo [a-z]' 'echo ~' 'echo $((1 + 1))'
)

@test "what builtins of plain words do: dash" {
	as_by dash "${outcomes[@]}"
}

@test "what builtins of plain words do: bash" {
	as_by bash "${outcomes[@]}"
}

# With a program behind it.
pipelines=(
	'echo a | cat' 'echo a|cat' 'echo "a | b" | tr a-z b-z'
	"echo 'x\"|' | tr x y" 'echo a | cat | cat' 'echo a || cat'
	'echo a |& cat' 'printf %s abc | wc -c' 'true | wc -c' 'exit 3 | wc -c'
	'false | cat' 'echo a | false' 'echo a | env false' 'echo a | nowhere'
	'echo a | ./nowhere' 'echo a | prog b' 'echo a | cat </dev/null'
	'echo a | cat >&2' 'echo a >&2 | wc -c' 'echo a 2>&1 | wc -c'
	'echo a >/dev/null | wc -c' 'echo a | cat 2>&1 >/dev/null'
	'echo a | read x' 'echo a | echo b' 'echo a | exit 4' 'echo a |'
	'| cat' 'echo a | | cat' 'echo a | (cat)' 'echo a | A=1 env cat'
	'echo a | cat; echo b' 'echo a | cat && echo b' '! echo a | cat'
	'echo a | env sh -c "exit 5"' "echo a | env sh -c 'cat; exit 6'"
	'echo a | cat - /dev/null' 'echo $PPID >/dev/null | cat' 'cat | echo a'
	'echo -n a | cat' 'env echo a | cat' 'printf "%s " a b | cat'
	'echo a >| cat' 'echo "a' "echo 'a | cat" 'echo a | cat "' 'echo | wc -c'
)

@test "builtins of plain words with a pipe behind them: dash" {
	as_by dash "${pipelines[@]}"
}

@test "builtins of plain words with a pipe behind them: bash" {
	as_by bash "${pipelines[@]}"
}

@test "a builtin of plain words starts no process" {
	local shell

	for shell in dash bash; do
		PARALLEL_SHELL=$(command -v $shell) t --debug proc --joblog log \
			::: 'echo a' "printf '%s-%s\\n' b c" true 'exit 3' false
		assert_status 2
		assert_output $'a\nb-c'
		[[ $stderr != *process* ]]
		assert_equal "$(cut -f 7,8 log | sort | tr '\n\t' ' .')" \
			"0.0 0.0 0.0 1.0 3.0 Exitval.Signal "
		PARALLEL_SHELL=$(command -v $shell) t --debug proc \
			--always-shell ::: 'echo a' true
		assert_equal "$(grep -c 'in a shell' <<<"$stderr")" 2
	done
}

@test "behind one and a pipe there is the program alone" {
	local shell

	for shell in dash bash; do
		PARALLEL_SHELL=$(command -v $shell) t -j 1 --debug proc <<-'E'
			echo a b | env wc -w
			printf '%s,' a b c | tr a-z A-Z >&2
			true | wc -c
		E
		assert_status 0
		assert_output $'2\n0'
		assert_equal "$(grep -c 'without a shell' <<<"$stderr")" 3
		assert_stderr_has 'A,B,C,'
	done
}

@test "a program that reads little of it, or late, or never" {
	local long

	long=$(printf 'x%.0s' {1..1000})
	PARALLEL_SHELL=$(command -v dash) t -j 1 --debug proc <<-E
		printf '%s $long %s ' a b c d | head -c 3
		printf '%s $long %s ' a b c d e f | wc -c
		echo $long | env true
		printf '%s $long %s ' a b c d | env sh -c "exit 7"
		echo $long | setsid -f sh -c "await go; wc -c >late; : >done"
	E
	assert_status 1
	assert_output $'a x3015'
	assert_equal "$(grep -c 'without a shell' <<<"$stderr")" 5
	: >go
	wait_until test -e done
	assert_file_is late $'1001\n'
}

@test "what a pipe may not take at once, or nobody could hold up: the shell" {
	local long

	long=$(printf 'x%.0s' {1..5000})
	PARALLEL_SHELL=$(command -v dash) t -j 1 --debug proc <<-E
		echo $long | wc -c
		printf '%s$long' $(echo {1..2000}) | wc -c
		printf '%s$long' $(echo {1..2000}) >/dev/null
		echo $long >/dev/null
	E
	assert_status 0
	assert_output $'5001\n10006893'
	assert_equal "$(grep -c 'in a shell' <<<"$stderr")" 3
}

@test "a program behind a pipe that dies of a signal has ended, for a shell" {
	local shell how

	for shell in dash bash; do
		for how in --group --always-shell; do
			PARALLEL_SHELL=$(command -v $shell) t $how --joblog log \
				--retries 2 --retry-on 137 \
				::: "echo x | env sh -c 'kill -9 \$\$; : >>n'"
			assert_status 1
			assert_equal "$(cut -f 7,8 log | tail -n 1)" $'137\t0'
		done
	done
}

@test "what libraries and locales would say is said" {
	export LC_ALL=xx_XX.UTF-8
	as_by bash 'echo x' 'echo x | cat' 'env true'
	as_by dash 'echo x' 'echo x | cat' 'env true'
	unset LC_ALL
	LD_BIND_NOW=1 PARALLEL_SHELL=$(command -v dash) t --debug proc \
		::: 'echo a' 'echo b | cat'
	assert_output $'a\nb'
	assert_equal "$(grep -c 'in a shell' <<<"$stderr")" 2
}

@test "what is given by more than the command is for the shell" {
	PARALLEL_SHELL=$(command -v dash) t -j 1 --debug proc <<-'E'
		echo a #muster: env:A=1
		echo b #muster: cwd=/
		echo c #muster: stdin=/dev/null
		echo d | cat #muster: cwd=/
		echo e | cat #muster: stdin=/dev/null
	E
	assert_status 0
	assert_output $'a\nb\nc\nd\ne'
	assert_equal "$(grep -c 'in a shell' <<<"$stderr")" 5
	seq 3 >list
	t --pipe -N 1 'echo x' <list
	assert_ok $'x\nx\nx'
	t --pipe -N 1 'echo x | cat' <list
	assert_ok $'x\nx\nx'
	t -u ::: 'echo u'
	assert_ok u
}

@test "a function or a file that is read first comes before a builtin" {
	export PARALLEL_SHELL
	PARALLEL_SHELL=$(type -P bash)
	run --separate-stderr env \
		'BASH_FUNC_echo%%=() {  builtin echo "mine: $*"'$'\n}' \
		"$(type -P muster)" echo ::: a b
	assert_ok $'mine: a\nmine: b'
	printf 'echo() { printf "%%s: read\\n" "$1"; }\n' >env
	BASH_ENV=$PWD/env t echo ::: a b
	assert_ok $'a: read\nb: read'
	run --separate-stderr env SHELLOPTS=xtrace muster -j 1 \
		::: 'echo a' 'echo b'
	assert_output $'a\nb'
	assert_stderr_has '+ echo a'
}

@test "a program that dies of a signal" {
	local kills=("env sh -c 'kill -9 \$\$'" "env sh -c 'kill -TERM \$\$'")

	as_by bash "${kills[@]}"
	# dash would stay, and say of what the program has died. The status
	# is the same.
	PARALLEL_SHELL=$(command -v dash) t --exit-as first <<<"${kills[0]}"
	assert_status 137
	assert_no_stderr
	# So would bash for the sake of redirections.
	PARALLEL_SHELL=$(command -v bash) t --exit-as first \
		<<<"${kills[0]} >/dev/null"
	assert_status 137
	assert_no_stderr
}

@test "every name a shell knows by itself is left to the shell" {
	local names shell

	shell=$(command -v bash)
	mapfile -t names < <("$shell" -c 'compgen -bk' | grep '^[a-z]')
	[ "${#names[@]}" -gt 50 ]
	PARALLEL_SHELL=$shell run --separate-stderr muster --debug proc \
		< <(printf '%s --nosuchoption\n' "${names[@]}")
	assert_equal "$(grep -c 'in a shell' <<<"$stderr")" "${#names[@]}"
}

@test "functions that bash exports win over programs" {
	without_valgrind
	env() {
		echo "function $*"
	}
	own() {
		echo "own $*"
	}
	export -f env own
	as_by bash 'env echo a' 'own a' "'env' b" 'prog c' 'command env echo d'
	as_by dash 'own a' 'prog c'
	PARALLEL_SHELL=$(command -v bash) t own ::: 'a  b' c
	assert_ok $'own a  b\nown c'
}

@test "functions and aliases of BASH_ENV and ENV" {
	cat >rc <<-'E'
		shopt -s expand_aliases 2>/dev/null
		alias prog='echo alias'
		plain() { echo "function $*"; }
		echo sourced
	E
	export BASH_ENV=$PWD/rc ENV=$PWD/rc
	as_by bash 'prog a' 'plain b' 'env echo c'
	as_by dash 'prog a' 'plain b' 'env echo c'
}

@test "programs found by a relative or empty part of PATH" {
	cd dir0
	cp ../bin/prog near
	PATH=../bin:$base
	as_by dash 'prog a' 'plain b' 'cd ..; prog c'
	as_by bash 'prog a' 'plain b' 'cd ..; prog c'
	PATH=$base:
	as_by dash 'near a'
	as_by bash 'near a'
	PATH=::$base
	as_by bash 'near a'
	PATH=$base
	as_by bash 'near a'
	as_by dash 'near a'
}

@test "parts of PATH that a shell reads in its own way" {
	local HOME=$PWD

	mv second/unexec bin
	printf '#!/bin/sh\necho home\n' >second/unexec
	chmod +x second/unexec
	# shellcheck disable=SC2088,SC2147 # bash expands it, dash does not
	PATH="~/second:$PWD/bin:$base"
	as_by dash unexec
	as_by bash unexec
	PATH="$PWD/bin%builtin:$PWD/bin%func:%builtin:$PWD/second:$base"
	as_by dash 'unexec' 'echo a' 'env echo b'
	as_by bash 'unexec' 'echo a' 'env echo b'
}

@test "no PATH at all" {
	local env muster shell path line without

	without_valgrind
	env=$(command -v env)
	muster=$(command -v muster)
	for shell in "$(command -v bash)" "$(command -v dash)"; do
		for path in X= PATH=; do
			without=("$env" -u PATH "PARALLEL_SHELL=$shell" "$path")
			for line in 'prog x; ls a.txt' 'ls a.txt' 'prog x'; do
				"${without[@]}" "$shell" -c "$line" 2>&1 |
					sort >want
				"${without[@]}" "$muster" 2>&1 <<<"$line" |
					sort >got
				diff want got || fail_with "${without[*]} $line"
			done
		done
	done
}

@test "a program that moves along PATH, or changes, is found again" {
	t -j 1 <<-'E'
		unexec
		chmod +x bin/unexec; rm second/unexec
		unexec
		echo 'echo changed' >>bin/unexec
		unexec
		rm bin/unexec
		unexec
	E
	assert_status 1
	assert_output $'second\nfirst\nfirst\nchanged'
	assert_stderr_has unexec
}

# environment SHELL VAR=VALUE...: "env" has the environment that the shell
# gives it, PARALLEL_* apart, behind a | too; "-u VAR" takes one away.
environment() {
	local shell muster option command

	shell=$(command -v "$1")
	muster=$(command -v muster)
	for command in env 'echo x | env'; do
		env -u _ "${@:2}" "$shell" -c "$command" >want.raw
		sort want.raw | grep -av ^PARALLEL_ >want
		for option in --no-keep-order --always-shell; do
			env -u _ "${@:2}" PARALLEL_SHELL="$shell" \
				"$muster" "$option" <<<"$command" >got.raw
			sort got.raw | grep -av ^PARALLEL_ >got
			diff -a want got ||
				fail_with "$* $option $command"
		done
	done
}

@test "the environment is what the shell would make of it" {
	local shell

	without_valgrind
		for shell in dash bash; do
		environment "$shell" X=1 EMPTY= 'SPACE= a b '
		environment "$shell" $'LINES2=a\nb' $'BYTES=\377\001'
		environment "$shell" -i PATH="$PATH"
		environment "$shell" 'a-b=c' '1x=y' 'x.y=z' 'BASH_FUNC_x=1'
		environment "$shell" IFS=x OPTIND=3 PS1=x PS4=y LINENO=7
		environment "$shell" POSIXLY_CORRECT=1
		environment "$shell" BASH_VERSION=1 UID=77 RANDOM=4 SECONDS=9
		environment "$shell" BASH=x HOSTTYPE=x OSTYPE=x MACHTYPE=x
		environment "$shell" HOSTNAME=x SHELL=x TERM=x PS1=x PS2=y
		environment "$shell" COLUMNS=7 LINES=7 CDPATH=/ HISTFILE=x
		environment "$shell" 'BASH_FUNC_x%%=() { echo; }'
		environment "$shell" _=x __=y
	done
}

@test "PWD, OLDPWD and SHLVL are what the shell would make of them" {
	local shell value

	without_valgrind
	ln -s "$PWD/dir0" "$BATS_TEST_TMPDIR/link"
	for shell in dash bash; do
		environment "$shell" -u PWD -u OLDPWD -u SHLVL
		for value in "$PWD" / . '' nonsense "$PWD/dir0/.." "$PWD/" \
			"$PWD//" /none/such "$BATS_TEST_TMPDIR/link/.."; do
			environment "$shell" PWD="$value"
			environment "$shell" OLDPWD="$value"
		done
		for value in '' 0 1 5 07 -1 -5 abc 5x ' 5' 998 999 1000 1001 \
			99999999999; do
			environment "$shell" SHLVL="$value"
		done
		cd "$BATS_TEST_TMPDIR/link"
		environment "$shell"
		environment "$shell" -u PWD
		cd ../work
	done
}

@test "a working directory that is gone" {
	local shell

	mkdir gone
	cd gone
	rmdir ../gone
	for shell in dash bash; do
		PARALLEL_SHELL=$(command -v "$shell") muster >../got <<-'E'
			env echo a
			env echo b; env echo c
		E
		assert_file_is ../got $'a\nb\nc\n'
	done 2>/dev/null
}

@test "PARALLEL_SEQ, PARALLEL_JOBSLOT and PARALLEL_PID" {
	local PARALLEL_SEQ=x PARALLEL_JOBSLOT=y PARALLEL_PID=z
	export PARALLEL_SEQ PARALLEL_JOBSLOT PARALLEL_PID

	start muster -j 1 <<-'E'
		env
		echo $PARALLEL_SEQ $PARALLEL_JOBSLOT $PARALLEL_PID
	E
	finish
	assert_equal "$(grep -a ^PARALLEL_ out | grep -v _TMP= | sort)" \
		"PARALLEL_JOBSLOT0=0
PARALLEL_JOBSLOT=1
PARALLEL_PID=$pid
PARALLEL_SEQ=1
PARALLEL_SSHHOST=:
PARALLEL_SSHLOGIN=:"
	assert_equal "$(tail -n 1 out)" "2 1 $pid"
}

@test "a plain command starts no shell, others do" {
	mkdir shells
	printf '#!/bin/sh\necho "$2" >>"%s/calls"\nexec /bin/sh "$@"\n' \
		"$PWD" >shells/dash
	chmod +x shells/dash
	PARALLEL_SHELL=$PWD/shells/dash t -j 1 <<-'E'
		env echo a
		env echo "b  b" 'c'
		bin/prog
		env echo $PARALLEL_SEQ
		env echo d 2>&1 >/dev/null
	E
	assert_ok $'a\nb  b c\nprog 0 \n4'
	assert_file_is calls $'env echo $PARALLEL_SEQ\n'
	PARALLEL_SHELL=$PWD/shells/dash t env echo 'x{}' ::: '$(a)' "'"
	assert_ok $'x$(a)\nx\''
	assert_file_is calls $'env echo $PARALLEL_SEQ\n'
	PARALLEL_SHELL=$PWD/shells/dash t --always-shell env echo ::: a
	assert_file_has calls 'env echo a'
}

@test "a program is muster's own child, in a group of its own" {
	local line group

	start muster -j 1 <<-'E'
		cut -d ' ' -f 1,4,5,6 /proc/self/stat
		exec cut -d ' ' -f 1,4,5,6 /proc/self/stat
		cut -d ' ' -f 1,4,5,6 /proc/$$/stat
	E
	finish
	has_lines out 3
	while read -r -a line; do
		assert_equal "${line[1]}" "$pid"
		assert_equal "${line[2]}" "${line[0]}"
		[ "${line[3]}" != "${line[0]}" ]
	done <out
	group=$(cut -d ' ' -f 3 out | sort -u | wc -l)
	assert_equal "$group" 3
}

@test "standard input of jobs is empty" {
	t <<-'E'
		cat; echo a
		readlink /proc/self/fd/0
		readlink /proc/$$/fd/0
		echo b
	E
	assert_ok $'a\n/dev/null\n/dev/null\nb'
	printf '1\n2\n' >values
	t -j 1 'cat; echo' :::: - <values
	assert_ok $'1\n2'
}

@test "the first job has muster's standard input when that is no source" {
	t -j 1 'cat; echo' ::: a b <<<data
	assert_ok $'data\na\nb'
	echo x >values
	t -j 1 -a values 'cat; echo' <<<data
	assert_ok $'data\nx'
	t -j 1 cat - '#' ::: a b <<<data
	assert_ok data
	muster 'cat; echo' ::: a b <&- >out
	assert_file_is out $'a\nb\n'
}

@test "jobs have descriptors 0, 1 and 2 only" {
	local option

	exec 7>other 8<&0
	for option in --group --ungroup --always-shell; do
		t "$option" -j 1 <<<'ls /proc/self/fd'
		# One is that of the directory itself.
		assert_ok $'0\n1\n2\n3'
	done
	t -j 2 'ls /proc/self/fd/{} 2>&1 | cat' ::: 3 4 5 6 7 8 9 10 20 255
	assert_status 0
	assert_equal "$(grep -c 'No such file' <<<"$output")" 10
}

@test "setsid: with dash the job lasts, with others it does not" {
	local shell job

	for job in 'setsid sh -c "sleep 0.2; : >done"' \
		'env setsid sh -c "sleep 0.2; : >done"'; do
		rm -f done
		PARALLEL_SHELL=$(command -v dash) \
			muster -j1 ::: "$job" 'test -e done'
	done
	# Words without quotes: with others mksh forks. A job that lasts waits in
	# vain, as the second one comes behind it.
	printf '#!/bin/sh\nawait go && : >done\n' >bin/late
	chmod +x bin/late
	for shell in bash mksh zsh; do
		rm -f go done
		shell=$(command -v $shell)
		PARALLEL_SHELL=$shell muster -j1 ::: 'setsid late' ': >go'
		wait_until test -e done
	done
}

# signals_kept CMD...: a job of a muster that CMD starts has the signals that
# CMD hands on.
signals_kept() {
	local grep='grep -E "^Sig(Blk|Ign|Cgt)" /proc/self/status' option

	fresh "$@" sh -c "exec $grep" >want
	for option in --group --always-shell; do
		fresh "$@" muster "$option" <<<"$grep" >got
		diff want got || fail_with "$* $option"
	done
}

@test "jobs have the signals that muster was started with" {
	# dash clears the mask.
	export PARALLEL_SHELL
	PARALLEL_SHELL=$(command -v bash)
	signals_kept env
	signals_kept nohup
	signals_kept sh -c 'trap "" INT TERM CHLD PIPE ALRM; exec "$@"' sh
	signals_kept env --block-signal=USR1,TERM,ALRM,HUP
}

@test "jobs have the umask, the directory and the limits of muster" {
	local command

	without_valgrind
	export PARALLEL_SHELL
	PARALLEL_SHELL=$(command -v bash)
	umask 027
	ulimit -Sn 200
	cd dir0
	for command in umask 'ulimit -Sn' 'ulimit -Hn' 'ulimit -u' pwd \
		'env pwd' 'ulimit -s'; do
		t -j 100 <<<"$command"
		assert_ok "$(bash -c "$command")"
	done
}

# Tells which shell it runs in.
which_shell='readlink -f /proc/$$/exe; :'

shell_is() {
	assert_ok "$(readlink -f "$(command -v "$1")")"
}

# Where there is no /proc, that is as far as muster looks.
finds_ancestors() {
	[[ $(muster --version) != *Without:*/proc* ]]
}

@test "the shell is the nearest one among the ancestors" {
	local name

	for name in bash dash zsh; do
		export SHELL
		SHELL=$(command -v "$name")
		finds_ancestors && SHELL=/none/such/sh
		run --separate-stderr "$name" -c \
			'printf "%s\n" "$1" | muster; exit' "$name" \
			"$which_shell"
		shell_is "$name"
	done
}

@test "a shell that is called sh stays sh" {
	SHELL=/bin/sh run --separate-stderr bash -c \
		'sh -c "muster; exit"' <<<"$which_shell"
	shell_is /bin/sh
}

@test "what is no shell is passed over among the ancestors" {
	finds_ancestors || SHELL=$(command -v dash)
	run --separate-stderr dash -c 'env nice timeout 100 muster; exit' \
		<<<"$which_shell"
	shell_is dash
}

@test "without a shell among the ancestors it is \$SHELL" {
	# An orphan's ancestors are those of all processes.
	cat >orphan <<-'E'
		while [ "$(cut -d ' ' -f 4 /proc/$$/stat)" = "$1" ]; do
			sleep 0.01
		done
		exec muster >out 2>&1
	E
	echo "$which_shell" >in
	for SHELL in "$(command -v dash)" "$(command -v bash)"; do
		(sh -c 'sh orphan $$ <in & exit' sh) 3>&- 4>&-
		wait_until file_has out /
		assert_equal "$(cat out)" "$(readlink -f "$SHELL")"
		rm out
	done
}

@test "PARALLEL_SHELL wins" {
	local name

	for name in dash bash zsh; do
		PARALLEL_SHELL=$(command -v "$name") t <<<"$which_shell"
		shell_is "$name"
	done
	PARALLEL_SHELL='' t <<<'echo empty'
	assert_ok empty
}

@test "a shell that cannot be executed fails every job that needs one" {
	PARALLEL_SHELL=/none/such/sh t <<<$'echo a\necho b'
	assert_status 2
	assert_output ''
	assert_stderr_has "job 1: cannot execute '/none/such/sh'"
	assert_stderr_has "job 2: cannot execute '/none/such/sh'"
}

@test "zsh gets its own quoting" {
	PARALLEL_SHELL=$(command -v zsh) t 'printf "%s|" {} "{}"' \
		::: '=ls' '~' 'a b' '$(exit)' '^x#~*' $'a\nb' "'"
	assert_output_has '=ls|=ls|~|~|a b|a b|$(exit)|$(exit)|^x#~*|^x#~*|'
	assert_output_has $'a\nb|a\nb|\'|\'|'
	assert_no_stderr
}

@test "a restricted bash stays restricted" {
	ln -s "$(command -v bash)" rbash
	PARALLEL_SHELL=$PWD/rbash t ::: '/bin/echo hi' 'echo a >/dev/null' \
		'echo x | /bin/cat'
	assert_status 3
	assert_output ''
}

@test "what bash says of an exported function that it cannot read is heard" {
	bash -c 'shopt -s extglob
		eval "f() { case \$1 in !(a)) echo no;; esac; }"; export -f f
		PARALLEL_SHELL=$BASH muster echo ::: a' >out 2>err
	assert_file_is out $'a\n'
	assert_file_has err 'error importing function'
	env 'BASH_FUNC_a/b%%=() {  :
}' PARALLEL_SHELL="$(command -v bash)" muster echo ::: a >out 2>err
	assert_file_has err 'a/b'
}

@test "few descriptors: a program behind a pipe is started by the shell" {
	for n in 9 10 11; do
		(
			exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
			ulimit -n $n
			exec muster -j 1 'echo a | cat' {} ::: /dev/null 2>err
		)
	done
}
