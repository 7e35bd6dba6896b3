/* SPDX-License-Identifier: GPL-3.0-or-later */
/* braces.c - see braces.h. */
#include <config.h>

#include <limits.h>
#include <string.h>

#include "base/compiler.h"
#include "input/braces.h"

/* The path form at s, which ends at }; -1 for anything else. */
static int parse_form(const char *s)
{
	static const struct {
		const char *text;
		char form;
	} forms[] = {
		{ "}", 0 }, { ".}", '.' }, { "/}", '/' }, { "//}", 'd' },
		{ "/.}", 'b' },
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (strncmp(s, forms[i].text, strlen(forms[i].text)) == 0)
			return forms[i].form;
	}
	return -1;
}

/* A position as in {-12/}: digits behind s, a - before them. 0 if none. */
static int parse_position(const char *s, const char **end)
{
	bool is_negative = *s == '-';
	int n = 0;

	if (is_negative)
		s++;
	for (; *s >= '0' && *s <= '9'; s++) {
		if (n > INT_MAX / 10 - 1)
			return 0;
		n = n * 10 + (*s - '0');
	}
	*end = s;
	return is_negative ? -n : n;
}

size_t braces_parse(const char *s, bool has_positions, struct braces *found)
{
	const char *at = s + 1;
	int pos = 0;
	int form;

	*found = (struct braces){ .kind = BRACES_NONE };
	if (*s != '{')
		return 0;
	if (strncmp(at, "#}", 2) == 0 || strncmp(at, "%}", 2) == 0) {
		found->kind = *at == '#' ? BRACES_SEQ : BRACES_SLOT;
		return 3;
	}
	if (*at == '-' || (*at >= '0' && *at <= '9')) {
		pos = parse_position(at, &at);
		if (!pos)
			return 0;
	}
	form = parse_form(at);
	if (form < 0 || (form == 0 && !(pos && has_positions)))
		return 0;
	found->kind = pos ? BRACES_VALUE : BRACES_VALUES;
	found->form = (char)form;
	found->pos = pos;
	return (size_t)(strchr(at, '}') + 1 - s);
}

/* {//}: as dirname(1). */
static const char *find_dir(const char *value, size_t *len)
{
	size_t n = strlen(value);

	while (n > 1 && value[n - 1] == '/')
		n--;
	while (n > 0 && value[n - 1] != '/')
		n--;
	while (n > 1 && value[n - 1] == '/')
		n--;
	*len = n ? n : 1;
	return n ? value : ".";
}

const char *braces_path(const char *value, char form, size_t *len)
{
	const char *slash = strrchr(value, '/');
	const char *base = slash ? slash + 1 : value;
	const char *dot = strrchr(base, '.');

	if (form == 'd')
		return find_dir(value, len);
	if (form == '/' || form == 'b')
		value = base;
	if ((form == '.' || form == 'b') && dot)
		*len = (size_t)(dot - value);
	else
		*len = strlen(value);
	return value;
}
