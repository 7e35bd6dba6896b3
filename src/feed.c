/* SPDX-License-Identifier: GPL-3.0-or-later */
/* feed.c - see feed.h. */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "base/diag.h"
#include "feed.h"
#include "input/attributes.h"
#include "input/source.h"
#include "intake.h"
#include "runner/launch.h"
#include "sched/engine.h"
#include "sched/job.h"

static const char *copy_string(struct job *job, const char *s)
{
	if (!s)
		return NULL;
	job->bytes += strlen(s) + 1;
	return arena_strdup(&job->arena, s);
}

static const char *describe_place(struct job *job, const struct tuple *t)
{
	struct buf where = BUF_INIT;
	const char *copy;

	if (!t->file)
		return NULL;
	buf_addf(&where, "%s:%llu", t->file, (unsigned long long)t->line);
	copy = copy_string(job, where.data);
	buf_release(&where);
	return copy;
}

static enum job_after after_of(enum after_when when)
{
	switch (when) {
	case AFTER_SUCCESS:
		return JOB_AFTER_SUCCESS;
	case AFTER_END:
		return JOB_AFTER_END;
	case AFTER_FAILURE:
		return JOB_AFTER_FAILURE;
	}
	BUG("after_when out of range");
}

static void copy_deps(struct job *job, const struct attributes *a)
{
	struct job_dep *deps;

	if (a->nafter == 0)
		return;
	job->bytes += a->nafter * sizeof(*deps);
	deps = arena_alloc(&job->arena, a->nafter * sizeof(*deps));
	for (size_t i = 0; i < a->nafter; i++) {
		deps[i] = (struct job_dep){
			.id = copy_string(job, a->after[i].id),
			.when = after_of(a->after[i].when),
		};
	}
	job->deps = deps;
	job->ndeps = (unsigned)a->nafter;
}

static void copy_env(struct job *job, const struct attributes *a)
{
	size_t bytes = (a->nenv + 1) * sizeof(*job->env);

	if (a->nenv == 0)
		return;
	job->bytes += bytes;
	job->env = arena_alloc(&job->arena, bytes);
	for (size_t i = 0; i < a->nenv; i++)
		job->env[i] = (char *)copy_string(job, a->env[i]);
	job->env[a->nenv] = NULL;
}

static void copy_numbers(struct job *job, const struct attributes *a,
			 bool retry_jitter)
{
	if (a->has & ATTR_PRIORITY)
		job->priority = a->priority;
	if (a->has & ATTR_TIMEOUT)
		job->timeout_ns = a->timeout_ns;
	if (a->has & ATTR_RETRIES)
		job->tries_max = a->tries_max;
	if (a->has & ATTR_WEIGHT)
		job->weight = a->weight;
	if (a->has & ATTR_RETRY_DELAY) {
		job->backoff = a->backoff;
		job->backoff.jitter = retry_jitter;
	}
}

/* What a task says of itself goes before what was said of all. */
static void copy_attributes(const struct feed *f, struct job *job,
			    const struct tuple *t)
{
	const struct attributes *a = t->attributes;

	job->where = describe_place(job, t);
	job->id = copy_string(job, a->id);
	job->cwd = copy_string(job, a->cwd);
	job->input = copy_string(job, a->input);
	job->tag = copy_string(job, a->tag);
	job->attributes_text = copy_string(job, a->text);
	copy_numbers(job, a, f->retry_jitter);
	copy_deps(job, a);
	copy_env(job, a);
}

/* Known before it is started, so that it can be written down if it never is;
 * what a template makes of it is not. */
static void know_command(const struct feed *f, struct job *job)
{
	struct buf command = BUF_INIT;

	if (job->is_argv) {
		launch_add_words(&command, job, SHELL_SH);
		job->command = copy_string(job, command.data);
		buf_release(&command);
	} else if (f->are_commands) {
		job->command = job->values[0];
	}
}

static struct job *make_job(const struct feed *f, const struct tuple *t)
{
	struct job *job = job_new(0, t->values, t->lens, t->n);

	job->priority = t->priority;
	job->timeout_ns = t->timeout_ns;
	job->tries_max = f->tries_max;
	job->is_argv = t->is_argv;
	job->width = (unsigned)t->width;
	if (t->attributes)
		copy_attributes(f, job, t);
	know_command(f, job);
	return job;
}

/* A task that can't be run; others may still come after it. */
static struct job *make_refused(const struct feed *f, const struct tuple *t,
				const char *message)
{
	struct job *job = job_new(0, t->values, t->lens, t->n);

	job->priority = t->priority;
	job->tries_max = f->tries_max;
	job->message = arena_strdup(&job->arena, message);
	if (t->attributes) {
		job->where = describe_place(job, t);
		job->id = copy_string(job, t->attributes->id);
	}
	return job;
}

struct job *feed_job(const struct feed *f, const char *text, size_t len)
{
	char *value = (char *)text;
	struct tuple t = {
		.values = &value,
		.lens = &len,
		.n = 1,
		.timeout_ns = -1,
	};

	return make_job(f, &t);
}

/* One step; false at the end. */
static bool feed_one(struct feed *f, struct buf *err)
{
	struct tuple t;

	buf_reset(err);
	switch (intake_next(f->intake, &t, err)) {
	case SOURCE_END:
		return false;
	case SOURCE_TUPLE:
		return engine_submit(f->engine, make_job(f, &t));
	case SOURCE_BAD:
		atomic_store(&f->failed, true);
		return engine_submit(f->engine, make_refused(f, &t, err->data));
	case SOURCE_BARRIER:
		return engine_barrier(f->engine);
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
	intake_stop(f->intake);
	thread_wake(f->thread);
	thread_join(&f->thread);
	f->has_thread = false;
}
