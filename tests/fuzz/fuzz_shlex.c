/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_shlex.c - following the text of a command: fed in two pieces it comes
 * to the same as fed at once, what is lost stays lost, and where a value can
 * stand, its quoted form leaves the quotes as they were.
 */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "input/shlex.h"
#include "input/shquote.h"

static void check_state(const struct shlex *l)
{
	FUZZ_CHECK(l->depth <= SHLEX_DEPTH);
	if (shlex_context(l) == QUOTE_IMPOSSIBLE)
		FUZZ_CHECK(*shlex_why(l));
}

static bool is_in_backtick(enum quote_context ctx)
{
	return ctx == QUOTE_BACKTICK || ctx == QUOTE_BACKTICK_SINGLE ||
	       ctx == QUOTE_BACKTICK_DOUBLE;
}

static void check_value(const struct shlex *at, const char *value)
{
	enum quote_context ctx = shlex_context(at);
	struct buf quoted = BUF_INIT;
	struct shlex l = *at, want = *at;

	shlex_value(&want);
	if (*value && shquote_add(&quoted, value, strlen(value), ctx,
				  at->kind) == 0) {
		shlex_feed(&l, quoted.data, quoted.len);
		/* What a person would better not write is no harm here: a
		 * quote behind $$, a backslash in backticks; and <<<<< is no
		 * shell text at all. And here the value's own quotes count as
		 * a level. */
		if (at->dollar || at->angles || is_in_backtick(ctx) ||
		    at->depth == SHLEX_DEPTH)
			goto out;
		FUZZ_CHECK(!l.lost);
		FUZZ_CHECK(l.depth == want.depth);
		FUZZ_CHECK(memcmp(l.stack, want.stack, l.depth) == 0);
	}
out:
	buf_release(&quoted);
}

int fuzz_shlex(const uint8_t *data, size_t size)
{
	struct shlex whole, first;
	enum shell_kind kind;
	struct in in;
	const char *value, *text;
	size_t len, cut;

	in_begin(&in, data, size);
	kind = (enum shell_kind)in_choice(&in, SHELL_CSH + 1);
	cut = in_choice(&in, 64);
	value = in_line(&in);
	text = in_rest(&in, &len);
	if (cut > len)
		cut = len;
	shlex_init(&whole, kind);
	first = whole;
	shlex_feed(&whole, text, len);
	check_state(&whole);
	shlex_feed(&first, text, cut);
	check_state(&first);
	check_value(&first, value);
	shlex_feed(&first, text + cut, len - cut);
	FUZZ_CHECK(shlex_context(&first) == shlex_context(&whole));
	FUZZ_CHECK(shlex_sharp(&first) == shlex_sharp(&whole));
	FUZZ_CHECK(first.depth == whole.depth);
	check_value(&whole, value);
	if (whole.lost) {
		shlex_feed(&whole, "\n\"'`)}]\n", 8);
		FUZZ_CHECK(whole.lost);
	}
	shlex_value(&whole);
	check_state(&whole);
	in_end(&in);
	return 0;
}
