/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_sigstate.c - the signals muster was started with.
 */
#include <config.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/thread.h"
#include "proc/child.h"
#include "proc/sigstate.h"
#include "tap.h"

static const int obeyed[] = {
	SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT,
};

static void defaults(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(obeyed); i++)
		signal(obeyed[i], SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
}

static void waits_for_all(void)
{
	defaults();
	sigstate_setup();
	for (size_t i = 0; i < ARRAY_SIZE(obeyed); i++) {
		CHECK(sigismember(sigstate_wait_set(), obeyed[i]) == 1);
		CHECK(!sigstate_was_ignored(obeyed[i]));
	}
	CHECK(sigismember(sigstate_wait_set(), SIGPIPE) == 0);
	CHECK(sigismember(sigstate_wait_set(), SIGSEGV) == 0);
	CHECK_INT(sigismember(sigstate_wait_set(), SIGCHLD),
		  CHILD_NEEDS_SIGCHLD);
	CHECK(!sigstate_was_ignored(SIGPIPE));
	CHECK(!sigstate_restore_sigchld());
}

static void ignored_stays_ignored(void)
{
	struct sigaction sa;

	defaults();
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigstate_setup();
	thread_setup();
	CHECK(sigstate_was_ignored(SIGHUP));
	CHECK(sigstate_was_ignored(SIGPIPE));
	CHECK(!sigstate_was_ignored(SIGINT));
	CHECK(sigismember(sigstate_wait_set(), SIGHUP) == 0);
	CHECK(sigaction(SIGHUP, NULL, &sa) == 0);
	CHECK(sa.sa_handler == SIG_IGN);
}

/* Ignored, it would take the status of every job. */
static void children_are_waited_for(void)
{
	struct sigaction sa;
	int status = 0;
	pid_t pid;

	defaults();
	signal(SIGCHLD, SIG_IGN);
	sigstate_setup();
	CHECK(sigstate_restore_sigchld());
	CHECK(sigaction(SIGCHLD, NULL, &sa) == 0);
	CHECK(sa.sa_handler == SIG_DFL);
	pid = fork();
	if (pid == 0)
		_exit(3);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_INT(WEXITSTATUS(status), 3);
}

static void keeps_the_mask(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_SETMASK, &set, NULL);
	sigstate_setup();
	thread_setup();
	for (int sig = 1; sig < 32; sig++)
		CHECK_INT(sigismember(sigstate_job_mask(), sig),
			  sig == SIGUSR2);
}

static void die_now(void *arg)
{
	defaults();
	sigstate_setup();
	thread_setup();
	sigstate_die_of(*(int *)arg);
}

static void dies_of_it(void)
{
	static int signals[] = { SIGINT, SIGTERM, SIGPIPE, SIGHUP };
	char out[64];

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		int status = tap_run(die_now, &signals[i], out, sizeof(out));

		CHECK(WIFSIGNALED(status));
		CHECK_INT(WTERMSIG(status), signals[i]);
	}
}

static void returns_if_it_does_not_kill(void)
{
	int sig = SIGURG;
	char out[64];

	CHECK_INT(tap_run(die_now, &sig, out, sizeof(out)), 0);
}

static const struct tap_case cases[] = {
	{ "all that muster obeys is waited for", waits_for_all },
	{ "what was ignored stays so", ignored_stays_ignored },
	{ "children are waited for in any case", children_are_waited_for },
	{ "jobs get the mask muster was started with", keeps_the_mask },
	{ "muster dies of the signal it says", dies_of_it },
	{ "a signal that does not kill is survived",
	  returns_if_it_does_not_kill },
};
TAP_MAIN(cases)
