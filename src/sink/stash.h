/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stash.h - the file beside that of --output, in which output is kept that
 * waits for its turn: FILE.kept.
 *
 * This is its name, its header and its end; what is in it is the emitter's
 * (emit_keep.c), and where what is, the journal's. The header has a mark, drawn
 * at random, by which a journal knows the file that it means. It is there
 * while a run is, and longer if a later one may want it. For one thread; who
 * uses it has the lock of FILE.
 */
#ifndef MUSTER_SINK_STASH_H
#define MUSTER_SINK_STASH_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/compiler.h"

#define STASH_HEADER	((off_t)4096)
#define STASH_MARK	16	/* characters */

struct buf;
struct kept;

struct stash {
	char *path;
	int fd;			/* -1: there is none */
	off_t size;
	char mark[STASH_MARK + 1];
};

/* Opens what an earlier run may have left beside that file. 0; -1 with a
 * message in err: there is something of that name, and it is not ours. Release
 * in both cases. */
int stash_open(struct stash *s, const char *path, struct buf *err) MUST_USE;
/* Makes an empty one, instead of what was there. sync: its name is on disk
 * then. 0, or -1 with a message in err. */
int stash_begin(struct stash *s, bool sync, struct buf *err) MUST_USE;
/* Is all of that in it, byte for byte? */
bool stash_has(const struct stash *s, const struct kept *kept);
/* The run is over: it goes, unless it is wanted. Best effort. */
void stash_end(struct stash *s, bool is_wanted);
/* The file stays. */
void stash_release(struct stash *s);

#endif
