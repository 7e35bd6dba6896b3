/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shlex.h - walks over shell text and tells the quoting state behind it.
 *
 * Fed piece by piece, in order; a replaced value counts as an ordinary word
 * character (shlex_value). It never guesses: where shells disagree about the
 * text, or where following it would take a whole parser, the context is
 * QUOTE_IMPOSSIBLE from there on. Embedded by value; pure.
 */
#ifndef MUSTER_INPUT_SHLEX_H
#define MUSTER_INPUT_SHLEX_H

#include <stdbool.h>
#include <stddef.h>

#include "input/shquote.h"

#define SHLEX_DEPTH	32

struct shlex {
	enum shell_kind kind;
	unsigned depth;			/* of stack; 0: plain text */
	unsigned char stack[SHLEX_DEPTH];
	const char *lost;		/* why no place is safe, or NULL */
	unsigned char word_start;	/* whether # here is a comment */
	bool opened;			/* ( or $( was the byte before */
	unsigned char skip;		/* bytes a backslash takes along */
	unsigned char angles;		/* < signs in a row */
	bool after_angle;		/* < or > was the byte before */
	unsigned dup;			/* behind >& : 1 + depth there */
	unsigned char dollar;		/* how far behind a $ we are */
	unsigned char brace;		/* how far into ${ we are */
	unsigned char bracket;		/* [ began this word */
	bool in_test;			/* in [[ ]] */
	unsigned char bang;		/* csh: ! was the byte before */
	unsigned char shifted;		/* << inside (( )) */
	unsigned char letters;		/* of "case" that the word is so far */
};

void shlex_init(struct shlex *l, enum shell_kind kind);
void shlex_feed(struct shlex *l, const char *text, size_t len);
void shlex_value(struct shlex *l);
/* What a # would be here, in the outermost text. */
enum shlex_sharp {
	SHARP_TEXT,		/* part of a word, or inside something */
	SHARP_COMMENT,		/* the beginning of a comment */
	SHARP_DOUBTFUL,		/* one of these: shlex_why */
};

enum shlex_sharp shlex_sharp(const struct shlex *l);
enum quote_context shlex_context(const struct shlex *l);
/* For QUOTE_IMPOSSIBLE and SHARP_DOUBTFUL: where that is, as "behind a
 * backslash" (static). */
const char *shlex_why(const struct shlex *l);

#endif
