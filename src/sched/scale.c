/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scale.c - see scale.h. */
#include <config.h>

#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "sched/scale.h"

int scale_parse(const char *word, enum scale_policy *policy)
{
	static const char *const names[] = {
		[SCALE_EAGER] = "eager",
		[SCALE_BALANCED] = "balanced",
		[SCALE_LAZY] = "lazy",
		[SCALE_FIXED] = "fixed",
		[SCALE_ADAPTIVE] = "adaptive",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(word, names[i]) == 0) {
			*policy = (enum scale_policy)i;
			return 0;
		}
	}
	return -1;
}

static unsigned bound(const struct scale_sample *s)
{
	if (s->policy != SCALE_ADAPTIVE)
		return s->max;
	return s->goal ? s->goal : 1;
}

/* One for each job that no idle worker will take. */
static uint64_t by_need(const struct scale_sample *s)
{
	size_t untaken = s->queued > s->idle ? s->queued - s->idle : 0;

	/* queued can be as large as it gets */
	return untaken > s->max ? s->max : s->workers + (uint64_t)untaken;
}

static uint64_t by_policy(const struct scale_sample *s)
{
	switch (s->policy) {
	case SCALE_EAGER:
	case SCALE_ADAPTIVE:
		return by_need(s);
	case SCALE_BALANCED:
		if (s->queued > (uint64_t)s->threshold * s->workers)
			return 2 * (uint64_t)s->workers;
		break;
	case SCALE_LAZY:
		/* An idle one will make room */
		return (uint64_t)s->workers + (s->is_full && s->idle == 0);
	case SCALE_FIXED:
		return s->max;
	}
	return s->workers;
}

unsigned scale_up(const struct scale_sample *s)
{
	uint64_t n = by_policy(s);

	if (n == 0 && s->queued > 0)
		n = 1;
	if (n < s->min)
		n = s->min;
	if (n > bound(s))
		n = bound(s);
	return n > s->workers ? (unsigned)n : s->workers;
}

bool scale_is_surplus(const struct scale_sample *s, bool idled_out)
{
	if (s->workers > bound(s))
		return true;
	return idled_out && s->policy != SCALE_FIXED && s->queued == 0 &&
	       s->workers > s->min;
}
