/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_affinity.c - who is bound to a CPU and when, with real threads. */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/affinity.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "tap.h"

#if AFFINITY_BINDS

static struct mutex lock = MUTEX_INIT;
static struct cond all_here;
static int crew;		/* threads that meet */
static int here;
static int meetings;

static cpu_set_t process;	/* what ours may use when the case begins */
static cpu_set_t *seen;		/* what each thread may, at last */

/* None, where the system has more CPUs than are known here. */
static cpu_set_t mask(pid_t pid)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(pid, sizeof(set), &set) < 0)
		CHECK_INT(errno, EINVAL);
	return set;
}

static bool can_bind(void)
{
	cpu_set_t set = mask(0);

	return sched_setaffinity(0, sizeof(set), &set) == 0;
}

static bool may_all(void)
{
	cpu_set_t set = mask(0);

	return CPU_EQUAL(&set, &process);
}

/* If that can be; where there is but one CPU, all are. */
static bool is_bound(void)
{
	cpu_set_t set = mask(0);

	return CPU_COUNT(&set) == 1 || !can_bind();
}

/* Waits until the whole crew has come. */
static void meet(void)
{
	int now;

	mutex_lock(&lock);
	now = meetings;
	if (++here == crew) {
		here = 0;
		meetings++;
		cond_broadcast(&all_here);
	}
	while (meetings == now)
		cond_wait(&all_here, &lock);
	mutex_unlock(&lock);
}

static void run_short_jobs(int n)
{
	for (int i = 0; i < n; i++)
		affinity_note_short();
}

/* Until all are in a streak, and once more with all of them in it. */
static void run_streak(void)
{
	run_short_jobs(AFFINITY_STREAK);
	meet();
	run_short_jobs(1);
	meet();
}

static void run_crew(int n, void *(*fn)(void *))
{
	struct thread *t = xcalloc((size_t)n, sizeof(*t));

	seen = xcalloc((size_t)n, sizeof(*seen));
	process = mask(0);
	crew = n;
	cond_init(&all_here);
	for (int i = 0; i < n; i++) {
		if (!CHECK_INT(thread_start(&t[i], 0, fn, &seen[i]), 0))
			exit(1);
	}
	for (int i = 0; i < n; i++)
		thread_join(&t[i]);
	cond_release(&all_here);
	free(t);
}

static int cpus(void)
{
	cpu_set_t set = mask(0);

	return CPU_COUNT(&set) ? CPU_COUNT(&set) : 1;
}

/* As many as there are CPUs. */
static void run_all(void *(*fn)(void *))
{
	run_crew(cpus(), fn);
	free(seen);
}

static void *be_bound(void *arg)
{
	run_streak();
	*(cpu_set_t *)arg = mask(0);
	meet();
	affinity_leave();
	CHECK(may_all());
	return NULL;
}

/* How many of the threads were bound to that CPU. */
static int count_on(int cpu, int threads)
{
	int n = 0;

	for (int i = 0; i < threads; i++)
		n += CPU_COUNT(&seen[i]) == 1 && CPU_ISSET(cpu, &seen[i]);
	return n;
}

static void check_spread(int each, int each_bound)
{
	int threads = each * cpus();

	run_crew(threads, be_bound);
	for (int cpu = 0; can_bind() && cpu < CPU_SETSIZE; cpu++)
		CHECK_INT(count_on(cpu, threads),
			  !CPU_ISSET(cpu, &process) ? 0
			  : cpus() == 1 ? each : each_bound);
	free(seen);
}

static void one_each(void)
{
	check_spread(1, 1);
}

static void two_each(void)
{
	check_spread(2, 2);
}

static void three_each(void)
{
	check_spread(3, 0);
}

static void *be_one_of_few(void *arg)
{
	(void)arg;
	run_short_jobs(10 * AFFINITY_STREAK);
	CHECK(may_all());
	affinity_leave();
	return NULL;
}

static void too_few(void)
{
	run_crew(1, be_one_of_few);
	free(seen);
}

static void *be_almost_short(void *arg)
{
	(void)arg;
	run_short_jobs(AFFINITY_STREAK - 1);
	meet();
	affinity_leave();
	run_short_jobs(AFFINITY_STREAK - 1);
	CHECK(may_all());
	affinity_leave();
	return NULL;
}

static void no_streak(void)
{
	run_all(be_almost_short);
}

/* The others notice with their next job. */
static void *be_left_alone(void *arg)
{
	run_streak();
	CHECK(is_bound());
	meet();
	if (arg == &seen[0])
		affinity_leave();
	meet();
	run_short_jobs(1);
	CHECK(may_all());
	affinity_leave();
	return NULL;
}

static void one_leaves(void)
{
	run_all(be_left_alone);
}

static void *start_job(void *arg)
{
	int status = -1;
	pid_t pid;

	(void)arg;
	run_streak();
	CHECK(is_bound());
	pid = fork();
	if (pid == 0) {
		affinity_let_go();
		_exit(may_all() ? 0 : 1);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	CHECK(is_bound());
	affinity_leave();
	return NULL;
}

static void jobs_are_free(void)
{
	run_all(start_job);
}

static void *look(void *arg)
{
	(void)arg;
	CHECK(may_all());
	return NULL;
}

static void *start_thread(void *arg)
{
	struct thread t;

	(void)arg;
	run_streak();
	CHECK(is_bound());
	if (CHECK_INT(thread_start(&t, 0, look, NULL), 0))
		thread_join(&t);
	CHECK(may_all());
	affinity_leave();
	return NULL;
}

static void threads_are_free(void)
{
	run_all(start_thread);
}

/* What the main thread may use from now on. */
static void move_process(const cpu_set_t *set)
{
	if (can_bind()) {
		CHECK_INT(sched_setaffinity(getpid(), sizeof(*set), set), 0);
		process = *set;
	}
}

static cpu_set_t last_one(const cpu_set_t *set)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--) {
		if (CPU_ISSET(cpu, set) && CPU_COUNT(&one) == 0)
			CPU_SET(cpu, &one);
	}
	return one;
}

/* To its last CPU, and back. */
static void *be_told(void *arg)
{
	cpu_set_t before = process;
	cpu_set_t one = last_one(&process);
	bool leads = arg == &seen[0];

	run_streak();
	if (leads)
		move_process(&one);
	meet();
	affinity_prepare();
	CHECK(may_all());
	meet();
	if (leads)
		move_process(&before);
	meet();
	affinity_prepare();
	CHECK(may_all());
	affinity_leave();
	CHECK(may_all());
	return NULL;
}

static void process_is_moved(void)
{
	run_all(be_told);
}

/* So long that nobody can call it busy. */
static void *be_idle(void *arg)
{
	(void)arg;
	run_streak();
	CHECK(is_bound());
	poll(NULL, 0, 2 * (int)(AFFINITY_SHORT_NS / NS_PER_MS));
	affinity_prepare();
	CHECK(may_all());
	affinity_leave();
	return NULL;
}

static void idle_ones_are_let_go(void)
{
	run_all(be_idle);
}

static void main_is_never_bound(void)
{
	int n = cpus();

	process = mask(0);
	run_short_jobs(10 * AFFINITY_STREAK);
	CHECK(may_all());
	/* It is not one of those who are counted either. */
	if (n > 1) {
		run_crew(n - 1, be_one_of_few);
		free(seen);
	}
	run_short_jobs(10 * AFFINITY_STREAK);
	CHECK(may_all());
}

static void errno_is_kept(void)
{
	errno = EDOM;
	affinity_leave();
	CHECK_INT(errno, EDOM);
}

#else

static void nothing_happens(void)
{
	int before = errno = EDOM;

	for (int i = 0; i < 10 * AFFINITY_STREAK; i++)
		affinity_note_short();
	affinity_prepare();
	affinity_let_go();
	affinity_leave();
	CHECK_INT(errno, before);
}

#endif

static const struct tap_case cases[] = {
#if AFFINITY_BINDS
	{ "as many threads as CPUs have one each", one_each },
	{ "twice as many are spread evenly", two_each },
	{ "three times as many are not bound", three_each },
	{ "fewer threads than CPUs are not bound", too_few },
	{ "nor are threads whose jobs last now and then", no_streak },
	{ "when one leaves, all do", one_leaves },
	{ "a job may run on all CPUs of the process", jobs_are_free },
	{ "a thread as well, and then its maker, too", threads_are_free },
	{ "whoever moves the process moves all", process_is_moved },
	{ "who has had nothing to do is let go", idle_ones_are_let_go },
	{ "the main thread is never bound", main_is_never_bound },
	{ "errno is kept", errno_is_kept },
#else
	{ "without masks nothing happens", nothing_happens },
#endif
};
TAP_MAIN(cases)
