/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * work.c - see work.h.
 *
 * When a try can't be started for want of processes or descriptors
 * (RUN_AGAIN), the job goes back to the queue and nothing is taken from it
 * until a running try has ended; with none running, the worker tries again
 * after growing pauses, and gives the job up after SHORTAGE_PATIENCE.
 *
 * A worker that is to end says so under the lock (pool_leave_locked) before it
 * lets go of what it has. Until it has retired it stands in the way of a new
 * one; so when it retires it looks whether one is wanted, and stays if so.
 */
#include <config.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/num.h"
#include "sched/engine_impl.h"
#include "sched/job.h"
#include "sched/output.h"
#include "sched/runner.h"
#include "sched/scale.h"
#include "sched/work.h"

#define SHORTAGE_PATIENCE	(10 * NS_PER_SEC)
#define SHORTAGE_PAUSE_MIN	(10 * NS_PER_MS)
#define SHORTAGE_PAUSE_MAX	NS_PER_SEC

/*
 * Waits in the idle stack until there is something to do. False when the
 * worker has been idle for its whole timeout.
 */
static bool park_locked(struct engine *e, struct worker *w) REQUIRES(e->lock)
{
	int64_t deadline = -1;

	if (!e->cfg.clock && e->pool.workers > e->pool.min)
		deadline = w->idle_since_ns + e->cfg.idle_timeout_ns;
	if (w->state == WORKER_IDLE)
		cond_wait_until(&w->wake, &e->lock, deadline);
	return engine_now(e) < w->idle_since_ns + e->cfg.idle_timeout_ns;
}

static bool is_surplus_locked(const struct engine *e, bool idled_out)
{
	struct scale_sample s = {
		.policy = e->cfg.scale,
		.threshold = e->cfg.scale_threshold,
		.goal = e->pool.max,
		.min = e->pool.min,
		.max = e->pool.max,
		.workers = e->pool.workers - e->pool.leaving,
		.idle = e->pool.idle,
		.queued = e->starved ? 0 : queue_len(&e->queue),
	};

	return scale_is_surplus(&s, idled_out);
}

static struct job *take_locked(struct engine *e, struct worker *w)
{
	struct job *job = e->starved ? NULL : queue_pop(&e->queue);

	if (!job)
		return NULL;
	w->job = job;
	job->slot = w->slot;
	e->running++;
	/* One waiter, woken when half the queue is free: not for each job. */
	if (queue_len(&e->queue) <= e->queue.cfg.capacity / 2)
		cond_signal(&e->space);
	return job;
}

/* The next job for w, or NULL when w is to end. */
static struct job *next_job(struct engine *e, struct worker *w)
{
	bool in_time = true;
	struct job *job;

	mutex_lock(&e->lock);
	pool_busy_locked(&e->pool, w);
	for (;;) {
		job = NULL;
		if (e->quit || is_surplus_locked(e, false))
			break;
		job = take_locked(e, w);
		if (job || (!in_time && is_surplus_locked(e, true)))
			break;
		if (w->state != WORKER_IDLE)
			pool_park_locked(&e->pool, w, engine_now(e));
		in_time = park_locked(e, w);
	}
	if (job)
		pool_busy_locked(&e->pool, w);
	else
		pool_leave_locked(&e->pool, w);
	mutex_unlock(&e->lock);
	return job;
}

static bool may_retry(const struct job *job)
{
	switch (job->outcome.end) {
	case JOB_EXITED:
	case JOB_SIGNALED:
	case JOB_TIMEOUT:
	case JOB_UNSTARTED:
	case JOB_LOST:
		return !job_has_succeeded(job) &&
		       (job->tries_max == 0 || job->tries < job->tries_max);
	case JOB_KILLED:
	case JOB_REFUSED:
	case JOB_CANCELLED:
	case JOB_DROPPED:
	case JOB_SKIPPED:
		return false;
	}
	BUG("job end out of range");
}

/* Puts a job back into the queue, after a try or for want of one; false when
 * the engine has been stopped: then it is still the caller's. */
static bool requeue(struct engine *e, struct worker *w, struct job *job,
		    bool was_tried)
{
	struct worker *other = NULL;
	bool stopped;

	mutex_lock(&e->lock);
	stopped = e->stop != ENGINE_RUN;
	engine_stop_running_locked(e, w);
	if (was_tried)
		engine_end_shortage_locked(e);
	if (!stopped) {
		queue_push(&e->queue, job);
		other = engine_dispatch_locked(e);
	}
	mutex_unlock(&e->lock);
	if (other)
		engine_start_worker(e, other);
	return !stopped;
}

static void retry(struct engine *e, struct worker *w, struct job *job)
{
	engine_tell_retry(e, job);
	if (!requeue(e, w, job, true))
		engine_cancel(e, job);
}

/* With nothing running: waits a little. False when patience is at its end. */
static bool pause_alone(struct engine *e, struct worker *w)
{
	int64_t now = engine_now(e);
	bool go_on;

	mutex_lock(&e->lock);
	if (e->starved_since_ns == 0)
		e->starved_since_ns = now;
	go_on = now - e->starved_since_ns < SHORTAGE_PATIENCE;
	e->pause_ns = e->pause_ns ? 2 * e->pause_ns : SHORTAGE_PAUSE_MIN;
	if (e->pause_ns > SHORTAGE_PAUSE_MAX)
		e->pause_ns = SHORTAGE_PAUSE_MAX;
	if (go_on && e->stop == ENGINE_RUN)
		cond_wait_until(&w->wake, &e->lock,
				clock_now_ns() + e->pause_ns);
	mutex_unlock(&e->lock);
	return go_on;
}

static void stop_running(struct engine *e, struct worker *w)
{
	mutex_lock(&e->lock);
	engine_stop_running_locked(e, w);
	mutex_unlock(&e->lock);
}

/* The try could not be started: see the head of this file. before: the
 * outcome of the try before, which still is the job's. */
static void starve(struct engine *e, struct worker *w, struct job *job,
		   const struct job_outcome *before)
{
	int err = job->outcome.err;
	unsigned others;

	mutex_lock(&e->lock);
	others = e->running - 1;
	e->starved = others > 0;
	e->is_short = true;
	mutex_unlock(&e->lock);
	engine_tell_shortage(e, others, err);
	if (others == 0 && !pause_alone(e, w)) {
		job->outcome.end = JOB_UNSTARTED;
		e->cfg.output->ops->skip(e->cfg.output, job->seq);
		stop_running(e, w);
		engine_settle(e, NULL, job);
		return;
	}
	job->tries--;
	job->outcome = *before;
	if (!requeue(e, w, job, false))
		engine_cancel(e, job);
}

static void wake_runner(void *arg)
{
	struct worker *w = arg;
	struct engine *e = w->owner;

	e->cfg.runner->ops->interrupt(e->cfg.runner, w->run_state);
}

static void give_up_start(struct engine *e, struct worker *w, struct job *job)
{
	job->tries--;
	stop_running(e, w);
	engine_cancel(e, job);
}

static bool is_stopped(struct engine *e)
{
	bool stopped;

	mutex_lock(&e->lock);
	stopped = e->stop != ENGINE_RUN;
	mutex_unlock(&e->lock);
	return stopped;
}

/* One try of job, and what follows from it. */
static void run_try(struct engine *e, struct worker *w, struct job *job)
{
	struct output *o = e->cfg.output;
	struct job_outcome before = job->outcome;
	bool last;

	job->tries++;
	last = job->tries_max != 0 && job->tries >= job->tries_max;
	if (!o->ops->begin(o, job, last, wake_runner, w)) {
		give_up_start(e, w, job);
		return;
	}
	engine_tell_start(e, job);
	if (e->cfg.runner->ops->run(e->cfg.runner, w->run_state, job) ==
	    RUN_AGAIN) {
		o->ops->end(o, job, false);
		starve(e, w, job, &before);
	} else if (may_retry(job) && !is_stopped(e)) {
		o->ops->end(o, job, false);
		retry(e, w, job);
	} else {
		o->ops->end(o, job, true);
		engine_settle(e, w, job);
	}
}

/* The last that a worker does with the engine, unless it returns false: then
 * it is needed after all. */
static bool retire(struct engine *e, struct worker *w)
{
	struct worker *idle = NULL;
	bool stays;

	mutex_lock(&e->lock);
	pool_retire_locked(&e->pool, w);
	stays = !e->quit && engine_wants_worker_locked(e);
	if (stays)
		pool_return_locked(&e->pool, w);
	else if (!e->starved && queue_len(&e->queue) > 0)
		idle = pool_take_idle_locked(&e->pool);
	/* It may have been woken for a job that waits. */
	if (idle)
		cond_signal(&idle->wake);
	if (e->pool.workers == 0)
		cond_broadcast(&e->over);
	mutex_unlock(&e->lock);
	return !stays;
}

void *work_main(void *arg)
{
	struct worker *w = arg;
	struct engine *e = w->owner;
	struct runner *r = e->cfg.runner;
	struct job *job;

	do {
		w->run_state = r->ops->slot_open(r, w->slot);
		diag_debug(DIAG_SCHED, "worker %u starts", w->slot);
		while ((job = next_job(e, w)) != NULL)
			run_try(e, w, job);
		diag_debug(DIAG_SCHED, "worker %u ends", w->slot);
		r->ops->slot_close(r, w->run_state);
	} while (!retire(e, w));
	return NULL;
}

void work_inline(struct engine *e)
{
	struct runner *r = e->cfg.runner;
	struct worker *w;
	struct job *job;
	void *state;

	mutex_lock(&e->lock);
	w = pool_reserve_locked(&e->pool);
	pool_busy_locked(&e->pool, w);
	mutex_unlock(&e->lock);
	state = r->ops->slot_open(r, w->slot);
	w->run_state = state;
	do {
		mutex_lock(&e->lock);
		job = take_locked(e, w);
		/* At once: who submits now must not count on this one. */
		if (!job)
			pool_retire_locked(&e->pool, w);
		mutex_unlock(&e->lock);
		if (job)
			run_try(e, w, job);
	} while (job);
	r->ops->slot_close(r, state);
}
