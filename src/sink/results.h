/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * results.h - --results: what jobs write, kept in files.
 *
 * An output (sched/output.h) between a runner and the emitter. In a tree or in
 * files named by a template, each try has files of its own, which are written
 * as it writes; the emitter hears nothing. The file "seq" comes last, when the
 * job is over by itself: so it tells what is whole. As records (csv, tsv,
 * json), a job's output is held until it is over, and then given to the
 * emitter as one record, which so comes in the right order.
 *
 * With --files the name of each file goes to the emitter; without --results as
 * well, the files are temporary ones that get their name when the job is over,
 * so that a job that did not run leaves none.
 *
 * A job whose files can't be made is not run; that is told by the runner that
 * results_runner puts around another. Thread-safe.
 */
#ifndef MUSTER_SINK_RESULTS_H
#define MUSTER_SINK_RESULTS_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct compress;
struct job;
struct output;
struct results;
struct runner;

enum results_kind {
	RESULTS_TREE,		/* path/1/value/2/value/{stdout,stderr,seq} */
	RESULTS_FILES,		/* name, name.err, name.seq; in the directory
				   name if that ends in a slash */
	RESULTS_CSV,
	RESULTS_TSV,
	RESULTS_JSON,
	RESULTS_TEMPORARY,	/* --files alone: files in tmpdir, which stay;
				   what jobs write on standard error is lost */
};

struct results_config {
	enum results_kind kind;
	const char *path;
	/* Of the columns of values; "" or none: its number. */
	char *const *names;
	size_t nnames;
	/* A job without values has one all the same, as in GNU parallel: a
	 * NUL with "noarg" behind it. */
	bool names_none;
	/* RESULTS_FILES: adds the name of the job's file. */
	void (*name)(void *arg, const struct job *job, struct buf *out);
	/* Records: where they are written (for the column names alone), and
	 * the emitter, which writes there, too. */
	int fd;
	bool has_header;	/* the column names are there already */
	struct output *inner;
	const char *tmpdir;	/* for output that is held, and for files */
	/* --files: the name of the file with the standard output of each job
	 * that has run is given to the emitter, followed by name_end; where
	 * there are records, on its second stream. They hold the name instead
	 * of the output. early: with the first output already. */
	bool prints_names;
	bool names_early;
	char name_end;
	const struct compress *compress;	/* files; or NULL */
	const char *option;	/* for messages: --results or --files */
	/* A job's output, or a part of it, could not be kept: why, as one
	 * line. */
	void (*failed)(void *arg, const char *why);
	void *arg;
};

/* The kind that the end of path asks for (in upper or lower case), else
 * RESULTS_TREE. *to_stdout: "-.csv" and the like. */
enum results_kind results_kind_of(const char *path, bool *to_stdout);
static inline bool results_are_records(enum results_kind kind)
{
	return kind >= RESULTS_CSV && kind <= RESULTS_JSON;
}

/* All pointers in config must outlive it. */
struct results *results_new(const struct results_config *config);
void results_free(struct results *r);
struct output *results_output(struct results *r);
/* The runner to be used instead of inner, which must outlive it. Once. */
struct runner *results_runner(struct results *r, struct runner *inner);

/* Are the job's results there, from an earlier run? Never for records. */
bool results_has(const struct results *r, const struct job *job);

#endif
