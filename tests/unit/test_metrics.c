/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_metrics.c - --metrics: what is counted, and how the file is replaced.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/num.h"
#include "base/thread.h"
#include "sched/engine.h"
#include "sched/job.h"
#include "sink/metrics.h"
#include "tap.h"

static struct metrics *metrics;
static struct engine_stats stats;
static struct buf text = BUF_INIT;

static void set_up(void)
{
	struct buf err = BUF_INIT;

	CHECK_INT(chdir(tap_tmpdir()), 0);
	metrics = metrics_new("m.prom", &err);
	CHECK(metrics != NULL);
	CHECK_STR(err.data, "");
}

static void tear_down(void)
{
	metrics_free(metrics);
	buf_release(&text);
}

static void format(void)
{
	buf_reset(&text);
	metrics_format(metrics, &stats, &text);
}

static bool has_line(const char *line)
{
	struct buf want = BUF_INIT;
	bool has;

	buf_addf(&want, "\n%s\n", line);
	has = strstr(text.data, want.data) != NULL;
	if (!has)
		fprintf(stderr, "no line '%s' in:\n%s", line, text.data);
	buf_release(&want);
	return has;
}

#define CHECK_LINE(line)	CHECK(has_line(line))

static void begin(struct job *job)
{
	struct sink *s = metrics_sink(metrics);

	s->ops->start(s, job);
}

static void retry(struct job *job)
{
	struct sink *s = metrics_sink(metrics);

	s->ops->retry(s, job);
}

static void end(struct job *job)
{
	struct sink *s = metrics_sink(metrics);

	s->ops->done(s, job);
}

static void run_for(uint64_t seq, int64_t ns)
{
	struct job job = { .seq = seq };

	begin(&job);
	job.outcome.start_ns = 17;
	job.outcome.end_ns = 17 + ns;
	end(&job);
}

static void nothing_yet(void)
{
	set_up();
	format();
	CHECK_LINE("muster_jobs{state=\"running\"} 0");
	CHECK_LINE("muster_jobs_failed_total{end=\"skipped\"} 0");
	CHECK_LINE("muster_run_seconds_bucket{le=\"+Inf\"} 0");
	CHECK_LINE("muster_run_seconds_sum 0");
	CHECK_LINE("muster_run_seconds_count 0");
	tear_down();
}

static void engine_numbers(void)
{
	set_up();
	stats = (struct engine_stats){
		.submitted = 50, .queued = 4, .delayed = 5, .held = 6,
		.running = 7, .workers = 9, .idle = 2, .peak_workers = 11,
		.min = 1, .max = 12, .goal = 10, .steals = 13,
		.paused = true, .closed = true, .stop = ENGINE_DRAIN,
	};
	for (int i = 0; i < RESIZE_REASONS; i++) {
		stats.grown[i] = 100 + (unsigned)i;
		stats.shrunk[i] = 200 + (unsigned)i;
	}
	format();
	CHECK_LINE("muster_jobs{state=\"running\"} 7");
	CHECK_LINE("muster_jobs{state=\"queued\"} 4");
	CHECK_LINE("muster_jobs{state=\"delayed\"} 5");
	CHECK_LINE("muster_jobs{state=\"held\"} 6");
	CHECK_LINE("muster_queue_depth 4");
	CHECK_LINE("muster_jobs_submitted_total 50");
	CHECK_LINE("muster_workers{state=\"busy\"} 7");
	CHECK_LINE("muster_workers{state=\"idle\"} 2");
	CHECK_LINE("muster_workers_min 1");
	CHECK_LINE("muster_workers_max 12");
	CHECK_LINE("muster_workers_goal 10");
	CHECK_LINE("muster_workers_peak 11");
	CHECK_LINE("muster_steals_total 13");
	CHECK_LINE("muster_workers_started_total{reason=\"start\"} 100");
	CHECK_LINE("muster_workers_started_total{reason=\"end\"} 106");
	CHECK_LINE("muster_workers_ended_total{reason=\"idle\"} 202");
	CHECK_LINE("muster_workers_ended_total{reason=\"adapt\"} 204");
	CHECK_LINE("muster_paused 1");
	CHECK_LINE("muster_input_complete 1");
	CHECK_LINE("muster_stopping 1");
	tear_down();
}

/* A bound belongs to its bucket. */
static void buckets(void)
{
	set_up();
	run_for(1, 0);
	run_for(2, NS_PER_MS);
	run_for(3, NS_PER_MS + 1);
	run_for(4, NS_PER_SEC / 2);
	run_for(5, 3600 * NS_PER_SEC);
	run_for(6, 3600 * NS_PER_SEC + 1);
	format();
	CHECK_LINE("muster_run_seconds_bucket{le=\"0.001\"} 2");
	CHECK_LINE("muster_run_seconds_bucket{le=\"0.0025\"} 3");
	CHECK_LINE("muster_run_seconds_bucket{le=\"0.25\"} 3");
	CHECK_LINE("muster_run_seconds_bucket{le=\"0.5\"} 4");
	CHECK_LINE("muster_run_seconds_bucket{le=\"1\"} 4");
	CHECK_LINE("muster_run_seconds_bucket{le=\"1800\"} 4");
	CHECK_LINE("muster_run_seconds_bucket{le=\"3600\"} 5");
	CHECK_LINE("muster_run_seconds_bucket{le=\"+Inf\"} 6");
	CHECK_LINE("muster_run_seconds_sum 7200.502000002");
	CHECK_LINE("muster_run_seconds_count 6");
	tear_down();
}

static void waiting(void)
{
	struct job job = { .seq = 1 };

	set_up();
	job.ready_ns = clock_now_ns() - 90 * NS_PER_SEC;
	begin(&job);
	/* For want of a process it begins again. */
	begin(&job);
	/* One of which is not known since when it waited. */
	run_for(2, 1);
	format();
	CHECK_LINE("muster_wait_seconds_bucket{le=\"60\"} 0");
	CHECK_LINE("muster_wait_seconds_bucket{le=\"3600\"} 1");
	CHECK_LINE("muster_wait_seconds_count 1");
	CHECK_LINE("muster_tries_total 2");
	tear_down();
}

static void ends(void)
{
	struct job job = { .seq = 1 };

	set_up();
	run_for(9, 1);
	for (int i = JOB_EXITED; i <= JOB_SKIPPED; i++) {
		job.outcome.end = (enum job_end)i;
		job.outcome.status = 1;
		for (int n = 0; n <= i; n++)
			end(&job);
	}
	format();
	CHECK_LINE("muster_jobs_succeeded_total 1");
	CHECK_LINE("muster_jobs_failed_total{end=\"exited\"} 1");
	CHECK_LINE("muster_jobs_failed_total{end=\"signaled\"} 2");
	CHECK_LINE("muster_jobs_failed_total{end=\"timeout\"} 3");
	CHECK_LINE("muster_jobs_failed_total{end=\"killed\"} 4");
	CHECK_LINE("muster_jobs_failed_total{end=\"unstarted\"} 5");
	CHECK_LINE("muster_jobs_failed_total{end=\"refused\"} 6");
	CHECK_LINE("muster_jobs_failed_total{end=\"cancelled\"} 7");
	CHECK_LINE("muster_jobs_failed_total{end=\"lost\"} 8");
	CHECK_LINE("muster_jobs_failed_total{end=\"dropped\"} 9");
	CHECK_LINE("muster_jobs_failed_total{end=\"skipped\"} 10");
	/* None of them had begun. */
	CHECK_LINE("muster_run_seconds_count 1");
	tear_down();
}

static void *end_elsewhere(void *job)
{
	end(job);
	return NULL;
}

/* Each try is counted once, also when the job is given up afterwards. */
static void tries(void)
{
	struct job job = { .seq = 4, .outcome = {
		.end = JOB_EXITED, .status = 1, .end_ns = 2 * NS_PER_SEC,
		.user_ns = 1500 * NS_PER_MS, .system_ns = NS_PER_MS,
		.out_bytes = 10,
	} };
	struct thread t;

	set_up();
	begin(&job);
	retry(&job);
	begin(&job);
	retry(&job);
	CHECK_INT(thread_start(&t, 0, end_elsewhere, &job), 0);
	thread_join(&t);
	end(&job);
	format();
	CHECK_LINE("muster_tries_total 2");
	CHECK_LINE("muster_retries_total 2");
	CHECK_LINE("muster_run_seconds_count 2");
	CHECK_LINE("muster_run_seconds_sum 4");
	CHECK_LINE("muster_cpu_seconds_total{mode=\"user\"} 3");
	CHECK_LINE("muster_cpu_seconds_total{mode=\"system\"} 0.002");
	CHECK_LINE("muster_output_bytes_total 20");
	tear_down();
}

static const char *read_file(const char *name)
{
	static char got[1 << 16];
	int fd = fd_open(name, O_RDONLY, 0);
	ssize_t n;

	if (!CHECK(fd >= 0))
		return "";
	n = fd_pread(fd, got, sizeof(got) - 1, 0);
	fd_close(&fd);
	got[n > 0 ? n : 0] = '\0';
	return got;
}

static ino_t inode(const char *name)
{
	struct stat st = { .st_ino = 0 };

	CHECK_INT(stat(name, &st), 0);
	return st.st_ino;
}

static void replaces_the_file(void)
{
	struct stat st;
	ino_t before;
	int held;

	umask(027);
	set_up();
	CHECK(access("m.prom", F_OK) < 0);
	CHECK_INT(metrics_write(metrics, &stats), 0);
	format();
	CHECK_STR(read_file("m.prom"), text.data);
	CHECK_INT(stat("m.prom", &st), 0);
	CHECK_INT(st.st_mode & 07777, 0640);
	before = inode("m.prom");
	/* Held open, its number can't be used again. */
	held = fd_open("m.prom", O_RDONLY, 0);
	run_for(1, 1);
	CHECK_INT(metrics_write(metrics, &stats), 0);
	CHECK(inode("m.prom") != before);
	fd_close(&held);
	format();
	CHECK_STR(read_file("m.prom"), text.data);
	CHECK_LINE("muster_tries_total 1");
	/* Nothing else is left there. */
	CHECK_INT(unlink("m.prom"), 0);
	CHECK_INT(chdir("/"), 0);
	CHECK_INT(rmdir(tap_tmpdir()), 0);
	CHECK_INT(mkdir(tap_tmpdir(), 0700), 0);
	tear_down();
}

static void old_temporary(void)
{
	char name[64];
	int fd;

	set_up();
	snprintf(name, sizeof(name), "m.prom.%ld.tmp", (long)getpid());
	CHECK_INT(symlink("/nowhere/at/all", name), 0);
	CHECK_INT(metrics_write(metrics, &stats), 0);
	CHECK(access(name, F_OK) < 0);
	fd = fd_open(name, O_WRONLY | O_CREAT, 0);
	fd_close(&fd);
	CHECK_INT(metrics_write(metrics, &stats), 0);
	CHECK(access(name, F_OK) < 0);
	tear_down();
}

/* A file that can't grow is a full disk. */
static void full_disk(void)
{
	struct rlimit limit;
	char before[1 << 16];

	set_up();
	CHECK_INT(metrics_write(metrics, &stats), 0);
	snprintf(before, sizeof(before), "%s", read_file("m.prom"));
	CHECK_INT(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = 100;
	thread_setup();
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
	run_for(1, 1);
	CHECK_INT(metrics_write(metrics, &stats), -1);
	CHECK_INT(errno, EFBIG);
	CHECK_STR(read_file("m.prom"), before);
	limit.rlim_cur = limit.rlim_max;
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
	CHECK_INT(metrics_write(metrics, &stats), 0);
	format();
	CHECK_STR(read_file("m.prom"), text.data);
	tear_down();
}

static void no_directory(void)
{
	struct buf err = BUF_INIT;

	set_up();
	metrics_free(metrics);
	metrics = metrics_new("none/m.prom", &err);
	CHECK(metrics != NULL);
	CHECK_INT(metrics_write(metrics, &stats), -1);
	CHECK_INT(errno, ENOENT);
	tear_down();
}

static void check_refused(const char *path, const char *why)
{
	struct buf err = BUF_INIT;
	struct buf want = BUF_INIT;

	CHECK(metrics_new(path, &err) == NULL);
	buf_addf(&want, "--metrics: cannot write '%s': %s", path, why);
	CHECK_STR(err.data, want.data);
	buf_release(&err);
	buf_release(&want);
}

static void only_files(void)
{
	CHECK_INT(chdir(tap_tmpdir()), 0);
	CHECK_INT(mkdir("dir", 0700), 0);
	CHECK_INT(symlink("/dev/null", "null"), 0);
	CHECK_INT(symlink("nothing", "dangling"), 0);
	check_refused("/dev/null", "Not a regular file");
	check_refused("null", "Not a regular file");
	check_refused("dir", strerror(EISDIR));
	check_refused("dangling", strerror(ENOENT));
	check_refused("", strerror(ENOENT));
	CHECK_INT(rmdir("dir"), 0);
}

static void links_stay(void)
{
	struct buf err = BUF_INIT;
	struct stat st;
	int fd;

	CHECK_INT(chdir(tap_tmpdir()), 0);
	CHECK_INT(mkdir("dir", 0700), 0);
	fd = fd_open("dir/real", O_WRONLY | O_CREAT, 0600);
	fd_close(&fd);
	CHECK_INT(symlink("dir/real", "link"), 0);
	metrics = metrics_new("link", &err);
	CHECK_INT(metrics_write(metrics, &stats), 0);
	CHECK(lstat("link", &st) == 0 && S_ISLNK(st.st_mode));
	format();
	CHECK_STR(read_file("dir/real"), text.data);
	tear_down();
}

static const struct tap_case cases[] = {
	{ "all names are there from the start", nothing_yet },
	{ "the engine's numbers", engine_numbers },
	{ "run times are counted in cumulative buckets", buckets },
	{ "waiting is counted once a try", waiting },
	{ "kinds of end are told apart", ends },
	{ "each try is counted once", tries },
	{ "the file is replaced", replaces_the_file },
	{ "a temporary file left by another is no obstacle", old_temporary },
	{ "a full disk leaves the old file", full_disk },
	{ "without a directory there is an error", no_directory },
	{ "only regular files are replaced", only_files },
	{ "links to a file stay", links_stay },
};
TAP_MAIN(cases)
