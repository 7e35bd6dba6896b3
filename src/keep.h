/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keep.h - --results and --files put in place: between runner and emitter, if
 * asked for.
 *
 * Without them (or in a dry run) all of it lets through what it is given.
 */
#ifndef MUSTER_KEEP_H
#define MUSTER_KEEP_H

#include <stdatomic.h>
#include <stdbool.h>

#include "sink/results.h"

struct buf;
struct compress;
struct names;
struct options;
struct output;
struct runner;
struct template;
struct texts;

struct keep {
	const struct options *options;
	const struct names *names;
	const struct texts *texts;
	bool is_on;
	enum results_kind kind;
	struct template *name;	/* RESULTS_FILES: of the file */
	int fd;			/* of records; -1: there is none of ours */
	bool has_header;
	struct results *results;
	atomic_bool failed;	/* something could not be kept */
};

/* What is pointed to, but err, must outlive it. 0, or -1 with a message in err;
 * release in both cases. */
int keep_open(struct keep *k, const struct options *o,
	      const struct names *names, const struct texts *texts,
	      struct buf *err);
void keep_release(struct keep *k);

/* Where the emitter writes to (see emit.h). */
int keep_out_fd(const struct keep *k);
/* And where the names of files go that are not records; 0: there too. */
int keep_names_fd(const struct keep *k);
/* Does the emitter get lines, of jobs or of names, and not records? */
bool keep_has_lines(const struct keep *k);
/* What is to be used instead of the emitter's output, and then of a runner.
 * compress: for files, or NULL; to outlive it. */
struct output *keep_output(struct keep *k, struct output *inner,
			   const char *tmpdir,
			   const struct compress *compress);
struct runner *keep_runner(struct keep *k, struct runner *inner);

/* Closes the file, unless someone may still write to it. Returns whether all
 * has been kept; what was not has been told on standard error. */
bool keep_finish(struct keep *k, bool closes);

#endif
