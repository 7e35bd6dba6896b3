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

#include "base/clock.h"
#include "base/thread.h"

#if AFFINITY_BINDS

static atomic_uint runners;	/* threads in a streak of short jobs */
static atomic_uint usable;	/* CPUs, when the last one came; 0: unknown */
static atomic_bool is_refused;

static struct mutex bound_lock = MUTEX_INIT;
static unsigned bound[CPU_SETSIZE];	/* threads, by CPU */

static _Thread_local struct {
	unsigned streak;	/* short jobs without another one */
	int64_t last_ns;	/* when the last one was over */
	bool is_runner;		/* one of runners */
	bool is_bound;
	bool was_bound;		/* ever: its mask is not as it was made */
	int cpu;		/* to which */
	cpu_set_t process;	/* the main thread's */
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

static bool process_has_changed(void)
{
	cpu_set_t now;

	return get_process(&now) && !CPU_EQUAL(&now, &here.process);
}

/*
 * The kernel remembers what was asked for, and when a cpuset grows gives no
 * more. So where the process has all that its cpuset has, all that there could
 * be are asked for. (Also when someone has asked for just these: nobody can
 * tell.)
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

/* May run where the process may. */
static void follow(void)
{
	for (int tries = 0; tries < 3; tries++) {
		if (get_process(&here.process))
			find_all();
		set_own(&here.all);
		if (!process_has_changed())
			return;
	}
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
	follow();
	mutex_lock(&bound_lock);
	bound[here.cpu]--;
	mutex_unlock(&bound_lock);
	here.is_bound = false;
}

static void bind_here(void)
{
	cpu_set_t one;

	if (!get_process(&here.process) || CPU_COUNT(&here.process) < 2)
		return;
	find_all();
	mutex_lock(&bound_lock);
	here.cpu = choose_locked();
	bound[here.cpu]++;
	mutex_unlock(&bound_lock);
	here.is_bound = true;
	here.was_bound = true;
	CPU_ZERO(&one);
	CPU_SET(here.cpu, &one);
	if (set_own(&one))
		return;
	atomic_store(&is_refused, true);
	unbind_here();
}

static void count_in(void)
{
	cpu_set_t set;

	/* Who runs jobs because there is no thread for them. */
	if (syscall(SYS_gettid) == getpid())
		return;
	if (!get_process(&set)) {
		atomic_store(&is_refused, true);
		return;
	}
	atomic_store(&usable, (unsigned)CPU_COUNT(&set));
	atomic_fetch_add(&runners, 1);
	here.is_runner = true;
}

/* With many more no CPU is ever idle, and the scheduler does as well. */
static bool is_full(void)
{
	unsigned cpus = atomic_load_explicit(&usable, memory_order_relaxed);
	unsigned n = atomic_load_explicit(&runners, memory_order_relaxed);

	return cpus > 1 && n >= cpus && n <= 2 * cpus &&
	       !atomic_load_explicit(&is_refused, memory_order_relaxed);
}

void affinity_note_short(void)
{
	if (here.streak < AFFINITY_STREAK)
		here.streak++;
	if (here.streak < AFFINITY_STREAK)
		return;
	here.last_ns = clock_now_ns();
	if (!here.is_runner && !atomic_load(&is_refused))
		count_in();
	if (!here.is_runner || is_full() == here.is_bound)
		return;
	if (here.is_bound)
		unbind_here();
	else
		bind_here();
}

bool affinity_is_at_stake(void)
{
	return here.is_runner;
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
	int err = errno;

	if (here.is_runner &&
	    clock_now_ns() - here.last_ns > AFFINITY_SHORT_NS)
		affinity_leave();
	if (here.was_bound && process_has_changed()) {
		affinity_leave();
		/* Who was not bound any more is where it was let go. */
		if (process_has_changed())
			follow();
	}
	errno = err;
}

void affinity_let_go(void)
{
	if (here.is_bound)
		set_own(&here.all);
}

int affinity_get(unsigned char *mask, size_t size)
{
	memset(mask, 0, size);
	if (size < sizeof(here.all))
		return -1;
	memcpy(mask, &here.all, sizeof(here.all));
	return here.is_bound ? here.cpu : -1;
}

#else

int affinity_get(unsigned char *mask, size_t size)
{
	memset(mask, 0, size);
	return -1;
}

void affinity_note_short(void)
{
}

bool affinity_is_at_stake(void)
{
	return false;
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
