/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool_engine.c - muster's engine, with a runner that runs no process and an
 * output that puts nothing out. Each job is made and freed as the reader
 * thread makes it, so its cost is in the figures.
 */
#include <config.h>

#include <string.h>

#include "base/num.h"
#include "load.h"
#include "sched/engine.h"
#include "sched/job.h"
#include "sched/output.h"
#include "sched/runner.h"

struct bench {
	struct runner runner;
	struct output output;
	struct load *load;
};

static void *slot_open(struct runner *r, unsigned slot)
{
	(void)slot;
	return r;
}

static void slot_close(struct runner *r, void *state)
{
	(void)r;
	(void)state;
}

static enum run_result run(struct runner *r, void *state, struct job *job)
{
	struct bench *b = container_of(r, struct bench, runner);

	(void)state;
	job->outcome = (struct job_outcome){ .end = JOB_EXITED };
	load_job(b->load, job->seq - 1);
	return RUN_ENDED;
}

static void interrupt(struct runner *r, void *state)
{
	(void)r;
	(void)state;
}

static const struct runner_ops runner_ops = {
	.slot_open = slot_open,
	.slot_close = slot_close,
	.run = run,
	.interrupt = interrupt,
};

static bool begin(struct output *o, struct job *job, bool last,
		  void (*wake)(void *), void *wake_arg)
{
	(void)o;
	(void)job;
	(void)last;
	(void)wake;
	(void)wake_arg;
	return true;
}

static bool room(struct output *o, struct job *job)
{
	(void)o;
	(void)job;
	return true;
}

static void append(struct output *o, struct job *job,
		   enum output_stream stream, const char *data, size_t len)
{
	(void)o;
	(void)job;
	(void)stream;
	(void)data;
	(void)len;
}

static void end(struct output *o, struct job *job, bool keep)
{
	(void)o;
	(void)job;
	(void)keep;
}

static void skip(struct output *o, uint64_t seq)
{
	(void)o;
	(void)seq;
}

static void stop_waiting(struct output *o)
{
	(void)o;
}

static const struct output_ops output_ops = {
	.begin = begin,
	.room = room,
	.append = append,
	.end = end,
	.skip = skip,
	.stop_waiting = stop_waiting,
};

static void race(struct load *l, enum engine_dispatch dispatch)
{
	struct bench b = {
		.runner = { &runner_ops }, .output = { &output_ops }, .load = l,
	};
	struct engine_config config = {
		.runner = &b.runner,
		.output = &b.output,
		.min = l->threads,
		.max = l->threads,
		.scale = SCALE_FIXED,
		.dispatch = dispatch,
		.idle_timeout_ns = 5 * NS_PER_SEC,
		.queue_capacity = l->capacity,
	};
	struct engine *e = engine_new(&config);
	char *values[] = { (char *)"true" };
	size_t lens[] = { strlen(values[0]) };

	engine_start(e);
	load_begin(l);
	for (size_t id = 0; id < l->jobs; id++) {
		struct job *job = job_new(id + 1, values, lens, 1);

		job->tries_max = 1;
		engine_submit(e, job);
	}
	engine_close(e);
	engine_wait(e, -1);
	load_end(l);
	engine_free(e);
}

static void race_shared(struct load *l)
{
	race(l, DISPATCH_SHARED);
}

static void race_stealing(struct load *l)
{
	race(l, DISPATCH_STEALING);
}

const struct entrant pool_shared = {
	.name = "muster shared", .race = race_shared,
};
const struct entrant pool_stealing = {
	.name = "muster stealing", .race = race_stealing,
};
