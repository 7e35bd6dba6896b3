/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_median.c - the running median, against sorted values.
 */
#include <config.h>

#include <stdlib.h>

#include "base/compiler.h"
#include "sched/median.h"
#include "tap.h"

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)(*state >> 40);
}

static void nothing(void)
{
	struct median m = { .count = 0 };

	CHECK_INT(median_get(&m), 0);
}

static void one(void)
{
	struct median m = { .count = 0 };

	median_add(&m, -5);
	CHECK_INT(median_get(&m), -5);
	CHECK_INT(m.count, 1);
}

static void lower_middle(void)
{
	struct median m = { .count = 0 };

	median_add(&m, 30);
	median_add(&m, 10);
	CHECK_INT(median_get(&m), 10);
	median_add(&m, 20);
	CHECK_INT(median_get(&m), 20);
	median_add(&m, 40);
	CHECK_INT(median_get(&m), 20);
}

static void exact_at_first(void)
{
	struct median m = { .count = 0 };
	int64_t seen[MEDIAN_BASE];
	int64_t sorted[MEDIAN_BASE];
	uint64_t state = 1;

	for (size_t n = 1; n <= MEDIAN_BASE; n++) {
		seen[n - 1] = next_random(&state);
		median_add(&m, seen[n - 1]);
		for (size_t i = 0; i < n; i++)
			sorted[i] = seen[i];
		qsort(sorted, n, sizeof(sorted[0]), compare);
		CHECK_INT(median_get(&m), sorted[(n - 1) / 2]);
	}
}

static void all_equal(void)
{
	struct median m = { .count = 0 };

	for (int i = 0; i < 10000; i++)
		median_add(&m, 77);
	CHECK_INT(median_get(&m), 77);
	CHECK_INT(m.count, 10000);
}

/* The estimate stays near the middle rank, whatever the count. */
static void near_the_middle(void)
{
	static int64_t seen[20000];
	struct median m = { .count = 0 };
	uint64_t state = 42;
	size_t below = 0;

	for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
		seen[i] = next_random(&state);
		median_add(&m, seen[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
		below += seen[i] < median_get(&m);
	CHECK(below > ARRAY_SIZE(seen) * 45 / 100);
	CHECK(below < ARRAY_SIZE(seen) * 55 / 100);
}

static void one_outlier(void)
{
	struct median m = { .count = 0 };

	for (int i = 0; i < 1000; i++)
		median_add(&m, i % 100 ? 5 : INT64_MAX);
	CHECK_INT(median_get(&m), 5);
}

/* A full level hands up exactly its middle. */
static void hands_up(void)
{
	struct median m = { .count = 0 };

	for (int i = 0; i < MEDIAN_BASE * MEDIAN_BASE; i++)
		median_add(&m, i);
	CHECK_INT(m.used[0], 0);
	CHECK_INT(m.used[1], 0);
	CHECK_INT(m.used[2], 1);
	CHECK_INT(median_get(&m), MEDIAN_BASE * MEDIAN_BASE / 2);
}

/* What was handed up counts for all the values it stands for. */
static void weighted(void)
{
	struct median m = { .count = 0 };

	for (int i = 0; i < MEDIAN_BASE; i++)
		median_add(&m, 1);
	for (int i = 0; i < MEDIAN_BASE - 1; i++)
		median_add(&m, 100);
	CHECK_INT(median_get(&m), 1);
}

/* 21^8 values take too long to add: begin just below the brim. */
static void overflow(void)
{
	struct median m = { .count = 0 };

	for (unsigned level = 0; level < MEDIAN_LEVELS; level++) {
		m.used[level] = MEDIAN_BASE - 1;
		for (unsigned i = 0; i < MEDIAN_BASE; i++)
			m.cell[level][i] = 9;
	}
	for (int i = 0; i < 100; i++)
		median_add(&m, 9);
	CHECK_INT(median_get(&m), 9);
	CHECK(m.used[MEDIAN_LEVELS - 1] > 0);
	CHECK(m.used[MEDIAN_LEVELS - 1] < MEDIAN_BASE);
}

static const struct tap_case cases[] = {
	{ "no values have the median 0", nothing },
	{ "one value is its own median", one },
	{ "an even number has the lower middle", lower_middle },
	{ "the first 21 values are exact", exact_at_first },
	{ "equal values give that value", all_equal },
	{ "20000 values give one near the middle", near_the_middle },
	{ "outliers do no harm", one_outlier },
	{ "full levels hand up their middle", hands_up },
	{ "what was handed up keeps its weight", weighted },
	{ "the top level does not overflow", overflow },
};
TAP_MAIN(cases)
