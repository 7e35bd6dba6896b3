/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * heap.h - a binary heap of pointers: the element that comes before all
 * others is on top.
 *
 * The order is given by before(a, b): true when a comes first. With moved
 * set, it is called with each element's new position whenever that changes,
 * so that heap_remove can find it. Not thread-safe; the heap never owns what
 * it points to.
 */
#ifndef MUSTER_BASE_HEAP_H
#define MUSTER_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>

struct heap {
	void **items;
	size_t len;
	size_t cap;
	bool (*before)(const void *a, const void *b);
	void (*moved)(void *item, size_t pos);	/* or NULL */
};

void heap_init(struct heap *h, bool (*before)(const void *, const void *),
	       void (*moved)(void *, size_t));
void heap_release(struct heap *h);

void heap_push(struct heap *h, void *item);
/* The top element, left in place; NULL when the heap is empty. */
void *heap_peek(const struct heap *h);
/* The top element, taken out; NULL when the heap is empty. */
void *heap_pop(struct heap *h);
/* Takes out the element at position pos (below h->len). */
void *heap_remove(struct heap *h, size_t pos);

#endif
