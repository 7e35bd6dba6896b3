/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_attempt.c - real processes run by the local runner, their output into
 * a fake one.
 *
 * No case depends on how fast the machine is: what is to be killed would run
 * for minutes, and what is waited for comes.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/fdio.h"
#include "base/num.h"
#include "fake.h"
#include "proc/child.h"
#include "proc/sigstate.h"
#include "runner/local.h"
#include "tap.h"

extern char **environ;

struct bench {
	struct fake *f;
	struct local *l;
	struct runner *r;
	void *slot;
	_Atomic int64_t timeout_ns;	/* the run's */
	uint64_t seq;
	struct thread notifier;
	atomic_bool stop;
};

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

static struct local_config plain_config(void)
{
	return (struct local_config){
		.shell = "/bin/sh", .envp = environ, .die_with_parent = true,
		.term_seq = { 4, {
			{ SIGTERM, 30 * NS_PER_MS },
			{ SIGTERM, 20 * NS_PER_MS },
			{ SIGTERM, 10 * NS_PER_MS },
			{ SIGKILL, 25 * NS_PER_MS },
		} },
	};
}

static void set_up(struct bench *b, const struct local_config *config)
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

static void start(struct bench *b)
{
	struct local_config c = plain_config();

	set_up(b, &c);
}

static void tear_down(struct bench *b)
{
	atomic_store(&b->stop, true);
	thread_join(&b->notifier);
	b->r->ops->slot_close(b->r, b->slot);
	local_free(b->l);
	fake_free(b->f);
}

static void wake(void *arg)
{
	struct bench *b = arg;

	b->r->ops->interrupt(b->r, b->slot);
}

static struct job *make(struct bench *b, const char *line)
{
	char *values[] = { (char *)line };
	size_t lens[] = { strlen(line) };
	struct job *job = job_new(++b->seq, values, lens, 1);

	job->slot = 1;
	return job;
}

static enum run_result run_job(struct bench *b, struct job *job)
{
	enum run_result r;

	CHECK(b->f->output.ops->begin(&b->f->output, job, true, wake, b));
	r = b->r->ops->run(b->r, b->slot, job);
	b->f->output.ops->end(&b->f->output, job, r == RUN_ENDED);
	return r;
}

/* Runs a line; the outcome, and what it wrote in text[]. */
static struct job_outcome run(struct bench *b, const char *line)
{
	struct job *job = make(b, line);
	struct job_outcome o;

	CHECK_INT(run_job(b, job), RUN_ENDED);
	o = job->outcome;
	job_free(job);
	return o;
}

static const struct buf *text(struct bench *b, int stream)
{
	return &b->f->job[b->seq].text[stream];
}

/* A pipe with a name, which processes of a job can hold open. */
struct holder {
	char path[600];
	int fd;
};

static void holder_make(struct holder *h)
{
	snprintf(h->path, sizeof(h->path), "%s/fifo", tap_tmpdir());
	CHECK(mkfifo(h->path, 0600) == 0);
	h->fd = fd_open(h->path, O_RDONLY | O_NONBLOCK, 0);
	CHECK(h->fd >= 0);
}

static bool holder_is_held(struct holder *h)
{
	struct pollfd p = { .fd = h->fd, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

/* By which many scripts begin: descriptor 9 holds it. */
static const char *holding(struct holder *h, const char *script)
{
	static char line[2048];

	snprintf(line, sizeof(line), "exec 9>'%s'; %s", h->path, script);
	return line;
}

/* The reverse: "cat PATH" lasts until it is let go, on any system. */
struct latch {
	char path[600];
	int fd;
};

static void latch_make(struct latch *l)
{
	snprintf(l->path, sizeof(l->path), "%s/latch", tap_tmpdir());
	CHECK(mkfifo(l->path, 0600) == 0);
	/* With both ends open nobody who opens one has to wait. */
	l->fd = fd_open(l->path, O_RDWR, 0);
	CHECK(l->fd >= 0);
}

static void latch_let_go(struct latch *l)
{
	fd_close(&l->fd);
}

/* How it ends. */

static void exits(void)
{
	struct job_outcome o;
	struct bench b;

	start(&b);
	o = run(&b, "echo out; echo err >&2; exit 3");
	CHECK_INT(o.end, JOB_EXITED);
	CHECK_INT(o.status, 3);
	CHECK_INT(o.signal, 0);
	CHECK_STR(text(&b, 0)->data, "out\n");
	CHECK_STR(text(&b, 1)->data, "err\n");
	CHECK_INT(o.out_bytes, 4);
	o = run(&b, "true");
	CHECK_INT(o.end, JOB_EXITED);
	CHECK_INT(o.status, 0);
	tear_down(&b);
}

static void is_signaled(void)
{
	struct job_outcome o;
	struct bench b;

	start(&b);
	o = run(&b, "kill -9 $$");
	CHECK_INT(o.end, JOB_SIGNALED);
	CHECK_INT(o.signal, 9);
	CHECK_INT(o.status, 0);
	tear_down(&b);
}

static void times(void)
{
	struct job_outcome o;
	struct bench b;
	int64_t before = clock_run_ns();
	int64_t wall = clock_wall_ns();

	start(&b);
	o = run(&b, "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done");
	CHECK(o.start_ns >= before);
	CHECK(o.end_ns > o.start_ns);
	CHECK(o.end_ns <= clock_run_ns());
	CHECK(o.start_wall_ns >= wall);
#ifdef HAVE_WAIT4
	CHECK(o.user_ns + o.system_ns > 0);
	CHECK(o.rss_bytes > 100000);
#endif
	tear_down(&b);
}

static void no_shell(void)
{
	struct local_config c = plain_config();
	struct job *job;
	struct bench b;

	c.shell = "/no/such/shell";
	set_up(&b, &c);
	job = make(&b, "echo $HOME");
	CHECK_INT(run_job(&b, job), RUN_ENDED);
	CHECK_INT(job->outcome.end, JOB_UNSTARTED);
	CHECK_INT(job->outcome.err, ENOENT);
	CHECK(job->message && strstr(job->message, "/no/such/shell"));
	job_free(job);
	tear_down(&b);
}

static void too_long(void)
{
	static char line[4 << 20];
	struct job *job;
	struct bench b;

	start(&b);
	memset(line, 'x', sizeof(line) - 1);
	memcpy(line, "echo $X ", 8);
	job = make(&b, line);
	CHECK_INT(run_job(&b, job), RUN_ENDED);
	CHECK_INT(job->outcome.end, JOB_UNSTARTED);
	CHECK_INT(job->outcome.err, E2BIG);
	CHECK(job->message && strstr(job->message, "4194303 bytes"));
	job_free(job);
	/* The next one is not touched by it. */
	CHECK_INT(run(&b, "exit 2").status, 2);
	tear_down(&b);
}

/* Without descriptors nothing is run, and the job can be tried again. */
static void no_descriptors(void)
{
	struct rlimit old, small;
	struct job *job;
	struct bench b;

	start(&b);
	run(&b, "true");
	getrlimit(RLIMIT_NOFILE, &old);
	small = old;
	small.rlim_cur = 3;
	setrlimit(RLIMIT_NOFILE, &small);
	job = make(&b, "echo hi");
	CHECK_INT(run_job(&b, job), RUN_AGAIN);
	CHECK_INT(job->outcome.err, EMFILE);
	setrlimit(RLIMIT_NOFILE, &old);
	CHECK_INT(run_job(&b, job), RUN_ENDED);
	CHECK_INT(job->outcome.end, JOB_EXITED);
	job_free(job);
	CHECK_STR(text(&b, 0)->data, "hi\n");
	tear_down(&b);
}

/* Output. */

static void much_output(void)
{
	struct bench b;

	start(&b);
	run(&b, "head -c 1048576 /dev/zero; head -c 1000000 /dev/zero >&2;"
		" echo end");
	CHECK_INT(text(&b, 0)->len, 1048576 + 4);
	CHECK_INT(text(&b, 1)->len, 1000000);
	CHECK_STR(text(&b, 0)->data + 1048576, "end\n");
	tear_down(&b);
}

/* What was written before the end counts, though others still hold the pipe,
 * and for as long as the case runs. */
static void daemon_holds_the_pipe(void)
{
	struct holder h;
	struct latch l;
	struct bench b;
	char script[800];

	start(&b);
	holder_make(&h);
	latch_make(&l);
	snprintf(script, sizeof(script),
		 "cat '%s' & head -c 60000 /dev/zero; exit 4", l.path);
	CHECK_INT(run(&b, holding(&h, script)).status, 4);
	CHECK_INT(text(&b, 0)->len, 60000);
	CHECK(holder_is_held(&h));
#ifdef HAVE_SUBREAPER
	child_end_leftovers(0);
	CHECK(!holder_is_held(&h));
#endif
	latch_let_go(&l);
	tear_down(&b);
}

/* One that goes on writing does not keep the job from ending. */
static void daemon_writes_on(void)
{
	struct bench b;

	start(&b);
	CHECK_INT(run(&b, "echo first; yes & exit 5").status, 5);
	CHECK(strncmp(text(&b, 0)->data, "first\n", 6) == 0);
	child_end_leftovers(0);
	tear_down(&b);
}

/* Nor does it fill memory when there is no room: what is in the pipe at the
 * end is all. */
static void daemon_finds_no_room(void)
{
	struct bench b;

	start(&b);
	b.f->no_room = true;
	run(&b, "echo first; yes & exit 5");
	CHECK(strncmp(text(&b, 0)->data, "first\n", 6) == 0);
	CHECK(text(&b, 0)->len <= 32 * 65536);
	child_end_leftovers(0);
	tear_down(&b);
}

/* Output of others in the group that comes soon after the end is heard. */
static void late_output(void)
{
	struct bench b;

	start(&b);
	run(&b, "(sleep 0.01; echo late) & echo early");
	CHECK_STR(text(&b, 0)->data, "early\nlate\n");
	tear_down(&b);
}

static void closed_output(void)
{
	struct bench b;

	start(&b);
	CHECK_INT(run(&b, "echo a; exec >&- 2>&-; sleep 0.02; exit 8").status,
		  8);
	CHECK_STR(text(&b, 0)->data, "a\n");
	tear_down(&b);
}

/* A second thread that acts on the job while the first runs it. */
struct helper {
	struct bench *b;
	struct job *job;
	struct thread thread;
	struct latch *latch;
};

static void helper_start(struct helper *p, struct bench *b, struct job *job,
			 void *(*fn)(void *))
{
	p->b = b;
	p->job = job;
	CHECK(thread_start(&p->thread, 0, fn, p) == 0);
}

static size_t heard(struct bench *b)
{
	size_t n;

	mutex_lock(&b->f->lock);
	n = text(b, 0)->len;
	mutex_unlock(&b->f->lock);
	return n;
}

static void *make_room(void *arg)
{
	struct helper *p = arg;

	/* Not read: it can't have come further than the pipe is long. */
	usleep(20000);
	CHECK_INT(heard(p->b), 0);
	mutex_lock(&p->b->f->lock);
	p->b->f->no_room = false;
	mutex_unlock(&p->b->f->lock);
	wake(p->b);
	return NULL;
}

static void held_back(void)
{
	struct helper p;
	struct bench b;
	struct job *job;

	start(&b);
	b.f->no_room = true;
	job = make(&b, "head -c 1000000 /dev/zero");
	helper_start(&p, &b, job, make_room);
	CHECK_INT(run_job(&b, job), RUN_ENDED);
	thread_join(&p.thread);
	CHECK_INT(text(&b, 0)->len, 1000000);
	CHECK_INT(job->outcome.status, 0);
	job_free(job);
	tear_down(&b);
}

/* Its end is seen and its time runs though nobody reads its output. */
static void held_back_times_out(void)
{
	struct job_outcome o;
	struct bench b;

	start(&b);
	b.f->no_room = true;
	CHECK_INT(run(&b, "echo unread; exit 1").status, 1);
	CHECK_STR(text(&b, 0)->data, "unread\n");
	atomic_store(&b.timeout_ns, 30 * NS_PER_MS);
	b.f->no_room = true;
	{
		struct job *job = make(&b, "yes");

		job->timeout_ns = -1;
		CHECK_INT(run_job(&b, job), RUN_ENDED);
		o = job->outcome;
		job_free(job);
	}
	CHECK_INT(o.end, JOB_TIMEOUT);
	CHECK_INT(o.signal, SIGTERM);
	tear_down(&b);
}

static void *await_live(void *arg)
{
	struct helper *p = arg;

	/* Heard before the end, which waits for this. */
	AWAIT(heard(p->b) == 5);
	latch_let_go(p->latch);
	return NULL;
}

static void live_output(void)
{
	struct latch l;
	struct helper p = { .latch = &l };
	struct bench b;
	struct job *job;
	char line[800];

	start(&b);
	latch_make(&l);
	snprintf(line, sizeof(line), "echo live; cat '%s'", l.path);
	job = make(&b, line);
	helper_start(&p, &b, job, await_live);
	CHECK_INT(run_job(&b, job), RUN_ENDED);
	thread_join(&p.thread);
	job_free(job);
	tear_down(&b);
}

/* Killing. */

static struct job_outcome run_for(struct bench *b, const char *line,
				  int64_t timeout_ns)
{
	struct job *job = make(b, line);
	struct job_outcome o;

	job->timeout_ns = timeout_ns;
	CHECK_INT(run_job(b, job), RUN_ENDED);
	o = job->outcome;
	job_free(job);
	return o;
}

static void times_out(void)
{
	struct job_outcome o;
	struct bench b;

	start(&b);
	o = run_for(&b, "echo before; exec sleep 300", 50 * NS_PER_MS);
	CHECK_INT(o.end, JOB_TIMEOUT);
	CHECK_INT(o.signal, SIGTERM);
	CHECK_STR(text(&b, 0)->data, "before\n");
	CHECK(o.end_ns - o.start_ns >= 50 * NS_PER_MS);
	tear_down(&b);
}

static void exit_after_timeout(void)
{
	struct job_outcome o;
	struct bench b;

	start(&b);
	o = run_for(&b, "trap 'echo bye; exit 0' TERM;"
			" while :; do sleep 0.01; done", 50 * NS_PER_MS);
	CHECK_INT(o.end, JOB_TIMEOUT);
	CHECK_INT(o.status, 0);
	CHECK_INT(o.signal, 0);
	CHECK_STR(text(&b, 0)->data, "bye\n");
	tear_down(&b);
}

/* It ignores TERM, and so do its children, of whom one writes all the time;
 * none is left. */
static void resists(void)
{
	struct job_outcome o;
	struct holder h;
	struct bench b;

	start(&b);
	holder_make(&h);
	o = run_for(&b, holding(&h, "trap '' TERM; yes & sleep 300 &"
				    " (sleep 300; sleep 300) & sleep 300"),
		    50 * NS_PER_MS);
	CHECK_INT(o.end, JOB_TIMEOUT);
	CHECK_INT(o.signal, SIGKILL);
	CHECK(!holder_is_held(&h));
	tear_down(&b);
}

/* The leader obeys, its children do not: they get the rest of the sequence. */
static void children_resist(void)
{
	struct job_outcome o;
	struct holder h;
	struct bench b;

	start(&b);
	holder_make(&h);
	o = run_for(&b, holding(&h, "(trap '' TERM; sleep 300; sleep 300) &"
				    " exec sleep 300"),
		    50 * NS_PER_MS);
	CHECK_INT(o.end, JOB_TIMEOUT);
	CHECK_INT(o.signal, SIGTERM);
	CHECK(!holder_is_held(&h));
	tear_down(&b);
}

static void stopped_job_times_out(void)
{
	struct job_outcome o;
	struct bench b;

	start(&b);
	o = run_for(&b, "kill -STOP $$; sleep 300", 50 * NS_PER_MS);
	CHECK_INT(o.end, JOB_TIMEOUT);
	CHECK_INT(o.signal, SIGTERM);
	tear_down(&b);
}

/* A sequence that ends without KILL gets one. */
static void sequence_without_kill(void)
{
	struct local_config c = plain_config();
	struct job_outcome o;
	struct bench b;

	c.term_seq.n = 1;
	set_up(&b, &c);
	o = run_for(&b, "trap '' TERM; sleep 300; sleep 300", 50 * NS_PER_MS);
	CHECK_INT(o.end, JOB_TIMEOUT);
	CHECK_INT(o.signal, SIGKILL);
	tear_down(&b);
}

static void in_time(void)
{
	struct job_outcome o;
	struct bench b;

	start(&b);
	o = run_for(&b, "echo quick", 1000 * NS_PER_SEC);
	CHECK_INT(o.end, JOB_EXITED);
	CHECK_INT(o.status, 0);
	/* Its own timeout of none is stronger than the run's. */
	atomic_store(&b.timeout_ns, 1);
	o = run_for(&b, "sleep 0.01", 0);
	CHECK_INT(o.end, JOB_EXITED);
	tear_down(&b);
}

static void *set_run_timeout(void *arg)
{
	struct helper *p = arg;

	AWAIT(heard(p->b) == 3);
	atomic_store(&p->b->timeout_ns, NS_PER_MS);
	wake(p->b);
	return NULL;
}

/* The run's timeout appears while the job runs. */
static void timeout_appears(void)
{
	struct helper p;
	struct bench b;
	struct job *job;

	start(&b);
	job = make(&b, "echo go; exec sleep 300");
	job->timeout_ns = -1;
	helper_start(&p, &b, job, set_run_timeout);
	CHECK_INT(run_job(&b, job), RUN_ENDED);
	thread_join(&p.thread);
	CHECK_INT(job->outcome.end, JOB_TIMEOUT);
	job_free(job);
	tear_down(&b);
}

static void give_order(struct helper *p, int order)
{
	AWAIT(heard(p->b) == 3);
	/* Wakes for nothing do no harm. */
	for (int i = 0; i < 10; i++)
		wake(p->b);
	atomic_store(&p->job->order, order);
	wake(p->b);
}

static void *order_stop(void *arg)
{
	give_order(arg, JOB_STOP);
	return NULL;
}

static void *order_kill(void *arg)
{
	give_order(arg, JOB_KILL);
	return NULL;
}

static void *order_both(void *arg)
{
	struct helper *p = arg;

	give_order(p, JOB_STOP);
	/* It has heard the first one before the second comes. */
	AWAIT(heard(p->b) >= 8);
	atomic_store(&p->job->order, JOB_KILL);
	wake(p->b);
	return NULL;
}

static struct job_outcome run_ordered(struct bench *b, const char *line,
				      void *(*fn)(void *))
{
	struct job *job = make(b, line);
	struct job_outcome o;
	struct helper p;

	helper_start(&p, b, job, fn);
	CHECK_INT(run_job(b, job), RUN_ENDED);
	thread_join(&p.thread);
	o = job->outcome;
	job_free(job);
	return o;
}

static void obeys_stop(void)
{
	struct job_outcome o;
	struct bench b;

	start(&b);
	o = run_ordered(&b, "echo go; exec sleep 300", order_stop);
	CHECK_INT(o.end, JOB_KILLED);
	CHECK_INT(o.signal, SIGTERM);
	tear_down(&b);
}

static void obeys_kill(void)
{
	struct local_config c = plain_config();
	struct job_outcome o;
	struct bench b;

	/* A sequence that would take longer than the case may. */
	c.term_seq.stage[0].wait_ns = 1000 * NS_PER_SEC;
	set_up(&b, &c);
	o = run_ordered(&b, "trap '' TERM; echo go; sleep 300; sleep 300",
			order_kill);
	CHECK_INT(o.end, JOB_KILLED);
	CHECK_INT(o.signal, SIGKILL);
	tear_down(&b);
}

static void kill_after_stop(void)
{
	struct local_config c = plain_config();
	struct job_outcome o;
	struct bench b;

	c.term_seq.stage[0].wait_ns = 1000 * NS_PER_SEC;
	set_up(&b, &c);
	o = run_ordered(&b, "trap 'echo TERM' TERM; echo go;"
			    " while :; do sleep 0.01; done", order_both);
	CHECK_INT(o.end, JOB_KILLED);
	CHECK_INT(o.signal, SIGKILL);
	tear_down(&b);
}

static void ordered_before_the_start(void)
{
	struct bench b;
	struct job *job;

	start(&b);
	job = make(&b, "exec sleep 300");
	atomic_store(&job->order, JOB_STOP);
	CHECK_INT(run_job(&b, job), RUN_ENDED);
	CHECK_INT(job->outcome.end, JOB_KILLED);
	job_free(job);
	tear_down(&b);
}

/* What a job is given. */

static void its_environment(void)
{
	struct bench b;
	char want[80];

	start(&b);
	run(&b, "echo \"$PARALLEL_SEQ:$PARALLEL_JOBSLOT:$PARALLEL_PID\"");
	snprintf(want, sizeof(want), "1:1:%d\n", (int)getpid());
	CHECK_STR(text(&b, 0)->data, want);
	run(&b, "env | grep -c ^PARALLEL_SEQ=2$");
	CHECK_STR(text(&b, 0)->data, "1\n");
	tear_down(&b);
}

static void its_input(void)
{
	struct local_config c = plain_config();
	struct bench b;
	int ends[2];

	CHECK(fd_pipe(ends) == 0);
	CHECK(fd_write_all(ends[1], "mine\n", 5) == 0);
	close(ends[1]);
	CHECK(dup2(ends[0], 0) == 0);
	close(ends[0]);
	c.give_stdin = true;
	set_up(&b, &c);
	run(&b, "cat");
	CHECK_STR(text(&b, 0)->data, "mine\n");
	/* The first job's alone. */
	run(&b, "cat; readlink /proc/self/fd/0");
	CHECK_STR(text(&b, 0)->data, "/dev/null\n");
	tear_down(&b);
}

static void without_a_pipe(void)
{
	struct local_config c = plain_config();
	struct holder h;
	struct bench b;
	char line[800];
	char got[16] = "";
	int saved;

	c.ungroup = true;
	set_up(&b, &c);
	holder_make(&h);
	saved = fcntl(1, F_DUPFD_CLOEXEC, 10);
	close(1);
	CHECK_INT(fd_open(h.path, O_WRONLY, 0), 1);
	fcntl(1, F_SETFD, 0);
	CHECK_INT(run(&b, "echo straight; exit 2").status, 2);
	dup2(saved, 1);
	close(saved);
	CHECK_INT(read(h.fd, got, sizeof(got) - 1), 9);
	CHECK_STR(got, "straight\n");
	CHECK_INT(text(&b, 0)->len, 0);
	snprintf(line, sizeof(line), "rm '%s'", h.path);
	CHECK_INT(run(&b, line).status, 0);
	tear_down(&b);
}

static void dry_run(void)
{
	struct local_config c = plain_config();
	struct bench b;
	struct job *job;

	c.dry_run = true;
	set_up(&b, &c);
	job = make(&b, "exit 3; echo 'no such'");
	CHECK_INT(run_job(&b, job), RUN_ENDED);
	CHECK_INT(job->outcome.end, JOB_EXITED);
	CHECK_INT(job->outcome.status, 0);
	CHECK_STR(job->command, "exit 3; echo 'no such'");
	CHECK_STR(text(&b, 0)->data, "exit 3; echo 'no such'\n");
	job_free(job);
	tear_down(&b);
}

static void verbose(void)
{
	struct local_config c = plain_config();
	struct bench b;

	c.verbose = true;
	set_up(&b, &c);
	run(&b, "echo $((1 + 1))");
	CHECK_STR(text(&b, 0)->data, "echo $((1 + 1))\n2\n");
	tear_down(&b);
}

/* All of it at once, by the engine: some jobs leave someone behind, some take
 * too long. */

#define ENGINE_JOBS	200

static struct job *make_mixed(struct bench *b, const struct latch *l, int i)
{
	char line[800];
	struct job *job;

	if (i % 50 == 0)
		snprintf(line, sizeof(line), "exec sleep 300");
	else if (i % 3 == 0)
		snprintf(line, sizeof(line), "cat '%s' & echo %d; exit %d",
			 l->path, i, i % 100);
	else
		snprintf(line, sizeof(line), "echo %d; exit %d", i, i % 100);
	job = make(b, line);
	job->tries_max = 1;
	job->timeout_ns = i % 50 ? 0 : 10 * NS_PER_MS;
	return job;
}

static void check_mixed(struct bench *b, int i)
{
	const struct fake_job *j = &b->f->job[i];

	CHECK_INT(j->dones, 1);
	CHECK_INT(j->outcome.end, i % 50 ? JOB_EXITED : JOB_TIMEOUT);
	CHECK_INT(j->outcome.status, i % 50 ? i % 100 : 0);
	CHECK_INT(atoi(j->text[0].data), i % 50 ? i : 0);
}

static void by_the_engine(void)
{
	struct local_config lc = plain_config();
	struct engine_config ec = {
		.min = 1, .max = 8, .queue_capacity = 50,
		.idle_timeout_ns = NS_PER_SEC,
	};
	struct engine *e;
	struct latch l;
	struct bench b;

	set_up(&b, &lc);
	latch_make(&l);
	ec.runner = b.r;
	ec.output = &b.f->output;
	e = engine_new(&ec);
	engine_add_sink(e, &b.f->sink);
	engine_start(e);
	for (int i = 1; i <= ENGINE_JOBS; i++)
		CHECK(engine_submit(e, make_mixed(&b, &l, i)));
	engine_close(e);
	CHECK(engine_wait(e, -1));
	engine_free(e);
	for (int i = 1; i <= ENGINE_JOBS; i++)
		check_mixed(&b, i);
	child_end_leftovers(0);
	latch_let_go(&l);
	tear_down(&b);
}

static const struct tap_case cases[] = {
	{ "an exit status and both streams", exits },
	{ "a signal of the job's own", is_signaled },
	{ "times and memory", times },
	{ "a shell that does not exist", no_shell },
	{ "a command that is too long", too_long },
	{ "without descriptors it is to be tried again", no_descriptors },
	{ "a megabyte just before the end is read", much_output },
	{ "a daemon that holds the pipes holds up nothing",
	  daemon_holds_the_pipe },
	{ "a daemon that writes without end holds up nothing",
	  daemon_writes_on },
	{ "a daemon that writes without end fills nothing",
	  daemon_finds_no_room },
	{ "what comes soon after the end is heard", late_output },
	{ "a job may close its output", closed_output },
	{ "a job whose output has no room is not read", held_back },
	{ "a job that is not read ends and times out",
	  held_back_times_out },
	{ "output is handed on while the job runs", live_output },
	{ "a timeout", times_out },
	{ "who exits with 0 after the timeout has timed out",
	  exit_after_timeout },
	{ "a group that ignores TERM is killed", resists },
	{ "children that ignore TERM are killed behind their parent",
	  children_resist },
	{ "a stopped job can be ended", stopped_job_times_out },
	{ "a sequence without KILL ends with one", sequence_without_kill },
	{ "a job in time is left alone", in_time },
	{ "a timeout can appear while the job runs", timeout_appears },
	{ "the order to stop", obeys_stop },
	{ "the order to kill", obeys_kill },
	{ "the order to kill after that to stop", kill_after_stop },
	{ "an order from before the start", ordered_before_the_start },
	{ "the environment", its_environment },
	{ "standard input is the first job's", its_input },
	{ "without pipes a job writes to where muster does",
	  without_a_pipe },
	{ "a dry run prints the command", dry_run },
	{ "the command is printed first if asked for", verbose },
	{ "two hundred jobs by the engine", by_the_engine },
};
TAP_MAIN(cases)
