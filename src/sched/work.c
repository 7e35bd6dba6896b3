/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * work.c - see work.h.
 *
 * When a try can't be started for want of processes or descriptors
 * (RUN_AGAIN), the job goes back to the queue and nothing is taken from it
 * until a running try has ended, or a second, two, four, ... 30 have passed
 * (engine_steer.c); with none running, the worker tries again after growing
 * pauses, and gives the job up after SHORTAGE_PATIENCE.
 *
 * A worker that is to end says so under the lock (pool_leave_locked) before it
 * lets go of what it has. Until it has retired it stands in the way of a new
 * one; so when it retires it looks whether one is wanted, and stays if so.
 */
#include <config.h>

#include <errno.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/num.h"
#include "sched/engine_impl.h"
#include "sched/job.h"
#include "sched/output.h"
#include "sched/runner.h"
#include "sched/retry.h"
#include "sched/scale.h"
#include "sched/stage.h"
#include "sched/work.h"

#define SHORTAGE_PATIENCE	(10 * NS_PER_SEC)
#define SHORTAGE_PAUSE_MIN	(10 * NS_PER_MS)
#define SHORTAGE_PAUSE_MAX	NS_PER_SEC
#define SHORTAGE_IDLE		(50 * NS_PER_MS)

/* Is an idle worker to end when its time is up? Of a fixed pool all stay,
 * but where there are too few processes, a thread may be one of them. */
static bool may_time_out_locked(const struct stage *st)
{
	const struct engine *e = st->engine;

	return !e->cfg.clock && st->pool.workers > stage_min_locked(st) &&
	       (e->cfg.scale != SCALE_FIXED || e->is_short);
}

/*
 * Waits in the idle stack until there is something to do. False when the
 * worker has been idle for its whole timeout.
 */
static bool park_locked(struct engine *e, struct stage *st, struct worker *w)
	REQUIRES(e->lock)
{
	int64_t timeout = e->cfg.idle_timeout_ns;
	int64_t deadline = -1;

	if (e->is_short && timeout > SHORTAGE_IDLE &&
	    (st->pool.min > 1 || e->cfg.scale == SCALE_FIXED))
		timeout = SHORTAGE_IDLE;
	if (may_time_out_locked(st))
		deadline = w->idle_since_ns + timeout;
	if (w->state == WORKER_IDLE)
		cond_wait_until(&w->wake, &e->lock, deadline);
	return engine_now(e) < w->idle_since_ns + timeout;
}

/* Why a worker that is one too many is that. */
static enum engine_resize_reason surplus_reason_locked(const struct stage *st)
{
	unsigned staying = st->pool.workers - st->pool.leaving;

	if (staying > st->grow_limit)
		return RESIZE_SHORTAGE;
	return staying > stage_bound_locked(st) ? RESIZE_BOUNDS : RESIZE_ADAPT;
}

bool engine_is_done_locked(const struct engine *e)
{
	/* The warm pool is started all the same. */
	return e->quit || (e->has_started && engine_is_over_locked(e));
}

/* The next job for w, or NULL when w is to end, and why. */
static struct job *await_job_locked(struct engine *e, struct stage *st,
				    struct worker *w,
				    enum engine_resize_reason *why)
	REQUIRES(e->lock)
{
	bool in_time = true;

	for (;;) {
		struct job *job;

		if (w->state == WORKER_STARTING) {
			pool_busy_locked(&st->pool, w);
			w->came = true;
		}
		*why = RESIZE_END;
		if (engine_is_done_locked(e))
			return NULL;
		if (stage_is_surplus_locked(st, false)) {
			*why = surplus_reason_locked(st);
			return NULL;
		}
		*why = RESIZE_IDLE;
		job = stage_take_locked(st, w);
		if (job || (!in_time && stage_is_surplus_locked(st, true)))
			return job;
		if (engine_flush_locked(e))
			continue;
		if (w->state != WORKER_IDLE)
			pool_park_locked(&st->pool, w, engine_now(e));
		in_time = park_locked(e, st, w);
	}
}

static struct job *next_job(struct engine *e, struct stage *st,
			    struct worker *w)
{
	enum engine_resize_reason why;
	struct job *job;

	mutex_lock(&e->lock);
	job = await_job_locked(e, st, w, &why);
	if (job) {
		pool_busy_locked(&st->pool, w);
		stage_pass_on_locked(st, w);
	} else {
		stage_hand_back_locked(st, w);
		pool_leave_locked(&st->pool, w);
		st->shrunk[why]++;
		stage_gate_locked(st);
	}
	engine_unlock(e);
	return job;
}

/* What follows a try. */

static uint64_t draw_locked(struct engine *e)
{
	/* xorshift64 (Marsaglia 2003); any seed but 0 */
	e->random ^= e->random << 13;
	e->random ^= e->random >> 7;
	e->random ^= e->random << 17;
	return e->random;
}

static int64_t pause_locked(struct engine *e, const struct job *job)
{
	struct backoff b = e->cfg.backoff;

	if (job->backoff.delay_ns >= 0) {
		b = job->backoff;
		b.jitter |= e->cfg.backoff.jitter;
	}
	return backoff_ns(&b, job->tries, draw_locked(e));
}

/*
 * w lets go of job, which is to wait for its next start. False, and how it
 * ends, when it won't have one: it has been killed meanwhile, or the engine
 * has been stopped.
 */
static bool let_go_locked(struct engine *e, struct worker *w, struct job *job,
			  enum job_end *end)
{
	/* It was to be ended for this, and has ended. */
	if (w->again)
		atomic_store(&job->order, JOB_GO);
	engine_stop_running_locked(e, w);
	if (e->stop != ENGINE_RUN)
		*end = JOB_CANCELLED;
	else if (atomic_load(&job->order) != JOB_GO)
		*end = JOB_KILLED;
	else
		return true;
	return false;
}

/* Puts a job that could not be started back into the queue. */
static void put_back(struct engine *e, struct worker *w, struct job *job)
{
	struct stage *st = engine_stage_of(w);
	enum job_end end;
	bool waits;

	mutex_lock(&e->lock);
	waits = let_go_locked(e, w, job, &end);
	if (waits)
		engine_ready_locked(e, job);
	engine_unlock(e);
	if (!waits)
		engine_cancel(e, job, end);
	engine_rouse_after(e, st);
}

/*
 * Does the try that has ended call for another one? Asked for by hand it has
 * one try more than it would have had.
 */
static bool calls_for_retry(struct engine *e, struct worker *w,
			    struct job *job)
{
	bool by_hand, stopped;

	/* Whatever has been asked for. */
	if (job_has_succeeded(job))
		return false;
	mutex_lock(&e->lock);
	by_hand = w->again;
	w->again = false;
	stopped = e->stop != ENGINE_RUN;
	if (by_hand && !stopped)
		atomic_store(&job->order, JOB_GO);
	mutex_unlock(&e->lock);
	if (stopped)
		return false;
	if (by_hand) {
		if (job->tries_max && job->tries >= job->tries_max)
			job->tries_max = job->tries + 1;
		return true;
	}
	return retry_is_wanted(&e->cfg.retry_on, job) &&
	       (job->tries_max == 0 || job->tries < job->tries_max);
}

static void retry(struct engine *e, struct worker *w, struct job *job)
{
	struct stage *st = engine_stage_of(w);
	enum job_end end;
	int64_t pause;
	bool waits;

	engine_tell_retry(e, job);
	mutex_lock(&e->lock);
	st->done++;
	st->busy_ns += job_runtime_ns(job);
	engine_stretch_delay_locked(e, job);
	waits = let_go_locked(e, w, job, &end);
	engine_end_shortage_locked(e);
	if (waits) {
		e->retries++;
		pause = pause_locked(e, job);
		if (pause > 0)
			engine_delay_locked(e, job, pause);
		else
			engine_ready_locked(e, job);
	}
	engine_unlock(e);
	if (!waits)
		engine_cancel(e, job, end);
	engine_rouse_after(e, st);
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
	others = atomic_load(&e->running) - 1;
	e->starved = others > 0;
	if (!e->is_short) {
		e->is_short = true;
		/* Idle ones are to look how long they may stay now. */
		for (unsigned i = 0; i < e->nstages; i++)
			pool_wake_locked(&e->stages[i].pool);
	}
	if (others > 0)
		engine_plan_probe_locked(e);
	engine_gate_locked(e);
	engine_unlock(e);
	engine_tell_shortage(e, others, err);
	if (others == 0 && !pause_alone(e, w)) {
		job->outcome.end = JOB_UNSTARTED;
		stop_running(e, w);
		engine_cancel(e, job, JOB_UNSTARTED);
		return;
	}
	job->tries--;
	job->outcome = *before;
	put_back(e, w, job);
}

static void wake_runner(void *arg)
{
	struct worker *w = arg;
	struct runner *r = engine_stage_of(w)->engine->cfg.runner;

	r->ops->interrupt(r, w->run_state);
}

static void give_up_start(struct engine *e, struct worker *w, struct job *job)
{
	job->tries--;
	stop_running(e, w);
	engine_cancel(e, job, JOB_CANCELLED);
}

/* One try of job, and what follows from it. */
static void run_try(struct engine *e, struct worker *w, struct job *job)
{
	struct output *o = e->cfg.output;
	struct job_outcome before = job->outcome;
	bool last;

	job->tries++;
	last = e->cfg.keep_retry_output ||
	       (job->tries_max != 0 && job->tries >= job->tries_max);
	if (!o->ops->begin(o, job, last, wake_runner, w)) {
		give_up_start(e, w, job);
		return;
	}
	engine_tell_start(e, job);
	if (e->cfg.runner->ops->run(e->cfg.runner, w->run_state, job) ==
	    RUN_AGAIN) {
		if (job->tries == 1)
			o->ops->end(o, job, false);
		else
			o->ops->rest(o, job);
		starve(e, w, job, &before);
	} else if (calls_for_retry(e, w, job)) {
		o->ops->rest(o, job);
		retry(e, w, job);
	} else {
		o->ops->end(o, job, true);
		engine_settle(e, w, job);
	}
}

/* The last that a worker does with the engine, unless it returns false: then
 * it is needed after all. */
static bool retire(struct engine *e, struct stage *st, struct worker *w)
{
	bool stays;

	mutex_lock(&e->lock);
	pool_retire_locked(&st->pool, w);
	stays = !engine_is_done_locked(e) && stage_wants_worker_locked(st);
	if (stays) {
		pool_return_locked(&st->pool, w);
		st->grown[RESIZE_DEMAND]++;
	} else if (!e->quit) {
		/* It may have been woken for a job that waits. */
		stage_wake_locked(st);
	}
	stage_gate_locked(st);
	if (st->pool.workers == 0)
		cond_broadcast(&e->over);
	engine_unlock(e);
	return !stays;
}

static void work(struct engine *e, struct stage *st, struct worker *w)
{
	struct job *job = next_job(e, st, w);

	while (job) {
		run_try(e, w, job);
		job = stage_take_own(st, w);
		if (!job)
			job = next_job(e, st, w);
	}
}

void *work_main(void *arg)
{
	struct worker *w = arg;
	struct stage *st = engine_stage_of(w);
	struct engine *e = st->engine;
	struct runner *r = e->cfg.runner;

	do {
		w->run_state = r->ops->slot_open(r, w->slot);
		diag_set_worker(w->slot);
		diag_debug(DIAG_SCHED, "worker starts");
		work(e, st, w);
		diag_debug(DIAG_SCHED, "worker ends");
		r->ops->slot_close(r, w->run_state);
	} while (!retire(e, st, w));
	return NULL;
}

/* A slot for the calling thread. */

static struct worker *enter_slot(struct engine *e, struct stage *st)
{
	struct runner *r = e->cfg.runner;
	struct worker *w;

	mutex_lock(&e->lock);
	w = pool_reserve_guest_locked(&st->pool);
	mutex_unlock(&e->lock);
	w->run_state = r->ops->slot_open(r, w->slot);
	return w;
}

/* What is given its input while it runs needs a thread: this one may be the
 * one that is to give it. */
static void starve_for_thread(struct engine *e, struct worker *w,
			      struct job *job)
{
	struct job_outcome before = job->outcome;

	job->tries++;
	job->outcome.err = EAGAIN;
	starve(e, w, job, &before);
}

static void leave_slot(struct engine *e, struct stage *st, struct worker *w,
		       void *state)
{
	e->cfg.runner->ops->slot_close(e->cfg.runner, state);
	mutex_lock(&e->lock);
	pool_retire_locked(&st->pool, w);
	stage_gate_locked(st);
	mutex_unlock(&e->lock);
	/* It stood in the way of a worker; and its own job may wait again. */
	engine_rouse(e, st, RESIZE_DEMAND);
}

void work_inline(struct engine *e, struct stage *st)
{
	struct runner *r = e->cfg.runner;
	struct worker *w = enter_slot(e, st);
	void *state = w->run_state;
	struct job *job;

	do {
		mutex_lock(&e->lock);
		job = stage_take_locked(st, w);
		/* At once: who submits now must not count on this one. */
		if (!job) {
			pool_retire_locked(&st->pool, w);
			stage_gate_locked(st);
		}
		engine_unlock(e);
		if (job && job->inlet) {
			starve_for_thread(e, w, job);
			leave_slot(e, st, w, state);
			return;
		}
		if (job)
			run_try(e, w, job);
	} while (job);
	r->ops->slot_close(r, state);
}

void work_here(struct engine *e, struct stage *st, struct job *job)
{
	struct worker *w = enter_slot(e, st);
	void *state = w->run_state;

	if (stage_lend(st, w, job))
		run_try(e, w, job);
	else
		engine_cancel(e, job, JOB_CANCELLED);
	leave_slot(e, st, w, state);
}
