/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_engine.c - the engine at work: jobs, queue, retries.
 *
 * No process is started and no time passes: see fake.h. Workers are in
 * test_engine_workers.c, stopping and halting in test_engine_stop.c, shortage
 * in test_engine_short.c, many threads at once in test_engine_stress.c.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/num.h"
#include "fake.h"
#include "tap.h"

#define MANY	20000

/* A second thread that submits n jobs of one script. */
struct submitter {
	struct fake *f;
	unsigned n;
	const char *script;
	struct thread thread;
	atomic_uint handed_over;
	atomic_bool refused;
};

static void *submitter_main(void *arg)
{
	struct submitter *s = arg;

	for (unsigned i = 0; i < s->n; i++) {
		if (!fake_submit(s->f, s->script))
			atomic_store(&s->refused, true);
		atomic_fetch_add(&s->handed_over, 1);
	}
	return NULL;
}

static void submitter_start(struct submitter *s)
{
	CHECK(thread_start(&s->thread, 0, submitter_main, s) == 0);
}

/* Running. */

static void run_many(unsigned max)
{
	struct engine_config c = { .max = max, .queue_capacity = 1000 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	fake_submit_n(f, MANY, "ok");
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_stats(f).tally.succeeded, MANY);
	CHECK(fake_stats(f).peak_workers <= max);
	CHECK(fake_peak(f) <= max);
	CHECK(f->slot_high <= max);
	for (uint64_t seq = 1; seq <= MANY; seq++)
		if (f->job[seq].calls != 1)
			CHECK_INT(f->job[seq].calls, 1);
	fake_end(f);
}

static void run_by_1(void)
{
	run_many(1);
}

static void run_by_2(void)
{
	run_many(2);
}

static void run_by_9(void)
{
	run_many(9);
}

static void run_by_64(void)
{
	run_many(64);
}

static void nothing_to_do(void)
{
	struct engine_config c = { .max = 3 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	CHECK(!fake_stats(f).is_over);
	CHECK(!engine_wait(f->engine, clock_now_ns()));
	fake_close(f);
	CHECK(fake_stats(f).is_over);
	fake_end(f);
}

static void waits_until_a_deadline(void)
{
	struct engine_config c = { .max = 1 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	fake_submit(f, "hold");
	fake_close(f);
	CHECK(!engine_wait(f->engine, clock_now_ns() + NS_PER_MS));
	CHECK_INT(atomic_load(&f->notified), 0);
	fake_release(f, 1);
	CHECK(engine_wait(f->engine, -1));
	fake_end(f);
}

static void over_needs_the_close(void)
{
	struct engine_config c = { .max = 1 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	fake_submit(f, "ok");
	AWAIT(fake_stats(f).tally.succeeded == 1);
	CHECK(!fake_stats(f).is_over);
	CHECK(!fake_stats(f).closed);
	fake_end(f);
}

static void counts_outcomes(void)
{
	struct engine_config c = { .max = 2 };
	struct fake *f = fake_new(&c, false);
	struct engine_stats s;

	engine_start(f->engine);
	fake_submit(f, "ok");
	fake_submit(f, "exit7");
	fake_submit(f, "sig9");
	fake_submit(f, "late");
	fake_submit(f, "none");
	fake_submit(f, "ok");
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	s = fake_stats(f);
	CHECK_INT(s.tally.succeeded, 2);
	CHECK_INT(s.tally.failed, 4);
	CHECK_INT(s.tally.started, 5);
	CHECK_INT(s.tally.first_failed_seq, 2);
	CHECK_INT(s.tally.first_failed_status, 7);
	CHECK_INT(s.tally.max_status, 255);
	CHECK_INT(fake_job(f, 3).outcome.signal, 9);
	fake_end(f);
}

static void count_one(const struct job *job, enum job_state state, void *arg)
{
	uint64_t *seen = arg;

	if (state != JOB_RUNNING)
		return;
	seen[job->slot] = job->seq;
}

static void lists_what_runs(void)
{
	struct engine_config c = { .max = 2 };
	struct fake *f = fake_new(&c, false);
	uint64_t seen[3] = { 0 };

	engine_start(f->engine);
	fake_submit_n(f, 3, "hold");
	fake_await_running(f, 2);
	engine_each_job(f->engine, count_one, seen);
	CHECK_INT(seen[1] + seen[2], 3);
	CHECK_INT(fake_job(f, seen[1]).slot, 1);
	CHECK_INT(fake_job(f, seen[2]).slot, 2);
	fake_release_all(f);
	fake_end(f);
}

static void refuses(void)
{
	struct engine_config c = { .max = 1 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	CHECK(fake_submit(f, "ok"));
	CHECK(fake_refuse(f, "NUL in the line"));
	CHECK(fake_submit(f, "ok"));
	/* The reader itself tells the sinks: nothing to wait for. */
	CHECK_INT(fake_job(f, 2).dones, 1);
	CHECK_INT(fake_job(f, 2).skips, 1);
	CHECK_INT(fake_job(f, 2).calls, 0);
	CHECK_INT(fake_job(f, 2).outcome.end, JOB_REFUSED);
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_stats(f).tally.failed, 1);
	CHECK_INT(fake_stats(f).tally.cancelled, 0);
	fake_end(f);
}

/* Queue. */

static void priority_order(void)
{
	static const struct {
		int priority;
		uint64_t place;
	} jobs[] = {
		{ 0, 5 }, { 10, 2 }, { -10, 7 }, { 0, 6 }, { 10, 3 },
		{ 1000, 1 }, { 1, 4 },
	};
	struct engine_config c = { .max = 1 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	fake_submit(f, "hold");
	fake_await_run(f, 1);
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		f->priority = jobs[i].priority;
		fake_submit(f, "ok");
	}
	fake_release(f, 1);
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++)
		CHECK_INT(f->started[jobs[i].place], i + 2);
	fake_end(f);
}

static void queue_bound(void)
{
	struct engine_config c = { .max = 1, .queue_capacity = 8 };
	struct fake *f = fake_new(&c, false);
	struct submitter s = { .f = f, .n = 19, .script = "hold" };

	engine_start(f->engine);
	fake_submit(f, "hold");
	fake_await_run(f, 1);
	submitter_start(&s);
	AWAIT(fake_stats(f).queued == 8 && atomic_load(&s.handed_over) == 8);
	/* 8 wait; 7, 6, 5 are no reason to go on yet. */
	for (unsigned seq = 1; seq <= 3; seq++) {
		fake_release(f, seq);
		fake_await_run(f, seq + 1);
		usleep(2000);
		CHECK_INT(fake_stats(f).submitted, 9);
		CHECK_INT(fake_stats(f).queued, 8 - seq);
	}
	fake_release(f, 4);
	AWAIT(fake_stats(f).submitted == 13);
	AWAIT(fake_stats(f).queued == 8);
	fake_release_all(f);
	thread_join(&s.thread);
	CHECK(!atomic_load(&s.refused));
	fake_end(f);
}

static void queue_of_one(void)
{
	struct engine_config c = { .max = 3, .queue_capacity = 1 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	fake_submit_n(f, 3000, "ok");
	fake_end(f);
}

static void queue_bytes(void)
{
	struct engine_config c = { .max = 1, .queue_bytes = 1 };
	struct fake *f = fake_new(&c, false);
	struct submitter s = { .f = f, .n = 6, .script = "hold" };

	engine_start(f->engine);
	fake_submit(f, "hold");
	fake_await_run(f, 1);
	submitter_start(&s);
	/* One is taken whatever its size. */
	AWAIT(fake_stats(f).queued == 1);
	usleep(2000);
	CHECK_INT(fake_stats(f).queued, 1);
	CHECK_INT(atomic_load(&s.handed_over), 1);
	fake_release(f, 1);
	AWAIT(atomic_load(&s.handed_over) == 2);
	fake_release_all(f);
	thread_join(&s.thread);
	fake_end(f);
}

/* Retries. */

static void succeeds_at_last(void)
{
	struct engine_config c = { .max = 2 };
	struct fake *f = fake_new(&c, false);
	struct fake_job j;

	engine_start(f->engine);
	f->tries_max = 3;
	fake_submit(f, "fail sig9 ok");
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	j = fake_job(f, 1);
	CHECK_INT(j.calls, 3);
	CHECK_INT(j.tries, 3);
	CHECK_INT(j.retries, 2);
	CHECK_INT(j.drops, 2);
	CHECK_INT(j.keeps, 1);
	/* Only the third could be shown as it came. */
	CHECK_INT(j.lasts, 1);
	CHECK_STR(j.text[0].data, "try3");
	CHECK_INT(fake_stats(f).tally.succeeded, 1);
	fake_end(f);
}

static void fails_at_last(void)
{
	struct engine_config c = { .max = 2 };
	struct fake *f = fake_new(&c, false);
	struct fake_job j;

	engine_start(f->engine);
	f->tries_max = 4;
	fake_submit(f, "late lost none exit3");
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	j = fake_job(f, 1);
	CHECK_INT(j.calls, 4);
	CHECK_STR(j.text[0].data, "try4");
	CHECK_INT(j.outcome.end, JOB_EXITED);
	CHECK_INT(j.outcome.status, 3);
	CHECK_INT(fake_stats(f).tally.failed, 1);
	CHECK_INT(fake_stats(f).tally.first_failed_status, 3);
	fake_end(f);
}

static void tries_until_it_succeeds(void)
{
	struct engine_config c = { .max = 2 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	f->tries_max = 0;
	fake_submit(f, "fail fail fail fail fail fail fail fail fail ok");
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_job(f, 1).calls, 10);
	CHECK_INT(fake_job(f, 1).lasts, 0);
	CHECK_STR(fake_job(f, 1).text[0].data, "try10");
	fake_end(f);
}

static void tries_once(void)
{
	struct engine_config c = { .max = 1 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	fake_submit(f, "fail ok");
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_job(f, 1).calls, 1);
	CHECK_INT(fake_job(f, 1).lasts, 1);
	CHECK_INT(fake_job(f, 1).retries, 0);
	CHECK_INT(fake_stats(f).tally.failed, 1);
	fake_end(f);
}

static void success_is_not_repeated(void)
{
	struct engine_config c = { .max = 1 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	f->tries_max = 5;
	fake_submit(f, "ok fail");
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_job(f, 1).calls, 1);
	/* It was held, as it might have been repeated, and then it counts. */
	CHECK_INT(fake_job(f, 1).lasts, 0);
	CHECK_STR(fake_job(f, 1).text[0].data, "try1");
	fake_end(f);
}

/* The run's own timeout. */

static void fixed_timeout(void)
{
	struct engine_config c = { .max = 1, .timeout_ns = 7 * NS_PER_SEC };
	struct fake *f = fake_new(&c, false);

	CHECK_INT(engine_timeout_ns(f->engine), 7 * NS_PER_SEC);
	fake_end(f);
}

static void percent_timeout(void)
{
	struct engine_config c = { .max = 2, .timeout_percent = 150 };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	fake_submit(f, "hold");
	fake_await_run(f, 1);
	fake_submit(f, "took100");
	fake_submit(f, "took300");
	fake_submit(f, "fail");
	AWAIT(fake_stats(f).tally.failed == 1);
	CHECK_INT(engine_timeout_ns(f->engine), 0);
	CHECK_INT(fake_job(f, 1).interrupts, 0);
	fake_submit(f, "took200");
	AWAIT(fake_stats(f).tally.succeeded == 3);
	CHECK_INT(engine_timeout_ns(f->engine), 300 * NS_PER_MS);
	/* Who runs already has to hear of it, and nothing else. */
	CHECK(fake_job(f, 1).interrupts > 0);
	CHECK_INT(fake_job(f, 1).order, JOB_GO);
	fake_release_all(f);
	fake_end(f);
}

static const struct tap_case cases[] = {
	{ "one worker runs 20000 jobs once each", run_by_1 },
	{ "two workers run 20000 jobs once each", run_by_2 },
	{ "nine workers run 20000 jobs once each", run_by_9 },
	{ "64 workers run 20000 jobs once each", run_by_64 },
	{ "a run without jobs is over when it is closed", nothing_to_do },
	{ "waiting ends at its deadline", waits_until_a_deadline },
	{ "a run is not over before it is closed", over_needs_the_close },
	{ "outcomes are counted", counts_outcomes },
	{ "running jobs can be listed", lists_what_runs },
	{ "a job with a message is refused, not run", refuses },
	{ "what waits is started by priority, then in order",
	  priority_order },
	{ "a full queue holds the submitter until it is half free",
	  queue_bound },
	{ "a queue of one job works", queue_of_one },
	{ "a queue is full by bytes, but takes one job", queue_bytes },
	{ "a job is tried until it succeeds, and its last output kept",
	  succeeds_at_last },
	{ "a job that fails every time has its last outcome",
	  fails_at_last },
	{ "with no bound a job is tried until it succeeds",
	  tries_until_it_succeeds },
	{ "without retries a failed job is not repeated", tries_once },
	{ "a success is not repeated", success_is_not_repeated },
	{ "a fixed timeout is the run's", fixed_timeout },
	{ "a percentage is a timeout after three successes",
	  percent_timeout },
};
TAP_MAIN(cases)
