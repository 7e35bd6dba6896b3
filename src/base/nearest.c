/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nearest.c - see nearest.h. */
#include <config.h>

#include "base/nearest.h"

#include <string.h>

/* Longer words are nobody's misspelling. */
#define LEN_MAX	40

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* From a to b, which have at most LEN_MAX letters. */
static size_t distance(const char *a, const char *b)
{
	size_t row[3][LEN_MAX + 1];
	size_t *before = row[0], *last = row[1], *now = row[2];
	size_t n = strlen(b);

	for (size_t j = 0; j <= n; j++)
		last[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t *free_row = before;

		now[0] = i;
		for (size_t j = 1; j <= n; j++) {
			now[j] = min3(last[j] + 1, now[j - 1] + 1,
				      last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				now[j] = min3(now[j], now[j],
					      before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = free_row;
	}
	return last[n];
}

void nearest_init(struct nearest *n, const char *word)
{
	size_t len = strlen(word);

	n->word = word;
	n->best = NULL;
	/* From here on it is another word. */
	n->bound = len <= LEN_MAX ? 2 + len / 5 : 0;
}

void nearest_offer(struct nearest *n, const char *known)
{
	size_t d;

	if (n->bound == 0 || strlen(known) > LEN_MAX)
		return;
	d = distance(n->word, known);
	if (d < n->bound) {
		n->bound = d;
		n->best = known;
	}
}
