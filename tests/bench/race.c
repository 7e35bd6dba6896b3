/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * race.c - times commands against each other, interleaved: A B C A B C ...
 *
 * Usage: race ROUNDS EXPECT NAME=COMMAND...
 * Each COMMAND is run by sh -c with standard output into a file; its sorted
 * lines must have the sum EXPECT ("lines:sum of the numbers on them"; "-":
 * not looked at), else the row says WRONG and the status is 1. One round
 * before the first is not counted. Prints for each NAME the median in
 * seconds and its ratio to the first NAME's, TAB-separated.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 101
#define ENTRANTS_MAX 16

static char out_path[] = "/tmp/muster-race-XXXXXX";

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int run(const char *command, double *seconds)
{
	double start = now();
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(out_path, O_WRONLY | O_TRUNC);

		if (fd < 0 || dup2(fd, 1) < 0)
			_exit(126);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	*seconds = now() - start;
	return status;
}

static int is_as_expected(const char *expect)
{
	char line[256], got[64];
	unsigned long long lines = 0, sum = 0;
	FILE *f;

	if (strcmp(expect, "-") == 0)
		return 1;
	f = fopen(out_path, "r");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		lines++;
		sum += strtoull(line, NULL, 10);
	}
	fclose(f);
	snprintf(got, sizeof(got), "%llu:%llu", lines, sum);
	return strcmp(got, expect) == 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	static double times[ENTRANTS_MAX][ROUNDS_MAX];
	int wrong[ENTRANTS_MAX] = { 0 };
	int rounds = argc > 3 ? atoi(argv[1]) : 0;
	int n = argc - 3;
	int any_wrong = 0;
	int fd;

	if (rounds < 1 || rounds > ROUNDS_MAX || n < 1 || n > ENTRANTS_MAX) {
		fprintf(stderr, "usage: race ROUNDS EXPECT NAME=COMMAND...\n");
		return 2;
	}
	fd = mkstemp(out_path);
	if (fd < 0) {
		perror(out_path);
		return 2;
	}
	close(fd);
	for (int round = -1; round < rounds; round++) {
		for (int i = 0; i < n; i++) {
			const char *command = strchr(argv[3 + i], '=');
			double t = 0;

			if (!command || run(command + 1, &t) != 0 ||
			    !is_as_expected(argv[2]))
				wrong[i] = 1;
			if (round >= 0)
				times[i][round] = t;
		}
	}
	unlink(out_path);
	for (int i = 0; i < n; i++) {
		qsort(times[i], (size_t)rounds, sizeof(double), by_value);
		printf("%.*s\t%.3f\t%.2f%s\n",
		       (int)strcspn(argv[3 + i], "="), argv[3 + i],
		       times[i][rounds / 2],
		       times[i][rounds / 2] / times[0][rounds / 2],
		       wrong[i] ? "\tWRONG" : "");
		any_wrong |= wrong[i];
	}
	return any_wrong;
}
