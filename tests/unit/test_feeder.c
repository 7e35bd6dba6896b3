/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_feeder.c - blocks on the standard input of real processes: slow
 * readers, none at all, killed ones; parts of files; files and FIFOs.
 */
#include <config.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "bench.h"
#include "sched/job.h"
#include "sched/output.h"
#include "sched/runner.h"
#include "tap.h"

/* More than a pipe takes at once. */
#define MUCH	((size_t)3 << 20)

static char *bytes(size_t len)
{
	char *data = xmalloc(len);
	unsigned seed = 3;

	for (size_t i = 0; i < len; i++)
		data[i] = (char)rand_r(&seed);
	return data;
}

static struct job *job_with(struct bench *b, const char *line, size_t len)
{
	struct job *job = bench_job(b, line);

	job_set_data(job, bytes(len), len);
	return job;
}

/* The job puts out what it was given. */
static void check_echo(struct bench *b, struct job *job)
{
	CHECK_INT(bench_run_job(b, job), RUN_ENDED);
	CHECK_INT(job->outcome.end, JOB_EXITED);
	CHECK_INT(job->outcome.status, 0);
	CHECK_MEM(bench_text(b, 0)->data, bench_text(b, 0)->len, job->data,
		  job->data_len);
}

static void is_given(void)
{
	static const char *const lines[] = {
		"cat", "exec dd bs=777 status=none",
		"sleep 0.05; head -c 100000; sleep 0.05; cat",
	};
	static const size_t sizes[] = { 0, 1, 4096, 65537, MUCH };
	struct bench b;

	bench_start(&b);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
			struct job *job = job_with(&b, lines[i], sizes[k]);

			check_echo(&b, job);
			job_free(job);
		}
	}
	bench_end(&b);
}

static void counts(void)
{
	struct bench b;
	struct job *job;
	size_t before;

	bench_start(&b);
	job = bench_job(&b, "true");
	before = job->bytes;
	job_set_data(job, bytes(1000), 1000);
	CHECK_UINT(job->bytes, before + 1000);
	job_free(job);
	bench_end(&b);
}

static void is_not_read(void)
{
	static const char *const lines[] = {
		"exit 3", "exec <&-; exit 3", "head -c 10 >/dev/null; exit 3",
	};
	struct bench b;

	bench_start(&b);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct job *job = job_with(&b, lines[i], MUCH);

		CHECK_INT(bench_run_job(&b, job), RUN_ENDED);
		CHECK_INT(job->outcome.end, JOB_EXITED);
		CHECK_INT(job->outcome.status, 3);
		job_free(job);
	}
	bench_end(&b);
}

/* A second try begins with the first byte. */
static void is_given_again(void)
{
	struct output *o;
	struct bench b;
	struct job *job;

	bench_start(&b);
	job = job_with(&b, "cat", MUCH);
	o = &b.f->output;
	CHECK(o->ops->begin(o, job, true, bench_wake, &b));
	CHECK_INT(b.r->ops->run(b.r, b.slot, job), RUN_ENDED);
	o->ops->end(o, job, false);
	check_echo(&b, job);
	job_free(job);
	bench_end(&b);
}

static void is_killed(void)
{
	struct bench b;
	struct job *job;

	bench_start(&b);
	job = job_with(&b, "head -c 10 >/dev/null; exec sleep 1000", MUCH);
	job->timeout_ns = 50 * NS_PER_MS;
	CHECK_INT(bench_run_job(&b, job), RUN_ENDED);
	CHECK_INT(job->outcome.end, JOB_TIMEOUT);
	job_free(job);
	/* The next one has its own. */
	job = job_with(&b, "cat", 100);
	check_echo(&b, job);
	job_free(job);
	bench_end(&b);
}

static void no_start(void)
{
	struct local_config c = bench_config();
	struct bench b;
	struct job *job;

	c.shell = "/no/such/shell";
	bench_start_with(&b, &c);
	job = job_with(&b, "echo $HOME", MUCH);
	CHECK_INT(bench_run_job(&b, job), RUN_ENDED);
	CHECK_INT(job->outcome.end, JOB_UNSTARTED);
	job_free(job);
	bench_end(&b);
}

static void write_file(const char *path, const char *data, size_t len)
{
	int fd = fd_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK_INT(fd_write_all(fd, data, len), 0);
	fd_close(&fd);
}

static struct job *run_part(struct bench *b, const char *path)
{
	struct job *job = bench_job(b, "cat");

	job_set_data(job, xstrdup("head"), 4);
	job->part_path = path;
	job->part_from = 1001;
	job->part_len = (int64_t)MUCH - 2002;
	CHECK_INT(bench_run_job(b, job), RUN_ENDED);
	return job;
}

static void part_of_a_file(void)
{
	char path[600], *data = bytes(MUCH);
	struct bench b;
	struct job *job;

	snprintf(path, sizeof(path), "%s/file", tap_tmpdir());
	write_file(path, data, MUCH);
	bench_start(&b);
	job_free(run_part(&b, path));
	CHECK_MEM(bench_text(&b, 0)->data, 4, "head", 4);
	CHECK_MEM(bench_text(&b, 0)->data + 4, bench_text(&b, 0)->len - 4,
		  data + 1001, MUCH - 2002);
	/* It has become shorter. */
	CHECK_INT(truncate(path, 1011), 0);
	job_free(run_part(&b, path));
	CHECK_INT(bench_text(&b, 0)->len, 14);
	/* It is gone. */
	CHECK_INT(unlink(path), 0);
	job = run_part(&b, path);
	CHECK_INT(job->outcome.end, JOB_UNSTARTED);
	CHECK(job->message && strstr(job->message, path));
	job_free(job);
	bench_end(&b);
	free(data);
}

/* As a file and as a FIFO, which are gone afterwards. */
static void by_name(void)
{
	char path[600], line[700];
	struct bench b;

	snprintf(path, sizeof(path), "%s/block", tap_tmpdir());
	snprintf(line, sizeof(line), "sleep 0.02; cat '%s'", path);
	bench_start(&b);
	for (int i = 0; i < 2; i++) {
		struct job *job = job_with(&b, line, MUCH);

		job->block_path = path;
		job->block_is_fifo = i == 1;
		check_echo(&b, job);
		CHECK(access(path, F_OK) < 0);
		job_free(job);
	}
	bench_end(&b);
}

static void nobody_opens_it(void)
{
	char path[600];
	struct bench b;
	struct job *job;

	snprintf(path, sizeof(path), "%s/block", tap_tmpdir());
	bench_start(&b);
	job = job_with(&b, "sleep 0.02; exit 4", MUCH);
	job->block_path = path;
	job->block_is_fifo = true;
	CHECK_INT(bench_run_job(&b, job), RUN_ENDED);
	CHECK_INT(job->outcome.status, 4);
	CHECK(access(path, F_OK) < 0);
	job_free(job);
	bench_end(&b);
}

static void no_directory(void)
{
	struct bench b;
	struct job *job;

	bench_start(&b);
	job = job_with(&b, "true", 10);
	job->block_path = "/no/such/directory/block";
	CHECK_INT(bench_run_job(&b, job), RUN_ENDED);
	CHECK_INT(job->outcome.end, JOB_UNSTARTED);
	CHECK(job->message && strstr(job->message, job->block_path));
	job_free(job);
	bench_end(&b);
}

static const struct tap_case cases[] = {
	{ "a job gets its block, of any size, as fast as it reads", is_given },
	{ "a block counts in the queue", counts },
	{ "a job need not read", is_not_read },
	{ "a second try gets all of it", is_given_again },
	{ "a job that does not read is killed in time", is_killed },
	{ "a job that can't be started", no_start },
	{ "part of a file, that has become shorter, that is gone",
	  part_of_a_file },
	{ "a block by name: file and FIFO", by_name },
	{ "a FIFO that nobody opens", nobody_opens_it },
	{ "a block that can't be put anywhere", no_directory },
};
TAP_MAIN(cases)
