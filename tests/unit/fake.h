/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake.h - an engine between a runner, an output, a sink and a clock that are
 * not real: no process is started, and time stands still until it is moved.
 *
 * The first value of a job is its script, one word for each call of run(),
 * the last one repeated:
 *
 *	ok fail		ends at once with status 0 or 1
 *	exitN sigN	with status N, by signal N
 *	late lost none	as JOB_TIMEOUT, JOB_LOST, JOB_UNSTARTED
 *	tookN		ok, with a run time of N ms
 *	hold		waits to be released, then ends with status 0; when
 *			ordered to stop it ends as JOB_KILLED
 *	holdfail	the same with status 1
 *	stubborn	as hold, but obeys JOB_KILL only
 *	again		RUN_AGAIN with EAGAIN
 *	holdagain	the same after having waited to be released or stopped
 *
 * With several stages, scripts for each of them may be joined by slashes; the
 * last one is repeated.
 *
 * Each try writes "tryN", its number among the calls. The fakes check the
 * protocols of runner.h, output.h and sink.h as they go; fake_end checks that
 * every job that was submitted came to exactly one end.
 *
 * The output alone also serves tests of real runners.
 */
#ifndef MUSTER_TESTS_FAKE_H
#define MUSTER_TESTS_FAKE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/thread.h"
#include "sched/engine.h"
#include "sched/job.h"
#include "sched/output.h"
#include "sched/runner.h"
#include "sched/sink.h"

#define FAKE_JOBS	32768

/* Waits until cond holds; the case's own time limit ends a vain wait. */
#define AWAIT(cond)				\
	do {					\
		while (!(cond))			\
			usleep(200);		\
	} while (0)

/* What was seen of a job; by sequence number, guarded by the fake's lock. */
struct fake_job {
	unsigned calls;		/* of run() */
	unsigned begins;
	unsigned keeps;		/* end(keep) */
	unsigned drops;		/* end(!keep) */
	unsigned skips;
	unsigned rests;
	unsigned lasts;		/* begins that were told to be the last */
	unsigned starts;	/* the sink's */
	unsigned retries;
	unsigned dones;
	unsigned interrupts;	/* while in run() */
	bool open;		/* between begin and end */
	bool was_last;		/* the open or resting try */
	bool goes_on;		/* a try went on with the output before */
	bool runs;
	bool released;
	int order;		/* the last one seen in run() */
	unsigned slot;
	unsigned tries;		/* as the sink saw it in the end */
	struct job_outcome outcome;
	struct buf text[2];	/* of the open or kept try */
	void (*wake)(void *);
	void *wake_arg;
};

struct fake {
	struct runner runner;
	struct output output;
	struct sink sink;
	struct engine *engine;
	struct engine_clock clock;
	_Atomic int64_t now_ns;
	atomic_uint notified;
	atomic_uint shortages;
	atomic_uint short_of;
	atomic_uint short_err;

	struct mutex lock;		/* guards all that follows */
	struct cond change;
	struct fake_job *job;		/* FAKE_JOBS of them */
	uint64_t submitted;		/* the last sequence number */
	bool closed;
	unsigned running;		/* calls of run() */
	unsigned peak;
	unsigned slots;			/* open ones */
	unsigned slots_low;		/* the fewest since fake_mark_slots */
	unsigned slot_high;		/* the highest number */
	unsigned slots_opened;
	uint64_t *started;		/* sequence numbers in order of run() */
	unsigned nstarted;
	bool release_all;
	bool waiting_stopped;
	bool no_room;			/* room() says no */
	bool hold_close;		/* slot_close takes its time */
	unsigned closing;		/* calls of it */

	unsigned nstages;		/* 1 */
	unsigned tries_max;		/* for fake_submit; 1 */
	int priority;
};

/*
 * A fake with an engine made from config, in which runner, output, notify
 * and shortage are filled in, and so are the clock unless real_clock is set,
 * and what is 0 of: min (1), max (4), queue_capacity (100000) and
 * idle_timeout_ns (5 s). It is not started.
 */
struct fake *fake_new(const struct engine_config *config, bool real_clock);
/* Closes, waits until all is over, checks, frees everything. */
void fake_end(struct fake *f);
/* Without an engine, for its output. */
struct fake *fake_new_output(void);
void fake_free(struct fake *f);

/* Submits a job with the next number; as engine_submit. */
bool fake_submit(struct fake *f, const char *script);
/* As engine_add; the job is freed when it is refused. */
bool fake_add(struct fake *f, struct job *job);
/* The job only, for who wants to change it and submit it himself. */
struct job *fake_make(struct fake *f, const char *script);
/* n of them. */
void fake_submit_n(struct fake *f, unsigned n, const char *script);
/* A job that is refused for its message. */
bool fake_refuse(struct fake *f, const char *message);
void fake_close(struct fake *f);

void fake_release(struct fake *f, uint64_t seq);
void fake_release_all(struct fake *f);
void fake_move_clock(struct fake *f, int64_t ns);
void fake_mark_slots(struct fake *f);
/* Makes workers that end stop on their way out, or lets them go. */
void fake_hold_close(struct fake *f, bool hold);
void fake_await_closing(struct fake *f, unsigned n);

/* Waits until so many calls of run() are there at once, or job seq is in. */
void fake_await_running(struct fake *f, unsigned n);
void fake_await_run(struct fake *f, uint64_t seq);
void fake_await_done(struct fake *f, uint64_t seq);
void fake_await_order(struct fake *f, uint64_t seq, int order);

struct engine_stats fake_stats(struct fake *f);
/* A copy; the texts in it are as they were and stay the fake's. */
struct fake_job fake_job(struct fake *f, uint64_t seq);
unsigned fake_peak(struct fake *f);

#endif
