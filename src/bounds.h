/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bounds.h - how many workers the stages of a run have: -j, --max and --min
 * become numbers, and the limits on processes and files are raised for them.
 */
#ifndef MUSTER_BOUNDS_H
#define MUSTER_BOUNDS_H

struct buf;
struct control;
struct engine;
struct engine_bounds;
struct options;

/* More than there are numbers for would only take those of everybody else
 * (limits_most_jobs). */
void bounds_limit(struct engine_bounds *b);
/* engine_resize within this limit. */
void bounds_resize(struct engine *e, unsigned stage, unsigned min,
		   unsigned max);

/* What -j N% is a percentage of. */
unsigned bounds_cpus(const struct options *o);

/*
 * Sets the bounds of the first stage, and makes those of later ones, the
 * caller's to free, as is c->said, which is made, too. Sets c->cpus and
 * c->possible. 0, or -1 with a message in err.
 */
int bounds_resolve(const struct options *o, struct control *c,
		   struct engine_bounds *first, struct engine_bounds **then,
		   struct buf *err);

#endif
