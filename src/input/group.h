/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group.h - records of lines that have one value (--group-by): that of a
 * column, or of the whole line, or what an expression makes of it.
 *
 * A border is the beginning of a line whose value is another than that of the
 * line before. The end of the line is no part of it. Belongs to one thread.
 */
#ifndef MUSTER_INPUT_GROUP_H
#define MUSTER_INPUT_GROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct border;
struct buf;
struct group;
struct recsep_text;

/*
 * by: a column's number (0: the line, -1: the last one) or name, and an
 * expression behind it, or this alone. colsep: a regular expression, or NULL:
 * a tab. NULL with a message in err. by must outlive it.
 */
struct group *group_new(const char *by, const char *colsep,
			struct buf *err) MUST_USE;
void group_free(struct group *g);

/* Is the column known by its name? Then group_set_names is to come first. */
bool group_has_name(const struct group *g);
/* Finds it in the line of names (that ends at a newline, or len). 0, or -1
 * with a message in err: there is none of that name. */
int group_set_names(struct group *g, const char *line, size_t len,
		    struct buf *err);

/* As recsep_find and recsep_last; from is the beginning of a line. */
bool group_find(struct group *g, const struct recsep_text *t, size_t from,
		struct border *b);
size_t group_last(struct group *g, const struct recsep_text *t);

/* What was wrong with the expression, of the first line for which it was; or
 * NULL. */
const char *group_problem(const struct group *g);

#endif
