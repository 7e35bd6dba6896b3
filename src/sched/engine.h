/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.h - the scheduler: a bounded queue, an elastic pool of workers,
 * retries, halting, stopping.
 *
 * Actors: one reader submits jobs and closes; workers (threads of the engine)
 * take them, run them through the runner, settle them; one controller (main)
 * resizes, stops and waits. One lock, the engine's; runner, output and sinks
 * are called without it. All functions are thread-safe except new and free.
 */
#ifndef MUSTER_SCHED_ENGINE_H
#define MUSTER_SCHED_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "sched/halt.h"
#include "sched/tally.h"

struct engine;
struct job;
struct output;
struct runner;
struct sink;

/* A clock for tests. With one, waits have no end of their own: engine_tick
 * makes everyone look at the clock again. */
struct engine_clock {
	int64_t (*now_ns)(void *arg);
	void *arg;
};

struct engine_config {
	struct runner *runner;
	struct output *output;
	unsigned min;			/* warm workers */
	unsigned max;
	int64_t idle_timeout_ns;
	size_t queue_capacity;
	size_t queue_bytes;		/* 0: no bound */
	struct halt_rule halt;
	int64_t timeout_ns;		/* 0: none */
	double timeout_percent;		/* of the median of successes, or 0 */
	const struct engine_clock *clock;	/* NULL: the monotonic one */
	/* Called without locks when something the controller waits for has
	 * happened: all over, stopped by halt. From any thread. */
	void (*notify)(void *arg);
	void *notify_arg;
	/* Tells people that fewer jobs than asked for can run at once. */
	void (*shortage)(void *arg, unsigned reached, int err);
};

enum engine_stop {
	ENGINE_RUN = 0,
	ENGINE_DRAIN,		/* start nothing more */
	ENGINE_CANCEL,		/* and end running jobs by the term sequence */
	ENGINE_KILL,		/* and SIGKILL them now */
};

struct engine_stats {
	struct tally tally;
	uint64_t submitted;
	size_t queued;
	unsigned running;
	unsigned workers;
	unsigned idle;
	unsigned peak_workers;
	unsigned max;
	bool closed;		/* all input has been submitted */
	bool is_over;		/* closed or stopped, and nothing runs */
	enum engine_stop stop;
	bool halted;		/* by its rule ... */
	int halt_status;	/* ... with this exit status */
};

struct engine *engine_new(const struct engine_config *config) MUST_USE;
/* After engine_wait said it is over, and with no other call under way: joins
 * the workers, frees everything. */
void engine_free(struct engine *e);

/* Before engine_start. The sink stays the caller's. */
void engine_add_sink(struct engine *e, struct sink *s);
/* Starts the minimum of workers. */
void engine_start(struct engine *e);

/*
 * Hands a job over, whatever is returned. Blocks while the queue is full.
 * False when the engine has been stopped: the job is settled as cancelled,
 * and submitting more is of no use. A job with a message is settled as
 * refused without being run.
 */
bool engine_submit(struct engine *e, struct job *job);
/* No more jobs will come. */
void engine_close(struct engine *e);

/* Raises the stop level; a lower one than before changes nothing. */
void engine_stop(struct engine *e, enum engine_stop how);

/* New bounds; surplus idle workers end at once, busy ones after their job. */
void engine_resize(struct engine *e, unsigned min, unsigned max);

/* True when all is over; false when deadline_ns (clock_now_ns; negative:
 * none) came first. */
bool engine_wait(struct engine *e, int64_t deadline_ns);
void engine_get_stats(struct engine *e, struct engine_stats *out);

/* With a clock of one's own: after it was moved. */
void engine_tick(struct engine *e);

/* Calls fn for each running job, under the engine's lock: fn must be short
 * and call nothing of the engine's. */
void engine_each_running(struct engine *e,
			 void (*fn)(const struct job *, void *), void *arg);

/* The run's own timeout for jobs that have none: 0 while there is none (a
 * percentage before three jobs have succeeded). Cheap, for the runner. */
int64_t engine_timeout_ns(struct engine *e);

#endif
