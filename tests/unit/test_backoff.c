/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_backoff.c - how long to wait before the next try.
 */
#include <config.h>

#include <errno.h>
#include <stdint.h>

#include "base/backoff.h"
#include "base/num.h"
#include "tap.h"

static struct backoff parse(const char *word)
{
	struct backoff b = { .delay_ns = -7, .jitter = true };

	CHECK_INT(backoff_parse(word, &b), 0);
	CHECK(b.jitter);
	b.jitter = false;
	return b;
}

static void check_bad(const char *word, int err)
{
	struct backoff b = { .delay_ns = -7, .factor = 5, .max_ns = 3 };

	errno = 0;
	CHECK_INT(backoff_parse(word, &b), -1);
	CHECK_INT(errno, err);
	CHECK_INT(b.delay_ns, -7);
	CHECK(b.factor == 5);
	CHECK_INT(b.max_ns, 3);
}

static void parses_delay(void)
{
	struct backoff b = parse("1m30");

	CHECK_INT(b.delay_ns, 90 * NS_PER_SEC);
	CHECK(b.factor == 1);
	CHECK_INT(b.max_ns, 0);
}

static void parses_all_three(void)
{
	struct backoff b = parse("500ms,1.5,1h");

	CHECK_INT(b.delay_ns, 500 * NS_PER_MS);
	CHECK(b.factor == 1.5);
	CHECK_INT(b.max_ns, 3600 * NS_PER_SEC);
}

static void refuses_what_it_is_not(void)
{
	check_bad("", EINVAL);
	check_bad("x", EINVAL);
	check_bad("-1", EINVAL);
	check_bad("1,", EINVAL);
	check_bad(",2", EINVAL);
	check_bad("1,0.5", EINVAL);
	check_bad("1,2s", EINVAL);
	check_bad("1,2,", EINVAL);
	check_bad("1,2,3,4", EINVAL);
	check_bad("1, 2", EINVAL);
	check_bad("300y", EINVAL);
	check_bad("400000d", ERANGE);
}

static void grows_by_factor(void)
{
	struct backoff b = parse("1,2");

	CHECK_INT(backoff_ns(&b, 1, 0), NS_PER_SEC);
	CHECK_INT(backoff_ns(&b, 2, 0), 2 * NS_PER_SEC);
	CHECK_INT(backoff_ns(&b, 3, 0), 4 * NS_PER_SEC);
	CHECK_INT(backoff_ns(&b, 11, 0), 1024 * NS_PER_SEC);
}

static void stays_without_factor(void)
{
	struct backoff b = parse("9223372036");

	CHECK_INT(backoff_ns(&b, 1, 0), 9223372036 * NS_PER_SEC);
	CHECK_INT(backoff_ns(&b, 4000000000U, 0), 9223372036 * NS_PER_SEC);
}

static void stops_at_max(void)
{
	struct backoff b = parse("1,3,10");

	CHECK_INT(backoff_ns(&b, 3, 0), 9 * NS_PER_SEC);
	CHECK_INT(backoff_ns(&b, 4, 0), 10 * NS_PER_SEC);
	CHECK_INT(backoff_ns(&b, 4000000000U, 0), 10 * NS_PER_SEC);
	b = parse("20,3,10");
	CHECK_INT(backoff_ns(&b, 1, 0), 10 * NS_PER_SEC);
}

static void no_overflow(void)
{
	struct backoff b = parse("1,2");

	CHECK_INT(backoff_ns(&b, 34, 0), NS_PER_SEC << 33);
	CHECK_INT(backoff_ns(&b, 35, 0), INT64_MAX);
	CHECK_INT(backoff_ns(&b, UINT32_MAX, 0), INT64_MAX);
	b.jitter = true;
	CHECK(backoff_ns(&b, UINT32_MAX, UINT64_MAX) > INT64_MAX - 2048);
}

static void none_is_none(void)
{
	struct backoff b = parse("0,2");

	CHECK_INT(backoff_ns(&b, 100, 0), 0);
	b.jitter = true;
	CHECK_INT(backoff_ns(&b, 100, UINT64_MAX), 0);
	b.delay_ns = -1;
	CHECK_INT(backoff_ns(&b, 1, 1), 0);
}

static void jitter_reaches_all(void)
{
	struct backoff b = { .delay_ns = 3, .factor = 1, .jitter = true };

	for (uint64_t i = 0; i < 4; i++) {
		CHECK_INT(backoff_ns(&b, 1, i << 62), i);
		CHECK_INT(backoff_ns(&b, 1, (i << 62) + (UINT64_MAX >> 2)),
			  i);
	}
}

static const struct tap_case cases[] = {
	{ "a delay alone", parses_delay },
	{ "delay, factor and maximum", parses_all_three },
	{ "bad words leave it alone", refuses_what_it_is_not },
	{ "grows by its factor", grows_by_factor },
	{ "without a factor always the same", stays_without_factor },
	{ "never above its maximum", stops_at_max },
	{ "large numbers do not wrap", no_overflow },
	{ "no delay, no wait", none_is_none },
	{ "jitter: all waits, equally often", jitter_reaches_all },
};
TAP_MAIN(cases)
