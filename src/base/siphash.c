/* SPDX-License-Identifier: GPL-3.0-or-later */
/* siphash.c - see siphash.h. */
#include <config.h>

#include "base/siphash.h"

static uint64_t rotate(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static uint64_t load(const unsigned char *p)
{
	uint64_t x = 0;

	for (int i = 7; i >= 0; i--)
		x = x << 8 | p[i];
	return x;
}

static void store(unsigned char *p, uint64_t x)
{
	for (int i = 0; i < 8; i++, x >>= 8)
		p[i] = (unsigned char)x;
}

static void rounds(uint64_t v[4], int n)
{
	while (n--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static void take_word(struct siphash *h, uint64_t word)
{
	h->v[3] ^= word;
	rounds(h->v, 2);
	h->v[0] ^= word;
}

void siphash_init(struct siphash *h, const unsigned char key[SIPHASH_BYTES])
{
	uint64_t k0 = load(key);
	uint64_t k1 = load(key + 8);

	h->v[0] = k0 ^ UINT64_C(0x736f6d6570736575);
	/* 0xee: of the 128-bit form, as 0xdd at the end */
	h->v[1] = k1 ^ UINT64_C(0x646f72616e646f6d) ^ 0xee;
	h->v[2] = k0 ^ UINT64_C(0x6c7967656e657261);
	h->v[3] = k1 ^ UINT64_C(0x7465646279746573);
	h->word = 0;
	h->len = 0;
}

void siphash_add(struct siphash *h, const void *p, size_t n)
{
	const unsigned char *s = p;

	for (; n && h->len % 8; n--) {
		h->word |= (uint64_t)*s++ << 8 * (h->len++ % 8);
		if (h->len % 8 == 0) {
			take_word(h, h->word);
			h->word = 0;
		}
	}
	for (; n >= 8; n -= 8, s += 8, h->len += 8)
		take_word(h, load(s));
	for (; n; n--)
		h->word |= (uint64_t)*s++ << 8 * (h->len++ % 8);
}

static uint64_t result(struct siphash *h)
{
	rounds(h->v, 4);
	return h->v[0] ^ h->v[1] ^ h->v[2] ^ h->v[3];
}

void siphash_end(struct siphash *h, unsigned char out[SIPHASH_BYTES])
{
	take_word(h, h->word | h->len << 56);
	h->v[2] ^= 0xee;
	store(out, result(h));
	h->v[1] ^= 0xdd;
	store(out + 8, result(h));
}
