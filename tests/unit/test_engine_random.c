/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_engine_random.c - short runs of the engine with a random configuration,
 * random jobs, and random things done to them by other threads. The fakes see
 * to the protocols, and that each job comes to one end; the controller here
 * sleeps until it is told or its time has come, so a wake-up that is lost is a
 * run that never ends.
 *
 * The seed of a run is said when it does not end. MUSTER_TEST_SEED=N runs that
 * one alone, a hundred times.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/num.h"
#include "fake.h"
#include "tap.h"

#define RUNS		80	/* of each case */
#define PATIENCE	(15 * NS_PER_SEC)

struct scene {
	struct fake *f;
	struct engine_config config;
	struct engine_bounds then[2];
	uint64_t seed;
	unsigned njobs;
	bool has_deps;
	bool has_weights;
	bool has_barriers;
	atomic_uint submitted;
	atomic_bool is_over;
};

struct player {
	struct scene *scene;
	struct thread thread;
	uint64_t seed;
	unsigned moves;
	bool stops;
};

/* xorshift64; the same run on every machine, but for the threads. */
static unsigned draw(uint64_t *seed, unsigned below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (unsigned)((*seed >> 20) % below);
}

static bool chance(uint64_t *seed, unsigned percent)
{
	return draw(seed, 100) < percent;
}

/* Jobs. */

static const char *const scripts[] = {
	"ok", "ok", "ok", "ok", "ok", "hold", "hold", "fail", "fail ok",
	"holdfail ok", "again ok", "holdagain ok", "sig9 fail ok", "late",
	"none ok", "ok/fail ok", "ok/hold", "ok/ok/again ok", "stubborn",
	"ok/holdfail ok/hold",
};

static const char *name(struct job *job, unsigned n)
{
	char id[16];

	snprintf(id, sizeof(id), "j%u", n);
	return arena_strdup(&job->arena, id);
}

/* Mostly on those before; now and then there is a circle or nobody at all. */
static void add_deps(struct job *job, unsigned n, uint64_t *seed)
{
	unsigned ndeps = draw(seed, 3);
	struct job_dep *deps = arena_alloc(&job->arena, 3 * sizeof(*deps));

	for (unsigned i = 0; i < ndeps; i++) {
		unsigned other = chance(seed, 90) ? draw(seed, n + 1) :
						    draw(seed, 3 * n + 9);

		deps[i].id = name(job, other);
		deps[i].when = (enum job_after)draw(seed, 3);
	}
	job->deps = deps;
	job->ndeps = ndeps;
}

static struct job *make(struct scene *s, unsigned n, uint64_t *seed)
{
	struct job *job = fake_make(s->f, scripts[draw(seed,
						  ARRAY_SIZE(scripts))]);

	job->tries_max = 1 + draw(seed, 3);
	job->priority = (int)draw(seed, 5);
	if (s->has_weights && chance(seed, 30))
		job->weight = draw(seed, 5);
	if (chance(seed, 3))
		job->message = "no good";
	if (s->has_deps && chance(seed, 60))
		job->id = name(job, n);
	if (s->has_deps && chance(seed, 40))
		add_deps(job, n, seed);
	return job;
}

static void *read_main(void *arg)
{
	struct player *p = arg;
	struct scene *s = p->scene;

	for (unsigned i = 0; i < s->njobs; i++) {
		if (!engine_submit(s->f->engine, make(s, i, &p->seed)))
			break;
		atomic_fetch_add(&s->submitted, 1);
		if (s->has_barriers && chance(&p->seed, 4) &&
		    !engine_barrier(s->f->engine))
			break;
	}
	engine_close(s->f->engine);
	return NULL;
}

/* What is done to them. */

static void resize(struct scene *s, uint64_t *seed)
{
	unsigned max = chance(seed, 40) ? 1 : 1 + draw(seed, 6);

	engine_resize(s->f->engine, draw(seed, 1 + s->config.nthen),
		      draw(seed, max + 1), max);
}

static void feel(struct scene *s, uint64_t *seed)
{
	struct adapt_pressure p = { 0 };

	p.cpu = draw(seed, 100) / 100.0;
	p.memory = draw(seed, 100) / 100.0;
	engine_feel(s->f->engine, &p);
}

static void look(const struct job *job, enum job_state state, void *arg)
{
	(void)state;
	CHECK(job->seq <= *(uint64_t *)arg);
}

static void look_round(struct scene *s)
{
	uint64_t last = FAKE_JOBS;

	engine_each_job(s->f->engine, look, &last);
	fake_stats(s->f);
}

static void move(struct player *p)
{
	struct scene *s = p->scene;
	struct engine *e = s->f->engine;
	unsigned all = (atomic_load(&s->submitted) + 2) *
		       (1 + s->config.nthen);
	uint64_t seq = 1 + draw(&p->seed, all);

	switch (draw(&p->seed, 12)) {
	case 0:
		resize(s, &p->seed);
		break;
	case 1:
		engine_pause(e, true);
		break;
	case 2:
	case 3:
		engine_pause(e, false);
		break;
	case 4:
		fake_add(s->f, make(s, 1000 + draw(&p->seed, 9), &p->seed));
		break;
	case 5:
		(void)engine_kill_job(e, seq);
		break;
	case 6:
		(void)engine_retry_job(e, seq);
		break;
	case 7:
		(void)engine_set_priority(e, seq, (int)draw(&p->seed, 9));
		break;
	case 8:
		feel(s, &p->seed);
		break;
	case 9:
		look_round(s);
		break;
	default:
		fake_release(s->f, seq);
		break;
	}
}

static void *play_main(void *arg)
{
	struct player *p = arg;
	struct scene *s = p->scene;
	unsigned stop_at = p->stops ? draw(&p->seed, p->moves) : p->moves;

	for (unsigned i = 0; i < p->moves; i++) {
		if (i == stop_at)
			engine_stop(s->f->engine,
				    (enum engine_stop)(1 + draw(&p->seed, 3)));
		move(p);
		if (chance(&p->seed, 30))
			usleep(draw(&p->seed, 300));
	}
	return NULL;
}

/* A run. */

static void set_scene(struct scene *s, enum engine_dispatch dispatch)
{
	uint64_t *seed = &s->seed;
	struct engine_config *c = &s->config;

	c->dispatch = dispatch;
	c->scale = (enum scale_policy)draw(seed, SCALE_ADAPTIVE + 1);
	c->max = 1 + draw(seed, 5);
	c->min = 1 + draw(seed, c->max);
	c->queue_order = (enum queue_order)draw(seed, 3);
	c->queue_capacity = 1 + draw(seed, chance(seed, 50) ? 4 : 100);
	c->queue_bytes = chance(seed, 20) ? 2000 : 0;
	c->on_full = (enum engine_full)draw(seed, 3);
	c->idle_timeout_ns = chance(seed, 50) ? NS_PER_SEC / 5000 : NS_PER_SEC;
	if (chance(seed, 30))
		c->rate = (struct rate){ 5000, NS_PER_SEC, 1 + draw(seed, 4) };
	if (chance(seed, 10))
		c->delay_ns = 100000;
	if (chance(seed, 60))
		c->backoff = (struct backoff){ 1 + draw(seed, 2000000), 1,
					       0, chance(seed, 50) };
	c->keep_retry_output = chance(seed, 20);
	c->nthen = chance(seed, 50) ? 0 : 1 + draw(seed, 2);
	c->then = s->then;
	for (unsigned i = 0; i < c->nthen; i++) {
		s->then[i].max = 1 + draw(seed, 4);
		s->then[i].min = draw(seed, s->then[i].max + 1);
	}
	if (chance(seed, 15))
		c->halt = (struct halt_rule){ HALT_SOON, HALT_FAIL, 5, 0 };
	if (chance(seed, 5))
		c->halt = (struct halt_rule){ HALT_NOW, HALT_SUCCESS, 9, 0 };
	s->njobs = 5 + draw(seed, 60);
	s->has_deps = chance(seed, 40);
	s->has_weights = chance(seed, 40);
	s->has_barriers = chance(seed, 30);
}

static void give_up(struct scene *s, uint64_t seed)
{
	struct engine_stats st = fake_stats(s->f);

	fprintf(stderr, "seed %llu does not end: %zu queued, %zu delayed, "
		"%zu held, %u running, %u workers, %u idle, closed %d, "
		"stop %d, paused %d\n", (unsigned long long)seed, st.queued,
		st.delayed, st.held, st.running, st.workers, st.idle,
		st.closed, (int)st.stop, st.paused);
	abort();
}

/* As main does it: sleeps until the time has come, or it is told. */
static void control(struct scene *s, uint64_t seed)
{
	int64_t begin = clock_now_ns();

	while (!fake_stats(s->f).is_over) {
		unsigned told = atomic_load(&s->f->notified);
		int64_t next = engine_tend(s->f->engine);

		while (!fake_stats(s->f).is_over &&
		       atomic_load(&s->f->notified) == told &&
		       (next < 0 || clock_now_ns() < next)) {
			usleep(50);
			if (clock_now_ns() - begin > PATIENCE)
				give_up(s, seed);
		}
	}
}

static void *control_main(void *arg)
{
	struct player *p = arg;

	control(p->scene, p->seed);
	return NULL;
}

static void run(uint64_t seed, enum engine_dispatch dispatch)
{
	struct scene s = { .seed = seed * 7919 + 12345 };
	struct player p[4];

	set_scene(&s, dispatch);
	s.f = fake_new(&s.config, true);
	s.f->nstages = 1 + s.config.nthen;
	engine_start(s.f->engine);
	for (unsigned i = 0; i < ARRAY_SIZE(p); i++) {
		static void *(*const mains[])(void *) = {
			read_main, play_main, play_main, control_main,
		};

		p[i] = (struct player){ .scene = &s, .moves = 60 };
		p[i].seed = i == 3 ? seed : s.seed + i;
		p[i].stops = i == 1 && seed % 2;
		CHECK(thread_start(&p[i].thread, 0, mains[i], &p[i]) == 0);
	}
	thread_join(&p[1].thread);
	thread_join(&p[2].thread);
	/* Nobody is left that would. */
	engine_pause(s.f->engine, false);
	fake_release_all(s.f);
	thread_join(&p[0].thread);
	thread_join(&p[3].thread);
	s.f->closed = true;
	fake_end(s.f);
}

static void runs(uint64_t from, enum engine_dispatch dispatch)
{
	const char *only = getenv("MUSTER_TEST_SEED");

	if (only) {
		for (unsigned i = 0; i < 100; i++)
			run(strtoull(only, NULL, 10), dispatch);
		return;
	}
	for (uint64_t i = 0; i < RUNS; i++)
		run(from + i, dispatch);
}

static void shared_1(void)
{
	runs(1, DISPATCH_SHARED);
}

static void shared_2(void)
{
	runs(1001, DISPATCH_SHARED);
}

static void stealing_1(void)
{
	runs(2001, DISPATCH_STEALING);
}

static void stealing_2(void)
{
	runs(3001, DISPATCH_STEALING);
}

static const struct tap_case cases[] = {
	{ "random runs, one queue", shared_1 },
	{ "more of them", shared_2 },
	{ "random runs, stealing", stealing_1 },
	{ "more of them", stealing_2 },
};
TAP_MAIN(cases)
