/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.c - see engine.h.
 *
 * The life of a job here: engine_submit (engine_submit.c) gives it a number
 * and puts it where it waits: in the queue of its stage, or, when it names
 * other jobs, in the graph (deps.c). A worker (work.c) takes it, runs one try,
 * and then puts it back to be tried again, perhaps after a while (engine.c's
 * heap, engine_tend), or calls engine_settle, which closes it: sinks are told
 * first, then it is counted under the lock, so that "over" means that every
 * sink has heard of every job. Between the two a job is `unsettled`.
 *
 * Nothing here has a thread for its timers: what is due later is announced by
 * a notify, and the controller calls engine_tend when its time has come.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sched/engine_impl.h"
#include "sched/job.h"
#include "sched/output.h"
#include "sched/runner.h"
#include "sched/sink.h"
#include "sched/work.h"

/* Successes before a percentage of their median is a timeout. */
#define MEDIAN_SUCCESSES	3
/* Far above any other, and sums with it do not overflow. */
#define TIMEOUT_MAX		(INT64_MAX / 4)
/* The threshold of SCALE_BALANCED when none is given. */
#define THRESHOLD		2

int64_t engine_now(const struct engine *e)
{
	return e->cfg.clock ? e->cfg.clock->now_ns(e->cfg.clock->arg)
			    : clock_now_ns();
}

struct stage *engine_stage_of(const struct worker *w)
{
	return w->owner;
}

static bool is_due_before(const void *a, const void *b)
{
	const struct job *x = a;
	const struct job *y = b;

	if (x->due_ns != y->due_ns)
		return x->due_ns < y->due_ns;
	return x->seq < y->seq;
}

static void delayed_moved(void *item, size_t pos)
{
	((struct job *)item)->pos = pos;
}

static void make_stages(struct engine *e)
{
	struct engine_bounds first = { e->cfg.min, e->cfg.max };

	e->nstages = 1 + e->cfg.nthen;
	e->stages = xcalloc(e->nstages, sizeof(*e->stages));
	for (unsigned i = 0; i < e->nstages; i++)
		stage_init(&e->stages[i], e, i,
			   i ? &e->cfg.then[i - 1] : &first);
	e->cfg.then = NULL;
}

struct engine *engine_new(const struct engine_config *config)
{
	struct engine *e = xcalloc(1, sizeof(*e));

	e->cfg = *config;
	if (!e->cfg.scale_threshold)
		e->cfg.scale_threshold = THRESHOLD;
	list_init(&e->sinks);
	mutex_init(&e->lock);
	cond_init(&e->over);
	heap_init(&e->delayed, is_due_before, delayed_moved);
	list_init(&e->between);
	e->deps = deps_new();
	throttle_init(&e->throttle, &config->rate, config->delay_ns);
	e->start_due_ns = -1;
	e->allowed = -1;
	e->random = (uint64_t)clock_wall_ns() | 1;
	atomic_init(&e->timeout_ns, config->timeout_ns);
	atomic_init(&e->running, 0);
	make_stages(e);
	return e;
}

static bool has_workers_locked(const struct engine *e)
{
	for (unsigned i = 0; i < e->nstages; i++) {
		if (e->stages[i].pool.workers > 0)
			return true;
	}
	return false;
}

void engine_free(struct engine *e)
{
	mutex_lock(&e->lock);
	e->quit = true;
	engine_gate_locked(e);
	for (unsigned i = 0; i < e->nstages; i++)
		pool_wake_locked(&e->stages[i].pool);
	/* One may still be about to start another: join when all are done. */
	while (has_workers_locked(e))
		cond_wait(&e->over, &e->lock);
	mutex_unlock(&e->lock);
	for (unsigned i = 0; i < e->nstages; i++)
		stage_release(&e->stages[i]);
	free(e->stages);
	deps_free(e->deps);
	heap_release(&e->delayed);
	cond_release(&e->over);
	mutex_release(&e->lock);
	free(e);
}

void engine_add_sink(struct engine *e, struct sink *s)
{
	list_append(&e->sinks, &s->link);
}

/* Telling the sinks: without locks. */

void engine_tell_start(struct engine *e, const struct job *job)
{
	struct list *pos;

	list_for_each(pos, &e->sinks) {
		struct sink *s = container_of(pos, struct sink, link);

		if (s->ops->start)
			s->ops->start(s, job);
	}
}

void engine_tell_retry(struct engine *e, const struct job *job)
{
	struct list *pos;

	list_for_each(pos, &e->sinks) {
		struct sink *s = container_of(pos, struct sink, link);

		if (s->ops->retry)
			s->ops->retry(s, job);
	}
}

static void sinks_done(struct engine *e, const struct job *job)
{
	struct list *pos;

	list_for_each(pos, &e->sinks) {
		struct sink *s = container_of(pos, struct sink, link);

		if (s->ops->done)
			s->ops->done(s, job);
	}
}

bool engine_is_over_locked(const struct engine *e)
{
	return (e->closed || e->stop != ENGINE_RUN) && e->unsettled == 0;
}

static void notify(struct engine *e)
{
	if (e->cfg.notify)
		e->cfg.notify(e->cfg.notify_arg);
}

void engine_unlock(struct engine *e)
{
	bool poke = e->poke;

	e->poke = false;
	mutex_unlock(&e->lock);
	if (poke)
		notify(e);
}

bool engine_flush_locked(struct engine *e)
{
	if (!e->poke)
		return false;
	engine_unlock(e);
	mutex_lock(&e->lock);
	return true;
}

/* What may start. */

bool engine_is_holding_locked(const struct engine *e)
{
	const struct halt_rule *rule = &e->cfg.halt;

	/* A percentage needs to know of how many. */
	return rule->when != HALT_NEVER && rule->count == 0 && !e->closed &&
	       !e->passed_barrier;
}

bool engine_may_start_locked(struct engine *e)
{
	if (e->allowed == 0)
		return false;
	if (!throttle_is_open(&e->throttle) &&
	    !throttle_take(&e->throttle, engine_now(e))) {
		engine_plan_start_locked(e);
		return false;
	}
	if (e->allowed > 0 && --e->allowed == 0)
		e->poke = true;
	return true;
}

void engine_stretch_delay_locked(struct engine *e, const struct job *job)
{
	if (e->cfg.delay_auto)
		throttle_stretch(&e->throttle,
				 job_has_succeeded(job) ? 90 : 130);
}

bool engine_has_token_locked(const struct engine *e)
{
	int64_t now;

	if (e->allowed == 0)
		return false;
	if (throttle_is_open(&e->throttle))
		return true;
	now = engine_now(e);
	return throttle_next(&e->throttle, now) <= now;
}

static size_t all_queued_locked(const struct engine *e)
{
	size_t n = 0;

	for (unsigned i = 0; i < e->nstages; i++)
		n += stage_queued(&e->stages[i]);
	return n;
}

void engine_plan_start_locked(struct engine *e)
{
	int64_t now, next;

	if (throttle_is_open(&e->throttle) || e->start_due_ns >= 0 ||
	    e->allowed == 0 || all_queued_locked(e) == 0)
		return;
	now = engine_now(e);
	next = throttle_next(&e->throttle, now);
	if (next == now)
		return;
	e->start_due_ns = next;
	e->poke = true;
}

void engine_signal_space(struct stage *st)
{
	mutex_lock(&st->engine->lock);
	cond_signal(&st->space);
	mutex_unlock(&st->engine->lock);
}

/* Starting workers. */

void engine_gate_locked(struct engine *e)
{
	for (unsigned i = 0; i < e->nstages; i++)
		stage_gate_locked(&e->stages[i]);
}

void engine_tell_shortage(struct engine *e, unsigned reached, int err)
{
	bool told;

	mutex_lock(&e->lock);
	told = e->told_shortage;
	e->told_shortage = true;
	mutex_unlock(&e->lock);
	if (!told && e->cfg.shortage)
		e->cfg.shortage(e->cfg.notify_arg, reached, err);
}

bool engine_start_worker(struct engine *e, struct worker *w)
{
	struct stage *st = engine_stage_of(w);
	unsigned reached, limit;
	int err;

	if (pool_start(w, work_main) == 0)
		return true;
	err = errno;
	mutex_lock(&e->lock);
	stage_hand_back_locked(st, w);
	pool_retire_locked(&st->pool, w);
	st->shrunk[RESIZE_SHORTAGE]++;
	reached = st->pool.workers;
	stage_limit_locked(st);
	limit = st->grow_limit;
	/* Idle ones may have been left alone because this one was to come. */
	stage_wake_locked(st);
	stage_gate_locked(st);
	engine_unlock(e);
	engine_tell_shortage(e, limit, err);
	if (reached == 0)
		work_inline(e, st);
	return false;
}

void engine_rouse(struct engine *e, struct stage *st,
		  enum engine_resize_reason why)
{
	struct worker *w;

	do {
		mutex_lock(&e->lock);
		w = stage_rouse_locked(st, why);
		engine_unlock(e);
	} while (w && engine_start_worker(e, w));
}

void engine_rouse_all(struct engine *e, enum engine_resize_reason why)
{
	for (unsigned i = 0; i < e->nstages; i++)
		engine_rouse(e, &e->stages[i], why);
}

void engine_start(struct engine *e)
{
	mutex_lock(&e->lock);
	engine_gate_locked(e);
	mutex_unlock(&e->lock);
	engine_rouse_all(e, RESIZE_START);
	mutex_lock(&e->lock);
	e->has_started = true;
	mutex_unlock(&e->lock);
}

/* Jobs that wait. */

void engine_ready_locked(struct engine *e, struct job *job)
{
	job->ready_ns = engine_now(e);
	stage_push_locked(&e->stages[job->stage], job);
	engine_plan_start_locked(e);
}

void engine_delay_locked(struct engine *e, struct job *job, int64_t ns)
{
	int64_t now = engine_now(e);

	job->due_ns = ns < INT64_MAX - now ? now + ns : INT64_MAX;
	heap_push(&e->delayed, job);
	e->poke |= heap_peek(&e->delayed) == job;
}

/* The end of a job. */

static void update_timeout_locked(struct engine *e, const struct job *job)
{
	double timeout;
	int64_t ns;

	if (e->cfg.timeout_percent <= 0 || !job_has_succeeded(job))
		return;
	median_add(&e->runtimes, job_runtime_ns(job));
	if (e->runtimes.count < MEDIAN_SUCCESSES)
		return;
	timeout = (double)median_get(&e->runtimes) * e->cfg.timeout_percent /
		  100;
	ns = timeout < (double)TIMEOUT_MAX ? (int64_t)timeout : TIMEOUT_MAX;
	if (atomic_exchange(&e->timeout_ns, ns) != ns)
		engine_interrupt_all_locked(e, JOB_GO);
}

/* Returns the stop level that the halt rule asks for now. status: of the job
 * that has just ended. */
enum engine_stop engine_judge_locked(struct engine *e, int status)
{
	const struct halt_rule *rule = &e->cfg.halt;
	/* 0: not known yet. */
	uint64_t total = e->closed ? e->numbers - e->passed : 0;

	if (e->halted || !halt_is_reached(rule, &e->tally, total))
		return ENGINE_RUN;
	e->halted = true;
	e->halt_status = halt_exit_status(rule, &e->tally, status, total);
	return rule->when == HALT_NOW ? ENGINE_CANCEL : ENGINE_DRAIN;
}

static enum engine_stop count_locked(struct engine *e, const struct job *job)
{
	tally_add(&e->tally, job);
	if (job->outcome.end == JOB_CANCELLED)
		return ENGINE_RUN;
	return engine_judge_locked(e, job_status(job));
}

static void interrupt_stage_locked(struct engine *e, struct stage *st,
				   int order)
{
	for (unsigned i = 0; i < st->pool.nslots; i++) {
		struct worker *w = st->pool.slots[i];
		struct job *job;

		/* Its worker can't let go of it meanwhile: that takes the
		 * engine's lock. */
		mutex_lock(&w->lock);
		job = w->job;
		mutex_unlock(&w->lock);
		if (!job)
			continue;
		if (atomic_load(&job->order) < order)
			atomic_store(&job->order, order);
		e->cfg.runner->ops->interrupt(e->cfg.runner, w->run_state);
	}
}

void engine_interrupt_all_locked(struct engine *e, int order)
{
	for (unsigned i = 0; i < e->nstages; i++)
		interrupt_stage_locked(e, &e->stages[i], order);
}

void engine_stop_running_locked(struct engine *e, struct worker *w)
{
	/* What comes too late for this job is not for the next one. */
	w->again = false;
	stage_put_locked(engine_stage_of(w), w);
	/* Nobody is left for whose end one could wait. */
	if (atomic_load(&e->running) == 0 && e->starved) {
		e->starved = false;
		engine_gate_locked(e);
	}
}

/* Counts a try that was run for what feedback wants to know. */
static void measure_locked(struct stage *st, const struct job *job)
{
	st->done++;
	st->busy_ns += job_runtime_ns(job);
}

/*
 * The worker of st whose job has ended takes the next one. But after a
 * shortage jobs may wait, in any stage, that came when nobody was woken for
 * them, and a heavy job leaves room for several: then engine_rouse_after is
 * to be called, without the lock.
 */
static bool must_rouse_locked(struct engine *e, const struct stage *st)
{
	if (e->is_short && all_queued_locked(e) == 0)
		e->is_short = false;
	return e->is_short || (e->has_weights && stage_queued(st) > 0);
}

void engine_rouse_after(struct engine *e, struct stage *st)
{
	bool is_short;

	mutex_lock(&e->lock);
	is_short = e->is_short;
	mutex_unlock(&e->lock);
	/* Nothing could be started anywhere. */
	if (is_short)
		engine_rouse_all(e, RESIZE_DEMAND);
	else
		engine_rouse(e, st, RESIZE_DEMAND);
}

static bool goes_on(const struct engine *e, const struct job *job)
{
	return job->stage + 1 < e->nstages && job_has_succeeded(job);
}

static void skip_rest(struct engine *e, const struct job *job)
{
	for (unsigned i = 1; job->stage + i < e->nstages; i++)
		e->cfg.output->ops->skip(e->cfg.output, job->seq + i, false);
}

/* The job is over in this stage, and unless it goes on, for good; ready and
 * skipped: those that waited for it. */
static enum engine_stop close_account_locked(struct engine *e,
					     struct worker *w, struct job *job,
					     struct list *ready,
					     struct list *skipped)
{
	bool is_last = !goes_on(e, job);
	enum engine_stop stop;

	if (w) {
		measure_locked(&e->stages[job->stage], job);
		engine_stretch_delay_locked(e, job);
	}
	update_timeout_locked(e, job);
	stop = count_locked(e, job);
	/* From here on, though engine_stop comes only when the lock is free. */
	if (stop != ENGINE_RUN) {
		e->stop_judged = true;
		engine_gate_locked(e);
	}
	if (w) {
		engine_stop_running_locked(e, w);
		engine_end_shortage_locked(e);
	}
	if (!is_last)
		return stop;
	if (job->node)
		deps_end(e->deps, job, job_has_succeeded(job), ready, skipped);
	e->unsettled--;
	if (engine_is_over_locked(e) || e->at_barrier)
		cond_broadcast(&e->over);
	return stop;
}

/* Into the next stage, or, when the run has been stopped or somebody has
 * killed it, to its end. */
static void hand_on(struct engine *e, struct job *job)
{
	struct stage *next = &e->stages[job->stage + 1];
	bool stopped, killed;

	job_advance(job);
	mutex_lock(&e->lock);
	list_append(&e->between, &job->link);
	/* Halted, nobody makes room, and engine_stop is for us to call. */
	while (e->stop == ENGINE_RUN && !e->stop_judged &&
	       stage_is_full(next) && atomic_load(&job->order) == JOB_GO)
		engine_await_room_locked(e, next);
	list_del(&job->link);
	stopped = e->stop != ENGINE_RUN;
	killed = atomic_load(&job->order) != JOB_GO;
	e->submitted++;
	if (!stopped && !killed)
		engine_ready_locked(e, job);
	else
		/* The room it was woken for is another's. */
		cond_signal(&next->space);
	engine_unlock(e);
	if (stopped || killed)
		engine_cancel(e, job, stopped ? JOB_CANCELLED : JOB_KILLED);
	else
		engine_rouse(e, next, RESIZE_DEMAND);
}

void engine_settle(struct engine *e, struct worker *w, struct job *job)
{
	struct list ready = LIST_INIT(ready);
	struct list skipped = LIST_INIT(skipped);
	struct stage *st = w ? engine_stage_of(w) : NULL;
	bool is_last = !goes_on(e, job);
	enum engine_stop stop;
	bool rouse, over;

	if (is_last)
		skip_rest(e, job);
	sinks_done(e, job);
	mutex_lock(&e->lock);
	stop = close_account_locked(e, w, job, &ready, &skipped);
	rouse = st && must_rouse_locked(e, st);
	over = engine_is_over_locked(e);
	engine_unlock(e);
	/* First: those that sleep may be who makes room for it. */
	if (rouse)
		engine_rouse_after(e, st);
	if (is_last)
		job_free(job);
	else
		hand_on(e, job);
	engine_release_jobs(e, &ready, &skipped);
	if (stop != ENGINE_RUN)
		engine_stop(e, stop);
	/* Also when the rule asks for less than has been done already. */
	if (over)
		notify(e);
}

void engine_cancel(struct engine *e, struct job *job, enum job_end end)
{
	if (end != JOB_CANCELLED || (job->tries == 0 && !job->message))
		job->outcome.end = end;
	job->is_unfinished = end == JOB_CANCELLED && job->tries > 0;
	/* What tries before have put out counts. */
	if (job->out)
		e->cfg.output->ops->end(e->cfg.output, job, true);
	else
		e->cfg.output->ops->skip(e->cfg.output, job->seq,
					 end != JOB_REFUSED);
	engine_settle(e, NULL, job);
}

void engine_cancel_all(struct engine *e, struct list *jobs, enum job_end end)
{
	struct list *node;

	while ((node = list_take_first(jobs)) != NULL)
		engine_cancel(e, container_of(node, struct job, link), end);
}

void engine_release_jobs(struct engine *e, struct list *ready,
			 struct list *skipped)
{
	struct list unwanted = LIST_INIT(unwanted);
	bool any = !list_is_empty(ready);
	struct list *node;

	if (any) {
		mutex_lock(&e->lock);
		while ((node = list_take_first(ready)) != NULL) {
			struct job *job = container_of(node, struct job, link);

			if (e->stop == ENGINE_RUN)
				engine_ready_locked(e, job);
			else
				list_append(&unwanted, &job->link);
		}
		engine_unlock(e);
		engine_rouse(e, &e->stages[0], RESIZE_DEMAND);
	}
	engine_cancel_all(e, &unwanted, JOB_CANCELLED);
	engine_cancel_all(e, skipped, JOB_SKIPPED);
}

/* Stopping and waiting. */

static void take_waiting_locked(struct engine *e, struct list *out)
{
	struct job *job;

	for (unsigned i = 0; i < e->nstages; i++)
		stage_take_all_locked(&e->stages[i], out);
	while ((job = heap_pop(&e->delayed)) != NULL)
		list_append(out, &job->link);
	deps_take_all(e->deps, out);
	e->start_due_ns = -1;
}

static void wake_everyone_locked(struct engine *e)
{
	for (unsigned i = 0; i < e->nstages; i++) {
		cond_broadcast(&e->stages[i].space);
		pool_wake_locked(&e->stages[i].pool);
	}
	if (engine_is_over_locked(e) || e->at_barrier)
		cond_broadcast(&e->over);
}

void engine_stop(struct engine *e, enum engine_stop how)
{
	struct list waiting = LIST_INIT(waiting);

	mutex_lock(&e->lock);
	if (how <= e->stop) {
		mutex_unlock(&e->lock);
		return;
	}
	e->stop = how;
	engine_gate_locked(e);
	take_waiting_locked(e, &waiting);
	if (how >= ENGINE_CANCEL)
		engine_interrupt_all_locked(e, how == ENGINE_KILL ? JOB_KILL
								  : JOB_STOP);
	wake_everyone_locked(e);
	mutex_unlock(&e->lock);
	e->cfg.output->ops->stop_waiting(e->cfg.output);
	engine_cancel_all(e, &waiting, JOB_CANCELLED);
	/* Also tells that a halt rule has bitten. */
	notify(e);
}

int64_t engine_timeout_ns(struct engine *e)
{
	return atomic_load(&e->timeout_ns);
}
