/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * thread.c - POSIX threads without noise at the call site.
 *
 * A wake is SIGURG sent to one thread, where it stays pending because it is
 * blocked: that is how a wake that comes before the wait is not lost. Waiting
 * lets it in for just that call. ppoll does both at once. Without ppoll the
 * handler writes to a pipe of its thread's own that poll watches as well, so
 * that a signal between unblocking it and poll still ends the poll.
 */
#include <config.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_M_ARENA_MAX
#include <malloc.h>
#endif

#include "base/affinity.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"

#define STACK_BYTES	(128 * 1024)
#define NAME_BYTES	16

/* A limit of address space is for stacks, but for one part of so many: with
 * each thread come buffers of half the size of its stack. */
#define SPACE_PARTS	3

/* Written by thread_setup alone, before there is a second thread. */
static sigset_t blocked_signals;
static size_t kept_space;	/* 0: there is no limit */

static void NORETURN die(const char *call, int err)
{
	char why[128];

	snprintf(why, sizeof(why), "%s: %s", call, strerror(err));
	bug_abort(__FILE__, __LINE__, why);
}

static inline void check(const char *call, int err)
{
	if (UNLIKELY(err))
		die(call, err);
}

static struct timespec to_timespec(int64_t ns)
{
	return (struct timespec){
		.tv_sec = ns / NS_PER_SEC,
		.tv_nsec = ns % NS_PER_SEC,
	};
}

/* Mutexes and conditions */

void mutex_init(struct mutex *m)
{
	check("pthread_mutex_init", pthread_mutex_init(&m->m, NULL));
}

void mutex_release(struct mutex *m)
{
	check("pthread_mutex_destroy", pthread_mutex_destroy(&m->m));
}

void mutex_lock(struct mutex *m) NO_LOCK_CHECK
{
	check("pthread_mutex_lock", pthread_mutex_lock(&m->m));
}

void mutex_unlock(struct mutex *m) NO_LOCK_CHECK
{
	check("pthread_mutex_unlock", pthread_mutex_unlock(&m->m));
}

void cond_init(struct cond *c)
{
	pthread_condattr_t attr;

	check("pthread_condattr_init", pthread_condattr_init(&attr));
#ifdef HAVE_PTHREAD_CONDATTR_SETCLOCK
	check("pthread_condattr_setclock",
	      pthread_condattr_setclock(&attr, CLOCK_MONOTONIC));
#endif
	check("pthread_cond_init", pthread_cond_init(&c->c, &attr));
	pthread_condattr_destroy(&attr);
}

void cond_release(struct cond *c)
{
	check("pthread_cond_destroy", pthread_cond_destroy(&c->c));
}

void cond_signal(struct cond *c)
{
	check("pthread_cond_signal", pthread_cond_signal(&c->c));
}

void cond_broadcast(struct cond *c)
{
	check("pthread_cond_broadcast", pthread_cond_broadcast(&c->c));
}

void cond_wait(struct cond *c, struct mutex *m)
{
	check("pthread_cond_wait", pthread_cond_wait(&c->c, &m->m));
}

/* deadline_ns on the clock that pthread_cond_timedwait looks at. */
static struct timespec cond_deadline(int64_t deadline_ns)
{
#ifdef HAVE_PTHREAD_CONDATTR_SETCLOCK
	return to_timespec(deadline_ns);
#else
	/*
	 * The wall clock: when it jumps ahead we look again, when it is set
	 * back the wait gets longer by as much. A day at most, for the sum.
	 */
	int64_t left_ns = deadline_ns - clock_now_ns();

	if (left_ns < 0)
		left_ns = 0;
	if (left_ns > 86400 * NS_PER_SEC)
		left_ns = 86400 * NS_PER_SEC;
	return to_timespec(clock_wall_ns() + left_ns);
#endif
}

bool cond_wait_until(struct cond *c, struct mutex *m, int64_t deadline_ns)
{
	struct timespec ts;
	int err;

	if (deadline_ns < 0) {
		cond_wait(c, m);
		return true;
	}
	ts = cond_deadline(deadline_ns);
	err = pthread_cond_timedwait(&c->c, &m->m, &ts);
	if (err == ETIMEDOUT)
		return clock_now_ns() < deadline_ns;
	check("pthread_cond_timedwait", err);
	return true;
}

/* What a wake does in the thread that gets it */

#ifdef HAVE_PPOLL

static void on_wake(int sig)
{
	(void)sig;
}

static void setup_wake(void)
{
}

int thread_poll(struct pollfd *fds, nfds_t n, int64_t timeout_ns)
{
	struct timespec ts = to_timespec(timeout_ns);
	sigset_t mask = blocked_signals;

	sigdelset(&mask, SIGURG);
	return ppoll(fds, n, timeout_ns < 0 ? NULL : &ts, &mask);
}

#else /* !HAVE_PPOLL */

/* How often a thread looks that could not get a pipe. */
#define NO_PIPE_MS	20
#define FEW		16

struct waker {
	volatile sig_atomic_t is_woken;
	bool is_open;
	int ends[2];
};

/* The handler runs in its own thread only, and only inside thread_poll. */
static _Thread_local struct waker waker;
static pthread_key_t waker_key;

static void on_wake(int sig)
{
	int saved_errno = errno;

	(void)sig;
	waker.is_woken = 1;
	/* A full pipe is as good a wake as one byte more. */
	if (waker.is_open && write(waker.ends[1], "", 1) < 0)
		errno = saved_errno;
	errno = saved_errno;
}

/* At the end of the thread. */
static void close_waker(void *p)
{
	struct waker *w = p;

	w->is_open = false;
	fd_close(&w->ends[0]);
	fd_close(&w->ends[1]);
}

static void setup_wake(void)
{
	check("pthread_key_create",
	      pthread_key_create(&waker_key, close_waker));
}

/* Without descriptors, or with the last ones, which are for jobs, there is no
 * pipe; thread_poll then looks every 20 ms. */
static void open_waker(void)
{
	int ret;

	if (waker.is_open)
		return;
	fd_fork_lock();
	ret = fd_pipe(waker.ends);
	fd_fork_unlock();
	if (ret < 0) {
		waker.ends[0] = waker.ends[1] = -1;
		return;
	}
	if (!fd_has_spare(waker.ends[0], FD_START) ||
	    fd_set_nonblock(waker.ends[0]) < 0 ||
	    fd_set_nonblock(waker.ends[1]) < 0 ||
	    pthread_setspecific(waker_key, &waker) != 0) {
		close_waker(&waker);
		return;
	}
	waker.is_open = true;
}

static void forget_wake(void)
{
	char bytes[64];

	waker.is_woken = 0;
	if (waker.is_open)
		while (read(waker.ends[0], bytes, sizeof(bytes)) > 0)
			;
}

/* poll with SIGURG let in; the errno of poll is kept. */
static int poll_open(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	sigset_t urg;
	int saved_errno;
	int ret;

	sigemptyset(&urg);
	sigaddset(&urg, SIGURG);
	check("pthread_sigmask", pthread_sigmask(SIG_UNBLOCK, &urg, NULL));
	ret = poll(fds, n, timeout_ms);
	saved_errno = errno;
	check("pthread_sigmask", pthread_sigmask(SIG_BLOCK, &urg, NULL));
	errno = saved_errno;
	return ret;
}

static int slice_ms(int64_t left_ns)
{
	int ms = clock_poll_ms(left_ns);

	if (waker.is_woken)
		return 0;
	if (!waker.is_open && (ms < 0 || ms > NO_PIPE_MS))
		return NO_PIPE_MS;
	return ms;
}

/* As thread_poll, for n descriptors and a place for the pipe behind them. */
static int poll_with_pipe(struct pollfd *fds, nfds_t n, int64_t timeout_ns)
{
	int64_t deadline_ns = timeout_ns < 0 ? -1 : clock_now_ns() + timeout_ns;

	fds[n] = (struct pollfd){ .fd = waker.ends[0], .events = POLLIN };
	for (;;) {
		int64_t left_ns = timeout_ns;
		int ret;

		if (timeout_ns > 0)
			left_ns = deadline_ns - clock_now_ns();
		if (timeout_ns > 0 && left_ns < 0)
			left_ns = 0;
		ret = poll_open(fds, n + 1, slice_ms(left_ns));
		if (ret > 0 && fds[n].revents)
			ret--;
		/* Events first; as with ppoll, the wake is kept then. */
		if (ret > 0)
			return ret;
		if (waker.is_woken) {
			forget_wake();
			errno = EINTR;
			return -1;
		}
		if (ret < 0 && errno != EINTR)
			return -1;
		if (ret == 0 && left_ns == 0)
			return 0;
	}
}

int thread_poll(struct pollfd *fds, nfds_t n, int64_t timeout_ns)
{
	struct pollfd few[FEW];
	struct pollfd *all = few;
	int saved_errno;
	int ret;

	open_waker();
	if (n >= FEW)
		all = xreallocarray(NULL, n + 1, sizeof(*all));
	if (n)
		memcpy(all, fds, n * sizeof(*all));
	ret = poll_with_pipe(all, n, timeout_ns);
	saved_errno = errno;
	if (n)
		memcpy(fds, all, n * sizeof(*all));
	if (all != few)
		free(all);
	errno = saved_errno;
	return ret;
}

#endif /* !HAVE_PPOLL */

/* Threads */

/*
 * One arena of malloc's for all threads: one for each of them takes 64 MiB of
 * address space, of which there may be little, three system calls and several
 * page faults at the start of a thread, and memory. What threads get and give
 * back often they have in caches of their own, arena or not.
 */
static void setup_space(void)
{
	struct rlimit r;

#ifdef HAVE_M_ARENA_MAX
	mallopt(M_ARENA_MAX, 1);
#endif
	if (getrlimit(RLIMIT_AS, &r) < 0 || r.rlim_cur == RLIM_INFINITY ||
	    r.rlim_cur > SIZE_MAX)
		return;
	kept_space = (size_t)r.rlim_cur / SPACE_PARTS;
}

/* Is there room for so much, and the part that is kept? */
static bool has_space(size_t bytes)
{
	void *p;

	if (!kept_space)
		return true;
	p = mmap(NULL, kept_space + bytes, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return false;
	munmap(p, kept_space + bytes);
	return true;
}

void thread_setup(void)
{
	static const int faults[] = {
		SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP,
	};
	struct sigaction sa = { .sa_handler = on_wake };

	sigfillset(&blocked_signals);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		sigdelset(&blocked_signals, faults[i]);
	check("pthread_sigmask",
	      pthread_sigmask(SIG_SETMASK, &blocked_signals, NULL));
	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGURG, &sa, NULL) < 0)
		die("sigaction", errno);
	setup_wake();
	setup_space();
}

/* What the system allows, in whole pages. */
static size_t stack_size(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t least = (size_t)PTHREAD_STACK_MIN;

	if (!bytes)
		bytes = STACK_BYTES;
	if (bytes < least)
		bytes = least;
	return (bytes + page - 1) / page * page;
}

int thread_start(struct thread *t, size_t stack_bytes, void *(*fn)(void *),
		 void *arg)
{
	pthread_attr_t attr;
	sigset_t own;
	int err = pthread_attr_init(&attr);

	if (err)
		goto out;
	/* The new one would be where the caller is. */
	affinity_leave();
	err = pthread_attr_setstacksize(&attr, stack_size(stack_bytes));
	/* It takes none, also where who starts it does for a while. */
	pthread_sigmask(SIG_BLOCK, &blocked_signals, &own);
	if (!err)
		err = pthread_create(&t->id, &attr, fn, arg);
	pthread_sigmask(SIG_SETMASK, &own, NULL);
	pthread_attr_destroy(&attr);
out:
	if (err)
		errno = err;
	return err ? -1 : 0;
}

int thread_start_spare(struct thread *t, void *(*fn)(void *), void *arg)
{
	if (has_space(stack_size(0)))
		return thread_start(t, 0, fn, arg);
	errno = ENOMEM;
	return -1;
}

void thread_join(struct thread *t)
{
	check("pthread_join", pthread_join(t->id, NULL));
}

struct thread thread_self(void)
{
	return (struct thread){ .id = pthread_self() };
}

bool thread_is_self(struct thread t)
{
	return pthread_equal(t.id, pthread_self());
}

void thread_wake(struct thread t)
{
	int err = pthread_kill(t.id, SIGURG);

	/* Some systems say so when it has ended and is not joined yet. */
	if (err != ESRCH)
		check("pthread_kill", err);
}

void thread_set_name(const char *name)
{
#ifdef HAVE_PTHREAD_SETNAME_NP
	char cut[NAME_BYTES];

	snprintf(cut, sizeof(cut), "%s", name);
	pthread_setname_np(pthread_self(), cut);
#else
	(void)name;
#endif
}

/* Signals, for the main thread */

#ifdef HAVE_SIGTIMEDWAIT

/* One of the signals in set, or -1 with errno EAGAIN at the deadline. */
static int take_signal(const sigset_t *set, int64_t deadline_ns)
{
	struct timespec ts;
	int64_t left_ns;

	if (deadline_ns < 0)
		return sigwaitinfo(set, NULL);
	left_ns = deadline_ns - clock_now_ns();
	ts = to_timespec(left_ns > 0 ? left_ns : 0);
	return sigtimedwait(set, NULL, &ts);
}

#else

static bool is_pending(const sigset_t *set)
{
	sigset_t pending;

	if (sigpending(&pending) < 0)
		die("sigpending", errno);
	for (int sig = 1; sig < NSIG; sig++)
		if (sigismember(&pending, sig) == 1 &&
		    sigismember(set, sig) == 1)
			return true;
	return false;
}

/*
 * sigwait has no time limit, so with one we look before we wait: nobody else
 * takes signals, and one that is pending stays so until it is taken.
 */
static int take_signal(const sigset_t *set, int64_t deadline_ns)
{
	const int64_t nap_ns = 10 * NS_PER_MS;
	int sig;

	while (deadline_ns >= 0 && !is_pending(set)) {
		int64_t left_ns = deadline_ns - clock_now_ns();
		struct timespec ts;

		if (left_ns <= 0) {
			errno = EAGAIN;
			return -1;
		}
		ts = to_timespec(left_ns < nap_ns ? left_ns : nap_ns);
		nanosleep(&ts, NULL);
	}
	check("sigwait", sigwait(set, &sig));
	return sig;
}

#endif /* !HAVE_SIGTIMEDWAIT */

int thread_wait_signal(const sigset_t *set, int64_t timeout_ns)
{
	int64_t deadline_ns = -1;
	sigset_t wanted = *set;
	int sig;

	if (timeout_ns >= 0)
		deadline_ns = clock_now_ns() + timeout_ns;
	sigaddset(&wanted, SIGURG);
	do {
		sig = take_signal(&wanted, deadline_ns);
	} while (sig < 0 && errno == EINTR);
	if (sig < 0 && errno != EAGAIN)
		die("sigtimedwait", errno);
	return sig == SIGURG ? 0 : sig;
}
