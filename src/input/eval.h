/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval.h - expressions for {= =}, --rpl and --filter: the part of Perl that
 * such expressions are made of, compiled once, run for each value.
 *
 * Known are: statements with ; if unless (also behind a statement) and blocks
 * of if/elsif/else and for; $_, named scalars and arrays, $arg[N], @arg, $1,
 * $&, $ENV{NAME}; m// s/// tr/// with their flags, =~ and !~; the operators of
 * Perl but for those on files and references; and the functions in
 * eval_func.c. Texts are bytes. Variables live as long as one run.
 *
 * What lies beyond is handed to perl, if the caller has one to give (struct
 * eval_perl); else it is an error that quotes it. Variables without my then
 * live on from job to job, as in GNU parallel: so a variable that is read
 * before it is set needs perl, and once perl is used, so does every expression
 * that sets one. What perl has said is kept in a memo, so that it is asked
 * once for each value, in the order of the input.
 *
 * An expression is constant after eval_new; any thread may run it.
 */
#ifndef MUSTER_INPUT_EVAL_H
#define MUSTER_INPUT_EVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct eval;
struct eval_memo;

/* What an expression can see of its job. */
struct eval_job {
	const char *value;	/* $_ */
	char *const *values;	/* @arg, from $arg[1] on */
	size_t n;
	uint64_t seq;		/* seq(), $job->seq() */
	unsigned slot;		/* slot() */
	uint64_t total;		/* total_jobs() */
	unsigned most;		/* max_jobs(): that run at once */
	const struct eval_memo *memo;	/* what is known already; or NULL */
	char *const *texts;	/* EVAL_TEXT: $muster::v[0], ... */
	size_t ntexts;
	bool is_quick;		/* do not wait for perl: what is not known
				   then is an error */
};

/* What it asks for besides its value. */
enum eval_wish {
	EVAL_UNQUOTED = 1 << 0,	/* uq() */
	EVAL_SKIP = 1 << 1,	/* skip() */
	/* Of eval_wishes only: */
	EVAL_TOTAL = 1 << 2,	/* total_jobs() */
	EVAL_SLOT = 1 << 3,	/* slot() */
	EVAL_PERL = 1 << 4,	/* perl */
	EVAL_ARGS = 1 << 5,	/* @arg, so more than its own value */
};

/* Whoever knows all of Perl; implemented above. Thread-safe. */
struct eval_perl {
	const struct eval_perl_ops *ops;
	_Atomic bool is_used;	/* some expression needs it */
};

/* From any thread. */
bool eval_perl_is_used(const struct eval_perl *p);

struct eval_perl_ops {
	/* Can it be compiled? 0; -1 with a message in err, or with none when
	 * there is no perl. */
	int (*check)(struct eval_perl *p, const char *code, size_t len,
		     struct buf *err);
	/* Runs it for the job: is_test: returns whether it is true; else adds
	 * to out what $_ has become and returns 0. What it asked for is added
	 * to *wishes. -1 with a message in err; may wait. */
	int (*run)(struct eval_perl *p, const char *code, size_t len,
		   const struct eval_job *job, bool is_test, struct buf *out,
		   unsigned *wishes, struct buf *err);
};

/*
 * Compiles text (len bytes). groups: what $$1, $$2, ... stand for (ngroups
 * strings). perl: for what is beyond us, or NULL; it must outlive it. NULL
 * with a message in err, which quotes what can't be had.
 */
struct eval *eval_new(const char *text, size_t len, char *const *groups,
		      size_t ngroups, struct eval_perl *perl,
		      struct buf *err);
/* The same for code that is perl's in any case. */
struct eval *eval_new_perl(const char *code, size_t len,
			   struct eval_perl *perl, struct buf *err);
/* What stands for texts[i] in it. Values never become code. */
#define EVAL_TEXT	"${\\$muster::v[%zu]}"
void eval_free(struct eval *e);

/* What it may ever ask for. EVAL_PERL may yet come to it while other
 * expressions are compiled. */
unsigned eval_wishes(const struct eval *e);

/*
 * Runs it; adds what has become of $_ to out, and what it asked for to
 * *wishes. 0, or -1 with a message in err, out as it was.
 */
int eval_run(const struct eval *e, const struct eval_job *job,
	     struct buf *out, unsigned *wishes, struct buf *err);

/* The same for a condition: 1 or 0, whether its last statement is true. */
int eval_test(const struct eval *e, const struct eval_job *job,
	      unsigned *wishes, struct buf *err);

/* A memo in that arena, where all of it stays; and what an owner (key, by
 * address) found out of himself. */
struct eval_memo *eval_memo_new(struct arena *arena);
void eval_memo_set(struct eval_memo *memo, const void *key, int what);
bool eval_memo_get(const struct eval_memo *memo, const void *key, int *what);

/* Asks perl what e makes of job->value and keeps it, where it must ask at all
 * and the answer depends on the input alone. Errors are left for eval_run. */
void eval_learn(const struct eval *e, const struct eval_job *job,
		struct eval_memo *memo);
/* Could eval_learn do so for this job? */
bool eval_is_early(const struct eval *e, const struct eval_job *job);

#endif
