/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limit.c - the cost of the work itself: THREADS threads that do nothing but
 * posix_spawnp and waitpid, COUNT times in all.
 *
 * Usage: limit true|echo|shell THREADS COUNT
 *   true   /bin/true N, output not captured
 *   echo   /bin/echo N, output captured through a pipe, written in one go
 *   shell  sh -c 'echo N', captured likewise
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

static const char *mode;
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

static void run_one(char **argv, int captured)
{
	posix_spawn_file_actions_t fa;
	int ends[2] = { -1, -1 };
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&fa);
	if (captured) {
		if (pipe2(ends, O_CLOEXEC) < 0)
			die("pipe2");
		posix_spawn_file_actions_adddup2(&fa, ends[1], 1);
	}
	if (posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ) != 0)
		die("posix_spawnp");
	posix_spawn_file_actions_destroy(&fa);
	if (captured) {
		close(ends[1]);
		capture(ends[0]);
	}
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
}

static void *loop(void *arg)
{
	char number[64];
	char *prog_argv[] = { NULL, number, NULL };
	char *shell_argv[] = { (char *)"sh", (char *)"-c", number, NULL };
	long i;

	(void)arg;
	while ((i = atomic_fetch_add(&next, 1)) < count) {
		if (mode[0] == 's') {
			snprintf(number, sizeof(number), "echo %ld", i + 1);
			run_one(shell_argv, 1);
			continue;
		}
		snprintf(number, sizeof(number), "%ld", i + 1);
		prog_argv[0] = (char *)(mode[0] == 't' ? "/bin/true"
						       : "/bin/echo");
		run_one(prog_argv, mode[0] == 'e');
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread[64];
	int threads;

	if (argc != 4 || (threads = atoi(argv[2])) < 1 || threads > 64) {
		fprintf(stderr, "usage: limit true|echo|shell THREADS COUNT\n");
		return 2;
	}
	mode = argv[1];
	count = atol(argv[3]);
	for (int i = 0; i < threads; i++) {
		if (pthread_create(&thread[i], NULL, loop, NULL) != 0)
			die("pthread_create");
	}
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	return 0;
}
