/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * job.c - small jobs whose one line of output shows that they got all of it.
 *
 * Usage: job sum NUMBER...   prints the sum of its arguments
 *        job count           prints how many bytes its standard input had
 * A line is written in one go, so that lines stay whole where nobody captures
 * them; reading is as cat does it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char data[128 * 1024];
	unsigned long long sum = 0;
	ssize_t n;

	if (argc > 1 && strcmp(argv[1], "sum") == 0) {
		for (int i = 2; i < argc; i++)
			sum += strtoull(argv[i], NULL, 10);
	} else if (argc == 2 && strcmp(argv[1], "count") == 0) {
		while ((n = read(0, data, sizeof(data))) > 0)
			sum += (unsigned long long)n;
		if (n < 0)
			return 1;
	} else {
		fprintf(stderr, "usage: job sum NUMBER... | job count\n");
		return 2;
	}
	return printf("%llu\n", sum) < 0 || fflush(stdout) != 0;
}
