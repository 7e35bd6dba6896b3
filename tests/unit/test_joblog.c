/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_joblog.c - the job log, byte by byte.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/num.h"
#include "base/thread.h"
#include "sched/job.h"
#include "sink/joblog.h"
#include "tap.h"

#define HEADER	"Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\t" \
		"Signal\tCommand\n"

static char path[4096];
static struct job job;
static int nfailures;
static int failure;

/* One log and one job a case; cases have processes of their own. */
static void setup(void)
{
	snprintf(path, sizeof(path), "%s/log", tap_tmpdir());
	job.seq = 12;
	job.command = "echo hi";
	job.outcome.start_wall_ns = INT64_C(1700000000) * NS_PER_SEC +
				    42 * NS_PER_MS;
	job.outcome.start_ns = NS_PER_SEC;
	job.outcome.end_ns = NS_PER_SEC + 1234 * NS_PER_MS;
	job.outcome.out_bytes = 3;
}

static void note_failure(void *arg, const char *which, int err)
{
	CHECK(arg == &job);
	CHECK_STR(which, path);
	nfailures++;
	failure = err;
}

static struct joblog *log_new(bool append)
{
	struct buf err = BUF_INIT;
	struct joblog_config config = {
		.path = path,
		.append = append,
		.failed = note_failure,
		.arg = &job,
	};
	struct joblog *l = joblog_new(&config, &err);

	if (!l)
		CHECK_STR(err.data, "");
	buf_release(&err);
	return l;
}

static void log_done(struct joblog *l)
{
	struct sink *s = joblog_sink(l);

	s->ops->done(s, &job);
}

static void check_file(const char *want, size_t len)
{
	static char got[1 << 20];
	int fd = fd_open(path, O_RDONLY, 0);
	ssize_t n;

	if (!CHECK(fd >= 0))
		return;
	n = fd_pread(fd, got, sizeof(got), 0);
	fd_close(&fd);
	if (CHECK(n >= 0))
		CHECK_MEM(got, (size_t)n, want, len);
}

/* Logs the job alone; rest is its line after the header. */
static void check_line(const char *rest, size_t len)
{
	struct joblog *l = log_new(false);
	struct buf want = BUF_INIT;

	if (!l)
		return;
	log_done(l);
	CHECK_INT(joblog_free(l), 0);
	buf_addstr(&want, HEADER);
	buf_add(&want, rest, len);
	check_file(want.data, want.len);
	buf_release(&want);
}

static void put_file(const char *text)
{
	int fd = fd_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0);
	CHECK_INT(fd_write_all(fd, text, strlen(text)), 0);
	fd_close(&fd);
}

#define CHECK_LINE(rest)	check_line((rest), sizeof(rest) - 1)

static void empty_log(void)
{
	struct joblog *l;

	setup();
	l = log_new(false);
	if (!l)
		return;
	CHECK_INT(joblog_free(l), 0);
	check_file(HEADER, sizeof(HEADER) - 1);
}

static void one_line(void)
{
	setup();
	CHECK_LINE("12\t:\t1700000000.042\t     1.234\t0\t3\t0\t0\t"
		   "echo hi\n");
}

static void exit_status(void)
{
	setup();
	job.outcome.status = 3;
	CHECK_LINE("12\t:\t1700000000.042\t     1.234\t0\t3\t3\t0\t"
		   "echo hi\n");
}

static void signal_death(void)
{
	setup();
	job.outcome.end = JOB_SIGNALED;
	job.outcome.signal = 9;
	CHECK_LINE("12\t:\t1700000000.042\t     1.234\t0\t3\t137\t9\t"
		   "echo hi\n");
}

static void timeout(void)
{
	setup();
	job.outcome.end = JOB_TIMEOUT;
	job.outcome.signal = 9;
	CHECK_LINE("12\t:\t1700000000.042\t     1.234\t0\t3\t-1\t9\t"
		   "echo hi\n");
}

static void timeout_with_status(void)
{
	setup();
	job.outcome.end = JOB_TIMEOUT;
	job.outcome.status = 0;
	CHECK_LINE("12\t:\t1700000000.042\t     1.234\t0\t3\t-1\t15\t"
		   "echo hi\n");
}

static void killed(void)
{
	setup();
	job.outcome.end = JOB_KILLED;
	job.outcome.signal = 15;
	CHECK_LINE("12\t:\t1700000000.042\t     1.234\t0\t3\t-1\t15\t"
		   "echo hi\n");
}

static void unstarted(void)
{
	setup();
	job.outcome.end = JOB_UNSTARTED;
	job.outcome.end_ns = job.outcome.start_ns;
	job.outcome.out_bytes = 0;
	CHECK_LINE("12\t:\t1700000000.042\t     0.000\t0\t0\t255\t0\t"
		   "echo hi\n");
}

static void cancelled(void)
{
	setup();
	job.outcome.end = JOB_CANCELLED;
	CHECK_LINE("");
}

static void newlines(void)
{
	setup();
	job.command = "echo a\necho\tb\n";
	CHECK_LINE("12\t:\t1700000000.042\t     1.234\t0\t3\t0\t0\t"
		   "echo a\0echo\tb\0\n");
}

/* GNU parallel rounds the start and cuts the run time. */
static void fractions(void)
{
	setup();
	job.outcome.start_wall_ns = INT64_C(1700000000) * NS_PER_SEC +
				    999500000;
	job.outcome.end_ns = job.outcome.start_ns + 1999999;
	CHECK_LINE("12\t:\t1700000001.000\t     0.001\t0\t3\t0\t0\t"
		   "echo hi\n");
}

static void long_runs(void)
{
	setup();
	job.outcome.end_ns = job.outcome.start_ns + 1234567 * NS_PER_SEC;
	job.outcome.out_bytes = UINT64_C(5000000000);
	CHECK_LINE("12\t:\t1700000000.042\t1234567.000\t0\t5000000000\t0\t0\t"
		   "echo hi\n");
}

/* A refused job has neither command nor times. */
static void refused(void)
{
	char *values[] = { (char *)"a b", (char *)"c" };
	size_t lens[] = { 3, 1 };
	struct job *refusal;
	struct joblog *l;
	struct sink *s;
	char got[512] = "";
	double start;
	FILE *f;

	setup();
	l = log_new(false);
	if (!l)
		return;
	refusal = job_new(4, values, lens, 2);
	refusal->outcome.end = JOB_REFUSED;
	s = joblog_sink(l);
	s->ops->done(s, refusal);
	job_free(refusal);
	CHECK_INT(joblog_free(l), 0);

	f = fopen(path, "r");
	if (!CHECK(f != NULL))
		return;
	CHECK(fgets(got, sizeof(got), f) != NULL);
	CHECK(fgets(got, sizeof(got), f) != NULL);
	fclose(f);
	/* The time of the line itself; any in this century will do. */
	CHECK(strncmp(got, "4\t:\t", 4) == 0);
	start = atof(got + 4);
	CHECK(start > 1e9 && start < 1e10);
	CHECK_STR(got + 4 + strcspn(got + 4, "\t"),
		  "\t     0.000\t0\t0\t255\t0\ta b c\n");
}

static void truncates(void)
{
	struct joblog *l;

	setup();
	put_file("old things\n");
	l = log_new(false);
	if (!l)
		return;
	CHECK_INT(joblog_free(l), 0);
	check_file(HEADER, sizeof(HEADER) - 1);
}

static void append_to(const char *before, const char *kept)
{
	struct joblog *l;
	struct buf want = BUF_INIT;

	setup();
	if (before)
		put_file(before);
	l = log_new(true);
	if (!l)
		return;
	log_done(l);
	CHECK_INT(joblog_free(l), 0);
	buf_addf(&want, "%s12\t:\t1700000000.042\t     1.234\t0\t3\t0\t0\t"
		 "echo hi\n", kept);
	check_file(want.data, want.len);
	buf_release(&want);
}

static void appends(void)
{
	append_to(HEADER "1\t:\told\n", HEADER "1\t:\told\n");
}

static void appends_to_nothing(void)
{
	append_to(NULL, HEADER);
}

static void appends_to_empty(void)
{
	append_to("", HEADER);
}

static void appends_to_torn(void)
{
	struct buf old = BUF_INIT;

	append_to(HEADER "1\t:\t17000", HEADER);
	append_to(HEADER "1\t:\told\n2", HEADER "1\t:\told\n");
	append_to("Seq\tHost", HEADER);
	/* Longer than what is read at once. */
	buf_addstr(&old, HEADER);
	for (int i = 0; i < 1000; i++)
		buf_addstr(&old, "1234567890");
	append_to(old.data, HEADER);
	buf_release(&old);
}

static void check_refused(const char *where, const char *want)
{
	struct joblog_config config = { .path = where };
	struct buf err = BUF_INIT;

	CHECK(joblog_new(&config, &err) == NULL);
	CHECK_STR(err.data, want);
	buf_release(&err);
}

static void bad_paths(void)
{
	char want[8192];

	snprintf(path, sizeof(path), "%s/none/log", tap_tmpdir());
	snprintf(want, sizeof(want), "--joblog: can't open '%s': %s", path,
		 strerror(ENOENT));
	check_refused(path, want);
	snprintf(want, sizeof(want), "--joblog: can't open '%s': %s",
		 tap_tmpdir(), strerror(EISDIR));
	check_refused(tap_tmpdir(), want);
}

static void no_room_for_header(void)
{
	char want[256];

	snprintf(want, sizeof(want),
		 "--joblog: can't write to '/dev/full': %s",
		 strerror(ENOSPC));
	check_refused("/dev/full", want);
}

/* A pipe whose reader has gone is what can break in mid-run anywhere. */
static void broken_later(void)
{
	struct joblog *l;
	char line[256];
	int fd;

	setup();
	signal(SIGPIPE, SIG_IGN);
	if (!CHECK_INT(mkfifo(path, 0600), 0))
		return;
	fd = fd_open(path, O_RDONLY | O_NONBLOCK, 0);
	if (!CHECK(fd >= 0))
		return;
	l = log_new(false);
	if (!l)
		return;
	log_done(l);
	CHECK(fd_read(fd, line, sizeof(line)) > 0);
	CHECK_INT(nfailures, 0);
	fd_close(&fd);

	log_done(l);
	log_done(l);
	CHECK_INT(nfailures, 1);
	CHECK_INT(failure, EPIPE);
	CHECK_INT(joblog_free(l), -1);
	CHECK_INT(errno, EPIPE);
}

static void log_to_stdout(void *arg)
{
	struct joblog *l;

	setup();
	snprintf(path, sizeof(path), "-");
	l = log_new(arg != NULL);
	if (!l)
		return;
	log_done(l);
	CHECK_INT(joblog_free(l), 0);
	/* Standard output itself is still open. */
	CHECK_INT(fd_write_all(STDOUT_FILENO, "end\n", 4), 0);
}

static void dash_is_stdout(void)
{
	char got[512];

	CHECK_INT(tap_run(log_to_stdout, NULL, got, sizeof(got)), 0);
	CHECK_STR(got, HEADER "12\t:\t1700000000.042\t     1.234\t0\t3\t0\t0\t"
		  "echo hi\nend\n");
}

static void *log_many(void *arg)
{
	struct joblog *l = arg;

	for (int i = 0; i < 500; i++)
		log_done(l);
	return NULL;
}

static void many_threads(void)
{
	struct thread threads[4];
	struct joblog *l;
	char line[256];
	int lines = 0;
	FILE *f;

	setup();
	thread_setup();
	l = log_new(false);
	if (!l)
		return;
	for (int i = 0; i < 4; i++)
		CHECK_INT(thread_start(&threads[i], 0, log_many, l), 0);
	for (int i = 0; i < 4; i++)
		thread_join(&threads[i]);
	CHECK_INT(joblog_free(l), 0);

	f = fopen(path, "r");
	if (!CHECK(f && fgets(line, sizeof(line), f)))
		return;
	while (fgets(line, sizeof(line), f)) {
		lines++;
		CHECK_STR(line, "12\t:\t1700000000.042\t     1.234\t0\t3\t0\t"
			  "0\techo hi\n");
	}
	fclose(f);
	CHECK_INT(lines, 2000);
}

static const struct tap_case cases[] = {
	{ "a log without jobs is a header", empty_log },
	{ "a success", one_line },
	{ "an exit status", exit_status },
	{ "a death by signal is 128+N and N", signal_death },
	{ "a timeout is -1 and the signal", timeout },
	{ "a timeout that exited is -1 and 15", timeout_with_status },
	{ "a killed job is -1 and the signal", killed },
	{ "a job without process is 255", unstarted },
	{ "a cancelled job has no line", cancelled },
	{ "newlines become NUL, tabs stay", newlines },
	{ "the start is rounded, the run time cut", fractions },
	{ "large numbers widen the columns", long_runs },
	{ "a refused job shows its values", refused },
	{ "an old log is truncated", truncates },
	{ "appending adds no second header", appends },
	{ "appending to no file writes the header", appends_to_nothing },
	{ "appending to an empty file writes the header", appends_to_empty },
	{ "appending cuts off a torn line first", appends_to_torn },
	{ "unwritable paths are named", bad_paths },
	{ "a full disk is found at the header", no_room_for_header },
	{ "a lost line is told once, and at the end", broken_later },
	{ "a dash is standard output", dash_is_stdout },
	{ "threads write whole lines", many_threads },
};
TAP_MAIN(cases)
