/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine_steer.c - the controller's side of the engine: what is due, bounds,
 * single jobs, and what there is to be seen.
 */
#include <config.h>

#include <errno.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/num.h"
#include "sched/engine_impl.h"
#include "sched/job.h"
#include "sched/runner.h"

/* Pauses before what was short is asked for again. */
#define PROBE_PAUSE_MIN	NS_PER_SEC
#define PROBE_PAUSE_MAX	(30 * NS_PER_SEC)
/* And after one that had it. */
#define PROBE_STEP	(10 * NS_PER_MS)

/* Timers. */

static int64_t earlier(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

static bool try_again_locked(struct engine *e, int64_t now)
{
	struct job *job = heap_peek(&e->delayed);
	bool any = false;

	for (; job && job->due_ns <= now; job = heap_peek(&e->delayed)) {
		heap_pop(&e->delayed);
		engine_ready_locked(e, job);
		any = true;
	}
	return any;
}

/* Shortage. */

void engine_plan_probe_locked(struct engine *e)
{
	if (e->probe_due_ns && !e->probes_on)
		return;
	e->probes_on = false;
	e->probe_pause_ns = e->probe_pause_ns ? 2 * e->probe_pause_ns
					      : PROBE_PAUSE_MIN;
	if (e->probe_pause_ns > PROBE_PAUSE_MAX)
		e->probe_pause_ns = PROBE_PAUSE_MAX;
	e->probe_due_ns = engine_now(e) + e->probe_pause_ns;
	e->poke = true;
}

/* Could more jobs be started, if all is well? */
static bool has_more_locked(struct engine *e)
{
	for (unsigned i = 0; i < e->nstages; i++) {
		struct stage *st = &e->stages[i];

		if (stage_wants_worker_locked(st) ||
		    (st->pool.idle > 0 && stage_queued(st) > 0))
			return true;
	}
	return false;
}

/*
 * Forgets what could not be had: the next one may have it. In a shortage one
 * is tried at a time (stage.c), so as long as that goes well the next probe
 * comes soon; and when all that may run does, the shortage is over.
 */
static bool probe_locked(struct engine *e, int64_t now)
{
	if (!e->probe_due_ns || e->probe_due_ns > now)
		return false;
	e->starved = false;
	for (unsigned i = 0; i < e->nstages; i++)
		e->stages[i].grow_limit = ~0u;
	engine_gate_locked(e);
	e->probes_on = has_more_locked(e);
	e->probe_due_ns = e->probes_on ? now + PROBE_STEP : 0;
	if (!e->probes_on) {
		e->is_short = false;
		e->probe_pause_ns = 0;
	}
	return true;
}

void engine_end_shortage_locked(struct engine *e)
{
	bool was_starved = e->starved;

	e->starved = false;
	e->starved_since_ns = 0;
	e->pause_ns = 0;
	e->probe_pause_ns = 0;
	if (was_starved)
		engine_gate_locked(e);
}

int64_t engine_tend(struct engine *e)
{
	const struct job *first;
	int64_t now = engine_now(e);
	int64_t next;
	bool rouse;

	mutex_lock(&e->lock);
	rouse = try_again_locked(e, now);
	rouse |= probe_locked(e, now);
	if (e->start_due_ns >= 0 && e->start_due_ns <= now) {
		e->start_due_ns = -1;
		rouse = true;
	}
	mutex_unlock(&e->lock);
	if (rouse)
		engine_rouse_all(e, RESIZE_DEMAND);
	mutex_lock(&e->lock);
	if (e->stop == ENGINE_RUN)
		engine_plan_start_locked(e);
	e->poke = false;
	first = heap_peek(&e->delayed);
	next = earlier(first ? first->due_ns : -1, e->start_due_ns);
	if (e->probe_due_ns)
		next = earlier(next, e->probe_due_ns);
	mutex_unlock(&e->lock);
	return next;
}

void engine_skip_time(struct engine *e, int64_t ns)
{
	mutex_lock(&e->lock);
	/* All by the same, so their order stays. */
	for (size_t i = 0; i < e->delayed.len; i++) {
		struct job *job = e->delayed.items[i];

		if (job->due_ns < INT64_MAX - ns)
			job->due_ns += ns;
	}
	throttle_skip(&e->throttle, ns);
	if (e->start_due_ns >= 0)
		e->start_due_ns += ns;
	if (e->probe_due_ns)
		e->probe_due_ns += ns;
	mutex_unlock(&e->lock);
}

void engine_tick(struct engine *e)
{
	mutex_lock(&e->lock);
	for (unsigned i = 0; i < e->nstages; i++)
		pool_wake_locked(&e->stages[i].pool);
	mutex_unlock(&e->lock);
	engine_tend(e);
}

/* Bounds. */

/* A heavy job takes no more than there is. */
void engine_resize(struct engine *e, unsigned stage, unsigned min,
		   unsigned max)
{
	struct stage *st = &e->stages[stage];

	BUG_ON(min > max || max == 0 || stage >= e->nstages);
	mutex_lock(&e->lock);
	st->pool.min = min;
	st->pool.max = max;
	/* Whoever asks for more may know that there is more now. */
	st->grow_limit = ~0u;
	if (st->goal < min)
		st->goal = min;
	if (st->goal > max)
		st->goal = max;
	stage_gate_locked(st);
	pool_wake_locked(&st->pool);
	mutex_unlock(&e->lock);
	engine_rouse(e, st, RESIZE_BOUNDS);
}

/* What the running jobs have used so far, beside those that ended. */
static int64_t busy_so_far_locked(const struct stage *st, unsigned *running)
{
	int64_t now = engine_now(st->engine);
	int64_t sum = st->busy_ns;

	*running = 0;
	for (unsigned i = 0; i < st->pool.nslots; i++) {
		struct worker *w = st->pool.slots[i];
		bool runs;

		mutex_lock(&w->lock);
		runs = w->job != NULL;
		mutex_unlock(&w->lock);
		if (!runs)
			continue;
		++*running;
		sum += now - w->took_ns;
	}
	return sum;
}

static void feel_stage(struct engine *e, struct stage *st,
		       const struct adapt_pressure *p)
{
	struct adapt_sample s = { .pressure = *p };
	struct buf why = BUF_INIT;
	unsigned before, was, goal;

	mutex_lock(&e->lock);
	s.now_ns = engine_now(e);
	s.min = st->pool.min ? st->pool.min : 1;
	s.max = st->pool.max;
	s.done = st->done;
	s.busy_ns = busy_so_far_locked(st, &s.running);
	s.queued = stage_queued(st);
	before = st->goal;
	/* Not the same when engine_resize has moved it. */
	was = st->adapt.goal;
	goal = adapt_step(&st->adapt, &s);
	st->goal = goal;
	if (goal != was && diag_is_debug(DIAG_SCHED))
		adapt_explain(&st->adapt, &why);
	stage_gate_locked(st);
	if (goal < before)
		pool_wake_locked(&st->pool);
	mutex_unlock(&e->lock);
	if (why.len)
		diag_debug(DIAG_SCHED, "stage %u: goal %u -> %u: %s",
			   st->index + 1, was, goal, why.data);
	buf_release(&why);
	if (goal > before)
		engine_rouse(e, st, RESIZE_ADAPT);
}

void engine_feel(struct engine *e, const struct adapt_pressure *p)
{
	for (unsigned i = 0; i < e->nstages; i++)
		feel_stage(e, &e->stages[i], p);
}

void engine_pause(struct engine *e, bool paused)
{
	mutex_lock(&e->lock);
	e->paused = paused;
	engine_gate_locked(e);
	engine_plan_start_locked(e);
	engine_unlock(e);
	if (!paused)
		engine_rouse_all(e, RESIZE_DEMAND);
}

void engine_allow(struct engine *e, int64_t starts)
{
	mutex_lock(&e->lock);
	e->allowed = starts;
	engine_gate_locked(e);
	engine_plan_start_locked(e);
	engine_unlock(e);
	if (starts != 0)
		engine_rouse_all(e, RESIZE_DEMAND);
}

/* Single jobs. */

static struct worker *find_running_locked(struct engine *e, uint64_t seq)
{
	for (unsigned k = 0; k < e->nstages; k++) {
		struct stage *st = &e->stages[k];

		for (unsigned i = 0; i < st->pool.nslots; i++) {
			struct worker *w = st->pool.slots[i];
			bool found;

			mutex_lock(&w->lock);
			found = w->job && w->job->seq == seq;
			mutex_unlock(&w->lock);
			if (found)
				return w;
		}
	}
	return NULL;
}

static struct job *find_delayed_locked(struct engine *e, uint64_t seq)
{
	for (size_t i = 0; i < e->delayed.len; i++) {
		struct job *job = e->delayed.items[i];

		if (job->seq == seq)
			return job;
	}
	return NULL;
}

static struct job *find_queued_locked(struct engine *e, uint64_t seq)
{
	struct job *job = NULL;

	for (unsigned i = 0; !job && i < e->nstages; i++)
		job = stage_find_locked(&e->stages[i], seq);
	return job;
}

static struct job *find_between_locked(struct engine *e, uint64_t seq)
{
	struct list *pos;

	list_for_each(pos, &e->between) {
		struct job *job = container_of(pos, struct job, link);

		if (job->seq == seq)
			return job;
	}
	return NULL;
}

/* Takes a waiting job from where it waits; NULL when none has that number. */
static struct job *pull_locked(struct engine *e, uint64_t seq)
{
	struct job *job = find_delayed_locked(e, seq);

	if (job)
		return heap_remove(&e->delayed, job->pos);
	job = find_queued_locked(e, seq);
	if (job) {
		stage_remove_locked(&e->stages[job->stage], job);
		return job;
	}
	job = deps_find(e->deps, seq);
	if (job)
		deps_remove(e->deps, job);
	return job;
}

/* A job that waits for room is told to wait no longer. */
static bool kill_between_locked(struct engine *e, uint64_t seq)
{
	struct job *job = find_between_locked(e, seq);

	if (!job)
		return false;
	atomic_store(&job->order, JOB_STOP);
	cond_broadcast(&e->stages[job->stage].space);
	return true;
}

static void order_locked(struct engine *e, struct worker *w, int order)
{
	if (atomic_load(&w->job->order) < order)
		atomic_store(&w->job->order, order);
	e->cfg.runner->ops->interrupt(e->cfg.runner, w->run_state);
}

int engine_kill_job(struct engine *e, uint64_t seq)
{
	struct job *job = NULL;
	bool was_between;
	struct worker *w;

	mutex_lock(&e->lock);
	w = find_running_locked(e, seq);
	was_between = !w && kill_between_locked(e, seq);
	if (w) {
		w->again = false;
		order_locked(e, w, JOB_STOP);
	} else if (!was_between) {
		job = pull_locked(e, seq);
	}
	mutex_unlock(&e->lock);
	if (job) {
		engine_cancel(e, job, JOB_KILLED);
		/* It may have stood before others that need less. */
		engine_rouse_all(e, RESIZE_DEMAND);
	}
	if (w || job || was_between)
		return 0;
	errno = ESRCH;
	return -1;
}

int engine_retry_job(struct engine *e, uint64_t seq)
{
	struct worker *w;
	struct job *job;
	int err = 0;

	mutex_lock(&e->lock);
	w = find_running_locked(e, seq);
	job = w ? NULL : find_delayed_locked(e, seq);
	if (w) {
		w->again = true;
		order_locked(e, w, JOB_STOP);
	} else if (job) {
		heap_remove(&e->delayed, job->pos);
		engine_ready_locked(e, job);
	} else {
		err = find_queued_locked(e, seq) ||
		      find_between_locked(e, seq) || deps_find(e->deps, seq)
			      ? EBUSY : ESRCH;
	}
	engine_unlock(e);
	engine_rouse_all(e, RESIZE_DEMAND);
	errno = err;
	return err ? -1 : 0;
}

int engine_set_priority(struct engine *e, uint64_t seq, int priority)
{
	struct job *job;
	int err = 0;

	mutex_lock(&e->lock);
	job = find_delayed_locked(e, seq);
	if (!job)
		job = deps_find(e->deps, seq);
	if (!job)
		job = find_between_locked(e, seq);
	if (job) {
		job->priority = priority;
	} else if ((job = find_queued_locked(e, seq)) != NULL) {
		stage_remove_locked(&e->stages[job->stage], job);
		job->priority = priority;
		stage_push_locked(&e->stages[job->stage], job);
	} else {
		err = find_running_locked(e, seq) ? EBUSY : ESRCH;
	}
	mutex_unlock(&e->lock);
	if (!err)
		engine_rouse_all(e, RESIZE_DEMAND);
	errno = err;
	return err ? -1 : 0;
}

bool engine_wait(struct engine *e, int64_t deadline_ns)
{
	bool over;

	mutex_lock(&e->lock);
	while (!engine_is_over_locked(e) &&
	       cond_wait_until(&e->over, &e->lock, deadline_ns))
		;
	over = engine_is_over_locked(e);
	mutex_unlock(&e->lock);
	return over;
}

/* What there is to be seen. */

struct visit {
	void (*fn)(const struct job *, enum job_state, void *);
	void *arg;
	enum job_state state;
};

static void visit_job(struct job *job, void *arg)
{
	struct visit *v = arg;

	v->fn(job, v->state, v->arg);
}

static void visit_running_locked(struct stage *st, struct visit *v)
{
	for (unsigned i = 0; i < st->pool.nslots; i++) {
		struct worker *w = st->pool.slots[i];
		struct job *job;

		mutex_lock(&w->lock);
		job = w->job;
		mutex_unlock(&w->lock);
		if (job)
			visit_job(job, v);
	}
}

void engine_each_job(struct engine *e,
		     void (*fn)(const struct job *, enum job_state, void *),
		     void *arg)
{
	struct visit v = { fn, arg, JOB_RUNNING };
	struct list *pos;

	mutex_lock(&e->lock);
	for (unsigned i = 0; i < e->nstages; i++)
		visit_running_locked(&e->stages[i], &v);
	v.state = JOB_QUEUED;
	for (unsigned i = 0; i < e->nstages; i++)
		stage_each_locked(&e->stages[i], visit_job, &v);
	list_for_each(pos, &e->between)
		visit_job(container_of(pos, struct job, link), &v);
	v.state = JOB_DELAYED;
	for (size_t i = 0; i < e->delayed.len; i++)
		visit_job(e->delayed.items[i], &v);
	v.state = JOB_HELD;
	deps_each(e->deps, visit_job, &v);
	mutex_unlock(&e->lock);
}

void engine_each_worker(struct engine *e,
			void (*fn)(const struct engine_worker *, void *),
			void *arg)
{
	mutex_lock(&e->lock);
	for (unsigned k = 0; k < e->nstages; k++) {
		struct stage *st = &e->stages[k];

		for (unsigned i = 0; i < st->pool.nslots; i++) {
			struct worker *w = st->pool.slots[i];
			struct engine_worker seen = {
				.stage = k,
				.slot = w->slot,
				.is_there = w->state != WORKER_NONE,
			};

			mutex_lock(&w->lock);
			seen.is_busy = w->job != NULL;
			seen.jobs = w->jobs;
			mutex_unlock(&w->lock);
			fn(&seen, arg);
		}
	}
	mutex_unlock(&e->lock);
}

static void add_stage_locked(const struct stage *st, struct engine_stats *out)
{
	out->queued += stage_queued(st);
	out->workers += st->pool.workers;
	out->idle += st->pool.idle;
	out->peak_workers += st->pool.peak;
	out->min += st->pool.min;
	out->max += st->pool.max;
	out->goal += st->engine->cfg.scale == SCALE_ADAPTIVE ? st->goal
							     : st->pool.max;
	out->steals += st->steals;
	for (int i = 0; i < RESIZE_REASONS; i++) {
		out->grown[i] += st->grown[i];
		out->shrunk[i] += st->shrunk[i];
	}
}

void engine_get_stats(struct engine *e, struct engine_stats *out)
{
	mutex_lock(&e->lock);
	*out = (struct engine_stats){
		.tally = e->tally,
		.submitted = e->submitted,
		.passed = e->passed,
		.delayed = e->delayed.len,
		.held = deps_len(e->deps),
		.running = atomic_load(&e->running),
		.retries = e->retries,
		.paused = e->paused,
		.closed = e->closed,
		.is_crowded = stage_is_crowded(&e->stages[0]),
		.is_over = engine_is_over_locked(e),
		.stop = e->stop,
		.halted = e->halted,
		.halt_status = e->halt_status,
	};
	for (unsigned i = 0; i < e->nstages; i++)
		add_stage_locked(&e->stages[i], out);
	mutex_unlock(&e->lock);
}

const char *engine_resize_name(enum engine_resize_reason reason)
{
	static const char *const names[RESIZE_REASONS] = {
		[RESIZE_START] = "start",
		[RESIZE_DEMAND] = "demand",
		[RESIZE_IDLE] = "idle",
		[RESIZE_BOUNDS] = "bounds",
		[RESIZE_ADAPT] = "adapt",
		[RESIZE_SHORTAGE] = "shortage",
		[RESIZE_END] = "end",
	};

	return names[reason];
}
