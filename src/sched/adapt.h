/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * adapt.h - --scale adaptive: finds a good number of workers by feedback.
 *
 * A controller in the manner of hill climbing with hysteresis: called every
 * ADAPT_INTERVAL with a sample, it returns the goal for the number of
 * workers. It grows while completions per second rise and pressure is low,
 * shrinks when pressure stays above a bound or throughput falls, and stays
 * where it is when neither tells it anything. Deterministic: a function of
 * its samples. No locks, no clock of its own. Who has it called calls
 * maths_load (base/maths.h) before.
 */
#ifndef MUSTER_SCHED_ADAPT_H
#define MUSTER_SCHED_ADAPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/num.h"

#define ADAPT_INTERVAL	(250 * NS_PER_MS)

struct buf;

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

/* What a stretch of time showed: only samples in which jobs waited, so that
 * the number of workers was the bound. */
struct adapt_span {
	double seconds;
	double done;
	double busy_seconds;
	unsigned samples;
};

/* All private to adapt*.c; adapt.c opens with what the words mean. */
struct adapt {
	unsigned goal;
	unsigned min;		/* bounds of the last sample */
	unsigned max;
	struct {
		int64_t now_ns;
		uint64_t done;
		int64_t busy_ns;
		bool has_waiting;
	} last;

	bool has_moved;		/* the goal, ever */
	bool is_busy_place;	/* pressure was there before that */

	bool is_probing;	/* goal is not base but next to it */
	unsigned base;
	struct adapt_span at_base;	/* without samples: not measured yet */
	double best;		/* rate of late, fading */
	struct adapt_span span;	/* at goal, being measured */

	double step;		/* of the next probe, as a logarithm */
	int dir;		/* and its direction, 1 or -1 */
	bool is_rising;		/* the last step was up and earned its share;
				   also at first */
	unsigned pause;		/* spans before it */
	unsigned patience;	/* pause after the next fruitless pair */
	unsigned fails;		/* probes in a row */
	unsigned odd;		/* spans in a row unlike at_base */

	bool is_settling;	/* jobs from before still run */
	int64_t changed_ns;	/* the goal, or the end of idleness */
	uint64_t changed_done;
	unsigned changed_running;

	struct {
		double share;	/* smoothed; negative: not known */
		unsigned held;	/* samples in a row above the bound */
	} cpu, memory, io, load;
	unsigned ceiling;	/* memory ran short above it */

	struct {
		const char *why;
		unsigned base, tried;	/* tried: 0, or what was probed */
		double base_rate, tried_rate;
	} told;			/* of the last change */
};

/* Starts at min, and doubles from there. */
void adapt_init(struct adapt *a, unsigned min, unsigned max, int64_t now_ns);
/* Returns the new goal, within the sample's bounds. */
unsigned adapt_step(struct adapt *a, const struct adapt_sample *s);
/* Appends what led to the last change, for debugging; one line, no newline. */
void adapt_explain(const struct adapt *a, struct buf *out);

#endif
