/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pipeline.c - see pipeline.h. */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/num.h"
#include "base/thread.h"
#include "runner/attempt.h"
#include "runner/launch.h"
#include "runner/launcher.h"
#include "runner/local.h"
#include "runner/pipeline.h"
#include "sched/job.h"
#include "sched/output.h"

/* Pauses from 1 ms on, each twice the one before, a quarter of a second in
 * all: then the job waits as any other, and the shell gets it. */
#define TRIES_MAX 8

static int open_between(struct job_pipes *p, unsigned n)
{
	int ret = 0;

	fd_fork_lock();
	while (p->n < n && (ret = fd_pipe(p->between[p->n])) == 0)
		p->n++;
	fd_fork_unlock();
	return ret;
}

static void close_between(struct job_pipes *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		fd_close(&p->between[i][0]);
		fd_close(&p->between[i][1]);
	}
}

int job_pipes_open(struct job_pipes *p, struct attempt *a,
		   const struct launch *l, bool captures)
{
	const struct buf *fed = &l->known.out;
	int err;

	*p = (struct job_pipes){ .ends = { -1, -1 }, .fed = -1 };
	if ((!l->is_fed ||
	     feeder_open_data(&a->in, fed->data, fed->len, &p->fed) == 0) &&
	    open_between(p, l->nfronts) == 0 &&
	    (!captures || attempt_open_pipes(a, p->ends) == 0))
		return 0;
	err = errno;
	job_pipes_close(p);
	errno = err;
	return -1;
}

void job_pipes_close(struct job_pipes *p)
{
	fd_close(&p->ends[0]);
	fd_close(&p->ends[1]);
	fd_close(&p->fed);
	close_between(p);
}

static enum spawn_result try_front(struct attempt *a, struct launch *l,
				   unsigned i, struct spawn_request *req)
{
	enum spawn_result r;

	launch_front(l, i);
	launch_fill(l, req);
	r = child_start_part(&a->child, req);
	if (r != SPAWN_NO_EXEC)
		return r;
	/* Whatever the reason, the shell knows how to say it. */
	launch_front_by_shell(l, i);
	launch_fill(l, req);
	return child_start_part(&a->child, req);
}

/* Some are there already: so what is short is asked for again for a moment,
 * unless the job is to end. */
static enum spawn_result start_front(struct attempt *a, struct launch *l,
				     unsigned i, struct spawn_request *req)
{
	enum spawn_result r = try_front(a, l, i, req);

	for (int try = 0; r == SPAWN_NO_PROCESS && try < TRIES_MAX; try++) {
		if (atomic_load(&a->job->order) != JOB_GO)
			break;
		thread_poll(NULL, 0, NS_PER_MS << try);
		r = try_front(a, l, i, req);
	}
	return r;
}

/* They have had no input, and get none any more. */
static void end_parts(struct job_pipes *p, struct attempt *a)
{
	int err = errno;

	close_between(p);
	child_signal(&a->child, SIGKILL);
	while (a->child.nparts && !child_poll(&a->child))
		thread_poll(NULL, 0, NS_PER_MS);
	child_finish(&a->child);
	errno = err;
}

static enum spawn_result start_parts(struct job_pipes *p, struct attempt *a,
				     struct launch *l,
				     const struct spawn_request *req)
{
	struct spawn_request own = *req;
	enum spawn_result r = child_start_group(&a->child, req);

	if (r != SPAWN_OK)
		return r;
	if (l->nfronts)
		own.in = p->between[l->nfronts - 1][0];
	launch_fill(l, &own);
	r = child_start_part(&a->child, &own);
	/* From its neighbour on: who has input is the last to be started. */
	for (unsigned i = l->nfronts; r == SPAWN_OK && i-- > 0;) {
		own.in = i ? p->between[i - 1][0] : req->in;
		own.out = p->between[i][1];
		r = start_front(a, l, i, &own);
	}
	if (r != SPAWN_OK)
		end_parts(p, a);
	return r;
}

enum spawn_result pipeline_start(struct job_pipes *p, struct attempt *a,
				 struct launch *l,
				 const struct spawn_request *req)
{
	struct spawn_request own = *req;

	a->is_behind_pipe = l->is_fed || l->nfronts;
	if (a->is_behind_pipe)
		return start_parts(p, a, l, req);
	launch_fill(l, &own);
	return child_start(&a->child, &own);
}

static const char *core_mark(int status)
{
#ifdef WCOREDUMP
	if (WCOREDUMP(status))
		return " (core dumped)";
#endif
	(void)status;
	return "";
}

/* A signal that shells have something to say about; else 0. */
static int telling_signal(int status)
{
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	return sig == SIGINT || sig == SIGPIPE ? 0 : sig;
}

/* dash: a line for each. */
static void add_line(struct buf *text, int status)
{
	int sig = telling_signal(status);

	if (sig)
		buf_addf(text, "%s%s\n", strsignal(sig), core_mark(status));
}

/* What bash calls the state of a process, in a column of its own; where it is
 * that of the first one, nothing. */
static void add_state(struct buf *text, int status, const int *first)
{
	struct buf state = BUF_INIT;

	if (first && status == *first) {
		buf_addf(text, "%22s", "");
		return;
	}
	if (WIFSIGNALED(status))
		buf_addstr(&state, strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		buf_addf(&state, "Exit %d", WEXITSTATUS(status));
	else
		buf_addstr(&state, "Done");
	buf_addf(text, "%-24s", state.data);
	if (*core_mark(status))
		buf_addf(text, "%s ", core_mark(status) + 1);
	buf_release(&state);
}

static void add_trimmed(struct buf *text, const char *s, size_t len)
{
	while (len && strchr(" \t", *s)) {
		s++;
		len--;
	}
	while (len && strchr(" \t", s[len - 1]))
		len--;
	buf_add(text, s, len);
}

/* They were started from the last to the first. */
static const struct child_part *part_of(const struct child *c,
					const struct launch *l, unsigned i)
{
	return &c->part[l->nfronts - i];
}

/* bash: when the last one has died of it, a line for each process; of SIGTERM
 * no more than its name. */
static void add_list(struct buf *text, const struct child *c,
		     const struct launch *l)
{
	const char *last = l->command.data;
	const int *first = NULL;

	if (!telling_signal(c->wait_status))
		return;
	if (telling_signal(c->wait_status) == SIGTERM) {
		add_line(text, c->wait_status);
		return;
	}
	buf_addf(text, "%s: line 1: ", l->by->shell);
	for (unsigned i = 0; i < l->nfronts; i++) {
		const struct child_part *part = part_of(c, l, i);

		buf_addf(text, "%5ld ", (long)part->pid);
		add_state(text, part->wait_status, first);
		buf_addstr(text, i ? "| " : "");
		add_trimmed(text, l->front[i].text.data, l->front[i].text.len);
		buf_addstr(text, "\n     ");
		first = &part_of(c, l, 0)->wait_status;
	}
	for (size_t bar; last[bar = words_find_pipe(last, strlen(last))];)
		last += bar + 1;
	buf_addf(text, "%5ld ", (long)c->part[0].pid);
	add_state(text, c->wait_status, first);
	buf_addstr(text, "| ");
	add_trimmed(text, last, strlen(last));
	buf_addch(text, '\n');
}

void pipeline_tell_deaths(struct attempt *a, const struct launch *l)
{
	const struct child *c = &a->child;
	struct output *o = a->cfg->output;
	struct buf text = BUF_INIT;

	if (l->by->is_bash) {
		add_list(&text, c, l);
	} else {
		for (unsigned i = 0; i < l->nfronts; i++)
			add_line(&text, part_of(c, l, i)->wait_status);
		add_line(&text, c->wait_status);
	}
	if (text.len)
		o->ops->append(o, a->job, OUTPUT_ERR, text.data, text.len);
	buf_release(&text);
}
