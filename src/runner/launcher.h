/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * launcher.h - what the shell and the environment at start mean for all jobs.
 *
 * Which shell it is, whether commands may go without it, and what it would
 * make of the environment. Constant after launcher_init and the two functions
 * behind it, which come before there are workers.
 */
#ifndef MUSTER_RUNNER_LAUNCHER_H
#define MUSTER_RUNNER_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>

#include "input/shquote.h"

struct filter;
struct template;

struct launcher {
	const char *shell;		/* path of the shell */
	enum shell_kind kind;
	const struct template *template; /* NULL: values[0] is the command */
	struct template *const *then;	/* of later stages */
	struct filter *const *filters;	/* up to NULL; or NULL */
	unsigned shell_quote;		/* how often commands are quoted */
	bool want_command;		/* fill in job->command */
	bool may_direct;		/* commands may go without the shell */
	bool is_bash;			/* by its program, not its name */
	bool is_dash;			/* likewise */
	bool can_be_warm;		/* likewise: --fast knows it */
	bool may_redirect;		/* without it, too */
	bool may_know;			/* see launcher_allow_known */
	bool may_pipe;			/* several of them, with pipes, as well;
					   set behind launcher_init */
	bool is_preloaded;		/* LD_* load more into each process */
	const char *locale;		/* one that is there, as LC_* name it */
	char *search;			/* PATH at start */
	bool has_path;			/* there was one */
	char **base_env;		/* less what depends on job or shell;
					   up to NULL */
	size_t nbase;
	/* as found in the environment ("NAME=value"), or NULL */
	char *pwd, *oldpwd, *shlvl, *underscore;
	/* as the shell would hand them on */
	char *direct_pwd, *direct_oldpwd, *direct_shlvl;
	char piped_shlvl[20];		/* by bash, in a pipeline */
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
/* A command whose outcome is known need not be executed. */
void launcher_allow_known(struct launcher *l);
void launcher_release(struct launcher *l);

/*
 * True for a variable ("NAME=value"), set by a job or an option, with which
 * the shell does more to a command or its environment than hand it on.
 */
bool launcher_is_unsettling(const char *var);

#endif
