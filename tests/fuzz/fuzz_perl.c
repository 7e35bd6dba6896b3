/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_perl.c - what perl answers to muster: fields with their lengths before
 * them, which never reach beyond the answer; and what is asked can be taken
 * apart by the same rules.
 */
#include <config.h>

/* Its functions are its own, so it is taken in whole. */
#include "perl.c"

#include "fuzz.h"

int fuzz_perl(const uint8_t *data, size_t size)
{
	char *values[2];
	struct eval_job job = { .value = "v", .seq = 3, .values = values };
	struct answer a = { .len = 0 };
	struct buf b = BUF_INIT;
	const char *s, *code;
	size_t at = 4, len, n = 0;
	struct in in;

	buf_add(&b, data, size);
	if (take_answer(&b, &a)) {
		FUZZ_CHECK(a.text >= b.data && a.len <= b.len);
		FUZZ_CHECK(a.text + a.len <= b.data + b.len);
		FUZZ_CHECK((a.wishes & ~(EVAL_UNQUOTED | EVAL_SKIP)) == 0);
	}
	in_begin(&in, data, size);
	code = in_line(&in);
	job.n = in_lines(&in, values, 2);
	make_request(&b, "run", code, strlen(code), &job);
	FUZZ_CHECK(length_at(b.data) == b.len - 4);
	for (; take_field(&b, &at, &s, &len); n++) {
		if (n == 1)
			FUZZ_CHECK(len == strlen(code) &&
				   memcmp(s, code, len) == 0);
		if (n >= 8)
			FUZZ_CHECK(memcmp(s, values[n - 8], len) == 0);
	}
	FUZZ_CHECK(at == b.len && n == 8 + job.n);
	buf_release(&b);
	in_end(&in);
	return 0;
}
