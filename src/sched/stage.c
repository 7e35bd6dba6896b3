/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stage.c - see stage.h. */
#include <config.h>

#include "sched/engine_impl.h"
#include "sched/job.h"
#include "sched/stage.h"
#include "sched/throttle.h"

static bool is_stealing(const struct stage *st)
{
	return st->engine->cfg.dispatch == DISPATCH_STEALING;
}

static bool is_shared_locked(const struct stage *st)
{
	return !is_stealing(st) || st->engine->has_weights;
}

void stage_init(struct stage *st, struct engine *e, unsigned index,
		const struct engine_bounds *bounds)
{
	struct queue_config config = {
		.order = e->cfg.queue_order,
		.aging_ns = e->cfg.priority_aging_ns,
		.capacity = e->cfg.queue_capacity,
		.bytes_max = e->cfg.queue_bytes,
	};

	BUG_ON(bounds->min > bounds->max || bounds->max == 0);
	*st = (struct stage){ .engine = e, .index = index };
	queue_init(&st->queue, &config);
	queue_init(&st->light, &config);
	atomic_init(&st->queued, 0);
	atomic_init(&st->bytes, 0);
	atomic_init(&st->gated, true);
	atomic_init(&st->want_space, 0);
	cond_init(&st->space);
	pool_init(&st->pool, st, bounds->min, bounds->max, &config);
	st->grow_limit = ~0u;
	adapt_init(&st->adapt, bounds->min, bounds->max, engine_now(e));
	st->goal = st->adapt.goal;
}

void stage_release(struct stage *st)
{
	pool_join(&st->pool);
	pool_release(&st->pool);
	queue_release(&st->light);
	queue_release(&st->queue);
	cond_release(&st->space);
}

size_t stage_queued(const struct stage *st)
{
	return atomic_load_explicit(&st->queued, memory_order_relaxed);
}

bool stage_is_full(const struct stage *st)
{
	const struct engine_config *c = &st->engine->cfg;

	/* In one order with want_space, see count_out. */
	if (atomic_load(&st->queued) >= c->queue_capacity)
		return true;
	return c->queue_bytes &&
	       atomic_load_explicit(&st->bytes, memory_order_relaxed) >=
		       c->queue_bytes;
}

bool stage_is_crowded(const struct stage *st)
{
	const struct engine_config *c = &st->engine->cfg;

	if (stage_queued(st) / 2 >= c->queue_capacity)
		return true;
	return c->queue_bytes &&
	       atomic_load_explicit(&st->bytes, memory_order_relaxed) / 2 >=
		       c->queue_bytes;
}

/* The account of waiting jobs. */

static void count_in(struct stage *st, const struct job *job)
{
	atomic_fetch_add_explicit(&st->bytes, job->bytes,
				  memory_order_relaxed);
	atomic_fetch_add_explicit(&st->queued, 1, memory_order_relaxed);
}

/* Returns how many still wait. */
static size_t count_out(struct stage *st, const struct job *job)
{
	atomic_fetch_sub_explicit(&st->bytes, job->bytes,
				  memory_order_relaxed);
	/* In one order with want_space: who wants space counts himself before
	 * he looks whether there is some. */
	return atomic_fetch_sub(&st->queued, 1) - 1;
}

/* One waiter, woken when half the queue is free: not for each job. */
static void make_space_locked(struct stage *st)
{
	if (atomic_load(&st->want_space) &&
	    stage_queued(st) <= st->engine->cfg.queue_capacity / 2)
		cond_signal(&st->space);
}

/* Waiting jobs come and go. */

/* The next worker, in turn, that will look into its own queue again. */
static struct worker *next_in_turn_locked(struct stage *st)
{
	struct pool *p = &st->pool;

	for (unsigned i = 0; i < p->nslots; i++) {
		struct worker *w = p->slots[st->turn++ % p->nslots];

		if (pool_is_staying(w))
			return w;
	}
	return NULL;
}

void stage_push_locked(struct stage *st, struct job *job)
{
	struct worker *w = NULL;

	count_in(st, job);
	if (job->weight == 0) {
		queue_push(&st->light, job);
		return;
	}
	if (!is_shared_locked(st))
		w = next_in_turn_locked(st);
	if (!w) {
		queue_push(&st->queue, job);
		return;
	}
	mutex_lock(&w->lock);
	queue_push(&w->own, job);
	mutex_unlock(&w->lock);
}

static bool fits_locked(const struct stage *st, const struct job *job)
{
	return job->weight == 0 || st->used == 0 ||
	       st->used + job->weight <= st->pool.max;
}

/* May anything be started at all? */
static bool is_open_locked(const struct stage *st)
{
	const struct engine *e = st->engine;

	return !e->starved && !e->paused && !engine_is_holding_locked(e) &&
	       e->stop == ENGINE_RUN && !e->stop_judged;
}

/* w runs it from now on. The engine's lock is held and, with stealing, its own;
 * or only its own is, and the stage is not gated. */
static void assign(struct stage *st, struct worker *w, struct job *job)
{
	w->job = job;
	w->jobs++;
	job->slot = w->slot;
	if (st->engine->cfg.scale == SCALE_ADAPTIVE)
		w->took_ns = engine_now(st->engine);
	atomic_fetch_add_explicit(&st->engine->running, 1,
				  memory_order_relaxed);
}

static struct job *pop_fitting_locked(struct stage *st, struct queue *q)
{
	struct job *job = queue_peek(q);

	if (!job || !fits_locked(st, job) || !engine_may_start_locked(
						      st->engine))
		return NULL;
	return queue_pop(q);
}

static struct job *pop_own_locked(struct stage *st, struct worker *w)
{
	struct job *job;

	mutex_lock(&w->lock);
	job = pop_fitting_locked(st, &w->own);
	mutex_unlock(&w->lock);
	return job;
}

static struct worker *longest_locked(struct stage *st, const struct worker *me)
{
	struct worker *longest = NULL;
	size_t most = 0;

	for (unsigned i = 0; i < st->pool.nslots; i++) {
		struct worker *w = st->pool.slots[i];
		size_t n;

		if (w == me)
			continue;
		mutex_lock(&w->lock);
		n = queue_len(&w->own);
		mutex_unlock(&w->lock);
		if (n > most) {
			most = n;
			longest = w;
		}
	}
	return longest;
}

/* Half of the longest other queue, the later half, becomes w's own. */
static bool steal_locked(struct stage *st, struct worker *w)
{
	struct worker *victim = longest_locked(st, w);
	struct list loot;
	struct list *node;

	if (!victim)
		return false;
	list_init(&loot);
	mutex_lock(&victim->lock);
	queue_split(&victim->own, &loot);
	mutex_unlock(&victim->lock);
	if (list_is_empty(&loot))
		return false;
	st->steals++;
	mutex_lock(&w->lock);
	while ((node = list_take_first(&loot)) != NULL)
		queue_push(&w->own, container_of(node, struct job, link));
	mutex_unlock(&w->lock);
	return true;
}

static struct job *pick_locked(struct stage *st, struct worker *w)
{
	struct job *job = pop_fitting_locked(st, &st->light);

	if (!job && !is_shared_locked(st))
		job = pop_own_locked(st, w);
	if (!job)
		job = pop_fitting_locked(st, &st->queue);
	if (!job && !is_shared_locked(st) && steal_locked(st, w))
		job = pop_own_locked(st, w);
	return job;
}

struct job *stage_take_locked(struct stage *st, struct worker *w)
{
	struct job *job;

	if (!is_open_locked(st) || stage_queued(st) == 0)
		return NULL;
	job = pick_locked(st, w);
	if (!job)
		return NULL;
	count_out(st, job);
	if (job->weight == 0)
		st->lights++;
	else
		st->used += job->weight;
	if (is_stealing(st)) {
		mutex_lock(&w->lock);
		assign(st, w, job);
		mutex_unlock(&w->lock);
	} else {
		assign(st, w, job);
	}
	make_space_locked(st);
	engine_plan_start_locked(st->engine);
	return job;
}

struct job *stage_take_own(struct stage *st, struct worker *w)
{
	struct job *job = NULL;
	size_t left = 0;

	if (!is_stealing(st) || atomic_load(&st->gated))
		return NULL;
	mutex_lock(&w->lock);
	/* Again under the lock: who closes the gate comes by here, and what
	 * he does next finds the job in w->job. */
	if (!atomic_load(&st->gated))
		job = queue_pop(&w->own);
	if (job) {
		left = count_out(st, job);
		/* Given back in stage_put_locked. */
		w->is_uncounted = true;
		assign(st, w, job);
	}
	mutex_unlock(&w->lock);
	if (job && atomic_load(&st->want_space) &&
	    left <= st->engine->cfg.queue_capacity / 2)
		engine_signal_space(st);
	return job;
}

bool stage_lend(struct stage *st, struct worker *w, struct job *job)
{
	bool lends;

	mutex_lock(&st->engine->lock);
	lends = st->engine->stop == ENGINE_RUN;
	if (lends) {
		mutex_lock(&w->lock);
		w->is_uncounted = true;
		assign(st, w, job);
		mutex_unlock(&w->lock);
	}
	mutex_unlock(&st->engine->lock);
	return lends;
}

void stage_put_locked(struct stage *st, struct worker *w)
{
	struct job *job = w->job;

	/* Taken without the lock: then weights are not in use, and were not
	 * counted. */
	if (!w->is_uncounted) {
		if (job->weight == 0)
			st->lights--;
		else
			st->used -= job->weight;
	}
	w->is_uncounted = false;
	/* Without the engine's lock nobody but w itself looks at it. */
	w->job = NULL;
	w->again = false;
	atomic_fetch_sub_explicit(&st->engine->running, 1,
				  memory_order_relaxed);
}

void stage_hand_back_locked(struct stage *st, struct worker *w)
{
	struct job *job;

	if (!is_stealing(st))
		return;
	mutex_lock(&w->lock);
	while ((job = queue_pop(&w->own)) != NULL)
		queue_push(&st->queue, job);
	mutex_unlock(&w->lock);
}

/* How many there should be. */

static unsigned lights_locked(const struct stage *st)
{
	return st->lights + (unsigned)queue_len(&st->light);
}

static unsigned at_most(unsigned n, unsigned limit)
{
	return n < limit ? n : limit;
}

unsigned stage_bound_locked(const struct stage *st)
{
	return at_most(st->pool.max + lights_locked(st), st->grow_limit);
}

/*
 * Each thread that was to run a job would need a process as well: idle ones
 * may be all that is in the way of those. So of the numbers (or of the memory)
 * that idle threads have taken, half is given back.
 */
void stage_limit_locked(struct stage *st)
{
	unsigned running = atomic_load_explicit(&st->engine->running,
						memory_order_relaxed);
	unsigned reached = st->pool.workers;

	if (running < reached)
		reached -= (reached - running) / 2;
	/* One is tried again for each job, if there is none at all. */
	st->grow_limit = reached ? reached : 1;
	engine_plan_probe_locked(st->engine);
	if (st->pool.workers > st->grow_limit)
		pool_wake_locked(&st->pool);
}

/* Jobs that could start now if there were workers. */
static size_t startable_locked(struct stage *st)
{
	size_t n = stage_queued(st);
	size_t lights = queue_len(&st->light);
	unsigned max = st->pool.max;
	const struct job *next = queue_peek(&st->queue);

	if (n == 0 || !is_open_locked(st))
		return 0;
	if (!engine_has_token_locked(st->engine)) {
		engine_plan_start_locked(st->engine);
		return 0;
	}
	if (!st->engine->has_weights || n == lights)
		return n;
	if (next && !fits_locked(st, next))
		return lights;
	if (n - lights > (size_t)(max > st->used ? max - st->used : 0))
		return lights + (max > st->used ? max - st->used : 0);
	return n;
}

unsigned stage_min_locked(const struct stage *st)
{
	return st->engine->is_short && st->pool.min > 1
		       ? 1 : at_most(st->pool.min, st->grow_limit);
}

static struct scale_sample sample_locked(const struct stage *st,
					 size_t startable)
{
	const struct engine *e = st->engine;
	const struct pool *p = &st->pool;
	unsigned lights = lights_locked(st);
	bool is_fixed = e->cfg.scale == SCALE_FIXED;

	return (struct scale_sample){
		/* In a shortage no thread is to be there for nothing. */
		.policy = is_fixed && e->is_short ? SCALE_EAGER : e->cfg.scale,
		.threshold = e->cfg.scale_threshold,
		.min = stage_min_locked(st),
		.max = stage_bound_locked(st),
		.goal = at_most(st->goal + lights, st->grow_limit),
		.workers = p->workers - p->leaving,
		.idle = p->idle + p->starting,
		.queued = startable,
		.is_full = atomic_load(&st->want_space) > 0 &&
			   stage_is_full(st),
	};
}

static bool wants_worker_locked(const struct stage *st, size_t startable)
{
	struct scale_sample s;

	if (engine_is_done_locked(st->engine) ||
	    st->pool.workers >= st->grow_limit)
		return false;
	s = sample_locked(st, startable);
	/* Those that leave still have their slots. */
	s.workers = st->pool.workers;
	return scale_up(&s) > st->pool.workers;
}

bool stage_wants_worker_locked(struct stage *st)
{
	return wants_worker_locked(st, startable_locked(st));
}

bool stage_is_surplus_locked(struct stage *st, bool idled_out)
{
	/* What waits is no matter for one that is beyond the bounds. */
	struct scale_sample s = sample_locked(
		st, idled_out ? startable_locked(st) : 0);

	return scale_is_surplus(&s, idled_out);
}

/* One, unless one is on its way already. n: jobs that could start. */
static void wake_one_locked(struct stage *st, size_t n)
{
	struct worker *w;

	if (n == 0 || st->pool.starting > 0)
		return;
	w = pool_take_idle_locked(&st->pool);
	if (w)
		cond_signal(&w->wake);
}

void stage_wake_locked(struct stage *st)
{
	wake_one_locked(st, startable_locked(st));
}

void stage_pass_on_locked(struct stage *st, struct worker *w)
{
	/* After a shortage one more is tried at a time. */
	if (w->came && !st->engine->is_short)
		stage_wake_locked(st);
	w->came = false;
}

struct worker *stage_rouse_locked(struct stage *st,
				  enum engine_resize_reason why)
{
	size_t n = startable_locked(st);

	wake_one_locked(st, n);
	/* After a shortage one more is tried at a time. */
	if ((st->engine->is_short && st->pool.starting > 0) ||
	    !wants_worker_locked(st, n))
		return NULL;
	/* The warm pool is that, whoever came to start it. */
	if (st->pool.workers < st->pool.min)
		why = RESIZE_START;
	st->grown[why]++;
	return pool_reserve_locked(&st->pool);
}

void stage_gate_locked(struct stage *st)
{
	const struct engine *e = st->engine;
	bool gated = !is_open_locked(st) || e->has_weights ||
		     e->allowed >= 0 ||
		     !throttle_is_open(&e->throttle) || e->quit ||
		     st->pool.workers > stage_bound_locked(st) ||
		     (e->cfg.scale == SCALE_ADAPTIVE &&
		      st->pool.workers > st->goal);

	atomic_store(&st->gated, gated);
}

/* Looking for one. */

struct job *stage_find_locked(struct stage *st, uint64_t seq)
{
	struct job *job = queue_find(&st->light, seq);

	if (!job)
		job = queue_find(&st->queue, seq);
	for (unsigned i = 0; !job && i < st->pool.nslots; i++) {
		struct worker *w = st->pool.slots[i];

		/* Into a queue that only we can empty. */
		mutex_lock(&w->lock);
		job = queue_find(&w->own, seq);
		if (job) {
			queue_remove(&w->own, job);
			queue_push(&st->queue, job);
		}
		mutex_unlock(&w->lock);
	}
	return job;
}

void stage_remove_locked(struct stage *st, struct job *job)
{
	queue_remove(job->weight ? &st->queue : &st->light, job);
	count_out(st, job);
	make_space_locked(st);
}

void stage_each_locked(struct stage *st, void (*fn)(struct job *, void *),
		       void *arg)
{
	queue_each(&st->light, fn, arg);
	queue_each(&st->queue, fn, arg);
	for (unsigned i = 0; i < st->pool.nslots; i++) {
		struct worker *w = st->pool.slots[i];

		mutex_lock(&w->lock);
		queue_each(&w->own, fn, arg);
		mutex_unlock(&w->lock);
	}
}

static void empty_locked(struct stage *st, struct queue *q, struct list *out)
{
	struct job *job;

	while ((job = queue_pop(q)) != NULL) {
		count_out(st, job);
		list_append(out, &job->link);
	}
}

void stage_take_all_locked(struct stage *st, struct list *out)
{
	empty_locked(st, &st->light, out);
	empty_locked(st, &st->queue, out);
	for (unsigned i = 0; i < st->pool.nslots; i++) {
		struct worker *w = st->pool.slots[i];

		mutex_lock(&w->lock);
		empty_locked(st, &w->own, out);
		mutex_unlock(&w->lock);
	}
}
