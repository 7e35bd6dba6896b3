/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_attempt_kill.c - processes that are killed: timeouts, orders, and many
 * jobs at once.
 *
 * What is to be killed would run for minutes.
 */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/num.h"
#include "bench.h"
#include "proc/child.h"
#include "tap.h"

static struct job_outcome run_with(struct bench *b, const char *line,
				   void *(*fn)(void *))
{
	struct job *job = bench_job(b, line);
	struct job_outcome o;
	struct helper p;

	job->timeout_ns = -1;
	helper_start(&p, b, job, fn);
	CHECK_INT(bench_run_job(b, job), RUN_ENDED);
	thread_join(&p.thread);
	o = job->outcome;
	job_free(job);
	return o;
}

/* Timeouts. */

static void *set_run_timeout(void *arg)
{
	struct helper *p = arg;

	AWAIT(bench_heard(p->b) >= 3);
	atomic_store(&p->b->timeout_ns, NS_PER_MS);
	bench_wake(p->b);
	return NULL;
}

/* Runs a line that has timed out as soon as it has said "go": what it did
 * before that is done, however slow the machine is. */
static struct job_outcome run_out_of_time(struct bench *b, const char *line)
{
	return run_with(b, line, set_run_timeout);
}

static void times_out(void)
{
	struct job_outcome o;
	struct bench b;

	bench_start(&b);
	o = bench_run_for(&b, "exec sleep 300", 50 * NS_PER_MS);
	CHECK_INT(o.end, JOB_TIMEOUT);
	CHECK_INT(o.signal, SIGTERM);
	CHECK(o.end_ns - o.start_ns >= 50 * NS_PER_MS);
	bench_end(&b);
}

static void exit_after_timeout(void)
{
	struct local_config c = bench_config();
	struct job_outcome o;
	struct bench b;

	/* KILL comes when the machine has been slow for that long; also where
	 * a leader that is not reaped yet counts as one who resists. */
#ifdef HAVE_SUBREAPER
	c.term_seq.stage[0].wait_ns = 1000 * NS_PER_SEC;
#else
	c.term_seq.stage[0].wait_ns = 10 * NS_PER_SEC;
#endif
	bench_start_with(&b, &c);
	o = run_out_of_time(&b, "trap 'echo bye; exit 0' TERM; echo go;"
				" while :; do sleep 0.01; done");
	CHECK_INT(o.end, JOB_TIMEOUT);
	CHECK_INT(o.status, 0);
	CHECK_INT(o.signal, 0);
	CHECK_STR(bench_text(&b, 0)->data, "go\nbye\n");
	bench_end(&b);
}

/* It ignores TERM, and so do its children, of whom one writes all the time;
 * none is left. */
static void resists(void)
{
	struct job_outcome o;
	struct holder h;
	struct bench b;

	bench_start(&b);
	holder_make(&h);
	o = run_out_of_time(&b, holding(&h, "trap '' TERM; yes & sleep 300 &"
				" (sleep 300; sleep 300) & sleep 300"));
	CHECK_INT(o.end, JOB_TIMEOUT);
	CHECK_INT(o.signal, SIGKILL);
	/* Killed it is; gone a moment later. */
	AWAIT(!holder_is_held(&h));
	bench_end(&b);
}

/* The leader obeys, its children do not: they get the rest of the sequence. */
static void children_resist(void)
{
	struct job_outcome o;
	struct holder h;
	struct bench b;

	bench_start(&b);
	holder_make(&h);
	o = run_out_of_time(&b, holding(&h, "(trap '' TERM; echo go;"
				" sleep 300; sleep 300) & exec sleep 300"));
	CHECK_INT(o.end, JOB_TIMEOUT);
	CHECK_INT(o.signal, SIGTERM);
	/* Killed it is; gone a moment later. */
	AWAIT(!holder_is_held(&h));
	bench_end(&b);
}

static void stopped_job_times_out(void)
{
	struct job_outcome o;
	struct bench b;

	bench_start(&b);
	o = run_out_of_time(&b, "echo go; kill -STOP $$; sleep 300");
	CHECK_INT(o.end, JOB_TIMEOUT);
	CHECK_INT(o.signal, SIGTERM);
	bench_end(&b);
}

/* A sequence that ends without KILL gets one. */
static void sequence_without_kill(void)
{
	struct local_config c = bench_config();
	struct job_outcome o;
	struct bench b;

	c.term_seq.n = 1;
	bench_start_with(&b, &c);
	o = run_out_of_time(&b, "trap '' TERM; echo go; sleep 300; sleep 300");
	CHECK_INT(o.end, JOB_TIMEOUT);
	CHECK_INT(o.signal, SIGKILL);
	bench_end(&b);
}

static void in_time(void)
{
	struct job_outcome o;
	struct bench b;

	bench_start(&b);
	o = bench_run_for(&b, "echo quick", 1000 * NS_PER_SEC);
	CHECK_INT(o.end, JOB_EXITED);
	CHECK_INT(o.status, 0);
	/* Its own timeout of none is stronger than the run's. */
	atomic_store(&b.timeout_ns, 1);
	o = bench_run_for(&b, "sleep 0.01", 0);
	CHECK_INT(o.end, JOB_EXITED);
	bench_end(&b);
}

/* The run's timeout appears while the job runs. */
static void timeout_appears(void)
{
	struct job_outcome o;
	struct bench b;

	bench_start(&b);
	o = run_out_of_time(&b, "echo go; exec sleep 300");
	CHECK_INT(o.end, JOB_TIMEOUT);
	CHECK_INT(o.signal, SIGTERM);
	CHECK_STR(bench_text(&b, 0)->data, "go\n");
	bench_end(&b);
}

static void give_order(struct helper *p, int order)
{
	AWAIT(bench_heard(p->b) == 3);
	/* Wakes for nothing do no harm. */
	for (int i = 0; i < 10; i++)
		bench_wake(p->b);
	atomic_store(&p->job->order, order);
	bench_wake(p->b);
}

static void *order_stop(void *arg)
{
	give_order(arg, JOB_STOP);
	return NULL;
}

static void *order_kill(void *arg)
{
	give_order(arg, JOB_KILL);
	return NULL;
}

static void *order_both(void *arg)
{
	struct helper *p = arg;

	give_order(p, JOB_STOP);
	/* It has heard the first one before the second comes. */
	AWAIT(bench_heard(p->b) >= 8);
	atomic_store(&p->job->order, JOB_KILL);
	bench_wake(p->b);
	return NULL;
}

static void obeys_stop(void)
{
	struct job_outcome o;
	struct bench b;

	bench_start(&b);
	o = run_with(&b, "echo go; exec sleep 300", order_stop);
	CHECK_INT(o.end, JOB_KILLED);
	CHECK_INT(o.signal, SIGTERM);
	bench_end(&b);
}

static void obeys_kill(void)
{
	struct local_config c = bench_config();
	struct job_outcome o;
	struct bench b;

	/* A sequence that would take longer than the case may. */
	c.term_seq.stage[0].wait_ns = 1000 * NS_PER_SEC;
	bench_start_with(&b, &c);
	o = run_with(&b, "trap '' TERM; echo go; sleep 300; sleep 300",
		     order_kill);
	CHECK_INT(o.end, JOB_KILLED);
	CHECK_INT(o.signal, SIGKILL);
	bench_end(&b);
}

static void kill_after_stop(void)
{
	struct local_config c = bench_config();
	struct job_outcome o;
	struct bench b;

	c.term_seq.stage[0].wait_ns = 1000 * NS_PER_SEC;
	bench_start_with(&b, &c);
	o = run_with(&b, "trap 'echo TERM' TERM; echo go;"
			 " while :; do sleep 0.01; done", order_both);
	CHECK_INT(o.end, JOB_KILLED);
	CHECK_INT(o.signal, SIGKILL);
	bench_end(&b);
}

static void ordered_before_the_start(void)
{
	struct bench b;
	struct job *job;

	bench_start(&b);
	job = bench_job(&b, "exec sleep 300");
	atomic_store(&job->order, JOB_STOP);
	CHECK_INT(bench_run_job(&b, job), RUN_ENDED);
	CHECK_INT(job->outcome.end, JOB_KILLED);
	job_free(job);
	bench_end(&b);
}

/* All of it at once, by the engine: some jobs leave someone behind, some take
 * too long. */

#define ENGINE_JOBS	200

static struct job *make_mixed(struct bench *b, const struct latch *l, int i)
{
	char line[800];
	struct job *job;

	if (i % 50 == 0)
		snprintf(line, sizeof(line), "exec sleep 300");
	else if (i % 3 == 0)
		snprintf(line, sizeof(line),
			 "exec 8<'%s'; cat <&8 & echo %d; exit %d", l->path, i,
			 i % 100);
	else
		snprintf(line, sizeof(line), "echo %d; exit %d", i, i % 100);
	job = bench_job(b, line);
	job->tries_max = 1;
	job->timeout_ns = i % 50 ? 0 : 10 * NS_PER_MS;
	return job;
}

static void check_mixed(struct bench *b, int i)
{
	const struct fake_job *j = &b->f->job[i];

	CHECK_INT(j->dones, 1);
	CHECK_INT(j->outcome.end, i % 50 ? JOB_EXITED : JOB_TIMEOUT);
	CHECK_INT(j->outcome.status, i % 50 ? i % 100 : 0);
	CHECK_INT(atoi(j->text[0].data), i % 50 ? i : 0);
}

static void by_the_engine(void)
{
	struct local_config lc = bench_config();
	struct engine_config ec = {
		.min = 1, .max = 8, .queue_capacity = 50,
		.idle_timeout_ns = NS_PER_SEC,
	};
	struct engine *e;
	struct latch l;
	struct bench b;

	bench_start_with(&b, &lc);
	latch_make(&l);
	ec.runner = b.r;
	ec.output = &b.f->output;
	e = engine_new(&ec);
	engine_add_sink(e, &b.f->sink);
	engine_start(e);
	for (int i = 1; i <= ENGINE_JOBS; i++)
		CHECK(engine_submit(e, make_mixed(&b, &l, i)));
	engine_close(e);
	CHECK(engine_wait(e, -1));
	engine_free(e);
	for (int i = 1; i <= ENGINE_JOBS; i++)
		check_mixed(&b, i);
	child_end_leftovers(0);
	latch_let_go(&l);
	bench_end(&b);
}

static int64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

static void waits_for_who_resists(void)
{
	struct local_config c = bench_config();
	struct job_outcome o;
	struct bench b;
	int64_t cpu;

	c.term_seq.stage[0].wait_ns = 2 * NS_PER_SEC;
	bench_start_with(&b, &c);
	cpu = cpu_ns();
	o = run_out_of_time(&b, "(trap '' TERM; exec sleep 300) >&- 2>&- &"
				" sleep 0.1; echo go; exec sleep 300");
	cpu = cpu_ns() - cpu;
	CHECK_INT(o.end, JOB_TIMEOUT);
	CHECK_INT(o.signal, SIGTERM);
	CHECK(cpu < NS_PER_SEC);
	bench_end(&b);
}

static const struct tap_case cases[] = {
	{ "a timeout", times_out },
	{ "who exits with 0 after the timeout has timed out",
	  exit_after_timeout },
	{ "a group that ignores TERM is killed", resists },
	{ "children that ignore TERM are killed behind their parent",
	  children_resist },
	{ "to wait for those takes no CPU time", waits_for_who_resists },
	{ "a stopped job can be ended", stopped_job_times_out },
	{ "a sequence without KILL ends with one", sequence_without_kill },
	{ "a job in time is left alone", in_time },
	{ "a timeout can appear while the job runs", timeout_appears },
	{ "the order to stop", obeys_stop },
	{ "the order to kill", obeys_kill },
	{ "the order to kill after that to stop", kill_after_stop },
	{ "an order from before the start", ordered_before_the_start },
	{ "two hundred jobs by the engine", by_the_engine },
};
TAP_MAIN(cases)
