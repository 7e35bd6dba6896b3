/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * median.h - the running median of a stream in constant memory.
 *
 * The remedian of Rousseeuw and Bassett (1990): a median of medians in base
 * 21, exact for the first 21 values, a good estimate after. Of an even number
 * of values the lower of the middle two. Zeroed memory is empty. No locks.
 */
#ifndef MUSTER_SCHED_MEDIAN_H
#define MUSTER_SCHED_MEDIAN_H

#include <stdint.h>

#define MEDIAN_BASE 21
#define MEDIAN_LEVELS 8		/* 21^8 values, more than any run has */

struct median {
	int64_t cell[MEDIAN_LEVELS][MEDIAN_BASE];
	unsigned used[MEDIAN_LEVELS];
	uint64_t count;
};

void median_add(struct median *m, int64_t value);
/* The median so far; 0 when count is 0. */
int64_t median_get(const struct median *m);

#endif
