/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * launch.h - from a job to what execve needs: path, arguments, environment.
 *
 * One `struct launcher` serves the run and is constant after launcher_init;
 * one `struct launch` belongs to each worker and keeps its memory from job to
 * job. A command that provably needs no shell is executed directly, with the
 * environment the shell would have given it; when that exec fails for any
 * reason the shell gets the command after all, so that message and status are
 * the shell's own.
 *
 * A job with a directory or an environment of its own that a shell would look
 * at is run by the shell. One of words instead of a command line (is_argv)
 * never is: what its exec says counts.
 */
#ifndef MUSTER_RUNNER_LAUNCH_H
#define MUSTER_RUNNER_LAUNCH_H

#include <stdbool.h>

#include "base/buf.h"
#include "input/shquote.h"
#include "input/words.h"

struct filter;
struct job;
struct template;

struct launcher {
	const char *shell;		/* path of the shell */
	enum shell_kind kind;
	const struct template *template; /* NULL: values[0] is the command */
	struct template *const *then;	/* of later stages */
	struct filter *const *filters;	/* up to NULL; or NULL */
	unsigned shell_quote;		/* how often commands are quoted */
	bool want_command;		/* fill in job->command */
	bool may_direct;
	bool is_bash;			/* by its program, not its name */
	bool is_dash;			/* likewise */
	bool can_be_warm;		/* likewise: --fast knows it */
	bool may_redirect;		/* as well */
	char *search;			/* PATH at start */
	bool has_path;			/* there was one */
	char **base_env;		/* less what depends on job or shell;
					   up to NULL */
	size_t nbase;
	/* as found in the environment ("NAME=value"), or NULL */
	char *pwd, *oldpwd, *shlvl, *underscore;
	/* as the shell would hand them on */
	char *direct_pwd, *direct_oldpwd, *direct_shlvl;
	char pid_var[40];		/* PARALLEL_PID= */
	const char *slot_name;		/* of a variable */
	const char *tmpdir;		/* for PARALLEL_TMP; NULL: none */
};

/* envp must outlive the launcher. force_shell: never execute directly. */
void launcher_init(struct launcher *l, const char *shell,
		   const struct template *t, char *const *envp,
		   bool force_shell);
/* After it: jobs have the number of their slot, from 0, in that variable,
 * instead of PARALLEL_JOBSLOT0. name stays the caller's. */
void launcher_set_slot_var(struct launcher *l, const char *name);
void launcher_release(struct launcher *l);

#define LAUNCH_CACHE 8

struct launch {
	const struct launcher *by;
	struct buf command;	/* as the shell gets it */
	struct buf error;
	struct words words;
	char *shell_argv[5];
	struct {		/* programs found in PATH */
		char *name;
		char *path;
	} cache[LAUNCH_CACHE];
	unsigned cache_next;
	char **run_env;		/* base_env, then what depends on the job */
	char **own_env;		/* of a job that adds to it */
	size_t own_cap;
	char seq_var[40];
	char slot_var[40];
	struct buf slot0_var;
	struct buf tmp_var;	/* PARALLEL_TMP=; empty: none */
	struct buf underscore;
	struct buf own_pwd;
	char *program;		/* of the last is_argv job */

	/* the result */
	const char *path;
	char *const *argv;
	char **env;
	const struct redirs *redirs;	/* or NULL */
	bool is_direct;
	bool skip;		/* the job is not to be run after all */
};

void launch_init(struct launch *l, const struct launcher *by);
void launch_release(struct launch *l);

/*
 * Prepares path, argv and env for the job, and job->command if wanted; skip
 * says whether --filter or skip() leaves it out. 0, or -1 when the command
 * can't be made; job->message says why.
 */
int launch_prepare(struct launch *l, struct job *job);

/* After the job: removes the file that PARALLEL_TMP names, if there is one. */
void launch_clean(struct launch *l);

/* Adds the words of an is_argv job as a command line. */
void launch_add_words(struct buf *out, const struct job *job,
		      enum shell_kind kind);

/* After a direct exec that failed: the same job by the shell. 0 or -1 as
 * launch_prepare. */
int launch_by_shell(struct launch *l, struct job *job);

#endif
