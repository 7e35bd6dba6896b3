/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally.h - what the jobs' outcomes add up to, and the exit status of a run.
 *
 * Plain counting, no locks (the engine's guards its tally). The exit status
 * is computed once, at the end, by a pure function.
 */
#ifndef MUSTER_SCHED_TALLY_H
#define MUSTER_SCHED_TALLY_H

#include <stdbool.h>
#include <stdint.h>

struct job;

struct tally {
	uint64_t started;	/* jobs, not tries */
	uint64_t succeeded;
	uint64_t failed;	/* not succeeded, for whatever reason; jobs
				   cancelled before their start included */
	uint64_t cancelled;	/* those */
	uint64_t first_failed_seq;	/* 0: none */
	int first_failed_status;	/* of the lowest sequence number */
	int max_status;		/* both without cancelled jobs */
	bool any_signal;	/* for exit_as xargs */
	bool any_255;
	bool any_126;
	bool any_127;
	bool any_unstarted;
};

void tally_add(struct tally *t, const struct job *job);

enum exit_rule {
	EXIT_COUNT,	/* GNU parallel: failures up to 100, 101 for more */
	EXIT_FIRST,	/* status of the failed job that comes first in input */
	EXIT_MAX,	/* the highest status */
	EXIT_ANY,	/* 1 when any failed */
	EXIT_XARGS,	/* 123; 124 any 255; 125 any signal; 126 no process;
			   the highest of those that apply */
};

/* By name (count first max any xargs). 0, or -1 for another word. */
int exit_rule_parse(const char *word, enum exit_rule *rule);

int tally_exit_status(const struct tally *t, enum exit_rule rule);

#endif
