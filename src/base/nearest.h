/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nearest.h - which of the words that are known was meant.
 *
 * Words are offered one by one; the best is the one with the fewest letters
 * to insert, drop, change, or swap with the next, the first of equals, and
 * none when all are other words. Pure; strings stay the caller's.
 */
#ifndef MUSTER_BASE_NEAREST_H
#define MUSTER_BASE_NEAREST_H

#include <stddef.h>

struct nearest {
	const char *word;
	const char *best;	/* of those offered; NULL: none is near */
	size_t bound;		/* what a better one has to stay below */
};

void nearest_init(struct nearest *n, const char *word);
void nearest_offer(struct nearest *n, const char *known);

#endif
