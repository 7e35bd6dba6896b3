/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shlex.c - walks over shell text, byte by byte.
 *
 * Two mistakes would let a value out of its quotes: to be in another quoting
 * state than the shell, and to see a comment where there is none or the other
 * way round. Where that is possible, l->lost is set and stays.
 */
#include <config.h>

#include <string.h>

#include "input/shlex_impl.h"

static const char in_subscript[] = "behind a quote in [ ] or (( ))";

void shlex_init(struct shlex *l, enum shell_kind kind)
{
	memset(l, 0, sizeof(*l));
	l->kind = kind;
	l->word_start = AT_WORD;
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static void lose(struct shlex *l, const char *why)
{
	if (!l->lost)
		l->lost = why;
}

static void push(struct shlex *l, enum state s)
{
	if (l->depth == SHLEX_DEPTH)
		lose(l, "where quotes and parentheses nest too deep");
	else
		l->stack[l->depth++] = (unsigned char)s;
	l->dollar = NO_DOLLAR;
}

/* Behind a quote csh takes # for a comment. */
static void pop(struct shlex *l)
{
	l->depth--;
	l->dollar = NO_DOLLAR;
	l->word_start = l->kind == SHELL_CSH ? MAYBE_AT_WORD : IN_WORD;
}

/* A quote that begins in plain text. */
static void open_quote(struct shlex *l, enum state s)
{
	if (shlex_inner(l) & ARITH)
		lose(l, in_subscript);
	push(l, s);
}

/* ` anywhere but behind a backslash: the first one ends `...`. */
static void tick(struct shlex *l)
{
	if (l->kind == SHELL_FISH)
		return;
	if (shlex_all(l) & BIT(TICK)) {
		if (shlex_top(l) == TICK)
			pop(l);
		else
			lose(l, "behind backticks that end too early");
		return;
	}
	if (shlex_inner(l) & (ARITH | BRACKETS | BIT(VOID_BRACE)))
		lose(l, "behind backticks in [ ], (( )) or ${ }");
	if (shlex_top(l) == DOUBLE || l->kind == SHELL_CSH)
		push(l, VOID_TICK);
	else
		push(l, TICK);
	l->word_start = MAYBE_AT_WORD;
}

/* \ before $ ` or \ inside `...`: what it means is known one level up only. */
static void void_tick(struct shlex *l)
{
	while (shlex_top(l) != TICK)
		l->depth--;
	l->stack[l->depth - 1] = VOID_TICK;
}

/* In an unfinished x[ or ${ a parenthesis may be one of a pattern, and then
 * is not to be counted where the count matters. */
static void check_paren(struct shlex *l)
{
	if ((shlex_inner(l) & PATTERNS) &&
	    (shlex_all(l) & (BIT(SUBST) | ARITH)))
		lose(l, "behind a parenthesis in [ ] or ${ }");
}

static void open_paren(struct shlex *l, bool doubled)
{
	check_paren(l);
	if (doubled && shlex_is_posix(l)) {
		l->stack[l->depth - 1] = ARITH_OUT;
		push(l, ARITH_IN);
	} else {
		push(l, PAREN);
		l->opened = true;
	}
	l->word_start = MAYBE_AT_WORD;
}

static void close_paren(struct shlex *l)
{
	enum state s = shlex_top(l);

	check_paren(l);
	if (BIT(s) & (ARITH | BIT(SUBST) | BIT(PAREN)))
		pop(l);
	/* $(x)#y goes on with the word, (x)#y does not. */
	l->word_start = s == SUBST ? IN_WORD : MAYBE_AT_WORD;
}

/* ${ : in plain text quotes count inside, elsewhere that differs. */
static void open_brace(struct shlex *l)
{
	unsigned strict = ARITH | BRACKETS | BIT(VOID_BRACE) | BIT(DOUBLE);

	if (l->kind == SHELL_FISH)
		lose(l, "behind ${");
	push(l, shlex_inner(l) & strict ? VOID_BRACE : BRACE);
	l->brace = BRACE_OPEN;
}

/* The byte behind a $. True when that is all there is to do about it. */
static bool take_dollar_sign(struct shlex *l, char c)
{
	bool is_quoted = shlex_top(l) == DOUBLE || shlex_top(l) == VOID_BRACE ||
			 shlex_top(l) == VOID_BRACKET;

	l->dollar = NO_DOLLAR;
	if (c == '(' && l->kind != SHELL_CSH) {
		push(l, SUBST);
		l->opened = true;
		l->word_start = MAYBE_AT_WORD;
	} else if (c == '{') {
		open_brace(l);
	} else if (c == '[' && shlex_is_posix(l)) {
		lose(l, "behind $[");
	} else if (c == '\'' && !is_quoted && shlex_is_posix(l)) {
		open_quote(l, ANSI);
	} else if (is_name_char(c) || is_one_of(c, "#?@*!-$+=~^%")) {
		l->dollar = c == '$' ? DOLLAR_PID : DOLLAR_NAME;
	} else {
		return false;
	}
	return true;
}

/* The bytes behind $x, of which zsh and csh take :modifiers and [ ] too. */
static bool take_dollar_name(struct shlex *l, char c)
{
	bool in_quotes = shlex_top(l) == DOUBLE ||
			 shlex_top(l) == VOID_BRACKET;
	bool has_more = l->kind == SHELL_ZSH || l->kind == SHELL_CSH;

	/* For zsh the second $ of $$ begins $'...' and the like once more. */
	if (l->dollar == DOLLAR_PID && l->kind == SHELL_ZSH &&
	    is_one_of(c, "'\"({["))
		lose(l, "behind $$");
	if (is_name_char(c)) {
		if (l->dollar == DOLLAR_COLON && c == 's')
			lose(l, "behind a modifier of a variable");
		return true;
	}
	if (c == ':' && has_more) {
		l->dollar = DOLLAR_COLON;
		return true;
	}
	l->dollar = NO_DOLLAR;
	if (c != '[' || !(has_more || l->kind == SHELL_FISH))
		return false;
	push(l, in_quotes ? VOID_BRACKET : BRACKET);
	return true;
}

static bool take_dollar(struct shlex *l, char c)
{
	if (l->dollar == NO_DOLLAR)
		return false;
	if (l->dollar == DOLLAR_SIGN)
		return take_dollar_sign(l, c);
	return take_dollar_name(l, c);
}

/* Looks for ${x-, ${x:- and the like. True when c is of ${x or its operator. */
static bool take_brace(struct shlex *l, char c)
{
	unsigned char was = l->brace;

	l->brace = NO_BRACE;
	if (was == BRACE_OPEN && (is_blank(c) || c == '|'))
		lose(l, "behind ${ with a command in it");
	if (was <= BRACE_NAME && is_name_char(c)) {
		l->brace = BRACE_NAME;
		return true;
	}
	if (was == BRACE_NAME && c == ':') {
		l->brace = BRACE_COLON;
		return true;
	}
	if (was == BRACE_OPEN || !is_one_of(c, "-=?+") || !shlex_is_posix(l))
		return false;
	l->stack[l->depth - 1] = BRACE_WORD;
	return true;
}

/* What a run of < was is known at the byte behind it. */
static void end_angles(struct shlex *l)
{
	unsigned n = l->angles;

	l->angles = 0;
	if (n < 2 || l->kind == SHELL_FISH)
		return;
	if (shlex_inner(l) & ARITH)
		l->shifted = true;
	else if (n != 3 || l->kind == SHELL_SH || l->kind == SHELL_CSH)
		lose(l, SHLEX_IN_HEREDOC);
}

/* Whether [ at the beginning of a word was the command or a bracket. */
static void end_bracket(struct shlex *l, char c)
{
	l->bracket = c == '[' ? SECOND_BRACKET : NO_BRACKET;
	if (!is_blank(c) && c != '[')
		push(l, BRACKET);
}

static void open_bracket(struct shlex *l, bool at_word)
{
	if (!shlex_is_posix(l))
		return;
	if (l->bracket == SECOND_BRACKET) {
		l->bracket = NO_BRACKET;
		l->in_test = true;
	} else if (at_word) {
		l->bracket = FIRST_BRACKET;
	} else {
		push(l, BRACKET);
	}
}

static void close_bracket(struct shlex *l)
{
	if (shlex_top(l) == BRACKET)
		pop(l);
	else
		l->in_test = false;
}

static void sharp(struct shlex *l)
{
	if (l->word_start == IN_WORD)
		return;
	if (l->word_start == MAYBE_AT_WORD ||
	    (shlex_inner(l) & (PATTERNS | ARITH)))
		lose(l, "behind a '#' that need not begin a comment");
	push(l, COMMENT);
}

/* Patterns of case have parentheses of their own. */
static void end_word(struct shlex *l)
{
	if (l->letters == 4 && shlex_is_posix(l) &&
	    (shlex_all(l) & (BIT(SUBST) | ARITH)))
		lose(l, "behind 'case' in $( )");
	l->letters = 0;
}

static void spell_case(struct shlex *l, char c, bool at_word)
{
	if (is_blank(c) || c == ';')
		end_word(l);
	else if (at_word || l->letters)
		l->letters = l->letters < 4 && c == "case"[l->letters]
				? l->letters + 1 : 0;
}

static void update_word_start(struct shlex *l, char c)
{
	if (is_blank(c))
		l->word_start = AT_WORD;
	else if (is_one_of(c, ";&|<>"))
		l->word_start = MAYBE_AT_WORD;
	else
		l->word_start = IN_WORD;
}

/* The word behind >& or <& : bash expands it twice, quoted or not. */
static void track_dup(struct shlex *l, char c)
{
	bool is_started = l->word_start == IN_WORD;

	if (l->dup > l->depth + 1 ||
	    (l->dup == l->depth + 1 && is_started && is_one_of(c, " \t")) ||
	    (l->dup == l->depth + 1 && is_one_of(c, "\n;|&<>)")))
		l->dup = 0;
	if (l->after_angle && c == '&')
		l->dup = l->depth + 1;
	l->after_angle = c == '<' || c == '>';
}

/* What was only half known until c. */
static void settle(struct shlex *l, char c)
{
	if (shlex_is_posix(l))
		track_dup(l, c);
	if (l->angles && c != '<')
		end_angles(l);
	if (l->bracket)
		end_bracket(l, c);
	if (shlex_top(l) == ARITH_OUT && c != ')' && l->shifted)
		lose(l, SHLEX_IN_HEREDOC);
}

/* A byte of program text that is no quote, parenthesis or sign of its own. */
static void step_sign(struct shlex *l, char c)
{
	bool at_word = l->word_start != IN_WORD;

	spell_case(l, c, at_word);
	if (c == '#')
		sharp(l);
	else if (c == '[')
		open_bracket(l, at_word);
	else if (c == ']')
		close_bracket(l);
	else if (c == '}' && (BIT(shlex_top(l)) & BRACES))
		pop(l);
	else if (c == '{' && (BIT(shlex_top(l)) & BRACES))
		lose(l, "behind { in ${ }");
	else if (c == '<' && l->angles < 4)
		l->angles++;
	update_word_start(l, c);
}

static void step_plain(struct shlex *l, char c)
{
	bool opened = l->opened;

	l->opened = false;
	settle(l, c);
	if (take_dollar(l, c))
		return;
	if (shlex_top(l) == BRACE && l->brace && take_brace(l, c))
		return;
	switch (c) {
	case '\\':
		l->skip = 1;
		break;
	case '\'':
		open_quote(l, SINGLE);
		break;
	case '"':
		open_quote(l, DOUBLE);
		break;
	case '`':
		tick(l);
		break;
	case '(':
		open_paren(l, opened);
		break;
	case ')':
		end_word(l);
		close_paren(l);
		break;
	case '$':
		l->dollar = DOLLAR_SIGN;
		l->word_start = IN_WORD;
		break;
	default:
		step_sign(l, c);
	}
}

static void step_double(struct shlex *l, char c)
{
	if (take_dollar(l, c))
		return;
	if (c == '"')
		pop(l);
	else if (c == '\\')
		l->skip = 1;
	else if (c == '$')
		l->dollar = DOLLAR_SIGN;
	else if (c == '`')
		tick(l);
}

static void step_single(struct shlex *l, char c)
{
	if (c == '\'')
		pop(l);
	else if (c == '`' && (shlex_all(l) & BIT(TICK)))
		tick(l);
	else if (c == '\\')
		l->skip = l->kind == SHELL_FISH || l->kind == SHELL_CSH ||
			  (shlex_all(l) & BIT(TICK));
}

static void step_ansi(struct shlex *l, char c)
{
	if (c == '\'')
		pop(l);
	else if (c == '`' && (shlex_all(l) & BIT(TICK)))
		tick(l);
	else if (c == '\\')
		l->skip = 1;
	/* Not every sh knows $'...', and only \ shows the difference. */
	if (c == '\\' && l->kind == SHELL_SH)
		lose(l, "behind a backslash in $' '");
}

static void step_comment(struct shlex *l, char c)
{
	if (c == '\n') {
		pop(l);
		l->word_start = AT_WORD;
	} else if (c == '\\' && l->kind == SHELL_CSH) {
		lose(l, "behind a backslash in a comment");
	} else if (c == '`' && (shlex_all(l) & BIT(TICK))) {
		tick(l);
	}
}

/* Where only the end is looked for, and anything that may hide it is given
 * up on. */
static void step_void(struct shlex *l, char c)
{
	bool is_brace = shlex_top(l) == VOID_BRACE;

	if (take_dollar(l, c))
		return;
	if (is_brace && l->brace && take_brace(l, c)) {
		/* Its word is no plain text here. */
		l->stack[l->depth - 1] = VOID_BRACE;
		return;
	}
	if (c == (is_brace ? '}' : ']'))
		pop(l);
	else if (c == '$')
		l->dollar = DOLLAR_SIGN;
	else if (!is_brace && c == '[')
		push(l, VOID_BRACKET);
	else if (is_one_of(c, "'\"`\\{"))
		lose(l, is_brace ? "behind a quote in ${ }" : in_subscript);
}

static void step_void_tick(struct shlex *l, char c)
{
	if (c == '\\')
		l->skip = 1;
	else if (c == '`')
		pop(l);
}

static void step(struct shlex *l, char c)
{
	switch (shlex_top(l)) {
	case SINGLE:
		step_single(l, c);
		break;
	case DOUBLE:
		step_double(l, c);
		break;
	case ANSI:
		step_ansi(l, c);
		break;
	case COMMENT:
		step_comment(l, c);
		break;
	case VOID_TICK:
		step_void_tick(l, c);
		break;
	case VOID_BRACE:
	case VOID_BRACKET:
		step_void(l, c);
		break;
	case PLAIN:
	case SUBST:
	case PAREN:
	case ARITH_OUT:
	case ARITH_IN:
	case TICK:
	case BRACE:
	case BRACE_WORD:
	case BRACKET:
		step_plain(l, c);
	}
}

/* The byte behind a backslash. */
static void step_escaped(struct shlex *l, char c)
{
	enum state s = shlex_top(l);

	l->skip--;
	if ((shlex_all(l) & BIT(TICK)) && is_one_of(c, "$`\\")) {
		void_tick(l);
	} else if (l->kind == SHELL_CSH && (BIT(s) & QUOTED)) {
		/* $backslash_quote decides. */
		if (is_one_of(c, "'\"\\`$"))
			lose(l, "behind a backslash in quotes");
	} else if (s == SINGLE && l->kind != SHELL_FISH) {
		step(l, c);
	} else if (s == ANSI && c == 'c') {
		l->skip = 1;
	} else if (!(BIT(s) & QUOTED)) {
		l->word_start = c == '\n' ? MAYBE_AT_WORD : IN_WORD;
		l->letters = 0;
	}
}

/* csh: a line that ends inside quotes is an error, and the next one begins
 * without them; ! that is not escaped calls up history, also inside quotes. */
static void step_csh(struct shlex *l, char c)
{
	if (c == '\n' && !l->skip &&
	    (BIT(shlex_top(l)) & (QUOTED | BIT(VOID_TICK))))
		lose(l, "behind a line that ends in quotes");
	if (l->bang && !is_one_of(c, " \t\n=~("))
		lose(l, "behind '!'");
	l->bang = c == '!' && !l->skip && shlex_top(l) != COMMENT;
}

void shlex_feed(struct shlex *l, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (l->kind == SHELL_CSH)
			step_csh(l, text[i]);
		if (l->skip)
			step_escaped(l, text[i]);
		else
			step(l, text[i]);
	}
}

void shlex_value(struct shlex *l)
{
	if (l->bracket)
		push(l, BRACKET);
	l->bracket = NO_BRACKET;
	end_angles(l);
	l->opened = false;
	l->after_angle = false;
	l->skip = 0;
	l->dollar = NO_DOLLAR;
	l->brace = NO_BRACE;
	l->bang = false;
	l->letters = 0;
	l->word_start = l->kind == SHELL_CSH ? MAYBE_AT_WORD : IN_WORD;
}
