/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ended.c - ended FILE CMD ARG...: runs CMD and tells in FILE what a shell
 * does not: on the first line its process id, on the second, once it has
 * ended, "exit STATUS" or "signal NUMBER".
 */
#include <config.h>

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	FILE *file = argc > 2 ? fopen(argv[1], "we") : NULL;
	int status;
	pid_t pid;

	if (!file) {
		fprintf(stderr, "usage: ended FILE CMD ARG...\n");
		return 125;
	}
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	if (pid < 0) {
		perror("fork");
		return 125;
	}
	fprintf(file, "%ld\n", (long)pid);
	fflush(file);
	if (waitpid(pid, &status, 0) != pid) {
		perror("waitpid");
		return 125;
	}
	if (WIFSIGNALED(status))
		fprintf(file, "signal %d\n", WTERMSIG(status));
	else
		fprintf(file, "exit %d\n", WEXITSTATUS(status));
	return fclose(file) == 0 ? 0 : 125;
}
