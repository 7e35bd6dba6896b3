/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_clock.c - the clocks, and stopping one of them.
 */
#include <config.h>

#include <limits.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/thread.h"
#include "tap.h"

#define READERS		3

static void pass_ms(long ms)
{
	struct timespec ts = { .tv_nsec = ms * 1000000 };

	nanosleep(&ts, NULL);
}

static void now_goes_on(void)
{
	int64_t last = clock_now_ns();
	int64_t start = last;

	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_now_ns();

		CHECK(now >= last);
		last = now;
	}
	pass_ms(5);
	CHECK(clock_now_ns() - start >= 5 * NS_PER_MS);
}

static void wall_is_the_date(void)
{
	int64_t before = time(NULL);
	int64_t wall = clock_wall_ns() / NS_PER_SEC;
	int64_t after = time(NULL);

	/* time() may lag behind by a tick. */
	CHECK(wall >= before - 1);
	CHECK(wall <= after + 1);
}

static void run_is_now_until_frozen(void)
{
	int64_t before = clock_now_ns();
	int64_t run = clock_run_ns();
	int64_t after = clock_now_ns();

	CHECK(run >= before && run <= after);
}

static void frozen_run_stands_still(void)
{
	int64_t before = clock_run_ns();
	int64_t frozen;

	clock_freeze();
	frozen = clock_run_ns();
	CHECK(frozen >= before);
	pass_ms(5);
	CHECK_INT(clock_run_ns(), frozen);
	CHECK(clock_now_ns() > frozen);
}

/* How far run is behind now, or a little more: now is read last. */
static int64_t lag_ns(void)
{
	int64_t run = clock_run_ns();

	return clock_now_ns() - run;
}

static void thawed_run_goes_on(void)
{
	for (int i = 1; i <= 3; i++) {
		int64_t before = clock_run_ns();
		int64_t frozen, run;

		clock_freeze();
		frozen = clock_run_ns();
		pass_ms(5);
		clock_thaw();
		run = clock_run_ns();
		CHECK(frozen >= before);
		CHECK(run >= frozen);
		pass_ms(2);
		CHECK(clock_run_ns() - run >= 2 * NS_PER_MS);
		/* All pauses are taken off, not only the last. */
		CHECK(lag_ns() >= i * 5 * NS_PER_MS);
	}
}

static void nested_calls_do_nothing(void)
{
	int64_t frozen, before;

	before = clock_now_ns();
	clock_thaw();
	CHECK(clock_run_ns() >= before);

	clock_freeze();
	frozen = clock_run_ns();
	pass_ms(2);
	clock_freeze();
	CHECK_INT(clock_run_ns(), frozen);
	clock_thaw();
	pass_ms(2);
	CHECK(clock_run_ns() > frozen);
	/* A second thaw takes nothing off: only the 2 ms above are. */
	before = lag_ns();
	pass_ms(2);
	clock_thaw();
	frozen = clock_now_ns();
	CHECK(frozen - clock_run_ns() <= before);
	CHECK(before >= 2 * NS_PER_MS);
}

static atomic_bool done;

static void *watch_run_clock(void *arg)
{
	int64_t last = clock_run_ns();
	bool ok = true;

	(void)arg;
	while (!atomic_load(&done) && ok) {
		int64_t run = clock_run_ns();
		int64_t now = clock_now_ns();

		ok = CHECK(run >= last) && CHECK(run <= now);
		last = run;
	}
	return NULL;
}

/* Whatever freezes and thaws under the readers, no one sees it go back. */
static void run_never_goes_back(void)
{
	struct thread readers[READERS];

	for (int i = 0; i < READERS; i++)
		if (!CHECK_INT(thread_start(&readers[i], 0, watch_run_clock,
					    NULL), 0))
			return;
	for (int i = 0; i < 3000; i++) {
		clock_freeze();
		clock_thaw();
		if (i % 100 == 0)
			pass_ms(1);
	}
	atomic_store(&done, true);
	for (int i = 0; i < READERS; i++)
		thread_join(&readers[i]);
}

static void poll_ms_rounds_up(void)
{
	CHECK_INT(clock_poll_ms(0), 0);
	CHECK_INT(clock_poll_ms(1), 1);
	CHECK_INT(clock_poll_ms(NS_PER_MS - 1), 1);
	CHECK_INT(clock_poll_ms(NS_PER_MS), 1);
	CHECK_INT(clock_poll_ms(NS_PER_MS + 1), 2);
	CHECK_INT(clock_poll_ms(90 * NS_PER_SEC), 90000);
}

static void poll_ms_has_limits(void)
{
	CHECK_INT(clock_poll_ms(-1), -1);
	CHECK_INT(clock_poll_ms(INT64_MIN), -1);
	CHECK_INT(clock_poll_ms(86400 * NS_PER_SEC), 86400000);
	CHECK_INT(clock_poll_ms(86400 * NS_PER_SEC + 1), 86400000);
	CHECK_INT(clock_poll_ms(35 * 86400 * NS_PER_SEC), 86400000);
	CHECK_INT(clock_poll_ms(INT64_MAX), 86400000);
}

static const struct tap_case cases[] = {
	{ "now goes on", now_goes_on },
	{ "wall is the date", wall_is_the_date },
	{ "run is now before the first freeze", run_is_now_until_frozen },
	{ "a frozen run clock stands still", frozen_run_stands_still },
	{ "a thawed run clock goes on from there", thawed_run_goes_on },
	{ "nested freeze and thaw do nothing", nested_calls_do_nothing },
	{ "the run clock never goes back", run_never_goes_back },
	{ "poll milliseconds round up", poll_ms_rounds_up },
	{ "poll milliseconds have limits", poll_ms_has_limits },
};
TAP_MAIN(cases)
