/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eval_value.c - values as texts and as numbers, the way Perl sees them. */
#include <config.h>

#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input/eval_impl.h"

struct value value_text(struct machine *m, const char *s, size_t len)
{
	return (struct value){
		.kind = VALUE_TEXT,
		.s = arena_memdup0(&m->arena, s, len),
		.len = len,
	};
}

struct value value_string(struct machine *m, const char *s)
{
	return value_text(m, s, strlen(s));
}

struct value value_take(struct machine *m, struct buf *b)
{
	struct value v = value_text(m, b->data, b->len);

	buf_release(b);
	return v;
}

struct value value_int(int64_t i)
{
	return (struct value){ .kind = VALUE_INT, .i = i };
}

struct value value_real(double d)
{
	return (struct value){ .kind = VALUE_REAL, .d = d };
}

struct value value_bool(bool b)
{
	if (b)
		return value_int(1);
	return (struct value){ .kind = VALUE_TEXT, .s = "" };
}

static void add_real(struct buf *out, double d)
{
	if (isnan(d))
		buf_addstr(out, "NaN");
	else if (isinf(d))
		buf_addstr(out, d < 0 ? "-Inf" : "Inf");
	else
		buf_addf(out, "%.15g", d == 0 ? 0 : d);
}

struct value value_as_text(struct machine *m, const struct value *v)
{
	struct buf text = BUF_INIT;

	switch (v->kind) {
	case VALUE_UNDEF:
		return (struct value){ .kind = VALUE_TEXT, .s = "" };
	case VALUE_TEXT:
		return *v;
	case VALUE_INT:
		buf_addf(&text, "%lld", (long long)v->i);
		break;
	case VALUE_REAL:
		add_real(&text, v->d);
		break;
	}
	return value_take(m, &text);
}

/* A number as Perl reads it from a text: what there is of it at its start. */
static struct value parse_number(const char *s)
{
	const char *at;
	const char *digits;
	long long i = 0;
	bool fits = true;

	while (isspace((unsigned char)*s))
		s++;
	at = s + (*s == '-' || *s == '+');
	if (strncasecmp(at, "inf", 3) == 0)
		return value_real(*s == '-' ? -INFINITY : INFINITY);
	if (strncasecmp(at, "nan", 3) == 0)
		return value_real(NAN);
	digits = at;
	for (; isdigit((unsigned char)*at); at++) {
		if (i > (LLONG_MAX - 9) / 10)
			fits = false;
		else
			i = i * 10 + (*at - '0');
	}
	if (at == digits && !(*at == '.' && isdigit((unsigned char)at[1])))
		return value_int(0);
	if (fits && *at != '.' && *at != 'e' && *at != 'E')
		return value_int(*s == '-' ? -i : i);
	/* strtod would take 0x1p3 for more than its 0. */
	if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X'))
		return value_int(0);
	return value_real(strtod(s, NULL));
}

struct value value_as_number(const struct value *v)
{
	switch (v->kind) {
	case VALUE_UNDEF:
		return value_int(0);
	case VALUE_TEXT:
		return parse_number(v->s);
	case VALUE_INT:
	case VALUE_REAL:
		break;
	}
	return *v;
}

double value_as_real(const struct value *v)
{
	struct value n = value_as_number(v);

	return n.kind == VALUE_INT ? (double)n.i : n.d;
}

int64_t value_as_int(const struct value *v)
{
	struct value n = value_as_number(v);

	if (n.kind == VALUE_INT)
		return n.i;
	if (isnan(n.d))
		return 0;
	if (n.d >= 9223372036854775807.0)
		return INT64_MAX;
	if (n.d <= -9223372036854775808.0)
		return INT64_MIN;
	return (int64_t)n.d;
}

bool value_is_true(const struct value *v)
{
	switch (v->kind) {
	case VALUE_UNDEF:
		return false;
	case VALUE_TEXT:
		return v->len > 1 || (v->len == 1 && *v->s != '0');
	case VALUE_INT:
		return v->i != 0;
	case VALUE_REAL:
		return v->d != 0;
	}
	return false;
}

void list_add(struct machine *m, struct list *l, struct value v)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 8;
		struct value *at = arena_alloc(&m->arena, cap * sizeof(*at));

		if (l->n)
			memcpy(at, l->at, l->n * sizeof(*at));
		l->at = at;
		l->cap = cap;
	}
	l->at[l->n++] = v;
}

/* sprintf */

/* One directive: %flags width .precision letter. */
struct directive {
	char flags[8];
	int width;
	int precision;		/* -1: none */
	char letter;
};

static const struct value *next_arg(const struct list *args, size_t *at)
{
	static const struct value none = { .kind = VALUE_UNDEF };

	return *at < args->n ? &args->at[(*at)++] : &none;
}

/* Digits or a *; no more than fits a line. */
static int scan_amount(const char **s, const struct list *args, size_t *at)
{
	int64_t n = 0;

	if (**s == '*') {
		(*s)++;
		n = value_as_int(next_arg(args, at));
	} else {
		for (; isdigit((unsigned char)**s); (*s)++) {
			if (n < 1 << 20)
				n = n * 10 + (**s - '0');
		}
	}
	if (n > 1 << 16)
		return 1 << 16;
	return n < -(1 << 16) ? -(1 << 16) : (int)n;
}

static const char *scan_directive(const char *s, const struct list *args,
				  size_t *at, struct directive *d)
{
	size_t n = 0;

	*d = (struct directive){ .precision = -1 };
	for (; *s && strchr("-+ 0#", *s); s++) {
		if (!strchr(d->flags, *s) && n + 1 < sizeof(d->flags))
			d->flags[n++] = *s;
	}
	d->width = scan_amount(&s, args, at);
	if (*s == '.') {
		s++;
		d->precision = scan_amount(&s, args, at);
		if (d->precision < 0)
			d->precision = -1;
	}
	while (*s && strchr("hlqLV", *s))
		s++;
	d->letter = *s;
	return *s ? s + 1 : s;
}

static void add_padded(struct buf *out, const struct directive *d,
		       const char *s, size_t len)
{
	bool left = strchr(d->flags, '-') || d->width < 0;
	size_t width = (size_t)abs(d->width);
	char fill = strchr(d->flags, '0') && !left ? '0' : ' ';
	size_t pad;

	if (d->letter == 's' && d->precision >= 0 &&
	    (size_t)d->precision < len)
		len = (size_t)d->precision;
	pad = width > len ? width - len : 0;
	if (!left)
		memset(buf_reserve(out, pad), fill, pad), out->len += pad;
	buf_add(out, s, len);
	if (left)
		memset(buf_reserve(out, pad), ' ', pad), out->len += pad;
	out->data[out->len] = '\0';
}

/* %b and %B, which C has not. */
static void add_binary(struct buf *out, struct directive *d, uint64_t n)
{
	struct buf digits = BUF_INIT;
	char text[66];
	size_t at = sizeof(text) - 1;
	size_t len;

	text[at] = '\0';
	do {
		text[--at] = (char)('0' + (n & 1));
		n >>= 1;
	} while (n);
	if (strchr(d->flags, '#') && strcmp(text + at, "0") != 0)
		buf_addf(&digits, "0%c", d->letter);
	len = sizeof(text) - 1 - at;
	for (int i = (int)len; i < d->precision; i++)
		buf_addch(&digits, '0');
	buf_add(&digits, text + at, len);
	add_padded(out, d, digits.data, digits.len);
	buf_release(&digits);
}

static void add_number(struct buf *out, const struct directive *d,
		       const struct value *v)
{
	char fmt[32];
	double real = value_as_real(v);
	bool is_real = strchr("eEfFgGaA", d->letter) != NULL;
	struct buf text = BUF_INIT;

	if (isnan(real) || isinf(real)) {
		struct directive plain = *d;
		char *zero = strchr(plain.flags, '0');

		if (zero)
			*zero = ' ';
		add_real(&text, real);
		add_padded(out, &plain, text.data, text.len);
		buf_release(&text);
		return;
	}
	snprintf(fmt, sizeof(fmt), "%%%s*.*%s%c", d->flags,
		 is_real ? "" : "ll", d->letter == 'i' ? 'd' : d->letter);
	if (is_real)
		buf_addf(out, fmt, d->width, d->precision, real);
	else
		buf_addf(out, fmt, d->width, d->precision,
			 (long long)value_as_int(v));
}

static int add_directive(struct machine *m, struct buf *out,
			 struct directive *d, const struct value *v)
{
	struct value text;
	char c;

	switch (d->letter) {
	case 's':
		text = value_as_text(m, v);
		add_padded(out, d, text.s, text.len);
		return 0;
	case 'c':
		c = (char)value_as_int(v);
		add_padded(out, d, &c, 1);
		return 0;
	case 'b':
	case 'B':
		add_binary(out, d, (uint64_t)value_as_int(v));
		return 0;
	case 'D':
	case 'U':
	case 'O':
		d->letter = (char)tolower((unsigned char)d->letter);
		break;
	}
	if (!d->letter || !strchr("diuoxXeEfFgGaA", d->letter)) {
		m->is_beyond = true;
		return eval_fail(m, "sprintf: '%%%c' is not supported",
				 d->letter);
	}
	add_number(out, d, v);
	return 0;
}

int value_format(struct machine *m, const struct list *args, struct buf *out)
{
	size_t at = 0;
	struct value fmt = value_as_text(m, next_arg(args, &at));
	const char *s = fmt.s;
	struct directive d;

	while (*s) {
		size_t n = strcspn(s, "%");

		buf_add(out, s, n);
		s += n;
		if (!*s)
			break;
		if (*++s == '%') {
			buf_addch(out, *s++);
			continue;
		}
		s = scan_directive(s, args, &at, &d);
		if (add_directive(m, out, &d, next_arg(args, &at)) < 0 ||
		    eval_spend(m, out->len) < 0)
			return -1;
	}
	return 0;
}
