/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store.c - see store.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/path.h"
#include "base/tmpname.h"
#include "sink/store.h"

void store_init(struct store *s, const struct compress *by)
{
	*s = (struct store){ .by = by, .fd = -1 };
	buf_init(&s->path);
}

void store_release(struct store *s)
{
	struct buf err = BUF_INIT;

	/* Nobody cares any more how well it did. */
	if (compress_is_open(&s->stream))
		(void)!compress_close(&s->stream, NULL, &err);
	buf_release(&err);
	fd_close(&s->fd);
	if (s->is_temporary && s->path.len)
		unlink(s->path.data);
	buf_release(&s->path);
	s->is_temporary = false;
}

int store_open(struct store *s)
{
	int flags = O_WRONLY | O_CREAT | O_TRUNC;

	s->fd = fd_open(s->path.data, flags, 0666);
	if (s->fd < 0 && errno == ENOENT &&
	    path_make_parents(s->path.data) == 0)
		s->fd = fd_open(s->path.data, flags, 0666);
	return s->fd < 0 ? -1 : 0;
}

int store_open_temporary(struct store *s, const char *dir)
{
	s->fd = tmpname_open(dir, &s->path);
	s->is_temporary = true;
	return s->fd < 0 ? -1 : 0;
}

static int fail(const struct store *s, const char *what, struct buf *err)
{
	int number = errno;

	if (s->path.len) {
		buf_addf(err, "%s '", what);
		buf_add_visible(err, s->path.data, s->path.len);
		buf_addf(err, "': %s", strerror(number));
	} else {
		buf_addf(err, "%s a temporary file: %s", what,
			 strerror(number));
	}
	return -1;
}

/* What the program says of itself by its status tells more. */
static int write_packed(struct store *s, const char *data, size_t len,
			atomic_int *order, struct buf *err)
{
	if (!compress_is_open(&s->stream) &&
	    compress_open(&s->stream, s->by, s->fd, err) < 0)
		return -1;
	if (compress_write(&s->stream, data, len, order, err) == 0)
		return 0;
	(void)!compress_close(&s->stream, order, err);
	return -1;
}

int store_write(struct store *s, const char *data, size_t len,
		atomic_int *order, struct buf *err)
{
	if (s->by)
		return write_packed(s, data, len, order, err);
	if (fd_write_all(s->fd, data, len) < 0)
		return fail(s, "cannot write to", err);
	return 0;
}

int store_keep(struct store *s, const char *dir, struct buf *err)
{
	if (!s->is_temporary)
		return 0;
	if (tmpname_give(s->fd, dir, &s->path) < 0) {
		buf_addf(err, "cannot make a file in '%s': %s", dir,
			 strerror(errno));
		return -1;
	}
	s->is_temporary = false;
	return 0;
}

int store_finish(struct store *s, atomic_int *order, struct buf *err)
{
	return compress_close(&s->stream, order, err);
}

int store_close(struct store *s, struct buf *err)
{
	int fd = s->fd;

	s->fd = -1;
	/* Network file systems tell only here that something was lost. */
	if (fd >= 0 && close(fd) < 0 && errno != EINTR)
		return fail(s, "cannot write to", err);
	return 0;
}
