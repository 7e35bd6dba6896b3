/* SPDX-License-Identifier: GPL-3.0-or-later */
/* feed.c - see feed.h. */
#include <config.h>

#include "base/buf.h"
#include "base/diag.h"
#include "feed.h"
#include "input/source.h"
#include "sched/engine.h"
#include "sched/job.h"

static struct job *make_job(const struct feed *f, const struct tuple *t)
{
	struct job *job = job_new(0, t->values, t->lens, t->n);

	job->priority = t->priority;
	job->timeout_ns = t->timeout_ns;
	job->tries_max = f->tries_max;
	return job;
}

/* One step; false at the end. */
static bool feed_one(struct feed *f, struct buf *err)
{
	struct tuple t;
	struct job *job;

	buf_reset(err);
	switch (source_next(f->source, &t, err)) {
	case SOURCE_END:
		return false;
	case SOURCE_TUPLE:
		return engine_submit(f->engine, make_job(f, &t));
	case SOURCE_BAD:
		atomic_store(&f->failed, true);
		job = make_job(f, &t);
		job->message = arena_strdup(&job->arena, err->data);
		return engine_submit(f->engine, job);
	case SOURCE_FAILED:
		atomic_store(&f->failed, true);
		diag_msg("%s", err->data);
		return true;
	}
	BUG("source result out of range");
}

static void *feed_main(void *arg)
{
	struct feed *f = arg;
	struct buf err = BUF_INIT;

	thread_set_name("muster-reader");
	while (feed_one(f, &err))
		;
	buf_release(&err);
	engine_close(f->engine);
	return NULL;
}

int feed_start(struct feed *f)
{
	f->has_thread = thread_start(&f->thread, 0, feed_main, f) == 0;
	return f->has_thread ? 0 : -1;
}

void feed_finish(struct feed *f)
{
	if (!f->has_thread)
		return;
	source_stop(f->source);
	thread_wake(f->thread);
	thread_join(&f->thread);
	f->has_thread = false;
}
