/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * load.h - the work that pools are raced with, and what is known of it after:
 * how long it took, how often each job ran, how many ran on each worker.
 *
 * An entrant is a pool. It starts its threads, calls load_begin, hands over
 * the jobs 0 to jobs - 1 from the calling thread in this order, has load_job
 * called for each of them in one of its threads, calls load_end when all are
 * over, and ends its threads. Each race is run in a process of its own.
 */
#ifndef MUSTER_BENCH_LOAD_H
#define MUSTER_BENCH_LOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/thread.h"

#define LOAD_WORKERS_MAX	256

enum load_work {
	LOAD_NOTHING,
	LOAD_SPIN,		/* arithmetic, in registers */
	LOAD_LOCK,		/* all take one mutex, for a few instructions */
};

/* One a worker, each in cache lines of its own. */
struct load_lane {
	_Alignas(128) uint64_t jobs;
	uint64_t result;
};

struct load {
	/* Set by who makes it. */
	size_t jobs;
	unsigned threads;
	size_t capacity;	/* of a bounded queue */
	enum load_work work;
	uint64_t spins;		/* LOAD_SPIN: rounds of it */

	int64_t begin_ns;
	int64_t end_ns;
	int64_t cpu_ns;		/* of all threads in between */
	int64_t switches;	/* times that one of them went to sleep */
	atomic_uchar *runs;	/* times each job ran */
	atomic_uint nlanes;
	struct load_lane lanes[LOAD_WORKERS_MAX];
	struct mutex lock;
	uint64_t locked;	/* guarded by lock */
};

struct entrant {
	const char *name;
	const char *why_not;	/* NULL: it can take part */
	void (*race)(struct load *l);
};


void load_init(struct load *l);
void load_release(struct load *l);
void load_begin(struct load *l);
void load_end(struct load *l);
/* In a thread of the pool. */
void load_job(struct load *l, size_t id);
/* Has each job been run once, by no more threads than were asked for? */
bool load_is_right(const struct load *l);
/* So many rounds of LOAD_SPIN take about this long here. */
uint64_t load_spins(int64_t ns);

#endif
