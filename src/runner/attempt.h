/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * attempt.h - one try of a job while its process lives: pipes, process,
 * clock and orders in one poll.
 *
 * Belongs to one worker. The job is over when its process is over: what is
 * then in the pipes is read, and whoever else still holds them open has
 * PIPE_GRACE of silence before nobody listens any more.
 */
#ifndef MUSTER_RUNNER_ATTEMPT_H
#define MUSTER_RUNNER_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "proc/child.h"
#include "proc/tree.h"
#include "runner/feeder.h"

struct job;
struct local_config;

enum kill_reason { KILL_NONE, KILL_TIMEOUT, KILL_ORDER };

struct attempt {
	const struct local_config *cfg;
	struct job *job;
	struct child child;
	int fd[2];		/* read ends: stdout, stderr; -1 closed */
	char *buffer;		/* kept from job to job */
	struct feeder in;	/* opened by who starts the child */
	bool has_pipes;
	bool is_behind_pipe;	/* for a shell: it would not die with it */
	bool first_look;	/* see attempt.c: wait_event */
	bool was_bulky;		/* the job before: more than a pipe holds */
	int full;		/* what stdout waits for to take more; -1 */

	/* the term sequence */
	enum kill_reason reason;
	unsigned stage;		/* next one to send */
	bool sent_kill;
	int64_t next_ns;	/* when; clock_run_ns, as all below */
	const char *cgroup;	/* the job's, or NULL; the caller's */
	struct tree tree;	/* what has left the group; since reason */
	bool has_looked;	/* for more of it, after the end */

	/* after the end of the process */
	bool is_drained;	/* of what was written before */
	int read_err;		/* some of that is lost: errno */
	int64_t ended_ns;
	int64_t heard_ns;	/* last output, or ended_ns */
	uint64_t heard_bytes;	/* of both streams, all tries */
};

/* Before the first use: zeroed memory, but for its feeder. */
void attempt_init(struct attempt *a);
/* Makes the two pipes; ends: their write ends, the caller's to close. 0, or
 * -1 with errno. */
int attempt_open_pipes(struct attempt *a, int ends[2]);
void attempt_close_pipes(struct attempt *a);
void attempt_release(struct attempt *a);

/* Watches a->child, started and not yet watched, to its end; then fills in
 * the job's outcome. */
void attempt_watch(struct attempt *a);

#endif
