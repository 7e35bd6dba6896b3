/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eval_ops.c - operators, conditions, blocks. */
#include <config.h>

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/maths.h"
#include "input/eval_impl.h"

/* What fits an int64_t for certain. */
#define INT_SAFE	9.2e18

/* Numbers */

/* Real numbers that are whole count as integers where both sides do. */
static struct value whole(const struct value *v)
{
	struct value n = value_as_number(v);

	if (n.kind == VALUE_REAL && n.d == trunc(n.d) && fabs(n.d) < INT_SAFE)
		return value_int((int64_t)n.d);
	return n;
}

static struct value from_unsigned(uint64_t u)
{
	return u > INT64_MAX ? value_real((double)u) : value_int((int64_t)u);
}

static double real_of(const struct value *n)
{
	return n->kind == VALUE_INT ? (double)n->i : n->d;
}

static int both(struct machine *m, const struct node *n, struct value *a,
		struct value *b)
{
	if (eval_scalar(m, n->a, a) < 0)
		return -1;
	return eval_scalar(m, n->b, b);
}

/* + - *: with integers while they fit. */
static int sum(struct machine *m, const struct node *n, struct value *out,
	       char sign)
{
	struct value a, b;
	double x, y, r;

	if (both(m, n, &a, &b) < 0)
		return -1;
	a = whole(&a);
	b = whole(&b);
	x = real_of(&a);
	y = real_of(&b);
	r = sign == '+' ? x + y : sign == '-' ? x - y : x * y;
	if (a.kind != VALUE_INT || b.kind != VALUE_INT || fabs(r) > INT_SAFE)
		*out = value_real(r);
	else if (sign == '+')
		*out = value_int(a.i + b.i);
	else
		*out = value_int(sign == '-' ? a.i - b.i : a.i * b.i);
	return 0;
}

static int do_add(struct machine *m, const struct node *n, struct value *out)
{
	return sum(m, n, out, '+');
}

static int do_sub(struct machine *m, const struct node *n, struct value *out)
{
	return sum(m, n, out, '-');
}

static int do_mul(struct machine *m, const struct node *n, struct value *out)
{
	return sum(m, n, out, '*');
}

static int do_div(struct machine *m, const struct node *n, struct value *out)
{
	struct value a, b;

	if (both(m, n, &a, &b) < 0)
		return -1;
	if (value_as_real(&b) == 0)
		return eval_fail(m, "division by zero");
	*out = value_real(value_as_real(&a) / value_as_real(&b));
	return 0;
}

static int do_mod(struct machine *m, const struct node *n, struct value *out)
{
	struct value a, b;
	int64_t x, y, r;

	if (both(m, n, &a, &b) < 0)
		return -1;
	x = value_as_int(&a);
	y = value_as_int(&b);
	if (y == 0)
		return eval_fail(m, "division by zero");
	r = y == -1 ? 0 : x % y;
	if (r && (r < 0) != (y < 0))
		r += y;
	*out = value_int(r);
	return 0;
}

static int do_pow(struct machine *m, const struct node *n, struct value *out)
{
	struct value a, b;
	double r;

	if (both(m, n, &a, &b) < 0)
		return -1;
	a = whole(&a);
	b = whole(&b);
	if (eval_need_maths(m) < 0)
		return -1;
	r = maths->pow(real_of(&a), real_of(&b));
	*out = value_real(r);
	if (a.kind == VALUE_INT && b.kind == VALUE_INT &&
	    fabs(r) < 9007199254740992.0)
		*out = whole(out);
	return 0;
}

static int bits(struct machine *m, const struct node *n, struct value *out,
		char sign)
{
	struct value a, b;
	uint64_t x, y;

	if (both(m, n, &a, &b) < 0)
		return -1;
	x = (uint64_t)value_as_int(&a);
	y = (uint64_t)value_as_int(&b);
	if (sign == '<')
		x = y < 64 ? x << y : 0;
	else if (sign == '>')
		x = y < 64 ? x >> y : 0;
	else if (sign == '&')
		x &= y;
	else
		x = sign == '|' ? x | y : x ^ y;
	*out = from_unsigned(x);
	return 0;
}

static int do_shl(struct machine *m, const struct node *n, struct value *out)
{
	return bits(m, n, out, '<');
}

static int do_shr(struct machine *m, const struct node *n, struct value *out)
{
	return bits(m, n, out, '>');
}

static int do_and(struct machine *m, const struct node *n, struct value *out)
{
	return bits(m, n, out, '&');
}

static int do_or(struct machine *m, const struct node *n, struct value *out)
{
	return bits(m, n, out, '|');
}

static int do_xor(struct machine *m, const struct node *n, struct value *out)
{
	return bits(m, n, out, '^');
}

int eval_do_minus(struct machine *m, const struct node *n, struct value *out)
{
	struct value v;
	struct buf text = BUF_INIT;

	if (eval_scalar(m, n->a, &v) < 0)
		return -1;
	/* A word becomes an option: -"foo" is "-foo". */
	if (v.kind == VALUE_TEXT && v.len &&
	    (isalpha((unsigned char)*v.s) || *v.s == '_')) {
		buf_addch(&text, '-');
		buf_add(&text, v.s, v.len);
		*out = value_take(m, &text);
		return 0;
	}
	v = value_as_number(&v);
	if (v.kind == VALUE_INT && v.i != INT64_MIN)
		*out = value_int(-v.i);
	else
		*out = value_real(-real_of(&v));
	return 0;
}

int eval_do_plus(struct machine *m, const struct node *n, struct value *out)
{
	return eval_scalar(m, n->a, out);
}

/* Texts */

int eval_do_concat(struct machine *m, const struct node *n, struct value *out)
{
	struct buf text = BUF_INIT;
	struct value v;

	for (size_t i = 0; i < n->nkids; i++) {
		if (eval_text(m, n->kids[i], &v) < 0 ||
		    eval_spend(m, text.len + v.len) < 0) {
			buf_release(&text);
			return -1;
		}
		buf_add(&text, v.s, v.len);
	}
	*out = value_take(m, &text);
	return 0;
}

static int do_dot(struct machine *m, const struct node *n, struct value *out)
{
	struct node *kids[] = { n->a, n->b };
	struct node both_of = { .kids = kids, .nkids = 2 };

	return eval_do_concat(m, &both_of, out);
}

static int do_repeat(struct machine *m, const struct node *n,
		     struct value *out)
{
	struct buf text = BUF_INIT;
	struct value a, b;
	int64_t times;

	if (both(m, n, &a, &b) < 0)
		return -1;
	a = value_as_text(m, &a);
	times = value_as_int(&b);
	if (times < 0 || a.len == 0)
		times = 0;
	if (times && a.len > EVAL_BYTES_MAX / (size_t)times)
		return eval_spend(m, SIZE_MAX - 64);
	if (eval_spend(m, a.len * (size_t)times) < 0)
		return -1;
	while (times-- > 0)
		buf_add(&text, a.s, a.len);
	*out = value_take(m, &text);
	return 0;
}

/* (list) x times */
int eval_all_repeat(struct machine *m, const struct node *n, struct list *out)
{
	struct list l = { .n = 0 };
	struct value times;

	if (eval_list(m, n->a, &l) < 0 || eval_scalar(m, n->b, &times) < 0)
		return -1;
	for (int64_t i = value_as_int(&times); i > 0 && l.n; i--) {
		if (eval_spend(m, l.n * sizeof(*l.at)) < 0)
			return -1;
		for (size_t k = 0; k < l.n; k++)
			list_add(m, out, l.at[k]);
	}
	return 0;
}

/* \U \L \Q \u \l in quotes. */
int eval_do_case(struct machine *m, const struct node *n, struct value *out)
{
	struct buf text = BUF_INIT;
	struct value v;

	if (eval_text(m, n->a, &v) < 0)
		return -1;
	for (size_t i = 0; i < v.len; i++) {
		unsigned char c = (unsigned char)v.s[i];

		if (n->var == 'U' || (n->var == 'u' && i == 0))
			c = (unsigned char)toupper(c);
		else if (n->var == 'L' || (n->var == 'l' && i == 0))
			c = (unsigned char)tolower(c);
		else if (n->var == 'Q' && !isalnum(c) && c != '_')
			buf_addch(&text, '\\');
		buf_addch(&text, (char)c);
	}
	*out = value_take(m, &text);
	return 0;
}

/* Comparing */

static int compare_texts(struct machine *m, const struct node *n, int *order)
{
	struct value a, b;
	size_t len;

	if (eval_text(m, n->a, &a) < 0 || eval_text(m, n->b, &b) < 0)
		return -1;
	len = a.len < b.len ? a.len : b.len;
	*order = memcmp(a.s, b.s, len);
	if (*order == 0)
		*order = (a.len > b.len) - (a.len < b.len);
	return 0;
}

/* 2: one of them is no number. */
static int compare_numbers(struct machine *m, const struct node *n, int *order)
{
	struct value a, b;

	if (both(m, n, &a, &b) < 0)
		return -1;
	a = value_as_number(&a);
	b = value_as_number(&b);
	if (a.kind == VALUE_INT && b.kind == VALUE_INT)
		*order = (a.i > b.i) - (a.i < b.i);
	else if (isnan(real_of(&a)) || isnan(real_of(&b)))
		*order = 2;
	else
		*order = (real_of(&a) > real_of(&b)) -
			 (real_of(&a) < real_of(&b));
	return 0;
}

#define COMPARISON(name, how, test)					\
	static int name(struct machine *m, const struct node *n,	\
			struct value *out)				\
	{								\
		int order;						\
									\
		if (how(m, n, &order) < 0)				\
			return -1;					\
		*out = value_bool(test);				\
		return 0;						\
	}

COMPARISON(do_eq, compare_texts, order == 0)
COMPARISON(do_ne, compare_texts, order != 0)
COMPARISON(do_lt, compare_texts, order < 0)
COMPARISON(do_le, compare_texts, order <= 0)
COMPARISON(do_gt, compare_texts, order > 0)
COMPARISON(do_ge, compare_texts, order >= 0)
COMPARISON(do_num_eq, compare_numbers, order == 0)
COMPARISON(do_num_ne, compare_numbers, order != 0)
COMPARISON(do_num_lt, compare_numbers, order < 0)
COMPARISON(do_num_le, compare_numbers, order <= 0)
COMPARISON(do_num_gt, compare_numbers, order == 1)
COMPARISON(do_num_ge, compare_numbers, order == 0 || order == 1)

static int do_cmp(struct machine *m, const struct node *n, struct value *out)
{
	int order;

	if (compare_texts(m, n, &order) < 0)
		return -1;
	*out = value_int((order > 0) - (order < 0));
	return 0;
}

static int do_num_cmp(struct machine *m, const struct node *n,
		      struct value *out)
{
	int order;

	if (compare_numbers(m, n, &order) < 0)
		return -1;
	*out = value_int(order);
	if (order == 2)
		*out = (struct value){ .kind = VALUE_UNDEF };
	return 0;
}

/* Conditions */

static int do_and_then(struct machine *m, const struct node *n,
		       struct value *out)
{
	if (eval_scalar(m, n->a, out) < 0)
		return -1;
	return value_is_true(out) ? eval_scalar(m, n->b, out) : 0;
}

static int do_or_else(struct machine *m, const struct node *n,
		      struct value *out)
{
	if (eval_scalar(m, n->a, out) < 0)
		return -1;
	return value_is_true(out) ? 0 : eval_scalar(m, n->b, out);
}

static int do_defined_or(struct machine *m, const struct node *n,
			 struct value *out)
{
	if (eval_scalar(m, n->a, out) < 0)
		return -1;
	return out->kind == VALUE_UNDEF ? eval_scalar(m, n->b, out) : 0;
}

static int do_either(struct machine *m, const struct node *n,
		     struct value *out)
{
	struct value a, b;

	if (both(m, n, &a, &b) < 0)
		return -1;
	*out = value_bool(value_is_true(&a) != value_is_true(&b));
	return 0;
}

int eval_do_not(struct machine *m, const struct node *n, struct value *out)
{
	struct value v;

	if (eval_scalar(m, n->a, &v) < 0)
		return -1;
	*out = value_bool(!value_is_true(&v));
	return 0;
}

int eval_do_ternary(struct machine *m, const struct node *n,
		    struct value *out)
{
	struct value v;

	if (eval_scalar(m, n->a, &v) < 0)
		return -1;
	return eval_scalar(m, value_is_true(&v) ? n->b : n->c, out);
}

int eval_all_ternary(struct machine *m, const struct node *n,
		     struct list *out)
{
	struct value v;

	if (eval_scalar(m, n->a, &v) < 0)
		return -1;
	return eval_list(m, value_is_true(&v) ? n->b : n->c, out);
}

/* Conditions and blocks in turn; one more block is the else. */
int eval_do_if(struct machine *m, const struct node *n, struct value *out)
{
	struct value v;
	size_t i;

	for (i = 0; i + 1 < n->nkids; i += 2) {
		if (eval_scalar(m, n->kids[i], &v) < 0)
			return -1;
		if (value_is_true(&v))
			return eval_scalar(m, n->kids[i + 1], out);
		*out = v;
	}
	return i < n->nkids ? eval_scalar(m, n->kids[i], out) : 0;
}

int eval_do_block(struct machine *m, const struct node *n, struct value *out)
{
	*out = (struct value){ .kind = VALUE_UNDEF };
	for (size_t i = 0; i < n->nkids; i++) {
		if (eval_scalar(m, n->kids[i], out) < 0)
			return -1;
	}
	m->last = *out;
	return 0;
}

/* What a round has made of the variable goes back to what it stood for. */
static int write_back(struct machine *m, const struct node *of, size_t i,
		      struct value v)
{
	if (of->kind == NODE_LIST && of->nkids == 1)
		of = of->kids[0];
	if (of->kind == NODE_ARRAY && of->var != EVAL_ARG &&
	    i < m->vars[of->var].list.n)
		m->vars[of->var].list.at[i] = v;
	else if (of->kind == NODE_TOPIC || of->kind == NODE_SCALAR)
		return eval_assign(m, of, v);
	return 0;
}

/* a: the list; b: the block; c: the variable, or NULL for $_. */
int eval_do_foreach(struct machine *m, const struct node *n,
		    struct value *out)
{
	struct value before = m->topic;
	struct list l = { .n = 0 };

	*out = (struct value){ .kind = VALUE_UNDEF };
	if (eval_list(m, n->a, &l) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++) {
		if (n->c)
			m->vars[n->c->var].value = l.at[i];
		else
			m->topic = l.at[i];
		if (eval_scalar(m, n->b, out) < 0)
			return -1;
		l.at[i] = n->c ? m->vars[n->c->var].value : m->topic;
		if (!n->c)
			m->topic = before;
		if (write_back(m, n->a, i, l.at[i]) < 0)
			return -1;
		before = m->topic;
	}
	return 0;
}

/* The looser, the lower. No sign comes behind one that it begins with. */
const struct eval_binary eval_binaries[] = {
	{ "xor", 1, do_either },
	{ "or", 1, do_or_else },
	{ "and", 2, do_and_then },
	{ "||", 5, do_or_else },
	{ "//", 5, do_defined_or },
	{ "&&", 6, do_and_then },
	{ "|", 7, do_or },
	{ "^", 7, do_xor },
	{ "&", 8, do_and },
	{ "<=>", 9, do_num_cmp },
	{ "==", 9, do_num_eq },
	{ "!=", 9, do_num_ne },
	{ "eq", 9, do_eq },
	{ "ne", 9, do_ne },
	{ "cmp", 9, do_cmp },
	{ "<<", 11, do_shl },
	{ ">>", 11, do_shr },
	{ "<=", 10, do_num_le },
	{ ">=", 10, do_num_ge },
	{ "<", 10, do_num_lt },
	{ ">", 10, do_num_gt },
	{ "lt", 10, do_lt },
	{ "le", 10, do_le },
	{ "gt", 10, do_gt },
	{ "ge", 10, do_ge },
	{ "+", 12, do_add },
	{ "-", 12, do_sub },
	{ ".", 12, do_dot },
	{ "**", 15, do_pow },
	{ "*", 13, do_mul },
	{ "/", 13, do_div },
	{ "%", 13, do_mod },
	{ "x", 13, do_repeat },
};

const size_t eval_nbinaries = ARRAY_SIZE(eval_binaries);
