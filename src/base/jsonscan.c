/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jsonscan.c - see jsonscan.h. */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "base/jsonscan.h"

/* What is left of the text. Each skip_... moves s behind what it is named
 * after; false: that does not stand there. */
struct scan {
	const char *s;
	const char *end;
};

static bool skip_value(struct scan *j, int depth);

static void skip_blanks(struct scan *j)
{
	while (j->s < j->end && (*j->s == ' ' || *j->s == '\t' ||
				 *j->s == '\n' || *j->s == '\r'))
		j->s++;
}

static bool skip_char(struct scan *j, char c)
{
	if (j->s == j->end || *j->s != c)
		return false;
	j->s++;
	return true;
}

static bool skip_word(struct scan *j, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(j->end - j->s) < n || memcmp(j->s, word, n) != 0)
		return false;
	j->s += n;
	return true;
}

static size_t skip_digits(struct scan *j)
{
	const char *from = j->s;

	while (j->s < j->end && *j->s >= '0' && *j->s <= '9')
		j->s++;
	return (size_t)(j->s - from);
}

static bool skip_number(struct scan *j)
{
	skip_char(j, '-');
	if (!skip_char(j, '0') && skip_digits(j) == 0)
		return false;
	if (skip_char(j, '.') && skip_digits(j) == 0)
		return false;
	if (!skip_char(j, 'e') && !skip_char(j, 'E'))
		return true;
	if (!skip_char(j, '+'))
		skip_char(j, '-');
	return skip_digits(j) > 0;
}

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool skip_escape(struct scan *j)
{
	if (j->s == j->end || !*j->s || !strchr("\"\\/bfnrtu", *j->s))
		return false;
	if (*j->s++ != 'u')
		return true;
	for (int i = 0; i < 4; i++, j->s++) {
		if (j->s == j->end || hex_of(*j->s) < 0)
			return false;
	}
	return true;
}

static bool skip_string(struct scan *j)
{
	if (!skip_char(j, '"'))
		return false;
	while (j->s < j->end) {
		unsigned char c = (unsigned char)*j->s++;

		if (c == '"')
			return true;
		if (c < ' ' || (c == '\\' && !skip_escape(j)))
			return false;
	}
	return false;
}

/* "name": */
static bool skip_name(struct scan *j, const char **name, size_t *len)
{
	*name = j->s + 1;
	if (!skip_string(j))
		return false;
	*len = (size_t)(j->s - 1 - *name);
	skip_blanks(j);
	if (!skip_char(j, ':'))
		return false;
	skip_blanks(j);
	return true;
}

/* After an item: true when another one follows; *ok: what stands there may. */
static bool another(struct scan *j, char close, bool *ok)
{
	skip_blanks(j);
	if (skip_char(j, ',')) {
		skip_blanks(j);
		return true;
	}
	*ok = skip_char(j, close);
	return false;
}

static bool skip_nested(struct scan *j, char close, int depth)
{
	bool ok = false;
	const char *name;
	size_t len;

	j->s++;
	skip_blanks(j);
	if (depth == JSON_DEPTH)
		return false;
	if (skip_char(j, close))
		return true;
	do {
		if (close == '}' && !skip_name(j, &name, &len))
			return false;
		if (!skip_value(j, depth + 1))
			return false;
	} while (another(j, close, &ok));
	return ok;
}

static bool skip_value(struct scan *j, int depth)
{
	if (j->s == j->end)
		return false;
	switch (*j->s) {
	case '"':
		return skip_string(j);
	case '{':
		return skip_nested(j, '}', depth);
	case '[':
		return skip_nested(j, ']', depth);
	case 't':
		return skip_word(j, "true");
	case 'f':
		return skip_word(j, "false");
	case 'n':
		return skip_word(j, "null");
	default:
		return skip_number(j);
	}
}

static bool is_at_end(struct scan *j)
{
	skip_blanks(j);
	return j->s == j->end;
}

int json_scan(const char *s, size_t len,
	      int (*member)(void *arg, const char *name, size_t name_len,
			    const struct json_value *value), void *arg)
{
	struct scan j = { s, s + len };
	bool ok = false;

	skip_blanks(&j);
	if (!skip_char(&j, '{'))
		return -1;
	skip_blanks(&j);
	if (skip_char(&j, '}'))
		return is_at_end(&j) ? 0 : -1;
	do {
		struct json_value v;
		const char *name;
		size_t name_len;

		if (!skip_name(&j, &name, &name_len))
			return -1;
		v.text = j.s;
		if (!skip_value(&j, 1))
			return -1;
		v.len = (size_t)(j.s - v.text);
		if (member(arg, name, name_len, &v) != 0)
			return -1;
	} while (another(&j, '}', &ok));
	return ok && is_at_end(&j) ? 0 : -1;
}

/* The four digits at s. */
static unsigned unit_of(const char *s)
{
	unsigned u = 0;

	for (int i = 0; i < 4; i++)
		u = u << 4 | (unsigned)hex_of(s[i]);
	return u;
}

static void add_utf8(struct buf *out, unsigned c)
{
	if (c < 0x80) {
		buf_addch(out, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_addch(out, (char)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		buf_addch(out, (char)(0xe0 | c >> 12));
		buf_addch(out, (char)(0x80 | (c >> 6 & 0x3f)));
	} else {
		buf_addch(out, (char)(0xf0 | c >> 18));
		buf_addch(out, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_addch(out, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_addch(out, (char)(0x80 | (c & 0x3f)));
}

/* The escape behind the backslash at s - 1, of a checked string; returns what
 * is behind it. Half a pair of surrogates is U+FFFD. */
static const char *add_escape(struct buf *out, const char *s, const char *end)
{
	static const char from[] = "bfnrt";
	static const char to[] = "\b\f\n\r\t";
	const char *at = strchr(from, *s);
	unsigned c, low;

	if (*s != 'u') {
		buf_addch(out, at ? to[at - from] : *s);
		return s + 1;
	}
	c = unit_of(s + 1);
	s += 5;
	if (c < 0xd800 || c > 0xdfff) {
		add_utf8(out, c);
		return s;
	}
	if (c < 0xdc00 && end - s >= 6 && s[0] == '\\' && s[1] == 'u') {
		low = unit_of(s + 2);
		if (low >= 0xdc00 && low <= 0xdfff) {
			add_utf8(out, 0x10000 + ((c - 0xd800) << 10) +
				 (low - 0xdc00));
			return s + 6;
		}
	}
	add_utf8(out, 0xfffd);
	return s;
}

int json_get_str(const struct json_value *v, struct buf *out)
{
	const char *s = v->text + 1;
	const char *end = v->text + v->len - 1;

	if (*v->text != '"')
		return -1;
	while (s < end) {
		const char *from = s;

		while (s < end && *s != '\\')
			s++;
		buf_add(out, from, (size_t)(s - from));
		if (s < end)
			s = add_escape(out, s + 1, end);
	}
	return 0;
}

int json_get_uint(const struct json_value *v, uint64_t *n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < v->len; i++) {
		unsigned digit = (unsigned char)v->text[i] - (unsigned)'0';

		if (digit > 9 || sum > (UINT64_MAX - digit) / 10)
			return -1;
		sum = 10 * sum + digit;
	}
	*n = sum;
	return 0;
}

bool json_is_true(const struct json_value *v)
{
	return v->len == 4 && memcmp(v->text, "true", 4) == 0;
}
