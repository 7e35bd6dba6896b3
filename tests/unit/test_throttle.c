/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_throttle.c - rates and delays in virtual time.
 */
#include <config.h>

#include <errno.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/num.h"
#include "sched/throttle.h"
#include "tap.h"

#define HOUR	(3600 * NS_PER_SEC)

/* Neither 0 nor a round number. */
#define START	INT64_C(7777777777777)

static struct throttle make(const char *word, int64_t delay_ns)
{
	struct rate rate = { .n = 0 };
	struct throttle t;

	if (word)
		CHECK_INT(rate_parse(word, &rate), 0);
	throttle_init(&t, &rate, delay_ns);
	return t;
}

/* The moment of the next start, taken as soon as it may be. */
static int64_t next_start(struct throttle *t, int64_t now)
{
	int64_t at = throttle_next(t, now);

	if (at > now)
		CHECK(!throttle_take(t, at - 1));
	CHECK(throttle_take(t, at));
	return at;
}

/* How many can start at one moment. */
static int together(struct throttle *t, int64_t now)
{
	int n = 0;

	while (n < 1000 && throttle_take(t, now))
		n++;
	return n;
}

static uint32_t dice(void)
{
	static uint64_t state = 88172645463325252U;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16);
}

/* a * b / c rounded up, exactly; c at most 10^9, b below 2^33 * c. */
static int64_t scaled(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t whole = b / c * a;
	uint64_t rest = b % c;
	uint64_t left = 0;

	/* a * rest / c, bit by bit: a remainder below c never overflows. */
	for (int bit = 63; bit >= 0; bit--) {
		uint64_t carry;

		left = left * 2 + ((a >> bit & 1) ? rest : 0);
		carry = left / c;
		left %= c;
		whole += carry << bit;
	}
	return (int64_t)(whole + (left != 0));
}

static void words(void)
{
	static const struct {
		const char *word;
		uint64_t n;
		int64_t unit_ns;
		uint64_t burst;
	} good[] = {
		{ "1/s", 1, NS_PER_SEC, 1 },
		{ "20/m", 20, 60 * NS_PER_SEC, 1 },
		{ "1000000000/h", 1000000000, HOUR, 1 },
		{ "007/s", 7, NS_PER_SEC, 1 },
		{ "5/s:10", 5, NS_PER_SEC, 10 },
		{ "1/h:2", 1, HOUR, 2 },
		{ "1000000000/s:1000000000", 1000000000, NS_PER_SEC,
		  1000000000 },
	};
	struct rate rate;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		CHECK_INT(rate_parse(good[i].word, &rate), 0);
		CHECK_UINT(rate.n, good[i].n);
		CHECK_INT(rate.unit_ns, good[i].unit_ns);
		CHECK_UINT(rate.burst, good[i].burst);
	}
}

static void bad_words(void)
{
	static const struct {
		const char *word;
		int err;
	} bad[] = {
		{ "", EINVAL }, { "5", EINVAL }, { "/s", EINVAL },
		{ "5/", EINVAL }, { "5/d", EINVAL }, { "5/S", EINVAL },
		{ "5/sec", EINVAL }, { "0/s", EINVAL }, { "-1/s", EINVAL },
		{ "+1/s", EINVAL }, { "1.5/s", EINVAL }, { " 1/s", EINVAL },
		{ "1 /s", EINVAL }, { "1/s ", EINVAL }, { "1/s:", EINVAL },
		{ "1/s:0", EINVAL }, { "1/s:x", EINVAL },
		{ "1/s:-1", EINVAL }, { "1/s:1:1", EINVAL },
		{ "s/1", EINVAL }, { "1/s/s", EINVAL },
		{ "99999999999999999999x/s", EINVAL },
		{ "1000000001/s", ERANGE }, { "1/s:1000000001", ERANGE },
		{ "99999999999999999999999/h", ERANGE },
		{ "1/s:99999999999999999999999", ERANGE },
		{ "1/h:1000000", ERANGE },
	};
	struct rate rate = { .n = 77 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		errno = 0;
		CHECK_INT(rate_parse(bad[i].word, &rate), -1);
		CHECK_INT(errno, bad[i].err);
	}
	CHECK_INT(rate.n, 77);
}

static void holds_nothing(void)
{
	struct throttle t = make(NULL, 0);

	CHECK(throttle_is_open(&t));
	CHECK_INT(together(&t, START), 1000);
	CHECK_INT(throttle_next(&t, START), START);
	t = make("1000000000/s", 0);
	CHECK(!throttle_is_open(&t));
	t = make(NULL, 1);
	CHECK(!throttle_is_open(&t));
}

/* Start number k (from 0) of a run with work at all times comes at the moment
 * (k + 1 - burst) * unit / n, rounded up once. */
static void check_schedule(const char *word, uint64_t starts)
{
	struct throttle t = make(word, 0);
	uint64_t n = t.rate.n;
	uint64_t burst = t.rate.burst;
	int64_t now = START;
	bool ok = true;

	for (uint64_t k = 0; k < starts && ok; k++) {
		int64_t want = START;

		if (k >= burst)
			want += scaled(k + 1 - burst,
				       (uint64_t)t.rate.unit_ns, n);
		now = throttle_next(&t, now);
		ok = CHECK_INT(now, want) && CHECK(throttle_take(&t, now));
	}
}

static void exact(void)
{
	check_schedule("1/s", 1000);
	check_schedule("3/s", 10000);
	check_schedule("7/m", 10000);
	check_schedule("11/h", 10000);
	check_schedule("999983/s", 100000);
	check_schedule("999999937/s", 100000);
	check_schedule("999999937/h", 100000);
	check_schedule("1000000000/s", 1000);
	check_schedule("3/s:5", 10000);
	check_schedule("999983/m:1000", 10000);
}

/* After n starts all is as at first, one unit later; so it will be after the
 * next n, and after billions. */
static void no_drift(void)
{
	static const char *const rates[] = {
		"3/s", "7/s", "999983/s", "7/m", "99991/m", "7/h", "1000003/h",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		struct throttle t = make(rates[i], 0);
		int64_t now = START;

		for (uint64_t round = 1; round <= 3; round++) {
			for (uint64_t k = 0; k < t.rate.n; k++) {
				now = throttle_next(&t, now);
				throttle_take(&t, now);
			}
			CHECK_UINT(t.full.part, 0);
			CHECK_INT(t.full.ns - START,
				  (int64_t)round * t.rate.unit_ns);
		}
	}
}

static void burst_first(void)
{
	struct throttle t = make("10/s:4", 0);

	CHECK_INT(together(&t, START), 4);
	CHECK_INT(next_start(&t, START), START + 100 * NS_PER_MS);
	CHECK_INT(next_start(&t, START), START + 200 * NS_PER_MS);
}

static void idle_fills_the_bucket_only(void)
{
	struct throttle t = make("10/s:4", 0);

	CHECK_INT(together(&t, START), 4);
	CHECK_INT(together(&t, START + 250 * NS_PER_MS), 2);
	/* The half token that was there goes on counting. */
	CHECK_INT(next_start(&t, START), START + 300 * NS_PER_MS);
	CHECK_INT(together(&t, START + HOUR), 4);
	CHECK_INT(throttle_next(&t, START + HOUR),
		  START + HOUR + 100 * NS_PER_MS);
	t = make("10/s", 0);
	CHECK_INT(together(&t, START), 1);
	CHECK_INT(together(&t, START + HOUR), 1);
	CHECK_INT(together(&t, START + 2 * HOUR), 1);
}

/* Time before the first start does not count either. */
static void full_at_first(void)
{
	struct throttle t = make("10/s:3", 0);

	CHECK_INT(throttle_next(&t, START), START);
	CHECK_INT(together(&t, START + HOUR), 3);
	t = make("1/h", 0);
	CHECK_INT(throttle_next(&t, 0), 0);
	CHECK_INT(together(&t, 0), 1);
	CHECK_INT(throttle_next(&t, 0), HOUR);
}

/* Each start is late, but by less than a token: N per unit all the same. */
static void late_wakes(void)
{
	struct throttle t = make("1000/s", 0);
	int64_t now = START;

	throttle_take(&t, now);
	for (int k = 1; k <= 100000; k++) {
		CHECK(!throttle_take(&t, now));
		now = throttle_next(&t, now) + dice() % 900000;
		CHECK(throttle_take(&t, now));
	}
	CHECK(now >= START + 100 * NS_PER_SEC);
	CHECK(now < START + 100 * NS_PER_SEC + NS_PER_MS);
}

/* Who never was refused has no claim, nor who comes much later. */
static void late_is_not_idle(void)
{
	struct throttle t = make("10/s", 0);

	throttle_take(&t, START);
	CHECK(throttle_take(&t, START + 150 * NS_PER_MS));
	CHECK_INT(next_start(&t, START), START + 250 * NS_PER_MS);
	CHECK(!throttle_take(&t, START + 300 * NS_PER_MS));
	CHECK(throttle_take(&t, START + 351 * NS_PER_MS));
	CHECK_INT(throttle_next(&t, START), START + 450 * NS_PER_MS);
	CHECK(!throttle_take(&t, START + 360 * NS_PER_MS));
	CHECK(throttle_take(&t, START + 551 * NS_PER_MS));
	CHECK_INT(throttle_next(&t, START), START + 651 * NS_PER_MS);
	/* Nor does it add to a larger bucket. */
	t = make("10/s:2", 0);
	CHECK_INT(together(&t, START), 2);
	CHECK_INT(together(&t, START + 250 * NS_PER_MS), 2);
	CHECK_INT(throttle_next(&t, START), START + 350 * NS_PER_MS);
}

static void delay_alone(void)
{
	struct throttle t = make(NULL, 30);

	CHECK(throttle_take(&t, START));
	CHECK(!throttle_take(&t, START));
	CHECK(!throttle_take(&t, START + 29));
	CHECK(throttle_take(&t, START + 30));
	/* From the last start on, not by a schedule. */
	CHECK(throttle_take(&t, START + 75));
	CHECK(!throttle_take(&t, START + 104));
	CHECK_INT(throttle_next(&t, START + 80), START + 105);
	CHECK_INT(throttle_next(&t, START + 200), START + 200);
}

static void delay_and_rate(void)
{
	struct throttle t = make("10/s:3", 40 * NS_PER_MS);
	static const int ms[] = { 0, 40, 80, 120, 200, 300, 400 };
	int64_t now = START;

	for (size_t i = 0; i < ARRAY_SIZE(ms); i++) {
		now = next_start(&t, now);
		CHECK_INT(now - START, ms[i] * NS_PER_MS);
	}
	/* A delay that is longer than the rate's step decides alone. */
	t = make("10/s", NS_PER_SEC);
	now = START;
	for (int i = 0; i < 10; i++) {
		now = next_start(&t, now);
		CHECK_INT(now - START, i * NS_PER_SEC);
	}
}

static void refusals_take_nothing(void)
{
	struct throttle t = make("1/s:2", 0);

	CHECK_INT(together(&t, START), 2);
	for (int i = 0; i < 1000; i++)
		CHECK(!throttle_take(&t, START + i));
	CHECK_INT(throttle_next(&t, START), START + NS_PER_SEC);
}

/* throttle_next is the first moment, whatever came before. */
static void next_is_the_first(void)
{
	static const char *const rates[] = {
		NULL, "1/s", "3/s:2", "7/m:5", "999983/s", "1000000000/s:3",
		"11/h", "999999937/h:100",
	};
	static const int64_t delays[] = { 0, 1, 1000, NS_PER_SEC };

	for (int run = 0; run < 2000; run++) {
		struct throttle t = make(rates[dice() % ARRAY_SIZE(rates)],
					 delays[dice() % ARRAY_SIZE(delays)]);
		int64_t now = START;

		for (int i = 0; i < 50; i++) {
			struct throttle copy;
			int64_t at = throttle_next(&t, now);

			if (!CHECK(at >= now))
				return;
			copy = t;
			if (at > now && !CHECK(!throttle_take(&copy, at - 1)))
				return;
			copy = t;
			CHECK_INT(throttle_take(&copy, now), at == now);
			copy = t;
			if (!CHECK(throttle_take(&copy, at)))
				return;
			if (dice() % 4)
				CHECK_INT(throttle_take(&t, now), at == now);
			now = dice() % 2 ? at
					 : now + dice() % (1u << dice() % 32);
			throttle_take(&t, now);
		}
	}
}

/* From the first start on never more than burst + N*T; from any other one on
 * the lateness of a wake adds one at most. */
static void never_too_many(void)
{
	static int64_t at[400];

	for (int run = 0; run < 50; run++) {
		struct throttle t = make(run % 2 ? "7/s:3" : "7/s", 0);
		uint64_t burst = t.rate.burst;
		uint64_t n = 0;
		int64_t now = START;

		while (n < ARRAY_SIZE(at)) {
			while (n < ARRAY_SIZE(at) && throttle_take(&t, now))
				at[n++] = now;
			if (dice() % 3)
				now = throttle_next(&t, now);
			now += dice() % (1u << dice() % 30);
		}
		for (size_t i = 0; i < n; i++) {
			for (size_t j = i; j < n; j++) {
				uint64_t free = burst + (i > 0);
				uint64_t got = j - i + 1;

				if (got > free &&
				    !CHECK(scaled(got - free, NS_PER_SEC, 7) <=
					   at[j] - at[i]))
					return;
			}
		}
	}
}

static void late_clocks(void)
{
	int64_t late = INT64_MAX / 2;
	struct throttle t = make("1/h:400000", NS_PER_SEC * 86400 * 36500);

	CHECK(throttle_take(&t, late));
	CHECK_INT(throttle_next(&t, late),
		  late + NS_PER_SEC * 86400 * 36500);
	t = make("1/h:400000", 0);
	CHECK_INT(together(&t, late), 1000);
	t = make("3/s", 0);
	CHECK(throttle_take(&t, late - NS_PER_SEC));
	CHECK_INT(next_start(&t, late - NS_PER_SEC),
		  late - NS_PER_SEC + 333333334);
	CHECK_INT(next_start(&t, late - NS_PER_SEC),
		  late - NS_PER_SEC + 666666667);
	CHECK_INT(next_start(&t, late - NS_PER_SEC), late);
	t = make(NULL, INT64_MAX);
	CHECK(throttle_take(&t, late));
	CHECK_INT(throttle_next(&t, late), INT64_MAX);
	CHECK(!throttle_take(&t, late));
}

static void stretched(void)
{
	struct throttle t = make(NULL, 1000);

	CHECK_INT(next_start(&t, START), START);
	throttle_stretch(&t, 130);
	CHECK_INT(next_start(&t, START), START + 1300);
	throttle_stretch(&t, 90);
	CHECK_INT(next_start(&t, START), START + 1300 + 1170);
	for (int i = 0; i < 1000; i++)
		throttle_stretch(&t, 90);
	CHECK_INT(t.delay_ns, 1);
	CHECK(!throttle_is_open(&t));
	for (int i = 0; i < 1000; i++)
		throttle_stretch(&t, 130);
	CHECK(t.delay_ns > NS_PER_SEC);
}

static void stretched_to_the_end(void)
{
	struct throttle t = make(NULL, NS_PER_SEC);
	struct throttle none = make(NULL, 0);

	for (int i = 0; i < 1000; i++)
		throttle_stretch(&t, 130);
	CHECK_INT(t.delay_ns, NS_PER_SEC * 86400 * 36500);
	throttle_stretch(&none, 130);
	CHECK(throttle_is_open(&none));
}

static const struct tap_case cases[] = {
	{ "rates as users write them", words },
	{ "what is no rate", bad_words },
	{ "without a bound nothing is held back", holds_nothing },
	{ "each start at its moment, rounded once", exact },
	{ "after N starts exactly a unit has passed", no_drift },
	{ "a burst at first", burst_first },
	{ "idle time fills the bucket and no more",
	  idle_fills_the_bucket_only },
	{ "the bucket is full at first, whenever that is", full_at_first },
	{ "waking up late does not lower the rate", late_wakes },
	{ "being late is not being idle", late_is_not_idle },
	{ "a delay counts from the last start", delay_alone },
	{ "delay and rate both hold", delay_and_rate },
	{ "refusals take nothing", refusals_take_nothing },
	{ "throttle_next is the first moment that is allowed",
	  next_is_the_first },
	{ "never more starts than the bucket allows", never_too_many },
	{ "a delay that is stretched", stretched },
	{ "a delay that is stretched as far as it goes",
	  stretched_to_the_end },
	{ "clocks near the end of their range", late_clocks },
};
TAP_MAIN(cases)
