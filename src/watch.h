/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch.h - what watches a run at the user's wish: --metrics, --pool-stats and
 * --on-done, from options to sinks.
 *
 * For main alone. A zeroed struct watch watches nothing.
 */
#ifndef MUSTER_WATCH_H
#define MUSTER_WATCH_H

#include <stdbool.h>

struct buf;
struct control;
struct engine;
struct engine_stats;
struct hook;
struct metrics;
struct options;
struct poolstats;
struct runner;

struct watch {
	struct hook *hook;		/* each NULL if not wanted */
	struct metrics *metrics;
	struct poolstats *poolstats;
};

/*
 * Makes them, tells control of them, and writes the metrics as they are
 * before anything runs (start: the numbers that are known). options, shell and
 * control must outlive w. 0, or -1 with a message in err.
 */
int watch_open(struct watch *w, const struct options *options,
	       const char *shell, const struct engine_stats *start,
	       struct control *control, struct buf *err);

/* The runner for the engine: inner, or one around it. */
struct runner *watch_runner(struct watch *w, const struct options *options,
			    struct runner *inner);
/* To be called after all other sinks have been added. */
void watch_add_sinks(struct watch *w, struct engine *e);

/* At the end. -1: what was asked for could not be written. */
int watch_print(struct watch *w, struct engine *e);
/* True when the exit status must not be 0. */
bool watch_has_failed(const struct watch *w);
/* After engine_free. */
void watch_release(struct watch *w);

#endif
