/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * adapt_impl.h - what the judge of --scale adaptive tells the one who acts on
 * it; for adapt.c and adapt_judge.c alone.
 *
 * adapt.c keeps the state and moves the goal; adapt_judge.c only looks at it:
 * what has been measured, how far that may be off, and what follows from it.
 */
#ifndef MUSTER_SCHED_ADAPT_IMPL_H
#define MUSTER_SCHED_ADAPT_IMPL_H

#include "base/maths.h"
#include "sched/adapt.h"

/* Steps are logarithms: half as many again, and the smallest. */
#define ADAPT_STEP_WAKE	0.35
#define ADAPT_STEP_MIN	0.12

/* Samples above the bound before pressure counts. */
#define ADAPT_HELD		4

/* A rate that is not worth trying again soon; a logarithm. */
#define ADAPT_FAR_LESS	0.25

/* fmax and fmin without a library: of two the one that is a number. */
static inline double larger(double a, double b)
{
	return b > a || a != a ? b : a;
}

static inline double smaller(double a, double b)
{
	return b < a || a != a ? b : a;
}

enum adapt_verdict { ADAPT_UNDECIDED, ADAPT_ACCEPT, ADAPT_REJECT };

/* Jobs a second. */
double adapt_rate(const struct adapt_span *s);
/* What the span at goal has more than the base, as a logarithm; and how far
 * that may be off. */
double adapt_gain(const struct adapt *a);
double adapt_error(const struct adapt *a);

/* Busy beyond what more workers could use; perhaps so. */
bool adapt_is_hot(const struct adapt *a);
bool adapt_is_warm(const struct adapt *a);

/* The smallest step that a probe of reasonable length could tell from none. */
double adapt_step_min(const struct adapt *a);
/* s: the sample that has just been added up, here and below. Is the probe to
 * be taken back without waiting until the system has settled? */
bool adapt_is_collapse(const struct adapt *a, const struct adapt_sample *s);
/* Of the probe that is being measured. */
enum adapt_verdict adapt_judge(const struct adapt *a,
			       const struct adapt_sample *s);
/* Between probes: has the base been measured for long enough? */
bool adapt_is_span_full(const struct adapt *a, const struct adapt_sample *s);

#endif
