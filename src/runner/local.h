/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * local.h - the runner that runs jobs as processes of this machine.
 *
 * Implements sched/runner.h. The worker that runs a job expands its command,
 * starts it, and watches pipes, process and clock in one poll until the
 * process is over, its output is read and its group obeys.
 */
#ifndef MUSTER_RUNNER_LOCAL_H
#define MUSTER_RUNNER_LOCAL_H

#include <stdbool.h>
#include <stdint.h>

#include "proc/term.h"

struct buf;
struct cgroup;
struct job;
struct local;
struct output;
struct runner;
struct filter;
struct template;

enum local_answer {
	LOCAL_RUN,
	LOCAL_SKIP,		/* it counts as a success */
	LOCAL_ORDERED,		/* an order has come while we waited */
};

struct local_config {
	const char *shell;
	const struct template *template;	/* NULL: lines are commands */
	struct template *const *then;		/* of later stages */
	struct filter *const *filters;		/* up to NULL */
	unsigned shell_quote;	/* how often; with dry_run */
	char *const *envp;
	struct output *output;
	struct term_seq term_seq;
	bool force_shell;
	bool die_with_parent;
	bool kill_tree;		/* a job that is ended loses what it started
				   outside its group as well */
	struct cgroup *cgroup;	/* each job has one in it; or NULL */
	bool ungroup;		/* jobs write to muster's own descriptors */
	bool give_stdin;	/* the first job gets muster's stdin */
	bool want_command;	/* sinks need job->command */
	bool dry_run;		/* print the command instead of running it */
	bool verbose;		/* print it to the job's output first */
	bool trace;		/* print it to standard error first */
	int tty;		/* jobs read from it and stay in our group, so
				   that they may; -1: none */
	bool fast;		/* --fast (fast.h) */
	bool has_nice;
	int nice;		/* niceness of jobs */
	const char *slot_var;	/* variable for the slot's number from 0 */
	const char *tmpdir;	/* PARALLEL_TMP is in it; NULL: there is none */
	/* Adds the directory of a job without its own, which is made if need
	 * be. NULL: ours. */
	void (*cwd)(void *arg, const struct job *job, struct buf *out);
	/* What to run instead of argv, which is for env, with the job's command
	 * known: words that live as long as the job, the first one a path; or
	 * NULL with errno. NULL: argv itself. */
	char *const *(*wrap)(void *arg, struct job *job, char *const *argv,
			     char *const *env);
	/* May the job, whose command is known, be run? NULL: yes. */
	enum local_answer (*ask)(void *arg, const struct job *job);
	/* The run's own timeout, asked again whenever the job is woken. */
	int64_t (*timeout_ns)(void *arg);
	void *arg;
};

/* NULL with errno (/dev/null can't be opened). Pointers in config are kept. */
struct local *local_new(const struct local_config *config);
struct runner *local_runner(struct local *l);
/* Why no shell is kept warm though config->fast says so, as words for "it is
 * ..."; NULL: nothing is known to be in the way. */
const char *local_objection(const struct local *l);
void local_free(struct local *l);

#endif
