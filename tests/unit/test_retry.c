/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_retry.c - which ends ask for another try.
 */
#include <config.h>

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "sched/job.h"
#include "sched/retry.h"
#include "tap.h"

/* Three signals are enough of a system. */
static int number_of(const char *name)
{
	if (strncmp(name, "SIG", 3) == 0)
		name += 3;
	if (strcmp(name, "KILL") == 0)
		return 9;
	if (strcmp(name, "SEGV") == 0)
		return 11;
	if (strcmp(name, "RT") == 0)
		return 64;
	if (strcmp(name, "FAR") == 0)
		return 128;
	return strcmp(name, "+9") == 0 ? 9 : -1;
}

/* Would a job that ended so be tried again? */
static bool judge(const struct retry_rule *rule, enum job_end end, int status,
		  int signal)
{
	char *values[] = { (char *)"x" };
	size_t lens[] = { 1 };
	struct job *job = job_new(1, values, lens, 1);
	bool wanted;

	job->outcome.end = end;
	job->outcome.status = status;
	job->outcome.signal = signal;
	wanted = retry_is_wanted(rule, job);
	job_free(job);
	return wanted;
}

static bool exited(const struct retry_rule *rule, int status)
{
	return judge(rule, JOB_EXITED, status, 0);
}

static bool signaled(const struct retry_rule *rule, int signal)
{
	return judge(rule, JOB_SIGNALED, 0, signal);
}

/* Adds the runs of bits that are asked for: " 3 10-20". */
static void add_runs(struct buf *out, const struct retry_rule *rule, int max,
		     bool (*wanted)(const struct retry_rule *, int))
{
	for (int i = 0; i <= max; i++) {
		int first = i;

		if (!wanted(rule, i))
			continue;
		while (i < max && wanted(rule, i + 1))
			i++;
		buf_addf(out, " %d", first);
		if (i > first)
			buf_addf(out, "-%d", i);
	}
}

/* All that a rule asks for, in words. */
static void describe(const struct retry_rule *rule, struct buf *out)
{
	buf_reset(out);
	buf_addstr(out, "exit");
	add_runs(out, rule, 255, exited);
	buf_addstr(out, " signal");
	add_runs(out, rule, 127, signaled);
	if (judge(rule, JOB_TIMEOUT, 0, 15))
		buf_addstr(out, " timeout");
	if (judge(rule, JOB_UNSTARTED, 0, 0))
		buf_addstr(out, " unstarted");
	if (judge(rule, JOB_LOST, 0, 0))
		buf_addstr(out, " lost");
}

static void lists(void)
{
	static const struct {
		const char *word;
		const char *means;
	} good[] = {
		{ "3", "exit 3 signal" },
		{ "255", "exit 255 signal" },
		{ "1-255", "exit 1-255 signal" },
		{ "10-20", "exit 10-20 signal" },
		{ "7-7", "exit 7 signal" },
		{ "3,10-20,75", "exit 3 10-20 75 signal" },
		{ "5-9,7-12", "exit 5-12 signal" },
		{ "fail", "exit 1-255 signal" },
		{ "fail,3", "exit 1-255 signal" },
		{ "KILL", "exit signal 9" },
		{ "SIGSEGV,KILL", "exit signal 9 11" },
		{ "RT", "exit signal 64" },
		{ "signal", "exit signal 1-127" },
		{ "timeout", "exit signal timeout" },
		{ "start", "exit signal unstarted lost" },
		{ "1,KILL,timeout,start",
		  "exit 1 signal 9 timeout unstarted lost" },
		{ "timeout,timeout", "exit signal timeout" },
		{ "fail,signal,timeout,start",
		  "exit 1-255 signal 1-127 timeout unstarted lost" },
	};
	struct buf means = BUF_INIT;
	struct retry_rule rule;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		memset(&rule, 0xff, sizeof(rule));
		CHECK_INT(retry_parse(good[i].word, number_of, &rule), 0);
		describe(&rule, &means);
		CHECK_STR(means.data, good[i].means);
	}
	buf_release(&means);
}

static void bad_lists(void)
{
	static const char *const bad[] = {
		"", ",", "3,", ",3", "3,,4", "0", "0-5", "256", "1-256",
		"5-3", "5-", "-5", "1-2-3", "1--2", "1-+2", "+3", " 3", "3 ",
		"3.5", "0x3", "9KILL", "NOSUCH", "kill?", "SIG", "+9", "-9",
		"FAR", "Timeout", "timeouts", "fail-3", "KILL-SEGV", "all",
		"99999999999999999999", "a-word-that-is-longer-than-any",
		"3,NOSUCH",
	};
	struct retry_rule rule = { .is_set = true, .timeout = true };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		errno = 0;
		if (!CHECK_INT(retry_parse(bad[i], number_of, &rule), -1))
			CHECK_STR(bad[i], "an error");
		CHECK_INT(errno, EINVAL);
	}
	CHECK(rule.timeout && !rule.start);
}

static void all_without_a_rule(void)
{
	struct retry_rule rule = { .is_set = false };

	for (int i = 1; i <= 255; i++)
		CHECK(exited(&rule, i));
	for (int i = 1; i <= 127; i++)
		CHECK(signaled(&rule, i));
	CHECK(judge(&rule, JOB_TIMEOUT, 0, 15));
	CHECK(judge(&rule, JOB_UNSTARTED, 0, 0));
	CHECK(judge(&rule, JOB_LOST, 0, 0));
}

static void never(void)
{
	static const enum job_end ends[] = {
		JOB_KILLED, JOB_REFUSED, JOB_CANCELLED, JOB_DROPPED,
		JOB_SKIPPED,
	};
	struct retry_rule none = { .is_set = false };
	struct retry_rule all;

	CHECK_INT(retry_parse("fail,signal,timeout,start", number_of, &all),
		  0);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		CHECK(!judge(&none, ends[i], 1, 9));
		CHECK(!judge(&all, ends[i], 1, 9));
	}
}

/* A timeout is none of its signal, nor of its status. */
static void a_timeout_is_nothing_else(void)
{
	struct retry_rule rule;

	CHECK_INT(retry_parse("fail,signal", number_of, &rule), 0);
	CHECK(!judge(&rule, JOB_TIMEOUT, 3, 9));
	CHECK_INT(retry_parse("timeout", number_of, &rule), 0);
	CHECK(!exited(&rule, 3));
	CHECK(!signaled(&rule, 9));
}

static const struct tap_case cases[] = {
	{ "lists and what they mean", lists },
	{ "what is no list", bad_lists },
	{ "without a rule every failure is tried again",
	  all_without_a_rule },
	{ "killed, refused, cancelled, dropped and skipped jobs never are",
	  never },
	{ "a timeout is only a timeout", a_timeout_is_nothing_else },
};
TAP_MAIN(cases)
