/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool.c - see pool.h. */
#include <config.h>

#include <stdlib.h>

#include "base/mem.h"
#include "sched/pool.h"

void pool_init(struct pool *p, void *owner, unsigned min, unsigned max,
	       const struct queue_config *queue)
{
	*p = (struct pool){
		.owner = owner, .min = min, .max = max, .queue = *queue,
	};
	list_init(&p->idle_stack);
}

void pool_release(struct pool *p)
{
	for (unsigned i = 0; i < p->nslots; i++) {
		queue_release(&p->slots[i]->own);
		mutex_release(&p->slots[i]->lock);
		cond_release(&p->slots[i]->wake);
		free(p->slots[i]);
	}
	free(p->slots);
}

static struct worker *worker_new(struct pool *p)
{
	struct worker *w = xcalloc(1, sizeof(*w));

	w->owner = p->owner;
	w->slot = p->nslots + 1;
	cond_init(&w->wake);
	list_init(&w->link);
	mutex_init(&w->lock);
	queue_init(&w->own, &p->queue);
	if ((p->nslots & (p->nslots - 1)) == 0)
		p->slots = xreallocarray(p->slots,
					 p->nslots ? 2 * p->nslots : 1,
					 sizeof(struct worker *));
	p->slots[p->nslots++] = w;
	return w;
}

struct worker *pool_reserve_locked(struct pool *p)
{
	struct worker *w;

	while (p->first_free < p->nslots &&
	       p->slots[p->first_free]->state != WORKER_NONE)
		p->first_free++;
	w = p->first_free < p->nslots ? p->slots[p->first_free]
				      : worker_new(p);
	p->first_free++;
	pool_return_locked(p, w);
	return w;
}

void pool_return_locked(struct pool *p, struct worker *w)
{
	BUG_ON(w->state != WORKER_NONE);
	w->state = WORKER_STARTING;
	p->starting++;
	p->workers++;
	if (p->workers > p->peak)
		p->peak = p->workers;
}

struct worker *pool_reserve_guest_locked(struct pool *p)
{
	struct worker *w = pool_reserve_locked(p);

	p->starting--;
	p->leaving++;
	w->state = WORKER_LEAVING;
	return w;
}

int pool_start(struct worker *w, void *(*fn)(void *))
{
	struct thread thread;

	/* The slot's last user has given it back with its final unlock. */
	if (w->has_thread)
		thread_join(&w->thread);
	w->has_thread = false;
	/* From here on w is the new thread's, which may be over already and
	 * its slot someone else's. */
	return thread_start_spare(&thread, fn, w);
}

void pool_busy_locked(struct pool *p, struct worker *w)
{
	if (w->state == WORKER_STARTING)
		p->starting--;
	if (w->state == WORKER_IDLE) {
		list_del(&w->link);
		p->idle--;
	}
	w->state = WORKER_BUSY;
}

void pool_leave_locked(struct pool *p, struct worker *w)
{
	pool_busy_locked(p, w);
	w->thread = thread_self();
	w->has_thread = true;
	w->state = WORKER_LEAVING;
	p->leaving++;
}

void pool_retire_locked(struct pool *p, struct worker *w)
{
	BUG_ON(w->state == WORKER_NONE || w->state == WORKER_IDLE);
	if (w->state == WORKER_STARTING)
		p->starting--;
	if (w->state == WORKER_LEAVING)
		p->leaving--;
	w->state = WORKER_NONE;
	p->workers--;
	if (w->slot - 1 < p->first_free)
		p->first_free = w->slot - 1;
}

void pool_park_locked(struct pool *p, struct worker *w, int64_t now_ns)
{
	if (w->state == WORKER_STARTING)
		p->starting--;
	w->state = WORKER_IDLE;
	w->idle_since_ns = now_ns;
	list_prepend(&p->idle_stack, &w->link);
	p->idle++;
}

struct worker *pool_take_idle_locked(struct pool *p)
{
	struct worker *w;

	if (list_is_empty(&p->idle_stack))
		return NULL;
	w = container_of(p->idle_stack.next, struct worker, link);
	pool_busy_locked(p, w);
	w->state = WORKER_STARTING;
	p->starting++;
	return w;
}

bool pool_is_staying(const struct worker *w)
{
	switch (w->state) {
	case WORKER_STARTING:
	case WORKER_BUSY:
	case WORKER_IDLE:
		return true;
	case WORKER_NONE:
	case WORKER_LEAVING:
		break;
	}
	return false;
}

void pool_wake_locked(struct pool *p)
{
	for (unsigned i = 0; i < p->nslots; i++)
		cond_signal(&p->slots[i]->wake);
}

void pool_join(struct pool *p)
{
	for (unsigned i = 0; i < p->nslots; i++) {
		struct worker *w = p->slots[i];

		if (w->has_thread)
			thread_join(&w->thread);
		w->has_thread = false;
	}
}
