/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pack.h - several tuples in one job: so many (-n, -N, -L), or as many as a
 * command line holds (-X, -m, --xargs), no longer than it may be (-s).
 *
 * Tuples come from another stage and are taken as they are needed; what is
 * kept is one command line's worth. At the end, what is left can be spread
 * evenly. Tasks, and what has attributes, stay alone. One thread.
 */
#ifndef MUSTER_INPUT_PACK_H
#define MUSTER_INPUT_PACK_H

#include <stdbool.h>
#include <stddef.h>

#include "input/source.h"

struct buf;
struct pack;
struct template;

struct pack_opts {
	size_t tuples_max;	/* of one job; SIZE_MAX: any number */
	bool takes_none;	/* one each, of which no value is used (-n 0) */
	bool has_rows;		/* {1} is a column of all tuples of a job */
	size_t chars_max;	/* of a command, with the NUL; 0: any number */
	size_t bytes_max;	/* of arguments and pointers to them; 0: any */
	unsigned slots;		/* spread the last ones over so many; 0: no */
	unsigned slot;		/* the one with the longest number; 0: 1 */
	bool gives_up;		/* -x: what is too long ends the input */
	/* The command; NULL: no length is looked at. */
	const struct template *template;
	/* Where tuples come from; as source_next. */
	enum source_result (*next)(void *arg, struct tuple *t,
				   struct buf *err);
	void *arg;
};

struct pack *pack_new(const struct pack_opts *opts);
void pack_free(struct pack *p);

/* As source_next; a tuple that makes a command too long by itself is
 * SOURCE_BAD, or with gives_up SOURCE_FAILED, and nothing comes after it. */
enum source_result pack_next(struct pack *p, struct tuple *t,
			     struct buf *err);

#endif
