/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pipeline.h - PROGRAM | PROGRAM ... without a shell; the pipes of all jobs.
 *
 * The programs are parts of one group (child.h) that none of them leads: who
 * leads a group cannot make a session or a group of its own (setsid, timeout).
 * That is what a shell does, but for the shell: it waits for all, the status is
 * the last one's, and it says whom a signal has ended.
 */
#ifndef MUSTER_RUNNER_PIPELINE_H
#define MUSTER_RUNNER_PIPELINE_H

#include <stdbool.h>

#include "base/compiler.h"
#include "proc/child.h"
#include "proc/spawn.h"
#include "runner/launch.h"

struct attempt;

/* What a job is connected by; -1: closed. Our ends are the attempt's. */
struct job_pipes {
	int ends[2];		/* its stdout and stderr */
	int fed;		/* what its first program reads, if known */
	int between[LAUNCH_FRONTS_MAX][2];	/* two programs each */
	unsigned n;
};

/* For what l is to execute; its output only where it is captured. 0, or -1
 * with errno. */
int job_pipes_open(struct job_pipes *p, struct attempt *a,
		   const struct launch *l, bool captures) MUST_USE;
void job_pipes_close(struct job_pipes *p);

/*
 * Starts the program of l as a->child, or all of a pipeline, the last one
 * first: it waits for what comes from the others. req has the input of the
 * first, the output of the last one, and what all have in common. As
 * child_start: when one cannot be started none is left, and nobody has had any
 * input.
 */
enum spawn_result pipeline_start(struct job_pipes *p, struct attempt *a,
				 struct launch *l,
				 const struct spawn_request *req);

/* When all have ended by themselves: adds to the job's standard error what the
 * shell would say of it. */
void pipeline_tell_deaths(struct attempt *a, const struct launch *l);

#endif
