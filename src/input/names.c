/* SPDX-License-Identifier: GPL-3.0-or-later */
/* names.c - see names.h. */
#include <config.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "input/names.h"

void names_init(struct names *names)
{
	*names = (struct names){ .n = 0 };
}

void names_release(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->names[i]);
	free(names->names);
	names_init(names);
}

void names_add(struct names *names, const char *name)
{
	names->names = xreallocarray(names->names, names->n + 1,
				     sizeof(*names->names));
	names->names[names->n++] = xstrdup(name);
}

/* What can stand behind the name in a replacement string; an expression has a
 * blank there, and {a,b} is the shell's. */
static bool ends_name(char c, bool is_expression)
{
	return c && strchr(is_expression ? " " : "}./:#%^", c);
}

/* The column whose name s begins with, the longest, from 1; 0: none. */
static size_t find(const struct names *names, const char *s,
		   bool is_expression, size_t *len)
{
	size_t found = 0;

	*len = 0;
	for (size_t i = 0; i < names->n; i++) {
		size_t n = strlen(names->names[i]);

		if (n > *len && strncmp(s, names->names[i], n) == 0 &&
		    ends_name(s[n], is_expression)) {
			found = i + 1;
			*len = n;
		}
	}
	return found;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The length of the word at s if it looks like the name of a column. */
static size_t wordlike(const char *s)
{
	size_t n = 0;

	if (!is_letter(*s))
		return 0;
	while (is_letter(s[n]) || (s[n] >= '0' && s[n] <= '9'))
		n++;
	return s[n + strspn(s + n, "./")] == '}' ? n : 0;
}

static int refuse(const struct names *names, const char *s, size_t len,
		  struct buf *err)
{
	char *word = xmemdup0(s, len);
	struct nearest n;

	nearest_init(&n, word);
	for (size_t i = 0; i < names->n; i++)
		nearest_offer(&n, names->names[i]);
	buf_addf(err, "--header: there is no column '%s'", word);
	if (n.best) {
		buf_addstr(err, " (did you mean '");
		buf_add_visible(err, n.best, strlen(n.best));
		buf_addstr(err, "'?)");
	}
	free(word);
	return -1;
}

/* The rest of an expression; returns its last byte. */
static const char *add_expression(const char *s, struct buf *out)
{
	const char *end = strstr(s, "=}");
	size_t len = end ? (size_t)(end - s) + 2 : strlen(s);

	buf_add(out, s, len);
	return s + len - 1;
}

int names_resolve(const struct names *names, const char *text,
		  struct buf *out, struct buf *err)
{
	bool in_quotes = false;

	if (!names->n) {
		buf_addstr(out, text);
		return 0;
	}
	for (const char *s = text; *s; s++) {
		bool has_dollar = s > text && s[-1] == '$';
		bool equals = s[0] == '{' && s[1] == '=';
		const char *word = s + 1 + equals;
		size_t len = 0;
		size_t pos = *s == '{' ? find(names, word, equals, &len) : 0;

		in_quotes ^= *s == '\'';
		if (!pos && *s == '{' && !equals && !in_quotes && !has_dollar &&
		    err && wordlike(word))
			return refuse(names, word, wordlike(word), err);
		buf_addch(out, *s);
		if (equals)
			buf_addch(out, '=');
		if (pos) {
			buf_addu(out, pos);
			s = word + len - 1;
		}
		if (equals)
			s = add_expression(word + len, out);
	}
	return 0;
}
