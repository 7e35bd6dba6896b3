/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * feed.h - the reader thread: takes tuples from the intake, makes jobs of
 * them, submits them to the engine; blocks while the queue is full.
 */
#ifndef MUSTER_FEED_H
#define MUSTER_FEED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/thread.h"
#include "input/shquote.h"

struct ask;
struct book;
struct buf;
struct deal;
struct engine;
struct intake;
struct job;
struct pipe;
struct resume;
struct texts;

struct feed {
	struct intake *intake;
	struct pipe *pipe;	/* jobs get its blocks; or NULL */
	struct deal *deal;	/* while they run; or NULL */
	const char *input;	/* a file for each of them; or NULL */
	struct engine *engine;
	struct resume *resume;	/* what an earlier run has done; or NULL */
	bool from_log;		/* all jobs come from there */
	unsigned tries_max;	/* of jobs without their own; 0: until
				   success */
	struct ask *ask;	/* --interactive, or NULL */
	struct texts *texts;
	bool may_number;	/* nobody else makes jobs */
	const struct book *book;	/* gives jobs their keys */
	uint64_t number;	/* of jobs made from the input */
	uint64_t submitted;
	bool retry_jitter;	/* of jobs that have a delay of their own */
	bool are_commands;	/* items are: there is no template */
	bool no_attributes;	/* of jobs that are added */
	enum shell_kind shell;	/* that runs them */
	atomic_bool failed;	/* an input was bad or could not be read */
	atomic_bool at_end;	/* all input has been read */
	atomic_bool is_stopped;	/* its own */
	_Atomic uint64_t *total;	/* gets the number of jobs when all is
				   read, before any is started; or NULL */
	struct thread thread;
	bool has_thread;
	bool has_all;		/* the jobs of --tee are made */
};

/* Starts the thread. 0, or -1 with errno. The fields but the last six are
 * the caller's to set; intake and engine must outlive feed_finish. */
int feed_start(struct feed *f);
/* A job of that text (a C string of len bytes), as a line of an input would
 * give, also with settings of its own; the caller's. NULL with a message in
 * err when these are bad. From any thread. */
struct job *feed_job(const struct feed *f, const char *text, size_t len,
		     struct buf *err);
/* Makes the thread come to its end, also when it waits for input; joins. */
void feed_finish(struct feed *f);

#endif
