/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_limits.c - descriptors and processes for many jobs.
 */
#include <config.h>

#include <stdio.h>
#include <sys/resource.h>

#include "proc/limits.h"
#include "tap.h"

static struct rlimit get(void)
{
	struct rlimit r = { 0, 0 };

	CHECK(getrlimit(RLIMIT_NOFILE, &r) == 0);
	return r;
}

static void set(rlim_t cur, rlim_t max)
{
	struct rlimit r = { cur, max };

	CHECK(setrlimit(RLIMIT_NOFILE, &r) == 0);
}

static void raises_what_is_needed(void)
{
	set(64, 1000);
	limits_raise(100, 0);
	CHECK(get().rlim_cur >= 300);
	CHECK(get().rlim_cur < 1000);
	CHECK_UINT(get().rlim_max, 1000);
}

static void raises_no_higher_than_allowed(void)
{
	set(64, 200);
	limits_raise(100000, 0);
	CHECK_UINT(get().rlim_cur, 200);
	CHECK_UINT(get().rlim_max, 200);
}

static void never_lowers(void)
{
	set(1000, 1000);
	limits_raise(1, 0);
	CHECK_UINT(get().rlim_cur, 1000);
}

static void gives_jobs_the_old_ones(void)
{
	set(77, 1000);
	limits_raise(200, 0);
	CHECK(get().rlim_cur > 77);
	limits_restore();
	CHECK_UINT(get().rlim_cur, 77);
	CHECK_UINT(get().rlim_max, 1000);
}

static void restores_only_what_it_raised(void)
{
	set(1000, 1000);
	limits_raise(1, 0);
	set(500, 1000);
	limits_restore();
	CHECK_UINT(get().rlim_cur, 500);
}

static void knows_what_is_possible(void)
{
	unsigned few;

	set(64, 1000);
	few = limits_possible_jobs(0);
	CHECK(few > 100 && few < 1000 / 3);
	/* With them, each has its descriptors. */
	limits_raise(few, 0);
	CHECK(get().rlim_cur >= few * 3);
	/* Those that hold twice as many are half as many. */
	CHECK(limits_possible_jobs(3) <= few / 2);
	CHECK(limits_possible_jobs(3) + 1 >= few / 2);
	set(20, 20);
	CHECK(limits_possible_jobs(0) >= 1);
}

/* A thread and a process each. */
static void numbers_are_the_most(void)
{
	unsigned most = limits_most_jobs();
	FILE *file = fopen("/proc/sys/kernel/pid_max", "r");
	unsigned long numbers = 200000;

	if (file) {
		CHECK(fscanf(file, "%lu", &numbers) == 1);
		fclose(file);
	}
	CHECK(most >= 1 && most <= 100000);
	CHECK(most <= numbers / 2);
	CHECK(limits_possible_jobs(0) <= most);
}

static void limit_processes(void *arg)
{
	struct rlimit r = { 50, 50 };

	(void)arg;
	CHECK(setrlimit(RLIMIT_NPROC, &r) == 0);
	CHECK_INT(limits_possible_jobs(0), 25);
}

/* In a process of its own: leak checkers could not start theirs after it. */
static void processes_limit_as_well(void)
{
	char out[64];

	CHECK_INT(tap_run(limit_processes, NULL, out, sizeof(out)), 0);
}

static const struct tap_case cases[] = {
	{ "the limit is raised to what is needed", raises_what_is_needed },
	{ "the limit is raised no higher than allowed",
	  raises_no_higher_than_allowed },
	{ "the limit is never lowered", never_lowers },
	{ "jobs get the limits that muster was given",
	  gives_jobs_the_old_ones },
	{ "what was not raised is not restored",
	  restores_only_what_it_raised },
	{ "so many jobs are possible", knows_what_is_possible },
	{ "there are numbers for so many jobs", numbers_are_the_most },
	{ "a limit on processes is one on jobs", processes_limit_as_well },
};
TAP_MAIN(cases)
