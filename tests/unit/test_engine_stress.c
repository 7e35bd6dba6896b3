/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_engine_stress.c - the engine with everybody at it at once. Every job
 * comes to one end, whatever the order of events (fake_end checks it).
 */
#include <config.h>

#include "base/compiler.h"
#include "base/num.h"
#include "fake.h"
#include "tap.h"

#define SUBMITTERS	3
#define EACH		3000

struct crowd {
	struct fake *f;
	unsigned seed;
	struct thread thread;
};

/* Numerical Recipes' generator: the same run on every machine. */
static unsigned draw(unsigned *seed, unsigned below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

static const char *const scripts[] = {
	"ok", "ok", "ok", "fail", "fail ok", "again ok", "again fail again ok",
	"took5", "sig9 ok", "late", "none ok",
};

static void *submit_main(void *arg)
{
	struct crowd *c = arg;

	for (unsigned i = 0; i < EACH; i++) {
		unsigned n = draw(&c->seed, 50);

		if (n == 0)
			fake_refuse(c->f, "refused");
		else
			fake_submit(c->f, scripts[n % ARRAY_SIZE(scripts)]);
	}
	return NULL;
}

static void *resize_main(void *arg)
{
	struct crowd *c = arg;
	struct engine_stats s;

	for (;;) {
		unsigned max = 1 + draw(&c->seed, 12);

		engine_resize(c->f->engine, 0, 1 + draw(&c->seed, max), max);
		fake_move_clock(c->f, NS_PER_SEC * draw(&c->seed, 4));
		engine_get_stats(c->f->engine, &s);
		if (s.is_over || s.tally.succeeded + s.tally.failed ==
				 SUBMITTERS * EACH)
			return NULL;
		usleep(draw(&c->seed, 400));
	}
}

static void crowd(const struct engine_config *config, unsigned seed,
		  enum engine_stop stop)
{
	struct fake *f = fake_new(config, false);
	struct crowd c[SUBMITTERS + 1];

	f->tries_max = 3;
	engine_start(f->engine);
	for (unsigned i = 0; i <= SUBMITTERS; i++) {
		c[i].f = f;
		c[i].seed = seed + i;
		CHECK(thread_start(&c[i].thread, 0,
				   i < SUBMITTERS ? submit_main : resize_main,
				   &c[i]) == 0);
	}
	if (stop != ENGINE_RUN) {
		AWAIT(fake_stats(f).submitted > SUBMITTERS * EACH / 3);
		engine_stop(f->engine, stop);
	}
	for (unsigned i = 0; i <= SUBMITTERS; i++)
		thread_join(&c[i].thread);
	CHECK_INT(f->submitted, SUBMITTERS * EACH);
	CHECK(f->slot_high <= 12);
	fake_end(f);
}

static void all_runs(void)
{
	struct engine_config c = { .max = 4, .queue_capacity = 100 };

	crowd(&c, 1, ENGINE_RUN);
}

static void small_queue(void)
{
	struct engine_config c = { .max = 12, .queue_capacity = 2 };

	crowd(&c, 20, ENGINE_RUN);
}

static void stopped_by_drain(void)
{
	struct engine_config c = { .max = 4, .queue_capacity = 50 };

	crowd(&c, 300, ENGINE_DRAIN);
}

static void stopped_by_cancel(void)
{
	struct engine_config c = { .max = 12, .queue_capacity = 3000 };

	crowd(&c, 4000, ENGINE_CANCEL);
}

static void stopped_by_kill(void)
{
	struct engine_config c = { .max = 4, .queue_capacity = 50 };

	crowd(&c, 50000, ENGINE_KILL);
}

static void stopped_by_halt(void)
{
	struct engine_config c = {
		.max = 8, .queue_capacity = 200,
		.halt = { HALT_NOW, HALT_FAIL, 300, 0 },
	};

	crowd(&c, 600000, ENGINE_RUN);
}

static void many_short_runs(void)
{
	for (unsigned i = 0; i < 100; i++) {
		struct engine_config c = { .min = 1 + i % 3, .max = 3 };
		struct fake *f = fake_new(&c, false);

		f->tries_max = 2;
		engine_start(f->engine);
		fake_submit_n(f, i % 7, scripts[i % ARRAY_SIZE(scripts)]);
		if (i % 5 == 0)
			engine_stop(f->engine, ENGINE_CANCEL);
		fake_end(f);
	}
}

static const struct tap_case cases[] = {
	{ "submitting and resizing at once loses no job", all_runs },
	{ "the same with a queue of two", small_queue },
	{ "draining in the middle of it", stopped_by_drain },
	{ "cancelling in the middle of it", stopped_by_cancel },
	{ "killing in the middle of it", stopped_by_kill },
	{ "halting in the middle of it", stopped_by_halt },
	{ "a hundred short runs", many_short_runs },
};
TAP_MAIN(cases)
