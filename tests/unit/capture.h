/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capture.h - what is written to descriptors 1 and 2, for tests of those who
 * write there.
 *
 * By files, which never hold up the writer, or by pipes, which do when they
 * are not read. Not thread-safe, but for capture_reader's own thread.
 */
#ifndef MUSTER_TESTS_CAPTURE_H
#define MUSTER_TESTS_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/thread.h"

struct capture {
	int fd[2];		/* the files, or the read ends; -1 closed */
	int saved[2];
	bool is_pipe;
	bool has_reader;
	struct thread reader;
	struct buf text[2];	/* from pipes */
};

void capture_files(struct capture *c);
void capture_pipes(struct capture *c);
/* Puts back what was there before; with pipes, that is their end for the
 * reader. What was captured can still be looked at. */
void capture_end(struct capture *c);
void capture_release(struct capture *c);

/* Pipes: reads what is there now, without waiting. */
void capture_take(struct capture *c);
/* Pipes: a thread reads both to their end; capture_end joins it. */
void capture_start_reader(struct capture *c);
/* Pipes: nobody reads this one any more. */
void capture_close(struct capture *c, int stream);

/* All that was written so far, valid until the next call. */
const struct buf *capture_text(struct capture *c, int stream);
/* Is that text what was written so far? Without failing a check. */
bool capture_is(struct capture *c, int stream, const char *text);

#endif
