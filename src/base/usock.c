/* SPDX-License-Identifier: GPL-3.0-or-later */
/* usock.c - see usock.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_FLOCK
#include <sys/file.h>
#endif
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "base/usock.h"

#define MODE		0600
#define BACKLOG		128

/* For the lock on the directory. */
#define LOCK_TRIES	100
#define LOCK_PAUSE_NS	(10 * NS_PER_MS)

static int set_address(struct sockaddr_un *addr, const char *path)
{
	size_t len = strlen(path);

	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	/* An empty one would get a name of the system's choice. */
	errno = len ? ENAMETOOLONG : ENOENT;
	if (len == 0 || len >= sizeof(addr->sun_path))
		return -1;
	memcpy(addr->sun_path, path, len);
	return 0;
}

/* Sets what accept4 and SOCK_CLOEXEC would have set; closes fd on failure. */
static int UNUSED mark(int fd, bool nonblock)
{
	int err;

	if (fd < 0)
		return -1;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
	    (!nonblock || fd_set_nonblock(fd) == 0))
		return fd;
	err = errno;
	fd_close(&fd);
	errno = err;
	return -1;
}

static int new_socket(bool nonblock)
{
#ifdef HAVE_ACCEPT4
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
		      (nonblock ? SOCK_NONBLOCK : 0), 0);
#else
	int fd;

	fd_fork_lock();
	fd = mark(socket(AF_UNIX, SOCK_STREAM, 0), nonblock);
	fd_fork_unlock();
	return fd;
#endif
}

int usock_accept(const struct usock *u)
{
#ifdef HAVE_ACCEPT4
	return accept4(u->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
#else
	int fd;

	fd_fork_lock();
	fd = mark(accept(u->fd, NULL, NULL), true);
	fd_fork_unlock();
	return fd;
#endif
}

bool usock_peer(int fd, uid_t *uid)
{
#if defined(HAVE_SO_PEERCRED)
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return false;
	*uid = cred.uid;
	return true;
#elif defined(HAVE_GETPEEREID)
	gid_t gid;

	return getpeereid(fd, uid, &gid) == 0;
#else
	(void)fd;
	(void)uid;
	return false;
#endif
}

static int connect_to(const struct sockaddr_un *addr, bool nonblock)
{
	int fd = new_socket(nonblock);
	int err;

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0)
		return fd;
	err = errno;
	fd_close(&fd);
	errno = err;
	return -1;
}

int usock_connect(const char *path)
{
	struct sockaddr_un addr;

	if (set_address(&addr, path) < 0)
		return -1;
	return connect_to(&addr, false);
}

/* The descriptor that holds the lock, or -1: then we go without. */
static int lock_directory(const char *path)
{
#ifdef HAVE_FLOCK
	const struct timespec pause = { 0, LOCK_PAUSE_NS };
	char *dir = path_directory(path);
	int fd = fd_open(dir, O_RDONLY | O_DIRECTORY, 0);

	free(dir);
	for (int i = 0; fd >= 0 && i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		nanosleep(&pause, NULL);
	}
	fd_close(&fd);
#else
	(void)path;
#endif
	return -1;
}

/* Something is at that path already: removes it if it is a socket without a
 * listener. */
static int remove_stale(const struct sockaddr_un *addr, struct buf *err)
{
	const char *path = addr->sun_path;
	struct stat st;
	int fd;

	if (lstat(path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode)) {
		buf_addf(err, "'%s' exists and is not a socket", path);
		return -1;
	}
	fd = connect_to(addr, true);
	if (fd >= 0 || errno == EAGAIN || errno == EINPROGRESS) {
		fd_close(&fd);
		buf_addf(err, "another process listens on '%s'", path);
		return -1;
	}
	if (errno == ECONNREFUSED && unlink(path) == 0)
		return 0;
	buf_addf(err, "cannot replace '%s': %s", path, strerror(errno));
	return -1;
}

static int try_bind(int fd, const struct sockaddr_un *addr)
{
	return bind(fd, (const struct sockaddr *)addr, sizeof(*addr));
}

/* From here on the file at the path is ours. */
static int open_to_owner(struct usock *u)
{
	struct stat st;

	if (lstat(u->path, &st) < 0)
		return -1;
	u->dev = st.st_dev;
	u->ino = st.st_ino;
	if ((st.st_mode & 07777) != MODE && chmod(u->path, MODE) < 0)
		return -1;
	return listen(u->fd, BACKLOG);
}

static int claim(struct usock *u, const struct sockaddr_un *addr,
		 struct buf *err)
{
	int ret;

	/* Refused or without effect but on Linux. */
	(void)fchmod(u->fd, MODE);
	ret = try_bind(u->fd, addr);
	if (ret < 0 && errno == EADDRINUSE) {
		if (remove_stale(addr, err) < 0)
			return -1;
		ret = try_bind(u->fd, addr);
	}
	if (ret < 0) {
		buf_addf(err, "cannot make '%s': %s", addr->sun_path,
			 strerror(errno));
		return -1;
	}
	u->path = xstrdup(addr->sun_path);
	if (open_to_owner(u) == 0)
		return 0;
	buf_addf(err, "cannot listen on '%s': %s", u->path, strerror(errno));
	return -1;
}

int usock_listen(struct usock *u, const char *path, struct buf *err)
{
	struct sockaddr_un addr;
	int result;
	int lock;

	*u = (struct usock){ .fd = -1 };
	if (set_address(&addr, path) < 0) {
		buf_addf(err, "'%s' is %s", path, *path
			 ? "too long for the path of a socket"
			 : "not the path of a socket");
		return -1;
	}
	u->fd = new_socket(true);
	if (u->fd < 0) {
		buf_addf(err, "cannot make a socket: %s", strerror(errno));
		return -1;
	}
	lock = lock_directory(path);
	result = claim(u, &addr, err);
	if (result < 0)
		usock_close(u);
	fd_close(&lock);
	return result;
}

void usock_close(struct usock *u)
{
	struct stat st;

	if (u->path && lstat(u->path, &st) == 0 && st.st_dev == u->dev &&
	    st.st_ino == u->ino)
		unlink(u->path);
	free(u->path);
	u->path = NULL;
	fd_close(&u->fd);
}
