/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * throttle.h - how often jobs may be started: a token bucket, and a pause
 * between any two starts.
 *
 * N starts per unit of time, with a bucket of `burst` tokens that is full at
 * first: in the time T from the first start on at most burst + N*T starts,
 * and with work at all times exactly N per unit in the long run. Nothing is
 * rounded that could add up. Time in which nobody asks for a token fills the
 * bucket and does no more.
 *
 * Waking up takes a while. With a bucket of one, who was refused a token and
 * takes it less than one token's time late does not push back all that follow:
 * the schedule stays as it was. So in a time T that begins later there may be
 * one start more than burst + N*T.
 *
 * Pure functions of the time that is passed in, which never goes back and
 * lies between 0 and INT64_MAX / 2; holds no lock: the engine's guards it.
 */
#ifndef MUSTER_SCHED_THROTTLE_H
#define MUSTER_SCHED_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

/* Of starts in a unit, and of tokens in the bucket. */
#define RATE_MAX	UINT64_C(1000000000)

struct rate {
	uint64_t n;		/* 0: no bound */
	int64_t unit_ns;	/* n starts in that time; at most an hour */
	uint64_t burst;		/* at least 1 */
};

/* A time or a span of it, exact for a given rate: ns + part / n. */
struct throttle_time {
	int64_t ns;
	uint64_t part;		/* below n */
};

struct throttle {
	struct rate rate;
	int64_t delay_ns;	/* between two starts; 0: none */
	/* the rest is throttle.c's */
	struct throttle_time step;	/* what a token takes to come */
	struct throttle_time depth;	/* ... and all but one of a bucket */
	struct throttle_time full;	/* when the bucket will be full */
	bool has_started;
	bool is_held;		/* the last one who asked was refused */
	int64_t last_ns;	/* last start */
};

/*
 * N/s, N/m or N/h, with :BURST behind it or not (then 1): whole numbers from 1
 * to RATE_MAX. 0, or -1 with errno EINVAL, or ERANGE: too large, or a bucket
 * that takes more than 50 years to fill.
 */
int rate_parse(const char *word, struct rate *rate);

/* rate: such as rate_parse gives, or n is 0. */
void throttle_init(struct throttle *t, const struct rate *rate,
		   int64_t delay_ns);
/* From now on the delay, if there is one, is so many per cent of what it was,
 * and no less than a nanosecond; at most a hundred years. */
void throttle_stretch(struct throttle *t, unsigned percent);
/* True when nothing is ever held back. */
bool throttle_is_open(const struct throttle *t);
/* May a job be started now? Then the token is taken. */
bool throttle_take(struct throttle *t, int64_t now_ns);
/* The last ns nanoseconds do not count. */
void throttle_skip(struct throttle *t, int64_t ns);
/* The first moment from now_ns on at which throttle_take will be true. */
int64_t throttle_next(const struct throttle *t, int64_t now_ns);

#endif
