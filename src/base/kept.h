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

#include "base/mem.h"
#include "base/siphash.h"

struct kept_range {
	unsigned stage;		/* of the pipeline, from 0 */
	unsigned stream;	/* 0: standard output, 1: standard error */
	uint64_t at;		/* bytes, as is len */
	uint64_t len;
	uint64_t sum;		/* of all the bytes of that stage and stream,
				   in the last range of them; else 0 */
};

/* Makes such a sum, never 0, of a hash that kept_begin_sum has begun; 53 bits,
 * so that it is a number for all who read JSON. */
static inline uint64_t kept_sum(struct siphash *h)
{
	unsigned char out[SIPHASH_BYTES];
	uint64_t sum = 0;

	siphash_end(h, out);
	for (int i = 0; i < 8; i++)
		sum = sum << 8 | out[i];
	return sum >> 11 ? sum >> 11 : 1;
}

static inline void kept_begin_sum(struct siphash *h)
{
	static const unsigned char seed[SIPHASH_BYTES] = "muster kept 1..";

	siphash_init(h, seed);
}

/* Adds one to a row of *n, which is from malloc, or NULL with n 0. */
static inline struct kept_range *kept_add(struct kept_range **row, size_t *n)
{
	/* A power of two is full. */
	if ((*n & (*n - 1)) == 0)
		*row = xreallocarray(*row, *n ? 2 * *n : 1, sizeof(**row));
	return &(*row)[(*n)++];
}

/* All of a job, in the order in which it was written; no two ranges overlap,
 * none is empty. */
struct kept {
	struct kept_range *ranges;	/* from malloc; or NULL */
	size_t n;
	unsigned slot;		/* the job had, for its tag */
};

#endif
