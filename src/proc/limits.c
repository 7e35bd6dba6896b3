/* SPDX-License-Identifier: GPL-3.0-or-later */
/* limits.c - see limits.h. */
#include <config.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/fdio.h"
#include "proc/limits.h"

/*
 * A running job holds a pidfd and the read ends of two pipes; while it is
 * being started also their write ends, that of its standard input and one for
 * the error of its exec. The rest is for muster itself.
 */
#define FDS_PER_JOB	3
#define FDS_STARTING	128
#define FDS_OWN		32

#define JOBS_MAX	100000

extern char **environ;

static const int kinds[] = {
	RLIMIT_NOFILE,
#ifdef RLIMIT_NPROC
	RLIMIT_NPROC,
#endif
};

/* Written once by limits_raise, only read after. */
static struct {
	struct rlimit original;
	bool raised;
} saved[ARRAY_SIZE(kinds)];

/* 0 when there is none. */
static long read_number(const char *path)
{
	int fd = fd_open(path, O_RDONLY, 0);
	char text[32];
	ssize_t n;

	if (fd < 0)
		return 0;
	n = fd_read(fd, text, sizeof(text) - 1);
	fd_close(&fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return strtol(text, NULL, 10);
}

unsigned limits_most_jobs(void)
{
	static const char *const paths[] = {
		"/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max",
	};
	static long known;
	long most = 2L * JOBS_MAX;

	if (known)
		return (unsigned)known;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		long n = read_number(paths[i]);

		if (n > 0 && n < most)
			most = n;
	}
	known = most > 1 ? most / 2 : 1;
	return (unsigned)known;
}

unsigned limits_possible_jobs(unsigned more_fds)
{
	rlim_t per_job = FDS_PER_JOB + more_fds;
	rlim_t jobs = limits_most_jobs();
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_max != RLIM_INFINITY &&
	    r.rlim_max > FDS_OWN + FDS_STARTING &&
	    (r.rlim_max - FDS_OWN - FDS_STARTING) / per_job < jobs)
		jobs = (r.rlim_max - FDS_OWN - FDS_STARTING) / per_job;
#ifdef RLIMIT_NPROC
	/* A thread and a process each. */
	if (getrlimit(RLIMIT_NPROC, &r) == 0 && r.rlim_max != RLIM_INFINITY &&
	    r.rlim_max / 2 < jobs)
		jobs = r.rlim_max / 2;
#endif
	return jobs ? (unsigned)jobs : 1;
}

size_t limits_job_fds(void)
{
	struct rlimit r = saved[0].original;

	if (!saved[0].raised && getrlimit(RLIMIT_NOFILE, &r) < 0)
		return 0;
	return r.rlim_cur < SIZE_MAX ? (size_t)r.rlim_cur : SIZE_MAX;
}

/* Linux gives one argument 32 pages, whatever their size. */
#define ARGUMENT_PAGES	32

/* For the auxiliary vector, the shell's own words, and job variables. */
#define COMMAND_MARGIN	4096

size_t limits_command_bytes(void)
{
	long all = sysconf(_SC_ARG_MAX);
	long page = sysconf(_SC_PAGESIZE);
	size_t one = (size_t)(page > 0 ? page : 4096) * ARGUMENT_PAGES - 1;
	size_t used = COMMAND_MARGIN;

	for (char **var = environ; *var; var++)
		used += strlen(*var) + 1 + sizeof(*var);
	if (all <= 0)
		return one;
	if ((size_t)all <= used)
		return 0;
	return (size_t)all - used < one ? (size_t)all - used : one;
}

static void raise_one(size_t i, rlim_t wanted)
{
	struct rlimit r;

	if (getrlimit(kinds[i], &r) < 0 || r.rlim_cur == RLIM_INFINITY ||
	    r.rlim_cur >= wanted)
		return;
	saved[i].original = r;
	r.rlim_cur = r.rlim_max == RLIM_INFINITY || r.rlim_max > wanted
		? wanted : r.rlim_max;
	saved[i].raised = setrlimit(kinds[i], &r) == 0;
}

void limits_raise(unsigned jobs, unsigned more_fds)
{
	raise_one(0, (rlim_t)jobs * (FDS_PER_JOB + more_fds) + FDS_STARTING +
		     FDS_OWN);
	/* The limit counts all of the user's processes, which are unknown
	 * here: ask for a good deal more than our own. */
	if (ARRAY_SIZE(kinds) > 1)
		raise_one(1, (rlim_t)jobs * 2 + 4096);
}

void limits_restore(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (saved[i].raised)
			setrlimit(kinds[i], &saved[i].original);
	}
}
