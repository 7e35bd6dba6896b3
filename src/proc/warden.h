/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * warden.h - a process that ends the jobs when muster is gone, however it went.
 *
 * A fork of muster, in a session of its own, waits for the end of a pipe that
 * nobody but muster writes to, and then kills the groups that stand in a table
 * of shared memory. So a job costs muster two stores, and no system call.
 *
 * Nobody is missed: a child enters itself before its exec, and until then it
 * holds the pipe open; only one that a warm program makes (warm.h) is entered
 * by muster, when it has begun. And no stranger is killed: an entry is taken
 * out before the leader is reaped (and made again if there is more in its
 * group), and a leader in another session than muster's was never one of ours.
 *
 * Where there is a parent-death signal, it ends the job's first process in any
 * case, and the warden is started only when a job lasts, or leaves something in
 * its group: for that, and the rest of its group. Elsewhere it is there before
 * the first job.
 */
#ifndef MUSTER_PROC_WARDEN_H
#define MUSTER_PROC_WARDEN_H

#include <stdbool.h>
#include <sys/types.h>

/* Once, before any thread. Best effort, like all that follows. */
void warden_setup(void);

/* A place in the table; 0: there is none. Who calls these two holds one lock,
 * always the same. */
int warden_take(void);
/* Takes out what is entered there. 0 is fine, as below. */
void warden_give_back(int place);

/* Enters the group that pid leads, or with alone only pid. May be called in
 * the child. */
void warden_enter(int place, pid_t pid, bool alone);
void warden_clear(int place);

/* Starts it, unless it has been, or the descriptors left would not do for
 * another job. From any thread. */
void warden_start(void);
/* No children are left; waits for its end. */
void warden_end(void);

#endif
