/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * job.h - a job: what is to be run, and how it ended.
 *
 * Life: the reader makes it (job_new), the engine's queue holds it, one
 * worker runs it, sinks look at it, the engine frees it (job_free). It has
 * one owner at a time, who alone may touch it; the exception is `order`,
 * which anyone may set through the engine. All strings lie in its arena.
 * What a job is to do is complete in its description, so that a runner on
 * another host could be handed it; nothing of it lives in a thread.
 */
#ifndef MUSTER_SCHED_JOB_H
#define MUSTER_SCHED_JOB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/backoff.h"
#include "base/list.h"
#include "base/mem.h"

struct buf;
struct eval_memo;
struct inlet;
struct kept;

#define JOB_KEY_BYTES	16

enum job_end {
	JOB_EXITED,	/* by itself: status */
	JOB_SIGNALED,	/* by a signal muster did not send: signal */
	JOB_TIMEOUT,	/* killed for its time: signal is the last one sent,
			   or 0 when it ended with a status all the same */
	JOB_KILLED,	/* killed by a halt or by the end of muster */
	JOB_UNSTARTED,	/* no process could be made: err */
	JOB_REFUSED,	/* its input can't be run (NUL, too long, no safe
			   quoting): message */
	JOB_CANCELLED,	/* never started: muster stopped first */
	JOB_LOST,	/* with its host, or what it printed is, or a part of
			   its block: message */
	JOB_DROPPED,	/* never started: the queue was full: message */
	JOB_SKIPPED,	/* never started: what it comes after did not end as
			   it should have: message */
};

struct job_outcome {
	enum job_end end;
	int status;		/* exit status 0..255 */
	int signal;
	int err;		/* JOB_UNSTARTED: errno */
	bool core_dumped;
	bool was_left_out;	/* JOB_EXITED: nothing was run, as it wanted
				   itself (skip(), --filter) */
	bool has_run;		/* there was a process */
	int64_t start_wall_ns;	/* since 1970 */
	int64_t start_ns;	/* clock_run_ns */
	int64_t end_ns;
	int64_t user_ns;	/* CPU time of the process and its waited-for
				   children */
	int64_t system_ns;
	uint64_t rss_bytes;	/* peak resident memory */
	uint64_t out_bytes;	/* what it wrote to standard output */
};

/* What the worker is to do to a running job; only ever raised. */
enum job_order {
	JOB_GO = 0,
	JOB_STOP = 1,		/* go through the term sequence */
	JOB_KILL = 2,		/* SIGKILL now */
};

/* What must have become of another job before this one may start. */
enum job_after {
	JOB_AFTER_SUCCESS,	/* after=ID */
	JOB_AFTER_END,		/* after!=ID: however it ended */
	JOB_AFTER_FAILURE,	/* after?=ID */
};

struct job_dep {
	const char *id;
	enum job_after when;
};

struct job {
	struct list link;	/* the owner's; first, so that leak checkers
				   see the jobs on a list */
	uint64_t seq;		/* from 1, dense, in reading order; given by
				   engine_submit, as number and stage */
	uint64_t number;	/* of its input, for {#}: seq, unless inputs
				   pass through several stages */
	unsigned stage;		/* of the pipeline, from 0 */
	int priority;		/* higher first */
	unsigned weight;	/* slots it takes, 0 for none */
	unsigned tries_max;	/* 0: until it succeeds */
	int64_t timeout_ns;	/* 0 none; negative: the run's own rule */
	struct backoff backoff;	/* between tries; delay_ns < 0: the run's */
	char **values;		/* the tuple; command line mode: the line */
	unsigned nvalues;
	unsigned width;		/* values of one row, where there are rows; else
				   0 */
	const char *message;	/* JOB_REFUSED and others: why, for people */
	size_t bytes;		/* memory it is accounted for in the queue */

	/* Settings of its own; NULL: as the run has it. */
	const char *where;	/* file and line, for messages ("jobs:3") */
	const char *id;		/* by which others may name it */
	const struct job_dep *deps;
	unsigned ndeps;
	const char *cwd;
	char **env;		/* NAME=value, up to NULL, added */
	const char *input;	/* a file to be its standard input */
	/* Or these bytes (job_set_data) and then that part of a file. */
	bool has_data;
	char *data;		/* malloc'ed; or NULL */
	size_t data_len;
	const char *part_path;	/* NULL: none */
	bool part_of_stdin;	/* of ours, instead, which is a file */
	int64_t part_from;
	int64_t part_len;
	const char *block_path;	/* a file to be made for all that, instead of
				   standard input; NULL: none */
	bool block_is_fifo;
	struct inlet *inlet;	/* or what comes from there while it runs, and
				   data_len is what it took; or NULL. Not the
				   job's */
	const char *tag;	/* before each line of output */
	const char *attributes_text;	/* all this as the comment that says
					   so, for running it again */
	const struct eval_memo *memo;	/* what was found out before anyone
					   else saw it (input/eval.h) */
	bool is_argv;		/* values are program and arguments, as they
				   are: no template, no shell */
	bool was_argv;		/* they were, in an earlier stage */
	bool has_key;		/* for the journal: a hash of what it is to do,
				   by which a later run knows it again */
	unsigned char key[JOB_KEY_BYTES];
	uint64_t recorded;	/* the seq whose end is in the journal */
	const struct kept *kept;	/* what an earlier run, which has done
				   it, has kept of its output; or NULL. Not the
				   job's */
	bool is_unfinished;	/* cancelled while it waited for another try:
				   its outcome is that of the one before */
	bool is_misuse;		/* it ends refused for an error of the user's:
				   the run's status is 255 */

	unsigned tries;		/* begun so far */
	unsigned slot;		/* of the running or last try, from 1 */
	const char *command;	/* as shown and logged; NULL until needed */
	struct job_outcome outcome;	/* of the last try */
	atomic_int order;	/* enum job_order */

	struct arena arena;
	void *out;		/* the output's (see output.h) */

	/* The engine's. */
	int64_t ready_ns;	/* since when nothing but the pool keeps it
				   waiting, on the engine's clock */
	int64_t due_ns;		/* when it may be tried again */
	int64_t rank;		/* in its queue: higher first */
	size_t pos;		/* and where it is there */
	void *node;		/* of deps.c */
	unsigned deps_left;	/* conditions that are still open */
};

/*
 * A job with copies of n values (lens: their lengths), NUL-terminated, in an
 * array that ends with NULL; bytes is set, weight is 1, the backoff is the
 * run's, number is seq, everything else zero.
 * Freed memory of earlier jobs is reused. Thread-safe.
 */
struct job *job_new(uint64_t seq, char *const *values, const size_t *lens,
		    size_t n) MUST_USE;
void job_free(struct job *job);

/* Gives the job data (len bytes, from malloc) for its standard input; counted
 * in bytes, freed with the job. */
void job_set_data(struct job *job, char *data, size_t len);

/* As new, for the next stage. */
void job_advance(struct job *job);

/* Did it end by itself, by its time, or because it could not be executed? What
 * muster has ended, or not begun, a later run will do. */
bool job_is_over(const struct job *job);
/* True when the last try counts as a success: ended by itself with 0. */
bool job_has_succeeded(const struct job *job);
/* The status as a shell would give it: exit status, 128 + signal; and 255 for
 * all other ends, also when muster killed it (126, 127 never come from here).
 */
int job_status(const struct job *job);
/* One word: "exited", "signaled", "timeout", ... */
const char *job_end_name(enum job_end end);
/* Adds the values, joined by blanks: what stands for a job that has no
 * command. */
void job_add_values(const struct job *job, struct buf *out);
/* Run time of the last try in nanoseconds; 0 when it never started. */
int64_t job_runtime_ns(const struct job *job);

#endif
