/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * job.c - making, recycling and judging jobs.
 *
 * Millions of jobs pass through a run, few exist at a time. Those that are
 * over go on a short list with the first block of their arena, so that a
 * steady state makes no call of malloc.
 */
#include <config.h>

#include "sched/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/thread.h"

/* More than wait in a queue of the usual size. */
#define SPARE_MAX	1280

static struct {
	struct mutex lock;
	struct list jobs;	/* guarded by lock, as count */
	unsigned count;
} spare = {
	.lock = MUTEX_INIT,
	.jobs = LIST_INIT(spare.jobs),
};

static struct job *take_spare(void)
{
	struct list *node;

	mutex_lock(&spare.lock);
	node = list_take_first(&spare.jobs);
	if (node)
		spare.count--;
	mutex_unlock(&spare.lock);
	return node ? container_of(node, struct job, link) : NULL;
}

static bool put_spare(struct job *job)
{
	bool room;

	mutex_lock(&spare.lock);
	room = spare.count < SPARE_MAX;
	if (room) {
		/* The one used last is the one in the cache. */
		list_prepend(&spare.jobs, &job->link);
		spare.count++;
	}
	mutex_unlock(&spare.lock);
	return room;
}

static void copy_values(struct job *job, char *const *values,
			const size_t *lens, size_t n)
{
	size_t array = (n + 1) * sizeof(*job->values);

	job->bytes = sizeof(*job) + array;
	job->nvalues = (unsigned)n;
	job->values = arena_alloc(&job->arena, array);
	for (size_t i = 0; i < n; i++) {
		job->values[i] = arena_memdup0(&job->arena, values[i],
					       lens[i]);
		job->bytes += lens[i] + 1;
	}
	job->values[n] = NULL;
}

struct job *job_new(uint64_t seq, char *const *values, const size_t *lens,
		    size_t n)
{
	struct job *job = take_spare();
	struct arena arena = { 0 };

	if (job)
		arena = job->arena;
	else
		job = xmalloc(sizeof(*job));
	memset(job, 0, sizeof(*job));
	job->seq = seq;
	job->number = seq;
	job->weight = 1;
	job->backoff.delay_ns = -1;
	job->arena = arena;
	list_init(&job->link);
	copy_values(job, values, lens, n);
	return job;
}

void job_free(struct job *job)
{
	if (!job)
		return;
	BUG_ON(list_is_linked(&job->link));
	free(job->data);
	arena_reset(&job->arena);
	if (put_spare(job))
		return;
	arena_release(&job->arena);
	free(job);
}

void job_set_data(struct job *job, char *data, size_t len)
{
	job->has_data = true;
	job->data = data;
	job->data_len = len;
	job->bytes += len;
}

void job_advance(struct job *job)
{
	job->stage++;
	job->seq++;
	job->tries = 0;
	job->command = NULL;
	job->message = NULL;
	job->was_argv |= job->is_argv;
	job->is_argv = false;
	job->outcome = (struct job_outcome){ 0 };
	atomic_store(&job->order, JOB_GO);
}

bool job_is_over(const struct job *job)
{
	if (job->is_unfinished)
		return false;
	switch (job->outcome.end) {
	case JOB_EXITED:
	case JOB_SIGNALED:
	case JOB_TIMEOUT:
	case JOB_UNSTARTED:
	case JOB_REFUSED:
		return true;
	case JOB_KILLED:
	case JOB_CANCELLED:
	case JOB_LOST:
	case JOB_DROPPED:
	case JOB_SKIPPED:
		return false;
	}
	BUG("job_end out of range");
}

bool job_has_succeeded(const struct job *job)
{
	return job->outcome.end == JOB_EXITED && job->outcome.status == 0;
}

int job_status(const struct job *job)
{
	switch (job->outcome.end) {
	case JOB_EXITED:
		return job->outcome.status;
	case JOB_SIGNALED:
		return 128 + job->outcome.signal;
	case JOB_TIMEOUT:
	case JOB_KILLED:
	case JOB_UNSTARTED:
	case JOB_REFUSED:
	case JOB_CANCELLED:
	case JOB_LOST:
	case JOB_DROPPED:
	case JOB_SKIPPED:
		break;
	}
	return 255;
}

const char *job_end_name(enum job_end end)
{
	switch (end) {
	case JOB_EXITED:
		return "exited";
	case JOB_SIGNALED:
		return "signaled";
	case JOB_TIMEOUT:
		return "timeout";
	case JOB_KILLED:
		return "killed";
	case JOB_UNSTARTED:
		return "unstarted";
	case JOB_REFUSED:
		return "refused";
	case JOB_CANCELLED:
		return "cancelled";
	case JOB_LOST:
		return "lost";
	case JOB_DROPPED:
		return "dropped";
	case JOB_SKIPPED:
		return "skipped";
	}
	BUG("job end out of range");
}

void job_add_values(const struct job *job, struct buf *out)
{
	for (unsigned i = 0; i < job->nvalues; i++) {
		if (i)
			buf_addch(out, ' ');
		buf_addstr(out, job->values[i]);
	}
}

int64_t job_runtime_ns(const struct job *job)
{
	int64_t ns = job->outcome.end_ns - job->outcome.start_ns;

	return ns > 0 ? ns : 0;
}
