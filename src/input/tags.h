/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tags.h - which replacement strings there are in a run: {} and its forms
 * under the names that options give them, those of --plus and of --rpl, and
 * {= =}.
 *
 * A tag that begins with { has positional forms, with a number behind that
 * ({1#.gz}); one that ends with } takes a format behind a colon ({#:%04d}).
 * With --match, {2.1} is the first group of what a regular expression has
 * matched in value 2, and empty when it does not match.
 * Of several that fit at a place, the one with the longest definition counts,
 * as in GNU parallel. Constant after tags_new.
 */
#ifndef MUSTER_INPUT_TAGS_H
#define MUSTER_INPUT_TAGS_H

#include <stdbool.h>
#include <stddef.h>

#include "input/braces.h"

struct buf;
struct eval_perl;
struct tags;

/* Strings are the caller's and must outlive the tags; NULL: as usual. */
struct tag_opts {
	const char *values;	/* for {} (-I); no {n} then */
	const char *extension;	/* for {.} */
	const char *base;	/* for {/} */
	const char *dir;	/* for {//} */
	const char *bare;	/* for {/.} */
	const char *seq;	/* for {#} */
	const char *slot;	/* for {%} */
	const char *parens;	/* both halves for {==} */
	bool plus;
	const char **rpl;	/* "TAG EXPRESSION" */
	size_t nrpl;
	const char **match;	/* of value 1, 2, ...: what its {1.1}, {1.2},
				   ... are the groups of; "": none; "+N": that
				   of value N */
	size_t nmatch;
	struct eval_perl *perl;	/* for expressions beyond eval.h; or NULL */
};

/* NULL with a message in err, which names the option. */
struct tags *tags_new(const struct tag_opts *opts, struct buf *err);
void tags_free(struct tags *t);

/* As in tag_opts. */
struct eval_perl *tags_perl(const struct tags *t);

/* What stands for {}. */
const char *tags_values(const struct tags *t);

/*
 * The replacement string that s begins with. Returns its length, 0 when there
 * is none, -1 with a message in err when its expression can't be compiled.
 * found->eval is the caller's to free.
 */
long tags_match(const struct tags *t, const char *s, struct braces *found,
		struct buf *err);

#endif
