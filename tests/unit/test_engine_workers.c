/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_engine_workers.c - the engine's workers: how many there are, and when
 * they come and go.
 */
#include <config.h>

#include "base/clock.h"
#include "base/num.h"
#include "fake.h"
#include "tap.h"

static void grows_on_demand(void)
{
	struct engine_config c = { .max = 5 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	for (unsigned i = 1; i <= 5; i++) {
		fake_submit(f, "hold");
		fake_await_running(f, i);
		CHECK_INT(fake_stats(f).workers, i);
	}
	fake_submit_n(f, 7, "hold");
	CHECK_INT(fake_stats(f).workers, 5);
	CHECK_INT(fake_stats(f).queued, 7);
	CHECK_INT(fake_stats(f).running, 5);
	fake_release_all(f);
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_peak(f), 5);
	CHECK_INT(fake_stats(f).peak_workers, 5);
	CHECK_INT(f->slot_high, 5);
	fake_end(f);
}

static void does_not_grow_for_idle(void)
{
	struct engine_config c = { .max = 5 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	for (unsigned i = 1; i <= 50; i++) {
		AWAIT(fake_stats(f).idle == 1);
		fake_submit(f, "ok");
		AWAIT(fake_stats(f).tally.succeeded == i);
	}
	CHECK_INT(fake_stats(f).peak_workers, 1);
	fake_end(f);
}

static void warm_minimum(void)
{
	struct engine_config c = { .min = 4, .max = 8 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	AWAIT(fake_stats(f).idle == 4);
	CHECK_INT(fake_stats(f).workers, 4);
	CHECK_INT(f->slots_opened, 4);
	fake_end(f);
}

static void idle_end(void)
{
	struct engine_config c = { .min = 2, .max = 9 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	fake_submit_n(f, 9, "hold");
	fake_await_running(f, 9);
	fake_mark_slots(f);
	fake_release_all(f);
	AWAIT(fake_stats(f).idle == 9);
	fake_move_clock(f, 5 * NS_PER_SEC - 1);
	usleep(2000);
	CHECK_INT(fake_stats(f).workers, 9);
	fake_move_clock(f, 1);
	AWAIT(fake_stats(f).workers <= 2 && fake_stats(f).idle == 2);
	/* All timed out at the same moment, two stay for ever. */
	fake_move_clock(f, 500 * NS_PER_SEC);
	usleep(2000);
	CHECK_INT(fake_stats(f).workers, 2);
	CHECK_INT(f->slots_low, 2);
	fake_submit_n(f, 5, "ok");
	fake_end(f);
}

/* A job that comes while a worker is on its way out finds the pool full; so
 * that worker has to look before it goes. */
static void needed_after_all(void)
{
	struct engine_config c = { .max = 2 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	fake_submit_n(f, 2, "hold");
	fake_await_running(f, 2);
	fake_release(f, 1);
	fake_release(f, 2);
	AWAIT(fake_stats(f).idle == 2);
	fake_hold_close(f, true);
	fake_move_clock(f, 6 * NS_PER_SEC);
	fake_await_closing(f, 1);
	fake_submit_n(f, 2, "hold");
	fake_await_running(f, 1);
	CHECK_INT(fake_stats(f).queued, 1);
	fake_hold_close(f, false);
	fake_await_running(f, 2);
	CHECK_INT(f->slot_high, 2);
	fake_release_all(f);
	fake_end(f);
}

/* Again and again, with the slots that are left. */
static void never_below_the_minimum(void)
{
	struct engine_config c = { .min = 1, .max = 6 };
	struct fake *f = fake_new(&c, false);
	unsigned seq = 0;

	engine_start(f->engine);
	AWAIT(fake_stats(f).idle == 1);
	fake_mark_slots(f);
	for (int round = 0; round < 40; round++) {
		fake_submit_n(f, 6, "hold");
		fake_await_running(f, 6);
		for (int i = 0; i < 6; i++)
			fake_release(f, ++seq);
		AWAIT(fake_stats(f).idle == 6);
		fake_move_clock(f, 6 * NS_PER_SEC);
		AWAIT(fake_stats(f).idle == 1 && fake_stats(f).workers == 1);
	}
	CHECK_INT(f->slots_low, 1);
	CHECK(f->slot_high <= 6);
	fake_end(f);
}

static void ends_by_the_real_clock(void)
{
	struct engine_config c = { .max = 4, .idle_timeout_ns = NS_PER_MS };
	struct fake *f = fake_new(&c, true);

	engine_start(f->engine);
	fake_submit_n(f, 4, "hold");
	fake_await_running(f, 4);
	fake_release_all(f);
	AWAIT(fake_stats(f).workers == 1);
	fake_submit(f, "ok");
	fake_end(f);
}

/* The one used last is used first, so that the others can time out. */
static void idle_is_a_stack(void)
{
	struct engine_config c = { .max = 3 };
	struct fake *f = fake_new(&c, false);
	unsigned slot;

	engine_start(f->engine);
	fake_submit_n(f, 3, "hold");
	fake_await_running(f, 3);
	for (unsigned i = 1; i <= 3; i++) {
		fake_release(f, i);
		AWAIT(fake_stats(f).idle == i);
	}
	slot = fake_job(f, 3).slot;
	for (unsigned i = 4; i <= 8; i++) {
		fake_submit(f, "ok");
		AWAIT(fake_stats(f).idle == 3 &&
		      fake_stats(f).tally.succeeded == i);
		CHECK_INT(fake_job(f, i).slot, slot);
	}
	fake_end(f);
}

static void lowest_slot_first(void)
{
	struct engine_config c = { .max = 4 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	fake_submit_n(f, 4, "hold");
	fake_await_running(f, 4);
	/* The minimum of one survives, whoever it is. */
	fake_release_all(f);
	AWAIT(fake_stats(f).idle == 4);
	fake_move_clock(f, 10 * NS_PER_SEC);
	AWAIT(fake_stats(f).workers == 1);
	mutex_lock(&f->lock);
	f->release_all = false;
	mutex_unlock(&f->lock);
	fake_submit_n(f, 3, "hold");
	fake_await_running(f, 3);
	for (unsigned i = 5; i <= 7; i++)
		CHECK(fake_job(f, i).slot <= 4);
	CHECK_INT(f->slot_high, 4);
	fake_release_all(f);
	fake_end(f);
}

static void resize_up(void)
{
	struct engine_config c = { .max = 1 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	fake_submit_n(f, 10, "hold");
	fake_await_running(f, 1);
	engine_resize(f->engine, 0, 1, 6);
	fake_await_running(f, 6);
	CHECK_INT(fake_stats(f).workers, 6);
	CHECK_INT(fake_stats(f).max, 6);
	fake_release_all(f);
	fake_end(f);
}

static void resize_the_minimum(void)
{
	struct engine_config c = { .max = 8 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	engine_resize(f->engine, 0, 5, 8);
	AWAIT(fake_stats(f).idle == 5);
	engine_resize(f->engine, 0, 2, 8);
	/* Not surplus before they have been idle for their time. */
	CHECK_INT(fake_stats(f).workers, 5);
	fake_move_clock(f, 5 * NS_PER_SEC);
	AWAIT(fake_stats(f).workers == 2);
	fake_end(f);
}

static void resize_down(void)
{
	struct engine_config c = { .max = 8 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	fake_submit_n(f, 30, "hold");
	fake_await_running(f, 8);
	engine_resize(f->engine, 0, 1, 3);
	/* Who runs a job keeps it, whatever the bound. */
	CHECK_INT(fake_stats(f).running, 8);
	for (unsigned seq = 1; seq <= 8; seq++)
		fake_release(f, seq);
	AWAIT(fake_stats(f).queued == 30 - 8 - 3);
	AWAIT(fake_stats(f).workers == 3);
	CHECK_INT(fake_stats(f).running, 3);
	CHECK_INT(fake_stats(f).queued, 30 - 8 - 3);
	fake_release_all(f);
	fake_end(f);
}

/* All idle workers look at the new bound at once; too many must not go. */
static void resize_down_idle(void)
{
	struct engine_config c = { .max = 8 };
	struct fake *f = fake_new(&c, false);
	unsigned seq = 0;

	engine_start(f->engine);
	for (int round = 0; round < 30; round++) {
		engine_resize(f->engine, 0, 1, 8);
		fake_submit_n(f, 8, "hold");
		fake_await_running(f, 8);
		for (int i = 0; i < 8; i++)
			fake_release(f, ++seq);
		AWAIT(fake_stats(f).idle == 8);
		fake_mark_slots(f);
		engine_resize(f->engine, 0, 1, 2);
		fake_submit_n(f, 2, "ok");
		seq += 2;
		AWAIT(fake_stats(f).tally.succeeded == seq);
		AWAIT(fake_stats(f).workers == 2);
		CHECK_INT(f->slots_low, 2);
	}
	fake_end(f);
}

static const struct tap_case cases[] = {
	{ "the pool grows on demand, to its maximum", grows_on_demand },
	{ "an idle worker is used before one is started",
	  does_not_grow_for_idle },
	{ "the minimum of workers is warm before any job", warm_minimum },
	{ "idle workers end after the idle timeout", idle_end },
	{ "a worker on its way out stays when it is needed",
	  needed_after_all },
	{ "the pool never falls below its minimum",
	  never_below_the_minimum },
	{ "idle workers end by the real clock", ends_by_the_real_clock },
	{ "the worker that was used last is used first", idle_is_a_stack },
	{ "a new worker takes the lowest free slot", lowest_slot_first },
	{ "a higher maximum takes effect while running", resize_up },
	{ "the minimum can be changed while running", resize_the_minimum },
	{ "a lower maximum takes effect as jobs end", resize_down },
	{ "a lower maximum sends no idle worker too many",
	  resize_down_idle },
};
TAP_MAIN(cases)
