/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eval.c - see eval.h: an expression's life, and the machine that runs it. */
#include <config.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "input/eval_impl.h"

int eval_fail(struct machine *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(m->err, fmt, ap);
	va_end(ap);
	return -1;
}

int eval_beyond(struct machine *m, const char *what)
{
	m->is_beyond = true;
	return eval_fail(m, "%s is not supported", what);
}

int eval_spend(struct machine *m, size_t n)
{
	m->spent += n + 16;
	if (n > EVAL_BYTES_MAX || m->spent > 4 * EVAL_BYTES_MAX)
		return eval_fail(m, "the expression makes too much of it");
	return 0;
}

int eval_scalar(struct machine *m, const struct node *n, struct value *out)
{
	if (eval_spend(m, 0) < 0)
		return -1;
	return n->scalar(m, n, out);
}

int eval_list(struct machine *m, const struct node *n, struct list *out)
{
	struct value v;

	if (n->list) {
		if (n->list(m, n, out) < 0)
			return -1;
		return eval_spend(m, out->n * sizeof(v));
	}
	if (eval_scalar(m, n, &v) < 0)
		return -1;
	list_add(m, out, v);
	return 0;
}

int eval_text(struct machine *m, const struct node *n, struct value *out)
{
	struct value v;

	if (eval_scalar(m, n, &v) < 0)
		return -1;
	*out = value_as_text(m, &v);
	return 0;
}

static void settle_vars(struct eval_parser *p)
{
	for (size_t i = 0; i < p->nvars; i++) {
		const struct var *v = &p->vars[i];

		if (v->is_set && !v->is_mine)
			p->e->sets_globals = true;
		free(v->name);
	}
	free(p->vars);
}

/* 0, or -1 with a message. */
static int parse(struct eval *e, const char *text, size_t len,
		 char *const *groups, size_t ngroups, struct buf *err)
{
	struct eval_parser p = {
		.e = e,
		.groups = groups,
		.ngroups = ngroups,
		.err = err,
	};

	p.text = p.s = arena_memdup0(&e->arena, text, len);
	p.end = p.text + strlen(p.text);
	e->root = eval_parse_block(&p);
	if (e->root && p.s != p.end)
		eval_fail_at(&p, p.s, "is not understood here");
	e->nvars = p.nvars;
	settle_vars(&p);
	return p.failed ? -1 : 0;
}

struct eval *eval_new(const char *text, size_t len, char *const *groups,
		      size_t ngroups, struct eval_perl *perl,
		      struct buf *err)
{
	struct eval *e = xcalloc(1, sizeof(*e));
	struct buf why = BUF_INIT;
	int ret = parse(e, text, len, groups, ngroups, &why);

	e->perl = perl;
	if (perl)
		eval_keep_code(e, text, len, groups, ngroups);
	if (ret < 0 && perl)
		ret = eval_hand_over(e, &why);
	if (ret < 0) {
		buf_addstr(err, why.data);
		eval_free(e);
		e = NULL;
	}
	buf_release(&why);
	return e;
}

struct eval *eval_new_perl(const char *code, size_t len,
			   struct eval_perl *perl, struct buf *err)
{
	struct eval *e = xcalloc(1, sizeof(*e));

	e->perl = perl;
	eval_keep_code(e, code, len, NULL, 0);
	if (eval_hand_over(e, err) == 0)
		return e;
	eval_free(e);
	return NULL;
}

void eval_free(struct eval *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->npatterns; i++)
		pattern_free(e->patterns[i]);
	free(e->patterns);
	arena_release(&e->arena);
	free(e);
}

unsigned eval_wishes(const struct eval *e)
{
	return e->wishes | (eval_needs_perl(e) ? EVAL_PERL : 0);
}

static int run(struct machine *m)
{
	size_t bytes = (m->eval->nvars + 1) * sizeof(*m->vars);
	struct value v;

	for (size_t i = 0; i < PATTERN_SPANS; i++)
		m->spans[i].start = PATTERN_UNSET;
	m->vars = arena_alloc(&m->arena, bytes);
	memset(m->vars, 0, bytes);
	m->topic = value_string(m, m->job->value);
	return eval_scalar(m, m->eval->root, &v);
}

/* Its own failure stands, if perl is not there either. */
static int ask_instead(const struct machine *m, bool is_test, struct buf *out,
		       unsigned *wishes, struct buf *why)
{
	struct buf other = BUF_INIT;
	int ret = -1;

	if (m->is_beyond && m->eval->perl)
		ret = eval_ask(m->eval, m->job, is_test, out, wishes, &other);
	if (other.len) {
		buf_reset(why);
		buf_addstr(why, other.data);
	}
	buf_release(&other);
	return ret;
}

static int run_either(const struct eval *e, const struct eval_job *job,
		      bool is_test, struct buf *out, unsigned *wishes,
		      struct buf *err)
{
	struct buf why = BUF_INIT;
	struct machine m = { .eval = e, .job = job, .err = &why };
	struct value text;
	int ret;

	if (eval_needs_perl(e))
		return eval_ask(e, job, is_test, out, wishes, err);
	ret = run(&m);
	if (ret < 0) {
		ret = ask_instead(&m, is_test, out, wishes, &why);
	} else {
		*wishes |= m.wishes;
		ret = is_test && value_is_true(&m.last);
		text = value_as_text(&m, &m.topic);
		if (!is_test)
			buf_add(out, text.s, text.len);
	}
	if (ret < 0)
		buf_addstr(err, why.data);
	arena_release(&m.arena);
	buf_release(&why);
	return ret;
}

int eval_run(const struct eval *e, const struct eval_job *job,
	     struct buf *out, unsigned *wishes, struct buf *err)
{
	return run_either(e, job, false, out, wishes, err);
}

int eval_test(const struct eval *e, const struct eval_job *job,
	      unsigned *wishes, struct buf *err)
{
	return run_either(e, job, true, NULL, wishes, err);
}
