/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * held.h - a queue of bytes of one stream, in memory or in the spool.
 *
 * For the emitter alone, whose lock guards it.
 */
#ifndef MUSTER_SINK_HELD_H
#define MUSTER_SINK_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct spool;

struct held_chunk {
	struct held_chunk *next;
	size_t len;
	size_t cap;
	off_t extent;		/* in the spool; -1: in data */
	bool writing;		/* its worker is adding to it */
	off_t kept;		/* it is in data, and there as well; or -1 */
	bool is_promised;	/* its place is on record: not to be freed with
				   it */
	/* Compressed: then all of it is in these, and none of it in extent. */
	off_t *extents;
	size_t packed;		/* bytes there; 0: it is not compressed */
	char data[];
};

struct held {
	struct held_chunk *first;
	struct held_chunk *last;
};

/*
 * Chunks that are free: short ones, so that short outputs cost no malloc, and
 * full-sized ones, so that long outputs find their memory mapped. All that
 * share it are under the same lock. Zeroed, it is empty.
 */
struct held_pool {
	struct held_chunk *first;
	unsigned n;
	struct held_chunk *first_long;
	unsigned nlong;
};

void held_pool_release(struct held_pool *pool);

/* Copies n bytes to the end, in memory. Returns by how much the memory in
 * use has grown. */
size_t held_add(struct held *h, struct held_pool *pool, const char *p,
		size_t n);

/*
 * The chunk at the end that is in memory and has room for an eighth of what one
 * may hold, a new one if need be; *grown: by how much the memory in use has
 * grown. Sets writing; the caller reads into data, at len, and calls
 * held_filled.
 */
struct held_chunk *held_reserve(struct held *h, struct held_pool *pool,
				size_t *grown);
/* n bytes have come into the chunk. When it is empty, it is freed; returns by
 * how much the memory in use has shrunk. */
size_t held_filled(struct held *h, struct held_pool *pool, size_t n);

/*
 * The chunk at the end that has room in its extent, a new one if need be;
 * NULL when the spool has no room. Sets *n to how many of the *n bytes go
 * there, and writing; the caller writes them at extent + len, then adds to
 * len and clears writing.
 */
struct held_chunk *held_spool(struct held *h, struct spool *s, size_t *n);

/*
 * Takes the last chunks that are in memory, max bytes at most, off the queue:
 * *raw, the caller's. In their place stands the chunk that is returned, with
 * writing set: full, of no extent, for held_packed or held_unpack. NULL: there
 * are none.
 */
struct held_chunk *held_pack(struct held *h, size_t max,
			     struct held_chunk **raw);
/* It is in these extents now (an array from malloc, of as many as n bytes
 * take), compressed. */
void held_packed(struct held_chunk *c, off_t *extents, size_t n);
/* Puts raw back; c, which is the last one, is gone. */
void held_unpack(struct held *h, struct held_chunk *c,
		 struct held_chunk *raw);

/* Takes all chunks off but one that is being written to and what follows;
 * the caller frees them with held_chunk_free. */
struct held_chunk *held_take(struct held *h);

/* What is in memory and kept as well leaves the memory. Returns by how much
 * that in use has shrunk. */
size_t held_drop_data(struct held *h);
/* Adds what is in the spool already, as one chunk of at most SPOOL_EXTENT. */
void held_add_kept(struct held *h, off_t at, size_t n);

/* Memory it used, now free or the pool's; its extent is given back. */
size_t held_chunk_free(struct held_chunk *c, struct held_pool *pool,
		       struct spool *s);

static inline bool held_is_empty(const struct held *h)
{
	return h->first == NULL;
}

#endif
