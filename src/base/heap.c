/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * heap.c - a binary heap of pointers: the element that comes before all
 * others is on top.
 *
 * items[0] is the top; the children of i are 2i+1 and 2i+2. Moving an element
 * up or down shifts the ones on its way into the hole and places it last.
 */
#include <config.h>

#include <stdlib.h>

#include "base/compiler.h"
#include "base/heap.h"
#include "base/mem.h"

void heap_init(struct heap *h, bool (*before)(const void *, const void *),
	       void (*moved)(void *, size_t))
{
	*h = (struct heap){ .before = before, .moved = moved };
}

void heap_release(struct heap *h)
{
	free(h->items);
	heap_init(h, h->before, h->moved);
}

static void place(struct heap *h, size_t pos, void *item)
{
	h->items[pos] = item;
	if (h->moved)
		h->moved(item, pos);
}

/* Places item at the hole pos or above it. */
static void sift_up(struct heap *h, size_t pos, void *item)
{
	while (pos > 0) {
		size_t parent = (pos - 1) / 2;

		if (!h->before(item, h->items[parent]))
			break;
		place(h, pos, h->items[parent]);
		pos = parent;
	}
	place(h, pos, item);
}

/* Places item at the hole pos or below it. */
static void sift_down(struct heap *h, size_t pos, void *item)
{
	for (;;) {
		size_t child = 2 * pos + 1;

		if (child >= h->len)
			break;
		if (child + 1 < h->len &&
		    h->before(h->items[child + 1], h->items[child]))
			child++;
		if (!h->before(h->items[child], item))
			break;
		place(h, pos, h->items[child]);
		pos = child;
	}
	place(h, pos, item);
}

void heap_push(struct heap *h, void *item)
{
	if (h->len == h->cap) {
		h->cap = h->cap ? 2 * h->cap : 16;
		h->items = xreallocarray(h->items, h->cap, sizeof(*h->items));
	}
	sift_up(h, h->len++, item);
}

void *heap_peek(const struct heap *h)
{
	return h->len ? h->items[0] : NULL;
}

void *heap_remove(struct heap *h, size_t pos)
{
	void *gone;
	void *last;

	BUG_ON(pos >= h->len);
	gone = h->items[pos];
	last = h->items[--h->len];
	if (pos == h->len)
		return gone;
	/* The last one came from another branch: it may belong above pos. */
	if (pos > 0 && h->before(last, h->items[(pos - 1) / 2]))
		sift_up(h, pos, last);
	else
		sift_down(h, pos, last);
	return gone;
}

void *heap_pop(struct heap *h)
{
	return h->len ? heap_remove(h, 0) : NULL;
}
