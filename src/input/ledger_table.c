/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger_table.c - the tables of ledger.c: open addressing, linear probing.
 * They hash with a key drawn at random, so that nobody can choose numbers or
 * keys that fall on one place.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "input/ledger_impl.h"

void table_init(struct table *t)
{
	struct siphash h;
	int64_t now[2] = { clock_wall_ns(), clock_now_ns() };
	long pid = (long)getpid();

	memset(t, 0, sizeof(*t));
	siphash_init(&h, t->seed);
	siphash_add(&h, now, sizeof(now));
	siphash_add(&h, &pid, sizeof(pid));
	siphash_add(&h, &t, sizeof(t));
	siphash_end(&h, t->seed);
}

void table_release(struct table *t)
{
	free(t->cells);
	t->cells = NULL;
	t->cap = t->n = 0;
}

static size_t place_of(const struct table *t, const unsigned char *id)
{
	unsigned char out[SIPHASH_BYTES];
	struct siphash h;
	size_t place;

	siphash_init(&h, t->seed);
	siphash_add(&h, id, LEDGER_KEY_BYTES);
	siphash_end(&h, out);
	memcpy(&place, out, sizeof(place));
	return place & (t->cap - 1);
}

/* The cell of id, or the free one where it would be. */
static struct cell *probe(const struct table *t, const unsigned char *id)
{
	size_t i = place_of(t, id);

	while (t->cells[i].is_used &&
	       memcmp(t->cells[i].id, id, LEDGER_KEY_BYTES) != 0)
		i = (i + 1) & (t->cap - 1);
	return &t->cells[i];
}

struct cell *table_find(const struct table *t, const unsigned char *id)
{
	struct cell *c = t->n ? probe(t, id) : NULL;

	return c && c->is_used ? c : NULL;
}

static void table_grow(struct table *t)
{
	struct table old = *t;

	t->cap = old.cap ? 2 * old.cap : 64;
	t->cells = xcalloc(t->cap, sizeof(*t->cells));
	for (size_t i = 0; i < old.cap; i++) {
		if (old.cells[i].is_used)
			*probe(t, old.cells[i].id) = old.cells[i];
	}
	free(old.cells);
}

struct cell *table_add(struct table *t, const unsigned char *id)
{
	struct cell *c;

	if (2 * (t->n + 1) > t->cap)
		table_grow(t);
	c = probe(t, id);
	if (!c->is_used) {
		memset(c, 0, sizeof(*c));
		memcpy(c->id, id, LEDGER_KEY_BYTES);
		c->is_used = true;
		t->n++;
	}
	return c;
}

/* Those behind it that it kept from their places move up. */
void table_del(struct table *t, struct cell *c)
{
	size_t mask = t->cap - 1;
	size_t hole = (size_t)(c - t->cells);

	for (size_t i = (hole + 1) & mask; t->cells[i].is_used;
	     i = (i + 1) & mask) {
		size_t home = place_of(t, t->cells[i].id);

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			t->cells[hole] = t->cells[i];
			hole = i;
		}
	}
	t->cells[hole].is_used = false;
	t->n--;
}
