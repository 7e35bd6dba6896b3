/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * throttle.h - how often jobs may be started: a token bucket, and a pause
 * between any two starts.
 *
 * N starts per unit of time, with a bucket of `burst` tokens that is full at
 * first: in any interval of length T at most burst + N*T starts, and over a
 * long run with work at all times exactly N per unit (integer arithmetic, no
 * rounding that adds up). Pure functions of the time that is passed in; holds
 * no lock: the engine's lock guards it.
 */
#ifndef MUSTER_SCHED_THROTTLE_H
#define MUSTER_SCHED_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

struct rate {
	uint64_t n;		/* 0: no bound */
	int64_t unit_ns;	/* n starts in that time */
	uint64_t burst;		/* at least 1 */
};

struct throttle {
	struct rate rate;
	int64_t delay_ns;	/* between two starts; 0: none */
	/* the rest is throttle.c's */
	bool is_running;
	int64_t full_ns;	/* when, and with `issued` tokens given since, */
	uint64_t issued;	/* the bucket was last full */
	int64_t last_ns;	/* last start */
	bool has_last;
};

/*
 * N/s, N/m or N/h, with :BURST behind it or not (then 1): whole numbers from 1
 * on. 0, or -1 with errno EINVAL or ERANGE.
 */
int rate_parse(const char *word, struct rate *rate);

void throttle_init(struct throttle *t, const struct rate *rate,
		   int64_t delay_ns);
/* True when nothing is ever held back. */
bool throttle_is_open(const struct throttle *t);
/* May a job be started now? Then the token is taken. */
bool throttle_take(struct throttle *t, int64_t now_ns);
/* The first moment from now_ns on at which throttle_take will be true. */
int64_t throttle_next(const struct throttle *t, int64_t now_ns);

#endif
