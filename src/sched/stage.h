/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stage.h - one stage of a run: the jobs that wait in it and the pool that
 * runs them.
 *
 * Belongs to the engine, whose lock guards it but for what is said to be
 * atomic. Decides which job a worker gets and whether there should be more
 * workers; starting threads and what a worker does is the engine's business.
 *
 * With DISPATCH_SHARED jobs wait in `queue`. With DISPATCH_STEALING new ones
 * go to the workers' own queues in turn; `queue` holds what no worker was
 * there to take, and everything once jobs have weights: a heavy one waits at
 * its head for room, which it would not get behind the backs of others. A
 * worker takes from its own queue under that queue's lock
 * alone, unless `gated` says that more has to be asked first. Jobs of weight 0
 * wait in `light`, and come first: they wait for nobody.
 */
#ifndef MUSTER_SCHED_STAGE_H
#define MUSTER_SCHED_STAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "base/thread.h"
#include "sched/adapt.h"
#include "sched/engine.h"
#include "sched/pool.h"
#include "sched/queue.h"

struct stage {
	struct engine *engine;		/* constant, as index */
	unsigned index;

	struct queue queue;
	struct queue light;
	atomic_size_t queued;		/* in all queues of the stage */
	atomic_size_t bytes;		/* and what they take */
	atomic_bool gated;		/* see stage_gate_locked */
	unsigned turn;			/* whose queue is next, stealing */
	uint64_t steals;
	struct cond space;		/* the queue has room, or stop */
	atomic_uint want_space;		/* who waits for it */

	struct pool pool;
	unsigned used;			/* slots, by weight of running jobs */
	unsigned lights;		/* running ones of weight 0 */
	unsigned grow_limit;		/* workers that could be started */
	unsigned goal;			/* SCALE_ADAPTIVE */
	struct adapt adapt;
	uint64_t done;			/* tries that ended */
	int64_t busy_ns;		/* their run times added up */
	uint64_t grown[RESIZE_REASONS];
	uint64_t shrunk[RESIZE_REASONS];
};

void stage_init(struct stage *st, struct engine *e, unsigned index,
		const struct engine_bounds *bounds);
void stage_release(struct stage *st);

/* Puts a ready job where it waits; ready_ns is set. */
void stage_push_locked(struct stage *st, struct job *job);
bool stage_is_full(const struct stage *st);
/* Twice as much waits as makes it full. */
bool stage_is_crowded(const struct stage *st);
size_t stage_queued(const struct stage *st);

/*
 * The job that w is to run now, or NULL: none waits or the next one has to
 * wait for slots, for the rate, or for the whole stage. w->job is set, the
 * job counts as running.
 */
struct job *stage_take_locked(struct stage *st, struct worker *w);
/* The same from w's own queue without the engine's lock; NULL: ask with it. */
struct job *stage_take_own(struct stage *st, struct worker *w);
/* w, a guest, runs a job that is in no queue and takes no slots; not when the
 * run has been stopped: false. */
bool stage_lend(struct stage *st, struct worker *w, struct job *job);
/* w's job is not being run any more: its slots are free. */
void stage_put_locked(struct stage *st, struct worker *w);

/* Gives what waits in w's own queue to the others. */
void stage_hand_back_locked(struct stage *st, struct worker *w);

/* Looks again whether something keeps workers from taking without asking:
 * after anything that may change that. */
void stage_gate_locked(struct stage *st);

/*
 * Jobs wait: wakes an idle worker, unless one is on its way already. Workers
 * that come and find more than they take wake the next (stage_pass_on_locked):
 * so there is one wake for each worker that is needed, not one for each job.
 */
void stage_wake_locked(struct stage *st);
/* The same, and returns a reserved one that the caller must start
 * (engine_start_worker) once the lock is free, and then ask again; or NULL. */
struct worker *stage_rouse_locked(struct stage *st,
				  enum engine_resize_reason why);
/* w has just taken a job: if it had to be woken for it, others may be needed
 * as well. */
void stage_pass_on_locked(struct stage *st, struct worker *w);
/* Workers that stay though idle: in a shortage, where threads may be in the
 * way of processes, one. */
unsigned stage_min_locked(const struct stage *st);
bool stage_wants_worker_locked(struct stage *st);
bool stage_is_surplus_locked(struct stage *st, bool idled_out);
/* As many threads as there may be, those for light jobs included. */
unsigned stage_bound_locked(const struct stage *st);
/* A thread could not be started: from now on no more are wanted than leave
 * room for the processes of their jobs. */
void stage_limit_locked(struct stage *st);

/* Searching; the job stays where it is. NULL: not here. */
struct job *stage_find_locked(struct stage *st, uint64_t seq);
/* Takes out a waiting job that stage_find_locked gave. */
void stage_remove_locked(struct stage *st, struct job *job);
void stage_each_locked(struct stage *st, void (*fn)(struct job *, void *),
		       void *arg);
/* Moves all waiting jobs to out. */
void stage_take_all_locked(struct stage *st, struct list *out);

#endif
