/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * template.h - a command with replacement strings, compiled once, expanded
 * for each job by its worker.
 *
 * A template is immutable after template_new and shared by all threads. Which
 * replacement strings there are is for tags.h to say. {} with several values
 * is all of them, each quoted, blanks between; so are expressions without a
 * position. A position beyond the values is empty: nothing at all in plain
 * text. Anything else in braces is ordinary text ({a,b}, ${x}, {1..3}, {0}),
 * but ${1} is a $ before {1}.
 *
 * Every value is quoted for the place it stands in (shlex.h), with one
 * exception, which is GNU parallel's: when a replacement string is part of
 * the command's first word (as in "muster {}", "muster my_{}"), outside
 * quotes and not behind a =, values in plain text are shell text everywhere
 * in the command. And an expression that calls uq() is not quoted at all.
 */
#ifndef MUSTER_INPUT_TEMPLATE_H
#define MUSTER_INPUT_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input/shquote.h"

struct buf;
struct eval_memo;
struct tags;
struct words;
struct template;

/* What expressions may want to know of the run. */
struct template_run {
	_Atomic uint64_t total;	/* jobs in all, once that is known */
	unsigned most;		/* that run at once */
};

struct template_opts {
	enum shell_kind shell;
	const char *braces;	/* what stands for {} (-I), not empty; {n} is
				   then ordinary text. NULL: "{}" */
	const struct tags *tags;	/* outlive the template; NULL: the
					   usual ones, with braces */
	const struct template_run *run;	/* likewise; or NULL */
	bool append;		/* add " {}" when it has no replacement
				   string at all ({#} and {%} count) */
	bool repeat_words;	/* of several values, each makes a word of its
				   own from the word that {} stands in (-X);
				   else they are put in place, blanks between */
	bool plain_text;	/* no shell text (--tagstring): values are put
				   in as they are */
	char *const *words;	/* -q: text is these nwords words with blanks
				   between, and each is one for the shell */
	size_t nwords;
};

/* The values of one job. */
struct template_args {
	char *const *values;	/* C strings */
	size_t n;
	size_t width;		/* n is so many rows of values, and {1} is a
				   column of them; 0: one row */
	uint64_t seq;		/* {#} */
	unsigned slot;		/* {%} */
	bool *skip;		/* set when skip() is called; or NULL */
	const struct eval_memo *memo;	/* of template_learn; or NULL */
	bool is_quick;		/* rather fail than wait for perl (eval.h) */
};

/*
 * Compiles text (copied). NULL with a message in err when a replacement
 * string stands where no value can be quoted safely (QUOTE_IMPOSSIBLE), or has
 * an expression that can't be had.
 */
struct template *template_new(const char *text,
			      const struct template_opts *opts,
			      struct buf *err);
void template_free(struct template *t);

/* Is there a {%}, or an expression that asks for the slot? */
bool template_has_slot(const struct template *t);
/* In how many places values stand, if each byte of one that is safe anywhere
 * (shquote_is_safe) makes the command so many bytes longer; else 0. */
size_t template_simple_places(const struct template *t);
/* Does each value add as much, whatever others there are? has_rows: of rows,
 * several of which are one job's. */
bool template_adds_up(const struct template *t, bool has_rows);
/* Is there a {1} or the like in it? */
bool template_has_positions(const struct template *t);

/*
 * Adds the command as the shell is to get it, which is also what --dry-run
 * prints and the joblog holds. Returns 0, or -1 with a message in err when a
 * value can't stand where the template wants it; out is unchanged then.
 */
int template_expand(const struct template *t, const struct template_args *a,
		    struct buf *out, struct buf *err);

/* Keeps in memo what perl makes of the values, as far as that can be known
 * before the job has a slot; a and the values must stay. */
void template_learn(const struct template *t, const struct template_args *a,
		    struct eval_memo *memo);

/* True when an expression asks for the number of all jobs. */
bool template_wants_total(const struct template *t);

/* True when the template provably needs no shell, whatever the values. Asks
 * words_env_setup, and so may change with it. */
bool template_is_direct(const struct template *t);
/* For those: the argument vector, values as they are; w is reset first. 0, or
 * -1 when an expression fails, which template_expand says more of. */
int template_argv(const struct template *t, const struct template_args *a,
		  struct words *w);

/* Applies one path form of value: '.', '/', 'd' ({//}), 'b' ({/.}) or 0. */
void template_add_path(struct buf *out, const char *value, char form);

#endif
