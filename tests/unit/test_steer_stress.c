/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_steer_stress.c - a real engine with jobs that do nothing, while its
 * bounds change and jobs are added through the socket. Each job is run once.
 */
#include <config.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "base/usock.h"
#include "../bench/noop.h"
#include "sched/engine.h"
#include "sched/job.h"
#include "sched/sink.h"
#include "steer.h"
#include "tap.h"

/* By the reader; and on the socket, in batches. Four cases make a million. */
#define SUBMITTED	250000
#define BATCHES		100
#define BATCH		50
#define ALL		(SUBMITTED + BATCHES * BATCH)

static char path[4096];
static struct engine *engine;
static atomic_uchar *runs;	/* by what a job is called: 1 to ALL */
static atomic_uchar *ends;	/* by sequence number */
static unsigned jobs;		/* how many the reader submits */
static unsigned seed;

static void run_job(void *arg, const struct job *job)
{
	(void)arg;
	atomic_fetch_add(&runs[atol(job->values[0])], 1);
}

static void count_end(struct sink *s, const struct job *job)
{
	(void)s;
	atomic_fetch_add(&ends[job->seq], 1);
}

static const struct sink_ops count_ops = { .done = count_end };

/* The run. */

static struct job *make_job(void *arg, const char *text, size_t len,
			    struct buf *err)
{
	char *values[] = { (char *)text };
	struct job *job = job_new(0, values, &len, 1);

	(void)arg;
	(void)err;
	job->tries_max = 1;
	return job;
}

static void *read_main(void *arg)
{
	for (unsigned i = 1; i <= jobs; i++) {
		char text[16];
		int len = snprintf(text, sizeof(text), "%u", i);

		engine_submit(engine, make_job(arg, text, (size_t)len, NULL));
	}
	return NULL;
}

/* Numerical Recipes' generator: the same requests on every machine. */
static unsigned draw(unsigned below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* Sends the requests, takes as many answers; returns how many said yes. */
static unsigned ask(int fd, const struct buf *requests, unsigned n)
{
	static const char yes[] = "{\"ok\":true";
	struct buf answers = BUF_INIT;
	char bytes[4096];
	unsigned lines = 0;
	unsigned good = 0;

	CHECK_INT(send(fd, requests->data, requests->len, MSG_NOSIGNAL),
		  requests->len);
	while (lines < n) {
		ssize_t got = recv(fd, bytes, sizeof(bytes), 0);

		if (!CHECK(got > 0))
			break;
		buf_add(&answers, bytes, (size_t)got);
		for (ssize_t i = 0; i < got; i++)
			lines += bytes[i] == '\n';
	}
	for (const char *at = answers.data; *at; at = strchr(at, '\n') + 1)
		good += strncmp(at, yes, strlen(yes)) == 0;
	buf_release(&answers);
	return good;
}

/* A batch of jobs, new bounds, and a look round. */
static void steer_once(int fd, unsigned batch)
{
	struct buf requests = BUF_INIT;
	unsigned max = 1 + draw(12);

	buf_addf(&requests, "scale %u %u\n", 1 + draw(max), max);
	for (unsigned i = 0; i < BATCH; i++)
		buf_addf(&requests, "add %u\n", jobs + batch * BATCH + i + 1);
	buf_addstr(&requests, "status\njobs\npause\nresume\n");
	CHECK_INT(ask(fd, &requests, BATCH + 5), BATCH + 5);
	buf_release(&requests);
}

static void *steer_main(void *arg)
{
	int fd = usock_connect(path);

	(void)arg;
	CHECK(fd >= 0);
	for (unsigned i = 0; i < BATCHES; i++)
		steer_once(fd, i);
	close(fd);
	return NULL;
}

static const struct steer_ops ops = {
	.get_stats = engine_get_stats,
	.each_job = engine_each_job,
	.resize = engine_resize,
	.pause = engine_pause,
	.kill_job = engine_kill_job,
	.retry_job = engine_retry_job,
	.set_priority = engine_set_priority,
	.add = engine_add,
};

static struct steer *steer_run(void)
{
	struct steer_config config = {
		.path = path,
		.ops = &ops,
		.engine = engine,
		.make_job = make_job,
	};
	struct buf err = BUF_INIT;
	struct steer *s;

	snprintf(path, sizeof(path), "%s/s", tap_tmpdir());
	s = steer_new(&config, &err);
	CHECK_STR(err.data, "");
	buf_release(&err);
	return s;
}

static void run(enum engine_dispatch dispatch)
{
	struct noop noop;
	struct sink sink = { .ops = &count_ops };
	struct engine_config config = {
		.runner = &noop.runner, .output = &noop.output,
		.min = 1, .max = 4,
		.idle_timeout_ns = NS_PER_SEC, .queue_capacity = 500,
		.dispatch = dispatch,
	};
	struct thread reader, client;
	struct engine_stats stats;
	struct steer *steer;

	thread_setup();
	noop_init(&noop, run_job, NULL);
	engine = engine_new(&config);
	steer = steer_run();
	if (!steer)
		return;
	engine_add_sink(engine, &sink);
	engine_add_sink(engine, steer_sink(steer));
	engine_start(engine);
	CHECK_INT(steer_start(steer), 0);
	CHECK_INT(thread_start(&reader, 0, read_main, NULL), 0);
	CHECK_INT(thread_start(&client, 0, steer_main, NULL), 0);
	thread_join(&client);
	thread_join(&reader);
	engine_close(engine);
	CHECK(engine_wait(engine, -1));
	steer_stop(steer);
	engine_get_stats(engine, &stats);
	CHECK_INT(stats.tally.succeeded, jobs + BATCHES * BATCH);
	CHECK_INT(stats.tally.failed, 0);
	engine_free(engine);
	steer_free(steer);
}

static void check_once_each(const atomic_uchar *counts)
{
	unsigned bad = 0;

	for (unsigned i = 1; i <= jobs + BATCHES * BATCH; i++)
		bad += counts[i] != 1;
	CHECK_INT(bad, 0);
	CHECK_INT(counts[0], 0);
}

static void run_all(enum engine_dispatch dispatch, unsigned first_seed)
{
	/* The tools that watch are slower by more than they are given. */
	jobs = tap_slow() > 1 ? SUBMITTED / 5 : SUBMITTED;
	seed = first_seed;
	runs = xcalloc(ALL + 1, 1);
	ends = xcalloc(ALL + 1, 1);
	run(dispatch);
	check_once_each(runs);
	check_once_each(ends);
	free(runs);
	free(ends);
}

static void shared(void)
{
	run_all(DISPATCH_SHARED, 1);
}

static void shared_otherwise(void)
{
	run_all(DISPATCH_SHARED, 20);
}

static void stealing(void)
{
	run_all(DISPATCH_STEALING, 300);
}

static void stealing_otherwise(void)
{
	run_all(DISPATCH_STEALING, 4000);
}

static const struct tap_case cases[] = {
	{ "many jobs, bounds that change, jobs that are added", shared },
	{ "the same with other bounds", shared_otherwise },
	{ "the same with stealing", stealing },
	{ "the same with stealing and other bounds", stealing_otherwise },
};
TAP_MAIN(cases)
