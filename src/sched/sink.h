/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sink.h - who hears of job events: joblog, summary, bar, ...
 *
 * Called from worker threads, or from the reader for jobs that are refused,
 * without any lock of the engine's; each sink guards itself. Every job that
 * was submitted ends in exactly one `done`. A sink must not keep the job.
 * Operations that a sink doesn't need are NULL.
 */
#ifndef MUSTER_SCHED_SINK_H
#define MUSTER_SCHED_SINK_H

#include "base/list.h"

struct job;
struct sink;

struct sink_ops {
	/* A try is about to start. */
	void (*start)(struct sink *s, const struct job *job);
	/* A try has ended and another will follow. */
	void (*retry)(struct sink *s, const struct job *job);
	/* The job is over, in whatever way (also when it never started). */
	void (*done)(struct sink *s, const struct job *job);
};

struct sink {
	const struct sink_ops *ops;
	struct list link;	/* the engine's */
};

#endif
