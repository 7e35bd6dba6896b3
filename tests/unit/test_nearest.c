/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_nearest.c - which word was meant.
 */
#include <config.h>

#include <string.h>

#include "base/compiler.h"
#include "base/nearest.h"
#include "tap.h"

static const char *nearest(const char *word)
{
	static const char *const known[] = { "id", "tag", "timeout", "cwd",
					     "priority", "timeouts" };
	struct nearest n;

	nearest_init(&n, word);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		nearest_offer(&n, known[i]);
	return n.best;
}

static void finds(void)
{
	CHECK_STR(nearest("timeout"), "timeout");
	CHECK_STR(nearest("timout"), "timeout");
	CHECK_STR(nearest("itmeout"), "timeout");
	CHECK_STR(nearest("timeouts"), "timeouts");
	CHECK_STR(nearest("prioryti"), "priority");
	CHECK_STR(nearest("cdw"), "cwd");
	CHECK_STR(nearest("tagg"), "tag");
}

static void finds_none(void)
{
	CHECK_STR(nearest("quux"), NULL);
	CHECK_STR(nearest(""), NULL);
	CHECK_STR(nearest("timeouttimeouttimeouttimeouttimeouttimeout"), NULL);
}

static void long_words_are_none(void)
{
	char word[100];
	struct nearest n;

	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	nearest_init(&n, "xxxxxxxx");
	nearest_offer(&n, word);
	CHECK(n.best == NULL);
	nearest_init(&n, word);
	nearest_offer(&n, word);
	CHECK(n.best == NULL);
}

static const struct tap_case cases[] = {
	{ "the nearest word", finds },
	{ "none is near", finds_none },
	{ "long words are nobody's misspelling", long_words_are_none },
};
TAP_MAIN(cases)
