/* SPDX-License-Identifier: GPL-3.0-or-later */
/* blocks_impl.h - what blocks.c and blocks_part.c share. Pure functions. */
#ifndef MUSTER_INPUT_BLOCKS_IMPL_H
#define MUSTER_INPUT_BLOCKS_IMPL_H

#include <regex.h>
#include <stddef.h>
#include <stdint.h>

/* ":" and "N": how many lines; 0: it is an expression. */
uint64_t blocks_header_lines(const char *header);
/* The length of the header that data begins with; 0: not (yet). */
size_t blocks_match_header(const regex_t *re, const char *header,
			   const char *data, size_t len);
/* The next size of a block when a record is longer than this one. */
size_t blocks_larger(size_t bytes);

#endif
