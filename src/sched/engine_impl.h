/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine_impl.h - the engine's insides, for engine.c and work.c alone.
 */
#ifndef MUSTER_SCHED_ENGINE_IMPL_H
#define MUSTER_SCHED_ENGINE_IMPL_H

#include <stdatomic.h>

#include "base/list.h"
#include "base/thread.h"
#include "sched/engine.h"
#include "sched/median.h"
#include "sched/pool.h"
#include "sched/queue.h"

struct engine {
	struct engine_config cfg;	/* constant */
	struct list sinks;		/* constant after engine_start */
	_Atomic int64_t timeout_ns;	/* of the run */

	struct mutex lock;		/* guards all that follows */
	struct cond space;		/* the queue has room, or stop */
	struct cond over;
	struct queue queue;
	struct pool pool;
	struct tally tally;
	struct median runtimes;		/* of successes */
	uint64_t submitted;
	uint64_t unsettled;
	unsigned running;
	unsigned grow_limit;		/* workers that could be started */
	enum engine_stop stop;
	bool closed;
	bool quit;
	bool starved;			/* wait for a try to end */
	bool is_short;			/* was starved, and jobs still wait */
	int64_t starved_since_ns;	/* nothing could be started; 0: fine */
	int64_t pause_ns;
	bool told_shortage;
	bool halted;
	int halt_status;
};

int64_t engine_now(const struct engine *e);

/*
 * A job waits in the queue: who will take it? Wakes an idle worker, or
 * returns a reserved one that the caller must start (engine_start_worker)
 * once the lock is free, or NULL.
 */
struct worker *engine_dispatch_locked(struct engine *e);
/* Should there be one more? */
bool engine_wants_worker_locked(const struct engine *e);
/* Starts the reserved worker. Without any thread to be had, the calling one
 * does the work that waits; false when no thread was started. */
bool engine_start_worker(struct engine *e, struct worker *w);

/* w's job is not being run any more. */
void engine_stop_running_locked(struct engine *e, struct worker *w);
/* A try has come to its end: what it used can be used again. */
void engine_end_shortage_locked(struct engine *e);

/* Tells people, once in a run, that no more than reached run at once. */
void engine_tell_shortage(struct engine *e, unsigned reached, int err);

/* Tell the sinks; without locks. */
void engine_tell_start(struct engine *e, const struct job *job);
void engine_tell_retry(struct engine *e, const struct job *job);

/*
 * Closes the account of job and frees it. w: the worker that ran its last
 * try, NULL when it does not run any more.
 */
void engine_settle(struct engine *e, struct worker *w, struct job *job);
/* Settles a job that will never (again) be started. */
void engine_cancel(struct engine *e, struct job *job);

#endif
