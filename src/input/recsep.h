/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recsep.h - where one record ends and the next begins.
 *
 * A border is a place with --recend before it and --recstart behind it; each
 * may be empty, but as fixed strings both together are one string. Regular
 * expressions are POSIX extended ones with Perl's \n \t \r \d \D \s \w and
 * (?:...); what else Perl has is an error. Constant after recsep_new; any
 * thread may use it.
 */
#ifndef MUSTER_INPUT_RECSEP_H
#define MUSTER_INPUT_RECSEP_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct buf;
struct group;
struct recsep;

struct recsep_opts {
	const char *start;	/* as written; NULL: none was given */
	const char *end;	/* NULL: none; newline if start is NULL too */
	bool is_regexp;
	bool is_csv;		/* instead: newlines outside of quotes end
				   records, as in RFC 4180 */
	struct group *group;	/* instead of all that, or NULL; it must
				   outlive the recsep, which is one thread's
				   then */
};

/* NULL with a message in err: a bad expression. Nothing of opts is kept. */
struct recsep *recsep_new(const struct recsep_opts *opts,
			  struct buf *err) MUST_USE;
void recsep_free(struct recsep *s);

/* A stretch of bytes that begins with a record. */
struct recsep_text {
	const char *data;	/* with a NUL behind it: checkers of memory
				   take regexec's text for a string */
	size_t len;
	bool is_all;		/* nothing follows: a match at its end is no
				   shorter than it will be */
};

struct border {
	size_t at;		/* the next record's first byte */
	size_t next;		/* where to look for the one after it */
};

/*
 * The first border behind the byte at 0 that is found from `from` on: 0, or
 * the `next` of the one before it. An expression that matches nothing at all
 * there finds that one again. False: there is none.
 */
bool recsep_find(const struct recsep *s, const struct recsep_text *t,
		 size_t from, struct border *b);
/* The last one in the text, at 0 when there is none. */
size_t recsep_last(const struct recsep *s, const struct recsep_text *t);

/* Does the text begin with a start? True where that is not asked for. */
bool recsep_begins(const struct recsep *s, const struct recsep_text *t);

/* Is a border told by the lines around it? Then a search is to begin at the
 * beginning of a line. */
bool recsep_is_by_line(const struct recsep *s);

/* May a search for a border begin at any byte? Only so with fixed strings. */
bool recsep_is_simple(const struct recsep *s);

/* Takes all separators out of data, which has a NUL behind it: between
 * records, a start at its beginning and an end at its end. Returns its new
 * length. */
size_t recsep_remove(const struct recsep *s, char *data, size_t len);

/* The same expressions for others: text at the beginning of a line, for
 * regfree. 0, or -1 with a message in err that names the option. */
int recsep_compile(regex_t *re, const char *option, const char *text,
		   struct buf *err);

#endif
