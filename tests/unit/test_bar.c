/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_bar.c - what --bar, --eta and --progress show, and when.
 */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/num.h"
#include "sched/job.h"
#include "sink/bar.h"
#include "sink/columns.h"
#include "tap.h"

#define SEC	NS_PER_SEC
#define START	(1000 * SEC)

static struct bar_sample sample(int64_t seconds, uint64_t done, int64_t total)
{
	struct bar_sample s = {
		.now_ns = START + seconds * SEC,
		.total = total,
		.done = done,
		.running = 2,
	};

	return s;
}

static void check_line(unsigned styles, const struct bar_sample *s,
		       const char *last, unsigned width, const char *want)
{
	struct buf got = BUF_INIT;

	bar_format(&got, styles, s, START, last, width);
	CHECK_STR(got.data, want);
	buf_release(&got);
}

static void check_plain(unsigned styles, int64_t seconds, uint64_t done,
			int64_t total, const char *want)
{
	struct bar_sample s = sample(seconds, done, total);

	check_line(styles, &s, "", 0, want);
}

static void bar_text(void)
{
	check_plain(BAR_BAR, 8, 4, 10, "40% 4:6=12s");
	check_plain(BAR_BAR, 0, 0, 10, "0% 0:10=?");
	check_plain(BAR_BAR, 5, 0, 10, "0% 0:10=?");
	check_plain(BAR_BAR, 20, 10, 10, "100% 10:0=0s");
	check_plain(BAR_BAR, 1, 999, 1000, "99% 999:1=0s");
	check_plain(BAR_BAR, 0, 0, 0, "100% 0:0=0s");
}

/* 29 of 100 is 29 %, whatever a double makes of it. */
static void percent_is_exact(void)
{
	struct buf want = BUF_INIT;

	/* One a second: what is left is also the time left, below a minute. */
	for (unsigned done = 41; done <= 100; done++) {
		buf_reset(&want);
		buf_addf(&want, "%u%% %u:%u=%us", done, done, 100 - done,
			 100 - done);
		check_plain(BAR_BAR, done, done, 100, want.data);
	}
	buf_release(&want);
	check_plain(BAR_BAR, 29, 29, 100, "29% 29:71=1m11s");
}

static void time_left(void)
{
	check_plain(BAR_BAR, 59, 1, 2, "50% 1:1=59s");
	check_plain(BAR_BAR, 60, 1, 2, "50% 1:1=1m00s");
	check_plain(BAR_BAR, 3599, 1, 2, "50% 1:1=59m59s");
	check_plain(BAR_BAR, 3600, 1, 2, "50% 1:1=1h00m00s");
	check_plain(BAR_BAR, 86399, 1, 2, "50% 1:1=23h59m59s");
	check_plain(BAR_BAR, 90061, 1, 2, "50% 1:1=1d01h01m01s");
	check_plain(BAR_BAR, 1000, 1, 10000001, "0% 1:10000000="
		    "115740d17h46m40s");
}

static void unknown_total(void)
{
	check_plain(BAR_BAR, 8, 4, -1, "?% 4:?=?");
	check_plain(BAR_ETA, 8, 4, -1,
		    "ETA: ? Left: ? AVG: 2.00s  local:2/4/100%/2.0s");
	check_plain(BAR_PROGRESS, 8, 4, -1, "local:2/4/100%/2.0s");
}

static void total_too_low(void)
{
	check_plain(BAR_BAR, 8, 12, 10, "100% 12:0=0s");
}

static void eta_text(void)
{
	check_plain(BAR_ETA, 8, 4, 10,
		    "ETA: 12s Left: 6 AVG: 2.00s  local:2/4/100%/2.0s");
	check_plain(BAR_ETA, 3, 0, 10,
		    "ETA: ? Left: 10 AVG: 0.00s  local:2/0/100%/0.0s");
	check_plain(BAR_ETA, 3, 8, 8,
		    "ETA: 0s Left: 0 AVG: 0.38s  local:2/8/100%/0.4s");
}

static void progress_text(void)
{
	check_plain(BAR_PROGRESS, 8, 4, 10, "local:2/4/100%/2.0s");
	check_plain(BAR_PROGRESS, 0, 0, 10, "local:2/0/100%/0.0s");
}

static void styles_together(void)
{
	check_plain(BAR_BAR | BAR_ETA | BAR_PROGRESS, 8, 4, 10,
		    "40% 4:6=12s");
	check_plain(BAR_ETA | BAR_PROGRESS, 8, 4, 10,
		    "ETA: 12s Left: 6 AVG: 2.00s  local:2/4/100%/2.0s");
}

static void failures(void)
{
	struct bar_sample s = sample(8, 4, 10);

	s.failed = 3;
	check_line(BAR_BAR, &s, "x", 0, "40% 4:6=12s failed:3 x");
	check_line(BAR_PROGRESS, &s, "x", 0, "local:2/4/100%/2.0s failed:3");
	check_line(BAR_ETA, &s, "x", 0, "ETA: 12s Left: 6 AVG: 2.00s  "
		   "local:2/4/100%/2.0s failed:3");
}

static void last_text(void)
{
	struct bar_sample s = sample(8, 4, 10);

	check_line(BAR_BAR, &s, "file.txt", 0, "40% 4:6=12s file.txt");
	check_line(BAR_BAR, &s, "a\nb\033[2J", 0,
		   "40% 4:6=12s a\\nb\\x1B[2J");
}

static void reversed_share(void)
{
	struct bar_sample s = sample(8, 4, 10);

	check_line(BAR_BAR, &s, "name", 20,
		   "\033[7m40% 4:6=\033[0m12s name    ");
	s = sample(0, 0, 10);
	check_line(BAR_BAR, &s, "", 20, "0% 0:10=?           ");
	s = sample(20, 10, 10);
	check_line(BAR_BAR, &s, "", 20,
		   "\033[7m100% 10:0=0s        \033[0m");
	s = sample(8, 4, -1);
	check_line(BAR_BAR, &s, "", 20, "?% 4:?=?            ");
}

static void cut_to_width(void)
{
	struct bar_sample s = sample(8, 4, 10);

	check_line(BAR_BAR, &s, "a long name", 20,
		   "\033[7m40% 4:6=\033[0m12s a long n");
	check_line(BAR_BAR, &s, "", 5, "\033[7m40\033[0m% 4");
	check_line(BAR_BAR, &s, "", 1, "4");
	check_line(BAR_ETA, &s, "", 12, "ETA: 12s Lef");
	check_line(BAR_PROGRESS, &s, "", 7, "local:2");
}

/* A character is one column, however many bytes it has. */
static void cut_by_columns(void)
{
	struct bar_sample s = sample(18, 9, 10);

	check_line(BAR_BAR, &s, "\303\244\342\202\254\360\237\230\200z", 20,
		   "\033[7m90% 9:1=2s \303\244\342\202\254\360\237\230\200z"
		   "   \033[0m  ");
	check_line(BAR_BAR, &s, "\303\244\342\202\254\360\237\230\200z", 13,
		   "\033[7m90% 9:1=2s \033[0m\303\244\342\202\254");
}

static void one_line_of_any_width(void)
{
	struct bar_sample s = sample(8, 4, 10);
	struct buf got = BUF_INIT;

	for (unsigned width = 1; width <= 300; width++) {
		buf_reset(&got);
		bar_format(&got, BAR_BAR, &s, START,
			   "\303\266 \xff\x01 some \342\202\254 text", width);
		/* Two escape sequences, when something is lit, are no
		 * columns. */
		CHECK_INT(columns_count(got.data, got.len),
			  width + (width * 4 / 10 ? 8 : 0));
	}
	buf_release(&got);
}

static void begin_job(struct bar *b, const char *first, const char *second)
{
	struct sink *sink = bar_sink(b);
	char *values[] = { (char *)first, (char *)second };
	size_t lens[] = { strlen(first), strlen(second) };
	struct job *job = job_new(1, values, lens, 2);

	sink->ops->start(sink, job);
	job_free(job);
}

static int64_t tick(struct bar *b, int64_t ms, uint64_t done, int64_t total)
{
	struct bar_sample s = sample(0, done, total);

	s.now_ns += ms * NS_PER_MS;
	return bar_tick(b, &s, 40);
}

static void finish(struct bar *b, int64_t seconds, uint64_t done,
		   int64_t total)
{
	struct bar_sample s = sample(seconds, done, total);

	bar_finish(b, &s, 40);
}

/* What fn writes to standard error is want. */
static void check_said(void (*fn)(void *), const char *want)
{
	char got[65536];

	CHECK_INT(tap_run(fn, NULL, got, sizeof(got)), 0);
	CHECK_STR(got, want);
}

static void run_tenths(void *arg UNUSED)
{
	struct bar *b = bar_new(BAR_BAR, false);

	CHECK_INT(tick(b, 0, 0, 20), SEC);
	for (unsigned done = 1; done <= 20; done++)
		CHECK_INT(tick(b, done * 100, done, 20), SEC);
	finish(b, 2, 20, 20);
	bar_free(b);
}

static void line_a_tenth(void)
{
	check_said(run_tenths,
		   "10% 2:18=1s\n" "20% 4:16=1s\n" "30% 6:14=1s\n"
		   "40% 8:12=1s\n" "50% 10:10=1s\n" "60% 12:8=0s\n"
		   "70% 14:6=0s\n" "80% 16:4=0s\n" "90% 18:2=0s\n"
		   "100% 20:0=0s\n");
}

static void run_unknown(void *arg UNUSED)
{
	struct bar *b = bar_new(BAR_PROGRESS, false);

	for (int s = 0; s <= 35; s++)
		tick(b, s * 1000, (uint64_t)s, -1);
	/* Nothing new: nothing said. */
	for (int s = 36; s <= 100; s++)
		tick(b, s * 1000, 30, -1);
	finish(b, 101, 31, 31);
	bar_free(b);
}

static void line_each_ten_seconds(void)
{
	check_said(run_unknown,
		   "local:2/10/100%/1.0s\n" "local:2/20/100%/1.0s\n"
		   "local:2/30/100%/1.0s\n" "local:2/31/100%/3.3s\n");
}

static void run_short(void *arg UNUSED)
{
	struct bar *b = bar_new(BAR_BAR, false);

	finish(b, 0, 3, 3);
	bar_free(b);
}

static void short_run(void)
{
	check_said(run_short, "100% 3:0=0s\n");
}

static void run_last(void *arg UNUSED)
{
	struct bar *b = bar_new(BAR_BAR, false);

	tick(b, 0, 0, 2);
	begin_job(b, "one", "1");
	begin_job(b, "two words", "a\tb");
	tick(b, 1000, 1, 2);
	bar_free(b);
}

static void last_begun(void)
{
	check_said(run_last, "50% 1:1=1s two words a\\tb\n");
}

static void run_huge(void *arg UNUSED)
{
	static char huge[100000];
	struct bar *b = bar_new(BAR_BAR, false);

	memset(huge, 'x', sizeof(huge) - 1);
	begin_job(b, huge, "and more");
	begin_job(b, "short", huge);
	tick(b, 0, 1, 1);
	bar_free(b);
}

static void huge_value(void)
{
	char got[65536];

	CHECK_INT(tap_run(run_huge, NULL, got, sizeof(got)), 0);
	CHECK(strncmp(got, "100% 1:0=0s short xxx", 21) == 0);
	CHECK(strlen(got) < 2000);
}

static void run_off(void *arg UNUSED)
{
	struct bar *b = bar_new(0, false);

	CHECK_INT(tick(b, 0, 0, 10), -1);
	CHECK_INT(tick(b, 5000, 5, 10), -1);
	finish(b, 6, 6, 10);
	bar_free(b);
}

static void off_says_nothing(void)
{
	check_said(run_off, "");
}

static void run_toggled(void *arg UNUSED)
{
	struct bar *b = bar_new(0, false);

	tick(b, 0, 0, 10);
	bar_toggle(b);
	CHECK_INT(tick(b, 4000, 2, -1), SEC);
	bar_toggle(b);
	CHECK_INT(tick(b, 5000, 8, 10), -1);
	bar_toggle(b);
	bar_toggle(b);
	CHECK_INT(tick(b, 6000, 9, 10), -1);
	finish(b, 7, 10, 10);
	bar_free(b);
}

/* The clock has run since the first tick, though nothing was shown. */
static void toggled(void)
{
	check_said(run_toggled, "local:2/2/100%/2.0s\n");
}

static void run_said_already(void *arg UNUSED)
{
	struct bar *b = bar_new(BAR_PROGRESS, false);

	tick(b, 0, 0, 4);
	tick(b, 8000, 4, 4);
	finish(b, 9, 4, 4);
	bar_free(b);
}

static void not_said_twice(void)
{
	check_said(run_said_already, "local:2/4/100%/2.0s\n");
}

static void run_terminal(void *arg UNUSED)
{
	struct bar *b = bar_new(BAR_PROGRESS, true);

	CHECK_INT(tick(b, 0, 0, 10), 100 * NS_PER_MS);
	CHECK_INT(tick(b, 30, 1, 10), 70 * NS_PER_MS);
	CHECK_INT(tick(b, 99, 2, 10), NS_PER_MS);
	CHECK_INT(tick(b, 100, 3, 10), 100 * NS_PER_MS);
	bar_free(b);
}

static void redrawn_each_100_ms(void)
{
	char got[4096];

	CHECK_INT(tap_run(run_terminal, NULL, got, sizeof(got)), 0);
	CHECK(strstr(got, "local:2/0/100%/0.0s") != NULL);
	CHECK(strstr(got, "local:2/1/") == NULL);
	CHECK(strstr(got, "local:2/2/") == NULL);
	CHECK(strstr(got, "local:2/3/100%/0.0s") != NULL);
	CHECK(strchr(got, '\n') == NULL);
}

static void run_terminal_end(void *arg UNUSED)
{
	struct bar *b = bar_new(BAR_PROGRESS, true);

	tick(b, 0, 0, 10);
	finish(b, 10, 10, 10);
	bar_free(b);
}

static void terminal_end(void)
{
	static const char want[] = "local:2/10/100%/1.0s\n";
	char got[4096];
	size_t len;

	CHECK_INT(tap_run(run_terminal_end, NULL, got, sizeof(got)), 0);
	len = strlen(got);
	if (CHECK(len > strlen(want)))
		CHECK_STR(got + len - strlen(want), want);
	CHECK_INT(strcspn(got, "\n"), len - 1);
}

static void run_terminal_toggle(void *arg UNUSED)
{
	struct bar *b = bar_new(BAR_PROGRESS, true);

	tick(b, 0, 0, 10);
	bar_toggle(b);
	CHECK_INT(tick(b, 10, 1, 10), -1);
	CHECK_INT(tick(b, 500, 2, 10), -1);
	bar_toggle(b);
	/* At once, though less than 100 ms have passed since the last. */
	CHECK_INT(tick(b, 510, 3, 10), 100 * NS_PER_MS);
	bar_toggle(b);
	bar_toggle(b);
	CHECK_INT(tick(b, 520, 4, 10), 100 * NS_PER_MS);
	bar_free(b);
}

static void terminal_toggle(void)
{
	char got[4096];

	CHECK_INT(tap_run(run_terminal_toggle, NULL, got, sizeof(got)), 0);
	CHECK(strstr(got, "local:2/0/") != NULL);
	CHECK(strstr(got, "local:2/1/") == NULL);
	CHECK(strstr(got, "local:2/2/") == NULL);
	CHECK(strstr(got, "local:2/3/") != NULL);
	CHECK(strstr(got, "local:2/4/") != NULL);
}

static void run_no_width(void *arg UNUSED)
{
	struct bar *b = bar_new(BAR_BAR, true);
	struct bar_sample s = sample(0, 10, 10);

	bar_tick(b, &s, 0);
	bar_free(b);
}

static void width_unknown(void)
{
	char got[4096];
	char *text;

	CHECK_INT(tap_run(run_no_width, NULL, got, sizeof(got)), 0);
	text = strstr(got, "\033[7m");
	if (CHECK(text != NULL))
		CHECK_INT(strlen(text), 4 + 80 + 4);
}

static void columns(void)
{
	static const char text[] = "a\303\244\342\202\254z";
	static const char euros[] =
		"\342\202\254\342\202\254\342\202\254\342\202\254"
		"\342\202\254\342\202\254\342\202\254\342\202\254";
	struct buf b = BUF_INIT;

	CHECK_INT(columns_count(text, 7), 4);
	CHECK_INT(columns_count(text, 0), 0);
	CHECK_INT(columns_prefix(text, 7, 0), 0);
	CHECK_INT(columns_prefix(text, 7, 2), 3);
	CHECK_INT(columns_prefix(text, 7, 3), 6);
	CHECK_INT(columns_prefix(text, 7, 9), 7);
	buf_addstr(&b, "<");
	CHECK_INT(columns_add_visible(&b, text, 7, 3), 3);
	CHECK_INT(columns_add_visible(&b, text, 7, 0), 4);
	CHECK_INT(columns_add_visible(&b, text, 0, 5), 0);
	/* Far more than will be shown: no sequence is torn. */
	CHECK_INT(columns_add_visible(&b, euros, sizeof(euros) - 1, 2), 2);
	columns_add_blanks(&b, 0);
	columns_add_blanks(&b, 2);
	CHECK_STR(b.data, "<a\303\244\342\202\254"
		  "a\303\244\342\202\254z" "\342\202\254\342\202\254  ");
	buf_release(&b);
}

static const struct tap_case cases[] = {
	{ "the bar's text", bar_text },
	{ "percentages are exact", percent_is_exact },
	{ "the time left in days to seconds", time_left },
	{ "an unknown total is a question mark", unknown_total },
	{ "a total that was too low", total_too_low },
	{ "the eta line", eta_text },
	{ "the progress line", progress_text },
	{ "bar wins over eta, eta over progress", styles_together },
	{ "failures are counted", failures },
	{ "what began last is shown, visible", last_text },
	{ "reverse video up to the share done", reversed_share },
	{ "lines are cut to the width", cut_to_width },
	{ "columns are characters, not bytes", cut_by_columns },
	{ "a bar is as wide as it is to be", one_line_of_any_width },
	{ "a plain line each tenth of the work", line_a_tenth },
	{ "a plain line each 10 s, if there is news",
	  line_each_ten_seconds },
	{ "a short run has one line", short_run },
	{ "the sink remembers what began last", last_begun },
	{ "a huge value is cut", huge_value },
	{ "no style says nothing", off_says_nothing },
	{ "toggled on and off", toggled },
	{ "the last state is not said twice", not_said_twice },
	{ "a terminal is redrawn each 100 ms at most", redrawn_each_100_ms },
	{ "a terminal keeps the last state as a line", terminal_end },
	{ "toggling on a terminal acts at once", terminal_toggle },
	{ "an unknown width is 80", width_unknown },
	{ "columns of UTF-8", columns },
};
TAP_MAIN(cases)
