/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_emit_pack.c - the emitter's held output, compressed by programs.
 */
#include <config.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "rig.h"
#include "sink/compress.h"
#include "sink/emit_impl.h"
#include "tap.h"

#define LOAD	((size_t)3 << 20)

static atomic_uint told;

static void note_pack_failed(void *arg, const char *why)
{
	(void)arg;
	CHECK(strlen(why) > 0);
	atomic_fetch_add(&told, 1);
}

static void start(struct rig *r, struct compress *c, const char *pack,
		  const char *unpack)
{
	struct emit_config config = {
		.memory_max = 1000,
		.compress = c,
		.pack_failed = note_pack_failed,
	};

	child_setup();
	atomic_store(&told, 0);
	compress_init(c, pack, unpack);
	rig_start_with(r, &config, false);
}

static uint64_t packed_bytes(struct rig *r)
{
	uint64_t n;

	mutex_lock(&r->e->lock);
	n = (uint64_t)r->e->spool.size;
	mutex_unlock(&r->e->lock);
	return n;
}

/* Job 1 is live, what 2 says is held; both streams. */
static void hold_much(struct rig *r)
{
	rig_begin(r, 1, true);
	rig_begin(r, 2, true);
	rig_fill(r, 2, 'b', LOAD);
	rig_say(r, 2, OUTPUT_ERR, "error\n");
	rig_say(r, 2, OUTPUT_OUT, "end\n");
	rig_end(r, 2, true);
}

/* Job 1 speaks and ends, and all is written. */
static void finish(struct rig *r)
{
	rig_say(r, 1, OUTPUT_OUT, "1\n");
	rig_end(r, 1, true);
	rig_finish(r);
}

static void check_much(struct rig *r)
{
	const struct buf *out = capture_text(&r->cap, 0);

	if (!CHECK_INT(out->len, 2 + LOAD + 4))
		return;
	CHECK(strncmp(out->data, "1\n", 2) == 0);
	CHECK_INT(strspn(out->data + 2, "b"), LOAD);
	CHECK_STR(out->data + 2 + LOAD, "end\n");
	CHECK_STR(capture_text(&r->cap, 1)->data, "error\n");
}

static void comes_back(void)
{
	struct compress c;
	struct rig r;

	start(&r, &c, "gzip -1", NULL);
	hold_much(&r);
	/* It shrinks to a hundredth. */
	CHECK(packed_bytes(&r) > 0);
	CHECK(packed_bytes(&r) < LOAD / 3);
	mutex_lock(&r.e->lock);
	CHECK(r.e->memory < LOAD / 3);
	mutex_unlock(&r.e->lock);
	finish(&r);
	check_much(&r);
	CHECK_INT(atomic_load(&told), 0);
	rig_release(&r);
	compress_release(&c);
}

static void dropped_tries_leave_nothing(void)
{
	struct compress c;
	struct rig r;

	start(&r, &c, "gzip -1", NULL);
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, false);
	rig_fill(&r, 2, 'x', LOAD);
	CHECK(packed_bytes(&r) > 0);
	rig_end(&r, 2, false);
	CHECK_INT(packed_bytes(&r), 0);
	rig_begin(&r, 2, false);
	rig_say(&r, 2, OUTPUT_OUT, "good\n");
	rig_end(&r, 2, true);
	rig_end(&r, 1, true);
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, "good\n");
	rig_release(&r);
	compress_release(&c);
}

/* Told once, and nothing is lost. */
static void check_bad_packer(const char *pack)
{
	struct compress c;
	struct rig r;

	start(&r, &c, pack, "cat");
	hold_much(&r);
	finish(&r);
	CHECK_INT(atomic_load(&told), 1);
	check_much(&r);
	rig_release(&r);
	compress_release(&c);
}

static void bad_packer(void)
{
	check_bad_packer("cat >/dev/null; exit 3");
}

static void mute_packer(void)
{
	check_bad_packer("cat >/dev/null");
}

static void bad_unpacker(void)
{
	struct compress c;
	struct rig r;

	start(&r, &c, "gzip -1", "cat");
	hold_much(&r);
	finish(&r);
	/* Then the output is at its end, and that is an error. */
	CHECK(atomic_load(&told) >= 1);
	CHECK_INT(atomic_load(&r.failed[0]), 1);
	CHECK(capture_text(&r.cap, 0)->len < LOAD);
	rig_release(&r);
	compress_release(&c);
}

static void no_spool(void)
{
	struct emit_config config = {
		.memory_max = 1000,
		.tmpdir = "/dev/null/no such directory",
		.pack_failed = note_pack_failed,
	};
	struct compress c;
	struct rig r;

	child_setup();
	atomic_store(&told, 0);
	compress_init(&c, "gzip -1", NULL);
	config.compress = &c;
	rig_start_with(&r, &config, false);
	hold_much(&r);
	finish(&r);
	check_much(&r);
	CHECK_INT(atomic_load(&told), 0);
	rig_release(&r);
	compress_release(&c);
}

static void tries(void)
{
	struct compress c;
	struct buf err = BUF_INIT;

	/* One of them ends before it has been told all. */
	signal(SIGPIPE, SIG_IGN);
	child_setup();
	compress_init(&c, "gzip", NULL);
	CHECK_STR(c.unpack, "gzip -dc");
	CHECK_INT(compress_try(&c, true, &err), 0);
	compress_release(&c);
	compress_init(&c, "exit 4", "cat");
	CHECK_INT(compress_try(&c, false, &err), -1);
	CHECK_STR(err.data, "'exit 4' failed (exit status 4)");
	buf_reset(&err);
	compress_release(&c);
	compress_init(&c, "cat", "kill -9 $$");
	CHECK_INT(compress_try(&c, false, &err), 0);
	CHECK_INT(compress_try(&c, true, &err), -1);
	CHECK_STR(err.data, "'kill -9 $$' failed (signal 9)");
	buf_reset(&err);
	compress_release(&c);
	compress_init(&c, "cat", "sed s/m/n/");
	CHECK_INT(compress_try(&c, true, &err), -1);
	CHECK_STR(err.data,
		  "'sed s/m/n/' does not give back what 'cat' has compressed");
	buf_release(&err);
	compress_release(&c);
}

static const struct tap_case cases[] = {
	{ "held output shrinks and comes back", comes_back },
	{ "a try that does not count leaves nothing",
	  dropped_tries_leave_nothing },
	{ "a program that fails is told once, nothing is lost", bad_packer },
	{ "so is one that says nothing", mute_packer },
	{ "what cannot be taken back is an error", bad_unpacker },
	{ "without a spool it stays in memory", no_spool },
	{ "programs are tried out", tries },
};
TAP_MAIN(cases)
