/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * known.h - commands that need not be run, as their outcome is known.
 *
 * That is one builtin of plain words: echo, printf, true, false, exit. Only
 * what dash and bash do in the very same way is known; all else is not, be it
 * an option, a backslash or a byte that is no ASCII, nor is long output, which
 * nobody could hold up or end. Pure functions.
 */
#ifndef MUSTER_RUNNER_KNOWN_H
#define MUSTER_RUNNER_KNOWN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/redir.h"

/* More than that is not known, give or take one round of printf's format. */
#define KNOWN_OUT_MAX	((size_t)64 << 10)

enum known_to { KNOWN_TO_STDOUT, KNOWN_TO_STDERR, KNOWN_TO_NOBODY };

struct known {
	struct buf out;		/* what it writes */
	enum known_to to;	/* and where to */
	int status;
};

void known_init(struct known *k);
void known_release(struct known *k);

/*
 * words: a command, up to NULL, whose first word no function and no file makes
 * something else of; redirs: what it is redirected with, of which those of
 * /dev/null are known to work. True with *k filled in, or false: nobody knows.
 */
bool known_outcome(struct known *k, char *const *words,
		   const struct redirs *redirs);

#endif
