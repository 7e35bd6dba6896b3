/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ere.h - regular expressions as users of Perl write them, for libc: the one
 * translator that --colsep, --regexp and, without PCRE2, pattern.h have.
 *
 * POSIX extended expressions with Perl's escapes: \t \n \r \f \a \e \xHH,
 * \d \D \w \W \s \S \h, also in brackets but for the negated ones. What lies
 * beyond that (lookaround, lazy quantifiers, back references) is an error that
 * names it. Bytes, not characters. Constant after ere_new, so that any thread
 * may use it.
 */
#ifndef MUSTER_INPUT_ERE_H
#define MUSTER_INPUT_ERE_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

struct buf;
struct ere;

#define ERE_GROUPS	10

/* NULL with a message in err, without option or expression. Knows (?:...), but
 * has no groups then. */
struct ere *ere_new(const char *text, struct buf *err);
void ere_free(struct ere *p);

enum ere_flags {
	ERE_BARE = 1 << 0,	/* (?:...), which libc counts as a group */
	ERE_EDGES = 1 << 1,	/* \b and \B, if libc knows them */
};

/* What could not be translated: so many bytes of the text; the end of it, with
 * none, when only a backslash is left. */
struct ere_refusal {
	const char *at;
	size_t len;
	size_t bare;	/* on success: how many (?:...) there are */
};

/* Adds text as a POSIX extended expression. 0, or -1 with r set. */
int ere_translate(struct buf *out, const char *text, unsigned flags,
		  struct ere_refusal *r);

/*
 * The first match in s from byte at on (s + at is no beginning of a line, but
 * for at 0); m[0] is all of it, the others the groups, in bytes from s, -1 for
 * those that took no part.
 */
bool ere_find(const struct ere *p, const char *s, size_t at,
		  regmatch_t m[ERE_GROUPS]);
/* How many groups there are, at most ERE_GROUPS - 1. */
size_t ere_groups(const struct ere *p);

#endif
