/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emit.h - the emitter: gives back what jobs write, byte for byte, on
 * standard output and standard error.
 *
 * Implements sched/output.h. One writer thread does all the writing, so that
 * a reader who does not read delays neither timeouts nor signals. In input
 * order (the default) the oldest unfinished job is live: its output is
 * written as it comes. What other jobs write is held: in memory up to a
 * ceiling, then in a spool file without a name, and when that is full the job
 * is not read from until its turn comes. Nothing is lost or reordered. What
 * is ready but not taken by its reader holds up the start of new jobs.
 */
#ifndef MUSTER_SINK_EMIT_H
#define MUSTER_SINK_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;
struct compress;
struct emit;
struct job;
struct kept;
struct output;

enum emit_mode {
	EMIT_ORDERED,		/* by job, in input order */
	EMIT_GROUPED,		/* by job, in order of completion */
	EMIT_LINES,		/* by line, as they come */
};

/* All output of a job has been written. */
struct emit_written {
	uint64_t seq;
	uint64_t offset;	/* bytes written to descriptor 1 by then */
	bool is_gap;		/* no: it was ended by the run, or has never
				   begun, and later ones are written now */
};

struct emit_config {
	enum emit_mode mode;
	uint64_t memory_max;	/* bytes held in memory */
	int out_fd;		/* instead of 1; 0: 1 */
	int err_fd;		/* instead of 2; 0: 2 */
	uint64_t out_offset;	/* bytes that were there before */
	const char *tmpdir;	/* for the spool; outlives the emitter */
	/* Adds what goes before each line of the job (with the TAB); NULL:
	 * nothing. Called by the job's worker. */
	void (*tag)(void *arg, const struct job *job, struct buf *out);
	/* Adds what switches on the colours of the job's lines, if any; before
	 * tag. late: how the job ended decides, so nothing of it is written
	 * before. */
	void (*colour)(void *arg, const struct job *job, struct buf *out);
	bool late;
	/* Compresses what is held beyond memory_max; NULL: nothing does. When
	 * it fails to, or to take it back, pack_failed is called, by any
	 * thread; what can't be compressed is held as it is. */
	const struct compress *compress;
	void (*pack_failed)(void *arg, const char *why);
	/* Called once, by the writer, when descriptor fd (1 or 2) can't be
	 * written to: all further output is dropped. */
	void (*failed)(void *arg, int fd, int err);
	/* Called by the writer, if not NULL, for the jobs that it has written
	 * all of, in the order in which it did, also of those that had no
	 * output; no more once something could not be written. Not with
	 * EMIT_LINES. False: that could not be put on record. With book. */
	bool (*written)(void *book, const struct emit_written *w, size_t n);
	/* Called, if not NULL, by a job's worker when all its output is there
	 * and it counts, before the writer may take the last of it; with
	 * book. kept: where all of it is in keep_fd; NULL: it is not. */
	void (*ended)(void *book, struct job *job, const struct kept *kept);
	/* And by the reader for a job that an earlier run has done, before any
	 * of what that has kept of it is written; with book. */
	void (*replays)(void *book, const struct job *job);
	void *book;
	unsigned stages;	/* of each job; with emit_keep */
	/* Called once, by any thread, when something can't be kept: from then
	 * on nothing is. */
	void (*keep_failed)(void *arg, int err);
	/* Called by the writer when, after emit_close, all is written. */
	void (*finished)(void *arg);
	void *arg;
};

/* Starts the writer thread. NULL with errno when that can't be had. */
struct emit *emit_new(const struct emit_config *config);
struct output *emit_output(struct emit *e);

/*
 * Before anything is begun: held output is to outlive us, in this file, which
 * stays the caller's, and is used from header on and size bytes long by now.
 * Then nobody is live, so that nothing of a job is written before its end is
 * on record. syncs: and on the disk.
 */
void emit_keep(struct emit *e, int fd, off_t header, off_t size, bool syncs);
/* After it: what an earlier run has kept is not to be used for other things. */
void emit_reserve(struct emit *e, const struct kept *kept);
/* After the end: is there anything in that file that a later run may want? */
bool emit_is_keeping(struct emit *e);

/* After the engine is over: what is held is written out; then finished is
 * called, unless emit_is_finished says so at once. */
void emit_close(struct emit *e);
bool emit_is_finished(struct emit *e);
/* After emit_close: waits for the writer's end, frees everything. */
void emit_free(struct emit *e);

#endif
