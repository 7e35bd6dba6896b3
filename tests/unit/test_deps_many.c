/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_deps_many.c - 100,000 jobs that wait for others: bounded steps, bounded
 * memory, a worker's stack.
 */
#include <config.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/thread.h"
#include "sched/deps.h"
#include "sched/job.h"
#include "tap.h"

#if defined(__SANITIZE_ADDRESS__)
/* Of sanitizer/allocator_interface.h, which not every gcc comes with. */
size_t __sanitizer_get_current_allocated_bytes(void);
#endif

/* Numerical Recipes' generator: the same run on every machine. */
static unsigned draw(unsigned *seed, unsigned below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

static struct job *make_job(unsigned seq)
{
	char *values[] = { (char *)"true" };
	size_t lens[] = { 4 };

	return job_new(seq, values, lens, 1);
}

static const char *make_id(struct job *job, unsigned n)
{
	char id[16];

	snprintf(id, sizeof(id), "t%u", n);
	return arena_strdup(&job->arena, id);
}

#define MANY		100000u

struct shape {
	const char *name;
	/* Writes down which jobs the i-th of n waits for; how many. */
	unsigned (*deps)(unsigned i, unsigned n, unsigned *of);
	unsigned edges_per_job;	/* at most, on average */
};

static unsigned chain(unsigned i, unsigned n, unsigned *of)
{
	(void)n;
	of[0] = i - 1;
	return i > 0;
}

/* Each waits for the one behind it: all wait until the last has come. */
static unsigned backwards(unsigned i, unsigned n, unsigned *of)
{
	of[0] = i + 1;
	return i + 1 < n;
}

static unsigned fan_out(unsigned i, unsigned n, unsigned *of)
{
	(void)n;
	of[0] = 0;
	return i > 0;
}

/* The last waits for all others. */
static unsigned fan_in(unsigned i, unsigned n, unsigned *of)
{
	for (unsigned k = 0; i + 1 == n && k < i; k++)
		of[k] = k;
	return i + 1 == n ? i : 0;
}

static unsigned at_random(unsigned i, unsigned n, unsigned *of)
{
	unsigned seed = i * 2654435761u;
	unsigned k = draw(&seed, 3);

	(void)n;
	for (unsigned j = 0; i > 0 && j < k; j++)
		of[j] = draw(&seed, i);
	return i > 0 ? k : 0;
}

static const struct shape shapes[] = {
	{ "chain", chain, 1 },
	{ "backwards", backwards, 1 },
	{ "fan out", fan_out, 1 },
	{ "fan in", fan_in, 1 },
	{ "random", at_random, 1 },
};

/* How many bytes are allocated; under valgrind, which has no such number, 0
 * or a number that stays. */
static size_t allocated(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return __sanitizer_get_current_allocated_bytes();
#else
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
#endif
}

struct cost {
	uint64_t steps;
	size_t kept_bytes;	/* when all had come, less the jobs' own */
	size_t left_bytes;	/* when all were over */
	unsigned run;
	unsigned skipped;
};

struct large {
	const struct shape *shape;
	unsigned n;
	bool fails;		/* the first to run does */
	struct cost cost;
};

static struct job *make_large(const struct large *l, unsigned i, unsigned *of)
{
	struct job *job = make_job(i + 1);
	unsigned n = l->shape->deps(i, l->n, of);
	struct job_dep *deps = arena_alloc(&job->arena, n * sizeof(*deps));

	job->id = make_id(job, i);
	for (unsigned k = 0; k < n; k++) {
		deps[k].id = make_id(job, of[k]);
		deps[k].when = JOB_AFTER_SUCCESS;
	}
	job->deps = deps;
	job->ndeps = n;
	return job;
}

static void end_all(struct large *l, struct deps *d, struct list *ready)
{
	struct list skipped = LIST_INIT(skipped);
	struct list *pos;

	while ((pos = list_take_first(ready))) {
		struct job *job = container_of(pos, struct job, link);
		bool has_failed = l->fails && l->cost.run == 0;

		l->cost.run++;
		deps_end(d, job, !has_failed, ready, &skipped);
		job_free(job);
		while ((pos = list_take_first(&skipped))) {
			l->cost.skipped++;
			job_free(container_of(pos, struct job, link));
		}
	}
}

/* For a thread: a worker's stack is all that there is. */
static void *run_large(void *arg)
{
	struct large *l = arg;
	struct deps *d = deps_new();
	struct list ready = LIST_INIT(ready);
	unsigned *of = xcalloc(l->n, sizeof(*of));
	struct job **jobs = xcalloc(l->n, sizeof(struct job *));
	size_t before;

	for (unsigned i = 0; i < l->n; i++)
		jobs[i] = make_large(l, i, of);
	before = allocated();
	for (unsigned i = 0; i < l->n; i++) {
		if (deps_add(d, jobs[i]) == DEPS_READY)
			list_append(&ready, &jobs[i]->link);
	}
	free(jobs);
	free(of);
	l->cost.kept_bytes = allocated() - before + l->n *
			     (sizeof(struct job *) + sizeof(*of));
	end_all(l, d, &ready);
	CHECK_INT(deps_len(d), 0);
	l->cost.steps = deps_steps(d);
	before = allocated();
	deps_free(d);
	l->cost.left_bytes = before - allocated();
	return NULL;
}

static struct cost measure(const struct shape *shape, unsigned n, bool fails)
{
	struct large l = { .shape = shape, .n = n, .fails = fails };
	struct thread t;

	if (CHECK(thread_start(&t, 0, run_large, &l) == 0))
		thread_join(&t);
	return l.cost;
}

static void report(const struct shape *shape, const struct cost *c)
{
	printf("# %s: %.2f steps, %.0f bytes kept, %.0f left a job\n",
	       shape->name, (double)c->steps / MANY,
	       (double)c->kept_bytes / MANY, (double)c->left_bytes / MANY);
}

static void large_graphs(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct shape *shape = &shapes[i];
		struct cost half = measure(shape, MANY / 2, false);
		struct cost whole = measure(shape, MANY, false);
		unsigned parts = 1 + shape->edges_per_job;

		report(shape, &whole);
		CHECK_INT(whole.run, MANY);
		CHECK_INT(whole.skipped, 0);
		/* An id is put once and moved about twice; found in three
		 * steps at most, on average; an edge is decided and left. */
		CHECK(whole.steps < (uint64_t)MANY * 6 * parts);
		CHECK(whole.steps < half.steps * 9 / 4);
		CHECK(whole.kept_bytes < (size_t)MANY * 128 * parts);
		CHECK(whole.kept_bytes < half.kept_bytes * 9 / 4 + 65536);
		CHECK(whole.left_bytes < (size_t)MANY * 128);
	}
}

static void large_skips(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct shape *shape = &shapes[i];
		struct cost half = measure(shape, MANY / 2, true);
		struct cost whole = measure(shape, MANY, true);

		CHECK_INT(whole.run + whole.skipped, MANY);
		if (shape->deps == chain || shape->deps == backwards ||
		    shape->deps == fan_out)
			CHECK_INT(whole.run, 1);
		if (shape->deps == fan_in)
			CHECK_INT(whole.skipped, 1);
		CHECK(whole.steps < half.steps * 9 / 4);
		CHECK(whole.steps < (uint64_t)MANY * 7 *
				    (1 + shape->edges_per_job));
	}
}

/* Large circles. */

static unsigned one_circle(unsigned i, unsigned n, unsigned *of)
{
	of[0] = (i + 1) % n;
	return 1;
}

/* The first and each other one wait for each other. */
static unsigned wheel(unsigned i, unsigned n, unsigned *of)
{
	for (unsigned k = 0; i == 0 && k + 1 < n; k++)
		of[k] = k + 1;
	of[i ? 0 : n - 1] = 0;
	return i ? 1 : n - 1;
}

static unsigned pairs(unsigned i, unsigned n, unsigned *of)
{
	(void)n;
	of[0] = i ^ 1;
	return 1;
}

/* As in a chain, but its first waits for what nobody is. */
static unsigned unknown(unsigned i, unsigned n, unsigned *of)
{
	of[0] = i > 0 ? i - 1 : n;
	return 1;
}

struct end {
	unsigned stuck;
	unsigned full;		/* whole cycles that were told */
	unsigned skipped;
	uint64_t steps;
};

struct closing {
	struct large large;
	struct end end;
};

static void *run_closing(void *arg)
{
	struct closing *c = arg;
	struct large *l = &c->large;
	struct deps *d = deps_new();
	struct list stuck = LIST_INIT(stuck);
	struct list ready = LIST_INIT(ready);
	struct list skipped = LIST_INIT(skipped);
	unsigned *of = xcalloc(l->n, sizeof(*of));
	struct list *pos;

	for (unsigned i = 0; i < l->n; i++)
		CHECK_INT(deps_add(d, make_large(l, i, of)),
			  DEPS_WAITS);
	free(of);
	deps_close(d, false, &stuck, &ready, &skipped);
	CHECK_INT(deps_len(d), 0);
	CHECK(list_is_empty(&ready));
	while ((pos = list_take_first(&stuck))) {
		struct job *job = container_of(pos, struct job, link);

		c->end.stuck++;
		c->end.full += strncmp(job->message, "these", 5) == 0;
		job_free(job);
	}
	while ((pos = list_take_first(&skipped))) {
		c->end.skipped++;
		job_free(container_of(pos, struct job, link));
	}
	c->end.steps = deps_steps(d);
	deps_free(d);
	return NULL;
}

static struct end measure_end(const struct shape *shape, unsigned n)
{
	struct closing c = { .large = { .shape = shape, .n = n } };
	struct thread t;

	if (CHECK(thread_start(&t, 0, run_closing, &c) == 0))
		thread_join(&t);
	return c.end;
}

static void large_circles(void)
{
	static const struct {
		struct shape shape;
		struct end want;
	} circles[] = {
		{ { "circle", one_circle, 1 }, { MANY, 1, 0, 0 } },
		{ { "wheel", wheel, 2 }, { MANY, 1, 0, 0 } },
		{ { "pairs", pairs, 1 }, { MANY, MANY / 2, 0, 0 } },
		{ { "unknown", unknown, 1 }, { 1, 0, MANY - 1, 0 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(circles); i++) {
		const struct shape *shape = &circles[i].shape;
		struct end half = measure_end(shape, MANY / 2);
		struct end whole = measure_end(shape, MANY);

		CHECK_INT(whole.stuck, circles[i].want.stuck);
		CHECK_INT(whole.full, circles[i].want.full);
		CHECK_INT(whole.skipped, circles[i].want.skipped);
		CHECK(whole.steps < half.steps * 9 / 4);
		CHECK(whole.steps < (uint64_t)MANY * 9 *
				    (1 + shape->edges_per_job));
	}
}

static const struct tap_case cases[] = {
	{ "large graphs: steps and memory are linear, no recursion",
	  large_graphs },
	{ "large graphs behind a failed job", large_skips },
	{ "large circles at the end of input", large_circles },
};
TAP_MAIN(cases)
