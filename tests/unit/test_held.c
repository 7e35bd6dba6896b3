/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_held.c - queues of bytes, in memory and in the spool.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "sink/held.h"
#include "sink/spool.h"
#include "tap.h"

/* What all cases share. */
static struct held_pool pool;

/* Puts p into the spool as a worker does, all at once. */
static void spill(struct held *h, struct spool *s, const char *p, size_t len)
{
	while (len) {
		size_t n = len;
		struct held_chunk *c = held_spool(h, s, &n);

		if (!CHECK(c != NULL && n > 0))
			return;
		CHECK(c->writing);
		CHECK(spool_write(s, c->extent + (off_t)c->len, p, n) == 0);
		c->len += n;
		c->writing = false;
		p += n;
		len -= n;
	}
}

/* Takes all that can be taken, adds its bytes; returns the memory freed. */
static size_t drain(struct held *h, struct spool *s, struct buf *out)
{
	struct held_chunk *c = held_take(h);
	size_t freed = 0;

	while (c) {
		struct held_chunk *next = c->next;
		char *to = buf_reserve(out, c->len);

		if (c->extent < 0)
			memcpy(to, c->data, c->len);
		else if (c->len)
			CHECK(spool_read(s, c->extent, to, c->len) == 0);
		out->len += c->len;
		out->data[out->len] = '\0';
		freed += held_chunk_free(c, &pool, s);
		c = next;
	}
	return freed;
}

static void empty(void)
{
	struct held h = { NULL, NULL };

	CHECK(held_is_empty(&h));
	CHECK(held_take(&h) == NULL);
	CHECK_INT(held_add(&h, &pool, "", 0), 0);
	CHECK(held_is_empty(&h));
}

static void keeps_order(void)
{
	struct held h = { NULL, NULL };
	struct buf want = BUF_INIT, got = BUF_INIT;
	struct spool s;
	size_t used = 0;

	spool_init(&s, tap_tmpdir());
	for (unsigned i = 0; i < 3000; i++) {
		size_t from = want.len;

		buf_addf(&want, "%u:", i * i);
		used += held_add(&h, &pool, want.data + from, want.len - from);
	}
	CHECK(used >= want.len);
	/* What was counted in is counted out. */
	CHECK_INT(drain(&h, &s, &got), used);
	CHECK_STR(got.data, want.data);
	CHECK(held_is_empty(&h));
	buf_release(&want);
	buf_release(&got);
	spool_release(&s);
}

static void short_output(void)
{
	struct held h = { NULL, NULL };
	struct held_chunk *c = NULL;
	struct buf got = BUF_INIT;
	struct spool s;

	spool_init(&s, tap_tmpdir());
	for (int i = 0; i < 3; i++) {
		CHECK(held_add(&h, &pool, "hello\n", 6) <=
		      sizeof(struct held_chunk) + 128);
		if (c)
			CHECK(h.first == c);
		c = h.first;
		drain(&h, &s, &got);
	}
	CHECK_STR(got.data, "hello\nhello\nhello\n");
	buf_release(&got);
	spool_release(&s);
}

/* More than a pool keeps, all of it in use at once, twice. */
static void many_short_outputs(void)
{
	struct held h[1000] = { { NULL, NULL } };
	struct buf got = BUF_INIT;
	struct spool s;

	spool_init(&s, tap_tmpdir());
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 1000; i++)
			held_add(&h[i], &pool, "ab", 2);
		for (unsigned i = 0; i < 1000; i++)
			drain(&h[i], &s, &got);
	}
	CHECK_INT(got.len, 4000);
	CHECK(pool.n > 0 && pool.n < 1000);
	held_pool_release(&pool);
	CHECK(pool.first == NULL && pool.n == 0);
	buf_release(&got);
	spool_release(&s);
}

static void large_pieces(void)
{
	static char big[300000];
	struct held h = { NULL, NULL };
	struct buf got = BUF_INIT;
	struct spool s;
	size_t used;

	memset(big, 'b', sizeof(big));
	spool_init(&s, tap_tmpdir());
	used = held_add(&h, &pool, "a", 1);
	used += held_add(&h, &pool, big, sizeof(big));
	used += held_add(&h, &pool, "c", 1);
	CHECK_INT(drain(&h, &s, &got), used);
	CHECK_INT(got.len, sizeof(big) + 2);
	CHECK_INT(got.data[0], 'a');
	CHECK_MEM(got.data + 1, sizeof(big), big, sizeof(big));
	CHECK_INT(got.data[got.len - 1], 'c');
	buf_release(&got);
	spool_release(&s);
}

static void memory_and_spool(void)
{
	struct held h = { NULL, NULL };
	struct buf want = BUF_INIT, got = BUF_INIT;
	struct spool s;

	spool_init(&s, tap_tmpdir());
	for (unsigned i = 0; i < 40; i++) {
		size_t from = want.len;

		for (unsigned k = 0; k < 1500; k++)
			buf_addf(&want, "%u,", i * k);
		if (i % 4 == 1)
			held_add(&h, &pool, want.data + from, want.len - from);
		else
			spill(&h, &s, want.data + from, want.len - from);
	}
	CHECK(s.size > 0);
	drain(&h, &s, &got);
	CHECK_STR(got.data, want.data);
	CHECK_INT(s.size, 0);
	buf_release(&want);
	buf_release(&got);
	spool_release(&s);
}

static void extents_are_filled(void)
{
	static char text[SPOOL_EXTENT / 4];
	struct held h = { NULL, NULL };
	struct buf got = BUF_INIT;
	struct spool s;

	memset(text, 'x', sizeof(text));
	spool_init(&s, tap_tmpdir());
	for (int i = 0; i < 5; i++)
		spill(&h, &s, text, sizeof(text));
	CHECK_INT(s.size, 2 * SPOOL_EXTENT);
	CHECK_INT(drain(&h, &s, &got), 0);
	CHECK_INT(got.len, 5 * sizeof(text));
	buf_release(&got);
	spool_release(&s);
}

/* The writer takes what is whole, and leaves what a worker still writes. */
static void leaves_what_is_written(void)
{
	struct held h = { NULL, NULL };
	struct held_chunk *c;
	struct buf got = BUF_INIT;
	struct spool s;
	size_t n = 3;

	spool_init(&s, tap_tmpdir());
	held_add(&h, &pool, "one", 3);
	c = held_spool(&h, &s, &n);
	if (!CHECK(c != NULL))
		return;
	CHECK_INT(n, 3);
	drain(&h, &s, &got);
	CHECK_STR(got.data, "one");
	CHECK(!held_is_empty(&h));
	CHECK(held_take(&h) == NULL);
	CHECK(spool_write(&s, c->extent, "two", 3) == 0);
	c->len += 3;
	c->writing = false;
	held_add(&h, &pool, "three", 5);
	drain(&h, &s, &got);
	CHECK_STR(got.data, "onetwothree");
	CHECK(held_is_empty(&h));
	buf_release(&got);
	spool_release(&s);
}

/* As a worker reads: into the queue itself. */
static void read_in_place(void)
{
	struct held h = { NULL, NULL };
	struct held_chunk *c;
	struct buf want = BUF_INIT, got = BUF_INIT;
	struct spool s;
	size_t used, grown;

	spool_init(&s, tap_tmpdir());
	used = held_add(&h, &pool, "first ", 6);
	buf_addstr(&want, "first ");
	for (unsigned i = 0; i < 40; i++) {
		c = held_reserve(&h, &pool, &grown);
		used += grown;
		CHECK(c->cap - c->len >= 10000);
		CHECK(c->writing);
		memset(c->data + c->len, 'a' + (int)i % 26, 10000);
		memset(buf_reserve(&want, 10000), 'a' + (int)i % 26, 10000);
		want.len += 10000;
		CHECK_INT(held_filled(&h, &pool, 10000), 0);
		CHECK(!c->writing);
	}
	CHECK_INT(drain(&h, &s, &got), used);
	CHECK_MEM(got.data, got.len, want.data, want.len);
	CHECK(pool.nlong > 0);
	held_pool_release(&pool);
	CHECK(pool.first_long == NULL && pool.nlong == 0);
	buf_release(&want);
	buf_release(&got);
	spool_release(&s);
}

/* There was nothing to read. */
static void nothing_in_place(void)
{
	struct held h = { NULL, NULL };
	struct buf got = BUF_INIT;
	struct spool s;
	size_t grown;

	spool_init(&s, tap_tmpdir());
	held_reserve(&h, &pool, &grown);
	CHECK(grown > 0);
	CHECK(held_take(&h) == NULL);
	CHECK_INT(held_filled(&h, &pool, 0), grown);
	CHECK(held_is_empty(&h) && h.last == NULL);
	held_add(&h, &pool, "short", 5);
	held_reserve(&h, &pool, &grown);
	CHECK_INT(held_filled(&h, &pool, 0), grown);
	held_add(&h, &pool, "er", 2);
	drain(&h, &s, &got);
	CHECK_STR(got.data, "shorter");
	held_pool_release(&pool);
	buf_release(&got);
	spool_release(&s);
}

static void no_spool(void)
{
	struct held h = { NULL, NULL };
	struct spool s;
	size_t n = 10;

	spool_init(&s, "/dev/null/no such directory");
	CHECK(held_spool(&h, &s, &n) == NULL);
	CHECK(held_is_empty(&h));
	CHECK(s.full);
	spool_release(&s);
}

static size_t total(const struct held_chunk *c)
{
	size_t n = 0;

	for (; c; c = c->next)
		n += c->len;
	return n;
}

static void free_chunks(struct held_chunk *c, struct spool *s)
{
	while (c) {
		struct held_chunk *next = c->next;

		held_chunk_free(c, &pool, s);
		c = next;
	}
}

static void packs_the_end(void)
{
	struct held h = { NULL, NULL };
	struct held_chunk *raw, *c;
	struct spool s;
	off_t *extents = calloc(1, sizeof(*extents));

	spool_init(&s, tap_tmpdir());
	CHECK(held_pack(&h, 100, &raw) == NULL);
	for (int i = 0; i < 100; i++)
		held_add(&h, &pool, "0123456789", 10);
	c = held_pack(&h, 700, &raw);
	if (!CHECK(c != NULL && extents != NULL))
		return;
	CHECK_INT(c->len, total(raw));
	CHECK(c->len <= 700 && c->len > 0);
	CHECK_INT(total(h.first), 1000);
	/* Nothing of it can be taken, nor packed again, nor be added to. */
	held_add(&h, &pool, "x", 1);
	CHECK(h.last != c);
	extents[0] = spool_alloc(&s);
	held_packed(c, extents, 5);
	free_chunks(raw, &s);
	CHECK_INT(total(h.first), 1001);
	free_chunks(held_take(&h), &s);
	CHECK(held_is_empty(&h));
	CHECK_INT(s.size, 0);
	spool_release(&s);
}

static void packs_all(void)
{
	struct held h = { NULL, NULL };
	struct held_chunk *raw, *c;
	struct buf got = BUF_INIT;
	struct spool s;

	spool_init(&s, tap_tmpdir());
	held_add(&h, &pool, "abc", 3);
	c = held_pack(&h, 700, &raw);
	if (!CHECK(c != NULL && h.first == c && h.last == c))
		return;
	CHECK(held_take(&h) == NULL);
	held_unpack(&h, c, raw);
	held_add(&h, &pool, "def", 3);
	drain(&h, &s, &got);
	CHECK_STR(got.data, "abcdef");
	buf_release(&got);
	spool_release(&s);
}

static const struct tap_case cases[] = {
	{ "an empty queue gives nothing", empty },
	{ "bytes come out as they went in, memory as counted",
	  keeps_order },
	{ "a short output takes little, and what others had", short_output },
	{ "what stays for later ones is bounded", many_short_outputs },
	{ "large pieces stay whole", large_pieces },
	{ "memory and spool in turn", memory_and_spool },
	{ "an extent is filled before the next is begun",
	  extents_are_filled },
	{ "what is still being written is left", leaves_what_is_written },
	{ "what is read in place comes in order", read_in_place },
	{ "nothing read in place leaves nothing", nothing_in_place },
	{ "without a spool there is no chunk in it", no_spool },
	{ "the end of it can be packed", packs_the_end },
	{ "all of it can be packed, and put back", packs_all },
};
TAP_MAIN(cases)
