/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fdio.c - descriptors: born close-on-exec, written to the end.
 *
 * All reading and writing goes through retry(), which knows the two errors
 * that only mean "again". A descriptor of ours is a pipe that we made
 * non-blocking or one of 0, 1, 2, so waiting in poll is always to the point.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/num.h"
#include "base/thread.h"

#if !defined(HAVE_PIPE2) || !defined(HAVE_MKOSTEMP)
#define NEEDS_FORK_LOCK
#endif

/* Nobody is given more descriptors than this by accident. */
#define OPEN_MAX_TRIED	65536
#define IOV_AT_ONCE	64
#define FILE_CHUNK	4096

/* Written by fd_setup alone, before there is a second thread. */
static bool was_closed[3];

#ifdef NEEDS_FORK_LOCK
static struct mutex fork_lock = MUTEX_INIT;
#endif

void fd_fork_lock(void) NO_LOCK_CHECK
{
#ifdef NEEDS_FORK_LOCK
	mutex_lock(&fork_lock);
#endif
}

void fd_fork_unlock(void) NO_LOCK_CHECK
{
#ifdef NEEDS_FORK_LOCK
	mutex_unlock(&fork_lock);
#endif
}

static int set_cloexec(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	return flags < 0 ? -1 : fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

/* Marks what the directory lists; -1 when there is no such directory. */
static int cloexec_listed(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		int64_t fd;

		if (num_int(entry->d_name, 3, INT_MAX, &fd) == 0)
			set_cloexec((int)fd);
	}
	closedir(dir);
	return 0;
}

static int highest_tried(void)
{
	long max = sysconf(_SC_OPEN_MAX);

	return max < 0 || max > OPEN_MAX_TRIED ? OPEN_MAX_TRIED : (int)max;
}

static void cloexec_all(void)
{
	int max;

#ifdef HAVE_CLOSE_RANGE
	/* Fails before Linux 5.11. */
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return;
#endif
	if (cloexec_listed("/proc/self/fd") == 0 ||
	    cloexec_listed("/dev/fd") == 0)
		return;
	max = highest_tried();
	for (int fd = 3; fd < max; fd++)
		set_cloexec(fd);
}

void fd_close_from(int first)
{
	int max;

#ifdef HAVE_CLOSE_RANGE
	if (close_range((unsigned)first, ~0U, 0) == 0)
		return;
#endif
	max = highest_tried();
	for (int fd = first; fd < max; fd++)
		close(fd);
}

int fd_setup(void)
{
	/* In order: open returns the lowest that is free. */
	for (int fd = 0; fd < 3; fd++) {
		was_closed[fd] = fcntl(fd, F_GETFD) < 0 && errno == EBADF;
		/* Jobs may write to their standard input, but what they write
		 * to the others (-u) must not seem to have been written. */
		if (was_closed[fd] &&
		    open("/dev/null", fd ? O_RDONLY : O_RDWR) < 0)
			return -1;
	}
	cloexec_all();
	return 0;
}

bool fd_was_closed(int fd)
{
	BUG_ON(fd < 0 || fd > 2);
	return was_closed[fd];
}

int fd_pipe(int ends[2])
{
#ifdef HAVE_PIPE2
	return pipe2(ends, O_CLOEXEC);
#else
	if (pipe(ends) < 0)
		return -1;
	if (set_cloexec(ends[0]) == 0 && set_cloexec(ends[1]) == 0)
		return 0;
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	return -1;
#endif
}

int fd_set_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

void fd_widen_pipe(int fd, int bytes)
{
#if defined(F_SETPIPE_SZ) && defined(F_GETPIPE_SZ)
	int held = fcntl(fd, F_GETPIPE_SZ);

	if (held >= 0 && held < bytes)
		(void)fcntl(fd, F_SETPIPE_SZ, bytes);
#else
	(void)fd, (void)bytes;
#endif
}

int fd_open(const char *path, int flags, mode_t mode)
{
	int fd;

	do {
		fd = open(path, flags | O_CLOEXEC | O_NOCTTY, mode);
	} while (fd < 0 && errno == EINTR);
	return fd;
}

/* Without a second try: after EINTR the descriptor may be someone else's. */
void fd_close(int *fd)
{
	int saved_errno = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved_errno;
}

bool fd_has_spare(int fd, unsigned n)
{
	int copy = n ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	bool has = n == 0 || (copy >= 0 && fd_has_spare(fd, n - 1));

	fd_close(&copy);
	return has;
}

static int make_named(char *path)
{
#ifdef HAVE_MKOSTEMP
	return mkostemp(path, O_CLOEXEC);
#else
	int fd;

	fd_fork_lock();
	fd = mkstemp(path);
	if (fd >= 0 && set_cloexec(fd) < 0)
		fd_close(&fd);
	fd_fork_unlock();
	return fd;
#endif
}

int fd_tmpfile(const char *dir)
{
	struct buf path = BUF_INIT;
	int saved_errno;
	int fd;

#ifdef HAVE_O_TMPFILE
	/* Many file systems can't; whatever the error, the other way tells. */
	fd = fd_open(dir, O_TMPFILE | O_RDWR | O_EXCL, 0600);
	if (fd >= 0)
		return fd;
#endif
	buf_addf(&path, "%s/muster.XXXXXX", dir);
	fd = make_named(path.data);
	saved_errno = errno;
	if (fd >= 0)
		unlink(path.data);
	buf_release(&path);
	errno = saved_errno;
	return fd;
}

/*
 * After a call on fd failed: true when it is to be done again, which for a
 * non-blocking fd is after waiting for events.
 */
static bool retry(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	if (errno == EINTR)
		return true;
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return false;
	return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

/* Nothing written and no error would have us try for ever. */
static ssize_t none_is_error(ssize_t n)
{
	if (n != 0)
		return n;
	errno = EIO;
	return -1;
}

int fd_write_all(int fd, const void *p, size_t len)
{
	const char *at = p;

	while (len) {
		ssize_t n = none_is_error(write(fd, at, len));

		if (n > 0) {
			at += n;
			len -= (size_t)n;
		} else if (!retry(fd, POLLOUT)) {
			return -1;
		}
	}
	return 0;
}

/* Takes done bytes off the front of n vectors; returns how many are gone. */
static int advance(struct iovec *v, int n, size_t done)
{
	int i = 0;

	while (i < n && done >= v[i].iov_len)
		done -= v[i++].iov_len;
	if (i < n) {
		v[i].iov_base = (char *)v[i].iov_base + done;
		v[i].iov_len -= done;
	}
	return i;
}

int fd_writev_all(int fd, struct iovec *v, int n)
{
	int gone = advance(v, n, 0);

	while ((v += gone, n -= gone) > 0) {
		ssize_t done;

		done = none_is_error(writev(fd, v, n < IOV_AT_ONCE
							? n : IOV_AT_ONCE));
		gone = 0;
		if (done > 0)
			gone = advance(v, n, (size_t)done);
		else if (!retry(fd, POLLOUT))
			return -1;
	}
	return 0;
}

int fd_pwrite_all(int fd, const void *p, size_t len, off_t at)
{
	const char *from = p;

	while (len) {
		ssize_t n = none_is_error(pwrite(fd, from, len, at));

		if (n > 0) {
			from += n;
			at += n;
			len -= (size_t)n;
		} else if (!retry(fd, POLLOUT)) {
			return -1;
		}
	}
	return 0;
}

ssize_t fd_read(int fd, void *p, size_t len)
{
	ssize_t n;

	do {
		n = read(fd, p, len);
	} while (n < 0 && retry(fd, POLLIN));
	return n;
}

int fd_read_file(const char *path, struct buf *text)
{
	int fd = fd_open(path, O_RDONLY, 0);
	ssize_t n;

	buf_reset(text);
	if (fd < 0)
		return -1;
	do {
		char *to = buf_reserve(text, FILE_CHUNK);

		n = fd_read(fd, to, FILE_CHUNK);
		if (n > 0) {
			text->len += (size_t)n;
			text->data[text->len] = '\0';
		}
	} while (n > 0);
	fd_close(&fd);
	return (int)n;
}

ssize_t fd_pread(int fd, void *p, size_t len, off_t at)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, (char *)p + done, len - done,
				  at + (off_t)done);

		if (n == 0)
			break;
		if (n > 0)
			done += (size_t)n;
		else if (!retry(fd, POLLIN))
			return -1;
	}
	return (ssize_t)done;
}
