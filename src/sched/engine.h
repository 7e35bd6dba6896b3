/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.h - the scheduler: bounded queues, elastic pools of workers, rates,
 * retries, dependencies, halting, stopping.
 *
 * Actors: one reader submits jobs and closes; workers (threads of the engine)
 * take them, run them through the runner, settle them; one controller (main)
 * tends, resizes, steers, stops and waits. One lock, the engine's; runner,
 * output and sinks are called without it. All functions are thread-safe except
 * new and free.
 *
 * A run has one stage or several. Each stage has a queue and a pool of its
 * own; a job that succeeded in one goes on into the next, and only in the last
 * one is it over. A job has the number of its input; its seq is
 * (number - 1) * stages + stage + 1, so that output in the order of seq is in
 * the order of inputs, stage by stage.
 */
#ifndef MUSTER_SCHED_ENGINE_H
#define MUSTER_SCHED_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/backoff.h"
#include "base/compiler.h"
#include "sched/adapt.h"
#include "sched/halt.h"
#include "sched/queue.h"
#include "sched/retry.h"
#include "sched/scale.h"
#include "sched/tally.h"
#include "sched/throttle.h"

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

/* What happens to a job that finds the queue full. */
enum engine_full {
	FULL_BLOCK,		/* who submits it waits */
	FULL_DROP,		/* it ends as JOB_DROPPED */
	FULL_RUN,		/* who submits it runs it, beside the workers */
};

enum engine_dispatch {
	DISPATCH_SHARED,	/* one queue that all workers pull from */
	DISPATCH_STEALING,	/* one a worker, filled in turn; who has none
				   left takes half of the longest */
};

struct engine_bounds {
	unsigned min;		/* warm workers */
	unsigned max;
};

struct engine_config {
	struct runner *runner;
	struct output *output;
	unsigned min;			/* of the first stage */
	unsigned max;
	const struct engine_bounds *then;	/* of further stages; copied */
	unsigned nthen;
	enum scale_policy scale;	/* adaptive: after maths_load */
	unsigned scale_threshold;	/* 0: 2 */
	enum engine_dispatch dispatch;
	int64_t idle_timeout_ns;
	enum queue_order queue_order;
	int64_t priority_aging_ns;	/* 0: none */
	size_t queue_capacity;		/* of each stage */
	size_t queue_bytes;		/* 0: no bound */
	enum engine_full on_full;
	struct rate rate;		/* of starts, retries too; 0: any */
	int64_t delay_ns;		/* between starts */
	bool delay_auto;		/* longer after each try that failed,
					   shorter after one that did not */
	struct backoff backoff;		/* for jobs without their own */
	struct retry_rule retry_on;
	bool keep_retry_output;		/* of tries before the last, too */
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

/* Why the number of workers changed. */
enum engine_resize_reason {
	RESIZE_START,		/* the warm pool */
	RESIZE_DEMAND,		/* jobs waited */
	RESIZE_IDLE,		/* nothing to do for the idle timeout */
	RESIZE_BOUNDS,		/* more or fewer are allowed than before */
	RESIZE_ADAPT,		/* fewer, because feedback said so */
	RESIZE_SHORTAGE,	/* no thread to be had */
	RESIZE_END,		/* of the run */
	RESIZE_REASONS
};

/* One word: "start", "demand", ... */
const char *engine_resize_name(enum engine_resize_reason reason);

/* Sums over all stages. */
struct engine_stats {
	struct tally tally;
	uint64_t submitted;	/* tries to run a stage of an input, settled or
				   not: what tally will add up to */
	uint64_t passed;	/* inputs that an earlier run had done */
	size_t queued;		/* wait for a worker */
	size_t delayed;		/* wait for their next try */
	size_t held;		/* wait for other jobs */
	unsigned running;
	uint64_t retries;	/* tries that another one followed */
	unsigned workers;
	unsigned idle;
	unsigned peak_workers;
	unsigned min;
	unsigned max;
	unsigned goal;		/* adaptive: what it aims at, else max */
	uint64_t steals;	/* times that a worker took from another */
	/* workers started and ended, by reason */
	uint64_t grown[RESIZE_REASONS];
	uint64_t shrunk[RESIZE_REASONS];
	bool paused;
	bool closed;		/* all input has been submitted */
	bool is_crowded;	/* twice as many wait for the first stage as
				   the reader would let in */
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
 * Hands a job over, whatever is returned; gives it its number and seq. When
 * the queue is full: see on_full. False when the engine has been stopped: the
 * job is settled as cancelled, and submitting more is of no use. A job with a
 * message is settled as refused without being run. A job of weight above the
 * pool's maximum counts as that maximum.
 */
bool engine_submit(struct engine *e, struct job *job);
/*
 * Hands over a job that is not to be run, because an earlier run has done it:
 * it takes a number, jobs that wait for it hear how it had ended, and nobody
 * else hears of it. False when the engine has been stopped.
 */
bool engine_pass(struct engine *e, struct job *job, bool has_succeeded);
/* As engine_submit for others than the reader, also after engine_close: never
 * blocks and has no bound. seq (or NULL): where its number goes. False when
 * the run is over or stopped; then the job stays the caller's. */
bool engine_add(struct engine *e, struct job *job, uint64_t *seq);
/*
 * Waits until all that was submitted is over (or the engine stopped: false).
 * Jobs that wait for ids which have not been seen are refused: they could
 * only come behind the barrier.
 */
bool engine_barrier(struct engine *e);
/* No more jobs will come. */
void engine_close(struct engine *e);

/* Raises the stop level; a lower one than before changes nothing. */
void engine_stop(struct engine *e, enum engine_stop how);

/* New bounds of a stage; surplus idle workers end at once, busy ones after
 * their job. */
void engine_resize(struct engine *e, unsigned stage, unsigned min,
		   unsigned max);
/* What the system said of itself since the last call: every ADAPT_INTERVAL
 * with SCALE_ADAPTIVE, after maths_load. */
void engine_feel(struct engine *e, const struct adapt_pressure *p);

/*
 * Does what its time has come for: tries again, lets the next one start that
 * the rate held back. Returns the moment on the engine's clock when there will
 * be more to do; negative: none. To be called by the controller at that
 * moment, and after each notify, which announces earlier ones.
 */
int64_t engine_tend(struct engine *e);

/* The last ns nanoseconds do not count (muster was stopped): what is due is
 * due so much later. */
void engine_skip_time(struct engine *e, int64_t ns);

/* Starts nothing more, until told to go on; running jobs run on. */
void engine_pause(struct engine *e, bool paused);

/* So many more tries may be started, until told again; negative: any number,
 * as at first. When they are used up, notify is called. */
void engine_allow(struct engine *e, int64_t starts);

/* Steering one job. 0, or -1 with errno ESRCH: no such job waits or runs;
 * EBUSY: not in the state it is in. */
/* A running one is ended by the term sequence, a waiting one cancelled as
 * JOB_KILLED; none is tried again. */
int engine_kill_job(struct engine *e, uint64_t seq);
/* One that waits for its next try has it now; a running one is ended and
 * tried once more. EBUSY for one that waits for its first. */
int engine_retry_job(struct engine *e, uint64_t seq);
/* EBUSY when it runs. */
int engine_set_priority(struct engine *e, uint64_t seq, int priority);

enum job_state { JOB_QUEUED, JOB_HELD, JOB_DELAYED, JOB_RUNNING };

/* Calls fn for each job that runs or waits, under the engine's lock: fn must
 * be short and call nothing of the engine's. Running ones first. */
void engine_each_job(struct engine *e,
		     void (*fn)(const struct job *, enum job_state, void *),
		     void *arg);

/* A slot that has or had a worker. */
struct engine_worker {
	unsigned stage;
	unsigned slot;
	bool is_there;
	bool is_busy;
	uint64_t jobs;		/* tries run on it so far */
};

/* As engine_each_job. */
void engine_each_worker(struct engine *e,
			void (*fn)(const struct engine_worker *, void *),
			void *arg);

/* True when all is over; false when deadline_ns (clock_now_ns; negative:
 * none) came first. */
bool engine_wait(struct engine *e, int64_t deadline_ns);
void engine_get_stats(struct engine *e, struct engine_stats *out);

/* With a clock of one's own: after it was moved. */
void engine_tick(struct engine *e);

/* The run's own timeout for jobs that have none: 0 while there is none (a
 * percentage before three jobs have succeeded). Cheap, for the runner. */
int64_t engine_timeout_ns(struct engine *e);

#endif
