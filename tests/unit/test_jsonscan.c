/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_jsonscan.c - JSON objects read, also those that are none.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/jsonscan.h"
#include "tap.h"

static struct buf seen = BUF_INIT;

static int note(void *arg, const char *name, size_t len,
		const struct json_value *v)
{
	(void)arg;
	buf_add(&seen, name, len);
	buf_addch(&seen, '=');
	buf_add(&seen, v->text, v->len);
	buf_addch(&seen, ';');
	return 0;
}

/* A copy without anything behind it, so that reading on is noticed. */
static int scan(const char *s, size_t len)
{
	char *copy = malloc(len ? len : 1);
	int ret;

	memcpy(copy, s, len);
	buf_reset(&seen);
	ret = json_scan(copy, len, note, NULL);
	free(copy);
	return ret;
}

static int scan_str(const char *s)
{
	return scan(s, strlen(s));
}

static void members(void)
{
	CHECK_INT(scan_str("{}"), 0);
	CHECK_STR(seen.data, "");
	CHECK_INT(scan_str(" { \"a\" : 1 , \"b\":\"x\" } \n"), 0);
	CHECK_STR(seen.data, "a=1;b=\"x\";");
	CHECK_INT(scan_str("{\"a\":[1,{\"b\":[]},\"]\"],\"c\":null}"), 0);
	CHECK_STR(seen.data, "a=[1,{\"b\":[]},\"]\"];c=null;");
	CHECK_INT(scan_str("{\"n\":-0.5e+10,\"t\":true,\"f\":false}"), 0);
	CHECK_STR(seen.data, "n=-0.5e+10;t=true;f=false;");
}

static void no_objects(void)
{
	static const char *const bad[] = {
		"", " ", "1", "[]", "\"a\"", "{", "}", "{}{}", "{\"a\"}",
		"{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\":1 \"b\":2}",
		"{a:1}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":.5}",
		"{\"a\":1e}", "{\"a\":-}", "{\"a\":+1}", "{\"a\":tru}",
		"{\"a\":truee}", "{\"a\":[}", "{\"a\":[1}}", "{\"a\":\"}",
		"{\"a\":\"\\x\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\u12",
		"{\"a\":\"\n\"}", "{\"a\":1]", "{\"a\":1}x", "{\"a\":\"\\",
		"{\"a\":[1,]}", "{\"a\":{\"b\"}}", "\xef\xbb\xbf{}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!CHECK_INT(scan_str(bad[i]), -1))
			CHECK_STR(bad[i], "");
	}
	CHECK_INT(scan("{\"a\":1\0}", 8), -1);
}

static void deep(void)
{
	struct buf text = BUF_INIT;

	for (int depth = JSON_DEPTH - 1; depth <= 100000; depth += 99969) {
		buf_reset(&text);
		buf_addstr(&text, "{\"a\":");
		for (int i = 0; i < depth; i++)
			buf_addch(&text, '[');
		for (int i = 0; i < depth; i++)
			buf_addch(&text, ']');
		buf_addch(&text, '}');
		CHECK_INT(scan(text.data, text.len),
			  depth < JSON_DEPTH ? 0 : -1);
	}
	buf_release(&text);
}

static void check_str(const char *json, const char *want, size_t len)
{
	struct json_value v = { json, strlen(json) };
	struct buf out = BUF_INIT;

	CHECK_INT(json_get_str(&v, &out), 0);
	CHECK_MEM(out.data, out.len, want, len);
	buf_release(&out);
}

static void strings(void)
{
	struct json_value none = { "12", 2 };
	struct buf out = BUF_INIT;

	check_str("\"\"", "", 0);
	check_str("\"a\\n\\t\\\\\\\"\\/\\b\\f\\r\"", "a\n\t\\\"/\b\f\r", 9);
	check_str("\"\\u0000\\u00e9\\u20AC\"", "\0\xc3\xa9\xe2\x82\xac", 6);
	check_str("\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80", 4);
	check_str("\"\\ud83dx\\ude00\\ud83d\"",
		  "\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd", 10);
	check_str("\"\\ud83d\\ud83d\\ude00\"",
		  "\xef\xbf\xbd\xf0\x9f\x98\x80", 7);
	CHECK_INT(json_get_str(&none, &out), -1);
}

static void check_uint(const char *json, int ret, uint64_t want)
{
	struct json_value v = { json, strlen(json) };
	uint64_t n = 0;

	CHECK_INT(json_get_uint(&v, &n), ret);
	CHECK_UINT(n, want);
}

static void numbers(void)
{
	check_uint("0", 0, 0);
	check_uint("18446744073709551615", 0, UINT64_MAX);
	check_uint("18446744073709551616", -1, 0);
	check_uint("99999999999999999999999", -1, 0);
	check_uint("-1", -1, 0);
	check_uint("1.0", -1, 0);
	check_uint("\"1\"", -1, 0);
	check_uint("true", -1, 0);
}

static int decode(void *arg, const char *name, size_t len,
		  const struct json_value *v)
{
	(void)name;
	(void)len;
	return json_get_str(v, arg);
}

/* What json.h has written is read as what it was. */
static void there_and_back(void)
{
	struct buf json = BUF_INIT, back = BUF_INIT;
	char text[256];

	for (unsigned i = 0; i < 128; i++)
		text[i] = (char)i;
	memcpy(text + 128, "\xc2\x80\xe2\x82\xac\xf0\x9f\x98\x80", 9);
	json_open(&json, '{');
	json_key(&json, "x");
	json_strn(&json, text, 137);
	json_close(&json, '}');
	CHECK_INT(json_scan(json.data, json.len, decode, &back), 0);
	CHECK_MEM(back.data, back.len, text, 137);
	buf_release(&json);
	buf_release(&back);
}

static void any_prefix(void)
{
	static const char whole[] = "{\"a\":[1,{\"b\":\"\\u00e9\\n\"}],"
		"\"c\":-1.5e3,\"d\":true,\"e\":\"\\ud83d\\ude00\"}";

	for (size_t n = 0; n < sizeof(whole) - 1; n++)
		CHECK_INT(scan(whole, n), -1);
	CHECK_INT(scan(whole, sizeof(whole) - 1), 0);
}

static const struct tap_case cases[] = {
	{ "members as they stand there", members },
	{ "what is no object", no_objects },
	{ "nesting has an end", deep },
	{ "strings", strings },
	{ "numbers", numbers },
	{ "what was written is read again", there_and_back },
	{ "no part of an object is one", any_prefix },
};
TAP_MAIN(cases)
