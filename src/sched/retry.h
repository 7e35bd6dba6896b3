/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * retry.h - --retry-on: after which ends a job is tried again.
 *
 * A list with commas: exit statuses (3, 10-20), signals by name or SIGname
 * (KILL, SIGSEGV; those the job died of), `timeout`, `fail` (any exit status
 * but 0), `signal` (any signal), `start` (no process could be made, or its
 * host was lost). Without --retry-on: all of them. Pure functions.
 */
#ifndef MUSTER_SCHED_RETRY_H
#define MUSTER_SCHED_RETRY_H

#include <stdbool.h>
#include <stdint.h>

struct job;

struct retry_rule {
	bool is_set;		/* else everything is tried again */
	bool timeout;
	bool start;
	uint8_t status[32];	/* bit per exit status */
	uint8_t signal[16];	/* bit per signal number */
};

/*
 * signal_number: number of a signal's name, 0 or less for what is none (sched
 * knows no signals; proc/term.h has such a function); a word that begins with
 * a digit is never asked for. 0, or -1 with errno EINVAL and *rule as it was.
 */
int retry_parse(const char *word, int (*signal_number)(const char *name),
		struct retry_rule *rule);

/* Does the outcome of the last try, which was no success, ask for another
 * one? (Whether there are tries left is not asked here.) Killed, refused,
 * cancelled, dropped and skipped jobs: never. */
bool retry_is_wanted(const struct retry_rule *rule, const struct job *job);

#endif
