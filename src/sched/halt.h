/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * halt.h - --halt: when to stop a run because of how its jobs ended.
 *
 * Pure functions. Grammar, as GNU parallel's: never | WHEN,WHY=N or N% with
 * WHEN now or soon and WHY fail, success or done (=1 when left out); and the
 * old forms 0, 1, 2, -1, -2, N%. A percentage is of all jobs of the run, so it
 * is not judged before their number is known (GNU parallel reads all input
 * before its first job then). No minimum of jobs. 0 and 0% are no rules.
 */
#ifndef MUSTER_SCHED_HALT_H
#define MUSTER_SCHED_HALT_H

#include <stdbool.h>
#include <stdint.h>

struct job;
struct tally;

enum halt_when { HALT_NEVER, HALT_SOON, HALT_NOW };
enum halt_why { HALT_FAIL, HALT_SUCCESS, HALT_DONE };

struct halt_rule {
	enum halt_when when;
	enum halt_why why;
	uint64_t count;		/* 0: by percent */
	double percent;
};

/* 0, or -1 when the word is no such rule. */
int halt_parse(const char *word, struct halt_rule *rule);

/*
 * After a job has been added to t: does the rule bite now? total is the number
 * of jobs of the run, 0 while that is not known.
 */
bool halt_is_reached(const struct halt_rule *rule, const struct tally *t,
		     uint64_t total);

/*
 * The exit status of a run that its rule stopped, at the moment it did:
 * success: 0; when one job was enough (=1, or a percentage that comes to one
 * job): that job's status (a signal death is 128 + N, a job that muster killed
 * 255); N: the number of failed jobs, 101 for more than 100; N%: the
 * percentage of failed jobs, rounded up.
 */
int halt_exit_status(const struct halt_rule *rule, const struct tally *t,
		     int job_status, uint64_t total);

/*
 * The exit status of a run with a rule that never bit: with N% the percentage
 * of failed jobs, rounded up; else -1, the status is as without the rule.
 */
int halt_unmet_status(const struct halt_rule *rule, const struct tally *t);

#endif
