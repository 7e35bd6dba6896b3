/* SPDX-License-Identifier: GPL-3.0-or-later */
/* held.c - see held.h. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sink/held.h"
#include "sink/spool.h"

#define CHUNK_MAX	((size_t)65536)

static struct held_chunk *chunk_new(struct held *h, size_t cap, off_t extent)
{
	struct held_chunk *c = xmalloc(sizeof(*c) + (extent < 0 ? cap : 0));

	c->next = NULL;
	c->len = 0;
	c->cap = cap;
	c->extent = extent;
	c->writing = false;
	if (h->last)
		h->last->next = c;
	else
		h->first = c;
	h->last = c;
	return c;
}

/* The first chunk of a short output fits it; later ones double. */
static size_t chunk_cap(const struct held *h, size_t n)
{
	size_t cap = n;

	if (h->last && h->last->extent < 0)
		cap = 2 * h->last->cap > n ? 2 * h->last->cap : n;
	if (cap > CHUNK_MAX)
		cap = n > CHUNK_MAX ? n : CHUNK_MAX;
	return cap;
}

size_t held_add(struct held *h, const char *p, size_t n)
{
	struct held_chunk *c = h->last;
	size_t room = c && c->extent < 0 ? c->cap - c->len : 0;
	size_t grown = 0;

	if (room) {
		if (room > n)
			room = n;
		memcpy(c->data + c->len, p, room);
		c->len += room;
		p += room;
		n -= room;
	}
	if (n) {
		c = chunk_new(h, chunk_cap(h, n), -1);
		memcpy(c->data, p, n);
		c->len = n;
		grown = sizeof(*c) + c->cap;
	}
	return grown;
}

struct held_chunk *held_spool(struct held *h, struct spool *s, size_t *n)
{
	struct held_chunk *c = h->last;

	if (!c || c->extent < 0 || c->len == c->cap) {
		off_t extent = spool_alloc(s);

		if (extent < 0)
			return NULL;
		c = chunk_new(h, SPOOL_EXTENT, extent);
	}
	if (*n > c->cap - c->len)
		*n = c->cap - c->len;
	c->writing = true;
	return c;
}

struct held_chunk *held_take(struct held *h)
{
	struct held_chunk *first = h->first;
	struct held_chunk *c, *before = NULL;

	for (c = first; c && !c->writing; c = c->next)
		before = c;
	if (!before)
		return NULL;
	before->next = NULL;
	h->first = c;
	if (!c)
		h->last = NULL;
	return first;
}

size_t held_chunk_free(struct held_chunk *c, struct spool *s)
{
	size_t size = c->extent < 0 ? sizeof(*c) + c->cap : 0;

	if (c->extent >= 0)
		spool_free(s, c->extent);
	free(c);
	return size;
}
