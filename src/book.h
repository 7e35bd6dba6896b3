/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * book.h - --journal and --output put in place: what earlier runs have done,
 * what this one does, and how far its output has come.
 *
 * Without these options (and in a dry run, but for what earlier runs have
 * done) there is nothing of it.
 */
#ifndef MUSTER_BOOK_H
#define MUSTER_BOOK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sink/stash.h"

struct buf;
struct emit;
struct emit_config;
struct emit_written;
struct job;
struct journal;
struct ledger;
struct logfile;
struct options;
struct sink;
struct tally;
struct texts;

struct book {
	const struct options *options;
	const struct texts *texts;
	struct logfile *file;	/* the journal's, once there is one */
	struct journal *journal;
	struct ledger *ledger;	/* with --resume and the like; or NULL */
	char *cwd;
	bool has_keys;		/* jobs need them */
	int out_fd;		/* --output; -1: none */
	char *out_path;		/* absolute */
	bool out_is_regular;
	uint64_t offset;	/* where the output of this run begins */
	struct stash stash;	/* where it is kept meanwhile, once there is */
	struct emit *emit;
	atomic_bool out_failed;
	/* The caller's to set before book_begin: called once each, by any
	 * thread, for what is not written to any more. */
	void (*failed)(void *arg, const char *option, const char *path,
		       int err);
	void *arg;
};

/* Opens and locks the files, reads the journal; changes nothing in them but
 * for what a crash has left behind the last record. 0, or -1 with a message in
 * err; release in both cases. The pointers must outlive it. */
int book_open(struct book *b, const struct options *o, const struct texts *t,
	      struct buf *err);
void book_release(struct book *b);

/* Now that the run is sure to begin: cuts the output to where it goes on,
 * writes the run's record. The emitter must outlive book_finish. 0, or -1 with
 * a message in err. */
int book_begin(struct book *b, struct emit *e, struct buf *err);

/* Gives the job its key, if it needs one. number: of its place in the input,
 * from 1; 0: none. */
void book_identify(const struct book *b, struct job *job, uint64_t number);

/* The sink, which is to be the first, or NULL. */
struct sink *book_sink(struct book *b);

/* Where the emitter is to write to; 0: standard output. */
int book_out_fd(const struct book *b);
/* Puts what the emitter is to know of all this into its configuration. */
void book_configure(struct book *b, struct emit_config *config);

/* The end of the run is written down and, with --sync, on disk. closes: nobody
 * writes any more, the files are closed. False: not all is as it should be,
 * and that has been said. */
bool book_finish(struct book *b, const struct tally *tally, bool closes);

#endif
