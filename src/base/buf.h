/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * buf.h - a growing byte string.
 *
 * data is always followed by a NUL that len does not count, also when nothing
 * was ever added (then it points at a shared empty string and cap is 0), so
 * data can be used as a C string wherever the bytes hold no NUL. Embedded by
 * value; not thread-safe. Nothing fails (see mem.h).
 */
#ifndef MUSTER_BASE_BUF_H
#define MUSTER_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct buf {
	char *data;
	size_t len;
	size_t cap;	/* bytes allocated, 0 when data is not ours */
};

extern char buf_empty[1];

#define BUF_INIT	{ buf_empty, 0, 0 }

void buf_init(struct buf *b);
/* Frees the bytes; b is empty and usable again. */
void buf_release(struct buf *b);

/* Makes b empty, keeps the memory. */
void buf_reset(struct buf *b);
/*
 * Makes room for n more bytes and the NUL, and returns where they go; len is
 * unchanged. Who puts bytes there raises len and sets the NUL behind them.
 */
char *buf_reserve(struct buf *b, size_t n);
/* Cuts to len bytes, which is at most b->len. */
void buf_truncate(struct buf *b, size_t len);

void buf_add(struct buf *b, const void *p, size_t n);
void buf_addstr(struct buf *b, const char *s);
void buf_addch(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vaddf(struct buf *b, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
/* A decimal number, without printf's cost. */
void buf_addu(struct buf *b, unsigned long long n);

/* The bytes, now the caller's to free(); b is empty again. Never NULL. */
char *buf_take(struct buf *b) MUST_USE;

/*
 * Adds s (len bytes) so that it can do nothing to a terminal: C0, DEL, C1
 * (also UTF-8 encoded C1) and invalid UTF-8 become \xHH, newline \n, tab \t.
 */
void buf_add_visible(struct buf *b, const char *s, size_t len);
/* The same of a C string, but newlines and tabs stay what they are. */
void buf_add_visible_lines(struct buf *b, const char *s);

/*
 * The length of the UTF-8 character at s, of at most len bytes (len > 0); 0
 * when there is none: stray or missing continuation, longer than needed, a
 * surrogate, above U+10FFFF.
 */
size_t buf_utf8_length(const char *s, size_t len);
/* Is this character of n bytes a control: C0, DEL or C1? */
bool buf_is_control(const char *s, size_t n);

#endif
