/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally.c - counting outcomes, and the exit status of a run.
 */
#include <config.h>

#include "sched/tally.h"

#include <stddef.h>
#include <string.h>

#include "base/compiler.h"
#include "sched/job.h"

static bool has_started(const struct job *job)
{
	switch (job->outcome.end) {
	case JOB_EXITED:
	case JOB_SIGNALED:
	case JOB_TIMEOUT:
	case JOB_KILLED:
	case JOB_LOST:
		return true;
	case JOB_UNSTARTED:
	case JOB_REFUSED:
	case JOB_CANCELLED:
	case JOB_DROPPED:
	case JOB_SKIPPED:
		break;
	}
	return false;
}

/* What xargs' statuses tell apart. */
static void note_kind(struct tally *t, const struct job *job)
{
	switch (job->outcome.end) {
	case JOB_EXITED:
		t->any_255 |= job->outcome.status == 255;
		t->any_126 |= job->outcome.status == 126;
		t->any_127 |= job->outcome.status == 127;
		break;
	case JOB_SIGNALED:
	case JOB_TIMEOUT:
	case JOB_KILLED:
		t->any_signal = true;
		break;
	case JOB_UNSTARTED:
		t->any_unstarted = true;
		break;
	case JOB_REFUSED:
	case JOB_CANCELLED:
	case JOB_LOST:
	case JOB_DROPPED:
	case JOB_SKIPPED:
		break;
	}
}

void tally_add(struct tally *t, const struct job *job)
{
	int status = job_status(job);

	if (has_started(job))
		t->started++;
	if (job_has_succeeded(job)) {
		t->succeeded++;
		return;
	}
	t->failed++;
	if (job->outcome.end == JOB_CANCELLED) {
		/* It was never tried: it has no status to report. */
		t->cancelled++;
		return;
	}
	if (!t->first_failed_seq || job->seq < t->first_failed_seq) {
		t->first_failed_seq = job->seq;
		t->first_failed_status = status;
	}
	if (status > t->max_status)
		t->max_status = status;
	note_kind(t, job);
}

int exit_rule_parse(const char *word, enum exit_rule *rule)
{
	static const struct {
		const char *name;
		enum exit_rule rule;
	} rules[] = {
		{ "count", EXIT_COUNT },
		{ "first", EXIT_FIRST },
		{ "max", EXIT_MAX },
		{ "any", EXIT_ANY },
		{ "xargs", EXIT_XARGS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (strcmp(word, rules[i].name) == 0) {
			*rule = rules[i].rule;
			return 0;
		}
	}
	return -1;
}

static int xargs_status(const struct tally *t)
{
	/* As whoever tried to execute it says, in most cases the shell. */
	if (t->any_127)
		return 127;
	if (t->any_126 || t->any_unstarted)
		return 126;
	if (t->any_signal)
		return 125;
	return t->any_255 ? 124 : 123;
}

int tally_exit_status(const struct tally *t, enum exit_rule rule)
{
	if (t->failed == 0)
		return 0;
	switch (rule) {
	case EXIT_COUNT:
		return t->failed > 100 ? 101 : (int)t->failed;
	case EXIT_FIRST:
		/* All that failed may have been cancelled. */
		return t->first_failed_seq ? t->first_failed_status : 1;
	case EXIT_MAX:
		return t->first_failed_seq ? t->max_status : 1;
	case EXIT_ANY:
		return 1;
	case EXIT_XARGS:
		return xargs_status(t);
	}
	BUG("no such exit rule");
}
