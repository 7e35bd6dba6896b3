/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_emit_room.c - the emitter's ceilings: memory, spool, slow readers, and
 * readers that go away.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "rig.h"
#include "sink/emit_impl.h"
#include "tap.h"

#define KIB	((size_t)1024)

static const char nowhere[] = "/dev/null/no such directory";

static void start(struct rig *r, uint64_t memory, const char *tmpdir)
{
	struct emit_config c = { .memory_max = memory, .tmpdir = tmpdir };

	rig_start_with(r, &c, false);
}

/* Is what was shown jobs from to to, each so many times its letter? */
static void check_letters(struct rig *r, const char *order, size_t each)
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

static size_t memory_of(struct rig *r)
{
	size_t n;

	mutex_lock(&r->e->lock);
	n = r->e->memory;
	mutex_unlock(&r->e->lock);
	return n;
}

static off_t spool_size(struct rig *r, struct stat *st)
{
	off_t size;

	mutex_lock(&r->e->lock);
	size = r->e->spool.size;
	if (r->e->spool.fd >= 0)
		CHECK(fstat(r->e->spool.fd, st) == 0);
	mutex_unlock(&r->e->lock);
	return size;
}

static unsigned entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned n = 0;

	if (!CHECK(dir != NULL))
		return 0;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void spills(void)
{
	struct stat st = { .st_nlink = 99 };
	struct rig r;

	start(&r, 64 * KIB, tap_tmpdir());
	rig_begin(&r, 1, true);
	for (uint64_t seq = 2; seq <= 6; seq++)
		rig_begin(&r, seq, true);
	CHECK_INT(spool_size(&r, &st), 0);
	for (unsigned i = 0; i < 30; i++) {
		for (uint64_t seq = 2; seq <= 6; seq++) {
			CHECK(rig_room(&r, seq));
			rig_fill(&r, seq, (char)('0' + seq), 10 * KIB);
		}
	}
	/* 1.5 MiB are held, little of it in memory. */
	CHECK(memory_of(&r) < 256 * KIB);
	CHECK(spool_size(&r, &st) >= (off_t)(1200 * KIB));
	CHECK_INT(st.st_nlink, 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	CHECK_INT(entries(tap_tmpdir()), 2);
	rig_say(&r, 1, OUTPUT_OUT, "1");
	AWAIT(capture_is(&r.cap, 0, "1"));
	rig_fill(&r, 1, '1', 300 * KIB - 1);
	for (uint64_t seq = 6; seq >= 1; seq--)
		rig_end(&r, seq, true);
	AWAIT(spool_size(&r, &st) == 0);
	CHECK_INT(st.st_size, 0);
	rig_finish(&r);
	check_letters(&r, "123456", 300 * KIB);
	rig_release(&r);
}

/* Memory, spool and memory again, with both streams in turn. */
static void spills_both_streams(void)
{
	struct rig r;
	struct buf want = BUF_INIT;

	start(&r, 1, tap_tmpdir());
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, false);
	for (unsigned i = 0; i < 20000; i++) {
		rig_sayf(&r, 2, i % 3 ? OUTPUT_OUT : OUTPUT_ERR, "%u\n", i);
		if (i % 3)
			buf_addf(&want, "%u\n", i);
	}
	rig_end(&r, 1, true);
	rig_end(&r, 2, true);
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, want.data);
	buf_reset(&want);
	for (unsigned i = 0; i < 20000; i += 3)
		buf_addf(&want, "%u\n", i);
	CHECK_STR(capture_text(&r.cap, 1)->data, want.data);
	buf_release(&want);
	rig_release(&r);
}

static void spilled_try_is_dropped(void)
{
	struct stat st;
	struct rig r;

	start(&r, 1, tap_tmpdir());
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, false);
	rig_fill(&r, 2, 'x', 500 * KIB);
	CHECK(spool_size(&r, &st) > 0);
	rig_end(&r, 2, false);
	CHECK_INT(spool_size(&r, &st), 0);
	rig_begin(&r, 2, true);
	rig_fill(&r, 2, '2', 100 * KIB);
	rig_end(&r, 1, true);
	rig_end(&r, 2, true);
	rig_finish(&r);
	check_letters(&r, "2", 100 * KIB);
	rig_release(&r);
}

static void spilled_tags(void)
{
	struct rig r;
	struct buf want = BUF_INIT;

	rig_start_tagged(&r, EMIT_ORDERED);
	mutex_lock(&r.e->lock);
	r.e->cfg.memory_max = 1;
	mutex_unlock(&r.e->lock);
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, true);
	for (unsigned i = 0; i < 30000; i++) {
		rig_sayf(&r, 2, OUTPUT_OUT, "%u\n", i);
		buf_addf(&want, "2\t%u\n", i);
	}
	rig_end(&r, 1, true);
	rig_end(&r, 2, true);
	rig_finish(&r);
	CHECK_STR(capture_text(&r.cap, 0)->data, want.data);
	buf_release(&want);
	rig_release(&r);
}

/* No spool can be had. */

static void no_spool(void)
{
	struct rig r;

	start(&r, 100 * KIB, nowhere);
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, true);
	rig_begin(&r, 3, true);
	rig_fill(&r, 2, '2', 200 * KIB);
	rig_fill(&r, 3, '3', KIB);
	CHECK(!rig_room(&r, 2));
	CHECK(!rig_room(&r, 3));
	CHECK(rig_room(&r, 1));
	CHECK_INT(rig_wakes(&r, 2), 0);
	rig_fill(&r, 1, '1', 10);
	rig_end(&r, 1, true);
	/* Its turn has come. */
	AWAIT(rig_wakes(&r, 2) == 1);
	CHECK(rig_room(&r, 2));
	/* And with what it has said gone, there is memory for the next. */
	AWAIT(rig_wakes(&r, 3) == 1);
	CHECK(rig_room(&r, 3));
	rig_end(&r, 3, true);
	rig_end(&r, 2, true);
	rig_finish(&r);
	CHECK_INT(capture_text(&r.cap, 0)->len, 10 + 201 * KIB);
	rig_release(&r);
}

/* Above the ceiling: what is appended all the same is kept. */
static void above_the_ceiling(void)
{
	struct rig r;

	start(&r, 10, nowhere);
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, true);
	for (int i = 0; i < 5; i++) {
		rig_fill(&r, 2, '2', 60 * KIB);
		CHECK(!rig_room(&r, 2));
	}
	rig_end(&r, 1, true);
	rig_end(&r, 2, true);
	rig_finish(&r);
	check_letters(&r, "2", 300 * KIB);
	rig_release(&r);
}

/*
 * The head is a job that does not run: no one may be held up for it, or it
 * might never run.
 */
static void absent_head(void)
{
	struct rig r;

	start(&r, 10, nowhere);
	rig_begin(&r, 2, true);
	rig_fill(&r, 2, '2', 50 * KIB);
	CHECK(rig_room(&r, 2));
	/* It runs, but may have to run again. */
	rig_begin(&r, 1, false);
	CHECK(rig_room(&r, 2));
	rig_fill(&r, 1, 'x', 20 * KIB);
	CHECK(rig_room(&r, 1));
	rig_end(&r, 1, false);
	CHECK(rig_room(&r, 2));
	rig_begin(&r, 1, true);
	CHECK(!rig_room(&r, 2));
	rig_fill(&r, 1, '1', 50 * KIB);
	rig_end(&r, 1, true);
	rig_end(&r, 2, true);
	rig_finish(&r);
	check_letters(&r, "12", 50 * KIB);
	rig_release(&r);
}

/* It could not be started after all, for want of what the others use: they
 * must be told, as they are what it waits for. */
static void head_goes_away(void)
{
	struct rig r;

	start(&r, 10, nowhere);
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, true);
	rig_begin(&r, 3, true);
	rig_fill(&r, 2, '2', 50 * KIB);
	rig_fill(&r, 3, '3', 50 * KIB);
	CHECK(!rig_room(&r, 2));
	CHECK(!rig_room(&r, 3));
	rig_end(&r, 1, false);
	AWAIT(rig_wakes(&r, 2) == 1 && rig_wakes(&r, 3) == 1);
	CHECK(rig_room(&r, 2));
	CHECK(rig_room(&r, 3));
	rig_end(&r, 2, true);
	rig_begin(&r, 1, true);
	rig_fill(&r, 1, '1', 50 * KIB);
	rig_end(&r, 1, true);
	rig_end(&r, 3, true);
	rig_finish(&r);
	check_letters(&r, "123", 50 * KIB);
	rig_release(&r);
}

/* The next head does not run: those who wait behind it are told. */
static void next_head_is_absent(void)
{
	struct rig r;

	start(&r, 10, nowhere);
	rig_begin(&r, 1, true);
	rig_begin(&r, 3, true);
	rig_fill(&r, 3, '3', 50 * KIB);
	CHECK(!rig_room(&r, 3));
	rig_end(&r, 1, true);
	AWAIT(rig_wakes(&r, 3) == 1);
	CHECK(rig_room(&r, 3));
	rig_end(&r, 3, true);
	rig_skip(&r, 2);
	rig_finish(&r);
	check_letters(&r, "3", 50 * KIB);
	rig_release(&r);
}

/* The disk gets full: a limit on the size of files does as well. */
static void full_disk(void)
{
	struct emit_config c = { .memory_max = 64 * KIB };
	struct rlimit old, small;
	struct rig r;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	rig_start_with(&r, &c, true);
	capture_start_reader(&r.cap);
	small = old;
	small.rlim_cur = 150 * KIB;
	setrlimit(RLIMIT_FSIZE, &small);
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, true);
	rig_begin(&r, 3, true);
	for (int i = 0; i < 10; i++)
		rig_fill(&r, 2, '2', 30 * KIB);
	CHECK(!rig_room(&r, 2));
	for (int i = 0; i < 10; i++)
		rig_fill(&r, 3, '3', 30 * KIB);
	CHECK(!rig_room(&r, 3));
	rig_fill(&r, 1, '1', 300 * KIB);
	rig_end(&r, 1, true);
	AWAIT(rig_wakes(&r, 2) > 0);
	rig_end(&r, 2, true);
	rig_end(&r, 3, true);
	rig_finish(&r);
	setrlimit(RLIMIT_FSIZE, &old);
	check_letters(&r, "123", 300 * KIB);
	rig_release(&r);
}

/* Who waits hears of it when there is room on the disk again. */
static void disk_is_freed(void)
{
	struct emit_config c = { .memory_max = 1 };
	struct rlimit old, small;
	struct rig r;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	rig_start_with(&r, &c, true);
	capture_start_reader(&r.cap);
	small = old;
	small.rlim_cur = 200 * KIB;
	setrlimit(RLIMIT_FSIZE, &small);
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, true);
	rig_begin(&r, 3, true);
	rig_begin(&r, 4, true);
	rig_fill(&r, 2, '2', 150 * KIB);
	/* More than the disk takes: the rest fills memory. */
	rig_fill(&r, 4, '4', 150 * KIB);
	CHECK(!rig_room(&r, 4));
	rig_end(&r, 1, true);
	rig_end(&r, 2, true);
	/* 3 is the head, and lives on; 2's place is free for 4. */
	AWAIT(rig_wakes(&r, 4) > 0);
	CHECK(rig_room(&r, 4));
	rig_end(&r, 3, true);
	rig_end(&r, 4, true);
	rig_finish(&r);
	setrlimit(RLIMIT_FSIZE, &old);
	check_letters(&r, "24", 150 * KIB);
	rig_release(&r);
}

static void unreadable_spool(void)
{
	struct rig r;

	start(&r, 1, tap_tmpdir());
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, true);
	rig_fill(&r, 2, '2', 100 * KIB);
	mutex_lock(&r.e->lock);
	CHECK(ftruncate(r.e->spool.fd, 100) == 0);
	mutex_unlock(&r.e->lock);
	rig_end(&r, 1, true);
	rig_end(&r, 2, true);
	rig_finish(&r);
	/* Never a short output without a word. */
	CHECK_INT(atomic_load(&r.failed[0]), 1);
	CHECK_INT(atomic_load(&r.failed_err), EIO);
	rig_release(&r);
}

/* Slow readers. */

static void live_is_bounded(void)
{
	struct emit_config c = { .mode = EMIT_ORDERED };
	struct rig r;
	size_t said = 0;

	rig_start_with(&r, &c, true);
	rig_begin(&r, 1, true);
	while (rig_room(&r, 1)) {
		rig_fill(&r, 1, 'x', 10 * KIB);
		said += 10 * KIB;
	}
	/* What the pipe and the writer hold is no matter. */
	CHECK(said >= LIVE_MAX && said < 3 * LIVE_MAX);
	CHECK_INT(rig_wakes(&r, 1), 0);
	capture_start_reader(&r.cap);
	AWAIT(rig_wakes(&r, 1) == 1);
	CHECK(rig_room(&r, 1));
	rig_end(&r, 1, true);
	rig_finish(&r);
	CHECK_INT(r.cap.text[0].len, said);
	rig_release(&r);
}

/* What a second thread is told when it wants to begin job 6. */
struct beginner {
	struct rig *r;
	struct thread thread;
	atomic_int result;	/* -1 while blocked */
};

static void *beginner_main(void *arg)
{
	struct beginner *b = arg;

	atomic_store(&b->result, rig_try_begin(b->r, 6, true));
	return NULL;
}

/* Five jobs have ended, of long output, which counts a quarter; nobody reads,
 * and a sixth is to begin. */
static void start_blocked(struct rig *r, struct beginner *b,
			  enum emit_mode mode)
{
	struct emit_config c = { .mode = mode };

	rig_start_with(r, &c, true);
	b->r = r;
	atomic_store(&b->result, -1);
	for (uint64_t seq = 1; seq <= 5; seq++)
		rig_begin(r, seq, true);
	for (uint64_t seq = 1; seq <= 5; seq++) {
		rig_fill(r, seq, '\n', BACKLOG_MAX);
		rig_end(r, seq, true);
	}
	CHECK(thread_start(&b->thread, 0, beginner_main, b) == 0);
	usleep(5000);
	CHECK_INT(atomic_load(&b->result), -1);
}

static void begin_waits(enum emit_mode mode)
{
	struct beginner b;
	struct rig r;

	start_blocked(&r, &b, mode);
	capture_start_reader(&r.cap);
	thread_join(&b.thread);
	CHECK_INT(atomic_load(&b.result), 1);
	rig_end(&r, 6, true);
	rig_finish(&r);
	CHECK_INT(r.cap.text[0].len, 5 * BACKLOG_MAX);
	rig_release(&r);
}

static void begin_waits_ordered(void)
{
	begin_waits(EMIT_ORDERED);
}

static void begin_waits_grouped(void)
{
	begin_waits(EMIT_GROUPED);
}

static void begin_waits_lines(void)
{
	begin_waits(EMIT_LINES);
}

static void stop_releases(void)
{
	struct beginner b;
	struct rig r;

	start_blocked(&r, &b, EMIT_ORDERED);
	r.o->ops->stop_waiting(r.o);
	thread_join(&b.thread);
	CHECK_INT(atomic_load(&b.result), 0);
	/* Nothing was begun, so it is still to be skipped. */
	rig_skip(&r, 6);
	CHECK(!rig_try_begin(&r, 7, true));
	capture_start_reader(&r.cap);
	rig_finish(&r);
	CHECK_INT(r.cap.text[0].len, 5 * BACKLOG_MAX);
	rig_release(&r);
}

/* The reader goes away while the writer waits for it. */
static void broken_releases(void)
{
	struct beginner b;
	struct rig r;

	start_blocked(&r, &b, EMIT_ORDERED);
	capture_close(&r.cap, 0);
	thread_join(&b.thread);
	CHECK_INT(atomic_load(&b.result), 0);
	AWAIT(atomic_load(&r.failed[0]) == 1);
	CHECK_INT(atomic_load(&r.failed_err), EPIPE);
	rig_finish(&r);
	CHECK_INT(atomic_load(&r.failed[0]), 1);
	rig_release(&r);
}

/* Closed standard output. */

static void broken(enum emit_mode mode)
{
	struct emit_config c = { .mode = mode };
	struct rig r;

	rig_start_with(&r, &c, true);
	capture_close(&r.cap, 0);
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, true);
	rig_say(&r, 1, OUTPUT_OUT, "lost\n");
	rig_say(&r, 2, OUTPUT_ERR, "2\n");
	rig_end(&r, 1, true);
	AWAIT(atomic_load(&r.failed[0]) == 1);
	CHECK_INT(atomic_load(&r.failed_err), EPIPE);
	/* Running jobs go on, without being held up by anything. */
	for (int i = 0; i < 100; i++) {
		rig_fill(&r, 2, '\n', 100 * KIB);
		CHECK(rig_room(&r, 2));
	}
	rig_say(&r, 2, OUTPUT_ERR, "still there\n");
	CHECK(!rig_try_begin(&r, 3, true));
	rig_end(&r, 2, true);
	rig_finish(&r);
	CHECK_INT(atomic_load(&r.failed[0]), 1);
	CHECK_INT(atomic_load(&r.failed[1]), 0);
	CHECK_STR(r.cap.text[1].data, "2\nstill there\n");
	rig_release(&r);
}

static void broken_ordered(void)
{
	broken(EMIT_ORDERED);
}

static void broken_grouped(void)
{
	broken(EMIT_GROUPED);
}

static void broken_lines(void)
{
	broken(EMIT_LINES);
}

static void broken_error(void)
{
	struct emit_config c = { .mode = EMIT_ORDERED };
	struct rig r;

	rig_start_with(&r, &c, true);
	capture_close(&r.cap, 1);
	rig_begin(&r, 1, true);
	rig_say(&r, 1, OUTPUT_ERR, "lost");
	AWAIT(atomic_load(&r.failed[1]) == 1);
	rig_say(&r, 1, OUTPUT_OUT, "1");
	rig_end(&r, 1, true);
	/* Results still count. */
	rig_all(&r, 2, "2");
	rig_finish(&r);
	CHECK_INT(atomic_load(&r.failed[0]), 0);
	CHECK_STR(r.cap.text[0].data, "12");
	rig_release(&r);
}

static const struct tap_case cases[] = {
	{ "above the ceiling output goes to a file without a name", spills },
	{ "both streams come back from the spool in order",
	  spills_both_streams },
	{ "a dropped try gives its place in the spool back",
	  spilled_try_is_dropped },
	{ "lines from the spool are tagged", spilled_tags },
	{ "without a spool jobs wait for their turn or for memory",
	  no_spool },
	{ "what is said above the ceiling is kept", above_the_ceiling },
	{ "nobody waits for a job that does not run", absent_head },
	{ "who waits is told when the head could not be started",
	  head_goes_away },
	{ "who waits is told when the next head does not run",
	  next_head_is_absent },
	{ "on a full disk nothing is lost", full_disk },
	{ "who waits is told when the disk has room again", disk_is_freed },
	{ "a spool that can't be read is a failure", unreadable_spool },
	{ "the live job is held up by a slow reader", live_is_bounded },
	{ "in order: a slow reader holds up new jobs",
	  begin_waits_ordered },
	{ "by completion: a slow reader holds up new jobs",
	  begin_waits_grouped },
	{ "by lines: a slow reader holds up new jobs", begin_waits_lines },
	{ "a stop lets go of who waits to begin", stop_releases },
	{ "a reader that goes away lets go of who waits to begin",
	  broken_releases },
	{ "in order: a closed standard output is told once",
	  broken_ordered },
	{ "by completion: a closed standard output is told once",
	  broken_grouped },
	{ "by lines: a closed standard output is told once", broken_lines },
	{ "a closed standard error stops nothing", broken_error },
};
TAP_MAIN(cases)
