# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# --metrics and --metrics-interval.

load ../helpers/common

# The format, by its grammar (version 0.0.4): comments, then the samples of the
# metric that they name; no metric and no sample twice, histograms whole.
check_format() {
	awk '
	function bad(what) {
		print FILENAME ":" FNR ": " what ": " $0
		failed = 1
	}
	function check_buckets() {
		if (type != "histogram")
			return
		if (last_le != "+Inf" || bucket != value[name "_count"] ||
		    !((name "_sum") in value))
			bad("bad end of histogram " name)
	}
	{ lines++ }
	/^# HELP / {
		check_buckets()
		name = $3
		type = ""
		last_le = bucket = ""
		if (name in helped || name !~ /^muster_[a-z_]+$/ || NF < 4)
			bad("HELP")
		helped[name] = 1
		next
	}
	/^# TYPE / {
		type = $4
		if ($3 != name || NF != 4 || samples[name] ||
		    type !~ /^(counter|gauge|histogram)$/)
			bad("TYPE")
		if ((type == "counter") != (name ~ /_total$/))
			bad("_total is for counters")
		next
	}
	!/^muster_[a-z_]+([{][a-z]+="[^"\\]*"[}])? [0-9]+([.][0-9]+)?$/ {
		bad("no sample")
		next
	}
	{
		key = $1
		base = key
		sub(/[{].*/, "", base)
		if (type == "histogram")
			sub(/_(bucket|sum|count)$/, "", base)
		if (base != name || key in value)
			bad("not expected here")
		value[key] = $2
		samples[name]++
	}
	type == "histogram" && /_bucket/ {
		le = key
		gsub(/.*le="|".*/, "", le)
		if (le != "+Inf" && last_le != "" && le + 0 <= last_le + 0)
			bad("bounds do not ascend")
		if (bucket != "" && $2 + 0 < bucket + 0)
			bad("buckets do not ascend")
		last_le = le
		bucket = $2
	}
	END {
		check_buckets()
		if (lines < 30)
			bad("too short")
		exit failed
	}' "$1"
}

# get NAME[{LABEL}]: its value in the file m.
get() {
	awk -v name="muster_$1" '$1 == name { print $2; found = 1 }
		END { exit !found }' m
}

# is NAME[{LABEL}] VALUE: for wait_until.
is() {
	[ "$(get "$1")" = "$2" ]
}

assert_metric() {
	assert_equal "$1 $(get "$1")" "$1 $2"
}

# Nothing but the file and what the case made itself is left beside it.
assert_nothing_beside() {
	[ -z "$(find . -name 'm.*')" ]
}

# Each number of the file's that is seen goes into the file inodes.
has_had() {
	stat -c %i m >>inodes
	[ "$(sort -u inodes | wc -l)" -ge "$1" ]
}

held=': >up{#}; await go'

@test "--metrics: the format, while jobs run and at the end" {
	start muster -j 2 --metrics m --metrics-interval 0.01 "$held" ::: 1 2 3
	wait_until is 'jobs{state="running"}' 2
	cp m during
	: >go
	finish
	assert_equal "$status" 0
	check_format during
	check_format m
	assert_nothing_beside
}

@test "--metrics: jobs by state while they run" {
	start muster -j 2 --metrics m --metrics-interval 0.01 "$held" ::: \
		1 2 3 4 5
	wait_until test -e up1
	wait_until test -e up2
	wait_until is input_complete 1
	wait_until is 'jobs{state="queued"}' 3
	wait_until is queue_depth 3
	wait_until is 'jobs{state="running"}' 2
	assert_metric jobs_submitted_total 5
	assert_metric jobs_succeeded_total 0
	assert_metric run_seconds_count 0
	assert_metric workers_max 2
	wait_until is 'workers{state="busy"}' 2
	: >go
	finish
	assert_equal "$status" 0
}

@test "--metrics: the file is replaced again and again while a job holds" {
	start muster --metrics m --metrics-interval 0.01 ::: 'await go'
	# The first one is held open, so that its number is not used again.
	wait_until test -e m
	exec 8<m
	wait_until has_had 3
	exec 8<&-
	: >go
	finish
	assert_equal "$status" 0
}

@test "--metrics: once at the start, once at the end, with a long interval" {
	start muster --metrics m --metrics-interval 1h ::: ': >up; await go'
	wait_until test -e up
	assert_metric jobs_succeeded_total 0
	: >go
	finish
	assert_equal "$status" 0
	assert_metric jobs_succeeded_total 1
}

@test "--metrics: a reader never sees a torn file" {
	start muster -j 2 --metrics m --metrics-interval 0.001 "$held" ::: 1 2
	wait_until test -e m
	for n in {1..200}; do
		# One open, one read of what is behind it.
		tail -n 1 m >>last
	done
	: >go
	finish
	assert_equal "$(sort -u last | sed 's/ .*//')" muster_steals_total
	assert_equal "$(wc -l <last)" 200
}

@test "--metrics: the values at the end" {
	t -j 2 --retries 2 --metrics m ::: true true 'exit 3' 'kill -9 $$' \
		'printf 12345'
	assert_status 2
	check_format m
	assert_metric input_complete 1
	assert_metric jobs_submitted_total 5
	assert_metric jobs_succeeded_total 3
	assert_metric 'jobs_failed_total{end="exited"}' 1
	assert_metric 'jobs_failed_total{end="signaled"}' 1
	assert_metric 'jobs_failed_total{end="timeout"}' 0
	assert_metric tries_total 7
	assert_metric retries_total 2
	assert_metric run_seconds_count 7
	assert_metric output_bytes_total 5
	assert_metric 'jobs{state="running"}' 0
	assert_metric 'jobs{state="queued"}' 0
}

@test "--metrics: a job that sleeps is in the right buckets" {
	t --metrics m sleep ::: 0.3
	assert_metric 'run_seconds_bucket{le="0.25"}' 0
	assert_metric 'run_seconds_bucket{le="3600"}' 1
	awk -v s="$(get run_seconds_sum)" 'BEGIN { exit !(s >= 0.3) }'
}

@test "--metrics: a timeout, a refused job and cancelled ones" {
	printf 'a\0b\nexec sleep 1000\nawait never\ntrue\n' >jobs
	t -j 1 --timeout "0.1" --halt soon,fail=2 --metrics m -a jobs
	assert_status 255
	assert_metric 'jobs_failed_total{end="refused"}' 1
	assert_metric 'jobs_failed_total{end="timeout"}' 1
	assert_metric 'jobs_failed_total{end="cancelled"}' 2
	assert_metric stopping 1
}

@test "--metrics: the final values are there after SIGINT" {
	start muster -j 1 --metrics m --metrics-interval 1h ::: \
		true ': >up; exec sleep 1000'
	wait_until test -e up
	kill -INT "$pid"
	finish
	assert_equal "$status" 130
	check_format m
	assert_metric jobs_succeeded_total 1
	assert_metric 'jobs_failed_total{end="killed"}' 1
	assert_metric stopping 1
	assert_nothing_beside
}

@test "--metrics: the file's mode obeys the umask" {
	umask 027
	t --metrics m true ::: 1
	assert_ok
	assert_equal "$(stat -c %a m)" 640
}

@test "--metrics: a link to the file stays" {
	mkdir dir
	: >dir/real
	ln -s dir/real m
	t --metrics m true ::: 1
	assert_ok
	[ -L m ]
	check_format dir/real
}

@test "--dry-run writes no metrics" {
	t --dry-run --metrics m echo ::: 1
	assert_ok 'echo 1'
	[ ! -e m ]
}

@test "--metrics: waiting, and why workers were started" {
	t --min 2 -j 2 --retries 2 --metrics m ::: true false
	assert_status 1
	assert_metric wait_seconds_count 3
	assert_metric workers_min 2
	assert_metric workers_goal 2
	assert_metric workers_peak 2
	assert_metric 'workers_started_total{reason="start"}' 2
	assert_metric 'workers_started_total{reason="demand"}' 0
}

# Errors.

@test "--metrics: a file that can't be written is a usage error" {
	t --metrics none/m --joblog log 'touch ran; echo' ::: 1
	assert_usage_error "--metrics: cannot write 'none/m': No such file"
	[ ! -e ran ]
	[ ! -e log ]
}

@test "--metrics: a directory is a usage error" {
	mkdir m
	t --metrics m 'touch ran; echo' ::: 1
	assert_usage_error "--metrics: cannot write 'm': Is a directory"
	[ ! -e ran ]
}

@test "--metrics: a device is a usage error, and stays one" {
	t --metrics /dev/null true ::: 1
	assert_usage_error "--metrics: cannot write '/dev/null': Not a regular"
	[ -c /dev/null ]
}

@test "--metrics: a failure later is one message, 255, and the run goes on" {
	mkdir dir
	start muster -j 1 --metrics dir/m --metrics-interval 0.01 ::: \
		': >up; await go; echo a' 'echo b'
	wait_until test -e up
	mv dir gone
	wait_until has_lines err 1
	: >go
	finish
	assert_equal "$status" 255
	assert_file_is out $'a\nb\n'
	assert_file_is err \
		"muster: --metrics: cannot write 'dir/m': No such file or directory"$'\n'
}

@test "--metrics: after a failure the file is written again" {
	mkdir dir
	start muster -j 1 --metrics dir/m --metrics-interval 0.01 ::: \
		': >up; await go' true
	wait_until test -e up
	mv dir gone
	wait_until has_lines err 1
	mkdir dir
	wait_until test -e dir/m
	: >go
	finish
	assert_equal "$status" 255
	assert_equal "$(wc -l <err)" 1
	check_format dir/m
	mv dir/m m
	assert_metric jobs_succeeded_total 2
}

@test "--metrics-interval takes times of 1 ms or more" {
	for word in 0 0.0009 -1 x ''; do
		t --metrics-interval "$word" true ::: 1
		assert_usage_error "--metrics-interval: '$word' is not a time"
	done
	t --metrics-interval 1ms true ::: 1
	assert_ok
}

@test "--metrics-interval without --metrics writes nothing" {
	t --metrics-interval 0.01 'ls -A | grep -v' ::: '^\.$' '^-$'
	assert_status 2
	assert_output ''
}
