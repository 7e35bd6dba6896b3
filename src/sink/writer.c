/* SPDX-License-Identifier: GPL-3.0-or-later */
/* writer.c - see writer.h. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "sink/compress.h"
#include "sink/held.h"
#include "sink/spool.h"
#include "sink/writer.h"

#define VECTORS 64

/* Vectors for one descriptor that wait to be written together. */
struct pending {
	struct iovec v[VECTORS];
	int n;
	int stream;
};

void writer_tag_init(struct writer_tag *t)
{
	buf_init(&t->text);
	t->colour_len = 0;
	t->in_line[0] = false;
	t->in_line[1] = false;
}

void writer_tag_release(struct writer_tag *t)
{
	buf_release(&t->text);
}

void writer_tag_set(struct writer_tag *t, struct buf *text)
{
	buf_release(&t->text);
	t->text = *text;
	buf_init(text);
}

void writer_batch_reset(struct writer_batch *b)
{
	b->n = 0;
	b->bytes = 0;
}

bool writer_batch_is_full(const struct writer_batch *b)
{
	return b->n + 2 > WRITER_BATCH_PARTS || b->bytes >= WRITER_BATCH_BYTES;
}

void writer_batch_add(struct writer_batch *b, struct held_chunk *chunks,
		      int stream, struct writer_tag *tag)
{
	size_t bytes = 0;

	for (const struct held_chunk *c = chunks; c; c = c->next)
		bytes += c->len;
	b->part[b->n].chunks = chunks;
	b->part[b->n].tag = tag;
	b->part[b->n].bytes = bytes;
	b->part[b->n].stream = stream;
	b->n++;
	b->bytes += bytes;
}

void writer_init(struct writer *w)
{
	memset(w, 0, sizeof(*w));
	w->fd[0] = 1;
	w->fd[1] = 2;
	w->is_tty[0] = isatty(1) == 1;
	w->is_tty[1] = isatty(2) == 1;
	buf_init(&w->tagged);
	buf_init(&w->packed);
	buf_init(&w->unpacked);
}

void writer_release(struct writer *w)
{
	buf_release(&w->tagged);
	buf_release(&w->packed);
	buf_release(&w->unpacked);
	free(w->block);
}

static bool is_on(const struct writer *w, int stream)
{
	return !w->is_off[stream] && !w->err[stream];
}

/* Does what waits end within a line? */
static bool ends_in_line(const struct pending *p)
{
	const struct iovec *v = &p->v[p->n - 1];

	return ((const char *)v->iov_base)[v->iov_len - 1] != '\n';
}

static void write_pending(struct writer *w, struct pending *p)
{
	int fd = w->fd[p->stream];

	if (fd <= 2 && fd_was_closed(fd))
		w->err[p->stream] = EBADF;
	else if (fd_writev_all(fd, p->v, p->n) < 0)
		w->err[p->stream] = errno;
}

static void flush(struct writer *w, struct pending *p)
{
	if (p->n && is_on(w, p->stream)) {
		if (w->is_tty[p->stream]) {
			/* writev moves the vectors. */
			bool in_line = ends_in_line(p);
			bool began = diag_output_begin();

			write_pending(w, p);
			diag_output_end(began, in_line);
		} else {
			write_pending(w, p);
		}
	}
	p->n = 0;
}

static void put(struct writer *w, struct pending *p, int stream, char *data,
		size_t len)
{
	if (p->n == VECTORS || p->stream != stream)
		flush(w, p);
	p->stream = stream;
	if (stream == 0)
		w->total += len;
	p->v[p->n].iov_base = data;
	p->v[p->n].iov_len = len;
	p->n++;
}

/* A line or a part of one, with its tag, and in its colours. */
static void add_line(struct buf *out, const struct writer_tag *t,
		     bool in_line, const char *data, size_t len)
{
	bool has_end = data[len - 1] == '\n';

	buf_add(out, t->text.data, in_line ? t->colour_len : t->text.len);
	if (t->colour_len == 0) {
		buf_add(out, data, len);
		return;
	}
	buf_add(out, data, len - has_end);
	buf_addstr(out, "\033[m");
	if (has_end)
		buf_addch(out, '\n');
}

/* Puts the tag before each line that begins in data. */
static void put_tagged(struct writer *w, struct pending *p, int stream,
		       struct writer_tag *t, const char *data, size_t len)
{
	/* One buffer serves all chunks, so what is in it must go first. */
	flush(w, p);
	buf_reset(&w->tagged);
	while (len) {
		const char *nl = memchr(data, '\n', len);
		size_t n = nl ? (size_t)(nl - data) + 1 : len;

		add_line(&w->tagged, t, t->in_line[stream], data, n);
		t->in_line[stream] = !nl;
		data += n;
		len -= n;
	}
	put(w, p, stream, w->tagged.data, w->tagged.len);
}

/* What was read of it is w->packed. 0, or -1 with errno. */
static int read_packed(struct writer *w, const struct held_chunk *c,
		       const struct spool *s)
{
	buf_reset(&w->packed);
	for (size_t at = 0; at < c->packed; at += SPOOL_EXTENT) {
		size_t n = c->packed - at < SPOOL_EXTENT ? c->packed - at
							 : SPOOL_EXTENT;

		if (spool_read(s, c->extents[at / SPOOL_EXTENT],
			       buf_reserve(&w->packed, n), n) < 0)
			return -1;
		w->packed.len += n;
		w->packed.data[w->packed.len] = '\0';
	}
	return 0;
}

static char *unpack(struct writer *w, const struct held_chunk *c,
		    const struct spool *s, int stream)
{
	struct buf err = BUF_INIT;

	if (read_packed(w, c, s) < 0) {
		w->err[stream] = errno;
		return NULL;
	}
	buf_reset(&w->unpacked);
	if (compress_unblock(w->compress, w->packed.data, w->packed.len,
			     &w->unpacked, &err) == 0 &&
	    w->unpacked.len != c->len)
		buf_addstr(&err, "not what was compressed has come back");
	if (err.len) {
		w->failed(w->arg, err.data);
		w->err[stream] = EIO;
	}
	buf_release(&err);
	return w->err[stream] ? NULL : w->unpacked.data;
}

/* The bytes of a chunk; those in the spool are read into w->block. */
static char *chunk_data(struct writer *w, struct pending *p,
			struct held_chunk *c, const struct spool *s, int stream)
{
	if (c->extent < 0)
		return c->data;
	flush(w, p);
	if (c->packed)
		return unpack(w, c, s, stream);
	if (!w->block)
		w->block = xmalloc(SPOOL_EXTENT);
	if (spool_read(s, c->extent, w->block, c->len) < 0) {
		w->err[stream] = errno;
		return NULL;
	}
	return w->block;
}

void writer_write(struct writer *w, struct writer_batch *b,
		  const struct spool *s)
{
	struct pending p = { .n = 0 };

	for (unsigned i = 0; i < b->n; i++) {
		int stream = b->part[i].stream;
		struct writer_tag *t = b->part[i].tag;
		struct held_chunk *c = b->part[i].chunks;

		for (; c && is_on(w, stream); c = c->next) {
			char *data = c->len ? chunk_data(w, &p, c, s, stream)
					    : NULL;

			if (!data)
				continue;
			if (t->text.len)
				put_tagged(w, &p, stream, t, data, c->len);
			else
				put(w, &p, stream, data, c->len);
		}
		b->part[i].total = w->total;
	}
	flush(w, &p);
}
