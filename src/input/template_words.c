/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * template_words.c - a template as words, values as they are: for commands
 * that need no shell, and for -q.
 */
#include <config.h>

#include "base/buf.h"
#include "input/template.h"
#include "input/template_impl.h"
#include "input/words.h"

/* Where that is. */
struct splitter {
	struct words *w;
	const struct template *t;
	bool in_word;
	bool lacks_values;	/* the word would be one of none */
	char quote;	/* the one that is open, or 0 */
};

static void enter_word(struct splitter *s)
{
	if (!s->in_word)
		words_begin(s->w);
	s->in_word = true;
}

static void leave_word(struct splitter *s)
{
	if (s->in_word)
		words_end(s->w);
	s->in_word = false;
}

/* With -q a word may be empty, wherever it is; but not for want of values. */
static void leave_quoted(struct splitter *s)
{
	if (!s->lacks_values)
		enter_word(s);
	leave_word(s);
	s->lacks_values = false;
}

static void split_text(struct splitter *s, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (!s->quote && (c == ' ' || c == '\t')) {
			leave_word(s);
			continue;
		}
		enter_word(s);
		if (c == s->quote)
			s->quote = 0;
		else if (!s->quote && (c == '\'' || c == '"'))
			s->quote = c;
		else
			buf_addch(&s->w->bytes, c);
	}
}

/* The text from there up to there, without what are redirections. */
static void split_words(struct splitter *s, size_t from, size_t to)
{
	const struct template *t = s->t;

	for (unsigned i = 0; i < t->redirs.n; i++) {
		const size_t *at = t->redir_at[i];

		if (at[1] <= from || at[0] >= to)
			continue;
		if (at[0] > from)
			split_text(s, t->text + from, at[0] - from);
		from = at[1];
	}
	if (from < to)
		split_text(s, t->text + from, to - from);
}

/* With -q nothing in the text is special, and a break is one. */
static void split_plain(struct splitter *s, const struct piece *p)
{
	if (p->braces.kind == BRACES_BREAK) {
		leave_quoted(s);
	} else if (s->t->is_quoted) {
		enter_word(s);
		buf_add(&s->w->bytes, s->t->text + p->off, p->len);
	} else {
		split_words(s, p->off, p->off + p->len);
	}
}

/* The blank between values, which a quote may hold. */
static void split_between(struct splitter *s)
{
	if (s->quote)
		buf_addch(&s->w->bytes, ' ');
	else
		leave_word(s);
}

static int split_value(struct splitter *s, const struct piece *p,
		       const char *value, const struct template_args *a,
		       struct buf *err)
{
	struct buf result = BUF_INIT;
	unsigned wishes = 0;
	int ret = 0;

	enter_word(s);
	if (p->braces.kind != BRACES_EVAL) {
		template_add_path(&s->w->bytes, value, p->braces.form);
		return 0;
	}
	ret = template_evaluate(s->t, p, value, a, &result, &wishes, err);
	buf_addstr(&s->w->bytes, result.data);
	buf_release(&result);
	return ret;
}

static int split_values(struct splitter *s, const struct piece *p,
			const struct repeat *r, struct buf *err)
{
	size_t n = repeat_count(r, p);

	s->lacks_values = n == 0;
	for (size_t k = 0; k < n; k++) {
		const char *value = repeat_value(r, p, k);

		if (!value)
			continue;
		if (k)
			split_between(s);
		if (split_value(s, p, value, r->all, err) < 0)
			return -1;
	}
	return 0;
}

static void split_number(struct splitter *s, unsigned long long n)
{
	enter_word(s);
	buf_addu(&s->w->bytes, n);
}

static int split_piece(struct splitter *s, const struct piece *p,
		       const struct repeat *r, struct buf *err)
{
	switch (p->braces.kind) {
	case BRACES_NONE:
	case BRACES_BREAK:
		split_plain(s, p);
		break;
	case BRACES_VALUES:
	case BRACES_VALUE:
	case BRACES_EVAL:
		return split_values(s, p, r, err);
	case BRACES_SEQ:
		split_number(s, r->all->seq);
		break;
	case BRACES_SLOT:
		split_number(s, r->all->slot);
		break;
	}
	return 0;
}

/* The pieces from i to r's end, as often as they are repeated. */
static int split_word(struct splitter *s, struct repeat *r, size_t i,
		      struct buf *err)
{
	for (size_t k = 0; k < r->n; k++) {
		if (k)
			split_between(s);
		repeat_at(r, k);
		for (size_t j = i; j < r->end; j++) {
			if (split_piece(s, &s->t->pieces[j], r, err) < 0)
				return -1;
		}
	}
	return 0;
}

int template_split(const struct template *t, const struct template_args *a,
		   struct words *w, struct buf *err)
{
	struct splitter s = { .w = w, .t = t };
	int ret = 0;

	words_reset(w);
	w->redirs = t->redirs;
	for (size_t i = 0; i < t->npieces && ret == 0;) {
		struct repeat r;

		repeat_init(&r, t, i, a);
		ret = split_word(&s, &r, i, err);
		i = r.end;
	}
	if (t->is_quoted && t->npieces)
		leave_quoted(&s);
	leave_word(&s);
	return ret;
}

int template_argv(const struct template *t, const struct template_args *a,
		  struct words *w)
{
	struct buf ignored = BUF_INIT;
	int ret = template_split(t, a, w, &ignored);

	buf_release(&ignored);
	return ret;
}

bool template_is_direct(const struct template *t)
{
	return t->is_splittable &&
	       !words_is_shells_own(t->name, t->name_len, t->shell);
}
