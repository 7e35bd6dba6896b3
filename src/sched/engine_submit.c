/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine_submit.c - the reader's side of the engine: jobs come in.
 *
 * Numbers are given under the lock in which a job is put where it waits, so
 * that those who submit side by side (the reader, engine_add) make one order.
 */
#include <config.h>

#include "sched/engine_impl.h"
#include "sched/job.h"
#include "sched/output.h"
#include "sched/work.h"

/* What has become of a job that was handed over. */
enum entry {
	ENTRY_WAITS,		/* in its stage, or for others */
	ENTRY_STOPPED,		/* the run is: to be cancelled */
	ENTRY_REFUSED,		/* or by itself no job to be run */
	ENTRY_SKIPPED,		/* or has nothing to wait for any more */
	ENTRY_DROPPED,
	ENTRY_HERE,		/* the caller is to run it */
	ENTRY_PASSED,		/* an earlier run has done it */
};

/* From now on slots are counted by weight, also for what runs already, and
 * jobs wait in one queue. */
static void begin_weights_locked(struct engine *e)
{
	e->has_weights = true;
	engine_gate_locked(e);
	for (unsigned k = 0; k < e->nstages; k++) {
		struct stage *st = &e->stages[k];

		for (unsigned i = 0; i < st->pool.nslots; i++) {
			struct worker *w = st->pool.slots[i];

			mutex_lock(&w->lock);
			if (w->job && w->is_uncounted)
				st->used += w->job->weight;
			w->is_uncounted = false;
			mutex_unlock(&w->lock);
			stage_hand_back_locked(st, w);
		}
	}
}

static void number_locked(struct engine *e, struct job *job)
{
	job->number = ++e->numbers;
	job->stage = 0;
	job->seq = (job->number - 1) * e->nstages + 1;
	e->submitted++;
	e->unsettled++;
	/* Also when it does not wait now: it may for its next try. */
	if (job->weight != 1 && !e->has_weights)
		begin_weights_locked(e);
}

static enum entry enter_locked(struct engine *e, struct job *job)
{
	if (!job->id && !job->ndeps) {
		engine_ready_locked(e, job);
		return ENTRY_WAITS;
	}
	switch (deps_add(e->deps, job)) {
	case DEPS_READY:
		engine_ready_locked(e, job);
		return ENTRY_WAITS;
	case DEPS_WAITS:
		return ENTRY_WAITS;
	case DEPS_SKIP:
		return ENTRY_SKIPPED;
	case DEPS_BAD:
		job->is_misuse = true;
		return ENTRY_REFUSED;
	}
	BUG("verdict out of range");
}

static bool settle_entry(struct engine *e, struct job *job, enum entry entry)
{
	struct output *out = e->cfg.output;

	switch (entry) {
	case ENTRY_WAITS:
		break;
	case ENTRY_STOPPED:
		engine_cancel(e, job, JOB_CANCELLED);
		return false;
	case ENTRY_REFUSED:
		engine_cancel(e, job, JOB_REFUSED);
		break;
	case ENTRY_SKIPPED:
		engine_cancel(e, job, JOB_SKIPPED);
		break;
	case ENTRY_DROPPED:
		engine_cancel(e, job, JOB_DROPPED);
		break;
	case ENTRY_HERE:
		work_here(e, &e->stages[0], job);
		break;
	case ENTRY_PASSED:
		for (job->stage = 0; job->stage < e->nstages; job->stage++) {
			if (job->kept)
				out->ops->replay(out, job);
			else
				out->ops->skip(out, job->seq, false);
			job->seq++;
		}
		job_free(job);
		break;
	}
	return true;
}

/* That someone finds no room may be a reason to have more workers. True when
 * one was started, or the controller told: look again. */
static bool meet_demand_locked(struct engine *e, struct stage *st)
	REQUIRES(e->lock)
{
	struct worker *w;
	bool started;

	atomic_fetch_add(&st->want_space, 1);
	w = stage_rouse_locked(st, RESIZE_DEMAND);
	atomic_fetch_sub(&st->want_space, 1);
	if (!w)
		return engine_flush_locked(e);
	engine_unlock(e);
	started = engine_start_worker(e, w);
	mutex_lock(&e->lock);
	return started;
}

void engine_await_room_locked(struct engine *e, struct stage *st)
{
	atomic_fetch_add(&st->want_space, 1);
	if (!meet_demand_locked(e, st) && e->stop == ENGINE_RUN &&
	    stage_is_full(st))
		cond_wait(&st->space, &e->lock);
	atomic_fetch_sub(&st->want_space, 1);
}

/* For those that will not wait for room: is there some, now that a worker has
 * been started, or has the run been stopped? */
static bool look_again_locked(struct engine *e, struct stage *st)
	REQUIRES(e->lock)
{
	return meet_demand_locked(e, st) || !stage_is_full(st) ||
	       e->stop != ENGINE_RUN;
}

/* job, which has a message, will not run: others may wait for it. */
static void tell_deps_locked(struct engine *e, struct job *job)
{
	if (job->id)
		(void)deps_add(e->deps, job);
}

/*
 * The first stage's queue is full. Returns false when the policy says to wait
 * and the wait is over: ask again.
 */
static bool meet_full_locked(struct engine *e, struct job *job,
			     enum entry *entry) REQUIRES(e->lock)
{
	struct stage *st = &e->stages[0];
	bool depends = job->id || job->ndeps;

	if (e->cfg.on_full != FULL_BLOCK && look_again_locked(e, st))
		return false;
	if (e->cfg.on_full == FULL_DROP) {
		job->message = "dropped: the queue is full";
		tell_deps_locked(e, job);
		*entry = ENTRY_DROPPED;
		return true;
	}
	/* With others to wait for, or when nobody may start anything, it
	 * waits after all. */
	if (e->cfg.on_full == FULL_RUN && !depends && !e->paused &&
	    !e->starved && !engine_is_holding_locked(e) &&
	    engine_may_start_locked(e)) {
		*entry = ENTRY_HERE;
		return true;
	}
	engine_await_room_locked(e, st);
	return false;
}

static enum entry submit_locked(struct engine *e, struct job *job)
	REQUIRES(e->lock)
{
	enum entry entry = ENTRY_WAITS;

	if (job->message) {
		tell_deps_locked(e, job);
		return ENTRY_REFUSED;
	}
	while (e->stop == ENGINE_RUN && stage_is_full(&e->stages[0])) {
		if (meet_full_locked(e, job, &entry))
			return entry;
	}
	return e->stop == ENGINE_RUN && !e->stop_judged ? ENTRY_WAITS
							: ENTRY_STOPPED;
}

bool engine_submit(struct engine *e, struct job *job)
{
	struct stage *st = &e->stages[0];
	struct worker *w = NULL;
	enum entry entry;
	bool stopped;

	mutex_lock(&e->lock);
	entry = submit_locked(e, job);
	number_locked(e, job);
	if (entry == ENTRY_WAITS) {
		entry = enter_locked(e, job);
		w = stage_rouse_locked(st, RESIZE_DEMAND);
	}
	stopped = e->stop != ENGINE_RUN;
	engine_unlock(e);
	if (w && engine_start_worker(e, w) && stage_queued(st) > 1)
		engine_rouse(e, st, RESIZE_DEMAND);
	return settle_entry(e, job, entry) && !stopped;
}

static enum entry pass_locked(struct engine *e, struct job *job,
			      bool has_succeeded, struct list *ready,
			      struct list *skipped)
{
	number_locked(e, job);
	/* What it came after was over then. */
	job->ndeps = 0;
	if (job->id && deps_add(e->deps, job) == DEPS_BAD) {
		job->is_misuse = true;
		return ENTRY_REFUSED;
	}
	e->submitted--;
	e->unsettled--;
	e->passed++;
	if (job->id)
		deps_end(e->deps, job, has_succeeded, ready, skipped);
	return ENTRY_PASSED;
}

bool engine_pass(struct engine *e, struct job *job, bool has_succeeded)
{
	struct list ready = LIST_INIT(ready);
	struct list skipped = LIST_INIT(skipped);
	enum entry entry;
	bool stopped;

	mutex_lock(&e->lock);
	stopped = e->stop != ENGINE_RUN;
	entry = pass_locked(e, job, has_succeeded, &ready, &skipped);
	engine_unlock(e);
	settle_entry(e, job, entry);
	engine_release_jobs(e, &ready, &skipped);
	return !stopped;
}

/* What can't run as things are. */
struct stuck {
	struct list stuck;
	struct list ready;
	struct list skipped;
};

static void stuck_init(struct stuck *s)
{
	list_init(&s->stuck);
	list_init(&s->ready);
	list_init(&s->skipped);
}

/* What waits for an id that nobody has, or in a circle, will not run. */
static void find_stuck_locked(struct engine *e, struct stuck *s)
{
	deps_close(e->deps, !e->closed, &s->stuck, &s->ready, &s->skipped);
}

static void refuse_stuck(struct engine *e, struct stuck *s)
{
	engine_cancel_all(e, &s->stuck, JOB_REFUSED);
	engine_release_jobs(e, &s->ready, &s->skipped);
}

static enum entry add_locked(struct engine *e, struct job *job,
			     struct stuck *s)
{
	bool depends = job->ndeps > 0;
	enum entry entry;

	if (job->message) {
		tell_deps_locked(e, job);
		return ENTRY_REFUSED;
	}
	entry = enter_locked(e, job);
	/* Nobody will look at the end of input for what it waits for. */
	if (depends && (e->closed || e->at_barrier))
		find_stuck_locked(e, s);
	return entry;
}

bool engine_add(struct engine *e, struct job *job, uint64_t *seq)
{
	struct stuck s;
	enum entry entry;

	stuck_init(&s);
	mutex_lock(&e->lock);
	if (e->stop != ENGINE_RUN || engine_is_over_locked(e)) {
		mutex_unlock(&e->lock);
		return false;
	}
	number_locked(e, job);
	if (seq)
		*seq = job->seq;
	entry = add_locked(e, job, &s);
	engine_unlock(e);
	engine_rouse(e, &e->stages[0], RESIZE_DEMAND);
	settle_entry(e, job, entry);
	refuse_stuck(e, &s);
	return true;
}

bool engine_barrier(struct engine *e)
{
	struct stuck s;
	bool stopped;

	stuck_init(&s);
	mutex_lock(&e->lock);
	e->at_barrier++;
	find_stuck_locked(e, &s);
	e->passed_barrier = true;
	engine_gate_locked(e);
	engine_plan_start_locked(e);
	engine_unlock(e);
	refuse_stuck(e, &s);
	engine_rouse_all(e, RESIZE_DEMAND);
	mutex_lock(&e->lock);
	while (e->unsettled > 0 && e->stop == ENGINE_RUN)
		cond_wait(&e->over, &e->lock);
	e->at_barrier--;
	stopped = e->stop != ENGINE_RUN || e->stop_judged;
	mutex_unlock(&e->lock);
	return !stopped;
}

void engine_close(struct engine *e)
{
	enum engine_stop stop;
	struct stuck s;
	bool over;

	stuck_init(&s);
	mutex_lock(&e->lock);
	e->closed = true;
	find_stuck_locked(e, &s);
	mutex_unlock(&e->lock);
	refuse_stuck(e, &s);
	mutex_lock(&e->lock);
	/* A percentage can be judged only now, and what was held back for it
	 * may start. */
	stop = engine_judge_locked(e, e->tally.first_failed_status);
	engine_gate_locked(e);
	engine_plan_start_locked(e);
	over = engine_is_over_locked(e);
	if (over)
		cond_broadcast(&e->over);
	e->poke |= over;
	engine_unlock(e);
	if (stop != ENGINE_RUN)
		engine_stop(e, stop);
	else
		engine_rouse_all(e, RESIZE_DEMAND);
}
