/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_emit.c - the emitter in input order: order, live output, what is held.
 *
 * The other modes are in test_emit_modes.c, ceilings and slow readers in
 * test_emit_room.c, everything at once in test_emit_stress.c.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "rig.h"
#include "tap.h"

static void in_order(void)
{
	struct rig r;

	rig_start(&r, EMIT_ORDERED);
	for (uint64_t seq = 1; seq <= 3; seq++) {
		rig_begin(&r, seq, true);
		rig_sayf(&r, seq, OUTPUT_OUT, "%llu\n",
			 (unsigned long long)seq);
		rig_end(&r, seq, true);
	}
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, "1\n2\n3\n");
	rig_release(&r);
}

/* All orders in which five jobs can end. */
static void permute(struct rig *r, uint64_t base, unsigned left)
{
	uint64_t order[5] = { 1, 2, 3, 4, 5 };

	for (unsigned i = 5; i > 1; i--) {
		unsigned k = left % i;
		uint64_t t = order[i - 1];

		left /= i;
		order[i - 1] = order[k];
		order[k] = t;
	}
	for (uint64_t seq = 1; seq <= 5; seq++) {
		rig_begin(r, base + seq, true);
		rig_sayf(r, base + seq, OUTPUT_OUT, "%llu,",
			 (unsigned long long)(base + seq));
	}
	for (unsigned i = 0; i < 5; i++)
		rig_end(r, base + order[i], true);
}

static void in_any_order(void)
{
	struct buf want = BUF_INIT;
	struct rig r;

	rig_start(&r, EMIT_ORDERED);
	for (unsigned i = 0; i < 120; i++)
		permute(&r, 5 * i, i);
	rig_finish(&r);
	for (unsigned seq = 1; seq <= 600; seq++)
		buf_addf(&want, "%u,", seq);
	CHECK_STR(capture_text(&r.cap, 0)->data, want.data);
	buf_release(&want);
	rig_release(&r);
}

static void head_is_live(void)
{
	struct rig r;

	rig_start(&r, EMIT_ORDERED);
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, true);
	rig_say(&r, 2, OUTPUT_OUT, "second ");
	rig_say(&r, 1, OUTPUT_OUT, "one ");
	AWAIT(capture_is(&r.cap, 0, "one "));
	rig_say(&r, 1, OUTPUT_OUT, "more ");
	AWAIT(capture_is(&r.cap, 0, "one more "));
	rig_end(&r, 1, true);
	/* Now the next is, with what it has said before. */
	AWAIT(capture_is(&r.cap, 0, "one more second "));
	rig_say(&r, 2, OUTPUT_OUT, "live");
	AWAIT(capture_is(&r.cap, 0, "one more second live"));
	rig_end(&r, 2, true);
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, "one more second live");
	rig_release(&r);
}

/* A job in the middle of the queue is not begun, others are over. */
static void gap_holds(void)
{
	struct rig r;

	rig_start(&r, EMIT_ORDERED);
	rig_all(&r, 1, "a");
	rig_all(&r, 3, "c");
	rig_all(&r, 4, "d");
	AWAIT(capture_is(&r.cap, 0, "a"));
	rig_begin(&r, 2, true);
	usleep(2000);
	CHECK_STR(capture_text(&r.cap, 0)->data, "a");
	rig_end(&r, 2, true);
	AWAIT(capture_is(&r.cap, 0, "acd"));
	rig_finish(&r);
	rig_release(&r);
}

static void streams_apart(void)
{
	struct rig r;

	rig_start(&r, EMIT_ORDERED);
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, true);
	rig_say(&r, 2, OUTPUT_ERR, "E2");
	rig_say(&r, 2, OUTPUT_OUT, "o2");
	rig_say(&r, 1, OUTPUT_ERR, "E1");
	rig_say(&r, 1, OUTPUT_OUT, "o1");
	rig_say(&r, 1, OUTPUT_ERR, "E1b");
	rig_end(&r, 2, true);
	rig_end(&r, 1, true);
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, "o1o2");
	CHECK_STR(capture_text(&r.cap, 1)->data, "E1E1bE2");
	rig_release(&r);
}

static void dropped_try(void)
{
	struct rig r;

	rig_start(&r, EMIT_ORDERED);
	rig_begin(&r, 1, false);
	rig_say(&r, 1, OUTPUT_OUT, "bad");
	rig_say(&r, 1, OUTPUT_ERR, "bad");
	rig_end(&r, 1, false);
	rig_all(&r, 2, "two");
	rig_begin(&r, 1, false);
	rig_say(&r, 1, OUTPUT_OUT, "worse");
	rig_end(&r, 1, false);
	rig_begin(&r, 1, true);
	rig_say(&r, 1, OUTPUT_OUT, "good ");
	/* The last one is shown as it comes, whatever becomes of it. */
	AWAIT(capture_is(&r.cap, 0, "good "));
	rig_end(&r, 1, true);
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, "good two");
	CHECK_STR(capture_text(&r.cap, 1)->data, "");
	rig_release(&r);
}

static void early_success(void)
{
	struct rig r;

	rig_start(&r, EMIT_ORDERED);
	rig_begin(&r, 1, false);
	rig_say(&r, 1, OUTPUT_OUT, "at once");
	/* It might still be repeated. */
	usleep(2000);
	CHECK_STR(capture_text(&r.cap, 0)->data, "");
	rig_end(&r, 1, true);
	AWAIT(capture_is(&r.cap, 0, "at once"));
	rig_finish(&r);
	rig_release(&r);
}

static void skipped(void)
{
	struct rig r;

	rig_start(&r, EMIT_ORDERED);
	rig_skip(&r, 3);
	rig_all(&r, 4, "4");
	rig_skip(&r, 1);
	rig_begin(&r, 2, false);
	rig_say(&r, 2, OUTPUT_OUT, "not this");
	rig_end(&r, 2, false);
	rig_skip(&r, 2);
	AWAIT(capture_is(&r.cap, 0, "4"));
	rig_skip(&r, 5);
	rig_all(&r, 6, "6");
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, "46");
	rig_release(&r);
}

static void silent_jobs(void)
{
	struct rig r;

	rig_start(&r, EMIT_ORDERED);
	rig_begin(&r, 1, true);
	for (uint64_t seq = 2; seq <= 500; seq++)
		rig_all(&r, seq, seq % 100 ? "" : ".");
	rig_end(&r, 1, true);
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, ".....");
	rig_release(&r);
}

/* The ring grows while its head stands still, wherever that is. */
static void many_behind_one(void)
{
	struct buf want = BUF_INIT;
	struct rig r;

	rig_start(&r, EMIT_ORDERED);
	for (uint64_t seq = 1; seq <= 49; seq++)
		rig_all(&r, seq, "");
	rig_begin(&r, 50, true);
	for (uint64_t seq = 3000; seq > 50; seq--) {
		rig_begin(&r, seq, true);
		rig_sayf(&r, seq, OUTPUT_OUT, "%llu\n",
			 (unsigned long long)seq);
		rig_end(&r, seq, true);
	}
	CHECK_STR(capture_text(&r.cap, 0)->data, "");
	rig_end(&r, 50, true);
	rig_finish(&r);
	for (unsigned seq = 51; seq <= 3000; seq++)
		buf_addf(&want, "%u\n", seq);
	CHECK_STR(capture_text(&r.cap, 0)->data, want.data);
	buf_release(&want);
	rig_release(&r);
}

static void no_last_newline(void)
{
	struct rig r;

	rig_start(&r, EMIT_ORDERED);
	rig_all(&r, 1, "a\nb");
	rig_all(&r, 2, "c\n");
	rig_all(&r, 3, "\n\nd");
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, "a\nbc\n\n\nd");
	rig_release(&r);
}

static void binary(void)
{
	static char bytes[300000];
	struct rig r;
	uint32_t x = 7;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		x = x * 1664525 + 1013904223;
		bytes[i] = (char)(x >> 24);
	}
	rig_start(&r, EMIT_ORDERED);
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, true);
	rig_put(&r, 2, OUTPUT_OUT, bytes + 100000, 200000);
	rig_put(&r, 1, OUTPUT_OUT, bytes, 1);
	rig_put(&r, 1, OUTPUT_OUT, bytes + 1, 99999);
	rig_end(&r, 2, true);
	rig_end(&r, 1, true);
	rig_finish(&r);
	CHECK_MEM(capture_text(&r.cap, 0)->data, capture_text(&r.cap, 0)->len,
		  bytes, sizeof(bytes));
	rig_release(&r);
}

static void small_pieces(void)
{
	struct buf want = BUF_INIT;
	struct rig r;

	rig_start(&r, EMIT_ORDERED);
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, true);
	for (unsigned i = 0; i < 5000; i++) {
		rig_sayf(&r, 2, OUTPUT_OUT, "%u ", i);
		buf_addf(&want, "%u ", i);
	}
	rig_end(&r, 1, true);
	rig_end(&r, 2, true);
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, want.data);
	buf_release(&want);
	rig_release(&r);
}

/* Tags. */

static void tagged_lines(void)
{
	struct rig r;

	rig_start_tagged(&r, EMIT_ORDERED);
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, true);
	rig_say(&r, 2, OUTPUT_OUT, "x\ny");
	rig_say(&r, 1, OUTPUT_OUT, "a\nb");
	/* What continues a line gets no tag, though it comes later. */
	AWAIT(capture_is(&r.cap, 0, "1\ta\n1\tb"));
	rig_say(&r, 1, OUTPUT_OUT, "c\n\n");
	rig_say(&r, 1, OUTPUT_OUT, "d\n");
	rig_end(&r, 1, true);
	rig_say(&r, 2, OUTPUT_OUT, "z");
	rig_end(&r, 2, true);
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data,
		  "1\ta\n1\tbc\n1\t\n1\td\n2\tx\n2\tyz");
	rig_release(&r);
}

static void tags_of_both_streams(void)
{
	struct rig r;

	rig_start_tagged(&r, EMIT_ORDERED);
	rig_begin(&r, 1, true);
	rig_say(&r, 1, OUTPUT_OUT, "o");
	rig_say(&r, 1, OUTPUT_ERR, "e");
	rig_say(&r, 1, OUTPUT_OUT, "O\n");
	rig_say(&r, 1, OUTPUT_ERR, "E\n");
	rig_end(&r, 1, true);
	rig_all(&r, 2, "");
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, "1\toO\n");
	CHECK_STR(capture_text(&r.cap, 1)->data, "1\teE\n");
	rig_release(&r);
}

static void tags_again_for_a_try(void)
{
	struct rig r;

	rig_start_tagged(&r, EMIT_ORDERED);
	rig_begin(&r, 1, false);
	rig_say(&r, 1, OUTPUT_OUT, "half");
	rig_end(&r, 1, false);
	rig_begin(&r, 1, true);
	rig_say(&r, 1, OUTPUT_OUT, "whole\n");
	rig_end(&r, 1, true);
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, "1\twhole\n");
	rig_release(&r);
}

static void finishes_without_jobs(void)
{
	struct rig r;

	rig_start(&r, EMIT_ORDERED);
	CHECK(!emit_is_finished(r.e));
	rig_finish(&r);
	/* It need not be told when it was so at once. */
	CHECK(atomic_load(&r.finished) <= 1);
	rig_release(&r);
}

/* After a stop: what was never begun leaves gaps. */
static void finishes_over_gaps(void)
{
	struct rig r;

	rig_start(&r, EMIT_ORDERED);
	rig_all(&r, 1, "1");
	rig_all(&r, 4, "4");
	rig_all(&r, 9, "9");
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, "149");
	rig_release(&r);
}

static const struct tap_case cases[] = {
	{ "jobs that end in order", in_order },
	{ "jobs that end in any order", in_any_order },
	{ "the oldest job is live, the others are held", head_is_live },
	{ "a job that has not begun holds up those behind it", gap_holds },
	{ "the two streams are kept apart, each in order", streams_apart },
	{ "a try that is repeated leaves nothing", dropped_try },
	{ "a try that might have been repeated counts", early_success },
	{ "jobs that never run are skipped", skipped },
	{ "jobs that say nothing", silent_jobs },
	{ "thousands of jobs wait behind one", many_behind_one },
	{ "no newline is added at the end", no_last_newline },
	{ "any byte passes", binary },
	{ "many small pieces keep their order", small_pieces },
	{ "each line is tagged once", tagged_lines },
	{ "lines of both streams are tagged", tags_of_both_streams },
	{ "a dropped try does not leave its line open",
	  tags_again_for_a_try },
	{ "without jobs it finishes", finishes_without_jobs },
	{ "in the end gaps hold up nothing", finishes_over_gaps },
};
TAP_MAIN(cases)
