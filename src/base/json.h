/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json.h - writes JSON (RFC 8259) into a struct buf. There is no parser.
 *
 * Each call adds one piece; the comma before it is added where one belongs,
 * which the last byte of the buffer tells: none at the start of the buffer,
 * behind a newline, or behind "{", "[" and ":". So there is no state beside
 * the buffer, and JSON Lines are made by adding "\n" between objects. That
 * brackets match and that each key has one value is the caller's business.
 * No locks; nothing fails. No name here is one of jansson's, which some
 * programs link as well.
 *
 *	json_open(b, '{');
 *	json_key(b, "ok");
 *	json_bool(b, true);
 *	json_close(b, '}');
 */
#ifndef MUSTER_BASE_JSON_H
#define MUSTER_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* '{' or '['; '}' or ']'. */
void json_open(struct buf *b, char bracket);
void json_close(struct buf *b, char bracket);

/* The name of the member whose value is added next; a C string. */
void json_key(struct buf *b, const char *name);

/*
 * A string. What is added is always valid UTF-8: each byte of s that is not
 * part of a valid character becomes U+FFFD, so two strings with different
 * invalid bytes may look the same. (The other way, \u00XX, would turn them
 * into characters that s does not have.) Controls (C0, DEL, C1) are escaped,
 * so that the text can be shown on a terminal; a NUL is \u0000.
 */
void json_str(struct buf *b, const char *s);
void json_strn(struct buf *b, const char *s, size_t len);

void json_int(struct buf *b, int64_t n);
void json_uint(struct buf *b, uint64_t n);
void json_bool(struct buf *b, bool value);
/* A time in seconds with three places, rounded towards zero: 1.250. */
void json_seconds(struct buf *b, int64_t ns);

#endif
