/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_inlet.c - input that comes while jobs run: who gets what, what becomes
 * of it when one of them is over, and that nobody waits for ever.
 */
#include <config.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "runner/inlet.h"
#include "tap.h"

static char *text(const char *s)
{
	return xstrdup(s);
}

static bool deal(struct inlets *s, bool in_turn, const char *what)
{
	return inlets_deal(s, in_turn, text(what), strlen(what));
}

/* All that is there for one inlet, and a . at the end of it. */
static void check_has(struct inlets *s, size_t i, const char *want)
{
	struct inlet *in = inlets_at(s, i);
	struct buf got = BUF_INIT;
	const char *data;
	size_t len;
	int ret;

	while ((ret = inlet_peek(in, &data, &len)) > 0) {
		buf_add(&got, data, len);
		inlet_take(in, len);
	}
	if (ret < 0)
		buf_addch(&got, '.');
	CHECK_STR(got.data ? got.data : "", want);
	buf_release(&got);
}

static void begin_all(struct inlets *s, size_t n)
{
	thread_setup();
	for (size_t i = 0; i < n; i++)
		inlet_begin(inlets_at(s, i), thread_self());
}

static void goes_round(void)
{
	struct inlets *s = inlets_new(3, true);

	begin_all(s, 3);
	CHECK(deal(s, false, "a"));
	CHECK(deal(s, false, "b"));
	CHECK(deal(s, false, "c"));
	/* Only who has taken what it had is ready. */
	check_has(s, 1, "b");
	CHECK(deal(s, false, "d"));
	check_has(s, 1, "d");
	CHECK(deal(s, false, "e"));
	check_has(s, 0, "a");
	check_has(s, 1, "e");
	check_has(s, 2, "c");
	inlets_close(s);
	check_has(s, 0, ".");
	inlets_free(s);
}

static void in_turn(void)
{
	struct inlets *s = inlets_new(2, false);

	begin_all(s, 2);
	CHECK(deal(s, true, "a"));
	CHECK(deal(s, true, "b"));
	check_has(s, 0, "a");
	CHECK(deal(s, true, "c"));
	check_has(s, 1, "b");
	/* Its part is nobody's when it is over. */
	inlet_end(inlets_at(s, 1));
	CHECK(deal(s, true, "d"));
	check_has(s, 0, "c");
	CHECK(deal(s, true, "e"));
	inlets_close(s);
	check_has(s, 0, "e.");
	check_has(s, 1, ".");
	inlets_free(s);
}

static void is_passed_on(void)
{
	struct inlets *s = inlets_new(2, true);
	const char *data;
	size_t len;

	begin_all(s, 2);
	CHECK(deal(s, false, "aaa"));
	CHECK(deal(s, false, "bbb"));
	/* Half of it is gone: the rest is of no use. */
	CHECK_INT(inlet_peek(inlets_at(s, 0), &data, &len), 1);
	inlet_take(inlets_at(s, 0), 1);
	inlet_end(inlets_at(s, 0));
	inlet_end(inlets_at(s, 0));
	check_has(s, 1, "bbb");
	CHECK(deal(s, false, "c"));
	inlet_end(inlets_at(s, 1));
	CHECK(!deal(s, false, "d"));
	inlets_close(s);
	inlets_free(s);

	s = inlets_new(2, true);
	begin_all(s, 2);
	CHECK(deal(s, false, "a"));
	CHECK(deal(s, false, "b"));
	inlet_end(inlets_at(s, 0));
	check_has(s, 1, "b");
	inlets_close(s);
	check_has(s, 1, "a.");
	inlets_free(s);
}

static void all_get_it(void)
{
	struct inlets *s = inlets_new(3, false);

	begin_all(s, 2);
	CHECK(inlets_give_all(s, text("a"), 1));
	CHECK(inlets_give_all(s, text("b"), 1));
	check_has(s, 0, "ab");
	inlet_end(inlets_at(s, 1));
	CHECK(inlets_give_all(s, text("c"), 1));
	inlets_close(s);
	check_has(s, 0, "c.");
	check_has(s, 1, ".");
	/* The third one begins late and has missed nothing. */
	inlet_begin(inlets_at(s, 2), thread_self());
	check_has(s, 2, "abc.");
	inlets_free(s);
}

/* Who can't begin before others end must not keep these waiting. */
static void new_ones_do_not_hold_up(void)
{
	struct inlets *s = inlets_new(2, false);

	begin_all(s, 1);
	for (int i = 0; i < 50; i++) {
		CHECK(inlets_give_all(s, text("x"), 1));
		check_has(s, 0, "x");
	}
	inlets_free(s);

	s = inlets_new(2, false);
	begin_all(s, 1);
	for (int i = 0; i < 50; i++) {
		CHECK(deal(s, true, "x"));
		check_has(s, 0, "x");
		CHECK(deal(s, true, "y"));
	}
	inlets_free(s);
}

/* Threads. */

struct worker {
	struct thread thread;
	struct inlet *in;
	size_t most;		/* bytes, then it is over; 0: no bound */
	size_t sum;		/* of the bytes */
	size_t n;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	const char *data;
	size_t len;
	int ret;

	inlet_begin(w->in, thread_self());
	while ((ret = inlet_peek(w->in, &data, &len)) >= 0) {
		if (ret == 0) {
			thread_poll(NULL, 0, -1);
			continue;
		}
		len = len > 3 ? 3 : len;
		for (size_t i = 0; i < len; i++)
			w->sum += (unsigned char)data[i];
		w->n += len;
		inlet_take(w->in, len);
		if (w->most && w->n >= w->most)
			break;
	}
	inlet_end(w->in);
	return NULL;
}

#define WORKERS	4
#define ROUNDS	5000

static void start_all(struct inlets *s, struct worker *w, size_t most)
{
	thread_setup();
	for (size_t i = 0; i < WORKERS; i++) {
		w[i] = (struct worker){ .in = inlets_at(s, i), .most = most };
		CHECK_INT(thread_start(&w[i].thread, 0, work, &w[i]), 0);
	}
}

static void nothing_is_lost(void)
{
	struct inlets *s = inlets_new(WORKERS, true);
	struct worker w[WORKERS];
	size_t sum = 0, got = 0;
	unsigned seed = 3;

	start_all(s, w, 0);
	for (int i = 0; i < ROUNDS; i++) {
		size_t len = 1 + (size_t)rand_r(&seed) % 10;
		char *data = xmalloc(len);

		for (size_t k = 0; k < len; k++)
			sum += (unsigned char)(data[k] = (char)(i + k));
		CHECK(inlets_deal(s, i % 2, data, len));
	}
	inlets_close(s);
	for (size_t i = 0; i < WORKERS; i++) {
		thread_join(&w[i].thread);
		got += w[i].sum;
	}
	CHECK_UINT(got, sum);
	inlets_free(s);
}

static void everyone_has_it(void)
{
	struct inlets *s = inlets_new(WORKERS, false);
	struct worker w[WORKERS];

	start_all(s, w, 0);
	for (int i = 0; i < ROUNDS; i++)
		CHECK(inlets_give_all(s, text("abcdefg"), 7));
	inlets_close(s);
	for (size_t i = 0; i < WORKERS; i++) {
		thread_join(&w[i].thread);
		CHECK_UINT(w[i].n, 7 * ROUNDS);
	}
	inlets_free(s);
}

/* The reader hears of it when the last one has had enough. */
static void nobody_is_left(void)
{
	struct inlets *s = inlets_new(WORKERS, true);
	struct worker w[WORKERS];

	start_all(s, w, 100);
	while (deal(s, false, "abcdefgh"))
		;
	inlets_close(s);
	for (size_t i = 0; i < WORKERS; i++)
		thread_join(&w[i].thread);
	inlets_free(s);
}

static void *stop(void *arg)
{
	inlets_stop(arg);
	return NULL;
}

static void is_stopped(void)
{
	struct inlets *s = inlets_new(1, true);
	struct thread t;

	begin_all(s, 1);
	CHECK(deal(s, false, "a"));
	CHECK_INT(thread_start(&t, 0, stop, s), 0);
	CHECK(!deal(s, false, "b"));
	thread_join(&t);
	inlets_close(s);
	check_has(s, 0, "a.");
	inlets_free(s);
}

static const struct tap_case cases[] = {
	{ "each chunk goes to the next one that is ready", goes_round },
	{ "in turn: to the next one, whoever that is", in_turn },
	{ "what one did not begin goes to others", is_passed_on },
	{ "all get everything", all_get_it },
	{ "those that have not begun hold nobody up",
	  new_ones_do_not_hold_up },
	{ "nothing is lost between threads", nothing_is_lost },
	{ "everyone has it all", everyone_has_it },
	{ "the reader hears that nobody is left", nobody_is_left },
	{ "a reader that waits is stopped", is_stopped },
};
TAP_MAIN(cases)
