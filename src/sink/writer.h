/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * writer.h - writes batches of held output to descriptors 1 and 2, with what
 * goes before each line.
 *
 * For the emitter's writer thread alone; no locks. While the status line
 * shares a terminal with the output, it is taken away around each batch.
 */
#ifndef MUSTER_SINK_WRITER_H
#define MUSTER_SINK_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct compress;
struct held_chunk;
struct spool;

/* What goes before each line of a job, and whether a line is open. */
struct writer_tag {
	struct buf text;
	size_t colour_len;	/* of text: switches colours on; then they are
				   switched off at the end of each line */
	bool in_line[2];
};

void writer_tag_init(struct writer_tag *t);
void writer_tag_release(struct writer_tag *t);
/* Takes text's bytes over. */
void writer_tag_set(struct writer_tag *t, struct buf *text);

#define WRITER_BATCH_PARTS	128
#define WRITER_BATCH_BYTES	((size_t)1 << 20)

struct writer_batch {
	struct {
		struct held_chunk *chunks;
		struct writer_tag *tag;
		size_t bytes;
		uint64_t total;	/* set when written: see struct writer */
		int stream;	/* 0: descriptor 1, 1: descriptor 2 */
	} part[WRITER_BATCH_PARTS];
	unsigned n;
	size_t bytes;
};

void writer_batch_reset(struct writer_batch *b);
/* No more jobs (of two parts) should be added. */
bool writer_batch_is_full(const struct writer_batch *b);
/* tag stays the caller's. */
void writer_batch_add(struct writer_batch *b, struct held_chunk *chunks,
		      int stream, struct writer_tag *tag);

struct writer {
	int fd[2];		/* 1 and 2, unless changed before any use */
	bool is_off[2];		/* in: write nothing there */
	int err[2];		/* out: errno of the first failure; the rest
				   for that stream was not written */
	bool is_tty[2];
	uint64_t total;		/* bytes written to fd[0], tags included */
	struct buf tagged;
	char *block;		/* SPOOL_EXTENT bytes, once needed */
	/* in: what takes compression back, and who hears that it did not */
	const struct compress *compress;
	void (*failed)(void *arg, const char *why);
	void *arg;
	struct buf packed;
	struct buf unpacked;
};

void writer_init(struct writer *w);
void writer_release(struct writer *w);
/* Writes all parts in order. The chunks stay the caller's. */
void writer_write(struct writer *w, struct writer_batch *b,
		  const struct spool *s);

#endif
