/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jobspec.h - a number of workers as -j, --max and --min take it: N, +N, -N,
 * N%, 0 (as many as possible), a sum such as 2*3, or a file that holds one of
 * these and is read again while running.
 *
 * Parsing is pure but for the test whether a file of that name exists.
 */
#ifndef MUSTER_JOBSPEC_H
#define MUSTER_JOBSPEC_H

#include <stdbool.h>

struct buf;

enum jobspec_kind {
	JOBSPEC_UNSET,
	JOBSPEC_COUNT,		/* N */
	JOBSPEC_ALL,		/* 0 */
	JOBSPEC_OFFSET,		/* CPUs + n (n may be negative) */
	JOBSPEC_PERCENT,	/* of the CPUs */
	JOBSPEC_FILE,
};

struct jobspec {
	enum jobspec_kind kind;
	int n;
	double percent;
	bool is_auto;		/* "auto" behind it: at most so many */
	const char *path;	/* JOBSPEC_FILE: the caller's string */
	const char *option;	/* as named by the user: "-j", "--max" */
};

/* Reads word; numbers win over files of that name. 0, or -1 with a message
 * in err naming option and word. */
int jobspec_parse(struct jobspec *spec, const char *option, const char *word,
		  struct buf *err);

/*
 * The number meant, at least 1, with cpus CPUs and at most possible jobs
 * (for 0). A file is read now. 0 with a message in err when the file can't be
 * read or holds something else.
 */
unsigned jobspec_resolve(const struct jobspec *spec, unsigned cpus,
			 unsigned possible, struct buf *err);

#endif
