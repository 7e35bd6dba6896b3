/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spawners.c - would more than one process start processes faster?
 *
 * Usage: spawners [-n STARTS] [-r ROUNDS] [-t N,...]
 *
 * N threads of one process against N processes of one thread each: STARTS
 * times (20000) two pipes, a child that ends at once, its end, and the four
 * descriptors closed, as a job costs muster but for the exec. What threads of
 * one process share, and processes do not, is the address space, the table of
 * descriptors and the locks of both. Interleaved rounds (7), medians; prints
 * Markdown.
 */
#include <config.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX	256
#define COUNTS_MAX	16
#define ROUNDS_MAX	101

/* For all processes of a run. */
struct shared {
	atomic_long left;
	atomic_uint ready;
	atomic_bool go;
};

static struct shared *shared;

static long starts = 20000;
static unsigned rounds = 7;
static unsigned count[COUNTS_MAX] = { 1, 2, 16, 64 };
static unsigned ncounts = 4;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void start_one(void)
{
	int out[2], err[2];
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		die("pipe2");
	pid = vfork();
	if (pid == 0)
		_exit(0);
	close(out[1]);
	close(err[1]);
	if (pid < 0 || waitpid(pid, NULL, 0) < 0)
		die("vfork");
	close(out[0]);
	close(err[0]);
}

static void *loop(void *arg)
{
	atomic_fetch_add(&shared->ready, 1);
	while (!atomic_load(&shared->go))
		usleep(100);
	while (atomic_fetch_sub(&shared->left, 1) > 0)
		start_one();
	return arg;
}

static void spawner(unsigned threads)
{
	pthread_t thread[THREADS_MAX];

	for (unsigned i = 0; i < threads; i++) {
		if (pthread_create(&thread[i], NULL, loop, NULL) != 0)
			die("pthread_create");
	}
	for (unsigned i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	_exit(0);
}

/* Microseconds a start, by the clock. */
static double race(unsigned processes, unsigned threads)
{
	struct timespec from, to;

	atomic_store(&shared->left, starts);
	atomic_store(&shared->ready, 0);
	atomic_store(&shared->go, false);
	for (unsigned i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0)
			spawner(threads);
	}
	while (atomic_load(&shared->ready) < processes * threads)
		usleep(100);
	clock_gettime(CLOCK_MONOTONIC, &from);
	atomic_store(&shared->go, true);
	while (wait(NULL) > 0)
		;
	clock_gettime(CLOCK_MONOTONIC, &to);
	return ((double)(to.tv_sec - from.tv_sec) * 1e6 +
		(double)(to.tv_nsec - from.tv_nsec) / 1e3) / (double)starts;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *x)
{
	qsort(x, rounds, sizeof(*x), by_size);
	return x[rounds / 2];
}

static void row(unsigned n)
{
	double one[ROUNDS_MAX], many[ROUNDS_MAX], ratio[ROUNDS_MAX];

	for (unsigned i = 0; i < rounds; i++) {
		one[i] = race(1, n);
		many[i] = race(n, 1);
		ratio[i] = many[i] / one[i];
	}
	printf("| %u | %.1f | %.1f | %.2f |\n", n, median(one), median(many),
	       median(ratio));
	fflush(stdout);
}

static int usage(void)
{
	fprintf(stderr, "usage: spawners [-n STARTS] [-r ROUNDS] [-t N,...]\n");
	return 2;
}

static int read_counts(char *list)
{
	ncounts = 0;
	for (char *p = strtok(list, ","); p; p = strtok(NULL, ",")) {
		unsigned long n = strtoul(p, NULL, 10);

		if (n < 1 || n > THREADS_MAX || ncounts == COUNTS_MAX)
			return -1;
		count[ncounts++] = (unsigned)n;
	}
	return ncounts ? 0 : -1;
}

int main(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "n:r:t:")) >= 0) {
		if (c == 'n')
			starts = atol(optarg);
		else if (c == 'r')
			rounds = (unsigned)atoi(optarg);
		else if (c != 't' || read_counts(optarg) < 0)
			return usage();
	}
	if (optind < argc || starts < 1 || rounds < 1 || rounds > ROUNDS_MAX)
		return usage();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	printf("| at once | threads of one process, us | processes, us "
	       "| ratio |\n| ---: | ---: | ---: | ---: |\n");
	for (unsigned i = 0; i < ncounts; i++)
		row(count[i]);
	return 0;
}
