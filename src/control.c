/* SPDX-License-Identifier: GPL-3.0-or-later */
/* control.c - see control.h. */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/fdio.h"
#include "base/num.h"
#include "bounds.h"
#include "control.h"
#include "deal.h"
#include "input/template.h"
#include "lines.h"
#include "options.h"
#include "perl.h"
#include "proc/child.h"
#include "proc/pressure.h"
#include "proc/sigstate.h"
#include "runner/launch.h"
#include "sched/engine.h"
#include "sched/job.h"
#include "sink/bar.h"
#include "sink/hook.h"
#include "sink/metrics.h"

/* What a run that was told to end waits for the reader of its output. */
#define CONTROL_FLUSH (2 * NS_PER_SEC)

/* How often a job file is read again. */
#define JOBFILE_PAUSE NS_PER_SEC

/* A signal is still to be obeyed. */
static bool is_wanted(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGINT) > 0 ||
		sigismember(&pending, SIGQUIT) > 0 ||
		sigismember(&pending, SIGTERM) > 0 ||
		sigismember(&pending, SIGHUP) > 0);
}

void control_init(struct control *c)
{
	diag_set_wanted(is_wanted);
	c->self = thread_self();
	c->start_ns = clock_run_ns();
	c->grace_end_ns = -1;
	c->next_tick_ns = -1;
	c->next_lines_ns = -1;
	c->next_read_ns = -1;
	c->next_metrics_ns = -1;
	c->next_feel_ns = -1;
}

void control_notify(void *control)
{
	thread_wake(((struct control *)control)->self);
}

void control_stop(void *control)
{
	struct control *c = control;

	atomic_fetch_add(&c->stops_asked, 1);
	control_notify(c);
}

static bool reads_files(const struct options *o)
{
	bool any = o->max.kind == JOBSPEC_FILE || o->min.kind == JOBSPEC_FILE;

	for (size_t i = 0; i < o->nthen; i++)
		any |= o->then[i].max.kind == JOBSPEC_FILE ||
		       o->then[i].min.kind == JOBSPEC_FILE;
	return any;
}

/* Bad content changes nothing: the file may be about to be written. Nor does
 * what it said before: other bounds may have been set since (--control). */
static void read_bounds(struct control *c, unsigned stage,
			const struct jobspec *max_spec,
			const struct jobspec *min_spec)
{
	struct engine_bounds *said = &c->said[stage];
	struct engine_bounds now;
	struct buf err = BUF_INIT;
	unsigned max, min = 1;

	if (max_spec->kind != JOBSPEC_FILE && min_spec->kind != JOBSPEC_FILE)
		return;
	max = jobspec_resolve(max_spec, c->cpus, c->possible, &err);
	if (min_spec->kind != JOBSPEC_UNSET)
		min = jobspec_resolve(min_spec, c->cpus, c->possible, &err);
	now = (struct engine_bounds){ min < max ? min : max, max };
	bounds_limit(&now);
	if (!max || !min)
		diag_debug(DIAG_SCHED, "%s", err.data);
	else if (now.min != said->min || now.max != said->max)
		engine_resize(c->engine, stage, now.min, now.max);
	if (max && min)
		*said = now;
	buf_release(&err);
}

/* Reads the job files again. */
static void read_files(struct control *c)
{
	const struct options *o = c->options;

	read_bounds(c, 0, &o->max, &o->min);
	for (size_t i = 0; i < o->nthen; i++)
		read_bounds(c, (unsigned)i + 1, &o->then[i].max,
			    &o->then[i].min);
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

/* Of what this run has to do. */
static int64_t total_of(const struct control *c, const struct engine_stats *s)
{
	if (s->closed)
		return (int64_t)s->submitted;
	return c->total < 0 ? -1 : c->total - (int64_t)s->passed;
}

static struct bar_sample sample(struct control *c)
{
	struct engine_stats s;

	engine_get_stats(c->engine, &s);
	return (struct bar_sample){
		.now_ns = clock_run_ns(),
		.total = total_of(c, &s),
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

static void draw_lines(struct control *c, int64_t now)
{
	int64_t next = lines_tick(c->lines);

	c->next_lines_ns = next < 0 ? -1 : now + next;
}

void control_finish(struct control *c)
{
	struct bar_sample s;

	if (!c->bar)
		return;
	s = sample(c);
	bar_finish(c->bar, &s, terminal_width());
}

void control_write_metrics(struct control *c, bool is_last)
{
	struct engine_stats s;

	if (!c->metrics)
		return;
	engine_get_stats(c->engine, &s);
	if (metrics_write(c->metrics, &s) == 0 || c->metrics_lost)
		return;
	/* Jobs have the descriptors, and they end. */
	if (fd_is_short(errno) && !is_last)
		return;
	/* It is tried again: those who watch may come to see the end. */
	c->metrics_lost = true;
	diag_err(errno, "--metrics: cannot write '%s'", c->options->metrics);
}

void control_release(struct control *c)
{
	pressure_free(c->pressure);
	c->pressure = NULL;
}

/* SIGUSR1: what runs. */

struct listing {
	struct buf text;
	const struct control *control;
};

static const struct template *template_of(const struct control *c,
					   const struct job *job)
{
	return job->stage ? c->then[job->stage - 1] : c->template;
}

static void list_job(const struct job *job, enum job_state state, void *arg)
{
	struct listing *l = arg;
	struct template_args args = {
		.values = job->values, .n = job->nvalues,
		.width = job->width,
		.seq = job->number, .slot = job->slot,
		.memo = job->memo, .is_quick = true,
	};
	const struct template *t = template_of(l->control, job);
	struct buf command = BUF_INIT;
	struct buf err = BUF_INIT;

	if (state != JOB_RUNNING)
		return;
	if (job->is_argv)
		launch_add_words(&command, job, SHELL_SH);
	else if (t)
		template_expand(t, &args, &command, &err);
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
	struct listing l = { BUF_INIT, c };

	engine_each_job(c->engine, list_job, &l);
	diag_msg("running jobs:");
	diag_raw(l.text.data, l.text.len);
	buf_release(&l.text);
}

/* Has a SIGCONT come since? To stop now would be to lose it. */
static bool is_continued(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       sigismember(&pending, SIGCONT) == 1;
}

/* SIGTSTP: the jobs, which are in groups of their own and so did not get it,
 * stop with us, and their clocks as well. */
static void suspend(struct control *c)
{
	int64_t begin = clock_now_ns();

	clock_freeze();
	child_broadcast(SIGSTOP);
	if (!is_continued())
		raise(SIGSTOP);
	/* Here SIGCONT has come. */
	child_broadcast(SIGCONT);
	clock_thaw();
	if (c->grace_end_ns >= 0)
		c->grace_end_ns += clock_now_ns() - begin;
	engine_skip_time(c->engine, clock_now_ns() - begin);
}

/* Ends running jobs, and with them the hooks that would have us wait. */
static void stop_all(struct control *c, enum engine_stop how)
{
	c->grace_end_ns = -1;
	diag_hurry(CONTROL_FLUSH);
	perl_stop(c->perl);
	/* First the hooks: a job that is ended by this still gets one. */
	if (c->hook)
		hook_order(c->hook, how == ENGINE_KILL ? HOOK_KILL : HOOK_STOP);
	engine_stop(c->engine, how);
}

static void harder(struct control *c)
{
	struct engine_stats s;

	engine_get_stats(c->engine, &s);
	stop_all(c, s.stop >= ENGINE_CANCEL ? ENGINE_KILL : ENGINE_CANCEL);
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
		suspend(c);
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

/*
 * --deadline. It comes once, and is the first TERM, never the second: a run
 * that is being ended already is not ended any harder for it. But after a HUP,
 * which waits without limit, the grace period begins now.
 */

static bool has_grace(const struct control *c)
{
	struct engine_stats s;

	engine_get_stats(c->engine, &s);
	return c->grace_end_ns >= 0 || s.stop >= ENGINE_CANCEL;
}

/* The moment (clock_now_ns) at which to look at it again; -1: never. */
static int64_t deadline_at(const struct control *c, int64_t now)
{
	int64_t left = c->options->deadline_ns;

	if (left == 0 || c->is_past_deadline)
		return -1;
	left -= clock_run_ns() - c->start_ns;
	return left > 0 ? now + left : now;
}

/* True once, when the time has come and is of consequence. */
static bool deadline_comes(struct control *c, int64_t now, const char *state)
{
	struct buf time = BUF_INIT;
	int64_t at = deadline_at(c, now);

	if (at < 0 || at > now)
		return false;
	c->is_past_deadline = true;
	if (c->die_of || (c->was_stopped && has_grace(c)))
		return false;
	num_add_duration(&time, c->options->deadline_ns);
	diag_msg("deadline of %s reached: %s", time.data, state);
	buf_release(&time);
	return true;
}

static void meet_deadline(struct control *c, int64_t now)
{
	if (!deadline_comes(c, now, "starting no more jobs"))
		return;
	if (c->was_stopped)
		c->grace_end_ns = now + c->options->grace_ns;
	else
		drain(c, c->options->grace_ns);
}

/* Does what is due; returns the nanoseconds until something will be. */
static int64_t do_due(struct control *c)
{
	int64_t now = clock_now_ns();
	int64_t next;

	while (c->stops_taken != atomic_load(&c->stops_asked)) {
		c->stops_taken++;
		drain(c, c->options->grace_ns);
	}
	if (atomic_load(&c->no_memory) && !c->told_no_memory) {
		c->told_no_memory = true;
		diag_msg("out of memory: starting no more jobs");
		engine_stop(c->engine, ENGINE_DRAIN);
	}
	meet_deadline(c, now);
	if (c->grace_end_ns >= 0 && now >= c->grace_end_ns)
		stop_all(c, ENGINE_CANCEL);
	if (reads_files(c->options) && now >= c->next_read_ns) {
		read_files(c);
		c->next_read_ns = now + JOBFILE_PAUSE;
	}
	if (c->options->scale == SCALE_ADAPTIVE && now >= c->next_feel_ns)
		feel(c, now);
	if (c->bar && now >= c->next_tick_ns)
		tick(c, now);
	if (c->lines && now >= c->next_lines_ns)
		draw_lines(c, now);
	if (c->metrics && now >= c->next_metrics_ns) {
		control_write_metrics(c, false);
		c->next_metrics_ns = now + c->options->metrics_interval_ns;
	}
	next = earlier(earlier(c->grace_end_ns, deadline_at(c, now)),
		       earlier(c->next_read_ns, c->next_tick_ns));
	next = earlier(next, engine_tend(c->engine));
	next = earlier(next, c->next_metrics_ns);
	next = earlier(next, c->next_lines_ns);
	next = earlier(next, c->next_feel_ns);
	return next < 0 ? -1 : next > now ? next - now : 0;
}

static bool is_over(struct control *c)
{
	struct engine_stats s;

	engine_get_stats(c->engine, &s);
	/* Jobs that wait for more of their input would wait for ever. */
	if (s.stop != ENGINE_RUN && c->deal && !deal_is_stopped(c->deal))
		deal_stop(c->deal);
	return s.is_over && (!c->hook || hook_is_idle(c->hook));
}

/*
 * ^C goes to muster and the jobs of its group at once, and the last job's
 * death of it may be noticed first: the signal has come all the same.
 */
static void take_pending(struct control *c)
{
	int sig;

	while ((sig = thread_wait_signal(sigstate_wait_set(), 0)) > 0)
		take_signal(c, sig);
}

void control_loop(struct control *c)
{
	while (!is_over(c)) {
		int64_t pause = do_due(c);
		int sig = thread_wait_signal(sigstate_wait_set(), pause);

		if (sig > 0)
			take_signal(c, sig);
	}
	take_pending(c);
	if (c->lines)
		lines_clear(c->lines);
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
		int64_t next;
		int sig;

		if (deadline < 0 &&
		    deadline_comes(c, now, "output is still to be written")) {
			c->was_stopped = true;
			deadline = now + c->options->grace_ns + CONTROL_FLUSH;
		}
		if (deadline >= 0 && now >= deadline)
			return false;
		next = earlier(deadline, deadline_at(c, now));
		sig = thread_wait_signal(sigstate_wait_set(),
					 next < 0 ? -1 : next - now);
		if (sig > 0)
			hurry(c, sig, &deadline);
	}
	return true;
}
