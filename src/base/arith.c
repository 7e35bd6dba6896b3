/* SPDX-License-Identifier: GPL-3.0-or-later */
/* arith.c - see arith.h. */
#include <config.h>

#include <errno.h>
#include <float.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "base/mem.h"
#include "base/num.h"

#define DEPTH_MAX	100

struct sum {
	const char *at;
	unsigned depth;
	int err;		/* the first one; 0: none */
};

static double add(struct sum *s);

static double fail(struct sum *s, int err)
{
	if (!s->err)
		s->err = err;
	return 0;
}

/* What the letter multiplies by; 0: it is no unit. */
static double unit_of(char c)
{
	static const char large[] = "KMGTPEZY", small[] = "kmgtpezy";
	const char *at = c ? strchr(large, c) : NULL;
	double unit = 1, base = at ? 1024 : 1000;
	const char *letters = at ? large : small;

	if (!at)
		at = c ? strchr(small, c) : NULL;
	if (!at)
		return 0;
	for (long n = at - letters; n >= 0; n--)
		unit *= base;
	return unit;
}

static double number(struct sum *s)
{
	size_t len = strspn(s->at, "0123456789.");
	char *digits = xmemdup0(s->at, len);
	double value = 0, unit;

	if (num_double(digits, &value) < 0)
		fail(s, errno);
	free(digits);
	s->at += len;
	unit = unit_of(*s->at);
	if (unit > 0) {
		value *= unit;
		s->at++;
	}
	return value;
}

static void skip_blanks(struct sum *s)
{
	s->at += strspn(s->at, " \t");
}

static double factor(struct sum *s)
{
	double value;

	skip_blanks(s);
	if (s->depth >= DEPTH_MAX)
		return fail(s, EINVAL);
	s->depth++;
	if (*s->at == '-' || *s->at == '+') {
		double sign = *s->at++ == '-' ? -1 : 1;

		value = sign * factor(s);
	} else if (*s->at == '(') {
		s->at++;
		value = add(s);
		if (*s->at == ')')
			s->at++;
		else
			fail(s, EINVAL);
	} else {
		value = number(s);
	}
	s->depth--;
	skip_blanks(s);
	return value;
}

static double multiply(struct sum *s)
{
	double value = factor(s);

	while (!s->err && (*s->at == '*' || *s->at == '/')) {
		bool divides = *s->at++ == '/';
		double by = factor(s);

		if (!divides)
			value *= by;
		else if (by < 0 || by > 0)
			value /= by;
		else
			fail(s, EINVAL);
	}
	return value;
}

static double add(struct sum *s)
{
	double value = multiply(s);

	while (!s->err && (*s->at == '+' || *s->at == '-')) {
		double sign = *s->at++ == '-' ? -1 : 1;

		value += sign * multiply(s);
	}
	return value;
}

int arith_eval(const char *s, double *out)
{
	struct sum sum = { .at = s };
	double value = add(&sum);

	if (!sum.err && *sum.at)
		sum.err = EINVAL;
	if (!sum.err && !(value >= -DBL_MAX && value <= DBL_MAX))
		sum.err = ERANGE;
	if (sum.err) {
		errno = sum.err;
		return -1;
	}
	*out = value;
	return 0;
}
