/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine_impl.h - the engine's insides, for the engine_*.c, stage.c and work.c
 * alone.
 */
#ifndef MUSTER_SCHED_ENGINE_IMPL_H
#define MUSTER_SCHED_ENGINE_IMPL_H

#include <stdatomic.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/thread.h"
#include "sched/deps.h"
#include "sched/engine.h"
#include "sched/job.h"
#include "sched/median.h"
#include "sched/stage.h"
#include "sched/throttle.h"

struct engine {
	struct engine_config cfg;	/* constant, as nstages */
	unsigned nstages;
	struct list sinks;		/* constant after engine_start */
	_Atomic int64_t timeout_ns;	/* of the run */
	atomic_uint running;		/* jobs, in all stages */

	struct mutex lock;		/* guards all that follows */
	struct cond over;		/* also for who waits at a barrier */
	struct stage *stages;
	struct heap delayed;		/* jobs that wait for their next try */
	struct list between;		/* jobs that wait for room in the next
					   stage; their workers' all the same */
	struct deps *deps;
	struct throttle throttle;
	int64_t start_due_ns;		/* next token for a waiting job; -1 */
	struct tally tally;
	struct median runtimes;		/* of successes */
	uint64_t numbers;		/* inputs so far */
	uint64_t passed;		/* and those not to be run */
	uint64_t submitted;
	uint64_t unsettled;
	uint64_t retries;
	unsigned at_barrier;		/* who waits there */
	uint64_t random;		/* state of the jitter */
	enum engine_stop stop;
	bool stop_judged;		/* halted: engine_stop is to come */
	bool closed;
	bool passed_barrier;
	bool paused;
	int64_t allowed;		/* tries that may start; -1: any */
	bool has_weights;		/* a job of weight other than 1 came */
	bool has_started;		/* engine_start is through */
	bool quit;
	bool starved;			/* wait for a try to end */
	bool is_short;			/* was starved, and jobs still wait */
	bool poke;			/* notify when the lock is free */
	int64_t starved_since_ns;	/* nothing could be started; 0: fine */
	int64_t pause_ns;
	int64_t probe_due_ns;		/* ask for what was short; 0: no need */
	int64_t probe_pause_ns;		/* the last pause before that */
	bool probes_on;			/* since the last one had it */
	bool told_shortage;
	bool halted;
	int halt_status;
};

int64_t engine_now(const struct engine *e);
struct stage *engine_stage_of(const struct worker *w);

/* Frees the lock, and notifies when something under it asked for that. */
void engine_unlock(struct engine *e) RELEASES(e->lock);
/* The same for who is going to wait with it: true when it had to be freed, so
 * that one must look again. */
bool engine_flush_locked(struct engine *e) REQUIRES(e->lock);

/* What all stages ask before they start something. Is the number of jobs to be
 * known first? */
bool engine_is_holding_locked(const struct engine *e);
/* Takes a token of the rate, if there is one. */
bool engine_may_start_locked(struct engine *e);
bool engine_has_token_locked(const struct engine *e);
/* Sees to it that the next job starts when there is a token for it; where one
 * is there already, waking a worker is all that is needed. */
void engine_plan_start_locked(struct engine *e);
/* For who takes jobs without the engine's lock. */
void engine_signal_space(struct stage *st);
/* The stage is full: starts a worker if that is a reason for one, or waits;
 * perhaps not to the end: look again. */
void engine_await_room_locked(struct engine *e, struct stage *st)
	REQUIRES(e->lock);

/* Gates of all stages. */
void engine_gate_locked(struct engine *e);
/* Wakes and starts workers where jobs wait; without the lock. */
void engine_rouse(struct engine *e, struct stage *st,
		  enum engine_resize_reason why);
void engine_rouse_all(struct engine *e, enum engine_resize_reason why);
/* Starts the reserved worker. Without any thread to be had, the calling one
 * does the work that waits; false when no thread was started. */
bool engine_start_worker(struct engine *e, struct worker *w);

/* A try of job has ended: with --delay auto, that changes the delay. */
void engine_stretch_delay_locked(struct engine *e, const struct job *job);

/* w's job is not being run any more. */
void engine_stop_running_locked(struct engine *e, struct worker *w);
/* A try of st has ended, and jobs may wait for which nobody has been woken.
 * Without the lock. */
void engine_rouse_after(struct engine *e, struct stage *st);
/* Something was short: it is asked for once more when a try has ended, and
 * also after a pause, for that may be an hour. */
void engine_plan_probe_locked(struct engine *e);
/* A try has come to its end: what it used can be used again. */
void engine_end_shortage_locked(struct engine *e);
/* Tells people, once in a run, that no more than reached run at once. */
void engine_tell_shortage(struct engine *e, unsigned reached, int err);

/* Tell the sinks; without locks. */
void engine_tell_start(struct engine *e, const struct job *job);
void engine_tell_retry(struct engine *e, const struct job *job);

/* A job of the caller's is ready: it waits in its stage from now on. */
void engine_ready_locked(struct engine *e, struct job *job);
/* It may be tried again in so many ns. */
void engine_delay_locked(struct engine *e, struct job *job, int64_t ns);

bool engine_is_over_locked(const struct engine *e);
/* No worker is needed any more: those that look for a job end by themselves,
 * beside what is left to be done, and no other is started. */
bool engine_is_done_locked(const struct engine *e);
/* Judges the halt rule again, when all jobs are known. */
enum engine_stop engine_judge_locked(struct engine *e, int status);
/* Makes running jobs look at their orders and the run's timeout again. */
void engine_interrupt_all_locked(struct engine *e, int order);

/*
 * Closes the account of job: it is freed, or goes on into the next stage. w:
 * the worker that ran its last try, NULL when it does not run any more.
 */
void engine_settle(struct engine *e, struct worker *w, struct job *job);
/* Settles a job that will never (again) be started, as cancelled if it has
 * never run and has no other end (end: JOB_CANCELLED) or as told. */
void engine_cancel(struct engine *e, struct job *job, enum job_end end);
/* The same for all jobs on the list. */
void engine_cancel_all(struct engine *e, struct list *jobs, enum job_end end);
/* After deps_end or deps_close: what may run waits for a worker, what can't is
 * settled. */
void engine_release_jobs(struct engine *e, struct list *ready,
			 struct list *skipped);

#endif
