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
 * hears of it, if this sink is the first; and before the emitter gets the last
 * of the job's output, if journal_output is used: so a job whose output is on
 * record has an end on record.
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
struct logfile;
struct output;
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
};

struct journal *journal_new(const struct journal_config *config) MUST_USE;
void journal_free(struct journal *j);

/* The first record of a run, and the last. 0, or -1 with errno. */
int journal_begin(struct journal *j, const struct journal_run *run);
int journal_finish(struct journal *j, const struct tally *tally);
/* After the last: closes the file. Likewise. */
int journal_close(struct journal *j);

struct sink *journal_sink(struct journal *j);
/* What the engine is to use instead of inner, which must outlive it. Runners
 * go on using inner. */
struct output *journal_output(struct journal *j, struct output *inner);

/* All output of those jobs is in the file now, up to that offset; stages: of
 * the run. Commit when all have been told. */
void journal_add_out(struct journal *j, uint64_t seq, uint64_t offset);
void journal_commit(struct journal *j);

#endif
