/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_deps.c - jobs that wait for others: each rule, each message.
 */
#include <config.h>

#include <string.h>

#include "base/compiler.h"
#include "graph.h"
#include "sched/deps.h"
#include "sched/job.h"
#include "tap.h"

/* after: a condition on 'a' of one job; said: its message if it is skipped
 * when a ends so, else "". */
static void check_condition(const char *after, bool has_succeeded,
			    const char *said)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "a", "", DEPS_READY);
	graph_add(&g, "b", after, DEPS_WAITS);
	CHECK_INT(deps_len(g.d), 1);
	graph_check(&g, "", "");
	graph_end(&g, "a", has_succeeded);
	CHECK_INT(deps_len(g.d), 0);
	graph_check(&g, *said ? "" : "b ", said);
	/* The same for one that comes when all is over. */
	graph_add(&g, "c", after, *said ? DEPS_SKIP : DEPS_READY);
	CHECK(*said ? g.said.len > 0 : g.said.len == 0);
	graph_release(&g);
}

static void after_success(void)
{
	check_condition("a", true, "");
	check_condition("a", false, "f:2: skipped: 'a' failed\n");
}

static void after_end(void)
{
	check_condition("!a", true, "");
	check_condition("!a", false, "");
}

static void after_failure(void)
{
	check_condition("?a", true, "f:2: skipped: 'a' succeeded\n");
	check_condition("?a", false, "");
}

static void twice_the_same(void)
{
	check_condition("a,a", true, "");
	check_condition("a,a", false, "f:2: skipped: 'a' failed\n");
	check_condition("a,!a", true, "");
	check_condition("!a,a", false, "f:2: skipped: 'a' failed\n");
	check_condition("?a,!a,?a", false, "");
	/* Nothing can fulfil both. */
	check_condition("a,?a", true, "f:2: skipped: 'a' succeeded\n");
	check_condition("a,?a", false, "f:2: skipped: 'a' failed\n");
}

static void nothing_to_wait_for(void)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "a", "", DEPS_READY);
	graph_add(&g, NULL, "", DEPS_READY);
	CHECK_INT(deps_len(g.d), 0);
	graph_end(&g, "a", false);
	graph_close(&g, false);
	graph_check(&g, "", "");
	graph_release(&g);
}

static void waits_for_all(void)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "a", "", DEPS_READY);
	graph_add(&g, "b", "", DEPS_READY);
	graph_add(&g, "c", "", DEPS_READY);
	graph_add(&g, "d", "a,!b,?c", DEPS_WAITS);
	graph_end(&g, "c", false);
	graph_end(&g, "a", true);
	CHECK_INT(deps_len(g.d), 1);
	graph_check(&g, "", "");
	graph_end(&g, "b", false);
	graph_check(&g, "d ", "");
	graph_release(&g);
}

static void first_false_one_decides(void)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "a", "", DEPS_READY);
	graph_add(&g, "b", "", DEPS_READY);
	graph_add(&g, "c", "a,b,later", DEPS_WAITS);
	graph_end(&g, "b", false);
	graph_check(&g, "", "f:3: skipped: 'b' failed\n");
	CHECK_INT(deps_len(g.d), 0);
	/* The others' ends have nobody to tell any more. */
	graph_end(&g, "a", true);
	graph_add(&g, "later", "", DEPS_READY);
	graph_end(&g, "later", true);
	graph_close(&g, false);
	graph_check(&g, "", "");
	graph_release(&g);
}

static void ids_that_come_later(void)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "d", "c,b", DEPS_WAITS);
	graph_add(&g, "c", "b", DEPS_WAITS);
	graph_add(&g, "b", "!a", DEPS_WAITS);
	CHECK_INT(deps_len(g.d), 3);
	graph_add(&g, "a", "", DEPS_READY);
	graph_end(&g, "a", false);
	graph_check(&g, "b ", "");
	graph_end(&g, "b", true);
	graph_check(&g, "c ", "");
	graph_end(&g, "c", true);
	graph_check(&g, "d ", "");
	graph_release(&g);
}

static void released_in_order(void)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "z", "a", DEPS_WAITS);
	graph_add(&g, "y", "!a", DEPS_WAITS);
	graph_add(&g, "a", "", DEPS_READY);
	graph_add(&g, "x", "?a", DEPS_WAITS);
	graph_add(&g, NULL, "a", DEPS_WAITS);
	graph_add(&g, "w", "a", DEPS_WAITS);
	graph_end(&g, "a", true);
	graph_check(&g, "z y - w ", "f:4: skipped: 'a' succeeded\n");
	graph_release(&g);
}

static void diamond(void)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "top", "", DEPS_READY);
	graph_add(&g, "left", "top", DEPS_WAITS);
	graph_add(&g, "right", "top", DEPS_WAITS);
	graph_add(&g, "end", "left,right", DEPS_WAITS);
	graph_end(&g, "top", true);
	graph_check(&g, "left right ", "");
	graph_end(&g, "right", true);
	graph_check(&g, "", "");
	graph_end(&g, "left", true);
	graph_check(&g, "end ", "");
	graph_release(&g);
}

static void skipped_counts_as_failed(void)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "a", "", DEPS_READY);
	graph_add(&g, "b", "a", DEPS_WAITS);
	graph_add(&g, "c", "b", DEPS_WAITS);
	graph_add(&g, "d", "!c", DEPS_WAITS);
	graph_add(&g, "e", "?b", DEPS_WAITS);
	graph_add(&g, "f", "c,d", DEPS_WAITS);
	graph_add(&g, "g", "f", DEPS_WAITS);
	graph_end(&g, "a", false);
	CHECK_INT(deps_len(g.d), 0);
	graph_check(&g, "e d ", "f:2: skipped: 'a' failed\n"
			  "f:3: skipped: 'b' was skipped\n"
			  "f:6: skipped: 'c' was skipped\n"
			  "f:7: skipped: 'f' was skipped\n");
	/* And for those that come later. */
	graph_add(&g, "h", "g", DEPS_SKIP);
	graph_add(&g, "i", "?h", DEPS_READY);
	graph_check(&g, "", "f:8: skipped: 'g' was skipped\n");
	graph_release(&g);
}

/* A job that is skipped when it comes has others that waited for it. */
static void skipped_at_once(void)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "a", "", DEPS_READY);
	graph_add(&g, "c", "b", DEPS_WAITS);
	graph_add(&g, "d", "!c", DEPS_WAITS);
	graph_end(&g, "a", false);
	graph_add(&g, "b", "a", DEPS_SKIP);
	graph_check(&g, "d ", "f:4: skipped: 'a' failed\n"
			"f:2: skipped: 'b' was skipped\n");
	graph_release(&g);
}

static void names_itself(void)
{
	struct graph g;
	struct job *job;

	graph_init(&g);
	graph_add(&g, "b", "a", DEPS_WAITS);
	graph_add(&g, "c", "?a", DEPS_WAITS);
	job = graph_make(&g, "a", "x,a");
	CHECK_INT(deps_add(g.d, job), DEPS_BAD);
	CHECK_STR(job->message, "f:3: 'a' waits for itself");
	CHECK(job->is_misuse);
	deps_end(g.d, job, false, &g.ready, &g.skipped);
	job_free(job);
	graph_collect(&g);
	graph_check(&g, "c ", "f:1: skipped: 'a' was refused\n");
	graph_close(&g, false);
	graph_check(&g, "", "");
	graph_release(&g);
}

static const char taken[] = "f:4: 'a' is the id of another task already\n";

static void id_is_taken(void)
{
	struct graph g;
	struct job *job;

	graph_init(&g);
	/* By one that waits ... */
	graph_add(&g, "z", "", DEPS_READY);
	graph_add(&g, "a", "z", DEPS_WAITS);
	graph_add(&g, "b", "a", DEPS_WAITS);
	job = graph_make(&g, "a", "");
	CHECK_INT(deps_add(g.d, job), DEPS_BAD);
	CHECK(job->is_misuse);
	CHECK_MEM(job->message, strlen(job->message), taken,
		  strlen(taken) - 1);
	/* This end is not that of the other one. */
	deps_end(g.d, job, false, &g.ready, &g.skipped);
	job_free(job);
	graph_collect(&g);
	graph_check(&g, "", "");
	/* ... that runs ... */
	graph_end(&g, "z", true);
	graph_check(&g, "a ", "");
	g.seq = 3;
	graph_add(&g, "a", "", DEPS_BAD);
	graph_check(&g, "", taken);
	graph_end(&g, "a", true);
	graph_check(&g, "b ", "");
	/* ... and that is over. */
	g.seq = 3;
	graph_add(&g, "a", "nope", DEPS_BAD);
	graph_check(&g, "", taken);
	graph_add(&g, "c", "a", DEPS_READY);
	graph_release(&g);
}

/* A job that can't be run, for what is in it. */
static void refused_before(void)
{
	struct graph g;
	struct job *job;

	graph_init(&g);
	graph_add(&g, "b", "a", DEPS_WAITS);
	graph_add(&g, "c", "!a", DEPS_WAITS);
	job = graph_make(&g, "a", "nope");
	job->message = "holds a NUL";
	graph_submit(&g, job, DEPS_BAD);
	graph_check(&g, "c ", "holds a NUL\nf:1: skipped: 'a' was refused\n");
	job = graph_make(&g, "a", "");
	job->message = "too long";
	graph_submit(&g, job, DEPS_BAD);
	graph_check(&g, "", "too long\n");
	graph_close(&g, false);
	CHECK_INT(deps_len(g.d), 0);
	graph_check(&g, "", "");
	graph_release(&g);
}

static void unknown_id(void)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "x", "nope", DEPS_WAITS);
	graph_add(&g, NULL, "!nope", DEPS_WAITS);
	graph_add(&g, "y", "a,nope,nope,z,none,?more", DEPS_WAITS);
	graph_add(&g, "z", "a", DEPS_WAITS);
	graph_add(&g, "a", "", DEPS_READY);
	graph_close(&g, false);
	graph_check(&g, "",
	      "f:1: 'x' waits for 'nope', which is no task's id in the input\n"
	      "f:2: this task waits for 'nope', which is no task's id in the "
	      "input\n"
	      "f:3: 'y' waits for 'nope', 'none', 'more', which are no tasks' "
	      "ids in the input\n");
	/* This one waits for a running job. */
	CHECK_INT(deps_len(g.d), 1);
	graph_end(&g, "a", true);
	graph_check(&g, "z ", "");
	graph_release(&g);
}

static void behind_unknown_id(void)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "a", "", DEPS_READY);
	graph_add(&g, "x", "?nope", DEPS_WAITS);
	graph_add(&g, "b", "x", DEPS_WAITS);
	graph_add(&g, "c", "!x", DEPS_WAITS);
	graph_add(&g, "d", "?b", DEPS_WAITS);
	graph_add(&g, "e", "x,a", DEPS_WAITS);
	graph_add(&g, "f", "?x,a", DEPS_WAITS);
	graph_close(&g, false);
	graph_check(&g, "c d ",
	      "f:2: 'x' waits for 'nope', which is no task's id in the input\n"
	      "f:3: skipped: 'x' was refused\n"
	      "f:6: skipped: 'x' was refused\n");
	graph_end(&g, "a", true);
	graph_check(&g, "f ", "");
	graph_release(&g);
}

static void unknown_before_barrier(void)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "x", "late", DEPS_WAITS);
	graph_add(&g, "y", "x", DEPS_WAITS);
	graph_close(&g, true);
	graph_check(&g, "", "f:1: 'x' waits for 'late', which is no task's id "
		      "before the barrier\nf:2: skipped: 'x' was refused\n");
	/* It may come now. */
	graph_add(&g, "late", "", DEPS_READY);
	graph_add(&g, "z", "late,!y", DEPS_WAITS);
	graph_close(&g, false);
	graph_check(&g, "", "");
	graph_end(&g, "late", true);
	graph_check(&g, "z ", "");
	graph_release(&g);
}

static void messages_without_a_place(void)
{
	struct graph g;
	struct job *job;

	graph_init(&g);
	graph_add(&g, "a", "", DEPS_READY);
	graph_end(&g, "a", false);
	job = graph_make(&g, "b", "a");
	job->where = NULL;
	graph_submit(&g, job, DEPS_SKIP);
	job = graph_make(&g, NULL, "a");
	job->where = NULL;
	graph_submit(&g, job, DEPS_SKIP);
	job = graph_make(&g, "c", "nope");
	job->where = NULL;
	graph_submit(&g, job, DEPS_WAITS);
	job = graph_make(&g, "d", "d");
	job->where = NULL;
	graph_submit(&g, job, DEPS_BAD);
	graph_close(&g, false);
	graph_check(&g, "", "'b': skipped: 'a' failed\nskipped: 'a' failed\n"
		      "'d' waits for itself\n'c' waits for 'nope', which is no "
		      "task's id in the input\n");
	graph_release(&g);
}

static void cycle_of_three(void)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "a", "b", DEPS_WAITS);
	graph_add(&g, "b", "!c", DEPS_WAITS);
	graph_add(&g, "c", "?a", DEPS_WAITS);
	graph_check(&g, "", "");
	graph_close(&g, false);
	CHECK_INT(deps_len(g.d), 0);
	graph_check(&g, "",
	      "f:1: these tasks wait for each other: 'a' -> 'b' -> 'c' -> "
	      "'a'\n"
	      "f:2: 'b' waits for 'c', which waits for 'b' in turn\n"
	      "f:3: 'c' waits for 'a', which waits for 'c' in turn\n");
	graph_release(&g);
}

static void behind_a_cycle(void)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "p", "a", DEPS_WAITS);
	graph_add(&g, "q", "!p", DEPS_WAITS);
	graph_add(&g, "a", "b", DEPS_WAITS);
	graph_add(&g, "b", "a", DEPS_WAITS);
	graph_add(&g, "r", "?b", DEPS_WAITS);
	graph_close(&g, false);
	CHECK_INT(deps_len(g.d), 0);
	graph_check(&g, "r q ",
	      "f:3: these tasks wait for each other: 'a' -> 'b' -> 'a'\n"
	      "f:4: 'b' waits for 'a', which waits for 'b' in turn\n"
	      "f:1: skipped: 'a' was refused\n");
	graph_release(&g);
}

/* What lies between two cycles is in neither. */
static void two_cycles(void)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "a", "b,between", DEPS_WAITS);
	graph_add(&g, "b", "a", DEPS_WAITS);
	graph_add(&g, "between", "c", DEPS_WAITS);
	graph_add(&g, "c", "d", DEPS_WAITS);
	graph_add(&g, "d", "c", DEPS_WAITS);
	graph_close(&g, false);
	graph_check(&g, "",
	      "f:1: these tasks wait for each other: 'a' -> 'b' -> 'a'\n"
	      "f:2: 'b' waits for 'a', which waits for 'b' in turn\n"
	      "f:4: these tasks wait for each other: 'c' -> 'd' -> 'c'\n"
	      "f:5: 'd' waits for 'c', which waits for 'd' in turn\n"
	      "f:3: skipped: 'c' was refused\n");
	graph_release(&g);
}

/* The shortest way is named; each short message names a step of its own. */
static void cycles_that_share_a_task(void)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "a", "b,c", DEPS_WAITS);
	graph_add(&g, "b", "c", DEPS_WAITS);
	graph_add(&g, "c", "d,a", DEPS_WAITS);
	graph_add(&g, "d", "c", DEPS_WAITS);
	graph_close(&g, false);
	graph_check(&g, "",
	      "f:1: these tasks wait for each other: 'a' -> 'c' -> 'a'\n"
	      "f:2: 'b' waits for 'c', which waits for 'b' in turn\n"
	      "f:3: 'c' waits for 'd', which waits for 'c' in turn\n"
	      "f:4: 'd' waits for 'c', which waits for 'd' in turn\n");
	graph_release(&g);
}

static void cycle_and_unknown_id(void)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "a", "b,nope", DEPS_WAITS);
	graph_add(&g, "b", "a", DEPS_WAITS);
	graph_close(&g, false);
	graph_check(&g, "",
	      "f:1: 'a' waits for 'nope', which is no task's id in the input; "
	      "these tasks wait for each other: 'a' -> 'b' -> 'a'\n"
	      "f:2: 'b' waits for 'a', which waits for 'b' in turn\n");
	graph_release(&g);
}

/* Both would be released by the other's end: neither is. */
static void cycle_that_seems_to_dissolve(void)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "a", "!b", DEPS_WAITS);
	graph_add(&g, "b", "?a", DEPS_WAITS);
	graph_close(&g, false);
	graph_check(&g, "",
	      "f:1: these tasks wait for each other: 'a' -> 'b' -> 'a'\n"
	      "f:2: 'b' waits for 'a', which waits for 'b' in turn\n");
	graph_release(&g);
}

static void others_are_left_alone(void)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "a", "", DEPS_READY);
	graph_add(&g, "b", "a", DEPS_WAITS);
	graph_add(&g, "c", "b,!a", DEPS_WAITS);
	graph_close(&g, false);
	graph_close(&g, false);
	CHECK_INT(deps_len(g.d), 2);
	graph_check(&g, "", "");
	graph_end(&g, "a", true);
	graph_check(&g, "b ", "");
	graph_end(&g, "b", true);
	graph_check(&g, "c ", "");
	graph_release(&g);
}

static void count(struct job *job, void *arg)
{
	*(uint64_t *)arg += job->seq;
}

static void steering(void)
{
	struct graph g;
	struct job *job;
	uint64_t sum = 0;

	graph_init(&g);
	graph_add(&g, "a", "", DEPS_READY);
	graph_add(&g, "b", "a", DEPS_WAITS);
	graph_add(&g, "c", "a,b", DEPS_WAITS);
	graph_add(&g, "d", "?b", DEPS_WAITS);
	deps_each(g.d, count, &sum);
	CHECK_INT(sum, 2 + 3 + 4);
	CHECK(deps_find(g.d, 1) == NULL);
	CHECK(deps_find(g.d, 5) == NULL);
	job = deps_find(g.d, 2);
	CHECK(job != NULL);
	if (!job)
		return;
	CHECK_STR(job->id, "b");
	deps_remove(g.d, job);
	CHECK(deps_find(g.d, 2) == NULL);
	CHECK_INT(deps_len(g.d), 2);
	/* a's end is nothing to it any more. */
	graph_end(&g, "a", true);
	graph_check(&g, "", "");
	deps_end(g.d, job, false, &g.ready, &g.skipped);
	job_free(job);
	graph_collect(&g);
	graph_check(&g, "d ", "f:3: skipped: 'b' failed\n");
	graph_release(&g);
}

static void taking_all(void)
{
	struct list out = LIST_INIT(out);
	struct list *pos;
	struct graph g;

	graph_init(&g);
	graph_add(&g, "a", "", DEPS_READY);
	graph_add(&g, "b", "a", DEPS_WAITS);
	graph_add(&g, "c", "b,nope,b", DEPS_WAITS);
	graph_add(&g, NULL, "!b", DEPS_WAITS);
	deps_take_all(g.d, &out);
	CHECK_INT(deps_len(g.d), 0);
	for (uint64_t seq = 2; (pos = list_take_first(&out)); seq++) {
		struct job *job = container_of(pos, struct job, link);

		CHECK_INT(job->seq, seq);
		if (seq == 3)
			deps_end(g.d, job, false, &g.ready, &g.skipped);
		job_free(job);
	}
	graph_end(&g, "a", true);
	graph_close(&g, false);
	graph_check(&g, "", "");
	graph_release(&g);
}

/* What is on the lists before stays, and is not ended a second time. */
static void lists_in_use(void)
{
	struct graph g;
	struct job *job;

	graph_init(&g);
	graph_add(&g, "a", "", DEPS_READY);
	graph_add(&g, "b", "", DEPS_READY);
	graph_add(&g, "c", "a", DEPS_WAITS);
	graph_add(&g, "d", "b", DEPS_WAITS);
	for (const char *id = "a"; *id; id = *id == 'a' ? "b" : "") {
		job = graph_running(&g, id);
		CHECK(job != NULL);
		if (!job)
			break;
		list_del(&job->link);
		deps_end(g.d, job, false, &g.ready, &g.skipped);
		deps_end(g.d, job, true, &g.ready, &g.skipped);
		job_free(job);
	}
	graph_collect(&g);
	graph_check(&g, "", "f:3: skipped: 'a' failed\n"
	      "f:4: skipped: 'b' failed\n");
	graph_release(&g);
}

/* The leak checkers' to find. */
static void free_with_jobs(void)
{
	struct graph g;

	graph_init(&g);
	graph_add(&g, "a", "b,c,b", DEPS_WAITS);
	graph_add(&g, "b", "a", DEPS_WAITS);
	graph_add(&g, NULL, "a,b", DEPS_WAITS);
	graph_release(&g);
	deps_free(NULL);
}

static const struct tap_case cases[] = {
	{ "jobs without conditions may run", nothing_to_wait_for },
	{ "after=: success releases, failure skips", after_success },
	{ "after!=: any end releases", after_end },
	{ "after?=: failure releases, success skips", after_failure },
	{ "several conditions on one id", twice_the_same },
	{ "all conditions have to come true", waits_for_all },
	{ "the first false condition decides", first_false_one_decides },
	{ "ids may come later", ids_that_come_later },
	{ "jobs are released in the order they came in", released_in_order },
	{ "a diamond", diamond },
	{ "a skipped job counts as failed, to the end of all chains",
	  skipped_counts_as_failed },
	{ "a job may be skipped when it comes", skipped_at_once },
	{ "a job that names itself is refused", names_itself },
	{ "an id that is taken is refused, the first one counts",
	  id_is_taken },
	{ "the id of a job that is refused anyhow counts as failed",
	  refused_before },
	{ "an unknown id is named at the end of input", unknown_id },
	{ "what is behind an unknown id is skipped or released",
	  behind_unknown_id },
	{ "an id behind a barrier is unknown before it",
	  unknown_before_barrier },
	{ "messages of jobs from no file", messages_without_a_place },
	{ "a cycle is named in full", cycle_of_three },
	{ "what is behind a cycle is skipped or released", behind_a_cycle },
	{ "two cycles, and what is between them", two_cycles },
	{ "cycles that share a task", cycles_that_share_a_task },
	{ "a cycle and an unknown id", cycle_and_unknown_id },
	{ "a cycle is one whatever its conditions are",
	  cycle_that_seems_to_dissolve },
	{ "the end of input leaves alone what waits for running jobs",
	  others_are_left_alone },
	{ "finding and removing one that waits", steering },
	{ "taking all that wait", taking_all },
	{ "lists that hold jobs already, and an end told twice",
	  lists_in_use },
	{ "freeing frees what waits", free_with_jobs },
};
TAP_MAIN(cases)
