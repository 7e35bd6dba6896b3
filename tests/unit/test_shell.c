/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_shell.c - which shell is chosen, and programs in PATH.
 */
#include <config.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"
#include "proc/shell.h"
#include "tap.h"

static bool never(const char *path)
{
	(void)path;
	return false;
}

static bool always(const char *path)
{
	CHECK(*path == '/');
	return true;
}

static void check_choice(bool (*is_shell)(const char *), const char *want)
{
	char *shell = shell_choose(is_shell);

	CHECK_STR(shell, want);
	free(shell);
}

static void by_wish(void)
{
	setenv("PARALLEL_SHELL", "/opt/wish", 1);
	setenv("SHELL", "/bin/other", 1);
	check_choice(always, "/opt/wish");
	setenv("PARALLEL_SHELL", "", 1);
	check_choice(never, "/bin/other");
}

static void by_environment(void)
{
	unsetenv("PARALLEL_SHELL");
	setenv("SHELL", "/bin/other", 1);
	check_choice(never, "/bin/other");
	setenv("SHELL", "", 1);
	check_choice(never, "/bin/sh");
	unsetenv("SHELL");
	check_choice(never, "/bin/sh");
}

#ifdef HAVE_PROCFS

/* The parent of a case is this very program, once more. */
static void by_ancestor(void)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (!CHECK(n > 0))
		return;
	exe[n] = '\0';
	unsetenv("PARALLEL_SHELL");
	setenv("SHELL", "/bin/other", 1);
	check_choice(always, exe);
}

static unsigned asked;

static bool count(const char *path)
{
	(void)path;
	asked++;
	return false;
}

static void goes_up_to_the_first(void)
{
	unsetenv("PARALLEL_SHELL");
	setenv("SHELL", "/bin/other", 1);
	check_choice(count, "/bin/other");
	/* The harness, and whoever started it. */
	CHECK(asked >= 2);
}

#endif

static void touch(char *path, size_t size, const char *name, mode_t mode)
{
	int fd;

	snprintf(path, size, "%s/%s", tap_tmpdir(), name);
	fd = fd_open(path, O_WRONLY | O_CREAT, mode);
	CHECK(fd >= 0 && fchmod(fd, mode) == 0);
	close(fd);
}

static void found_in_order(void)
{
	char first[4096], second[4096], path[9000], out[4096];

	snprintf(first, sizeof(first), "%s/a", tap_tmpdir());
	snprintf(second, sizeof(second), "%s/b", tap_tmpdir());
	CHECK(mkdir(first, 0700) == 0 && mkdir(second, 0700) == 0);
	snprintf(path, sizeof(path), "/no/such:%s:%s", first, second);
	CHECK_INT(path_find("prog", path, out, sizeof(out)), -1);

	touch(second, sizeof(second), "b/prog", 0755);
	CHECK_INT(path_find("prog", path, out, sizeof(out)), 0);
	CHECK_STR(out, second);
	touch(first, sizeof(first), "a/prog", 0755);
	CHECK_INT(path_find("prog", path, out, sizeof(out)), 0);
	CHECK_STR(out, first);
}

static void only_programs(void)
{
	char file[4096], out[4096];

	touch(file, sizeof(file), "plain", 0644);
	CHECK_INT(path_find("plain", tap_tmpdir(), out, sizeof(out)), -1);
	snprintf(file, sizeof(file), "%s/dir", tap_tmpdir());
	CHECK(mkdir(file, 0755) == 0);
	CHECK_INT(path_find("dir", tap_tmpdir(), out, sizeof(out)), -1);
	CHECK_INT(path_find("", tap_tmpdir(), out, sizeof(out)), -1);
}

static void empty_means_here(void)
{
	char file[4096], out[4096];

	touch(file, sizeof(file), "here", 0755);
	CHECK(chdir(tap_tmpdir()) == 0);
	CHECK_INT(path_find("here", "/no/such::/nor/this", out, sizeof(out)),
		  0);
	CHECK_STR(out, "here");
	CHECK_INT(path_find("here", "/no/such:", out, sizeof(out)), 0);
	CHECK_INT(path_find("here", "/no/such", out, sizeof(out)), -1);
}

static void with_a_slash(void)
{
	char out[32];

	CHECK_INT(path_find("./not/there", "/bin", out, sizeof(out)), 0);
	CHECK_STR(out, "./not/there");
	CHECK_INT(path_find("/a/name/too/long/for/the/buffer/here", "/bin", out,
			    sizeof(out)), -1);
}

static void does_not_fit(void)
{
	char out[8];

	CHECK_INT(path_find("sh", "/usr/bin:/bin", out, sizeof(out)), 0);
	CHECK_STR(out, "/bin/sh");
	CHECK_INT(path_find("sh", "/usr/bin", out, sizeof(out)), -1);
}

static void check_search(const char *name, const char *path,
			 const char *dir, const char *want)
{
	char *got = path_search(name, path, dir);

	CHECK_STR(got, want);
	free(got);
}

static void make_file(const char *dir, const char *name, mode_t mode)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = fd_open(path, O_WRONLY | O_CREAT, 0600);
	CHECK(fd >= 0);
	CHECK_INT(fchmod(fd, mode), 0);
	close(fd);
}

static void searches_as_execvp(void)
{
	char *top = realpath(tap_tmpdir(), NULL);
	char a[4096], b[4096], want[4096];

	if (!CHECK(top != NULL))
		return;
	snprintf(a, sizeof(a), "%s/a", top);
	snprintf(b, sizeof(b), "%s/b", top);
	CHECK_INT(mkdir(a, 0700), 0);
	CHECK_INT(mkdir(b, 0700), 0);
	make_file(a, "plain", 0600);
	make_file(a, "both", 0600);
	make_file(b, "both", 0700);
	CHECK_INT(chdir(a), 0);

	check_search("both", "../a:../b", NULL, "../b/both");
	check_search("plain", "../b:../a", NULL, "../a/plain");
	check_search("none", "../a:../b", NULL, NULL);
	check_search("both", "", b, strcat(strcpy(want, b), "/both"));
	check_search("both", "a:b:", top, want);
	snprintf(want, sizeof(want), "%s/b/both", top);
	check_search("both", "a:b:", top, want);
	check_search("both", b, "/", want);
	check_search("", b, "/", "");
	check_search("x/y", b, "/", "x/y");
	free(top);
}

static const struct tap_case cases[] = {
	{ "PARALLEL_SHELL is stronger than all", by_wish },
	{ "without a shell above, SHELL or /bin/sh", by_environment },
#ifdef HAVE_PROCFS
	{ "the nearest ancestor that is a shell", by_ancestor },
	{ "ancestors are asked one by one", goes_up_to_the_first },
#endif
	{ "the first directory that has it", found_in_order },
	{ "only what can be executed is a program", only_programs },
	{ "an empty directory is the current one", empty_means_here },
	{ "a name with a slash is a path", with_a_slash },
	{ "a path too long for its place is none", does_not_fit },
	{ "programs are searched as execvp does", searches_as_execvp },
};
TAP_MAIN(cases)
