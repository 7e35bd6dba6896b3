/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_emit_stress.c - many jobs at once through the emitter, in all modes,
 * with plenty of memory and with next to none, with and without a spool.
 *
 * A job writes numbered lines to both streams, cut into pieces anywhere; some
 * of its tries are dropped, some jobs are skipped. What comes out is read line
 * by line: all of each job's last try has to be there, in the order that the
 * mode promises. What each job does follows from its number alone.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/thread.h"
#include "rig.h"
#include "tap.h"

#define JOBS	500
#define WORKERS	6

/* What a job does. */
struct plan {
	bool is_skipped;	/* after its dropped tries */
	unsigned dropped;
	unsigned lines[2];	/* of the try that counts */
};

struct stress {
	struct rig r;
	enum emit_mode mode;
	atomic_uint next;
	struct plan plan[JOBS + 1];
	/* Of the reading: */
	unsigned seen[2][JOBS + 1];
	unsigned at[2];		/* the job of the line before */
};

/* Numerical Recipes' generator: the same run on every machine. */
static unsigned draw(unsigned *seed, unsigned below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

static struct plan plan_of(unsigned seq)
{
	unsigned seed = seq * 7919;
	struct plan p;

	draw(&seed, 2);
	p.is_skipped = draw(&seed, 12) == 0;
	p.dropped = draw(&seed, 4) ? 0 : 1 + draw(&seed, 2);
	for (int i = 0; i < 2; i++)
		p.lines[i] = draw(&seed, 5) ? draw(&seed, 30) : 0;
	return p;
}

/* Adds line number k of a try; its length follows from both. */
static void add_line(struct buf *b, unsigned seq, unsigned try, unsigned k)
{
	unsigned seed = seq * 31 + k;
	unsigned len;

	draw(&seed, 2);
	len = draw(&seed, 10) ? draw(&seed, 90) : draw(&seed, 40000);
	buf_addf(b, "%u:%u:%u:", seq, try, k);
	memset(buf_reserve(b, len), 'a' + (int)(k % 26), len);
	b->len += len;
	buf_addch(b, '\n');
}

static void await_room(struct rig *r, unsigned seq)
{
	for (;;) {
		unsigned wakes = rig_wakes(r, seq);

		if (rig_room(r, seq))
			return;
		AWAIT(rig_wakes(r, seq) != wakes);
	}
}

/* Both streams in pieces, in turn. */
static void say_all(struct rig *r, unsigned seq, const struct buf *text,
		    unsigned *seed)
{
	size_t at[2] = { 0, 0 };

	while (at[0] < text[0].len || at[1] < text[1].len) {
		int i = (int)draw(seed, 2);
		size_t n = draw(seed, 3) ? draw(seed, 100) + 1
					 : draw(seed, 65536) + 1;

		if (at[i] == text[i].len)
			continue;
		if (n > text[i].len - at[i])
			n = text[i].len - at[i];
		await_room(r, seq);
		rig_put(r, seq, (enum output_stream)i, text[i].data + at[i],
			n);
		at[i] += n;
	}
}

static void run_try(struct stress *s, unsigned seq, unsigned try)
{
	const struct plan *p = &s->plan[seq];
	bool counts = try > p->dropped;
	struct buf text[2] = { BUF_INIT, BUF_INIT };
	unsigned seed = seq + try;

	for (int i = 0; i < 2; i++)
		for (unsigned k = 0; k < p->lines[i]; k++)
			add_line(&text[i], seq, try, k);
	rig_begin(&s->r, seq, counts && seq % 3 != 0);
	say_all(&s->r, seq, text, &seed);
	rig_end(&s->r, seq, counts);
	buf_release(&text[0]);
	buf_release(&text[1]);
}

static void *work(void *arg)
{
	struct stress *s = arg;
	unsigned seq;

	while ((seq = atomic_fetch_add(&s->next, 1)) <= JOBS) {
		const struct plan *p = &s->plan[seq];

		for (unsigned try = 1; try <= p->dropped; try++)
			run_try(s, seq, try);
		if (p->is_skipped)
			rig_skip(&s->r, seq);
		else
			run_try(s, seq, p->dropped + 1);
	}
	return NULL;
}

/* Reading. */

static bool is_complete(const struct stress *s, int stream, unsigned seq)
{
	return s->seen[stream][seq] == s->plan[seq].lines[stream];
}

/* Takes one line off; what follows it, or NULL when it is wrong. */
static const char *check_line(struct stress *s, int stream, const char *line,
			      const char *end)
{
	struct buf want = BUF_INIT;
	unsigned seq;
	bool ok;

	seq = (unsigned)strtoul(line, NULL, 10);
	if (seq == 0 || seq > JOBS || s->plan[seq].is_skipped ||
	    is_complete(s, stream, seq))
		return NULL;
	add_line(&want, seq, s->plan[seq].dropped + 1,
		 s->seen[stream][seq]++);
	ok = (size_t)(end - line) >= want.len &&
	     memcmp(line, want.data, want.len) == 0;
	if (seq != s->at[stream] && s->mode != EMIT_LINES) {
		ok &= is_complete(s, stream, s->at[stream]);
		ok &= s->mode != EMIT_ORDERED || seq > s->at[stream];
	}
	s->at[stream] = seq;
	line += want.len;
	buf_release(&want);
	return ok ? line : NULL;
}

static void check_stream(struct stress *s, int stream)
{
	const struct buf *b = capture_text(&s->r.cap, stream);
	const char *end = b->data + b->len;
	const char *p = b->data;

	while (p < end) {
		const char *next = check_line(s, stream, p, end);

		if (!next) {
			CHECK_MEM(p, strcspn(p, "\n"), "the next line", 13);
			return;
		}
		p = next;
	}
	for (unsigned seq = 1; seq <= JOBS; seq++)
		if (!s->plan[seq].is_skipped && !is_complete(s, stream, seq))
			CHECK_INT(seq, 0);
}

static void stress(enum emit_mode mode, uint64_t memory, const char *tmpdir,
		   bool pipes)
{
	struct emit_config c = {
		.mode = mode, .memory_max = memory, .tmpdir = tmpdir,
	};
	struct stress *s = calloc(1, sizeof(*s));
	struct thread thread[WORKERS];

	s->mode = mode;
	atomic_store(&s->next, 1);
	for (unsigned seq = 1; seq <= JOBS; seq++)
		s->plan[seq] = plan_of(seq);
	rig_start_with(&s->r, &c, pipes);
	if (pipes)
		capture_start_reader(&s->r.cap);
	for (unsigned i = 0; i < WORKERS; i++)
		CHECK(thread_start(&thread[i], 0, work, s) == 0);
	for (unsigned i = 0; i < WORKERS; i++)
		thread_join(&thread[i]);
	rig_finish(&s->r);
	CHECK_INT(atomic_load(&s->r.failed[0]), 0);
	check_stream(s, 0);
	check_stream(s, 1);
	rig_release(&s->r);
	free(s);
}

static const char nowhere[] = "/dev/null/no such directory";

static void ordered(void)
{
	stress(EMIT_ORDERED, 0, NULL, false);
}

static void ordered_piped(void)
{
	stress(EMIT_ORDERED, 100000, NULL, true);
}

static void ordered_spilling(void)
{
	stress(EMIT_ORDERED, 1, NULL, false);
}

static void ordered_held_back(void)
{
	stress(EMIT_ORDERED, 1, nowhere, true);
}

static void grouped(void)
{
	stress(EMIT_GROUPED, 0, NULL, true);
}

static void grouped_spilling(void)
{
	stress(EMIT_GROUPED, 1, NULL, false);
}

static void grouped_held_back(void)
{
	stress(EMIT_GROUPED, 1, nowhere, true);
}

static void lines(void)
{
	stress(EMIT_LINES, 0, NULL, false);
}

static void lines_piped(void)
{
	stress(EMIT_LINES, 1, nowhere, true);
}

static const struct tap_case cases[] = {
	{ "in order", ordered },
	{ "in order, into pipes", ordered_piped },
	{ "in order, all in the spool", ordered_spilling },
	{ "in order, without a spool", ordered_held_back },
	{ "by completion", grouped },
	{ "by completion, all in the spool", grouped_spilling },
	{ "by completion, without a spool", grouped_held_back },
	{ "by lines", lines },
	{ "by lines, into pipes", lines_piped },
};
TAP_MAIN(cases)
