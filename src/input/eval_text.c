/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eval_text.c - functions of one text or number, which they have in n->a. */
#include <config.h>

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/maths.h"
#include "input/braces.h"
#include "input/eval_impl.h"
#include "input/shquote.h"

#define UNDEF	((struct value){ .kind = VALUE_UNDEF })

int eval_do_length(struct machine *m, const struct node *n,
		  struct value *out)
{
	struct value v;

	if (eval_scalar(m, n->a, &v) < 0)
		return -1;
	*out = UNDEF;
	if (v.kind != VALUE_UNDEF)
		*out = value_int((int64_t)value_as_text(m, &v).len);
	return 0;
}

int eval_do_defined(struct machine *m, const struct node *n,
		  struct value *out)
{
	struct value v;

	if (eval_scalar(m, n->a, &v) < 0)
		return -1;
	*out = value_bool(v.kind != VALUE_UNDEF);
	return 0;
}

int eval_do_scalar(struct machine *m, const struct node *n,
		  struct value *out)
{
	return eval_scalar(m, n->a, out);
}

int eval_need_maths(struct machine *m)
{
	struct buf why = BUF_INIT;
	int ret = maths_load(&why);

	if (ret < 0)
		eval_fail(m, "%s", why.data);
	buf_release(&why);
	return ret;
}

/* var: the letter of the function of the real numbers. */
int eval_do_real(struct machine *m, const struct node *n, struct value *out)
{
	struct value v;
	double d;

	if (eval_scalar(m, n->a, &v) < 0)
		return -1;
	d = value_as_real(&v);
	if ((n->var == 'q' && d < 0) || (n->var == 'l' && d <= 0))
		return eval_fail(m, "%s of %g", n->var == 'q' ? "sqrt" : "log",
				 d);
	if (n->var != 'q' && eval_need_maths(m) < 0)
		return -1;
	switch (n->var) {
	case 'q':
		d = sqrt(d);
		break;
	case 'l':
		d = maths->log(d);
		break;
	case 'e':
		d = maths->exp(d);
		break;
	case 's':
		d = maths->sin(d);
		break;
	case 'c':
		d = maths->cos(d);
		break;
	}
	*out = value_real(d);
	return 0;
}

int eval_do_int(struct machine *m, const struct node *n, struct value *out)
{
	struct value v;

	if (eval_scalar(m, n->a, &v) < 0)
		return -1;
	*out = value_as_number(&v);
	if (out->kind == VALUE_REAL) {
		out->d = trunc(out->d);
		if (fabs(out->d) < 9e18)
			*out = value_int((int64_t)out->d);
	}
	return 0;
}

int eval_do_abs(struct machine *m, const struct node *n, struct value *out)
{
	struct value v;

	if (eval_scalar(m, n->a, &v) < 0)
		return -1;
	*out = value_as_number(&v);
	if (out->kind == VALUE_REAL)
		out->d = fabs(out->d);
	else if (out->i < 0 && out->i != INT64_MIN)
		out->i = -out->i;
	return 0;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

/* hex (var 16) and oct (var 8): 0x, 0b, 0o before it say so. */
int eval_do_hex(struct machine *m, const struct node *n, struct value *out)
{
	struct value v;
	const char *s;
	int base = (int)n->var;
	uint64_t sum = 0;

	if (eval_text(m, n->a, &v) < 0)
		return -1;
	s = v.s;
	while (isspace((unsigned char)*s))
		s++;
	if (*s == '0' && s[1])
		s++;
	if (tolower((unsigned char)*s) == 'x')
		base = 16, s++;
	else if (n->var == 8 && tolower((unsigned char)*s) == 'b')
		base = 2, s++;
	else if (n->var == 8 && tolower((unsigned char)*s) == 'o')
		s++;
	for (; digit_of(*s) < base || *s == '_'; s++) {
		if (*s != '_')
			sum = sum * (unsigned)base + (unsigned)digit_of(*s);
	}
	*out = sum > INT64_MAX ? value_real((double)sum)
			       : value_int((int64_t)sum);
	return 0;
}

int eval_do_ord(struct machine *m, const struct node *n, struct value *out)
{
	struct value v;

	if (eval_text(m, n->a, &v) < 0)
		return -1;
	*out = value_int((unsigned char)*v.s);
	return 0;
}

int eval_do_chr(struct machine *m, const struct node *n, struct value *out)
{
	struct value v;
	int64_t c;
	char byte;

	if (eval_scalar(m, n->a, &v) < 0)
		return -1;
	c = value_as_int(&v);
	m->is_beyond = c > 255;
	if (c < 0 || c > 255)
		return eval_fail(m, "chr(%lld) is not a byte", (long long)c);
	byte = (char)c;
	*out = value_text(m, &byte, 1);
	return 0;
}

/* var: 1 only a newline, 0 any byte */
int eval_do_chop(struct machine *m, const struct node *n, struct value *out)
{
	struct value v;

	if (eval_text(m, n->a, &v) < 0)
		return -1;
	*out = n->var ? value_int(0) : value_bool(false);
	if (v.len == 0 || (n->var && v.s[v.len - 1] != '\n'))
		return 0;
	*out = n->var ? value_int(1) : value_text(m, v.s + v.len - 1, 1);
	return eval_assign(m, n->a, value_text(m, v.s, v.len - 1));
}

int eval_do_shell_quote(struct machine *m, const struct node *n,
		  struct value *out)
{
	struct buf text = BUF_INIT;
	struct value v;

	if (eval_text(m, n->a, &v) < 0)
		return -1;
	shquote_add(&text, v.s, v.len, QUOTE_PLAIN, SHELL_SH);
	*out = value_take(m, &text);
	return 0;
}

/* pQ: for a text of Perl in double quotes. */
int eval_do_perl_quote(struct machine *m, const struct node *n,
		  struct value *out)
{
	struct buf text = BUF_INIT;
	struct value v;

	if (eval_text(m, n->a, &v) < 0)
		return -1;
	for (size_t i = 0; i < v.len; i++) {
		if (v.s[i] && strchr("\\\"$@", v.s[i]))
			buf_addch(&text, '\\');
		buf_addch(&text, v.s[i]);
	}
	*out = value_take(m, &text);
	return 0;
}

/* var: the path form of braces.h */
int eval_do_path(struct machine *m, const struct node *n, struct value *out)
{
	struct value v;
	const char *s;
	size_t len;

	if (eval_text(m, n->a, &v) < 0)
		return -1;
	s = braces_path(v.s, (char)n->var, &len);
	*out = value_text(m, s, len);
	return 0;
}

/* $_ in the path form that is asked for. */
int eval_do_path_form(struct machine *m, const struct node *n,
		  struct value *out)
{
	struct value topic = value_as_text(m, &m->topic);
	struct value form;
	const char *s;
	size_t len;

	if (eval_text(m, n->a, &form) < 0)
		return -1;
	s = braces_path(topic.s, *form.s, &len);
	*out = value_text(m, s, len);
	return 0;
}

/* A regular expression that takes as little as it can. */
int eval_do_ungreedy(struct machine *m, const struct node *n,
		  struct value *out)
{
	struct buf text = BUF_INIT;
	struct value v;
	bool in_class = false;

	if (eval_text(m, n->a, &v) < 0)
		return -1;
	for (size_t i = 0; i < v.len; i++) {
		char c = v.s[i];

		buf_addch(&text, c);
		if (c == '\\' && i + 1 < v.len)
			buf_addch(&text, v.s[++i]);
		else if (in_class || c == '[')
			in_class = c != ']';
		else if (strchr("*+}", c) && v.s[i + 1] != '?')
			buf_addch(&text, '?');
	}
	*out = value_take(m, &text);
	return 0;
}
