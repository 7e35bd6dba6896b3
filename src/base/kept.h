/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kept.h - where the output of a job that is over is kept until it is in the
 * file of --output: pieces of the file beside it (doc/internals/journal.md).
 *
 * Plain data, which the journal writes, the ledger reads back, and the emitter
 * makes and uses. No locks.
 */
#ifndef MUSTER_BASE_KEPT_H
#define MUSTER_BASE_KEPT_H

#include <stddef.h>
#include <stdint.h>

struct kept_range {
	unsigned stage;		/* of the pipeline, from 0 */
	unsigned stream;	/* 0: standard output, 1: standard error */
	uint64_t at;		/* bytes, as is len */
	uint64_t len;
};

/* All of a job, in the order in which it was written; no two ranges overlap,
 * none is empty. */
struct kept {
	struct kept_range *ranges;	/* from malloc; or NULL */
	size_t n;
	unsigned slot;		/* the job had, for its tag */
};

#endif
