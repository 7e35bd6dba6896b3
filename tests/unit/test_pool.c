/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_pool.c - the workers' slots: who has which, who is idle.
 */
#include <config.h>

#include <stdlib.h>

#include "sched/pool.h"
#include "tap.h"

/* Of the workers' own queues, which the pool never looks into. */
static const struct queue_config own = { .capacity = 1 };

static void slots_are_numbered(void)
{
	struct worker *w[20];
	struct pool p;
	int owner;

	pool_init(&p, &owner, 1, 20, &own);
	for (unsigned i = 0; i < 20; i++) {
		w[i] = pool_reserve_locked(&p);
		CHECK_INT(w[i]->slot, i + 1);
		CHECK(w[i]->owner == &owner);
		CHECK_INT(w[i]->state, WORKER_STARTING);
	}
	CHECK_INT(p.workers, 20);
	CHECK_INT(p.starting, 20);
	CHECK_INT(p.nslots, 20);
	for (unsigned i = 0; i < 20; i++)
		pool_retire_locked(&p, w[i]);
	CHECK_INT(p.workers, 0);
	CHECK_INT(p.starting, 0);
	CHECK_INT(p.peak, 20);
	pool_release(&p);
}

static void lowest_free_first(void)
{
	struct worker *w[6];
	struct pool p;

	pool_init(&p, NULL, 1, 6, &own);
	for (int i = 0; i < 6; i++)
		w[i] = pool_reserve_locked(&p);
	pool_retire_locked(&p, w[4]);
	pool_retire_locked(&p, w[1]);
	pool_retire_locked(&p, w[3]);
	CHECK(pool_reserve_locked(&p) == w[1]);
	CHECK(pool_reserve_locked(&p) == w[3]);
	CHECK(pool_reserve_locked(&p) == w[4]);
	CHECK_INT(pool_reserve_locked(&p)->slot, 7);
	CHECK_INT(p.nslots, 7);
	pool_release(&p);
}

static void idle_stack(void)
{
	struct worker *w[3];
	struct pool p;

	pool_init(&p, NULL, 1, 3, &own);
	CHECK(pool_take_idle_locked(&p) == NULL);
	for (int i = 0; i < 3; i++) {
		w[i] = pool_reserve_locked(&p);
		pool_busy_locked(&p, w[i]);
	}
	CHECK_INT(p.starting, 0);
	pool_park_locked(&p, w[1], 100);
	pool_park_locked(&p, w[0], 200);
	pool_park_locked(&p, w[2], 300);
	CHECK_INT(p.idle, 3);
	CHECK_INT(w[0]->idle_since_ns, 200);
	/* One in the middle finds something to do by itself. */
	pool_busy_locked(&p, w[0]);
	CHECK_INT(p.idle, 2);
	CHECK(pool_take_idle_locked(&p) == w[2]);
	CHECK_INT(w[2]->state, WORKER_STARTING);
	CHECK_INT(p.starting, 1);
	pool_busy_locked(&p, w[2]);
	CHECK_INT(w[2]->state, WORKER_BUSY);
	CHECK(pool_take_idle_locked(&p) == w[1]);
	CHECK(pool_take_idle_locked(&p) == NULL);
	CHECK_INT(p.idle, 0);
	CHECK_INT(p.workers, 3);
	pool_release(&p);
}

static void leaving(void)
{
	struct worker *w[2];
	struct pool p;

	pool_init(&p, NULL, 1, 2, &own);
	for (int i = 0; i < 2; i++) {
		w[i] = pool_reserve_locked(&p);
		pool_busy_locked(&p, w[i]);
	}
	pool_park_locked(&p, w[0], 1);
	pool_leave_locked(&p, w[0]);
	CHECK_INT(p.idle, 0);
	CHECK_INT(p.leaving, 1);
	/* Its slot is not free yet. */
	CHECK_INT(p.workers, 2);
	CHECK(pool_take_idle_locked(&p) == NULL);
	pool_retire_locked(&p, w[0]);
	CHECK_INT(p.leaving, 0);
	CHECK_INT(p.workers, 1);
	/* It is needed after all. */
	pool_return_locked(&p, w[0]);
	CHECK_INT(p.workers, 2);
	CHECK_INT(p.starting, 1);
	CHECK_INT(pool_reserve_locked(&p)->slot, 3);
	pool_release(&p);
}

struct shared {
	struct mutex lock;
	struct pool pool;
	unsigned ran;		/* guarded by lock */
};

static void *visit(void *arg)
{
	struct worker *w = arg;
	struct shared *s = w->owner;

	mutex_lock(&s->lock);
	pool_busy_locked(&s->pool, w);
	s->ran++;
	pool_leave_locked(&s->pool, w);
	pool_retire_locked(&s->pool, w);
	mutex_unlock(&s->lock);
	return NULL;
}

/* A slot's next thread joins the one before; none is left over. */
static void threads_follow_each_other(void)
{
	struct shared s = { .ran = 0 };

	thread_setup();
	mutex_init(&s.lock);
	pool_init(&s.pool, &s, 1, 3, &own);
	for (int i = 0; i < 300; i++) {
		struct worker *w;

		mutex_lock(&s.lock);
		w = pool_reserve_locked(&s.pool);
		mutex_unlock(&s.lock);
		CHECK(pool_start(w, visit) == 0);
	}
	for (bool busy = true; busy; ) {
		mutex_lock(&s.lock);
		busy = s.pool.workers > 0;
		mutex_unlock(&s.lock);
	}
	pool_join(&s.pool);
	CHECK_INT(s.ran, 300);
	pool_release(&s.pool);
	mutex_release(&s.lock);
}

static const struct tap_case cases[] = {
	{ "slots are numbered from one", slots_are_numbered },
	{ "the lowest free slot is taken first", lowest_free_first },
	{ "idle workers are a stack", idle_stack },
	{ "who leaves keeps its slot until it retires", leaving },
	{ "threads follow each other on a slot",
	  threads_follow_each_other },
};
TAP_MAIN(cases)
