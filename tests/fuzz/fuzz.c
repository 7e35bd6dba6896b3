/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz.c - see fuzz.h. */
#include <config.h>

#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/mem.h"

#define PIPE_BYTES	32768

static char dir[512];
static pid_t dir_owner;

void fuzz_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s does not hold\n", file, line, what);
	abort();
}

void in_begin(struct in *in, const uint8_t *data, size_t size)
{
	in->at = (const char *)data;
	in->end = in->at + size;
	in->nkept = 0;
}

void in_end(struct in *in)
{
	while (in->nkept)
		free(in->kept[--in->nkept]);
}

unsigned in_choice(struct in *in, unsigned n)
{
	if (in->at == in->end)
		return 0;
	return (unsigned char)(*in->at++ - 'a') % n;
}

static char *keep(struct in *in, const char *s, size_t len)
{
	char *copy = xmemdup0(s, len);

	FUZZ_CHECK(in->nkept < IN_KEPT);
	in->kept[in->nkept++] = copy;
	return copy;
}

char *in_line(struct in *in)
{
	size_t left = (size_t)(in->end - in->at);
	const char *newline = left ? memchr(in->at, '\n', left) : NULL;
	const char *s = in->at;
	size_t len = newline ? (size_t)(newline - s) : left;

	in->at = newline ? newline + 1 : in->end;
	return keep(in, s, len ? strnlen(s, len) : 0);
}

char *in_rest(struct in *in, size_t *len)
{
	const char *s = in->at;

	*len = (size_t)(in->end - in->at);
	in->at = in->end;
	return keep(in, s, *len);
}

size_t in_lines(struct in *in, char **lines, size_t max)
{
	size_t n = 0;

	while (n < max && in->at < in->end)
		lines[n++] = in_line(in);
	return n;
}

void fuzz_check_message(const struct buf *err, int has_failed)
{
	FUZZ_CHECK((err->len > 0) == (has_failed != 0));
	FUZZ_CHECK(strlen(err->data) == err->len);
	FUZZ_CHECK(!strchr(err->data, '\n'));
}

void fuzz_check_utf8(const char *s, size_t len)
{
	while (len) {
		size_t n = buf_utf8_length(s, len);

		FUZZ_CHECK(n > 0);
		s += n;
		len -= n;
	}
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_dir(void)
{
	if (dir_owner == getpid())
		nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_dir(void)
{
	const char *base = getenv("TMPDIR");

	if (dir_owner == getpid())
		return dir;
	snprintf(dir, sizeof(dir), "%.400s/muster-fuzz.XXXXXX",
		 base && *base ? base : "/tmp");
	FUZZ_CHECK(mkdtemp(dir));
	dir_owner = getpid();
	atexit(remove_dir);
	return dir;
}

const char *fuzz_file(const char *name, const void *data, size_t len)
{
	static char paths[2][640];
	static unsigned turn;
	char *path = paths[turn++ % 2];
	int fd;

	snprintf(path, sizeof(paths[0]), "%s/%.100s", fuzz_dir(), name);
	fd = fd_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	FUZZ_CHECK(fd >= 0);
	FUZZ_CHECK(fd_write_all(fd, data, len) == 0);
	fd_close(&fd);
	return path;
}

int fuzz_fd(const void *data, size_t len, int by_pipe)
{
	int ends[2];

	if (!by_pipe || len > PIPE_BYTES) {
		int fd = fd_open(fuzz_file("input", data, len), O_RDONLY, 0);

		FUZZ_CHECK(fd >= 0);
		return fd;
	}
	FUZZ_CHECK(fd_pipe(ends) == 0);
	FUZZ_CHECK(fd_write_all(ends[1], data, len) == 0);
	fd_close(&ends[1]);
	return ends[0];
}
