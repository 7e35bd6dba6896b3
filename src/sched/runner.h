/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * runner.h - what runs jobs, as the engine sees it.
 *
 * A runner runs a job and tells how it ended. The engine calls run() from
 * the worker that owns the job; up to `max` calls run at once, each with its
 * own slot number. Runners on other hosts implement the same interface.
 */
#ifndef MUSTER_SCHED_RUNNER_H
#define MUSTER_SCHED_RUNNER_H

#include <stdbool.h>

struct job;
struct runner;

enum run_result {
	RUN_ENDED,	/* the try is over: job->outcome says how */
	RUN_AGAIN,	/* no process, descriptor or memory just now: nothing
			   was run; job->outcome.err is the errno */
};

struct runner_ops {
	/* Before a worker's first job and after its last, from its thread.
	 * What slot_open returns is handed to the others. */
	void *(*slot_open)(struct runner *r, unsigned slot);
	void (*slot_close)(struct runner *r, void *state);

	/*
	 * Runs one try of job from start to end; blocks. Sets outcome and
	 * command. Obeys job->order at its start and after each interrupt.
	 */
	enum run_result (*run)(struct runner *r, void *state, struct job *job);

	/* Makes the run() in that slot look at job->order again; from any
	 * thread, without blocking. Late or spurious calls do no harm. */
	void (*interrupt)(struct runner *r, void *state);
};

struct runner {
	const struct runner_ops *ops;
};

#endif
