/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * deps.h - jobs that wait for others: a graph that grows while it is run.
 *
 * A job may name ids of jobs that come later. What is kept: a node for each
 * id seen (its job's outcome once that is over), and the jobs that wait. So
 * memory is linear in the ids and in the jobs that wait; jobs without id and
 * conditions leave nothing here. Ids are found by hash, and each step of
 * each job's life costs O(its conditions) but for that search; nothing
 * recurses, however long a chain is. Holds no lock: the engine's guards it.
 *
 * A job that is skipped, refused, dropped or cancelled counts as failed for
 * those that name it. What is found first counts: a job that is skipped before
 * the input ends is not looked at by deps_close any more.
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
	DEPS_BAD,	/* its id is another job's already, or it names itself
			   (job->message says so, is_misuse is set), or it had a
			   message before; still the caller's */
};

struct deps *deps_new(void) MUST_USE;
/* Frees the jobs that still wait. */
void deps_free(struct deps *d);

/*
 * A new job, with id, deps or both (with neither it need not be told). id and
 * deps are to live as long as the job; its arena is used for what is kept of
 * it here. In case of DEPS_SKIP or DEPS_BAD deps_end is the caller's to call:
 * its id counts as that of a failed job then, unless it was another's already.
 * So a job that is refused for other reasons (that has a message) is to be
 * added as well, if it has an id.
 */
enum deps_verdict deps_add(struct deps *d, struct job *job);

/*
 * job, which was added and is not kept here, is over. Moves to ready the jobs
 * that may now run, and to skipped those that can't any more, with their
 * messages; for these, and what follows from them, this has been done already
 * (to call it again for one of them does nothing). Both lists may hold jobs
 * before, and the order on them is that of the conditions' arrival.
 */
void deps_end(struct deps *d, struct job *job, bool has_succeeded,
	      struct list *ready, struct list *skipped);

/*
 * No more jobs will come (or none before what waits must be over: a barrier).
 * Moves to stuck the jobs that wait for an id that no job has or, in a circle,
 * for one another, with messages that name the unknown id or the whole cycle
 * ("'a' -> 'b' -> 'a'"; for one job of it, the others' are short) and with
 * is_misuse set. Their ends are accounted for as in deps_end: those behind
 * them come to ready or skipped. All others wait for jobs that are elsewhere,
 * whose ends will release them; so one call is enough, until jobs are added
 * after it. O(what waits).
 * names_barrier: the message says "before the barrier" instead of "in the
 * input".
 */
void deps_close(struct deps *d, bool names_barrier, struct list *stuck,
		struct list *ready, struct list *skipped);

/* Moves all jobs that wait to out: the run has been stopped. Their ends may be
 * told with deps_end, but need not be. */
void deps_take_all(struct deps *d, struct list *out);
/* The waiting job with that number, or NULL; deps_remove takes it out, and
 * deps_end is to be called when it is over. */
struct job *deps_find(const struct deps *d, uint64_t seq);
void deps_remove(struct deps *d, struct job *job);
void deps_each(const struct deps *d, void (*fn)(struct job *, void *),
	       void *arg);
/* How many wait. */
size_t deps_len(const struct deps *d);
/* How often an id or a condition was looked at since the beginning: what tests
 * of cost can rely on. */
uint64_t deps_steps(const struct deps *d);

#endif
