/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_deps_random.c - thousands of small graphs against a plain model.
 *
 * The model knows every job's conditions and the state of every id, and looks
 * at all of them again after each event until nothing changes; circles it
 * finds by the transitive closure.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "sched/deps.h"
#include "sched/job.h"
#include "tap.h"

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

static const struct tap_case cases[] = {
	{ "random graphs agree with a plain model", random_graphs },
};
TAP_MAIN(cases)
