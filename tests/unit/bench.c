/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench.c - the local runner under test; see bench.h.
 */
#include <config.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/num.h"
#include "bench.h"
#include "proc/child.h"
#include "proc/sigstate.h"
#include "tap.h"

extern char **environ;

/* In the place of main: tells of ended children where there is no pidfd. */
static void *notify(void *arg)
{
	struct bench *b = arg;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	while (!atomic_load(&b->stop)) {
		if (thread_wait_signal(&set, 5 * NS_PER_MS) == SIGCHLD)
			child_notice();
	}
	return NULL;
}

static int64_t run_timeout(void *arg)
{
	return atomic_load(&((struct bench *)arg)->timeout_ns);
}

struct local_config bench_config(void)
{
	return (struct local_config){
		.shell = "/bin/sh", .envp = environ, .die_with_parent = true,
		.tty = -1,
		.term_seq = { 4, {
			{ SIGTERM, 30 * NS_PER_MS },
			{ SIGTERM, 20 * NS_PER_MS },
			{ SIGTERM, 10 * NS_PER_MS },
			{ SIGKILL, 25 * NS_PER_MS },
		} },
	};
}

void bench_start_with(struct bench *b, const struct local_config *config)
{
	struct local_config c = *config;

	memset(b, 0, sizeof(*b));
	CHECK(fd_setup() == 0);
	sigstate_setup();
	thread_setup();
	child_setup();
	b->f = fake_new_output();
	c.output = &b->f->output;
	c.timeout_ns = run_timeout;
	c.arg = b;
	b->l = local_new(&c);
	if (!CHECK(b->l != NULL))
		abort();
	b->r = local_runner(b->l);
	b->slot = b->r->ops->slot_open(b->r, 1);
	CHECK(thread_start(&b->notifier, 0, notify, b) == 0);
}

void bench_start(struct bench *b)
{
	struct local_config c = bench_config();

	bench_start_with(b, &c);
}

void bench_end(struct bench *b)
{
	atomic_store(&b->stop, true);
	thread_join(&b->notifier);
	b->r->ops->slot_close(b->r, b->slot);
	local_free(b->l);
	fake_free(b->f);
}

void bench_wake(void *arg)
{
	struct bench *b = arg;

	b->r->ops->interrupt(b->r, b->slot);
}

struct job *bench_job(struct bench *b, const char *line)
{
	char *values[] = { (char *)line };
	size_t lens[] = { strlen(line) };
	struct job *job = job_new(++b->seq, values, lens, 1);

	job->slot = 1;
	return job;
}

enum run_result bench_run_job(struct bench *b, struct job *job)
{
	enum run_result r;

	CHECK(b->f->output.ops->begin(&b->f->output, job, true,
				     bench_wake, b));
	r = b->r->ops->run(b->r, b->slot, job);
	b->f->output.ops->end(&b->f->output, job, r == RUN_ENDED);
	return r;
}

struct job_outcome bench_run(struct bench *b, const char *line)
{
	struct job *job = bench_job(b, line);
	struct job_outcome o;

	CHECK_INT(bench_run_job(b, job), RUN_ENDED);
	o = job->outcome;
	job_free(job);
	return o;
}

const struct buf *bench_text(struct bench *b, int stream)
{
	return &b->f->job[b->seq].text[stream];
}

void holder_make(struct holder *h)
{
	snprintf(h->path, sizeof(h->path), "%s/fifo", tap_tmpdir());
	CHECK(mkfifo(h->path, 0600) == 0);
	h->fd = fd_open(h->path, O_RDONLY | O_NONBLOCK, 0);
	CHECK(h->fd >= 0);
}

bool holder_is_held(struct holder *h)
{
	struct pollfd p = { .fd = h->fd, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

const char *holding(struct holder *h, const char *script)
{
	static char line[2048];

	snprintf(line, sizeof(line), "exec 9>'%s'; %s", h->path, script);
	return line;
}

void latch_make(struct latch *l)
{
	snprintf(l->path, sizeof(l->path), "%s/latch", tap_tmpdir());
	CHECK(mkfifo(l->path, 0600) == 0);
	/* With both ends open nobody who opens one has to wait. */
	l->fd = fd_open(l->path, O_RDWR, 0);
	CHECK(l->fd >= 0);
}

void latch_let_go(struct latch *l)
{
	fd_close(&l->fd);
}

struct job_outcome bench_run_for(struct bench *b, const char *line,
				  int64_t timeout_ns)
{
	struct job *job = bench_job(b, line);
	struct job_outcome o;

	job->timeout_ns = timeout_ns;
	CHECK_INT(bench_run_job(b, job), RUN_ENDED);
	o = job->outcome;
	job_free(job);
	return o;
}

void helper_start(struct helper *p, struct bench *b, struct job *job,
			 void *(*fn)(void *))
{
	p->b = b;
	p->job = job;
	CHECK(thread_start(&p->thread, 0, fn, p) == 0);
}

size_t bench_heard(struct bench *b)
{
	size_t n;

	mutex_lock(&b->f->lock);
	n = bench_text(b, 0)->len;
	mutex_unlock(&b->f->lock);
	return n;
}
