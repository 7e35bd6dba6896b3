/* SPDX-License-Identifier: GPL-3.0-or-later */
/* blocks_part.c - the same of files, by offset; see blocks.h. */
#include <config.h>

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "input/blocks.h"
#include "input/blocks_impl.h"
#include "input/recsep.h"

#define PART_CHUNK	((size_t)128 << 10)
/* Where the end of a block is looked for at first, and what a separator may
 * have at most so that it is found on the border of two such places. */
#define TAIL_BYTES	((size_t)4096)
#define SEPARATOR_MAX	((off_t)4096)

/* Where the line begins that the byte there belongs to, not before at; -1. */
static off_t line_begin(int fd, off_t from, off_t at)
{
	char text[4096];

	while (from > at) {
		off_t size = from - at < (off_t)sizeof(text)
				     ? from - at : (off_t)sizeof(text);
		off_t begin = from - size;
		ssize_t n = fd_pread(fd, text, (size_t)size, begin);

		if (n <= 0)
			return -1;
		for (; n; n--) {
			if (text[n - 1] == '\n')
				return begin + n;
		}
		from = begin;
	}
	return at;
}

/* The place behind at and before end where the last border is that begins
 * behind seen; 0: none, -1 with errno. */
static off_t last_border(int fd, const struct recsep *s, off_t at, off_t seen,
			 off_t end)
{
	size_t n = TAIL_BYTES;
	off_t ret = 0;
	char *text = NULL;
	off_t from;

	do {
		ssize_t got;

		from = end - seen > (off_t)n ? end - (off_t)n : seen;
		text = xrealloc(text, (size_t)(end - from) + 1);
		got = fd_pread(fd, text, (size_t)(end - from), from);
		if (got < 0)
			ret = -1;
		if (got <= 0)
			break;
		text[got] = '\0';
		ret = (off_t)recsep_last(s, &(struct recsep_text){
				text, (size_t)got, false });
		if (ret)
			ret += from;
		n *= 4;
	} while (ret == 0 && from > seen);
	free(text);
	return ret > at || ret < 0 ? ret : 0;
}

int64_t blocks_cut(int fd, const struct blocks_opts *opts, off_t at,
		   off_t size, size_t *bytes)
{
	off_t seen = at;

	while (size - at >= (off_t)*bytes) {
		off_t end = at + (off_t)*bytes;
		off_t cut = last_border(fd, opts->recsep, at, seen, end);

		if (cut)
			return cut < 0 ? -1 : cut - at;
		/* A separator may lie on both sides of it. */
		seen = end - at > SEPARATOR_MAX ? end - SEPARATOR_MAX : at;
		*bytes = blocks_larger(*bytes);
	}
	return size - at;
}

int64_t blocks_part(int fd, const struct blocks_opts *opts, off_t at,
		    off_t size)
{
	/* The byte before the first place that may be a border. */
	off_t from = at + (off_t)opts->bytes - 1;
	struct buf text = BUF_INIT;
	struct border border;
	int64_t ret = size - at;
	size_t search = 1;

	if (recsep_is_by_line(opts->recsep)) {
		from = line_begin(fd, from < size ? from : size, at);
		if (from < 0)
			return -1;
		search = 0;
	}
	while (from + 1 < size) {
		size_t more = text.len > PART_CHUNK ? text.len : PART_CHUNK;
		char *to = buf_reserve(&text, more);
		ssize_t n = fd_pread(fd, to, more, from + (off_t)text.len);
		struct recsep_text t;

		if (n < 0)
			ret = -1;
		if (n <= 0)
			break;
		text.len += (size_t)n;
		text.data[text.len] = '\0';
		t = (struct recsep_text){ text.data, text.len,
					  from + (off_t)text.len >= size };
		if (recsep_find(opts->recsep, &t, search, &border)) {
			ret = from + (off_t)border.at - at;
			break;
		}
	}
	buf_release(&text);
	return ret;
}

int64_t blocks_part_header(int fd, const struct blocks_opts *opts,
			   struct buf *err)
{
	struct buf text = BUF_INIT;
	regex_t re;
	bool has_re = opts->header && !blocks_header_lines(opts->header);
	int64_t ret = 0;
	int e = 0;

	if (!opts->header)
		return 0;
	if (has_re && recsep_compile(&re, "--header", opts->header,
				     err) < 0)
		return -1;
	while (ret == 0) {
		char *to = buf_reserve(&text, PART_CHUNK);
		ssize_t n = fd_pread(fd, to, PART_CHUNK, (off_t)text.len);

		if (n < 0) {
			e = errno;
			ret = -1;
		}
		if (n <= 0)
			break;
		text.len += (size_t)n;
		text.data[text.len] = '\0';
		ret = (int64_t)blocks_match_header(&re, opts->header, text.data,
					    text.len);
	}
	if (has_re)
		regfree(&re);
	buf_release(&text);
	errno = e;
	return ret;
}
