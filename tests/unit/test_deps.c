/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_deps.c - jobs that wait for others: each rule, each message.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "sched/deps.h"
#include "sched/job.h"
#include "tap.h"

/* Jobs that may run are running at once here, until end() is told. */
struct rig {
	struct deps *d;
	struct list running;
	struct list ready;
	struct list skipped;
	struct list stuck;
	struct buf released;	/* ids that became ready, each and a blank */
	struct buf said;	/* messages of those that never ran, as lines */
	uint64_t seq;
};

static void rig_init(struct rig *r)
{
	*r = (struct rig){ .d = deps_new() };
	list_init(&r->running);
	list_init(&r->ready);
	list_init(&r->skipped);
	list_init(&r->stuck);
	buf_init(&r->released);
	buf_init(&r->said);
}

static void rig_release(struct rig *r)
{
	struct list *pos;

	while ((pos = list_take_first(&r->running)))
		job_free(container_of(pos, struct job, link));
	deps_free(r->d);
	buf_release(&r->released);
	buf_release(&r->said);
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

/* after: conditions with commas between, or "". */
static struct job *make(struct rig *r, const char *id, const char *after)
{
	char *values[] = { (char *)"true" };
	size_t lens[] = { 4 };
	struct job *job = job_new(++r->seq, values, lens, 1);
	struct job_dep *deps = arena_alloc(&job->arena, strlen(after) *
					   sizeof(*deps));
	char where[32];

	snprintf(where, sizeof(where), "f:%u", (unsigned)r->seq);
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

static void bury(struct rig *r, struct list *list)
{
	struct list *pos;

	while ((pos = list_take_first(list))) {
		struct job *job = container_of(pos, struct job, link);

		buf_addf(&r->said, "%s\n", job->message);
		job_free(job);
	}
}

static void collect(struct rig *r)
{
	struct list *pos;

	while ((pos = list_take_first(&r->ready))) {
		struct job *job = container_of(pos, struct job, link);

		CHECK(job->message == NULL);
		buf_addf(&r->released, "%s ", job->id ? job->id : "-");
		list_append(&r->running, pos);
	}
	list_for_each(pos, &r->stuck)
		CHECK(container_of(pos, struct job, link)->is_misuse);
	list_for_each(pos, &r->skipped)
		CHECK(!container_of(pos, struct job, link)->is_misuse);
	bury(r, &r->stuck);
	bury(r, &r->skipped);
}

static void submit(struct rig *r, struct job *job, enum deps_verdict want)
{
	enum deps_verdict got = deps_add(r->d, job);

	CHECK_INT(got, want);
	switch (got) {
	case DEPS_READY:
		list_append(&r->running, &job->link);
		return;
	case DEPS_WAITS:
		return;
	case DEPS_SKIP:
	case DEPS_BAD:
		break;
	}
	buf_addf(&r->said, "%s\n", job->message);
	deps_end(r->d, job, false, &r->ready, &r->skipped);
	job_free(job);
	collect(r);
}

static void add(struct rig *r, const char *id, const char *after,
		enum deps_verdict want)
{
	submit(r, make(r, id, after), want);
}

static struct job *find_running(struct rig *r, const char *id)
{
	struct list *pos;

	list_for_each(pos, &r->running) {
		struct job *job = container_of(pos, struct job, link);

		if (job->id && strcmp(job->id, id) == 0)
			return job;
	}
	return NULL;
}

static void end(struct rig *r, const char *id, bool has_succeeded)
{
	struct job *job = find_running(r, id);

	if (!CHECK(job != NULL))
		return;
	list_del(&job->link);
	deps_end(r->d, job, has_succeeded, &r->ready, &r->skipped);
	job_free(job);
	collect(r);
}

static void close_input(struct rig *r, bool names_barrier)
{
	deps_close(r->d, names_barrier, &r->stuck, &r->ready, &r->skipped);
	collect(r);
}

/* What has happened since the last time. */
static void check(struct rig *r, const char *released, const char *said)
{
	CHECK_STR(r->released.data, released);
	CHECK_STR(r->said.data, said);
	buf_reset(&r->released);
	buf_reset(&r->said);
}

/* after: a condition on 'a' of one job; said: its message if it is skipped
 * when a ends so, else "". */
static void check_condition(const char *after, bool has_succeeded,
			    const char *said)
{
	struct rig r;

	rig_init(&r);
	add(&r, "a", "", DEPS_READY);
	add(&r, "b", after, DEPS_WAITS);
	CHECK_INT(deps_len(r.d), 1);
	check(&r, "", "");
	end(&r, "a", has_succeeded);
	CHECK_INT(deps_len(r.d), 0);
	check(&r, *said ? "" : "b ", said);
	/* The same for one that comes when all is over. */
	add(&r, "c", after, *said ? DEPS_SKIP : DEPS_READY);
	CHECK(*said ? r.said.len > 0 : r.said.len == 0);
	rig_release(&r);
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
	struct rig r;

	rig_init(&r);
	add(&r, "a", "", DEPS_READY);
	add(&r, NULL, "", DEPS_READY);
	CHECK_INT(deps_len(r.d), 0);
	end(&r, "a", false);
	close_input(&r, false);
	check(&r, "", "");
	rig_release(&r);
}

static void waits_for_all(void)
{
	struct rig r;

	rig_init(&r);
	add(&r, "a", "", DEPS_READY);
	add(&r, "b", "", DEPS_READY);
	add(&r, "c", "", DEPS_READY);
	add(&r, "d", "a,!b,?c", DEPS_WAITS);
	end(&r, "c", false);
	end(&r, "a", true);
	CHECK_INT(deps_len(r.d), 1);
	check(&r, "", "");
	end(&r, "b", false);
	check(&r, "d ", "");
	rig_release(&r);
}

static void first_false_one_decides(void)
{
	struct rig r;

	rig_init(&r);
	add(&r, "a", "", DEPS_READY);
	add(&r, "b", "", DEPS_READY);
	add(&r, "c", "a,b,later", DEPS_WAITS);
	end(&r, "b", false);
	check(&r, "", "f:3: skipped: 'b' failed\n");
	CHECK_INT(deps_len(r.d), 0);
	/* The others' ends have nobody to tell any more. */
	end(&r, "a", true);
	add(&r, "later", "", DEPS_READY);
	end(&r, "later", true);
	close_input(&r, false);
	check(&r, "", "");
	rig_release(&r);
}

static void ids_that_come_later(void)
{
	struct rig r;

	rig_init(&r);
	add(&r, "d", "c,b", DEPS_WAITS);
	add(&r, "c", "b", DEPS_WAITS);
	add(&r, "b", "!a", DEPS_WAITS);
	CHECK_INT(deps_len(r.d), 3);
	add(&r, "a", "", DEPS_READY);
	end(&r, "a", false);
	check(&r, "b ", "");
	end(&r, "b", true);
	check(&r, "c ", "");
	end(&r, "c", true);
	check(&r, "d ", "");
	rig_release(&r);
}

static void released_in_order(void)
{
	struct rig r;

	rig_init(&r);
	add(&r, "z", "a", DEPS_WAITS);
	add(&r, "y", "!a", DEPS_WAITS);
	add(&r, "a", "", DEPS_READY);
	add(&r, "x", "?a", DEPS_WAITS);
	add(&r, NULL, "a", DEPS_WAITS);
	add(&r, "w", "a", DEPS_WAITS);
	end(&r, "a", true);
	check(&r, "z y - w ", "f:4: skipped: 'a' succeeded\n");
	rig_release(&r);
}

static void diamond(void)
{
	struct rig r;

	rig_init(&r);
	add(&r, "top", "", DEPS_READY);
	add(&r, "left", "top", DEPS_WAITS);
	add(&r, "right", "top", DEPS_WAITS);
	add(&r, "end", "left,right", DEPS_WAITS);
	end(&r, "top", true);
	check(&r, "left right ", "");
	end(&r, "right", true);
	check(&r, "", "");
	end(&r, "left", true);
	check(&r, "end ", "");
	rig_release(&r);
}

static void skipped_counts_as_failed(void)
{
	struct rig r;

	rig_init(&r);
	add(&r, "a", "", DEPS_READY);
	add(&r, "b", "a", DEPS_WAITS);
	add(&r, "c", "b", DEPS_WAITS);
	add(&r, "d", "!c", DEPS_WAITS);
	add(&r, "e", "?b", DEPS_WAITS);
	add(&r, "f", "c,d", DEPS_WAITS);
	add(&r, "g", "f", DEPS_WAITS);
	end(&r, "a", false);
	CHECK_INT(deps_len(r.d), 0);
	check(&r, "e d ", "f:2: skipped: 'a' failed\n"
			  "f:3: skipped: 'b' was skipped\n"
			  "f:6: skipped: 'c' was skipped\n"
			  "f:7: skipped: 'f' was skipped\n");
	/* And for those that come later. */
	add(&r, "h", "g", DEPS_SKIP);
	add(&r, "i", "?h", DEPS_READY);
	check(&r, "", "f:8: skipped: 'g' was skipped\n");
	rig_release(&r);
}

/* A job that is skipped when it comes has others that waited for it. */
static void skipped_at_once(void)
{
	struct rig r;

	rig_init(&r);
	add(&r, "a", "", DEPS_READY);
	add(&r, "c", "b", DEPS_WAITS);
	add(&r, "d", "!c", DEPS_WAITS);
	end(&r, "a", false);
	add(&r, "b", "a", DEPS_SKIP);
	check(&r, "d ", "f:4: skipped: 'a' failed\n"
			"f:2: skipped: 'b' was skipped\n");
	rig_release(&r);
}

static void names_itself(void)
{
	struct rig r;
	struct job *job;

	rig_init(&r);
	add(&r, "b", "a", DEPS_WAITS);
	add(&r, "c", "?a", DEPS_WAITS);
	job = make(&r, "a", "x,a");
	CHECK_INT(deps_add(r.d, job), DEPS_BAD);
	CHECK_STR(job->message, "f:3: 'a' waits for itself");
	CHECK(job->is_misuse);
	deps_end(r.d, job, false, &r.ready, &r.skipped);
	job_free(job);
	collect(&r);
	check(&r, "c ", "f:1: skipped: 'a' was refused\n");
	close_input(&r, false);
	check(&r, "", "");
	rig_release(&r);
}

static const char taken[] = "f:4: 'a' is the id of another task already\n";

static void id_is_taken(void)
{
	struct rig r;
	struct job *job;

	rig_init(&r);
	/* By one that waits ... */
	add(&r, "z", "", DEPS_READY);
	add(&r, "a", "z", DEPS_WAITS);
	add(&r, "b", "a", DEPS_WAITS);
	job = make(&r, "a", "");
	CHECK_INT(deps_add(r.d, job), DEPS_BAD);
	CHECK(job->is_misuse);
	CHECK_MEM(job->message, strlen(job->message), taken,
		  strlen(taken) - 1);
	/* This end is not that of the other one. */
	deps_end(r.d, job, false, &r.ready, &r.skipped);
	job_free(job);
	collect(&r);
	check(&r, "", "");
	/* ... that runs ... */
	end(&r, "z", true);
	check(&r, "a ", "");
	r.seq = 3;
	add(&r, "a", "", DEPS_BAD);
	check(&r, "", taken);
	end(&r, "a", true);
	check(&r, "b ", "");
	/* ... and that is over. */
	r.seq = 3;
	add(&r, "a", "nope", DEPS_BAD);
	check(&r, "", taken);
	add(&r, "c", "a", DEPS_READY);
	rig_release(&r);
}

/* A job that can't be run, for what is in it. */
static void refused_before(void)
{
	struct rig r;
	struct job *job;

	rig_init(&r);
	add(&r, "b", "a", DEPS_WAITS);
	add(&r, "c", "!a", DEPS_WAITS);
	job = make(&r, "a", "nope");
	job->message = "holds a NUL";
	submit(&r, job, DEPS_BAD);
	check(&r, "c ", "holds a NUL\nf:1: skipped: 'a' was refused\n");
	job = make(&r, "a", "");
	job->message = "too long";
	submit(&r, job, DEPS_BAD);
	check(&r, "", "too long\n");
	close_input(&r, false);
	CHECK_INT(deps_len(r.d), 0);
	check(&r, "", "");
	rig_release(&r);
}

static void unknown_id(void)
{
	struct rig r;

	rig_init(&r);
	add(&r, "x", "nope", DEPS_WAITS);
	add(&r, NULL, "!nope", DEPS_WAITS);
	add(&r, "y", "a,nope,nope,z,none,?more", DEPS_WAITS);
	add(&r, "z", "a", DEPS_WAITS);
	add(&r, "a", "", DEPS_READY);
	close_input(&r, false);
	check(&r, "",
	      "f:1: 'x' waits for 'nope', which is no task's id in the input\n"
	      "f:2: this task waits for 'nope', which is no task's id in the "
	      "input\n"
	      "f:3: 'y' waits for 'nope', 'none', 'more', which are no tasks' "
	      "ids in the input\n");
	/* This one waits for a running job. */
	CHECK_INT(deps_len(r.d), 1);
	end(&r, "a", true);
	check(&r, "z ", "");
	rig_release(&r);
}

static void behind_unknown_id(void)
{
	struct rig r;

	rig_init(&r);
	add(&r, "a", "", DEPS_READY);
	add(&r, "x", "?nope", DEPS_WAITS);
	add(&r, "b", "x", DEPS_WAITS);
	add(&r, "c", "!x", DEPS_WAITS);
	add(&r, "d", "?b", DEPS_WAITS);
	add(&r, "e", "x,a", DEPS_WAITS);
	add(&r, "f", "?x,a", DEPS_WAITS);
	close_input(&r, false);
	check(&r, "c d ",
	      "f:2: 'x' waits for 'nope', which is no task's id in the input\n"
	      "f:3: skipped: 'x' was refused\n"
	      "f:6: skipped: 'x' was refused\n");
	end(&r, "a", true);
	check(&r, "f ", "");
	rig_release(&r);
}

static void unknown_before_barrier(void)
{
	struct rig r;

	rig_init(&r);
	add(&r, "x", "late", DEPS_WAITS);
	add(&r, "y", "x", DEPS_WAITS);
	close_input(&r, true);
	check(&r, "", "f:1: 'x' waits for 'late', which is no task's id "
		      "before the barrier\nf:2: skipped: 'x' was refused\n");
	/* It may come now. */
	add(&r, "late", "", DEPS_READY);
	add(&r, "z", "late,!y", DEPS_WAITS);
	close_input(&r, false);
	check(&r, "", "");
	end(&r, "late", true);
	check(&r, "z ", "");
	rig_release(&r);
}

static void messages_without_a_place(void)
{
	struct rig r;
	struct job *job;

	rig_init(&r);
	add(&r, "a", "", DEPS_READY);
	end(&r, "a", false);
	job = make(&r, "b", "a");
	job->where = NULL;
	submit(&r, job, DEPS_SKIP);
	job = make(&r, NULL, "a");
	job->where = NULL;
	submit(&r, job, DEPS_SKIP);
	job = make(&r, "c", "nope");
	job->where = NULL;
	submit(&r, job, DEPS_WAITS);
	job = make(&r, "d", "d");
	job->where = NULL;
	submit(&r, job, DEPS_BAD);
	close_input(&r, false);
	check(&r, "", "'b': skipped: 'a' failed\nskipped: 'a' failed\n"
		      "'d' waits for itself\n'c' waits for 'nope', which is no "
		      "task's id in the input\n");
	rig_release(&r);
}

static void cycle_of_three(void)
{
	struct rig r;

	rig_init(&r);
	add(&r, "a", "b", DEPS_WAITS);
	add(&r, "b", "!c", DEPS_WAITS);
	add(&r, "c", "?a", DEPS_WAITS);
	check(&r, "", "");
	close_input(&r, false);
	CHECK_INT(deps_len(r.d), 0);
	check(&r, "",
	      "f:1: these tasks wait for each other: 'a' -> 'b' -> 'c' -> "
	      "'a'\n"
	      "f:2: 'b' waits for 'c', which waits for 'b' in turn\n"
	      "f:3: 'c' waits for 'a', which waits for 'c' in turn\n");
	rig_release(&r);
}

static void behind_a_cycle(void)
{
	struct rig r;

	rig_init(&r);
	add(&r, "p", "a", DEPS_WAITS);
	add(&r, "q", "!p", DEPS_WAITS);
	add(&r, "a", "b", DEPS_WAITS);
	add(&r, "b", "a", DEPS_WAITS);
	add(&r, "r", "?b", DEPS_WAITS);
	close_input(&r, false);
	CHECK_INT(deps_len(r.d), 0);
	check(&r, "r q ",
	      "f:3: these tasks wait for each other: 'a' -> 'b' -> 'a'\n"
	      "f:4: 'b' waits for 'a', which waits for 'b' in turn\n"
	      "f:1: skipped: 'a' was refused\n");
	rig_release(&r);
}

/* What lies between two cycles is in neither. */
static void two_cycles(void)
{
	struct rig r;

	rig_init(&r);
	add(&r, "a", "b,between", DEPS_WAITS);
	add(&r, "b", "a", DEPS_WAITS);
	add(&r, "between", "c", DEPS_WAITS);
	add(&r, "c", "d", DEPS_WAITS);
	add(&r, "d", "c", DEPS_WAITS);
	close_input(&r, false);
	check(&r, "",
	      "f:1: these tasks wait for each other: 'a' -> 'b' -> 'a'\n"
	      "f:2: 'b' waits for 'a', which waits for 'b' in turn\n"
	      "f:4: these tasks wait for each other: 'c' -> 'd' -> 'c'\n"
	      "f:5: 'd' waits for 'c', which waits for 'd' in turn\n"
	      "f:3: skipped: 'c' was refused\n");
	rig_release(&r);
}

/* The shortest way is named; each short message names a step of its own. */
static void cycles_that_share_a_task(void)
{
	struct rig r;

	rig_init(&r);
	add(&r, "a", "b,c", DEPS_WAITS);
	add(&r, "b", "c", DEPS_WAITS);
	add(&r, "c", "d,a", DEPS_WAITS);
	add(&r, "d", "c", DEPS_WAITS);
	close_input(&r, false);
	check(&r, "",
	      "f:1: these tasks wait for each other: 'a' -> 'c' -> 'a'\n"
	      "f:2: 'b' waits for 'c', which waits for 'b' in turn\n"
	      "f:3: 'c' waits for 'd', which waits for 'c' in turn\n"
	      "f:4: 'd' waits for 'c', which waits for 'd' in turn\n");
	rig_release(&r);
}

static void cycle_and_unknown_id(void)
{
	struct rig r;

	rig_init(&r);
	add(&r, "a", "b,nope", DEPS_WAITS);
	add(&r, "b", "a", DEPS_WAITS);
	close_input(&r, false);
	check(&r, "",
	      "f:1: 'a' waits for 'nope', which is no task's id in the input; "
	      "these tasks wait for each other: 'a' -> 'b' -> 'a'\n"
	      "f:2: 'b' waits for 'a', which waits for 'b' in turn\n");
	rig_release(&r);
}

/* Both would be released by the other's end: neither is. */
static void cycle_that_seems_to_dissolve(void)
{
	struct rig r;

	rig_init(&r);
	add(&r, "a", "!b", DEPS_WAITS);
	add(&r, "b", "?a", DEPS_WAITS);
	close_input(&r, false);
	check(&r, "",
	      "f:1: these tasks wait for each other: 'a' -> 'b' -> 'a'\n"
	      "f:2: 'b' waits for 'a', which waits for 'b' in turn\n");
	rig_release(&r);
}

static void others_are_left_alone(void)
{
	struct rig r;

	rig_init(&r);
	add(&r, "a", "", DEPS_READY);
	add(&r, "b", "a", DEPS_WAITS);
	add(&r, "c", "b,!a", DEPS_WAITS);
	close_input(&r, false);
	close_input(&r, false);
	CHECK_INT(deps_len(r.d), 2);
	check(&r, "", "");
	end(&r, "a", true);
	check(&r, "b ", "");
	end(&r, "b", true);
	check(&r, "c ", "");
	rig_release(&r);
}

static void count(struct job *job, void *arg)
{
	*(uint64_t *)arg += job->seq;
}

static void steering(void)
{
	struct rig r;
	struct job *job;
	uint64_t sum = 0;

	rig_init(&r);
	add(&r, "a", "", DEPS_READY);
	add(&r, "b", "a", DEPS_WAITS);
	add(&r, "c", "a,b", DEPS_WAITS);
	add(&r, "d", "?b", DEPS_WAITS);
	deps_each(r.d, count, &sum);
	CHECK_INT(sum, 2 + 3 + 4);
	CHECK(deps_find(r.d, 1) == NULL);
	CHECK(deps_find(r.d, 5) == NULL);
	job = deps_find(r.d, 2);
	if (!CHECK(job != NULL))
		return;
	CHECK_STR(job->id, "b");
	deps_remove(r.d, job);
	CHECK(deps_find(r.d, 2) == NULL);
	CHECK_INT(deps_len(r.d), 2);
	/* a's end is nothing to it any more. */
	end(&r, "a", true);
	check(&r, "", "");
	deps_end(r.d, job, false, &r.ready, &r.skipped);
	job_free(job);
	collect(&r);
	check(&r, "d ", "f:3: skipped: 'b' failed\n");
	rig_release(&r);
}

static void taking_all(void)
{
	struct list out = LIST_INIT(out);
	struct list *pos;
	struct rig r;

	rig_init(&r);
	add(&r, "a", "", DEPS_READY);
	add(&r, "b", "a", DEPS_WAITS);
	add(&r, "c", "b,nope,b", DEPS_WAITS);
	add(&r, NULL, "!b", DEPS_WAITS);
	deps_take_all(r.d, &out);
	CHECK_INT(deps_len(r.d), 0);
	for (uint64_t seq = 2; (pos = list_take_first(&out)); seq++) {
		struct job *job = container_of(pos, struct job, link);

		CHECK_INT(job->seq, seq);
		if (seq == 3)
			deps_end(r.d, job, false, &r.ready, &r.skipped);
		job_free(job);
	}
	end(&r, "a", true);
	close_input(&r, false);
	check(&r, "", "");
	rig_release(&r);
}

/* What is on the lists before stays, and is not ended a second time. */
static void lists_in_use(void)
{
	struct rig r;
	struct job *job;

	rig_init(&r);
	add(&r, "a", "", DEPS_READY);
	add(&r, "b", "", DEPS_READY);
	add(&r, "c", "a", DEPS_WAITS);
	add(&r, "d", "b", DEPS_WAITS);
	for (const char *id = "a"; *id; id = *id == 'a' ? "b" : "") {
		job = find_running(&r, id);
		list_del(&job->link);
		deps_end(r.d, job, false, &r.ready, &r.skipped);
		deps_end(r.d, job, true, &r.ready, &r.skipped);
		job_free(job);
	}
	collect(&r);
	check(&r, "", "f:3: skipped: 'a' failed\nf:4: skipped: 'b' failed\n");
	rig_release(&r);
}

/* The leak checkers' to find. */
static void free_with_jobs(void)
{
	struct rig r;

	rig_init(&r);
	add(&r, "a", "b,c,b", DEPS_WAITS);
	add(&r, "b", "a", DEPS_WAITS);
	add(&r, NULL, "a,b", DEPS_WAITS);
	rig_release(&r);
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
