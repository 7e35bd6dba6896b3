/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_emit_modes.c - the emitter in order of completion, and by lines.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "rig.h"
#include "sink/emit_impl.h"
#include "tap.h"

/* In order of completion. */

static void by_completion(void)
{
	struct rig r;

	rig_start(&r, EMIT_GROUPED);
	for (uint64_t seq = 1; seq <= 3; seq++)
		rig_begin(&r, seq, true);
	for (uint64_t seq = 1; seq <= 3; seq++)
		rig_sayf(&r, seq, OUTPUT_OUT, "%da", (int)seq);
	for (uint64_t seq = 1; seq <= 3; seq++)
		rig_sayf(&r, seq, OUTPUT_OUT, "%db ", (int)seq);
	CHECK_STR(capture_text(&r.cap, 0)->data, "");
	rig_end(&r, 2, true);
	AWAIT(capture_is(&r.cap, 0, "2a2b "));
	rig_end(&r, 3, true);
	AWAIT(capture_is(&r.cap, 0, "2a2b 3a3b "));
	rig_end(&r, 1, true);
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, "2a2b 3a3b 1a1b ");
	rig_release(&r);
}

static void grouped_tries(void)
{
	struct rig r;

	rig_start(&r, EMIT_GROUPED);
	rig_begin(&r, 1, false);
	rig_say(&r, 1, OUTPUT_OUT, "bad");
	rig_end(&r, 1, false);
	rig_begin(&r, 1, false);
	rig_say(&r, 1, OUTPUT_ERR, "worse");
	rig_end(&r, 1, false);
	rig_skip(&r, 1);
	rig_begin(&r, 2, true);
	rig_say(&r, 2, OUTPUT_OUT, "good");
	rig_end(&r, 2, true);
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, "good");
	CHECK_STR(capture_text(&r.cap, 1)->data, "");
	rig_release(&r);
}

static void grouped_tags(void)
{
	struct rig r;

	rig_start_tagged(&r, EMIT_GROUPED);
	rig_begin(&r, 1, true);
	rig_say(&r, 1, OUTPUT_OUT, "a");
	rig_all(&r, 2, "x\ny\n");
	rig_say(&r, 1, OUTPUT_OUT, "b\n");
	rig_end(&r, 1, true);
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, "2\tx\n2\ty\n1\tab\n");
	rig_release(&r);
}

/*
 * Where nothing more can be held: one job is let through, the others wait,
 * then another is.
 */

#define LOAD	100000

static void start_without_spool(struct rig *r)
{
	struct emit_config c = {
		.mode = EMIT_GROUPED, .memory_max = LOAD,
		.tmpdir = "/dev/null/no such directory",
	};

	rig_start_with(r, &c, false);
	for (uint64_t seq = 1; seq <= 4; seq++) {
		rig_begin(r, seq, true);
		rig_fill(r, seq, (char)('0' + seq), LOAD);
	}
}

static void check_runs(struct rig *r, const char *order, size_t each)
{
	const struct buf *b = capture_text(&r->cap, 0);
	size_t at = 0;

	for (; *order; order++)
		for (size_t i = 0; i < each; i++, at++)
			if (at >= b->len || b->data[at] != *order) {
				CHECK_INT(at, b->len);
				return;
			}
	CHECK_INT(at, b->len);
}

static size_t shown(struct rig *r)
{
	return capture_text(&r->cap, 0)->len;
}

static void patron(void)
{
	struct rig r;

	start_without_spool(&r);
	/* The first who asks. */
	CHECK(rig_room(&r, 3));
	AWAIT(shown(&r) == LOAD);
	CHECK(!rig_room(&r, 1));
	CHECK(!rig_room(&r, 2));
	CHECK(!rig_room(&r, 4));
	rig_fill(&r, 3, '3', 5);
	AWAIT(shown(&r) == LOAD + 5);
	/* One that ends is not shown before the patron has ended. */
	rig_end(&r, 4, true);
	CHECK(rig_room(&r, 3));
	usleep(2000);
	CHECK_INT(shown(&r), LOAD + 5);
	rig_fill(&r, 3, '3', LOAD - 5);
	rig_end(&r, 3, true);
	AWAIT(shown(&r) == 3 * LOAD);
	/* So much was held by the others that memory is still full. */
	AWAIT(rig_wakes(&r, 1) > 0 && rig_wakes(&r, 2) > 0);
	CHECK(rig_room(&r, 2));
	CHECK(!rig_room(&r, 1));
	rig_fill(&r, 2, '2', LOAD);
	AWAIT(shown(&r) == 5 * LOAD);
	rig_end(&r, 2, true);
	AWAIT(rig_wakes(&r, 1) > 1);
	CHECK(rig_room(&r, 1));
	rig_end(&r, 1, true);
	rig_finish(&r);
	check_runs(&r, "3342"
		       "21", LOAD);
	rig_release(&r);
}

/* The patron's own output is not ahead of its reader by any amount. */
static void patron_is_slow(void)
{
	struct emit_config c = {
		.mode = EMIT_GROUPED, .memory_max = 1, .tmpdir = "/dev/null",
	};
	struct rig r;

	rig_start_with(&r, &c, true);
	rig_begin(&r, 1, true);
	rig_fill(&r, 1, 'x', 2 * LIVE_MAX);
	/* Is let through by the first, has enough in hand for the second. */
	CHECK(rig_room(&r, 1));
	CHECK(!rig_room(&r, 1));
	CHECK_INT(rig_wakes(&r, 1), 0);
	capture_start_reader(&r.cap);
	AWAIT(rig_wakes(&r, 1) == 1);
	CHECK(rig_room(&r, 1));
	rig_end(&r, 1, true);
	rig_finish(&r);
	CHECK_INT(r.cap.text[0].len, 2 * LIVE_MAX);
	rig_release(&r);
}

/* A job that ends without ever having been let through. */
static void ends_while_waiting(void)
{
	struct rig r;

	start_without_spool(&r);
	CHECK(rig_room(&r, 1));
	for (uint64_t seq = 2; seq <= 4; seq++) {
		CHECK(!rig_room(&r, seq));
		rig_end(&r, seq, true);
	}
	rig_end(&r, 1, true);
	rig_finish(&r);
	check_runs(&r, "1234", LOAD);
	rig_release(&r);
}

/* What may have to be dropped can't be let through; it is held. */
static void tries_are_no_patrons(void)
{
	struct emit_config c = {
		.mode = EMIT_GROUPED, .memory_max = 10, .tmpdir = "/dev/null",
	};
	struct rig r;

	rig_start_with(&r, &c, false);
	rig_begin(&r, 1, false);
	rig_begin(&r, 2, true);
	rig_fill(&r, 1, '1', LOAD);
	CHECK(rig_room(&r, 1));
	rig_fill(&r, 2, '2', LOAD);
	CHECK(rig_room(&r, 2));
	CHECK(rig_room(&r, 1));
	rig_end(&r, 1, false);
	rig_end(&r, 2, true);
	rig_finish(&r);
	check_runs(&r, "2", LOAD);
	rig_release(&r);
}

/* By lines. */

static void whole_lines(void)
{
	struct rig r;

	rig_start(&r, EMIT_LINES);
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, true);
	rig_say(&r, 1, OUTPUT_OUT, "one ");
	rig_say(&r, 2, OUTPUT_OUT, "two\nthr");
	AWAIT(capture_is(&r.cap, 0, "two\n"));
	rig_say(&r, 1, OUTPUT_OUT, "and a half\n");
	AWAIT(capture_is(&r.cap, 0, "two\none and a half\n"));
	rig_say(&r, 2, OUTPUT_OUT, "ee\n");
	AWAIT(capture_is(&r.cap, 0, "two\none and a half\nthree\n"));
	rig_end(&r, 1, true);
	rig_end(&r, 2, true);
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data,
		  "two\none and a half\nthree\n");
	rig_release(&r);
}

static void last_line_open(void)
{
	struct rig r;

	rig_start(&r, EMIT_LINES);
	rig_begin(&r, 1, true);
	rig_say(&r, 1, OUTPUT_OUT, "a\nno end");
	rig_say(&r, 1, OUTPUT_ERR, "e");
	AWAIT(capture_is(&r.cap, 0, "a\n"));
	rig_end(&r, 1, true);
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, "a\nno end");
	CHECK_STR(capture_text(&r.cap, 1)->data, "e");
	rig_release(&r);
}

static void lines_of_both_streams(void)
{
	struct rig r;

	rig_start(&r, EMIT_LINES);
	rig_begin(&r, 1, true);
	rig_say(&r, 1, OUTPUT_OUT, "out ");
	rig_say(&r, 1, OUTPUT_ERR, "err ");
	rig_say(&r, 1, OUTPUT_OUT, "1\n");
	rig_say(&r, 1, OUTPUT_ERR, "1\n");
	AWAIT(capture_is(&r.cap, 0, "out 1\n"));
	AWAIT(capture_is(&r.cap, 1, "err 1\n"));
	rig_end(&r, 1, true);
	rig_finish(&r);
	rig_release(&r);
}

static void line_tries(void)
{
	struct rig r;

	rig_start(&r, EMIT_LINES);
	rig_begin(&r, 1, false);
	rig_say(&r, 1, OUTPUT_OUT, "bad\nrest");
	rig_end(&r, 1, false);
	rig_begin(&r, 1, false);
	rig_say(&r, 1, OUTPUT_OUT, "good\nrest");
	usleep(2000);
	CHECK_STR(capture_text(&r.cap, 0)->data, "");
	rig_end(&r, 1, true);
	AWAIT(capture_is(&r.cap, 0, "good\nrest"));
	rig_begin(&r, 2, false);
	rig_end(&r, 2, true);
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, "good\nrest");
	rig_release(&r);
}

static void line_tags(void)
{
	struct rig r;

	rig_start_tagged(&r, EMIT_LINES);
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, true);
	rig_say(&r, 1, OUTPUT_OUT, "a");
	rig_say(&r, 2, OUTPUT_OUT, "x\n");
	AWAIT(capture_is(&r.cap, 0, "2\tx\n"));
	rig_say(&r, 1, OUTPUT_OUT, "b\nc");
	AWAIT(capture_is(&r.cap, 0, "2\tx\n1\tab\n"));
	rig_end(&r, 1, true);
	rig_end(&r, 2, true);
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, "2\tx\n1\tab\n1\tc");
	rig_release(&r);
}

static void long_line(void)
{
	struct rig r;
	size_t want = 0;

	rig_start(&r, EMIT_LINES);
	rig_begin(&r, 1, true);
	for (int i = 0; i < 100; i++) {
		rig_fill(&r, 1, 'x', 30000);
		want += 30000;
	}
	CHECK(rig_room(&r, 1));
	CHECK_INT(shown(&r), 0);
	rig_say(&r, 1, OUTPUT_OUT, "\n");
	AWAIT(shown(&r) == want + 1);
	rig_end(&r, 1, true);
	rig_finish(&r);
	rig_release(&r);
}

static void slow_line_reader(void)
{
	struct emit_config c = { .mode = EMIT_LINES };
	struct rig r;
	size_t said = 0;

	rig_start_with(&r, &c, true);
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, true);
	while (rig_room(&r, 1)) {
		rig_fill(&r, 1, '\n', 10000);
		said += 10000;
	}
	CHECK(said < 2 * LIVE_MAX);
	/* The other has its own share. */
	CHECK(rig_room(&r, 2));
	rig_say(&r, 2, OUTPUT_OUT, "\n");
	capture_start_reader(&r.cap);
	AWAIT(rig_wakes(&r, 1) > 0);
	CHECK(rig_room(&r, 1));
	rig_end(&r, 1, true);
	rig_end(&r, 2, true);
	rig_finish(&r);
	CHECK_INT(r.cap.text[0].len, said + 1);
	rig_release(&r);
}

static const struct tap_case cases[] = {
	{ "by completion: as jobs end, each in one piece", by_completion },
	{ "by completion: dropped tries and skips leave nothing",
	  grouped_tries },
	{ "by completion: tags", grouped_tags },
	{ "by completion: one is let through when nothing can be held",
	  patron },
	{ "by completion: who is let through can be held up by its reader",
	  patron_is_slow },
	{ "by completion: who waits may end", ends_while_waiting },
	{ "by completion: a try that may be dropped is never let through",
	  tries_are_no_patrons },
	{ "by lines: lines are never mixed", whole_lines },
	{ "by lines: the last line may have no end", last_line_open },
	{ "by lines: each stream has its own line", lines_of_both_streams },
	{ "by lines: dropped tries leave nothing", line_tries },
	{ "by lines: tags", line_tags },
	{ "by lines: a line of three million bytes", long_line },
	{ "by lines: a slow reader holds up who writes much",
	  slow_line_reader },
};
TAP_MAIN(cases)
