/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inform.c - see inform.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/fdio.h"
#include "inform.h"
#include "proc/limits.h"
#include "proc/topology.h"
#include "profile.h"
#include "run.h"

extern char **environ;

static int write_out(const struct buf *text)
{
	if (fd_was_closed(STDOUT_FILENO)) {
		errno = EBADF;
		return -1;
	}
	return fd_write_all(STDOUT_FILENO, text->data, text->len);
}

static int print_number(uint64_t n)
{
	struct buf text = BUF_INIT;
	int result;

	buf_addu(&text, n);
	buf_addch(&text, '\n');
	result = write_out(&text);
	buf_release(&text);
	if (result == 0)
		return 0;
	diag_msg("standard output could not be written");
	return RUN_ERROR;
}

/* --record-env: names that --env _ is not to hand on. */

static void add_env_names(struct buf *out)
{
	for (char **var = environ; *var; var++) {
		buf_add(out, *var, strcspn(*var, "="));
		buf_addch(out, '\n');
	}
}

/* The directory of settings, made if need be; false with errno. */
static bool find_dir(struct buf *path)
{
	const char *home = getenv("HOME");

	profile_add_dirs(path);
	if (path->len) {
		/* The first one; its NUL was counted. */
		buf_truncate(path, strlen(path->data));
		return true;
	}
	if (!home || !*home) {
		errno = ENOENT;
		return false;
	}
	buf_addf(path, "%s/.parallel", home);
	return mkdir(path->data, 0777) == 0;
}

static int record_env(void)
{
	struct buf path = BUF_INIT;
	struct buf names = BUF_INIT;
	int fd = -1;
	int result = -1;

	if (find_dir(&path)) {
		buf_addstr(&path, "/ignored_vars");
		add_env_names(&names);
		fd = fd_open(path.data, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	}
	if (fd >= 0) {
		result = fd_write_all(fd, names.data, names.len);
		if (close(fd) < 0)
			result = -1;
	}
	if (result < 0)
		diag_err(errno, "--record-env: cannot write '%s'",
			 path.len ? path.data : "~/.parallel/ignored_vars");
	buf_release(&path);
	buf_release(&names);
	return result < 0 ? RUN_ERROR : 0;
}

bool inform_has_recorded_env(void)
{
	struct buf dirs = BUF_INIT;
	struct buf path = BUF_INIT;
	bool found = false;

	profile_add_dirs(&dirs);
	for (const char *dir = dirs.data; !found && dir < dirs.data + dirs.len;
	     dir += strlen(dir) + 1) {
		buf_reset(&path);
		buf_addf(&path, "%s/ignored_vars", dir);
		found = access(path.data, R_OK) == 0;
	}
	buf_release(&dirs);
	buf_release(&path);
	return found;
}

int inform_print(const struct inform *i)
{
	struct topology t;
	int status;

	switch (i->what) {
	case INFORM_CORES:
		topology_read(&t, NULL);
		return print_number(t.cores);
	case INFORM_SOCKETS:
		topology_read(&t, NULL);
		return print_number(t.sockets);
	case INFORM_THREADS:
		topology_read(&t, NULL);
		return print_number(t.threads);
	case INFORM_LINE_LENGTH:
		return print_number(limits_command_bytes());
	case INFORM_MINVERSION:
		status = print_number(INFORM_PARALLEL);
		return i->minversion > INFORM_PARALLEL ? RUN_ERROR : status;
	case INFORM_RECORD_ENV:
		return record_env();
	}
	BUG("inform_what out of range");
}

int inform_print_limits(void)
{
	struct buf text = BUF_INIT;
	int result;

	buf_addf(&text, "Maximal size of command: %zu\n"
		 "Maximal usable size of command: %zu\n\n"
		 "Now input is read and jobs are run; if that is not what you "
		 "want,\nend it with CTRL-D or CTRL-C.\n",
		 limits_command_bytes(), limits_command_bytes());
	result = write_out(&text);
	buf_release(&text);
	return result;
}
