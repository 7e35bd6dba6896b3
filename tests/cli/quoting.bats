#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Values are data, wherever the command has them: what comes out is what went
# in, and nothing of it is ever executed, in dash and in bash.

# shellcheck disable=SC1003 # what looks like a slip is meant

load ../helpers/common

# Each would leave a file "pwned", or change, if a shell took it for more.
values=(
	plain 'a b' ' a  b ' "it's" "'" "''" '"' '"q"' \\ a\\ \\\\ 'a\nb' '\0'
	'$(touch pwned)' '`touch pwned`' '$HOME' '${HOME}' '$$' '$' '$x' '$1'
	';touch pwned' '|touch pwned' '&touch pwned&' '&&touch pwned' '>pwned'
	$'\ntouch pwned\n' "';touch pwned;'" '";touch pwned;"'
	"'\$(touch pwned)'" '"$(touch pwned)"' '\$(touch pwned)'
	'\`touch pwned\`' "'\"'\"'" '$((1+1))' '$[1+1]' '(touch pwned)'
	'{touch,pwned}' '{a,b}' '{1..3}' '#' '#touch pwned' 'a #b' '*' '?'
	'[a-z]*' '~' '~root' '=ls' 'a=b' '-n' '--help' '-' '--' '!' '!!' '!x'
	'^a^b' '<in' '2>pwned' '%s' '%n' '' ' ' $'\t' $'\n' $'a\nb' $'a\n' $'\r'
	$'\b' $'\001\002\033[31m\177' '{}' '{1}' '{.}' '$(' '`' '((' '))' '$(('
	'${' '}' 'in' 'esac' 'done' $'\377' $'\300\200' $'\303' $'\303\251'
	$'\342\202' $'a\200b' $'\245\134' $'\\\ntouch pwned'
	$'\'\ntouch pwned\n\'' '$\(touch pwned)' '$`touch pwned`' '; exit 7'
	'$(kill $PPID)' '`kill $PPID`' '$IFS' '@' '$@' '$*' '!$' '\x41'
)

# shells TEMPLATE VALUE...: what the command gives in dash and in bash is the
# file want, by muster and when a shell gets what --dry-run shows.
shells() {
	local name shell

	for name in dash bash; do
		shell=$(command -v "$name")
		export PARALLEL_SHELL=$shell
		muster "$1" ::: "${@:2}" >out 2>err
		cmp want out
		assert_file_is err ''
		muster --dry-run "$1" ::: "${@:2}" >commands
		"$shell" commands >out 2>err
		cmp want out
		assert_file_is err ''
	done
	[ ! -e pwned ]
}

# come_through TEMPLATE [BEFORE [BEHIND]]: every value, between these words.
come_through() {
	local value

	for value in "${values[@]}"; do
		printf '%s\0' "${2-}$value${3-}"
	done >want
	shells "$1" "${values[@]}"
}

@test "a bare {}" {
	come_through 'printf "%s\0" {}'
}

@test "{} in double quotes" {
	come_through 'printf "%s\0" "{}"'
	come_through 'printf "%s\0" "a $((1+1)) {} b"' 'a 2 ' ' b'
}

@test "{} in single quotes" {
	come_through "printf '%s\\0' '{}'"
	come_through "printf '%s\\0' 'a {} b'" 'a ' ' b'
}

@test "{} glued to text and quotes" {
	come_through 'printf "%s\0" x{}y' x y
	come_through "printf '%s\\0' a\"b{}c\"d" ab cd
	come_through "printf '%s\\0' a'b'{}'c'd" ab cd
}

@test "one kind of quotes inside the other" {
	come_through "printf '%s\\0' \"a'{}'b\"" "a'" "'b"
	come_through "printf '%s\\0' 'a\"{}\"b'" 'a"' '"b'
}

@test "{} behind a variable and before a name" {
	come_through 'x=1; printf "%s\0" $x{}' 1
	come_through 'x=1; printf "%s\0" "$x{}"' 1
	come_through 'x=1; printf "%s\0" "${x}{}x"' 1 x
	come_through 'printf "%s\0" "\$"{}' '$'
}

@test "{} in an assignment" {
	come_through 'v={}; printf "%s\0" "$v"'
	come_through 'v="{}"; printf "%s\0" "$v"'
	come_through "v='{}'; printf '%s\\0' \"\$v\""
	come_through 'v={} sh -c '\''printf "%s\0" "$v"'\'
}

@test "{} in \$( )" {
	come_through 'v=$(printf %s. {}); printf "%s\0" "$v"' '' .
	come_through 'printf "%s\0" "$(printf %s. {})"' '' .
	come_through 'printf "%s\0" "$(printf %s. "{}")"' '' .
	come_through "printf '%s\\0' \"\$(printf %s. '{}')\"" '' .
}

@test "{} in backticks" {
	come_through 'v=`printf %s. {}`; printf "%s\0" "$v"' '' .
	come_through 'v=`printf %s. "{}"`; printf "%s\0" "$v"' '' .
	come_through "v=\`printf %s. '{}'\`; printf '%s\\0' \"\$v\"" '' .
}

@test "{} in compound commands and functions" {
	come_through 'if :; then printf "%s\0" {}; fi'
	come_through 'for i in {}; do printf "%s\0" "$i"; done'
	come_through 'f() { printf "%s\0" "$1"; }; f {}'
	come_through '(set -- {}; printf "%s\0" "$1")'
	come_through ': && { printf "%s\0" {} || :; } | cat'
}

@test "{} in a comment" {
	come_through 'printf "%s\0" {} # {}'
	come_through $'# {}\nprintf "%s\\0" {}'
}

@test "{} as the name of a file" {
	printf 'in\0in\0' >want
	shells 'printf "in\0" >{}; cat <"{}"; rm {}' \
		'a b' '$(touch pwned).x'
	[ ! -e '$(touch pwned).x' ]
}

@test "without a shell" {
	# Nothing here needs one: see launch.bats.
	come_through "env printf '%s\\0' {}"
	come_through "env printf '%s\\0' x{}y" x y
	come_through "env printf '%s\\0' \"x{}y\"" x y
	come_through "env printf '%s\\0' 'x{}y'" x y
	come_through "env printf '%s\\0'"
}

@test "{1} and {-1}" {
	local value

	for value in "${values[@]}"; do
		printf '%s\0' "$value" "$value" 'a b'
	done >want
	muster 'printf "%s\0" {1} "{-2}" {2}' ::: "${values[@]}" ::: 'a b' >out
	cmp want out
	[ ! -e pwned ]
}

@test "{/} and {//}" {
	local value named=()

	printf '%s\0' "${values[@]}" >want
	muster 'printf "%s\0" {/}' ::: "${values[@]/#/d/}" >out
	cmp want out
	for value in "${values[@]}"; do
		named+=("d$value/x")
		printf '%s\0' "d$value"
	done >want
	muster 'printf "%s\0" "{//}"' ::: "${named[@]}" >out
	cmp want out
	[ ! -e pwned ]
}

@test "{.} and {/.}" {
	local value named=()

	for value in "${values[@]}"; do
		named+=("d/x$value.e")
		printf '%s\0' "d/x$value" "x$value"
	done >want
	muster 'printf "%s\0" {.} "{/.}"' ::: "${named[@]}" >out
	cmp want out
	[ ! -e pwned ]
}

@test "every byte, alone and among others" {
	local i byte all=() template

	for i in {1..255}; do
		printf -v byte '\\x%x' "$i"
		printf -v byte '%b.' "$byte"
		all+=("${byte%.}" "a${byte%.}b'${byte%.}\"${byte%.}\$${byte%.}")
	done
	printf '%s\0' "${all[@]}" >want
	for template in {} '"{}"' "'{}'"; do
		shells "printf '%s\\0' $template" "${all[@]}"
	done
}

@test "values from standard input and files are quoted alike" {
	printf '%s\0' "${values[@]}" >want
	muster -0 'printf "%s\0" {}' <want >out
	cmp want out
	muster -0 -a want 'printf "%s\0" "{}"' >out
	cmp want out
}

@test "bash: \$'...' and \$\"...\"" {
	local value

	export PARALLEL_SHELL
	PARALLEL_SHELL=$(command -v bash)
	for value in "${values[@]}"; do
		printf '%s\0' "a$value!" "$value"
	done >want
	muster "printf '%s\\0' \$'\\x61{}!' \$\"{}\"" ::: "${values[@]}" >out
	cmp want out
	[ ! -e pwned ]
}

@test "arithmetic takes numbers only" {
	t 'echo $(({} + 1))' ::: 41 'x[$(touch pwned)]' -3
	assert_status 1
	assert_output $'42\n-2'
	assert_stderr_has 'job 2:'
	[ ! -e pwned ]
}

@test "where nothing can be quoted, the command is refused" {
	local template

	for template in $'cat <<E\n{}\nE' 'echo \{}' 'echo "`echo {}`"'; do
		t "$template" ::: '$(touch pwned)'
		assert_usage_error "{}"
	done
	[ ! -e pwned ]
}

@test "what a strange command makes of a value, it executes none" {
	local template shell

	for template in 'echo ${x-{}}' 'echo "${x-{}}"' \
		'echo "${x-'\''{}'\''}"' 'echo "$( (echo {}) )"' \
		$'cat <<\'E\'\n{}\nE' 'echo ${x#{}}' 'echo $(echo `echo {}`)' \
		'echo `echo \`echo {}\``' 'x=1; echo $x{} "$x{}" $({}:)' \
		'case {} in {}) echo {};; esac' \
		'echo $(case x in x) echo {};; esac)' \
		'echo {}{} \\{}' 'a={}; echo "${a%{}}"' 'echo "\"{}"' \
		'[ {} = {} ] && echo {}' ': $(({}))' ': $[{}]' \
		'echo <({})' '[[ {} == {} ]]' 'x[{}]=1' '((1{}))' 'echo \${}' \
		"echo \$'\\{}'" 'echo $"{}"' 'echo {}>&2' 'echo a{}<&1'; do
		for shell in dash bash; do
			printf '%s\0' "${values[@]}" |
				PARALLEL_SHELL=$(command -v "$shell") \
				muster -0 "$template" >out 2>&1 || :
			[ ! -e pwned ] || fail_with "$shell: $template"
		done
	done
}

@test "--tagstring shows values as they are" {
	t --tagstring '<{}>' echo x ::: 'a b' '$(touch pwned)'
	assert_ok $'<a b>\tx a b\n<$(touch pwned)>\tx $(touch pwned)'
	[ ! -e pwned ]
}
