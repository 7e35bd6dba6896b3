/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_scale.c - how many workers there should be.
 */
#include <config.h>

#include <stdint.h>

#include "sched/scale.h"
#include "tap.h"

static unsigned up(unsigned min, unsigned max, unsigned workers, unsigned idle,
		   size_t queued)
{
	struct scale_sample s = {
		.min = min, .max = max, .workers = workers, .idle = idle,
		.queued = queued,
	};

	return scale_up(&s);
}

static bool surplus(unsigned min, unsigned max, unsigned workers,
		    size_t queued, bool idled_out)
{
	struct scale_sample s = {
		.min = min, .max = max, .workers = workers, .idle = workers,
		.queued = queued,
	};

	return scale_is_surplus(&s, idled_out);
}

static void warm_pool(void)
{
	CHECK_INT(up(3, 8, 0, 0, 0), 3);
	CHECK_INT(up(8, 8, 0, 0, 0), 8);
	CHECK_INT(up(0, 8, 0, 0, 0), 0);
}

static void one_a_job(void)
{
	CHECK_INT(up(1, 8, 1, 0, 1), 2);
	CHECK_INT(up(1, 8, 2, 0, 3), 5);
	CHECK_INT(up(0, 8, 0, 0, 1), 1);
}

static void idle_ones_first(void)
{
	CHECK_INT(up(1, 8, 2, 1, 1), 2);
	CHECK_INT(up(1, 8, 4, 2, 1), 4);
	CHECK_INT(up(1, 8, 4, 2, 3), 5);
}

static void at_most_max(void)
{
	CHECK_INT(up(1, 8, 6, 0, 100), 8);
	CHECK_INT(up(1, 8, 8, 0, 100), 8);
	CHECK_INT(up(1, 1, 0, 0, 100), 1);
	CHECK_INT(up(1, 8, 1, 0, SIZE_MAX), 8);
	CHECK_INT(up(1, UINT32_MAX, 1, 0, SIZE_MAX), UINT32_MAX);
}

static void never_less(void)
{
	CHECK_INT(up(1, 8, 5, 5, 0), 5);
	/* The maximum was lowered: shrinking is not growing's business. */
	CHECK_INT(up(1, 2, 5, 0, 10), 5);
}

static void idled_out(void)
{
	CHECK(surplus(1, 8, 2, 0, true));
	CHECK(!surplus(1, 8, 2, 0, false));
	CHECK(!surplus(2, 8, 2, 0, true));
	CHECK(surplus(0, 8, 1, 0, true));
}

static void not_while_jobs_wait(void)
{
	CHECK(!surplus(1, 8, 2, 1, true));
}

static void above_max(void)
{
	CHECK(surplus(1, 4, 5, 0, false));
	CHECK(surplus(4, 4, 5, 10, false));
	CHECK(!surplus(4, 4, 4, 10, false));
}

static const struct tap_case cases[] = {
	{ "the minimum is there without jobs", warm_pool },
	{ "a waiting job gets a worker", one_a_job },
	{ "idle workers come first", idle_ones_first },
	{ "never more than the maximum", at_most_max },
	{ "growing never shrinks", never_less },
	{ "an idle worker ends above the minimum", idled_out },
	{ "no worker ends while jobs wait", not_while_jobs_wait },
	{ "any worker ends above the maximum", above_max },
};
TAP_MAIN(cases)
