/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * median.c - the remedian.
 *
 * Level 0 collects values; a level that is full hands its median up and
 * begins anew. A value in level k thus stands for BASE^k values, and the
 * median so far is the weighted median of all that is held.
 */
#include <config.h>

#include "sched/median.h"

#include <stddef.h>
#include <stdlib.h>

struct weighted {
	int64_t value;
	uint64_t weight;
};

static int compare_values(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int compare_weighted(const void *a, const void *b)
{
	const struct weighted *x = a;
	const struct weighted *y = b;

	return compare_values(&x->value, &y->value);
}

/* Empties a full level (sorting it) and returns its median. */
static int64_t collapse(struct median *m, unsigned level)
{
	qsort(m->cell[level], MEDIAN_BASE, sizeof(m->cell[level][0]),
	      compare_values);
	m->used[level] = 0;
	return m->cell[level][MEDIAN_BASE / 2];
}

void median_add(struct median *m, int64_t value)
{
	unsigned level = 0;

	m->count++;
	while (m->used[level] == MEDIAN_BASE - 1) {
		m->cell[level][m->used[level]++] = value;
		value = collapse(m, level);
		/* The top level has nowhere to go but to itself. */
		if (level < MEDIAN_LEVELS - 1)
			level++;
	}
	m->cell[level][m->used[level]++] = value;
}

/* Fills held with all values there are and returns their number. */
static size_t collect(const struct median *m, struct weighted *held)
{
	uint64_t weight = 1;
	size_t n = 0;

	for (unsigned level = 0; level < MEDIAN_LEVELS; level++) {
		for (unsigned i = 0; i < m->used[level]; i++) {
			held[n].value = m->cell[level][i];
			held[n++].weight = weight;
		}
		weight *= MEDIAN_BASE;
	}
	return n;
}

int64_t median_get(const struct median *m)
{
	struct weighted held[MEDIAN_LEVELS * MEDIAN_BASE];
	size_t n = collect(m, held);
	uint64_t total = 0;
	uint64_t sum = 0;

	qsort(held, n, sizeof(held[0]), compare_weighted);
	for (size_t i = 0; i < n; i++)
		total += held[i].weight;
	for (size_t i = 0; i < n; i++) {
		sum += held[i].weight;
		if (sum >= total - sum)
			return held[i].value;
	}
	return 0;
}
