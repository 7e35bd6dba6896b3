/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_buf.c - the growing byte string.
 */
#include <config.h>

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "tap.h"

#define CHECK_VISIBLE(in, want) \
	check_visible((in), sizeof(in) - 1, (want), __LINE__)

static void starts_empty(void)
{
	struct buf a = BUF_INIT;
	struct buf b;

	buf_init(&b);
	CHECK_STR(a.data, "");
	CHECK(a.data == b.data);
	CHECK_UINT(b.len, 0);
	CHECK_UINT(b.cap, 0);
	buf_release(&a);
	buf_release(&b);
}

static void a_nul_follows_every_byte(void)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < 5000; i++) {
		buf_addch(&b, (char)('a' + i % 26));
		if (!CHECK_UINT(b.len, i + 1) || !CHECK(b.len < b.cap) ||
		    !CHECK_INT(b.data[i + 1], 0))
			break;
	}
	for (size_t i = 0; i < 5000; i++)
		if (!CHECK_INT(b.data[i], 'a' + i % 26))
			break;
	buf_release(&b);
}

static void adds_bytes_with_nul(void)
{
	struct buf b = BUF_INIT;

	buf_add(&b, "a\0b", 3);
	buf_add(&b, NULL, 0);
	buf_addstr(&b, "");
	buf_addstr(&b, "cd");
	CHECK_MEM(b.data, b.len, "a\0bcd", 5);
	CHECK_INT(b.data[5], 0);
	buf_release(&b);
}

/* Every length around the places where it has to grow. */
static void addf_of_any_length(void)
{
	for (int width = 1; width < 300; width++) {
		struct buf b = BUF_INIT;
		char want[400];

		buf_addf(&b, "%s", "xy");
		buf_addf(&b, "%*d|%s", width, 7, "z");
		snprintf(want, sizeof(want), "xy%*d|z", width, 7);
		if (!CHECK_STR(b.data, want) ||
		    !CHECK_UINT(b.len, strlen(want)))
			width = 300;
		buf_release(&b);
	}
}

static void addu_is_decimal(void)
{
	struct buf b = BUF_INIT;
	char want[64];

	buf_addu(&b, 0);
	buf_addch(&b, ' ');
	buf_addu(&b, 1234567890);
	buf_addch(&b, ' ');
	buf_addu(&b, ULLONG_MAX);
	snprintf(want, sizeof(want), "0 1234567890 %llu", ULLONG_MAX);
	CHECK_STR(b.data, want);
	buf_release(&b);
}

static void reserve_makes_room(void)
{
	struct buf b = BUF_INIT;
	char *p;

	buf_addstr(&b, "head ");
	p = buf_reserve(&b, 1000);
	CHECK_STR(b.data, "head ");
	CHECK(p == b.data + 5);
	CHECK(b.cap - b.len > 1000);
	memset(p, 'x', 1000);
	b.len += 1000;
	b.data[b.len] = '\0';
	CHECK_UINT(strlen(b.data), 1005);
	buf_release(&b);

	/* Of an empty one too, and its NUL is there at once. */
	p = buf_reserve(&b, 0);
	CHECK_STR(p, "");
	CHECK(b.cap > 0);
	buf_release(&b);
}

static void truncate_and_reset(void)
{
	struct buf b = BUF_INIT;
	char *data;
	size_t cap;

	buf_truncate(&b, 0);
	buf_reset(&b);
	CHECK_STR(b.data, "");
	buf_addstr(&b, "abcdef");
	data = b.data;
	cap = b.cap;
	buf_truncate(&b, 3);
	CHECK_STR(b.data, "abc");
	CHECK_UINT(b.len, 3);
	buf_truncate(&b, 3);
	CHECK_STR(b.data, "abc");
	buf_reset(&b);
	CHECK_STR(b.data, "");
	CHECK(b.data == data && b.cap == cap);
	buf_release(&b);
}

static void truncate_longer(void *arg)
{
	buf_truncate(arg, 4);
}

static void truncate_beyond_is_a_bug(void)
{
	struct buf b = BUF_INIT;
	char out[256];
	int status;

	buf_addstr(&b, "abc");
	status = tap_run(truncate_longer, &b, out, sizeof(out));
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	CHECK(strstr(out, "len > b->len"));
	buf_release(&b);
}

static void take_hands_the_bytes_over(void)
{
	struct buf b = BUF_INIT;
	char *data = b.data;
	char *s;

	buf_addstr(&b, "mine");
	data = b.data;
	s = buf_take(&b);
	CHECK(s == data);
	CHECK_STR(s, "mine");
	CHECK_STR(b.data, "");
	CHECK_UINT(b.cap, 0);
	buf_addstr(&b, "again");
	CHECK_STR(b.data, "again");
	CHECK_STR(s, "mine");
	free(s);
	buf_release(&b);
}

static void take_of_nothing_can_be_freed(void)
{
	struct buf b = BUF_INIT;
	char *s = buf_take(&b);

	CHECK_STR(s, "");
	CHECK(s != buf_empty);
	free(s);
}

static void release_leaves_it_usable(void)
{
	struct buf b = BUF_INIT;

	buf_addstr(&b, "x");
	buf_release(&b);
	CHECK_STR(b.data, "");
	CHECK_UINT(b.cap, 0);
	buf_addstr(&b, "y");
	CHECK_STR(b.data, "y");
	buf_release(&b);
	buf_release(&b);
}

static void check_visible(const char *in, size_t len, const char *want,
			  int line)
{
	struct buf b = BUF_INIT;

	buf_add_visible(&b, in, len);
	tap_check_str(b.data, want, __FILE__, line, "visible form");
	buf_release(&b);
}

static void visible_leaves_text(void)
{
	CHECK_VISIBLE("", "");
	CHECK_VISIBLE("plain text ~!\\n", "plain text ~!\\n");
	CHECK_VISIBLE("gr\xc3\xbc\xc3\x9f dich", "gr\xc3\xbc\xc3\x9f dich");
	CHECK_VISIBLE("\xe2\x82\xac \xf0\x9f\x98\x80",
		      "\xe2\x82\xac \xf0\x9f\x98\x80");
	/* The first and the last of each length. */
	CHECK_VISIBLE("\xc2\xa0|\xdf\xbf", "\xc2\xa0|\xdf\xbf");
	CHECK_VISIBLE("\xe0\xa0\x80|\xef\xbf\xbf", "\xe0\xa0\x80|\xef\xbf\xbf");
	CHECK_VISIBLE("\xf0\x90\x80\x80|\xf4\x8f\xbf\xbf",
		      "\xf0\x90\x80\x80|\xf4\x8f\xbf\xbf");
	/* Either side of the surrogates. */
	CHECK_VISIBLE("\xed\x9f\xbf|\xee\x80\x80", "\xed\x9f\xbf|\xee\x80\x80");
}

static void visible_shows_controls(void)
{
	CHECK_VISIBLE("a\nb\tc", "a\\nb\\tc");
	CHECK_VISIBLE("\x1b[31mred\x07", "\\x1B[31mred\\x07");
	CHECK_VISIBLE("a\0b\x7f\r", "a\\x00b\\x7F\\x0D");
	CHECK_VISIBLE("\xc2\x80\xc2\x9b" "31m\xc2\x9f",
		      "\\xC2\\x80\\xC2\\x9B31m\\xC2\\x9F");
}

static void visible_shows_invalid_utf8(void)
{
	CHECK_VISIBLE("\x9b" "31m", "\\x9B31m");
	CHECK_VISIBLE("\xff\xfe", "\\xFF\\xFE");
	/* Longer than needed, so that a control could hide in it. */
	CHECK_VISIBLE("\xc0\x9b", "\\xC0\\x9B");
	CHECK_VISIBLE("\xe0\x82\x9b", "\\xE0\\x82\\x9B");
	CHECK_VISIBLE("\xf0\x80\x82\x9b", "\\xF0\\x80\\x82\\x9B");
	/* Surrogates, and above U+10FFFF. */
	CHECK_VISIBLE("\xed\xa0\x80", "\\xED\\xA0\\x80");
	CHECK_VISIBLE("\xed\xbf\xbf", "\\xED\\xBF\\xBF");
	CHECK_VISIBLE("\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80");
	CHECK_VISIBLE("\xf5\x80\x80\x80", "\\xF5\\x80\\x80\\x80");
	/* What follows a broken one is not eaten. */
	CHECK_VISIBLE("\xe2\x82z", "\\xE2\\x82z");
	CHECK_VISIBLE("\xc3\n", "\\xC3\\n");
	CHECK_VISIBLE("\xc3\xc3\xbc", "\\xC3\xc3\xbc");
}

static void visible_stops_at_len(void)
{
	struct buf b = BUF_INIT;

	buf_add_visible(&b, "\xe2\x82\xac", 2);
	buf_add_visible(&b, "\xc3\xbc", 1);
	buf_add_visible(&b, "abc", 2);
	CHECK_STR(b.data, "\\xE2\\x82\\xC3ab");
	buf_release(&b);
}

static void lines_stay_lines(void)
{
	struct buf b = BUF_INIT;

	buf_add_visible_lines(&b, "");
	CHECK_UINT(b.len, 0);
	buf_add_visible_lines(&b, "a\tb\n\n\x1b[31m\rc\n");
	CHECK_STR(b.data, "a\tb\n\n\\x1B[31m\\x0Dc\n");
	buf_release(&b);
}

/* What was made visible is visible, so doing it twice changes nothing. */
static void visible_holds_for_all_pairs(void)
{
	struct buf once = BUF_INIT;
	struct buf twice = BUF_INIT;

	for (unsigned i = 0; i < 0x10000; i++) {
		char pair[2] = { (char)(i >> 8), (char)i };

		buf_reset(&once);
		buf_reset(&twice);
		buf_add_visible(&once, pair, 2);
		buf_add_visible(&twice, once.data, once.len);
		if (!CHECK_MEM(twice.data, twice.len, once.data, once.len))
			break;
		for (size_t k = 0; k < once.len; k++)
			CHECK((unsigned char)once.data[k] >= ' ' &&
			      once.data[k] != 0x7f);
	}
	buf_release(&once);
	buf_release(&twice);
}

static const struct tap_case cases[] = {
	{ "a new buf is an empty string", starts_empty },
	{ "a NUL follows every byte", a_nul_follows_every_byte },
	{ "bytes can be NUL, and none at all", adds_bytes_with_nul },
	{ "addf of any length", addf_of_any_length },
	{ "addu is decimal", addu_is_decimal },
	{ "reserve makes room and changes nothing", reserve_makes_room },
	{ "truncate and reset keep the memory", truncate_and_reset },
	{ "truncate beyond the end is a bug", truncate_beyond_is_a_bug },
	{ "take hands the bytes over", take_hands_the_bytes_over },
	{ "take of nothing can be freed", take_of_nothing_can_be_freed },
	{ "a released buf is usable", release_leaves_it_usable },
	{ "visible: text stays as it is", visible_leaves_text },
	{ "visible: controls are shown", visible_shows_controls },
	{ "visible: invalid UTF-8 is shown", visible_shows_invalid_utf8 },
	{ "visible: nothing is read behind the end", visible_stops_at_len },
	{ "visible, but lines and tabs stay", lines_stay_lines },
	{ "visible: any two bytes are harmless", visible_holds_for_all_pairs },
};
TAP_MAIN(cases)
