/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backoff.h - how long to wait before something is tried again.
 *
 * Exponential: delay, delay x factor, delay x factor^2, ... up to max. With
 * jitter ("full jitter") the wait is anything from 0 to that, all equally
 * likely, so that many who failed together do not come back together. Pure
 * functions.
 */
#ifndef MUSTER_BASE_BACKOFF_H
#define MUSTER_BASE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

struct backoff {
	int64_t delay_ns;	/* before the second try; 0: none */
	double factor;		/* at least 1 */
	int64_t max_ns;		/* 0: no bound */
	bool jitter;
};

/*
 * D[,FACTOR[,MAX]]: D and MAX are durations (num.h), FACTOR a number from 1 on
 * (1 when left out). Leaves jitter alone. 0, or -1 with errno EINVAL or ERANGE
 * and *b as it was.
 */
int backoff_parse(const char *word, struct backoff *b);

/* Nanoseconds between try number `tries` (from 1) and the next. random: any
 * number, all of whose bits are random; used with jitter only. */
int64_t backoff_ns(const struct backoff *b, unsigned tries, uint64_t random);

#endif
