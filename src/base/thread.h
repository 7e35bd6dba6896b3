/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * thread.h - POSIX threads without noise at the call site.
 *
 * Two kinds of calls (as in bfs): creating a thread can fail and returns -1
 * with errno; locking, waiting and joining can't fail in a correct program,
 * and abort naming the call when they do. This file and thread.c are the only
 * users of pthread_* and of signal masks for threads.
 *
 * Every thread but main starts with all signals blocked. thread_wake sends
 * one signal of our own (SIGURG, whose handler does nothing) to a thread; it
 * ends thread_poll early in that thread, also when sent just before the call.
 */
#ifndef MUSTER_BASE_THREAD_H
#define MUSTER_BASE_THREAD_H

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

struct CAPABILITY("mutex") mutex {
	pthread_mutex_t m;
};

/* For mutexes with static storage, which are never released. */
#define MUTEX_INIT	{ PTHREAD_MUTEX_INITIALIZER }

struct cond {
	pthread_cond_t c;	/* on the monotonic clock */
};

struct thread {
	pthread_t id;
};

void mutex_init(struct mutex *m);
void mutex_release(struct mutex *m);
void mutex_lock(struct mutex *m) ACQUIRES(*m);
void mutex_unlock(struct mutex *m) RELEASES(*m);

void cond_init(struct cond *c);
void cond_release(struct cond *c);
void cond_signal(struct cond *c);
void cond_broadcast(struct cond *c);
/* Always in a loop that tests the condition: wakes may be spurious. */
void cond_wait(struct cond *c, struct mutex *m) REQUIRES(*m);
/*
 * As cond_wait, until deadline_ns on clock_now_ns (negative: no limit).
 * Returns false when the deadline passed.
 */
bool cond_wait_until(struct cond *c, struct mutex *m, int64_t deadline_ns)
	REQUIRES(*m);

/*
 * Once, before any other thread exists: blocks every signal in this thread
 * (threads inherit that) but those that a fault of ours raises (SIGSEGV,
 * SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP), and installs the wake handler.
 */
void thread_setup(void);

/*
 * Starts fn(arg) on a stack of stack_bytes (0: 128 KiB) with all signals
 * blocked. Returns 0, or -1 with errno (EAGAIN, ENOMEM).
 */
int thread_start(struct thread *t, size_t stack_bytes, void *(*fn)(void *),
		 void *arg) MUST_USE;
/*
 * The same, with the stack of default size, for one that can be done without:
 * ENOMEM also when a limit of address space (RLIMIT_AS) would leave too little
 * of it for what is not a stack.
 */
int thread_start_spare(struct thread *t, void *(*fn)(void *), void *arg)
	MUST_USE;
void thread_join(struct thread *t);
/* The calling thread. */
struct thread thread_self(void);
/* Is t the calling thread? */
bool thread_is_self(struct thread t);
void thread_wake(struct thread t);

/*
 * poll(2) that thread_wake ends with -1/EINTR. timeout_ns negative: no limit.
 * A wake sent while the thread was not polling is kept for the next call.
 */
int thread_poll(struct pollfd *fds, nfds_t n, int64_t timeout_ns);

/*
 * Waits for one of the signals in set (all are blocked) or thread_wake.
 * Returns the signal, 0 for a wake, -1 when timeout_ns (negative: none) is
 * over. For the main thread.
 */
int thread_wait_signal(const sigset_t *set, int64_t timeout_ns);

/* Sets the name debuggers and top show; cut to 15 bytes; best effort. */
void thread_set_name(const char *name);

#endif
