/* SPDX-License-Identifier: GPL-3.0-or-later */
/* control.c - see control.h. */
#include <config.h>

#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/num.h"
#include "control.h"
#include "input/template.h"
#include "options.h"
#include "proc/child.h"
#include "proc/pressure.h"
#include "proc/sigstate.h"
#include "sched/engine.h"
#include "sched/job.h"
#include "sink/bar.h"

/* What a run that was told to end waits for the reader of its output. */
#define CONTROL_FLUSH (2 * NS_PER_SEC)

/* How often a job file is read again. */
#define JOBFILE_PAUSE NS_PER_SEC

void control_init(struct control *c)
{
	c->self = thread_self();
	c->grace_end_ns = -1;
	c->next_tick_ns = -1;
	c->next_read_ns = -1;
	c->next_feel_ns = -1;
}

void control_notify(void *control)
{
	thread_wake(((struct control *)control)->self);
}

static bool reads_files(const struct options *o)
{
	return o->max.kind == JOBSPEC_FILE || o->min.kind == JOBSPEC_FILE;
}

/* Reads the job files again. Bad content changes nothing: the file may be
 * about to be written. */
static void read_files(struct control *c)
{
	const struct options *o = c->options;
	struct buf err = BUF_INIT;
	unsigned max, min = 1;

	max = jobspec_resolve(&o->max, c->cpus, c->possible, &err);
	if (o->min.kind != JOBSPEC_UNSET)
		min = jobspec_resolve(&o->min, c->cpus, c->possible, &err);
	if (max && min)
		engine_resize(c->engine, 0, min < max ? min : max, max);
	else
		diag_debug(DIAG_SCHED, "%s", err.data);
	buf_release(&err);
}

/* Tells the engine how hard pressed the machine is; says when to do it again.
 * The first call only makes the beginning of the time to measure. */
static void feel(struct control *c, int64_t now)
{
	struct pressure_sample s;

	if (!c->pressure)
		c->pressure = pressure_new(c->cpus, NULL);
	pressure_read(c->pressure, now, &s);
	engine_feel(c->engine, &(struct adapt_pressure){
		.cpu = s.cpu,
		.memory = s.memory,
		.io = s.io,
		.load = s.load,
	});
	c->next_feel_ns = now + ADAPT_INTERVAL;
}

static unsigned terminal_width(void)
{
	struct winsize w;

	if (ioctl(2, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
		return w.ws_col;
	return 80;
}

static struct bar_sample sample(struct control *c)
{
	struct engine_stats s;

	engine_get_stats(c->engine, &s);
	return (struct bar_sample){
		.now_ns = clock_run_ns(),
		.total = s.closed ? (int64_t)s.submitted : c->total,
		.submitted = s.submitted,
		.done = s.tally.succeeded + s.tally.failed - s.tally.cancelled,
		.failed = s.tally.failed - s.tally.cancelled,
		.running = s.running,
		.workers = s.workers,
		.max = s.max,
	};
}

static void tick(struct control *c, int64_t now)
{
	struct bar_sample s = sample(c);
	int64_t next = bar_tick(c->bar, &s, terminal_width());

	c->next_tick_ns = next < 0 ? -1 : now + next;
}

void control_finish(struct control *c)
{
	struct bar_sample s;

	if (!c->bar)
		return;
	s = sample(c);
	bar_finish(c->bar, &s, terminal_width());
}

void control_release(struct control *c)
{
	pressure_free(c->pressure);
	c->pressure = NULL;
}

/* SIGUSR1: what runs. */

struct listing {
	struct buf text;
	const struct template *template;
};

static void list_job(const struct job *job, void *arg)
{
	struct listing *l = arg;
	struct template_args args = {
		.values = job->values, .n = job->nvalues,
		.seq = job->seq, .slot = job->slot,
	};
	struct buf command = BUF_INIT;
	struct buf err = BUF_INIT;

	if (l->template)
		template_expand(l->template, &args, &command, &err);
	else
		buf_addstr(&command, job->values[0]);
	buf_addf(&l->text, "%llu\t", (unsigned long long)job->seq);
	buf_add_visible(&l->text, command.data, command.len);
	buf_addch(&l->text, '\n');
	buf_release(&command);
	buf_release(&err);
}

static void list_running(struct control *c)
{
	struct listing l = { BUF_INIT, c->template };

	engine_each_running(c->engine, list_job, &l);
	diag_msg("running jobs:");
	diag_raw(l.text.data, l.text.len);
	buf_release(&l.text);
}

/* SIGTSTP: the jobs, which are in groups of their own and so did not get it,
 * stop with us, and their clocks as well. */
static void suspend(void)
{
	clock_freeze();
	child_broadcast(SIGSTOP);
	raise(SIGSTOP);
	/* Here SIGCONT has come. */
	child_broadcast(SIGCONT);
	clock_thaw();
}

static void harder(struct control *c)
{
	struct engine_stats s;

	engine_get_stats(c->engine, &s);
	c->grace_end_ns = -1;
	engine_stop(c->engine, s.stop >= ENGINE_CANCEL ? ENGINE_KILL
						       : ENGINE_CANCEL);
}

static void drain(struct control *c, int64_t grace_ns)
{
	if (c->was_stopped || c->die_of) {
		harder(c);
		return;
	}
	c->was_stopped = true;
	engine_stop(c->engine, ENGINE_DRAIN);
	if (grace_ns >= 0)
		c->grace_end_ns = clock_now_ns() + grace_ns;
}

static void take_signal(struct control *c, int sig)
{
	switch (sig) {
	case SIGINT:
	case SIGQUIT:
		c->die_of = sig;
		harder(c);
		break;
	case SIGTERM:
		drain(c, c->options->grace_ns);
		break;
	case SIGHUP:
		drain(c, -1);
		break;
	case SIGUSR1:
		list_running(c);
		break;
	case SIGUSR2:
		if (c->bar)
			bar_toggle(c->bar);
		break;
	case SIGTSTP:
		suspend();
		break;
	case SIGCONT:
		child_broadcast(SIGCONT);
		break;
	case SIGCHLD:
		child_notice();
		break;
	default:
		break;
	}
}

static int64_t earlier(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

/* Does what is due; returns the nanoseconds until something will be. */
static int64_t do_due(struct control *c)
{
	int64_t now = clock_now_ns();
	int64_t next;

	if (atomic_load(&c->no_memory) && !c->told_no_memory) {
		c->told_no_memory = true;
		diag_msg("out of memory: starting no more jobs");
		engine_stop(c->engine, ENGINE_DRAIN);
	}
	if (c->grace_end_ns >= 0 && now >= c->grace_end_ns) {
		c->grace_end_ns = -1;
		engine_stop(c->engine, ENGINE_CANCEL);
	}
	if (reads_files(c->options) && now >= c->next_read_ns) {
		read_files(c);
		c->next_read_ns = now + JOBFILE_PAUSE;
	}
	if (c->options->scale == SCALE_ADAPTIVE && now >= c->next_feel_ns)
		feel(c, now);
	if (c->bar && now >= c->next_tick_ns)
		tick(c, now);
	next = earlier(c->grace_end_ns,
		       earlier(c->next_read_ns, c->next_tick_ns));
	next = earlier(next, c->next_feel_ns);
	return next < 0 ? -1 : next > now ? next - now : 0;
}

static bool is_over(struct control *c)
{
	struct engine_stats s;

	engine_get_stats(c->engine, &s);
	return s.is_over;
}

void control_loop(struct control *c)
{
	while (!is_over(c)) {
		int64_t pause = do_due(c);
		int sig = thread_wait_signal(sigstate_wait_set(), pause);

		if (sig > 0)
			take_signal(c, sig);
	}
}

/*
 * A signal while the last output is being written. The stages are those of
 * the jobs: HUP and TERM leave time, the next signal little, one more none.
 */
static void hurry(struct control *c, int sig, int64_t *deadline)
{
	int64_t soon = clock_now_ns() + CONTROL_FLUSH;
	bool is_first = !c->was_stopped && !c->die_of;

	switch (sig) {
	case SIGINT:
	case SIGQUIT:
		c->die_of = sig;
		break;
	case SIGTERM:
	case SIGHUP:
		c->was_stopped = true;
		if (!is_first)
			break;
		if (sig == SIGTERM)
			*deadline = soon + c->options->grace_ns;
		return;
	default:
		take_signal(c, sig);
		return;
	}
	*deadline = *deadline < 0 || *deadline > soon ? soon : 0;
}

bool control_await(struct control *c, bool (*done)(void *), void *arg)
{
	struct engine_stats s;
	int64_t deadline = -1;

	engine_get_stats(c->engine, &s);
	if (c->grace_end_ns >= 0)
		deadline = c->grace_end_ns + CONTROL_FLUSH;
	else if (s.stop >= ENGINE_CANCEL && (c->was_stopped || c->die_of))
		deadline = clock_now_ns() + CONTROL_FLUSH;
	while (!done(arg)) {
		int64_t now = clock_now_ns();
		int sig;

		if (deadline >= 0 && now >= deadline)
			return false;
		sig = thread_wait_signal(sigstate_wait_set(),
					 deadline < 0 ? -1 : deadline - now);
		if (sig > 0)
			hurry(c, sig, &deadline);
	}
	return true;
}
