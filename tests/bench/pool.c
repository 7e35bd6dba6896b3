/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool.c - races pools of threads with small jobs, interleaved: A B A B ...
 *
 * Usage: pool [-j JOBS] [-r ROUNDS] [-q CAPACITY] [-t N,...] [-w WORK,...]
 *	       [-e NAME,...]
 *
 * For each work, number of threads and pool the jobs are run ROUNDS times, in
 * a process of its own each time, and it is checked that each job was run once.
 * Prints Markdown: jobs per second (medians) and their ratio to the first
 * pool's; CPU time and sleeps per job; and how evenly the jobs fell to the
 * threads. Status 1 when a result was wrong.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/thread.h"
#include "load.h"

#define ROUNDS_MAX	101
#define THREADS_MAX	16
#define ENTRANTS_MAX	8

extern const struct entrant pool_bare, pool_shared, pool_stealing, pool_glib,
	pool_uv;

static const struct entrant *const all[] = {
	&pool_bare, &pool_shared, &pool_stealing, &pool_glib, &pool_uv,
};

static const struct work {
	const char *name;
	const char *title;
	enum load_work work;
	int64_t ns;
	unsigned share;		/* of the jobs, per cent: longer ones, fewer */
} works[] = {
	{ "nothing", "no-op jobs", LOAD_NOTHING, 0, 100 },
	{ "1us", "1 us of arithmetic", LOAD_SPIN, 1000, 100 },
	{ "20us", "20 us of arithmetic", LOAD_SPIN, 20000, 20 },
	{ "lock", "all jobs touch one mutex", LOAD_LOCK, 0, 100 },
};

/* What the process of a race leaves. */
struct result {
	bool is_right;
	double seconds;
	double cpu_us;		/* per job */
	double sleeps;		/* per job */
	double least;		/* jobs on the worker with the fewest, and the
				   most, as a share of the mean */
	double most;
};

static struct {
	size_t jobs;
	unsigned rounds;
	size_t capacity;
	unsigned threads[THREADS_MAX];
	unsigned nthreads;
	const char *works;
	const char *entrants;
	const struct entrant *entrant[ENTRANTS_MAX];
	unsigned n;
} opt = {
	.jobs = 200000, .rounds = 5, .capacity = 1024,
	.threads = { 1, 2, 4, 8, 16, 32, 64 }, .nthreads = 7,
};

static bool any_wrong;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* One race, in a process of its own. */

static void judge(const struct load *l, struct result *r)
{
	double mean = (double)l->jobs / l->threads;
	uint64_t least = UINT64_MAX, most = 0;

	for (unsigned i = 0; i < l->threads; i++) {
		if (l->lanes[i].jobs < least)
			least = l->lanes[i].jobs;
		if (l->lanes[i].jobs > most)
			most = l->lanes[i].jobs;
	}
	r->seconds = (double)(l->end_ns - l->begin_ns) / 1e9;
	r->cpu_us = (double)l->cpu_ns / 1e3 / (double)l->jobs;
	r->sleeps = (double)l->switches / (double)l->jobs;
	r->least = (double)least / mean;
	r->most = (double)most / mean;
	r->is_right = load_is_right(l);
}

static void race(const struct entrant *e, const struct work *w,
		 uint64_t spins, unsigned threads, struct result *r)
{
	static struct load l;

	l.jobs = opt.jobs * w->share / 100;
	l.threads = threads;
	l.capacity = opt.capacity;
	l.work = w->work;
	l.spins = spins;
	thread_setup();
	load_init(&l);
	e->race(&l);
	judge(&l, r);
	load_release(&l);
}

static struct result *shared;

static struct result race_apart(const struct entrant *e, const struct work *w,
				uint64_t spins, unsigned threads)
{
	int status;
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		race(e, w, spins, threads, shared);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	if (status != 0)
		shared->is_right = false;
	return *shared;
}

/* Medians. */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(const struct result *r, size_t member)
{
	double v[ROUNDS_MAX];

	for (unsigned i = 0; i < opt.rounds; i++)
		memcpy(&v[i], (const char *)&r[i] + member, sizeof(v[i]));
	qsort(v, opt.rounds, sizeof(v[0]), by_value);
	return v[opt.rounds / 2];
}

#define MEDIAN(r, member) median((r), offsetof(struct result, member))

static struct result medians(const struct result *r)
{
	struct result m = { .is_right = true };

	for (unsigned i = 0; i < opt.rounds; i++)
		m.is_right = m.is_right && r[i].is_right;
	m.seconds = MEDIAN(r, seconds);
	m.cpu_us = MEDIAN(r, cpu_us);
	m.sleeps = MEDIAN(r, sleeps);
	m.least = MEDIAN(r, least);
	m.most = MEDIAN(r, most);
	return m;
}

/* The tables. */

static struct result table[THREADS_MAX][ENTRANTS_MAX];

static void run_work(const struct work *w)
{
	static struct result r[ENTRANTS_MAX][ROUNDS_MAX];
	uint64_t spins = w->ns ? load_spins(w->ns) : 0;

	for (unsigned t = 0; t < opt.nthreads; t++) {
		for (unsigned round = 0; round < opt.rounds; round++) {
			for (unsigned i = 0; i < opt.n; i++)
				r[i][round] = race_apart(opt.entrant[i], w,
							 spins,
							 opt.threads[t]);
		}
		for (unsigned i = 0; i < opt.n; i++)
			table[t][i] = medians(r[i]);
	}
}

static void print_rate(unsigned t, unsigned i, double jobs)
{
	const struct result *m = &table[t][i];

	any_wrong |= !m->is_right;
	printf(" %.0f (%.2f)%s |", jobs / m->seconds,
	       table[t][0].seconds / m->seconds,
	       m->is_right ? "" : " WRONG");
}

static void print_cost(unsigned t, unsigned i, double jobs)
{
	(void)jobs;
	printf(" %.2f us, %.2f |", table[t][i].cpu_us, table[t][i].sleeps);
}

static void print_spread(unsigned t, unsigned i, double jobs)
{
	(void)jobs;
	printf(" %.2f-%.2f |", table[t][i].least, table[t][i].most);
}

static void print_table(const char *title, double jobs,
			void (*cell)(unsigned t, unsigned i, double jobs))
{
	printf("\n%s\n\n| threads |", title);
	for (unsigned i = 0; i < opt.n; i++)
		printf(" %s |", opt.entrant[i]->name);
	printf("\n| ---: |");
	for (unsigned i = 0; i < opt.n; i++)
		printf(" ---: |");
	putchar('\n');
	for (unsigned t = 0; t < opt.nthreads; t++) {
		printf("| %u |", opt.threads[t]);
		for (unsigned i = 0; i < opt.n; i++)
			cell(t, i, jobs);
		putchar('\n');
	}
}

static void print_work(const struct work *w)
{
	size_t jobs = opt.jobs * w->share / 100;

	printf("\n### %s, %zu of them\n", w->title, jobs);
	print_table("Jobs per second (ratio to the first column):",
		    (double)jobs, print_rate);
	print_table("CPU time per job, and times a thread slept per job:",
		    (double)jobs, print_cost);
	print_table("Fewest and most jobs on one thread, as a share of the "
		    "mean:",
		    (double)jobs, print_spread);
	fflush(stdout);
}

/* The command line. */

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	if (!list)
		return true;
	for (const char *p = list;; p++) {
		if (strncmp(p, word, n) == 0 && (p[n] == ',' || p[n] == '\0'))
			return true;
		p = strchr(p, ',');
		if (!p)
			return false;
	}
}

static void set_threads(const char *list)
{
	char *end;

	opt.nthreads = 0;
	for (;;) {
		unsigned long n = strtoul(list, &end, 10);

		if (n < 1 || n > LOAD_WORKERS_MAX ||
		    opt.nthreads == THREADS_MAX) {
			fprintf(stderr, "pool: -t: 1 to %u, at most %u of "
				"them\n", LOAD_WORKERS_MAX, THREADS_MAX);
			exit(2);
		}
		opt.threads[opt.nthreads++] = (unsigned)n;
		if (*end != ',')
			return;
		list = end + 1;
	}
}

static void parse(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "j:r:q:t:w:e:")) != -1) {
		switch (c) {
		case 'j':
			opt.jobs = strtoul(optarg, NULL, 10);
			break;
		case 'r':
			opt.rounds = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'q':
			opt.capacity = strtoul(optarg, NULL, 10);
			break;
		case 't':
			set_threads(optarg);
			break;
		case 'w':
			opt.works = optarg;
			break;
		case 'e':
			opt.entrants = optarg;
			break;
		default:
			exit(2);
		}
	}
	if (opt.jobs < 100 || opt.rounds < 1 || opt.rounds > ROUNDS_MAX ||
	    opt.capacity < 1 || optind < argc) {
		fprintf(stderr, "usage: pool [-j JOBS] [-r ROUNDS] "
			"[-q CAPACITY] [-t N,...] [-w WORK,...] "
			"[-e NAME,...]\n");
		exit(2);
	}
}

static void choose_entrants(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (!has_word(opt.entrants, all[i]->name))
			continue;
		if (all[i]->why_not)
			printf("left out: %s: %s\n", all[i]->name,
			       all[i]->why_not);
		else
			opt.entrant[opt.n++] = all[i];
	}
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	choose_entrants();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	printf("%ld CPUs; medians of %u interleaved rounds; queues that have "
	       "a bound: %zu jobs.\n", sysconf(_SC_NPROCESSORS_ONLN),
	       opt.rounds, opt.capacity);
	for (size_t i = 0; i < ARRAY_SIZE(works); i++) {
		if (!has_word(opt.works, works[i].name))
			continue;
		run_work(&works[i]);
		print_work(&works[i]);
	}
	return any_wrong;
}
