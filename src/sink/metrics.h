/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics.h - --metrics: the run as numbers, in the text format of Prometheus.
 *
 * A sink that counts how jobs ended and how long each try waited and ran; what
 * else there is to say comes from the engine's statistics when a file is
 * written. The file is replaced as a whole, by one that was written beside it:
 * a reader sees the old numbers or the new ones. The sink is thread-safe;
 * metrics_write is for one thread at a time.
 *
 * The names of all metrics are in metrics.c and in the manual page. They all
 * appear in every file, also while they are 0.
 */
#ifndef MUSTER_SINK_METRICS_H
#define MUSTER_SINK_METRICS_H

#include "sched/sink.h"

struct buf;
struct engine_stats;
struct metrics;

/* path must be free or a regular file (behind symbolic links or not), and is
 * written for the first time by metrics_write. NULL with a message in err. */
struct metrics *metrics_new(const char *path, struct buf *err);
struct sink *metrics_sink(struct metrics *m);
void metrics_free(struct metrics *m);

/* Adds all of it as text. */
void metrics_format(struct metrics *m, const struct engine_stats *s,
		    struct buf *out);

/* Replaces the file. 0, or -1 with errno: then it is as before. */
int metrics_write(struct metrics *m, const struct engine_stats *s);

#endif
