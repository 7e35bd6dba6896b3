/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * results_record.h - a job and its output as one record of text, as GNU
 * parallel has it. Pure functions.
 *
 * In csv and tsv a field stands in double quotes where it holds anything but
 * visible ASCII, or a quote or the separator; quotes in it are doubled. What a
 * job wrote always stands in quotes, unless it is nothing. In json text is
 * valid UTF-8: bytes that are not part of a character become U+FFFD.
 */
#ifndef MUSTER_SINK_RESULTS_RECORD_H
#define MUSTER_SINK_RESULTS_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "sink/results.h"

struct buf;
struct job;

/* The names of the columns, for jobs of n values; nothing for json. */
void record_add_header(struct buf *b, const struct results_config *config,
		       size_t n);
/* How many values it has there. */
size_t record_values(const struct results_config *config,
		     const struct job *job);
/* All up to the first stream; as many values as there are columns for. */
void record_add_begin(struct buf *b, const struct results_config *config,
		      const struct job *job, size_t nvalues);
/* Before stream 0 and 1; is_empty: no text of it follows. */
void record_open_stream(struct buf *b, enum results_kind kind, int stream,
			bool is_empty);
/* A piece of its text. Returns how many bytes were taken: not all when a
 * character may go on in the next piece (is_last: there is none). */
size_t record_add_text(struct buf *b, enum results_kind kind,
		       const char *text, size_t len, bool is_last);
void record_close_stream(struct buf *b, enum results_kind kind, bool is_empty);
void record_add_end(struct buf *b, enum results_kind kind);

#endif
