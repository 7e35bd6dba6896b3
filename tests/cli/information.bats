# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# What GNU parallel tells of the machine and of itself; what -j counts.

load ../helpers/common

@test "--number-of-threads, -cores, -cpus and -sockets are in order" {
	threads=$(muster --number-of-threads)
	cores=$(muster --number-of-cores)
	sockets=$(muster --number-of-sockets)
	[ "$threads" -ge "$cores" ]
	[ "$cores" -ge "$sockets" ]
	[ "$sockets" -ge 1 ]
	assert_equal "$(muster --number-of-cpus)" "$cores"
	assert_equal "$threads" "$(getconf _NPROCESSORS_ONLN)"
}

@test "they run nothing" {
	t --number-of-cpus echo ::: a
	[[ $output == [0-9]* && $output != *a* ]]
	assert_status 0
}

@test "they are GNU parallel's numbers" {
	type parallel >/dev/null || skip 'GNU parallel is not installed'
	for what in cpus cores threads sockets; do
		assert_equal "$(muster --number-of-$what)" \
			"$(oracle --number-of-$what)"
	done
}

@test "--use-sockets-instead-of-threads, --use-cores-instead-of-threads" {
	n=$(muster --number-of-sockets)
	seq 3 >jobs
	t --use-sockets-instead-of-threads -j 100% -a jobs --pool-stats true
	assert_status 0
	for option in use-cores-instead-of-threads use-cpus-instead-of-cores \
		usesocketsinsteadofthreads; do
		t "--$option" -j 50% -a jobs echo
		assert_ok $'1\n2\n3'
	done
}

@test "--max-line-length-allowed fits, one more does not" {
	n=$(muster --max-line-length-allowed)
	printf 'true %*s\n' $((n - 5)) '' >fits
	printf 'true %*s\n' $((n - 4)) '' >large
	t --always-shell <fits
	assert_ok
	t --always-shell <large
	assert_status 1
}

@test "--show-limits prints, then runs" {
	t --show-limits echo ::: a
	assert_status 0
	assert_equal "${lines[0]}" \
		"Maximal size of command: $(muster --max-line-length-allowed)"
	[[ ${lines[1]} == 'Maximal usable size of command: '[0-9]* ]]
	assert_equal "${lines[-1]}" a
}

@test "--minversion prints the release, and compares" {
	t --minversion 20130222
	assert_status 0
	[[ $output =~ ^20[0-9]{6}$ ]]
	t --minversion 21000101
	assert_status 255
	[[ $output =~ ^20[0-9]{6}$ ]]
}

@test "--minversion takes a number" {
	t --minversion new
	assert_usage_error "--minversion: 'new' is not a release"
}

@test "a standard output that is closed" {
	run --separate-stderr bash -c 'muster --number-of-cpus >&-'
	assert_status 255
	assert_stderr_has 'standard output could not be written'
	run --separate-stderr bash -c 'muster --show-limits true ::: a >&-'
	assert_status 255
	assert_stderr_has 'standard output'
}
