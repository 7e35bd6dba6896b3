/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scale.h - how many workers there should be: pure functions of a sample.
 *
 *	eager		a worker for each waiting job that no idle one will take
 *	balanced	twice as many when more than `threshold` jobs wait for
 *			each worker
 *	lazy		one more when the queue is full and none is idle
 *	fixed		all that are allowed, from the start
 *	adaptive	as eager, within a goal that adapt.h finds
 *
 * With any policy there is a worker where there is work: one at least.
 */
#ifndef MUSTER_SCHED_SCALE_H
#define MUSTER_SCHED_SCALE_H

#include <stdbool.h>
#include <stddef.h>

enum scale_policy {
	SCALE_EAGER,
	SCALE_BALANCED,
	SCALE_LAZY,
	SCALE_FIXED,
	SCALE_ADAPTIVE,
};

struct scale_sample {
	enum scale_policy policy;
	unsigned threshold;	/* balanced: jobs per worker, at least 1 */
	unsigned min;		/* bounds, min <= max, max >= 1 */
	unsigned max;
	unsigned goal;		/* adaptive: min <= goal <= max; 0 is 1 */
	unsigned workers;	/* threads there are, idle, starting or busy */
	unsigned idle;		/* of these, idle or starting */
	size_t queued;		/* that could start, had they workers */
	bool is_full;		/* the queue, and someone waits to submit */
};

/* By name. 0, or -1 for another word. */
int scale_parse(const char *word, enum scale_policy *policy);

/* How many workers there should be at least, never less than there are; at
 * most max (for adaptive: goal). */
unsigned scale_up(const struct scale_sample *s);

/*
 * True when one worker should end: an idle one that has had nothing to do for
 * its whole idle timeout (none waits, more than min; never with fixed), or any
 * one while there are more than max (for adaptive: goal).
 */
bool scale_is_surplus(const struct scale_sample *s, bool idled_out);

#endif
