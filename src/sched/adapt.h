/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * adapt.h - --scale adaptive: finds a good number of workers by feedback.
 *
 * A controller in the manner of hill climbing with hysteresis: called every
 * ADAPT_INTERVAL with a sample, it returns the goal for the number of
 * workers. It grows while completions per second rise and pressure is low,
 * shrinks when pressure stays above a bound or throughput falls, and stays
 * where it is when neither tells it anything. Deterministic: a function of
 * its samples. No locks, no clock of its own.
 */
#ifndef MUSTER_SCHED_ADAPT_H
#define MUSTER_SCHED_ADAPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/num.h"

#define ADAPT_INTERVAL	(250 * NS_PER_MS)

/* What the system says of itself; negative: not known. */
struct adapt_pressure {
	double cpu;		/* share of time in which some task waited for
				   it, 0..1, since the last sample */
	double memory;
	double io;
	double load;		/* runnable tasks per usable CPU */
};

struct adapt_sample {
	int64_t now_ns;
	unsigned min;		/* bounds; they may change between samples */
	unsigned max;
	uint64_t done;		/* tries ended so far */
	int64_t busy_ns;	/* sum of run times of the tries that ended, and
				   of the running ones so far */
	unsigned running;
	size_t queued;		/* jobs that could start */
	struct adapt_pressure pressure;
};

struct adapt {
	unsigned goal;
	/* the rest is adapt.c's, to be laid out there as it needs */
	struct {
		int64_t now_ns;
		uint64_t done;
		int64_t busy_ns;
	} last;
};

/* Starts at min (or what the implementation argues for). */
void adapt_init(struct adapt *a, unsigned min, unsigned max, int64_t now_ns);
/* Returns the new goal, within the sample's bounds. */
unsigned adapt_step(struct adapt *a, const struct adapt_sample *s);

#endif
