/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * past.h - a job log read back: what became of each job of an earlier run.
 *
 * The log is muster's or GNU parallel's. Where it has several lines for one
 * number, the last one counts. A last line without its newline was torn when
 * the writer died: it is taken for not there. Lines of column names may stand
 * anywhere. Of a command only a hash is kept in memory, so 24 bytes a line;
 * the text is read again when it is asked for. Constant after past_new but
 * for the file's own offset, which is not used; thread-safe.
 */
#ifndef MUSTER_INPUT_PAST_H
#define MUSTER_INPUT_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

struct buf;
struct past;

enum past_end {
	PAST_NONE,		/* the log does not have that job */
	PAST_SUCCEEDED,
	PAST_FAILED,
	PAST_KILLED,		/* by the run itself: Exitval -1 */
};

/* Numbers above it are no job's. */
#define PAST_SEQ_MAX	UINT64_C(1000000000000)

/* Reads the file. NULL with a message in err: it can't be read, or a line
 * (which is named) is not a job's. */
struct past *past_new(const char *path, struct buf *err) MUST_USE;
void past_free(struct past *p);

enum past_end past_find(const struct past *p, uint64_t seq);
/* Is that the command in the log? A NUL there stands for a newline. False when
 * the log does not have the job. */
bool past_is_command(const struct past *p, uint64_t seq, const char *command,
		     size_t len);
/* Adds the command. 0, or -1 with errno; ENOENT: it is not in the log. */
int past_add_command(const struct past *p, uint64_t seq, struct buf *out);

/* How many jobs it has, and the number of the i-th of them, from 0, in
 * ascending order. */
size_t past_count(const struct past *p);
uint64_t past_seq(const struct past *p, size_t i);

#endif
