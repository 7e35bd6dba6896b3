/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_poolstats.c - --pool-stats: what is measured, and the table.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "base/num.h"
#include "sched/engine.h"
#include "sched/job.h"
#include "sink/poolstats.h"
#include "tap.h"

/* A runner that notes how it is called. */
static struct runner inner;
static char calls[200];
static struct job a_job = { .seq = 1 };
static int state_of_3;

static void *inner_open(struct runner *r, unsigned slot)
{
	CHECK(r == &inner);
	CHECK_UINT(slot, 3);
	strcat(calls, "open ");
	return &state_of_3;
}

static void inner_close(struct runner *r, void *state)
{
	CHECK(r == &inner);
	CHECK(state == &state_of_3);
	strcat(calls, "close ");
}

static enum run_result inner_run(struct runner *r, void *state,
				 struct job *job)
{
	CHECK(r == &inner);
	CHECK(state == &state_of_3);
	CHECK(job == &a_job);
	strcat(calls, "run ");
	return RUN_AGAIN;
}

static void inner_interrupt(struct runner *r, void *state)
{
	CHECK(r == &inner);
	CHECK(state == &state_of_3);
	strcat(calls, "interrupt ");
}

static const struct runner_ops inner_ops = {
	.slot_open = inner_open,
	.slot_close = inner_close,
	.run = inner_run,
	.interrupt = inner_interrupt,
};
static struct runner inner = { .ops = &inner_ops };

static struct poolstats *pool;
static struct engine_stats stats;
static struct engine_worker workers[80];
static size_t nworkers;
static struct buf text = BUF_INIT;

static void set_up(void)
{
	pool = poolstats_new(&inner);
}

static void tear_down(void)
{
	poolstats_free(pool);
	buf_release(&text);
}

static void format(void)
{
	buf_reset(&text);
	poolstats_format(pool, &stats, workers, nworkers, &text);
}

static void begin(struct job *job)
{
	struct sink *s = poolstats_sink(pool);

	s->ops->start(s, job);
}

static void end(struct job *job)
{
	struct sink *s = poolstats_sink(pool);

	s->ops->done(s, job);
}

static void empty(void)
{
	set_up();
	format();
	CHECK_STR(text.data,
		  "muster: pool statistics:\n"
		  "Workers started         0\n"
		  "Workers ended           0\n"
		  "Most at once            0\n"
		  "Tries per worker        -\n"
		  "Worker time       0.000ms  busy 0.0%, idle 100.0%\n"
		  "Waiting                 -\n"
		  "Steals                  0\n"
		  "Retries                 0\n");
	tear_down();
}

/* Without the line of times, which are what they are. */
static void check_table(const char *before, const char *behind)
{
	char *time = strstr(text.data, "Worker time");
	char *next = time ? strchr(time, '\n') : NULL;

	if (!CHECK(next))
		return;
	CHECK_STR(next + 1, behind);
	*time = '\0';
	CHECK_STR(text.data, before);
}

static void whole_table(void)
{
	set_up();
	stats = (struct engine_stats){
		.workers = 3, .peak_workers = 4, .steals = 17, .retries = 2,
	};
	stats.grown[RESIZE_START] = 1;
	stats.grown[RESIZE_DEMAND] = 4;
	stats.shrunk[RESIZE_IDLE] = 2;
	for (unsigned i = 0; i < 4; i++)
		workers[nworkers++] = (struct engine_worker){
			.slot = i + 1, .jobs = 10 + i * i,
		};
	format();
	check_table("muster: pool statistics:\n"
		    "Workers started         5  start 1, demand 4\n"
		    "Workers ended           5  idle 2, end 3\n"
		    "Most at once            4\n"
		    "Tries per worker     13.5  min 10, median 11, max 19, "
		    "spread 66.7%\n"
		    "  1: 10  2: 11  3: 14  4: 19\n",
		    "Waiting                 -\n"
		    "Steals                 17\n"
		    "Retries                 2\n");
	tear_down();
}

/* How many lines hold a worker's count. */
static int count_lines(void)
{
	int n = 0;

	for (char *line = text.data; *line; line = strchr(line, '\n') + 1)
		n += line[0] == ' ';
	return n;
}

static void lists_up_to_64(void)
{
	set_up();
	for (nworkers = 0; nworkers < 64; nworkers++)
		workers[nworkers] = (struct engine_worker){
			.slot = (unsigned)nworkers + 1, .jobs = nworkers * 7,
		};
	format();
	/* "  64: 441" is 9 columns: 8 in a line of 76. */
	CHECK_INT(count_lines(), 8);
	CHECK(strstr(text.data, "\n     1: 0     2: 7    3: 14 "));
	CHECK(strstr(text.data, "  63: 434  64: 441\n"));
	workers[nworkers++] = (struct engine_worker){ .slot = 65 };
	format();
	CHECK_INT(count_lines(), 0);
	CHECK(strstr(text.data, "min 0, median 217, max 441, "));
	tear_down();
}

static void stages_are_named(void)
{
	set_up();
	workers[nworkers++] = (struct engine_worker){ .slot = 1, .jobs = 5 };
	workers[nworkers++] = (struct engine_worker){ .stage = 1, .slot = 1 };
	format();
	CHECK(strstr(text.data, "\n  1.1: 5  2.1: 0\n"));
	tear_down();
}

/* How much too long the job that waited most too long has waited: no more
 * than it took to say that it does. */
static int64_t lag_ns;

static void begin_after(struct job *job, int64_t ns)
{
	int64_t now_ns = clock_now_ns();

	job->ready_ns = now_ns - ns;
	begin(job);
	now_ns = clock_now_ns() - now_ns;
	if (lag_ns < now_ns)
		lag_ns = now_ns;
}

static void wait_for(uint64_t seq, int64_t ns)
{
	struct job job = { .seq = seq };

	begin_after(&job, ns);
	end(&job);
}

/* The time that name stands before, in milliseconds. */
static double time_of(const char *name)
{
	const char *at = strstr(text.data, name);
	double n = -1;
	char unit[8] = "";

	if (!CHECK(at))
		return -1;
	CHECK_INT(sscanf(at + strlen(name), " %lf%7[a-z]", &n, unit), 2);
	return strcmp(unit, "s") == 0 ? n * 1000 : n;
}

#define CHECK_NEAR(name, ms)						\
	do {								\
		double got_ = time_of(name);				\
		double most_ = (ms) + (double)lag_ns / NS_PER_MS;	\
									\
		if (!CHECK(got_ >= (ms) * 0.98 && got_ <= most_ * 1.02)) \
			fprintf(stderr, "%s %f\n", (name), got_);	\
	} while (0)

static void waiting(void)
{
	set_up();
	/* 500, 502, ... 698 ms, and a long one. */
	for (unsigned i = 0; i < 100; i++)
		wait_for(i + 1, (500 + 2 * (int64_t)i) * NS_PER_MS);
	wait_for(101, 5000 * NS_PER_MS);
	format();
	CHECK_NEAR("Waiting", (100 * 599 + 5000) / 101.0);
	CHECK_NEAR("median", 600);
	CHECK_NEAR("95%", 690);
	CHECK_NEAR("max", 5000);
	tear_down();
}

static void waiting_counts_once_a_try(void)
{
	struct job job = { .seq = 1 };

	set_up();
	begin_after(&job, 800 * NS_PER_MS);
	begin_after(&job, 8000 * NS_PER_MS);
	end(&job);
	format();
	CHECK_NEAR("Waiting", 800);
	CHECK_NEAR("max", 800);
	tear_down();
}

static void passes_on(void)
{
	struct runner *r;
	void *state;

	set_up();
	r = poolstats_runner(pool);
	state = r->ops->slot_open(r, 3);
	CHECK_INT(r->ops->run(r, state, &a_job), RUN_AGAIN);
	r->ops->interrupt(r, state);
	r->ops->slot_close(r, state);
	CHECK_STR(calls, "open run interrupt close ");
	tear_down();
}

static double busy_share(void)
{
	const char *at = strstr(text.data, "busy ");

	return CHECK(at) ? strtod(at + 5, NULL) : -1;
}

/* Of a worker that is there, and of one that has been. */
static void busy_and_idle(void)
{
	struct runner *r;
	void *state;

	set_up();
	r = poolstats_runner(pool);
	state = r->ops->slot_open(r, 3);
	begin(&a_job);
	usleep(50000);
	end(&a_job);
	format();
	CHECK(time_of("Worker time") >= 50);
	CHECK(busy_share() > 0);
	/* Ended by the one who does not run it: no more of it. */
	end(&a_job);
	usleep(50000);
	r->ops->slot_close(r, state);
	format();
	CHECK(time_of("Worker time") >= 100);
	CHECK(busy_share() > 0 && busy_share() < 100);
	tear_down();
}

static const struct tap_case cases[] = {
	{ "a table of nothing", empty },
	{ "the whole table", whole_table },
	{ "up to 64 workers are listed", lists_up_to_64 },
	{ "workers of stages have names of two parts", stages_are_named },
	{ "mean, median, 95 % and maximum of waiting", waiting },
	{ "waiting counts once a try", waiting_counts_once_a_try },
	{ "the runner passes on what it is asked", passes_on },
	{ "time is busy or idle", busy_and_idle },
};
TAP_MAIN(cases)
