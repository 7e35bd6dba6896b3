/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * perl.c - see perl.h.
 *
 * Perl has one end of a pair of sockets for its standard input and moves it
 * out of the way, close-on-exec, before it runs anything; its output and
 * errors are ours. Who asks holds the lock from the request to the answer, and
 * waits no longer than the patience allows. The one who finds that perl is
 * gone, or ends it, reaps it on the spot and leaves word of that to all who
 * come later. Our end of the pair stays open until perl_free: so perl_stop may
 * shut it down at any time, which is what wakes a waiter.
 */
#include <config.h>

#include "perl.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "input/eval.h"
#include "proc/child.h"
#include "proc/shell.h"
#include "proc/term.h"

#define PATIENCE	(60 * NS_PER_SEC)
/* For a perl that has no reason to go on; and for one that has hung up: how it
 * ends is to be told. */
#define END_PATIENCE	(1 * NS_PER_SEC)
#define HANGUP_PATIENCE	(10 * NS_PER_SEC)
#define LOOK_EVERY	(10 * NS_PER_MS)
/* No answer is longer. */
#define ANSWER_MAX	((size_t)1 << 30)

enum perl_state { PERL_UNSTARTED, PERL_RUNS, PERL_GONE };

struct perl {
	struct eval_perl eval;
	struct perl_config cfg;
	struct thread creator;
	atomic_int fd;		/* our end; -1: none yet */
	atomic_bool is_stopped;

	struct mutex lock;	/* guards all that follows */
	enum perl_state state;
	struct child child;
	struct buf gone;	/* how it ended */
	struct buf request;
	struct buf answer;
};

/* What stands in an answer. */
struct answer {
	bool is_error;
	const char *text;
	size_t len;
	unsigned wishes;
};

/* Its end */

static bool await_end(struct perl *p, int64_t patience_ns)
{
	int64_t end = clock_now_ns() + patience_ns;
	struct pollfd fd = { .fd = p->child.pidfd, .events = POLLIN };

	while (!child_poll(&p->child)) {
		if (clock_now_ns() >= end)
			return false;
		thread_poll(&fd, 1, LOOK_EVERY);
	}
	return true;
}

/* Reaps it, by force if need be. */
static void end_child(struct perl *p, int64_t patience_ns)
{
	if (!await_end(p, patience_ns)) {
		child_signal(&p->child, SIGKILL);
		child_signal(&p->child, SIGCONT);
	}
	child_finish(&p->child);
	p->state = PERL_GONE;
}

/* It has hung up: says why. */
static void note_end(struct perl *p)
{
	int status;

	end_child(p, atomic_load(&p->is_stopped) ? END_PATIENCE
						 : HANGUP_PATIENCE);
	status = p->child.wait_status;
	if (atomic_load(&p->is_stopped))
		buf_addstr(&p->gone, "the run is being stopped");
	else if (WIFSIGNALED(status))
		buf_addf(&p->gone, "perl was killed by SIG%s",
			 signal_name(WTERMSIG(status)));
	else
		buf_addf(&p->gone, "perl has ended with exit status %d",
			 WEXITSTATUS(status));
}

static void note_stuck(struct perl *p)
{
	end_child(p, 0);
	buf_addf(&p->gone, "perl gave no answer in %lld seconds",
		 (long long)(p->cfg.patience_ns / NS_PER_SEC));
}

/* Its life */

static int make_pair(int ends[2])
{
	int ret = -1;

	fd_fork_lock();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0)
		ret = 0;
	fd_fork_unlock();
	if (ret == 0 && fd_set_nonblock(ends[0]) < 0) {
		fd_close(&ends[0]);
		fd_close(&ends[1]);
		ret = -1;
	}
	return ret;
}

static int start_child(struct perl *p, const char *path, int in)
{
	char *argv[] = {
		(char *)"perl", (char *)"-e", (char *)perl_text, NULL,
	};
	struct spawn_request req = {
		.path = path, .argv = argv, .envp = p->cfg.envp,
		.in = in, .out = 1, .err = 2,
		/* Else it would die with a worker that is no longer needed;
		 * it sees the end of its input all the same. */
		.die_with_parent = thread_is_self(p->creator),
	};

	if (child_start(&p->child, &req) != SPAWN_OK)
		return -1;
	child_disown(&p->child);
	return 0;
}

/* 0; -1 with p->gone set, or not when there is no perl. */
static int start(struct perl *p)
{
	char path[PATH_MAX];
	int ends[2];
	int ret = -1;

	if (!p->cfg.path ||
	    path_find("perl", p->cfg.path, path, sizeof(path)) < 0)
		return -1;
	if (make_pair(ends) == 0) {
		ret = start_child(p, path, ends[1]);
		fd_close(&ends[1]);
		/* Also when it failed: it is closed with the rest. */
		atomic_store(&p->fd, ends[0]);
	}
	if (ret < 0) {
		buf_addf(&p->gone, "cannot start '%s': %s", path,
			 strerror(errno));
		p->state = PERL_GONE;
		return -1;
	}
	p->state = PERL_RUNS;
	return 0;
}

/* Talking */

static void add_length(struct buf *b, size_t n)
{
	char bytes[4];

	for (int i = 0; i < 4; i++)
		bytes[i] = (char)(n >> (24 - 8 * i) & 0xff);
	buf_add(b, bytes, 4);
}

static void add_field(struct buf *b, const char *s, size_t len)
{
	add_length(b, len);
	buf_add(b, s, len);
}

static void add_number(struct buf *b, uint64_t n)
{
	struct buf digits = BUF_INIT;

	buf_addu(&digits, n);
	add_field(b, digits.data, digits.len);
	buf_release(&digits);
}

static size_t length_at(const char *s)
{
	size_t n = 0;

	for (int i = 0; i < 4; i++)
		n = n << 8 | (unsigned char)s[i];
	return n;
}

static void make_request(struct buf *b, const char *what, const char *code,
			 size_t len, const struct eval_job *job)
{
	size_t body;

	buf_reset(b);
	add_length(b, 0);
	add_field(b, what, strlen(what));
	add_field(b, code, len);
	add_field(b, job->value, strlen(job->value));
	add_number(b, job->seq);
	add_number(b, job->slot);
	add_number(b, job->total);
	add_number(b, job->most);
	add_number(b, job->ntexts);
	for (size_t i = 0; i < job->ntexts; i++)
		add_field(b, job->texts[i], strlen(job->texts[i]));
	for (size_t i = 0; i < job->n; i++)
		add_field(b, job->values[i], strlen(job->values[i]));
	body = b->len - 4;
	for (int i = 0; i < 4; i++)
		b->data[i] = (char)(body >> (24 - 8 * i) & 0xff);
}

/* Waits until it can be gone on with; -1 when that took too long. */
static int await(struct perl *p, short events, int64_t deadline_ns)
{
	struct pollfd fd = { .fd = atomic_load(&p->fd), .events = events };
	int64_t left = deadline_ns - clock_run_ns();

	if (left <= 0)
		return -1;
	/* Woken or not, who called tries again. */
	thread_poll(&fd, 1, left);
	return 0;
}

/* One of send and recv has failed: 0 to try again, -1 when perl is gone. */
static int go_on(struct perl *p, short events, int64_t deadline_ns)
{
	if (errno == EINTR)
		return 0;
	if (errno != EAGAIN && errno != EWOULDBLOCK) {
		note_end(p);
		return -1;
	}
	if (await(p, events, deadline_ns) == 0)
		return 0;
	note_stuck(p);
	return -1;
}

static int send_request(struct perl *p, int64_t deadline_ns)
{
	const struct buf *b = &p->request;
	size_t at = 0;

	while (at < b->len) {
		ssize_t n = send(atomic_load(&p->fd), b->data + at,
				 b->len - at, MSG_NOSIGNAL);

		if (n > 0)
			at += (size_t)n;
		else if (go_on(p, POLLOUT, deadline_ns) < 0)
			return -1;
	}
	return 0;
}

/* Adds so many bytes to the answer. */
static int receive(struct perl *p, size_t len, int64_t deadline_ns)
{
	struct buf *b = &p->answer;
	char bytes[16384];

	while (len > 0) {
		ssize_t n = recv(atomic_load(&p->fd), bytes,
				 len < sizeof(bytes) ? len : sizeof(bytes), 0);

		if (n > 0) {
			buf_add(b, bytes, (size_t)n);
			len -= (size_t)n;
			continue;
		}
		if (n == 0)
			errno = ECONNRESET;
		if (go_on(p, POLLIN, deadline_ns) < 0)
			return -1;
	}
	return 0;
}

/* The next field from *at on; false: there is none. */
static bool take_field(const struct buf *b, size_t *at, const char **s,
		       size_t *len)
{
	if (b->len - *at < 4)
		return false;
	*len = length_at(b->data + *at);
	*at += 4;
	if (b->len - *at < *len)
		return false;
	*s = b->data + *at;
	*at += *len;
	return true;
}

static bool take_answer(const struct buf *b, struct answer *a)
{
	const char *error, *uq, *skip;
	size_t at = 0;
	size_t nerror, nuq, nskip;

	if (!take_field(b, &at, &error, &nerror) ||
	    !take_field(b, &at, &a->text, &a->len) ||
	    !take_field(b, &at, &uq, &nuq) ||
	    !take_field(b, &at, &skip, &nskip))
		return false;
	a->is_error = nerror != 1 || *error != '0';
	a->wishes = (nuq == 1 && *uq == '1' ? EVAL_UNQUOTED : 0) |
		    (nskip == 1 && *skip == '1' ? EVAL_SKIP : 0);
	return true;
}

/* With the lock held; -1 when perl is gone. */
static int talk(struct perl *p, struct answer *a)
{
	int64_t deadline_ns = clock_run_ns() + p->cfg.patience_ns;
	size_t len;

	buf_reset(&p->answer);
	if (send_request(p, deadline_ns) < 0 ||
	    receive(p, 4, deadline_ns) < 0)
		return -1;
	len = length_at(p->answer.data);
	buf_reset(&p->answer);
	if (len <= ANSWER_MAX && receive(p, len, deadline_ns) < 0)
		return -1;
	if (len <= ANSWER_MAX && take_answer(&p->answer, a))
		return 0;
	end_child(p, 0);
	buf_addstr(&p->gone, "perl gave an answer that cannot be understood");
	return -1;
}

static int ask_locked(struct perl *p, const char *what, const char *code,
		      size_t len, const struct eval_job *job,
		      struct answer *a, struct buf *err)
{
	if (p->state == PERL_UNSTARTED && start(p) < 0) {
		buf_addstr(err, p->gone.data);
		return -1;
	}
	if (p->state == PERL_RUNS) {
		/* After a stop that came before there was an fd. */
		if (atomic_load(&p->is_stopped))
			perl_stop(p);
		make_request(&p->request, what, code, len, job);
		if (talk(p, a) == 0 && !a->is_error)
			return 0;
	}
	buf_addstr(err, p->state == PERL_RUNS ? "perl: " : "");
	if (p->state == PERL_RUNS)
		buf_add_visible(err, a->text, a->len);
	else
		buf_addstr(err, p->gone.data);
	return -1;
}

static int check(struct eval_perl *eval, const char *code, size_t len,
		 struct buf *err)
{
	struct perl *p = container_of(eval, struct perl, eval);
	struct eval_job none = { .value = "" };
	struct answer a = { .len = 0 };
	int ret;

	mutex_lock(&p->lock);
	ret = ask_locked(p, "check", code, len, &none, &a, err);
	mutex_unlock(&p->lock);
	return ret;
}

static int run_code(struct eval_perl *eval, const char *code, size_t len,
		    const struct eval_job *job, bool is_test, struct buf *out,
		    unsigned *wishes, struct buf *err)
{
	struct perl *p = container_of(eval, struct perl, eval);
	struct answer a = { .len = 0 };
	int ret;

	mutex_lock(&p->lock);
	ret = ask_locked(p, is_test ? "test" : "run", code, len, job, &a, err);
	if (ret == 0)
		*wishes |= a.wishes;
	if (ret == 0 && is_test)
		ret = a.len == 1 && *a.text == '1';
	else if (ret == 0)
		buf_add(out, a.text, a.len);
	mutex_unlock(&p->lock);
	return ret;
}

static const struct eval_perl_ops ops = { .check = check, .run = run_code };

struct perl *perl_new(const struct perl_config *config)
{
	struct perl *p = xcalloc(1, sizeof(*p));

	p->cfg = *config;
	if (!p->cfg.patience_ns)
		p->cfg.patience_ns = PATIENCE;
	p->eval.ops = &ops;
	p->creator = thread_self();
	atomic_store(&p->fd, -1);
	mutex_init(&p->lock);
	buf_init(&p->gone);
	buf_init(&p->request);
	buf_init(&p->answer);
	return p;
}

struct eval_perl *perl_eval(struct perl *p)
{
	return &p->eval;
}

void perl_stop(struct perl *p)
{
	int fd;

	if (!p)
		return;
	atomic_store(&p->is_stopped, true);
	fd = atomic_load(&p->fd);
	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
}

void perl_free(struct perl *p)
{
	int fd;

	if (!p)
		return;
	perl_stop(p);
	if (p->state == PERL_RUNS)
		end_child(p, END_PATIENCE);
	fd = atomic_load(&p->fd);
	fd_close(&fd);
	mutex_release(&p->lock);
	buf_release(&p->gone);
	buf_release(&p->request);
	buf_release(&p->answer);
	free(p);
}
