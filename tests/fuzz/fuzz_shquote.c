/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_shquote.c - a value quoted for a place and read back there by a model
 * of the shell is the value, for every place and kind of shell; and where
 * shlex follows what was added, it ends in the state it had before.
 */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "input/shlex.h"
#include "input/shquote.h"
#include "input/words.h"
#include "shmodel.h"

static const struct place {
	enum quote_context ctx;
	const char *before;
	const char *behind;
	bool is_backtick;
} places[] = {
	{ QUOTE_PLAIN, "", "", false },
	{ QUOTE_PLAIN, "x", "y", false },
	{ QUOTE_PLAIN_APART, "x", "y", false },
	{ QUOTE_SINGLE, "'x", "y'", false },
	{ QUOTE_DOUBLE, "\"x", "y\"", false },
	{ QUOTE_DOUBLE_APART, "\"x", "y\"", false },
	{ QUOTE_ANSI, "$'x", "y'", false },
	{ QUOTE_BACKTICK, "x", "y", true },
	{ QUOTE_BACKTICK_SINGLE, "'x", "y'", true },
	{ QUOTE_BACKTICK_DOUBLE, "\"x", "y\"", true },
};

static void check_place(const struct place *place, enum shell_kind kind,
			const char *value, size_t len)
{
	bool is_glued = *place->before;
	struct buf text = BUF_INIT, inner = BUF_INIT;
	struct words words;
	char **argv;

	words_init(&words);
	buf_addstr(&text, place->before);
	if (shquote_add(&text, value, len, place->ctx, kind) < 0) {
		/* What these kinds of shell do not have. */
		FUZZ_CHECK(kind == SHELL_FISH || kind == SHELL_CSH ||
			   kind == SHELL_SH);
		FUZZ_CHECK(place->is_backtick || place->ctx == QUOTE_ANSI);
		FUZZ_CHECK(strcmp(text.data, place->before) == 0);
		goto out;
	}
	buf_addstr(&text, place->behind);
	if (place->is_backtick)
		FUZZ_CHECK(shmodel_backtick(&inner, text.data, text.len) == 0);
	else
		buf_add(&inner, text.data, text.len);
	FUZZ_CHECK(shmodel_words(&words, inner.data, inner.len, kind) == 0);
	FUZZ_CHECK(words.n == 1);
	argv = words_argv(&words);
	FUZZ_CHECK(strlen(argv[0]) == len + (is_glued ? 2 : 0));
	FUZZ_CHECK(memcmp(argv[0] + (is_glued ? 1 : 0), value, len) == 0);
out:
	buf_release(&text);
	buf_release(&inner);
	words_release(&words);
}

static void check_rest(enum shell_kind kind, const char *value, size_t len)
{
	struct buf out = BUF_INIT;

	FUZZ_CHECK(shquote_add(&out, value, len, QUOTE_COMMENT, kind) == 0);
	FUZZ_CHECK(out.len == len && !strchr(out.data, '\n'));
	buf_reset(&out);
	if (shquote_add(&out, value, len, QUOTE_NUMBER, kind) == 0)
		FUZZ_CHECK(!strpbrk(value, "$`\\'\"()[]{};&|<> \t\n*?~#!="));
	else
		FUZZ_CHECK(out.len == 0);
	buf_reset(&out);
	FUZZ_CHECK(shquote_add(&out, value, len, QUOTE_IMPOSSIBLE, kind) < 0);
	FUZZ_CHECK(out.len == 0);
	FUZZ_CHECK(shell_is_known(value) || shell_kind_of(value) == SHELL_SH);
	buf_release(&out);
}

int fuzz_shquote(const uint8_t *data, size_t size)
{
	struct in in;
	const char *value;
	size_t len;

	in_begin(&in, data, size);
	value = in_rest(&in, &len);
	len = strlen(value);
	for (int kind = SHELL_SH; kind <= SHELL_CSH; kind++) {
		for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
			check_place(&places[i], (enum shell_kind)kind, value,
				    len);
		check_rest((enum shell_kind)kind, value, len);
	}
	in_end(&in);
	return 0;
}
