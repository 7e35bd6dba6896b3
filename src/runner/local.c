/* SPDX-License-Identifier: GPL-3.0-or-later */
/* local.c - see local.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/thread.h"
#include "proc/cgroup.h"
#include "proc/child.h"
#include "runner/attempt.h"
#include "runner/fast.h"
#include "runner/inlet.h"
#include "runner/launch.h"
#include "runner/launcher.h"
#include "runner/local.h"
#include "runner/pipeline.h"
#include "runner/show.h"
#include "sched/job.h"
#include "sched/output.h"
#include "sched/runner.h"

/*
 * Jobs being started at one time. While it is, a job holds two descriptors
 * more than later (limits.c counts on this bound); a pipeline up to eight,
 * which is not counted on: where they are short it is tried again. And more
 * starts at once than CPUs only stand in each other's way.
 */
#define STARTS_MAX 32

struct local {
	struct runner runner;
	struct local_config cfg;
	struct launcher launcher;
	struct fast fast;
	int devnull;
	struct show show;

	struct mutex lock;
	struct cond may_start;
	unsigned starting;	/* guarded by lock, as is waiting */
	unsigned waiting;
};

/* What one worker keeps from job to job. */
struct slot {
	struct thread thread;
	struct launch launch;
	struct attempt attempt;
	struct fast_slot fast;
	struct buf cwd;		/* of a job that has none of its own */
	uint64_t announced;	/* the job, and which try; 0: none */
	unsigned announced_try;
	bool is_unsaid;		/* it could not be announced */
	struct buf cgroup;	/* the job's */
	struct buf procs;	/* its file cgroup.procs */
};

static struct local *local_of(struct runner *r)
{
	return container_of(r, struct local, runner);
}

static void *local_slot_open(struct runner *r, unsigned number)
{
	struct slot *s = xcalloc(1, sizeof(*s));

	(void)number;
	s->thread = thread_self();
	attempt_init(&s->attempt);
	launch_init(&s->launch, &local_of(r)->launcher);
	fast_slot_init(&s->fast, &local_of(r)->fast);
	buf_init(&s->cwd);
	buf_init(&s->cgroup);
	buf_init(&s->procs);
	return s;
}

static void local_slot_close(struct runner *r, void *state)
{
	struct slot *s = state;

	(void)r;
	attempt_release(&s->attempt);
	buf_release(&s->cwd);
	buf_release(&s->cgroup);
	buf_release(&s->procs);
	fast_slot_release(&s->fast);
	launch_release(&s->launch);
	free(s);
}

static void local_interrupt(struct runner *r, void *state)
{
	(void)r;
	thread_wake(((struct slot *)state)->thread);
}

static enum run_result refuse(struct job *job)
{
	job->outcome.end = JOB_REFUSED;
	return RUN_ENDED;
}

static void print_command(struct local *l, struct job *job, bool to_output)
{
	struct buf line = BUF_INIT;

	show_add(&l->show, job, to_output ? 1 : 2, &line);
	if (to_output)
		l->cfg.output->ops->append(l->cfg.output, job, OUTPUT_OUT,
					   line.data, line.len);
	else
		diag_raw(line.data, line.len);
	buf_release(&line);
}

/* A job that writes for itself must not be faster than we are. Once, though a
 * try may have to be started again. */
static void announce(struct local *l, struct slot *s, struct job *job)
{
	if (s->announced == job->seq && s->announced_try == job->tries)
		return;
	s->announced = job->seq;
	s->announced_try = job->tries;
	s->is_unsaid = show_at_once(&l->show, job) < 0;
}

static void start_clock(struct job *job)
{
	job->outcome = (struct job_outcome){
		.start_wall_ns = clock_wall_ns(),
		.start_ns = clock_run_ns(),
	};
}

/* As if the job had run, and ended well. */
static enum run_result pretend(struct local *l, struct job *job, bool shows)
{
	if (shows)
		print_command(l, job, true);
	job->outcome.end_ns = clock_run_ns();
	job->outcome.end = JOB_EXITED;
	return RUN_ENDED;
}

/* Ends the job as unstarted; the message is "WHAT 'subject': err". */
static enum run_result fail_start(struct job *job, const char *what,
				  const char *subject, int err)
{
	struct buf text = BUF_INIT;

	buf_addf(&text, "%s '", what);
	buf_add_visible(&text, subject, strlen(subject));
	buf_addf(&text, "': %s", strerror(err));
	job->message = arena_strdup(&job->arena, text.data);
	buf_release(&text);
	job->outcome.end = JOB_UNSTARTED;
	job->outcome.err = err;
	job->outcome.end_ns = clock_run_ns();
	return RUN_ENDED;
}

/* Whether that worked will show. */
static void make_directory(char *path)
{
	if (path_make_parents(path) == 0)
		mkdir(path, 0777);
}

/* A directory that the job can't be in. True: it is over. */
static bool lacks_directory(struct job *job)
{
	struct stat st;
	bool is_there;
	int err = 0;

	if (!job->cwd)
		return false;
	is_there = stat(job->cwd, &st) == 0;
	if (is_there && !S_ISDIR(st.st_mode))
		err = ENOTDIR;
	else if (!is_there || access(job->cwd, X_OK) < 0)
		err = errno;
	if (err)
		fail_start(job, "cannot change to directory", job->cwd, err);
	return err != 0;
}

/* Sees to it that the job's directory is there. False: the job is over. */
static bool take_directory(struct slot *s, struct job *job)
{
	bool is_lent = job->cwd && job->cwd == s->cwd.data;

	if (is_lent && access(job->cwd, F_OK) < 0)
		make_directory(s->cwd.data);
	if (!lacks_directory(job))
		return true;
	/* Of --workdir, not of the job's own: all may have it. */
	job->is_misuse |= is_lent;
	return false;
}

/* The exec failed, of the shell itself if it came to that. A job of words has
 * then the status that a shell would have given it. */
static enum run_result no_exec(struct local *l, struct slot *s,
			       struct job *job, int err)
{
	struct buf text = BUF_INIT;

	if (lacks_directory(job))
		return RUN_ENDED;
	fail_start(job, "cannot execute",
		   job->is_argv ? job->values[0] : l->cfg.shell, err);
	if (job->is_argv) {
		job->outcome.end = JOB_EXITED;
		job->outcome.status = err == ENOENT ? 127 : 126;
	} else if (err == E2BIG) {
		buf_addf(&text, "%s (the command has %zu bytes)", job->message,
			 s->launch.command.len);
		job->message = arena_strdup(&job->arena, text.data);
		buf_release(&text);
	}
	return RUN_ENDED;
}

/* A standard input of its own. */

static int64_t time_left(const struct local *l, const struct job *job)
{
	int64_t timeout = job->timeout_ns >= 0 ? job->timeout_ns
					       : l->cfg.timeout_ns(l->cfg.arg);
	int64_t left = job->outcome.start_ns + timeout - clock_run_ns();

	if (timeout <= 0)
		return -1;
	return left > 0 ? left : 0;
}

/*
 * Waits until someone writes to a FIFO, as whoever opens it for reading would,
 * but with an ear for orders and the clock. False: the job is over.
 */
static bool await_writer(struct local *l, struct job *job, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (;;) {
		int64_t left = time_left(l, job);

		if (atomic_load(&job->order) != JOB_GO)
			job->outcome.end = JOB_KILLED;
		else if (left == 0)
			job->outcome.end = JOB_TIMEOUT;
		else if (thread_poll(&p, 1, left) > 0)
			return true;
		else
			continue;
		job->outcome.end_ns = clock_run_ns();
		return false;
	}
}

/* As the command itself would name it: from its own directory. */
static char *input_path(const struct job *job)
{
	struct buf path = BUF_INIT;

	if (job->cwd && *job->input != '/')
		buf_addf(&path, "%s/", job->cwd);
	buf_addstr(&path, job->input);
	return buf_take(&path);
}

/* The descriptor; -1 with errno when it can't be opened. */
static int open_input(const struct job *job, struct stat *st)
{
	char *path = input_path(job);
	int fd = fd_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	int err = errno;

	free(path);
	if (fd >= 0 && fstat(fd, st) == 0 && S_ISDIR(st->st_mode)) {
		fd_close(&fd);
		err = EISDIR;
	}
	errno = err;
	return fd;
}

static bool is_shortage(int err)
{
	return fd_is_short(err) || err == ENOMEM;
}

/* A pipe with the block that is the job's, or a file; as take_input. */
static bool take_data(struct slot *s, struct job *job, int *fd,
		      enum run_result *result)
{
	struct feeder *in = &s->attempt.in;
	const char *what = job->block_path ? job->block_path
		: job->part_path ? job->part_path : "a pipe";
	int ret;

	if (job->inlet && inlet_has_begun(job->inlet)) {
		*result = fail_start(job, "cannot run it again, it has had",
				     "its input", ESPIPE);
		return false;
	}
	ret = job->block_path ? feeder_make(in, job)
			      : feeder_open(in, job, fd);
	if (ret == 0)
		return true;
	if (is_shortage(errno)) {
		job->outcome.err = errno;
		*result = RUN_AGAIN;
	} else {
		*result = fail_start(job, "cannot give it its block by", what,
				     errno);
	}
	return false;
}

/* Opens job->input, if it has one, for *fd; not RUN_ENDED with *fd as it was:
 * no. True when the job can go on. */
static bool take_input(struct local *l, struct slot *s, struct job *job,
		       int *fd, enum run_result *result)
{
	struct stat st = { .st_mode = 0 };
	int flags;

	if (job->has_data || job->inlet)
		return take_data(s, job, fd, result);
	if (!job->input)
		return true;
	*fd = open_input(job, &st);
	if (*fd < 0 && fd_is_short(errno)) {
		job->outcome.err = errno;
		*result = RUN_AGAIN;
		return false;
	}
	if (*fd < 0) {
		*result = fail_start(job, "stdin: cannot open", job->input,
				     errno);
		return false;
	}
	if (S_ISFIFO(st.st_mode) && !await_writer(l, job, *fd)) {
		fd_close(fd);
		*result = RUN_ENDED;
		return false;
	}
	flags = fcntl(*fd, F_GETFL);
	fcntl(*fd, F_SETFL, flags & ~O_NONBLOCK);
	return true;
}

static enum spawn_result start(struct local *l, struct slot *s,
			       struct job *job, struct spawn_request *req,
			       struct job_pipes *p)
{
	enum spawn_result r;

	if (l->fast.is_on && !s->launch.is_direct && !job->is_argv) {
		s->attempt.is_behind_pipe = false;
		launch_fill(&s->launch, req);
		return fast_start(&s->fast, &s->attempt.child, req, job);
	}
	r = pipeline_start(p, &s->attempt, &s->launch, req);
	if (r != SPAWN_NO_EXEC || !s->launch.is_direct)
		return r;
	/* Whatever the reason, the shell knows how to say it. */
	if (launch_by_shell(&s->launch, job) < 0)
		return SPAWN_NO_EXEC;
	return pipeline_start(p, &s->attempt, &s->launch, req);
}

static void enter_start(struct local *l)
{
	mutex_lock(&l->lock);
	l->waiting++;
	while (l->starting == STARTS_MAX)
		cond_wait(&l->may_start, &l->lock);
	l->waiting--;
	l->starting++;
	mutex_unlock(&l->lock);
}

static void leave_start(struct local *l)
{
	mutex_lock(&l->lock);
	l->starting--;
	if (l->waiting)
		cond_signal(&l->may_start);
	mutex_unlock(&l->lock);
}

/* A cgroup for the job, if it is to have one. False: there is none. */
static bool take_cgroup(struct local *l, struct slot *s)
{
	s->attempt.cgroup = NULL;
	if (!l->cfg.cgroup)
		return true;
	if (cgroup_make(l->cfg.cgroup, &s->cgroup) < 0)
		return false;
	buf_reset(&s->procs);
	buf_addf(&s->procs, "%s/cgroup.procs", s->cgroup.data);
	s->attempt.cgroup = s->cgroup.data;
	return true;
}

static void drop_cgroup(struct slot *s)
{
	if (s->attempt.cgroup)
		cgroup_remove(s->attempt.cgroup);
	s->attempt.cgroup = NULL;
}

/* in: the job's own standard input, or -1. */
static enum run_result launch(struct local *l, struct slot *s, struct job *job,
			      int in)
{
	struct spawn_request req = {
		.cwd = job->cwd,
		.in = in >= 0 ? in : l->cfg.tty >= 0 ? l->cfg.tty
			      : l->cfg.give_stdin && job->seq == 1
			      ? 0 : l->devnull,
		.out = 1,
		.err = 2,
		.die_with_parent = l->cfg.die_with_parent,
		.same_group = l->cfg.tty >= 0,
		.has_nice = l->cfg.has_nice,
		.nice = l->cfg.nice,
	};
	enum spawn_result r = SPAWN_NO_PROCESS;
	struct job_pipes p;
	int err;

	if (job_pipes_open(&p, &s->attempt, &s->launch, !l->cfg.ungroup) < 0) {
		job->outcome.err = errno;
		return RUN_AGAIN;
	}
	if (p.fed >= 0)
		req.in = p.fed;
	if (!l->cfg.ungroup) {
		req.out = p.ends[0];
		req.err = p.ends[1];
	}
	s->attempt.child.number = job->seq;
	if (take_cgroup(l, s)) {
		req.cgroup = l->cfg.cgroup ? s->procs.data : NULL;
		r = start(l, s, job, &req, &p);
	}
	err = errno;
	job_pipes_close(&p);
	if (r == SPAWN_OK)
		return RUN_ENDED;
	attempt_close_pipes(&s->attempt);
	drop_cgroup(s);
	job->outcome.err = err;
	if (r == SPAWN_NO_PROCESS)
		return RUN_AGAIN;
	return no_exec(l, s, job, err);
}

/* Does someone want the job? If not, it is over. */
static bool is_wanted(struct local *l, struct job *job)
{
	enum local_answer answer = l->cfg.ask(l->cfg.arg, job);

	/* Its time begins now. */
	start_clock(job);
	job->outcome.end_ns = job->outcome.start_ns;
	switch (answer) {
	case LOCAL_RUN:
		return true;
	case LOCAL_SKIP:
		job->outcome.end = JOB_EXITED;
		return false;
	case LOCAL_ORDERED:
		job->outcome.end = JOB_KILLED;
		return false;
	}
	BUG("local_answer out of range");
}

/* As if it had run. */
static enum run_result give(struct local *l, struct job *job,
			    const struct known *known)
{
	struct output *o = l->cfg.output;
	const struct buf *out = &known->out;

	if (l->cfg.verbose)
		print_command(l, job, true);
	if (out->len && known->to != KNOWN_TO_NOBODY)
		o->ops->append(o, job, known->to == KNOWN_TO_STDOUT
			       ? OUTPUT_OUT : OUTPUT_ERR, out->data, out->len);
	job->outcome.out_bytes = known->to == KNOWN_TO_STDOUT ? out->len : 0;
	job->outcome.has_run = true;
	job->outcome.status = known->status;
	job->outcome.end_ns = clock_run_ns();
	job->outcome.end = JOB_EXITED;
	return RUN_ENDED;
}

/* Another command around the job's. False: there is none, and it is over. */
static bool wrap(struct local *l, struct slot *s, struct job *job,
		 enum run_result *result)
{
	struct launch *launch = &s->launch;
	char *const *argv;

	if (!l->cfg.wrap)
		return true;
	argv = l->cfg.wrap(l->cfg.arg, job, launch->argv, launch->env);
	if (!argv) {
		*result = fail_start(job, "cannot make a file for",
				     job->command, errno);
		return false;
	}
	launch->path = argv[0];
	launch->argv = argv;
	return true;
}

static enum run_result run_here(struct local *l, struct slot *s,
				struct job *job)
{
	enum run_result result = RUN_ENDED;
	bool no_shell;
	int in = -1;

	start_clock(job);
	/* Of a try before. */
	job->message = NULL;
	if (launch_prepare(&s->launch, job) < 0)
		return refuse(job);
	if (l->cfg.ask && !is_wanted(l, job))
		return RUN_ENDED;
	if (l->cfg.trace && !l->cfg.ask)
		print_command(l, job, false);
	if (l->cfg.dry_run)
		return pretend(l, job, true);
	job->outcome.was_left_out = s->launch.skip;
	if (s->launch.skip)
		return pretend(l, job, l->cfg.verbose);
	if (s->launch.is_known)
		return give(l, job, &s->launch.known);
	s->attempt.job = job;
	s->attempt.cfg = &l->cfg;
	if (!take_directory(s, job) || !wrap(l, s, job, &result) ||
	    !take_input(l, s, job, &in, &result))
		return result;
	if (l->cfg.verbose && l->cfg.ungroup)
		announce(l, s, job);
	enter_start(l);
	result = launch(l, s, job, in);
	leave_start(l);
	fd_close(&in);
	s->launch.never_pipes |= result == RUN_AGAIN &&
				 (s->launch.is_fed || s->launch.nfronts);
	if (result == RUN_AGAIN || job->message) {
		feeder_close(&s->attempt.in);
		feeder_remove(job);
	}
	if (result == RUN_AGAIN || job->outcome.end == JOB_UNSTARTED)
		return result;
	/* What could not be announced gets the writer to say why. */
	if (l->cfg.verbose && (!l->cfg.ungroup || s->is_unsaid))
		print_command(l, job, true);
	/* It was no process. */
	if (job->message)
		return result;
	no_shell = s->launch.is_direct || job->is_argv;
	diag_debug(DIAG_PROC, "job %llu: process %ld %s",
		   (unsigned long long)job->seq, (long)s->attempt.child.pid,
		   no_shell ? "without a shell"
		   : s->fast.was_warm ? "in a warm shell" : "in a shell");
	attempt_watch(&s->attempt);
	if (s->launch.nfronts && s->attempt.reason == KILL_NONE)
		pipeline_tell_deaths(&s->attempt, &s->launch);
	drop_cgroup(s);
	feeder_remove(job);
	launch_clean(&s->launch);
	return RUN_ENDED;
}

/* However it ended, and if it never began: nobody may wait for it. */
static enum run_result run_fed(struct local *l, struct slot *s,
			       struct job *job)
{
	bool had_none = s->launch.never_pipes;
	enum run_result result = run_here(l, s, job);

	if (result == RUN_AGAIN && s->launch.never_pipes && !had_none)
		result = run_here(l, s, job);
	if (result == RUN_AGAIN && fast_retreat(&s->fast))
		result = run_here(l, s, job);
	if (job->inlet && result == RUN_ENDED)
		inlet_end(job->inlet);
	return result;
}

/* The directory that all jobs are to have is lent to the job for this try:
 * for the next one it may be another. */
static enum run_result local_run(struct runner *r, void *state,
				 struct job *job)
{
	struct local *l = local_of(r);
	struct slot *s = state;
	enum run_result result;

	if (!l->cfg.cwd || job->cwd)
		return run_fed(l, s, job);
	buf_reset(&s->cwd);
	l->cfg.cwd(l->cfg.arg, job, &s->cwd);
	if (s->cwd.len)
		job->cwd = s->cwd.data;
	result = run_fed(l, s, job);
	job->cwd = NULL;
	return result;
}

static const struct runner_ops local_ops = {
	.slot_open = local_slot_open,
	.slot_close = local_slot_close,
	.run = local_run,
	.interrupt = local_interrupt,
};

struct local *local_new(const struct local_config *config)
{
	struct local *l = xcalloc(1, sizeof(*l));

	l->runner.ops = &local_ops;
	l->cfg = *config;
	mutex_init(&l->lock);
	cond_init(&l->may_start);
	l->devnull = fd_open("/dev/null", O_RDONLY, 0);
	if (l->devnull < 0) {
		free(l);
		return NULL;
	}
	show_init(&l->show, config->verbose && config->ungroup);
	launcher_init(&l->launcher, config->shell, config->template,
		      config->envp, config->force_shell || config->wrap);
	l->launcher.tmpdir = config->tmpdir;
	l->launcher.then = config->then;
	l->launcher.filters = config->filters;
	l->launcher.shell_quote = config->shell_quote;
	l->launcher.want_command = config->want_command || config->dry_run ||
				   config->verbose || config->trace ||
				   config->ask || config->wrap;
	if (config->slot_var)
		launcher_set_slot_var(&l->launcher, config->slot_var);
	fast_init(&l->fast, &l->launcher, config->fast && !config->wrap &&
		  !config->cgroup);
	if (!config->ungroup && !config->cgroup && config->tty < 0)
		launcher_allow_known(&l->launcher);
	l->launcher.may_pipe = !config->ungroup && config->tty < 0;
	return l;
}

struct runner *local_runner(struct local *l)
{
	return &l->runner;
}

const char *local_objection(const struct local *l)
{
	return l->fast.objection;
}

void local_free(struct local *l)
{
	fast_release(&l->fast);
	show_release(&l->show);
	launcher_release(&l->launcher);
	cond_release(&l->may_start);
	mutex_release(&l->lock);
	fd_close(&l->devnull);
	free(l);
}
