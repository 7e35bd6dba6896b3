/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger.h - a journal read back (sink/journal.h writes it): what earlier runs
 * have done, counted by what the jobs were to do.
 *
 * A job is known by its key, whatever its number was. What counts is what
 * happened since the last run that did not resume another. Where the same key
 * stands for several jobs, each of them is counted.
 *
 * The file may have been written by anyone. Members that are not known are
 * passed over, and so are events. Lines at the end that are no records were
 * torn or lost when the writer died, and count as not there; one with records
 * behind it is an error. In memory are some 80 bytes for each key. For one
 * thread.
 */
#ifndef MUSTER_INPUT_LEDGER_H
#define MUSTER_INPUT_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/compiler.h"

#define LEDGER_FORMAT		1	/* of the journals that are known */
#define LEDGER_KEY_BYTES	16

struct kept;
struct ledger;

enum ledger_end {
	LEDGER_NONE,		/* no job of that key is left */
	LEDGER_SUCCEEDED,
	LEDGER_FAILED,		/* by itself, by its time, or at its start */
	LEDGER_UNDONE,		/* begun, but not to the end: the run was
				   stopped or died, or the output is lost */
};

/* NULL with a message in err: the file can't be read, or is no journal, or
 * line N of it is bad. A file that is not there is an empty one. */
struct ledger *ledger_new(const char *path, struct buf *err) MUST_USE;
void ledger_free(struct ledger *l);

/* Where the records end; what is behind that is to be cut off. */
off_t ledger_size(const struct ledger *l);
/* Has there been a run? */
bool ledger_has_run(const struct ledger *l);

/* The absolute path of the last run's output, or NULL. */
const char *ledger_output(const struct ledger *l);
/*
 * The output has only so many bytes (UINT64_MAX: as many as there should be):
 * what was behind them is undone. Returns how many of them are whole: up to
 * there the output is that of jobs that are done. Before anything is taken.
 */
uint64_t ledger_trust(struct ledger *l, uint64_t size);

/*
 * The file in which output was kept has that mark (NULL: there is none): what
 * is not in it, as is_there tells, is undone. Before anything is taken.
 */
void ledger_trust_kept(struct ledger *l, const char *mark,
		       bool (*is_there)(void *arg, const struct kept *kept),
		       void *arg);
/* Calls take for all that is kept. */
void ledger_each_kept(const struct ledger *l,
		      void (*take)(void *arg, const struct kept *kept),
		      void *arg);
/* Has nobody taken some of that? */
bool ledger_has_kept(const struct ledger *l);

/* Takes one job of that key out of the ledger, done ones first; how it had
 * ended. *kept: where its output is, the ledger's; NULL: in its place. */
enum ledger_end ledger_take(struct ledger *l,
			    const unsigned char key[LEDGER_KEY_BYTES],
			    const struct kept **kept);
/* How many nobody has taken. */
uint64_t ledger_left(const struct ledger *l);

/* A job that failed or is undone, as it was to be run. */
struct ledger_task {
	unsigned char key[LEDGER_KEY_BYTES];
	struct buf command;
	struct buf cwd;		/* of its own; or empty */
	struct buf input;	/* likewise, a file */
	bool is_bound;		/* there was more to it than the journal has:
				   variables, or a block of input */
	uint64_t number;	/* it had in its run */
	const struct kept *kept;	/* it is done, but for its output, which
				   is there; the ledger's. Else NULL */
};

void ledger_task_init(struct ledger_task *t);
void ledger_task_release(struct ledger_task *t);
/* Takes the next one out of the ledger, from the first, in the order in which
 * they began. 1; 0: there is no more; -1 with a message in err: it can't be
 * read again. */
int ledger_next(struct ledger *l, struct ledger_task *t, struct buf *err);

#endif
