# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2207 # words, all of them
# musterctl(1) completion for bash

_musterctl_words()
{
	COMPREPLY=($(IFS=$' \n'; compgen -W "$1" -- "$cur"))
}

# The numbers of the jobs that run or wait.
_musterctl_jobs()
{
	_musterctl_words "$(musterctl "$1" jobs 2>/dev/null |
		awk 'NR > 1 { print $1 }')"
}

# What stands behind add is a command, which begins at word $1.
_musterctl_command()
{
	if ((COMP_CWORD == $1)); then
		COMPREPLY=($(compgen -c -- "$cur"))
	elif declare -F _comp_command_offset >/dev/null; then
		_comp_command_offset "$1"
	elif declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	else
		compopt -o filenames 2>/dev/null
		COMPREPLY=($(compgen -f -- "$cur"))
	fi
}

_musterctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} i word words=() IFS=$'\n'
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${words[1]} == add ]]; then
			_musterctl_command "$i"
			return
		fi
		word=${COMP_WORDS[i]}
		[[ $word == -[!0-9]* ]] || words+=("$word")
	done
	case ${#words[@]},${words[1]},$cur in
	2,add,*)
		_musterctl_command "$i" ;;
	*,-*)
		_musterctl_words '--json --help --version' ;;
	0,*)
		compopt -o filenames 2>/dev/null
		COMPREPLY=($(compgen -f -- "$cur")) ;;
	1,*)
		_musterctl_words 'status jobs scale pause resume stop kill
			retry priority add' ;;
	2,kill,* | 2,retry,* | 2,priority,*)
		_musterctl_jobs "${words[0]}" ;;
	3,priority,*)
		_musterctl_words 'low normal high' ;;
	esac
}

complete -F _musterctl musterctl
