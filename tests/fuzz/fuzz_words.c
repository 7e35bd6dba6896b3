/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_words.c - a command that is said to need no shell is split as a shell
 * would (a model of it), and each word of a profile that was quoted comes back
 * whole.
 */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "input/shquote.h"
#include "input/words.h"
#include "profile.h"
#include "shmodel.h"

static void check_same(struct words *a, struct words *b)
{
	char **x = words_argv(a), **y = words_argv(b);

	FUZZ_CHECK(a->n == b->n);
	for (size_t i = 0; i < a->n; i++)
		FUZZ_CHECK(strcmp(x[i], y[i]) == 0);
	FUZZ_CHECK(a->redirs.n == b->redirs.n);
	for (unsigned i = 0; i < a->redirs.n; i++) {
		FUZZ_CHECK(a->redirs.at[i].kind == b->redirs.at[i].kind);
		FUZZ_CHECK(a->redirs.at[i].fd == b->redirs.at[i].fd);
		FUZZ_CHECK(a->redirs.at[i].from == b->redirs.at[i].from);
	}
}

static void check_line(const char *line, size_t len, enum shell_kind kind)
{
	struct words scanned, wanted;

	words_init(&scanned);
	words_init(&wanted);
	/* Of the others words_split knows. */
	if (kind < SHELL_FISH && words_scan(&scanned, line, len) == 0) {
		FUZZ_CHECK(shmodel_words(&wanted, line, len, kind) == 0);
		check_same(&scanned, &wanted);
		FUZZ_CHECK(!strchr(words_argv(&scanned)[0], '='));
	}
	if (words_split(&scanned, line, len, kind) == 0) {
		FUZZ_CHECK(kind < SHELL_ZSH);
		check_same(&scanned, &wanted);
	}
	words_release(&scanned);
	words_release(&wanted);
}

/* Quoted as for sh, a line of settings gives the value back. */
static void check_profile(const char *value)
{
	struct profile p = { 0 };
	struct buf line = BUF_INIT;

	if (profile_add_line(&p, value, "here") == 0)
		FUZZ_CHECK(p.n >= 1 && p.n <= 2 + strlen(value));
	profile_release(&p);
	p = (struct profile){ 0 };
	buf_addstr(&line, " --x ");
	shquote_add(&line, value, strlen(value), QUOTE_PLAIN, SHELL_SH);
	buf_addstr(&line, " y");
	FUZZ_CHECK(profile_add_line(&p, line.data, "here") == 0);
	FUZZ_CHECK(p.n == 4);
	FUZZ_CHECK(strcmp(p.words[1], "--x") == 0);
	FUZZ_CHECK(strcmp(p.words[2], value) == 0);
	FUZZ_CHECK(strcmp(p.words[3], "y") == 0);
	FUZZ_CHECK(strcmp(p.places[2], "here") == 0);
	profile_release(&p);
	buf_release(&line);
}

int fuzz_words(const uint8_t *data, size_t size)
{
	static char *no_env[] = { NULL };
	struct in in;
	const char *text;
	size_t len;

	words_env_setup(no_env);
	in_begin(&in, data, size);
	text = in_rest(&in, &len);
	for (int kind = SHELL_SH; kind <= SHELL_CSH; kind++)
		check_line(text, len, (enum shell_kind)kind);
	check_profile(text);
	in_end(&in);
	return 0;
}
