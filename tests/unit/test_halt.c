/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_halt.c - the grammar and the bite of --halt.
 *
 * Statuses that GNU parallel 20221122 gave for the same jobs are marked so.
 */
#include <config.h>

#include <stddef.h>
#include <string.h>

#include "base/compiler.h"
#include "sched/halt.h"
#include "sched/job.h"
#include "sched/tally.h"
#include "tap.h"

static struct halt_rule parsed(const char *word)
{
	struct halt_rule rule = { .when = HALT_NEVER };

	CHECK_INT(halt_parse(word, &rule), 0);
	return rule;
}

static void check_rule(const char *word, enum halt_when when,
		       enum halt_why why, uint64_t count, double percent)
{
	struct halt_rule rule = parsed(word);

	CHECK_INT(rule.when, when);
	CHECK_INT(rule.why, why);
	CHECK_UINT(rule.count, count);
	if (count == 0)
		CHECK(rule.percent == percent);
}

/*
 * Runs jobs with these statuses one after the other. Returns the exit status
 * of the run, and in *ran how many jobs it took.
 */
static int run(const char *word, const int *statuses, unsigned n,
	       unsigned *ran)
{
	struct halt_rule rule = parsed(word);
	struct tally t = { 0 };
	int unmet;

	for (unsigned i = 0; i < n; i++) {
		struct job job = { .seq = i + 1 };

		job.outcome.status = statuses[i];
		tally_add(&t, &job);
		*ran = i + 1;
		if (halt_is_reached(&rule, &t, n))
			return halt_exit_status(&rule, &t, statuses[i], n);
	}
	unmet = halt_unmet_status(&rule, &t);
	return unmet < 0 ? tally_exit_status(&t, EXIT_COUNT) : unmet;
}

static void check_runs(const char *word, const int *statuses, unsigned n,
		       int want, unsigned want_ran)
{
	unsigned ran = 0;

	CHECK_INT(run(word, statuses, n, &ran), want);
	CHECK_INT(ran, want_ran);
}

static const int mixed[6] = { 3, 0, 4, 0, 5, 0 };
static const int bad[6] = { 3, 3, 3, 3, 3, 3 };
static const int last_bad[6] = { 0, 0, 0, 0, 0, 7 };
static const int good[6] = { 0, 0, 0, 0, 0, 0 };

static void grammar(void)
{
	check_rule("soon,fail=1", HALT_SOON, HALT_FAIL, 1, 0);
	check_rule("now,fail=3", HALT_NOW, HALT_FAIL, 3, 0);
	check_rule("soon,success=2", HALT_SOON, HALT_SUCCESS, 2, 0);
	check_rule("now,done=10", HALT_NOW, HALT_DONE, 10, 0);
	check_rule("now,fail=5%", HALT_NOW, HALT_FAIL, 0, 5);
	check_rule("soon,done=12.5%", HALT_SOON, HALT_DONE, 0, 12.5);
	check_rule("now,success=100%", HALT_NOW, HALT_SUCCESS, 0, 100);
	check_rule("soon,fail=200%", HALT_SOON, HALT_FAIL, 0, 200);
}

static void one_when_left_out(void)
{
	check_rule("now,fail", HALT_NOW, HALT_FAIL, 1, 0);
	check_rule("soon,success", HALT_SOON, HALT_SUCCESS, 1, 0);
	check_rule("now,done", HALT_NOW, HALT_DONE, 1, 0);
}

static void either_separator(void)
{
	check_rule("now,fail,3", HALT_NOW, HALT_FAIL, 3, 0);
	check_rule("soon=done=4%", HALT_SOON, HALT_DONE, 0, 4);
}

static void old_forms(void)
{
	CHECK_INT(parsed("never").when, HALT_NEVER);
	CHECK_INT(parsed("0").when, HALT_NEVER);
	check_rule("1", HALT_SOON, HALT_FAIL, 1, 0);
	check_rule("2", HALT_NOW, HALT_FAIL, 1, 0);
	check_rule("-1", HALT_SOON, HALT_SUCCESS, 1, 0);
	check_rule("-2", HALT_NOW, HALT_SUCCESS, 1, 0);
	check_rule("30%", HALT_SOON, HALT_FAIL, 0, 30);
}

static void no_rules(void)
{
	static const char *const words[] = {
		"", "3", "-3", "00", "now", "soon,", "now,x", "NOW,fail=1",
		"soon,fail=", "soon,fail=0", "soon,fail=0%", "0%", "%",
		"soon,fail=x", "soon,fail=1.5", "soon,fail=-1",
		"soon,fail=+1", "soon,fail= 1", "soon,fail=1,x",
		"soon,fail=-5%", "soon,fail=5%%", "soon,failure=1",
		"never,fail=1", "later,fail=1", "soonfail=1", "now ,fail=1",
		"soon,fail=99999999999999999999",
	};
	struct halt_rule rule = { .when = HALT_NOW, .count = 42 };

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		if (!CHECK_INT(halt_parse(words[i], &rule), -1))
			CHECK_STR(words[i], "refused");
	}
	CHECK_INT(rule.when, HALT_NOW);
	CHECK_UINT(rule.count, 42);
}

static void never_bites(void)
{
	check_runs("never", bad, 6, 6, 6);
	check_runs("0", mixed, 6, 3, 6);
	check_runs("0", good, 6, 0, 6);
}

/* As GNU parallel. */
static void one_failure(void)
{
	check_runs("now,fail=1", mixed, 6, 3, 1);
	check_runs("soon,fail=1", last_bad, 6, 7, 6);
	check_runs("1", good, 6, 0, 6);
}

/* As GNU parallel: the number of failures, not the last one's status. */
static void some_failures(void)
{
	check_runs("soon,fail=2", mixed, 6, 2, 3);
	check_runs("now,fail=2", bad, 6, 2, 2);
	check_runs("soon,fail=2", last_bad, 6, 1, 6);
}

/* As GNU parallel. */
static void successes(void)
{
	check_runs("now,success=1", mixed, 6, 0, 2);
	check_runs("soon,success=2", mixed, 6, 0, 4);
	check_runs("soon,success=2", bad, 6, 6, 6);
	check_runs("-1", bad, 6, 6, 6);
	check_runs("soon,success=50%", bad, 6, 100, 6);
	check_runs("soon,success=50%", last_bad, 6, 0, 3);
}

/* As GNU parallel, but for its 101 when there was no failure. */
static void ends(void)
{
	check_runs("now,done=1", mixed, 6, 3, 1);
	check_runs("now,done=1", good, 6, 0, 1);
	check_runs("soon,done=2", mixed, 6, 1, 2);
	check_runs("now,done=3", bad, 6, 3, 3);
	check_runs("now,done=3", good, 6, 0, 3);
	check_runs("soon,done=50%", mixed, 6, 34, 3);
	check_runs("soon,done=50%", bad, 6, 50, 3);
	check_runs("soon,done=50%", last_bad, 6, 0, 3);
}

/* As GNU parallel. */
static void percent_of_failures(void)
{
	static const int half[] = { 7, 0, 7, 0 };
	static const int three[] = { 7, 7, 7 };

	check_runs("soon,fail=50%", mixed, 6, 50, 5);
	check_runs("now,fail=50%", bad, 6, 50, 3);
	check_runs("soon,fail=1%", mixed, 6, 17, 1);
	check_runs("100%", bad, 6, 100, 6);
	check_runs("50%", half, 4, 50, 3);
	check_runs("34%", three, 3, 67, 2);
}

/* As GNU parallel: the percentage, whether the rule bit or not. */
static void percent_unmet(void)
{
	check_runs("soon,fail=50%", last_bad, 6, 17, 6);
	check_runs("soon,fail=100%", mixed, 6, 50, 6);
	check_runs("soon,fail=200%", bad, 6, 100, 6);
	check_runs("soon,fail=50%", good, 6, 0, 6);
}

/* As GNU parallel. */
static void percent_of_one_job(void)
{
	static const int two[] = { 7, 7 };
	static const int four[] = { 0, 9, 5, 5 };

	check_runs("soon,fail=50%", two, 2, 7, 1);
	check_runs("soon,fail=25%", four, 4, 9, 2);
}

/* 7 of 100 is 7 %, whatever a double makes of 0.07. */
static void percent_is_exact(void)
{
	for (uint64_t p = 1; p <= 100; p++) {
		struct halt_rule rule = { .when = HALT_SOON };
		struct tally t = { 0 };

		rule.why = HALT_FAIL;
		rule.percent = (double)p;
		t.failed = p * 10 - 1;
		CHECK(!halt_is_reached(&rule, &t, 1000));
		t.failed++;
		CHECK(halt_is_reached(&rule, &t, 1000));
		CHECK_INT(halt_exit_status(&rule, &t, 3, 1000), p);
	}
}

static void percent_waits_for_the_total(void)
{
	struct halt_rule rule = parsed("now,fail=10%");
	struct tally t = { .failed = 5 };

	CHECK(!halt_is_reached(&rule, &t, 0));
	CHECK(halt_is_reached(&rule, &t, 50));
	CHECK(!halt_is_reached(&rule, &t, 51));
}

static void count_needs_no_total(void)
{
	struct halt_rule rule = parsed("now,fail=2");
	struct tally t = { .failed = 1 };

	CHECK(!halt_is_reached(&rule, &t, 0));
	t.failed = 2;
	CHECK(halt_is_reached(&rule, &t, 0));
}

static void many_failures(void)
{
	struct halt_rule rule = parsed("soon,fail=150");
	struct tally t = { .failed = 150 };

	CHECK(halt_is_reached(&rule, &t, 0));
	CHECK_INT(halt_exit_status(&rule, &t, 3, 0), 101);
}

static void signal_status(void)
{
	struct halt_rule rule = parsed("now,fail=1");
	struct tally t = { .failed = 1 };

	CHECK_INT(halt_exit_status(&rule, &t, 137, 10), 137);
}

static const struct tap_case cases[] = {
	{ "WHEN,WHY=N and N%", grammar },
	{ "=1 may be left out", one_when_left_out },
	{ "comma and equals sign are the same", either_separator },
	{ "never and the old forms", old_forms },
	{ "other words are no rules", no_rules },
	{ "never does not bite", never_bites },
	{ "fail=1 gives the job's status", one_failure },
	{ "fail=N gives the number of failures", some_failures },
	{ "success=N", successes },
	{ "done=N", ends },
	{ "fail=N% gives the percentage", percent_of_failures },
	{ "an unmet percentage gives the percentage", percent_unmet },
	{ "a percentage that comes to one job gives its status",
	  percent_of_one_job },
	{ "percentages are exact", percent_is_exact },
	{ "a percentage waits for the total", percent_waits_for_the_total },
	{ "a count needs no total", count_needs_no_total },
	{ "more than 100 failures are 101", many_failures },
	{ "a signal death keeps its status", signal_status },
};
TAP_MAIN(cases)
