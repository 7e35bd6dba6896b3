/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_text.c - texts for a terminal hold no control character and keep their
 * width; parts of paths; the nearest word; names of columns.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/nearest.h"
#include "fuzz.h"
#include "input/braces.h"
#include "input/names.h"
#include "sink/columns.h"

static void check_visible(const char *s, size_t len)
{
	struct buf out = BUF_INIT, cut = BUF_INIT;
	size_t all, width;

	buf_add_visible(&out, s, len);
	fuzz_check_utf8(out.data, out.len);
	for (size_t i = 0, n; i < out.len; i += n) {
		n = buf_utf8_length(out.data + i, out.len - i);
		FUZZ_CHECK(!buf_is_control(out.data + i, n));
	}
	all = columns_count(out.data, out.len);
	for (size_t max = 1; max < 40; max += 7) {
		size_t n = columns_prefix(out.data, out.len, max);

		FUZZ_CHECK(n <= out.len);
		fuzz_check_utf8(out.data, n);
		FUZZ_CHECK(columns_count(out.data, n) ==
			   (all < max ? all : max));
		buf_reset(&cut);
		width = columns_add_visible(&cut, s, len, max);
		FUZZ_CHECK(width <= max);
		FUZZ_CHECK(columns_count(cut.data, cut.len) == width);
	}
	buf_release(&out);
	buf_release(&cut);
}

static void check_paths(const char *value)
{
	static const char forms[] = { '.', '/', 'd', 'b' };
	const char *end = value;
	size_t n;
	int pos = braces_position(value, &end);

	FUZZ_CHECK(end >= value && end <= value + strlen(value));
	FUZZ_CHECK((pos < 0) == (pos && *value == '-'));
	for (size_t i = 0; i < sizeof(forms); i++) {
		const char *part = braces_path(value, forms[i], &n);

		if (n == 1 && *part == '.' && forms[i] == 'd')
			continue;
		FUZZ_CHECK(part >= value);
		FUZZ_CHECK(part + n <= value + strlen(value));
		FUZZ_CHECK(forms[i] == '.' || forms[i] == 'd' ||
			   !memchr(part, '/', n));
	}
}

static void check_nearest(const char *word, const char *known)
{
	struct nearest n;

	nearest_init(&n, word);
	nearest_offer(&n, known);
	FUZZ_CHECK(!n.best || n.best == known);
	FUZZ_CHECK(n.best || strcmp(word, known) != 0 || strlen(word) > 30);
	nearest_offer(&n, word);
	FUZZ_CHECK(n.best || strlen(word) > 30);
	FUZZ_CHECK(!n.best || strcmp(n.best, word) == 0);
}

/* Where no name is meant the text stays as it is. */
static void check_names(const char *text, char *const *lines, size_t n)
{
	struct names names;
	struct buf out = BUF_INIT, err = BUF_INIT;

	names_init(&names);
	FUZZ_CHECK(names_resolve(&names, text, &out, NULL) == 0);
	FUZZ_CHECK(strcmp(out.data, text) == 0);
	for (size_t i = 0; i < n; i++)
		names_add(&names, lines[i]);
	buf_reset(&out);
	FUZZ_CHECK(names_resolve(&names, text, &out, NULL) == 0);
	buf_reset(&out);
	fuzz_check_message(&err,
			   names_resolve(&names, text, &out, &err) < 0);
	names_release(&names);
	buf_release(&out);
	buf_release(&err);
}

int fuzz_text(const uint8_t *data, size_t size)
{
	struct in in;
	char *lines[8];
	const char *s, *word, *known;
	size_t n, len;

	in_begin(&in, data, size);
	s = in_rest(&in, &len);
	check_visible(s, len);
	check_paths(s);
	in_end(&in);
	in_begin(&in, data, size < 200 ? size : 200);
	word = in_line(&in);
	known = in_line(&in);
	if (*word)
		check_nearest(word, known);
	n = in_lines(&in, lines, 8);
	check_names(word, lines, n);
	in_end(&in);
	return 0;
}
