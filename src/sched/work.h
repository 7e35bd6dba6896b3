/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * work.h - what a worker does: take a job, run a try of it, see what follows.
 */
#ifndef MUSTER_SCHED_WORK_H
#define MUSTER_SCHED_WORK_H

struct engine;
struct job;
struct stage;

/* The thread of a worker; arg is the struct worker. */
void *work_main(void *arg);

/* The work of a worker of that stage, done by the calling thread: takes jobs
 * until none waits. For when no thread can be had. A job with an inlet, which
 * this very thread may have to fill, is put back for a while, and then counts
 * as one that could not be started. */
void work_inline(struct engine *e, struct stage *st);

/* One job, submitted and not put in a queue, run by the calling thread beside
 * the workers. */
void work_here(struct engine *e, struct stage *st, struct job *job);

#endif
