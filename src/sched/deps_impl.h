/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * deps_impl.h - what deps.c and deps_close.c share.
 *
 * A node for each id that was seen, as a job's own or in a condition, and an
 * entry for each job that was added, with an edge for each of its conditions.
 * An open edge is on the list of the node whose end will decide it. Nodes stay
 * for the whole run, because their ids may still be named; entries lie in
 * their jobs' arenas and go with them.
 */
#ifndef MUSTER_SCHED_DEPS_IMPL_H
#define MUSTER_SCHED_DEPS_IMPL_H

#include <stdint.h>

#include "base/list.h"
#include "base/mem.h"
#include "sched/deps.h"
#include "sched/job.h"

struct buf;

enum node_state {
	NODE_UNKNOWN,		/* named, but no job has it yet */
	NODE_OPEN,		/* a job has it, which is not over */
	NODE_SUCCEEDED,		/* from here on: over */
	NODE_FAILED,
	NODE_SKIPPED,
	NODE_REFUSED,
};

struct node {
	struct node *next;	/* in its bucket */
	struct list edges;	/* the open conditions on it */
	struct entry *waiting;	/* its job's, while that is kept here */
	uint32_t hash;
	enum node_state state;
	char id[];
};

struct edge {
	struct list link;	/* on its node's list while it is open */
	struct node *node;
	struct entry *entry;
	enum job_after when;
};

struct entry {
	struct job *job;
	struct node *own;	/* NULL: no id */
	enum node_state failure;	/* what becomes of own if not success */
	unsigned visit;		/* its number in a search for cycles */
	struct edge edges[];	/* as job->deps */
};

struct deps {
	struct node **buckets;	/* a power of 2 of them, or none */
	size_t nbuckets;
	size_t nnodes;
	struct arena nodes;
	struct list waiting;	/* jobs, in order of arrival */
	size_t len;
	uint64_t steps;
};

/* The message of job becomes text, which is released. */
void deps_set_message(struct job *job, struct buf *text);
/* Where the task stands in the input: every message begins with it. */
void deps_add_where(struct buf *b, const struct job *job);
/* Takes the job off the list, and off all nodes it waits for. */
void deps_let_go(struct deps *d, struct entry *e);
/* What follows at once from the end of job. */
void deps_end_one(struct deps *d, struct job *job, bool has_succeeded,
		  struct list *ready, struct list *skipped);
/* The same for all jobs on skipped behind last, also those that come on. */
void deps_end_skipped(struct deps *d, struct list *last, struct list *ready,
		      struct list *skipped);

#endif
