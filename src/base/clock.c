/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clock.c - time in nanoseconds.
 *
 * The run clock is one atomic word: negative while it runs (what to take off
 * the monotonic clock, see below), its value while it is frozen. A reader
 * takes the word, the time, and the word again: SIGTSTP can stop the process
 * between any two instructions, and only an unchanged word proves that the
 * time was read before the stop or after it. While the one writer reads the
 * clock the word is BUSY, so that nobody returns a time later than the one
 * the run clock is then frozen at.
 */
#include <config.h>

#include <limits.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/num.h"

#define BUSY		INT64_MIN
#define POLL_MS_MAX	(24 * 3600 * 1000)

/*
 * -1 - (nanoseconds stopped so far), or the frozen time, or BUSY. Sequentially
 * consistent throughout: the readers' two loads must stay around their look at
 * the clock, and on the common machines such loads cost no more than others.
 */
static _Atomic int64_t clock_state = -1;

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) < 0)
		BUG("clock_gettime failed");
	return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

int64_t clock_now_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_run_ns(void)
{
	for (;;) {
		int64_t state = atomic_load(&clock_state);
		int64_t now;

		if (state >= 0)
			return state;
		if (state == BUSY)
			continue;
		now = clock_now_ns();
		if (LIKELY(atomic_load(&clock_state) == state))
			return now + state + 1;
	}
}

void clock_freeze(void)
{
	int64_t state = atomic_load(&clock_state);

	if (state >= 0)
		return;
	atomic_store(&clock_state, BUSY);
	atomic_store(&clock_state, clock_now_ns() + state + 1);
}

void clock_thaw(void)
{
	int64_t state = atomic_load(&clock_state);

	if (state < 0)
		return;
	atomic_store(&clock_state, state - clock_now_ns() - 1);
}

int clock_poll_ms(int64_t ns)
{
	int64_t ms;

	if (ns < 0)
		return -1;
	ms = ns / NS_PER_MS + (ns % NS_PER_MS != 0);
	return ms < POLL_MS_MAX ? (int)ms : POLL_MS_MAX;
}
