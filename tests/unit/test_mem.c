/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_mem.c - memory that is there, and arenas.
 *
 * mem.c is compiled into this file with an allocator that fails when told to
 * and a nanosleep that only counts, so running out of memory takes no memory
 * and ten seconds take no time.
 */
#include <config.h>

#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "tap.h"

#define FOR_EVER	(-1)

static int failures;		/* calls that fail from now on, or FOR_EVER */
static size_t largest = SIZE_MAX / 2;	/* larger ones always fail */
static int64_t slept_ms;
static int64_t memory_after_ms = -1;	/* when failures end; -1: never */
static int allocated;		/* calls that went well */
static void *last_freed;
static int frees;

static bool fails(size_t size)
{
	if (size > largest || failures) {
		if (failures > 0)
			failures--;
		errno = ENOMEM;
		return true;
	}
	allocated++;
	return false;
}

static void *test_malloc(size_t size)
{
	void *p = fails(size) ? NULL : malloc(size);

	return p ? memset(p, 0xaa, size) : NULL;
}

static void *test_calloc(size_t n, size_t size)
{
	return fails(n * size) ? NULL : calloc(n, size);
}

static void *test_realloc(void *old, size_t size)
{
	if (!old)
		return test_malloc(size);
	return fails(size) ? NULL : realloc(old, size);
}

static void test_free(void *p)
{
	if (p) {
		frees++;
		last_freed = p;
	}
	free(p);
}

static int test_nanosleep(const struct timespec *ts, struct timespec *left)
{
	(void)left;
	slept_ms += (int64_t)ts->tv_sec * 1000 + ts->tv_nsec / 1000000;
	if (memory_after_ms >= 0 && slept_ms >= memory_after_ms)
		failures = 0;
	return 0;
}

#define malloc		test_malloc
#define calloc		test_calloc
#define realloc		test_realloc
#define free		test_free
#define nanosleep	test_nanosleep
#include "base/mem.c"
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef nanosleep

static int hook_calls;
static int frees_before_hook;

static void count_hook(void)
{
	hook_calls++;
	frees_before_hook = frees;
}

static void allocating_hook(void)
{
	hook_calls++;
	free(xmalloc(10));
}

static void zero_bytes_are_a_block(void)
{
	char *a = xmalloc(0);
	char *b = xmalloc(0);
	char *c = xcalloc(0, 8);
	char *d = xrealloc(xmalloc(5), 0);

	CHECK(a && b && c && d);
	CHECK(a != b);
	a[0] = b[0] = c[0] = d[0] = 1;
	free(a);
	free(b);
	free(c);
	free(d);
}

static void contents(void)
{
	char *s = xstrdup("hello");
	char *m = xmemdup0("a\0b", 3);
	char *e = xmemdup0(NULL, 0);
	int *zero = xcalloc(100, sizeof(*zero));

	CHECK_STR(s, "hello");
	CHECK_MEM(m, 4, "a\0b", 4);
	CHECK_STR(e, "");
	for (int i = 0; i < 100; i++)
		CHECK_INT(zero[i], 0);
	s = xrealloc(s, 10000);
	CHECK_STR(s, "hello");
	s = xreallocarray(s, 3, 2);
	CHECK_MEM(s, 6, "hello", 6);
	free(s);
	free(m);
	free(e);
	free(zero);
}

static void comes_back_after_a_while(void)
{
	char *old = xstrdup("kept");
	char *p;

	failures = FOR_EVER;
	memory_after_ms = 9500;
	p = xrealloc(old, 100);
	CHECK_STR(p, "kept");
	CHECK(slept_ms >= 9500 && slept_ms < 10500);
	free(p);
}

static void pauses_grow(void)
{
	failures = 3;
	free(xmalloc(1));
	/* One failure before the first pause, then 1 and 2 ms. */
	CHECK_INT(slept_ms, 3);
	CHECK_INT(failures, 0);
}

static void late_calloc_is_zero(void)
{
	char *p;

	failures = 2;
	p = xcalloc(8, 8);
	for (int i = 0; i < 64; i++)
		CHECK_INT(p[i], 0);
	free(p);
}

static void hook_is_called_once(void)
{
	mem_set_hook(count_hook);
	free(xmalloc(100));
	CHECK_INT(hook_calls, 0);
	failures = 2;
	free(xmalloc(100));
	CHECK_INT(hook_calls, 1);
	failures = 2;
	free(xmalloc(100));
	CHECK_INT(hook_calls, 1);
}

static void reserve_goes_before_the_hook(void)
{
	largest = RESERVE_BYTES - 1;
	mem_set_hook(count_hook);
	CHECK_INT(allocated, 0);
	largest = RESERVE_BYTES;
	mem_set_hook(count_hook);
	CHECK_INT(allocated, 1);
	CHECK_INT(frees, 0);
	failures = 1;
	free(xmalloc(1));
	CHECK_INT(frees_before_hook, 1);
	CHECK_INT(frees, 1);
	CHECK(last_freed != NULL);
}

static void hook_may_allocate(void)
{
	mem_set_hook(allocating_hook);
	failures = 3;
	free(xmalloc(100));
	CHECK_INT(hook_calls, 1);
	CHECK_INT(failures, 0);
}

static void no_hook_no_reserve(void)
{
	mem_set_hook(count_hook);
	mem_set_hook(NULL);
	CHECK_INT(frees, 1);
	failures = 1;
	free(xmalloc(1));
	CHECK_INT(hook_calls, 0);
	CHECK_INT(frees, 1);
}

static void allocate_for_ever(void *arg)
{
	(void)arg;
	failures = FOR_EVER;
	free(xmalloc(12345));
}

static void gives_up_with_a_message(void)
{
	char out[256];
	int status = tap_run(allocate_for_ever, NULL, out, sizeof(out));

	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 255);
	CHECK_STR(out, "muster: out of memory (12345 bytes wanted)\n");
}

static void allocate_too_many(void *arg)
{
	size_t *n = arg;

	free(xreallocarray(NULL, n[0], n[1]));
}

static void clear_too_many(void *arg)
{
	size_t *n = arg;

	free(xcalloc(n[0], n[1]));
}

static void overflow_is_no_memory(void)
{
	size_t wraps_to_16[] = { SIZE_MAX / 16 + 2, 16 };
	char out[256];
	int status;

	status = tap_run(allocate_too_many, wraps_to_16, out, sizeof(out));
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 255);
	status = tap_run(clear_too_many, wraps_to_16, out, sizeof(out));
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 255);
}

static void arena_aligns(void)
{
	struct arena a = { 0 };

	for (size_t i = 0; i < 200; i++) {
		char *s = arena_strdup(&a, "odd");
		max_align_t *p = arena_alloc(&a, i % 40);

		CHECK_UINT((uintptr_t)p % alignof(max_align_t), 0);
		CHECK_STR(s, "odd");
		memset(p, 0xff, i % 40);
	}
	arena_release(&a);
}

static void arena_keeps_them_apart(void)
{
	struct arena a = { 0 };
	char *all[500];

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		all[i] = arena_alloc(&a, i);
		memset(all[i], (int)(i % 251), i);
	}
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		for (size_t k = 0; k < i; k++)
			if (!CHECK_INT((unsigned char)all[i][k], i % 251)) {
				i = ARRAY_SIZE(all);
				break;
			}
	arena_release(&a);
}

static void arena_copies(void)
{
	struct arena a = { 0 };
	char *m = arena_memdup0(&a, "x\0y", 3);
	char *e = arena_memdup0(&a, NULL, 0);
	char *none = arena_alloc(&a, 0);
	char *next = arena_alloc(&a, 0);

	CHECK_MEM(m, 4, "x\0y", 4);
	CHECK_STR(e, "");
	CHECK(none != next);
	arena_release(&a);
}

static void big_one_leaves_block_open(void)
{
	struct arena a = { 0 };
	char *before = arena_strdup(&a, "a");
	char *big = arena_alloc(&a, 100000);
	char *after = arena_strdup(&a, "b");

	memset(big, 1, 100000);
	CHECK(after == before + 2);
	CHECK_STR(before, "a");
	CHECK_INT(allocated, 2);
	arena_release(&a);
	CHECK_INT(frees, 2);
}

static void reset_reuses_one_block(void)
{
	struct arena a = { 0 };
	char *first;

	for (int i = 0; i < 1000; i++)
		(void)!arena_alloc(&a, 100);
	(void)!arena_alloc(&a, 100000);
	CHECK(allocated > 10);
	arena_reset(&a);
	CHECK_INT(frees, allocated - 1);

	allocated = 0;
	first = arena_alloc(&a, 100);
	memset(first, 1, 100);
	for (int i = 0; i < 100; i++) {
		arena_reset(&a);
		CHECK(arena_alloc(&a, 100) == first);
	}
	CHECK_INT(allocated, 0);
	arena_release(&a);
}

static void reset_keeps_no_big_block(void)
{
	struct arena a = { 0 };

	arena_reset(&a);
	memset(arena_alloc(&a, 50000), 1, 50000);
	arena_reset(&a);
	CHECK_INT(frees, 1);
	CHECK(a.blocks == NULL);
	CHECK_STR(arena_strdup(&a, "works"), "works");
	arena_release(&a);
}

static void released_arena_is_usable(void)
{
	struct arena a = { 0 };

	arena_release(&a);
	CHECK_STR(arena_strdup(&a, "one"), "one");
	arena_release(&a);
	CHECK_INT(frees, 1);
	CHECK_STR(arena_strdup(&a, "two"), "two");
	arena_release(&a);
	CHECK_INT(frees, 2);
}

static void allocate_huge_in_arena(void *arg)
{
	(void)!arena_alloc(arg, SIZE_MAX);
}

static void arena_overflow(void)
{
	struct arena a = { 0 };
	char out[256];
	int status;

	(void)!arena_strdup(&a, "x");
	status = tap_run(allocate_huge_in_arena, &a, out, sizeof(out));
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 255);
	arena_release(&a);
}

static const struct tap_case cases[] = {
	{ "no bytes are a block of their own", zero_bytes_are_a_block },
	{ "contents are copied, cleared, kept", contents },
	{ "memory that comes back in time is used", comes_back_after_a_while },
	{ "pauses between tries grow", pauses_grow },
	{ "calloc clears after a shortage as well", late_calloc_is_zero },
	{ "the hook is called once", hook_is_called_once },
	{ "the reserve goes before the hook", reserve_goes_before_the_hook },
	{ "the hook may allocate", hook_may_allocate },
	{ "without a hook there is no reserve", no_hook_no_reserve },
	{ "after ten seconds it ends with a message", gives_up_with_a_message },
	{ "an overflow counts as no memory", overflow_is_no_memory },
	{ "arena: memory is aligned", arena_aligns },
	{ "arena: allocations are apart", arena_keeps_them_apart },
	{ "arena: copies end in NUL", arena_copies },
	{ "arena: a big one leaves the block open", big_one_leaves_block_open },
	{ "arena: reset reuses one block", reset_reuses_one_block },
	{ "arena: reset keeps no big block", reset_keeps_no_big_block },
	{ "arena: usable after release", released_arena_is_usable },
	{ "arena: an overflow counts as no memory", arena_overflow },
};
TAP_MAIN(cases)
