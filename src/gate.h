/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gate.h - --load, --noswap, --memfree, --memsuspend and --limit: whether the
 * machine bears another job.
 *
 * A thread of its own looks every second, and after each start where that
 * matters, and tells the engine how many tries may start. The others' flag of
 * pausing (musterctl) is another one. Where memory runs out it has the
 * youngest job tried again later, or stops all but the oldest ones.
 */
#ifndef MUSTER_GATE_H
#define MUSTER_GATE_H

#include <stdbool.h>

struct engine;
struct gate;
struct options;
struct sink;

/* Does anything ask for it? */
bool gate_is_wanted(const struct options *o);

/* options must outlive it. shell: for --limit. From now on nothing starts in e
 * until the thread has looked. */
struct gate *gate_new(const struct options *o, struct engine *e,
		      unsigned cpus, unsigned possible, const char *shell);
struct sink *gate_sink(struct gate *g);
/* 0, or -1 with errno. */
int gate_start(struct gate *g);
/* Once the engine is over, and before it is freed: ends the thread. */
void gate_stop(struct gate *g);
void gate_free(struct gate *g);

#endif
