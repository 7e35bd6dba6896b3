/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.h - a file in which a stream of a job is kept, compressed or not.
 *
 * Either at a path that the user has chosen, or a temporary one, which gets
 * its name in the end and is gone without it. Failures come back as one line
 * in err, but for opening, which leaves errno. Belongs to one thread.
 */
#ifndef MUSTER_SINK_STORE_H
#define MUSTER_SINK_STORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "sink/compress.h"

struct store {
	const struct compress *by;	/* compresses; NULL: nothing does */
	struct buf path;		/* empty: it has no name (yet) */
	int fd;				/* -1: not open */
	bool is_temporary;
	struct compress_stream stream;	/* from the first byte on */
};

void store_init(struct store *s, const struct compress *by);
/* Gives up what is open, and a temporary file that was not kept. */
void store_release(struct store *s);

/* path stays in s; directories above it are made. 0, or -1 with errno. */
int store_open(struct store *s) MUST_USE;
int store_open_temporary(struct store *s, const char *dir) MUST_USE;

int store_write(struct store *s, const char *data, size_t len,
		atomic_int *order, struct buf *err) MUST_USE;
/* Gives a temporary file its name, for good. */
int store_keep(struct store *s, const char *dir, struct buf *err) MUST_USE;
/* All is written; then the file may be kept, and closed. */
int store_finish(struct store *s, atomic_int *order, struct buf *err) MUST_USE;
int store_close(struct store *s, struct buf *err) MUST_USE;

#endif
