/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sem.h - --semaphore: one command, when the semaphore of its name has a slot
 * for it.
 *
 * The command is a run like any other, of one job, which begins when the slot
 * is there and ends with its exit status; the slot is muster's, not the job's,
 * and free when muster is gone, however that came. In the background it is a
 * child of the process that was called, which ends when the slot is there.
 *
 * The locks are files in a directory of the user's own, the same for all his
 * sessions (see sem_directory).
 */
#ifndef MUSTER_SEM_H
#define MUSTER_SEM_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct options;

struct sem_opts {
	bool is_on;
	bool fg;
	bool bg;
	bool wait;
	const char *id;		/* NULL: the terminal */
	const char *input;	/* file for standard input, or NULL */
	bool has_timeout;
	bool gives_up;		/* then; else goes on without a slot */
	int64_t timeout_ns;
};

/* Does what o, with sem.is_on, says; returns the exit status. To be called
 * before there are threads. */
int sem_run(const struct options *o);

/* Where the locks may be. */
struct sem_places {
	const char *chosen;	/* $PARALLEL_HOME; NULL or empty: none, as in
				   all the others */
	const char *tmp;	/* /tmp */
	const char *runtime;	/* $XDG_RUNTIME_DIR */
	const char *home;
};

/*
 * Opens the directory for the locks, which is made if need be, mode 0700:
 * CHOSEN/semaphores; without that TMP/muster-UID; where there can be no such
 * thing, RUNTIME/muster or HOME/.muster. One that belongs to someone else, or
 * others can write to, or that is a symbolic link is an error, never passed
 * over. The descriptor is the caller's; -1 with a message in err.
 */
int sem_directory(const struct sem_places *places, struct buf *err);

#endif
