/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scale.h - how many workers there should be: pure functions of a sample.
 */
#ifndef MUSTER_SCHED_SCALE_H
#define MUSTER_SCHED_SCALE_H

#include <stdbool.h>
#include <stddef.h>

struct scale_sample {
	unsigned min;		/* bounds, min <= max, max >= 1 */
	unsigned max;
	unsigned workers;	/* threads there are, idle or busy */
	unsigned idle;
	size_t queued;		/* jobs that wait */
};

/* The eager policy: a worker for each waiting job that no idle worker will
 * take, within the bounds. Never less than the workers there are. */
unsigned scale_up(const struct scale_sample *s);

/* True when one worker should end: an idle one that has had nothing to do for
 * its whole idle timeout (none waits, more than min), or any one while there
 * are more than max. */
bool scale_is_surplus(const struct scale_sample *s, bool idled_out);

#endif
