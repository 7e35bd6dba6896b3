/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.c - see json.h. */
#include <config.h>

#include <string.h>

#include "base/json.h"
#include "base/num.h"

#define REPLACEMENT	"\xef\xbf\xbd"	/* U+FFFD */

/* A string ends in a quote, so its last byte is never one of these. */
static void add_comma(struct buf *b)
{
	if (b->len && !strchr("{[:\n", b->data[b->len - 1]))
		buf_addch(b, ',');
}

void json_open(struct buf *b, char bracket)
{
	add_comma(b);
	buf_addch(b, bracket);
}

void json_close(struct buf *b, char bracket)
{
	buf_addch(b, bracket);
}

void json_key(struct buf *b, const char *name)
{
	json_str(b, name);
	buf_addch(b, ':');
}

/* Adds the character of n bytes at s, which is valid, or n is 0. */
static void add_char(struct buf *b, const char *s, size_t n)
{
	static const char from[] = "\"\\\b\f\n\r\t";
	static const char to[] = "\"\\bfnrt";
	unsigned c = (unsigned char)s[n > 1];
	const char *at = n == 1 && c ? strchr(from, (int)c) : NULL;

	if (n == 0)
		buf_addstr(b, REPLACEMENT);
	else if (at)
		buf_addf(b, "\\%c", to[at - from]);
	else if (buf_is_control(s, n))
		buf_addf(b, "\\u%04x", c);
	else
		buf_add(b, s, n);
}

static bool is_plain(char c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

void json_strn(struct buf *b, const char *s, size_t len)
{
	const char *end = s + len;

	add_comma(b);
	buf_addch(b, '"');
	while (s < end) {
		const char *from = s;
		size_t n;

		while (s < end && is_plain(*s))
			s++;
		buf_add(b, from, (size_t)(s - from));
		if (s == end)
			break;
		n = buf_utf8_length(s, (size_t)(end - s));
		add_char(b, s, n);
		s += n ? n : 1;
	}
	buf_addch(b, '"');
}

void json_str(struct buf *b, const char *s)
{
	json_strn(b, s, strlen(s));
}

void json_int(struct buf *b, int64_t n)
{
	add_comma(b);
	if (n < 0)
		buf_addch(b, '-');
	buf_addu(b, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

void json_uint(struct buf *b, uint64_t n)
{
	add_comma(b);
	buf_addu(b, n);
}

void json_bool(struct buf *b, bool value)
{
	add_comma(b);
	buf_addstr(b, value ? "true" : "false");
}

void json_seconds(struct buf *b, int64_t ns)
{
	uint64_t ms = (ns < 0 ? -(uint64_t)ns : (uint64_t)ns) / NS_PER_MS;

	add_comma(b);
	if (ns < 0 && ms)
		buf_addch(b, '-');
	buf_addu(b, ms / 1000);
	buf_addf(b, ".%03u", (unsigned)(ms % 1000));
}
