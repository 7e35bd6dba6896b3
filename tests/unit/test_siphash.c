/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_siphash.c - against what openssl gives: for n bytes 00 01 02 ...
 *	openssl mac -macopt size:16 \
 *		-macopt hexkey:000102030405060708090a0b0c0d0e0f -in FILE SIPHASH
 */
#include <config.h>

#include <stdio.h>

#include "base/siphash.h"
#include "tap.h"

static const struct {
	size_t n;
	const char *want;
} vectors[] = {
	{ 0, "a3817f04ba25a8e66df67214c7550293" },
	{ 1, "da87c1d86b99af44347659119b22fc45" },
	{ 7, "a1f1ebbed8dbc153c0b84aa61ff08239" },
	{ 8, "3b62a9ba6258f5610f83e264f31497b4" },
	{ 15, "5493e99933b0a8117e08ec0f97cfc3d9" },
	{ 63, "5150d1772f50834a503e069a973fbd7c" },
};

/* Added in pieces of so many bytes. */
static void check(size_t piece)
{
	unsigned char data[64], out[SIPHASH_BYTES];
	char hex[2 * SIPHASH_BYTES + 1];
	struct siphash h;

	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)i;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		siphash_init(&h, data);
		for (size_t at = 0; at < vectors[i].n; at += piece) {
			size_t left = vectors[i].n - at;

			siphash_add(&h, data + at, left < piece ? left : piece);
		}
		siphash_end(&h, out);
		for (int k = 0; k < SIPHASH_BYTES; k++)
			snprintf(hex + 2 * k, 3, "%02x", out[k]);
		CHECK_STR(hex, vectors[i].want);
	}
}

static void at_once(void)
{
	check(64);
}

static void in_pieces(void)
{
	for (size_t piece = 1; piece < 20; piece++)
		check(piece);
}

static const struct tap_case cases[] = {
	{ "known results", at_once },
	{ "the same in pieces", in_pieces },
};
TAP_MAIN(cases)
