/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vary.c - see vary.h. */
#include <config.h>

#include <stdlib.h>

#include "base/compiler.h"
#include "base/diag.h"
#include "base/mem.h"
#include "base/thread.h"
#include "sched/engine.h"
#include "sched/job.h"
#include "sched/sink.h"
#include "vary.h"

struct vary {
	struct sink sink;
	struct engine *engine;
	struct engine_bounds bounds;
	struct mutex lock;
	double now;		/* guarded by lock, as the rest */
	unsigned told;		/* to the engine */
	bool is_telling;
};

double vary_step(double now, unsigned most, bool has_succeeded)
{
	double next;

	if (has_succeeded)
		next = now + 1 / now;
	else
		next = now < 4 ? now - 1 : now * 0.75;
	if (next < 1)
		return 1;
	return next < most ? next : most;
}

/*
 * One after the other, so that the newest is the last, but without the lock:
 * where there are no threads to be had the engine may run jobs in here.
 */
static void tell_engine_locked(struct vary *v) REQUIRES(v->lock)
{
	while (!v->is_telling && v->told != (unsigned)v->now) {
		unsigned most = v->told = (unsigned)v->now;

		v->is_telling = true;
		mutex_unlock(&v->lock);
		diag_debug(DIAG_SCHED, "-j auto: %u jobs at once", most);
		engine_resize(v->engine, 0, v->bounds.min < most
					    ? v->bounds.min : most, most);
		mutex_lock(&v->lock);
		v->is_telling = false;
	}
}

static void note(struct sink *s, const struct job *job)
{
	struct vary *v = container_of(s, struct vary, sink);

	/* What never ran, or what we have ended, says nothing. */
	if (job->outcome.end != JOB_EXITED &&
	    job->outcome.end != JOB_SIGNALED &&
	    job->outcome.end != JOB_TIMEOUT)
		return;
	mutex_lock(&v->lock);
	v->now = vary_step(v->now, v->bounds.max, job_has_succeeded(job));
	tell_engine_locked(v);
	mutex_unlock(&v->lock);
}

static const struct sink_ops ops = {
	.retry = note,
	.done = note,
};

struct vary *vary_new(struct engine *e, const struct engine_bounds *bounds)
{
	struct vary *v = xcalloc(1, sizeof(*v));

	v->sink.ops = &ops;
	list_init(&v->sink.link);
	v->engine = e;
	v->bounds = *bounds;
	v->now = bounds->max;
	v->told = bounds->max;
	mutex_init(&v->lock);
	return v;
}

void vary_free(struct vary *v)
{
	if (!v)
		return;
	mutex_release(&v->lock);
	free(v);
}

struct sink *vary_sink(struct vary *v)
{
	return &v->sink;
}
