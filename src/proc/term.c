/* SPDX-License-Identifier: GPL-3.0-or-later */
/* term.c - see term.h. */
#include <config.h>

#include "proc/term.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "base/num.h"

/* One more than the highest signal. */
#if defined(NSIG)
#define SIGNALS	NSIG
#else
#define SIGNALS	65
#endif

/* A day; what waits longer for one job is a slip. */
#define WAIT_MS_MAX	86400000

#define NAME_LEN_MAX	20

/* The first name of a number is the one that is shown. */
static const struct {
	const char *name;
	int number;
} signals[] = {
	{ "HUP", SIGHUP },
	{ "INT", SIGINT },
	{ "QUIT", SIGQUIT },
	{ "ILL", SIGILL },
	{ "TRAP", SIGTRAP },
	{ "ABRT", SIGABRT },
	{ "BUS", SIGBUS },
	{ "FPE", SIGFPE },
	{ "KILL", SIGKILL },
	{ "USR1", SIGUSR1 },
	{ "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },
	{ "PIPE", SIGPIPE },
	{ "ALRM", SIGALRM },
	{ "TERM", SIGTERM },
	{ "CHLD", SIGCHLD },
	{ "CONT", SIGCONT },
	{ "STOP", SIGSTOP },
	{ "TSTP", SIGTSTP },
	{ "TTIN", SIGTTIN },
	{ "TTOU", SIGTTOU },
	{ "URG", SIGURG },
	{ "XCPU", SIGXCPU },
	{ "XFSZ", SIGXFSZ },
	{ "VTALRM", SIGVTALRM },
	{ "PROF", SIGPROF },
	{ "SYS", SIGSYS },
#ifdef SIGEMT
	{ "EMT", SIGEMT },
#endif
#ifdef SIGINFO
	{ "INFO", SIGINFO },
#endif
#ifdef SIGIOT
	{ "IOT", SIGIOT },
#endif
#ifdef SIGCLD
	{ "CLD", SIGCLD },
#endif
#ifdef SIGSTKFLT
	{ "STKFLT", SIGSTKFLT },
#endif
#ifdef SIGWINCH
	{ "WINCH", SIGWINCH },
#endif
#ifdef SIGIO
	{ "IO", SIGIO },
#endif
#ifdef SIGPOLL
	{ "POLL", SIGPOLL },
#endif
#ifdef SIGPWR
	{ "PWR", SIGPWR },
#endif
};

/* "0" to "129": what a signal without a name is called. */
#define TEN(t) \
	t "0", t "1", t "2", t "3", t "4", t "5", t "6", t "7", t "8", t "9"
static const char *const numbers[] = {
	TEN(""), TEN("1"), TEN("2"), TEN("3"), TEN("4"), TEN("5"), TEN("6"),
	TEN("7"), TEN("8"), TEN("9"), TEN("10"), TEN("11"), TEN("12"),
};

int signal_by_name(const char *name)
{
	int64_t n;

	if (num_int(name, 1, SIGNALS - 1, &n) == 0)
		return *name == '+' ? 0 : (int)n;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		if (strcasecmp(name, signals[i].name) == 0)
			return signals[i].number;
	}
	return 0;
}

const char *signal_name(int sig)
{
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		if (signals[i].number == sig)
			return signals[i].name;
	}
	if (sig < 0 || (size_t)sig >= ARRAY_SIZE(numbers))
		return "?";
	return numbers[sig];
}

static int fail(int err)
{
	errno = err;
	return -1;
}

/* Copies the next word of a list with commas to word; moves *s behind its
 * comma, or to NULL when it was the last. False when it is too long. */
static bool next_word(const char **s, char word[NAME_LEN_MAX + 1])
{
	size_t len = strcspn(*s, ",");

	if (len > NAME_LEN_MAX)
		return false;
	memcpy(word, *s, len);
	word[len] = '\0';
	*s = (*s)[len] ? *s + len + 1 : NULL;
	return true;
}

/* A wait in milliseconds, which has no sign. */
static int parse_wait(const char *word, int64_t *ns)
{
	int64_t ms;

	if (*word < '0' || *word > '9')
		return fail(EINVAL);
	if (num_int(word, 0, WAIT_MS_MAX, &ms) < 0)
		return -1;
	*ns = ms * NS_PER_MS;
	return 0;
}

/* The last signal may stand without a wait. */
int term_seq_parse(const char *word, struct term_seq *seq)
{
	struct term_seq parsed = { .n = 0 };
	char part[NAME_LEN_MAX + 1];

	while (word) {
		int64_t wait_ns = 0;
		int sig;

		if (!next_word(&word, part))
			return fail(EINVAL);
		sig = signal_by_name(part);
		if (!sig)
			return fail(EINVAL);
		if (word) {
			if (!next_word(&word, part))
				return fail(EINVAL);
			if (parse_wait(part, &wait_ns) < 0)
				return -1;
		}
		if (parsed.n == TERM_STAGES_MAX)
			return fail(ERANGE);
		parsed.stage[parsed.n].signal = sig;
		parsed.stage[parsed.n++].wait_ns = wait_ns;
	}
	*seq = parsed;
	return 0;
}
