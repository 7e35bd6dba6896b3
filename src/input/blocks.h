/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * blocks.h - the bytes of a descriptor, cut into blocks of whole records.
 *
 * Put together, the blocks are the input, byte for byte, whatever its size
 * and theirs (but for headers and what remove_separators and skip_blank take
 * out). A block is what fits of whole records; where not even one does, more
 * is read, and blocks are larger from then on. The last block is what is left.
 *
 * A block lies in memory of its own, into which it was read: what is copied is
 * the smaller of the block and what was read beyond it. One thread, but for
 * blocks_stop.
 */
#ifndef MUSTER_INPUT_BLOCKS_H
#define MUSTER_INPUT_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"

struct blocks;
struct buf;
struct group;
struct recsep;

struct blocks_opts {
	const struct recsep *recsep;	/* must outlive the blocks */
	size_t bytes;			/* about so many a block; at least 1 */
	uint64_t records;		/* so many records; 0: what fits */
	uint64_t lines;			/* a record has so many; 0: recsep's */
	int64_t timeout_ns;		/* hand out what there is; 0: never */
	const char *header;		/* ":", a number of lines, or a regular
					   expression; NULL: none */
	bool repeat_header;		/* goes before each block; else it is
					   in none */
	bool remove_separators;
	bool skip_blank;		/* drop lines of blanks */
	struct group *group;		/* may need the header's names; NULL */
	bool is_eager;			/* hand out what one read brings */
	uint64_t parts;			/* instead of bytes: so many blocks in
					   all, of which each goes on to the
					   next border; what is no file is
					   copied to one first, in ... */
	const char *tmpdir;
};

/* Takes over fd (closed by blocks_free unless it is 0). NULL with a message in
 * err: the header is no regular expression; fd is the caller's then. */
struct blocks *blocks_new(int fd, const struct blocks_opts *opts,
			  struct buf *err) MUST_USE;
void blocks_free(struct blocks *b);

/*
 * The next block: 1, with *len bytes (at least 1) at *data, the caller's to
 * free(). 0 at the end or when stopped; -1 with errno when reading failed, and
 * then the end.
 */
int blocks_next(struct blocks *b, char **data, size_t *len);

/* What blocks_next failed for, if that was no error of the system; or NULL. */
const char *blocks_problem(const struct blocks *b);

/* The header, once blocks_next has returned; it is b's. */
const char *blocks_header(const struct blocks *b, size_t *len);

/* How many bytes a block has for that, in so many of them. */
size_t blocks_bytes(int64_t size, uint64_t parts);

/* From any thread: a blocked or later blocks_next returns 0. */
void blocks_stop(struct blocks *b);

/*
 * Parts of a regular file instead: a part begins at *at, and its length is
 * returned: it goes on behind at least opts->bytes to the next border. 0 at
 * the end of the file; -1 with errno. *at is the caller's to move on.
 */
int64_t blocks_part(int fd, const struct blocks_opts *opts, off_t at,
		    off_t size);
/*
 * The same with blocks as blocks_next makes them of fixed separators, no
 * records or lines counted and nothing left out: they end at the last border
 * in *bytes, or these become more.
 */
int64_t blocks_cut(int fd, const struct blocks_opts *opts, off_t at,
		   off_t size, size_t *bytes);
/* The length of the header at the start of the file, 0 when there is none;
 * -1 with errno, or with a message in err. */
int64_t blocks_part_header(int fd, const struct blocks_opts *opts,
			   struct buf *err);

#endif
