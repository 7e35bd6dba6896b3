/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ask.c - see ask.h. */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/thread.h"
#include "sched/job.h"
#include "sched/sink.h"

struct ask {
	struct sink sink;
	int tty;		/* constant */
	bool is_over;		/* nobody answers any more; who asks */

	struct mutex lock;	/* guards what follows */
	struct cond asked;	/* the question that was there is answered */
	struct cond moved;	/* passed has grown */
	bool is_asking;
	uint64_t passed;	/* the highest number that was asked about, or
				   is over */
};

static void pass_locked(struct ask *a, const struct job *job)
{
	if (job->number <= a->passed)
		return;
	a->passed = job->number;
	cond_broadcast(&a->moved);
}

static void job_done(struct sink *s, const struct job *job)
{
	struct ask *a = container_of(s, struct ask, sink);

	mutex_lock(&a->lock);
	pass_locked(a, job);
	mutex_unlock(&a->lock);
}

static const struct sink_ops sink_ops = { .done = job_done };

struct ask *ask_new(struct buf *err)
{
	int tty = fd_open("/dev/tty", O_RDONLY, 0);
	struct ask *a;

	if (tty < 0) {
		buf_addf(err, "--interactive: cannot open '/dev/tty': %s",
			 strerror(errno));
		return NULL;
	}
	a = xcalloc(1, sizeof(*a));
	a->sink.ops = &sink_ops;
	a->tty = tty;
	mutex_init(&a->lock);
	cond_init(&a->asked);
	cond_init(&a->moved);
	return a;
}

void ask_free(struct ask *a)
{
	if (!a)
		return;
	fd_close(&a->tty);
	cond_release(&a->moved);
	cond_release(&a->asked);
	mutex_release(&a->lock);
	free(a);
}

struct sink *ask_sink(struct ask *a)
{
	return &a->sink;
}

/* Adds what can be read now, up to the end of a line. False at its end, or
 * when nobody is there any more. */
static bool read_some(struct ask *a, struct buf *line)
{
	ssize_t n;

	n = fd_read(a->tty, buf_reserve(line, 256), 256);
	if (n <= 0) {
		a->is_over = true;
		return false;
	}
	line->len += (size_t)n;
	line->data[line->len] = '\0';
	return line->data[line->len - 1] != '\n';
}

static enum ask_answer read_answer(struct ask *a, const struct job *job)
{
	struct pollfd p = { .fd = a->tty, .events = POLLIN };
	struct buf line = BUF_INIT;
	const char *s;
	bool is_yes;

	do {
		if (atomic_load(&job->order) != JOB_GO) {
			buf_release(&line);
			return ASK_ORDERED;
		}
	} while (thread_poll(&p, 1, -1) <= 0 || read_some(a, &line));
	s = line.data;
	while (isspace((unsigned char)*s))
		s++;
	is_yes = *s == 'y' || *s == 'Y';
	buf_release(&line);
	return is_yes ? ASK_YES : ASK_NO;
}

static enum ask_answer put_question(struct ask *a, const struct job *job)
{
	struct buf text = BUF_INIT;

	buf_add_visible(&text, job->command, strlen(job->command));
	buf_addstr(&text, " ?...");
	diag_raw(text.data, text.len);
	buf_release(&text);
	return a->is_over ? ASK_NO : read_answer(a, job);
}

enum ask_answer ask_about(struct ask *a, const struct job *job)
{
	enum ask_answer answer;

	mutex_lock(&a->lock);
	while (a->is_asking)
		cond_wait(&a->asked, &a->lock);
	a->is_asking = true;
	mutex_unlock(&a->lock);
	answer = put_question(a, job);
	mutex_lock(&a->lock);
	a->is_asking = false;
	cond_signal(&a->asked);
	pass_locked(a, job);
	mutex_unlock(&a->lock);
	return answer;
}

void ask_await(struct ask *a, uint64_t number)
{
	mutex_lock(&a->lock);
	while (a->passed < number)
		cond_wait(&a->moved, &a->lock);
	mutex_unlock(&a->lock);
}
