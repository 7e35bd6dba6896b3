/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell.c - see shell.h. */
#include <config.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/path.h"
#include "proc/shell.h"

#ifdef HAVE_PROCFS

#define ANCESTORS_MAX 64

/* Reads up to size - 1 bytes of /proc/PID/what; -1 when it can't. */
static ssize_t read_proc(pid_t pid, const char *what, char *out, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, what);
	fd = fd_open(path, O_RDONLY, 0);
	if (fd < 0)
		return -1;
	n = fd_read(fd, out, size - 1);
	fd_close(&fd);
	out[n > 0 ? n : 0] = '\0';
	return n;
}

/* The parent's number is the second field behind the name in parentheses,
 * which itself may hold anything. */
static pid_t parent_of(pid_t pid)
{
	char stat[512];
	const char *behind;
	char state;
	long parent;

	if (read_proc(pid, "stat", stat, sizeof(stat)) <= 0)
		return 0;
	behind = strrchr(stat, ')');
	if (!behind || sscanf(behind + 1, " %c %ld", &state, &parent) != 2)
		return 0;
	return (pid_t)parent;
}

/* The program of pid when it is a shell, else NULL. */
static char *shell_of(pid_t pid, bool (*is_shell)(const char *))
{
	char link[64];
	char exe[PATH_MAX];
	char args[256];
	const char *called;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%ld/exe", (long)pid);
	n = readlink(link, exe, sizeof(exe) - 1);
	if (n <= 0)
		return NULL;
	exe[n] = '\0';
	if (!is_shell(exe) || access(exe, X_OK) < 0)
		return NULL;
	if (read_proc(pid, "cmdline", args, sizeof(args)) > 0) {
		called = path_last(args);
		if (*called == '-')
			called++;
		if (strcmp(called, "sh") == 0 && access("/bin/sh", X_OK) == 0)
			return xstrdup("/bin/sh");
	}
	return xstrdup(exe);
}

static char *shell_of_ancestors(bool (*is_shell)(const char *))
{
	pid_t pid = getppid();

	for (int i = 0; pid > 1 && i < ANCESTORS_MAX; i++) {
		char *shell = shell_of(pid, is_shell);

		if (shell)
			return shell;
		pid = parent_of(pid);
	}
	return NULL;
}

#else

static char *shell_of_ancestors(bool (*is_shell)(const char *))
{
	(void)is_shell;
	return NULL;
}

#endif

char *shell_choose(bool (*is_shell)(const char *path))
{
	const char *wish = getenv("PARALLEL_SHELL");
	char *shell;

	if (wish && *wish)
		return xstrdup(wish);
	shell = shell_of_ancestors(is_shell);
	if (shell)
		return shell;
	wish = getenv("SHELL");
	return xstrdup(wish && *wish ? wish : "/bin/sh");
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(path, X_OK) == 0;
}

int path_find(const char *name, const char *path, char *out, size_t size)
{
	size_t len = strlen(name);

	if (strchr(name, '/')) {
		if (len >= size)
			return -1;
		memcpy(out, name, len + 1);
		return 0;
	}
	for (;;) {
		size_t dir = strcspn(path, ":");

		if (dir + len + 2 <= size) {
			memcpy(out, path, dir);
			if (dir)
				out[dir++] = '/';
			memcpy(out + dir, name, len + 1);
			if (is_program(out))
				return 0;
		}
		path += strcspn(path, ":");
		if (*path++ == '\0')
			return -1;
	}
}

/* dir/name, where a relative dir is one of base's. */
static char *join_path(const char *base, const char *dir, size_t len,
		       const char *name)
{
	struct buf b = BUF_INIT;

	if (base && !(len && *dir == '/')) {
		char *real = realpath(base, NULL);

		buf_addf(&b, "%s/", real ? real : base);
		free(real);
	}
	buf_add(&b, dir, len);
	if (len)
		buf_addch(&b, '/');
	buf_addstr(&b, name);
	return buf_take(&b);
}

char *path_search(const char *name, const char *path, const char *dir)
{
	char *second = NULL;

	if (!*name || strchr(name, '/'))
		return xstrdup(name);
	for (;;) {
		size_t len = strcspn(path, ":");
		char *file = join_path(dir, path, len, name);

		if (is_program(file)) {
			free(second);
			return file;
		}
		if (!second && access(file, F_OK) == 0)
			second = file;
		else
			free(file);
		path += len;
		if (*path++ == '\0')
			return second;
	}
}
