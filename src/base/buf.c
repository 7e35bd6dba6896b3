/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * buf.c - a growing byte string.
 *
 * buf_empty is shared by all empty bufs of all threads and is never written
 * to: every store of the NUL is behind a test of cap, or behind buf_reserve.
 */
#include <config.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define CAP_MIN		64

char buf_empty[1] = "";

void buf_init(struct buf *b)
{
	*b = (struct buf)BUF_INIT;
}

void buf_release(struct buf *b)
{
	if (b->cap)
		free(b->data);
	buf_init(b);
}

void buf_truncate(struct buf *b, size_t len)
{
	BUG_ON(len > b->len);
	b->len = len;
	if (b->cap)
		b->data[len] = '\0';
}

void buf_reset(struct buf *b)
{
	buf_truncate(b, 0);
}

static void grow(struct buf *b, size_t need)
{
	size_t cap = b->cap > SIZE_MAX / 2 ? SIZE_MAX : b->cap * 2;

	if (cap < CAP_MIN)
		cap = CAP_MIN;
	if (cap < need)
		cap = need;
	b->data = xrealloc(b->cap ? b->data : NULL, cap);
	b->cap = cap;
	b->data[b->len] = '\0';
}

char *buf_reserve(struct buf *b, size_t n)
{
	/* True for an empty buf, whatever n is. */
	if (UNLIKELY(n >= b->cap - b->len))
		grow(b, n < SIZE_MAX - b->len ? b->len + n + 1 : SIZE_MAX);
	return b->data + b->len;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	char *to;

	if (!n)
		return;
	to = buf_reserve(b, n);
	memcpy(to, p, n);
	to[n] = '\0';
	b->len += n;
}

void buf_addstr(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addch(struct buf *b, char c)
{
	char *to = buf_reserve(b, 1);

	to[0] = c;
	to[1] = '\0';
	b->len++;
}

void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	char *to = buf_reserve(b, CAP_MIN - 1);
	va_list again;
	size_t n;
	int ret;

	va_copy(again, ap);
	ret = vsnprintf(to, b->cap - b->len, fmt, ap);
	BUG_ON(ret < 0);
	n = (size_t)ret;
	if (n >= b->cap - b->len) {
		to = buf_reserve(b, n);
		ret = vsnprintf(to, n + 1, fmt, again);
		BUG_ON(ret != (int)n);
	}
	va_end(again);
	b->len += n;
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(b, fmt, ap);
	va_end(ap);
}

void buf_addu(struct buf *b, unsigned long long n)
{
	char digits[3 * sizeof(n)];
	char *at = digits + sizeof(digits);

	do {
		*--at = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	buf_add(b, at, (size_t)(digits + sizeof(digits) - at));
}

char *buf_take(struct buf *b)
{
	char *data = b->cap ? b->data : xstrdup("");

	buf_init(b);
	return data;
}

size_t buf_utf8_length(const char *p, size_t len)
{
	const unsigned char *s = (const unsigned char *)p;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = s[0] < 0x80 ? 1 :
		   s[0] < 0xc2 ? 0 :
		   s[0] < 0xe0 ? 2 :
		   s[0] < 0xf0 ? 3 :
		   s[0] < 0xf5 ? 4 : 0;
	uint32_t c;

	if (n <= 1)
		return n;
	if (n > len)
		return 0;
	c = s[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fU);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return n;
}

bool buf_is_control(const char *p, size_t n)
{
	const unsigned char *s = (const unsigned char *)p;

	return (n == 1 && (s[0] < ' ' || s[0] == 0x7f)) ||
	       (n == 2 && s[0] == 0xc2 && s[1] < 0xa0);
}

void buf_add_visible(struct buf *b, const char *s, size_t len)
{
	while (len) {
		size_t n = buf_utf8_length(s, len);

		if (n && !buf_is_control(s, n)) {
			buf_add(b, s, n);
		} else if (*s == '\n' || *s == '\t') {
			buf_addstr(b, *s == '\n' ? "\\n" : "\\t");
		} else {
			/* A C1 control is two bytes, an invalid one single. */
			n = n ? n : 1;
			for (size_t i = 0; i < n; i++)
				buf_addf(b, "\\x%02X", (unsigned char)s[i]);
		}
		s += n;
		len -= n;
	}
}

void buf_add_visible_lines(struct buf *b, const char *s)
{
	for (;;) {
		size_t n = strcspn(s, "\n\t");

		buf_add_visible(b, s, n);
		s += n;
		if (!*s)
			return;
		buf_addch(b, *s++);
	}
}
