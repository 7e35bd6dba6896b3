/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sigstate.h - the signals muster was started with, and those it waits for.
 *
 * Muster installs no handler for the signals it obeys: they are blocked in
 * every thread and main takes them with sigwait. So their dispositions stay
 * what they were at start, and a job needs nothing but the old mask back; in
 * the moment between that and exec no handler of ours can run in the child.
 * SIGPIPE is blocked too, so writes return EPIPE. What was ignored at start
 * stays ignored, in muster and in its jobs.
 */
#ifndef MUSTER_PROC_SIGSTATE_H
#define MUSTER_PROC_SIGSTATE_H

#include <signal.h>
#include <stdbool.h>

/* Once, first thing in main, before thread_setup. */
void sigstate_setup(void);

/* In a child that has just left our process group: what has come meanwhile to
 * all of that was not for it. Drops what is pending; all signals are blocked.
 * Async-signal-safe. */
void sigstate_drop_pending(void);

/* The mask that jobs get: the one muster was started with. */
const sigset_t *sigstate_job_mask(void);
/* True when sig, one of those below, SIGPIPE, SIGCHLD, SIGTTIN or SIGTTOU, was
 * ignored at start. */
bool sigstate_was_ignored(int sig);
/* True when SIGCHLD was ignored at start (muster sets it to default, jobs
 * are to get it ignored). */
bool sigstate_restore_sigchld(void);

/* The signals main waits for: INT QUIT TERM HUP USR1 USR2 TSTP CONT, less
 * those ignored at start; CHLD where ends of children are noticed by it. */
const sigset_t *sigstate_wait_set(void);

/*
 * Around what may wait for ever before there is anything to clean up (opening
 * a FIFO): with yes, INT, QUIT, TERM and HUP end the process at once. For the
 * calling thread, which is main.
 */
void sigstate_let_end(bool yes);

/* Ends the process by sig's default action, so that whoever waits for
 * muster sees the death by signal. Returns only if the signal does not kill. */
void sigstate_die_of(int sig);

#endif
