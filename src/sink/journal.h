/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * journal.h - --journal: what happens to jobs, as JSON Lines.
 *
 * A record for each run, for each try that starts and that ends, for each job
 * that ends without a try, and, where the output goes to a file whose place is
 * to be known, for each job whose output is in that file. The format, the
 * order of writes and the reasons are in doc/internals/journal.md; the reader
 * is input/ledger.h. Thread-safe.
 *
 * An end is on record, and with LOGFILE_ALWAYS on disk, before any other sink
 * hears of it, if this sink is the first; and before the emitter writes the
 * last of the job's output, if that calls journal_end: so a job whose output
 * is on record has an end on record.
 */
#ifndef MUSTER_SINK_JOURNAL_H
#define MUSTER_SINK_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

struct buf;
struct job;
struct journal;
struct kept;
struct logfile;
struct sink;
struct tally;

struct journal_config {
	struct logfile *file;	/* ready to be appended to; the journal's from
				   then on */
	/* Adds the command of a job that is to be run in its slot, or that
	 * never was. False: none is known. */
	bool (*describe)(void *arg, const struct job *job, struct buf *out);
	void *arg;
};

/* What is told of the run itself. */
struct journal_run {
	const char *version;
	const char *cwd;
	const char *resume;	/* "no", "all", "failed" or "retry" */
	unsigned stages;
	char *const *options;
	size_t noptions;
	const char *command;	/* or NULL */
	const char *output;	/* an absolute path, or NULL */
	uint64_t offset;	/* where in there the run begins */
	const char *kept;	/* the mark of the file in which output is kept
				   meanwhile, or NULL */
};

struct journal *journal_new(const struct journal_config *config) MUST_USE;
void journal_free(struct journal *j);

/* The first record of a run, and the last. 0, or -1 with errno. */
int journal_begin(struct journal *j, const struct journal_run *run);
int journal_finish(struct journal *j, const struct tally *tally);
/* After the last: closes the file. Likewise. */
int journal_close(struct journal *j);

struct sink *journal_sink(struct journal *j);
/* By the job's worker, before its output is given away: the end is put on
 * record here, and not when the sink hears of it. kept: all that it has
 * printed is there; or NULL. */
void journal_end(struct journal *j, struct job *job, const struct kept *kept);
/* A job that an earlier run has done, and whose output it has kept
 * (job->kept): that is in the hands of this run now. */
void journal_replay(struct journal *j, const struct job *job);

/* All output of those jobs is in the file now, up to that offset; stages: of
 * the run. Commit when all have been told. 0, or -1 with errno. */
int journal_add_out(struct journal *j, uint64_t seq, uint64_t offset);
/* Likewise: that one is missing, though the file goes on at that offset. */
int journal_add_gap(struct journal *j, uint64_t seq, uint64_t offset);
int journal_commit(struct journal *j);

#endif
