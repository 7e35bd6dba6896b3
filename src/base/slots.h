/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slots.h - a counting semaphore between processes, in a file.
 *
 * The file is empty; all state is locks on ranges of it (open file
 * description locks), which the kernel drops when their holder is gone, by
 * whatever death. A holder has one byte of the first part locked, its slot.
 * Who waits with a count of n queues for byte n of the second part, the gate,
 * so that among equals one at a time looks for a slot, in the order in which
 * they came, while the others sleep in the kernel. Different counts have
 * different gates: whoever finds fewer than n slots held may have one, whatever
 * others are content with.
 *
 * The last one out removes the file. Who has locked a file that has no name
 * any more begins anew.
 *
 * The locks belong to the descriptor: after fork both processes hold the slot,
 * until both have closed it. Not thread-safe: to be used before there are
 * threads, since a limit of time takes SIGALRM for a while.
 */
#ifndef MUSTER_BASE_SLOTS_H
#define MUSTER_BASE_SLOTS_H

#include <stdint.h>

#include "base/compiler.h"

struct slots {
	int dir;		/* where the file is */
	int fd;			/* -1: not open */
	char *name;
};

enum slots_result {
	SLOTS_GOT,
	SLOTS_TIMEOUT,
	SLOTS_FAILED,		/* errno; ENOSYS: no such locks here */
};

/* For the file of that name in directory dir, which is the caller's to keep
 * open and to close. Opens nothing. */
void slots_init(struct slots *s, int dir, const char *name);

/* Waits until fewer than n slots (from 1 on) are held and takes one; gives up
 * after timeout_ns, unless that is negative. Signals that are not blocked do
 * as they do. */
enum slots_result slots_take(struct slots *s, unsigned n,
			     int64_t timeout_ns) MUST_USE;

/* Takes one however many are held: SLOTS_GOT or SLOTS_FAILED. */
enum slots_result slots_seize(struct slots *s) MUST_USE;

/* Waits for a moment in which none is held, and takes none. Those who wait
 * for one do not count. */
enum slots_result slots_await_none(struct slots *s,
				   int64_t timeout_ns) MUST_USE;

/* Gives the slot back, and removes the file if nobody uses it. */
void slots_release(struct slots *s);

/* Forgets it without that, for the process that has handed it to its child. */
void slots_abandon(struct slots *s);

#endif
