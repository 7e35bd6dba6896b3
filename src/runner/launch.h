/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * launch.h - from a job to what execve needs: path, arguments, environment.
 *
 * One `struct launcher` serves the run; one `struct launch` belongs to each
 * worker and keeps its memory from job to job. A command that provably needs
 * no shell is executed directly, with the environment the shell would have
 * given it; when that exec fails for any reason the shell gets the command
 * after all, so that message and status are the shell's own. A command whose
 * outcome is known (known.h) is not executed; a program behind one and a | is
 * executed directly, with what that would have written on standard input. Of
 * programs with a | between them all are executed directly.
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
#include "proc/child.h"
#include "runner/known.h"

struct job;
struct launcher;
struct spawn_request;

#define LAUNCH_CACHE 8
#define LAUNCH_FRONTS_MAX (CHILD_PARTS_MAX - 1)

struct launch {
	const struct launcher *by;
	struct buf command;	/* as the shell gets it */
	struct buf error;
	struct words words;
	struct launch_front {	/* programs before a | each */
		struct words words;
		struct buf path;
		struct buf underscore;
		struct buf text;
	} front[LAUNCH_FRONTS_MAX];
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
	bool is_known;		/* nothing is to be executed */
	bool is_fed;		/* known.out is its standard input */
	unsigned nfronts;	/* their output is, each one's that of the
				   next */
	bool never_pipes;	/* neither, from now on: the caller's to set */
	struct known known;	/* with one of these */
	bool skip;		/* the job is not to be run after all */
};

void launch_init(struct launch *l, const struct launcher *by);
void launch_release(struct launch *l);

/*
 * Prepares path, argv and env for the job, or what is known of it, and
 * job->command if wanted; skip says whether --filter or skip() leaves it out.
 * 0, or -1 when the command can't be made; job->message says why.
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

/* What is to be executed, into req. */
void launch_fill(const struct launch *l, struct spawn_request *req);

/* When the last program has been started: path, argv, env and redirs become
 * those of front[i]. */
void launch_front(struct launch *l, unsigned i);

/* After its exec has failed: that part of the command by the shell. */
void launch_front_by_shell(struct launch *l, unsigned i);

#endif
