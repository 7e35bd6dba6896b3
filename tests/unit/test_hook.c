/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_hook.c - --on-done: what a hook is told, who waits for it, and how it
 * is ended.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "proc/child.h"
#include "proc/sigstate.h"
#include "sched/job.h"
#include "sink/hook.h"
#include "tap.h"

/* Waits until cond holds; the case's own time limit ends a vain wait. */
#define AWAIT(cond)				\
	do {					\
		while (!(cond))			\
			usleep(200);		\
	} while (0)

extern char **environ;

static struct mutex lock = MUTEX_INIT;
static struct buf said = BUF_INIT;	/* lines of failed(); lock */
static atomic_uint idles;
static struct hook_config config;
static struct hook *hook;
static struct thread notifier;
static atomic_bool stop;

/* In the place of main: tells of ended children where there is no pidfd. */
static void *notify(void *arg)
{
	sigset_t set;

	(void)arg;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	while (!atomic_load(&stop)) {
		if (thread_wait_signal(&set, 5 * NS_PER_MS) == SIGCHLD)
			child_notice();
	}
	return NULL;
}

static void note_failure(void *arg, const char *text)
{
	CHECK(arg == &config);
	mutex_lock(&lock);
	buf_addf(&said, "%s\n", text);
	mutex_unlock(&lock);
}

static void note_idle(void *arg)
{
	CHECK(arg == &config);
	atomic_fetch_add(&idles, 1);
}

/* In a directory of its own: hooks name files by themselves. */
static void set_up(const char *command)
{
	CHECK(fd_setup() == 0);
	sigstate_setup();
	thread_setup();
	child_setup();
	CHECK_INT(chdir(tap_tmpdir()), 0);
	config = (struct hook_config){
		.command = command, .shell = "/bin/sh", .envp = environ,
		.die_with_parent = true, .failed = note_failure,
		.idle = note_idle, .arg = &config,
	};
	CHECK_INT(term_seq_parse(TERM_SEQ_DEFAULT, &config.term_seq), 0);
	hook = hook_new(&config);
	CHECK(hook != NULL);
	CHECK_INT(thread_start(&notifier, 0, notify, NULL), 0);
}

static void tear_down(void)
{
	hook_free(hook);
	buf_release(&said);
	child_end_leftovers(0);
	atomic_store(&stop, true);
	thread_join(&notifier);
}

static struct job *new_job(uint64_t seq, const char *line)
{
	char *values[] = { (char *)line };
	size_t lens[] = { strlen(line) };
	struct job *job = job_new(seq, values, lens, 1);

	job->tries = 1;
	job->slot = 2;
	return job;
}

static void *end_job(void *job)
{
	struct sink *s = hook_sink(hook);

	s->ops->done(s, job);
	job_free(job);
	return NULL;
}

static void start_ending(struct thread *t, struct job *job)
{
	CHECK_INT(thread_start(t, 0, end_job, job), 0);
}

/* As a worker ends it: the hook is over when this returns. */
static void end_by_worker(struct job *job)
{
	struct thread t;

	start_ending(&t, job);
	thread_join(&t);
}

static bool exists(const char *name)
{
	return access(name, F_OK) == 0;
}

static void check_file(const char *name, const char *want)
{
	static char got[8192];
	int fd = fd_open(name, O_RDONLY, 0);
	ssize_t n;

	if (!CHECK(fd >= 0))
		return;
	n = fd_pread(fd, got, sizeof(got) - 1, 0);
	fd_close(&fd);
	got[n > 0 ? n : 0] = '\0';
	CHECK_STR(got, want);
}

/* Appends what it is told to the file told. */
static const char tell[] =
	"echo \"$MUSTER_SEQ|$MUSTER_SLOT|$MUSTER_ID|$MUSTER_END|"
	"$MUSTER_STATUS|$MUSTER_SIGNAL|$MUSTER_TRIES|$MUSTER_RUNTIME|"
	"$MUSTER_RSS|$MUSTER_COMMAND|\" >>told";

static void told_of_success(void)
{
	struct job *job;

	setenv("MUSTER_END", "of another one", 1);
	set_up(tell);
	job = new_job(7, "echo 'a b'");
	job->id = "seven";
	job->command = "echo 'a  b' | cat";
	job->tries = 3;
	job->outcome.start_ns = NS_PER_SEC;
	job->outcome.end_ns = 62 * NS_PER_SEC + 45 * NS_PER_MS + 999999;
	job->outcome.rss_bytes = 4096000;
	end_by_worker(job);
	check_file("told", "7|2|seven|exited|0||3|61.045|4096000|"
		   "echo 'a  b' | cat|\n");
	CHECK_UINT(hook_failures(hook), 0);
	tear_down();
}

static void end_as(enum job_end end, int status, int signal)
{
	struct job *job = new_job(1, "x");

	job->outcome.end = end;
	job->outcome.status = status;
	job->outcome.signal = signal;
	end_by_worker(job);
}

static void told_of_each_end(void)
{
	set_up("echo $MUSTER_END.$MUSTER_STATUS.$MUSTER_SIGNAL >>told");
	end_as(JOB_EXITED, 5, 0);
	end_as(JOB_SIGNALED, 0, SIGSEGV);
	end_as(JOB_TIMEOUT, 0, SIGKILL);
	/* It said 0 when it was ended; that is no success. */
	end_as(JOB_TIMEOUT, 0, 0);
	end_as(JOB_KILLED, 0, SIGTERM);
	end_as(JOB_UNSTARTED, 0, 0);
	end_as(JOB_REFUSED, 0, 0);
	end_as(JOB_CANCELLED, 0, 0);
	end_as(JOB_LOST, 0, 0);
	end_as(JOB_DROPPED, 0, 0);
	end_as(JOB_SKIPPED, 0, 0);
	check_file("told", "exited.5.\nsignaled..SEGV\ntimeout..KILL\n"
		   "timeout..\nkilled..TERM\nunstarted..\nrefused..\n"
		   "lost..\ndropped..\nskipped..\n");
	tear_down();
}

static void never_begun(void)
{
	struct job *job;

	set_up(tell);
	job = new_job(3, "a 'line'");
	job->tries = 0;
	job->slot = 0;
	job->outcome.end = JOB_DROPPED;
	end_by_worker(job);
	check_file("told", "3|||dropped|||0|0.000|0|a 'line'|\n");
	tear_down();
}

static void odd_commands(void)
{
	set_up("-no-option 2>/dev/null; printf %s \"$MUSTER_COMMAND\" >told");
	end_by_worker(new_job(1, "a\n\"$(touch bad)\" \x80 = ' \\"));
	check_file("told", "a\n\"$(touch bad)\" \x80 = ' \\");
	CHECK(!exists("bad"));
	CHECK_STR(said.data, "");
	tear_down();
}

static void long_commands(void)
{
	size_t len = (size_t)4 << 20;
	char *line = xmalloc(len + 1);

	memset(line, 'x', len);
	line[len] = '\0';
	set_up("echo \"${MUSTER_COMMAND-none}\" $MUSTER_SEQ >told");
	end_by_worker(new_job(4, line));
	check_file("told", "none 4\n");
	CHECK_STR(said.data, "");
	free(line);
	tear_down();
}

static void failures(void)
{
	set_up("eval \"$MUSTER_COMMAND\"");
	end_by_worker(new_job(1, "exit 5"));
	end_by_worker(new_job(2, "exit 0"));
	end_by_worker(new_job(3, "kill -9 $$"));
	CHECK_STR(said.data, "job 1: exit status 5\n"
		  "job 3: killed by SIGKILL\n");
	CHECK_UINT(hook_failures(hook), 2);
	tear_down();
}

static void no_shell(void)
{
	char want[200];

	set_up("true");
	hook_free(hook);
	config.shell = "./none";
	hook = hook_new(&config);
	end_by_worker(new_job(9, "x"));
	snprintf(want, sizeof(want), "job 9: cannot execute './none': %s\n",
		 strerror(ENOENT));
	CHECK_STR(said.data, want);
	CHECK_UINT(hook_failures(hook), 1);
	tear_down();
}

static void write_out(void *arg)
{
	(void)arg;
	set_up("wc -c; echo out; echo err >&2");
	CHECK_INT(close(1), 0);
	end_by_worker(new_job(1, "x"));
	tear_down();
}

static void streams(void)
{
	char out[200];

	CHECK_INT(tap_run(write_out, NULL, out, sizeof(out)), 0);
	CHECK_STR(out, "0\nout\nerr\n");
}

/* Each waits for the other one's file. */
static void side_by_side(void)
{
	struct thread t[2];

	set_up(": >at$MUSTER_SEQ\n"
	       "until [ -e at1 ] && [ -e at2 ]; do sleep 0.01; done");
	for (unsigned i = 0; i < 2; i++)
		start_ending(&t[i], new_job(i + 1, "x"));
	for (int i = 0; i < 2; i++)
		thread_join(&t[i]);
	CHECK_STR(said.data, "");
	tear_down();
}

static void creator_does_not_wait(void)
{
	set_up("until [ -e go ]; do sleep 0.01; done\n"
	       "echo $MUSTER_COMMAND >>told");
	CHECK(hook_is_idle(hook));
	end_job(new_job(1, "one"));
	end_job(new_job(2, "two"));
	CHECK(!hook_is_idle(hook));
	CHECK_UINT(idles, 0);
	close(fd_open("go", O_WRONLY | O_CREAT, 0600));
	AWAIT(atomic_load(&idles) > 0);
	CHECK(hook_is_idle(hook));
	check_file("told", "one\ntwo\n");
	tear_down();
}

static void freeing_waits(void)
{
	set_up("echo $MUSTER_SEQ >>told");
	for (unsigned i = 1; i <= 3; i++)
		end_job(new_job(i, "x"));
	tear_down();
	check_file("told", "1\n2\n3\n");
}

static const char hang[] = ": >up$MUSTER_SEQ; exec sleep 1000";

static void stop_ends_those_that_run(void)
{
	struct thread t;

	set_up(hang);
	start_ending(&t, new_job(1, "x"));
	AWAIT(exists("up1"));
	hook_order(hook, HOOK_STOP);
	thread_join(&t);
	CHECK_STR(said.data, "job 1: killed by SIGTERM\n");
	tear_down();
}

static void stop_reaches_those_handed_over(void)
{
	set_up(hang);
	end_job(new_job(1, "x"));
	AWAIT(exists("up1"));
	hook_order(hook, HOOK_STOP);
	AWAIT(hook_is_idle(hook));
	CHECK_STR(said.data, "job 1: killed by SIGTERM\n");
	tear_down();
}

static void stop_goes_on_to_kill(void)
{
	struct thread t;

	set_up("trap : TERM; : >up; while :; do sleep 0.01; done");
	start_ending(&t, new_job(1, "x"));
	AWAIT(exists("up"));
	hook_order(hook, HOOK_STOP);
	thread_join(&t);
	CHECK_STR(said.data, "job 1: killed by SIGKILL\n");
	tear_down();
}

static void kill_waits_for_nothing(void)
{
	struct thread t;

	set_up("trap 'echo >>told' TERM; : >up; while :; do sleep 0.01; done");
	hook_free(hook);
	CHECK_INT(term_seq_parse("TERM,1000000,KILL", &config.term_seq), 0);
	hook = hook_new(&config);
	start_ending(&t, new_job(1, "x"));
	AWAIT(exists("up"));
	hook_order(hook, HOOK_STOP);
	AWAIT(exists("told"));
	hook_order(hook, HOOK_KILL);
	thread_join(&t);
	CHECK_STR(said.data, "job 1: killed by SIGKILL\n");
	tear_down();
}

static void late_ones_have_a_while(void)
{
	set_up("echo $MUSTER_SEQ >>told; eval \"$MUSTER_COMMAND\"");
	hook_free(hook);
	config.patience_ns = 2 * NS_PER_SEC * tap_slow();
	hook = hook_new(&config);
	hook_order(hook, HOOK_STOP);
	end_by_worker(new_job(1, ":"));
	CHECK_STR(said.data, "");
	end_by_worker(new_job(2, "exec sleep 1000"));
	check_file("told", "1\n2\n");
	CHECK_STR(said.data, "job 2: killed by SIGTERM\n");
	tear_down();
}

static void none_begins_after_kill(void)
{
	set_up(": >up");
	hook_order(hook, HOOK_KILL);
	/* It is not taken back. */
	hook_order(hook, HOOK_STOP);
	end_by_worker(new_job(1, "x"));
	CHECK(!exists("up"));
	CHECK_STR(said.data, "job 1: not run: the end did not wait for it\n");
	CHECK_UINT(hook_failures(hook), 1);
	tear_down();
}

static void no_descriptor(void)
{
	struct rlimit limit, none = { 0, 0 };

	set_up("true");
	hook_free(hook);
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none.rlim_max = limit.rlim_max;
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &none), 0);
	hook = hook_new(&config);
	CHECK(hook == NULL);
	CHECK_INT(errno, EMFILE);
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
	tear_down();
}

static const struct tap_case cases[] = {
	{ "a hook is told of its job", told_of_success },
	{ "it is told how the job ended", told_of_each_end },
	{ "a job that never began has a hook", never_begun },
	{ "commands of all bytes are handed on", odd_commands },
	{ "a command too long for the environment is left out",
	  long_commands },
	{ "failures are told and counted", failures },
	{ "a shell that is not there is a failure", no_shell },
	{ "it reads nothing and writes to standard error", streams },
	{ "hooks of workers run side by side", side_by_side },
	{ "the creator's thread does not wait", creator_does_not_wait },
	{ "what was handed over is run before the end", freeing_waits },
	{ "stop ends those that run", stop_ends_those_that_run },
	{ "stop reaches those handed over", stop_reaches_those_handed_over },
	{ "stop goes on to SIGKILL", stop_goes_on_to_kill },
	{ "kill waits for nothing", kill_waits_for_nothing },
	{ "late ones have a while", late_ones_have_a_while },
	{ "none begins after kill", none_begins_after_kill },
	{ "without descriptors there is an error", no_descriptor },
};
TAP_MAIN(cases)
