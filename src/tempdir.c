/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tempdir.c - see tempdir.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "proc/child.h"
#include "tempdir.h"

#define LOOK_MS	10

extern char **environ;

struct tempdir {
	char *path;
	struct child guard;
	bool has_guard;
	int alive;		/* closed at our end; -1: no guard */
};

/* Signals that are meant for all of us are not meant for it: a terminal that
 * goes away, a group that is stopped and then orphaned. */
static const char script[] =
	"trap '' HUP INT QUIT TERM; read -r x; exec rm -rf -- \"$1\"";

/* Without it, all goes on as well: best effort. */
static void start_guard(struct tempdir *t)
{
	char *argv[] = {
		(char *)"/bin/sh", (char *)"-c", (char *)script,
		(char *)"muster", t->path, NULL,
	};
	struct spawn_request req = {
		.path = argv[0], .argv = argv, .envp = environ,
	};
	int null = fd_open("/dev/null", O_RDWR, 0);
	int ends[2], ret;

	fd_fork_lock();
	ret = null < 0 ? -1 : fd_pipe(ends);
	fd_fork_unlock();
	if (ret == 0) {
		req.in = ends[0];
		req.out = null;
		req.err = null;
		t->guard.number = 0;
		t->has_guard = child_start(&t->guard, &req) == SPAWN_OK;
		t->alive = ends[1];
		fd_close(&ends[0]);
	}
	fd_close(&null);
}

struct tempdir *tempdir_new(const char *parent, bool guarded,
			    struct buf *path)
{
	struct tempdir *t;

	buf_addf(path, "%s/muster-XXXXXX", parent);
	if (!mkdtemp(path->data))
		return NULL;
	t = xcalloc(1, sizeof(*t));
	t->path = xstrdup(path->data);
	t->alive = -1;
	if (guarded)
		start_guard(t);
	return t;
}

const char *tempdir_path(const struct tempdir *t)
{
	return t->path;
}

void tempdir_free(struct tempdir *t)
{
	if (!t)
		return;
	rmdir(t->path);
	fd_close(&t->alive);
	if (t->has_guard) {
		while (!child_poll(&t->guard)) {
			struct pollfd p = {
				.fd = t->guard.pidfd, .events = POLLIN,
			};

			(void)!poll(&p, 1, LOOK_MS);
		}
		child_finish(&t->guard);
	}
	free(t->path);
	free(t);
}
