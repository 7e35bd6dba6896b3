/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_emit_keep.c - the emitter with a file in which held output outlives
 * it: what is there when a job's end is told, and how long.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/kept.h"
#include "base/mem.h"
#include "rig.h"
#include "sched/job.h"
#include "sink/emit_impl.h"
#include "tap.h"

#define KIB	((size_t)1024)

/* What the emitter has told, by sequence number. */
struct told {
	struct buf bytes[2];
	bool is_ended, is_kept;
	uint64_t offset;
	atomic_bool is_written;
	bool is_gap;
};

static struct told told[RIG_JOBS];
static int keep_fd;
static bool refuses;
static atomic_int keep_err;
static unsigned replayed;

static void read_back(struct told *t, const struct kept_range *r)
{
	struct buf *b = &t->bytes[r->stream];
	char *to = buf_reserve(b, (size_t)r->len);

	CHECK_INT(fd_pread(keep_fd, to, (size_t)r->len, (off_t)r->at),
		  (ssize_t)r->len);
	b->len += (size_t)r->len;
	b->data[b->len] = '\0';
}

static void ended(void *book, struct job *job, const struct kept *kept)
{
	struct told *t = &told[job->seq];

	(void)book;
	t->is_ended = true;
	t->is_kept = kept;
	for (size_t i = 0; kept && i < kept->n; i++) {
		CHECK_INT(kept->ranges[i].stage, job->stage);
		read_back(t, &kept->ranges[i]);
	}
}

static bool written(void *book, const struct emit_written *w, size_t n)
{
	(void)book;
	for (size_t i = 0; i < n; i++) {
		if (w[i].is_gap) {
			told[w[i].seq].is_gap = true;
			continue;
		}
		told[w[i].seq].offset = w[i].offset;
		atomic_store(&told[w[i].seq].is_written, true);
	}
	return !refuses;
}

static void replays(void *book, const struct job *job)
{
	(void)book;
	CHECK(job->kept != NULL);
	replayed++;
}

static void keep_failed(void *arg, int err)
{
	(void)arg;
	atomic_store(&keep_err, err);
}

static void start(struct rig *r, uint64_t memory, unsigned stages)
{
	struct emit_config c = {
		.memory_max = memory, .written = written, .ended = ended,
		.replays = replays, .keep_failed = keep_failed,
		.stages = stages,
	};

	for (size_t i = 0; i < RIG_JOBS; i++) {
		buf_init(&told[i].bytes[0]);
		buf_init(&told[i].bytes[1]);
	}
	keep_fd = fd_tmpfile(tap_tmpdir());
	CHECK(keep_fd >= 0);
	rig_start_with(r, &c, false);
	emit_keep(r->e, keep_fd, 0, 0, true);
}

static off_t size_of_file(void)
{
	struct stat st;

	CHECK(fstat(keep_fd, &st) == 0);
	return st.st_size;
}

static void finish(struct rig *r)
{
	CHECK(!emit_is_keeping(r->e));
	rig_finish(r);
	CHECK_INT(size_of_file(), 0);
	rig_release(r);
}

/* When what is kept stays: the account does not come out even. */
static void abandon(struct rig *r)
{
	emit_close(r->e);
	AWAIT(emit_is_finished(r->e));
	CHECK(emit_is_keeping(r->e));
	emit_free(r->e);
	rig_release(r);
}

static void nothing_before_the_end(void)
{
	struct rig r;

	start(&r, 0, 1);
	rig_begin(&r, 1, true);
	rig_say(&r, 1, OUTPUT_OUT, "one ");
	rig_say(&r, 1, OUTPUT_ERR, "err");
	rig_say(&r, 1, OUTPUT_OUT, "two");
	usleep(20000);
	CHECK(capture_is(&r.cap, 0, ""));
	rig_end(&r, 1, true);
	CHECK(told[1].is_ended && told[1].is_kept);
	CHECK_STR(told[1].bytes[0].data, "one two");
	CHECK_STR(told[1].bytes[1].data, "err");
	AWAIT(capture_is(&r.cap, 0, "one two"));
	AWAIT(capture_is(&r.cap, 1, "err"));
	finish(&r);
	CHECK_UINT(told[1].offset, 7);
}

static void out_of_turn(void)
{
	struct rig r;

	start(&r, 0, 1);
	rig_begin(&r, 1, true);
	rig_all(&r, 3, "three");
	rig_all(&r, 2, "two");
	CHECK_STR(told[3].bytes[0].data, "three");
	CHECK_STR(told[2].bytes[0].data, "two");
	CHECK(emit_is_keeping(r.e));
	CHECK_INT(size_of_file(), 8);
	rig_say(&r, 1, OUTPUT_OUT, "one");
	rig_end(&r, 1, true);
	AWAIT(capture_is(&r.cap, 0, "onetwothree"));
	finish(&r);
}

static void more_than_memory(void)
{
	struct rig r;

	start(&r, 16 * KIB, 1);
	for (uint64_t seq = 1; seq <= 4; seq++)
		rig_begin(&r, seq, true);
	for (unsigned i = 0; i < 20; i++)
		for (uint64_t seq = 1; seq <= 4; seq++)
			rig_fill(&r, seq, (char)('0' + seq), 7 * KIB);
	for (uint64_t seq = 4; seq >= 1; seq--) {
		rig_end(&r, seq, true);
		CHECK_UINT(told[seq].bytes[0].len, 140 * KIB);
		CHECK_INT(told[seq].bytes[0].data[140 * KIB - 1], '0' + seq);
		CHECK_INT(told[seq].bytes[0].data[0], '0' + seq);
	}
	AWAIT(atomic_load(&told[4].is_written));
	finish(&r);
	CHECK_UINT(told[4].offset, 560 * KIB);
}

static void nothing_printed(void)
{
	struct rig r;

	start(&r, 0, 1);
	rig_all(&r, 1, "");
	CHECK(told[1].is_kept);
	AWAIT(atomic_load(&told[1].is_written));
	finish(&r);
}

static void not_on_record(void)
{
	struct rig r;

	start(&r, 0, 1);
	refuses = true;
	rig_all(&r, 1, "one");
	AWAIT(atomic_load(&told[1].is_written));
	abandon(&r);
	CHECK_INT(size_of_file(), 3);
}

/* Of what is behind it all is kept, for the file will be cut before it. */
static void undone(void)
{
	struct rig r;

	start(&r, 0, 1);
	rig_all(&r, 1, "one");
	rig_begin(&r, 2, true);
	rig_all(&r, 3, "three");
	rig_say(&r, 2, OUTPUT_OUT, "half");
	r.job[2]->outcome.end = JOB_KILLED;
	rig_end(&r, 2, true);
	CHECK(told[2].is_ended && !told[2].is_kept);
	AWAIT(capture_is(&r.cap, 0, "onehalfthree"));
	abandon(&r);
	CHECK(size_of_file() >= 5);
}

/* That gap has been told before last was, and all behind it is kept. */
static void abandon_behind(struct rig *r, uint64_t gap, uint64_t last,
			   off_t kept)
{
	AWAIT(atomic_load(&told[last].is_written));
	CHECK(told[gap].is_gap);
	abandon(r);
	CHECK(size_of_file() >= kept);
}

/* Also when it has printed nothing: what it prints when it is run again
 * belongs before them. */
static void undone_and_silent(void)
{
	struct rig r;

	start(&r, 0, 1);
	rig_begin(&r, 1, true);
	rig_all(&r, 2, "two");
	r.job[1]->outcome.end = JOB_KILLED;
	rig_end(&r, 1, true);
	AWAIT(capture_is(&r.cap, 0, "two"));
	abandon_behind(&r, 1, 2, 3);
}

/* The others end; who looks, looks behind the run. */
static void behind_a_gap(void)
{
	struct rig r;

	start(&r, 0, 1);
	rig_all(&r, 1, "one");
	rig_all(&r, 4, "four");
	r.o->ops->skip(r.o, 2, false);
	r.o->ops->skip(r.o, 3, true);
	AWAIT(capture_is(&r.cap, 0, "onefour"));
	abandon_behind(&r, 3, 4, 4);
	CHECK(!told[1].is_gap && !told[2].is_gap);
}

/* As rig_skip does not, nobody says of 1 that it will never begin. */
static void never_begun(void)
{
	struct rig r;

	start(&r, 0, 1);
	rig_all(&r, 2, "two");
	abandon(&r);
	CHECK(atomic_load(&told[2].is_written));
	CHECK(told[1].is_gap);
}

static void end_stage(struct rig *r, uint64_t seq, unsigned stage,
		      enum job_end end)
{
	rig_begin(r, seq, true);
	r->job[seq]->stage = stage;
	r->job[seq]->outcome.end = end;
	rig_say(r, seq, OUTPUT_OUT, stage ? "second " : "first ");
	rig_end(r, seq, true);
}

static void stages(void)
{
	struct rig r;

	start(&r, 0, 2);
	end_stage(&r, 1, 0, JOB_EXITED);
	AWAIT(capture_is(&r.cap, 0, "first "));
	/* It may be needed once more. */
	CHECK(emit_is_keeping(r.e));
	end_stage(&r, 2, 1, JOB_EXITED);
	AWAIT(capture_is(&r.cap, 0, "first second "));
	finish(&r);
}

static void stages_undone(void)
{
	struct rig r;

	start(&r, 0, 2);
	end_stage(&r, 1, 0, JOB_EXITED);
	rig_skip(&r, 2);
	end_stage(&r, 3, 0, JOB_EXITED);
	end_stage(&r, 4, 1, JOB_EXITED);
	AWAIT(capture_is(&r.cap, 0, "first first second "));
	abandon(&r);
}

static void earlier_output(void)
{
	struct kept_range ranges[] = {
		{ .stage = 0, .stream = 0, .at = 2, .len = 5 },
		{ .stage = 0, .stream = 1, .at = 8, .len = 3 },
		{ .stage = 0, .stream = 0, .at = 7, .len = 1 },
	};
	struct kept kept = { ranges, 3, 1 };
	struct job *job = job_new(2, NULL, NULL, 0);
	struct rig r;

	start(&r, 0, 1);
	CHECK(fd_pwrite_all(keep_fd, "..early!err", 11, 0) == 0);
	emit_keep(r.e, keep_fd, 0, 11, false);
	emit_reserve(r.e, &kept);
	rig_begin(&r, 1, true);
	job->kept = &kept;
	r.o->ops->replay(r.o, job);
	CHECK_UINT(replayed, 1);
	CHECK(emit_is_keeping(r.e));
	rig_say(&r, 1, OUTPUT_OUT, "now ");
	rig_end(&r, 1, true);
	AWAIT(capture_is(&r.cap, 0, "now early!"));
	AWAIT(capture_is(&r.cap, 1, "err"));
	job_free(job);
	finish(&r);
}

/* From then on it is as without: the first one is live. */
static void failure(void)
{
	struct rlimit small;
	struct rig r;

	signal(SIGXFSZ, SIG_IGN);
	start(&r, 0, 1);
	emit_keep(r.e, keep_fd, 4096, 4096, true);
	rig_begin(&r, 1, true);
	rig_begin(&r, 2, true);
	rig_say(&r, 1, OUTPUT_OUT, "one ");
	rig_say(&r, 2, OUTPUT_OUT, "two");
	getrlimit(RLIMIT_FSIZE, &small);
	/* Room for what is captured, none behind the header. */
	small.rlim_cur = 100;
	setrlimit(RLIMIT_FSIZE, &small);
	rig_end(&r, 2, true);
	CHECK(told[2].is_ended && !told[2].is_kept);
	CHECK_INT(atomic_load(&keep_err), EFBIG);
	small.rlim_cur = small.rlim_max;
	setrlimit(RLIMIT_FSIZE, &small);
	rig_say(&r, 1, OUTPUT_OUT, "more ");
	AWAIT(capture_is(&r.cap, 0, "one more "));
	rig_end(&r, 1, true);
	AWAIT(capture_is(&r.cap, 0, "one more two"));
	abandon(&r);
}

static const struct tap_case cases[] = {
	{ "nothing is written before its end is told",
	  nothing_before_the_end },
	{ "jobs that end out of turn", out_of_turn },
	{ "more than memory takes", more_than_memory },
	{ "a job that prints nothing", nothing_printed },
	{ "what is not on record stays", not_on_record },
	{ "behind a job that is undone", undone },
	{ "behind one that is undone and has printed nothing",
	  undone_and_silent },
	{ "behind one that is never to begin in this run", behind_a_gap },
	{ "behind one of which nobody knows", never_begun },
	{ "an earlier stage stays until the last one is written", stages },
	{ "behind a pipeline that is undone", stages_undone },
	{ "what an earlier run has kept", earlier_output },
	{ "it can't be written", failure },
};
TAP_MAIN(cases)
