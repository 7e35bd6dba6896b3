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

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "input/braces.h"
#include "input/eval.h"
#include "input/tags.h"
#include "input/template.h"
#include "input/template_impl.h"
#include "input/words.h"

/* What template_new works with besides. */
struct parser {
	struct template *t;
	const struct tags *tags;
	char *const *words;	/* of -q, those still to be begun */
	size_t nwords;
	size_t word_end;	/* where a blank ends the one we are in */
	struct buf *err;
};

void template_add_path(struct buf *out, const char *value, char form)
{
	size_t len;
	const char *part = braces_path(value, form, &len);

	buf_add(out, part, len);
}

/* Compiling */

void template_add_piece(struct template *t, const struct piece *p)
{
	if (t->npieces == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 8;
		t->pieces = xreallocarray(t->pieces, t->cap,
					  sizeof(*t->pieces));
	}
	t->pieces[t->npieces++] = *p;
}

static void add_piece(struct template *t, enum braces_kind kind, size_t off,
		      size_t len)
{
	template_add_piece(t, &(struct piece){
		.off = off, .len = len, .braces = { .kind = kind },
	});
}

static void add_text(struct template *t, size_t off, size_t end)
{
	if (end > off)
		add_piece(t, BRACES_NONE, off, end - off);
}

/* A blank that ends a word of -q: a piece of its own. */
static bool cut_break(struct parser *ps, size_t at, size_t text)
{
	if (!ps->nwords)
		return false;
	/* An expression may have gone over several. */
	while (ps->nwords > 1 && ps->word_end < at) {
		ps->word_end += 1 + strlen(*++ps->words);
		ps->nwords--;
	}
	if (ps->word_end != at || ps->nwords == 1)
		return false;
	add_text(ps->t, text, at);
	add_piece(ps->t, BRACES_BREAK, at, 1);
	return true;
}

static int cut(struct parser *ps)
{
	struct template *t = ps->t;
	size_t text = 0;
	size_t i = 0;

	while (i < t->len) {
		struct braces found = { .kind = BRACES_NONE };
		long len;

		if (cut_break(ps, i, text)) {
			text = ++i;
			continue;
		}
		len = tags_match(ps->tags, t->text + i, &found, ps->err);
		if (len < 0)
			return -1;
		if (!len) {
			i++;
			continue;
		}
		add_text(t, text, i);
		add_piece(t, found.kind, i, (size_t)len);
		t->pieces[t->npieces - 1].braces = found;
		if (found.eval)
			t->wishes |= eval_wishes(found.eval);
		i += (size_t)len;
		text = i;
	}
	add_text(t, text, t->len);
	return 0;
}

bool template_is_value(const struct piece *p)
{
	return p->braces.kind != BRACES_NONE && p->braces.kind != BRACES_BREAK;
}

static bool has_replacement(const struct template *t)
{
	for (size_t i = 0; i < t->npieces; i++) {
		if (template_is_value(&t->pieces[i]))
			return true;
	}
	return false;
}

/* " {}", whatever stands for {}. */
static void append_values(const struct parser *ps)
{
	struct template *t = ps->t;
	const char *values = tags_values(ps->tags);
	size_t len = t->len;
	size_t n = strlen(values);
	struct buf longer = BUF_INIT;

	buf_add(&longer, t->text, len);
	if (len)
		buf_addch(&longer, ' ');
	buf_addstr(&longer, values);
	t->len = longer.len;
	free(t->text);
	t->text = buf_take(&longer);
	if (len)
		add_piece(t, t->is_quoted ? BRACES_BREAK : BRACES_NONE, len, 1);
	add_piece(t, BRACES_VALUES, t->len - n, n);
}

/*
 * Tries to split the text with x in place of each value. The first word has to
 * end before the first of them.
 */
static void find_words(struct template *t)
{
	struct words w;
	char *sample = xmemdup0(t->text, t->len);
	size_t fixed = t->len;
	size_t start = strspn(t->text, " \t");
	size_t name_len = strcspn(t->text + start, " \t");

	words_init(&w);
	for (size_t i = t->npieces; i-- > 0;) {
		const struct piece *p = &t->pieces[i];

		if (!template_is_value(p))
			continue;
		fixed = p->off;
		memset(sample + p->off, 'x', p->len);
		if (p->ctx != QUOTE_PLAIN && p->ctx != QUOTE_SINGLE &&
		    p->ctx != QUOTE_DOUBLE)
			goto out;
	}
	if (has_replacement(t) && fixed <= start + name_len)
		goto out;
	t->is_splittable = words_scan(&w, sample, t->len) == 0;
	if (t->is_splittable) {
		t->redirs = w.redirs;
		memcpy(t->redir_at, w.redir_at, sizeof(t->redir_at));
		t->name = xmemdup0(t->text + start, name_len);
		t->name_len = name_len;
	}
out:
	words_release(&w);
	free(sample);
}

/* With -q only a first word that holds no value is looked up. */
static void find_quoted_words(struct template *t)
{
	const struct piece *p = t->pieces;

	if (t->npieces == 0 || template_is_value(p) || p->len == 0 ||
	    !shquote_is_safe(t->text, p->len) ||
	    (t->npieces > 1 && p[1].braces.kind != BRACES_BREAK))
		return;
	t->is_splittable = true;
	t->name = xmemdup0(t->text, p->len);
	t->name_len = p->len;
}

static int find_places(struct parser *ps)
{
	struct template *t = ps->t;

	if (t->is_quoted) {
		find_quoted_words(t);
		return 0;
	}
	if (template_find_contexts(t, ps->err) < 0)
		return -1;
	if (!(t->wishes & EVAL_UNQUOTED))
		find_words(t);
	return 0;
}

static int compile(struct parser *ps, const struct template_opts *opts)
{
	struct template *t = ps->t;

	if (cut(ps) < 0)
		return -1;
	if (opts->append && !has_replacement(t))
		append_values(ps);
	for (size_t i = 0; i < t->npieces; i++)
		t->pieces[i].ctx = QUOTE_RAW;
	if (!opts->plain_text && find_places(ps) < 0)
		return -1;
	if (opts->repeat_words)
		template_find_units(t);
	return 0;
}

struct template *template_new(const char *text,
			      const struct template_opts *opts,
			      struct buf *err)
{
	struct template *t = xcalloc(1, sizeof(*t));
	struct tag_opts usual = { .values = opts->braces };
	struct tags *own = opts->tags ? NULL : tags_new(&usual, err);
	struct parser ps = {
		.t = t,
		.tags = opts->tags ? opts->tags : own,
		.words = opts->words,
		.nwords = opts->nwords,
		.word_end = opts->nwords ? strlen(opts->words[0]) : 0,
		.err = err,
	};
	int ret;

	BUG_ON(!ps.tags || !*tags_values(ps.tags));
	t->text = xstrdup(text);
	t->len = strlen(text);
	t->shell = opts->shell;
	t->run = opts->run;
	t->is_quoted = opts->words != NULL;
	ret = compile(&ps, opts);
	tags_free(own);
	if (ret == 0)
		return t;
	template_free(t);
	return NULL;
}

void template_free(struct template *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->npieces; i++)
		eval_free(t->pieces[i].braces.eval);
	free(t->text);
	free(t->name);
	free(t->pieces);
	free(t);
}

bool template_wants_total(const struct template *t)
{
	return t->wishes & EVAL_TOTAL;
}

/* Expanding */

static bool is_digits(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
	}
	return true;
}

/* part, for a place of that context. */
static int expand_text(const struct template *t, const struct piece *p,
		       const char *part, size_t len, enum quote_context ctx,
		       struct buf *out, struct buf *err)
{
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

static int expand_value(const struct template *t, const struct piece *p,
			const char *value, struct buf *out, struct buf *err)
{
	size_t len;
	const char *part = braces_path(value, p->braces.form, &len);

	return expand_text(t, p, part, len, p->ctx, out, err);
}

static struct eval_job eval_job_of(const struct template *t,
				   const char *value,
				   const struct template_args *a)
{
	struct eval_job job = {
		.value = value, .values = a->values, .n = a->n,
		.seq = a->seq, .slot = a->slot,
		.memo = a->memo, .is_quick = a->is_quick,
	};

	if (t->run) {
		job.total = atomic_load(&t->run->total);
		job.most = t->run->most;
	}
	return job;
}

static void learn_piece(const struct template *t, const struct piece *p,
			const struct repeat *r, struct eval_memo *memo)
{
	size_t n = repeat_count(r, p);

	for (size_t k = 0; k < n; k++) {
		const char *value = repeat_value(r, p, k);
		struct eval_job job = eval_job_of(t, value, r->all);

		if (value)
			eval_learn(p->braces.eval, &job, memo);
	}
}

void template_learn(const struct template *t, const struct template_args *a,
		    struct eval_memo *memo)
{
	struct repeat r;

	for (size_t i = 0; i < t->npieces; i = r.end) {
		repeat_init(&r, t, i, a);
		for (size_t k = 0; k < r.n; k++) {
			repeat_at(&r, k);
			for (size_t j = i; j < r.end; j++) {
				const struct piece *p = &t->pieces[j];

				if (p->braces.kind == BRACES_EVAL)
					learn_piece(t, p, &r, memo);
			}
		}
	}
}

int template_evaluate(const struct template *t, const struct piece *p,
		      const char *value, const struct template_args *a,
		      struct buf *out, unsigned *wishes, struct buf *err)
{
	struct eval_job job = eval_job_of(t, value, a);
	struct buf why = BUF_INIT;
	int ret;

	ret = eval_run(p->braces.eval, &job, out, wishes, &why);
	if (ret < 0) {
		buf_addch(err, '\'');
		buf_add_visible(err, t->text + p->off, p->len);
		buf_addf(err, "': %s", why.data);
	}
	buf_release(&why);
	if ((*wishes & EVAL_SKIP) && a->skip)
		*a->skip = true;
	return ret;
}

static int expand_eval(const struct template *t, const struct piece *p,
		       const char *value, const struct template_args *a,
		       struct buf *out, struct buf *err)
{
	struct buf result = BUF_INIT;
	unsigned wishes = 0;
	int ret = template_evaluate(t, p, value, a, &result, &wishes, err);

	if (ret == 0)
		ret = expand_text(t, p, result.data, strlen(result.data),
				  wishes & EVAL_UNQUOTED ? QUOTE_RAW : p->ctx,
				  out, err);
	buf_release(&result);
	return ret;
}

static int expand_values(const struct template *t, const struct piece *p,
			 const struct repeat *r, struct buf *out,
			 struct buf *err)
{
	size_t n = repeat_count(r, p);

	for (size_t k = 0; k < n; k++) {
		const char *value = repeat_value(r, p, k);
		int ret;

		if (!value)
			continue;
		if (k)
			buf_addch(out, ' ');
		if (p->braces.kind == BRACES_EVAL)
			ret = expand_eval(t, p, value, r->all, out, err);
		else
			ret = expand_value(t, p, value, out, err);
		if (ret < 0)
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
			const struct repeat *r, struct buf *out,
			struct buf *err)
{
	size_t mark = out->len;
	int ret = 0;

	switch (p->braces.kind) {
	case BRACES_NONE:
	case BRACES_BREAK:
		buf_add(out, t->text + p->off, p->len);
		return 0;
	case BRACES_VALUES:
	case BRACES_VALUE:
	case BRACES_EVAL:
		ret = expand_values(t, p, r, out, err);
		break;
	case BRACES_SEQ:
		ret = expand_number(t, p, r->all->seq, out, err);
		break;
	case BRACES_SLOT:
		ret = expand_number(t, p, r->all->slot, out, err);
		break;
	}
	if (ret == 0 && out->len == mark)
		keep_apart(t, p, out);
	return ret;
}

/* The pieces from i to r's end, as often as they are repeated. */
static int expand_word(const struct template *t, struct repeat *r, size_t i,
		       struct buf *out, struct buf *err)
{
	for (size_t k = 0; k < r->n; k++) {
		if (k)
			buf_addch(out, ' ');
		repeat_at(r, k);
		for (size_t j = i; j < r->end; j++) {
			if (expand_piece(t, &t->pieces[j], r, out, err) < 0)
				return -1;
		}
	}
	return 0;
}

int template_expand_piece(const struct template *t, size_t i,
			  const struct template_args *a, struct buf *out,
			  struct buf *err)
{
	struct repeat r;

	repeat_init(&r, t, i, a);
	return expand_word(t, &r, i, out, err);
}

/* -q: the words that template_argv makes, each quoted. */
static int expand_quoted(const struct template *t,
			 const struct template_args *a, struct buf *out,
			 struct buf *err)
{
	struct words w;
	char **argv;
	int ret;

	words_init(&w);
	ret = template_split(t, a, &w, err);
	argv = words_argv(&w);
	for (size_t i = 0; ret == 0 && argv[i]; i++) {
		if (i)
			buf_addch(out, ' ');
		shquote_add(out, argv[i], strlen(argv[i]), QUOTE_PLAIN,
			    t->shell);
	}
	words_release(&w);
	return ret;
}

int template_expand(const struct template *t, const struct template_args *a,
		    struct buf *out, struct buf *err)
{
	size_t mark = out->len;

	if (t->is_quoted)
		return expand_quoted(t, a, out, err);
	for (size_t i = 0; i < t->npieces;) {
		struct repeat r;

		repeat_init(&r, t, i, a);
		if (expand_word(t, &r, i, out, err) < 0) {
			buf_truncate(out, mark);
			return -1;
		}
		i = r.end;
	}
	return 0;
}
