/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_summary.c - the table at the end, its totals, and --failed-to.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/fdio.h"
#include "base/num.h"
#include "base/thread.h"
#include "sched/job.h"
#include "sink/summary.h"
#include "tap.h"

static void end_job(struct summary *s, uint64_t seq, enum job_end end,
		    int number, const char *command)
{
	struct sink *sink = summary_sink(s);
	struct job job = { .seq = seq, .tries = 1, .command = command };

	job.outcome.end = end;
	if (end == JOB_EXITED)
		job.outcome.status = number;
	else
		job.outcome.signal = number;
	job.outcome.start_wall_ns = 1;
	job.outcome.end_ns = 2 * NS_PER_SEC;
	job.outcome.user_ns = 300 * NS_PER_MS;
	job.outcome.system_ns = 200 * NS_PER_MS;
	job.outcome.rss_bytes = 3 << 20;
	sink->ops->done(sink, &job);
}

static void end_without_command(struct summary *s, uint64_t seq,
				enum job_end end, const char *value)
{
	struct sink *sink = summary_sink(s);
	char *values[] = { (char *)value };
	size_t lens[] = { strlen(value) };
	struct job *job = job_new(seq, values, lens, 1);

	job->outcome.end = end;
	sink->ops->done(sink, job);
	job_free(job);
}

/* The time of the run is the only thing that can't be foretold. */
static void check_format(struct summary *s, unsigned width, const char *want)
{
	struct buf got = BUF_INIT;
	char *in;

	summary_format(s, &got, width);
	in = strstr(got.data, " in ");
	if (CHECK(in != NULL)) {
		CHECK_INT(got.data[got.len - 1], '\n');
		CHECK_INT(got.data[got.len - 2], 's');
		buf_truncate(&got, (size_t)(in - got.data));
	}
	CHECK_STR(got.data, want);
	buf_release(&got);
}

static void check_failed(struct summary *s, unsigned char delimiter,
			 const char *want, size_t len)
{
	static char got[1 << 18];
	int fd = fd_tmpfile(tap_tmpdir());
	ssize_t n;

	if (!CHECK(fd >= 0))
		return;
	CHECK_INT(summary_write_failed(s, fd, delimiter), 0);
	n = fd_pread(fd, got, sizeof(got), 0);
	CHECK_MEM(got, (size_t)n, want, len);
	fd_close(&fd);
}

static void none_failed(void)
{
	struct summary *s = summary_new(false);

	check_format(s, 0, "muster: 0 jobs, none failed,");
	end_job(s, 1, JOB_EXITED, 0, "true");
	check_format(s, 0, "muster: 1 job, none failed,");
	end_job(s, 2, JOB_EXITED, 0, "true");
	check_format(s, 0, "muster: 2 jobs, none failed,");
	summary_free(s);
}

static void table(void)
{
	struct summary *s = summary_new(false);

	end_job(s, 3, JOB_EXITED, 12, "exit 12");
	end_job(s, 1, JOB_EXITED, 0, "true");
	end_job(s, 1000, JOB_SIGNALED, SIGKILL, "kill -9 $$");
	end_job(s, 2, JOB_TIMEOUT, SIGTERM, "sleep 9");
	check_format(s, 0,
		" Seq   Status  Tries  Wall     CPU  Memory  Command\n"
		"   2  timeout      1  2.0s  0.500s    3.0M  sleep 9\n"
		"   3       12      1  2.0s  0.500s    3.0M  exit 12\n"
		"1000  SIGKILL      1  2.0s  0.500s    3.0M  kill -9 $$\n"
		"muster: 3 of 4 jobs failed (1 exit status, 1 signal, "
		"1 timeout)");
	summary_free(s);
}

static void all_jobs(void)
{
	struct summary *s = summary_new(true);

	end_job(s, 2, JOB_EXITED, 0, "true");
	end_job(s, 1, JOB_EXITED, 0, ":");
	check_format(s, 0,
		"Seq  Status  Tries  Wall     CPU  Memory  Command\n"
		"  1       0      1  2.0s  0.500s    3.0M  :\n"
		"  2       0      1  2.0s  0.500s    3.0M  true\n"
		"muster: 2 jobs, none failed,");
	summary_free(s);
}

static void all_ends(void)
{
	struct summary *s = summary_new(false);

	end_job(s, 1, JOB_EXITED, 1, "a");
	end_job(s, 2, JOB_EXITED, 2, "b");
	end_job(s, 3, JOB_SIGNALED, SIGSEGV, "c");
	end_job(s, 4, JOB_TIMEOUT, 0, "d");
	end_job(s, 5, JOB_KILLED, SIGTERM, "e");
	end_job(s, 6, JOB_LOST, 0, "f");
	end_without_command(s, 7, JOB_UNSTARTED, "g");
	end_without_command(s, 8, JOB_REFUSED, "h i");
	end_without_command(s, 9, JOB_CANCELLED, "j");
	end_job(s, 10, JOB_EXITED, 0, "k");
	check_format(s, 0,
		"Seq     Status  Tries  Wall     CPU  Memory  Command\n"
		"  1          1      1  2.0s  0.500s    3.0M  a\n"
		"  2          2      1  2.0s  0.500s    3.0M  b\n"
		"  3    SIGSEGV      1  2.0s  0.500s    3.0M  c\n"
		"  4    timeout      1  2.0s  0.500s    3.0M  d\n"
		"  5     killed      1  2.0s  0.500s    3.0M  e\n"
		"  6       lost      1  2.0s  0.500s    3.0M  f\n"
		"  7  unstarted      0     -       -       -  g\n"
		"  8    refused      0     -       -       -  h i\n"
		"muster: 9 of 10 jobs failed (2 exit status, 1 signal, "
		"1 timeout, 1 killed, 1 unstarted, 1 refused, 1 lost, "
		"1 cancelled)");
	summary_free(s);
}

/* Hundreds of queued jobs must not hide the one that stopped the run. */
static void cancelled_only_with_all(void)
{
	struct summary *failed = summary_new(false);
	struct summary *all = summary_new(true);

	end_without_command(failed, 1, JOB_CANCELLED, "a");
	check_format(failed, 0, "muster: 1 of 1 job failed (1 cancelled)");
	end_without_command(all, 1, JOB_CANCELLED, "a");
	check_format(all, 0,
		"Seq     Status  Tries  Wall  CPU  Memory  Command\n"
		"  1  cancelled      0     -    -       -  a\n"
		"muster: 1 of 1 job failed (1 cancelled)");
	summary_free(failed);
	summary_free(all);
}

static void one_job(void)
{
	struct summary *s = summary_new(false);

	end_job(s, 1, JOB_EXITED, 1, "false");
	check_format(s, 0,
		"Seq  Status  Tries  Wall     CPU  Memory  Command\n"
		"  1       1      1  2.0s  0.500s    3.0M  false\n"
		"muster: 1 of 1 job failed (1 exit status)");
	summary_free(s);
}

static void cut_to_width(void)
{
	struct summary *s = summary_new(false);

	end_job(s, 1, JOB_EXITED, 1, "0123456789abcdef");
	check_format(s, 55,
		"Seq  Status  Tries  Wall     CPU  Memory  Command\n"
		"  1       1      1  2.0s  0.500s    3.0M  0123456789abc\n"
		"muster: 1 of 1 job failed (1 exit status)");
	/* A terminal too narrow for it still shows some of the command. */
	check_format(s, 20,
		"Seq  Status  Tries  Wall     CPU  Memory  Command\n"
		"  1       1      1  2.0s  0.500s    3.0M  0123456789\n"
		"muster: 1 of 1 job failed (1 exit status)");
	summary_free(s);
}

static void cut_by_columns(void)
{
	struct summary *s = summary_new(false);

	end_job(s, 1, JOB_EXITED, 1, "\303\244\303\266\342\202\254"
		"\360\237\230\200 456789 cut");
	check_format(s, 52,
		"Seq  Status  Tries  Wall     CPU  Memory  Command\n"
		"  1       1      1  2.0s  0.500s    3.0M  \303\244\303\266"
		"\342\202\254\360\237\230\200 45678\n"
		"muster: 1 of 1 job failed (1 exit status)");
	summary_free(s);
}

static void visible_only(void)
{
	struct summary *s = summary_new(false);

	end_job(s, 1, JOB_EXITED, 1, "a\nb\tc\033[31md\377");
	check_format(s, 0,
		"Seq  Status  Tries  Wall     CPU  Memory  Command\n"
		"  1       1      1  2.0s  0.500s    3.0M  "
		"a\\nb\\tc\\x1B[31md\\xFF\n"
		"muster: 1 of 1 job failed (1 exit status)");
	summary_free(s);
}

static void tries(void)
{
	struct summary *s = summary_new(false);
	struct sink *sink = summary_sink(s);
	struct job job = { .seq = 1, .tries = 12, .command = "x" };

	job.outcome.status = 1;
	job.outcome.start_wall_ns = 1;
	job.outcome.end_ns = 3661 * NS_PER_SEC;
	sink->ops->done(sink, &job);
	check_format(s, 0,
		"Seq  Status  Tries   Wall     CPU  Memory  Command\n"
		"  1       1     12  1h01m  0.000s      0B  x\n"
		"muster: 1 of 1 job failed (1 exit status)");
	summary_free(s);
}

/* What a job's strings were stays, though the job is gone. */
static void outlives_the_job(void)
{
	char command[] = "before";
	struct summary *s = summary_new(false);

	end_job(s, 1, JOB_EXITED, 1, command);
	memcpy(command, "AFTER!", 6);
	check_failed(s, '\n', "before\n", 7);
	summary_free(s);
}

static void failed_commands(void)
{
	struct summary *s = summary_new(true);

	end_job(s, 3, JOB_SIGNALED, 9, "three");
	end_job(s, 1, JOB_EXITED, 1, "o n e");
	end_job(s, 2, JOB_EXITED, 0, "two");
	end_without_command(s, 4, JOB_REFUSED, "no command");
	end_job(s, 5, JOB_TIMEOUT, 0, "five");
	check_failed(s, '\n', "o n e\nthree\nfive\n", 17);
	check_failed(s, '\0', "o n e\0three\0five\0", 17);
	summary_free(s);
}

static void none_to_write(void)
{
	struct summary *s = summary_new(true);

	check_failed(s, '\n', "", 0);
	end_job(s, 1, JOB_EXITED, 0, "two\nlines");
	check_failed(s, '\n', "", 0);
	summary_free(s);
}

static void ambiguous(void)
{
	struct summary *s = summary_new(false);
	int fd = fd_tmpfile(tap_tmpdir());

	end_job(s, 1, JOB_EXITED, 1, "one line");
	end_job(s, 2, JOB_EXITED, 1, "two\nlines");
	CHECK_INT(summary_write_failed(s, fd, '\n'), -1);
	CHECK_INT(errno, EILSEQ);
	CHECK_INT(lseek(fd, 0, SEEK_END), 0);
	fd_close(&fd);
	check_failed(s, '\0', "one line\0two\nlines\0", 19);
	summary_free(s);
}

static void no_room(void)
{
	struct summary *s = summary_new(false);
	int fd = fd_open("/dev/full", O_WRONLY, 0);

	if (!CHECK(fd >= 0))
		return;
	end_job(s, 1, JOB_EXITED, 1, "x");
	CHECK_INT(summary_write_failed(s, fd, '\n'), -1);
	CHECK_INT(errno, ENOSPC);
	fd_close(&fd);
	summary_free(s);
}

/* More than one buffer of them. */
static void many_failed(void)
{
	struct summary *s = summary_new(false);
	struct buf want = BUF_INIT;
	struct buf command = BUF_INIT;

	for (unsigned seq = 5000; seq >= 1; seq--) {
		buf_reset(&command);
		buf_addf(&command, "a rather long command number %u", seq);
		end_job(s, seq, JOB_EXITED, 1, command.data);
	}
	for (unsigned seq = 1; seq <= 5000; seq++)
		buf_addf(&want, "a rather long command number %u\n", seq);
	check_failed(s, '\n', want.data, want.len);
	buf_release(&want);
	buf_release(&command);
	summary_free(s);
}

static void *end_many(void *arg)
{
	for (unsigned i = 1; i <= 1000; i++)
		end_job(arg, i, JOB_EXITED, i % 2, "x");
	return NULL;
}

static void many_threads(void)
{
	struct summary *s = summary_new(false);
	struct thread threads[4];
	struct buf got = BUF_INIT;

	thread_setup();
	for (unsigned i = 0; i < ARRAY_SIZE(threads); i++)
		CHECK_INT(thread_start(&threads[i], 0, end_many, s), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(threads); i++)
		thread_join(&threads[i]);
	summary_format(s, &got, 0);
	CHECK(strstr(got.data, "muster: 2000 of 4000 jobs failed "
		     "(2000 exit status) in ") != NULL);
	buf_release(&got);
	summary_free(s);
}

/* A job with a name that comes after others: "=a", "!a" or "?a" each. */
static void end_task(struct summary *s, uint64_t seq, int status,
		     const char *id, const char *text, const char *const *after)
{
	struct sink *sink = summary_sink(s);
	struct job job = { .seq = seq, .tries = 1, .command = id, .id = id,
			   .attributes_text = text };
	struct job_dep deps[4];

	for (; after && after[job.ndeps]; job.ndeps++) {
		const char *a = after[job.ndeps];

		deps[job.ndeps] = (struct job_dep){
			.id = a + 1,
			.when = *a == '=' ? JOB_AFTER_SUCCESS :
				*a == '!' ? JOB_AFTER_END : JOB_AFTER_FAILURE,
		};
	}
	job.deps = deps;
	job.outcome.end = JOB_EXITED;
	job.outcome.status = status;
	sink->ops->done(sink, &job);
}

#define AFTER(...)	((const char *const []){ __VA_ARGS__, NULL })

static void check_written(struct summary *s, const char *want)
{
	char got[1000] = "";
	int fds[2];

	if (!CHECK_INT(fd_pipe(fds), 0))
		return;
	CHECK_INT(summary_write_failed(s, fds[1], '\n'), 0);
	close(fds[1]);
	CHECK(fd_read(fds[0], got, sizeof(got) - 1) >= 0);
	close(fds[0]);
	CHECK_STR(got, want);
	summary_free(s);
}

static void written_with_attributes(void)
{
	struct summary *s = summary_new(false);

	end_task(s, 2, 1, "b", "#muster: id=b  tag='x  y'", NULL);
	end_task(s, 1, 0, "a", "#muster: id=a", NULL);
	end_task(s, 3, 1, "c", NULL, NULL);
	check_written(s, "b #muster: id=b  tag='x  y'\nc\n");
}

static void written_without_what_succeeded(void)
{
	struct summary *s = summary_new(true);

	end_task(s, 1, 0, "a", "#muster: id=a", NULL);
	end_task(s, 2, 1, "b", "#muster: id=b", NULL);
	end_task(s, 3, 1, "c", "#muster: id=c after=a,b after!=a",
		 AFTER("=a", "=b", "!a"));
	check_written(s, "b #muster: id=b\nc #muster: id=c after=b\n");
}

static void not_written_if_it_cannot_run(void)
{
	struct summary *s = summary_new(false);

	end_task(s, 1, 0, "a", "#muster: id=a", NULL);
	/* Waits for c, which is left out because a has not failed. */
	end_task(s, 2, 1, "b", "#muster: id=b after=c", AFTER("=c"));
	end_task(s, 3, 1, "c", "#muster: id=c after?=a", AFTER("?a"));
	end_task(s, 4, 1, "d", "#muster: id=d after!=c", AFTER("!c"));
	/* What is not known keeps its place, and is an error again. */
	end_task(s, 5, 1, "e", "#muster: id=e after=none", AFTER("=none"));
	end_task(s, 6, 1, "f", "#muster: id=f after?=e", AFTER("?e"));
	check_written(s, "d #muster: id=d\ne #muster: id=e after=none\n"
		      "f #muster: id=f after?=e\n");
}

static void no_newline_in_a_comment(void)
{
	struct summary *s = summary_new(false);

	end_task(s, 1, 1, "a", "#muster: tag='x\ny'", NULL);
	CHECK_INT(summary_write_failed(s, 2, '\0'), -1);
	CHECK_INT(errno, EILSEQ);
	summary_free(s);
}

static const struct tap_case cases[] = {
	{ "without failures there is only the last line", none_failed },
	{ "failed jobs in input order", table },
	{ "all jobs", all_jobs },
	{ "each end has its word and its total", all_ends },
	{ "cancelled jobs are shown with all only",
	  cancelled_only_with_all },
	{ "one failed job of one", one_job },
	{ "commands are cut to the terminal", cut_to_width },
	{ "columns are characters, not bytes", cut_by_columns },
	{ "commands are made visible", visible_only },
	{ "tries and long times", tries },
	{ "the command is a copy", outlives_the_job },
	{ "failed commands in input order", failed_commands },
	{ "no failed commands, nothing written", none_to_write },
	{ "a newline in a command is not written as lines", ambiguous },
	{ "a failed write is told", no_room },
	{ "5000 failed commands", many_failed },
	{ "threads add up", many_threads },
	{ "written with their attributes", written_with_attributes },
	{ "written without what has succeeded",
	  written_without_what_succeeded },
	{ "not written when they cannot run",
	  not_written_if_it_cannot_run },
	{ "a newline in a comment cannot be written",
	  no_newline_in_a_comment },
};
TAP_MAIN(cases)
