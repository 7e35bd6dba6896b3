/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stash.c - see stash.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/kept.h"
#include "base/siphash.h"
#include "sink/logfile.h"
#include "sink/stash.h"

static const char magic[] = "muster kept output 1 ";

#define LINE_BYTES	(sizeof(magic) - 1 + STASH_MARK + 1)

static int fail(const struct stash *s, const char *what, struct buf *err)
{
	buf_addf(err, "--output: can't %s '%s': %s", what, s->path,
		 strerror(errno));
	return -1;
}

/* Takes the mark; none, if a crash has torn it. False: that is no header. */
static bool read_header(struct stash *s)
{
	char line[LINE_BYTES];
	ssize_t n = fd_pread(s->fd, line, sizeof(line), 0);
	size_t len = n < (ssize_t)sizeof(magic) - 1 ? (size_t)n
						    : sizeof(magic) - 1;

	if (n < 0 || memcmp(line, magic, len) != 0)
		return false;
	if (n == sizeof(line))
		memcpy(s->mark, line + sizeof(magic) - 1, STASH_MARK);
	return true;
}

int stash_open(struct stash *s, const char *path, struct buf *err)
{
	struct buf name = BUF_INIT;
	struct stat st;

	*s = (struct stash){ .fd = -1 };
	buf_addf(&name, "%s.kept", path);
	s->path = buf_take(&name);
	s->fd = fd_open(s->path, O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0);
	if (s->fd < 0 && errno == ENOENT)
		return 0;
	if (s->fd < 0 || fstat(s->fd, &st) < 0)
		return fail(s, "open", err);
	s->size = st.st_size;
	if (S_ISREG(st.st_mode) && read_header(s))
		return 0;
	buf_addf(err, "--output: '%s' is in the way: it is not of muster's "
		 "making", s->path);
	return -1;
}

static void draw_mark(struct stash *s)
{
	unsigned char seed[SIPHASH_BYTES] = { 0 }, out[SIPHASH_BYTES];
	int64_t now[2] = { clock_wall_ns(), clock_now_ns() };
	long pid = (long)getpid();
	struct siphash h;

	siphash_init(&h, seed);
	siphash_add(&h, now, sizeof(now));
	siphash_add(&h, &pid, sizeof(pid));
	siphash_end(&h, out);
	for (int i = 0; i < STASH_MARK / 2; i++)
		snprintf(s->mark + 2 * i, 3, "%02x", out[i]);
}

int stash_begin(struct stash *s, bool sync, struct buf *err)
{
	char line[LINE_BYTES + 1];

	if (s->fd >= 0 && unlink(s->path) < 0 && errno != ENOENT)
		return fail(s, "remove", err);
	fd_close(&s->fd);
	draw_mark(s);
	snprintf(line, sizeof(line), "%s%s\n", magic, s->mark);
	s->fd = fd_open(s->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (s->fd < 0)
		return fail(s, "make", err);
	if (fd_pwrite_all(s->fd, line, LINE_BYTES, 0) < 0) {
		(void)fail(s, "write to", err);
		(void)!unlink(s->path);
		return -1;
	}
	s->size = STASH_HEADER;
	if (sync)
		logfile_sync_dir(s->path);
	return 0;
}

static bool add_bytes(const struct stash *s, const struct kept_range *r,
		      struct siphash *h)
{
	char block[8192];

	for (uint64_t at = 0; at < r->len; at += sizeof(block)) {
		size_t n = r->len - at < sizeof(block) ? (size_t)(r->len - at)
						       : sizeof(block);

		if (fd_pread(s->fd, block, n, (off_t)(r->at + at)) !=
		    (ssize_t)n)
			return false;
		siphash_add(h, block, n);
	}
	return true;
}

bool stash_has(const struct stash *s, const struct kept *kept)
{
	bool is_begun = false;
	struct siphash h;

	for (size_t i = 0; i < kept->n; i++) {
		const struct kept_range *r = &kept->ranges[i];

		if (!is_begun)
			kept_begin_sum(&h);
		is_begun = r->sum == 0;
		if (r->at + r->len > (uint64_t)s->size || !add_bytes(s, r, &h))
			return false;
		if (!is_begun && kept_sum(&h) != r->sum)
			return false;
	}
	return !is_begun;
}

void stash_end(struct stash *s, bool is_wanted)
{
	if (s->fd >= 0 && !is_wanted)
		(void)!unlink(s->path);
	fd_close(&s->fd);
}

void stash_release(struct stash *s)
{
	if (s->path)
		fd_close(&s->fd);
	free(s->path);
	s->path = NULL;
}
