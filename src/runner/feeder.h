/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * feeder.h - gives a job its block on standard input.
 *
 * The data is written from where it lies, and a part of a file is spliced from
 * the page cache where the system can do that; nothing is copied on the way to
 * the pipe. Never blocks but for the disk. A job that does not read all of it,
 * or nothing, is no error. Belongs to one worker; the job must outlive it.
 *
 * What comes from an inlet is asked for from the first feeder_write on, which
 * is to come when the job runs: it can't be had again.
 */
#ifndef MUSTER_RUNNER_FEEDER_H
#define MUSTER_RUNNER_FEEDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"

struct inlet;
struct job;

struct feeder {
	int fd;			/* write end; -1: nothing left to do */
	const char *fifo;	/* not opened yet: nobody reads; or NULL */
	const char *data;
	size_t len;
	int file;		/* or -1 */
	off_t at;
	int64_t left;		/* of the file's part */
	bool no_splice;
	char *buffer;		/* of the file; kept from job to job */
	size_t from, filled;	/* what of it is not written yet */
	int err;		/* the file could not be read or written;
				   ENODATA: it has become shorter */
	struct inlet *inlet;	/* instead of all that; or NULL */
	bool has_begun;		/* with it */
	size_t taken;		/* from it */
};

/* Before the first use. */
void feeder_init(struct feeder *f);
/* After the last one. */
void feeder_release(struct feeder *f);

/*
 * Makes the pipe and fills it as far as it goes; *in: its read end, the
 * caller's to close. 0, or -1 with errno: neither pipe nor anything else.
 */
int feeder_open(struct feeder *f, const struct job *job, int *in) MUST_USE;
/* The same with these bytes, which must outlive the feeding. */
int feeder_open_data(struct feeder *f, const char *data, size_t len, int *in)
	MUST_USE;
/* Makes job->block_path instead: a file with all of it, or a FIFO, which is
 * opened by feeder_write once someone reads it. */
int feeder_make(struct feeder *f, const struct job *job) MUST_USE;
/* Gives up what is left. */
void feeder_close(struct feeder *f);
/* Removes the file. */
void feeder_remove(const struct job *job);

/* Writes what can be written now, and closes at the end, or when nobody will
 * read it. True when something was written. */
bool feeder_write(struct feeder *f);

/* Is there something to write just now? If not, an inlet tells the worker. */
bool feeder_has_data(const struct feeder *f);

static inline bool feeder_is_busy(const struct feeder *f)
{
	return f->fd >= 0;
}

/* There is no event for a reader to come: write again after a while. */
static inline bool feeder_is_waiting(const struct feeder *f)
{
	return f->fifo;
}

#endif
