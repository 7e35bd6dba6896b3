/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * graph.h - for tests of sched/deps.h: jobs by id, and what became of them.
 */
#ifndef MUSTER_TESTS_GRAPH_H
#define MUSTER_TESTS_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "sched/deps.h"

struct job;

/* Jobs that may run are running at once here, until graph_end is called. */
struct graph {
	struct deps *d;
	struct list running;
	struct list ready;
	struct list skipped;
	struct list stuck;
	struct buf released;	/* ids that became ready, each and a blank */
	struct buf said;	/* messages of those that never ran, as lines */
	uint64_t seq;
};

void graph_init(struct graph *g);
void graph_release(struct graph *g);

/* A job from "f:N", the N-th. after: conditions with commas between (ID, !ID
 * or ?ID), or "". */
struct job *graph_make(struct graph *g, const char *id, const char *after)
	MUST_USE;
/* Adds it, and ends it at once when it is not to run; want: the verdict. */
void graph_submit(struct graph *g, struct job *job, enum deps_verdict want);
/* Both. */
void graph_add(struct graph *g, const char *id, const char *after,
	       enum deps_verdict want);
/* The running job with that id, or NULL. */
struct job *graph_running(struct graph *g, const char *id);
void graph_end(struct graph *g, const char *id, bool has_succeeded);
void graph_close(struct graph *g, bool names_barrier);
/* Takes notice of what was moved to ready, skipped and stuck. */
void graph_collect(struct graph *g);
/* Checks what has been released and said since the last time. */
void graph_check(struct graph *g, const char *released, const char *said);

#endif
