/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool.h - the workers there are: slots, threads, and who is idle.
 *
 * Bookkeeping only; what a worker does and when there should be more or
 * fewer is the engine's business, whose lock guards all of it (the functions
 * named _locked want it held; pool_start and pool_join want it free).
 * Slots are numbered from 1, the lowest free one is taken first. Idle workers
 * form a stack: the one that became idle last is used first, so that caches
 * stay warm and the others can time out.
 */
#ifndef MUSTER_SCHED_POOL_H
#define MUSTER_SCHED_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/thread.h"
#include "sched/queue.h"

struct job;

enum worker_state {
	WORKER_NONE,		/* free slot; its thread may need joining */
	WORKER_STARTING,
	WORKER_BUSY,
	WORKER_IDLE,
	WORKER_LEAVING,
};

struct worker {
	void *owner;		/* the stage */
	unsigned slot;
	enum worker_state state;
	uint64_t jobs;		/* tries run on this slot */
	bool has_thread;	/* the last one is to be joined */
	struct thread thread;	/* that one */
	struct cond wake;	/* for this worker alone, when it is idle */
	struct list link;	/* idle stack */
	int64_t idle_since_ns;
	void *run_state;	/* the runner's */
	int64_t took_ns;	/* when it took its job (SCALE_ADAPTIVE) */
	bool again;		/* its job is to have another try */
	bool came;		/* started or woken, has no job yet */

	/* May be taken inside the engine's lock, and without it. */
	struct mutex lock;
	struct queue own;	/* DISPATCH_STEALING: guarded by lock */
	struct job *job;	/* being run; set with both locks held or, when
				   the stage is not gated, with lock, or with
				   DISPATCH_SHARED with the engine's; back to
				   NULL with the engine's */
	bool is_uncounted;	/* taken without the engine's lock; as job */
};

struct pool {
	struct worker **slots;	/* slots[i] has number i + 1 */
	unsigned nslots;
	unsigned workers;	/* not WORKER_NONE */
	unsigned idle;
	unsigned starting;	/* started or woken, but not yet come to look
				   for a job */
	unsigned leaving;	/* have decided to end, still have their slot */
	unsigned peak;
	unsigned first_free;	/* no free slot below this index */
	unsigned min;
	unsigned max;
	struct list idle_stack;
	struct queue_config queue;	/* of the workers' own */
	void *owner;
};

void pool_init(struct pool *p, void *owner, unsigned min, unsigned max,
	       const struct queue_config *queue);
/* After pool_join. */
void pool_release(struct pool *p);

/* Takes a free slot and counts it as a worker that starts. */
struct worker *pool_reserve_locked(struct pool *p);
/* The same for a thread that is not the pool's: it counts as one that is
 * leaving. */
struct worker *pool_reserve_guest_locked(struct pool *p);
/* Starts fn(worker) on the reserved slot. 0, or -1 with errno; the slot is
 * still reserved then. */
int pool_start(struct worker *w, void *(*fn)(void *)) MUST_USE;
/* A worker that was started, or was idle, is at work. */
void pool_busy_locked(struct pool *p, struct worker *w);
/* Called by the worker itself, which is going to end: it counts as a thread,
 * but not as one of those that stay, so that two never leave for one that is
 * too many. */
void pool_leave_locked(struct pool *p, struct worker *w);
/* Gives the slot back; called by the worker itself as the last thing it does
 * with the lock held, or by who reserved it. */
void pool_retire_locked(struct pool *p, struct worker *w);
/* Who has just retired is needed after all: on the same slot, as one that
 * starts. */
void pool_return_locked(struct pool *p, struct worker *w);

void pool_park_locked(struct pool *p, struct worker *w, int64_t now_ns);
/* The idle worker to use next, now starting; NULL when there is none. */
struct worker *pool_take_idle_locked(struct pool *p);
/* True for a worker that will look for another job. */
bool pool_is_staying(const struct worker *w);

/* Wakes all workers that wait, so that they look round. */
void pool_wake_locked(struct pool *p);
/* Joins all threads; every worker must be on its way out. */
void pool_join(struct pool *p);

#endif
