/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * template_places.c - how values are to be quoted at each place of a template.
 *
 * One walk over the text. There may be thousands of places, all in one word,
 * so what is known of the text around a place is kept for the next one.
 */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "input/shlex.h"
#include "input/template.h"
#include "input/template_impl.h"

/* Where the word around a place begins and ends, and whether its neighbours
 * are tests of numbers. Both only ever move on. */
struct around {
	size_t seen;		/* blanks before are known up to here */
	size_t start;
	bool is_behind_test;
	size_t end;		/* the first blank from somewhere on */
	bool is_before_test;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* True when the bytes at s are one of the tests that bash, ksh and zsh do
 * arithmetic for, x[$(command)] included: [[ x -eq y ]]. */
static bool is_number_test(const char *s, const char *end)
{
	static const char tests[] = "-eq -ne -lt -le -gt -ge";

	if (end - s < 3 || (end - s > 3 && !strchr(" \t\n", s[3])))
		return false;
	for (const char *test = tests; *test; test += test[3] ? 4 : 3) {
		if (strncmp(s, test, 3) == 0)
			return true;
	}
	return false;
}

static void look_back(struct around *w, const struct template *t, size_t off)
{
	size_t start = w->start;
	size_t at;

	for (; w->seen < off; w->seen++) {
		if (is_blank(t->text[w->seen]))
			w->start = w->seen + 1;
	}
	if (w->start == start)
		return;
	at = w->start;
	while (at > 0 && is_blank(t->text[at - 1]))
		at--;
	w->is_behind_test = at >= 3 && is_number_test(t->text + at - 3,
						      t->text + at);
}

static void look_ahead(struct around *w, const struct template *t, size_t off)
{
	size_t at;

	if (w->end >= off)
		return;
	at = off;
	while (at < t->len && !is_blank(t->text[at]))
		at++;
	w->end = at;
	while (at < t->len && is_blank(t->text[at]))
		at++;
	w->is_before_test = is_number_test(t->text + at, t->text + t->len);
}

/* True when the word that holds p is next to such a test. */
static bool is_tested_number(struct around *w, const struct template *t,
			     const struct piece *p)
{
	look_back(w, t, p->off);
	look_ahead(w, t, p->off + p->len);
	return w->is_behind_test || w->is_before_test;
}

/* True when digits put before s would name a descriptor: s is "2>" or ">". */
static bool is_redirection(const char *s)
{
	s += strspn(s, "0123456789");
	return *s == '<' || *s == '>';
}

/* Where p is; *why says what is wrong with an impossible place. */
static enum quote_context place(const struct template *t,
				const struct piece *p, struct around *w,
				const struct shlex *lex, const char **why)
{
	const char *after = t->text + p->off + p->len;
	enum quote_context ctx = shlex_context(lex);
	bool is_word = p->off && is_blank(t->text[p->off - 1]);
	bool is_glued = ctx == QUOTE_DOUBLE_APART ||
			(ctx == QUOTE_PLAIN_APART && !is_word);

	*why = shlex_why(lex);
	if (ctx == QUOTE_IMPOSSIBLE)
		return ctx;
	if (t->shell != SHELL_FISH && t->shell != SHELL_CSH &&
	    is_tested_number(w, t, p)) {
		*why = "behind a variable in a test of numbers";
		return is_glued ? QUOTE_IMPOSSIBLE : QUOTE_NUMBER;
	}
	/* {name}> is a redirection as well. */
	if (ctx == QUOTE_PLAIN && *after == '}' && is_redirection(after + 1))
		return QUOTE_PLAIN_APART;
	return ctx;
}

/* Says where the first replacement string is that can't be. */
static int refuse(const struct template *t, const struct piece *p,
		  const char *why, struct buf *err)
{
	buf_addch(err, '\'');
	buf_add_visible(err, t->text + p->off, p->len);
	buf_addf(err, "' can't be replaced safely %s: '", why);
	buf_add_visible(err, t->text, t->len);
	buf_addch(err, '\'');
	return -1;
}

/*
 * True when a replacement string is part of the first word, as GNU parallel
 * sees that: no blank and no = before it.
 */
static bool has_raw_first_word(const struct template *t)
{
	size_t end = strcspn(t->text, " \t\n=");

	for (size_t i = 0; i < t->npieces && t->pieces[i].off <= end; i++) {
		const struct piece *p = &t->pieces[i];

		if (template_is_value(p) && p->ctx == QUOTE_PLAIN)
			return true;
	}
	return false;
}

static void find_raw(struct template *t)
{
	bool is_raw = has_raw_first_word(t);

	for (size_t i = 0; is_raw && i < t->npieces; i++) {
		struct piece *p = &t->pieces[i];

		if (p->ctx == QUOTE_PLAIN || p->ctx == QUOTE_PLAIN_APART)
			p->ctx = QUOTE_RAW;
	}
}

int template_find_contexts(struct template *t, struct buf *err)
{
	struct around w = { .end = 0 };
	struct shlex lex;

	shlex_init(&lex, t->shell);
	for (size_t i = 0; i < t->npieces; i++) {
		struct piece *p = &t->pieces[i];
		const char *after = t->text + p->off + p->len;
		const char *why;

		if (!template_is_value(p)) {
			shlex_feed(&lex, t->text + p->off, p->len);
			continue;
		}
		p->ctx = place(t, p, &w, &lex, &why);
		if (p->ctx == QUOTE_IMPOSSIBLE)
			return refuse(t, p, why, err);
		/* As # makes a comment, << a here-document, (( arithmetic. */
		p->keeps_word = *after && strchr("#<>([", *after);
		p->is_fd_place = is_redirection(after);
		shlex_value(&lex);
	}
	find_raw(t);
	return 0;
}
