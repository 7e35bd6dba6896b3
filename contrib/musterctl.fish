# SPDX-License-Identifier: GPL-3.0-or-later
# musterctl(1) completion for fish

# Prints the words there are but for options: socket, request, its words.
function __musterctl_words
	for word in (commandline -opc)[2..]
		string match -qr '^-[^0-9]' -- $word; or printf '%s\n' $word
	end
end

# Is the request one of these, with as many words behind it as $argv[1]?
function __musterctl_at
	set -l words (__musterctl_words)
	test (count $words) -eq (math $argv[1] + 2)
	and contains -- $words[2] $argv[2..]
end

# Is there no request yet, after so many words?
function __musterctl_has
	test (count (__musterctl_words)) -eq $argv[1]
end

function __musterctl_adds
	set -l words (__musterctl_words)
	test "$words[2]" = add
end

# The numbers of the jobs that run or wait.
function __musterctl_jobs
	musterctl (__musterctl_words)[1] jobs 2>/dev/null |
		awk 'NR > 1 { print $1 }'
end

# Completes the command of add as if it stood alone.
function __musterctl_command
	set -l words (string escape -- (__musterctl_words)[3..])
	set -a words (commandline -ct)
	complete -C (string join ' ' -- $words)
end

complete -c musterctl -f
complete -c musterctl -n '__musterctl_has 0' -F
complete -c musterctl -n 'not __musterctl_adds' -l json \
	-d 'print the answer as it is'
complete -c musterctl -n 'not __musterctl_adds' -s h -l help \
	-d 'print a summary'
complete -c musterctl -n 'not __musterctl_adds' -s V -l version \
	-d 'print the version'
complete -c musterctl -n '__musterctl_has 1' -a status \
	-d 'print counts of jobs and workers'
complete -c musterctl -n '__musterctl_has 1' -a jobs \
	-d 'print the jobs that run or wait'
complete -c musterctl -n '__musterctl_has 1' -a scale \
	-d 'set how many workers there are'
complete -c musterctl -n '__musterctl_has 1' -a pause -d 'start no more jobs'
complete -c musterctl -n '__musterctl_has 1' -a resume -d 'go on'
complete -c musterctl -n '__musterctl_has 1' -a stop \
	-d 'end the run as SIGTERM does'
complete -c musterctl -n '__musterctl_has 1' -a kill -d 'end a job'
complete -c musterctl -n '__musterctl_has 1' -a retry -d 'try a job again'
complete -c musterctl -n '__musterctl_has 1' -a priority \
	-d 'give a job that waits another priority'
complete -c musterctl -n '__musterctl_has 1' -a add -d 'submit one more job'
complete -c musterctl -n '__musterctl_at 0 kill retry priority' \
	-a '(__musterctl_jobs)'
complete -c musterctl -n '__musterctl_at 1 priority' -a 'low normal high'
complete -c musterctl -n '__musterctl_adds' -a '(__musterctl_command)'
