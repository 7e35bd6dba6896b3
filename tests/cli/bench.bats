# SPDX-License-Identifier: GPL-3.0-or-later
# The race of make bench and the guard of make bench-check: that they count,
# verify and report right. Never how fast anything is.
load ../helpers/common

setup() {
	common_setup
	bench=$BATS_TEST_DIRNAME/../bench
	programs=${MUSTER_TEST_HELPERS%/*}/bench
	export JOBS=20 ROUNDS=1 SIZE=1 LINES=100 PEERS=''
}

# bench WORKS OPTION...: the race in its small form.
bench() {
	local works=$1

	shift
	# shellcheck disable=SC2086 # words
	run --separate-stderr sh "$bench/run" "$@" "$MUSTER" "$programs" $works
}

check() {
	run --separate-stderr sh "$bench/check" "$MUSTER" "$programs"
}

# Programs that are found before the real ones.
fake() {
	printf '#!/bin/sh\n%s\n' "$2" >"$BATS_TEST_TMPDIR/bin/$1"
	chmod +x "$BATS_TEST_TMPDIR/bin/$1"
}

# runs RUN...: what race prints, by hand: "WORK NAME ROUND SECONDS CPU".
runs() {
	local line

	for line; do
		# shellcheck disable=SC2086 # words
		printf 'run\t%s\t%s\t%s\t%s\t%s\t2048\tok\n' $line
	done
}

report() {
	awk -f "$bench/report.awk" -f "$bench/$1.awk" "${@:2}"
}

@test "a table a work: entrants, ratios, peak memory, targets" {
	bench 'true startup'
	assert_status 0
	assert_output_has 'true: 20 x /bin/true N, one argument each'
	assert_output_has '| entrant | seconds | ratio | CPU s | CPU ratio '
	[[ $output =~ \|\ limit\ \|\ [0-9.]+\ \|\ 1.00\ \|\ [0-9.]+\ \|\ 1.00 ]]
	[[ $output =~ \|\ muster\ .*at\ most\ 1.05\ x\ limit:\ (not\ )?met\ \| ]]
	assert_output_has 'startup: 5 times one job, start to end'
	[[ $output =~ Targets\ met:\ [0-3]\ of\ 3 ]]
}

# Each work has a row for muster, with one round, and none is bad.
all_right() {
	bench "$1" --raw figures
	assert_status 0
	assert_no_stderr
	assert_output_lacks WRONG
	assert_equal "$(grep '^run' figures | grep -vc '	ok$')" 0
	assert_equal "$(grep -c '^run.*	muster	1	' figures)" \
		"$(grep -c '^work' figures)"
}

@test "the output of shell lines is right" {
	all_right '*-dash external-bash function-bash'
}

@test "the output of packing is right" {
	all_right 'pack-* lines-pack lines-dry'
}

@test "the output of pipes is right" {
	all_right 'pipe pipe-count pipe-fed pipe-order pipepart pipepart-count'
}

@test "long output is right, and in order" {
	SIZE=9 all_right 'output-*'
}

@test "the output beside GNU parallel's is right" {
	all_right '*-gnu'
}

@test "the works are listed, and patterns name them" {
	run sh "$bench/run" --list
	assert_status 0
	assert_output_has $'\npack-X\n'
	bench 'pack-[mn]' --raw figures
	assert_equal "$(awk '$1 == "work" { print $2 }' figures)" \
		$'pack-m\npack-n'
	bench 'true tru'
	assert_status 2
	assert_stderr_has "no work is called 'tru'; there are: true echo"
}

@test "JSON has the machine, the programs, all rounds and the medians" {
	ROUNDS=3 bench true --json out.json
	assert_status 0
	assert_equal "$(jq -r '.rounds, .jobs, .works[0].work' out.json)" \
		$'3\n20\ntrue'
	jq -e '(.date | test("^[0-9-]+T")) and (.kernel | length > 0) and
		any(.programs[]; .name == "muster" and .version != "")' out.json
	jq -e '.works[0].entrants[] | (.seconds | length == 3) and
		(.cpu_seconds | length == 3) and
		.median.seconds == (.seconds | sort[1]) and
		.median.peak_kib > 100 and .verdict == "ok"' out.json
	jq -e '.works[0].entrants[0] | .name == "limit" and .ratio == 1' \
		out.json
}

@test "tables come from the JSON as well" {
	bench 'true pack-m' --json out.json
	run sh "$bench/tables" out.json pack-m
	assert_status 0
	assert_output_has 'pack-m: 10000 arguments packed'
	assert_output_has '| muster | '
	assert_output_lacks 'true: '
}

@test "the chart is XML, whatever entrants are called" {
	{
		printf 'work\tw\tless < & "more"\t0\nentrant\tw\ta<b\tx\n'
		printf 'entrant\tw\tmuster\ty\n'
		runs 'w a<b 1 1.0 1.0' 'w muster 1 9.0 1.0'
	} >figures
	report svg figures >chart.svg
	if command -v xmllint >/dev/null; then
		xmllint --noout chart.svg
	fi
	assert_file_has chart.svg '>a&lt;b</text>'
	assert_file_has chart.svg '>9.00 ... (9.000 s)</text>'
	bench true --svg real.svg
	assert_file_has real.svg '>muster</text>'
	[ "$(tail -n 1 real.svg)" = '</svg>' ]
}

@test "medians and ratios: of the rounds' ratios, each in like conditions" {
	{
		printf 'work\tw\tt\t0\nentrant\tw\ta\tx\nentrant\tw\tmuster\ty\n'
		runs 'w a 1 1 2' 'w muster 1 2 2' 'w a 2 10 2' \
			'w muster 2 30 3' 'w a 3 2 2' 'w muster 3 2.2 4'
	} >figures
	run report tables figures
	assert_output_has '| a | 2.000 | 1.00 | 2.000 | 1.00 | 2.0 |  |'
	assert_output_has '| muster | 2.200 | 2.00 | 3.000 | 1.50 | 2.0 |  |'
}

@test "targets: met, not met, by rate, by memory" {
	{
		printf 'target\tw\tmuster\ta\twall\t%s\n' 2 1.9
		printf 'target\tw\tmuster\ta\twall\t1\t%s\n' 1 2
		printf 'target\tw\tmuster\t-\trss\t2\n'
		printf 'target\tw\tmuster\ta\trss-over\t-1\n'
		printf 'target\tw\tmuster\tnobody\twall\t1\n'
		printf 'work\tw\tt\t3000000000\nentrant\tw\ta\tx\n'
		printf 'entrant\tw\tmuster\ty\n'
		runs 'w a 1 1 1' 'w muster 1 2 1'
	} >figures
	run report tables figures
	assert_output_has 'at most 2 x a: met; at most 1.9 x a: not met;'
	assert_output_has 'at most 1 x a or 1 GB/s (1.50): met;'
	assert_output_has 'at most 1 x a or 2 GB/s (1.50): not met;'
	assert_output_has 'at most 2 MiB: met; at most a + -1 MiB: not met |'
	run report summary figures
	assert_output_has 'Targets met: 3 of 6'
	assert_output_has '- w: muster at most 1.9 x a: not met'
}

@test "wrong output is seen in each round, and fails" {
	fake xargs 'seq 19; echo 21'
	bench echo --json out.json
	assert_status 1
	assert_output_has '|  WRONG OUTPUT |'
	assert_output_has 'Wrong: 1 runs'
	assert_stderr_has 'race: xargs, not captured: WRONG OUTPUT'
	jq -e '.works[0].entrants[] | select(.verdict != "ok") |
		.verdict == "WRONG OUTPUT" and .ratio == null' out.json
	# Right in the first round, wrong in the second.
	fake xargs 'case $1 in -P*) [ ! -e was ] || exec seq 19
		>was; seq 20 ;; esac'
	ROUNDS=2 bench echo --raw figures
	assert_status 1
	assert_output_has ' WRONG OUTPUT |'
	assert_equal "$(grep '^run.*xargs' figures | cut -f 4,8)" \
		$'1\tok\n2\tWRONG OUTPUT'
}

@test "what is wrong meets no target, and has no bar" {
	{
		printf 'target\tw\tmuster\ta\twall\t9\n'
		printf 'work\tw\tt\t0\nentrant\tw\ta\tx\n'
		printf 'entrant\tw\tmuster\ty\nentrant\tw\tb\tz\n'
		runs 'w a 1 1 1' 'w muster 1 1 1' 'w a 2 1 1'
		printf 'run\tw\tmuster\t2\t1\t1\t1\tWRONG OUTPUT\n'
	} >figures
	run report summary figures
	assert_output_has 'Targets met: 0 of 1'
	assert_output_has '- w: muster target not met: wrong'
	# Nothing to compare with.
	sed 's/^\(run.w\)\ta\(.*\)ok$/\1\ta\2STATUS 1/' figures |
		sed '/WRONG/d' >others
	run report svg others
	assert_output_has '? (1.000 s)'
}

# A muster that does not do its work, in the works whose names are given.
caught() {
	printf '#!/bin/sh\ncase $1 in --version) echo it; exit ;; esac\n%s\n' \
		"$1" >"$BATS_TEST_TMPDIR/bin/it"
	chmod +x "$BATS_TEST_TMPDIR/bin/it"
	# shellcheck disable=SC2086 # words
	run --separate-stderr sh "$bench/run" --raw figures \
		"$BATS_TEST_TMPDIR/bin/it" "$programs" $2
	assert_status 1
	assert_equal "$(grep '^run.*	muster' figures | grep -c '	ok$')" 0
}

@test "a muster that runs nothing, or something else, is found out" {
	export JOBS=400
	caught : 'true jobs-100 workers-1 sleepers-50 echo pack-m pipe'
	export JOBS=20
	caught 'exec "$MUSTER" "$@" | tr 0-9 x' 'output-*-piped startup echo'
	caught '"$MUSTER" "$@"; exit 3' 'output-*-piped pipe startup pack-m'
	caught 'exec "$MUSTER" "$@" | head -c -1' 'output-*-piped echo'
	caught 'echo hm >&2; exec "$MUSTER" "$@"' 'true pipe output-one startup'
}

@test "race: what counts as right" {
	seq 20 >want
	# try EXPECT COMMAND VERDICT
	try() {
		printf 'it\t%s\t%s\n' "$1" "$2" >entrants
		run --separate-stderr "$programs/race" w 0 1 out <entrants
		assert_equal "${output##*$'\t'}" "$3"
		assert_equal "$status" "$([ "$3" = ok ]; echo $?)"
	}
	try none : ok
	try none 'echo x' 'WRONG OUTPUT'
	try same:want 'seq 20' ok
	try same:want 'seq 20 -1 1' 'WRONG OUTPUT'
	try same:want 'seq 19' 'WRONG OUTPUT'
	try same:want 'seq 21' 'WRONG OUTPUT'
	try lines:want 'seq 20 -1 1' ok
	try lines:want 'seq 21' 'WRONG OUTPUT'
	try lines:want 'seq 2 20; printf 1' 'WRONG OUTPUT'
	# The same number of lines, bytes and their sum.
	try lines:want 'seq 10; seq 13 20; echo 10; echo 13' 'WRONG OUTPUT'
	try sum:210 'seq 20' ok
	try sum:210 'echo 100; echo 110' ok
	try sum:210 'seq 19' 'WRONG OUTPUT'
	try sum:0 : 'WRONG OUTPUT'
	try starts:3 'true; sh -c :; sh -c :; sh -c :' ok
	try starts:3 'echo x; sh -c :; sh -c :; sh -c :' 'WRONG OUTPUT'
	try starts:1000000 'sh -c :' 'WRONG OUTPUT'
	try none 'echo why >&2' MESSAGE
	try none 'exit 3' 'STATUS 3'
	try none 'kill -9 $$' 'SIGNAL 9'
	try none 'echo why >&2; exit 1' 'STATUS 1'
	assert_stderr 'race: it: STATUS 1: why'
	[ ! -e out ] && [ ! -e out.err ]
}

@test "race: entrants take turns, warm rounds are run and not counted" {
	printf '%s\tnone\techo %s >>turns\n' a a b b |
		"$programs/race" w 1 2 out >figures
	assert_equal "$(tr '\n' ' ' <turns)" 'a b a b a b '
	assert_equal "$(cut -f 3,4 figures | tr '\t\n' ': ')" \
		'a:1 b:1 a:2 b:2 '
}

@test "race: memory is the entrant's own, CPU time that of its children" {
	printf 'it\tnone\t%s\n' 'sh -c "i=0; while [ \$i -lt 20000 ]; do
		i=\$((i + 1)); done"; :' | tr -d '\n' |
		"$programs/race" w 0 1 out >figures
	awk '{ exit !($6 > 0 && $7 > 100) }' figures
}

@test "a peer that is not there is one line; PEERS names others" {
	fake xe 'exec xargs -n1 /bin/true'
	PEERS="xjobs=/nowhere/xjobs xe=$BATS_TEST_TMPDIR/bin/xe" bench true
	assert_status 0
	assert_output_has \
		'tool missing: xjobs (/nowhere/xjobs) (its rows are left out)'
	assert_output_lacks '| xjobs |'
	assert_output_has '| xe | '
	PEERS='xargs=' bench true
	assert_status 0
	assert_output_lacks 'xargs'
	PEERS='xarg=/bin/xargs' bench true
	assert_status 2
	assert_stderr "run: PEERS: what is 'xarg=/bin/xargs'?"
}

@test "forkrun is sourced, and gets the file as its input" {
	cat >frun.bash <<-'EOF'
	frun() {
		local n=1000 by=

		while [[ $1 == -* ]]; do
			case $1 in
			--version) echo forkrun of the test; return ;;
			-j) shift ;;
			-L) shift; n=$1 ;;
			-s) by=stdin ;;
			esac
			shift
		done
		if [ "$by" ]; then
			"$@"
		else
			xargs -n "$n" "$@"
		fi
	}
	EOF
	PEERS="forkrun=$PWD/frun.bash" bench 'true echo pack-m pack-n pipe' \
		--raw figures
	assert_status 0
	[[ $output != *WRONG* ]]
	grep -q "^peer.forkrun.forkrun of the test" figures
	# Of packing there are two, of echo one in any order and one with -k.
	[ "$(grep -c '^run.*forkrun.*ok$' figures)" -eq 6 ]
	# It need not be executable, but there.
	PEERS="forkrun=$PWD/none" bench true
	assert_output_has "tool missing: forkrun ($PWD/none)"
}

@test "bench-check: no worse than a generous baseline, worse than a strict one" {
	export BASELINE=$PWD/baseline
	printf 'ratio\ttrue\tmuster\tlimit\t%s\t%s\t0.5\n' 9999 9999 >baseline
	check
	assert_status 0
	assert_output_has 'x limit (recorded 9999.00), CPU '
	assert_output_has 'bench-check: muster is no worse than recorded, 1 c'
	printf 'ratio\ttrue\tmuster\tlimit\t%s\t%s\t0.5\n' 0.0001 0.0001 >baseline
	check
	assert_status 1
	assert_output_has ': WORSE'
	assert_output_has 'bench-check: muster is worse than recorded in 1 of 1'
	# What it is to is not there.
	printf 'ratio\tstartup\tmuster\txargs\t9999\t9999\t0.5\n' >>baseline
	sed -i 's/0.0001/9999/g' baseline
	PEERS='xargs=' check
	assert_status 1
	assert_output_has '1 compared, 1 not (what they are to is missing)'
	: >baseline
	check
	assert_status 2
}

@test "bench-check: CPU time has one tolerance of room, wall-clock two" {
	printf 'ratio\tw\tmuster\ta\t1\t1\t0.1\n' >baseline
	verdict_of() {
		{
			printf 'work\tw\tt\t0\nentrant\tw\ta\tx\n'
			printf 'entrant\tw\tmuster\ty\n'
			runs 'w a 1 1 1' "w muster 1 $1"
		} >figures
		run report check baseline figures
		assert_output_has ": $2"
		assert_status "$3"
	}
	verdict_of '1.15 1.05' 'as recorded' 0
	verdict_of '1.25 1.05' WORSE 1
	verdict_of '1.15 1.15' WORSE 1
	verdict_of '0.95 0.85' better 0
	verdict_of '0.75 0.95' better 0
	printf 'ratio\tw\tmuster, other\ta\t1\t1\t0.1\n' >baseline
	verdict_of '1 1' 'not compared' 1
}

@test "bench-check: what was run again counts, and wrong output is WORSE" {
	printf 'ratio\tw\tmuster\ta\t1\t1\t0.1\n' >baseline
	work=$(printf 'work\tw\tt\t0\nentrant\tw\ta\tx\nentrant\tw\tmuster\ty')
	{ echo "$work"; runs 'w a 1 1 1' 'w muster 1 2 2' \
		'w a 2 1 1' 'w muster 2 2 2'; } >first
	{ echo "$work"; runs 'w a 1 1 1' 'w muster 1 1 1'; } >second
	run report check baseline first
	assert_status 1
	run report check baseline first second
	assert_status 0
	printf 'run\tw\tmuster\t1\t1\t1\t1\tWRONG OUTPUT\n' >>second
	run report check baseline first second
	assert_status 1
	assert_output_has ': WRONG OUTPUT'
}

@test "the model of more cores: neither more than they are nor than a lock lets" {
	model() {
		awk "$@" -f "$bench/cores.awk" | awk -F '|' '/[0-9]/ && NR > 2 {
			for (i = 3; i < NF; i++)
				printf "%s ", $i + 0
		}'
	}
	run model
	# A job of 1000 us on 2 to 256 cores, and of 3 us with a lock of 1 us.
	[[ $output == "2 16 64 128 255.9 "*" 4 4 4 4 " ]]
	run model -v kernel=20
	[[ $output == *" 51.1 51.1 9 "* || $output == *" 51.1 51.1 2 9 "* ]]
	run model -v lock=0 -v kernel=1 -v groups=1000000
	[[ $output == "2 16 64 128 256 "*"2 16 64 128 256 " ]]
	# A lock that comes from another node 7 times of 8 is held for 1.875 us
	# and lets 4.875 / 1.875 jobs of 3 us through; eight of them let 32.
	run model -v nodes=8
	[[ $output == *" 2.1 2.1 2.1 " ]]
	run model -v nodes=8 -v far=0
	[[ $output == "2 16 64 128 255.9 "*" 4 4 4 4 " ]]
	run model -v nodes=8 -v apart=1
	[[ $output == "2 16 64 128 256 "*" 30 31.1 " ]]
}

@test "bench-record: writes the rows anew, keeps tolerances and the others" {
	export BASELINE=$PWD/baseline
	printf 'ratio\t%s\tmuster\tlimit\t9\t9\t0.7\n' true other >baseline
	run sh "$bench/check" --record "$MUSTER" "$programs" true
	assert_status 0
	grep -q '^# JOBS=20 SIZE=1 LINES=100 ROUNDS=1' baseline
	[[ $(grep -w true baseline) =~ ^ratio.*limit.[0-9.]+.[0-9.]+.0.7$ ]]
	grep -qP '^ratio\tother\tmuster\tlimit\t9\t9\t0.7$' baseline
	[ "$(grep -c '^ratio' baseline)" -eq 2 ]
}
