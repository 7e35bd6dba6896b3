/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_emit_pass.c - output that goes from a job's pipe to standard output
 * without a copy: when it may, and that its place is right.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/fdio.h"
#include "rig.h"
#include "sched/job.h"
#include "tap.h"

#ifdef HAVE_SPLICE

/* An emitter whose output is read by the case, and a job's pipe. */
struct line {
	struct rig r;
	int ends[2];
	int full;
};

static void start(struct line *l, const struct emit_config *config,
		  bool by_pipe)
{
	rig_start_with(&l->r, config, by_pipe);
	CHECK(fd_pipe(l->ends) == 0);
	l->full = -1;
}

static void finish(struct line *l)
{
	rig_finish(&l->r);
	fd_close(&l->ends[0]);
	fd_close(&l->ends[1]);
}

/* What becomes of text that the job writes. */
static int64_t pass(struct line *l, uint64_t seq, const char *text)
{
	struct output *o = l->r.o;

	l->r.job[seq]->outcome.out_bytes = 1 << 20;
	CHECK(fd_write_all(l->ends[1], text, strlen(text)) == 0);
	return o->ops->pass(o, l->r.job[seq], l->ends[0], &l->full);
}

/* The same until the writer has nothing to do. */
static void pass_soon(struct line *l, uint64_t seq, const char *text)
{
	struct output *o = l->r.o;

	l->r.job[seq]->outcome.out_bytes = 1 << 20;
	CHECK(fd_write_all(l->ends[1], text, strlen(text)) == 0);
	AWAIT(o->ops->pass(o, l->r.job[seq], l->ends[0], &l->full) ==
	      (int64_t)strlen(text));
}

static void by_either(bool by_pipe)
{
	struct emit_config c = { .mode = EMIT_ORDERED };
	struct line l;

	start(&l, &c, by_pipe);
	rig_begin(&l.r, 1, true);
	rig_begin(&l.r, 2, true);
	CHECK_INT(pass(&l, 1, "one "), 4);
	CHECK_INT(pass(&l, 1, "more "), 5);
	rig_say(&l.r, 2, OUTPUT_OUT, "held ");
	CHECK_INT(pass(&l, 1, "last "), 5);
	AWAIT(capture_is(&l.r.cap, 0, "one more last "));
	rig_end(&l.r, 1, true);
	pass_soon(&l, 2, "two");
	rig_end(&l.r, 2, true);
	finish(&l);
	CHECK_STR(capture_text(&l.r.cap, 0)->data, "one more last held two");
	rig_release(&l.r);
}

static void to_a_pipe(void)
{
	by_either(true);
}

static void to_a_file(void)
{
	struct emit_config c = { .mode = EMIT_ORDERED };
	struct line l;

	by_either(false);
	/* Not worth it for a little. */
	start(&l, &c, false);
	rig_begin(&l.r, 1, true);
	CHECK(fd_write_all(l.ends[1], "one", 3) == 0);
	CHECK_INT(l.r.o->ops->pass(l.r.o, l.r.job[1], l.ends[0], &l.full),
		  -1);
	rig_end(&l.r, 1, true);
	finish(&l);
	rig_release(&l.r);
}

/* So many are enough for the pipe that stands between. */
#define PIECE	((size_t)16 << 10)
#define PIECES	64

/* A piece of what a long job writes, with its number: added to want, too. The
 * next call makes it anew. */
static const char *piece(struct buf *want, unsigned i)
{
	static char text[PIECE + 1];
	int n = snprintf(text, sizeof(text), "%u", i);

	memset(text + n, ' ', PIECE - 1 - (size_t)n);
	text[PIECE - 1] = '\n';
	buf_addstr(want, text);
	return text;
}

/* Nothing but the first len bytes of want has come out. Ends all. */
static void finish_with(struct line *l, struct buf *want, size_t len)
{
	const struct buf *got;

	finish(l);
	got = capture_text(&l->r.cap, 0);
	CHECK_MEM(got->data, got->len, want->data, len);
	buf_release(want);
	rig_release(&l->r);
}

static void much_to_a_file(void)
{
	struct emit_config c = { .mode = EMIT_ORDERED };
	struct buf want = BUF_INIT;
	struct line l;

	start(&l, &c, false);
	rig_begin(&l.r, 1, true);
	rig_begin(&l.r, 2, true);
	rig_say(&l.r, 2, OUTPUT_OUT, "held\n");
	for (unsigned i = 0; i < PIECES; i++) {
		CHECK_INT(pass(&l, 1, piece(&want, i)), PIECE);
	}
	rig_end(&l.r, 1, true);
	buf_addstr(&want, "held\n");
	for (unsigned i = 0; i < PIECES; i++) {
		pass_soon(&l, 2, piece(&want, i + 1000));
	}
	rig_end(&l.r, 2, true);
	finish_with(&l, &want, want.len);
}

/* Whoever shares the position of the file. */
static void shared_file(void)
{
	struct emit_config c = { .mode = EMIT_ORDERED };
	struct buf want = BUF_INIT;
	struct line l;

	start(&l, &c, false);
	rig_begin(&l.r, 1, true);
	for (unsigned i = 0; i < PIECES; i++) {
		CHECK_INT(pass(&l, 1, piece(&want, i)), PIECE);
		buf_addstr(&want, "said\n");
		CHECK(fd_write_all(1, "said\n", 5) == 0);
	}
	rig_end(&l.r, 1, true);
	finish_with(&l, &want, want.len);
}

/* What the file does not take is the writer's to tell of, and all before that
 * is there. */
static void full_file(void)
{
	struct rlimit limit = { 20 * PIECE + 5, 20 * PIECE + 5 };
	struct emit_config c = { .mode = EMIT_ORDERED };
	struct buf want = BUF_INIT;
	struct line l;
	unsigned i;

	signal(SIGXFSZ, SIG_IGN);
	start(&l, &c, false);
	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	rig_begin(&l.r, 1, true);
	for (i = 0; i < 22; i++) {
		if (!CHECK_INT(pass(&l, 1, piece(&want, i)),
			       i < 21 ? (int)PIECE : -1))
			break;
	}
	AWAIT(atomic_load(&l.r.failed[0]) == 1);
	CHECK_INT(atomic_load(&l.r.failed_err), EFBIG);
	rig_end(&l.r, 1, true);
	finish_with(&l, &want, limit.rlim_cur);
}

static void in_its_turn(void)
{
	struct emit_config c = { .mode = EMIT_ORDERED };
	struct line l;
	char got[4];

	start(&l, &c, true);
	rig_begin(&l.r, 1, true);
	rig_begin(&l.r, 2, true);
	CHECK_INT(pass(&l, 2, "two"), -1);
	/* Nothing has been taken. */
	CHECK_INT(read(l.ends[0], got, 4), 3);
	/* Its try may be repeated. */
	rig_end(&l.r, 1, true);
	rig_begin(&l.r, 3, false);
	rig_end(&l.r, 2, true);
	CHECK_INT(pass(&l, 3, "try"), -1);
	rig_end(&l.r, 3, true);
	finish(&l);
	rig_release(&l.r);
}

/* What was appended before goes first, and who has more to pass waits. */
static void behind_what_is_held(void)
{
	struct emit_config c = { .mode = EMIT_ORDERED };
	struct line l;
	size_t all = (512 << 10) + 4;

	start(&l, &c, true);
	rig_begin(&l.r, 1, true);
	/* More than a pipe holds, so the writer is at it. */
	rig_fill(&l.r, 1, 'x', all - 4);
	CHECK(rig_room(&l.r, 1));
	CHECK_INT(pass(&l, 1, "more"), -1);
	CHECK(!rig_room(&l.r, 1));
	capture_start_reader(&l.r.cap);
	/* Woken whenever memory is freed, too. */
	AWAIT(rig_room(&l.r, 1));
	CHECK(rig_wakes(&l.r, 1) >= 1);
	AWAIT(l.r.o->ops->pass(l.r.o, l.r.job[1], l.ends[0], &l.full) == 4);
	rig_end(&l.r, 1, true);
	finish(&l);
	CHECK_INT(capture_text(&l.r.cap, 0)->len, all);
	CHECK_STR(capture_text(&l.r.cap, 0)->data + all - 5, "xmore");
	rig_release(&l.r);
}

static void full_pipe(void)
{
	struct emit_config c = { .mode = EMIT_ORDERED };
	struct line l;
	size_t sent = 0;
	int64_t n;

	start(&l, &c, true);
	rig_begin(&l.r, 1, true);
	while ((n = pass(&l, 1, "0123456789abcdef")) > 0)
		sent += (size_t)n;
	CHECK_INT(n, 0);
	CHECK_INT(l.full, 1);
	/* Who has not said much is not made to wait. */
	l.full = -1;
	l.r.job[1]->outcome.out_bytes = (1 << 20) - 1;
	CHECK_INT(l.r.o->ops->pass(l.r.o, l.r.job[1], l.ends[0], &l.full), -1);
	CHECK_INT(l.full, -1);
	capture_take(&l.r.cap);
	CHECK_INT(l.r.cap.text[0].len, sent);
	CHECK(l.r.o->ops->pass(l.r.o, l.r.job[1], l.ends[0], &l.full) == 16);
	rig_end(&l.r, 1, true);
	finish(&l);
	CHECK_INT(capture_text(&l.r.cap, 0)->len, sent + 16);
	rig_release(&l.r);
}

static void gone_reader(void)
{
	struct emit_config c = { .mode = EMIT_ORDERED };
	struct line l;

	start(&l, &c, true);
	rig_begin(&l.r, 1, true);
	capture_close(&l.r.cap, 0);
	CHECK_INT(pass(&l, 1, "lost"), -1);
	/* So it is read, and the writer says what is wrong. */
	rig_say(&l.r, 1, OUTPUT_OUT, "lost");
	AWAIT(atomic_load(&l.r.failed[0]) == 1);
	CHECK_INT(atomic_load(&l.r.failed_err), EPIPE);
	CHECK_INT(pass(&l, 1, "lost"), -1);
	rig_end(&l.r, 1, true);
	finish(&l);
	CHECK_INT(atomic_load(&l.r.failed[0]), 1);
	rig_release(&l.r);
}

/* By a configuration with which it can't be. */
static void refused(const struct emit_config *c)
{
	struct line l;

	start(&l, c, false);
	rig_begin(&l.r, 1, true);
	CHECK_INT(pass(&l, 1, "text"), -1);
	rig_end(&l.r, 1, true);
	finish(&l);
	rig_release(&l.r);
}

static void add_tag(void *arg, const struct job *job, struct buf *out)
{
	(void)arg, (void)job;
	buf_addstr(out, "tag\t");
}

static bool wrote(void *arg, const struct emit_written *w, size_t n)
{
	(void)arg, (void)w, (void)n;
	return true;
}

static void other_ways(void)
{
	struct emit_config tagged = { .mode = EMIT_ORDERED, .tag = add_tag };
	struct emit_config told = { .mode = EMIT_ORDERED, .written = wrote };
	struct emit_config late = { .mode = EMIT_ORDERED, .late = true };
	struct emit_config grouped = { .mode = EMIT_GROUPED };
	struct emit_config lines = { .mode = EMIT_LINES };

	refused(&tagged);
	refused(&told);
	refused(&late);
	refused(&grouped);
	refused(&lines);
}

static void appended_to(void)
{
	struct emit_config c = { .mode = EMIT_ORDERED };

	c.out_fd = fd_tmpfile(tap_tmpdir());
	CHECK(c.out_fd > 2);
	CHECK(fcntl(c.out_fd, F_SETFL, O_APPEND) == 0);
	refused(&c);
	close(c.out_fd);
}

static const struct tap_case cases[] = {
	{ "to a pipe", to_a_pipe },
	{ "to a file", to_a_file },
	{ "much to a file, in order", much_to_a_file },
	{ "a file that others write to", shared_file },
	{ "a file that takes no more is left to the writer", full_file },
	{ "only the job whose turn it is, and whose try counts", in_its_turn },
	{ "behind what is held", behind_what_is_held },
	{ "a pipe that is full is waited for by the caller", full_pipe },
	{ "a reader that has gone is left to the writer", gone_reader },
	{ "not with tags, accounts or another order", other_ways },
	{ "not to the end of a file", appended_to },
};

#else

static void never(void)
{
	struct rig r;

	rig_start(&r, EMIT_ORDERED);
	rig_begin(&r, 1, true);
	CHECK_INT(r.o->ops->pass(r.o, r.job[1], 0, NULL), -1);
	rig_end(&r, 1, true);
	rig_finish(&r);
	rig_release(&r);
}

static const struct tap_case cases[] = {
	{ "never where there is no splice", never },
};

#endif
TAP_MAIN(cases)
