/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * siphash.h - SipHash-2-4 with 128 bits of result.
 *
 * The function of J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast
 * short-input PRF" (INDOCRYPT 2012), in the 128-bit form of their reference
 * implementation. What is added in pieces gives the same as at once. No locks,
 * no allocation, nothing fails.
 */
#ifndef MUSTER_BASE_SIPHASH_H
#define MUSTER_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_BYTES	16	/* of a key, and of the result */

struct siphash {
	uint64_t v[4];
	uint64_t word;		/* bytes that wait for the rest of theirs */
	uint64_t len;
};

void siphash_init(struct siphash *h, const unsigned char key[SIPHASH_BYTES]);
void siphash_add(struct siphash *h, const void *p, size_t n);
/* h is of no use afterwards. */
void siphash_end(struct siphash *h, unsigned char out[SIPHASH_BYTES]);

#endif
