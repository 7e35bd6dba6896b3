/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * num.c - numbers, durations and sizes as users write them.
 *
 * Durations and sizes are exact: the fraction is kept as an integer of 18
 * decimal places and multiplied with the unit digit by digit, so that 0.1h or
 * 1.001k never come out one too small. The scan_* functions move *s behind
 * what they took. A number too large is only remembered until the rest of the
 * string has been looked at, because EINVAL goes before ERANGE.
 */
#include <config.h>

#include <errno.h>
#include <float.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/num.h"

#define FRACTION_ONE	UINT64_C(1000000000000000000)
#define EXPONENT_MAX	9999

static int fail(int err)
{
	errno = err;
	return -1;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* *n * a + b, saturating; false when it did. */
static bool mul_add(uint64_t *n, uint64_t a, uint64_t b)
{
	if ((a && *n > UINT64_MAX / a) || *n * a > UINT64_MAX - b) {
		*n = UINT64_MAX;
		return false;
	}
	*n = *n * a + b;
	return true;
}

int num_int(const char *s, int64_t min, int64_t max, int64_t *out)
{
	bool negative = *s == '-';
	bool fits = true;
	uint64_t n = 0;
	int64_t value;

	if (*s == '-' || *s == '+')
		s++;
	if (!is_digit(*s))
		return fail(EINVAL);
	for (; is_digit(*s); s++)
		fits &= mul_add(&n, 10, (uint64_t)(*s - '0'));
	if (*s)
		return fail(EINVAL);
	if (!fits || n > (uint64_t)INT64_MAX + negative)
		return fail(ERANGE);
	value = !negative ? (int64_t)n : n ? -(int64_t)(n - 1) - 1 : 0;
	if (value < min || value > max)
		return fail(ERANGE);
	*out = value;
	return 0;
}

/* digits * 10^exponent; exact as long as both are small, see Clinger 1990. */
static double scale_by_10(uint64_t digits, int exponent)
{
	double value = (double)digits;

	for (; exponent >= 22 && value <= DBL_MAX; exponent -= 22)
		value *= 1e22;
	for (; exponent <= -22 && value > 0; exponent += 22)
		value /= 1e22;
	if (value > 0 && value <= DBL_MAX) {
		double power = 1;

		for (int i = exponent < 0 ? -exponent : exponent; i > 0; i--)
			power *= 10;
		value = exponent < 0 ? value / power : value * power;
	}
	return value;
}

/* An exponent at *s, if there is one; "e" without digits is left alone. */
static int scan_exponent(const char **s)
{
	const char *p = *s;
	bool negative;
	int n = 0;

	if (*p != 'e' && *p != 'E')
		return 0;
	p++;
	negative = *p == '-';
	if (*p == '-' || *p == '+')
		p++;
	if (!is_digit(*p))
		return 0;
	for (; is_digit(*p); p++)
		if (n < EXPONENT_MAX)
			n = n * 10 + (*p - '0');
	*s = p;
	return negative ? -n : n;
}

/* Returns 0 or EINVAL or ERANGE. */
static int scan_double(const char **s, double *out)
{
	uint64_t digits = 0;
	int exponent = 0;
	bool any = false;
	bool point = false;

	for (;; (*s)++) {
		if (**s == '.' && !point) {
			point = true;
			continue;
		}
		if (!is_digit(**s))
			break;
		any = true;
		/* The 20th digit and later ones are below the precision. */
		if (digits < FRACTION_ONE) {
			digits = digits * 10 + (uint64_t)(**s - '0');
			exponent -= point;
		} else {
			exponent += !point;
		}
	}
	if (!any)
		return EINVAL;
	*out = scale_by_10(digits, exponent + scan_exponent(s));
	return *out <= DBL_MAX ? 0 : ERANGE;
}

/* A double followed by nothing but end. */
static int parse_double(const char *s, const char *end, double *out)
{
	double value;
	int err = scan_double(&s, &value);

	if (err == EINVAL || strcmp(s, end) != 0)
		return fail(EINVAL);
	if (err)
		return fail(err);
	*out = value;
	return 0;
}

int num_double(const char *s, double *out)
{
	return parse_double(s, "", out);
}

int num_percent(const char *s, double *percent)
{
	return parse_double(s, "%", percent);
}

struct decimal {
	uint64_t whole;
	uint64_t fraction;	/* of FRACTION_ONE */
	bool fits;		/* whole is not too large */
};

static int scan_decimal(const char **s, struct decimal *d)
{
	uint64_t place = FRACTION_ONE;
	bool any = is_digit(**s);

	*d = (struct decimal){ .fits = true };
	for (; is_digit(**s); (*s)++)
		d->fits &= mul_add(&d->whole, 10, (uint64_t)(**s - '0'));
	if (**s == '.') {
		(*s)++;
		any |= is_digit(**s);
		for (; is_digit(**s); (*s)++) {
			place /= 10;
			d->fraction += place * (uint64_t)(**s - '0');
		}
	}
	return any ? 0 : -1;
}

/*
 * fraction * unit / FRACTION_ONE, rounded down, by doubling and adding from
 * unit's highest bit on: the product can have 114 bits, and C11 has no type
 * for it. Twice a remainder below 10^18 still fits.
 */
static uint64_t part_of(uint64_t fraction, uint64_t unit)
{
	uint64_t quotient = 0;
	uint64_t rest = 0;

	for (int bit = 63; bit >= 0; bit--) {
		quotient *= 2;
		rest *= 2;
		if (rest >= FRACTION_ONE) {
			rest -= FRACTION_ONE;
			quotient++;
		}
		if (unit >> bit & 1)
			rest += fraction;
		if (rest >= FRACTION_ONE) {
			rest -= FRACTION_ONE;
			quotient++;
		}
	}
	return quotient;
}

/* Adds d units to *sum; false when d or the sum is too large. */
static bool add_units(uint64_t *sum, const struct decimal *d, uint64_t unit)
{
	uint64_t n = d->whole;

	if (!d->fits || !mul_add(&n, unit, part_of(d->fraction, unit)))
		return false;
	return mul_add(sum, 1, n);
}

/* The nanoseconds of the unit at *s, 0 when there is no such unit. */
static uint64_t scan_time_unit(const char **s)
{
	char c = *(*s)++;
	char next = c ? **s : '\0';

	if ((c == 'm' || c == 'M') && (next == 's' || next == 'S')) {
		(*s)++;
		return NS_PER_MS;
	}
	switch (c) {
	case 's': case 'S':
		return NS_PER_SEC;
	case 'm': case 'M':
		return 60 * NS_PER_SEC;
	case 'h': case 'H':
		return 3600 * NS_PER_SEC;
	case 'd': case 'D':
		return 86400 * NS_PER_SEC;
	case '\0':
		(*s)--;
		return NS_PER_SEC;
	}
	return 0;
}

/* Plain seconds with an exponent, which has no place before a unit. */
static int parse_seconds(const char *s, int64_t *ns)
{
	double seconds;

	if (num_double(s, &seconds) < 0)
		return -1;
	if (seconds * 1e9 >= 9223372036854775808.0)
		return fail(ERANGE);
	*ns = (int64_t)(seconds * 1e9);
	return 0;
}

int num_duration(const char *s, int64_t *ns)
{
	bool fits = true;
	uint64_t sum = 0;

	if (strpbrk(s, "eE"))
		return parse_seconds(s, ns);
	do {
		struct decimal d;
		uint64_t unit;

		if (scan_decimal(&s, &d) < 0)
			return fail(EINVAL);
		unit = scan_time_unit(&s);
		if (!unit)
			return fail(EINVAL);
		fits &= add_units(&sum, &d, unit);
	} while (*s);
	if (!fits || sum > INT64_MAX)
		return fail(ERANGE);
	*ns = (int64_t)sum;
	return 0;
}

int num_size(const char *s, uint64_t *bytes)
{
	static const char units[] = "KMGTPkmgtp";
	uint64_t sum = 0;
	uint64_t unit = 1;
	struct decimal d;

	if (scan_decimal(&s, &d) < 0)
		return fail(EINVAL);
	if (*s) {
		const char *at = strchr(units, *s++);

		if (!at || *s)
			return fail(EINVAL);
		for (size_t i = 0; i <= (size_t)(at - units) % 5; i++)
			unit *= at - units < 5 ? 1024 : 1000;
	}
	if (!add_units(&sum, &d, unit))
		return fail(ERANGE);
	*bytes = sum;
	return 0;
}

void num_add_duration(struct buf *b, int64_t ns)
{
	int64_t s = ns > 0 ? ns / NS_PER_SEC : 0;
	int ms = ns > 0 ? (int)(ns % NS_PER_SEC / NS_PER_MS) : 0;

	if (s == 0)
		buf_addf(b, "0.%03ds", ms);
	else if (s < 60)
		buf_addf(b, "%d.%ds", (int)s, ms / 100);
	else if (s < 3600)
		buf_addf(b, "%dm%02ds", (int)(s / 60), (int)(s % 60));
	else if (s < 86400)
		buf_addf(b, "%dh%02dm", (int)(s / 3600), (int)(s / 60 % 60));
	else
		buf_addf(b, "%lldd%02dh", (long long)(s / 86400),
			 (int)(s / 3600 % 24));
}

void num_add_size(struct buf *b, uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	size_t u = 0;
	unsigned tenths = 0;

	for (; bytes >= 1024; bytes /= 1024, u++)
		tenths = (unsigned)(bytes % 1024 * 10 / 1024);
	buf_addu(b, bytes);
	if (u && bytes < 10)
		buf_addf(b, ".%u", tenths);
	buf_addch(b, units[u]);
}
