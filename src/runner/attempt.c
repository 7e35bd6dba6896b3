/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attempt.c - see attempt.h. */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "base/affinity.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "proc/cgroup.h"
#include "runner/attempt.h"
#include "runner/local.h"
#include "sched/job.h"
#include "sched/output.h"

#define BUFFER_BYTES	65536

/* After the end of the process, for others that hold its pipes: so long a
 * silence, and in all so much time. */
#define PIPE_GRACE	(50 * NS_PER_MS)
#define PIPE_GRACE_MAX	(500 * NS_PER_MS)

/* So many reads, and more while what was there at the end is not all read. */
#define DRAIN_ROUNDS	32

/* A pipe, without anyone who reads from it. */
#define PIPE_HOLDS	65536

/*
 * Most jobs are short and say little. At first only the process is watched,
 * so that such a job costs one wake-up instead of one for each thing it does;
 * a pipe holds 64 KiB meanwhile. Where the job before has written more than
 * that, so will this one.
 */
#define FIRST_LOOK	(4 * NS_PER_MS)

/* How often to look whether a killed group is gone whose leader is, or
 * whether a process has ended for whose pidfd there was no number. */
#define GROUP_PAUSE	(5 * NS_PER_MS)

/* How often to look whether someone reads a job's FIFO. */
#define FIFO_PAUSE	(2 * NS_PER_MS)

/* What the end of a term sequence without KILL is given before KILL. */
#define KILL_PAUSE	(25 * NS_PER_MS)

void attempt_init(struct attempt *a)
{
	*a = (struct attempt){ .has_pipes = false };
	feeder_init(&a->in);
}

int attempt_open_pipes(struct attempt *a, int ends[2])
{
	int out[2], err[2];

	fd_fork_lock();
	if (fd_pipe(out) < 0)
		goto fail;
	if (fd_pipe(err) < 0)
		goto close_out;
	fd_fork_unlock();
	a->fd[0] = out[0];
	a->fd[1] = err[0];
	a->has_pipes = true;
	ends[0] = out[1];
	ends[1] = err[1];
	return 0;

close_out:
	fd_close(&out[0]);
	fd_close(&out[1]);
fail:
	fd_fork_unlock();
	return -1;
}

void attempt_close_pipes(struct attempt *a)
{
	if (!a->has_pipes)
		return;
	fd_close(&a->fd[0]);
	fd_close(&a->fd[1]);
	a->has_pipes = false;
}

void attempt_release(struct attempt *a)
{
	/* What attempt_watch has noted of this thread. */
	affinity_leave();
	feeder_release(&a->in);
	free(a->buffer);
}

static bool is_open(const struct attempt *a, int stream)
{
	return a->has_pipes && a->fd[stream] >= 0;
}

/* Others than the process may read on after its end: heard as if they wrote. */
static void write_input(struct attempt *a)
{
	if (feeder_write(&a->in))
		a->heard_ns = clock_run_ns();
}

static void heard_output(struct attempt *a, int stream, size_t n)
{
	if (stream == OUTPUT_OUT)
		a->job->outcome.out_bytes += n;
	a->heard_bytes += n;
	a->heard_ns = clock_run_ns();
}

/* Without a copy, if the output can. False: it is to be read. */
static bool pass_stream(struct attempt *a, int stream)
{
	struct output *o = a->cfg->output;
	int64_t n;

	if (stream != OUTPUT_OUT || !o->ops->pass)
		return false;
	n = o->ops->pass(o, a->job, a->fd[stream], &a->full);
	if (n > 0)
		heard_output(a, stream, (size_t)n);
	if (n == OUTPUT_LOST) {
		a->read_err = errno;
		fd_close(&a->fd[stream]);
		return true;
	}
	/* Once the process has ended, what it has written must not wait. */
	if (n == 0 && a->child.has_ended) {
		a->full = -1;
		return false;
	}
	return n >= 0;
}

/* One read; poll has said that it does not block. */
static void read_stream(struct attempt *a, int stream)
{
	struct output *o = a->cfg->output;
	size_t room = BUFFER_BYTES;
	char *to = NULL;
	ssize_t n;

	if (stream == OUTPUT_OUT && o->ops->reserve &&
	    a->job->outcome.out_bytes >= PIPE_HOLDS)
		to = o->ops->reserve(o, a->job, stream, &room);
	if (!to && !a->buffer)
		a->buffer = xmalloc(BUFFER_BYTES);
	n = fd_read(a->fd[stream], to ? to : a->buffer, room);
	if (n < 0)
		a->read_err = errno;
	if (to)
		o->ops->commit(o, a->job, stream, n > 0 ? (size_t)n : 0);
	else if (n > 0)
		o->ops->append(o, a->job, stream, a->buffer, (size_t)n);
	if (n > 0)
		heard_output(a, stream, (size_t)n);
	else
		fd_close(&a->fd[stream]);
}

/* POLLHUP without POLLIN: nobody writes any more, and all is read. */
static void serve_stream(struct attempt *a, int stream, short revents)
{
	if ((revents & POLLIN) && pass_stream(a, stream))
		return;
	if (revents & POLLIN)
		read_stream(a, stream);
	else if (revents)
		fd_close(&a->fd[stream]);
}

/* How many bytes wait in the pipes, as far as it can be known. */
static uint64_t waiting_bytes(const struct attempt *a)
{
	uint64_t all = 0;

	for (int i = 0; i < 2; i++) {
		int n;

		if (is_open(a, i) && ioctl(a->fd[i], FIONREAD, &n) == 0)
			all += (uint64_t)n;
	}
	return all;
}

/* Reads what is in the pipes now, after the end of the process; but someone
 * who goes on writing must not keep us here. */
static void drain(struct attempt *a)
{
	uint64_t until = a->heard_bytes + waiting_bytes(a);
	struct pollfd p[2];
	bool more = true;

	a->full = -1;
	for (int round = 0; more; round++) {
		if (round >= DRAIN_ROUNDS && a->heard_bytes >= until)
			return;
		more = false;
		for (int i = 0; i < 2; i++)
			p[i] = (struct pollfd){
				.fd = is_open(a, i) ? a->fd[i] : -1,
				.events = POLLIN,
			};
		if (p[0].fd < 0 && p[1].fd < 0)
			return;
		if (poll(p, 2, 0) <= 0)
			return;
		for (int i = 0; i < 2; i++) {
			bool data = p[i].revents & POLLIN;

			if (p[i].fd < 0 || !p[i].revents)
				continue;
			serve_stream(a, i, p[i].revents);
			more |= data;
		}
	}
}

/* Killing. */

static int64_t timeout_of(const struct attempt *a)
{
	int64_t own = a->job->timeout_ns;

	return own >= 0 ? own : a->cfg->timeout_ns(a->cfg->arg);
}

static void begin_kill(struct attempt *a, enum kill_reason reason, int64_t now)
{
	pid_t part[CHILD_PARTS_MAX];
	unsigned n;

	if (a->reason != KILL_NONE)
		return;
	a->reason = reason;
	a->stage = 0;
	a->next_ns = now;
	a->has_looked = false;
	if (!a->cfg->kill_tree)
		return;
	/* Before the first signal: who loses its parent is harder to find. */
	tree_init(&a->tree, a->child.pid, !a->child.same_group,
		  a->job->number);
	n = child_list_parts(&a->child, part);
	for (unsigned i = 0; i < n; i++)
		tree_add_root(&a->tree, part[i]);
	tree_look(&a->tree);
}

/* To all there is of the job. */
static void send_signal(struct attempt *a, int sig)
{
	child_signal(&a->child, sig);
	if (a->cgroup && sig == SIGKILL)
		cgroup_kill(a->cgroup);
	if (!a->cfg->kill_tree)
		return;
	if (sig == SIGKILL)
		tree_kill(&a->tree);
	else
		tree_signal(&a->tree, sig);
}

static void send_kill(struct attempt *a, int64_t now)
{
	send_signal(a, SIGKILL);
	a->sent_kill = true;
	a->stage = a->cfg->term_seq.n;
	a->next_ns = now + KILL_PAUSE;
}

/* Sends what is due of the term sequence, at its end KILL. */
static void step_kill(struct attempt *a, int64_t now)
{
	const struct term_seq *seq = &a->cfg->term_seq;

	while (!a->sent_kill && now >= a->next_ns) {
		int sig;

		if (a->stage >= seq->n) {
			send_kill(a, now);
			return;
		}
		sig = seq->stage[a->stage].signal;
		send_signal(a, sig);
		a->sent_kill = sig == SIGKILL;
		/* A stopped process takes its signals when it goes on. */
		if (!a->sent_kill)
			send_signal(a, SIGCONT);
		a->next_ns = now + seq->stage[a->stage++].wait_ns;
	}
}

static void obey(struct attempt *a, int64_t now)
{
	int order = atomic_load_explicit(&a->job->order, memory_order_acquire);
	int64_t timeout = timeout_of(a);

	if (!a->child.has_ended && a->reason == KILL_NONE) {
		if (order >= JOB_STOP)
			begin_kill(a, KILL_ORDER, now);
		else if (timeout > 0 &&
			 now - a->job->outcome.start_ns >= timeout)
			begin_kill(a, KILL_TIMEOUT, now);
	}
	if (a->reason == KILL_NONE)
		return;
	if (order >= JOB_KILL && !a->sent_kill)
		send_kill(a, now);
	else
		step_kill(a, now);
}

/* Someone outside the group? What lost its parent only now is found by one
 * more look. */
static bool tree_lives_on(struct attempt *a)
{
	if (!a->cfg->kill_tree)
		return false;
	if (tree_lives(&a->tree))
		return true;
	if (a->has_looked)
		return false;
	a->has_looked = true;
	return tree_look(&a->tree);
}

/* Is someone of a killed job still to be waited for? */
static bool resists(struct attempt *a, int64_t now)
{
	if (a->reason == KILL_NONE ||
	    (!child_group_lives(&a->child) && !tree_lives_on(a)))
		return false;
	return !a->sent_kill || now < a->next_ns;
}

static bool may_read(struct attempt *a)
{
	struct output *o = a->cfg->output;

	return (is_open(a, 0) || is_open(a, 1)) && o->ops->room(o, a->job);
}

static bool is_over(struct attempt *a, int64_t now)
{
	if (!a->child.has_ended || resists(a, now))
		return false;
	/* What the process has written counts, room or not. */
	if (!a->is_drained || may_read(a))
		drain(a);
	a->is_drained = true;
	if (feeder_is_busy(&a->in))
		write_input(a);
	if (!is_open(a, 0) && !is_open(a, 1) && !feeder_is_busy(&a->in))
		return true;
	return now - a->heard_ns >= PIPE_GRACE ||
	       now - a->ended_ns >= PIPE_GRACE_MAX;
}

/* The earliest of two moments, of which a negative one is never. */
static int64_t earlier(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

static int64_t next_moment(const struct attempt *a, int64_t now)
{
	int64_t timeout = timeout_of(a);
	int64_t next = -1;

	if (a->reason != KILL_NONE) {
		if (!a->sent_kill)
			next = a->next_ns;
		if (a->child.has_ended)
			next = earlier(next, now + GROUP_PAUSE);
	} else if (timeout > 0 && !a->child.has_ended) {
		next = a->job->outcome.start_ns + timeout;
	}
	/* Behind that moment only those who resist are waited for. */
	if (a->child.has_ended && a->heard_ns + PIPE_GRACE > now)
		next = earlier(next, a->heard_ns + PIPE_GRACE);
	if (a->child.pidfd < 0 && !CHILD_NEEDS_SIGCHLD && !a->child.has_ended)
		next = earlier(next, now + GROUP_PAUSE);
	if (feeder_is_waiting(&a->in) && !a->child.has_ended)
		next = earlier(next, now + FIFO_PAUSE);
	if (a->first_look)
		next = earlier(next, a->job->outcome.start_ns + FIRST_LOOK);
	else if (affinity_is_at_stake())
		next = earlier(next, a->job->outcome.start_ns +
				     AFFINITY_SHORT_NS);
	return next;
}

/* Has the process ended? */
static void look(struct attempt *a)
{
	if (a->child.has_ended || !child_poll(&a->child))
		return;
	a->ended_ns = clock_run_ns();
	a->heard_ns = a->ended_ns;
}

/* Waits for the process, its output, a wake or the next moment. */
static void wait_event(struct attempt *a, int64_t now)
{
	bool read = !a->first_look && may_read(a);
	int64_t next = next_moment(a, now);
	struct pollfd p[5];
	int n;

	for (int i = 0; i < 2; i++)
		p[i] = (struct pollfd){
			.fd = read && is_open(a, i) ? a->fd[i] : -1,
			.events = POLLIN,
		};
	if (a->full >= 0)
		p[0].fd = -1;
	p[2] = (struct pollfd){
		.fd = a->child.has_ended ? -1 : a->child.pidfd,
		.events = POLLIN,
	};
	p[3] = (struct pollfd){
		.fd = a->in.fd,
		/* Without it, still that nobody reads any more. */
		.events = feeder_has_data(&a->in) ? POLLOUT : 0,
	};
	p[4] = (struct pollfd){ .fd = a->full, .events = POLLOUT };
	if (next >= 0)
		next = next > now ? next - now : 0;
	n = thread_poll(p, 5, next);
	a->first_look = false;
	if (n > 0 && p[4].revents) {
		a->full = -1;
		serve_stream(a, 0, POLLIN);
	}
	for (int i = 0; n > 0 && i < 2; i++) {
		if (p[i].fd >= 0 && p[i].revents)
			serve_stream(a, i, p[i].revents);
	}
	if (feeder_is_waiting(&a->in) || (n > 0 && p[3].revents))
		write_input(a);
	if (n > 0 && p[2].revents)
		look(a);
}

static void judge(struct attempt *a)
{
	struct job_outcome *o = &a->job->outcome;
	int status = a->child.wait_status;

	o->has_run = true;
	o->end_ns = a->ended_ns;
	o->user_ns = a->child.usage.user_ns;
	o->system_ns = a->child.usage.system_ns;
	o->rss_bytes = a->child.usage.rss_bytes;
	o->status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	o->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
#ifdef WCOREDUMP
	o->core_dumped = WIFSIGNALED(status) && WCOREDUMP(status);
#endif
	if (a->is_behind_pipe && o->signal && a->reason == KILL_NONE) {
		o->status = 128 + o->signal;
		o->signal = 0;
		o->core_dumped = false;
	}
	switch (a->reason) {
	case KILL_NONE:
		o->end = a->read_err || a->in.err ? JOB_LOST
			 : o->signal ? JOB_SIGNALED : JOB_EXITED;
		break;
	case KILL_TIMEOUT:
		o->end = JOB_TIMEOUT;
		break;
	case KILL_ORDER:
		o->end = JOB_KILLED;
		break;
	}
}

static void tell_lost(const struct attempt *a)
{
	struct buf text = BUF_INIT;

	if (a->read_err)
		buf_addf(&text, "what it printed could not be read: %s",
			 strerror(a->read_err));
	else
		buf_addf(&text, "its block could not be read: %s",
			 a->in.err == ENODATA ? "the file has become shorter"
					      : strerror(a->in.err));
	a->job->message = arena_strdup(&a->job->arena, text.data);
	buf_release(&text);
}

static bool is_long(const struct attempt *a, int64_t now)
{
	return now - a->job->outcome.start_ns >= AFFINITY_SHORT_NS;
}

void attempt_watch(struct attempt *a)
{
	int64_t now;

	a->reason = KILL_NONE;
	a->sent_kill = false;
	a->is_drained = false;
	a->full = -1;
	a->first_look = a->child.pidfd >= 0 && !feeder_is_busy(&a->in) &&
			!a->was_bulky;
	a->read_err = 0;
	for (;;) {
		/* Without a pidfd, any wake may mean that it has ended; and
		 * it may have before anyone could be told. */
		if (a->child.pidfd < 0)
			look(a);
		now = clock_run_ns();
		if (is_long(a, now))
			affinity_leave();
		obey(a, now);
		if (is_over(a, now))
			break;
		wait_event(a, now);
		child_lasts(&a->child);
	}
	if (!is_long(a, now))
		affinity_note_short();
	a->was_bulky = a->job->outcome.out_bytes >= PIPE_HOLDS;
	attempt_close_pipes(a);
	if (a->job->inlet)
		a->job->data_len = a->in.taken;
	feeder_close(&a->in);
	/* Also what no walk has found. */
	if (a->cgroup && a->reason != KILL_NONE)
		cgroup_kill(a->cgroup);
	child_finish(&a->child);
	tree_release(&a->tree);
	judge(a);
	if (a->read_err || a->in.err)
		tell_lost(a);
	/* The next one may have no block. */
	a->in.err = 0;
}
