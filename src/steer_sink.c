/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * steer_sink.c - what the server knows of jobs that it must not look at.
 *
 * A running job belongs to its worker, so its start is noted here, by slot.
 * One that is over is freed, so what a failed one was to do is copied.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sched/job.h"
#include "steer_impl.h"

/* Starts. */

static void note_start(struct sink *sink, const struct job *job)
{
	struct steer *s = container_of(sink, struct steer, sink);
	struct steer_run run = {
		.seq = job->seq,
		.tries = job->tries,
		.start_ns = clock_run_ns(),
	};
	struct steer_slots *slots;

	if (job->stage >= s->cfg.stages)
		return;
	mutex_lock(&s->lock);
	slots = &s->slots[job->stage];
	if (job->slot >= slots->n) {
		size_t n = 2 * (size_t)job->slot + 16;

		slots->runs = xreallocarray(slots->runs, n,
					    sizeof(*slots->runs));
		memset(slots->runs + slots->n, 0,
		       (n - slots->n) * sizeof(*slots->runs));
		slots->n = n;
	}
	slots->runs[job->slot] = run;
	mutex_unlock(&s->lock);
}

bool steer_find_run(struct steer *s, unsigned stage, unsigned slot,
		    uint64_t seq, struct steer_run *out)
{
	bool found = false;

	mutex_lock(&s->lock);
	if (stage < s->cfg.stages && slot < s->slots[stage].n) {
		*out = s->slots[stage].runs[slot];
		found = out->seq == seq;
	}
	mutex_unlock(&s->lock);
	return found;
}

/* Failed jobs. */

/* Also counts what it copies. */
static const char *copy(struct job *to, const char *s)
{
	size_t len = s ? strlen(s) : 0;

	if (!s)
		return NULL;
	to->bytes += len + 1;
	return arena_memdup0(&to->arena, s, len);
}

static void copy_env(struct job *to, char **env)
{
	size_t n = 0;

	while (env[n])
		n++;
	to->bytes += (n + 1) * sizeof(*env);
	to->env = arena_alloc(&to->arena, (n + 1) * sizeof(*env));
	for (size_t i = 0; i < n; i++)
		to->env[i] = (char *)copy(to, env[i]);
	to->env[n] = NULL;
}

static struct job *copy_values(const struct job *job)
{
	size_t *lens = xreallocarray(NULL, job->nvalues + 1, sizeof(*lens));
	struct job *new;

	for (unsigned i = 0; i < job->nvalues; i++)
		lens[i] = strlen(job->values[i]);
	new = job_new(job->seq, job->values, lens, job->nvalues);
	free(lens);
	return new;
}

static void copy_data(struct job *to, const struct job *job)
{
	to->has_data = job->has_data;
	to->part_path = copy(to, job->part_path);
	to->part_of_stdin = job->part_of_stdin;
	to->part_from = job->part_from;
	to->part_len = job->part_len;
	if (job->data)
		job_set_data(to, xmemdup0(job->data, job->data_len),
			     job->data_len);
	to->block_path = copy(to, job->block_path);
	to->block_is_fifo = job->block_is_fifo;
}

/* The same task again. Its id stays with the one that failed, what it came
 * after is over. */
static struct job *copy_job(const struct job *job)
{
	struct job *new = copy_values(job);

	new->priority = job->priority;
	new->weight = job->weight;
	new->tries_max = job->tries_max;
	new->timeout_ns = job->timeout_ns;
	new->backoff = job->backoff;
	new->width = job->width;
	new->is_argv = job->is_argv || job->was_argv;
	new->has_key = job->has_key;
	memcpy(new->key, job->key, sizeof(new->key));
	new->where = copy(new, job->where);
	new->cwd = copy(new, job->cwd);
	new->input = copy(new, job->input);
	copy_data(new, job);
	new->tag = copy(new, job->tag);
	if (job->env)
		copy_env(new, job->env);
	return new;
}

static bool is_worth_it(const struct job *job)
{
	/* What it was given is not there any more. */
	if (job->inlet)
		return false;
	switch (job->outcome.end) {
	case JOB_EXITED:
	case JOB_SIGNALED:
	case JOB_TIMEOUT:
	case JOB_KILLED:
	case JOB_UNSTARTED:
	case JOB_LOST:
	case JOB_DROPPED:
	case JOB_SKIPPED:
		return !job_has_succeeded(job);
	case JOB_REFUSED:	/* it would be refused again */
	case JOB_CANCELLED:	/* the run has been stopped */
		return false;
	}
	BUG("job end out of range");
}

static struct job *unlink_locked(struct steer *s, struct list *node)
{
	struct job *job = container_of(node, struct job, link);

	list_del(node);
	s->nfailed--;
	s->failed_bytes -= job->bytes;
	return job;
}

static void remember(struct steer *s, struct job *job)
{
	struct list old;
	struct list *node;

	list_init(&old);
	mutex_lock(&s->lock);
	list_append(&s->failed, &job->link);
	s->nfailed++;
	s->failed_bytes += job->bytes;
	while (s->nfailed > STEER_FAILED ||
	       (s->nfailed > 1 && s->failed_bytes > STEER_FAILED_BYTES))
		list_append(&old, &unlink_locked(s, s->failed.next)->link);
	mutex_unlock(&s->lock);
	while ((node = list_take_first(&old)) != NULL)
		job_free(container_of(node, struct job, link));
}

struct job *steer_take_failed(struct steer *s, uint64_t seq)
{
	struct job *job = NULL;
	struct list *pos;

	mutex_lock(&s->lock);
	list_for_each(pos, &s->failed) {
		if (container_of(pos, struct job, link)->seq == seq) {
			job = unlink_locked(s, pos);
			break;
		}
	}
	mutex_unlock(&s->lock);
	return job;
}

static void note_done(struct sink *sink, const struct job *job)
{
	struct steer *s = container_of(sink, struct steer, sink);

	if (is_worth_it(job))
		remember(s, copy_job(job));
}

static const struct sink_ops steer_sink_ops = {
	.start = note_start,
	.done = note_done,
};

void steer_sink_init(struct steer *s)
{
	s->sink.ops = &steer_sink_ops;
	list_init(&s->sink.link);
	mutex_init(&s->lock);
	list_init(&s->failed);
	s->slots = xcalloc(s->cfg.stages, sizeof(*s->slots));
}

void steer_sink_release(struct steer *s)
{
	struct list *node;

	while ((node = list_take_first(&s->failed)) != NULL)
		job_free(container_of(node, struct job, link));
	for (unsigned i = 0; i < s->cfg.stages; i++)
		free(s->slots[i].runs);
	free(s->slots);
	mutex_release(&s->lock);
}
