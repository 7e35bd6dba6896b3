/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ere.c - see ere.h. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "input/ere.h"

struct ere {
	regex_t regex;
	size_t groups;
};

/* While an expression is translated. */
struct translator {
	const char *s;		/* what is left */
	struct buf *out;
	unsigned flags;
	bool in_bracket;
	struct ere_refusal *r;
};

static const struct {
	const char *set;	/* in brackets */
	char letter;
	bool is_negated;
} classes[] = {
	{ "0-9", 'd', false }, { "0-9", 'D', true },
	{ "[:alnum:]_", 'w', false }, { "[:alnum:]_", 'W', true },
	{ "[:space:]", 's', false }, { "[:space:]", 'S', true },
	{ "[:blank:]", 'h', false },
};

static int refuse(struct translator *t, const char *what, size_t len)
{
	t->r->at = what;
	t->r->len = len;
	return -1;
}

/* One byte that stands for itself. */
static void add_literal(struct translator *t, char c)
{
	if (!t->in_bracket && strchr("\\^$.[]|()*+?{}", c))
		buf_addch(t->out, '\\');
	buf_addch(t->out, c);
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)((at - digits) % 16) : -1;
}

/* \xHH, s at the x. */
static int add_hex(struct translator *t)
{
	const char *s = t->s + 1;
	int value = 0;
	int n = 0;

	for (; n < 2 && hex_digit(*s) >= 0; n++)
		value = value * 16 + hex_digit(*s++);
	if (!value)
		return refuse(t, t->s - 1, 2);
	add_literal(t, (char)value);
	t->s = s;
	return 0;
}

static int add_class(struct translator *t, size_t i)
{
	if (t->in_bracket && classes[i].is_negated)
		return refuse(t, t->s - 1, 2);
	if (!t->in_bracket)
		buf_addstr(t->out, classes[i].is_negated ? "[^" : "[");
	buf_addstr(t->out, classes[i].set);
	if (!t->in_bracket)
		buf_addch(t->out, ']');
	t->s++;
	return 0;
}

/* What is behind a backslash, at t->s. */
static int add_escape(struct translator *t)
{
	static const char from[] = "tnrfae";
	static const char to[] = "\t\n\r\f\a\033";
	char c = *t->s;
	const char *at = c ? strchr(from, c) : NULL;

	if (!c)
		return refuse(t, t->s, 0);
	if (at) {
		add_literal(t, to[at - from]);
		t->s++;
		return 0;
	}
	if (c == 'x')
		return add_hex(t);
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		if (classes[i].letter == c)
			return add_class(t, i);
	}
	if ((c == 'b' || c == 'B') && (t->flags & ERE_EDGES) &&
	    !t->in_bracket) {
		buf_add(t->out, t->s++ - 1, 2);
		return 0;
	}
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9'))
		return refuse(t, t->s - 1, 2);
	/* In a POSIX bracket a backslash is one, and these have places of
	 * their own. */
	if (t->in_bracket && strchr("]^-[", c))
		return refuse(t, t->s - 1, 2);
	add_literal(t, c);
	t->s++;
	return 0;
}

/* [:alpha:] and the like inside brackets. */
static bool add_named_class(struct translator *t)
{
	const char *end = t->s[1] == ':' ? strstr(t->s + 2, ":]") : NULL;

	if (*t->s != '[' || !end)
		return false;
	buf_add(t->out, t->s, (size_t)(end + 2 - t->s));
	t->s = end + 2;
	return true;
}

static void add_bracket(struct translator *t)
{
	t->in_bracket = true;
	buf_addch(t->out, *t->s++);
	if (*t->s == '^')
		buf_addch(t->out, *t->s++);
	if (*t->s == ']')
		buf_addch(t->out, *t->s++);
}

static int add_plain(struct translator *t)
{
	char c = *t->s;

	if (c == '[') {
		add_bracket(t);
		return 0;
	}
	if (c == '(' && t->s[1] == '?') {
		if (t->s[2] != ':' || !(t->flags & ERE_BARE))
			return refuse(t, t->s, t->s[2] ? 3 : 2);
		t->r->bare++;
		t->s += 2;
		c = '(';
	} else if (strchr("*+?}", c) && t->s[1] && strchr("?+", t->s[1])) {
		return refuse(t, t->s, 2);
	}
	buf_addch(t->out, c);
	t->s++;
	return 0;
}

static int translate(struct translator *t)
{
	while (*t->s) {
		if (*t->s == '\\') {
			t->s++;
			if (add_escape(t) < 0)
				return -1;
		} else if (!t->in_bracket) {
			if (add_plain(t) < 0)
				return -1;
		} else if (!add_named_class(t)) {
			t->in_bracket = *t->s != ']';
			buf_addch(t->out, *t->s++);
		}
	}
	return 0;
}

int ere_translate(struct buf *out, const char *text, unsigned flags,
		  struct ere_refusal *r)
{
	struct translator t = { .s = text, .out = out, .flags = flags,
				.r = r };

	*r = (struct ere_refusal){ .at = NULL };
	return translate(&t);
}

static void say_refused(const struct ere_refusal *r, struct buf *err)
{
	if (!r->len) {
		buf_addstr(err, "it ends in a backslash");
		return;
	}
	buf_addch(err, '\'');
	buf_add_visible(err, r->at, r->len);
	buf_addstr(err, "' is not supported");
}

struct ere *ere_new(const char *text, struct buf *err)
{
	struct ere *p = xcalloc(1, sizeof(*p));
	struct buf posix = BUF_INIT;
	struct ere_refusal r;
	char message[200];
	int ret;

	if (ere_translate(&posix, text, ERE_BARE, &r) < 0) {
		say_refused(&r, err);
		goto failed;
	}
	ret = regcomp(&p->regex, posix.data, REG_EXTENDED);
	if (ret) {
		regerror(ret, &p->regex, message, sizeof(message));
		buf_addstr(err, message);
		goto failed;
	}
	p->groups = p->regex.re_nsub;
	if (p->groups >= ERE_GROUPS)
		p->groups = ERE_GROUPS - 1;
	/* Which of the groups are not to be seen is not known to libc. */
	if (r.bare)
		p->groups = 0;
	buf_release(&posix);
	return p;

failed:
	buf_release(&posix);
	free(p);
	return NULL;
}

void ere_free(struct ere *p)
{
	if (!p)
		return;
	regfree(&p->regex);
	free(p);
}

size_t ere_groups(const struct ere *p)
{
	return p->groups;
}

bool ere_find(const struct ere *p, const char *s, size_t at,
		  regmatch_t m[ERE_GROUPS])
{
	if (regexec(&p->regex, s + at, ERE_GROUPS, m,
		    at ? REG_NOTBOL : 0) != 0)
		return false;
	for (size_t i = 0; i < ERE_GROUPS; i++) {
		if (m[i].rm_so < 0)
			continue;
		m[i].rm_so += (regoff_t)at;
		m[i].rm_eo += (regoff_t)at;
	}
	return true;
}
