/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cgroup.c - see cgroup.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "proc/cgroup.h"

bool cgroup_own(const char *root, struct buf *path)
{
	struct buf file = BUF_INIT;
	struct buf text = BUF_INIT;
	const char *line;

	buf_addf(&file, "%s/proc/self/cgroup", root);
	line = fd_read_file(file.data, &text) < 0 ? "" : text.data;
	while (*line && strncmp(line, "0::/", 4) != 0) {
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	if (*line)
		buf_add(path, line + 3, strcspn(line + 3, "\n"));
	buf_release(&file);
	buf_release(&text);
	/* The root's own files are the system's. */
	return path->len > 1;
}

int cgroup_enter(const char *procs)
{
	int fd = open(procs, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int err;

	if (fd < 0)
		return -1;
	/* Who writes this means itself. */
	n = write(fd, "0", 1);
	err = errno;
	close(fd);
	errno = err;
	return n == 1 ? 0 : -1;
}

#if defined(HAVE_PROCFS) && defined(HAVE_FLOCK)

#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"

#define PREFIX		"muster-"

/* Who has been killed takes a moment to be gone. */
#define REMOVE_ROUNDS	20
#define REMOVE_PAUSE	(5 * NS_PER_MS)

struct cgroup {
	char *path;
	int lock;		/* the directory, locked */
	atomic_ulong count;	/* names of jobs' */
};

static const char *const mounts[] = {
	"/sys/fs/cgroup", "/sys/fs/cgroup/unified",
};

/* Removes the empty cgroups in the one at path, and it; true when that is
 * gone. */
static bool remove_all(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	struct buf name = BUF_INIT;

	while (dir && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || entry->d_type != DT_DIR)
			continue;
		buf_reset(&name);
		buf_addf(&name, "%s/%s", path, entry->d_name);
		rmdir(name.data);
	}
	if (dir)
		closedir(dir);
	buf_release(&name);
	return rmdir(path) == 0 || errno == ENOENT;
}

/* The descriptor of the directory, locked; -1: somebody has it, or it is not
 * ours. */
static int lock_dir(const char *path)
{
	int fd = fd_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) < 0 || st.st_uid != geteuid() ||
			flock(fd, LOCK_EX | LOCK_NB) < 0))
		fd_close(&fd);
	return fd;
}

/* What runs that are over have left in dir. */
static void remove_stale(const char *parent)
{
	DIR *dir = opendir(parent);
	const struct dirent *entry;
	struct buf path = BUF_INIT;

	while (dir && (entry = readdir(dir)) != NULL) {
		int fd;

		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		buf_reset(&path);
		buf_addf(&path, "%s/%s", parent, entry->d_name);
		fd = lock_dir(path.data);
		if (fd >= 0)
			remove_all(path.data);
		fd_close(&fd);
	}
	if (dir)
		closedir(dir);
	buf_release(&path);
}

static bool can_kill(const char *path)
{
	struct buf file = BUF_INIT;
	bool can;

	buf_addf(&file, "%s/cgroup.kill", path);
	can = access(file.data, W_OK) == 0;
	buf_release(&file);
	return can;
}

static struct cgroup *new_in(const char *parent)
{
	struct buf path = BUF_INIT;
	struct cgroup *g;
	int lock = -1;

	remove_stale(parent);
	/* Another muster may take it for stale before it is locked. */
	for (int i = 0; i < 10 && lock < 0; i++) {
		buf_reset(&path);
		buf_addf(&path, "%s/" PREFIX "%ld-XXXXXX", parent,
			 (long)getpid());
		if (!mkdtemp(path.data)) {
			buf_release(&path);
			return NULL;
		}
		lock = lock_dir(path.data);
	}
	if (lock < 0 || !can_kill(path.data)) {
		rmdir(path.data);
		fd_close(&lock);
		buf_release(&path);
		errno = ENOSYS;
		return NULL;
	}
	g = xcalloc(1, sizeof(*g));
	g->path = buf_take(&path);
	g->lock = lock;
	atomic_init(&g->count, 0);
	return g;
}

struct cgroup *cgroup_new(const char *dir)
{
	struct buf own = BUF_INIT;
	struct buf path = BUF_INIT;
	struct cgroup *g = NULL;

	if (dir)
		return new_in(dir);
	errno = ENOENT;
	if (cgroup_own("", &own)) {
		for (size_t i = 0; i < ARRAY_SIZE(mounts) && !g; i++) {
			buf_reset(&path);
			buf_addf(&path, "%s%s", mounts[i], own.data);
			if (access(path.data, F_OK) == 0)
				g = new_in(path.data);
		}
	}
	buf_release(&own);
	buf_release(&path);
	return g;
}

void cgroup_free(struct cgroup *g)
{
	if (!g)
		return;
	for (int i = 0; i < REMOVE_ROUNDS && !remove_all(g->path); i++)
		thread_poll(NULL, 0, REMOVE_PAUSE);
	fd_close(&g->lock);
	free(g->path);
	free(g);
}

int cgroup_make(struct cgroup *g, struct buf *path)
{
	buf_reset(path);
	buf_addf(path, "%s/%lu", g->path, atomic_fetch_add(&g->count, 1) + 1);
	return mkdir(path->data, 0755);
}

void cgroup_kill(const char *path)
{
	struct buf file = BUF_INIT;
	int fd;

	buf_addf(&file, "%s/cgroup.kill", path);
	fd = fd_open(file.data, O_WRONLY, 0);
	if (fd >= 0)
		(void)!write(fd, "1", 1);
	fd_close(&fd);
	buf_release(&file);
}

void cgroup_remove(const char *path)
{
	rmdir(path);
}

#else

struct cgroup *cgroup_new(const char *dir)
{
	(void)dir;
	errno = ENOSYS;
	return NULL;
}

void cgroup_free(struct cgroup *g)
{
	(void)g;
}

int cgroup_make(struct cgroup *g, struct buf *path)
{
	(void)g;
	(void)path;
	errno = ENOSYS;
	return -1;
}

void cgroup_kill(const char *path)
{
	(void)path;
}

void cgroup_remove(const char *path)
{
	(void)path;
}

#endif
