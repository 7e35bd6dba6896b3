/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.c - see engine.h.
 *
 * The life of a job here: engine_submit puts it in the queue and sees to it
 * that a worker will come for it (an idle one is woken, else a new one is
 * started if the bounds allow). A worker (work.c) runs one try, and then puts
 * it back to be tried again or calls engine_settle, which closes it: sinks are
 * told first, then it is counted under the lock, so that "over" means that
 * every sink has heard of every job. A job is `unsettled` from the moment it
 * is submitted to the moment it is counted.
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
#include "sched/scale.h"
#include "sched/sink.h"
#include "sched/work.h"

/* Successes before a percentage of their median is a timeout. */
#define MEDIAN_SUCCESSES	3
/* Far above any other, and sums with it do not overflow. */
#define TIMEOUT_MAX		(INT64_MAX / 4)

int64_t engine_now(const struct engine *e)
{
	return e->cfg.clock ? e->cfg.clock->now_ns(e->cfg.clock->arg)
			    : clock_now_ns();
}

struct engine *engine_new(const struct engine_config *config)
{
	struct engine *e = xcalloc(1, sizeof(*e));

	e->cfg = *config;
	BUG_ON(config->min > config->max || config->max == 0);
	list_init(&e->sinks);
	mutex_init(&e->lock);
	cond_init(&e->space);
	cond_init(&e->over);
	queue_init(&e->queue, &(struct queue_config){
		.order = config->queue_order,
		.aging_ns = config->priority_aging_ns,
		.capacity = config->queue_capacity,
		.bytes_max = config->queue_bytes,
	});
	pool_init(&e->pool, e, config->min, config->max);
	e->grow_limit = ~0u;
	atomic_init(&e->timeout_ns, config->timeout_ns);
	return e;
}

void engine_free(struct engine *e)
{
	mutex_lock(&e->lock);
	e->quit = true;
	pool_wake_locked(&e->pool);
	/* One may still be about to start another: join when all are done. */
	while (e->pool.workers > 0)
		cond_wait(&e->over, &e->lock);
	mutex_unlock(&e->lock);
	pool_join(&e->pool);
	pool_release(&e->pool);
	queue_release(&e->queue);
	cond_release(&e->over);
	cond_release(&e->space);
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

static bool is_over_locked(const struct engine *e)
{
	return (e->closed || e->stop != ENGINE_RUN) && e->unsettled == 0;
}

static void notify(struct engine *e)
{
	if (e->cfg.notify)
		e->cfg.notify(e->cfg.notify_arg);
}

/* Starting workers. */

bool engine_wants_worker_locked(const struct engine *e)
{
	struct scale_sample s = {
		.policy = e->cfg.scale,
		.threshold = e->cfg.scale_threshold,
		.goal = e->pool.max,
		.min = e->pool.min,
		.max = e->pool.max,
		.workers = e->pool.workers,
		.idle = e->pool.idle + e->pool.starting,
		.queued = e->starved ? 0 : queue_len(&e->queue),
	};

	return scale_up(&s) > e->pool.workers &&
	       e->pool.workers < e->grow_limit;
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

/* Starts the reserved worker. Without any thread to be had, the calling one
 * does the work that waits; false when no thread was started. */
bool engine_start_worker(struct engine *e, struct worker *w)
{
	unsigned reached;
	int err;

	if (pool_start(w, work_main) == 0)
		return true;
	err = errno;
	mutex_lock(&e->lock);
	pool_retire_locked(&e->pool, w);
	reached = e->pool.workers;
	/* One is tried again for each job, if there is none at all. */
	e->grow_limit = reached ? reached : 1;
	mutex_unlock(&e->lock);
	engine_tell_shortage(e, reached ? reached : 1, err);
	if (reached == 0)
		work_inline(e);
	return false;
}

/* A job waits in the queue: who will take it? Returns a worker that the
 * caller must start once the lock is free, or NULL. */
struct worker *engine_dispatch_locked(struct engine *e)
{
	struct worker *w;

	if (e->starved)
		return NULL;
	w = pool_take_idle_locked(&e->pool);
	if (w) {
		cond_signal(&w->wake);
		return NULL;
	}
	if (engine_wants_worker_locked(e))
		return pool_reserve_locked(&e->pool);
	return NULL;
}

void engine_start(struct engine *e)
{
	for (;;) {
		struct worker *w = NULL;

		mutex_lock(&e->lock);
		if (e->pool.workers < e->pool.min &&
		    e->pool.workers < e->grow_limit)
			w = pool_reserve_locked(&e->pool);
		mutex_unlock(&e->lock);
		if (!w || !engine_start_worker(e, w))
			return;
	}
}

/* The end of a job. */

static void update_timeout_locked(struct engine *e, const struct job *job)
{
	double timeout;

	if (e->cfg.timeout_percent <= 0 || !job_has_succeeded(job))
		return;
	median_add(&e->runtimes, job_runtime_ns(job));
	if (e->runtimes.count < MEDIAN_SUCCESSES)
		return;
	timeout = (double)median_get(&e->runtimes) * e->cfg.timeout_percent /
		  100;
	atomic_store(&e->timeout_ns,
		     timeout < (double)TIMEOUT_MAX ? (int64_t)timeout
						   : TIMEOUT_MAX);
}

/* Returns the stop level that the halt rule asks for now. status: of the job
 * that has just ended. */
static enum engine_stop judge_locked(struct engine *e, int status)
{
	const struct halt_rule *rule = &e->cfg.halt;
	/* 0: not known yet. */
	uint64_t total = e->closed ? e->submitted : 0;

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
	return judge_locked(e, job_status(job));
}

/* Makes all running jobs look at the run's timeout again. */
static void interrupt_all_locked(struct engine *e, int order)
{
	for (unsigned i = 0; i < e->pool.nslots; i++) {
		struct worker *w = e->pool.slots[i];

		if (!w->job)
			continue;
		if (atomic_load(&w->job->order) < order)
			atomic_store(&w->job->order, order);
		e->cfg.runner->ops->interrupt(e->cfg.runner, w->run_state);
	}
}

void engine_stop_running_locked(struct engine *e, struct worker *w)
{
	w->job = NULL;
	e->running--;
	/* Nobody is left for whose end one could wait. */
	if (e->running == 0)
		e->starved = false;
}

void engine_end_shortage_locked(struct engine *e)
{
	e->starved = false;
	e->starved_since_ns = 0;
	e->pause_ns = 0;
}

/*
 * The worker whose job has ended takes the next one. After a shortage that
 * keeps the number of jobs that run where it was; so one more is tried, as
 * long as jobs wait that came when nobody was woken for them.
 */
static struct worker *try_one_more_locked(struct engine *e)
{
	if (e->is_short && queue_len(&e->queue) == 0)
		e->is_short = false;
	return e->is_short ? engine_dispatch_locked(e) : NULL;
}

/*
 * Closes the account of job and frees it. w: the worker that ran its last
 * try, NULL when it was not run just now.
 */
void engine_settle(struct engine *e, struct worker *w, struct job *job)
{
	struct worker *other = NULL;
	int64_t timeout_before;
	enum engine_stop stop;
	bool over;

	sinks_done(e, job);
	mutex_lock(&e->lock);
	timeout_before = atomic_load(&e->timeout_ns);
	update_timeout_locked(e, job);
	stop = count_locked(e, job);
	if (w) {
		engine_stop_running_locked(e, w);
		engine_end_shortage_locked(e);
		other = try_one_more_locked(e);
	}
	e->unsettled--;
	if (atomic_load(&e->timeout_ns) != timeout_before)
		interrupt_all_locked(e, JOB_GO);
	over = is_over_locked(e);
	if (over)
		cond_broadcast(&e->over);
	mutex_unlock(&e->lock);
	job_free(job);
	if (other)
		engine_start_worker(e, other);
	if (stop != ENGINE_RUN)
		engine_stop(e, stop);
	/* Also when the rule asks for less than has been done already. */
	if (over)
		notify(e);
}

/* A job that will never (again) be started. */
void engine_cancel(struct engine *e, struct job *job)
{
	if (job->tries == 0 && !job->message)
		job->outcome.end = JOB_CANCELLED;
	e->cfg.output->ops->skip(e->cfg.output, job->seq);
	engine_settle(e, NULL, job);
}

/* Reading side. */

static bool refuse(struct engine *e, struct job *job)
{
	bool stopped;

	job->outcome.end = JOB_REFUSED;
	mutex_lock(&e->lock);
	e->submitted++;
	e->unsettled++;
	stopped = e->stop != ENGINE_RUN;
	mutex_unlock(&e->lock);
	engine_cancel(e, job);
	return !stopped;
}

bool engine_submit(struct engine *e, struct job *job)
{
	struct worker *w = NULL;
	bool stopped;

	if (job->message)
		return refuse(e, job);
	mutex_lock(&e->lock);
	while (e->stop == ENGINE_RUN && queue_is_full(&e->queue))
		cond_wait(&e->space, &e->lock);
	stopped = e->stop != ENGINE_RUN;
	e->submitted++;
	e->unsettled++;
	if (!stopped) {
		queue_push(&e->queue, job);
		w = engine_dispatch_locked(e);
	}
	mutex_unlock(&e->lock);
	if (w)
		engine_start_worker(e, w);
	if (stopped)
		engine_cancel(e, job);
	return !stopped;
}

void engine_close(struct engine *e)
{
	enum engine_stop stop;
	bool over;

	mutex_lock(&e->lock);
	e->closed = true;
	/* A percentage can be judged only now. */
	stop = judge_locked(e, e->tally.first_failed_status);
	over = is_over_locked(e);
	if (over)
		cond_broadcast(&e->over);
	mutex_unlock(&e->lock);
	if (stop != ENGINE_RUN)
		engine_stop(e, stop);
	if (over)
		notify(e);
}

/* Controlling side. */

static void take_queued_locked(struct engine *e, struct list *out)
{
	struct job *job;

	while ((job = queue_pop(&e->queue)) != NULL)
		list_append(out, &job->link);
}

void engine_stop(struct engine *e, enum engine_stop how)
{
	struct list queued;
	struct list *node;
	bool over;

	list_init(&queued);
	mutex_lock(&e->lock);
	if (how <= e->stop) {
		mutex_unlock(&e->lock);
		return;
	}
	e->stop = how;
	take_queued_locked(e, &queued);
	if (how >= ENGINE_CANCEL)
		interrupt_all_locked(e, how == ENGINE_KILL ? JOB_KILL
							   : JOB_STOP);
	cond_broadcast(&e->space);
	pool_wake_locked(&e->pool);
	over = is_over_locked(e);
	if (over)
		cond_broadcast(&e->over);
	mutex_unlock(&e->lock);
	e->cfg.output->ops->stop_waiting(e->cfg.output);
	while ((node = list_take_first(&queued)) != NULL)
		engine_cancel(e, container_of(node, struct job, link));
	/* Also tells that a halt rule has bitten. */
	notify(e);
}

void engine_resize(struct engine *e, unsigned stage, unsigned min, unsigned max)
{
	(void)stage;
	BUG_ON(min > max || max == 0);
	mutex_lock(&e->lock);
	e->pool.min = min;
	e->pool.max = max;
	pool_wake_locked(&e->pool);
	mutex_unlock(&e->lock);
	engine_start(e);
	for (;;) {
		struct worker *w = NULL;

		mutex_lock(&e->lock);
		if (engine_wants_worker_locked(e))
			w = pool_reserve_locked(&e->pool);
		mutex_unlock(&e->lock);
		if (!w || !engine_start_worker(e, w))
			return;
	}
}

bool engine_wait(struct engine *e, int64_t deadline_ns)
{
	bool over;

	mutex_lock(&e->lock);
	while (!is_over_locked(e) &&
	       cond_wait_until(&e->over, &e->lock, deadline_ns))
		;
	over = is_over_locked(e);
	mutex_unlock(&e->lock);
	return over;
}

void engine_get_stats(struct engine *e, struct engine_stats *out)
{
	mutex_lock(&e->lock);
	*out = (struct engine_stats){
		.tally = e->tally,
		.submitted = e->submitted,
		.queued = queue_len(&e->queue),
		.running = e->running,
		.workers = e->pool.workers,
		.idle = e->pool.idle,
		.peak_workers = e->pool.peak,
		.max = e->pool.max,
		.closed = e->closed,
		.is_over = is_over_locked(e),
		.stop = e->stop,
		.halted = e->halted,
		.halt_status = e->halt_status,
	};
	mutex_unlock(&e->lock);
}

void engine_tick(struct engine *e)
{
	mutex_lock(&e->lock);
	pool_wake_locked(&e->pool);
	mutex_unlock(&e->lock);
}

void engine_each_running(struct engine *e,
			 void (*fn)(const struct job *, void *), void *arg)
{
	mutex_lock(&e->lock);
	for (unsigned i = 0; i < e->pool.nslots; i++) {
		if (e->pool.slots[i]->job)
			fn(e->pool.slots[i]->job, arg);
	}
	mutex_unlock(&e->lock);
}

int64_t engine_timeout_ns(struct engine *e)
{
	return atomic_load_explicit(&e->timeout_ns, memory_order_relaxed);
}
