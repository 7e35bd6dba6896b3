/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vary.h - -j Nauto: as many jobs at once as go well, at most N.
 *
 * A sink. After a try that fails there is a quarter fewer, at least one less;
 * when as many in a row have succeeded as may run at once, there is one more.
 */
#ifndef MUSTER_VARY_H
#define MUSTER_VARY_H

#include <stdbool.h>

struct engine;
struct engine_bounds;
struct sink;
struct vary;

/* The bounds are those of e's first stage; its maximum is where it begins, and
 * never exceeded. */
struct vary *vary_new(struct engine *e, const struct engine_bounds *bounds);
/* Once the engine is over. NULL is allowed. */
void vary_free(struct vary *v);

struct sink *vary_sink(struct vary *v);

/* What a maximum becomes when a try has ended; pure. */
double vary_step(double now, unsigned most, bool has_succeeded);

#endif
