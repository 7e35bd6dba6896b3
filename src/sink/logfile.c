/* SPDX-License-Identifier: GPL-3.0-or-later */
/* logfile.c - see logfile.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "base/thread.h"
#include "sink/logfile.h"

#define LOCK_TRIES	80
#define LOCK_PAUSE	(25 * NS_PER_MS)

struct logfile {
	struct logfile_config cfg;
	char *option;
	char *path;
	bool is_regular;
	void (*failed)(void *arg, const char *path, int err);
	void *arg;

	struct mutex lock;	/* guards all that follows */
	struct cond synced;	/* a sync has come to its end */
	int fd;
	off_t size;		/* of the whole records */
	uint64_t added;		/* records */
	uint64_t on_disk;	/* of them; a sync has said so */
	bool is_syncing;
	int err;		/* of the first failure; 0: none */
};

#ifdef HAVE_FLOCK
static int try_lock(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB);
}
#else
/* Those of one process never stand in its own way: what it has locked. A
 * descriptor that is no longer that file has been closed. */
static struct mutex held_lock = MUTEX_INIT;
static struct {
	int fd;
	dev_t dev;
	ino_t ino;
} held[4];
static unsigned nheld;

static bool is_held_locked(const struct stat *file, int fd)
	REQUIRES(held_lock)
{
	struct stat st;

	for (unsigned i = 0; i < nheld; i++) {
		if (held[i].fd != fd && held[i].dev == file->st_dev &&
		    held[i].ino == file->st_ino &&
		    fstat(held[i].fd, &st) == 0 &&
		    st.st_dev == file->st_dev && st.st_ino == file->st_ino)
			return true;
	}
	return false;
}

static void hold_locked(const struct stat *file, int fd) REQUIRES(held_lock)
{
	unsigned i = 0;

	while (i < nheld && held[i].fd != fd)
		i++;
	if (i == ARRAY_SIZE(held))
		return;
	nheld += i == nheld;
	held[i].fd = fd;
	held[i].dev = file->st_dev;
	held[i].ino = file->st_ino;
}

/* Any close of the file in this process gives it up: see logfile_cut. */
static int try_lock(int fd)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct stat st;
	bool is_held;

	if (fstat(fd, &st) < 0)
		return -1;
	mutex_lock(&held_lock);
	is_held = is_held_locked(&st, fd);
	if (!is_held)
		hold_locked(&st, fd);
	mutex_unlock(&held_lock);
	if (!is_held && fcntl(fd, F_SETLK, &all) == 0)
		return 0;
	if (is_held || errno == EACCES || errno == EAGAIN)
		errno = EWOULDBLOCK;
	return -1;
}
#endif

/* A run that has just been killed may have a last moment: until the process
 * that it was about to start has found that out. */
int logfile_lock(int fd)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		/* Some file systems know no locks. */
		if (try_lock(fd) == 0 || errno != EWOULDBLOCK)
			return 0;
		(void)thread_poll(NULL, 0, LOCK_PAUSE);
	}
	errno = EWOULDBLOCK;
	return -1;
}

int logfile_take(int fd, struct stat *st)
{
	if (fstat(fd, st) < 0)
		return -1;
	if (!S_ISREG(st->st_mode))
		return 0;
	/* What another run has written until now counts. */
	return logfile_lock(fd) < 0 ? -1 : fstat(fd, st);
}

void logfile_explain(const char *option, const char *what, const char *path,
		     struct buf *err)
{
	if (errno == EWOULDBLOCK)
		buf_addf(err, "%s: '%s' is in use by another run", option,
			 path);
	else
		buf_addf(err, "%s: can't %s '%s': %s", option, what, path,
			 strerror(errno));
}

int logfile_claim(const char *option, const char *path, bool empties,
		  struct stat *st, struct buf *err)
{
	int fd = fd_open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);

	if (fd < 0) {
		logfile_explain(option, "open", path, err);
		return -1;
	}
	if (logfile_take(fd, st) == 0 &&
	    (!empties || !S_ISREG(st->st_mode) || ftruncate(fd, 0) == 0))
		return fd;
	logfile_explain(option, "write to", path, err);
	fd_close(&fd);
	return -1;
}

int logfile_sync_fd(int fd)
{
	int ret;

	do {
#ifdef HAVE_FDATASYNC
		ret = fdatasync(fd);
#else
		ret = fsync(fd);
#endif
	} while (ret < 0 && errno == EINTR);
	/* A pipe, a terminal, /dev/null. */
	if (ret < 0 && (errno == EINVAL || errno == ENOTSUP))
		return 0;
	return ret;
}

void logfile_sync_dir(const char *path)
{
	char *dir = path_directory(path);
	int fd = fd_open(dir, O_RDONLY, 0);

	if (fd >= 0)
		(void)!fsync(fd);
	fd_close(&fd);
	free(dir);
}

static int open_path(const char *path)
{
	if (strcmp(path, "-") != 0)
		return fd_open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
	if (!fd_was_closed(STDOUT_FILENO))
		return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	errno = EBADF;
	return -1;
}

/* Standard output is the caller's to share. */
static int take_file(struct logfile *l)
{
	struct stat st;

	if (strcmp(l->path, "-") == 0)
		return 0;
	if (logfile_take(l->fd, &st) < 0)
		return -1;
	l->is_regular = S_ISREG(st.st_mode);
	if (!l->is_regular)
		return 0;
	l->size = st.st_size;
	if (l->size == 0 && l->cfg.sync != LOGFILE_NONE)
		logfile_sync_dir(l->path);
	return 0;
}

static void release(struct logfile *l)
{
	cond_release(&l->synced);
	mutex_release(&l->lock);
	free(l->path);
	free(l->option);
	free(l);
}

struct logfile *logfile_open(const struct logfile_config *config,
			     struct buf *err)
{
	struct logfile *l = xcalloc(1, sizeof(*l));

	l->cfg = *config;
	l->option = xstrdup(config->option);
	l->path = xstrdup(config->path);
	mutex_init(&l->lock);
	cond_init(&l->synced);
	l->fd = open_path(l->path);
	if (l->fd >= 0 && take_file(l) == 0)
		return l;
	logfile_explain(l->option, l->fd < 0 ? "open" : "write to", l->path,
			err);
	fd_close(&l->fd);
	release(l);
	return NULL;
}

off_t logfile_whole(const struct logfile *l)
{
	int fd = l->size > 0 ? fd_open(l->path, O_RDONLY, 0) : -1;
	char block[4096];
	off_t end = l->size;
	ssize_t n = 0;

	if (fd < 0)
		return l->size;
	while (end > 0) {
		size_t len = end < (off_t)sizeof(block) ? (size_t)end
							: sizeof(block);

		n = fd_pread(fd, block, len, end - (off_t)len);
		if (n != (ssize_t)len)
			break;
		while (n > 0 && block[n - 1] != '\n')
			n--;
		end -= (off_t)len - n;
		if (n > 0)
			break;
	}
	fd_close(&fd);
	return n < 0 ? l->size : end;
}

int logfile_cut(struct logfile *l, off_t size, struct buf *err)
{
	if (!l->is_regular)
		return 0;
	/* Whoever has read it meanwhile may have given up the lock. */
	if (logfile_lock(l->fd) == 0 &&
	    (size >= l->size || ftruncate(l->fd, size) == 0)) {
		if (size < l->size)
			l->size = size;
		return 0;
	}
	buf_addf(err, "%s: can't write to '%s': %s", l->option, l->path,
		 strerror(errno));
	return -1;
}

void logfile_set_failed(struct logfile *l,
			void (*failed)(void *arg, const char *path, int err),
			void *arg)
{
	l->failed = failed;
	l->arg = arg;
}

/* Takes note of the first failure; true: it is this one. */
static bool fail_locked(struct logfile *l, int err)
{
	bool is_first = !l->err;

	if (is_first)
		l->err = err;
	return is_first;
}

/* After the lock is free. 0, or -1 with errno. */
static int tell(struct logfile *l, bool is_new, int err)
{
	if (is_new && l->failed)
		l->failed(l->arg, l->path, err);
	errno = err;
	return err ? -1 : 0;
}

/* Half a record goes; if this fails, the next run will do it. More than half
 * of one has come from elsewhere, and stays. */
static void cut_half_locked(struct logfile *l, size_t len) REQUIRES(l->lock)
{
	struct stat st;

	if (l->is_regular && fstat(l->fd, &st) == 0 && st.st_size > l->size &&
	    (uint64_t)(st.st_size - l->size) < len)
		(void)!ftruncate(l->fd, l->size);
}

int logfile_add(struct logfile *l, const void *record, size_t len)
{
	bool is_new = false;
	int err;

	mutex_lock(&l->lock);
	if (!l->err && fd_write_all(l->fd, record, len) < 0) {
		is_new = fail_locked(l, errno);
		cut_half_locked(l, len);
	} else if (!l->err) {
		l->size += (off_t)len;
		l->added++;
	}
	err = l->err;
	mutex_unlock(&l->lock);
	return tell(l, is_new, err);
}

/* One sync, for all that has been added by now. */
static bool sync_locked(struct logfile *l) REQUIRES(l->lock)
{
	uint64_t reached = l->added;
	bool is_new = false;
	int err = 0;

	l->is_syncing = true;
	mutex_unlock(&l->lock);
	if (logfile_sync_fd(l->fd) < 0)
		err = errno;
	mutex_lock(&l->lock);
	l->is_syncing = false;
	if (err)
		is_new = fail_locked(l, err);
	else
		l->on_disk = reached;
	cond_broadcast(&l->synced);
	return is_new;
}

static int sync_all(struct logfile *l)
{
	bool is_new = false;
	uint64_t wanted;
	int err;

	mutex_lock(&l->lock);
	wanted = l->added;
	while (!l->err && l->on_disk < wanted) {
		if (l->is_syncing)
			cond_wait(&l->synced, &l->lock);
		else
			is_new |= sync_locked(l);
	}
	err = l->err;
	mutex_unlock(&l->lock);
	return tell(l, is_new, err);
}

int logfile_commit(struct logfile *l)
{
	return l->cfg.sync == LOGFILE_ALWAYS ? sync_all(l) : 0;
}

int logfile_finish(struct logfile *l)
{
	return l->cfg.sync == LOGFILE_NONE ? 0 : sync_all(l);
}

int logfile_close(struct logfile *l)
{
	int err;

	mutex_lock(&l->lock);
	/* Network file systems tell only here that a record was lost. */
	if (l->fd >= 0 && close(l->fd) < 0 && errno != EINTR)
		(void)fail_locked(l, errno);
	l->fd = -1;
	err = l->err;
	mutex_unlock(&l->lock);
	errno = err;
	return err ? -1 : 0;
}

int logfile_free(struct logfile *l)
{
	int ret, err;

	if (!l)
		return 0;
	ret = logfile_close(l);
	err = errno;
	release(l);
	errno = err;
	return ret;
}
