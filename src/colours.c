/* SPDX-License-Identifier: GPL-3.0-or-later */
/* colours.c - see colours.h. */
#include <config.h>

#include <stdlib.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "colours.h"

#define BLACK	0
#define WHITE	231
#define RED	196

/* Backgrounds on which text of that colour can be read. */
static const struct range {
	unsigned char first;
	unsigned char last;
	unsigned char text;
} ranges[] = {
	{ 6, 7, BLACK }, { 9, 11, BLACK }, { 13, 15, BLACK },
	{ 40, 51, BLACK }, { 75, 87, BLACK }, { 113, 123, BLACK },
	{ 147, 159, BLACK }, { 171, 182, BLACK }, { 185, 231, BLACK },
	{ 249, 254, BLACK },
	{ 1, 9, WHITE }, { 12, 13, WHITE }, { 16, 45, WHITE },
	{ 52, 81, WHITE }, { 88, 114, WHITE }, { 124, 149, WHITE },
	{ 160, 178, WHITE }, { 180, 180, WHITE }, { 182, 184, WHITE },
	{ 196, 214, WHITE }, { 232, 250, WHITE },
};

/* So that neighbours are not alike. */
static int compare(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	if (x % 23 != y % 23)
		return x % 23 - y % 23;
	if (x % 7 != y % 7)
		return y % 7 - x % 7;
	return x - y;
}

void colours_init(struct colours *c)
{
	struct colours all = { .n = 0 };
	int order[COLOURS_MAX] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		for (unsigned k = ranges[i].first; k <= ranges[i].last; k++) {
			all.pair[all.n].back = (unsigned char)k;
			all.pair[all.n].text = ranges[i].text;
			order[all.n] = (int)all.n;
			all.n++;
		}
	}
	qsort(order, all.n, sizeof(*order), compare);
	for (unsigned i = 0; i < all.n; i++)
		c->pair[i] = all.pair[order[i]];
	c->n = all.n;
}

/* To the end of the line, with the terminal's usual sequences. */
static void add_pair(struct buf *out, unsigned back, unsigned text)
{
	buf_addf(out, "\033[48;5;%03u;38;5;%03um\033[K", back, text);
}

void colours_add(const struct colours *c, uint64_t number, struct buf *out)
{
	unsigned i = (unsigned)(number % c->n);

	add_pair(out, c->pair[i].back, c->pair[i].text);
}

void colours_add_failed(struct buf *out)
{
	add_pair(out, RED, WHITE);
}
