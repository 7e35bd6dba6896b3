/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_engine_stop.c - stopping the engine, and its stopping itself (--halt).
 */
#include <config.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/num.h"
#include "fake.h"
#include "tap.h"

static struct fake *started(unsigned max, struct halt_rule halt)
{
	struct engine_config c = { .max = max, .halt = halt };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	return f;
}

static const struct halt_rule never = { .when = HALT_NEVER };

/* Stopping. */

struct blocked {
	struct fake *f;
	struct thread thread;
	atomic_int result;	/* of the submit; -1 before */
};

static void *blocked_main(void *arg)
{
	struct blocked *b = arg;

	while (fake_submit(b->f, "hold"))
		;
	atomic_store(&b->result, 0);
	return NULL;
}

/* Two jobs run, four are queued, one submitter is blocked. */
static struct fake *busy(struct blocked *b)
{
	struct engine_config c = { .max = 2, .queue_capacity = 4 };
	struct fake *f = fake_new(&c, false);

	b->f = f;
	atomic_store(&b->result, -1);
	engine_start(f->engine);
	fake_submit_n(f, 2, "hold");
	fake_await_running(f, 2);
	CHECK(thread_start(&b->thread, 0, blocked_main, b) == 0);
	AWAIT(fake_stats(f).queued == 4);
	usleep(2000);
	CHECK_INT(atomic_load(&b->result), -1);
	return f;
}

static void check_cancelled(struct fake *f, uint64_t from, uint64_t to)
{
	for (uint64_t seq = from; seq <= to; seq++) {
		struct fake_job j = fake_job(f, seq);

		CHECK_INT(j.outcome.end, JOB_CANCELLED);
		CHECK_INT(j.skips, 1);
		CHECK_INT(j.calls, 0);
		CHECK_INT(j.tries, 0);
	}
}

static void drain(void)
{
	struct blocked b;
	struct fake *f = busy(&b);

	engine_stop(f->engine, ENGINE_DRAIN);
	thread_join(&b.thread);
	CHECK_INT(atomic_load(&b.result), 0);
	check_cancelled(f, 3, 7);
	/* Who runs is left alone. */
	CHECK_INT(fake_stats(f).running, 2);
	CHECK(!fake_stats(f).is_over);
	CHECK_INT(fake_job(f, 1).order, JOB_GO);
	CHECK_INT(fake_job(f, 2).order, JOB_GO);
	CHECK(f->waiting_stopped);
	fake_release_all(f);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_stats(f).tally.succeeded, 2);
	CHECK_INT(fake_stats(f).tally.cancelled, 5);
	fake_end(f);
}

static void cancel(void)
{
	struct blocked b;
	struct fake *f = busy(&b);

	engine_stop(f->engine, ENGINE_CANCEL);
	thread_join(&b.thread);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_stats(f).tally.cancelled, 5);
	CHECK_INT(fake_job(f, 1).outcome.end, JOB_KILLED);
	CHECK_INT(fake_job(f, 2).outcome.end, JOB_KILLED);
	CHECK_INT(fake_job(f, 1).order, JOB_STOP);
	/* A killed job's output counts. */
	CHECK_STR(fake_job(f, 1).text[0].data, "try1");
	fake_end(f);
}

static void escalate(void)
{
	struct fake *f = started(2, never);

	fake_submit_n(f, 3, "stubborn");
	fake_await_running(f, 2);
	engine_stop(f->engine, ENGINE_DRAIN);
	CHECK_INT(fake_stats(f).stop, ENGINE_DRAIN);
	engine_stop(f->engine, ENGINE_CANCEL);
	fake_await_order(f, 1, JOB_STOP);
	fake_await_order(f, 2, JOB_STOP);
	CHECK_INT(fake_stats(f).running, 2);
	/* Down again is not possible. */
	engine_stop(f->engine, ENGINE_DRAIN);
	CHECK_INT(fake_stats(f).stop, ENGINE_CANCEL);
	engine_stop(f->engine, ENGINE_KILL);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_job(f, 1).order, JOB_KILL);
	CHECK_INT(fake_job(f, 2).order, JOB_KILL);
	fake_end(f);
}

static void kill_at_once(void)
{
	struct fake *f = started(3, never);

	fake_submit_n(f, 3, "stubborn");
	fake_await_running(f, 3);
	engine_stop(f->engine, ENGINE_KILL);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_stats(f).tally.failed, 3);
	CHECK_INT(fake_stats(f).tally.cancelled, 0);
	fake_end(f);
}

static void submit_after_stop(void)
{
	struct fake *f = started(2, never);

	CHECK(fake_submit(f, "ok"));
	AWAIT(fake_stats(f).tally.succeeded == 1);
	engine_stop(f->engine, ENGINE_DRAIN);
	CHECK(fake_stats(f).is_over);
	CHECK(!fake_submit(f, "ok"));
	check_cancelled(f, 2, 2);
	/* The reader has to hear of it with any kind of job. */
	CHECK(!fake_refuse(f, "bad line"));
	CHECK_INT(fake_job(f, 3).outcome.end, JOB_REFUSED);
	CHECK(fake_stats(f).is_over);
	CHECK_INT(fake_stats(f).submitted, 3);
	fake_end(f);
}

static void stop_before_start(void)
{
	struct engine_config c = { .max = 2 };
	struct fake *f = fake_new(&c, false);

	fake_submit(f, "ok");
	engine_stop(f->engine, ENGINE_DRAIN);
	CHECK(engine_wait(f->engine, -1));
	CHECK(fake_stats(f).tally.cancelled <= 1);
	fake_end(f);
}

static void stop_notifies(void)
{
	struct fake *f = started(1, never);

	fake_submit(f, "hold");
	fake_await_run(f, 1);
	CHECK_INT(atomic_load(&f->notified), 0);
	engine_stop(f->engine, ENGINE_DRAIN);
	CHECK_INT(atomic_load(&f->notified), 1);
	fake_release(f, 1);
	AWAIT(atomic_load(&f->notified) == 2);
	fake_end(f);
}

/* A job that failed and would be repeated, but for the stop: what it wrote
 * last counts, and that it failed. */
static void stop_before_retry(void)
{
	struct fake *f = started(1, never);

	f->tries_max = 3;
	fake_submit(f, "fail holdfail ok");
	AWAIT(fake_job(f, 1).calls == 2);
	engine_stop(f->engine, ENGINE_DRAIN);
	fake_release(f, 1);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_job(f, 1).calls, 2);
	CHECK_INT(fake_job(f, 1).keeps, 1);
	CHECK_STR(fake_job(f, 1).text[0].data, "try2");
	CHECK_INT(fake_job(f, 1).outcome.end, JOB_EXITED);
	CHECK_INT(fake_job(f, 1).outcome.status, 1);
	CHECK_INT(fake_stats(f).tally.failed, 1);
	CHECK_INT(fake_stats(f).tally.cancelled, 0);
	fake_end(f);
}

/* One that waits in the queue to be repeated has not been cancelled: it ran
 * and failed. */
static void stop_with_queued_retry(void)
{
	struct fake *f = started(1, never);

	f->tries_max = 2;
	fake_submit(f, "hold");
	fake_await_run(f, 1);
	f->priority = 5;
	fake_submit(f, "exit4");
	fake_submit(f, "hold");
	fake_release(f, 1);
	/* Job 2 fails, job 3 goes first if 2 does not: */
	f->priority = 0;
	AWAIT(fake_job(f, 3).runs || fake_job(f, 2).dones);
	engine_stop(f->engine, ENGINE_KILL);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_job(f, 2).outcome.status, 4);
	CHECK_INT(fake_stats(f).tally.cancelled, 0);
	fake_end(f);
}

static void killed_is_not_repeated(void)
{
	struct fake *f = started(1, never);

	f->tries_max = 0;
	fake_submit(f, "hold");
	fake_await_run(f, 1);
	engine_stop(f->engine, ENGINE_CANCEL);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_job(f, 1).calls, 1);
	CHECK_INT(fake_job(f, 1).outcome.end, JOB_KILLED);
	fake_end(f);
}

/* Halting. */

static void halt_soon(void)
{
	struct fake *f = started(3, (struct halt_rule){
		HALT_SOON, HALT_FAIL, 1, 0 });

	fake_submit(f, "hold");
	fake_submit(f, "hold");
	fake_submit(f, "holdfail");
	fake_submit_n(f, 4, "ok");
	fake_await_running(f, 3);
	fake_release(f, 3);
	AWAIT(fake_stats(f).halted);
	CHECK_INT(fake_stats(f).stop, ENGINE_DRAIN);
	AWAIT(fake_stats(f).tally.cancelled == 4);
	CHECK_INT(fake_job(f, 1).order, JOB_GO);
	fake_release_all(f);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_stats(f).tally.succeeded, 2);
	CHECK_INT(fake_stats(f).halt_status, 1);
	fake_end(f);
}

static void halt_now(void)
{
	struct fake *f = started(3, (struct halt_rule){
		HALT_NOW, HALT_FAIL, 1, 0 });

	fake_submit(f, "hold");
	fake_submit(f, "hold");
	fake_await_running(f, 2);
	fake_submit(f, "exit5");
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_stats(f).stop, ENGINE_CANCEL);
	CHECK_INT(fake_job(f, 1).outcome.end, JOB_KILLED);
	CHECK_INT(fake_job(f, 2).outcome.end, JOB_KILLED);
	/* Of the job that did it, not of those that were killed for it. */
	CHECK_INT(fake_stats(f).halt_status, 5);
	fake_end(f);
}

static void halt_success(void)
{
	struct fake *f = started(1, (struct halt_rule){
		HALT_NOW, HALT_SUCCESS, 2, 0 });

	fake_submit(f, "hold");
	fake_submit(f, "fail");
	fake_submit(f, "fail");
	fake_submit(f, "ok");
	fake_submit(f, "ok");
	fake_release(f, 1);
	CHECK(engine_wait(f->engine, -1));
	CHECK(fake_stats(f).halted);
	CHECK_INT(fake_stats(f).halt_status, 0);
	CHECK_INT(fake_stats(f).tally.succeeded, 2);
	CHECK_INT(fake_stats(f).tally.cancelled, 1);
	fake_end(f);
}

static void halt_done(void)
{
	struct fake *f = started(1, (struct halt_rule){
		HALT_SOON, HALT_DONE, 3, 0 });

	fake_submit(f, "hold");
	fake_submit(f, "fail");
	fake_submit(f, "ok");
	fake_submit_n(f, 5, "ok");
	fake_release(f, 1);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_stats(f).tally.succeeded, 2);
	CHECK_INT(fake_stats(f).tally.cancelled, 5);
	fake_end(f);
}

static void halt_counts_jobs_not_tries(void)
{
	struct fake *f = started(1, (struct halt_rule){
		HALT_NOW, HALT_FAIL, 1, 0 });

	f->tries_max = 3;
	fake_submit(f, "fail fail ok");
	fake_submit(f, "ok");
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	CHECK(!fake_stats(f).halted);
	CHECK_INT(fake_stats(f).tally.succeeded, 2);
	fake_end(f);
}

static void halt_is_not_reached(void)
{
	struct fake *f = started(2, (struct halt_rule){
		HALT_NOW, HALT_FAIL, 3, 0 });

	fake_submit_n(f, 2, "fail");
	fake_submit_n(f, 10, "ok");
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	CHECK(!fake_stats(f).halted);
	CHECK_INT(fake_stats(f).stop, ENGINE_RUN);
	CHECK_INT(fake_stats(f).tally.succeeded, 10);
	fake_end(f);
}

/* Halting in the end that also makes the run over, after a stop. */
static void halt_after_stop(void)
{
	struct fake *f = started(1, (struct halt_rule){
		HALT_SOON, HALT_FAIL, 1, 0 });
	unsigned before;

	fake_submit(f, "holdfail");
	fake_await_run(f, 1);
	engine_stop(f->engine, ENGINE_DRAIN);
	before = atomic_load(&f->notified);
	fake_release(f, 1);
	CHECK(engine_wait(f->engine, -1));
	/* Who waits for a signal only hears of the end by this. */
	AWAIT(atomic_load(&f->notified) > before);
	CHECK(fake_stats(f).halted);
	fake_end(f);
}

static void halt_by_cancelled(void)
{
	struct fake *f = started(1, (struct halt_rule){
		HALT_NOW, HALT_FAIL, 2, 0 });

	fake_submit(f, "hold");
	fake_await_run(f, 1);
	fake_submit_n(f, 5, "ok");
	engine_stop(f->engine, ENGINE_DRAIN);
	AWAIT(fake_stats(f).tally.cancelled == 5);
	/* That nobody ran them is no failure to halt for. */
	fake_release(f, 1);
	CHECK(engine_wait(f->engine, -1));
	CHECK(!fake_stats(f).halted);
	CHECK_INT(fake_stats(f).tally.succeeded, 1);
	fake_end(f);
}

static void halt_by_refused(void)
{
	struct fake *f = started(1, (struct halt_rule){
		HALT_SOON, HALT_FAIL, 1, 0 });

	fake_submit(f, "hold");
	fake_await_run(f, 1);
	fake_refuse(f, "bad line");
	CHECK(fake_stats(f).halted);
	CHECK(!fake_submit(f, "ok"));
	fake_release_all(f);
	fake_end(f);
}

/* A percentage is of all jobs: nothing starts before all are known, unless a
 * barrier says that it must. */
static void percent_waits_for_the_close(void)
{
	struct fake *f = started(1, (struct halt_rule){
		HALT_SOON, HALT_FAIL, 0, 50 });

	fake_submit(f, "fail");
	fake_submit_n(f, 2, "ok");
	fake_submit(f, "hold");
	fake_submit(f, "fail");
	fake_submit(f, "ok");
	CHECK_INT(fake_stats(f).queued, 6);
	CHECK_INT(fake_stats(f).running, 0);
	fake_close(f);
	fake_await_run(f, 4);
	CHECK(!fake_stats(f).halted);
	fake_release(f, 4);
	CHECK(engine_wait(f->engine, -1));
	/* 2 of 6. */
	CHECK(!fake_stats(f).halted);
	CHECK_INT(fake_stats(f).tally.succeeded, 4);
	fake_end(f);
}

static void percent_is_reached(void)
{
	struct fake *f = started(1, (struct halt_rule){
		HALT_NOW, HALT_FAIL, 0, 50 });

	fake_submit(f, "hold");
	fake_submit(f, "fail");
	fake_submit(f, "fail");
	fake_submit(f, "ok");
	fake_close(f);
	fake_release(f, 1);
	CHECK(engine_wait(f->engine, -1));
	CHECK(fake_stats(f).halted);
	CHECK_INT(fake_stats(f).halt_status, 50);
	CHECK_INT(fake_stats(f).tally.cancelled, 1);
	fake_end(f);
}

/* It was reached before it could be known: the close tells. */
static void percent_is_reached_by_the_close(void)
{
	struct fake *f = started(1, (struct halt_rule){
		HALT_NOW, HALT_FAIL, 0, 40 });

	fake_submit(f, "fail");
	fake_submit(f, "fail");
	CHECK(engine_barrier(f->engine));
	CHECK_INT(fake_stats(f).tally.failed, 2);
	fake_submit(f, "hold");
	fake_submit(f, "ok");
	fake_await_run(f, 3);
	CHECK(!fake_stats(f).halted);
	fake_close(f);
	CHECK(fake_stats(f).halted);
	CHECK_INT(fake_stats(f).halt_status, 50);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_job(f, 3).outcome.end, JOB_KILLED);
	CHECK_INT(fake_job(f, 4).outcome.end, JOB_CANCELLED);
	fake_end(f);
}

static const struct tap_case cases[] = {
	{ "draining cancels what waits and lets the rest end", drain },
	{ "cancelling orders running jobs to stop", cancel },
	{ "the stop level rises step by step, never falls", escalate },
	{ "killing needs no step before", kill_at_once },
	{ "what is submitted after a stop is cancelled", submit_after_stop },
	{ "a stop before the start is one", stop_before_start },
	{ "a stop notifies, and so does the end", stop_notifies },
	{ "a failed try that will not be repeated keeps its output",
	  stop_before_retry },
	{ "a stop while a job waits to be repeated leaves its outcome",
	  stop_with_queued_retry },
	{ "a killed job is not repeated", killed_is_not_repeated },
	{ "halt soon,fail=1 lets running jobs end", halt_soon },
	{ "halt now,fail=1 stops running jobs", halt_now },
	{ "halt now,success=2", halt_success },
	{ "halt soon,done=3", halt_done },
	{ "a try that is repeated is no reason to halt",
	  halt_counts_jobs_not_tries },
	{ "a rule that is not reached changes nothing",
	  halt_is_not_reached },
	{ "the end is told when a rule bites after a stop",
	  halt_after_stop },
	{ "cancelled jobs are no reason to halt", halt_by_cancelled },
	{ "refused jobs are a reason to halt", halt_by_refused },
	{ "a percentage is not judged before all jobs are known",
	  percent_waits_for_the_close },
	{ "a percentage is reached", percent_is_reached },
	{ "a percentage is reached by the close",
	  percent_is_reached_by_the_close },
};
TAP_MAIN(cases)
