/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_engine_edges.c - where two policies meet: jobs that nobody would have
 * come for, orders that came to the wrong job, workers that were not started.
 * The case's time limit ends a vain wait.
 */
#include <config.h>

#include <errno.h>

#include "base/num.h"
#include "fake.h"
#include "tap.h"

static struct fake *started(const struct engine_config *c)
{
	struct fake *f = fake_new(c, false);

	f->nstages = 1 + c->nthen;
	engine_start(f->engine);
	return f;
}

static struct job *weighing(struct fake *f, unsigned weight,
			    const char *script)
{
	struct job *job = fake_make(f, script);

	job->weight = weight;
	return job;
}

/* Someone who submits and has to wait, or to run it himself. */
struct submitter {
	struct fake *f;
	struct job *job;
	struct thread thread;
};

static void *submit_main(void *arg)
{
	struct submitter *s = arg;

	engine_submit(s->f->engine, s->job);
	return NULL;
}

static void submit_aside(struct submitter *s, struct fake *f, struct job *job)
{
	s->f = f;
	s->job = job;
	CHECK(thread_start(&s->thread, 0, submit_main, s) == 0);
}

/* Rates. */

/* With a token there and all workers busy there is nothing to wake up for. */
static void no_busy_loop(void)
{
	struct engine_config c = { .max = 1, .rate = { 10, NS_PER_SEC, 1 } };
	struct fake *f = started(&c);

	fake_submit_n(f, 2, "hold");
	fake_await_running(f, 1);
	CHECK_INT(engine_tend(f->engine) - f->now_ns, NS_PER_SEC / 10);
	fake_move_clock(f, NS_PER_SEC);
	CHECK_INT(engine_tend(f->engine), -1);
	fake_release(f, 1);
	fake_await_run(f, 2);
	fake_release_all(f);
	fake_end(f);
}

static void no_busy_loop_in_a_pause(void)
{
	struct engine_config c = { .max = 2, .rate = { 10, NS_PER_SEC, 1 } };
	struct fake *f = started(&c);

	engine_pause(f->engine, true);
	fake_submit_n(f, 2, "ok");
	CHECK_INT(engine_tend(f->engine), -1);
	engine_pause(f->engine, false);
	fake_await_done(f, 1);
	AWAIT(engine_tend(f->engine) > f->now_ns);
	fake_move_clock(f, NS_PER_SEC);
	fake_await_done(f, 2);
	fake_end(f);
}

/* One bucket for all stages. */
static void rate_of_all_stages(void)
{
	static const struct engine_bounds second = { 1, 2 };
	struct engine_config c = {
		.max = 2, .rate = { 1, NS_PER_SEC, 1 },
		.then = &second, .nthen = 1,
	};
	struct fake *f = started(&c);

	fake_submit(f, "ok");
	fake_await_done(f, 1);
	AWAIT(engine_tend(f->engine) == f->now_ns + NS_PER_SEC);
	CHECK_INT(fake_job(f, 2).calls, 0);
	fake_move_clock(f, NS_PER_SEC);
	fake_await_done(f, 2);
	fake_end(f);
}

/* Weights. */

static void heavy_one_in_front(struct engine_config *c, bool kill)
{
	struct fake *f;

	c->max = 2;
	c->min = 2;
	f = started(c);
	engine_submit(f->engine, weighing(f, 1, "hold"));
	fake_await_run(f, 1);
	engine_submit(f->engine, weighing(f, 2, "ok"));
	engine_submit(f->engine, weighing(f, 1, "hold"));
	AWAIT(fake_stats(f).idle == 1);
	CHECK_INT(fake_stats(f).queued, 2);
	if (kill)
		CHECK_INT(engine_kill_job(f->engine, 2), 0);
	else
		CHECK_INT(engine_set_priority(f->engine, 3, 1), 0);
	fake_await_run(f, 3);
	fake_release_all(f);
	fake_end(f);
}

static void killing_it_makes_way(void)
{
	heavy_one_in_front(&(struct engine_config){ 0 }, true);
}

static void priority_makes_way(void)
{
	heavy_one_in_front(&(struct engine_config){ 0 }, false);
}

/* Others have a queue of their own, but must not pass a heavy job for ever. */
static void heavy_one_is_not_passed_by(void)
{
	struct engine_config c = {
		.min = 2, .max = 2, .dispatch = DISPATCH_STEALING,
	};
	struct fake *f = started(&c);

	fake_submit_n(f, 2, "hold");
	fake_await_running(f, 2);
	fake_submit_n(f, 4, "hold");
	engine_submit(f->engine, weighing(f, 2, "hold"));
	fake_submit_n(f, 4, "hold");
	for (unsigned seq = 1; seq <= 6; seq++)
		fake_release(f, seq);
	fake_await_run(f, 7);
	fake_await_running(f, 1);
	CHECK_INT(fake_stats(f).queued, 4);
	fake_release_all(f);
	fake_end(f);
}

/* A job without weight that the reader runs has no share in the account. */
static void weightless_one_run_aside(void)
{
	struct engine_config c = {
		.max = 1, .queue_capacity = 1, .on_full = FULL_RUN,
	};
	struct fake *f = started(&c);
	struct submitter s;

	fake_submit(f, "hold");
	fake_await_run(f, 1);
	fake_submit(f, "hold");
	submit_aside(&s, f, weighing(f, 0, "hold"));
	fake_await_run(f, 3);
	CHECK(fake_add(f, weighing(f, 2, "ok")));
	fake_release(f, 3);
	thread_join(&s.thread);
	fake_release_all(f);
	fake_await_done(f, 4);
	fake_end(f);
}

/* Full queues. */

/* While the reader runs a job he stands in no worker's way for longer. */
static void reader_makes_way(void)
{
	struct engine_config c = {
		.max = 1, .queue_capacity = 1, .on_full = FULL_RUN,
	};
	struct fake *f = started(&c);
	struct submitter s;

	engine_resize(f->engine, 0, 0, 1);
	fake_submit(f, "hold");
	fake_await_run(f, 1);
	fake_submit(f, "ok");
	submit_aside(&s, f, fake_make(f, "hold"));
	fake_await_run(f, 3);
	fake_release(f, 1);
	AWAIT(fake_stats(f).idle == 1);
	fake_move_clock(f, 6 * NS_PER_SEC);
	AWAIT(fake_stats(f).workers == 1);
	CHECK(fake_add(f, fake_make(f, "ok")));
	CHECK_INT(fake_job(f, 4).calls, 0);
	fake_release_all(f);
	fake_await_done(f, 4);
	thread_join(&s.thread);
	fake_end(f);
}

static void reader_obeys_too(void)
{
	struct engine_config c = {
		.max = 1, .queue_capacity = 1, .on_full = FULL_RUN,
	};
	struct fake *f = started(&c);
	struct submitter s;

	fake_submit(f, "hold");
	fake_await_run(f, 1);
	fake_submit(f, "hold");
	submit_aside(&s, f, fake_make(f, "hold"));
	fake_await_run(f, 3);
	CHECK_INT(engine_kill_job(f->engine, 3), 0);
	thread_join(&s.thread);
	CHECK_INT(fake_job(f, 3).outcome.end, JOB_KILLED);
	engine_stop(f->engine, ENGINE_CANCEL);
	fake_end(f);
}

static void dropped_one_is_known(void)
{
	static const struct job_dep on_a = { "a", JOB_AFTER_END };
	static const struct job_dep with_a = { "a", JOB_AFTER_SUCCESS };
	struct engine_config c = {
		.max = 1, .queue_capacity = 1, .on_full = FULL_DROP,
	};
	struct fake *f = started(&c);
	struct job *job;

	fake_submit(f, "hold");
	fake_await_run(f, 1);
	fake_submit(f, "ok");
	job = fake_make(f, "ok");
	job->id = "a";
	engine_submit(f->engine, job);
	CHECK_INT(fake_job(f, 3).outcome.end, JOB_DROPPED);
	fake_release_all(f);
	fake_await_done(f, 2);
	AWAIT(fake_stats(f).running == 0);
	job = fake_make(f, "ok");
	job->deps = &on_a;
	job->ndeps = 1;
	engine_submit(f->engine, job);
	fake_await_done(f, 4);
	job = fake_make(f, "ok");
	job->deps = &with_a;
	job->ndeps = 1;
	engine_submit(f->engine, job);
	fake_close(f);
	CHECK_INT(fake_job(f, 4).outcome.end, JOB_EXITED);
	CHECK_INT(fake_job(f, 5).outcome.end, JOB_SKIPPED);
	fake_end(f);
}

static void lazy_grows_when_full(enum engine_full on_full)
{
	struct engine_config c = {
		.max = 2, .queue_capacity = 1, .on_full = on_full,
		.scale = SCALE_LAZY,
	};
	struct fake *f = started(&c);

	fake_submit(f, "hold");
	fake_await_run(f, 1);
	fake_submit(f, "hold");
	CHECK_INT(fake_stats(f).workers, 1);
	fake_submit(f, "ok");
	fake_await_run(f, 2);
	CHECK_INT(fake_stats(f).workers, 2);
	fake_release_all(f);
	fake_end(f);
}

static void lazy_and_drop(void)
{
	lazy_grows_when_full(FULL_DROP);
}

static void lazy_and_run(void)
{
	lazy_grows_when_full(FULL_RUN);
}

static void lazy_in_a_later_stage(void)
{
	static const struct engine_bounds second = { 1, 2 };
	struct engine_config c = {
		.max = 1, .queue_capacity = 1, .scale = SCALE_LAZY,
		.then = &second, .nthen = 1,
	};
	struct fake *f = started(&c);

	fake_submit(f, "ok/hold");
	fake_await_run(f, 2);
	fake_submit(f, "ok/hold");
	fake_await_done(f, 3);
	/* Finds the second stage full. */
	fake_submit(f, "ok/hold");
	fake_await_run(f, 4);
	fake_release_all(f);
	fake_end(f);
}

/* Shortages. */

/* When one is over, jobs wait in other stages than that of who ended it. */
static void shortage_in_another_stage(void)
{
	static const struct engine_bounds second = { 1, 1 };
	struct engine_config c = { .max = 2, .then = &second, .nthen = 1 };
	struct fake *f = started(&c);

	fake_submit(f, "holdfail");
	fake_await_run(f, 1);
	fake_submit(f, "ok/again ok");
	AWAIT(fake_job(f, 4).calls == 1 && fake_stats(f).queued == 1);
	AWAIT(fake_stats(f).idle == 2);
	fake_release(f, 1);
	fake_await_done(f, 4);
	fake_end(f);
}

/* It could not be started, and was told to end meanwhile: that was for this
 * job alone, and this try of it. */
static void retried_in_a_shortage(void)
{
	struct engine_config c = { .max = 2 };
	struct fake *f = started(&c);

	fake_submit(f, "hold");
	fake_await_run(f, 1);
	fake_submit(f, "holdagain hold");
	fake_submit(f, "fail");
	fake_await_run(f, 2);
	CHECK_INT(engine_retry_job(f->engine, 2), 0);
	fake_release_all(f);
	fake_await_done(f, 2);
	fake_await_done(f, 3);
	CHECK_INT(fake_job(f, 2).outcome.end, JOB_EXITED);
	CHECK_INT(fake_job(f, 3).calls, 1);
	fake_end(f);
}

static void killed_in_a_shortage(void)
{
	struct engine_config c = { .max = 2 };
	struct fake *f = started(&c);

	fake_submit(f, "hold");
	fake_await_run(f, 1);
	fake_submit(f, "holdagain ok");
	fake_await_run(f, 2);
	CHECK_INT(engine_kill_job(f->engine, 2), 0);
	fake_await_done(f, 2);
	CHECK_INT(fake_job(f, 2).outcome.end, JOB_KILLED);
	CHECK_INT(fake_job(f, 2).calls, 1);
	fake_release_all(f);
	fake_end(f);
}

/* Late jobs. */

static struct job *after(struct fake *f, const struct job_dep *dep)
{
	struct job *job = fake_make(f, "ok");

	job->deps = dep;
	job->ndeps = 1;
	return job;
}

static void waits_for_nobody_after_the_close(void)
{
	static const struct job_dep on_x = { "x", JOB_AFTER_END };
	struct engine_config c = { .max = 1 };
	struct fake *f = started(&c);

	fake_submit(f, "hold");
	fake_await_run(f, 1);
	fake_close(f);
	CHECK(fake_add(f, after(f, &on_x)));
	fake_await_done(f, 2);
	CHECK_INT(fake_job(f, 2).outcome.end, JOB_REFUSED);
	fake_release_all(f);
	fake_end(f);
}

static void *barrier_main(void *arg)
{
	struct submitter *s = arg;

	CHECK(engine_barrier(s->f->engine));
	return NULL;
}

static void waits_for_nobody_at_a_barrier(void)
{
	static const struct job_dep on_x = { "x", JOB_AFTER_END };
	struct engine_config c = { .max = 1 };
	struct fake *f = started(&c);
	struct submitter s = { .f = f };

	fake_submit(f, "hold");
	fake_await_run(f, 1);
	CHECK(thread_start(&s.thread, 0, barrier_main, &s) == 0);
	CHECK(fake_add(f, after(f, &on_x)));
	fake_release_all(f);
	/* Refused by the barrier, or because of it. */
	thread_join(&s.thread);
	CHECK_INT(fake_job(f, 2).outcome.end, JOB_REFUSED);
	fake_end(f);
}

static void added_but_refused(void)
{
	static const struct job_dep on_a = { "a", JOB_AFTER_END };
	struct engine_config c = { .max = 1 };
	struct fake *f = started(&c);
	struct job *job = fake_make(f, "ok");

	job->id = "a";
	job->message = "no good";
	CHECK(fake_add(f, job));
	engine_submit(f->engine, after(f, &on_a));
	fake_close(f);
	fake_await_done(f, 2);
	CHECK_INT(fake_job(f, 2).outcome.end, JOB_EXITED);
	fake_end(f);
}

/* A pause and the end. */

static void paused_at_the_end(void)
{
	struct engine_config c = { .max = 2 };
	struct fake *f = started(&c);

	engine_pause(f->engine, true);
	fake_submit_n(f, 3, "ok");
	fake_close(f);
	CHECK(!fake_stats(f).is_over);
	CHECK_INT(fake_stats(f).queued, 3);
	engine_pause(f->engine, false);
	fake_end(f);
}

static void paused_and_stopped(void)
{
	struct engine_config c = { .max = 2 };
	struct fake *f = started(&c);

	engine_pause(f->engine, true);
	fake_submit_n(f, 3, "ok");
	fake_close(f);
	engine_stop(f->engine, ENGINE_DRAIN);
	CHECK(fake_stats(f).is_over);
	CHECK_INT(fake_job(f, 1).outcome.end, JOB_CANCELLED);
	fake_end(f);
}

static void halted_at_a_barrier(void)
{
	struct engine_config c = {
		.max = 1, .halt = { HALT_SOON, HALT_FAIL, 1, 0 },
	};
	struct fake *f = started(&c);

	fake_submit(f, "fail");
	fake_submit(f, "ok");
	CHECK(!engine_barrier(f->engine));
	CHECK(fake_stats(f).halted);
	fake_end(f);
}

/* All is on the queue of one that has to go. */
static void down_to_one_stealing(void)
{
	struct engine_config c = {
		.min = 6, .max = 6, .dispatch = DISPATCH_STEALING,
	};
	struct fake *f = started(&c);

	fake_submit_n(f, 6, "hold");
	fake_await_running(f, 6);
	fake_submit_n(f, 60, "ok");
	engine_resize(f->engine, 0, 1, 1);
	fake_release_all(f);
	AWAIT(fake_stats(f).tally.succeeded == 66);
	AWAIT(fake_stats(f).workers == 1);
	fake_end(f);
}

static const struct tap_case cases[] = {
	{ "busy workers and a token: no busy loop", no_busy_loop },
	{ "a pause and a token: no busy loop", no_busy_loop_in_a_pause },
	{ "one rate for all stages", rate_of_all_stages },
	{ "a heavy job in front is killed", killing_it_makes_way },
	{ "a heavy job in front is overtaken", priority_makes_way },
	{ "a heavy job is not passed by thieves", heavy_one_is_not_passed_by },
	{ "no weight, run by the reader", weightless_one_run_aside },
	{ "a reader who runs a job makes way", reader_makes_way },
	{ "a reader who runs a job obeys", reader_obeys_too },
	{ "the id of a dropped job", dropped_one_is_known },
	{ "lazy, and a full queue drops", lazy_and_drop },
	{ "lazy, and the reader runs jobs", lazy_and_run },
	{ "lazy in a later stage", lazy_in_a_later_stage },
	{ "a shortage in another stage", shortage_in_another_stage },
	{ "tried again in a shortage", retried_in_a_shortage },
	{ "killed in a shortage", killed_in_a_shortage },
	{ "an unknown id after the close", waits_for_nobody_after_the_close },
	{ "an unknown id at a barrier", waits_for_nobody_at_a_barrier },
	{ "the id of a refused job that was added", added_but_refused },
	{ "a pause outlasts the close", paused_at_the_end },
	{ "a stop ends a pause", paused_and_stopped },
	{ "a halt opens a barrier", halted_at_a_barrier },
	{ "down to one worker of six that steal", down_to_one_stealing },
};
TAP_MAIN(cases)
