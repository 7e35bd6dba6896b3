/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_json.c - JSON as it is written.
 */
#include <config.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/json.h"
#include "base/num.h"
#include "tap.h"

/* U+FFFD */
#define BAD	"\xef\xbf\xbd"

static void check_str(const char *s, size_t len, const char *want)
{
	struct buf b = BUF_INIT;

	json_strn(&b, s, len);
	CHECK_STR(b.data, want);
	CHECK_INT(b.len, strlen(want));
	buf_release(&b);
}

static void commas(void)
{
	struct buf b = BUF_INIT;

	json_open(&b, '{');
	json_key(&b, "a");
	json_open(&b, '[');
	json_int(&b, 1);
	json_str(&b, "[");
	json_open(&b, '[');
	json_close(&b, ']');
	json_bool(&b, false);
	json_open(&b, '{');
	json_close(&b, '}');
	json_close(&b, ']');
	json_key(&b, "b:");
	json_open(&b, '{');
	json_key(&b, "c");
	json_uint(&b, 2);
	json_key(&b, "d");
	json_bool(&b, true);
	json_close(&b, '}');
	json_close(&b, '}');
	CHECK_STR(b.data, "{\"a\":[1,\"[\",[],false,{}],"
			  "\"b:\":{\"c\":2,\"d\":true}}");
	buf_release(&b);
}

static void lines(void)
{
	struct buf b = BUF_INIT;

	for (int i = 0; i < 2; i++) {
		json_open(&b, '{');
		json_close(&b, '}');
		buf_addch(&b, '\n');
	}
	CHECK_STR(b.data, "{}\n{}\n");
	buf_release(&b);
}

static void plain_strings(void)
{
	check_str("", 0, "\"\"");
	check_str("a b/'c'", 7, "\"a b/'c'\"");
	check_str("\"\\\"", 3, "\"\\\"\\\\\\\"\"");
	/* The longest of each length, and the shortest. */
	check_str("\xc2\xa0\xdf\xbf", 4, "\"\xc2\xa0\xdf\xbf\"");
	check_str("\xe0\xa0\x80\xef\xbf\xbf", 6,
		  "\"\xe0\xa0\x80\xef\xbf\xbf\"");
	check_str("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8,
		  "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"");
}

static void controls(void)
{
	char s[2] = "";

	check_str("\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"");
	check_str("a\0b", 3, "\"a\\u0000b\"");
	check_str("\x7f\xc2\x80\xc2\x9f", 5, "\"\\u007f\\u0080\\u009f\"");
	for (int c = 1; c < ' '; c++) {
		char want[16];

		if (strchr("\b\f\n\r\t", c))
			continue;
		s[0] = (char)c;
		snprintf(want, sizeof(want), "\"\\u%04x\"", (unsigned)c);
		check_str(s, 1, want);
	}
}

static void invalid_utf8(void)
{
	static const char *const bad[] = {
		"\x80", "\xbf", "\xc0", "\xc1", "\xf5", "\xff", "\xc2",
		"\xe0", "\xf0",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_str(bad[i], 1, "\"" BAD "\"");
	/* Cut off; overlong; a surrogate; above U+10FFFF. */
	check_str("\xe2\x82", 2, "\"" BAD BAD "\"");
	check_str("\xc0\xaf", 2, "\"" BAD BAD "\"");
	check_str("\xe0\x80\xaf", 3, "\"" BAD BAD BAD "\"");
	check_str("\xed\xa0\x80", 3, "\"" BAD BAD BAD "\"");
	check_str("\xf4\x90\x80\x80", 4, "\"" BAD BAD BAD BAD "\"");
	/* What follows is not swallowed. */
	check_str("\xe2\"\xc3\xa4", 4, "\"" BAD "\\\"\xc3\xa4\"");
	check_str("a\xffz", 3, "\"a" BAD "z\"");
}

/* Any bytes at all give one string in quotes, of valid UTF-8. */
static void any_bytes(void)
{
	uint32_t state = 1;

	for (int round = 0; round < 2000; round++) {
		struct buf b = BUF_INIT;
		char s[24];
		size_t at = 1;

		for (size_t i = 0; i < sizeof(s); i++) {
			state = state * 1664525 + 1013904223;
			s[i] = (char)(state >> 24);
		}
		json_strn(&b, s, sizeof(s));
		while (at < b.len - 1) {
			size_t n = buf_utf8_length(b.data + at, b.len - at);

			if (!CHECK(n > 0) ||
			    !CHECK(!buf_is_control(b.data + at, n)) ||
			    !CHECK(b.data[at] != '"'))
				break;
			at += b.data[at] == '\\' ? 2 : n;
		}
		CHECK_INT(at, b.len - 1);
		buf_release(&b);
	}
}

static void numbers(void)
{
	struct buf b = BUF_INIT;

	json_open(&b, '[');
	json_int(&b, 0);
	json_int(&b, -1);
	json_int(&b, INT64_MAX);
	json_int(&b, INT64_MIN);
	json_uint(&b, UINT64_MAX);
	json_close(&b, ']');
	CHECK_STR(b.data, "[0,-1,9223372036854775807,-9223372036854775808,"
			  "18446744073709551615]");
	buf_release(&b);
}

static void seconds(void)
{
	struct buf b = BUF_INIT;

	json_open(&b, '[');
	json_seconds(&b, 0);
	json_seconds(&b, NS_PER_MS - 1);
	json_seconds(&b, NS_PER_MS);
	json_seconds(&b, 12 * NS_PER_SEC + 45 * NS_PER_MS);
	json_seconds(&b, -NS_PER_SEC / 2);
	json_seconds(&b, 1 - NS_PER_MS);
	json_seconds(&b, INT64_MAX);
	json_seconds(&b, INT64_MIN);
	json_close(&b, ']');
	CHECK_STR(b.data, "[0.000,0.000,0.001,12.045,-0.500,0.000,"
			  "9223372036.854,-9223372036.854]");
	buf_release(&b);
}

static const struct tap_case cases[] = {
	{ "commas stand where they belong", commas },
	{ "objects on lines of their own have none between", lines },
	{ "text is kept, quotes and backslashes escaped", plain_strings },
	{ "controls are escaped", controls },
	{ "invalid UTF-8 becomes U+FFFD, byte by byte", invalid_utf8 },
	{ "any bytes give a valid string", any_bytes },
	{ "numbers from end to end", numbers },
	{ "times in seconds, rounded towards zero", seconds },
};
TAP_MAIN(cases)
