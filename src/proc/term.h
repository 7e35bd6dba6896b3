/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * term.h - the term sequence: signals to a job's process group, with pauses.
 *
 * Written SIGNAL,MS,SIGNAL,MS,... (--term-seq); signals by name with or
 * without SIG, in any case, or by number. Plain data, no locks.
 */
#ifndef MUSTER_PROC_TERM_H
#define MUSTER_PROC_TERM_H

#include <stdint.h>

#define TERM_STAGES_MAX 32
#define TERM_SEQ_DEFAULT "TERM,200,TERM,100,TERM,50,KILL,25"

struct term_seq {
	unsigned n;
	struct {
		int signal;
		int64_t wait_ns;	/* after it, before the next */
	} stage[TERM_STAGES_MAX];
};

/* 0, or -1 when word is no such sequence (errno EINVAL, ERANGE). */
int term_seq_parse(const char *word, struct term_seq *seq);

/* A signal's number by name or number, 0 when there is none such. */
int signal_by_name(const char *name);
/* Its name without SIG, "TERM"; a number in a static table when unnamed. */
const char *signal_name(int sig);

#endif
