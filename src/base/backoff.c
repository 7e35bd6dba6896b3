/* SPDX-License-Identifier: GPL-3.0-or-later */
/* backoff.c - see backoff.h. */
#include <config.h>

#include "base/backoff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

/* 2^63, the first number that int64_t has not. */
#define TOO_LARGE	9223372036854775808.0

/* 2^-53: the bits of a double's fraction are all random. */
#define RANDOM_STEP	(1.0 / 9007199254740992.0)

static int fail(int err)
{
	errno = err;
	return -1;
}

/* The next of the parts between commas; NULL behind the last. */
static char *next_part(char **rest)
{
	char *part = *rest;
	char *comma = part ? strchr(part, ',') : NULL;

	*rest = comma ? comma + 1 : NULL;
	if (comma)
		*comma = '\0';
	return part;
}

static int parse_parts(char *rest, struct backoff *b)
{
	char *delay = next_part(&rest);
	char *factor = next_part(&rest);
	char *max = next_part(&rest);

	b->factor = 1;
	b->max_ns = 0;
	if (rest)
		return fail(EINVAL);
	if (num_duration(delay, &b->delay_ns) < 0 ||
	    (factor && num_double(factor, &b->factor) < 0) ||
	    (max && num_duration(max, &b->max_ns) < 0))
		return -1;
	return b->factor < 1 ? fail(EINVAL) : 0;
}

int backoff_parse(const char *word, struct backoff *b)
{
	char *copy = xstrdup(word);
	struct backoff parsed = *b;
	int ret = parse_parts(copy, &parsed);
	int err = errno;

	free(copy);
	errno = err;
	if (ret == 0)
		*b = parsed;
	return ret;
}

/* By squaring: tries may be in the millions. */
static double power(double base, unsigned n)
{
	double product = 1;

	while (n) {
		if (n % 2)
			product *= base;
		base *= base;
		n /= 2;
	}
	return product;
}

static int64_t bound_of(const struct backoff *b, unsigned tries)
{
	int64_t max = b->max_ns > 0 ? b->max_ns : INT64_MAX;
	int64_t ns = b->delay_ns;

	if (ns <= 0 || tries == 0)
		return 0;
	if (b->factor > 1 && tries > 1) {
		double wait = (double)ns * power(b->factor, tries - 1);

		ns = wait < TOO_LARGE ? (int64_t)wait : INT64_MAX;
	}
	return ns < max ? ns : max;
}

int64_t backoff_ns(const struct backoff *b, unsigned tries, uint64_t random)
{
	int64_t bound = bound_of(b, tries);
	double part;

	if (!b->jitter)
		return bound;
	part = (double)(random >> 11) * RANDOM_STEP * ((double)bound + 1);
	return part < (double)bound ? (int64_t)part : bound;
}
