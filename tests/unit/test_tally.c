/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_tally.c - counting outcomes, and the exit status rules.
 */
#include <config.h>

#include <stddef.h>

#include "base/compiler.h"
#include "sched/job.h"
#include "sched/tally.h"
#include "tap.h"

static void add(struct tally *t, uint64_t seq, enum job_end end, int number)
{
	struct job job = { .seq = seq };

	job.outcome.end = end;
	if (end == JOB_EXITED)
		job.outcome.status = number;
	else
		job.outcome.signal = number;
	tally_add(t, &job);
}

static void check_all(const struct tally *t, int count, int first, int max,
		      int any, int xargs)
{
	CHECK_INT(tally_exit_status(t, EXIT_COUNT), count);
	CHECK_INT(tally_exit_status(t, EXIT_FIRST), first);
	CHECK_INT(tally_exit_status(t, EXIT_MAX), max);
	CHECK_INT(tally_exit_status(t, EXIT_ANY), any);
	CHECK_INT(tally_exit_status(t, EXIT_XARGS), xargs);
}

static void no_jobs(void)
{
	struct tally t = { 0 };

	check_all(&t, 0, 0, 0, 0, 0);
}

static void all_succeed(void)
{
	struct tally t = { 0 };

	for (uint64_t seq = 1; seq <= 200; seq++)
		add(&t, seq, JOB_EXITED, 0);
	CHECK_INT(t.started, 200);
	CHECK_INT(t.succeeded, 200);
	CHECK_INT(t.failed, 0);
	CHECK_INT(t.first_failed_seq, 0);
	check_all(&t, 0, 0, 0, 0, 0);
}

static void by_status(void)
{
	struct tally t = { 0 };

	add(&t, 3, JOB_EXITED, 4);
	add(&t, 1, JOB_EXITED, 0);
	add(&t, 2, JOB_EXITED, 3);
	add(&t, 4, JOB_EXITED, 126);
	add(&t, 5, JOB_EXITED, 1);
	CHECK_INT(t.failed, 4);
	CHECK_INT(t.first_failed_seq, 2);
	check_all(&t, 4, 3, 126, 1, 126);
	add(&t, 6, JOB_EXITED, 127);
	check_all(&t, 5, 3, 127, 1, 127);
}

static void count_ends_at_101(void)
{
	struct tally t = { 0 };

	for (uint64_t seq = 1; seq <= 100; seq++)
		add(&t, seq, JOB_EXITED, 1);
	CHECK_INT(tally_exit_status(&t, EXIT_COUNT), 100);
	add(&t, 101, JOB_EXITED, 1);
	CHECK_INT(tally_exit_status(&t, EXIT_COUNT), 101);
	for (uint64_t seq = 102; seq <= 400; seq++)
		add(&t, seq, JOB_EXITED, 1);
	CHECK_INT(tally_exit_status(&t, EXIT_COUNT), 101);
}

static void by_signal(void)
{
	struct tally t = { 0 };

	add(&t, 1, JOB_EXITED, 2);
	add(&t, 2, JOB_SIGNALED, 9);
	check_all(&t, 2, 2, 137, 1, 125);
}

static void by_muster(void)
{
	struct tally t = { 0 };

	add(&t, 1, JOB_TIMEOUT, 15);
	check_all(&t, 1, 255, 255, 1, 125);
	t = (struct tally){ 0 };
	add(&t, 1, JOB_KILLED, 9);
	check_all(&t, 1, 255, 255, 1, 125);
}

static void status_255(void)
{
	struct tally t = { 0 };

	add(&t, 1, JOB_EXITED, 1);
	add(&t, 2, JOB_EXITED, 255);
	check_all(&t, 2, 1, 255, 1, 124);
}

static void no_process(void)
{
	struct tally t = { 0 };

	add(&t, 1, JOB_UNSTARTED, 0);
	CHECK_INT(t.started, 0);
	check_all(&t, 1, 255, 255, 1, 126);
}

static void refused(void)
{
	struct tally t = { 0 };

	add(&t, 1, JOB_EXITED, 0);
	add(&t, 2, JOB_REFUSED, 0);
	CHECK_INT(t.started, 1);
	check_all(&t, 1, 255, 255, 1, 123);
}

static void xargs_takes_the_highest(void)
{
	struct tally t = { 0 };

	add(&t, 1, JOB_EXITED, 255);
	add(&t, 2, JOB_SIGNALED, 1);
	CHECK_INT(tally_exit_status(&t, EXIT_XARGS), 125);
	add(&t, 3, JOB_UNSTARTED, 0);
	CHECK_INT(tally_exit_status(&t, EXIT_XARGS), 126);
}

static void cancelled(void)
{
	struct tally t = { 0 };

	add(&t, 1, JOB_CANCELLED, 0);
	CHECK_INT(t.failed, 1);
	CHECK_INT(t.cancelled, 1);
	CHECK_INT(t.started, 0);
	check_all(&t, 1, 1, 1, 1, 123);
	/* A status that a job really had is worth more. */
	add(&t, 2, JOB_EXITED, 7);
	check_all(&t, 2, 7, 7, 1, 123);
}

static void started(void)
{
	static const enum job_end begun[] = {
		JOB_EXITED, JOB_SIGNALED, JOB_TIMEOUT, JOB_KILLED, JOB_LOST,
	};
	struct tally t = { 0 };

	for (unsigned i = 0; i < ARRAY_SIZE(begun); i++) {
		add(&t, i + 1, begun[i], 1);
		CHECK_INT(t.started, i + 1);
	}
	CHECK_INT(t.failed, ARRAY_SIZE(begun));
}

static void rule_names(void)
{
	static const struct {
		const char *word;
		enum exit_rule rule;
	} table[] = {
		{ "count", EXIT_COUNT }, { "first", EXIT_FIRST },
		{ "max", EXIT_MAX }, { "any", EXIT_ANY },
		{ "xargs", EXIT_XARGS },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
		/* Another one than will be found. */
		enum exit_rule rule =
			i == 0 ? EXIT_XARGS : table[i - 1].rule;

		CHECK_INT(exit_rule_parse(table[i].word, &rule), 0);
		CHECK_INT(rule, table[i].rule);
	}
}

static void no_rule_names(void)
{
	static const char *const words[] = {
		"", "c", "counts", "Count", "first ", "0",
	};
	enum exit_rule rule = EXIT_MAX;

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		CHECK_INT(exit_rule_parse(words[i], &rule), -1);
	CHECK_INT(rule, EXIT_MAX);
}

static const struct tap_case cases[] = {
	{ "no jobs are a success by every rule", no_jobs },
	{ "200 successes are a success by every rule", all_succeed },
	{ "failures by exit status", by_status },
	{ "count goes to 100, then 101", count_ends_at_101 },
	{ "failures by signal", by_signal },
	{ "failures by muster's hand are 255", by_muster },
	{ "a status of 255", status_255 },
	{ "a job without process", no_process },
	{ "a refused job fails and is not started", refused },
	{ "xargs takes the highest that applies", xargs_takes_the_highest },
	{ "cancelled jobs fail but have no status", cancelled },
	{ "what counts as started", started },
	{ "rules have names", rule_names },
	{ "other words are no rules", no_rule_names },
};
TAP_MAIN(cases)
