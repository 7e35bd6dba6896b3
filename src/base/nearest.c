/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nearest.c - see nearest.h. */
#include <config.h>

#include <stdint.h>
#include <string.h>

#include "base/nearest.h"

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

size_t nearest_distance(const char *a, const char *b)
{
	size_t row[3][NEAREST_LEN + 1];
	size_t *before = row[0], *last = row[1], *now = row[2];
	size_t n = strlen(b);

	if (n > NEAREST_LEN || strlen(a) > NEAREST_LEN)
		return SIZE_MAX;
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

size_t nearest_limit(const char *word)
{
	return 2 + strlen(word) / 5;
}
