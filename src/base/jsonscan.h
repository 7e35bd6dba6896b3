/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jsonscan.h - reads one JSON object (RFC 8259), member by member.
 *
 * For records of our own, but from files that anyone may have written: every
 * byte is checked (but not that strings are UTF-8), nothing recurses deeper
 * than JSON_DEPTH, nothing is allocated. Values are handed out as they stand in
 * the text; who wants one decodes it. Members of nested objects are checked and
 * not handed out. No locks. The writer is json.h.
 */
#ifndef MUSTER_BASE_JSONSCAN_H
#define MUSTER_BASE_JSONSCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#define JSON_DEPTH	32

struct buf;

/* A value as it stands there: a string with its quotes. */
struct json_value {
	const char *text;
	size_t len;
};

/*
 * Calls member for each member of the object that s is, with blanks around it
 * or not, in the order in which they stand there. name is what stands between
 * the quotes, not decoded. 0; -1: it is not an object, or member returned
 * other than 0.
 */
int json_scan(const char *s, size_t len,
	      int (*member)(void *arg, const char *name, size_t name_len,
			    const struct json_value *value), void *arg)
	MUST_USE;

/* Adds the string that the value is. 0; -1: it is none, out is unchanged. */
int json_get_str(const struct json_value *v, struct buf *out) MUST_USE;
/* A whole number without sign, point or exponent. 0; -1: it is none, or does
 * not fit. */
int json_get_uint(const struct json_value *v, uint64_t *n) MUST_USE;
/* Is it true? Whatever else it is, it is not. */
bool json_is_true(const struct json_value *v);

#endif
