/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * deps.h - jobs that wait for others: a graph that grows while it is run.
 *
 * A job may name ids of jobs that come later. What is kept: a node for each
 * id seen (its job's outcome once that is over), and the jobs that wait. So
 * memory is linear in the ids and in the jobs that wait; jobs without id and
 * conditions leave nothing here. Ids are found by hash or tree, each step of
 * each job's life costs O(its conditions) but for that search; nothing
 * recurses, however long a chain is. Holds no lock: the engine's guards it.
 *
 * A job that is skipped, refused, dropped or cancelled counts as failed for
 * those that name it.
 */
#ifndef MUSTER_SCHED_DEPS_H
#define MUSTER_SCHED_DEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct deps;
struct job;

enum deps_verdict {
	DEPS_READY,	/* may run */
	DEPS_WAITS,	/* is kept here until deps_end or deps_close */
	DEPS_SKIP,	/* a condition can't come true any more: job->message
			   says which; still the caller's */
	DEPS_BAD,	/* its id is another job's already, or it names itself:
			   job->message says so; still the caller's */
};

struct deps *deps_new(void) MUST_USE;
/* Frees the jobs that still wait. */
void deps_free(struct deps *d);

/* A new job, with id, deps or both (with neither it need not be told). In case
 * of DEPS_SKIP or DEPS_BAD deps_end is the caller's to call (for DEPS_BAD it
 * does nothing). */
enum deps_verdict deps_add(struct deps *d, struct job *job);

/*
 * job, which was added, is over. Moves to ready the jobs that may now run, and
 * to skipped those that can't any more, with their messages; for these, and
 * what follows from them, this has been done already: do not call it again.
 */
void deps_end(struct deps *d, struct job *job, bool has_succeeded,
	      struct list *ready, struct list *skipped);

/*
 * No more jobs will come (or none before what waits must be over: a barrier),
 * and nothing runs or waits elsewhere whose end could release anything... or
 * does: only jobs are taken that wait, directly or not, for an id that no job
 * has or for one another. They are moved to stuck with messages that name the
 * unknown id or the whole cycle ("'a' -> 'b' -> 'a'"), is_misuse set, and
 * their ends are accounted for as in deps_end (ready, skipped).
 * names_barrier: the message says "before the barrier" instead of "in the
 * input".
 */
void deps_close(struct deps *d, bool names_barrier, struct list *stuck,
		struct list *ready, struct list *skipped);

/* Moves all jobs that wait to out: the run has been stopped. */
void deps_take_all(struct deps *d, struct list *out);
/* The waiting job with that number, or NULL; deps_remove takes it out. */
struct job *deps_find(const struct deps *d, uint64_t seq);
void deps_remove(struct deps *d, struct job *job);
void deps_each(const struct deps *d, void (*fn)(struct job *, void *),
	       void *arg);
/* How many wait. */
size_t deps_len(const struct deps *d);

#endif
