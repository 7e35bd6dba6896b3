/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shlex_impl.h - what shlex.c, which follows the text, and shlex_verdict.c,
 * which says what it has come to, share.
 *
 * The states form a stack: what the text stands in, from the outside in. A
 * command substitution begins afresh, so what matters for a value is the part
 * of the stack above the nearest one (shlex_inner), and whether there are
 * backticks anywhere below.
 */
#ifndef MUSTER_INPUT_SHLEX_IMPL_H
#define MUSTER_INPUT_SHLEX_IMPL_H

#include "input/shlex.h"

enum state {
	PLAIN,		/* the bottom */
	SINGLE,		/* '...' */
	DOUBLE,		/* "..." */
	ANSI,		/* $'...' */
	COMMENT,
	SUBST,		/* $( */
	PAREN,		/* ( */
	ARITH_OUT,	/* the outer parenthesis of $(( or (( */
	ARITH_IN,	/* the inner one */
	TICK,		/* `...` */
	BRACE,		/* ${...} in plain text */
	BRACE_WORD,	/* the word of ${x-word}, which is plain text again */
	BRACKET,	/* x[...] */
	VOID_TICK,	/* `...` of which only the end is looked for */
	VOID_BRACE,	/* likewise ${...} where quotes are ambiguous */
	VOID_BRACKET,	/* likewise $x[...] in double quotes */
};

#define BIT(s)		(1U << (s))
#define ARITH		(BIT(ARITH_OUT) | BIT(ARITH_IN))
#define ANEW		(BIT(SUBST) | BIT(TICK) | BIT(VOID_TICK))
#define BRACKETS	(BIT(BRACKET) | BIT(VOID_BRACKET))
#define BRACES		(BIT(BRACE) | BIT(BRACE_WORD))
#define PATTERNS	(BRACKETS | BRACES)
#define QUOTED		(BIT(SINGLE) | BIT(DOUBLE) | BIT(ANSI))

/* l->word_start: a # here is an ordinary character, begins a comment, or it
 * depends. */
enum { IN_WORD, AT_WORD, MAYBE_AT_WORD };

/* l->dollar */
enum { NO_DOLLAR, DOLLAR_SIGN, DOLLAR_PID, DOLLAR_NAME, DOLLAR_COLON };

/* l->brace, while the top of the stack is BRACE */
enum { NO_BRACE, BRACE_OPEN, BRACE_NAME, BRACE_COLON };

/* l->bracket: [[ is a command, as [ is with a blank behind it */
enum { NO_BRACKET, FIRST_BRACKET, SECOND_BRACKET };

#define SHLEX_IN_HEREDOC	"in or behind a here-document"

static inline bool shlex_is_posix(const struct shlex *l)
{
	return l->kind != SHELL_FISH && l->kind != SHELL_CSH;
}

static inline enum state shlex_top(const struct shlex *l)
{
	return l->depth ? (enum state)l->stack[l->depth - 1] : PLAIN;
}

/* The states of the innermost piece of program text, as bits. */
unsigned shlex_inner(const struct shlex *l);
/* Those of the whole stack. */
unsigned shlex_all(const struct shlex *l);

#endif
