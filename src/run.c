/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run.c - see run.h.
 *
 * Order of setting up: all that can be wrong with what the user asked for is
 * found before anything is started. Order of ending: the engine is over, so
 * every sink has heard of every job; those who watch it are joined; the
 * emitter has written everything; what jobs left behind is ended; the records
 * are closed; what is told at the end is printed; the workers are joined
 * (doc/internals/threads.md has it step by step).
 */
#include <config.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "ask.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "control.h"
#include "deal.h"
#include "gate.h"
#include "options.h"
#include "pipe.h"
#include "proc/cgroup.h"
#include "proc/child.h"
#include "proc/sigstate.h"
#include "perl.h"
#include "run.h"
#include "run_impl.h"
#include "runner/local.h"
#include "sched/engine.h"
#include "sink/bar.h"
#include "sink/emit.h"
#include "sink/joblog.h"
#include "sink/summary.h"
#include "steer.h"
#include "tmux.h"
#include "vary.h"

/* What finished jobs left in their groups may take to end by itself. */
#define LEFTOVER_PATIENCE	NS_PER_SEC

/* The one run there is, for the memory hook. */
static struct run *the_run;

/* Something of ours is broken: no new jobs, the running ones may end. */
void run_stop_in_error(struct run *r, enum engine_stop how)
{
	atomic_store(&r->own_error, true);
	engine_stop(r->engine, how);
}

/* Whoever found no memory may hold any lock: main does the rest. */
static void no_memory(void)
{
	if (!the_run)
		return;
	atomic_store(&the_run->own_error, true);
	atomic_store(&the_run->control.no_memory, true);
	control_notify(&the_run->control);
}

/* The end. */

static unsigned summary_width(void)
{
	struct winsize w;

	if (!isatty(2))
		return 0;
	if (ioctl(2, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
		return w.ws_col;
	return 80;
}

static void print_summary(struct run *r)
{
	struct buf text = BUF_INIT;

	summary_format(r->summary, &text, summary_width());
	/* Nobody can be told but by the exit status. */
	if (diag_raw(text.data, text.len) < 0)
		atomic_store(&r->own_error, true);
	buf_release(&text);
}

static void write_failed(struct run *r)
{
	unsigned char delimiter = r->o->source.delimiter;

	/* Back into muster with the same options: -0 gives NUL. Other
	 * delimiters are for values, not for whole commands. */
	if (delimiter != '\0')
		delimiter = '\n';
	if (summary_write_failed(r->summary, r->failed_fd, delimiter) < 0) {
		if (errno == EILSEQ)
			diag_msg("--failed-to: '%s': a failed command holds "
				 "a newline (use -0)", r->o->failed_to);
		else
			diag_err(errno, "--failed-to: '%s'", r->o->failed_to);
		atomic_store(&r->own_error, true);
	}
	if (close(r->failed_fd) < 0) {
		diag_err(errno, "--failed-to: '%s'", r->o->failed_to);
		atomic_store(&r->own_error, true);
	}
	r->failed_fd = -1;
}

/* By the results of the jobs alone. */
static int jobs_status(struct run *r, const struct engine_stats *s)
{
	struct tally ran = s->tally;
	int status;

	if (s->halted)
		return s->halt_status;
	/* What was never started has no result, and how much of it had been
	 * read is chance; it makes the status at least 1. */
	ran.failed -= ran.cancelled;
	status = halt_unmet_status(&r->o->halt, &ran);
	if (status < 0)
		status = tally_exit_status(&ran, r->o->exit_as);
	if (status == 0 && (r->control.was_stopped || ran.cancelled))
		status = 1;
	return status;
}

static int exit_status(struct run *r, const struct engine_stats *s)
{
	int status;

	if (atomic_load(&r->own_error) || atomic_load(&r->feed.failed) ||
	    r->control.metrics_lost || diag_has_lost())
		return RUN_ERROR;
	status = jobs_status(r, s);
	if (status == 0 && watch_has_failed(&r->watch))
		status = 1;
	return status;
}

/* closes: nobody writes any more. */
static void close_logs(struct run *r, const struct engine_stats *stats,
		       bool closes)
{
	if (!book_finish(&r->book, &stats->tally, closes))
		atomic_store(&r->own_error, true);
	if (r->joblog)
		(void)!joblog_finish(r->joblog);
	if (r->joblog && joblog_free(r->joblog) < 0 && !r->joblog_lost) {
		diag_err(errno, "--joblog: '%s'", r->o->joblog);
		atomic_store(&r->own_error, true);
	}
	r->joblog = NULL;
	if (!keep_finish(&r->keep, closes))
		atomic_store(&r->own_error, true);
	if (r->o->resume)
		resume_report(&r->resume);
	if (r->o->summary != SUMMARY_NONE)
		print_summary(r);
	if (r->failed_fd >= 0)
		write_failed(r);
	if (watch_print(&r->watch, r->engine) < 0)
		atomic_store(&r->own_error, true);
	control_write_metrics(&r->control, true);
}

/* A run that was told to end before it had done everything says so. */
static void tell_undone(struct run *r, const struct engine_stats *s)
{
	unsigned long long n = s->tally.cancelled;
	bool at_end = atomic_load(&r->feed.at_end);

	if (!r->control.was_stopped || r->control.die_of)
		return;
	if (n > 0)
		diag_msg("%llu job%s not started%s", n,
			 n == 1 ? " was" : "s were",
			 at_end ? "" : ", and not all input was read");
	else if (!at_end)
		diag_msg("not all input was read");
}

/* Memory that was missing when there was nobody any more to stop for that. */
static void tell_late_shortage(const struct run *r)
{
	if (atomic_load(&r->control.no_memory) && !r->control.told_no_memory)
		diag_msg("out of memory");
}

static void tear_down(struct run *r)
{
	control_release(&r->control);
	if (r->engine)
		engine_free(r->engine);
	watch_release(&r->watch);
	steer_free(r->steer);
	if (r->local)
		local_free(r->local);
	cgroup_free(r->cgroup);
	if (r->emit)
		emit_free(r->emit);
	deal_free(r->deal);
	pipe_free(r->pipe);
	intake_release(&r->intake);
	if (r->joblog)
		joblog_free(r->joblog);
	keep_release(&r->keep);
	lines_release(&r->lines);
	compress_release(&r->compress);
	book_release(&r->book);
	resume_release(&r->resume);
	if (r->summary)
		summary_free(r->summary);
	if (r->bar)
		bar_free(r->bar);
	fd_close(&r->tty);
	ask_free(r->ask);
	gate_free(r->gate);
	vary_free(r->vary);
	tmux_free(r->tmux);
	texts_release(&r->texts);
	free(r->then_bounds);
	free(r->control.said);
	free(r->shell);
}

static bool is_written(void *arg)
{
	return emit_is_finished(arg);
}

/* The writer waits for a reader who does not read: nothing can be joined or
 * freed, what was held is lost, and the end is now. */
static void abandon(struct run *r, const struct engine_stats *stats)
{
	diag_msg("gave up waiting for the reader of standard output");
	close_logs(r, stats, false);
	if (r->control.die_of)
		sigstate_die_of(r->control.die_of);
	_exit(exit_status(r, stats) ? exit_status(r, stats) : 1);
}

static int work(struct run *r)
{
	struct engine_stats stats;
	bool written;
	int sig;

	if (feed_start(&r->feed) < 0) {
		diag_err(errno, "cannot start a thread");
		atomic_store(&r->own_error, true);
		engine_close(r->engine);
	}
	if (r->steer && steer_start(r->steer) < 0) {
		diag_err(errno, "cannot start a thread");
		run_stop_in_error(r, ENGINE_DRAIN);
	}
	if (r->gate && gate_start(r->gate) < 0) {
		diag_err(errno, "cannot start a thread");
		run_stop_in_error(r, ENGINE_DRAIN);
	}
	/* A warm pool may take all threads there are: so it comes last. */
	engine_start(r->engine);
	control_loop(&r->control);
	if (r->gate)
		gate_stop(r->gate);
	if (r->steer)
		steer_stop(r->steer);
	/* What the reader may still be asking for comes too late. */
	perl_stop(r->texts.perl);
	feed_finish(&r->feed);
	deal_free(r->deal);
	r->deal = NULL;
	pipe_free(r->pipe);
	r->pipe = NULL;
	engine_get_stats(r->engine, &stats);
	emit_close(r->emit);
	written = control_await(&r->control, is_written, r->emit);
	if (!written)
		diag_hurry(0);
	child_end_leftovers(stats.stop >= ENGINE_CANCEL ? 0
							: LEFTOVER_PATIENCE);
	cgroup_free(r->cgroup);
	r->cgroup = NULL;
	control_finish(&r->control);
	tell_undone(r, &stats);
	if (!written)
		abandon(r, &stats);
	close_logs(r, &stats, true);
	tell_late_shortage(r);
	sig = r->control.die_of;
	if (!sig && atomic_load(&r->broken_pipe))
		sig = SIGPIPE;
	if (sig)
		sigstate_die_of(sig);
	return exit_status(r, &stats);
}

int run(const struct options *o)
{
	struct run r = { .o = o, .failed_fd = -1, .keep.fd = -1,
			 .book.out_fd = -1, .tty = -1 };
	struct buf err = BUF_INIT;
	int status = RUN_ERROR;

	diag_debug_on(o->debug);
	child_setup();
	control_init(&r.control);
	the_run = &r;
	mem_set_hook(no_memory);
	if (o->show_limits && inform_print_limits() < 0)
		buf_addf(&err, "standard output: %s", strerror(errno));
	if (err.len == 0 && run_set_up(&r, &err) == 0) {
		status = work(&r);
	} else {
		diag_msg("%s", err.data);
		if (r.emit)
			emit_close(r.emit);
	}
	the_run = NULL;
	tear_down(&r);
	buf_release(&err);
	return status;
}
