/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * columns.h - text measured in columns of a terminal.
 *
 * Each UTF-8 sequence counts as one column; texts are visible characters as
 * buf_add_visible makes them. Pure functions, no locks.
 */
#ifndef MUSTER_SINK_COLUMNS_H
#define MUSTER_SINK_COLUMNS_H

#include <stddef.h>

struct buf;

/* The number of columns that len bytes take. */
size_t columns_count(const char *text, size_t len);
/* The bytes that the first max columns take; len when there are fewer. */
size_t columns_prefix(const char *text, size_t len, size_t max);

/*
 * Adds len bytes, made visible, cut to max columns (0: not cut). Returns the
 * columns added.
 */
size_t columns_add_visible(struct buf *out, const char *text, size_t len,
			   size_t max);
/* Adds n blanks. */
void columns_add_blanks(struct buf *out, size_t n);

#endif
