/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * job.c - small jobs whose one line of output shows that they got all of it.
 *
 * Usage: job sum NUMBER...   prints the sum of its arguments
 *        job hash            prints a hash of its standard input
 *        job lines           prints the sum of the hashes of its lines, which
 *                            have 16 bytes each: the same in any order, and
 *                            of several jobs as of one
 * A line is written in one go, so that lines stay whole where nobody captures
 * them; reading is as cat does it, but in full pieces.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK	((size_t)128 << 10)
#define LINE	16

static uint64_t mix(uint64_t a, uint64_t b)
{
	a = (a ^ UINT64_C(0x9e3779b97f4a7c15)) *
	    (b | UINT64_C(0x8000000000000001));
	return a ^ a >> 29;
}

/* As much as there is, up to a chunk. */
static ssize_t fill(char *to)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(0, to + len, CHUNK - len);
		if (n < 0)
			return -1;
		len += (size_t)n;
	} while (n && len < CHUNK);
	return (ssize_t)len;
}

/* Of the lines of one chunk, a torn one, too; of their places times step. */
static uint64_t sum_up(char *data, size_t len, size_t step)
{
	uint64_t sum = 0;
	uint64_t word[2];

	memset(data + len, 0, LINE);
	for (size_t i = 0; i < len; i += LINE) {
		memcpy(word, data + i, sizeof(word));
		sum += mix(word[0] + i * step, word[1]);
	}
	return sum;
}

static int hash_input(bool in_order, unsigned long long *hash)
{
	static char data[CHUNK + LINE];
	uint64_t all = 0;
	ssize_t n;

	while ((n = fill(data)) > 0) {
		uint64_t sum = sum_up(data, (size_t)n, in_order);

		all = in_order ? mix(all, sum) : all + sum;
	}
	*hash = all;
	return n < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	unsigned long long sum = 0;

	if (argc > 1 && strcmp(argv[1], "sum") == 0) {
		for (int i = 2; i < argc; i++)
			sum += strtoull(argv[i], NULL, 10);
	} else if (argc == 2 && (strcmp(argv[1], "hash") == 0 ||
				 strcmp(argv[1], "lines") == 0)) {
		if (hash_input(argv[1][0] == 'h', &sum) < 0)
			return 1;
	} else {
		fprintf(stderr, "usage: job sum NUMBER... | job hash|lines\n");
		return 2;
	}
	return printf("%llu\n", sum) < 0 || fflush(stdout) != 0;
}
