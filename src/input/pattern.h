/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pattern.h - regular expressions as Perl has them, through PCRE2; without
 * that library POSIX extended ones, with \d \w \s added.
 *
 * A pattern is constant after pattern_new, and may be used by any number of
 * threads at once. Texts are bytes, of any value.
 */
#ifndef MUSTER_INPUT_PATTERN_H
#define MUSTER_INPUT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct pattern;

enum pattern_flags {
	PATTERN_ICASE = 1 << 0,		/* i */
	PATTERN_MULTILINE = 1 << 1,	/* m */
	PATTERN_DOTALL = 1 << 2,	/* s */
	PATTERN_EXTENDED = 1 << 3,	/* x */
};

#define PATTERN_UNSET	((size_t)-1)
/* What pattern_match tells of: the whole match and this many groups - 1. */
#define PATTERN_SPANS	32

struct span {
	size_t start;	/* PATTERN_UNSET: the group took no part */
	size_t end;
};

/* NULL with a message in err ("...") that does not name the pattern. */
struct pattern *pattern_new(const char *text, size_t len, unsigned flags,
			    struct buf *err);
void pattern_free(struct pattern *p);

/*
 * The first match in s (len bytes, a NUL behind them) at from or later;
 * is_fresh: it must not be empty at from. Fills all PATTERN_SPANS spans.
 * 1; 0 for no match; -1 with a message when that took too much.
 */
int pattern_match(const struct pattern *p, const char *s, size_t len,
		  size_t from, bool is_fresh, struct span *spans,
		  struct buf *err);

/* How many groups it has. */
unsigned pattern_groups(const struct pattern *p);

#endif
