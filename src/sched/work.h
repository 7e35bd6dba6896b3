/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * work.h - what a worker does: take a job, run a try of it, see what follows.
 */
#ifndef MUSTER_SCHED_WORK_H
#define MUSTER_SCHED_WORK_H

struct engine;

/* The thread of a worker; arg is the struct worker. */
void *work_main(void *arg);

/* The work of a worker, done by the calling thread: takes jobs until none
 * waits. For when no thread can be had. */
void work_inline(struct engine *e);

#endif
