/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spool.c - see spool.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/mem.h"
#include "sink/spool.h"

/* So many are left for others: without them no job could be started, which may
 * have two pipes of its own, and nothing uncompressed again. */
#define SPARE_FDS	(FD_START + 4)

void spool_init(struct spool *s, const char *dir)
{
	*s = (struct spool){ .dir = dir, .fd = -1 };
}

void spool_release(struct spool *s)
{
	if (!s->is_kept)
		fd_close(&s->fd);
	free(s->unused);
	free(s->used);
}

void spool_fail(struct spool *s, int err)
{
	s->full = true;
	s->err = err;
}

static int make_file(const char *dir)
{
	int fd = fd_tmpfile(dir);

	if (fd >= 0 && !fd_has_spare(fd, SPARE_FDS)) {
		fd_close(&fd);
		errno = EMFILE;
	}
	return fd;
}

off_t spool_alloc(struct spool *s)
{
	off_t extent;

	if (s->is_kept)
		return spool_take(s, SPOOL_EXTENT);
	if (s->full)
		return -1;
	if (s->nunused)
		return s->unused[--s->nunused];
	if (s->fd < 0) {
		s->fd = make_file(s->dir);
		if (s->fd < 0) {
			spool_fail(s, errno);
			return -1;
		}
	}
	extent = s->size;
	s->size += (off_t)SPOOL_EXTENT;
	return extent;
}

void spool_retry(struct spool *s)
{
	if (s->fd < 0)
		s->full = false;
}

void spool_free(struct spool *s, off_t extent)
{
	if (s->nunused == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 16;
		s->unused = xreallocarray(s->unused, s->cap, sizeof(off_t));
	}
	s->unused[s->nunused++] = extent;
	s->full = false;
	/* All free: give the disk back. Best effort. */
	if ((off_t)(s->nunused * SPOOL_EXTENT) == s->size &&
	    ftruncate(s->fd, 0) == 0) {
		s->nunused = 0;
		s->size = 0;
	}
}

/* Kept ones. */

void spool_keep(struct spool *s, int fd, off_t header, off_t size)
{
	s->is_kept = true;
	s->fd = fd;
	s->header = header;
	s->size = size > header ? size : header;
}

static off_t segment_end(size_t i)
{
	return ((off_t)i + 1) * SPOOL_SEGMENT;
}

/* How much of the n bytes at that place are in the segment it is in. */
static uint64_t part_of(off_t at, uint64_t n)
{
	uint64_t room = (uint64_t)(SPOOL_SEGMENT - at % SPOOL_SEGMENT);

	return n < room ? n : room;
}

void spool_reserve(struct spool *s, off_t at, uint64_t n)
{
	s->total += n;
	while (n) {
		size_t i = (size_t)(at / SPOOL_SEGMENT);
		uint64_t part = part_of(at, n);

		while (i >= s->nused) {
			size_t more = s->nused ? 2 * s->nused : 64;

			s->used = xreallocarray(s->used, more,
						sizeof(*s->used));
			while (s->nused < more)
				s->used[s->nused++] = 0;
		}
		s->used[i] += part;
		at += (off_t)part;
		n -= part;
	}
}

off_t spool_take(struct spool *s, uint64_t n)
{
	off_t at = s->size;

	if (s->full)
		return -1;
	spool_reserve(s, at, n);
	s->size += (off_t)n;
	return at;
}

/* Gives the disk of a segment back. Best effort. */
static void punch(const struct spool *s, size_t i)
{
#ifdef FALLOC_FL_PUNCH_HOLE
	off_t from = segment_end(i) - SPOOL_SEGMENT;

	if (from < s->header)
		from = s->header;
	(void)!fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 from, segment_end(i) - from);
#else
	(void)s;
	(void)i;
#endif
}

void spool_drop(struct spool *s, off_t at, uint64_t n)
{
	s->total -= n;
	while (n) {
		size_t i = (size_t)(at / SPOOL_SEGMENT);
		uint64_t part = part_of(at, n);

		s->used[i] -= part;
		if (!s->used[i] && s->total && segment_end(i) <= s->size)
			punch(s, i);
		at += (off_t)part;
		n -= part;
	}
	if (!s->total && ftruncate(s->fd, s->header) == 0)
		s->size = s->header;
}

int spool_write(const struct spool *s, off_t at, const void *p, size_t n)
{
	return fd_pwrite_all(s->fd, p, n, at);
}

int spool_read(const struct spool *s, off_t at, void *p, size_t n)
{
	ssize_t got = fd_pread(s->fd, p, n, at);

	if (got < 0)
		return -1;
	if ((size_t)got != n) {
		errno = EIO;
		return -1;
	}
	return 0;
}
