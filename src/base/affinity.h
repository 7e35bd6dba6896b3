/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * affinity.h - a worker that runs short jobs stays on its CPU.
 *
 * When there are as many such threads as CPUs, up to twice as many, each is
 * bound to the CPU it is on, or to one with fewer of them: else the scheduler
 * moves them about, and often two processes share a CPU while another one idles
 * for some milliseconds (doc/internals/performance.md). What they start may run
 * on all CPUs of our process: those of its main thread, which is never bound.
 *
 * On Linux with up to 1024 CPUs; elsewhere, and where the system refuses,
 * nothing happens. Nothing here fails. Calls are for the calling thread; they
 * may come from any.
 */
#ifndef MUSTER_BASE_AFFINITY_H
#define MUSTER_BASE_AFFINITY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/num.h"

#if defined(HAVE_SCHED_GETAFFINITY) && defined(HAVE_SCHED_GETCPU) && \
	defined(__linux__)
#define AFFINITY_BINDS 1
#else
#define AFFINITY_BINDS 0
#endif

/* So many short jobs of a thread, one behind the other, tell of more. */
#define AFFINITY_STREAK	8

/* A job is short that takes no longer; and there is no more time than that from
 * one to the next one. Ten times what the jobs take that gain by it: where the
 * host of a virtual machine is busy, one of them takes that now and then. */
#define AFFINITY_SHORT_NS	(20 * NS_PER_MS)

/* The caller's job was short. It may be bound now. */
void affinity_note_short(void);

/* Has the caller's job to be looked at when it lasts? */
bool affinity_is_at_stake(void);

/*
 * A job of the caller lasts, or it ends, or makes a thread or process for
 * other things: it may go where it likes again, and so may what it makes.
 * Keeps errno.
 */
void affinity_leave(void);

/* Before the caller starts a process for a job. Keeps errno. */
void affinity_prepare(void);

/* In that process, before its exec, on the caller's memory or a copy of it:
 * it may run where all of us may. Async-signal-safe. */
void affinity_let_go(void);

/*
 * For whoever is to start jobs for the caller: the CPU that the caller is bound
 * to, or -1. Puts what jobs get into mask, as sched_setaffinity takes it; it
 * has a meaning only when the caller has been bound before. More than size
 * bytes there never are.
 */
int affinity_get(unsigned char *mask, size_t size);

#endif
