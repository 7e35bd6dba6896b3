/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * show.h - commands as people see them: -t, -v, --dry-run.
 *
 * Shared by all workers; constant after show_init.
 */
#ifndef MUSTER_RUNNER_SHOW_H
#define MUSTER_RUNNER_SHOW_H

#include <stdbool.h>

#include "base/compiler.h"

struct buf;
struct job;

struct show {
	bool is_tty[3];		/* descriptors 1 and 2 */
	int out;		/* 1 again, non-blocking; or -1 */
};

/* at_once: show_at_once will be called. */
void show_init(struct show *s, bool at_once);
void show_release(struct show *s);

/* job->command as a line for that descriptor, 1 or 2, added to line. */
void show_add(const struct show *s, const struct job *job, int fd,
	      struct buf *line);

/*
 * For a job that writes to descriptor 1 itself: the line is there before.
 * Waits for who reads it, but with an ear for orders: a job that is to end
 * needs none. Lines of up to PIPE_BUF bytes stay whole in a pipe. 0, or -1
 * with errno.
 */
int show_at_once(const struct show *s, const struct job *job) MUST_USE;

#endif
