/* SPDX-License-Identifier: GPL-3.0-or-later */
/* braces.c - see braces.h. */
#include <config.h>

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "input/braces.h"

int braces_position(const char *s, const char **end)
{
	bool is_negative = *s == '-';
	int n = 0;

	*end = s;
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
	const char *slash;
	const char *base;
	const char *dot;

	if (!form) {
		*len = strlen(value);
		return value;
	}
	if (form == 'd')
		return find_dir(value, len);
	slash = strrchr(value, '/');
	base = slash ? slash + 1 : value;
	dot = strrchr(base, '.');
	if (form == '/' || form == 'b')
		value = base;
	if ((form == '.' || form == 'b') && dot)
		*len = (size_t)(dot - value);
	else
		*len = strlen(value);
	return value;
}
