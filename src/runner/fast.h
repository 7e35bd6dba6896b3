/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fast.h - --fast: shell commands without starting a shell for each.
 *
 * Each worker keeps a shell warm (proc/warm.h) from its second shell command
 * on, and has it make the processes of its jobs.
 *
 * Whatever is in the way (a shortage above all) a job is run as without
 * --fast, and nobody can tell the difference. One `struct fast` serves the
 * run; one `struct fast_slot` belongs to each worker.
 */
#ifndef MUSTER_RUNNER_FAST_H
#define MUSTER_RUNNER_FAST_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/list.h"
#include "base/thread.h"
#include "proc/child.h"
#include "proc/warm.h"

struct job;
struct launcher;

/* Workers beyond that have no warm shell: so many processes start nothing
 * faster, and each costs memory. */
#define FAST_SHELLS_MAX	64

struct fast {
	const struct launcher *by;
	bool is_on;
	const char *objection;	/* to warm shells; NULL: none */
	atomic_int library;	/* a memfd, or -1 */

	atomic_bool is_over;	/* no new warm shell in this run */

	struct mutex lock;
	struct list slots;	/* guarded by lock, as the next one */
	unsigned shells;
};

struct fast_slot {
	struct fast *of;
	struct list link;	/* guarded by of->lock */
	bool has_begun;		/* it has had a shell command */
	unsigned failures;	/* of warm shells */
	bool is_counted;
	bool was_warm;		/* the last start */
	bool has_retreated;

	struct mutex lock;
	struct warm warm;	/* guarded by lock */
};

/* by, ready and for the whole run, says which shell it is. is_on: --fast; else
 * nothing is ever done. */
void fast_init(struct fast *f, const struct launcher *by, bool is_on);
/* After the last slot. */
void fast_release(struct fast *f);

void fast_slot_init(struct fast_slot *s, struct fast *f);
void fast_slot_release(struct fast_slot *s);

/* Starts a shell command as child_start does, warm where that can be done. */
enum spawn_result fast_start(struct fast_slot *s, struct child *c,
			     struct spawn_request *req, const struct job *job);

/* There are not enough processes or descriptors: all warm shells go, at once,
 * and none comes again, so that no job lacks what they have. True when the
 * slot's job should be tried again with what that has freed: once. */
bool fast_retreat(struct fast_slot *s);

#endif
