/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_attributes.c - a task's settings: as a comment, taken out and put back
 * they are the same; and as JSON they are the same as in a comment.
 */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "fuzz.h"
#include "input/attributes.h"
#include "input/jsonl.h"

static void check_str(const char *a, const char *b)
{
	FUZZ_CHECK(!a == !b);
	FUZZ_CHECK(!a || strcmp(a, b) == 0);
}

static void check_same(const struct attributes *a, const struct attributes *b)
{
	FUZZ_CHECK(a->has == b->has);
	check_str(a->id, b->id);
	check_str(a->cwd, b->cwd);
	check_str(a->input, b->input);
	check_str(a->tag, b->tag);
	FUZZ_CHECK(a->nafter == b->nafter && a->nenv == b->nenv);
	for (size_t i = 0; i < a->nafter; i++) {
		check_str(a->after[i].id, b->after[i].id);
		FUZZ_CHECK(a->after[i].when == b->after[i].when);
	}
	for (size_t i = 0; i < a->nenv; i++)
		check_str(a->env[i], b->env[i]);
	if (a->has & ATTR_PRIORITY)
		FUZZ_CHECK(a->priority == b->priority &&
			   a->priority >= -1000 && a->priority <= 1000);
	if (a->has & ATTR_TIMEOUT)
		FUZZ_CHECK(a->timeout_ns == b->timeout_ns &&
			   a->timeout_ns >= 0);
	if (a->has & ATTR_RETRIES)
		FUZZ_CHECK(a->tries_max == b->tries_max);
	if (a->has & ATTR_RETRY_DELAY)
		FUZZ_CHECK(a->backoff.delay_ns == b->backoff.delay_ns &&
			   a->backoff.max_ns == b->backoff.max_ns);
	if (a->has & ATTR_WEIGHT)
		FUZZ_CHECK(a->weight == b->weight);
	FUZZ_CHECK(a->is_barrier == b->is_barrier);
}

static bool is_gone(const char *id, void *arg)
{
	(void)id;
	return *(bool *)arg;
}

/* The text that was taken, behind another command. */
static void check_again(const struct attributes *a, enum shell_kind shell,
			bool gone)
{
	struct arena arena = { 0 };
	struct attributes again = { 0 };
	struct buf line = BUF_INIT, err = BUF_INIT;
	size_t len;

	buf_addstr(&line, a->is_barrier ? "" : "true ");
	attributes_add_kept(&line, a->text, is_gone, &gone);
	len = attributes_split(&again, &arena, shell, line.data, line.len,
			       &err);
	if (!gone) {
		fuzz_check_message(&err, 0);
		FUZZ_CHECK(len == (a->is_barrier ? 0 : 4));
		check_same(a, &again);
	} else {
		fuzz_check_message(&err, len == ATTRIBUTES_BAD);
		FUZZ_CHECK(again.nafter == 0);
	}
	arena_release(&arena);
	buf_release(&line);
	buf_release(&err);
}

int fuzz_attributes(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct attributes a = { 0 };
	struct buf err = BUF_INIT;
	enum shell_kind shell;
	struct in in;
	const char *line;
	size_t len, command;

	in_begin(&in, data, size);
	shell = (enum shell_kind)in_choice(&in, SHELL_CSH + 1);
	line = in_rest(&in, &len);
	command = attributes_split(&a, &arena, shell, line, len, &err);
	fuzz_check_message(&err, command == ATTRIBUTES_BAD);
	/* One with a NUL is refused, whatever its attributes are. */
	if (command != ATTRIBUTES_BAD && command < len && a.text &&
	    !memchr(line, '\0', len)) {
		FUZZ_CHECK(strncmp(a.text, "#muster:", 8) == 0);
		FUZZ_CHECK(!a.is_barrier || command == 0);
		check_again(&a, shell, false);
		check_again(&a, shell, true);
	}
	FUZZ_CHECK(command <= len || command == ATTRIBUTES_BAD);
	arena_release(&arena);
	buf_release(&err);
	in_end(&in);
	return 0;
}

int fuzz_jsonl(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct buf err = BUF_INIT;
	struct jsonl_task t;
	struct in in;
	const char *line;
	size_t len;
	int ret;

	in_begin(&in, data, size);
	line = in_rest(&in, &len);
	memset(&t, 0, sizeof(t));
	ret = jsonl_parse(&t, &arena, line, len, &err);
	fuzz_check_message(&err, ret < 0);
	if (ret == 0) {
		FUZZ_CHECK(t.n > 0 || t.attributes.is_barrier);
		for (size_t i = 0; i < t.n; i++)
			FUZZ_CHECK(strlen(t.values[i]) == t.lens[i]);
		FUZZ_CHECK(t.is_argv || t.n <= 1);
		if (t.has_attributes && t.attributes.text)
			check_again(&t.attributes, SHELL_SH, false);
	}
	arena_release(&arena);
	buf_release(&err);
	in_end(&in);
	return 0;
}
