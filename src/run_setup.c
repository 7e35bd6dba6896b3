/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run_setup.c - see run_impl.h: all that a run is made of. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ask.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/fdio.h"
#include "base/maths.h"
#include "bounds.h"
#include "clash.h"
#include "deal.h"
#include "gate.h"
#include "options.h"
#include "pipe.h"
#include "proc/cgroup.h"
#include "proc/shell.h"
#include "proc/sigstate.h"
#include "run_impl.h"
#include "runner/inlet.h"
#include "runner/local.h"
#include "sched/engine.h"
#include "sched/job.h"
#include "sink/bar.h"
#include "sink/emit.h"
#include "sink/joblog.h"
#include "sink/logfile.h"
#include "sink/summary.h"
#include "steer.h"
#include "tmux.h"
#include "vary.h"

/* What the jobs that wait may take, beside their number. */
#define QUEUE_BYTES		((size_t)16 << 20)

extern char **environ;

/* Callbacks from below. */

static void book_failed(void *arg, const char *option, const char *path,
			int err)
{
	diag_err(err, "%s: '%s'", option, path);
	run_stop_in_error(arg, ENGINE_DRAIN);
}

static void output_failed(void *arg, int fd, int err)
{
	struct run *r = arg;

	if (fd == 1 && book_out_fd(&r->book)) {
		book_failed(r, "--output", r->o->output, err);
		return;
	}
	if (fd == 1 && err == EPIPE && !keep_out_fd(&r->keep) &&
	    !sigstate_was_ignored(SIGPIPE)) {
		atomic_store(&r->broken_pipe, true);
		engine_stop(r->engine, ENGINE_CANCEL);
		return;
	}
	if (fd == 1 && keep_out_fd(&r->keep)) {
		diag_err(err, "--results: '%s'", r->o->results);
		run_stop_in_error(r, ENGINE_DRAIN);
		return;
	}
	diag_err(err, "standard %s",
		 fd == 1 || keep_names_fd(&r->keep) ? "output" : "error");
	run_stop_in_error(r, err == EPIPE ? ENGINE_CANCEL : ENGINE_DRAIN);
}

static void keep_failed(void *arg, int err)
{
	struct run *r = arg;

	book_failed(r, "--output", r->book.stash.path, err);
}

static void pack_failed(void *arg, const char *why)
{
	struct run *r = arg;

	diag_msg("%s: %s", r->o->compress_program ? "--compress-program"
						  : "--compress", why);
	run_stop_in_error(r, ENGINE_DRAIN);
}

static void joblog_failed(void *arg, const char *path, int err)
{
	struct run *r = arg;

	diag_err(err, "--joblog: '%s'", path);
	r->joblog_lost = true;
	run_stop_in_error(r, ENGINE_DRAIN);
}

static void shortage(void *arg, unsigned reached, int err)
{
	(void)arg;
	if (reached)
		diag_msg("cannot run more than %u job%s at once (%s); going "
			 "on with fewer", reached, reached == 1 ? "" : "s",
			 strerror(err));
	else
		diag_msg("cannot start a job (%s); trying again for a while",
			 strerror(err));
}

static void complain(struct sink *s, const struct job *job)
{
	struct run *r = container_of(s, struct run, complaints);

	/* Nobody will take what was dealt out to it. */
	if (job->inlet)
		inlet_end(job->inlet);
	if (job->is_misuse)
		atomic_store(&r->feed.failed, true);
	/* For want of processes or descriptors, and not of this job's doing. */
	if (job->outcome.end == JOB_UNSTARTED && !job->message) {
		diag_err(job->outcome.err, "job %llu: cannot start a process",
			 (unsigned long long)job->seq);
		atomic_store(&r->own_error, true);
	}
	if (!job->message)
		return;
	/* From the source and from deps.c: it names file and line. */
	if (job->tries == 0 && job->outcome.end != JOB_DROPPED)
		diag_msg("%s", job->message);
	else
		diag_msg("job %llu: %s", (unsigned long long)job->seq,
			 job->message);
}

static const struct sink_ops complaint_ops = { .done = complain };

static void output_finished(void *arg)
{
	control_notify(&((struct run *)arg)->control);
}

static int64_t run_timeout(void *arg)
{
	return engine_timeout_ns(((struct run *)arg)->engine);
}

static void add_tag(void *arg, const struct job *job, struct buf *out)
{
	texts_add_tag(&((struct run *)arg)->texts, job, out);
}

static void add_colour(void *arg, const struct job *job, struct buf *out)
{
	texts_add_colour(&((struct run *)arg)->texts, job, out);
}

static void add_cwd(void *arg, const struct job *job, struct buf *out)
{
	texts_add_cwd(&((struct run *)arg)->texts, job, out);
}

static enum local_answer ask_for(void *arg, const struct job *job)
{
	switch (ask_about(((struct run *)arg)->ask, job)) {
	case ASK_YES:
		return LOCAL_RUN;
	case ASK_NO:
		return LOCAL_SKIP;
	case ASK_ORDERED:
		return LOCAL_ORDERED;
	}
	BUG("ask_answer out of range");
}

static char *const *wrap(void *arg, struct job *job, char *const *argv,
			 char *const *env)
{
	return tmux_wrap(((struct run *)arg)->tmux, job, argv, env);
}

static const struct template *template_of(void *arg, unsigned stage)
{
	return texts_command(&((struct run *)arg)->texts, stage);
}

static bool describe(void *arg, const struct job *job, struct buf *out)
{
	return texts_describe(&((struct run *)arg)->texts, job, out);
}

static bool add_rest(void *arg, const struct job *job, struct buf *out)
{
	struct run *r = arg;

	return !job_has_succeeded(job) &&
	       texts_add_rest(&r->texts, job, r->shell, out);
}

/* Setting up: each returns 0, or -1 with a message in err. */

static const char *choose_tmpdir(const struct options *o)
{
	const char *dir = o->tmpdir ? o->tmpdir : getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

static int check_tmpdir(const struct options *o, struct buf *err)
{
	struct stat st;

	/* One that the user did not name may be bad: output is held back. */
	if (!o->tmpdir)
		return 0;
	errno = ENOTDIR;
	if (stat(o->tmpdir, &st) == 0 && S_ISDIR(st.st_mode) &&
	    access(o->tmpdir, W_OK) == 0)
		return 0;
	buf_addf(err, "--tmpdir: cannot use '%s': %s", o->tmpdir,
		 strerror(errno));
	return -1;
}

static bool is_resumed(const struct options *o)
{
	return o->resume || o->retry_failed;
}

static int open_logs(struct run *r, struct buf *err)
{
	const struct options *o = r->o;
	struct engine_stats start = {
		.min = r->bounds.min, .max = r->bounds.max,
		.goal = r->bounds.max,
	};

	if (watch_open(&r->watch, o, r->shell, &start, &r->control, err) < 0)
		return -1;
	/* As in GNU parallel: nothing runs, nothing is logged. */
	if (o->joblog && !o->dry_run && !o->shell_quote) {
		struct joblog_config log = {
			.path = o->joblog,
			.append = o->joblog_append || is_resumed(o),
			.sync = o->sync,
			.failed = joblog_failed,
			.describe = describe,
			.arg = r,
		};

		r->joblog = joblog_new(&log, err);
		if (!r->joblog)
			return -1;
	}
	if (book_open(&r->book, o, &r->texts, err) < 0)
		return -1;
	r->book.failed = book_failed;
	r->book.arg = r;
	if (is_resumed(o) && resume_open(&r->resume, o, &r->texts,
					 r->book.ledger, err) < 0)
		return -1;
	if (keep_open(&r->keep, o, &r->intake.names, &r->texts, err) < 0)
		return -1;
	if (o->failed_to) {
		struct stat st;

		r->failed_fd = logfile_claim("--failed-to", o->failed_to, true,
					     &st, err);
		if (r->failed_fd < 0)
			return -1;
	}
	if (o->summary != SUMMARY_NONE || o->failed_to) {
		r->summary = summary_new(o->summary == SUMMARY_ALL);
		summary_set_describe(r->summary, describe, r);
		if (o->failed_to)
			summary_set_rest(r->summary, add_rest, r);
	}
	return 0;
}

/* Before anything runs: whoever can't compress is told so now. */
static int set_up_compress(struct run *r, struct buf *err)
{
	const struct options *o = r->o;
	struct buf why = BUF_INIT;
	int ret;

	if (!o->compress && !o->compress_program)
		return 0;
	compress_init(&r->compress, o->compress_program,
		      o->decompress_program);
	ret = compress_try(&r->compress, !o->results && !o->files, &why);
	if (ret < 0)
		buf_addf(err, "%s: %s", o->compress_program
			 ? "--compress-program" : "--compress", why.data);
	buf_release(&why);
	return ret;
}

static unsigned bar_styles(const struct options *o)
{
	return (o->bar ? BAR_BAR : 0) | (o->eta ? BAR_ETA : 0) |
	       (o->progress ? BAR_PROGRESS : 0);
}

static int make_emitter(struct run *r, struct buf *err)
{
	const struct options *o = r->o;
	bool kept = r->keep.is_on;
	/* --latest-line makes its own, and -u lets through what there is. */
	bool has_lines = keep_has_lines(&r->keep) && !r->lines.is_on &&
			 (!o->ungroup || kept || o->dry_run);
	struct emit_config config = {
		.mode = EMIT_ORDERED,
		.memory_max = o->output_memory,
		.err_fd = keep_names_fd(&r->keep),
		.out_fd = o->output ? book_out_fd(&r->book)
				    : keep_out_fd(&r->keep),
		.out_offset = r->book.offset,
		.keep_failed = keep_failed,
		.tmpdir = choose_tmpdir(o),
		.tag = has_lines ? add_tag : NULL,
		.colour = has_lines && !kept && (o->color || o->color_failed)
			  ? add_colour : NULL,
		.late = has_lines && !kept && o->color_failed,
		.compress = !kept && r->compress.pack ? &r->compress : NULL,
		.pack_failed = pack_failed,
		.failed = output_failed,
		.finished = output_finished,
		.arg = r,
	};

	if (o->line_buffer && o->order != ORDER_KEEP &&
	    keep_has_lines(&r->keep))
		config.mode = EMIT_LINES;
	else if (o->order == ORDER_COMPLETION)
		config.mode = EMIT_GROUPED;
	book_configure(&r->book, &config);
	r->emit = emit_new(&config);
	if (r->emit)
		return 0;
	buf_addf(err, "cannot start a thread: %s", strerror(errno));
	return -1;
}

static struct output *output_of(struct run *r)
{
	struct output *emit = emit_output(r->emit);

	return keep_output(&r->keep, lines_output(&r->lines, emit),
			   choose_tmpdir(r->o),
			   r->compress.pack ? &r->compress : NULL);
}

static int make_cgroup(struct run *r, struct buf *err)
{
	const char *dir = r->o->cgroup;

	if (!dir || r->o->dry_run)
		return 0;
	r->cgroup = cgroup_new(strcmp(dir, "auto") == 0 ? NULL : dir);
	if (r->cgroup)
		return 0;
	buf_addf(err, "--cgroup: '%s' can't be used: %s", dir,
		 strerror(errno));
	return -1;
}

static int make_runner(struct run *r, struct buf *err)
{
	const struct options *o = r->o;
	struct local_config config = {
		.shell = r->shell,
		.template = r->texts.command,
		.then = r->texts.then,
		.filters = r->texts.filters,
		.shell_quote = o->shell_quote,
		.envp = environ,
		.output = output_of(r),
		.term_seq = o->term_seq,
		.force_shell = o->force_shell,
		.die_with_parent = o->die_with_parent,
		.kill_tree = o->kill_tree,
		.cgroup = r->cgroup,
		.ungroup = o->ungroup && !r->keep.is_on && !r->lines.is_on,
		.give_stdin = !r->pipe &&
			      !source_uses_stdin(r->intake.source) &&
			      !fd_was_closed(0) && !isatty(0),
		.want_command = r->joblog || r->summary || r->watch.hook ||
				r->keep.is_on,
		.dry_run = o->dry_run || o->shell_quote,
		.verbose = o->verbose,
		.trace = o->trace,
		.tty = r->tty,
		.fast = o->fast,
		.has_nice = o->has_nice,
		.nice = o->nice,
		.slot_var = o->slot_var,
		.tmpdir = choose_tmpdir(o),
		.cwd = o->workdir ? add_cwd : NULL,
		.wrap = r->tmux ? wrap : NULL,
		.ask = o->interactive ? ask_for : NULL,
		.timeout_ns = run_timeout,
		.arg = r,
	};

	r->local = local_new(&config);
	if (r->local && local_objection(r->local))
		diag_msg("--fast: the shell '%s' can't be kept loaded, as it "
			 "is %s; a new one is started for each job",
			 r->shell, local_objection(r->local));
	if (r->local)
		return 0;
	buf_addf(err, "cannot open '/dev/null': %s", strerror(errno));
	return -1;
}

/* A percentage needs to know of how many: then all input is read first. */
static bool needs_total(const struct halt_rule *rule)
{
	return rule->when != HALT_NEVER && rule->count == 0;
}

static void make_engine(struct run *r)
{
	const struct options *o = r->o;
	struct engine_config config = {
		.runner = watch_runner(&r->watch, o,
			keep_runner(&r->keep, local_runner(r->local))),
		.output = output_of(r),
		.min = r->bounds.min,
		.max = r->bounds.max,
		.then = r->then_bounds,
		.nthen = (unsigned)o->nthen,
		.scale = o->scale,
		.scale_threshold = o->scale_threshold,
		.dispatch = o->dispatch,
		.idle_timeout_ns = o->idle_timeout_ns,
		.queue_order = o->queue_order,
		.priority_aging_ns = o->priority_aging_ns,
		.queue_capacity = o->queue_size,
		.queue_bytes = QUEUE_BYTES,
		.on_full = o->on_full,
		.rate = o->rate,
		.delay_ns = o->delay_ns,
		.delay_auto = o->delay_auto,
		.backoff = o->retry_delay,
		.retry_on = o->retry_on,
		.keep_retry_output = o->retry_output,
		.halt = o->halt,
		.timeout_ns = o->timeout_ns,
		.timeout_percent = o->timeout_percent,
		.notify = control_notify,
		.notify_arg = &r->control,
		.shortage = shortage,
	};

	/* Jobs that wait for the reader must not make it wait for a place. */
	if (needs_total(&o->halt) || r->feed.total || r->deal) {
		config.queue_capacity = SIZE_MAX;
		config.queue_bytes = 0;
	}
	r->engine = engine_new(&config);
	if (book_sink(&r->book))
		engine_add_sink(r->engine, book_sink(&r->book));
	r->complaints.ops = &complaint_ops;
	engine_add_sink(r->engine, &r->complaints);
	if (r->joblog)
		engine_add_sink(r->engine, joblog_sink(r->joblog));
	if (r->ask)
		engine_add_sink(r->engine, ask_sink(r->ask));
	if (r->summary)
		engine_add_sink(r->engine, summary_sink(r->summary));
	if (gate_is_wanted(o)) {
		r->gate = gate_new(o, r->engine, r->control.cpus,
				   r->control.possible, r->shell);
		engine_add_sink(r->engine, gate_sink(r->gate));
	}
	if (o->max.is_auto) {
		r->vary = vary_new(r->engine, &r->bounds);
		engine_add_sink(r->engine, vary_sink(r->vary));
	}
	if (bar_styles(o))
		engine_add_sink(r->engine, bar_sink(r->bar));
	watch_add_sinks(&r->watch, r->engine);
}

/* --control */

static const struct steer_ops steer_engine = {
	.get_stats = engine_get_stats,
	.each_job = engine_each_job,
	.resize = bounds_resize,
	.pause = engine_pause,
	.kill_job = engine_kill_job,
	.retry_job = engine_retry_job,
	.set_priority = engine_set_priority,
	.add = engine_add,
};

static struct job *steer_make_job(void *arg, const char *text, size_t len,
				  struct buf *err)
{
	struct run *r = arg;

	return feed_job(&r->feed, text, len, err);
}

static void steer_end_run(void *arg)
{
	control_stop(&((struct run *)arg)->control);
}

static int make_steer(struct run *r, struct buf *err)
{
	struct steer_config config = {
		.path = r->o->control,
		.ops = &steer_engine,
		.engine = r->engine,
		.is_resumed = is_resumed(r->o),
		.stages = 1 + (unsigned)r->o->nthen,
		.make_job = steer_make_job,
		.stop = steer_end_run,
		.template = template_of,
		.arg = r,
	};

	if (!r->o->control)
		return 0;
	r->steer = steer_new(&config, err);
	if (!r->steer)
		return -1;
	engine_add_sink(r->engine, steer_sink(r->steer));
	return 0;
}

/* For total_jobs(): the feed counts where it can't be known at once. */
static _Atomic uint64_t *total_to_count(struct run *r)
{
	int64_t total = -1;

	r->texts.run.most = r->bounds.max;
	if (r->pipe || !texts_want_total(&r->texts))
		return NULL;
	total = intake_total(&r->intake, r->o, true);
	if (total < 0)
		return &r->texts.run.total;
	atomic_store(&r->texts.run.total, (uint64_t)total);
	return NULL;
}

static int open_source(struct run *r, enum shell_kind kind, struct buf *err)
{
	const struct options *o = r->o;
	const struct input_spec *inputs = o->inputs;
	size_t n = o->ninputs;

	if (o->pipe.is_on) {
		r->pipe = pipe_new(o, r->bounds.max, err);
		if (!r->pipe)
			return -1;
		r->deal = deal_new(o, r->pipe, r->bounds.max);
		inputs = pipe_values(r->pipe, &n);
	}
	return intake_open(&r->intake, o, inputs, n, kind,
			   texts_are_commands(o), err);
}

int run_set_up(struct run *r, struct buf *err)
{
	const struct options *o = r->o;
	enum shell_kind kind;

	sigstate_let_end(true);
	r->shell = shell_choose(shell_is_known);
	kind = shell_kind_of(r->shell);
	if (o->scale == SCALE_ADAPTIVE && maths_load(err) < 0)
		return -1;
	if (bounds_resolve(o, &r->control, &r->bounds, &r->then_bounds,
			   err) < 0 ||
	    check_tmpdir(o, err) < 0 || clash_check(o, err) < 0 ||
	    open_source(r, kind, err) < 0 ||
	    texts_make(&r->texts, o, kind, &r->intake.names, err) < 0 ||
	    open_logs(r, err) < 0)
		return -1;
	sigstate_let_end(false);
	/* As in GNU parallel, there need not be one. */
	if (o->open_tty)
		r->tty = fd_open("/dev/tty", O_RDONLY, 0);
	if (o->interactive) {
		r->ask = ask_new(err);
		if (!r->ask)
			return -1;
	}
	if (o->tmux.is_on && !o->dry_run && !o->shell_quote) {
		r->tmux = tmux_new(o, choose_tmpdir(o), err);
		if (!r->tmux)
			return -1;
	}
	intake_pack(&r->intake, o, r->texts.command, r->bounds.max);
	/* Also without a style: SIGUSR2 may ask for it. */
	r->bar = bar_new(bar_styles(o), isatty(2) == 1);
	r->control.total = -1;
	sigstate_let_end(true);
	if (!r->pipe)
		r->control.total = intake_total(&r->intake, o,
						bar_styles(o) != 0);
	r->feed.total = total_to_count(r);
	sigstate_let_end(false);
	lines_init(&r->lines, o, &r->texts);
	if (set_up_compress(r, err) < 0 || make_emitter(r, err) < 0 ||
	    make_cgroup(r, err) < 0 || make_runner(r, err) < 0)
		return -1;
	make_engine(r);
	r->resume.results = r->keep.results;
	r->control.options = o;
	r->control.deal = r->deal;
	r->control.engine = r->engine;
	r->control.bar = r->bar;
	r->control.lines = &r->lines;
	r->control.template = r->texts.command;
	r->control.perl = r->texts.perl;
	r->control.then = r->texts.then;
	r->feed = (struct feed){ .intake = &r->intake, .engine = r->engine,
				 .pipe = r->pipe, .deal = r->deal,
				 .input = r->pipe ? pipe_tee_path(r->pipe)
						  : NULL,
				 .resume = is_resumed(o) ? &r->resume : NULL,
				 .from_log = o->retry_failed,
				 .tries_max = o->retries,
				 .retry_jitter = o->retry_delay.jitter,
				 .ask = r->ask,
				 .texts = &r->texts,
				 .may_number = !o->control,
				 .book = &r->book,
				 .are_commands = !r->texts.command,
				 .no_attributes = o->no_attributes,
				 .shell = shell_kind_of(r->shell),
				 .total = r->feed.total };
	if (make_steer(r, err) < 0)
		return -1;
	return book_begin(&r->book, r->emit, err);
}
