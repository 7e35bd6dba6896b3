/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * queue.h - the jobs that wait for a worker.
 *
 * In one of three orders: by priority (higher first, then reading order), the
 * oldest first, or the newest first. With ageing, a job gains one level of
 * priority for each such time it waits (from its ready_ns on), continuously,
 * so that none starves.
 *
 * Bounded by count and bytes; the bound is for the one who submits
 * (queue_is_full), a job that comes back to be tried again always finds room.
 * Holds no lock: its owner's lock guards it. Jobs in the queue belong to it.
 */
#ifndef MUSTER_SCHED_QUEUE_H
#define MUSTER_SCHED_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"

struct job;

enum queue_order { QUEUE_PRIORITY, QUEUE_FIFO, QUEUE_LIFO };

struct queue_config {
	enum queue_order order;
	int64_t aging_ns;	/* per level; 0: none; QUEUE_PRIORITY only */
	size_t capacity;	/* at least 1 */
	size_t bytes_max;	/* 0: no bound */
};

struct queue {
	struct queue_config cfg;
	struct heap heap;
	size_t bytes;		/* sum of the jobs' bytes */
};

/* By name (priority fifo lifo). 0, or -1 for another word. */
int queue_order_parse(const char *word, enum queue_order *order);

void queue_init(struct queue *q, const struct queue_config *config);
/* Frees the jobs that are left. */
void queue_release(struct queue *q);

void queue_push(struct queue *q, struct job *job);
/* The next job, now the caller's; NULL when none waits. */
struct job *queue_pop(struct queue *q);
/* The next job, left where it is; NULL when none waits. */
struct job *queue_peek(const struct queue *q);
/* Takes out a job that is in q. */
void queue_remove(struct queue *q, struct job *job);
/* The waiting job with that number, left where it is, or NULL; looks at all
 * of them. */
struct job *queue_find(const struct queue *q, uint64_t seq);
/* Calls fn for each waiting job, in no order; fn leaves the queue alone. */
void queue_each(const struct queue *q,
		void (*fn)(struct job *, void *), void *arg);
/* Moves the later half of what waits, rounded up, to out. */
void queue_split(struct queue *q, struct list *out);
bool queue_is_full(const struct queue *q);
size_t queue_len(const struct queue *q);

#endif
