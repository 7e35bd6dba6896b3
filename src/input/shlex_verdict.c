/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shlex_verdict.c - what the text before a value means for it. */
#include <config.h>

#include <string.h>

#include "input/shlex_impl.h"

unsigned shlex_inner(const struct shlex *l)
{
	unsigned bits = 0;

	for (unsigned i = l->depth; i-- > 0;) {
		bits |= BIT(l->stack[i]);
		if (bits & ANEW)
			break;
		/* fish has no other parentheses. */
		if (l->kind == SHELL_FISH && l->stack[i] == PAREN)
			break;
	}
	return bits;
}

unsigned shlex_all(const struct shlex *l)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < l->depth; i++)
		bits |= BIT(l->stack[i]);
	return bits;
}

static bool is_restricted(const struct shlex *l)
{
	return (shlex_inner(l) & (ARITH | BRACKETS)) || l->bracket ||
	       (l->dup && l->dup <= l->depth + 1);
}

/* Why there is no safe place here; NULL when there is. */
static const char *find_obstacle(const struct shlex *l)
{
	unsigned in = shlex_inner(l);
	unsigned all = shlex_all(l);

	if (l->lost)
		return l->lost;
	if (l->skip)
		return "behind a backslash";
	if (l->bang)
		return "behind '!'";
	if (l->dollar == DOLLAR_SIGN)
		return "behind '$'";
	if (!(in & ARITH) && l->kind != SHELL_FISH &&
	    (l->angles == 2 || (l->angles > 2 && l->kind == SHELL_SH)))
		return SHLEX_IN_HEREDOC;
	if (shlex_top(l) == ARITH_OUT && l->shifted)
		return SHLEX_IN_HEREDOC;
	if (in & (BIT(BRACE) | BIT(VOID_BRACE)))
		return "in ${ }";
	if (in & BIT(VOID_TICK))
		return "in backticks in quotes or with backslashes";
	if (shlex_top(l) == COMMENT && (all & (ANEW | ARITH)))
		return "in a comment in $( ) or backticks";
	/* There a backslash takes the newline along. */
	if (shlex_top(l) == COMMENT && l->kind == SHELL_CSH)
		return "in a comment";
	if (shlex_top(l) == ANSI && (l->kind == SHELL_SH || (all & BIT(TICK))))
		return "in $' '";
	if (l->dollar && shlex_top(l) == DOUBLE && (all & BIT(TICK)))
		return "behind a variable in quotes in backticks";
	if (l->dollar && is_restricted(l))
		return "behind a variable in [ ], (( )) or behind >&";
	return NULL;
}

const char *shlex_why(const struct shlex *l)
{
	const char *why = find_obstacle(l);

	if (!why && shlex_sharp(l) == SHARP_DOUBTFUL)
		return "without a blank before it";
	return why ? why : "in quotes";
}

enum shlex_sharp shlex_sharp(const struct shlex *l)
{
	/* Nothing behind << is looked at, so it is taken for its text. */
	if (l->lost)
		return strcmp(l->lost, SHLEX_IN_HEREDOC) == 0 ? SHARP_TEXT
							      : SHARP_DOUBTFUL;
	if (l->depth || l->skip || l->word_start == IN_WORD)
		return SHARP_TEXT;
	return l->word_start == AT_WORD ? SHARP_COMMENT : SHARP_DOUBTFUL;
}

enum quote_context shlex_context(const struct shlex *l)
{
	bool has_tick = shlex_all(l) & BIT(TICK);

	if (find_obstacle(l))
		return QUOTE_IMPOSSIBLE;
	if (is_restricted(l))
		return QUOTE_NUMBER;
	if (shlex_top(l) == COMMENT)
		return QUOTE_COMMENT;
	if (shlex_top(l) == ANSI)
		return QUOTE_ANSI;
	if (shlex_top(l) == SINGLE)
		return has_tick ? QUOTE_BACKTICK_SINGLE : QUOTE_SINGLE;
	if (shlex_top(l) == DOUBLE && has_tick)
		return QUOTE_BACKTICK_DOUBLE;
	if (shlex_top(l) == DOUBLE)
		return l->dollar ? QUOTE_DOUBLE_APART : QUOTE_DOUBLE;
	if (has_tick)
		return QUOTE_BACKTICK;
	/* -n alone would be an operator of [[ ]]. */
	return l->dollar || l->in_test ? QUOTE_PLAIN_APART : QUOTE_PLAIN;
}
