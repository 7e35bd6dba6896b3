/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lines.h - --latest-line put in place: between runner and emitter, and on the
 * terminal, if asked for.
 *
 * Without it (or in a dry run) all of it lets through what it is given.
 */
#ifndef MUSTER_LINES_H
#define MUSTER_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct latest;
struct options;
struct output;
struct texts;

struct lines {
	const struct texts *texts;
	bool is_on;
	bool is_drawn;		/* standard error is a terminal */
	bool is_cut;		/* so is standard output */
	bool has_colour;
	struct latest *latest;
	struct buf shown;	/* what stands on the terminal */
};

/* What is pointed to must outlive it. */
void lines_init(struct lines *l, const struct options *o,
		const struct texts *texts);
void lines_release(struct lines *l);

/* What is to be used instead of inner, whose lines need no tag then. */
struct output *lines_output(struct lines *l, struct output *inner);

/* Draws what has changed. Returns the nanoseconds until it wants to be called
 * again, -1 for never. For main, as lines_clear, which ends it. */
int64_t lines_tick(struct lines *l);
void lines_clear(struct lines *l);

#endif
