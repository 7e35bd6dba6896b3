/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emit_pack.c - the emitter's held output, compressed. See emit.c.
 *
 * Above the ceiling, output is gathered in memory until there is a block of
 * it worth a process, or the job is over; the block is compressed and put into
 * extents of the spool. Meanwhile a chunk that is being written to stands in
 * its place, and the lock is free.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sink/compress.h"
#include "sink/emit_impl.h"

#define BLOCK_BYTES	((size_t)1 << 20)

static bool is_wanted(const struct emit *e, const struct out *out)
{
	return e->packs && !emit_is_live(e, out) &&
	       e->memory >= e->cfg.memory_max && !e->spool.full;
}

static void add_chunks(struct buf *to, const struct held_chunk *c)
{
	for (; c; c = c->next)
		buf_add(to, c->data, c->len);
}

static size_t count_extents(size_t len)
{
	return (len + SPOOL_EXTENT - 1) / SPOOL_EXTENT;
}

/* As many as len bytes take; NULL: the spool has no room. */
static off_t *alloc_locked(struct emit *e, size_t len)
{
	size_t n = count_extents(len);
	off_t *extents = xcalloc(n, sizeof(*extents));

	for (size_t i = 0; i < n; i++) {
		extents[i] = spool_alloc(&e->spool);
		if (extents[i] >= 0)
			continue;
		while (i-- > 0)
			spool_free(&e->spool, extents[i]);
		free(extents);
		return NULL;
	}
	return extents;
}

static int write_all(const struct emit *e, const off_t *extents,
		     const struct buf *packed)
{
	for (size_t at = 0; at < packed->len; at += SPOOL_EXTENT) {
		size_t n = packed->len - at < SPOOL_EXTENT ? packed->len - at
							   : SPOOL_EXTENT;

		if (spool_write(&e->spool, extents[at / SPOOL_EXTENT],
				packed->data + at, n) < 0)
			return -1;
	}
	return 0;
}

/* Packed, into the spool; NULL: no room there, or it broke. */
static off_t *spill_locked(struct emit *e, const struct buf *packed)
	NO_LOCK_CHECK
{
	off_t *extents = alloc_locked(e, packed->len);
	int err = 0;

	if (!extents)
		return NULL;
	mutex_unlock(&e->lock);
	if (write_all(e, extents, packed) < 0)
		err = errno;
	mutex_lock(&e->lock);
	if (!err)
		return extents;
	for (size_t i = 0; i < count_extents(packed->len); i++)
		spool_free(&e->spool, extents[i]);
	free(extents);
	spool_fail(&e->spool, err);
	return NULL;
}

/* 0; COMPRESS_SHORT: not now; -1: the program can't do it, err says why. */
static int compress(const struct emit *e, const struct held_chunk *raw,
		    struct buf *packed, struct buf *err)
{
	struct buf text = BUF_INIT;
	int ret;

	add_chunks(&text, raw);
	ret = compress_block(e->cfg.compress, text.data, text.len, packed,
			     err);
	if (ret == 0 && packed->len == 0) {
		buf_addf(err, "'%s' has made nothing of its input",
			 e->cfg.compress->pack);
		ret = -1;
	}
	buf_release(&text);
	return ret;
}

/* Once: from then on nothing is compressed. */
static void give_up_locked(struct emit *e, const struct buf *why)
	NO_LOCK_CHECK
{
	bool is_first = e->packs;

	e->packs = false;
	if (!is_first)
		return;
	mutex_unlock(&e->lock);
	e->cfg.pack_failed(e->cfg.arg, why->data);
	mutex_lock(&e->lock);
}

static void pack_locked(struct emit *e, struct out *out, int stream)
	NO_LOCK_CHECK
{
	struct held *h = &out->stream[stream];
	struct held_chunk *raw = NULL;
	struct held_chunk *c = held_pack(h, BLOCK_BYTES, &raw);
	struct buf packed = BUF_INIT, err = BUF_INIT;
	off_t *extents = NULL;
	int ret;

	out->loose[stream] = 0;
	if (!c)
		return;
	mutex_unlock(&e->lock);
	ret = compress(e, raw, &packed, &err);
	mutex_lock(&e->lock);
	/* What is short now stays in memory, and the next block is tried. */
	if (ret == 0)
		extents = spill_locked(e, &packed);
	else if (ret != COMPRESS_SHORT)
		give_up_locked(e, &err);
	if (extents) {
		held_packed(c, extents, packed.len);
		emit_drop_chunks_locked(e, raw);
	} else {
		held_unpack(h, c, raw);
	}
	/* It may have become live meanwhile. */
	if (emit_is_live(e, out))
		emit_kick_writer_locked(e, out);
	buf_release(&packed);
	buf_release(&err);
}

void emit_store_packed_locked(struct emit *e, struct out *out, int stream,
			      const char *data, size_t len)
{
	e->memory += held_add(&out->stream[stream], &e->pool, data, len);
	out->loose[stream] += len;
	if (out->loose[stream] >= BLOCK_BYTES && is_wanted(e, out))
		pack_locked(e, out, stream);
}

void emit_pack_rest_locked(struct emit *e, struct out *out)
{
	for (int i = 0; i < 2; i++) {
		if (out->loose[i] && is_wanted(e, out))
			pack_locked(e, out, i);
	}
}
