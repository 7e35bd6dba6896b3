/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source_impl.h - what source.c and source_make.c share.
 *
 * A group is a row of columns, a column one input and those in step with it.
 * All of it belongs to the reader thread but for the flag to stop.
 */
#ifndef MUSTER_INPUT_SOURCE_IMPL_H
#define MUSTER_INPUT_SOURCE_IMPL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/mem.h"
#include "input/items.h"
#include "input/source.h"
#include "input/split.h"

struct link;

struct value {
	char *data;
	size_t len;
};

struct column {
	size_t first;		/* its inputs, in s->inputs */
	size_t n;
	/* Of all but a group's first: */
	struct value **rows;	/* for each input, its values (nrows or more) */
	size_t nrows;
	size_t row;
};

struct group {
	size_t first;		/* its columns, in s->columns */
	size_t n;
	size_t first_input;
	size_t ninputs;
	bool is_combination;	/* no tasks */
};

/* Reading the group at s->group. */
enum phase {
	PHASE_NEW,
	PHASE_LINK,		/* all inputs are in s->link */
	PHASE_LOAD,		/* inputs are not loaded from s->loading on */
	PHASE_ROW,		/* between two rows of the first column */
	PHASE_COMBINE,		/* in one */
};

struct source {
	struct source_opts opts;
	struct items *inputs;
	size_t ninputs;
	struct column *columns;
	size_t ncolumns;
	struct group *groups;
	size_t ngroups;

	size_t group;
	enum phase phase;
	size_t loading;		/* the input that is being loaded */
	struct value *loaded;	/* its values so far */
	size_t nloaded;
	size_t loaded_cap;
	bool any_loaded;	/* an input of the group was not empty */
	struct arena arena;	/* the group's loaded values */
	struct link *link;

	struct split *split;	/* or NULL: items are values */
	struct cells cells;	/* of the tuple */

	char **values;		/* the tuple, ninputs places each */
	size_t *lens;
	struct buf visible;	/* of a bad item */

	atomic_bool stop;	/* a flag; nothing else hangs on its order */
};

/* Whether all inputs of the group are in step (--link). */
bool source_is_linked(const struct source *s, const struct group *g);

/* Frees what reading a group has kept in memory. */
void source_forget(struct source *s);

#endif
