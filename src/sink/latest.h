/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * latest.h - --latest-line: of what a job writes, its last line alone.
 *
 * An output (sched/output.h) between a runner and the emitter. A line ends in
 * newline or carriage return, and counts when it is whole, or the last one;
 * both streams are one. When the job is over, its last line goes to the
 * emitter, with its tag, in colours. Meanwhile latest_format shows those of
 * the running jobs, one below the other. Thread-safe.
 */
#ifndef MUSTER_SINK_LATEST_H
#define MUSTER_SINK_LATEST_H

#include <stdbool.h>

struct buf;
struct job;
struct latest;
struct output;

struct latest_config {
	struct output *inner;
	/* As in emit.h; NULL: nothing. */
	void (*tag)(void *arg, const struct job *job, struct buf *out);
	void (*colour)(void *arg, const struct job *job, struct buf *out);
	/* Columns to which last lines are cut, and in which they are made
	 * visible; 0: lines stay as they are. */
	unsigned (*width)(void *arg);
	void *arg;
};

/* All pointers in config must outlive it. */
struct latest *latest_new(const struct latest_config *config);
void latest_free(struct latest *l);
struct output *latest_output(struct latest *l);

/* Adds the lines of running jobs by slot, cut to width columns, at most max,
 * with newlines between them. */
void latest_format(struct latest *l, struct buf *out, unsigned width,
		   unsigned max);

#endif
