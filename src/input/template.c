/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * template.c - a command with replacement strings.
 *
 * The text is cut once into pieces: literal text, and places for values, each
 * with the quoting context that shlex found there. Expanding is then a walk
 * over the pieces. For a command that needs no shell the same walk makes the
 * words, so that quotes in the text are taken off instead of passed on.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "input/braces.h"
#include "input/shlex.h"
#include "input/template.h"
#include "input/words.h"

/* Literal text, or with a kind of braces a place for values. */
struct piece {
	size_t off;		/* the text it was, in t->text */
	size_t len;
	struct braces braces;
	enum quote_context ctx;
	bool keeps_word;	/* may not vanish before what follows */
	bool is_fd_place;	/* digits here would be one with a > behind */
	unsigned unit;		/* the word to be repeated, from 1; 0: none */
};

struct template {
	char *text;
	size_t len;
	struct piece *pieces;
	size_t npieces;
	size_t cap;
	enum shell_kind shell;
	bool is_splittable;	/* direct, if the first word is a program */
	size_t name_len;	/* that word, for is_splittable */
	char *name;
};

/* What template_new works with besides. */
struct parser {
	struct template *t;
	const char *braces;
	size_t braces_len;
	bool has_positions;	/* {n} is special */
	struct buf *err;
};

void template_add_path(struct buf *out, const char *value, char form)
{
	size_t len;
	const char *part = braces_path(value, form, &len);

	buf_add(out, part, len);
}

/* Compiling */

static void add_piece(struct template *t, enum braces_kind kind, size_t off,
		      size_t len)
{
	if (t->npieces == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 8;
		t->pieces = xreallocarray(t->pieces, t->cap,
					  sizeof(*t->pieces));
	}
	t->pieces[t->npieces++] = (struct piece){
		.off = off, .len = len, .braces = { .kind = kind },
	};
}

/* The longer of what stands for {} and of the other strings wins. */
static size_t parse_replacement(const struct parser *ps, const char *s,
				struct braces *found)
{
	size_t len = braces_parse(s, ps->has_positions, found);

	if (len > ps->braces_len ||
	    strncmp(s, ps->braces, ps->braces_len) != 0)
		return len;
	*found = (struct braces){ .kind = BRACES_VALUES };
	return ps->braces_len;
}

static void add_text(struct template *t, size_t off, size_t end)
{
	if (end > off)
		add_piece(t, BRACES_NONE, off, end - off);
}

static void cut(const struct parser *ps)
{
	struct template *t = ps->t;
	size_t text = 0;
	size_t i = 0;

	while (i < t->len) {
		struct braces found;
		size_t len = parse_replacement(ps, t->text + i, &found);

		if (!len) {
			i++;
			continue;
		}
		add_text(t, text, i);
		add_piece(t, found.kind, i, len);
		t->pieces[t->npieces - 1].braces = found;
		i += len;
		text = i;
	}
	add_text(t, text, t->len);
}

static bool has_replacement(const struct template *t)
{
	return t->npieces > 1 ||
	       (t->npieces && t->pieces[0].braces.kind != BRACES_NONE);
}

/* " {}", whatever stands for {}. */
static void append_values(const struct parser *ps)
{
	struct template *t = ps->t;
	size_t len = t->len;
	struct buf longer = BUF_INIT;

	buf_add(&longer, t->text, len);
	if (len)
		buf_addch(&longer, ' ');
	buf_addstr(&longer, ps->braces);
	t->len = longer.len;
	free(t->text);
	t->text = buf_take(&longer);
	t->npieces = 0;
	add_text(t, 0, t->len - ps->braces_len);
	add_piece(t, BRACES_VALUES, t->len - ps->braces_len, ps->braces_len);
}

/* Contexts */

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

/* True when the word that holds off is next to such a test. */
static bool is_tested_number(const struct template *t, size_t off, size_t len)
{
	const char *start = t->text + off;
	const char *after = t->text + off + len;
	const char *end = t->text + t->len;

	while (after < end && *after != ' ' && *after != '\t')
		after++;
	while (after < end && (*after == ' ' || *after == '\t'))
		after++;
	if (is_number_test(after, end))
		return true;
	while (start > t->text && start[-1] != ' ' && start[-1] != '\t')
		start--;
	while (start > t->text && (start[-1] == ' ' || start[-1] == '\t'))
		start--;
	return start - t->text >= 3 && is_number_test(start - 3, start);
}

/* True when digits put before s would name a descriptor: s is "2>" or ">". */
static bool is_redirection(const char *s)
{
	s += strspn(s, "0123456789");
	return *s == '<' || *s == '>';
}

/* Where p is; *why says what is wrong with an impossible place. */
static enum quote_context place(const struct template *t,
				const struct piece *p,
				const struct shlex *lex, const char **why)
{
	const char *after = t->text + p->off + p->len;
	enum quote_context ctx = shlex_context(lex);
	bool is_word = p->off && strchr(" \t", t->text[p->off - 1]);
	bool is_glued = ctx == QUOTE_DOUBLE_APART ||
			(ctx == QUOTE_PLAIN_APART && !is_word);

	*why = shlex_why(lex);
	if (ctx == QUOTE_IMPOSSIBLE)
		return ctx;
	if (is_tested_number(t, p->off, p->len) && t->shell != SHELL_FISH &&
	    t->shell != SHELL_CSH) {
		*why = "behind a variable in a test of numbers";
		return is_glued ? QUOTE_IMPOSSIBLE : QUOTE_NUMBER;
	}
	/* {name}> is a redirection as well. */
	if (ctx == QUOTE_PLAIN && *after == '}' && is_redirection(after + 1))
		return QUOTE_PLAIN_APART;
	return ctx;
}

/* Says where the first replacement string is that can't be. */
static int refuse(const struct parser *ps, const struct piece *p,
		  const char *why)
{
	buf_addch(ps->err, '\'');
	buf_add_visible(ps->err, ps->t->text + p->off, p->len);
	buf_addf(ps->err, "' can't be replaced safely %s: '", why);
	buf_add_visible(ps->err, ps->t->text, ps->t->len);
	buf_addch(ps->err, '\'');
	return -1;
}

static int find_contexts(const struct parser *ps)
{
	struct template *t = ps->t;
	struct shlex lex;

	shlex_init(&lex, t->shell);
	for (size_t i = 0; i < t->npieces; i++) {
		struct piece *p = &t->pieces[i];
		const char *after = t->text + p->off + p->len;
		const char *why;

		if (p->braces.kind == BRACES_NONE) {
			shlex_feed(&lex, t->text + p->off, p->len);
			continue;
		}
		p->ctx = place(t, p, &lex, &why);
		if (p->ctx == QUOTE_IMPOSSIBLE)
			return refuse(ps, p, why);
		/* As # makes a comment, << a here-document, (( arithmetic. */
		p->keeps_word = *after && strchr("#<>([", *after);
		p->is_fd_place = is_redirection(after);
		shlex_value(&lex);
	}
	return 0;
}

/*
 * True when a replacement string is part of the first word, as GNU parallel
 * sees that: no blank and no = before it.
 */
static bool is_first_word(const struct template *t, const struct piece *p)
{
	return strcspn(t->text, " \t\n=") >= p->off;
}

static void find_raw(struct template *t)
{
	bool is_raw = false;

	for (size_t i = 0; i < t->npieces; i++) {
		const struct piece *p = &t->pieces[i];

		if (p->braces.kind != BRACES_NONE && p->ctx == QUOTE_PLAIN &&
		    is_first_word(t, p))
			is_raw = true;
	}
	for (size_t i = 0; is_raw && i < t->npieces; i++) {
		struct piece *p = &t->pieces[i];

		if (p->ctx == QUOTE_PLAIN || p->ctx == QUOTE_PLAIN_APART)
			p->ctx = QUOTE_RAW;
	}
}

/*
 * Tries to split the text with an x for each value. The first word has to end
 * before the first of them.
 */
static void find_words(struct template *t)
{
	struct words w;
	struct buf sample = BUF_INIT;
	size_t fixed = t->len;
	size_t start = strspn(t->text, " \t");
	size_t name_len = strcspn(t->text + start, " \t");

	words_init(&w);
	for (size_t i = t->npieces; i-- > 0;) {
		const struct piece *p = &t->pieces[i];

		if (p->braces.kind == BRACES_NONE)
			continue;
		fixed = p->off;
		if (p->ctx != QUOTE_PLAIN && p->ctx != QUOTE_SINGLE &&
		    p->ctx != QUOTE_DOUBLE)
			goto out;
	}
	if (has_replacement(t) && fixed <= start + name_len)
		goto out;
	for (size_t i = 0; i < t->npieces; i++) {
		const struct piece *p = &t->pieces[i];

		if (p->braces.kind == BRACES_NONE)
			buf_add(&sample, t->text + p->off, p->len);
		else
			buf_addch(&sample, 'x');
	}
	t->is_splittable = words_scan(&w, sample.data, sample.len) == 0;
	if (t->is_splittable) {
		t->name = xmemdup0(t->text + start, name_len);
		t->name_len = name_len;
	}
out:
	words_release(&w);
	buf_release(&sample);
}

/* Words that are repeated */

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

static void find_word(const struct template *t, const struct piece *p,
		      const char *ends, size_t *start, size_t *end)
{
	*start = p->off;
	*end = p->off + p->len;
	while (*start > 0 && !strchr(ends, t->text[*start - 1]))
		(*start)--;
	while (*end < t->len && !strchr(ends, t->text[*end]))
		(*end)++;
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
		add_piece(t, p->braces.kind, at, part.len);
		t->pieces[t->npieces - 1] = part;
		at = next;
	}
}

/* Numbers the words around values, and cuts text where they end. A word is
 * what is between blanks, as in GNU parallel, but never part of a quote. */
static void find_units(struct template *t)
{
	unsigned *words = xcalloc(t->len + 1, sizeof(*words));
	struct piece *old = t->pieces;
	size_t n = t->npieces;
	unsigned unit = 0;

	for (size_t i = 0; i < n; i++) {
		size_t start;
		size_t end;

		if ((old[i].braces.kind != BRACES_VALUES &&
		     old[i].braces.kind != BRACES_VALUE) || words[old[i].off])
			continue;
		find_word(t, &old[i], " \t\n", &start, &end);
		if (!is_balanced(t->text + start, end - start))
			find_word(t, &old[i], " \t\n'\"`()", &start, &end);
		unit++;
		while (start < end)
			words[start++] = unit;
	}
	t->pieces = NULL;
	t->npieces = t->cap = 0;
	for (size_t i = 0; i < n; i++)
		add_parts(t, &old[i], words);
	free(old);
	free(words);
}

static int compile(const struct parser *ps, const struct template_opts *opts)
{
	struct template *t = ps->t;

	cut(ps);
	if (opts->append && !has_replacement(t))
		append_values(ps);
	for (size_t i = 0; i < t->npieces; i++)
		t->pieces[i].ctx = QUOTE_RAW;
	if (!opts->plain_text) {
		if (find_contexts(ps) < 0)
			return -1;
		find_raw(t);
		find_words(t);
	}
	if (opts->repeat_words)
		find_units(t);
	return 0;
}

struct template *template_new(const char *text,
			      const struct template_opts *opts,
			      struct buf *err)
{
	struct template *t = xcalloc(1, sizeof(*t));
	struct parser ps = {
		.t = t,
		.braces = opts->braces ? opts->braces : "{}",
		.err = err,
	};

	ps.braces_len = strlen(ps.braces);
	ps.has_positions = strcmp(ps.braces, "{}") == 0;
	BUG_ON(!ps.braces_len);
	t->text = xstrdup(text);
	t->len = strlen(text);
	t->shell = opts->shell;
	if (compile(&ps, opts) == 0)
		return t;
	template_free(t);
	return NULL;
}

void template_free(struct template *t)
{
	if (!t)
		return;
	free(t->text);
	free(t->name);
	free(t->pieces);
	free(t);
}

bool template_has_positions(const struct template *t)
{
	for (size_t i = 0; i < t->npieces; i++) {
		if (t->pieces[i].braces.kind == BRACES_VALUE)
			return true;
	}
	return false;
}

/* Expanding */

/* Walks over the values that the pieces of one word are repeated for. */
struct repeat {
	const struct template_args *all;
	size_t end;			/* behind the word's last piece */
	size_t n;			/* how often, at least once */
	bool by_value;			/* {} is in it: once for each value */
	struct template_args one;	/* for {} */
	struct template_args row;	/* for {1} and the like */
};

static size_t count_rows(const struct template_args *a)
{
	return a->width && a->width < a->n ? a->n / a->width : 1;
}

static void repeat_init(struct repeat *r, const struct template *t, size_t i,
			const struct template_args *a)
{
	*r = (struct repeat){ .all = a, .end = i, .one = *a, .row = *a };
	for (; r->end < t->npieces &&
	     t->pieces[r->end].unit == t->pieces[i].unit; r->end++)
		r->by_value |= t->pieces[r->end].braces.kind == BRACES_VALUES;
	r->n = r->by_value ? a->n : count_rows(a);
	if (!r->n)
		r->n = 1;
}

/* Repetition k, from 0. */
static void repeat_at(struct repeat *r, size_t k)
{
	const struct template_args *a = r->all;
	size_t row = k;

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

static const struct template_args *repeat_args(const struct repeat *r,
					       const struct piece *p)
{
	return p->braces.kind == BRACES_VALUE ? &r->row : &r->one;
}

/* The value that a {n} stands for; NULL when there are fewer. */
static const char *value_at(const struct template_args *a, int pos)
{
	size_t n = pos < 0 ? (size_t)-pos : (size_t)pos;

	if (n > a->n)
		return NULL;
	return pos < 0 ? a->values[a->n - n] : a->values[n - 1];
}

static bool is_digits(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
	}
	return true;
}

static int expand_value(const struct template *t, const struct piece *p,
			const char *value, struct buf *out, struct buf *err)
{
	enum quote_context ctx = p->ctx;
	size_t len;
	const char *part = braces_path(value, p->braces.form, &len);

	if (ctx == QUOTE_PLAIN && p->is_fd_place && is_digits(part, len))
		ctx = QUOTE_PLAIN_APART;
	if (shquote_add(out, part, len, ctx, t->shell) == 0)
		return 0;
	buf_addch(err, '\'');
	buf_add_visible(err, part, len);
	buf_addstr(err, "' is no number or name, the only thing that is safe "
			"for '");
	buf_add_visible(err, t->text + p->off, p->len);
	buf_addstr(err, "' in arithmetic, in [ ] and behind >&");
	return -1;
}

static int expand_values(const struct template *t, const struct piece *p,
			 const struct template_args *a, struct buf *out,
			 struct buf *err)
{
	for (size_t i = 0; i < a->n; i++) {
		if (i)
			buf_addch(out, ' ');
		if (expand_value(t, p, a->values[i], out, err) < 0)
			return -1;
	}
	return 0;
}

/* {1} and the like, of each row. */
static int expand_column(const struct template *t, const struct piece *p,
			 const struct template_args *a, struct buf *out,
			 struct buf *err)
{
	struct repeat rows = { .all = a, .row = *a };
	size_t n = count_rows(a);

	for (size_t k = 0; k < n; k++) {
		const char *value;

		repeat_at(&rows, k);
		value = value_at(&rows.row, p->braces.pos);
		if (k && value)
			buf_addch(out, ' ');
		if (value && expand_value(t, p, value, out, err) < 0)
			return -1;
	}
	return 0;
}

/* {#} and {%}: a value like others, so 2{#}>x and $x{#} come out right. */
static int expand_number(const struct template *t, const struct piece *p,
			 unsigned long long n, struct buf *out,
			 struct buf *err)
{
	struct buf digits = BUF_INIT;
	int ret;

	buf_addu(&digits, n);
	ret = expand_value(t, p, digits.data, out, err);
	buf_release(&digits);
	return ret;
}

/*
 * For a place that came to nothing: what keeps the text on both sides of it
 * from becoming something that shlex has not seen there.
 */
static void keep_apart(const struct template *t, const struct piece *p,
		       struct buf *out)
{
	bool is_glued = p->ctx == QUOTE_PLAIN_APART ||
			p->ctx == QUOTE_DOUBLE_APART;

	if (is_glued || (p->ctx == QUOTE_PLAIN && p->keeps_word))
		shquote_add(out, "", 0, p->ctx, t->shell);
}

static int expand_piece(const struct template *t, const struct piece *p,
			const struct template_args *a, struct buf *out,
			struct buf *err)
{
	size_t mark = out->len;
	int ret = 0;

	switch (p->braces.kind) {
	case BRACES_NONE:
		buf_add(out, t->text + p->off, p->len);
		return 0;
	case BRACES_VALUES:
		ret = expand_values(t, p, a, out, err);
		break;
	case BRACES_VALUE:
		ret = expand_column(t, p, a, out, err);
		break;
	case BRACES_SEQ:
		ret = expand_number(t, p, a->seq, out, err);
		break;
	case BRACES_SLOT:
		ret = expand_number(t, p, a->slot, out, err);
		break;
	}
	if (ret == 0 && out->len == mark)
		keep_apart(t, p, out);
	return ret;
}

/* The word that begins with piece i, for all its values. */
static int expand_word(const struct template *t, struct repeat *r, size_t i,
		       struct buf *out, struct buf *err)
{
	for (size_t k = 0; k < r->n; k++) {
		if (k)
			buf_addch(out, ' ');
		repeat_at(r, k);
		for (size_t j = i; j < r->end; j++) {
			const struct piece *p = &t->pieces[j];

			if (expand_piece(t, p, repeat_args(r, p), out,
					 err) < 0)
				return -1;
		}
	}
	return 0;
}

int template_expand(const struct template *t, const struct template_args *a,
		    struct buf *out, struct buf *err)
{
	size_t mark = out->len;
	size_t i = 0;
	int ret = 0;

	while (i < t->npieces && ret == 0) {
		const struct piece *p = &t->pieces[i];
		struct repeat r;

		if (!p->unit) {
			ret = expand_piece(t, p, a, out, err);
			i++;
			continue;
		}
		repeat_init(&r, t, i, a);
		ret = expand_word(t, &r, i, out, err);
		i = r.end;
	}
	if (ret < 0)
		buf_truncate(out, mark);
	return ret;
}

/* Without a shell */

bool template_is_direct(const struct template *t)
{
	return t->is_splittable &&
	       !words_is_shells_own(t->name, t->name_len, t->shell);
}

/* Where template_argv is. */
struct splitter {
	struct words *w;
	bool in_word;
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

static void split_value(struct splitter *s, const struct piece *p,
			const char *value)
{
	enter_word(s);
	template_add_path(&s->w->bytes, value, p->braces.form);
}

static void split_values(struct splitter *s, const struct piece *p,
			 const struct template_args *a)
{
	for (size_t i = 0; i < a->n; i++) {
		if (i)
			split_text(s, " ", 1);
		split_value(s, p, a->values[i]);
	}
}

static void split_column(struct splitter *s, const struct piece *p,
			 const struct template_args *a)
{
	struct repeat rows = { .all = a, .row = *a };
	size_t n = count_rows(a);

	for (size_t k = 0; k < n; k++) {
		const char *value;

		repeat_at(&rows, k);
		value = value_at(&rows.row, p->braces.pos);
		if (k && value)
			split_text(s, " ", 1);
		if (value)
			split_value(s, p, value);
	}
}

static void split_number(struct splitter *s, unsigned long long n)
{
	enter_word(s);
	buf_addu(&s->w->bytes, n);
}

static void split_piece(struct splitter *s, const struct template *t,
			const struct piece *p, const struct template_args *a)
{
	switch (p->braces.kind) {
	case BRACES_NONE:
		split_text(s, t->text + p->off, p->len);
		break;
	case BRACES_VALUES:
		split_values(s, p, a);
		break;
	case BRACES_VALUE:
		split_column(s, p, a);
		break;
	case BRACES_SEQ:
		split_number(s, a->seq);
		break;
	case BRACES_SLOT:
		split_number(s, a->slot);
	}
}

static void split_word(struct splitter *s, const struct template *t,
		       struct repeat *r, size_t i)
{
	for (size_t k = 0; k < r->n; k++) {
		if (k)
			split_text(s, " ", 1);
		repeat_at(r, k);
		for (size_t j = i; j < r->end; j++)
			split_piece(s, t, &t->pieces[j],
				    repeat_args(r, &t->pieces[j]));
	}
}

void template_argv(const struct template *t, const struct template_args *a,
		   struct words *w)
{
	struct splitter s = { .w = w };

	words_reset(w);
	for (size_t i = 0; i < t->npieces;) {
		const struct piece *p = &t->pieces[i];
		struct repeat r;

		if (p->unit) {
			repeat_init(&r, t, i, a);
			split_word(&s, t, &r, i);
			i = r.end;
		} else {
			split_piece(&s, t, p, a);
			i++;
		}
	}
	leave_word(&s);
}
