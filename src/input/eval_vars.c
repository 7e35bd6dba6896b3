/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eval_vars.c - variables and lists, and what is assigned to them. */
#include <config.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "input/eval_impl.h"

/* Variables */

int eval_do_const(struct machine *m, const struct node *n, struct value *out)
{
	(void)m;
	*out = n->value;
	return 0;
}

int eval_do_topic(struct machine *m, const struct node *n, struct value *out)
{
	(void)n;
	*out = m->topic;
	return 0;
}

int eval_do_var(struct machine *m, const struct node *n, struct value *out)
{
	*out = m->vars[n->var].value;
	return 0;
}

/* my $x without a value */
int eval_do_unset(struct machine *m, const struct node *n, struct value *out)
{
	m->vars[n->var] = (struct slot){ .value = { .kind = VALUE_UNDEF } };
	*out = m->vars[n->var].value;
	return 0;
}

/* @arg is not among the variables, and $arg[0] is nothing. */
static void read_array(struct machine *m, const struct node *n,
		       struct list *out)
{
	if (n->var != EVAL_ARG) {
		*out = m->vars[n->var].list;
		return;
	}
	*out = (struct list){ .n = 0 };
	list_add(m, out, (struct value){ .kind = VALUE_UNDEF });
	for (size_t i = 0; i < m->job->n; i++)
		list_add(m, out, value_string(m, m->job->values[i]));
}

/* How many read_array would give. Packed jobs have thousands of values, each of
 * which asks: so nothing is listed. */
static size_t array_size(const struct machine *m, const struct node *n)
{
	return n->var == EVAL_ARG ? m->job->n + 1 : m->vars[n->var].list.n;
}

static struct value element(const struct list *l, int64_t at)
{
	if (at < 0)
		at += (int64_t)l->n;
	if (at < 0 || (uint64_t)at >= l->n)
		return (struct value){ .kind = VALUE_UNDEF };
	return l->at[at];
}

/* The same of what read_array would give. */
static struct value element_of(struct machine *m, const struct node *n,
			       int64_t at)
{
	int64_t size = (int64_t)array_size(m, n);

	if (n->var != EVAL_ARG)
		return element(&m->vars[n->var].list, at);
	if (at < 0)
		at += size;
	if (at <= 0 || at >= size)
		return (struct value){ .kind = VALUE_UNDEF };
	return value_string(m, m->job->values[at - 1]);
}

int eval_do_element(struct machine *m, const struct node *n,
		    struct value *out)
{
	struct value at;

	if (eval_scalar(m, n->a, &at) < 0)
		return -1;
	*out = element_of(m, n, value_as_int(&at));
	return 0;
}

int eval_do_array(struct machine *m, const struct node *n, struct value *out)
{
	*out = value_int((int64_t)array_size(m, n));
	return 0;
}

int eval_all_array(struct machine *m, const struct node *n, struct list *out)
{
	struct list l;

	read_array(m, n, &l);
	for (size_t i = 0; i < l.n; i++)
		list_add(m, out, l.at[i]);
	return 0;
}

/* $#name */
int eval_do_count(struct machine *m, const struct node *n, struct value *out)
{
	*out = value_int((int64_t)array_size(m, n) - 1);
	return 0;
}

/* "@name" */
int eval_do_join_array(struct machine *m, const struct node *n,
		       struct value *out)
{
	struct buf text = BUF_INIT;
	struct list l = { .n = 0 };

	if (eval_list(m, n->a, &l) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++) {
		struct value v = value_as_text(m, &l.at[i]);

		if (i)
			buf_addch(&text, ' ');
		buf_add(&text, v.s, v.len);
	}
	*out = value_take(m, &text);
	return 0;
}

/* $1 and, as 0, $& */
int eval_do_group(struct machine *m, const struct node *n, struct value *out)
{
	const struct span *at = &m->spans[n->var < PATTERN_SPANS ? n->var : 0];

	*out = (struct value){ .kind = VALUE_UNDEF };
	if (n->var < PATTERN_SPANS && at->start != PATTERN_UNSET)
		*out = value_text(m, m->subject.s + at->start,
				  at->end - at->start);
	return 0;
}

int eval_do_env(struct machine *m, const struct node *n, struct value *out)
{
	struct value name;
	const char *value;

	if (eval_text(m, n->a, &name) < 0)
		return -1;
	value = getenv(name.s);
	*out = (struct value){ .kind = VALUE_UNDEF };
	if (value)
		*out = value_string(m, value);
	return 0;
}

/* Lists */

int eval_do_comma(struct machine *m, const struct node *n, struct value *out)
{
	*out = (struct value){ .kind = VALUE_UNDEF };
	for (size_t i = 0; i < n->nkids; i++) {
		if (eval_scalar(m, n->kids[i], out) < 0)
			return -1;
	}
	return 0;
}

int eval_all_comma(struct machine *m, const struct node *n, struct list *out)
{
	for (size_t i = 0; i < n->nkids; i++) {
		if (eval_list(m, n->kids[i], out) < 0)
			return -1;
	}
	return 0;
}

/* (a)[b] */
int eval_all_slice(struct machine *m, const struct node *n, struct list *out)
{
	struct list of = { .n = 0 };
	struct list at = { .n = 0 };

	if (eval_list(m, n->a, &of) < 0 || eval_list(m, n->b, &at) < 0)
		return -1;
	for (size_t i = 0; i < at.n && of.n; i++)
		list_add(m, out, element(&of, value_as_int(&at.at[i])));
	return 0;
}

int eval_do_slice(struct machine *m, const struct node *n, struct value *out)
{
	struct list l = { .n = 0 };

	if (eval_all_slice(m, n, &l) < 0)
		return -1;
	*out = element(&l, -1);
	return 0;
}

int eval_all_range(struct machine *m, const struct node *n, struct list *out)
{
	struct value a, b;
	int64_t from, to;

	if (eval_scalar(m, n->a, &a) < 0 || eval_scalar(m, n->b, &b) < 0)
		return -1;
	if (a.kind == VALUE_TEXT && a.len && isalpha((unsigned char)*a.s))
		return eval_beyond(m, "'..' between words");
	from = value_as_int(&a);
	to = value_as_int(&b);
	if (to >= from && (uint64_t)to - (uint64_t)from >= EVAL_LIST_MAX)
		return eval_fail(m, "the list of '..' is too long");
	for (; from <= to; from++)
		list_add(m, out, value_int(from));
	return 0;
}

int eval_do_range(struct machine *m, const struct node *n, struct value *out)
{
	(void)n;
	(void)out;
	m->is_beyond = true;
	return eval_fail(m, "'..' is supported in lists only");
}

/* Assigning */

static int assign_element(struct machine *m, const struct node *to,
			  struct value v)
{
	struct list *l = &m->vars[to->var].list;
	struct value at;
	int64_t i;

	if (eval_scalar(m, to->a, &at) < 0)
		return -1;
	i = value_as_int(&at);
	if (i < 0)
		i += (int64_t)l->n;
	if (i < 0 || (uint64_t)i >= EVAL_LIST_MAX)
		return eval_fail(m, "no such element of an array");
	if (eval_spend(m, ((uint64_t)i > l->n ? (size_t)i - l->n : 0) *
		       sizeof(v)) < 0)
		return -1;
	while (l->n <= (uint64_t)i)
		list_add(m, l, (struct value){ .kind = VALUE_UNDEF });
	l->at[i] = v;
	return 0;
}

/* What substr(a, b, c) covers of a text. -1 when that lies outside. */
static int substr_bounds(struct machine *m, const struct node *n,
			 const struct value *text, size_t *from, size_t *len)
{
	int64_t size = (int64_t)text->len;
	int64_t start, end;
	struct value v;

	if (eval_scalar(m, n->b, &v) < 0)
		return -1;
	start = value_as_int(&v);
	if (start < 0)
		start += size;
	end = size;
	if (n->c) {
		if (eval_scalar(m, n->c, &v) < 0)
			return -1;
		end = value_as_int(&v);
		if (end > size)
			end = size;
		end += end < 0 ? size : start;
	}
	if (start > size || (start < 0 && end < 0))
		return 1;
	if (start < 0)
		start = 0;
	if (end > size)
		end = size;
	*from = (size_t)start;
	*len = end > start ? (size_t)(end - start) : 0;
	return 0;
}

/* kids[0], if there: the replacement. */
static int do_substr(struct machine *m, const struct node *n,
		     struct value *out)
{
	struct value text;
	size_t from, len;
	int ret;

	if (eval_text(m, n->a, &text) < 0)
		return -1;
	ret = substr_bounds(m, n, &text, &from, &len);
	if (ret < 0)
		return -1;
	*out = (struct value){ .kind = VALUE_UNDEF };
	if (ret == 0)
		*out = value_text(m, text.s + from, len);
	return 0;
}

static int assign_substr(struct machine *m, const struct node *to,
			 struct value v)
{
	struct buf b = BUF_INIT;
	struct value text;
	size_t from, len;
	int ret;

	if (eval_text(m, to->a, &text) < 0)
		return -1;
	ret = substr_bounds(m, to, &text, &from, &len);
	if (ret > 0)
		return eval_fail(m, "substr: outside of the text");
	if (ret < 0)
		return -1;
	v = value_as_text(m, &v);
	buf_add(&b, text.s, from);
	buf_add(&b, v.s, v.len);
	buf_add(&b, text.s + from + len, text.len - from - len);
	return eval_assign(m, to->a, value_take(m, &b));
}

int eval_do_substr(struct machine *m, const struct node *n,
		   struct value *out)
{
	struct value with;

	if (do_substr(m, n, out) < 0)
		return -1;
	if (n->nkids == 0)
		return 0;
	if (eval_text(m, n->kids[0], &with) < 0)
		return -1;
	return assign_substr(m, n, with);
}

int eval_assign(struct machine *m, const struct node *to, struct value v)
{
	switch (to->kind) {
	case NODE_TOPIC:
		m->topic = v;
		return 0;
	case NODE_SCALAR:
		m->vars[to->var].value = v;
		return 0;
	case NODE_ELEMENT:
		return assign_element(m, to, v);
	case NODE_SUBSTR:
		return assign_substr(m, to, v);
	case NODE_VALUE:
	case NODE_ARRAY:
	case NODE_LIST:
	case NODE_MATCH:
		break;
	}
	BUG("assignment to what takes none");
}

int eval_do_assign(struct machine *m, const struct node *n, struct value *out)
{
	if (eval_scalar(m, n->b, out) < 0)
		return -1;
	return eval_assign(m, n->a, *out);
}

/* All that n->b gives, to an array or to the variables of a list. */
static int assign_all(struct machine *m, const struct node *n, struct list *l)
{
	size_t at = 0;

	if (eval_list(m, n->b, l) < 0)
		return -1;
	if (n->a->kind == NODE_ARRAY) {
		m->vars[n->a->var].list = *l;
		return 0;
	}
	for (size_t i = 0; i < n->a->nkids; i++) {
		const struct node *to = n->a->kids[i];

		if (to->kind == NODE_ARRAY) {
			struct list rest = { .n = 0 };

			while (at < l->n)
				list_add(m, &rest, l->at[at++]);
			m->vars[to->var].list = rest;
		} else if (eval_assign(m, to, element(l, (int64_t)at++)) < 0) {
			return -1;
		}
	}
	return 0;
}

int eval_do_assign_list(struct machine *m, const struct node *n,
			struct value *out)
{
	struct list l = { .n = 0 };

	if (assign_all(m, n, &l) < 0)
		return -1;
	*out = value_int((int64_t)l.n);
	return 0;
}

int eval_all_assign(struct machine *m, const struct node *n, struct list *out)
{
	return assign_all(m, n, out);
}

/* "az" to "ba", "Zz" to "AAa", "a9" to "b0". */
static bool step_word(struct machine *m, struct value *v)
{
	size_t letters = 0;
	size_t i;
	char *s;

	while (letters < v->len && isalpha((unsigned char)v->s[letters]))
		letters++;
	i = letters;
	while (i < v->len && isdigit((unsigned char)v->s[i]))
		i++;
	if (i < v->len || letters == 0)
		return false;
	s = arena_alloc(&m->arena, v->len + 2);
	memcpy(s + 1, v->s, v->len + 1);
	for (i = v->len; i > 0; i--) {
		if (s[i] != 'z' && s[i] != 'Z' && s[i] != '9') {
			s[i]++;
			break;
		}
		s[i] = s[i] == '9' ? '0' : s[i] == 'z' ? 'a' : 'A';
	}
	*v = value_text(m, s + 1, v->len);
	if (i == 0) {
		s[0] = s[1] == '0' ? '1' : s[1];
		*v = value_text(m, s, v->len + 1);
	}
	return true;
}

/* flags: 1 before the variable, 2 down */
int eval_do_step(struct machine *m, const struct node *n, struct value *out)
{
	struct value before, after;

	if (eval_scalar(m, n->a, &before) < 0)
		return -1;
	after = before;
	if ((n->flags & 2) || before.kind != VALUE_TEXT ||
	    !step_word(m, &after)) {
		after = value_as_number(&before);
		if (after.kind == VALUE_INT && after.i < INT64_MAX &&
		    after.i > INT64_MIN)
			after.i += n->flags & 2 ? -1 : 1;
		else
			after = value_real(value_as_real(&after) +
					   (n->flags & 2 ? -1 : 1));
	}
	if (before.kind == VALUE_UNDEF)
		before = value_int(0);
	*out = n->flags & 1 ? after : before;
	return eval_assign(m, n->a, after);
}
