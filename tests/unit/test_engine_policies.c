/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_engine_policies.c - the engine's policies in virtual time: rates,
 * pauses between tries, weights, full queues, stages, barriers, stealing,
 * steering.
 */
#include <config.h>

#include <errno.h>

#include "base/num.h"
#include "fake.h"
#include "tap.h"

static struct fake *started(const struct engine_config *c)
{
	struct fake *f = fake_new(c, false);

	engine_start(f->engine);
	return f;
}

static void move(struct fake *f, int64_t ns)
{
	fake_move_clock(f, ns);
	engine_tend(f->engine);
}

static struct job *weighing(struct fake *f, unsigned weight,
			    const char *script)
{
	struct job *job = fake_make(f, script);

	job->weight = weight;
	return job;
}

/* Rates. */

static void one_a_second(void)
{
	struct engine_config c = { .max = 8, .rate = { 1, NS_PER_SEC, 1 } };
	struct fake *f = started(&c);
	int64_t begin;

	begin = f->now_ns;
	fake_submit_n(f, 4, "hold");
	fake_await_running(f, 1);
	for (unsigned i = 2; i <= 4; i++) {
		CHECK_INT(engine_tend(f->engine) - begin,
			  (i - 1) * NS_PER_SEC);
		move(f, NS_PER_SEC - 1);
		CHECK_INT(fake_stats(f).running, i - 1);
		move(f, 1);
		fake_await_running(f, i);
	}
	CHECK_INT(engine_tend(f->engine), -1);
	fake_release_all(f);
	fake_end(f);
}

static void burst_first(void)
{
	struct engine_config c = { .max = 8, .rate = { 2, NS_PER_SEC, 3 } };
	struct fake *f = started(&c);

	fake_submit_n(f, 5, "hold");
	AWAIT(engine_tend(f->engine) > 0 || fake_stats(f).running == 3);
	fake_await_running(f, 3);
	CHECK_INT(fake_stats(f).queued, 2);
	move(f, NS_PER_SEC / 2);
	fake_await_running(f, 4);
	move(f, NS_PER_SEC / 2);
	fake_await_running(f, 5);
	fake_release_all(f);
	fake_end(f);
}

static void delay_between(void)
{
	struct engine_config c = { .max = 8, .delay_ns = 10 };
	struct fake *f = started(&c);

	fake_submit_n(f, 2, "hold");
	fake_await_running(f, 1);
	move(f, 9);
	CHECK_INT(fake_stats(f).running, 1);
	move(f, 1);
	fake_await_running(f, 2);
	fake_release_all(f);
	fake_end(f);
}

/* Tries. */

static void waits_between_tries(void)
{
	struct engine_config c = {
		.max = 1, .backoff = { 100, 2, 0, false },
	};
	struct fake *f = started(&c);
	int64_t begin = f->now_ns;

	f->tries_max = 3;
	fake_submit(f, "fail fail ok");
	AWAIT(fake_stats(f).delayed == 1);
	CHECK_INT(engine_tend(f->engine) - begin, 100);
	/* It holds no worker. */
	fake_submit(f, "ok");
	fake_await_done(f, 2);
	move(f, 99);
	CHECK_INT(fake_stats(f).delayed, 1);
	move(f, 1);
	AWAIT(fake_stats(f).retries == 2);
	CHECK_INT(engine_tend(f->engine) - begin, 300);
	move(f, 200);
	fake_await_done(f, 1);
	CHECK_INT(fake_job(f, 1).tries, 3);
	AWAIT(fake_stats(f).tally.succeeded == 2);
	fake_end(f);
}

/* While muster is stopped no time passes. */
static void skipped_time_does_not_count(void)
{
	struct engine_config c = {
		.max = 2, .backoff = { 100, 1, 0, false }, .delay_ns = 1000,
	};
	struct fake *f = started(&c);
	int64_t begin = f->now_ns;

	f->tries_max = 2;
	fake_submit(f, "fail ok");
	AWAIT(fake_stats(f).delayed == 1);
	engine_skip_time(f->engine, 5000);
	fake_move_clock(f, 5000);
	CHECK_INT(engine_tend(f->engine) - begin, 5100);
	move(f, 100);
	CHECK_INT(fake_stats(f).queued, 1);
	CHECK_INT(engine_tend(f->engine) - begin, 6000);
	move(f, 900);
	fake_await_done(f, 1);
	fake_end(f);
}

static void stop_ends_the_wait(void)
{
	struct engine_config c = { .backoff = { NS_PER_SEC, 1, 0, false } };
	struct fake *f = started(&c);

	f->tries_max = 0;
	fake_submit(f, "fail");
	AWAIT(fake_stats(f).delayed == 1);
	engine_stop(f->engine, ENGINE_DRAIN);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_job(f, 1).outcome.end, JOB_EXITED);
	CHECK_INT(fake_stats(f).tally.failed, 1);
	/* And its last try's output counts. */
	CHECK_STR(fake_job(f, 1).text[0].data, "try1");
	CHECK_INT(fake_job(f, 1).keeps, 1);
	fake_end(f);
}

static void keeps_output_of_all_tries(void)
{
	struct engine_config c = { .keep_retry_output = true };
	struct fake *f = started(&c);
	struct fake_job j;

	f->tries_max = 3;
	fake_submit(f, "fail fail ok");
	fake_await_done(f, 1);
	j = fake_job(f, 1);
	CHECK_STR(j.text[0].data, "try1try2try3");
	CHECK_INT(j.rests, 2);
	CHECK_INT(j.keeps, 1);
	fake_end(f);
}

static void only_as_the_rule_says(void)
{
	struct engine_config c = {
		.retry_on = { .is_set = true, .timeout = true },
	};
	struct fake *f = started(&c);

	f->tries_max = 3;
	fake_submit(f, "fail");
	fake_submit(f, "late ok");
	fake_await_done(f, 1);
	fake_await_done(f, 2);
	CHECK_INT(fake_job(f, 1).tries, 1);
	CHECK_INT(fake_job(f, 2).tries, 2);
	fake_end(f);
}

/* Weights. */

static void heavy_ones_take_slots(void)
{
	struct engine_config c = { .max = 4 };
	struct fake *f = started(&c);

	engine_submit(f->engine, weighing(f, 3, "hold"));
	engine_submit(f->engine, weighing(f, 2, "hold"));
	engine_submit(f->engine, weighing(f, 1, "hold"));
	fake_await_run(f, 1);
	/* Nobody overtakes the one that waits for room. */
	CHECK_INT(fake_stats(f).queued, 2);
	fake_release(f, 1);
	fake_await_running(f, 2);
	fake_release_all(f);
	fake_end(f);
}

static void heavier_than_all(void)
{
	struct engine_config c = { .max = 2 };
	struct fake *f = started(&c);

	engine_submit(f->engine, weighing(f, 9, "hold"));
	fake_submit(f, "ok");
	fake_await_run(f, 1);
	CHECK_INT(fake_stats(f).running, 1);
	fake_release(f, 1);
	fake_await_done(f, 2);
	fake_end(f);
}

static void weightless_ones_need_no_slot(void)
{
	struct engine_config c = { .max = 1 };
	struct fake *f = started(&c);

	fake_submit(f, "hold");
	fake_await_running(f, 1);
	engine_submit(f->engine, weighing(f, 0, "hold"));
	engine_submit(f->engine, weighing(f, 0, "hold"));
	fake_submit(f, "ok");
	fake_await_running(f, 3);
	CHECK_INT(fake_stats(f).queued, 1);
	fake_release_all(f);
	fake_end(f);
}

/* Full queues. */

static void full_drops(void)
{
	struct engine_config c = {
		.max = 1, .queue_capacity = 1, .on_full = FULL_DROP,
	};
	struct fake *f = started(&c);

	fake_submit(f, "hold");
	fake_await_running(f, 1);
	fake_submit(f, "ok");
	fake_submit(f, "ok");
	CHECK_INT(fake_job(f, 3).outcome.end, JOB_DROPPED);
	fake_release(f, 1);
	fake_await_done(f, 2);
	CHECK_INT(fake_stats(f).tally.failed, 1);
	fake_end(f);
}

static void full_runs_here(void)
{
	struct engine_config c = {
		.max = 1, .queue_capacity = 1, .on_full = FULL_RUN,
	};
	struct fake *f = started(&c);

	fake_submit(f, "hold");
	fake_await_running(f, 1);
	fake_submit(f, "ok");
	CHECK_INT(fake_job(f, 2).dones, 0);
	fake_submit(f, "ok");
	CHECK_INT(fake_job(f, 3).dones, 1);
	CHECK_INT(fake_job(f, 3).slot, 2);
	fake_release(f, 1);
	fake_await_done(f, 2);
	fake_end(f);
}

/* Stages. */

static struct fake *three_stages(unsigned max, size_t capacity)
{
	static const struct engine_bounds then[] = { { 1, 1 }, { 1, 1 } };
	struct engine_config c = {
		.max = max, .then = then, .nthen = 2,
		.queue_capacity = capacity,
	};
	struct fake *f = started(&c);

	f->nstages = 3;
	return f;
}

static void stage_by_stage(void)
{
	struct fake *f = three_stages(2, 0);

	fake_submit_n(f, 50, "ok");
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_stats(f).tally.succeeded, 150);
	CHECK_INT(fake_stats(f).submitted, 150);
	fake_end(f);
}

static void failure_skips_the_rest(void)
{
	struct fake *f = three_stages(1, 0);

	fake_submit(f, "fail");
	fake_submit(f, "ok fail");
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_job(f, 1).dones, 1);
	CHECK_INT(fake_job(f, 2).skips, 1);
	CHECK_INT(fake_job(f, 3).skips, 1);
	CHECK_INT(fake_job(f, 4).outcome.status, 0);
	CHECK_INT(fake_stats(f).tally.failed, 1);
	fake_end(f);
}

/* A full stage holds up the one before it, and nothing is lost. */
static void bounded_between(void)
{
	struct fake *f = three_stages(4, 2);

	fake_submit_n(f, 200, "ok");
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_stats(f).tally.succeeded, 600);
	fake_end(f);
}

static void stop_between_stages(void)
{
	struct fake *f = three_stages(1, 0);

	fake_submit(f, "hold");
	fake_await_running(f, 1);
	engine_stop(f->engine, ENGINE_DRAIN);
	fake_release(f, 1);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_job(f, 1).outcome.status, 0);
	CHECK_INT(fake_job(f, 2).outcome.end, JOB_CANCELLED);
	CHECK_INT(fake_job(f, 3).skips, 1);
	fake_end(f);
}

/* Barriers. */

static void *cross(void *arg)
{
	struct fake *f = arg;

	CHECK(engine_barrier(f->engine));
	fake_submit(f, "ok");
	return NULL;
}

static void barrier_waits(void)
{
	struct engine_config c = { .max = 4 };
	struct fake *f = started(&c);
	struct thread t;

	fake_submit_n(f, 2, "hold");
	CHECK_INT(thread_start(&t, 0, cross, f), 0);
	fake_await_running(f, 2);
	fake_release(f, 1);
	fake_await_done(f, 1);
	CHECK_INT(fake_stats(f).submitted, 2);
	fake_release(f, 2);
	thread_join(&t);
	CHECK_INT(fake_stats(f).tally.succeeded >= 2, 1);
	fake_end(f);
}

static void *cross_in_vain(void *arg)
{
	struct fake *f = arg;

	CHECK(!engine_barrier(f->engine));
	return NULL;
}

static void stop_opens_a_barrier(void)
{
	struct engine_config c = { .max = 4 };
	struct fake *f = started(&c);
	struct thread t;

	fake_submit(f, "hold");
	fake_await_running(f, 1);
	CHECK_INT(thread_start(&t, 0, cross_in_vain, f), 0);
	engine_stop(f->engine, ENGINE_CANCEL);
	thread_join(&t);
	fake_end(f);
}

/* Dependencies: deps.c has tests of its own. */

static struct job *named(struct fake *f, const char *id,
			 const struct job_dep *dep, const char *script)
{
	struct job *job = fake_make(f, script);

	job->id = id;
	job->deps = dep;
	job->ndeps = dep ? 1 : 0;
	return job;
}

static void waits_for_another(void)
{
	static const struct job_dep on_b = { "b", JOB_AFTER_SUCCESS };
	struct engine_config c = { .max = 4 };
	struct fake *f = started(&c);

	engine_submit(f->engine, named(f, "a", &on_b, "ok"));
	CHECK_INT(fake_stats(f).held, 1);
	engine_submit(f->engine, named(f, "b", NULL, "hold"));
	fake_await_run(f, 2);
	CHECK_INT(fake_job(f, 1).calls, 0);
	fake_release(f, 2);
	fake_await_done(f, 1);
	fake_end(f);
}

static void skips_behind_a_failure(void)
{
	static const struct job_dep on_a = { "a", JOB_AFTER_SUCCESS };
	static const struct job_dep on_b = { "b", JOB_AFTER_SUCCESS };
	struct engine_config c = { .max = 4 };
	struct fake *f = started(&c);

	engine_submit(f->engine, named(f, "c", &on_b, "ok"));
	engine_submit(f->engine, named(f, "b", &on_a, "ok"));
	engine_submit(f->engine, named(f, "a", NULL, "fail"));
	fake_await_done(f, 1);
	CHECK_INT(fake_job(f, 1).outcome.end, JOB_SKIPPED);
	CHECK_INT(fake_job(f, 2).outcome.end, JOB_SKIPPED);
	AWAIT(fake_stats(f).tally.failed == 3);
	fake_end(f);
}

static void refuses_what_nobody_is(void)
{
	static const struct job_dep on_x = { "x", JOB_AFTER_END };
	struct engine_config c = { .max = 4 };
	struct fake *f = started(&c);

	engine_submit(f->engine, named(f, NULL, &on_x, "ok"));
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_job(f, 1).outcome.end, JOB_REFUSED);
	fake_end(f);
}

static void stop_cancels_who_waits(void)
{
	static const struct job_dep on_x = { "x", JOB_AFTER_END };
	struct engine_config c = { .max = 4 };
	struct fake *f = started(&c);

	engine_submit(f->engine, named(f, NULL, &on_x, "ok"));
	engine_stop(f->engine, ENGINE_DRAIN);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_job(f, 1).outcome.end, JOB_CANCELLED);
	fake_end(f);
}

/* Stealing. */

static void each_once_by_stealing(void)
{
	struct engine_config c = {
		.max = 8, .dispatch = DISPATCH_STEALING, .queue_capacity = 64,
	};
	struct fake *f = fake_new(&c, true);

	engine_start(f->engine);
	fake_submit_n(f, 5000, "ok");
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_stats(f).tally.succeeded, 5000);
	fake_end(f);
}

/* What was put before a busy worker is run by another. */
static void idle_ones_steal(void)
{
	struct engine_config c = {
		.min = 2, .max = 2, .dispatch = DISPATCH_STEALING,
	};
	struct fake *f = started(&c);

	fake_submit_n(f, 2, "hold");
	fake_await_running(f, 2);
	fake_submit_n(f, 20, "ok");
	fake_release(f, 1);
	for (uint64_t seq = 3; seq <= 22; seq++)
		fake_await_done(f, seq);
	CHECK(fake_stats(f).steals > 0);
	fake_release(f, 2);
	fake_end(f);
}

/* Steering. */

static void pause_holds(void)
{
	struct engine_config c = { .max = 4 };
	struct fake *f = started(&c);

	engine_pause(f->engine, true);
	fake_submit_n(f, 3, "ok");
	CHECK_INT(fake_stats(f).running, 0);
	CHECK_INT(fake_stats(f).queued, 3);
	engine_pause(f->engine, false);
	fake_await_done(f, 3);
	fake_end(f);
}

static void kills_one(void)
{
	struct engine_config c = { .max = 1 };
	struct fake *f = started(&c);

	f->tries_max = 5;
	fake_submit(f, "hold");
	fake_submit(f, "ok");
	fake_submit(f, "ok");
	fake_await_run(f, 1);
	CHECK_INT(engine_kill_job(f->engine, 2), 0);
	CHECK_INT(fake_job(f, 2).outcome.end, JOB_KILLED);
	CHECK_INT(engine_kill_job(f->engine, 1), 0);
	fake_await_done(f, 1);
	CHECK_INT(fake_job(f, 1).outcome.end, JOB_KILLED);
	fake_await_done(f, 3);
	/* Its account is closed after that. */
	AWAIT(fake_stats(f).running == 0);
	CHECK_INT(engine_kill_job(f->engine, 3), -1);
	CHECK_INT(errno, ESRCH);
	fake_end(f);
}

static void retries_one(void)
{
	struct engine_config c = {
		.max = 1, .backoff = { 1000, 1, 0, false },
	};
	struct fake *f = started(&c);

	f->tries_max = 2;
	fake_submit(f, "fail ok");
	AWAIT(fake_stats(f).delayed == 1);
	CHECK_INT(engine_retry_job(f->engine, 1), 0);
	fake_await_done(f, 1);
	AWAIT(fake_stats(f).tally.succeeded == 1);
	fake_submit(f, "hold ok");
	fake_await_run(f, 2);
	fake_submit(f, "ok");
	CHECK_INT(engine_retry_job(f->engine, 3), -1);
	CHECK_INT(errno, EBUSY);
	CHECK_INT(engine_retry_job(f->engine, 2), 0);
	AWAIT(fake_stats(f).delayed == 1);
	CHECK_INT(engine_retry_job(f->engine, 2), 0);
	fake_await_done(f, 2);
	CHECK_INT(fake_job(f, 2).calls, 2);
	CHECK_INT(fake_job(f, 2).outcome.status, 0);
	fake_end(f);
}

static void changes_a_priority(void)
{
	struct engine_config c = { .max = 1 };
	struct fake *f = started(&c);

	fake_submit(f, "hold");
	fake_await_run(f, 1);
	fake_submit_n(f, 3, "ok");
	CHECK_INT(engine_set_priority(f->engine, 4, 5), 0);
	CHECK_INT(engine_set_priority(f->engine, 1, 5), -1);
	CHECK_INT(errno, EBUSY);
	fake_release(f, 1);
	fake_await_done(f, 3);
	CHECK_INT(f->started[1], 4);
	fake_end(f);
}

static void adds_after_the_close(void)
{
	struct engine_config c = { .max = 2 };
	struct fake *f = started(&c);
	struct job *job;
	uint64_t seq = 0;

	fake_submit(f, "hold");
	fake_close(f);
	CHECK(engine_add(f->engine, fake_make(f, "ok"), &seq));
	CHECK_INT(seq, 2);
	fake_await_done(f, 2);
	fake_release(f, 1);
	CHECK(engine_wait(f->engine, -1));
	job = fake_make(f, "ok");
	CHECK(!engine_add(f->engine, job, &seq));
	job_free(job);
	f->submitted--;
	fake_end(f);
}

static const struct tap_case cases[] = {
	{ "one start a second", one_a_second },
	{ "the bucket first, then the rate", burst_first },
	{ "a delay between starts", delay_between },
	{ "pauses between tries hold no worker", waits_between_tries },
	{ "time that is skipped does not count", skipped_time_does_not_count },
	{ "a stop ends the wait for a try", stop_ends_the_wait },
	{ "the output of all tries", keeps_output_of_all_tries },
	{ "--retry-on", only_as_the_rule_says },
	{ "heavy jobs take slots", heavy_ones_take_slots },
	{ "a job heavier than the pool", heavier_than_all },
	{ "weightless jobs need no slot",
	  weightless_ones_need_no_slot },
	{ "a full queue drops", full_drops },
	{ "a full queue makes the reader work", full_runs_here },
	{ "stage by stage", stage_by_stage },
	{ "a failure skips later stages", failure_skips_the_rest },
	{ "bounded between stages", bounded_between },
	{ "a stop between stages", stop_between_stages },
	{ "a barrier waits", barrier_waits },
	{ "a stop opens a barrier", stop_opens_a_barrier },
	{ "a job waits for another", waits_for_another },
	{ "skipped behind a failure", skips_behind_a_failure },
	{ "an unknown id is refused", refuses_what_nobody_is },
	{ "a stop cancels who waits for others",
	  stop_cancels_who_waits },
	{ "stealing runs each job once", each_once_by_stealing },
	{ "idle workers steal", idle_ones_steal },
	{ "a pause holds all back", pause_holds },
	{ "one job is killed", kills_one },
	{ "one job is tried again", retries_one },
	{ "a priority is changed", changes_a_priority },
	{ "jobs come after the close", adds_after_the_close },
};
TAP_MAIN(cases)
