/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tmpname.c - see tmpname.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/tmpname.h"

/* 62^10 names: none is met twice but by a great accident. */
#define LETTERS		10
#define ATTEMPTS	100

static bool read_random(unsigned char *bytes, size_t n)
{
	int fd = fd_open("/dev/urandom", O_RDONLY, 0);
	bool got = fd >= 0 && fd_read(fd, bytes, n) == (ssize_t)n;

	fd_close(&fd);
	return got;
}

static void fill_random(unsigned char *bytes, size_t n)
{
	uint64_t x;

#ifdef HAVE_GETENTROPY
	if (getentropy(bytes, n) == 0)
		return;
#endif
	if (read_random(bytes, n))
		return;
	/* Nothing better: files are still made with O_EXCL. */
	x = (uint64_t)clock_wall_ns() ^ (uint64_t)getpid() << 40;
	for (size_t i = 0; i < n; i++) {
		x = x * UINT64_C(6364136223846793005) +
		    UINT64_C(1442695040888963407);
		bytes[i] = (unsigned char)(x >> 56);
	}
}

void tmpname_add(struct buf *out, size_t n)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	unsigned char bytes[32];

	while (n) {
		size_t part = n < sizeof(bytes) ? n : sizeof(bytes);

		fill_random(bytes, part);
		for (size_t i = 0; i < part; i++)
			buf_addch(out, letters[bytes[i] %
					       (sizeof(letters) - 1)]);
		n -= part;
	}
}

static void choose(const char *dir, struct buf *path)
{
	buf_reset(path);
	buf_addf(path, "%s/par", dir);
	tmpname_add(path, LETTERS);
	buf_addstr(path, ".par");
}

static int open_named(const char *dir, struct buf *path)
{
	int err;

	for (int i = 0; i < ATTEMPTS; i++) {
		int fd;

		choose(dir, path);
		fd = fd_open(path->data, O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST)
			break;
	}
	err = errno;
	buf_reset(path);
	errno = err;
	return -1;
}

int tmpname_open(const char *dir, struct buf *path)
{
#ifdef HAVE_O_TMPFILE
	int fd = -1;

	buf_reset(path);
	/* It will need its name through there. */
	if (access("/proc/self/fd", X_OK) == 0)
		fd = fd_open(dir, O_TMPFILE | O_RDWR, 0600);
	if (fd >= 0)
		return fd;
#endif
	return open_named(dir, path);
}

int tmpname_give(int fd, const char *dir, struct buf *path)
{
	struct buf from = BUF_INIT;
	int ret = -1, err;

	if (path->len)
		return 0;
	buf_addf(&from, "/proc/self/fd/%d", fd);
	for (int i = 0; ret < 0 && i < ATTEMPTS; i++) {
		choose(dir, path);
		ret = linkat(AT_FDCWD, from.data, AT_FDCWD, path->data,
			     AT_SYMLINK_FOLLOW);
		if (ret < 0 && errno != EEXIST)
			break;
	}
	err = errno;
	buf_release(&from);
	if (ret < 0)
		buf_reset(path);
	errno = err;
	return ret;
}
