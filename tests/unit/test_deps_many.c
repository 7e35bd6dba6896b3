/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_deps_many.c - thousands of small graphs against a plain model, and
 * large ones in bounded steps.
 *
 * The model knows every job's conditions and the state of every id, and looks
 * at all of them again after each event until nothing changes; circles it
 * finds by the transitive closure.
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

/* Small graphs. */

#define SMALL_MAX	10	/* jobs */
#define DEPS_MAX	4
#define NIDS		(SMALL_MAX + 2)	/* ids may be nobody's */
#define NO_ID		NIDS

enum state { UNSEEN, KEPT, RUNNING, GOOD, BAD };

struct model_job {
	unsigned id;
	unsigned ndeps;
	unsigned ids[DEPS_MAX];
	enum job_after when[DEPS_MAX];
	enum state state;
	struct job *job;	/* while it is kept or running */
};

struct model {
	struct model_job jobs[SMALL_MAX];
	unsigned n;
	unsigned come;		/* jobs that have been added */
	enum state ids[NIDS];
	bool reaches[SMALL_MAX][SMALL_MAX];
	struct deps *d;
	struct list ready;
	struct list skipped;
	struct list stuck;
	unsigned seed;
};

static void draw_graph(struct model *m)
{
	m->n = 1 + draw(&m->seed, SMALL_MAX);
	for (unsigned i = 0; i < m->n; i++) {
		struct model_job *j = &m->jobs[i];

		j->id = draw(&m->seed, 8) ? i : NO_ID;
		/* Now and then one that another one has. */
		if (draw(&m->seed, 40) == 0)
			j->id = draw(&m->seed, m->n);
		if (draw(&m->seed, 3))
			j->ndeps = draw(&m->seed, DEPS_MAX + 1);
		for (unsigned k = 0; k < j->ndeps; k++) {
			/* Mostly earlier ones, so that not all are stuck. */
			j->ids[k] = draw(&m->seed, draw(&m->seed, 4) && i ?
					 i : m->n + 1);
			j->when[k] = (enum job_after)draw(&m->seed, 3);
		}
	}
}

static bool model_is_over(enum state s)
{
	return s == GOOD || s == BAD;
}

static bool model_is_false(const struct model *m, const struct model_job *j,
			   unsigned k)
{
	switch (j->when[k]) {
	case JOB_AFTER_SUCCESS:
		return m->ids[j->ids[k]] == BAD;
	case JOB_AFTER_END:
		return false;
	case JOB_AFTER_FAILURE:
		return m->ids[j->ids[k]] == GOOD;
	}
	return false;
}

static enum state model_judge(const struct model *m, const struct model_job *j)
{
	enum state s = RUNNING;

	for (unsigned k = 0; k < j->ndeps; k++) {
		if (model_is_false(m, j, k))
			return BAD;
		if (!model_is_over(m->ids[j->ids[k]]))
			s = KEPT;
	}
	return s;
}

static void model_set(struct model *m, struct model_job *j, enum state s)
{
	j->state = s;
	if (j->id != NO_ID)
		m->ids[j->id] = s;
}

/* Until nothing changes. */
static void model_settle(struct model *m)
{
	bool changed;

	do {
		changed = false;
		for (unsigned i = 0; i < m->n; i++) {
			struct model_job *j = &m->jobs[i];
			enum state s;

			if (j->state != KEPT)
				continue;
			s = model_judge(m, j);
			if (s == KEPT)
				continue;
			model_set(m, j, s);
			changed = true;
		}
	} while (changed);
}

/* The model's job of job. */
static struct model_job *model_of(struct model *m, const struct job *job)
{
	return &m->jobs[job->seq - 1];
}

/* Jobs that are BAD are freed by whoever took them off a list. */
static void check_list(struct model *m, struct list *list, enum state want)
{
	struct list *pos;

	while ((pos = list_take_first(list))) {
		struct job *job = container_of(pos, struct job, link);
		struct model_job *j = model_of(m, job);

		CHECK_INT(j->state, want);
		CHECK_INT(job->message != NULL, want == BAD);
		if (want == BAD) {
			CHECK(j->job == job);
			j->job = NULL;
			job_free(job);
		}
	}
}

static unsigned count_state(const struct model *m, enum state s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->n; i++)
		n += m->jobs[i].state == s;
	return n;
}

static void check_lists(struct model *m, unsigned running_before)
{
	unsigned nready = 0;
	struct list *pos;

	list_for_each(pos, &m->ready)
		nready++;
	CHECK_INT(count_state(m, RUNNING), running_before + nready);
	check_list(m, &m->stuck, BAD);
	check_list(m, &m->skipped, BAD);
	check_list(m, &m->ready, RUNNING);
	CHECK_INT(deps_len(m->d), count_state(m, KEPT));
	/* Whoever never starts has been on one of the lists. */
	for (unsigned i = 0; i < m->n; i++) {
		if (m->jobs[i].state == BAD)
			CHECK(m->jobs[i].job == NULL);
	}
}

static struct job *make_small(const struct model_job *j, unsigned seq)
{
	struct job *job = make_job(seq);
	struct job_dep *deps = arena_alloc(&job->arena,
					   sizeof(*deps) * DEPS_MAX);

	if (j->id != NO_ID)
		job->id = make_id(job, j->id);
	for (unsigned k = 0; k < j->ndeps; k++) {
		deps[k].id = make_id(job, j->ids[k]);
		deps[k].when = j->when[k];
	}
	job->deps = deps;
	job->ndeps = j->ndeps;
	return job;
}

static enum deps_verdict model_add(struct model *m, struct model_job *j)
{
	static const enum deps_verdict verdicts[] = {
		[KEPT] = DEPS_WAITS, [RUNNING] = DEPS_READY, [BAD] = DEPS_SKIP,
	};
	enum state s = model_judge(m, j);

	if (j->id != NO_ID && m->ids[j->id] != UNSEEN) {
		j->state = BAD;
		return DEPS_BAD;
	}
	for (unsigned k = 0; k < j->ndeps; k++) {
		if (j->ids[k] == j->id) {
			model_set(m, j, BAD);
			return DEPS_BAD;
		}
	}
	model_set(m, j, s);
	return verdicts[s];
}

static void add_next(struct model *m)
{
	struct model_job *j = &m->jobs[m->come++];
	unsigned running = count_state(m, RUNNING);
	enum deps_verdict want = model_add(m, j);

	j->job = make_small(j, m->come);
	CHECK_INT(deps_add(m->d, j->job), want);
	if (want == DEPS_SKIP || want == DEPS_BAD) {
		CHECK(j->job->message != NULL);
		CHECK_INT(j->job->is_misuse, want == DEPS_BAD);
		model_settle(m);
		deps_end(m->d, j->job, false, &m->ready, &m->skipped);
		job_free(j->job);
		j->job = NULL;
		check_lists(m, running);
	}
}

/* The n-th that runs comes to its end, or is taken away while it is kept. */
static void end_any(struct model *m, enum state which)
{
	unsigned nth = draw(&m->seed, count_state(m, which));
	bool has_succeeded = which == RUNNING && draw(&m->seed, 3);
	struct model_job *j = m->jobs;
	struct job *job;

	while (j->state != which || nth-- > 0)
		j++;
	job = j->job;
	if (which == KEPT) {
		CHECK(deps_find(m->d, job->seq) == job);
		deps_remove(m->d, job);
	}
	j->job = NULL;
	model_set(m, j, has_succeeded ? GOOD : BAD);
	nth = count_state(m, RUNNING);
	model_settle(m);
	deps_end(m->d, job, has_succeeded, &m->ready, &m->skipped);
	job_free(job);
	check_lists(m, nth);
}

static void find_reaches(struct model *m)
{
	memset(m->reaches, 0, sizeof(m->reaches));
	for (unsigned i = 0; i < m->n; i++) {
		const struct model_job *j = &m->jobs[i];

		for (unsigned k = 0; j->state == KEPT && k < j->ndeps; k++) {
			for (unsigned o = 0; o < m->n; o++) {
				if (m->jobs[o].state == KEPT &&
				    m->jobs[o].id == j->ids[k])
					m->reaches[i][o] = true;
			}
		}
	}
	for (unsigned k = 0; k < m->n; k++) {
		for (unsigned i = 0; i < m->n; i++) {
			for (unsigned o = 0; o < m->n; o++)
				m->reaches[i][o] |= m->reaches[i][k] &&
						    m->reaches[k][o];
		}
	}
}

static bool waits_for_unknown(const struct model *m, const struct model_job *j)
{
	for (unsigned k = 0; k < j->ndeps; k++) {
		if (m->ids[j->ids[k]] == UNSEEN)
			return true;
	}
	return false;
}

/* Does a job with the id from wait for the id to? */
static bool is_kept_behind(const struct model *m, unsigned from, unsigned to)
{
	for (unsigned i = 0; i < m->n; i++) {
		const struct model_job *j = &m->jobs[i];

		if (j->id != from || j->state != KEPT)
			continue;
		for (unsigned k = 0; k < j->ndeps; k++) {
			if (j->ids[k] == to)
				return true;
		}
	}
	return false;
}

/* 'tA' -> 'tB' -> ... -> 'tA': each step is a condition. */
static void check_way(const struct model *m, const char *text)
{
	unsigned first;
	unsigned from;
	unsigned to;
	int len;

	if (!CHECK(sscanf(text, "'t%u'%n", &first, &len) == 1))
		return;
	from = first;
	do {
		text += len;
		if (!CHECK(sscanf(text, " -> 't%u'%n", &to, &len) == 1))
			return;
		CHECK(is_kept_behind(m, from, to));
		from = to;
	} while (to != first);
	CHECK_STR(text + len, "");
}

/* The first one of a cycle, in order of arrival, tells it in full. */
static bool is_first_of_cycle(const struct model *m, unsigned i)
{
	for (unsigned o = 0; o < i; o++) {
		if (m->reaches[i][o] && m->reaches[o][i])
			return false;
	}
	return m->reaches[i][i];
}

static void check_stuck_message(const struct model *m, const struct job *job)
{
	static const char full[] = "these tasks wait for each other: ";
	unsigned i = (unsigned)job->seq - 1;
	const char *way = strstr(job->message, full);

	CHECK(job->is_misuse);
	CHECK_INT(strstr(job->message, "in the input") != NULL,
		  waits_for_unknown(m, &m->jobs[i]));
	CHECK_INT(way != NULL, is_first_of_cycle(m, i));
	CHECK_INT(strstr(job->message, "in turn") != NULL,
		  m->reaches[i][i] && !is_first_of_cycle(m, i));
	if (way)
		check_way(m, way + strlen(full));
}

static void close_model(struct model *m)
{
	unsigned running = count_state(m, RUNNING);
	bool is_stuck[SMALL_MAX];
	unsigned nstuck = 0;
	struct list *pos;

	find_reaches(m);
	for (unsigned i = 0; i < m->n; i++) {
		is_stuck[i] = m->jobs[i].state == KEPT &&
			      (m->reaches[i][i] ||
			       waits_for_unknown(m, &m->jobs[i]));
		nstuck += is_stuck[i];
	}
	deps_close(m->d, false, &m->stuck, &m->ready, &m->skipped);
	list_for_each(pos, &m->stuck) {
		struct job *job = container_of(pos, struct job, link);

		CHECK(is_stuck[job->seq - 1]);
		check_stuck_message(m, job);
		nstuck--;
	}
	CHECK_INT(nstuck, 0);
	for (unsigned i = 0; i < m->n; i++) {
		if (is_stuck[i])
			model_set(m, &m->jobs[i], BAD);
	}
	model_settle(m);
	check_lists(m, running);
}

static void run_model(struct model *m)
{
	bool is_closed = false;

	while (m->come < m->n || count_state(m, RUNNING) > 0 || !is_closed) {
		unsigned what = draw(&m->seed, 20);

		if (what < 10 && m->come < m->n) {
			add_next(m);
		} else if (what == 10 && count_state(m, KEPT) > 0) {
			end_any(m, KEPT);
		} else if (what > 10 && count_state(m, RUNNING) > 0) {
			end_any(m, RUNNING);
		} else if (m->come == m->n || what == 0) {
			/* Also before all have come, as a barrier does. */
			close_model(m);
			is_closed = m->come == m->n;
		}
	}
	CHECK_INT(deps_len(m->d), 0);
}

static void random_graphs(void)
{
	unsigned ends[BAD + 1] = { 0 };

	for (unsigned seed = 1; seed <= 6000; seed++) {
		struct model m = { .seed = seed * 2654435761u };

		m.d = deps_new();
		list_init(&m.ready);
		list_init(&m.skipped);
		list_init(&m.stuck);
		draw_graph(&m);
		run_model(&m);
		deps_free(m.d);
		for (unsigned i = 0; i < m.n; i++)
			ends[m.jobs[i].state]++;
	}
	/* It was about something. */
	CHECK(ends[GOOD] > 6000);
	CHECK(ends[BAD] > 6000);
	CHECK_INT(ends[GOOD] + ends[BAD] + ends[UNSEEN] + ends[KEPT],
		  ends[GOOD] + ends[BAD]);
}

/* Large graphs. */

#define MANY		100000u

struct shape {
	const char *name;
	/* Writes down which jobs the i-th of n waits for; how many. */
	unsigned (*deps)(unsigned i, unsigned n, unsigned *seed,
			 unsigned *of);
	unsigned edges_per_job;	/* at most, on average */
};

static unsigned chain(unsigned i, unsigned n, unsigned *seed, unsigned *of)
{
	(void)n;
	(void)seed;
	of[0] = i - 1;
	return i > 0;
}

/* Each waits for the one behind it: all wait until the last has come. */
static unsigned backwards(unsigned i, unsigned n, unsigned *seed, unsigned *of)
{
	(void)seed;
	of[0] = i + 1;
	return i + 1 < n;
}

static unsigned fan_out(unsigned i, unsigned n, unsigned *seed, unsigned *of)
{
	(void)n;
	(void)seed;
	of[0] = 0;
	return i > 0;
}

/* The last waits for all others. */
static unsigned fan_in(unsigned i, unsigned n, unsigned *seed, unsigned *of)
{
	(void)seed;
	for (unsigned k = 0; i + 1 == n && k < i; k++)
		of[k] = k;
	return i + 1 == n ? i : 0;
}

static unsigned at_random(unsigned i, unsigned n, unsigned *seed, unsigned *of)
{
	unsigned k = draw(seed, 3);

	(void)n;
	for (unsigned j = 0; i > 0 && j < k; j++)
		of[j] = draw(seed, i);
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

static struct job *make_large(const struct large *l, unsigned i,
			      unsigned *seed, unsigned *of)
{
	struct job *job = make_job(i + 1);
	unsigned n = l->shape->deps(i, l->n, seed, of);
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
	unsigned seed = 7;
	size_t before;

	for (unsigned i = 0; i < l->n; i++)
		jobs[i] = make_large(l, i, &seed, of);
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

static unsigned one_circle(unsigned i, unsigned n, unsigned *seed,
			   unsigned *of)
{
	(void)seed;
	of[0] = (i + 1) % n;
	return 1;
}

/* The first and each other one wait for each other. */
static unsigned wheel(unsigned i, unsigned n, unsigned *seed, unsigned *of)
{
	(void)seed;
	for (unsigned k = 0; i == 0 && k + 1 < n; k++)
		of[k] = k + 1;
	of[i ? 0 : n - 1] = 0;
	return i ? 1 : n - 1;
}

static unsigned pairs(unsigned i, unsigned n, unsigned *seed, unsigned *of)
{
	(void)n;
	(void)seed;
	of[0] = i ^ 1;
	return 1;
}

/* As in a chain, but its first waits for what nobody is. */
static unsigned unknown(unsigned i, unsigned n, unsigned *seed, unsigned *of)
{
	(void)seed;
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
	unsigned seed = 7;

	for (unsigned i = 0; i < l->n; i++)
		CHECK_INT(deps_add(d, make_large(l, i, &seed, of)),
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
	{ "random graphs agree with a plain model", random_graphs },
	{ "large graphs: steps and memory are linear, no recursion",
	  large_graphs },
	{ "large graphs behind a failed job", large_skips },
	{ "large circles at the end of input", large_circles },
};
TAP_MAIN(cases)
