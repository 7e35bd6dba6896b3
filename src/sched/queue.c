/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * queue.c - the jobs that wait, as a heap.
 *
 * Ageing needs no clock and no reordering: at any time t a job's priority is
 * p + (t - ready) / aging, so which of two comes first never changes, and it
 * is enough to compare p * aging - ready. That must fit: a level takes seven
 * weeks at most (the product is then in range for all priorities that users
 * can give), and what still does not fit is cut off.
 */
#include <config.h>

#include <string.h>

#include "sched/job.h"
#include "sched/queue.h"

#define RANK_MAX	(INT64_MAX / 2)
#define AGING_MAX	(RANK_MAX / 1000)

/* Sequence numbers differ, so all orders are total and ties can't swap. */

static bool is_older(const void *a, const void *b)
{
	return ((const struct job *)a)->seq < ((const struct job *)b)->seq;
}

static bool is_newer(const void *a, const void *b)
{
	return ((const struct job *)a)->seq > ((const struct job *)b)->seq;
}

static bool is_higher(const void *a, const void *b)
{
	const struct job *x = a;
	const struct job *y = b;

	if (x->rank != y->rank)
		return x->rank > y->rank;
	return x->seq < y->seq;
}

static void moved(void *item, size_t pos)
{
	((struct job *)item)->pos = pos;
}

int queue_order_parse(const char *word, enum queue_order *order)
{
	static const char *const names[] = {
		[QUEUE_PRIORITY] = "priority",
		[QUEUE_FIFO] = "fifo",
		[QUEUE_LIFO] = "lifo",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(word, names[i]) == 0) {
			*order = (enum queue_order)i;
			return 0;
		}
	}
	return -1;
}

/* a * b, at most RANK_MAX either way; b is positive. */
static int64_t product(int64_t a, int64_t b)
{
	if (a > RANK_MAX / b)
		return RANK_MAX;
	if (a < -RANK_MAX / b)
		return -RANK_MAX;
	return a * b;
}

/* ready_ns is a clock's: 0 to RANK_MAX. */
static int64_t rank(const struct queue *q, const struct job *job)
{
	if (!q->cfg.aging_ns)
		return job->priority;
	return product(job->priority, q->cfg.aging_ns) - job->ready_ns;
}

void queue_init(struct queue *q, const struct queue_config *config)
{
	static bool (*const before[])(const void *, const void *) = {
		[QUEUE_PRIORITY] = is_higher,
		[QUEUE_FIFO] = is_older,
		[QUEUE_LIFO] = is_newer,
	};

	BUG_ON(config->capacity == 0);
	*q = (struct queue){ .cfg = *config };
	if (q->cfg.aging_ns > AGING_MAX)
		q->cfg.aging_ns = AGING_MAX;
	heap_init(&q->heap, before[config->order], moved);
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
	job->rank = rank(q, job);
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

struct job *queue_peek(const struct queue *q)
{
	return heap_peek(&q->heap);
}

void queue_remove(struct queue *q, struct job *job)
{
	BUG_ON(heap_remove(&q->heap, job->pos) != job);
	q->bytes -= job->bytes;
}

struct job *queue_find(const struct queue *q, uint64_t seq)
{
	for (size_t i = 0; i < q->heap.len; i++) {
		struct job *job = q->heap.items[i];

		if (job->seq == seq)
			return job;
	}
	return NULL;
}

void queue_each(const struct queue *q,
		void (*fn)(struct job *, void *), void *arg)
{
	for (size_t i = 0; i < q->heap.len; i++)
		fn(q->heap.items[i], arg);
}

/* The last elements of a heap are not its first in order, and without them
 * it is a heap still. */
void queue_split(struct queue *q, struct list *out)
{
	for (size_t n = (q->heap.len + 1) / 2; n > 0; n--) {
		struct job *job = heap_remove(&q->heap, q->heap.len - 1);

		q->bytes -= job->bytes;
		list_prepend(out, &job->link);
	}
}

bool queue_is_full(const struct queue *q)
{
	if (q->heap.len >= q->cfg.capacity)
		return true;
	return q->cfg.bytes_max && q->bytes >= q->cfg.bytes_max;
}

size_t queue_len(const struct queue *q)
{
	return q->heap.len;
}
