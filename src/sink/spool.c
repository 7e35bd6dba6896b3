/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spool.c - see spool.h. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/mem.h"
#include "sink/spool.h"

void spool_init(struct spool *s, const char *dir)
{
	*s = (struct spool){ .dir = dir, .fd = -1 };
}

void spool_release(struct spool *s)
{
	fd_close(&s->fd);
	free(s->unused);
}

void spool_fail(struct spool *s, int err)
{
	s->full = true;
	s->err = err;
}

off_t spool_alloc(struct spool *s)
{
	off_t extent;

	if (s->full)
		return -1;
	if (s->nunused)
		return s->unused[--s->nunused];
	if (s->fd < 0) {
		s->fd = fd_tmpfile(s->dir);
		if (s->fd < 0) {
			spool_fail(s, errno);
			return -1;
		}
	}
	extent = s->size;
	s->size += (off_t)SPOOL_EXTENT;
	return extent;
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
