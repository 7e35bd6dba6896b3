/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * braces.h - replacement strings as they are written, and what their path
 * forms leave of a value. Pure functions.
 */
#ifndef MUSTER_INPUT_BRACES_H
#define MUSTER_INPUT_BRACES_H

#include <stdbool.h>
#include <stddef.h>

enum braces_kind {
	BRACES_NONE,
	BRACES_VALUES,	/* {} {.} {/} {//} {/.}: all values */
	BRACES_VALUE,	/* {n} {n.} {n/} {n//} {n/.}: the one at pos */
	BRACES_SEQ,	/* {#} */
	BRACES_SLOT,	/* {%} */
};

struct braces {
	enum braces_kind kind;
	char form;	/* '.', '/', 'd' ({//}), 'b' ({/.}) or 0 */
	int pos;	/* from 1, or from -1 back */
};

/*
 * The replacement string that s begins with, other than {} itself, and other
 * than {n} without has_positions. Returns its length; 0 when there is none
 * (*found is of kind BRACES_NONE then).
 */
size_t braces_parse(const char *s, bool has_positions, struct braces *found);

/* What is left of value in a path form: *len bytes of it, or ".". */
const char *braces_path(const char *value, char form, size_t *len);

#endif
