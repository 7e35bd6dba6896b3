/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compress.c - see compress.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "proc/shell.h"
#include "sched/job.h"
#include "sink/compress.h"

#define READ_BYTES	((size_t)65536)

/* How often to look for orders. */
#define LOOK_MS		100

/* What a block may wait for a program that neither reads nor writes. */
#define BLOCK_PATIENCE	(60 * NS_PER_SEC)
#define TRY_PATIENCE	(10 * NS_PER_SEC)

/* Or for descriptors, or a process, to be had again. */
#define SHORTAGE_PATIENCE	(60 * NS_PER_SEC)

extern char **environ;

/* GNU parallel's, in its order: by speed on many cores. */
static const char *const programs[] = {
	"pzstd", "lbzip2", "pbzip2", "zstd", "pixz", "lz4", "pigz", "lzop",
	"plzip", "lzip", "gzip", "lrz", "pxz", "bzip2", "lzma", "xz", "clzip",
};

static char *join(const char *program, const char *options)
{
	struct buf text = BUF_INIT;

	buf_addf(&text, "%s %s", program, options);
	return buf_take(&text);
}

static const char *find_program(void)
{
	const char *path = getenv("PATH");
	char found[4096];

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		if (path_find(programs[i], path ? path : "/bin:/usr/bin",
			      found, sizeof(found)) == 0)
			return programs[i];
	}
	return NULL;
}

void compress_init(struct compress *c, const char *pack, const char *unpack)
{
	const char *found = pack ? NULL : find_program();

	c->pack = found ? join(found, "-c -1") : xstrdup(pack ? pack : "cat");
	if (unpack)
		c->unpack = xstrdup(unpack);
	else if (pack || found)
		c->unpack = join(pack ? pack : found, "-dc");
	else
		c->unpack = xstrdup("cat");
}

void compress_release(struct compress *c)
{
	free(c->pack);
	free(c->unpack);
}

/* Processes. */

/* lasts: longer than the calling thread, perhaps; who ends with what is written
 * to it, so with muster as well. */
static int start(struct child *child, const char *program, int in, int out,
		 bool lasts, struct buf *err)
{
	char *argv[] = {
		(char *)"/bin/sh", (char *)"-c", (char *)program, NULL,
	};
	struct spawn_request req = {
		.path = argv[0], .argv = argv, .envp = environ,
		.in = in, .out = out, .err = 2, .die_with_parent = !lasts,
	};

	child->number = 0;
	if (child_start(child, &req) == SPAWN_OK) {
		child_disown(child);
		return 0;
	}
	buf_addf(err, "'%s' cannot be started: %s", program, strerror(errno));
	return -1;
}

static bool is_hurried(atomic_int *order)
{
	return order && atomic_load(order) >= JOB_KILL;
}

/* Wakes are for someone else: they must not be taken here (thread_poll). */
static void pause_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	(void)!poll(&p, 1, LOOK_MS);
}

/* Waits for its end; whoever orders the job to end wants no more of it. */
static int await_end(struct child *child, const char *program,
		     atomic_int *order, struct buf *err)
{
	bool is_killed = false;
	int status;

	while (!child_poll(child)) {
		if (!is_killed && is_hurried(order)) {
			child_signal(child, SIGKILL);
			is_killed = true;
		}
		pause_for(child->pidfd, POLLIN);
	}
	child_finish(child);
	status = child->wait_status;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	buf_reset(err);
	if (WIFEXITED(status))
		buf_addf(err, "'%s' failed (exit status %d)", program,
			 WEXITSTATUS(status));
	else
		buf_addf(err, "'%s' failed (signal %d)", program,
			 WTERMSIG(status));
	return -1;
}

/* Streams. */

int compress_open(struct compress_stream *s, const struct compress *by, int out,
		  struct buf *err)
{
	int ends[2], ret;

	fd_fork_lock();
	ret = fd_pipe(ends);
	fd_fork_unlock();
	if (ret < 0) {
		buf_addf(err, "cannot make a pipe: %s", strerror(errno));
		return -1;
	}
	s->fd = ends[1];
	if (fd_set_nonblock(s->fd) < 0)
		buf_addf(err, "cannot prepare a pipe: %s", strerror(errno));
	else if (start(&s->child, by->pack, ends[0], out, true, err) == 0)
		s->by = by;
	fd_close(&ends[0]);
	if (!s->by)
		fd_close(&s->fd);
	return s->by ? 0 : -1;
}

int compress_write(struct compress_stream *s, const char *data, size_t len,
		   atomic_int *order, struct buf *err)
{
	while (len) {
		ssize_t n = write(s->fd, data, len);

		if (n > 0) {
			data += n;
			len -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			if (is_hurried(order)) {
				buf_addf(err, "'%s' does not read",
					 s->by->pack);
				return -1;
			}
			pause_for(s->fd, POLLOUT);
		} else if (n < 0 && errno != EINTR) {
			buf_addf(err, "'%s' has not read all: %s", s->by->pack,
				 strerror(errno));
			return -1;
		}
	}
	return 0;
}

int compress_close(struct compress_stream *s, atomic_int *order,
		   struct buf *err)
{
	const char *program;

	if (!s->by)
		return 0;
	program = s->by->pack;
	s->by = NULL;
	fd_close(&s->fd);
	return await_end(&s->child, program, order, err);
}

/* Blocks. */

struct filter_run {
	struct child child;
	int in;			/* we write */
	int out;		/* we read */
	const char *data;
	size_t len;
};

static int make_pipes(int in[2], int out[2])
{
	int ret = -1;

	fd_fork_lock();
	if (fd_pipe(in) == 0) {
		ret = fd_pipe(out);
		if (ret < 0) {
			fd_close(&in[0]);
			fd_close(&in[1]);
		}
	}
	fd_fork_unlock();
	return ret;
}

static bool is_shortage(int err)
{
	return fd_is_short(err) || err == EAGAIN || err == ENOMEM;
}

/* errno tells of a shortage. */
static int start_filter(struct filter_run *r, const char *program,
			struct buf *err)
{
	int in[2], out[2], ret, cause;

	if (make_pipes(in, out) < 0) {
		cause = errno;
		buf_addf(err, "cannot make a pipe: %s", strerror(cause));
		errno = cause;
		return -1;
	}
	ret = start(&r->child, program, in[0], out[1], false, err);
	cause = errno;
	fd_close(&in[0]);
	fd_close(&out[1]);
	r->in = in[1];
	r->out = out[0];
	if (ret < 0 || fd_set_nonblock(r->in) < 0) {
		fd_close(&r->in);
		fd_close(&r->out);
	}
	errno = cause;
	return ret;
}

/* True when something was written or given up. */
static bool push(struct filter_run *r)
{
	ssize_t n = r->len ? write(r->in, r->data, r->len) : 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n > 0) {
		r->data += n;
		r->len -= (size_t)n;
	}
	/* Whoever does not want all of it will say so by its status. */
	if (n < 0 || r->len == 0)
		fd_close(&r->in);
	return true;
}

static void pull(struct filter_run *r, struct buf *out)
{
	ssize_t n = fd_read(r->out, buf_reserve(out, READ_BYTES), READ_BYTES);

	if (n <= 0) {
		fd_close(&r->out);
		return;
	}
	out->len += (size_t)n;
	out->data[out->len] = '\0';
}

/* Moves bytes until the program has closed its output. False when it has
 * done nothing for so long. */
static bool serve(struct filter_run *r, struct buf *out, int64_t patience_ns)
{
	int64_t heard_ns = clock_now_ns();

	while (r->out >= 0) {
		struct pollfd p[2] = {
			{ .fd = r->in, .events = POLLOUT },
			{ .fd = r->out, .events = POLLIN },
		};
		bool moved = poll(p, 2, LOOK_MS) > 0;

		if (moved && p[1].revents)
			pull(r, out);
		if (moved && r->in >= 0 && p[0].revents)
			moved = push(r) || p[1].revents;
		if (moved)
			heard_ns = clock_now_ns();
		else if (clock_now_ns() - heard_ns > patience_ns)
			return false;
	}
	return true;
}

/* COMPRESS_SHORT: nothing has been done. */
static int run_filter(const char *program, const char *data, size_t len,
		      struct buf *out, int64_t patience_ns, struct buf *err)
{
	struct filter_run r = { .data = data, .len = len };
	bool is_whole, took_all;

	if (start_filter(&r, program, err) < 0)
		return is_shortage(errno) ? COMPRESS_SHORT : -1;
	is_whole = serve(&r, out, patience_ns);
	took_all = r.len == 0;
	fd_close(&r.in);
	fd_close(&r.out);
	if (!is_whole)
		child_signal(&r.child, SIGKILL);
	if (await_end(&r.child, program, NULL, err) < 0) {
		if (!is_whole) {
			buf_reset(err);
			buf_addf(err, "'%s' neither reads nor writes",
				 program);
		}
		return -1;
	}
	if (took_all)
		return 0;
	buf_addf(err, "'%s' has not read all", program);
	return -1;
}

int compress_block(const struct compress *c, const char *data, size_t len,
		   struct buf *out, struct buf *err)
{
	return len ? run_filter(c->pack, data, len, out, BLOCK_PATIENCE, err)
		   : 0;
}

int compress_unblock(const struct compress *c, const char *data, size_t len,
		     struct buf *out, struct buf *err)
{
	int64_t end_ns = clock_now_ns() + SHORTAGE_PATIENCE;
	int ret = 0;

	while (len) {
		ret = run_filter(c->unpack, data, len, out, BLOCK_PATIENCE,
				 err);
		if (ret != COMPRESS_SHORT || clock_now_ns() >= end_ns)
			break;
		/* Jobs end, and give back what they had. */
		buf_reset(err);
		(void)!poll(NULL, 0, LOOK_MS);
	}
	return ret == 0 ? 0 : -1;
}

int compress_try(const struct compress *c, bool both, struct buf *err)
{
	static const char text[] = "muster muster muster muster\n";
	size_t len = sizeof(text) - 1;
	struct buf packed = BUF_INIT, back = BUF_INIT;
	int ret = run_filter(c->pack, text, len, &packed, TRY_PATIENCE, err);

	if (ret == 0 && both) {
		ret = run_filter(c->unpack, packed.data, packed.len, &back,
				 TRY_PATIENCE, err);
		if (ret == 0 && (back.len != len ||
				 memcmp(back.data, text, len) != 0)) {
			buf_addf(err, "'%s' does not give back what '%s' has "
				 "compressed", c->unpack, c->pack);
			ret = -1;
		}
	}
	buf_release(&packed);
	buf_release(&back);
	return ret == 0 ? 0 : -1;
}
