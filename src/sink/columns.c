/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * columns.c - see columns.h.
 */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "sink/columns.h"

/* The bytes of one column: those after the first of a sequence are 10xxxxxx. */
static size_t next_column(const char *text, size_t len)
{
	size_t n = 1;

	while (n < len && (text[n] & 0xc0) == 0x80)
		n++;
	return n;
}

size_t columns_count(const char *text, size_t len)
{
	size_t columns = 0;

	for (size_t at = 0; at < len; columns++)
		at += next_column(text + at, len - at);
	return columns;
}

size_t columns_prefix(const char *text, size_t len, size_t max)
{
	size_t at = 0;

	for (; max && at < len; max--)
		at += next_column(text + at, len - at);
	return at;
}

size_t columns_add_visible(struct buf *out, const char *text, size_t len,
			   size_t max)
{
	size_t start = out->len;
	size_t taken = len;

	/* No column takes more than four bytes, so more than that need not be
	 * looked at, and a sequence torn by this lies behind the cut. */
	if (max && len / 4 > max)
		taken = (max + 1) * 4;
	buf_add_visible(out, text, taken);
	if (max) {
		size_t kept = columns_prefix(out->data + start,
					     out->len - start, max);

		buf_truncate(out, start + kept);
	}
	return columns_count(out->data + start, out->len - start);
}

void columns_add_blanks(struct buf *out, size_t n)
{
	char *to;

	if (n == 0)
		return;
	to = buf_reserve(out, n);
	memset(to, ' ', n);
	to[n] = '\0';
	out->len += n;
}
