/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_attempt.c - processes of the local runner: how they end, what they
 * write, what they are given. Killing is in test_attempt_kill.c.
 *
 * No case depends on how fast the machine is: what is waited for comes.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdio.h"
#include "base/num.h"
#include "bench.h"
#include "proc/child.h"
#include "tap.h"

/* How it ends. */

static void exits(void)
{
	struct job_outcome o;
	struct bench b;

	bench_start(&b);
	o = bench_run(&b, "echo out; echo err >&2; exit 3");
	CHECK_INT(o.end, JOB_EXITED);
	CHECK_INT(o.status, 3);
	CHECK_INT(o.signal, 0);
	CHECK_STR(bench_text(&b, 0)->data, "out\n");
	CHECK_STR(bench_text(&b, 1)->data, "err\n");
	CHECK_INT(o.out_bytes, 4);
	o = bench_run(&b, "true");
	CHECK_INT(o.end, JOB_EXITED);
	CHECK_INT(o.status, 0);
	bench_end(&b);
}

static void is_signaled(void)
{
	struct job_outcome o;
	struct bench b;

	bench_start(&b);
	o = bench_run(&b, "kill -9 $$");
	CHECK_INT(o.end, JOB_SIGNALED);
	CHECK_INT(o.signal, 9);
	CHECK_INT(o.status, 0);
	bench_end(&b);
}

static void times(void)
{
	struct job_outcome o;
	struct bench b;
	int64_t before = clock_run_ns();
	int64_t wall = clock_wall_ns();

	bench_start(&b);
	o = bench_run(&b, "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done");
	CHECK(o.start_ns >= before);
	CHECK(o.end_ns > o.start_ns);
	CHECK(o.end_ns <= clock_run_ns());
	CHECK(o.start_wall_ns >= wall);
#ifdef HAVE_WAIT4
	CHECK(o.user_ns + o.system_ns > 0);
	CHECK(o.rss_bytes > 100000);
#endif
	bench_end(&b);
}

static void no_shell(void)
{
	struct local_config c = bench_config();
	struct job *job;
	struct bench b;

	c.shell = "/no/such/shell";
	bench_start_with(&b, &c);
	job = bench_job(&b, "echo $HOME");
	CHECK_INT(bench_run_job(&b, job), RUN_ENDED);
	CHECK_INT(job->outcome.end, JOB_UNSTARTED);
	CHECK_INT(job->outcome.err, ENOENT);
	CHECK(job->message && strstr(job->message, "/no/such/shell"));
	job_free(job);
	bench_end(&b);
}

static void too_long(void)
{
	static char line[4 << 20];
	struct job *job;
	struct bench b;

	bench_start(&b);
	memset(line, 'x', sizeof(line) - 1);
	memcpy(line, "echo $X ", 8);
	job = bench_job(&b, line);
	CHECK_INT(bench_run_job(&b, job), RUN_ENDED);
	CHECK_INT(job->outcome.end, JOB_UNSTARTED);
	CHECK_INT(job->outcome.err, E2BIG);
	CHECK(job->message && strstr(job->message, "4194303 bytes"));
	job_free(job);
	/* The next one is not touched by it. */
	CHECK_INT(bench_run(&b, "exit 2").status, 2);
	bench_end(&b);
}

/* Without descriptors nothing is run, and the job can be tried again. */
static void no_descriptors(void)
{
	struct rlimit old, small;
	struct job *job;
	struct bench b;

	bench_start(&b);
	bench_run(&b, "true");
	getrlimit(RLIMIT_NOFILE, &old);
	small = old;
	small.rlim_cur = 3;
	setrlimit(RLIMIT_NOFILE, &small);
	job = bench_job(&b, ":; echo hi");
	CHECK_INT(bench_run_job(&b, job), RUN_AGAIN);
	CHECK_INT(job->outcome.err, EMFILE);
	setrlimit(RLIMIT_NOFILE, &old);
	CHECK_INT(bench_run_job(&b, job), RUN_ENDED);
	CHECK_INT(job->outcome.end, JOB_EXITED);
	job_free(job);
	CHECK_STR(bench_text(&b, 0)->data, "hi\n");
	bench_end(&b);
}

/* Output. */

static void much_output(void)
{
	struct bench b;

	bench_start(&b);
	bench_run(&b, "head -c 1048576 /dev/zero; "
		  "head -c 1000000 /dev/zero >&2;"
		" echo end");
	CHECK_INT(bench_text(&b, 0)->len, 1048576 + 4);
	CHECK_INT(bench_text(&b, 1)->len, 1000000);
	CHECK_STR(bench_text(&b, 0)->data + 1048576, "end\n");
	bench_end(&b);
}

/* What was written before the end counts, though others still hold the pipe,
 * and for as long as the case runs. */
static void daemon_holds_the_pipe(void)
{
	struct holder h;
	struct latch l;
	struct bench b;
	char script[800];

	bench_start(&b);
	holder_make(&h);
	latch_make(&l);
	snprintf(script, sizeof(script),
		 "exec 8<'%s'; cat <&8 & head -c 60000 /dev/zero; exit 4",
		 l.path);
	CHECK_INT(bench_run(&b, holding(&h, script)).status, 4);
	CHECK_INT(bench_text(&b, 0)->len, 60000);
	CHECK(holder_is_held(&h));
#ifdef HAVE_SUBREAPER
	child_end_leftovers(0);
	CHECK(!holder_is_held(&h));
#endif
	latch_let_go(&l);
	bench_end(&b);
}

/* One that goes on writing does not keep the job from ending. */
static void daemon_writes_on(void)
{
	struct bench b;

	bench_start(&b);
	CHECK_INT(bench_run(&b, "echo first; yes & exit 5").status, 5);
	CHECK(strncmp(bench_text(&b, 0)->data, "first\n", 6) == 0);
	child_end_leftovers(0);
	bench_end(&b);
}

/* Nor does it fill memory when there is no room: what is in the pipe at the
 * end is all. */
static void daemon_finds_no_room(void)
{
	struct bench b;

	bench_start(&b);
	b.f->no_room = true;
	bench_run(&b, "echo first; yes & exit 5");
	CHECK(strncmp(bench_text(&b, 0)->data, "first\n", 6) == 0);
	CHECK(bench_text(&b, 0)->len <= 32 * 65536);
	child_end_leftovers(0);
	bench_end(&b);
}

static void closed_output(void)
{
	static const char script[] =
		"echo a; exec >&- 2>&-; sleep 0.02; exit 8";
	struct bench b;

	bench_start(&b);
	CHECK_INT(bench_run(&b, script).status, 8);
	CHECK_STR(bench_text(&b, 0)->data, "a\n");
	bench_end(&b);
}

static void *make_room(void *arg)
{
	struct helper *p = arg;

	/* Not read: it can't have come further than the pipe is long. */
	usleep(20000);
	CHECK_INT(bench_heard(p->b), 0);
	mutex_lock(&p->b->f->lock);
	p->b->f->no_room = false;
	mutex_unlock(&p->b->f->lock);
	bench_wake(p->b);
	return NULL;
}

static void held_back(void)
{
	struct helper p;
	struct bench b;
	struct job *job;

	bench_start(&b);
	b.f->no_room = true;
	job = bench_job(&b, "head -c 1000000 /dev/zero");
	helper_start(&p, &b, job, make_room);
	CHECK_INT(bench_run_job(&b, job), RUN_ENDED);
	thread_join(&p.thread);
	CHECK_INT(bench_text(&b, 0)->len, 1000000);
	CHECK_INT(job->outcome.status, 0);
	job_free(job);
	bench_end(&b);
}

/* Its end is seen and its time runs though nobody reads its output. */
static void held_back_times_out(void)
{
	struct job_outcome o;
	struct bench b;

	bench_start(&b);
	b.f->no_room = true;
	CHECK_INT(bench_run(&b, "echo unread; exit 1").status, 1);
	CHECK_STR(bench_text(&b, 0)->data, "unread\n");
	atomic_store(&b.timeout_ns, 30 * NS_PER_MS);
	b.f->no_room = true;
	{
		struct job *job = bench_job(&b, "yes");

		job->timeout_ns = -1;
		CHECK_INT(bench_run_job(&b, job), RUN_ENDED);
		o = job->outcome;
		job_free(job);
	}
	CHECK_INT(o.end, JOB_TIMEOUT);
	CHECK_INT(o.signal, SIGTERM);
	bench_end(&b);
}

static void *await_live(void *arg)
{
	struct helper *p = arg;

	/* Heard before the end, which waits for this. */
	AWAIT(bench_heard(p->b) == 5);
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

	bench_start(&b);
	latch_make(&l);
	snprintf(line, sizeof(line), "exec 8<'%s'; echo live; cat <&8",
		 l.path);
	job = bench_job(&b, line);
	helper_start(&p, &b, job, await_live);
	CHECK_INT(bench_run_job(&b, job), RUN_ENDED);
	thread_join(&p.thread);
	job_free(job);
	bench_end(&b);
}

/* What a job is given. */

static void its_environment(void)
{
	struct bench b;
	char want[80];

	bench_start(&b);
	bench_run(&b, "echo \"$PARALLEL_SEQ:$PARALLEL_JOBSLOT:$PARALLEL_PID\"");
	snprintf(want, sizeof(want), "1:1:%d\n", (int)getpid());
	CHECK_STR(bench_text(&b, 0)->data, want);
	bench_run(&b, "env | grep -c ^PARALLEL_SEQ=2$");
	CHECK_STR(bench_text(&b, 0)->data, "1\n");
	bench_end(&b);
}

static void its_input(void)
{
	struct local_config c = bench_config();
	struct bench b;
	int ends[2];

	CHECK(fd_pipe(ends) == 0);
	CHECK(fd_write_all(ends[1], "mine\n", 5) == 0);
	close(ends[1]);
	CHECK(dup2(ends[0], 0) == 0);
	close(ends[0]);
	c.give_stdin = true;
	bench_start_with(&b, &c);
	bench_run(&b, "cat");
	CHECK_STR(bench_text(&b, 0)->data, "mine\n");
	/* The first job's alone. */
	bench_run(&b, "cat; readlink /proc/self/fd/0");
	CHECK_STR(bench_text(&b, 0)->data, "/dev/null\n");
	bench_end(&b);
}

static void without_a_pipe(void)
{
	struct local_config c = bench_config();
	struct holder h;
	struct bench b;
	char line[800];
	char got[16] = "";
	int saved;

	c.ungroup = true;
	bench_start_with(&b, &c);
	holder_make(&h);
	saved = fcntl(1, F_DUPFD_CLOEXEC, 10);
	close(1);
	CHECK_INT(fd_open(h.path, O_WRONLY, 0), 1);
	fcntl(1, F_SETFD, 0);
	CHECK_INT(bench_run(&b, "echo straight; exit 2").status, 2);
	dup2(saved, 1);
	close(saved);
	CHECK_INT(read(h.fd, got, sizeof(got) - 1), 9);
	CHECK_STR(got, "straight\n");
	CHECK_INT(bench_text(&b, 0)->len, 0);
	snprintf(line, sizeof(line), "rm '%s'", h.path);
	CHECK_INT(bench_run(&b, line).status, 0);
	bench_end(&b);
}

static void dry_run(void)
{
	struct local_config c = bench_config();
	struct bench b;
	struct job *job;

	c.dry_run = true;
	bench_start_with(&b, &c);
	job = bench_job(&b, "exit 3; echo 'no such'");
	CHECK_INT(bench_run_job(&b, job), RUN_ENDED);
	CHECK_INT(job->outcome.end, JOB_EXITED);
	CHECK_INT(job->outcome.status, 0);
	CHECK_STR(job->command, "exit 3; echo 'no such'");
	CHECK_STR(bench_text(&b, 0)->data, "exit 3; echo 'no such'\n");
	job_free(job);
	bench_end(&b);
}

static void verbose(void)
{
	struct local_config c = bench_config();
	struct bench b;

	c.verbose = true;
	bench_start_with(&b, &c);
	bench_run(&b, "echo $((1 + 1))");
	CHECK_STR(bench_text(&b, 0)->data, "echo $((1 + 1))\n2\n");
	bench_end(&b);
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
	{ "a job may close its output", closed_output },
	{ "a job whose output has no room is not read", held_back },
	{ "a job that is not read ends and times out",
	  held_back_times_out },
	{ "output is handed on while the job runs", live_output },
	{ "the environment", its_environment },
	{ "standard input is the first job's", its_input },
	{ "without pipes a job writes to where muster does",
	  without_a_pipe },
	{ "a dry run prints the command", dry_run },
	{ "the command is printed first if asked for", verbose },
};
TAP_MAIN(cases)
