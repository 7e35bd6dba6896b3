/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * graph.c - see graph.h.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "graph.h"
#include "sched/job.h"
#include "tap.h"

void graph_init(struct graph *g)
{
	*g = (struct graph){ .d = deps_new() };
	list_init(&g->running);
	list_init(&g->ready);
	list_init(&g->skipped);
	list_init(&g->stuck);
	buf_init(&g->released);
	buf_init(&g->said);
}

void graph_release(struct graph *g)
{
	struct list *pos;

	while ((pos = list_take_first(&g->running)))
		job_free(container_of(pos, struct job, link));
	deps_free(g->d);
	buf_release(&g->released);
	buf_release(&g->said);
}

/* One condition: ID, !ID or ?ID. */
static struct job_dep parse_dep(struct job *job, const char *word, size_t len)
{
	struct job_dep dep = { .when = JOB_AFTER_SUCCESS };

	if (*word == '!' || *word == '?') {
		dep.when = *word == '!' ? JOB_AFTER_END : JOB_AFTER_FAILURE;
		word++;
		len--;
	}
	dep.id = arena_memdup0(&job->arena, word, len);
	return dep;
}

struct job *graph_make(struct graph *g, const char *id, const char *after)
{
	char *values[] = { (char *)"true" };
	size_t lens[] = { 4 };
	struct job *job = job_new(++g->seq, values, lens, 1);
	struct job_dep *deps = arena_alloc(&job->arena, strlen(after) *
					   sizeof(*deps));
	char where[32];

	snprintf(where, sizeof(where), "f:%u", (unsigned)g->seq);
	job->where = arena_strdup(&job->arena, where);
	job->id = id ? arena_strdup(&job->arena, id) : NULL;
	job->deps = deps;
	while (*after) {
		size_t len = strcspn(after, ",");

		deps[job->ndeps++] = parse_dep(job, after, len);
		after += len + (after[len] == ',');
	}
	return job;
}

static void bury(struct graph *g, struct list *list)
{
	struct list *pos;

	while ((pos = list_take_first(list))) {
		struct job *job = container_of(pos, struct job, link);

		buf_addf(&g->said, "%s\n", job->message);
		job_free(job);
	}
}

void graph_collect(struct graph *g)
{
	struct list *pos;

	while ((pos = list_take_first(&g->ready))) {
		struct job *job = container_of(pos, struct job, link);

		CHECK(job->message == NULL);
		buf_addf(&g->released, "%s ", job->id ? job->id : "-");
		list_append(&g->running, pos);
	}
	list_for_each(pos, &g->stuck)
		CHECK(container_of(pos, struct job, link)->is_misuse);
	list_for_each(pos, &g->skipped)
		CHECK(!container_of(pos, struct job, link)->is_misuse);
	bury(g, &g->stuck);
	bury(g, &g->skipped);
}

void graph_submit(struct graph *g, struct job *job, enum deps_verdict want)
{
	enum deps_verdict got = deps_add(g->d, job);

	CHECK_INT(got, want);
	switch (got) {
	case DEPS_READY:
		list_append(&g->running, &job->link);
		return;
	case DEPS_WAITS:
		return;
	case DEPS_SKIP:
	case DEPS_BAD:
		break;
	}
	buf_addf(&g->said, "%s\n", job->message);
	deps_end(g->d, job, false, &g->ready, &g->skipped);
	job_free(job);
	graph_collect(g);
}

void graph_add(struct graph *g, const char *id, const char *after,
	       enum deps_verdict want)
{
	graph_submit(g, graph_make(g, id, after), want);
}

struct job *graph_running(struct graph *g, const char *id)
{
	struct list *pos;

	list_for_each(pos, &g->running) {
		struct job *job = container_of(pos, struct job, link);

		if (job->id && strcmp(job->id, id) == 0)
			return job;
	}
	return NULL;
}

void graph_end(struct graph *g, const char *id, bool has_succeeded)
{
	struct job *job = graph_running(g, id);

	CHECK(job != NULL);
	if (!job)
		return;
	list_del(&job->link);
	deps_end(g->d, job, has_succeeded, &g->ready, &g->skipped);
	job_free(job);
	graph_collect(g);
}

void graph_close(struct graph *g, bool names_barrier)
{
	deps_close(g->d, names_barrier, &g->stuck, &g->ready, &g->skipped);
	graph_collect(g);
}

void graph_check(struct graph *g, const char *released, const char *said)
{
	CHECK_STR(g->released.data, released);
	CHECK_STR(g->said.data, said);
	buf_reset(&g->released);
	buf_reset(&g->said);
}
