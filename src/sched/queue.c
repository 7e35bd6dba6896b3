/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * queue.c - the jobs that wait, as a heap.
 */
#include <config.h>

#include "sched/queue.h"

#include "sched/job.h"

/* Sequence numbers differ, so the order is total and ties can't swap. */
static bool comes_before(const void *a, const void *b)
{
	const struct job *x = a;
	const struct job *y = b;

	if (x->priority != y->priority)
		return x->priority > y->priority;
	return x->seq < y->seq;
}

void queue_init(struct queue *q, size_t capacity, size_t bytes_max)
{
	BUG_ON(capacity == 0);
	heap_init(&q->heap, comes_before, NULL);
	q->capacity = capacity;
	q->bytes = 0;
	q->bytes_max = bytes_max;
}

void queue_release(struct queue *q)
{
	struct job *job;

	while ((job = queue_pop(q)))
		job_free(job);
	heap_release(&q->heap);
}

void queue_push(struct queue *q, struct job *job)
{
	heap_push(&q->heap, job);
	q->bytes += job->bytes;
}

struct job *queue_pop(struct queue *q)
{
	struct job *job = heap_pop(&q->heap);

	if (job)
		q->bytes -= job->bytes;
	return job;
}

bool queue_is_full(const struct queue *q)
{
	if (q->heap.len >= q->capacity)
		return true;
	return q->bytes_max && q->bytes >= q->bytes_max;
}

size_t queue_len(const struct queue *q)
{
	return q->heap.len;
}
