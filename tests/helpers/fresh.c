/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fresh.c - fresh CMD ARG...: runs CMD as an interactive shell would start
 * it, whatever the test runner has done: all signals at their default and
 * unblocked, no descriptors but 0, 1 and 2. The others close when CMD is
 * executed, which a reader of such a pipe can wait for.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif
#include <unistd.h>

/*
 * The C library hides the signals that it uses itself (32 and 33), but who
 * started us may have ignored them; threads would then undo that behind the
 * back of the program under test.
 */
static void reset_library_signals(void)
{
#ifdef SYS_rt_sigaction
	/* All zeroes is SIG_DFL, whatever the order of the members. */
	unsigned long act[8] = { 0 };
	int sig;

	for (sig = 32; sig < SIGRTMIN; sig++)
		syscall(SYS_rt_sigaction, sig, act, NULL, 8);
#endif
}

static void reset_signals(void)
{
	struct sigaction sa;
	int sig;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_DFL;
	sigemptyset(&sa.sa_mask);
	/* KILL and STOP refuse: nothing to reset there. */
	for (sig = 1; sig < NSIG; sig++)
		sigaction(sig, &sa, NULL);
	reset_library_signals();
	sigprocmask(SIG_SETMASK, &sa.sa_mask, NULL);
}

int main(int argc, char **argv)
{
	long fd, end = sysconf(_SC_OPEN_MAX);

	if (argc < 2) {
		fprintf(stderr, "usage: fresh CMD ARG...\n");
		return 125;
	}
	reset_signals();
	/* A shell opens its own from 255 down, test runners below 10. */
	for (fd = 3; fd < end && fd < 4096; fd++)
		fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	execvp(argv[1], argv + 1);
	fprintf(stderr, "fresh: %s: %s\n", argv[1], strerror(errno));
	return 127;
}
