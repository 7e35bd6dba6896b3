/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mem.h - memory that is there, and arenas.
 *
 * The xmalloc family never returns NULL. When the system has no memory, the
 * hook set by mem_set_hook() is called once (muster's asks for a drain, so
 * that nothing new is started), a small reserve is given back, and the call
 * tries again with growing pauses for ten seconds while jobs end; only then
 * is a message written with write(2) and the process ended with status 255.
 * All functions are thread-safe; an arena belongs to one thread at a time.
 */
#ifndef MUSTER_BASE_MEM_H
#define MUSTER_BASE_MEM_H

#include <stddef.h>

#include "base/compiler.h"

/* As malloc, calloc, realloc and strdup; the caller frees with free(). */
void *xmalloc(size_t size) MUST_USE;
void *xcalloc(size_t n, size_t size) MUST_USE;
void *xrealloc(void *p, size_t size) MUST_USE;
char *xstrdup(const char *s) MUST_USE;

/* n elements of size bytes; an overflow of the product counts as no memory. */
void *xreallocarray(void *p, size_t n, size_t size) MUST_USE;

/* A copy of len bytes with a NUL behind them. */
char *xmemdup0(const void *p, size_t len) MUST_USE;

/*
 * Sets what is called, once, from the thread that first found no memory, and
 * puts the reserve aside; NULL takes both away. The caller of the hook can
 * hold a lock: it only sets flags or writes to a pipe.
 */
void mem_set_hook(void (*hook)(void));

struct arena_block;

/*
 * Many small allocations with one end of life. Embedded by value; zeroed
 * memory is a valid empty arena.
 */
struct arena {
	struct arena_block *blocks;	/* newest first */
	char *at;			/* next free byte of the newest */
	char *end;
};

/* size bytes, aligned for any type, valid until reset or release. */
void *arena_alloc(struct arena *a, size_t size) MUST_USE;

/* A copy of len bytes with a NUL behind them. */
char *arena_memdup0(struct arena *a, const void *p, size_t len) MUST_USE;
char *arena_strdup(struct arena *a, const char *s) MUST_USE;

/* Forgets all allocations, keeps one ordinary block for reuse. */
void arena_reset(struct arena *a);

/* Frees everything; the arena is empty and usable again. */
void arena_release(struct arena *a);

#endif
