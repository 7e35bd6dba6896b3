/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_json.c - our reader of JSON agrees with jansson, and reads what our
 * writer writes.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#ifdef HAVE_JANSSON
#include <jansson.h>
#undef json_is_true	/* ours has the same name */
#endif

#include "base/buf.h"
#include "base/json.h"
#include "base/jsonscan.h"
#include "fuzz.h"

static int member(void *arg, const char *name, size_t name_len,
		  const struct json_value *value)
{
	const struct buf *text = arg;
	const char *end = text->data + text->len;
	struct buf s = BUF_INIT;
	uint64_t n;

	FUZZ_CHECK(name >= text->data && name + name_len < end);
	FUZZ_CHECK(value->len > 0);
	FUZZ_CHECK(value->text >= text->data);
	FUZZ_CHECK(value->text + value->len <= end);
	if (json_get_str(value, &s) < 0)
		FUZZ_CHECK(s.len == 0);
	else
		FUZZ_CHECK(*value->text == '"' && s.len <= value->len - 2);
	if (json_get_uint(value, &n) == 0)
		FUZZ_CHECK(*value->text >= '0' && *value->text <= '9');
	if (json_is_true(value))
		FUZZ_CHECK(value->len == 4);
	buf_release(&s);
	return 0;
}

static int scan(const char *s, size_t len)
{
	struct buf exact = BUF_INIT;
	int ret;

	buf_add(&exact, s, len);
	ret = json_scan(exact.data, exact.len, member, &exact);
	buf_release(&exact);
	return ret;
}

#ifdef HAVE_JANSSON
/* We read those as U+FFFD; or what may be one. */
static bool has_lone_surrogate(const char *s, size_t len)
{
	for (size_t i = 0; i + 4 < len; i++) {
		if (memcmp(s + i, "\\u", 2) == 0 && strchr("dD", s[i + 2]))
			return true;
	}
	return false;
}

/* What jansson takes, we do, but for what is deeper; and we take no more but
 * for bytes that are no UTF-8, and for numbers and NULs that jansson has no
 * room for. */
static void check_same(const char *s, size_t len)
{
	json_error_t error;
	json_t *root = json_loadb(s, len, JSON_ALLOW_NUL, &error);
	int ours = scan(s, len);

	/* jansson lets a NUL pass that ends a number. */
	if (json_is_object(root) && ours < 0 && !memchr(s, '\0', len)) {
		size_t depth = 0;

		for (size_t i = 0; i < len; i++)
			depth += s[i] == '{' || s[i] == '[';
		FUZZ_CHECK(depth > JSON_DEPTH);
	}
	if (!root && ours == 0) {
		enum json_error_code code = json_error_code(&error);

		FUZZ_CHECK(code == json_error_numeric_overflow ||
			   code == json_error_null_byte_in_key ||
			   code == json_error_invalid_utf8 ||
			   has_lone_surrogate(s, len));
	}
	FUZZ_CHECK(!root || json_is_object(root) || ours < 0);
	json_decref(root);
}
#else
static void check_same(const char *s, size_t len)
{
	(void)!scan(s, len);
}
#endif

struct wanted {
	const char *s;
	size_t len;
	bool is_valid;
};

static int compare(void *arg, const char *name, size_t name_len,
		   const struct json_value *value)
{
	const struct wanted *want = arg;
	struct buf s = BUF_INIT;

	FUZZ_CHECK(name_len == 4 && memcmp(name, "text", 4) == 0);
	FUZZ_CHECK(json_get_str(value, &s) == 0);
	fuzz_check_utf8(s.data, s.len);
	if (want->is_valid) {
		FUZZ_CHECK(s.len == want->len);
		FUZZ_CHECK(memcmp(s.data, want->s, s.len) == 0);
	}
	buf_release(&s);
	return 0;
}

/* Written, and read back. */
static void check_written(const char *s, size_t len)
{
	struct wanted want = { s, len, true };
	struct buf text = BUF_INIT;

	for (size_t i = 0, n; i < len; i += n) {
		n = buf_utf8_length(s + i, len - i);
		if (n == 0) {
			want.is_valid = false;
			break;
		}
	}
	json_open(&text, '{');
	json_key(&text, "text");
	json_strn(&text, s, len);
	json_close(&text, '}');
	for (size_t i = 0; i < text.len; i++)
		FUZZ_CHECK((unsigned char)text.data[i] >= ' ');
	fuzz_check_utf8(text.data, text.len);
	FUZZ_CHECK(json_scan(text.data, text.len, compare, &want) == 0);
	buf_release(&text);
}

int fuzz_json(const uint8_t *data, size_t size)
{
	struct in in;
	size_t len;
	const char *s;

	in_begin(&in, data, size);
	s = in_rest(&in, &len);
	check_same(s, len);
	check_written(s, len);
	in_end(&in);
	return 0;
}
