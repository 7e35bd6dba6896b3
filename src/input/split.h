/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * split.h - items cut into columns (--colsep, --csv), and trimmed (--trim).
 *
 * A splitter is constant after split_new. The cells it makes are kept in a
 * struct cells, whose memory is reused from one row to the next. One thread
 * each.
 */
#ifndef MUSTER_INPUT_SPLIT_H
#define MUSTER_INPUT_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct split;

/* Which ends lose their blanks. */
enum { TRIM_LEFT = 1, TRIM_RIGHT = 2 };

struct split_opts {
	const char *colsep;	/* regular expression; with csv a literal byte,
				   or NULL */
	bool csv;		/* RFC 4180 */
	unsigned trim;
};

/* The cells of one row, or of several put side by side. */
struct cells {
	char **values;		/* valid after cells_finish */
	size_t *lens;
	size_t n;
	size_t cap;
	struct buf bytes;
};

void cells_init(struct cells *c);
void cells_release(struct cells *c);
void cells_reset(struct cells *c);
/* One more, not cut and not trimmed. */
void cells_add(struct cells *c, const char *data, size_t len);
/* Takes out the first n; values are then to be made anew. */
void cells_drop(struct cells *c, size_t n);
/* Makes values point at them; valid until the next cells_add. */
void cells_finish(struct cells *c);

/* NULL with a message in err that names the option. */
struct split *split_new(const struct split_opts *opts, struct buf *err);
void split_free(struct split *s);

/*
 * Adds the cells of item, a C string of len bytes. An empty item is one empty
 * cell, and groups in the expression are cells as well, as in Perl. 0, or -1
 * with a message in err when it is no CSV, or the expression takes too long;
 * cells up to there were added.
 */
int split_add(const struct split *s, struct cells *c, const char *item,
	      size_t len, struct buf *err);

/* True when a record of CSV goes on in the next line: a quote is open. */
bool split_is_open(const struct split *s, const char *record, size_t len);

#endif
