/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * queue.h - the jobs that wait: higher priority first, then reading order.
 *
 * Bounded by count; the bound is for the one who submits (queue_is_full), a
 * job that comes back to be tried again always finds room. Holds no lock:
 * the engine's lock guards it. Jobs in the queue belong to it.
 */
#ifndef MUSTER_SCHED_QUEUE_H
#define MUSTER_SCHED_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/heap.h"

struct job;

struct queue {
	struct heap heap;
	size_t capacity;
	size_t bytes;		/* sum of the jobs' bytes */
	size_t bytes_max;
};

/* capacity is at least 1; bytes_max 0 means no bound by bytes. */
void queue_init(struct queue *q, size_t capacity, size_t bytes_max);
/* Frees the jobs that are left. */
void queue_release(struct queue *q);

void queue_push(struct queue *q, struct job *job);
/* The next job, now the caller's; NULL when none waits. */
struct job *queue_pop(struct queue *q);
bool queue_is_full(const struct queue *q);
size_t queue_len(const struct queue *q);

#endif
