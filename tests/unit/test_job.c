/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_job.c - making jobs, and what their outcomes mean.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/thread.h"
#include "sched/job.h"
#include "tap.h"

static struct job *make(uint64_t seq, const char *first, const char *second)
{
	char *values[] = { (char *)first, (char *)second };
	size_t lens[] = { strlen(first), second ? strlen(second) : 0 };

	return job_new(seq, values, lens, second ? 2 : 1);
}

static struct job *ended(enum job_end end, int status, int sig)
{
	struct job *job = make(1, "x", NULL);

	job->outcome.end = end;
	job->outcome.status = status;
	job->outcome.signal = sig;
	return job;
}

static void copies_values(void)
{
	char a[] = "one";
	char b[] = "two words";
	char *values[] = { a, b };
	size_t lens[] = { 3, 9 };
	struct job *job = job_new(7, values, lens, 2);

	memset(a, '!', sizeof(a) - 1);
	memset(b, '!', sizeof(b) - 1);
	CHECK_INT(job->seq, 7);
	CHECK_INT(job->nvalues, 2);
	CHECK_STR(job->values[0], "one");
	CHECK_STR(job->values[1], "two words");
	CHECK(job->values[2] == NULL);
	job_free(job);
}

static void cuts_at_the_length(void)
{
	char *values[] = { (char *)"abcdef" };
	size_t lens[] = { 3 };
	struct job *job = job_new(1, values, lens, 1);

	CHECK_STR(job->values[0], "abc");
	job_free(job);
}

static void has_no_values(void)
{
	struct job *job = job_new(3, NULL, NULL, 0);

	CHECK_INT(job->nvalues, 0);
	CHECK(job->values[0] == NULL);
	job_free(job);
}

static void keeps_any_byte(void)
{
	char bytes[4] = { '\n', (char)0xff, 0, 'z' };
	char *values[] = { bytes };
	size_t lens[] = { sizeof(bytes) };
	struct job *job = job_new(1, values, lens, 1);

	CHECK_MEM(job->values[0], 5, "\n\377\0z\0", 5);
	job_free(job);
}

static void free_of_null(void)
{
	struct job *job;

	job_free(NULL);
	job = make(1, "still works", NULL);
	CHECK_STR(job->values[0], "still works");
	job_free(job);
}

static void reused_is_fresh(void)
{
	struct job *job = make(1, "first", NULL);
	struct job *again;

	job->priority = 5;
	job->tries = 2;
	job->tries_max = 3;
	job->timeout_ns = -1;
	job->slot = 9;
	job->command = arena_strdup(&job->arena, "command");
	job->message = job->command;
	job->outcome.end = JOB_SIGNALED;
	job->outcome.signal = 9;
	job->out = job;
	atomic_store(&job->order, JOB_KILL);
	job_free(job);

	again = make(2, "second", NULL);
	/* Otherwise this would not test what it is for. */
	CHECK(again == job);
	CHECK_INT(again->seq, 2);
	CHECK_INT(again->priority, 0);
	CHECK_INT(again->tries, 0);
	CHECK_INT(again->tries_max, 0);
	CHECK_INT(again->timeout_ns, 0);
	CHECK_INT(again->slot, 0);
	CHECK(again->command == NULL);
	CHECK(again->message == NULL);
	CHECK_INT(again->outcome.end, JOB_EXITED);
	CHECK_INT(again->outcome.signal, 0);
	CHECK(again->out == NULL);
	CHECK_INT(atomic_load(&again->order), JOB_GO);
	CHECK_STR(again->values[0], "second");
	job_free(again);
}

static void accounts_for_values(void)
{
	static char big[10000];
	char *values[] = { big };
	size_t small_len[] = { 10 };
	size_t big_len[] = { sizeof(big) };
	struct job *a = job_new(1, values, small_len, 1);
	struct job *b = job_new(2, values, big_len, 1);

	CHECK(a->bytes > sizeof(struct job) + 10);
	CHECK_UINT(b->bytes - a->bytes, sizeof(big) - 10);
	job_free(a);
	job_free(b);
}

/* More than the list of spare jobs holds. */
static void many_at_once(void)
{
	static struct job *jobs[1000];
	char text[32];

	for (int round = 0; round < 3; round++) {
		for (unsigned i = 0; i < ARRAY_SIZE(jobs); i++) {
			snprintf(text, sizeof(text), "job %d/%u", round, i);
			jobs[i] = make(i + 1, text, NULL);
		}
		for (unsigned i = 0; i < ARRAY_SIZE(jobs); i++) {
			snprintf(text, sizeof(text), "job %d/%u", round, i);
			CHECK_STR(jobs[i]->values[0], text);
			CHECK_INT(jobs[i]->seq, i + 1);
		}
		for (unsigned i = 0; i < ARRAY_SIZE(jobs); i++)
			job_free(jobs[i]);
	}
}

static void *churn(void *arg)
{
	const char *mine = arg;
	struct job *held[8] = { NULL };

	for (unsigned i = 0; i < 2000; i++) {
		struct job **at = &held[i % ARRAY_SIZE(held)];

		if (*at)
			CHECK_STR((*at)->values[0], mine);
		job_free(*at);
		*at = make(i, mine, NULL);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(held); i++)
		job_free(held[i]);
	return NULL;
}

static void from_many_threads(void)
{
	static const char *const names[] = { "a", "bb", "ccc", "dddd" };
	struct thread threads[ARRAY_SIZE(names)];
	unsigned started = 0;

	thread_setup();
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (CHECK(thread_start(&threads[i], 0, churn,
				       (void *)names[i]) == 0))
			started++;
	}
	while (started)
		thread_join(&threads[--started]);
}

static void success_is_status_zero(void)
{
	static const enum job_end ends[] = {
		JOB_SIGNALED, JOB_TIMEOUT, JOB_KILLED, JOB_UNSTARTED,
		JOB_REFUSED, JOB_CANCELLED, JOB_LOST,
	};
	struct job *job = ended(JOB_EXITED, 0, 0);

	CHECK(job_has_succeeded(job));
	job->outcome.status = 1;
	CHECK(!job_has_succeeded(job));
	/* A job that exits with 0 after its timeout has still failed. */
	job->outcome.status = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
		job->outcome.end = ends[i];
		CHECK(!job_has_succeeded(job));
	}
	job_free(job);
}

static void status_of_each_end(void)
{
	static const struct {
		enum job_end end;
		int status;
		int signal;
		int want;
	} table[] = {
		{ JOB_EXITED, 0, 0, 0 },
		{ JOB_EXITED, 3, 0, 3 },
		{ JOB_EXITED, 255, 0, 255 },
		{ JOB_SIGNALED, 0, 9, 137 },
		{ JOB_SIGNALED, 0, 15, 143 },
		{ JOB_TIMEOUT, 0, 15, 255 },
		{ JOB_TIMEOUT, 0, 0, 255 },
		{ JOB_KILLED, 0, 9, 255 },
		{ JOB_UNSTARTED, 0, 0, 255 },
		{ JOB_REFUSED, 0, 0, 255 },
		{ JOB_CANCELLED, 0, 0, 255 },
		{ JOB_LOST, 0, 0, 255 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
		struct job *job = ended(table[i].end, table[i].status,
					table[i].signal);

		CHECK_INT(job_status(job), table[i].want);
		job_free(job);
	}
}

static void runtime(void)
{
	struct job *job = make(1, "x", NULL);

	CHECK_INT(job_runtime_ns(job), 0);
	job->outcome.start_ns = 500;
	job->outcome.end_ns = 1750;
	CHECK_INT(job_runtime_ns(job), 1250);
	job->outcome.end_ns = 100;
	CHECK_INT(job_runtime_ns(job), 0);
	job_free(job);
}

static void joins_values(void)
{
	struct job *job = make(1, "a b", "c");
	struct buf b = BUF_INIT;

	buf_addstr(&b, "> ");
	job_add_values(job, &b);
	CHECK_STR(b.data, "> a b c");
	buf_release(&b);
	job_free(job);
}

static const struct tap_case cases[] = {
	{ "a job has copies of its values", copies_values },
	{ "a value is as long as was said", cuts_at_the_length },
	{ "a job may have no values", has_no_values },
	{ "values keep any byte", keeps_any_byte },
	{ "freeing NULL is fine", free_of_null },
	{ "a reused job keeps nothing of the one before", reused_is_fresh },
	{ "bytes grow with the values", accounts_for_values },
	{ "a thousand jobs exist at once, three times", many_at_once },
	{ "threads make and free jobs at once", from_many_threads },
	{ "success is exit status 0 and nothing else",
	  success_is_status_zero },
	{ "each end has its status", status_of_each_end },
	{ "run time is never negative", runtime },
	{ "values are joined by blanks", joins_values },
};
TAP_MAIN(cases)
