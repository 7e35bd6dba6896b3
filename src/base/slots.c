/* SPDX-License-Identifier: GPL-3.0-or-later */
/* slots.c - see slots.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/slots.h"

/* Bytes of the first part; the gates are behind them. */
#define SLOTS_END	((off_t)1 << 30)

/* While the one at the gate looks for one of several slots. */
#define PAUSE_MIN	NS_PER_MS
#define PAUSE_MAX	(50 * NS_PER_MS)

void slots_init(struct slots *s, int dir, const char *name)
{
	*s = (struct slots){ .dir = dir, .fd = -1, .name = xstrdup(name) };
}

/* Locks. */

#ifdef F_OFD_SETLK
#define TRY	F_OFD_SETLK
#define WAIT	F_OFD_SETLKW
#define ASK	F_OFD_GETLK
#endif

/* The bytes from start up to end; 0: all behind it. */
static struct flock range(short type, off_t start, off_t end)
{
	return (struct flock){
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = start,
		.l_len = end ? end - start : 0,
	};
}

static int try_lock(const struct slots *s, short type, off_t start, off_t end)
{
#ifdef TRY
	struct flock l = range(type, start, end);
	int ret;

	do {
		ret = fcntl(s->fd, TRY, &l);
	} while (ret < 0 && errno == EINTR);
	return ret;
#else
	(void)s, (void)type, (void)start, (void)end;
	errno = ENOSYS;
	return -1;
#endif
}

/* -1 with errno EINTR after a signal; at the deadline there is one. */
static int wait_lock(const struct slots *s, short type, off_t start, off_t end)
{
#ifdef WAIT
	struct flock l = range(type, start, end);

	return fcntl(s->fd, WAIT, &l);
#else
	return try_lock(s, type, start, end);
#endif
}

/* A lock of someone else in that range, cut to it; l_type F_UNLCK: none. */
static int ask_lock(const struct slots *s, struct flock *l, off_t start,
		    off_t end)
{
#ifdef ASK
	off_t behind;

	*l = range(F_WRLCK, start, end);
	if (fcntl(s->fd, ASK, l) < 0)
		return -1;
	if (l->l_type == F_UNLCK)
		return 0;
	behind = l->l_len ? l->l_start + l->l_len : end;
	if (l->l_start < start)
		l->l_start = start;
	l->l_len = (behind < end ? behind : end) - l->l_start;
	return 0;
#else
	(void)s, (void)l, (void)start, (void)end;
	errno = ENOSYS;
	return -1;
#endif
}

static bool is_busy(int err)
{
	return err == EAGAIN || err == EACCES;
}

/* The limit of time: signals that begin at the deadline and go on, since the
 * first one may come just before the call that it is to end. */

struct alarm {
	int64_t deadline_ns;	/* -1: none */
	struct sigaction action;
	sigset_t mask;
};

static void on_alarm(int sig)
{
	(void)sig;
}

static void alarm_set(struct alarm *a, int64_t timeout_ns)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval timer = { .it_interval.tv_usec = 20000 };
	sigset_t set;

	a->deadline_ns = -1;
	if (timeout_ns < 0)
		return;
	a->deadline_ns = clock_now_ns() + timeout_ns;
	timer.it_value.tv_sec = (time_t)(timeout_ns / NS_PER_SEC);
	timer.it_value.tv_usec =
		(suseconds_t)(timeout_ns % NS_PER_SEC / 1000 + 1);
	if (timer.it_value.tv_usec > 999999)
		timer.it_value.tv_usec = 999999;
	sigemptyset(&action.sa_mask);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigaction(SIGALRM, &action, &a->action);
	sigprocmask(SIG_UNBLOCK, &set, &a->mask);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void alarm_clear(const struct alarm *a)
{
	const struct itimerval none = { .it_value.tv_sec = 0 };
	int err = errno;

	if (a->deadline_ns < 0)
		return;
	setitimer(ITIMER_REAL, &none, NULL);
	sigprocmask(SIG_SETMASK, &a->mask, NULL);
	sigaction(SIGALRM, &a->action, NULL);
	errno = err;
}

static bool is_late(const struct alarm *a)
{
	return a->deadline_ns >= 0 && clock_now_ns() >= a->deadline_ns;
}

/* The file. */

static int open_file(struct slots *s)
{
	if (s->fd >= 0)
		return 0;
	do {
		s->fd = openat(s->dir, s->name,
			       O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
			       0600);
	} while (s->fd < 0 && errno == EINTR);
	return s->fd < 0 ? -1 : 0;
}

/* Has the last one removed it, between our opening and our locking it? Then
 * it is closed. */
static bool was_removed(struct slots *s)
{
	struct stat st;

	if (fstat(s->fd, &st) == 0 && st.st_nlink > 0)
		return false;
	fd_close(&s->fd);
	return true;
}

/* Opens it and waits for a lock of it while it has its name. */
static enum slots_result lock_file(struct slots *s, short type, off_t start,
				   off_t end, const struct alarm *a)
{
	for (;;) {
		if (open_file(s) < 0)
			return SLOTS_FAILED;
		if (wait_lock(s, type, start, end) == 0) {
			if (!was_removed(s))
				return SLOTS_GOT;
		} else if (errno != EINTR) {
			return SLOTS_FAILED;
		} else if (is_late(a)) {
			return SLOTS_TIMEOUT;
		}
	}
}

/* Slots. */

/*
 * Adds to *n the slots from start up to end that are held, as far as they
 * matter, which is up to max. The kernel names any lock of the range, not the
 * first one.
 */
static int count_held(const struct slots *s, off_t start, off_t end,
		      unsigned max, unsigned *n)
{
	while (start < end && *n < max) {
		struct flock l;

		if (ask_lock(s, &l, start, end) < 0)
			return -1;
		if (l.l_type == F_UNLCK)
			return 0;
		if (l.l_len >= max - *n)
			*n = max;
		else
			*n += (unsigned)l.l_len;
		if (count_held(s, start, l.l_start, max, n) < 0)
			return -1;
		start = l.l_start + l.l_len;
	}
	return 0;
}

/* One of the first max slots that is free: 1, 0 when there is none, -1. */
static int take_free(const struct slots *s, off_t max)
{
	for (off_t at = 0; at < max; at++) {
		if (try_lock(s, F_WRLCK, at, at + 1) == 0)
			return 1;
		if (!is_busy(errno))
			return -1;
	}
	return 0;
}

static void rest(int64_t *pause_ns)
{
	const struct timespec t = { .tv_nsec = (long)*pause_ns };

	nanosleep(&t, NULL);
	*pause_ns += *pause_ns / 2;
	if (*pause_ns > PAUSE_MAX)
		*pause_ns = PAUSE_MAX;
}

/* At the gate: no lock waits for one of several bytes. */
static enum slots_result take_one_of(struct slots *s, unsigned n,
				     const struct alarm *a)
{
	int64_t pause_ns = PAUSE_MIN;

	for (;;) {
		unsigned held = 0;
		int got = 0;

		if (count_held(s, 0, SLOTS_END, n, &held) < 0)
			return SLOTS_FAILED;
		/* Another gate's may have been quicker. */
		if (held < n)
			got = take_free(s, n);
		if (got)
			return got > 0 ? SLOTS_GOT : SLOTS_FAILED;
		if (is_late(a))
			return SLOTS_TIMEOUT;
		rest(&pause_ns);
	}
}

/* The only one: all slots can be waited for at once. */
static enum slots_result take_only(struct slots *s, const struct alarm *a)
{
	enum slots_result r = lock_file(s, F_WRLCK, 0, SLOTS_END, a);

	if (r == SLOTS_GOT && try_lock(s, F_UNLCK, 1, SLOTS_END) < 0)
		return SLOTS_FAILED;
	return r;
}

static enum slots_result take(struct slots *s, unsigned n,
			      const struct alarm *a)
{
	off_t gate = SLOTS_END + (off_t)n;
	enum slots_result r = lock_file(s, F_WRLCK, gate, gate + 1, a);
	int err;

	if (r != SLOTS_GOT)
		return r;
	r = n == 1 ? take_only(s, a) : take_one_of(s, n, a);
	err = errno;
	if (s->fd >= 0 && try_lock(s, F_UNLCK, gate, gate + 1) < 0 &&
	    r == SLOTS_GOT)
		return SLOTS_FAILED;
	errno = err;
	return r;
}

enum slots_result slots_take(struct slots *s, unsigned n, int64_t timeout_ns)
{
	enum slots_result r;
	struct alarm a;

	alarm_set(&a, timeout_ns);
	r = take(s, n, &a);
	alarm_clear(&a);
	return r;
}

enum slots_result slots_seize(struct slots *s)
{
	for (;;) {
		int64_t pause_ns = PAUSE_MIN;
		unsigned held = 0;
		int got = 0;

		if (open_file(s) < 0 ||
		    count_held(s, 0, SLOTS_END, SLOTS_END, &held) < 0)
			return SLOTS_FAILED;
		/* The only one has all of them, for a moment. */
		if (held < SLOTS_END)
			got = take_free(s, (off_t)held + 1);
		if (got < 0)
			return SLOTS_FAILED;
		if (got && !was_removed(s))
			return SLOTS_GOT;
		if (!got)
			rest(&pause_ns);
	}
}

enum slots_result slots_await_none(struct slots *s, int64_t timeout_ns)
{
	enum slots_result r;
	struct alarm a;

	alarm_set(&a, timeout_ns);
	/* Others may wait for the same at the same time. */
	r = lock_file(s, F_RDLCK, 0, SLOTS_END, &a);
	if (r == SLOTS_GOT && try_lock(s, F_UNLCK, 0, SLOTS_END) < 0)
		r = SLOTS_FAILED;
	alarm_clear(&a);
	return r;
}

void slots_release(struct slots *s)
{
	/* Of two that leave at a time, the later one finds nobody. */
	if (s->fd >= 0 && try_lock(s, F_UNLCK, 0, 0) == 0 &&
	    try_lock(s, F_WRLCK, 0, 0) == 0 && !was_removed(s))
		unlinkat(s->dir, s->name, 0);
	slots_abandon(s);
}

void slots_abandon(struct slots *s)
{
	fd_close(&s->fd);
	free(s->name);
	s->name = NULL;
}
