/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * template_repeat.c - which values stand at a place of a template, and, with
 * several tuples in a job, the words that are repeated for each.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "input/eval.h"
#include "input/template.h"
#include "input/template_impl.h"

/* Do the quotes in s open and close there? */
static bool is_balanced(const char *s, size_t len)
{
	size_t n[3] = { 0 };
	long depth = 0;

	for (size_t i = 0; i < len; i++) {
		n[0] += s[i] == '\'';
		n[1] += s[i] == '"';
		n[2] += s[i] == '`';
		depth += s[i] == '(';
		depth -= s[i] == ')';
	}
	return depth == 0 && n[0] % 2 == 0 && n[1] % 2 == 0 && n[2] % 2 == 0;
}

/* The word around p in text, as long as the template's. */
static void find_word(const struct template *t, const char *text,
		      const struct piece *p, const char *ends, size_t *start,
		      size_t *end)
{
	*start = p->off;
	*end = p->off + p->len;
	while (*start > 0 && !strchr(ends, text[*start - 1]))
		(*start)--;
	while (*end < t->len && !strchr(ends, text[*end]))
		(*end)++;
}

/* The text as far as it says where words end. An expression may have blanks
 * and quotes; with -q, quotes are text, and blanks do as in GNU parallel. */
static char *find_ends(const struct template *t)
{
	char *text = xmemdup0(t->text, t->len);

	for (size_t i = 0; i < t->npieces; i++) {
		const struct piece *p = &t->pieces[i];

		if (template_is_value(p))
			memset(text + p->off, 'x', p->len);
	}
	for (size_t i = 0; t->is_quoted && i < t->len; i++) {
		if (strchr("'\"`()", text[i]))
			text[i] = 'x';
	}
	return text;
}

/* Adds p; text in parts of one word each. */
static void add_parts(struct template *t, const struct piece *p,
		      const unsigned *words)
{
	size_t end = p->off + p->len;

	for (size_t at = p->off; at < end;) {
		struct piece part = *p;
		size_t next = at + 1;

		while (next < end && (p->braces.kind != BRACES_NONE ||
				      words[next] == words[at]))
			next++;
		part.off = at;
		part.len = next - at;
		part.unit = words[at];
		template_add_piece(t, &part);
		at = next;
	}
}

static bool is_repeated(const struct piece *p)
{
	return template_is_value(p) && p->braces.kind != BRACES_SEQ &&
	       p->braces.kind != BRACES_SLOT;
}

/* The number of the word each byte is in, or 0. A word is what is between
 * blanks, as in GNU parallel, but never part of a quote. */
static unsigned *number_words(const struct template *t)
{
	unsigned *words = xcalloc(t->len + 1, sizeof(*words));
	char *text = find_ends(t);
	unsigned unit = 0;
	size_t start = 0;
	size_t end = 0;
	size_t outer_end = 0;	/* of what is between blanks */
	bool is_whole = false;	/* all of that is one word */

	for (size_t i = 0; i < t->npieces; i++) {
		const struct piece *p = &t->pieces[i];

		if (!is_repeated(p) || words[p->off])
			continue;
		/* There may be thousands between two blanks. */
		if (p->off >= outer_end) {
			find_word(t, text, p, " \t\n", &start, &outer_end);
			end = outer_end;
			is_whole = is_balanced(text + start, end - start);
		}
		if (!is_whole)
			find_word(t, text, p, " \t\n'\"`()", &start, &end);
		unit++;
		while (start < end)
			words[start++] = unit;
	}
	free(text);
	return words;
}

void template_find_units(struct template *t)
{
	unsigned *words = number_words(t);
	struct piece *old = t->pieces;
	size_t n = t->npieces;

	t->pieces = NULL;
	t->npieces = t->cap = 0;
	for (size_t i = 0; i < n; i++)
		add_parts(t, &old[i], words);
	free(old);
	free(words);
}

bool template_has_slot(const struct template *t)
{
	for (size_t i = 0; i < t->npieces; i++) {
		if (t->pieces[i].braces.kind == BRACES_SLOT)
			return true;
	}
	return t->wishes & EVAL_SLOT;
}

/* An expression of one value, and of nothing else. */
static bool is_its_own(const struct piece *p)
{
	return !p->braces.pos &&
	       !(eval_wishes(p->braces.eval) &
		 (EVAL_UNQUOTED | EVAL_SKIP | EVAL_PERL | EVAL_ARGS));
}

bool template_adds_up(const struct template *t, bool has_rows)
{
	/* With -q, values share the quotes of the text beside them. */
	if (t->is_quoted)
		return false;
	for (size_t i = 0; i < t->npieces; i++) {
		const struct piece *p = &t->pieces[i];

		if ((p->braces.kind == BRACES_VALUE && !has_rows) ||
		    (p->braces.kind == BRACES_EVAL && !is_its_own(p)))
			return false;
	}
	return true;
}

bool template_has_positions(const struct template *t)
{
	for (size_t i = 0; i < t->npieces; i++) {
		if (t->pieces[i].braces.pos)
			return true;
	}
	return false;
}

/* A place where a value that is safe anywhere stands as it is. */
static bool is_simple(const struct piece *p)
{
	return p->braces.kind == BRACES_VALUES && !p->braces.form &&
	       !p->is_fd_place && p->ctx != QUOTE_NUMBER;
}

size_t template_simple_places(const struct template *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->npieces; i++) {
		const struct piece *p = &t->pieces[i];

		if (!is_repeated(p))
			continue;
		if (!is_simple(p))
			return 0;
		n++;
	}
	return n;
}

/* Expanding */

static size_t count_rows(const struct rows *r)
{
	return r->width && r->width < r->n ? r->n / r->width : 1;
}

/* {} and the like, which stand for all values. */
static bool is_of_all(const struct piece *p)
{
	return is_repeated(p) && !p->braces.pos;
}

void repeat_init(struct repeat *r, const struct template *t, size_t i,
		 const struct template_args *a)
{
	unsigned unit = t->pieces[i].unit;
	struct rows all = { .values = a->values, .n = a->n, .width = a->width };

	*r = (struct repeat){ .all = a, .end = i + 1, .n = 1, .one = all,
			      .row = all };
	if (!unit)
		return;
	r->by_value = is_of_all(&t->pieces[i]);
	for (; r->end < t->npieces && t->pieces[r->end].unit == unit; r->end++)
		r->by_value |= is_of_all(&t->pieces[r->end]);
	r->n = r->by_value ? a->n : count_rows(&all);
	if (!r->n)
		r->n = 1;
	r->is_word = true;
}

void repeat_at(struct repeat *r, size_t k)
{
	const struct template_args *a = r->all;
	size_t row = k;

	if (!r->is_word)
		return;
	if (r->by_value && a->n) {
		r->one.values = a->values + k;
		r->one.n = 1;
		row = a->width ? k / a->width : 0;
	}
	if (a->width && a->width < a->n) {
		r->row.values = a->values + row * a->width;
		r->row.n = a->width;
	}
}

size_t repeat_count(const struct repeat *r, const struct piece *p)
{
	return is_of_all(p) ? r->one.n : count_rows(&r->row);
}

const char *repeat_value(const struct repeat *r, const struct piece *p,
			 size_t k)
{
	const struct rows *a = &r->row;
	int pos = p->braces.pos;
	size_t n = pos < 0 ? (size_t)-pos : (size_t)pos;
	size_t width = count_rows(a) > 1 ? a->width : a->n;
	char *const *row = a->values + k * width;

	if (is_of_all(p))
		return r->one.values[k];
	/* {= =} at the first place is also that of a job without values. */
	if (a->n == 0 && p->braces.kind == BRACES_EVAL && pos == 1)
		return "";
	if (n > width)
		return NULL;
	return pos < 0 ? row[width - n] : row[n - 1];
}
