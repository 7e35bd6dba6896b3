/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nearest.h - which of the known words was meant. Pure functions.
 */
#ifndef MUSTER_BASE_NEAREST_H
#define MUSTER_BASE_NEAREST_H

#include <stddef.h>

/* Longer words are nobody's misspelling. */
#define NEAREST_LEN	40

/* Letters to insert, drop, change, or swap with the next, from a to b;
 * SIZE_MAX when one is longer than NEAREST_LEN. */
size_t nearest_distance(const char *a, const char *b);
/* From this distance on it is another word. */
size_t nearest_limit(const char *word);

#endif
