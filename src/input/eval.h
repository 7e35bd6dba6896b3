/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval.h - expressions for {= =}, --rpl and --filter: the part of Perl that
 * such expressions are made of, compiled once, run for each value.
 *
 * Known are: statements with ; if unless (also behind a statement) and blocks
 * of if/elsif/else and for; $_, named scalars and arrays, $arg[N], @arg, $1,
 * $&, $ENV{NAME}; m// s/// tr/// with their flags, =~ and !~; the operators of
 * Perl but for those on files and references; and the functions in
 * eval_func.c. Texts are bytes. Variables live as long as one run: one that is
 * read before it is set is an error, since in GNU parallel it would bring its
 * value from another job. Anything else is an error that quotes it.
 *
 * An expression is constant after eval_new; any thread may run it.
 */
#ifndef MUSTER_INPUT_EVAL_H
#define MUSTER_INPUT_EVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct eval;

/* What an expression can see of its job. */
struct eval_job {
	const char *value;	/* $_ */
	char *const *values;	/* @arg, from $arg[1] on */
	size_t n;
	uint64_t seq;		/* seq(), $job->seq() */
	unsigned slot;		/* slot() */
	uint64_t total;		/* total_jobs() */
	unsigned most;		/* max_jobs(): that run at once */
};

/* What it asks for besides its value. */
enum eval_wish {
	EVAL_UNQUOTED = 1 << 0,	/* uq() */
	EVAL_SKIP = 1 << 1,	/* skip() */
	EVAL_TOTAL = 1 << 2,	/* total_jobs() (of eval_wishes only) */
};

/*
 * Compiles text (len bytes). groups: what $$1, $$2, ... stand for (ngroups
 * strings). NULL with a message in err, which quotes what can't be had.
 */
struct eval *eval_new(const char *text, size_t len, char *const *groups,
		      size_t ngroups, struct buf *err);
void eval_free(struct eval *e);

/* What it may ever ask for. */
unsigned eval_wishes(const struct eval *e);

/*
 * Runs it; adds what has become of $_ to out, and what it asked for to
 * *wishes. 0, or -1 with a message in err, out as it was.
 */
int eval_run(const struct eval *e, const struct eval_job *job,
	     struct buf *out, unsigned *wishes, struct buf *err);

/* The same for a condition: 1 or 0, whether its last statement is true. */
int eval_test(const struct eval *e, const struct eval_job *job,
	      struct buf *err);

#endif
