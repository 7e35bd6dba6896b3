/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * summary.h - what --summary prints at the end, and --failed-to writes.
 *
 * Remembers of each job that is wanted one short record; prints them in input
 * order. Wanted are the failed ones, or all; jobs that were cancelled before
 * their start are counted as failed but only shown with all. Thread-safe.
 */
#ifndef MUSTER_SINK_SUMMARY_H
#define MUSTER_SINK_SUMMARY_H

#include <stdbool.h>

#include "sched/sink.h"

struct buf;
struct job;
struct summary;

/* all: also of jobs that succeeded. */
struct summary *summary_new(bool all);
struct sink *summary_sink(struct summary *s);
void summary_free(struct summary *s);

/*
 * Before any job: how to make the command of one that was never handed to a
 * runner. describe adds it to out and returns true, or
 * returns false when there can be none; called without other locks than the
 * summary's.
 */
void summary_set_describe(struct summary *s,
			  bool (*describe)(void *arg, const struct job *job,
					   struct buf *out),
			  void *arg);

/* Likewise for --failed-to: adds what is to be run again instead of the job's
 * command alone; false: that is it. */
void summary_set_rest(struct summary *s,
		      bool (*rest)(void *arg, const struct job *job,
				   struct buf *out),
		      void *arg);

/*
 * Adds the table: a header line, then seq, exit status or signal name or a
 * word ("timeout", "killed", "refused", ...), tries, wall and CPU time and
 * peak memory of the last try ("-" when there was none), command (visible
 * characters only, cut for a terminal of width columns; 0: not cut; the values
 * where no command was made). Adds a last line of totals with the time since
 * summary_new. Nothing but that line when there are no rows.
 */
void summary_format(struct summary *s, struct buf *out, unsigned width);

/*
 * Writes the commands of the failed jobs, each followed by the delimiter, in
 * input order. Left out are jobs for which no command was made (refused,
 * cancelled ones). A command that itself holds the delimiter (a newline) makes
 * that form ambiguous: then nothing is written and -1 with EILSEQ returned.
 * 0, or -1 with errno.
 */
int summary_write_failed(struct summary *s, int fd, unsigned char delimiter);

#endif
