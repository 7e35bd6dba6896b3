/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compress.h - programs that compress what is kept, and take that back.
 *
 * Each is a command for /bin/sh that reads its standard input to the end and
 * writes its standard output. A stream goes through one process from
 * beginning to end into a file; a block goes through a process of its own, in
 * memory. Nothing to compress starts no process: it stays nothing. Failures
 * come back as one line in err. Constant after compress_init; thread-safe.
 */
#ifndef MUSTER_SINK_COMPRESS_H
#define MUSTER_SINK_COMPRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "proc/child.h"

struct buf;

struct compress {
	char *pack;		/* commands; NULL: nothing is compressed */
	char *unpack;
};

/*
 * pack and unpack as the user gave them, or NULL: then "PACK -dc"; and if
 * there is no pack, the first program found of those that GNU parallel looks
 * for, or cat.
 */
void compress_init(struct compress *c, const char *pack, const char *unpack);
void compress_release(struct compress *c);

/* Does it work? Compresses a little and, if both, takes it back. */
int compress_try(const struct compress *c, bool both,
		 struct buf *err) MUST_USE;

/* What it takes to start the program is not to be had now. */
#define COMPRESS_SHORT	1

/* One block in memory, added to out. Blocks. compress_block: also
 * COMPRESS_SHORT, with nothing done; the other one waits a minute for it. */
int compress_block(const struct compress *c, const char *data, size_t len,
		   struct buf *out, struct buf *err) MUST_USE;
int compress_unblock(const struct compress *c, const char *data, size_t len,
		     struct buf *out, struct buf *err) MUST_USE;

/* A stream on its way to a file; zeroed before use. Belongs to one thread. */
struct compress_stream {
	const struct compress *by;	/* NULL: not open */
	struct child child;
	int fd;
};

/* out: the file, which stays the caller's. */
int compress_open(struct compress_stream *s, const struct compress *by, int out,
		  struct buf *err) MUST_USE;
/*
 * Waits while the program does not take it, until *order is JOB_KILL.
 */
int compress_write(struct compress_stream *s, const char *data, size_t len,
		   atomic_int *order, struct buf *err) MUST_USE;
/* Waits for its end. Also after a failure, which it then explains. */
int compress_close(struct compress_stream *s, atomic_int *order,
		   struct buf *err) MUST_USE;

static inline bool compress_is_open(const struct compress_stream *s)
{
	return s->by;
}

#endif
