/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spool.h - held output on disk: one file without a name, in extents of
 * SPOOL_EXTENT bytes that are used again once freed.
 *
 * Or a file that is to outlive us (spool_keep), of which records elsewhere say
 * where what is. There no place is used twice as long as anything is in it:
 * it grows at its end, what is not used any more is punched out, and when
 * nothing is left it is cut to its header.
 *
 * One file for all jobs, so that any number of held jobs takes one
 * descriptor, and the disk space is that of what is held at the peak. The
 * file is created when the first extent is asked for, unless it would take one
 * of the last descriptors, which jobs need. alloc and free are guarded by the
 * caller's lock; write and read may run unlocked, on different extents at once.
 */
#ifndef MUSTER_SINK_SPOOL_H
#define MUSTER_SINK_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"

#define SPOOL_EXTENT	((size_t)65536)
#define SPOOL_SEGMENT	((off_t)1 << 20)

struct spool {
	const char *dir;	/* the owner's string */
	int fd;			/* -1: not made yet */
	off_t size;
	off_t *unused;		/* extents to be used again */
	size_t nunused;
	size_t cap;
	bool full;		/* the last write or creation failed; cleared
				   when an extent is freed */
	int err;		/* with this errno */
	/* of one that is kept */
	bool is_kept;
	off_t header;		/* what is never given out */
	uint64_t *used;		/* bytes in each SPOOL_SEGMENT */
	size_t nused;
	uint64_t total;		/* of them */
};

void spool_init(struct spool *s, const char *dir);
void spool_release(struct spool *s);

/* Where an extent begins; -1 when there is none to be had (full is set). */
off_t spool_alloc(struct spool *s);
void spool_free(struct spool *s, off_t extent);
/* If there was no file to be had, the next alloc tries again. */
void spool_retry(struct spool *s);

/* All n bytes at offset at, or -1 with errno (the caller calls spool_fail,
 * with its lock held). */
int spool_write(const struct spool *s, off_t at, const void *p,
		size_t n) MUST_USE;
int spool_read(const struct spool *s, off_t at, void *p, size_t n) MUST_USE;
void spool_fail(struct spool *s, int err);

/* After spool_init: uses that file, which stays the caller's and is so long by
 * now, from header on. Whatever is freed then goes by spool_drop. */
void spool_keep(struct spool *s, int fd, off_t header, off_t size);
/* Room for exactly n bytes; -1 as spool_alloc. */
off_t spool_take(struct spool *s, uint64_t n);
/* These bytes are in use from before. */
void spool_reserve(struct spool *s, off_t at, uint64_t n);
/* And these are not any more. */
void spool_drop(struct spool *s, off_t at, uint64_t n);

#endif
