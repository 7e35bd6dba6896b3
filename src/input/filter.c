/* SPDX-License-Identifier: GPL-3.0-or-later */
/* filter.c - see filter.h. */
#include <config.h>

#include "input/filter.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "input/eval.h"
#include "input/tags.h"
#include "input/template.h"
#include "input/template_impl.h"
#include "input/words.h"

struct filter {
	struct template *template;
	const struct template_run *run;
	bool wants_total;	/* as far as its text says */
	struct eval *code;	/* for perl; NULL: the text is compiled once
				   values are in it, and is ours unless these
				   make it something else */
	struct eval_perl *perl;	/* or NULL */
	char *text;
};

/* Its text with something for each value: perl's variables, or just a 1. */
static void make_code(const struct template *t, bool for_perl,
		      struct buf *out)
{
	char quote = '\0';
	size_t n = 0;

	for (size_t i = 0; i < t->npieces; i++) {
		const struct piece *p = &t->pieces[i];
		const char *s = t->text + p->off;

		if (template_is_value(p)) {
			if (for_perl && quote == '\'')
				buf_addf(out, "'." EVAL_TEXT ".'", n++);
			else if (for_perl)
				buf_addf(out, EVAL_TEXT, n++);
			else
				buf_addch(out, '1');
			continue;
		}
		buf_add(out, s, p->len);
		for (size_t k = 0; k < p->len; k++) {
			if (s[k] == '\\')
				k++;
			else if (quote ? s[k] == quote
				       : s[k] == '"' || s[k] == '\'')
				quote = quote ? '\0' : s[k];
		}
	}
}

static struct eval *compile_code(const struct filter *f, struct buf *err)
{
	struct buf code = BUF_INIT;
	struct eval *e;

	make_code(f->template, true, &code);
	e = eval_new_perl(code.data, code.len, f->perl, err);
	buf_release(&code);
	return e;
}

/* Hands to perl what is beyond eval.h. */
static int choose(struct filter *f, struct buf *err)
{
	struct buf code = BUF_INIT;
	struct buf why = BUF_INIT;
	struct eval *sample;

	make_code(f->template, false, &code);
	sample = eval_new(code.data, code.len, NULL, 0, NULL, &why);
	buf_reset(&why);
	if (!sample && f->perl)
		f->code = compile_code(f, &why);
	if (why.len)
		buf_addf(err, "cannot use '%s': %s", f->text, why.data);
	eval_free(sample);
	buf_release(&code);
	buf_release(&why);
	return err->len ? -1 : 0;
}

struct filter *filter_new(const char *text, const struct template_opts *opts,
			  struct buf *err)
{
	struct template_opts plain = *opts;
	struct filter *f = xcalloc(1, sizeof(*f));
	struct buf why = BUF_INIT;

	plain.plain_text = true;
	plain.append = false;
	plain.words = NULL;
	plain.nwords = 0;
	f->run = opts->run;
	f->wants_total = strstr(text, "total_jobs") != NULL;
	f->text = xstrdup(text);
	f->perl = opts->tags ? tags_perl(opts->tags) : NULL;
	f->template = template_new(text, &plain, &why);
	if (!f->template || choose(f, &why) < 0) {
		buf_addf(err, "--filter: %s", why.data);
		filter_free(f);
		f = NULL;
	}
	buf_release(&why);
	return f;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	template_free(f->template);
	eval_free(f->code);
	free(f->text);
	free(f);
}

/* Its text may have that only once values are in it. */
bool filter_wants_total(const struct filter *f)
{
	return f->wants_total || template_wants_total(f->template);
}

/* The values, one after the other, each for its place in the code. */
static int add_texts(const struct filter *f, const struct template_args *a,
		     struct words *w, struct buf *err)
{
	const struct template *t = f->template;

	for (size_t i = 0; i < t->npieces; i++) {
		if (!template_is_value(&t->pieces[i]))
			continue;
		words_begin(w);
		if (template_expand_piece(t, i, a, &w->bytes, err) < 0)
			return -1;
		words_end(w);
	}
	return 0;
}

static struct eval_job eval_job_of(const struct filter *f,
				   const struct template_args *a)
{
	return (struct eval_job){
		.value = a->n ? a->values[0] : "",
		.values = a->values, .n = a->n,
		.seq = a->seq, .slot = a->slot,
		.total = f->run ? atomic_load(&f->run->total) : 0,
		.most = f->run ? f->run->most : 0,
		.is_quick = a->is_quick,
	};
}

static int test_code(const struct filter *f, const struct eval *code,
		     const struct template_args *a, unsigned *wishes,
		     struct buf *err)
{
	struct eval_job job = eval_job_of(f, a);
	struct words w;
	int ret;

	words_init(&w);
	ret = add_texts(f, a, &w, err);
	if (ret == 0) {
		job.texts = words_argv(&w);
		while (job.texts[job.ntexts])
			job.ntexts++;
		ret = eval_test(code, &job, wishes, err);
	}
	words_release(&w);
	return ret;
}

/* With values that make something else of the text: perl takes them as they
 * are. Without perl err stays. */
static int test_odd(const struct filter *f, const struct template_args *a,
		    unsigned *wishes, struct buf *err)
{
	struct buf why = BUF_INIT;
	struct eval *code = f->perl ? compile_code(f, &why) : NULL;
	int ret = code ? test_code(f, code, a, wishes, &why) : -1;

	if (why.len) {
		buf_reset(err);
		buf_addstr(err, why.data);
	}
	eval_free(code);
	buf_release(&why);
	return ret;
}

/* What comes out once values are in it. */
static int test_text(const struct filter *f, const struct template_args *a,
		     unsigned *wishes, struct buf *text, struct buf *err)
{
	struct eval_job job = eval_job_of(f, a);
	struct eval *e;
	int ret = -1;

	if (template_expand(f->template, a, text, err) < 0)
		return -1;
	e = eval_new(text->data, text->len, NULL, 0, NULL, err);
	if (e)
		ret = eval_test(e, &job, wishes, err);
	else
		ret = test_odd(f, a, wishes, err);
	eval_free(e);
	return ret;
}

void filter_learn(const struct filter *f, const struct template_args *a,
		  struct eval_memo *memo)
{
	struct eval_job job = eval_job_of(f, a);
	struct buf err = BUF_INIT;
	unsigned wishes = 0;
	int ret;

	if (!f->code || !eval_is_early(f->code, &job) ||
	    template_has_slot(f->template))
		return;
	ret = test_code(f, f->code, a, &wishes, &err);
	if (ret >= 0)
		eval_memo_set(memo, f, ret && !(wishes & EVAL_SKIP));
	buf_release(&err);
}

int filter_passes(const struct filter *f, const struct template_args *a,
		  struct buf *err)
{
	struct buf text = BUF_INIT;
	struct buf why = BUF_INIT;
	unsigned wishes = 0;
	int ret;

	if (a->memo && eval_memo_get(a->memo, f, &ret))
		return ret;
	if (f->code)
		ret = test_code(f, f->code, a, &wishes, &why);
	else
		ret = test_text(f, a, &wishes, &text, &why);
	if (ret < 0) {
		if (f->code)
			buf_addstr(&text, f->text);
		buf_addstr(err, "--filter: '");
		buf_add_visible(err, text.data, text.len);
		buf_addf(err, "': %s", why.data);
	} else if (wishes & EVAL_SKIP) {
		ret = 0;
	}
	buf_release(&text);
	buf_release(&why);
	return ret;
}
