/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limit.c - the cost of the work itself: THREADS threads that do nothing but
 * posix_spawnp and waitpid, COUNT times in all.
 *
 * Usage: limit true|echo|pipe THREADS COUNT
 *        limit SHELL THREADS COUNT <LINES
 *   true   /bin/true N, output not captured
 *   echo   /bin/echo N, output captured through a pipe, written in one go
 *   pipe   /bin/echo N and cat, with a pipe between them and no shell around
 *          them, captured likewise
 *   SHELL  a path: SHELL -c LINE for each line read, captured likewise
 * No order, no error handling but giving up: what a real tool can't go below.
 */
#include <config.h>

#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define THREADS_MAX 256

static char *shell;		/* NULL: no lines */
static char **lines;
static const char *program;	/* else */
static int captured;
static int is_piped;		/* the program, to cat */
static long count;
static atomic_long next;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void capture(int fd)
{
	char data[65536];
	ssize_t n;

	while ((n = read(fd, data, sizeof(data))) > 0) {
		if (write(1, data, (size_t)n) != n)
			die("write");
	}
	close(fd);
}

static void make_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC) < 0)
		die("pipe2");
}

/* in, out: -1 for ours; closed here. */
static pid_t start(char **argv, int in, int out)
{
	posix_spawn_file_actions_t fa;
	pid_t pid;

	posix_spawn_file_actions_init(&fa);
	if (in >= 0)
		posix_spawn_file_actions_adddup2(&fa, in, 0);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&fa, out, 1);
	if (posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ) != 0)
		die("posix_spawnp");
	posix_spawn_file_actions_destroy(&fa);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return pid;
}

static void await(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
}

static void run_one(char **argv)
{
	char *cat[] = { (char *)"cat", NULL };
	int between[2] = { -1, -1 }, ends[2] = { -1, -1 };
	pid_t first, last = -1;

	if (captured)
		make_pipe(ends);
	if (is_piped) {
		make_pipe(between);
		first = start(argv, -1, between[1]);
		last = start(cat, between[0], ends[1]);
	} else {
		first = start(argv, -1, ends[1]);
	}
	if (captured)
		capture(ends[0]);
	await(first);
	if (last >= 0)
		await(last);
}

static void *loop(void *arg)
{
	char number[32];
	char *program_argv[] = { (char *)program, number, NULL };
	char *shell_argv[] = { shell, (char *)"-c", NULL, NULL };
	long i;

	(void)arg;
	while ((i = atomic_fetch_add(&next, 1)) < count) {
		if (shell) {
			shell_argv[2] = lines[i];
			run_one(shell_argv);
			continue;
		}
		snprintf(number, sizeof(number), "%ld", i + 1);
		run_one(program_argv);
	}
	return NULL;
}

static void read_lines(void)
{
	size_t room;
	ssize_t n;

	lines = calloc((size_t)count, sizeof(*lines));
	if (!lines)
		die("limit");
	for (long i = 0; i < count; i++) {
		room = 0;
		n = getline(&lines[i], &room, stdin);
		if (n < 1)
			die("limit: too few lines");
		lines[i][n - 1] = '\0';
	}
}

static void choose(char *mode)
{
	captured = strcmp(mode, "true") != 0;
	is_piped = strcmp(mode, "pipe") == 0;
	if (mode[0] == '/') {
		shell = mode;
		read_lines();
	} else {
		program = captured ? "/bin/echo" : "/bin/true";
	}
}

int main(int argc, char **argv)
{
	pthread_t thread[THREADS_MAX];
	int threads;

	if (argc != 4 || (threads = atoi(argv[2])) < 1 ||
	    threads > THREADS_MAX || (count = atol(argv[3])) < 1) {
		fprintf(stderr, "usage: limit true|echo|pipe|SHELL "
			"THREADS COUNT\n");
		return 2;
	}
	choose(argv[1]);
	for (int i = 0; i < threads; i++) {
		if (pthread_create(&thread[i], NULL, loop, NULL) != 0)
			die("pthread_create");
	}
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	for (long i = 0; lines && i < count; i++)
		free(lines[i]);
	free(lines);
	return 0;
}
