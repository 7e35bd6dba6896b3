/* SPDX-License-Identifier: GPL-3.0-or-later */
/* feeder.c - see feeder.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/mem.h"
#include "base/thread.h"
#include "runner/feeder.h"
#include "runner/inlet.h"
#include "sched/job.h"

/* As much as an ordinary user may ask for. */
#define PIPE_BYTES	(1 << 20)
#define PIPE_DEFAULT	65536
/* Of a job with an inlet: what is in there is no other job's any more. */
#define INLET_BYTES	(1 << 18)
#define BUFFER_BYTES	((size_t)128 << 10)

void feeder_init(struct feeder *f)
{
	*f = (struct feeder){ .fd = -1, .file = -1 };
}

void feeder_release(struct feeder *f)
{
	feeder_close(f);
	free(f->buffer);
	f->buffer = NULL;
}

void feeder_close(struct feeder *f)
{
	fd_close(&f->fd);
	fd_close(&f->file);
	f->fifo = NULL;
	if (f->inlet && f->has_begun)
		inlet_end(f->inlet);
	f->inlet = NULL;
}

void feeder_remove(const struct job *job)
{
	if (job->block_path)
		unlink(job->block_path);
}

/* So that a whole block goes in at once, if the system lets us. */
static void widen(int fd, int64_t bytes)
{
#ifdef F_SETPIPE_SZ
	if (bytes > PIPE_DEFAULT)
		(void)fcntl(fd, F_SETPIPE_SZ,
			    bytes < PIPE_BYTES ? (int)bytes : PIPE_BYTES);
#else
	(void)fd, (void)bytes;
#endif
}

static void set_data(struct feeder *f, const char *data, size_t len)
{
	f->fifo = NULL;
	f->data = data;
	f->len = len;
	f->left = 0;
	f->from = f->filled = 0;
	f->err = 0;
	f->no_splice = false;
	f->inlet = NULL;
	f->has_begun = false;
	f->taken = 0;
}

/* What there is to write, but not yet where. */
static int prepare(struct feeder *f, const struct job *job)
{
	set_data(f, job->data, job->data_len);
	f->inlet = job->inlet;
	f->at = (off_t)job->part_from;
	if (job->part_path || job->part_of_stdin)
		f->left = job->part_len;
	if (job->part_path)
		f->file = fd_open(job->part_path, O_RDONLY, 0);
	else if (job->part_of_stdin)
		f->file = fcntl(0, F_DUPFD_CLOEXEC, 0);
	else
		return 0;
	return f->file < 0 ? -1 : 0;
}

static int64_t bytes_of(const struct feeder *f)
{
	if (f->inlet)
		return INLET_BYTES;
	return (int64_t)f->len + f->left;
}

/* Where to: a pipe. */
static int open_pipe(struct feeder *f, int *in)
{
	int ends[2], ret, err;

	fd_fork_lock();
	ret = fd_pipe(ends);
	fd_fork_unlock();
	if (ret < 0)
		goto close_file;
	f->fd = ends[1];
	widen(f->fd, bytes_of(f));
	if (fd_set_nonblock(f->fd) < 0)
		goto close_pipe;
	if (!f->inlet)
		feeder_write(f);
	*in = ends[0];
	return 0;

close_pipe:
	fd_close(&ends[0]);
close_file:
	err = errno;
	feeder_close(f);
	errno = err;
	return -1;
}

int feeder_open(struct feeder *f, const struct job *job, int *in)
{
	return prepare(f, job) < 0 ? -1 : open_pipe(f, in);
}

int feeder_open_data(struct feeder *f, const char *data, size_t len, int *in)
{
	set_data(f, data, len);
	return open_pipe(f, in);
}

/* A file takes all of it now; fd_open's descriptors block. */
static int fill_file(struct feeder *f, const char *path)
{
	f->fd = fd_open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (f->fd < 0)
		return -1;
	feeder_write(f);
	if (!f->err)
		return 0;
	errno = f->err;
	f->err = 0;
	return -1;
}

int feeder_make(struct feeder *f, const struct job *job)
{
	int ret, err;

	feeder_remove(job);
	if (prepare(f, job) < 0)
		return -1;
	if (job->block_is_fifo)
		ret = mkfifo(job->block_path, 0600);
	else
		ret = fill_file(f, job->block_path);
	err = errno;
	if (ret < 0)
		feeder_close(f);
	else if (job->block_is_fifo)
		f->fifo = job->block_path;
	if (ret < 0)
		feeder_remove(job);
	errno = err;
	return ret;
}

/* Fails until someone has it open for reading. */
static void open_fifo(struct feeder *f)
{
	f->fd = fd_open(f->fifo, O_WRONLY | O_NONBLOCK, 0);
	if (f->fd < 0)
		return;
	f->fifo = NULL;
	widen(f->fd, bytes_of(f));
}

/* Each step: bytes moved; 0: nothing left; -1 with errno. */

static ssize_t write_data(struct feeder *f)
{
	ssize_t n;

	if (f->len == 0)
		return 0;
	n = write(f->fd, f->data, f->len);
	if (n > 0) {
		f->data += n;
		f->len -= (size_t)n;
	}
	return n;
}

static ssize_t splice_file(struct feeder *f)
{
#ifdef HAVE_SPLICE
	size_t want = f->left < PIPE_BYTES ? (size_t)f->left : PIPE_BYTES;
	ssize_t n = splice(f->file, &f->at, f->fd, NULL, want,
			   SPLICE_F_NONBLOCK);

	if (n > 0)
		f->left -= n;
	/* The file has become shorter. */
	if (n == 0) {
		f->left = 0;
		f->err = ENODATA;
	}
	return n;
#else
	(void)f;
	errno = EINVAL;
	return -1;
#endif
}

static ssize_t copy_file(struct feeder *f)
{
	ssize_t n;

	if (f->from == f->filled) {
		size_t want = f->left < (int64_t)BUFFER_BYTES
			? (size_t)f->left : BUFFER_BYTES;

		if (!f->buffer)
			f->buffer = xmalloc(BUFFER_BYTES);
		n = fd_pread(f->file, f->buffer, want, f->at);
		if (n <= 0) {
			f->err = n < 0 ? errno : ENODATA;
			f->left = 0;
			return 0;
		}
		f->at += n;
		f->left -= n;
		f->from = 0;
		f->filled = (size_t)n;
	}
	n = write(f->fd, f->buffer + f->from, f->filled - f->from);
	if (n > 0)
		f->from += (size_t)n;
	return n;
}

static ssize_t write_file(struct feeder *f)
{
	ssize_t n;

	if (f->left == 0 && f->from == f->filled)
		return 0;
	if (f->no_splice)
		return copy_file(f);
	n = splice_file(f);
	if (n >= 0 || errno == EAGAIN || errno == EINTR || errno == EPIPE)
		return n;
	/* Not from or to such a file. */
	f->no_splice = true;
	return copy_file(f);
}

/* An inlet. */

static bool has_reader(const struct feeder *f)
{
	struct pollfd p = { .fd = f->fd };

	return poll(&p, 1, 0) <= 0 || !(p.revents & POLLERR);
}

/* As the steps above; -1 with EAGAIN also when there is nothing yet. */
static ssize_t write_inlet(struct feeder *f)
{
	const char *data;
	size_t len;
	ssize_t n;
	int ret;

	if (!f->has_begun)
		inlet_begin(f->inlet, thread_self());
	f->has_begun = true;
	ret = inlet_peek(f->inlet, &data, &len);
	if (ret < 0)
		return 0;
	if (ret == 0) {
		errno = has_reader(f) ? EAGAIN : EPIPE;
		return -1;
	}
	n = write(f->fd, data, len);
	if (n > 0) {
		inlet_take(f->inlet, (size_t)n);
		f->taken += (size_t)n;
	}
	return n;
}

bool feeder_has_data(const struct feeder *f)
{
	const char *data;
	size_t len;

	return !f->inlet || !f->has_begun ||
	       inlet_peek(f->inlet, &data, &len) != 0;
}

bool feeder_write(struct feeder *f)
{
	bool wrote = false;

	if (f->fifo)
		open_fifo(f);
	while (f->fd >= 0) {
		ssize_t n = f->inlet ? write_inlet(f) : write_data(f);

		if (n == 0 && !f->inlet)
			n = write_file(f);
		if (n > 0)
			wrote = true;
		else if (n < 0 && errno == EINTR)
			continue;
		else if (n < 0 && errno == EAGAIN)
			break;
		else {
			if (n < 0 && errno != EPIPE)
				f->err = errno;
			feeder_close(f);
		}
	}
	return wrote;
}
