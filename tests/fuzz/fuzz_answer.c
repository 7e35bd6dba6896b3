/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_answer.c - musterctl, the other end of --control: it shows any answer
 * without control characters, and makes one line of its words.
 */
#include <config.h>

#include <stdbool.h>

/* Its functions are its own, so it is taken in whole. */
int musterctl_main(int argc, char **argv);
#define main musterctl_main
#include "ctl/musterctl.c"
#undef main

#include "fuzz.h"

#define WORDS	6

static void check_shown(const struct buf *out)
{
	fuzz_check_utf8(out->data, out->len);
	for (size_t i = 0, n; i < out->len; i += n) {
		n = buf_utf8_length(out->data + i, out->len - i);
		FUZZ_CHECK(out->data[i] == '\n' ||
			   !buf_is_control(out->data + i, n));
	}
}

static void check_answer(const char *text, size_t len)
{
#ifdef HAVE_JANSSON
	struct buf out = BUF_INIT;
	json_error_t error;
	json_t *root;

	json_object_seed(1);
	root = json_loadb(text, len, 0, &error);
	if (json_is_object(root)) {
		add_lines(&out, root);
		check_shown(&out);
	}
	json_decref(root);
	buf_release(&out);
#else
	(void)text;
	(void)len;
	(void)check_shown;
#endif
}

static void check_request(char **words, size_t n)
{
	struct ctl c = { .request = BUF_INIT };

	if (parse(&c, (int)n, words) == 0 && !c.print) {
		FUZZ_CHECK(c.path && c.request.len);
		FUZZ_CHECK(!strchr(c.request.data, '\n'));
	}
	buf_release(&c.request);
}

int fuzz_answer(const uint8_t *data, size_t size)
{
	char *words[WORDS + 1] = { (char *)"musterctl" };
	struct in in;
	const char *text;
	size_t len, n;

	in_begin(&in, data, size);
	text = in_rest(&in, &len);
	check_answer(text, len);
	in_end(&in);
	in_begin(&in, data, size);
	n = in_lines(&in, words + 1, WORDS);
	for (size_t i = 1; i <= n; i++)
		for (char *s = words[i]; *s; s++)
			*s = *s == '\r' ? '\n' : *s;
	check_request(words, n + 1);
	in_end(&in);
	return 0;
}
