/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_heap.c - the binary heap, against the order it promises.
 */
#include <config.h>

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/compiler.h"
#include "base/heap.h"
#include "tap.h"

struct item {
	unsigned key;
	size_t pos;
};

static bool item_before(const void *a, const void *b)
{
	return ((const struct item *)a)->key < ((const struct item *)b)->key;
}

static void item_moved(void *item, size_t pos)
{
	((struct item *)item)->pos = pos;
}

/* The same numbers in every run. */
static unsigned next_random(unsigned *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 8;
}

/* Each element knows its place and does not come before its parent. */
static void check_shape(const struct heap *h)
{
	for (size_t i = 0; i < h->len; i++)
		if (!CHECK_UINT(((struct item *)h->items[i])->pos, i) ||
		    !CHECK(i == 0 || !item_before(h->items[i],
						  h->items[(i - 1) / 2])))
			return;
}

static void check_order(struct heap *h)
{
	unsigned last = 0;
	struct item *item;

	while ((item = heap_pop(h))) {
		CHECK(item->key >= last);
		last = item->key;
	}
}

static void empty_heap(void)
{
	struct heap h;

	heap_init(&h, item_before, NULL);
	CHECK(heap_peek(&h) == NULL);
	CHECK(heap_pop(&h) == NULL);
	CHECK_UINT(h.len, 0);
	heap_release(&h);
}

static void pops_in_order(void)
{
	static struct item items[500];
	unsigned state = 1;
	struct heap h;

	heap_init(&h, item_before, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		items[i].key = next_random(&state) % 300;
		heap_push(&h, &items[i]);
	}
	CHECK_UINT(h.len, ARRAY_SIZE(items));
	check_order(&h);
	CHECK_UINT(h.len, 0);
	heap_release(&h);
}

static void peek_leaves_the_top(void)
{
	struct item two = { .key = 2 }, one = { .key = 1 };
	struct heap h;

	heap_init(&h, item_before, NULL);
	heap_push(&h, &two);
	heap_push(&h, &one);
	CHECK(heap_peek(&h) == &one);
	CHECK_UINT(h.len, 2);
	CHECK(heap_pop(&h) == &one);
	CHECK(heap_peek(&h) == &two);
	heap_release(&h);
}

static void moved_tells_every_position(void)
{
	static struct item items[200];
	unsigned state = 7;
	struct heap h;

	heap_init(&h, item_before, item_moved);
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		items[i].key = next_random(&state);
		items[i].pos = 999;
		heap_push(&h, &items[i]);
		check_shape(&h);
	}
	while (heap_pop(&h))
		check_shape(&h);
	heap_release(&h);
}

static void removes_from_anywhere(void)
{
	static struct item items[300];
	unsigned state = 3;
	struct heap h;

	heap_init(&h, item_before, item_moved);
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		items[i].key = next_random(&state) % 1000;
		heap_push(&h, &items[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(items); i += 3) {
		CHECK(heap_remove(&h, items[i].pos) == &items[i]);
		items[i].key = 0;	/* would come out first if still in */
		check_shape(&h);
	}
	CHECK_UINT(h.len, 200);
	for (unsigned last = 0; h.len;) {
		struct item *item = heap_pop(&h);

		CHECK(item->key >= last);
		CHECK((item - items) % 3 != 0);
		last = item->key;
	}
	heap_release(&h);
}

/* The replacement is smaller than the parent of the hole. */
static void remove_can_move_up(void)
{
	static const unsigned keys[] = { 1, 50, 2, 60, 70, 3, 4 };
	struct item items[ARRAY_SIZE(keys)];
	struct heap h;

	heap_init(&h, item_before, item_moved);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		items[i].key = keys[i];
		heap_push(&h, &items[i]);
	}
	CHECK(heap_remove(&h, items[3].pos) == &items[3]);
	check_shape(&h);
	check_order(&h);
	heap_release(&h);
}

static void remove_the_last_position(void)
{
	struct item items[3] = { { .key = 1 }, { .key = 2 }, { .key = 3 } };
	struct heap h;

	heap_init(&h, item_before, item_moved);
	for (int i = 0; i < 3; i++)
		heap_push(&h, &items[i]);
	CHECK(heap_remove(&h, 2) == &items[2]);
	CHECK(heap_remove(&h, 1) == &items[1]);
	CHECK(heap_remove(&h, 0) == &items[0]);
	CHECK_UINT(h.len, 0);
	heap_release(&h);
}

static void usable_after_release(void)
{
	struct item a = { .key = 2 }, b = { .key = 1 };
	struct heap h;

	heap_init(&h, item_before, item_moved);
	heap_push(&h, &a);
	heap_release(&h);
	CHECK_UINT(h.len, 0);
	heap_push(&h, &a);
	heap_push(&h, &b);
	CHECK(heap_peek(&h) == &b);
	CHECK_UINT(a.pos, 1);
	heap_release(&h);
}

static void remove_beyond(void *arg)
{
	heap_remove(arg, 1);
}

static void remove_beyond_the_end_is_a_bug(void)
{
	struct item a = { .key = 1 };
	struct heap h;
	char out[256];
	int status;

	heap_init(&h, item_before, NULL);
	heap_push(&h, &a);
	status = tap_run(remove_beyond, &h, out, sizeof(out));
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	CHECK(strstr(out, "pos >= h->len"));
	heap_release(&h);
}

static const struct tap_case cases[] = {
	{ "an empty heap has no top", empty_heap },
	{ "elements come out in order", pops_in_order },
	{ "peek leaves the top in place", peek_leaves_the_top },
	{ "moved is told every new position", moved_tells_every_position },
	{ "remove takes out any element", removes_from_anywhere },
	{ "remove moves its replacement up", remove_can_move_up },
	{ "remove of the last position", remove_the_last_position },
	{ "a released heap is usable", usable_after_release },
	{ "remove beyond the end is a bug", remove_beyond_the_end_is_a_bug },
};
TAP_MAIN(cases)
