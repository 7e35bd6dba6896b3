/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pipe.h - --pipe and --pipe-part: jobs get blocks of the input on their
 * standard input (or in a file of their own), not values.
 *
 * Belongs to the reader thread once that runs, but for pipe_stop.
 */
#ifndef MUSTER_PIPE_H
#define MUSTER_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "input/source.h"

struct buf;
struct job;
struct options;
struct pipe;

/* Opens what is to be cut; slots: jobs at a time. options must outlive it.
 * NULL with a message in err. */
struct pipe *pipe_new(const struct options *options, unsigned slots,
		      struct buf *err) MUST_USE;
/* After the last job: removes what --cat and --fifo needed. */
void pipe_free(struct pipe *p);

/* The inputs that hold values; one with an empty one if there are none. */
const struct input_spec *pipe_values(const struct pipe *p, size_t *n);

/* A block, for one job. */
struct piece {
	char *data;		/* malloc'ed, to be handed on; or NULL */
	size_t len;
	const char *path;	/* and this part of a file; or NULL */
	bool of_stdin;		/* or of standard input */
	int64_t from;
	int64_t part_len;
};

/* 1: the next piece; 0: the end; -1: reading failed, a message in err. */
int pipe_next(struct pipe *p, struct piece *piece, struct buf *err);
/* Makes it the job's, which has not been submitted; takes piece->data. */
void pipe_attach(struct pipe *p, struct job *job, const struct piece *piece);
/* Names the job's file, if --cat or --fifo want one. */
void pipe_name_file(struct pipe *p, struct job *job);
/* With --round-robin: the head of the input, once pipe_next has returned. */
const char *pipe_header(const struct pipe *p, size_t *len);
/* The file that is each job's standard input (--pipe-part --tee), or NULL;
 * then there are no pieces. */
const char *pipe_tee_path(const struct pipe *p);
/* From any thread: pipe_next returns 0. */
void pipe_stop(struct pipe *p);

#endif
