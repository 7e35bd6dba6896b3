# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --summary and --failed-to.

load ../helpers/common

# The lines between the header and the totals, without what varies: seq,
# status, tries, command.
rows() {
	sed '1d;$d' <<<"$stderr" |
		sed 's/^ *//; s/  */ /g' |
		awk '{ $4 = $5 = $6 = ""; print }' | sed 's/  */ /g'
}

@test "--summary is one line when no job failed" {
	t --summary ::: true true true
	assert_status 0
	[[ $stderr =~ ^muster:\ 3\ jobs,\ none\ failed,\ in\ [0-9.]+m?s$ ]]
}

@test "--summary is on standard error alone" {
	t --summary ::: 'echo a; exit 1'
	assert_output a
	assert_stderr_has 'muster: 1 of 1 job failed (1 exit status) in '
}

@test "--summary lists the failed jobs in input order" {
	t -j 2 --summary ::: 'await go; exit 3' 'exit 4' true ': >go'
	assert_status 2
	assert_equal "$(rows)" '1 3 1 await go; exit 3
2 4 1 exit 4'
	assert_stderr_has 'muster: 2 of 4 jobs failed (2 exit status) in '
}

@test "--summary has a header with a name for each column" {
	t --summary ::: false
	read -ra names <<<"${stderr_lines[0]}"
	assert_equal "${names[*]}" 'Seq Status Tries Wall CPU Memory Command'
}

@test "--summary=all lists all jobs" {
	t -j 2 --summary=all ::: 'await 2' ': >2' 'exit 5'
	assert_status 1
	assert_equal "$(rows)" '1 0 1 await 2
2 0 1 : >2
3 5 1 exit 5'
}

@test "--summary=failed is --summary" {
	t --summary=failed ::: true false
	assert_equal "$(rows)" '2 1 1 false'
}

@test "--summary takes no other word" {
	t --summary=none ::: true
	assert_usage_error "--summary: 'none' is none of all, failed"
}

@test "--summary names signals and timeouts" {
	echo 'kill -9 $$' >one
	echo 'exec sleep 1000' >two
	t -j 1 --summary --timeout 1000 --tasks one --timeout 0.2 --tasks two
	assert_equal "$(rows)" '1 SIGKILL 1 kill -9 $$
2 timeout 1 exec sleep 1000'
	assert_stderr_has 'failed (1 signal, 1 timeout) in '
}

@test "--summary counts tries" {
	t --retries 3 --summary=all ::: \
		'echo try >>tries; [ "$(wc -l <tries)" -eq 2 ]'
	assert_equal "$(rows)" '1 0 2 echo try >>tries; [ "$(wc -l <tries)" -eq 2 ]'
}

@test "--summary tells times and memory" {
	t --summary=all ::: 'sleep 0.1'
	read -ra row <<<"${stderr_lines[1]}"
	[[ ${row[3]} =~ ^[0-9.]+m?s$ ]]
	[[ ${row[4]} =~ ^[0-9.]+m?s$ ]]
	# 0B: not known.
	[[ ${row[5]} =~ ^[0-9.]+[KMG]$ ]] ||
		[ "${MUSTER_TEST_TOOL-} ${row[5]}" = 'portable 0B' ]
}

@test "--summary counts jobs that were never started" {
	t -j 1 --halt soon,fail=1 --summary ::: ":; false" true true
	assert_stderr_has '(1 exit status, 2 cancelled)'
}

@test "--summary shows control characters as what they are" {
	t --summary ::: $'false \e[31m \x01 \n'
	[[ $stderr != *[$'\e\x01']* ]]
	assert_equal "${#stderr_lines[@]}" 3
}

@test "--failed-to gets the failed commands, in input order" {
	t -j 2 --failed-to again ::: 'await go; false' 'exit 2' true ': >go'
	assert_status 2
	assert_file_is again $'await go; false\nexit 2\n'
}

@test "--failed-to is input for another run" {
	cat >jobs <<-'END'
		echo 1
		[ -e fixed ] && echo "it's  2"
		echo 3
		[ -e fixed ] && echo 4
	END
	t --failed-to again -a jobs
	assert_status 2
	: >fixed
	t -a again
	assert_ok $'it\'s  2\n4'
}

@test "--failed-to holds templates filled in, for any shell" {
	t -j 1 --failed-to again "printf '%s|' {}; exit 1" ::: 'a b' "it's" '$x'
	assert_status 3
	assert_equal "$(sh again)" "a b|"
	assert_equal "$(muster -a again)" "a b|it's|\$x|"
}

@test "--failed-to is empty when no job failed" {
	echo old >again
	t --failed-to again ::: true
	assert_ok
	assert_file_is again ''
}

@test "--failed-to of another run is refused, and stays as it is" {
	echo old >again
	muster --failed-to again ': >running; await go; false' ::: a &
	await running
	t --failed-to again true ::: b
	assert_usage_error "--failed-to: 'again' is in use by another run"
	: >go
	wait $! || :
	assert_file_is again $': >running; await go; false a\n'
}

@test "--failed-to holds jobs that timed out or were killed" {
	echo 'exec sleep 1000' >one
	echo 'kill -9 $$' >two
	t -j 1 --failed-to again --timeout 0.2 --tasks one \
		--timeout 1000 --tasks two
	assert_file_is again $'exec sleep 1000\nkill -9 $$\n'
}

@test "--failed-to refuses commands that hold a newline" {
	t --failed-to again 'false {}' ::: $'a\nb'
	assert_status 255
	assert_stderr_has "muster: --failed-to: 'again': a failed command holds"
	assert_file_is again ''
}

@test "--failed-to: of stages of --then that one and those behind it" {
	t --failed-to again --then 'test -e ok #' \
		--then "echo '{}'; exit 0 # it's" 'echo {} >>first #' \
		::: 'a b' 'c$HOME'
	assert_status 2
	assert_output ''
	: >ok
	t -a again
	assert_ok $'a b\nc$HOME'
	assert_equal "$(wc -l <first)" 2
}

@test "--failed-to: of the last stage its command alone" {
	t --failed-to again --then 'false {}' true ::: a
	assert_status 1
	assert_file_is again $'false a\n'
}

@test "reports that cannot be written: status 255" {
	local report

	for report in --summary --summary=all --pool-stats; do
		status=0
		muster "$report" true ::: a 2>/dev/full || status=$?
		assert_equal "$status" 255
	done
}

@test "jobs that were dropped have their commands, in the log as well" {
	t -j 1 --queue-size 1 --on-full drop --joblog log --summary=all \
		--then 'echo b {}' 'await go; echo a {}' ::: 1 2 3 4 5 &
	wait_until has_lines log 4
	: >go
	wait
	assert_equal "$(cut -f 9 log | grep '^await' | sort)" \
		"$(printf 'await go; echo a %s\n' 1 2 3 4 5)"
}

@test "--failed-to -0 takes them, and -0 reads them again" {
	t -0 --failed-to again 'printf %s {}; exit 1' ::: $'a\nb' c
	assert_status 2
	assert_output $'a\nbc'
	t -0 -a again
	assert_status 2
	assert_output $'a\nbc'
}

@test "--failed-to a path that can't be written: 255, nothing run" {
	t --failed-to none/x touch ::: ran
	assert_usage_error "--failed-to: can't open 'none/x': No such"
	[ ! -e ran ]
}

@test "--failed-to a full device: a message and 255" {
	t --failed-to /dev/full ::: false
	assert_status 255
	assert_stderr_has "muster: --failed-to: '/dev/full': No space left"
}

@test "--failed-to and --summary go together" {
	t --failed-to again --summary=all ::: true false
	assert_equal "$(rows)" $'1 0 1 true\n2 1 1 false'
	assert_file_is again $'false\n'
}
