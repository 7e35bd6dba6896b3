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

/* A pool of 1 to 16 with that many workers, all busy, and jobs that wait. */
static struct scale_sample busy(enum scale_policy policy, unsigned workers,
				size_t queued)
{
	return (struct scale_sample){
		.policy = policy, .threshold = 2, .min = 1, .max = 16,
		.goal = 16, .workers = workers, .queued = queued,
	};
}

static unsigned busy_up(enum scale_policy policy, unsigned workers,
			size_t queued)
{
	struct scale_sample s = busy(policy, workers, queued);

	return scale_up(&s);
}

static void names(void)
{
	enum scale_policy policy = SCALE_LAZY;

	CHECK_INT(scale_parse("eager", &policy), 0);
	CHECK_INT(policy, SCALE_EAGER);
	CHECK_INT(scale_parse("balanced", &policy), 0);
	CHECK_INT(policy, SCALE_BALANCED);
	CHECK_INT(scale_parse("lazy", &policy), 0);
	CHECK_INT(policy, SCALE_LAZY);
	CHECK_INT(scale_parse("fixed", &policy), 0);
	CHECK_INT(policy, SCALE_FIXED);
	CHECK_INT(scale_parse("adaptive", &policy), 0);
	CHECK_INT(policy, SCALE_ADAPTIVE);
}

static void no_names(void)
{
	static const char *const words[] = { "", "Eager", "eager ", "lazyy",
					     "laz", "0" };
	enum scale_policy policy = SCALE_LAZY;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		CHECK_INT(scale_parse(words[i], &policy), -1);
	CHECK_INT(policy, SCALE_LAZY);
}

static void balanced_doubles(void)
{
	CHECK_INT(busy_up(SCALE_BALANCED, 1, 3), 2);
	CHECK_INT(busy_up(SCALE_BALANCED, 3, 7), 6);
	CHECK_INT(busy_up(SCALE_BALANCED, 8, 1000), 16);
	CHECK_INT(busy_up(SCALE_BALANCED, 9, 1000), 16);
	CHECK_INT(busy_up(SCALE_BALANCED, 16, 1000), 16);
}

static void balanced_waits(void)
{
	CHECK_INT(busy_up(SCALE_BALANCED, 1, 0), 1);
	CHECK_INT(busy_up(SCALE_BALANCED, 1, 2), 1);
	CHECK_INT(busy_up(SCALE_BALANCED, 4, 8), 4);
	CHECK_INT(busy_up(SCALE_BALANCED, 4, 9), 8);
}

static void balanced_threshold(void)
{
	struct scale_sample s = busy(SCALE_BALANCED, 4, 5);

	s.threshold = 1;
	CHECK_INT(scale_up(&s), 8);
	s.queued = 4;
	CHECK_INT(scale_up(&s), 4);
	/* The product is larger than either of them can be. */
	s.threshold = UINT32_MAX;
	s.queued = UINT32_MAX;
	CHECK_INT(scale_up(&s), 4);
	s.queued = (size_t)UINT32_MAX * 4 + 1;
	CHECK_INT(scale_up(&s), SIZE_MAX > UINT32_MAX ? 8 : 4);
	s.threshold = 1;
	s.max = UINT32_MAX;
	s.workers = UINT32_MAX - 1;
	s.queued = SIZE_MAX;
	CHECK_UINT(scale_up(&s), UINT32_MAX);
}

static void balanced_from_none(void)
{
	struct scale_sample s = busy(SCALE_BALANCED, 0, 1);

	s.min = 0;
	CHECK_INT(scale_up(&s), 1);
	s.queued = 0;
	CHECK_INT(scale_up(&s), 0);
	s.min = 3;
	CHECK_INT(scale_up(&s), 3);
}

static void lazy(void)
{
	struct scale_sample s = busy(SCALE_LAZY, 2, 1000);

	CHECK_INT(scale_up(&s), 2);
	s.is_full = true;
	CHECK_INT(scale_up(&s), 3);
	/* One that is starting will make room: no other one meanwhile. */
	s.idle = 1;
	CHECK_INT(scale_up(&s), 2);
	s.idle = 0;
	s.workers = 16;
	CHECK_INT(scale_up(&s), 16);
	s.max = s.workers = UINT32_MAX;
	CHECK_UINT(scale_up(&s), UINT32_MAX);
}

static void lazy_from_none(void)
{
	struct scale_sample s = busy(SCALE_LAZY, 0, 1);

	s.min = 0;
	CHECK_INT(scale_up(&s), 1);
	s.is_full = true;
	CHECK_INT(scale_up(&s), 1);
	s.queued = 0;
	s.is_full = false;
	CHECK_INT(scale_up(&s), 0);
}

static void fixed(void)
{
	struct scale_sample s = busy(SCALE_FIXED, 0, 0);

	CHECK_INT(scale_up(&s), 16);
	s.workers = 16;
	s.idle = 16;
	CHECK(!scale_is_surplus(&s, true));
	s.min = 0;
	CHECK(!scale_is_surplus(&s, true));
	s.max = 15;
	CHECK_INT(scale_up(&s), 16);
	CHECK(scale_is_surplus(&s, false));
}

static void adaptive(void)
{
	struct scale_sample s = busy(SCALE_ADAPTIVE, 2, 1);

	s.goal = 4;
	CHECK_INT(scale_up(&s), 3);
	s.queued = SIZE_MAX;
	CHECK_INT(scale_up(&s), 4);
	s.workers = 4;
	CHECK(!scale_is_surplus(&s, false));
	s.workers = 5;
	CHECK_INT(scale_up(&s), 5);
	CHECK(scale_is_surplus(&s, false));
	/* Idle ones end as with any other policy. */
	s.workers = 3;
	s.queued = 0;
	CHECK(scale_is_surplus(&s, true));
	s.min = 3;
	CHECK(!scale_is_surplus(&s, true));
}

static void adaptive_without_goal(void)
{
	struct scale_sample s = busy(SCALE_ADAPTIVE, 0, 5);

	s.min = 0;
	s.goal = 0;
	CHECK_INT(scale_up(&s), 1);
	s.workers = 1;
	CHECK(!scale_is_surplus(&s, false));
}

static void idling(void)
{
	static const enum scale_policy policies[] = {
		SCALE_EAGER, SCALE_BALANCED, SCALE_LAZY, SCALE_ADAPTIVE,
	};

	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		struct scale_sample s = busy(policies[i], 2, 0);

		CHECK(scale_is_surplus(&s, true));
		CHECK(!scale_is_surplus(&s, false));
		s.queued = 1;
		CHECK(!scale_is_surplus(&s, true));
	}
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
	{ "policies by name", names },
	{ "words that are no policy", no_names },
	{ "balanced: twice as many when too many wait", balanced_doubles },
	{ "balanced: not as long as few wait", balanced_waits },
	{ "balanced: the threshold, however large", balanced_threshold },
	{ "balanced: from none", balanced_from_none },
	{ "lazy: one more when the queue is full", lazy },
	{ "lazy: from none", lazy_from_none },
	{ "fixed: all, always", fixed },
	{ "adaptive: within the goal", adaptive },
	{ "adaptive: a goal of 0 is 1", adaptive_without_goal },
	{ "all but fixed: an idle worker ends", idling },
};
TAP_MAIN(cases)
