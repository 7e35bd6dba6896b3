/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scale.c - how many workers there should be.
 */
#include <config.h>

#include "sched/scale.h"

unsigned scale_up(const struct scale_sample *s)
{
	size_t untaken = s->queued > s->idle ? s->queued - s->idle : 0;
	unsigned want = s->workers;

	if (want >= s->max)
		return want;
	/* Compared before it is added: queued can be larger than unsigned. */
	if (untaken >= s->max - want)
		return s->max;
	want += (unsigned)untaken;
	return want < s->min ? s->min : want;
}

bool scale_is_surplus(const struct scale_sample *s, bool idled_out)
{
	if (s->workers > s->max)
		return true;
	return idled_out && s->queued == 0 && s->workers > s->min;
}
