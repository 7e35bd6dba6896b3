/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_pattern.c - regular expressions: what is found lies in the text, groups
 * included, and is found where it was said to be.
 */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "input/ere.h"
#include "input/pattern.h"

/* libc takes for ever, and all memory, over what is repeated often. */
static bool is_heavy(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += strchr("*+{", *text) != NULL;
	return n > 4;
}

static void check_span(const struct span *s, size_t len, size_t from)
{
	if (s->start == PATTERN_UNSET) {
		FUZZ_CHECK(s->end == PATTERN_UNSET);
		return;
	}
	/* \K and lookbehind can have it begin anywhere. */
	FUZZ_CHECK(s->start <= len && s->end <= len);
	(void)from;
}

static void check_pattern(const char *text, unsigned flags, const char *s,
			  size_t len)
{
	struct span spans[PATTERN_SPANS];
	struct buf err = BUF_INIT;
	struct pattern *p = pattern_new(text, strlen(text), flags, &err);
	size_t from = 0;
	int rounds = 0;
	int found = 1;

	fuzz_check_message(&err, !p);
	while (p && from <= len && found > 0 && rounds++ < 20) {
		found = pattern_match(p, s, len, from, rounds > 1, spans, &err);
		FUZZ_CHECK((err.len > 0) == (found < 0));
		for (size_t i = 0; found > 0 && i < PATTERN_SPANS; i++)
			check_span(&spans[i], len, from);
		if (found <= 0 || spans[0].end < from)
			break;
		FUZZ_CHECK(spans[0].start != PATTERN_UNSET);
		from = spans[0].end;
	}
	if (p)
		(void)pattern_groups(p);
	pattern_free(p);
	buf_release(&err);
}

static void check_ere(const char *text, const char *s)
{
	regmatch_t m[ERE_GROUPS];
	struct buf err = BUF_INIT;
	struct ere *p = ere_new(text, &err);
	size_t len = strlen(s), at = 0;

	fuzz_check_message(&err, !p);
	if (p)
		FUZZ_CHECK(ere_groups(p) < ERE_GROUPS);
	while (p && at <= len && ere_find(p, s, at, m)) {
		FUZZ_CHECK(m[0].rm_so >= (regoff_t)at);
		FUZZ_CHECK(m[0].rm_eo >= m[0].rm_so);
		FUZZ_CHECK(m[0].rm_eo <= (regoff_t)len);
		for (size_t i = 1; i <= ere_groups(p); i++) {
			FUZZ_CHECK((m[i].rm_so < 0) == (m[i].rm_eo < 0));
			FUZZ_CHECK(m[i].rm_eo <= (regoff_t)len);
		}
		at = (size_t)m[0].rm_eo + (m[0].rm_eo == m[0].rm_so);
	}
	ere_free(p);
	buf_release(&err);
}

int fuzz_pattern(const uint8_t *data, size_t size)
{
	struct in in;
	unsigned flags;
	const char *text, *s;
	size_t len;

	in_begin(&in, data, size < 300 ? size : 300);
	flags = in_choice(&in, 16);
	text = in_line(&in);
	s = in_rest(&in, &len);
	if (strlen(text) <= 40 && !is_heavy(text)) {
		check_pattern(text, flags, s, len);
		check_ere(text, s);
	}
	in_end(&in);
	return 0;
}
