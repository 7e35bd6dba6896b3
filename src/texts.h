/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * texts.h - the templates of a run: what makes its commands and its tags.
 *
 * Constant after texts_make, but for run.total, so that any thread may use it.
 */
#ifndef MUSTER_TEXTS_H
#define MUSTER_TEXTS_H

#include <stdbool.h>

#include "colours.h"
#include "input/shquote.h"
#include "input/template.h"

struct buf;
struct job;
struct eval_memo;
struct filter;
struct names;
struct options;
struct perl;
struct tags;

struct texts {
	const struct options *options;
	struct template *command;	/* NULL: values are commands */
	struct template **then;		/* of later stages; or NULL */
	struct template *tag;		/* NULL: none */
	struct colours colours;		/* with --color */
	struct template *cwd;		/* --workdir; NULL: none, or "..." */
	struct tags *tags;
	struct filter **filters;	/* up to NULL */
	struct perl *perl;
	struct template_run run;	/* total is set later, if at all */
};

/* Are values commands as they are? Then t->command is NULL. */
bool texts_are_commands(const struct options *o);

/* Compiles what the options ask for, which must outlive t, with the columns
 * that have names. 0, or -1 with a message in err; texts_release is to be
 * called in both cases. */
int texts_make(struct texts *t, const struct options *o, enum shell_kind shell,
	       const struct names *names, struct buf *err);
void texts_release(struct texts *t);

/* For a job that nobody else knows yet: finds out what only perl can tell of
 * it, as far as that needs no slot; number is the one it is going to have. So
 * perl is asked in the order of the input. */
void texts_learn(const struct texts *t, struct job *job, uint64_t number);

/* True when t->run.total has to be known before any job is made. */
bool texts_want_total(const struct texts *t);

/* What makes the commands of a stage; NULL: values are commands. */
const struct template *texts_command(const struct texts *t, unsigned stage);

/* Adds what goes before each line that the job puts out, with the TAB. */
void texts_add_tag(const struct texts *t, const struct job *job,
		   struct buf *out);

/* Adds what switches on the colours of its lines, if they have any. */
void texts_add_colour(const struct texts *t, const struct job *job,
		      struct buf *out);

/* Adds the directory that --workdir gives the job. */
void texts_add_cwd(const struct texts *t, const struct job *job,
		   struct buf *out);
/* Adds the command of a job that has not been run yet, as it would be in that
 * slot. False when none can be made; out is unchanged then. */
bool texts_add_command(const struct texts *t, const struct job *job,
		       unsigned slot, struct buf *out);

/* Adds one command that does what is left to do for the job's input, from its
 * stage on. False when that is its last one, or a command can't be made; out
 * is unchanged then. */
bool texts_add_rest(const struct texts *t, const struct job *job,
		    const char *shell, struct buf *out);

/* Adds the command of a job that was never run, but could be. False when it
 * can't be made, or the job was refused. */
bool texts_describe(const struct texts *t, const struct job *job,
		    struct buf *out);

#endif
