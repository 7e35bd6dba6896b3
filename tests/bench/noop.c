/* SPDX-License-Identifier: GPL-3.0-or-later */
/* noop.c - see noop.h. */
#include <config.h>

#include "base/compiler.h"
#include "noop.h"

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
	struct noop *n = container_of(r, struct noop, runner);

	(void)state;
	job->outcome = (struct job_outcome){ .end = JOB_EXITED };
	n->run(n->arg, job);
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

static void rest(struct output *o, struct job *job)
{
	(void)o;
	(void)job;
}

static void skip(struct output *o, uint64_t seq, bool undone)
{
	(void)o;
	(void)seq;
	(void)undone;
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
	.rest = rest,
	.skip = skip,
	.stop_waiting = stop_waiting,
};

void noop_init(struct noop *n, void (*fn)(void *arg, const struct job *job),
	       void *arg)
{
	*n = (struct noop){
		.runner = { &runner_ops }, .output = { &output_ops },
		.run = fn, .arg = arg,
	};
}
