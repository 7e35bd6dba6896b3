/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capture.c - descriptors 1 and 2 caught; see capture.h.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"
#include "capture.h"
#include "tap.h"

static void die(const char *what)
{
	fprintf(stderr, "capture: %s: %s\n", what, strerror(errno));
	abort();
}

static void divert(struct capture *c, int stream, int to)
{
	c->saved[stream] = fcntl(stream + 1, F_DUPFD_CLOEXEC, 10);
	if (c->saved[stream] < 0 || dup2(to, stream + 1) < 0)
		die("dup");
}

void capture_files(struct capture *c)
{
	memset(c, 0, sizeof(*c));
	for (int i = 0; i < 2; i++) {
		buf_init(&c->text[i]);
		c->fd[i] = fd_tmpfile(tap_tmpdir());
		if (c->fd[i] < 0)
			die("file");
		divert(c, i, c->fd[i]);
	}
}

void capture_pipes(struct capture *c)
{
	memset(c, 0, sizeof(*c));
	c->is_pipe = true;
	for (int i = 0; i < 2; i++) {
		int ends[2];

		buf_init(&c->text[i]);
		if (fd_pipe(ends) < 0 || fd_set_nonblock(ends[0]) < 0)
			die("pipe");
		c->fd[i] = ends[0];
		divert(c, i, ends[1]);
		close(ends[1]);
	}
}

void capture_end(struct capture *c)
{
	for (int i = 0; i < 2; i++) {
		if (dup2(c->saved[i], i + 1) < 0)
			die("dup2");
		fd_close(&c->saved[i]);
	}
	if (c->has_reader)
		thread_join(&c->reader);
	else if (c->is_pipe)
		capture_take(c);
	c->has_reader = false;
}

void capture_release(struct capture *c)
{
	for (int i = 0; i < 2; i++) {
		fd_close(&c->fd[i]);
		buf_release(&c->text[i]);
	}
}

/* One read; false when there was nothing. */
static bool take_some(struct capture *c, int stream)
{
	struct buf *b = &c->text[stream];
	ssize_t n;

	if (c->fd[stream] < 0)
		return false;
	buf_reserve(b, 65536);
	n = read(c->fd[stream], b->data + b->len, 65536);
	if (n > 0) {
		b->len += (size_t)n;
		b->data[b->len] = '\0';
	} else if (n == 0) {
		fd_close(&c->fd[stream]);
	} else if (errno != EAGAIN && errno != EINTR) {
		die("read");
	}
	return n > 0;
}

void capture_take(struct capture *c)
{
	for (int i = 0; i < 2; i++) {
		while (take_some(c, i))
			;
	}
}

static void *reader_main(void *arg)
{
	struct capture *c = arg;

	while (c->fd[0] >= 0 || c->fd[1] >= 0) {
		struct pollfd p[2] = {
			{ .fd = c->fd[0], .events = POLLIN },
			{ .fd = c->fd[1], .events = POLLIN },
		};

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			die("poll");
		take_some(c, 0);
		take_some(c, 1);
	}
	return NULL;
}

void capture_start_reader(struct capture *c)
{
	c->has_reader = thread_start(&c->reader, 0, reader_main, c) == 0;
	if (!c->has_reader)
		die("thread");
}

void capture_close(struct capture *c, int stream)
{
	fd_close(&c->fd[stream]);
}

static void load(struct capture *c, int stream)
{
	struct buf *b = &c->text[stream];
	struct stat st;
	ssize_t n;

	if (fstat(c->fd[stream], &st) < 0)
		die("fstat");
	buf_reset(b);
	buf_reserve(b, (size_t)st.st_size);
	n = fd_pread(c->fd[stream], b->data, (size_t)st.st_size, 0);
	if (n < 0)
		die("pread");
	b->len = (size_t)n;
	b->data[b->len] = '\0';
}

const struct buf *capture_text(struct capture *c, int stream)
{
	if (!c->is_pipe)
		load(c, stream);
	else if (!c->has_reader)
		capture_take(c);
	return &c->text[stream];
}

bool capture_is(struct capture *c, int stream, const char *text)
{
	const struct buf *b = capture_text(c, stream);

	return b->len == strlen(text) && memcmp(b->data, text, b->len) == 0;
}
