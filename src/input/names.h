/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * names.h - columns that have names (--header).
 *
 * Names are put in as positions before a template is compiled: {name.}
 * becomes {2.}. So every form of a positional replacement string is one of a
 * named column, too. Pure.
 */
#ifndef MUSTER_INPUT_NAMES_H
#define MUSTER_INPUT_NAMES_H

#include <stddef.h>

struct buf;

/* Embedded. Strings are copies. */
struct names {
	char **names;		/* of column 1, 2, ...; "" has none */
	size_t n;
};

void names_init(struct names *names);
void names_release(struct names *names);
void names_add(struct names *names, const char *name);

/*
 * Adds text with positions in place of names: {name} and what else begins
 * with a name and goes on as such a replacement string does. Of two columns of
 * one name the first is meant. 0; or -1 with a message in err for a {word}
 * that is no column: outside single quotes and not behind a $, a word of
 * letters, digits and _ that begins with a letter, alone or with . or / behind
 * it. What stands in {= =} is left alone; and with err NULL so is that word.
 */
int names_resolve(const struct names *names, const char *text,
		  struct buf *out, struct buf *err);

#endif
