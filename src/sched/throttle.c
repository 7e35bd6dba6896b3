/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * throttle.c - the token bucket as a time.
 *
 * Of a bucket one number tells all: when it will be full (the theoretical
 * arrival time of the GCRA of ATM networks). Each token taken moves that time
 * by unit / n; a token is there as long as it is at most burst - 1 such steps
 * away. The time is kept as nanoseconds and a fraction with n below the line,
 * so that a billion steps are a billion steps.
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "base/compiler.h"
#include "base/num.h"
#include "sched/throttle.h"

/* No bucket is deeper: sums with a time never overflow. */
#define DEPTH_MAX	(NS_PER_SEC * 86400 * 365 * 50)

/* Of --delay auto. */
#define DELAY_MAX	(NS_PER_SEC * 86400 * 36500)

static int fail(int err)
{
	errno = err;
	return -1;
}

/* The whole number from 1 to RATE_MAX of len digits. */
static int parse_count(const char *s, size_t len, uint64_t *out)
{
	uint64_t n = 0;

	if (len == 0 || strspn(s, "0123456789") < len)
		return fail(EINVAL);
	for (size_t i = 0; i < len && n <= RATE_MAX; i++)
		n = n * 10 + (uint64_t)(s[i] - '0');
	if (n > RATE_MAX)
		return fail(ERANGE);
	if (n == 0)
		return fail(EINVAL);
	*out = n;
	return 0;
}

static int64_t unit_of(char letter)
{
	switch (letter) {
	case 's':
		return NS_PER_SEC;
	case 'm':
		return NS_PER_SEC * 60;
	case 'h':
		return NS_PER_SEC * 3600;
	default:
		return 0;
	}
}

static bool is_too_deep(const struct rate *rate)
{
	int64_t step = rate->unit_ns / (int64_t)rate->n + 1;

	return (int64_t)(rate->burst - 1) > DEPTH_MAX / step;
}

int rate_parse(const char *word, struct rate *rate)
{
	struct rate r = { .burst = 1 };
	const char *slash = strchr(word, '/');
	const char *behind;

	if (!slash)
		return fail(EINVAL);
	r.unit_ns = unit_of(slash[1]);
	if (!r.unit_ns)
		return fail(EINVAL);
	behind = slash + 2;
	if (*behind && *behind != ':')
		return fail(EINVAL);
	if (parse_count(word, (size_t)(slash - word), &r.n) < 0)
		return -1;
	if (*behind &&
	    parse_count(behind + 1, strlen(behind + 1), &r.burst) < 0)
		return -1;
	if (is_too_deep(&r))
		return fail(ERANGE);
	*rate = r;
	return 0;
}

/* tokens * unit / n; no factor of a product exceeds RATE_MAX but the quotient,
 * which is_too_deep has looked at. */
static struct throttle_time span(const struct rate *rate, uint64_t tokens)
{
	uint64_t unit = (uint64_t)rate->unit_ns;
	uint64_t rest = tokens * (unit % rate->n);

	return (struct throttle_time){
		.ns = (int64_t)(tokens * (unit / rate->n) + rest / rate->n),
		.part = rest % rate->n,
	};
}

void throttle_init(struct throttle *t, const struct rate *rate,
		   int64_t delay_ns)
{
	*t = (struct throttle){ .rate = *rate, .delay_ns = delay_ns };
	if (rate->n == 0)
		return;
	BUG_ON(rate->n > RATE_MAX || rate->burst == 0 ||
	       rate->burst > RATE_MAX || is_too_deep(rate));
	t->step = span(rate, 1);
	t->depth = span(rate, rate->burst - 1);
}

void throttle_stretch(struct throttle *t, unsigned percent)
{
	int64_t was = t->delay_ns;
	int64_t d = was;

	if (d == 0)
		return;
	/* In two parts, of which neither overflows. */
	if (d > DELAY_MAX)
		d = DELAY_MAX;
	d = d / 100 * percent + d % 100 * percent / 100;
	/* A nanosecond must not stay one for ever. */
	if (percent > 100 && d <= was)
		d = was + 1;
	t->delay_ns = d < 1 ? 1 : d < DELAY_MAX ? d : DELAY_MAX;
}

bool throttle_is_open(const struct throttle *t)
{
	return t->rate.n == 0 && t->delay_ns == 0;
}

/* The first nanosecond at which a token is there. */
static int64_t token_ns(const struct throttle *t)
{
	return t->full.ns - t->depth.ns + (t->full.part > t->depth.part);
}

static int64_t first_ns(const struct throttle *t)
{
	int64_t first = INT64_MIN;

	if (!t->has_started)
		return first;
	if (t->rate.n)
		first = token_ns(t);
	if (t->delay_ns) {
		int64_t rested = t->last_ns > INT64_MAX - t->delay_ns
				 ? INT64_MAX : t->last_ns + t->delay_ns;

		if (rested > first)
			first = rested;
	}
	return first;
}

int64_t throttle_next(const struct throttle *t, int64_t now_ns)
{
	int64_t first = first_ns(t);

	return first > now_ns ? first : now_ns;
}

/*
 * True when the bucket has been full for so long that what came since is
 * lost. In the nanosecond in which it became full the fraction still counts;
 * and where its only token is one that had to be waited for, so does the time
 * until the next one.
 */
static bool has_overflowed(const struct throttle *t, int64_t now_ns)
{
	int64_t since = now_ns - 1;

	if (t->is_held && t->rate.burst == 1)
		since -= t->step.ns;
	return !t->has_started || t->full.ns < since ||
	       (t->full.ns == since && t->full.part == 0);
}

static void take_token(struct throttle *t, int64_t now_ns)
{
	if (has_overflowed(t, now_ns))
		t->full = (struct throttle_time){ .ns = now_ns };
	t->full.ns += t->step.ns;
	t->full.part += t->step.part;
	if (t->full.part >= t->rate.n) {
		t->full.part -= t->rate.n;
		t->full.ns++;
	}
}

bool throttle_take(struct throttle *t, int64_t now_ns)
{
	if (first_ns(t) > now_ns) {
		t->is_held = true;
		return false;
	}
	if (t->rate.n)
		take_token(t, now_ns);
	t->has_started = true;
	t->is_held = false;
	t->last_ns = now_ns;
	return true;
}

void throttle_skip(struct throttle *t, int64_t ns)
{
	t->full.ns += ns;
	t->last_ns += ns;
}
