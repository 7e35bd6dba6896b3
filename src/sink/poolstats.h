/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * poolstats.h - --pool-stats: how the workers were used, as a table.
 *
 * Two things at once: a sink, to be added behind all others, which sees when a
 * worker is at work, and how long each try had waited; and a runner around
 * the real one, which sees when a worker begins and ends. At work is from
 * the start of a try until all sinks have heard of its end, so --on-done
 * commands are part of it. Thread-safe.
 */
#ifndef MUSTER_SINK_POOLSTATS_H
#define MUSTER_SINK_POOLSTATS_H

#include <stddef.h>

#include "sched/runner.h"
#include "sched/sink.h"

struct buf;
struct engine_stats;
struct engine_worker;
struct poolstats;

/* inner stays the caller's and must outlive it. */
struct poolstats *poolstats_new(struct runner *inner);
void poolstats_free(struct poolstats *p);
struct sink *poolstats_sink(struct poolstats *p);
struct runner *poolstats_runner(struct poolstats *p);

/* Up to so many workers are listed with what each has run. */
#define POOLSTATS_LISTED 64

/*
 * Adds the table: a line of title, then lines of a name, a value and details,
 * in columns. Workers that still are there count as ended with the run.
 * Times up to the maximum are exact but for median and 95 %, which are right
 * within 2 %.
 */
void poolstats_format(struct poolstats *p, const struct engine_stats *s,
		      const struct engine_worker *workers, size_t nworkers,
		      struct buf *out);

#endif
