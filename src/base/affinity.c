/* SPDX-License-Identifier: GPL-3.0-or-later */
/* affinity.c - see affinity.h. */
#include <config.h>

#include "base/affinity.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/thread.h"

#if defined(HAVE_SCHED_GETAFFINITY) && defined(HAVE_SCHED_GETCPU) && \
	defined(SYS_gettid)

static atomic_uint runners;	/* threads in a streak of short jobs */
static atomic_uint usable;	/* CPUs, when the last one came; 0: unknown */

static struct mutex bound_lock = MUTEX_INIT;
static unsigned bound[CPU_SETSIZE];	/* threads, by CPU */

static _Thread_local struct {
	unsigned streak;	/* short jobs without another one */
	bool is_runner;		/* one of runners */
	bool is_bound;
	int cpu;		/* to which */
	cpu_set_t process;	/* the main thread's, then */
	cpu_set_t all;		/* to be asked for to get as much */
} here;

static bool get_process(cpu_set_t *set)
{
	return sched_getaffinity(getpid(), sizeof(*set), set) == 0;
}

static bool set_own(const cpu_set_t *set)
{
	return sched_setaffinity(0, sizeof(*set), set) == 0;
}

/*
 * The kernel remembers what was asked for, and when a cpuset grows gives no
 * more. So where the process has all that its cpuset has, all that there could
 * be are asked for.
 */
static void find_all(void)
{
	cpu_set_t every, got;

	memset(&every, 0xff, sizeof(every));
	if (set_own(&every) &&
	    sched_getaffinity(0, sizeof(got), &got) == 0 &&
	    CPU_EQUAL(&got, &here.process))
		here.all = every;
	else
		here.all = here.process;
}

/* The one it is on, if none has fewer. */
static int choose_locked(void)
{
	int now = sched_getcpu();
	int best = -1;

	for (int i = 0; i < CPU_SETSIZE; i++) {
		int cpu = now >= 0 ? (now + i) % CPU_SETSIZE : i;

		if (CPU_ISSET(cpu, &here.process) &&
		    (best < 0 || bound[cpu] < bound[best]))
			best = cpu;
	}
	return best;
}

static void unbind_here(void)
{
	cpu_set_t now;

	/* Someone may have changed it meanwhile. */
	if (get_process(&now) && !CPU_EQUAL(&now, &here.process))
		here.all = now;
	set_own(&here.all);
	mutex_lock(&bound_lock);
	bound[here.cpu]--;
	mutex_unlock(&bound_lock);
	here.is_bound = false;
}

static void bind_here(void)
{
	cpu_set_t one;

	if (!get_process(&here.process))
		return;
	find_all();
	mutex_lock(&bound_lock);
	here.cpu = choose_locked();
	bound[here.cpu]++;
	mutex_unlock(&bound_lock);
	here.is_bound = true;
	CPU_ZERO(&one);
	CPU_SET(here.cpu, &one);
	if (!set_own(&one))
		unbind_here();
}

static void count_in(void)
{
	cpu_set_t set;

	/* Who runs jobs because there is no thread for them. */
	if (syscall(SYS_gettid) == getpid() || !get_process(&set))
		return;
	atomic_store(&usable, (unsigned)CPU_COUNT(&set));
	atomic_fetch_add(&runners, 1);
	here.is_runner = true;
}

void affinity_note_short(void)
{
	unsigned cpus;
	bool is_full;

	if (here.streak < AFFINITY_STREAK && ++here.streak < AFFINITY_STREAK)
		return;
	if (!here.is_runner)
		count_in();
	cpus = atomic_load_explicit(&usable, memory_order_relaxed);
	is_full = cpus > 1 &&
		  atomic_load_explicit(&runners, memory_order_relaxed) >= cpus;
	if (!here.is_runner || is_full == here.is_bound)
		return;
	if (is_full)
		bind_here();
	else
		unbind_here();
}

void affinity_leave(void)
{
	int err = errno;

	here.streak = 0;
	if (here.is_runner)
		atomic_fetch_sub(&runners, 1);
	here.is_runner = false;
	if (here.is_bound)
		unbind_here();
	errno = err;
}

void affinity_prepare(void)
{
	cpu_set_t now;

	if (here.is_bound &&
	    !(get_process(&now) && CPU_EQUAL(&now, &here.process)))
		affinity_leave();
}

void affinity_let_go(void)
{
	if (here.is_bound)
		set_own(&here.all);
}

#else

void affinity_note_short(void)
{
}

void affinity_leave(void)
{
}

void affinity_prepare(void)
{
}

void affinity_let_go(void)
{
}

#endif
