/* SPDX-License-Identifier: GPL-3.0-or-later */
/* held.c - see held.h. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sink/held.h"
#include "sink/spool.h"

#define CHUNK_MAX	((size_t)65536)
/* A short chunk's room. */
#define SHORT_BYTES	((size_t)120)
/* How many a pool has at most, 30 KiB and 16 MiB. */
#define SHORT_POOLED	256
#define LONG_POOLED	256

static struct held_chunk *take(struct held_chunk **first, unsigned *n,
			       size_t cap)
{
	struct held_chunk *c = *first;

	if (!c)
		return xmalloc(sizeof(*c) + cap);
	*first = c->next;
	(*n)--;
	return c;
}

static bool give(struct held_chunk **first, unsigned *n, unsigned max,
		 struct held_chunk *c)
{
	if (*n == max)
		return false;
	c->next = *first;
	*first = c;
	(*n)++;
	return true;
}

static void free_chunk(struct held_chunk *c, struct held_pool *pool)
{
	if (c->extent < 0 && c->cap == SHORT_BYTES &&
	    give(&pool->first, &pool->n, SHORT_POOLED, c))
		return;
	if (c->extent < 0 && c->cap == CHUNK_MAX &&
	    give(&pool->first_long, &pool->nlong, LONG_POOLED, c))
		return;
	free(c);
}

static void free_all(struct held_chunk *c)
{
	struct held_chunk *next;

	for (; c; c = next) {
		next = c->next;
		free(c);
	}
}

void held_pool_release(struct held_pool *pool)
{
	free_all(pool->first);
	free_all(pool->first_long);
	*pool = (struct held_pool){ .n = 0 };
}

/* c, at the end of h. */
static struct held_chunk *append(struct held *h, struct held_chunk *c,
				 size_t cap, off_t extent)
{
	c->next = NULL;
	c->len = 0;
	c->cap = cap;
	c->extent = extent;
	c->writing = false;
	c->kept = -1;
	c->is_promised = false;
	c->extents = NULL;
	c->packed = 0;
	if (h->last)
		h->last->next = c;
	else
		h->first = c;
	h->last = c;
	return c;
}

static struct held_chunk *chunk_new(struct held *h, size_t cap, off_t extent)
{
	struct held_chunk *c = xmalloc(sizeof(*c) + (extent < 0 ? cap : 0));

	return append(h, c, cap, extent);
}

/* The first chunk of a longer output fits it; later ones double. */
static size_t chunk_cap(const struct held *h, size_t n)
{
	size_t cap = n;

	if (h->last && h->last->extent < 0)
		cap = 2 * h->last->cap > n ? 2 * h->last->cap : n;
	if (cap > CHUNK_MAX)
		cap = n > CHUNK_MAX ? n : CHUNK_MAX;
	return cap;
}

static struct held_chunk *memory_chunk(struct held *h, struct held_pool *pool,
				       size_t n)
{
	size_t cap = chunk_cap(h, n);

	if (cap <= SHORT_BYTES)
		return append(h, take(&pool->first, &pool->n, SHORT_BYTES),
			      SHORT_BYTES, -1);
	if (cap == CHUNK_MAX)
		return append(h, take(&pool->first_long, &pool->nlong, cap),
			      cap, -1);
	return chunk_new(h, cap, -1);
}

size_t held_add(struct held *h, struct held_pool *pool, const char *p,
		size_t n)
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
		c = memory_chunk(h, pool, n);
		memcpy(c->data, p, n);
		c->len = n;
		grown = sizeof(*c) + c->cap;
	}
	return grown;
}

struct held_chunk *held_reserve(struct held *h, struct held_pool *pool,
				size_t *grown)
{
	struct held_chunk *c = h->last;

	*grown = 0;
	if (!c || c->extent >= 0 || c->cap - c->len < CHUNK_MAX / 8) {
		c = memory_chunk(h, pool, CHUNK_MAX);
		*grown = sizeof(*c) + c->cap;
	}
	c->writing = true;
	return c;
}

size_t held_filled(struct held *h, struct held_pool *pool, size_t n)
{
	struct held_chunk *c = h->last, *before = NULL;
	size_t size = sizeof(*c) + c->cap;

	c->writing = false;
	c->len += n;
	if (c->len)
		return 0;
	for (struct held_chunk *p = h->first; p != c; p = p->next)
		before = p;
	h->last = before;
	if (before)
		before->next = NULL;
	else
		h->first = NULL;
	free_chunk(c, pool);
	return size;
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

/* The chunk behind which the last max bytes in memory begin, or NULL: they
 * begin with the first one. *len: how many these are. */
static struct held_chunk *before_tail(const struct held *h, size_t max,
				      size_t *len)
{
	struct held_chunk *before = NULL;
	struct held_chunk *from = h->first;

	*len = 0;
	for (struct held_chunk *c = h->first; c; c = c->next) {
		if (c->extent >= 0) {
			before = c;
			from = c->next;
			*len = 0;
			continue;
		}
		*len += c->len;
		for (; *len > max && from != c; from = from->next) {
			*len -= from->len;
			before = from;
		}
	}
	return before;
}

struct held_chunk *held_pack(struct held *h, size_t max,
			     struct held_chunk **raw)
{
	size_t len;
	struct held_chunk *before = before_tail(h, max, &len);
	struct held_chunk *c;

	if (len == 0)
		return NULL;
	*raw = before ? before->next : h->first;
	h->last = before;
	if (before)
		before->next = NULL;
	else
		h->first = NULL;
	c = chunk_new(h, len, 0);
	c->len = len;
	c->writing = true;
	return c;
}

void held_packed(struct held_chunk *c, off_t *extents, size_t n)
{
	c->extents = extents;
	c->packed = n;
	c->writing = false;
}

void held_unpack(struct held *h, struct held_chunk *c, struct held_chunk *raw)
{
	struct held_chunk **at = &h->first;

	while (*at != c)
		at = &(*at)->next;
	*at = raw;
	h->last = raw;
	while (h->last->next)
		h->last = h->last->next;
	free(c);
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

void held_add_kept(struct held *h, off_t at, size_t n)
{
	struct held_chunk *c = chunk_new(h, n, at);

	c->len = n;
	c->is_promised = true;
}

/* The same bytes as chunks that are in the spool alone. */
static void add_pieces(struct held *h, const struct held_chunk *c)
{
	for (size_t at = 0; at < c->len; at += SPOOL_EXTENT) {
		size_t n = c->len - at < SPOOL_EXTENT ? c->len - at
						      : SPOOL_EXTENT;

		held_add_kept(h, c->kept + (off_t)at, n);
	}
}

size_t held_drop_data(struct held *h)
{
	struct held_chunk *c = h->first, *next;
	size_t freed = 0;

	h->first = h->last = NULL;
	for (; c; c = next) {
		next = c->next;
		c->next = NULL;
		if (c->extent < 0 && c->kept >= 0) {
			add_pieces(h, c);
			freed += sizeof(*c) + c->cap;
			free(c);
		} else {
			if (h->last)
				h->last->next = c;
			else
				h->first = c;
			h->last = c;
		}
	}
	return freed;
}

size_t held_chunk_free(struct held_chunk *c, struct held_pool *pool,
		       struct spool *s)
{
	size_t size = c->extent < 0 ? sizeof(*c) + c->cap : 0;

	for (size_t at = 0; at < c->packed; at += SPOOL_EXTENT)
		spool_free(s, c->extents[at / SPOOL_EXTENT]);
	if (c->extent >= 0 && !c->packed && !s->is_kept)
		spool_free(s, c->extent);
	else if (c->extent >= 0 && !c->packed && !c->is_promised)
		spool_drop(s, c->extent, c->cap);
	free(c->extents);
	free_chunk(c, pool);
	return size;
}
