/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * joblog.h - GNU parallel's job log: nine TAB-separated columns, one line a
 * finished job in completion order, each line a record of a logfile.
 * Thread-safe.
 *
 * Columns: Seq Host Starttime JobRuntime Send Receive Exitval Signal Command.
 * Host is ":"; Starttime is seconds since 1970 with three decimals; JobRuntime
 * is 10 wide, cut to milliseconds; Send is 0, Receive what went to standard
 * output. Exitval and Signal: the status and 0; 128+N and N for a death by
 * signal; -1 and the last signal sent for a job that muster killed (timeout,
 * halt, end), 15 for one that exited all the same; 255 and 0 when no process
 * ran. Jobs cancelled before their start have no line. Newlines in Command
 * become NUL; where there is no command, the values stand in its place.
 */
#ifndef MUSTER_SINK_JOBLOG_H
#define MUSTER_SINK_JOBLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "sched/sink.h"
#include "sink/logfile.h"

struct buf;
struct job;
struct joblog;

struct joblog_config {
	const char *path;	/* "-" is standard output */
	bool append;
	enum logfile_sync sync;
	/* Called once, without locks, when a line can't be written or
	 * synced. */
	void (*failed)(void *arg, const char *path, int err);
	/* The command of a job that was never handed to a runner is added to
	 * out, and true; false: there can be none, and the values stand for
	 * it. NULL: so it is for all. */
	bool (*describe)(void *arg, const struct job *job, struct buf *out);
	void *arg;
};

/*
 * Opens and locks the file: truncated, or appended to, where a last line that
 * has lost its newline is cut off first. Writes the header line unless there
 * are lines. NULL with a message in err.
 */
struct joblog *joblog_new(const struct joblog_config *config, struct buf *err);
/* What its columns Exitval and Signal say of the job. */
int joblog_status(const struct job *job);
int joblog_signal(const struct job *job);
/* The bytes of input that it was given. */
uint64_t joblog_sent(const struct job *job);
struct sink *joblog_sink(struct joblog *l);
/* Brings the lines to the disk, if asked to; what fails is told. */
int joblog_finish(struct joblog *l);
/* Closes. 0, or -1 with errno when a line was lost (also at close). */
int joblog_free(struct joblog *l);

#endif
