/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rig.c - an emitter under test; see rig.h.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "sched/job.h"
#include "sink/emit_impl.h"
#include "tap.h"

static void add_number(void *arg, const struct job *job, struct buf *out)
{
	(void)arg;
	buf_addf(out, "%llu\t", (unsigned long long)job->seq);
}

static void note_failed(void *arg, int fd, int err)
{
	struct rig *r = arg;

	atomic_store(&r->failed_err, err);
	atomic_fetch_add(&r->failed[fd - 1], 1);
}

static void note_finished(void *arg)
{
	atomic_fetch_add(&((struct rig *)arg)->finished, 1);
}

static void note_wake(void *arg)
{
	atomic_fetch_add((atomic_uint *)arg, 1);
}

void rig_start_with(struct rig *r, const struct emit_config *config,
		    bool pipes)
{
	struct emit_config c = *config;

	memset(r, 0, sizeof(*r));
	thread_setup();
	if (pipes)
		capture_pipes(&r->cap);
	else
		capture_files(&r->cap);
	if (!c.memory_max)
		c.memory_max = 64 << 20;
	if (!c.tmpdir)
		c.tmpdir = tap_tmpdir();
	c.failed = note_failed;
	c.finished = note_finished;
	c.arg = r;
	r->e = emit_new(&c);
	if (!CHECK(r->e != NULL))
		abort();
	r->o = emit_output(r->e);
}

void rig_start(struct rig *r, enum emit_mode mode)
{
	struct emit_config c = { .mode = mode };

	rig_start_with(r, &c, false);
}

void rig_start_tagged(struct rig *r, enum emit_mode mode)
{
	struct emit_config c = { .mode = mode, .tag = add_number };

	rig_start_with(r, &c, false);
}

/* The account must come out even. */
static void check_empty(struct rig *r)
{
	struct emit *e = r->e;

	mutex_lock(&e->lock);
	CHECK_INT(e->memory, 0);
	CHECK_INT(e->backlog, 0);
	CHECK_INT(e->spool.size, 0);
	CHECK_INT(e->spool.nunused, 0);
	CHECK(list_is_empty(&e->ready));
	CHECK(list_is_empty(&e->waiting));
	CHECK(e->patron == NULL);
	CHECK_INT(e->head, e->end);
	mutex_unlock(&e->lock);
}

void rig_finish(struct rig *r)
{
	emit_close(r->e);
	AWAIT(emit_is_finished(r->e));
	check_empty(r);
	emit_free(r->e);
	capture_end(&r->cap);
}

void rig_release(struct rig *r)
{
	for (unsigned i = 0; i < RIG_JOBS; i++)
		if (r->job[i])
			CHECK_INT(i, 0);
	capture_release(&r->cap);
}

bool rig_try_begin(struct rig *r, uint64_t seq, bool last)
{
	char *values[] = { (char *)"x" };
	size_t lens[] = { 1 };

	if (!r->job[seq])
		r->job[seq] = job_new(seq, values, lens, 1);
	if (r->o->ops->begin(r->o, r->job[seq], last, note_wake,
			     &r->wakes[seq]))
		return true;
	job_free(r->job[seq]);
	r->job[seq] = NULL;
	return false;
}

void rig_begin(struct rig *r, uint64_t seq, bool last)
{
	CHECK(rig_try_begin(r, seq, last));
}

bool rig_room(struct rig *r, uint64_t seq)
{
	return r->o->ops->room(r->o, r->job[seq]);
}

void rig_put(struct rig *r, uint64_t seq, enum output_stream stream,
	     const void *p, size_t len)
{
	r->o->ops->append(r->o, r->job[seq], stream, p, len);
}

void rig_say(struct rig *r, uint64_t seq, enum output_stream stream,
	     const char *text)
{
	rig_put(r, seq, stream, text, strlen(text));
}

void rig_sayf(struct rig *r, uint64_t seq, enum output_stream stream,
	      const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	rig_put(r, seq, stream, b.data, b.len);
	buf_release(&b);
}

void rig_fill(struct rig *r, uint64_t seq, char c, size_t len)
{
	char piece[32768];

	memset(piece, c, sizeof(piece));
	while (len) {
		size_t n = len < sizeof(piece) ? len : sizeof(piece);

		rig_put(r, seq, OUTPUT_OUT, piece, n);
		len -= n;
	}
}

void rig_end(struct rig *r, uint64_t seq, bool keep)
{
	r->o->ops->end(r->o, r->job[seq], keep);
	job_free(r->job[seq]);
	r->job[seq] = NULL;
}

void rig_skip(struct rig *r, uint64_t seq)
{
	r->o->ops->skip(r->o, seq, false);
}

void rig_all(struct rig *r, uint64_t seq, const char *text)
{
	rig_begin(r, seq, true);
	rig_say(r, seq, OUTPUT_OUT, text);
	rig_end(r, seq, true);
}

unsigned rig_wakes(struct rig *r, uint64_t seq)
{
	return atomic_load(&r->wakes[seq]);
}
