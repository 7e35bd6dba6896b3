/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sigstate.c - see sigstate.h. */
#include <config.h>

#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

#include "base/compiler.h"
#include "proc/child.h"
#include "proc/sigstate.h"

static const int obeyed[] = {
	SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT,
};

/* What muster leaves alone, and others may have to know of. */
static const int noted[] = { SIGPIPE, SIGTTIN, SIGTTOU };

/* Written once by sigstate_setup, only read after. */
static sigset_t start_mask;
static sigset_t ignored;
static sigset_t wait_set;

/* how: SIG_DFL or SIG_IGN. Async-signal-safe. */
static void set_action(int sig, void (*how)(int))
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = how;
	sigaction(sig, &sa, NULL);
}

static bool is_ignored_now(int sig)
{
	struct sigaction sa;

	return sigaction(sig, NULL, &sa) == 0 &&
	       !(sa.sa_flags & SA_SIGINFO) && sa.sa_handler == SIG_IGN;
}

void sigstate_setup(void)
{
	pthread_sigmask(SIG_SETMASK, NULL, &start_mask);
	sigemptyset(&ignored);
	sigemptyset(&wait_set);
	for (size_t i = 0; i < ARRAY_SIZE(obeyed); i++) {
		if (is_ignored_now(obeyed[i]))
			sigaddset(&ignored, obeyed[i]);
		else
			sigaddset(&wait_set, obeyed[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(noted); i++) {
		if (is_ignored_now(noted[i]))
			sigaddset(&ignored, noted[i]);
	}
	if (is_ignored_now(SIGCHLD)) {
		/* Ignored, it would make the kernel reap our children. */
		sigaddset(&ignored, SIGCHLD);
		set_action(SIGCHLD, SIG_DFL);
	}
	if (CHILD_NEEDS_SIGCHLD)
		sigaddset(&wait_set, SIGCHLD);
}

void sigstate_drop_pending(void)
{
	struct sigaction before;
	sigset_t pending, none;

	/* The kernel does not fill in all of it. */
	sigemptyset(&pending);
	sigemptyset(&none);
	if (sigpending(&pending) < 0 ||
	    memcmp(&pending, &none, sizeof(none)) == 0)
		return;
	for (int sig = 1; sig < NSIG; sig++) {
		if (sigismember(&pending, sig) != 1 ||
		    sigaction(sig, NULL, &before) < 0)
			continue;
		/* Ignored, it is gone, blocked or not. */
		set_action(sig, SIG_IGN);
		sigaction(sig, &before, NULL);
	}
}

const sigset_t *sigstate_job_mask(void)
{
	return &start_mask;
}

bool sigstate_was_ignored(int sig)
{
	return sigismember(&ignored, sig) == 1;
}

bool sigstate_restore_sigchld(void)
{
	return sigstate_was_ignored(SIGCHLD);
}

const sigset_t *sigstate_wait_set(void)
{
	return &wait_set;
}

void sigstate_let_end(bool yes)
{
	static const int ends[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (sigismember(&wait_set, ends[i]) == 1)
			sigaddset(&set, ends[i]);
	}
	pthread_sigmask(yes ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

void sigstate_die_of(int sig)
{
	sigset_t only;

	/* The death by QUIT was asked for: no core to find a mistake in. */
	setrlimit(RLIMIT_CORE, &(struct rlimit){ .rlim_cur = 0 });
	set_action(sig, SIG_DFL);
	sigemptyset(&only);
	sigaddset(&only, sig);
	raise(sig);
	pthread_sigmask(SIG_UNBLOCK, &only, NULL);
}
