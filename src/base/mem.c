/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mem.c - memory that is there, and arenas.
 *
 * The usual way through an x-function is the libc call and one branch. All
 * that happens without memory is in no_memory(): it is slow, may be in many
 * threads at once, and must not allocate itself.
 */
#include <config.h>

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define RESERVE_BYTES	(64 * 1024)
#define PATIENCE_MS	10000
#define PAUSE_MS_MAX	500

/*
 * With malloc's own header just below 1 KiB: most jobs need one block. The
 * first one of an arena is smaller: that is enough for a job until it is run,
 * and many may wait. Those that are used again and again have a large one.
 */
#define BLOCK_BYTES	1000
#define FIRST_BYTES	456

static _Atomic(void (*)(void)) mem_hook;
static _Atomic(void *) mem_reserve;

void mem_set_hook(void (*hook)(void))
{
	void *reserve = hook ? malloc(RESERVE_BYTES) : NULL;

	free(atomic_exchange(&mem_reserve, reserve));
	atomic_store(&mem_hook, hook);
}

static void NORETURN give_up(size_t size)
{
	char msg[80];
	int len = snprintf(msg, sizeof(msg),
			   "muster: out of memory (%zu bytes wanted)\n", size);

	ssize_t written UNUSED;

	/* If that fails there is no one left to tell. */
	written = write(STDERR_FILENO, msg, (size_t)len);
	_exit(255);
}

/*
 * realloc(old, size) that has failed once. The reserve goes first, so that
 * the hook has something to work with; taking both out by exchange makes them
 * happen once, whatever other threads and the hook itself run into.
 */
static void *no_memory(void *old, size_t size)
{
	void (*hook)(void);
	long pause_ms = 1;
	void *p;

	free(atomic_exchange(&mem_reserve, NULL));
	hook = atomic_exchange(&mem_hook, NULL);
	if (hook)
		hook();

	for (long waited_ms = 0;; waited_ms += pause_ms) {
		struct timespec pause = { .tv_nsec = pause_ms * 1000000 };

		p = realloc(old, size);
		if (p)
			return p;
		if (waited_ms >= PATIENCE_MS)
			give_up(size);
		nanosleep(&pause, NULL);
		if (pause_ms < PAUSE_MS_MAX)
			pause_ms *= 2;
	}
}

/* What malloc(0) returns differs between systems; ours is never NULL. */
static size_t at_least_1(size_t size)
{
	return size ? size : 1;
}

/* An overflow becomes a size no system has. */
static size_t product(size_t n, size_t size)
{
	return size && n > SIZE_MAX / size ? SIZE_MAX : n * size;
}

void *xmalloc(size_t size)
{
	void *p = malloc(at_least_1(size));

	return LIKELY(p) ? p : no_memory(NULL, at_least_1(size));
}

void *xcalloc(size_t n, size_t size)
{
	size_t bytes = at_least_1(product(n, size));
	void *p = calloc(1, bytes);

	return LIKELY(p) ? p : memset(no_memory(NULL, bytes), 0, bytes);
}

void *xrealloc(void *p, size_t size)
{
	void *q = realloc(p, at_least_1(size));

	return LIKELY(q) ? q : no_memory(p, at_least_1(size));
}

void *xreallocarray(void *p, size_t n, size_t size)
{
	return xrealloc(p, product(n, size));
}

char *xmemdup0(const void *p, size_t len)
{
	char *copy = xmalloc(len + 1);

	if (len)
		memcpy(copy, p, len);
	copy[len] = '\0';
	return copy;
}

char *xstrdup(const char *s)
{
	return xmemdup0(s, strlen(s));
}

struct arena_block {
	struct arena_block *next;
	size_t size;			/* of data */
	alignas(max_align_t) char data[];
};

/* A new block behind the arena's next pointer *link. */
static struct arena_block *add_block(struct arena_block **link, size_t size)
{
	struct arena_block *b;

	/* On overflow the sum is no memory either, as in product(). */
	b = xmalloc(size > SIZE_MAX - sizeof(*b) ? SIZE_MAX
						 : sizeof(*b) + size);
	b->size = size;
	b->next = *link;
	*link = b;
	return b;
}

static void *alloc_slow(struct arena *a, size_t size)
{
	size_t usual = a->blocks || size > FIRST_BYTES ? BLOCK_BYTES
						       : FIRST_BYTES;
	struct arena_block *b;

	/* A big one gets its own block below the newest, which stays open. */
	if (size > BLOCK_BYTES / 4 && a->blocks)
		return add_block(&a->blocks->next, size)->data;
	b = add_block(&a->blocks, size > usual ? size : usual);
	a->at = b->data + size;
	a->end = b->data + b->size;
	return b->data;
}

/* size bytes at the next multiple of align, a power of 2. */
static void *alloc_aligned(struct arena *a, size_t size, size_t align)
{
	size_t skip = -(uintptr_t)a->at & (align - 1);
	size_t room = (size_t)(a->end - a->at);
	char *p;

	if (room < skip || room - skip < size)
		return alloc_slow(a, size);
	p = a->at + skip;
	a->at = p + size;
	return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
	return alloc_aligned(a, at_least_1(size), alignof(max_align_t));
}

char *arena_memdup0(struct arena *a, const void *p, size_t len)
{
	char *copy = alloc_aligned(a, len + 1, 1);

	if (len)
		memcpy(copy, p, len);
	copy[len] = '\0';
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_memdup0(a, s, strlen(s));
}

void arena_reset(struct arena *a)
{
	struct arena_block *kept = NULL;
	struct arena_block *next;

	for (struct arena_block *b = a->blocks; b; b = next) {
		next = b->next;
		if (b->size <= BLOCK_BYTES && (!kept || b->size > kept->size)) {
			free(kept);
			kept = b;
		} else {
			free(b);
		}
	}
	*a = (struct arena){ .blocks = kept };
	if (kept) {
		kept->next = NULL;
		a->at = kept->data;
		a->end = kept->data + kept->size;
	}
}

void arena_release(struct arena *a)
{
	struct arena_block *next;

	for (struct arena_block *b = a->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct arena){ 0 };
}
