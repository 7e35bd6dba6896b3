/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_thread.c - threads, conditions, wakes and signals, with real threads.
 *
 * Lower bounds on time are exact. Upper bounds are left to the harness, which
 * ends a case that hangs.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/num.h"
#include "base/thread.h"
#include "tap.h"

#define THREADS		4
#define ROUNDS		10000
#define LONG_NS		(600 * NS_PER_SEC)

static struct mutex lock = MUTEX_INIT;
static struct cond cond;
static long counter;
static bool is_ready;

static bool start(struct thread *t, void *(*fn)(void *), void *arg)
{
	return CHECK_INT(thread_start(t, 0, fn, arg), 0);
}

static void pass_ms(long ms)
{
	struct timespec ts = { .tv_nsec = ms * 1000000 };

	nanosleep(&ts, NULL);
}

static int count_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Mutexes and conditions */

static void *add_many(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		mutex_lock(&lock);
		counter++;
		mutex_unlock(&lock);
	}
	return NULL;
}

static void mutex_keeps_others_out(void)
{
	struct thread t[THREADS];

	for (int i = 0; i < THREADS; i++)
		if (!start(&t[i], add_many, NULL))
			return;
	for (int i = 0; i < THREADS; i++)
		thread_join(&t[i]);
	CHECK_INT(counter, THREADS * ROUNDS);
}

static void join_itself(void *arg)
{
	struct thread self = thread_self();

	(void)arg;
	thread_join(&self);
}

static void misuse_aborts_naming_the_call(void)
{
	char out[2048];
	int status = tap_run(join_itself, NULL, out, sizeof(out));

	/* clang's thread sanitizer knows this one and dies of it before us. */
	if (strstr(out, "ThreadSanitizer: ")) {
		CHECK(status != 0);
		return;
	}
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	CHECK(strstr(out, "pthread_join: "));
}

static void *look_at_first(void *first)
{
	CHECK(!thread_is_self(*(struct thread *)first));
	CHECK(thread_is_self(thread_self()));
	return NULL;
}

static void threads_know_themselves(void)
{
	struct thread first = thread_self();
	struct thread t;

	CHECK(thread_is_self(first));
	if (start(&t, look_at_first, &first))
		thread_join(&t);
}

static void deadline_ends_a_wait(void)
{
	int64_t deadline_ns;

	cond_init(&cond);
	mutex_lock(&lock);
	CHECK(!cond_wait_until(&cond, &lock, 0));
	deadline_ns = clock_now_ns() + 20 * NS_PER_MS;
	while (cond_wait_until(&cond, &lock, deadline_ns))
		CHECK(clock_now_ns() < deadline_ns + LONG_NS);
	CHECK(clock_now_ns() >= deadline_ns);
	mutex_unlock(&lock);
	cond_release(&cond);
}

static void *set_ready(void *arg)
{
	(void)arg;
	mutex_lock(&lock);
	is_ready = true;
	cond_signal(&cond);
	mutex_unlock(&lock);
	return NULL;
}

static void signal_ends_a_wait(int64_t deadline_ns)
{
	struct thread t;

	cond_init(&cond);
	/* Locked first, so that the signal comes while we wait. */
	mutex_lock(&lock);
	if (!start(&t, set_ready, NULL)) {
		mutex_unlock(&lock);
		return;
	}
	while (!is_ready)
		if (!CHECK(cond_wait_until(&cond, &lock, deadline_ns)))
			break;
	mutex_unlock(&lock);
	thread_join(&t);
	cond_release(&cond);
}

static void signal_before_deadline(void)
{
	signal_ends_a_wait(clock_now_ns() + LONG_NS);
}

static void no_deadline_at_all(void)
{
	signal_ends_a_wait(-1);
}

static void far_deadline(void)
{
	signal_ends_a_wait(INT64_MAX);
}

static void *wait_ready(void *arg)
{
	(void)arg;
	mutex_lock(&lock);
	counter++;
	while (!is_ready)
		cond_wait(&cond, &lock);
	counter--;
	mutex_unlock(&lock);
	return NULL;
}

static void broadcast_ends_all_waits(void)
{
	struct thread t[THREADS];

	cond_init(&cond);
	for (int i = 0; i < THREADS; i++)
		if (!start(&t[i], wait_ready, NULL))
			return;
	mutex_lock(&lock);
	while (counter < THREADS) {
		mutex_unlock(&lock);
		pass_ms(1);
		mutex_lock(&lock);
	}
	is_ready = true;
	cond_broadcast(&cond);
	mutex_unlock(&lock);
	for (int i = 0; i < THREADS; i++)
		thread_join(&t[i]);
	CHECK_INT(counter, 0);
	cond_release(&cond);
}

/* Threads */

static void *look_at_mask(void *arg)
{
	pthread_sigmask(SIG_BLOCK, NULL, arg);
	return NULL;
}

static void signals_are_blocked(void)
{
	static const int some[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGALRM, SIGCHLD,
		SIGTSTP, SIGUSR1, SIGUSR2, SIGURG, SIGWINCH,
	};
	static const int faults[] = {
		SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP,
	};
	sigset_t masks[2];
	struct thread t;

	thread_setup();
	look_at_mask(&masks[0]);
	if (!start(&t, look_at_mask, &masks[1]))
		return;
	thread_join(&t);
	for (int k = 0; k < 2; k++) {
		for (size_t i = 0; i < ARRAY_SIZE(some); i++)
			CHECK_INT(sigismember(&masks[k], some[i]), 1);
		for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
			CHECK_INT(sigismember(&masks[k], faults[i]), 0);
	}
}

static void *look_at_stack(void *arg)
{
	pthread_attr_t attr;
	size_t *size = arg;

	if (CHECK_INT(pthread_getattr_np(pthread_self(), &attr), 0)) {
		pthread_attr_getstacksize(&attr, size);
		pthread_attr_destroy(&attr);
	}
	return NULL;
}

/* A sanitizer may add some, nothing may take some away. */
static void check_stack(size_t bytes, size_t want)
{
	struct thread t;
	size_t got = 0;

	if (!CHECK_INT(thread_start(&t, bytes, look_at_stack, &got), 0))
		return;
	thread_join(&t);
	CHECK(got >= want);
	CHECK(got < want + 2048 * 1024);
}

static void stack_is_as_asked(void)
{
	check_stack(0, 128 * 1024);
	check_stack(256 * 1024, 256 * 1024);
	check_stack(4096 * 1024, 4096 * 1024);
	check_stack(300001, 300001);
	/* Less than the system allows is made enough. */
	check_stack(1, 1);
}

/* Three of four MiB: a sanitizer's thread-local storage is there, too. */
static void *fill_stack(void *arg)
{
	volatile char bytes[3 << 20];

	for (size_t i = 0; i < sizeof(bytes); i += 512)
		bytes[i] = (char)i;
	*(int *)arg = bytes[512 * 3] == (char)(512 * 3);
	return NULL;
}

static void stack_can_be_used(void)
{
	struct thread t;
	int ok = 0;

	if (!CHECK_INT(thread_start(&t, 4 << 20, fill_stack, &ok), 0))
		return;
	thread_join(&t);
	CHECK(ok);
}

static void start_can_fail(void)
{
	struct thread t;

	errno = 0;
	CHECK_INT(thread_start(&t, (size_t)1 << 50, add_many, NULL), -1);
	CHECK(errno == EAGAIN || errno == ENOMEM || errno == EINVAL);
}

static void *return_at_once(void *arg)
{
	return arg;
}

static void many_in_a_row(void)
{
	for (int i = 0; i < 1000; i++) {
		struct thread t;

		if (!start(&t, return_at_once, NULL))
			return;
		thread_join(&t);
	}
}

static void name_is_cut(void)
{
	char before[64], after[64];

	pthread_getname_np(pthread_self(), before, sizeof(before));
	thread_set_name("a-rather-long-name");
	pthread_getname_np(pthread_self(), after, sizeof(after));
#ifdef HAVE_PTHREAD_SETNAME_NP
	CHECK_STR(after, "a-rather-long-n");
	CHECK(strcmp(before, after) != 0);
#else
	CHECK_STR(after, before);
#endif
}

/* thread_poll and thread_wake */

static void poll_without_anything(void)
{
	int64_t start_ns = clock_now_ns();

	thread_setup();
	CHECK_INT(thread_poll(NULL, 0, 0), 0);
	CHECK_INT(thread_poll(NULL, 0, 15 * NS_PER_MS + 1), 0);
	CHECK(clock_now_ns() - start_ns >= 15 * NS_PER_MS);
}

/* More descriptors than fit the small array, the last one ready. */
static void poll_of_many(void)
{
	struct pollfd fds[40];
	int idle[2], ready[2];

	thread_setup();
	if (!CHECK_INT(pipe(idle), 0) || !CHECK_INT(pipe(ready), 0) ||
	    !CHECK_INT(write(ready[1], "x", 1), 1))
		return;
	for (size_t n = 1; n <= ARRAY_SIZE(fds); n++) {
		for (size_t i = 0; i < n; i++)
			fds[i] = (struct pollfd){
				.fd = i % 2 ? -1 : idle[0], .events = POLLIN,
				.revents = POLLNVAL,
			};
		fds[n - 1].fd = ready[0];
		CHECK_INT(thread_poll(fds, n, -1), 1);
		CHECK_INT(fds[n - 1].revents, POLLIN);
		for (size_t i = 0; i + 1 < n; i++)
			CHECK_INT(fds[i].revents, 0);
	}
	fds[0].fd = idle[0];
	fds[0].revents = POLLNVAL;
	CHECK_INT(thread_poll(fds, 1, NS_PER_MS), 0);
	CHECK_INT(fds[0].revents, 0);
}

static void wake_before_poll_is_kept(void)
{
	thread_setup();
	thread_wake(thread_self());
	errno = 0;
	CHECK_INT(thread_poll(NULL, 0, -1), -1);
	CHECK_INT(errno, EINTR);
	/* Once, also when it was sent twice before. */
	CHECK_INT(thread_poll(NULL, 0, NS_PER_MS), 0);
	thread_wake(thread_self());
	thread_wake(thread_self());
	CHECK_INT(thread_poll(NULL, 0, 0), -1);
	CHECK_INT(errno, EINTR);
	CHECK_INT(thread_poll(NULL, 0, NS_PER_MS), 0);
}

static int64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

/* What is left of a wake must not keep the next poll busy. */
static void poll_after_a_wake_sleeps(void)
{
	int64_t used_ns;

	thread_setup();
	for (int i = 0; i < 3; i++) {
		thread_wake(thread_self());
		CHECK_INT(thread_poll(NULL, 0, -1), -1);
		used_ns = cpu_ns();
		CHECK_INT(thread_poll(NULL, 0, 60 * NS_PER_MS), 0);
		used_ns = cpu_ns() - used_ns;
	}
	CHECK(used_ns < 20 * NS_PER_MS);
}

static void events_go_before_a_wake(void)
{
	struct pollfd p = { .events = POLLIN };
	int ends[2];
	char byte;

	thread_setup();
	if (!CHECK_INT(pipe(ends), 0) ||
	    !CHECK_INT(write(ends[1], "x", 1), 1))
		return;
	p.fd = ends[0];
	thread_wake(thread_self());
	CHECK_INT(thread_poll(&p, 1, -1), 1);
	CHECK_INT(p.revents, POLLIN);
	CHECK_INT(read(ends[0], &byte, 1), 1);
	CHECK_INT(thread_poll(&p, 1, -1), -1);
	CHECK_INT(errno, EINTR);
}

struct player {
	struct thread self;
	struct thread other;
	atomic_int *turn;	/* rounds played by both */
	int parity;
};

/*
 * Waits for its turn by thread_poll alone, without a limit: one wake that gets
 * lost, and both wait for ever.
 */
static void play(struct player *p)
{
	for (int i = 0; i < ROUNDS; i++) {
		while (atomic_load(p->turn) % 2 != p->parity)
			if (!CHECK_INT(thread_poll(NULL, 0, -1), -1) ||
			    !CHECK_INT(errno, EINTR))
				return;
		atomic_fetch_add(p->turn, 1);
		thread_wake(p->other);
	}
}

static void *play_second(void *arg)
{
	play(arg);
	return NULL;
}

static void no_wake_is_ever_lost(void)
{
	atomic_int turn = 0;
	struct player second = { .other = thread_self(), .turn = &turn,
				 .parity = 1 };
	struct player first = { .turn = &turn, .parity = 0 };

	thread_setup();
	if (!start(&first.other, play_second, &second))
		return;
	play(&first);
	thread_join(&first.other);
	CHECK_INT(turn, 2 * ROUNDS);
}

static atomic_bool has_ended;

static void *poll_until_woken(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLIN };

	CHECK_INT(thread_poll(&p, 1, LONG_NS), -1);
	CHECK_INT(errno, EINTR);
	atomic_store(&has_ended, true);
	return NULL;
}

static void wake_ends_a_running_poll(void)
{
	struct thread t;
	int ends[2];

	thread_setup();
	if (!CHECK_INT(pipe(ends), 0) || !start(&t, poll_until_woken, &ends[0]))
		return;
	pass_ms(20);
	CHECK(!atomic_load(&has_ended));
	thread_wake(t);
	thread_join(&t);
	CHECK(atomic_load(&has_ended));
}

static void wake_of_ended_thread(void)
{
	struct thread t;

	thread_setup();
	if (!start(&t, return_at_once, NULL))
		return;
	pass_ms(20);
	thread_wake(t);
	thread_join(&t);
}

/* Nothing that waiting needs stays open, or could get into a job. */
static void pollers_leave_nothing_open(void)
{
	struct pollfd p = { .fd = 0, .events = 0 };
	int nothing = -1;
	int before;

	thread_setup();
	thread_poll(&p, 1, 0);
	before = count_descriptors();
	for (int i = 0; i < 50; i++) {
		struct thread t;

		if (!start(&t, poll_until_woken, &nothing))
			return;
		thread_wake(t);
		thread_join(&t);
	}
	CHECK_INT(count_descriptors(), before);
	for (int fd = 3; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) >= 0 && fcntl(fd, F_GETFL) & O_NONBLOCK)
			CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void *fill_descriptors_and_poll(void *arg)
{
	struct rlimit limit, low;

	CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = limit;
	low.rlim_cur = 64;
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &low), 0);
	while (dup(2) >= 0)
		;
	poll_until_woken(arg);
	/* A leak checker wants to open files when the case is over. */
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return NULL;
}

static void wake_without_descriptors(void)
{
	struct thread t;
	int nothing = -1;

	thread_setup();
	if (!start(&t, fill_descriptors_and_poll, &nothing))
		return;
	pass_ms(30);
	CHECK(!atomic_load(&has_ended));
	thread_wake(t);
	thread_join(&t);
	CHECK(atomic_load(&has_ended));
}

/* thread_wait_signal */

static sigset_t two_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	return set;
}

static void early_signals_are_kept(void)
{
	sigset_t set = two_signals();

	thread_setup();
	kill(getpid(), SIGTERM);
	CHECK_INT(thread_wait_signal(&set, -1), SIGTERM);
	kill(getpid(), SIGUSR1);
	CHECK_INT(thread_wait_signal(&set, 0), SIGUSR1);
	kill(getpid(), SIGUSR1);
	CHECK_INT(thread_wait_signal(&set, LONG_NS), SIGUSR1);
	CHECK_INT(thread_wait_signal(&set, 0), -1);
}

static void other_signals_are_left(void)
{
	sigset_t set = two_signals();
	sigset_t hup;

	thread_setup();
	sigemptyset(&hup);
	sigaddset(&hup, SIGHUP);
	kill(getpid(), SIGHUP);
	CHECK_INT(thread_wait_signal(&set, 2 * NS_PER_MS), -1);
	CHECK_INT(thread_wait_signal(&hup, 0), SIGHUP);
}

static void wait_has_a_limit(void)
{
	sigset_t set = two_signals();
	int64_t start_ns;

	thread_setup();
	start_ns = clock_now_ns();
	CHECK_INT(thread_wait_signal(&set, 25 * NS_PER_MS), -1);
	CHECK(clock_now_ns() - start_ns >= 25 * NS_PER_MS);
}

static void wake_is_zero(void)
{
	sigset_t set = two_signals();

	thread_setup();
	thread_wake(thread_self());
	CHECK_INT(thread_wait_signal(&set, -1), 0);
	thread_wake(thread_self());
	CHECK_INT(thread_wait_signal(&set, LONG_NS), 0);
	CHECK_INT(thread_wait_signal(&set, 0), -1);
}

static atomic_bool got_signal;

static void *send_both(void *arg)
{
	struct thread *to = arg;

	pass_ms(10);
	kill(getpid(), SIGTERM);
	while (!atomic_load(&got_signal))
		pass_ms(1);
	pass_ms(10);
	thread_wake(*to);
	return NULL;
}

static void wait_for_both(int64_t timeout_ns)
{
	struct thread self = thread_self();
	sigset_t set = two_signals();
	struct thread t;

	thread_setup();
	if (!start(&t, send_both, &self))
		return;
	CHECK_INT(thread_wait_signal(&set, timeout_ns), SIGTERM);
	atomic_store(&got_signal, true);
	CHECK_INT(thread_wait_signal(&set, timeout_ns), 0);
	thread_join(&t);
}

static void signals_end_a_wait(void)
{
	wait_for_both(-1);
}

static void signals_end_limited_wait(void)
{
	wait_for_both(LONG_NS);
}

static void *wake_many(void *arg)
{
	struct player *p = arg;

	for (int i = 0; i < ROUNDS / 10; i++) {
		while (atomic_load(p->turn) != i)
			thread_poll(NULL, 0, -1);
		thread_wake(p->other);
	}
	return NULL;
}

/* The signal waiter and a poller wake one another in turn. */
static void waiter_loses_no_wake(void)
{
	atomic_int turn = 0;
	struct player p = { .other = thread_self(), .turn = &turn };
	sigset_t set = two_signals();
	struct thread t;

	thread_setup();
	if (!start(&t, wake_many, &p))
		return;
	for (int i = 0; i < ROUNDS / 10; i++) {
		CHECK_INT(thread_wait_signal(&set, -1), 0);
		atomic_fetch_add(&turn, 1);
		thread_wake(t);
	}
	thread_join(&t);
}

static const struct tap_case cases[] = {
	{ "a mutex keeps others out", mutex_keeps_others_out },
	{ "a thread knows itself", threads_know_themselves },
	{ "misuse aborts naming the call", misuse_aborts_naming_the_call },
	{ "a deadline ends a wait, never early", deadline_ends_a_wait },
	{ "a signal ends a wait before its deadline", signal_before_deadline },
	{ "a negative deadline is none", no_deadline_at_all },
	{ "a far deadline does not overflow", far_deadline },
	{ "a broadcast ends all waits", broadcast_ends_all_waits },
	{ "all signals but faults are blocked", signals_are_blocked },
	{ "a stack is as large as asked", stack_is_as_asked },
	{ "a stack can be used", stack_can_be_used },
	{ "starting a thread can fail", start_can_fail },
	{ "a thousand threads in a row", many_in_a_row },
	{ "a name is cut to 15 bytes", name_is_cut },
	{ "poll without descriptors ends by time", poll_without_anything },
	{ "poll of many descriptors", poll_of_many },
	{ "a wake before poll is kept, once", wake_before_poll_is_kept },
	{ "poll after a wake sleeps", poll_after_a_wake_sleeps },
	{ "events go before a wake, which is kept", events_go_before_a_wake },
	{ "no wake is ever lost in 20,000", no_wake_is_ever_lost },
	{ "a wake ends a running poll", wake_ends_a_running_poll },
	{ "a wake of an ended thread does nothing", wake_of_ended_thread },
	{ "polling threads leave nothing open", pollers_leave_nothing_open },
	{ "a wake needs no free descriptor", wake_without_descriptors },
	{ "signals sent before the wait are kept", early_signals_are_kept },
	{ "signals not waited for are left", other_signals_are_left },
	{ "waiting for a signal has a limit, never early", wait_has_a_limit },
	{ "a wake is signal zero", wake_is_zero },
	{ "signals end a wait", signals_end_a_wait },
	{ "signals end a limited wait", signals_end_limited_wait },
	{ "the signal waiter loses no wake", waiter_loses_no_wake },
};
TAP_MAIN(cases)
