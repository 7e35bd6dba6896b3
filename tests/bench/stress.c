/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stress.c - the engine while everything about it changes.
 *
 * Usage: stress [JOBS [SEED]]
 *
 * JOBS no-op jobs (a million) in ten runs: both ways of dispatch, with each
 * policy of scaling. In each run one thread submits and closes; another adds
 * jobs beside it, and in every other run goes on to do so after that, until the
 * run is over; a third sets other bounds for the pool and tells of pressure all
 * the time; and workers end as soon as they are idle. Checks that each job was
 * run once and told of once, those that came too late never, and that the
 * engine's own figures agree. Prints a line a run, with its seed; status 1 when
 * anything was wrong. To be built with the thread sanitizer, too.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/maths.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "noop.h"
#include "sched/sink.h"

#define MAX_WORKERS	32
#define RUNS		10

struct run {
	struct noop noop;
	struct sink sink;
	struct engine *engine;
	unsigned seed;
	size_t jobs;		/* ids from 0 on; the upper ones are added */
	size_t submits;		/* the first of those */
	atomic_uchar *runs;	/* by id */
	atomic_uchar *dones;
	atomic_size_t handed;	/* over to the engine */
	atomic_uint top_slot;
	atomic_bool is_over;
	/* Each one thread's, until it is joined. */
	size_t late;		/* the last so many were not taken any more */
	unsigned resizes;
};

static const char *const dispatch_names[] = { "shared", "stealing" };
static const char *const scale_names[] = {
	"eager", "balanced", "lazy", "fixed", "adaptive",
};

/* Numerical Recipes' generator; a state for each thread. */
static unsigned draw(unsigned *state, unsigned below)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 8) % below;
}

/* What the engine calls. */

static size_t id_of(const struct job *job)
{
	return strtoul(job->values[0], NULL, 10);
}

static void run_job(void *arg, const struct job *job)
{
	struct run *r = arg;
	unsigned top = atomic_load(&r->top_slot);

	atomic_fetch_add(&r->runs[id_of(job)], 1);
	while (job->slot > top &&
	       !atomic_compare_exchange_weak(&r->top_slot, &top, job->slot))
		;
}

static void done(struct sink *s, const struct job *job)
{
	struct run *r = container_of(s, struct run, sink);

	atomic_fetch_add(&r->dones[id_of(job)], 1);
}

static const struct sink_ops sink_ops = { .done = done };

/* The threads. */

static struct job *make_job(struct run *r, size_t id)
{
	char text[24];
	char *values[] = { text };
	size_t lens[] = { (size_t)snprintf(text, sizeof(text), "%zu", id) };
	uint64_t seq = atomic_fetch_add(&r->handed, 1) + 1;
	struct job *job = job_new(seq, values, lens, 1);

	job->tries_max = 1;
	return job;
}

static void *submit_main(void *arg)
{
	struct run *r = arg;

	for (size_t id = 0; id < r->submits; id++)
		engine_submit(r->engine, make_job(r, id));
	return NULL;
}

static void *add_main(void *arg)
{
	struct run *r = arg;
	unsigned state = r->seed + 2;

	for (size_t id = r->submits; id < r->jobs; id++) {
		struct job *job = make_job(r, id);

		/* About as slow as the one that has to wait for room. */
		if (draw(&state, 100) == 0)
			usleep(draw(&state, 500));
		if (engine_add(r->engine, job, NULL))
			continue;
		job_free(job);
		r->late = r->jobs - id;
		break;
	}
	return NULL;
}

static double draw_share(unsigned *state)
{
	return draw(state, 1000) / 1000.0;
}

/* What main does in a run. */
static void *control_main(void *arg)
{
	struct run *r = arg;
	unsigned state = r->seed + 1;
	struct adapt_pressure p;

	while (!atomic_load(&r->is_over)) {
		unsigned max = 1 + draw(&state, MAX_WORKERS);

		engine_resize(r->engine, 0, 1 + draw(&state, max), max);
		r->resizes++;
		p.cpu = draw_share(&state);
		p.memory = draw_share(&state);
		p.io = draw_share(&state);
		p.load = 2 * draw_share(&state);
		engine_feel(r->engine, &p);
		engine_tend(r->engine);
		usleep(draw(&state, 300));
	}
	return NULL;
}

/* One run. */

static size_t count_wrong(struct run *r)
{
	size_t wrong = 0;

	for (size_t id = 0; id < r->jobs; id++) {
		unsigned want = id < r->jobs - r->late;

		wrong += atomic_load(&r->runs[id]) != want ||
			 atomic_load(&r->dones[id]) != want;
	}
	return wrong;
}

static bool report(struct run *r, const struct engine_config *c)
{
	struct engine_stats s;
	size_t wrong = count_wrong(r);
	size_t want = r->jobs - r->late;
	bool ok;

	engine_get_stats(r->engine, &s);
	ok = wrong == 0 && s.tally.succeeded == want &&
	     s.tally.failed == 0 && s.submitted == want &&
	     s.running == 0 && s.queued == 0 && s.is_over &&
	     atomic_load(&r->top_slot) <= MAX_WORKERS;
	printf("%s %s seed %u: %zu jobs, %zu wrong, %" PRIu64 " succeeded, "
	       "%zu too late, %u resizes, %u workers at most, %" PRIu64
	       " steals: %s\n",
	       dispatch_names[c->dispatch], scale_names[c->scale], r->seed,
	       r->jobs, wrong, s.tally.succeeded, r->late, r->resizes,
	       s.peak_workers, s.steals, ok ? "ok" : "WRONG");
	fflush(stdout);
	return ok;
}

static void start(struct thread *t, void *(*fn)(void *), struct run *r)
{
	if (thread_start(t, 0, fn, r) == 0)
		return;
	perror("stress: thread");
	exit(2);
}

static void drive(struct run *r)
{
	struct thread submitter, adder, controller;
	bool closes_early = r->seed / 2 % 2;

	engine_start(r->engine);
	start(&submitter, submit_main, r);
	start(&adder, add_main, r);
	start(&controller, control_main, r);
	thread_join(&submitter);
	if (!closes_early)
		thread_join(&adder);
	engine_close(r->engine);
	engine_wait(r->engine, -1);
	if (closes_early)
		thread_join(&adder);
	atomic_store(&r->is_over, true);
	thread_join(&controller);
}

static bool run(size_t jobs, unsigned seed, enum engine_dispatch dispatch,
		enum scale_policy scale)
{
	unsigned state = seed;
	struct run r = {
		.sink = { .ops = &sink_ops },
		.seed = seed,
		.jobs = jobs,
		.submits = jobs - jobs / 4,
		.runs = xcalloc(jobs, sizeof(*r.runs)),
		.dones = xcalloc(jobs, sizeof(*r.dones)),
	};
	struct engine_config config = {
		.runner = &r.noop.runner,
		.output = &r.noop.output,
		.min = 1,
		.max = 1 + draw(&state, MAX_WORKERS),
		.scale = scale,
		.dispatch = dispatch,
		.idle_timeout_ns = NS_PER_MS * draw(&state, 3),
		.queue_capacity = 1 + draw(&state, 1000),
	};
	bool ok;

	noop_init(&r.noop, run_job, &r);
	r.engine = engine_new(&config);
	engine_add_sink(r.engine, &r.sink);
	drive(&r);
	ok = report(&r, &config);
	engine_free(r.engine);
	free(r.runs);
	free(r.dones);
	return ok;
}

int main(int argc, char **argv)
{
	size_t jobs = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
	unsigned seed = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10)
				 : (unsigned)time(NULL) ^ (unsigned)getpid();
	bool ok = true;

	if (argc > 3 || jobs < RUNS) {
		fprintf(stderr, "usage: stress [JOBS [SEED]]\n");
		return 2;
	}
	thread_setup();
	if (maths_load(NULL) < 0)
		return 1;
	for (unsigned i = 0; i < RUNS; i++)
		ok &= run(jobs / RUNS, seed + i,
			  i % 2 ? DISPATCH_STEALING : DISPATCH_SHARED,
			  (enum scale_policy)(i / 2));
	return !ok;
}
