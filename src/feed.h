/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * feed.h - the reader thread: takes tuples from the source, makes jobs of
 * them, submits them to the engine; blocks while the queue is full.
 */
#ifndef MUSTER_FEED_H
#define MUSTER_FEED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/thread.h"

struct engine;
struct job;
struct source;

struct feed {
	struct source *source;
	struct engine *engine;
	unsigned tries_max;	/* of jobs without their own; 0: until
				   success */
	bool retry_jitter;	/* of jobs that have a delay of their own */
	bool are_commands;	/* items are: there is no template */
	atomic_bool failed;	/* an input was bad or could not be read */
	_Atomic uint64_t *total;	/* gets the number of jobs when all is
				   read, before any is started; or NULL */
	struct thread thread;
	bool has_thread;
};

/* Starts the thread. 0, or -1 with errno. The fields but the last three are
 * the caller's to set; source and engine must outlive feed_finish. */
int feed_start(struct feed *f);
/* A job of that text (a C string of len bytes), as a line of an input without
 * settings of its own would give; the caller's. From any thread. */
struct job *feed_job(const struct feed *f, const char *text, size_t len);
/* Makes the thread come to its end, also when it waits for input; joins. */
void feed_finish(struct feed *f);

#endif
