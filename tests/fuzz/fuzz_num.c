/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_num.c - numbers, sizes, durations, percentages and sums. What is read
 * is in its range, what is printed can be read back, and a failed parser says
 * why and touches nothing.
 */
#include <config.h>

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "base/buf.h"
#include "base/num.h"
#include "fuzz.h"

#define MARK	12345

static void check_failure(void)
{
	FUZZ_CHECK(errno == EINVAL || errno == ERANGE);
}

static void check_int(const char *s)
{
	int64_t n = MARK, again = MARK;
	char text[32];

	if (num_int(s, INT64_MIN, INT64_MAX, &n) < 0) {
		FUZZ_CHECK(n == MARK);
		check_failure();
		return;
	}
	FUZZ_CHECK(n == strtoll(s, NULL, 10));
	snprintf(text, sizeof(text), "%" PRId64, n);
	FUZZ_CHECK(num_int(text, INT64_MIN, INT64_MAX, &again) == 0);
	FUZZ_CHECK(again == n);
	FUZZ_CHECK(num_int(s, n, n, &again) == 0);
	FUZZ_CHECK(n == INT64_MAX || num_int(s, n + 1, INT64_MAX, &again) < 0);
	FUZZ_CHECK(n == INT64_MIN || num_int(s, INT64_MIN, n - 1, &again) < 0);
}

static void check_double(const char *s)
{
	double x = MARK, y;

	if (num_double(s, &x) < 0) {
		FUZZ_CHECK(x >= MARK && x <= MARK);
		check_failure();
		return;
	}
	y = strtod(s, NULL);
	FUZZ_CHECK(x >= 0 && x <= DBL_MAX);
	FUZZ_CHECK(fabs(x - y) <= y * 1e-12);
}

static void check_duration(const char *s)
{
	struct buf text = BUF_INIT;
	int64_t ns = MARK, again;

	if (num_duration(s, &ns) < 0) {
		FUZZ_CHECK(ns == MARK);
		check_failure();
		return;
	}
	FUZZ_CHECK(ns >= 0);
	num_add_duration(&text, ns);
	FUZZ_CHECK(num_duration(text.data, &again) == 0);
	FUZZ_CHECK(again <= ns);
	/* What is left out is less than an hour, and less than a tenth. */
	FUZZ_CHECK(ns - again < 3600 * NS_PER_SEC);
	FUZZ_CHECK(ns - again <= NS_PER_MS || ns - again <= ns / 10);
	buf_release(&text);
}

static void check_size(const char *s)
{
	struct buf text = BUF_INIT;
	uint64_t bytes = MARK, again;

	if (num_size(s, &bytes) < 0) {
		FUZZ_CHECK(bytes == MARK);
		check_failure();
		return;
	}
	num_add_size(&text, bytes);
	if (text.data[text.len - 1] == 'B')
		buf_truncate(&text, text.len - 1);
	/* E is for people alone. */
	if (text.data[text.len - 1] != 'E') {
		FUZZ_CHECK(num_size(text.data, &again) == 0);
		FUZZ_CHECK(again <= bytes);
		FUZZ_CHECK(bytes - again <= bytes / 9);
	}
	buf_release(&text);
}

static void check_percent(const char *s)
{
	double x = MARK, y;
	struct buf text = BUF_INIT;

	if (num_percent(s, &x) < 0) {
		FUZZ_CHECK(x >= MARK && x <= MARK);
		check_failure();
		return;
	}
	buf_add(&text, s, strlen(s) - 1);
	FUZZ_CHECK(num_double(text.data, &y) == 0);
	FUZZ_CHECK(x >= y && x <= y);
	buf_release(&text);
}

/* A sum in parentheses, or less nothing, is the same. */
static void check_arith(const char *s)
{
	double x = MARK, y = MARK;
	struct buf text = BUF_INIT;

	if (arith_eval(s, &x) < 0) {
		FUZZ_CHECK(x >= MARK && x <= MARK);
		check_failure();
		return;
	}
	FUZZ_CHECK(x >= -DBL_MAX && x <= DBL_MAX);
	buf_addf(&text, " %s - 0", s);
	FUZZ_CHECK(arith_eval(text.data, &y) == 0);
	FUZZ_CHECK(x >= y && x <= y);
	buf_reset(&text);
	buf_addf(&text, "(%s)", s);
	/* It may have been as deep as can be. */
	if (arith_eval(text.data, &y) == 0)
		FUZZ_CHECK(x >= y && x <= y);
	else
		FUZZ_CHECK(strlen(s) > 90);
	buf_release(&text);
}

int fuzz_num(const uint8_t *data, size_t size)
{
	struct in in;
	const char *s;

	in_begin(&in, data, size);
	s = in_line(&in);
	check_int(s);
	check_double(s);
	check_duration(s);
	check_size(s);
	check_percent(s);
	check_arith(s);
	in_end(&in);
	return 0;
}
