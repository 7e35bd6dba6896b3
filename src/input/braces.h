/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * braces.h - what replacement strings mean, and what their path forms leave of
 * a value. Pure functions. How they are written is for tags.h to know.
 */
#ifndef MUSTER_INPUT_BRACES_H
#define MUSTER_INPUT_BRACES_H

#include <stddef.h>

enum braces_kind {
	BRACES_NONE,
	BRACES_VALUES,	/* {} {.} {/} {//} {/.}: all values */
	BRACES_VALUE,	/* {n} {n.} {n/} {n//} {n/.}: the one at pos */
	BRACES_SEQ,	/* {#} */
	BRACES_SLOT,	/* {%} */
	BRACES_EVAL,	/* {= =} and others: an expression */
	BRACES_BREAK,	/* none at all: with -q the end of a word */
};

struct eval;

struct braces {
	enum braces_kind kind;
	char form;	/* '.', '/', 'd' ({//}), 'b' ({/.}) or 0 */
	int pos;	/* from 1, or from -1 back; BRACES_EVAL: 0 for each */
	struct eval *eval;	/* BRACES_EVAL */
};

/* A position as in {-12/}: digits behind s, a - before them; *end is behind
 * them. 0 if there is none; *end is s for one that no int holds. */
int braces_position(const char *s, const char **end);

/* What is left of value in a path form: *len bytes of it, or ".". */
const char *braces_path(const char *value, char form, size_t *len);

#endif
