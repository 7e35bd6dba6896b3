/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_engine_short.c - the engine without processes or threads to be had.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "fake.h"
#include "tap.h"

static struct fake *started(unsigned max)
{
	struct engine_config c = { .max = max };
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	return f;
}

/* While another runs, the job waits for it to end. */
static void waits_for_one_to_end(void)
{
	struct fake *f = started(3);

	fake_submit(f, "hold");
	fake_await_run(f, 1);
	fake_submit(f, "again ok");
	AWAIT(fake_job(f, 2).calls == 1 && fake_stats(f).queued == 1);
	/* New jobs do not make it tried again. */
	fake_move_clock(f, NS_PER_SEC - 1);
	fake_submit(f, "ok");
	usleep(2000);
	CHECK_INT(fake_job(f, 2).calls, 1);
	CHECK_INT(fake_job(f, 3).calls, 0);
	CHECK_INT(fake_stats(f).queued, 2);
	CHECK_INT(atomic_load(&f->shortages), 1);
	CHECK_INT(atomic_load(&f->short_of), 1);
	CHECK_INT(atomic_load(&f->short_err), EAGAIN);
	fake_release(f, 1);
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_job(f, 2).calls, 2);
	CHECK_INT(fake_job(f, 2).tries, 1);
	CHECK_INT(fake_job(f, 2).retries, 0);
	CHECK_STR(fake_job(f, 2).text[0].data, "try2");
	CHECK_INT(fake_stats(f).tally.succeeded, 3);
	fake_end(f);
}

/* A running job that ends in order to be repeated has ended, too. */
static void waits_for_a_try_to_end(void)
{
	struct fake *f = started(3);

	f->tries_max = 2;
	fake_submit(f, "hold");
	fake_submit(f, "holdfail ok");
	fake_await_running(f, 2);
	fake_submit(f, "again ok");
	AWAIT(fake_job(f, 3).calls == 1 && fake_stats(f).queued == 1);
	fake_release(f, 2);
	/* The first one runs on all the time. */
	fake_await_done(f, 3);
	fake_await_done(f, 2);
	CHECK_INT(fake_job(f, 1).dones, 0);
	fake_release_all(f);
	fake_end(f);
}

/* Those that run may do so for hours: what was short is asked for again after
 * a second, and then after two. */
static void probes(void)
{
	struct fake *f = started(3);

	fake_submit(f, "hold");
	fake_await_run(f, 1);
	fake_submit(f, "again again hold");
	AWAIT(fake_job(f, 2).calls == 1 && fake_stats(f).queued == 1);
	fake_move_clock(f, NS_PER_SEC);
	AWAIT(fake_job(f, 2).calls == 2 && fake_stats(f).queued == 1);
	fake_move_clock(f, 2 * NS_PER_SEC - 1);
	usleep(2000);
	CHECK_INT(fake_job(f, 2).calls, 2);
	fake_submit(f, "ok");
	fake_move_clock(f, 1);
	fake_await_running(f, 2);
	/* That went well: the others may follow soon. */
	fake_move_clock(f, 10 * NS_PER_MS);
	fake_await_done(f, 3);
	fake_release_all(f);
	fake_await_done(f, 2);
	CHECK_INT(fake_job(f, 2).tries, 1);
	fake_end(f);
}

/* With none running there is nobody to wait for but time. */
static void tries_again_alone(void)
{
	struct fake *f = started(3);

	fake_submit(f, "again again again again ok");
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_job(f, 1).calls, 5);
	CHECK_INT(fake_job(f, 1).drops, 4);
	CHECK_INT(fake_job(f, 1).tries, 1);
	CHECK_INT(fake_stats(f).tally.succeeded, 1);
	CHECK_INT(atomic_load(&f->shortages), 1);
	fake_end(f);
}

static void gives_up(void)
{
	struct fake *f = started(2);

	fake_submit(f, "again");
	AWAIT(fake_job(f, 1).calls >= 2);
	fake_move_clock(f, 10 * NS_PER_SEC - 1);
	usleep(1000);
	CHECK_INT(fake_job(f, 1).dones, 0);
	fake_move_clock(f, NS_PER_SEC);
	fake_await_done(f, 1);
	CHECK_INT(fake_job(f, 1).outcome.end, JOB_UNSTARTED);
	CHECK_INT(fake_job(f, 1).outcome.err, EAGAIN);
	CHECK_INT(fake_job(f, 1).skips, 1);
	AWAIT(fake_stats(f).tally.any_unstarted);
	/* Then all is well again. */
	fake_submit(f, "ok");
	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_stats(f).tally.failed, 1);
	CHECK_INT(fake_stats(f).tally.succeeded, 1);
	fake_end(f);
}

/* While one waits alone, others try as well: none may wait for ever. */
static void many_give_up(void)
{
	struct fake *f = started(4);

	fake_submit_n(f, 20, "again");
	fake_close(f);
	while (!engine_wait(f->engine, clock_now_ns() + NS_PER_MS))
		fake_move_clock(f, NS_PER_SEC);
	CHECK_INT(fake_stats(f).tally.failed, 20);
	for (unsigned seq = 1; seq <= 20; seq++)
		CHECK_INT(fake_job(f, seq).outcome.end, JOB_UNSTARTED);
	fake_end(f);
}

/* A shortage that passes leaves all workers at work in the end, also when
 * no more jobs are submitted. */
static void recovers(void)
{
	struct fake *f = started(4);

	fake_submit(f, "hold");
	fake_await_run(f, 1);
	fake_submit(f, "again hold");
	AWAIT(fake_job(f, 2).calls == 1 && fake_stats(f).queued == 1);
	fake_submit_n(f, 10, "hold");
	fake_close(f);
	/* The first ends: its worker takes one, and one more may try. */
	fake_release(f, 1);
	fake_await_running(f, 2);
	fake_release(f, 2);
	fake_await_running(f, 3);
	fake_release(f, 3);
	fake_await_running(f, 4);
	fake_release_all(f);
	fake_end(f);
}

/* Workers that wait while nothing can be started are idle like others. */
static void idles_out_in_shortage(void)
{
	struct engine_config c = {
		.max = 4, .idle_timeout_ns = NS_PER_SEC / 2,
	};
	struct fake *f = fake_new(&c, false);

	engine_start(f->engine);
	fake_submit_n(f, 4, "hold");
	fake_await_running(f, 4);
	fake_submit(f, "again ok");
	fake_release(f, 2);
	AWAIT(fake_job(f, 5).calls == 1 && fake_stats(f).running == 3);
	AWAIT(fake_stats(f).idle == 1);
	/* Before it is asked for again. */
	fake_move_clock(f, NS_PER_SEC - 1);
	AWAIT(fake_stats(f).workers == 3);
	CHECK_INT(fake_stats(f).queued, 1);
	fake_release_all(f);
	fake_end(f);
}

static void stop_in_shortage(void)
{
	struct fake *f = started(2);

	fake_submit(f, "hold");
	fake_await_run(f, 1);
	fake_submit(f, "again");
	AWAIT(fake_job(f, 2).calls == 1 && fake_stats(f).queued == 1);
	engine_stop(f->engine, ENGINE_CANCEL);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_job(f, 2).outcome.end, JOB_CANCELLED);
	CHECK_INT(fake_stats(f).tally.cancelled, 1);
	fake_end(f);
}

static void stop_while_alone(void)
{
	struct fake *f = started(2);

	fake_submit(f, "again");
	AWAIT(fake_job(f, 1).calls >= 2);
	engine_stop(f->engine, ENGINE_DRAIN);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_job(f, 1).outcome.end, JOB_CANCELLED);
	CHECK_INT(fake_job(f, 1).tries, 0);
	fake_end(f);
}

/* A second try that could not be started: the job has failed by its first. */
static void stop_keeps_the_outcome(void)
{
	struct fake *f = started(2);

	f->tries_max = 2;
	fake_submit(f, "hold");
	fake_await_run(f, 1);
	fake_submit(f, "exit9 again");
	AWAIT(fake_job(f, 2).calls == 2 && fake_stats(f).queued == 1);
	engine_stop(f->engine, ENGINE_CANCEL);
	CHECK(engine_wait(f->engine, -1));
	CHECK_INT(fake_job(f, 2).outcome.end, JOB_EXITED);
	CHECK_INT(fake_job(f, 2).outcome.status, 9);
	CHECK_INT(fake_job(f, 2).tries, 1);
	CHECK_INT(fake_stats(f).tally.succeeded, 0);
	fake_end(f);
}

/* Threads. */

/* From here on no thread can be had; false when that could not be done. */
static bool forbid_threads(void)
{
	struct rlimit none = { 0, 0 };

	/* Root is above the limit. */
	if (geteuid() == 0 && setuid(61234) < 0)
		return false;
	if (getrlimit(RLIMIT_NPROC, &none) < 0)
		return false;
	none.rlim_cur = 0;
	return setrlimit(RLIMIT_NPROC, &none) == 0;
}

static void allow_threads(void)
{
	struct rlimit r;

	getrlimit(RLIMIT_NPROC, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NPROC, &r);
}

static void run_without_threads(void *arg)
{
	struct engine_config c = { .min = 2, .max = 4 };
	struct fake *f = fake_new(&c, false);

	(void)arg;
	if (!CHECK(forbid_threads()))
		return;
	f->tries_max = 2;
	engine_start(f->engine);
	fake_submit(f, "ok");
	fake_submit(f, "fail ok");
	fake_submit(f, "again ok");
	/* The submitter has done it all itself. */
	CHECK_INT(fake_stats(f).tally.succeeded, 3);
	CHECK_INT(fake_stats(f).workers, 0);
	CHECK_INT(atomic_load(&f->shortages), 1);
	CHECK_INT(atomic_load(&f->short_of), 1);
	fake_end(f);
}

/* With threads again, the bounds are still kept. */
static void threads_come_back(void *arg)
{
	struct engine_config c = { .max = 4 };
	struct fake *f = fake_new(&c, false);

	(void)arg;
	if (!CHECK(forbid_threads()))
		return;
	engine_start(f->engine);
	fake_submit_n(f, 3, "ok");
	CHECK_INT(fake_stats(f).tally.succeeded, 3);
	allow_threads();
	fake_submit_n(f, 40, "hold");
	CHECK(fake_stats(f).workers <= 4);
	CHECK(fake_stats(f).workers >= 1);
	fake_release_all(f);
	fake_end(f);
}

/* Two jobs run, and there can be no thread for more. */
static struct fake *with_two(void)
{
	struct fake *f = started(4);

	fake_submit_n(f, 2, "hold");
	fake_await_running(f, 2);
	CHECK(forbid_threads());
	return f;
}

/* Though no job ends. */
static void threads_are_asked_for_again(void *arg)
{
	struct fake *f = with_two();

	(void)arg;
	fake_submit_n(f, 5, "hold");
	CHECK_INT(fake_stats(f).workers, 2);
	allow_threads();
	fake_move_clock(f, NS_PER_SEC);
	fake_await_running(f, 4);
	CHECK_INT(fake_stats(f).queued, 3);
	fake_release_all(f);
	fake_end(f);
}

static void run_with_few_threads(void *arg)
{
	struct fake *f = with_two();

	(void)arg;
	fake_submit_n(f, 50, "hold");
	CHECK_INT(fake_stats(f).workers, 2);
	CHECK_INT(fake_stats(f).queued, 50);
	CHECK_INT(atomic_load(&f->shortages), 1);
	CHECK_INT(atomic_load(&f->short_of), 2);
	CHECK_INT(atomic_load(&f->short_err), EAGAIN);
	fake_release_all(f);
	fake_end(f);
}

/* The first stage's worker does what the second one has none for; bounds
 * between them are kept all the same. */
static void later_stage_without_threads(void *arg)
{
	static const struct engine_bounds none = { 0, 2 };
	struct engine_config c = {
		.max = 1, .queue_capacity = 1, .then = &none, .nthen = 1,
	};
	struct fake *f = fake_new(&c, false);

	(void)arg;
	f->nstages = 2;
	f->tries_max = 2;
	engine_start(f->engine);
	AWAIT(fake_stats(f).idle == 1);
	if (!CHECK(forbid_threads()))
		return;
	for (unsigned i = 0; i < 20; i++)
		fake_submit(f, i % 2 ? "ok/fail ok" : "ok/again ok");
	fake_end(f);
}

static void no_threads_at_all_for_stages(void *arg)
{
	static const struct engine_bounds then[] = { { 0, 2 }, { 1, 1 } };
	struct engine_config c = {
		.max = 2, .queue_capacity = 1, .then = then, .nthen = 2,
	};
	struct fake *f = fake_new(&c, false);

	(void)arg;
	f->nstages = 3;
	if (!CHECK(forbid_threads()))
		return;
	engine_start(f->engine);
	fake_submit_n(f, 20, "ok");
	CHECK_INT(fake_stats(f).tally.succeeded, 60);
	fake_end(f);
}

/* They may be all that is in the way of the processes of jobs. */
static void idle_threads_make_room(void *arg)
{
	struct engine_config c = { .min = 2, .max = 4 };
	struct fake *f = fake_new(&c, false);

	(void)arg;
	engine_start(f->engine);
	AWAIT(fake_stats(f).idle == 2);
	if (!CHECK(forbid_threads()))
		return;
	engine_resize(f->engine, 0, 4, 4);
	AWAIT(fake_stats(f).workers == 1);
	CHECK_INT(atomic_load(&f->shortages), 1);
	fake_submit_n(f, 3, "ok");
	fake_end(f);
}

/* In a process of its own, which gives up its rights. */
static void apart(void (*fn)(void *))
{
	char out[4096];
	int status = tap_run(fn, NULL, out, sizeof(out));

	CHECK_INT(status, 0);
	CHECK_STR(out, "");
}

static void no_threads(void)
{
	apart(run_without_threads);
}

static void threads_again(void)
{
	apart(threads_come_back);
}

static void stage_without_threads(void)
{
	apart(later_stage_without_threads);
}

static void stages_without_threads(void)
{
	apart(no_threads_at_all_for_stages);
}

static void few_threads(void)
{
	apart(run_with_few_threads);
}

static void threads_later(void)
{
	apart(threads_are_asked_for_again);
}

static void threads_in_the_way(void)
{
	apart(idle_threads_make_room);
}

static const struct tap_case cases[] = {
	{ "a job that can't start waits for another to end",
	  waits_for_one_to_end },
	{ "it waits for a try to end, not for a job",
	  waits_for_a_try_to_end },
	{ "nor for hours: it is tried again after a pause", probes },
	{ "with none running it tries again after pauses",
	  tries_again_alone },
	{ "after ten seconds it is given up", gives_up },
	{ "twenty jobs that can't start are all given up", many_give_up },
	{ "a shortage that has passed leaves all workers at work",
	  recovers },
	{ "idle workers end in a shortage, too", idles_out_in_shortage },
	{ "a stop cancels the job that waits", stop_in_shortage },
	{ "a stop cancels the job that tries again", stop_while_alone },
	{ "a stop leaves the outcome of the try before",
	  stop_keeps_the_outcome },
	{ "without any thread the submitter does the work", no_threads },
	{ "threads that can be had again keep to the bounds",
	  threads_again },
	{ "with few threads they do all the work", few_threads },
	{ "threads are asked for again though no job ends",
	  threads_later },
	{ "of idle threads half make room", threads_in_the_way },
	{ "no thread for a later stage", stage_without_threads },
	{ "three stages and no thread", stages_without_threads },
};
TAP_MAIN(cases)
