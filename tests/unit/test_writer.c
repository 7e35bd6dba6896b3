/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_writer.c - writing batches, with tags and without.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/thread.h"
#include "capture.h"
#include "sink/held.h"
#include "sink/spool.h"
#include "sink/writer.h"
#include "tap.h"

struct bench {
	struct capture cap;
	struct writer w;
	struct writer_batch b;
	struct writer_tag tag[3];
	struct spool s;
	struct held_pool pool;
};

static void start(struct bench *t, bool pipes)
{
	thread_setup();
	if (pipes)
		capture_pipes(&t->cap);
	else
		capture_files(&t->cap);
	writer_init(&t->w);
	writer_batch_reset(&t->b);
	spool_init(&t->s, tap_tmpdir());
	t->pool = (struct held_pool){ .n = 0 };
	for (int i = 0; i < 3; i++)
		writer_tag_init(&t->tag[i]);
}

static void set_tag(struct bench *t, int i, const char *text)
{
	struct buf b = BUF_INIT;

	buf_addstr(&b, text);
	writer_tag_set(&t->tag[i], &b);
	CHECK_INT(b.len, 0);
}

static void add(struct bench *t, int tag, int stream, const char *p,
		size_t len)
{
	struct held h = { NULL, NULL };

	held_add(&h, &t->pool, p, len);
	writer_batch_add(&t->b, held_take(&h), stream, &t->tag[tag]);
}

static void add_text(struct bench *t, int tag, int stream, const char *text)
{
	add(t, tag, stream, text, strlen(text));
}

static void add_spooled(struct bench *t, int tag, int stream,
			const char *text)
{
	struct held h = { NULL, NULL };
	size_t n = strlen(text);
	struct held_chunk *c = held_spool(&h, &t->s, &n);

	CHECK(spool_write(&t->s, c->extent, text, n) == 0);
	c->len = n;
	c->writing = false;
	writer_batch_add(&t->b, held_take(&h), stream, &t->tag[tag]);
}

/* Writes the batch, and frees what is in it. */
static void put(struct bench *t)
{
	writer_write(&t->w, &t->b, &t->s);
	for (unsigned i = 0; i < t->b.n; i++) {
		struct held_chunk *c = t->b.part[i].chunks;

		while (c) {
			struct held_chunk *next = c->next;

			held_chunk_free(c, &t->pool, &t->s);
			c = next;
		}
	}
	writer_batch_reset(&t->b);
}

static void finish(struct bench *t)
{
	capture_end(&t->cap);
	writer_release(&t->w);
	spool_release(&t->s);
	held_pool_release(&t->pool);
	for (int i = 0; i < 3; i++)
		writer_tag_release(&t->tag[i]);
}

static void both_streams(void)
{
	struct bench t;

	start(&t, false);
	add_text(&t, 0, 0, "a");
	add_text(&t, 0, 1, "E");
	add_text(&t, 1, 0, "b");
	add_text(&t, 1, 0, "c");
	add_text(&t, 1, 1, "F");
	CHECK_INT(t.b.n, 5);
	CHECK_INT(t.b.bytes, 5);
	put(&t);
	put(&t);
	finish(&t);
	CHECK_STR(capture_text(&t.cap, 0)->data, "abc");
	CHECK_STR(capture_text(&t.cap, 1)->data, "EF");
	capture_release(&t.cap);
}

static void many_parts(void)
{
	struct buf want = BUF_INIT;
	struct bench t;

	start(&t, false);
	for (unsigned i = 0; i < WRITER_BATCH_PARTS; i++) {
		size_t from = want.len;

		CHECK_INT(writer_batch_is_full(&t.b),
			  i > WRITER_BATCH_PARTS - 2);
		buf_addf(&want, "part %u\n", i);
		add_text(&t, 0, 0, want.data + from);
	}
	put(&t);
	finish(&t);
	CHECK_STR(capture_text(&t.cap, 0)->data, want.data);
	buf_release(&want);
	capture_release(&t.cap);
}

static void full_by_bytes(void)
{
	static char big[WRITER_BATCH_BYTES];
	struct bench t;

	start(&t, false);
	CHECK(!writer_batch_is_full(&t.b));
	add(&t, 0, 0, big, sizeof(big) - 1);
	CHECK(!writer_batch_is_full(&t.b));
	add_text(&t, 0, 0, "x");
	CHECK(writer_batch_is_full(&t.b));
	put(&t);
	CHECK(!writer_batch_is_full(&t.b));
	finish(&t);
	CHECK_INT(capture_text(&t.cap, 0)->len, sizeof(big));
	capture_release(&t.cap);
}

static void from_memory_and_spool(void)
{
	struct bench t;

	start(&t, false);
	add_text(&t, 0, 0, "1");
	add_spooled(&t, 0, 0, "2");
	add_text(&t, 1, 0, "3");
	add_spooled(&t, 1, 0, "4");
	add_spooled(&t, 2, 1, "e");
	add_spooled(&t, 2, 0, "5");
	add_text(&t, 2, 0, "6");
	put(&t);
	finish(&t);
	CHECK_STR(capture_text(&t.cap, 0)->data, "123456");
	CHECK_STR(capture_text(&t.cap, 1)->data, "e");
	capture_release(&t.cap);
}

static void tags(void)
{
	struct bench t;

	start(&t, false);
	set_tag(&t, 0, "A\t");
	set_tag(&t, 1, "B: ");
	add_text(&t, 0, 0, "one\ntw");
	add_text(&t, 0, 1, "err");
	add_text(&t, 0, 0, "o\n\n");
	add_text(&t, 1, 0, "x\n");
	add_spooled(&t, 1, 0, "y\nz");
	add_text(&t, 2, 0, "!\nplain\n");
	add_text(&t, 0, 1, "or\nmore");
	put(&t);
	/* The open line goes on in the next batch. */
	add_text(&t, 0, 1, " and more\nlast\n");
	put(&t);
	finish(&t);
	CHECK_STR(capture_text(&t.cap, 0)->data,
		  "A\tone\nA\ttwo\nA\t\nB: x\nB: y\nB: z!\nplain\n");
	CHECK_STR(capture_text(&t.cap, 1)->data,
		  "A\terror\nA\tmore and more\nA\tlast\n");
	capture_release(&t.cap);
}

static void bytes_with_tags(void)
{
	struct bench t;

	start(&t, false);
	set_tag(&t, 0, "T");
	add(&t, 0, 0, "a\0b\n\0\n", 6);
	put(&t);
	finish(&t);
	CHECK_MEM(capture_text(&t.cap, 0)->data, capture_text(&t.cap, 0)->len,
		  "Ta\0b\nT\0\n", 8);
	capture_release(&t.cap);
}

static void switched_off(void)
{
	struct bench t;

	start(&t, false);
	t.w.is_off[0] = true;
	add_text(&t, 0, 0, "not this");
	add_text(&t, 0, 1, "but this");
	put(&t);
	CHECK_INT(t.w.err[0], 0);
	finish(&t);
	CHECK_STR(capture_text(&t.cap, 0)->data, "");
	CHECK_STR(capture_text(&t.cap, 1)->data, "but this");
	capture_release(&t.cap);
}

static void closed_pipe(void)
{
	struct bench t;

	start(&t, true);
	capture_close(&t.cap, 0);
	add_text(&t, 0, 0, "lost");
	add_text(&t, 0, 1, "a");
	add_text(&t, 1, 0, "lost too");
	add_text(&t, 1, 1, "b");
	put(&t);
	CHECK_INT(t.w.err[0], EPIPE);
	CHECK_INT(t.w.err[1], 0);
	finish(&t);
	CHECK_STR(t.cap.text[1].data, "ab");
	capture_release(&t.cap);
}

static void broken_spool(void)
{
	struct bench t;

	start(&t, false);
	add_text(&t, 0, 0, "before ");
	add_spooled(&t, 0, 0, "gone");
	add_text(&t, 0, 0, "behind");
	CHECK(ftruncate(t.s.fd, 0) == 0);
	put(&t);
	CHECK_INT(t.w.err[0], EIO);
	finish(&t);
	/* Nothing with a hole in it. */
	CHECK_STR(capture_text(&t.cap, 0)->data, "before ");
	capture_release(&t.cap);
}

static const struct tap_case cases[] = {
	{ "parts go to their streams, in order", both_streams },
	{ "a batch of as many parts as there can be", many_parts },
	{ "a batch is full by its bytes", full_by_bytes },
	{ "parts from memory and from the spool", from_memory_and_spool },
	{ "lines are tagged, open ones once", tags },
	{ "NUL bytes are bytes of a line", bytes_with_tags },
	{ "a stream that is off gets nothing", switched_off },
	{ "a closed pipe is an error of its stream alone", closed_pipe },
	{ "a spool that can't be read is an error", broken_spool },
};
TAP_MAIN(cases)
