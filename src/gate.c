/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gate.c - see gate.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "gate.h"
#include "options.h"
#include "proc/child.h"
#include "proc/strain.h"
#include "sched/engine.h"
#include "sched/job.h"
#include "sched/sink.h"

#define GATE_PAUSE	NS_PER_SEC

/* Where the end of a process comes without a pidfd. */
#define LIMIT_LOOK	(20 * NS_PER_MS)

/* Any number may start. */
#define NO_BOUND	(-1)

extern char **environ;

struct gate {
	const struct options *o;	/* constant, to shell */
	struct engine *engine;
	unsigned cpus;
	unsigned possible;
	const char *shell;
	struct sink sink;
	struct thread thread;
	bool has_thread;
	atomic_bool stop;
	atomic_bool started;	/* a job, since it looked last */

	/* the thread's */
	unsigned load_max;	/* what the file of --load said last */
	bool has_swaps;
	uint64_t swapped_in, swapped_out;
	int64_t disk_ms, disk_ns;	/* at the last look; ns 0: none */
	bool holds;		/* jobs, by SIGSTOP */
	bool told;		/* that something can't be known */
};

bool gate_is_wanted(const struct options *o)
{
	return o->has_load || o->noswap || o->memfree || o->memsuspend ||
	       o->limit;
}

static void job_starts(struct sink *s, const struct job *job)
{
	struct gate *g = container_of(s, struct gate, sink);

	(void)job;
	/* Each start has to be asked for. */
	if (!g->o->limit)
		return;
	atomic_store(&g->started, true);
	if (g->has_thread)
		thread_wake(g->thread);
}

static const struct sink_ops sink_ops = { .start = job_starts };

struct gate *gate_new(const struct options *o, struct engine *e,
		      unsigned cpus, unsigned possible, const char *shell)
{
	struct gate *g = xcalloc(1, sizeof(*g));

	g->o = o;
	g->engine = e;
	g->cpus = cpus;
	g->possible = possible;
	g->shell = shell;
	g->sink.ops = &sink_ops;
	/* The reader may be quicker than our first look. */
	engine_allow(e, 0);
	return g;
}

struct sink *gate_sink(struct gate *g)
{
	return &g->sink;
}

void gate_free(struct gate *g)
{
	free(g);
}

/* Bounds on what may start: the smaller one of two, of which negative is
 * none. */
static int64_t smaller(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

static void tell_unknown(struct gate *g, const char *what)
{
	if (!g->told)
		diag_msg("%s: the system does not tell", what);
	g->told = true;
}

/* How many more tasks make the load reach the bound. */
static int64_t room_for(double max, int64_t load)
{
	double room = max - (double)load;
	int64_t n = (int64_t)room;

	if (room <= 0)
		return 0;
	return n < room ? n + 1 : n;
}

static int64_t look_at_load(struct gate *g)
{
	const struct options *o = g->o;
	struct buf err = BUF_INIT;
	double max = o->load_number;
	int64_t load = strain_tasks(NULL);

	if (o->load.kind != JOBSPEC_UNSET) {
		unsigned n = jobspec_resolve(&o->load, g->cpus, g->possible,
					     &err);

		/* A file may be about to be written. */
		if (n)
			g->load_max = n;
		max = g->load_max;
	}
	buf_release(&err);
	if (load < 0) {
		tell_unknown(g, "--load");
		return NO_BOUND;
	}
	return room_for(max < 0.01 ? 0.01 : max, load);
}

/* In and out since the last look? */
static int64_t look_at_swaps(struct gate *g)
{
	uint64_t in, out;
	bool swaps;

	if (!strain_swaps(NULL, &in, &out)) {
		tell_unknown(g, "--noswap");
		return NO_BOUND;
	}
	swaps = g->has_swaps && in > g->swapped_in && out > g->swapped_out;
	g->has_swaps = true;
	g->swapped_in = in;
	g->swapped_out = out;
	return swaps ? 0 : NO_BOUND;
}

/* The running jobs. */

struct running {
	uint64_t *seqs;
	size_t n;
};

static void add_running(const struct job *job, enum job_state state, void *arg)
{
	struct running *r = arg;

	if (state != JOB_RUNNING)
		return;
	r->seqs = xreallocarray(r->seqs, r->n + 1, sizeof(*r->seqs));
	r->seqs[r->n++] = job->seq;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The oldest one first; free(r->seqs) is the caller's. */
static void list_running(struct gate *g, struct running *r)
{
	*r = (struct running){ .n = 0 };
	engine_each_job(g->engine, add_running, r);
	if (r->n)
		qsort(r->seqs, r->n, sizeof(*r->seqs), compare);
}

/* It has its try anew, later, and that does not count. */
static void end_youngest(struct gate *g, const char *why)
{
	struct running r;

	list_running(g, &r);
	if (r.n && engine_retry_job(g->engine, r.seqs[r.n - 1]) == 0)
		diag_debug(DIAG_SCHED, "%s: job %llu has to wait", why,
			   (unsigned long long)r.seqs[r.n - 1]);
	free(r.seqs);
}

static bool is_to_be_held(uint64_t number, void *arg)
{
	const struct running *r = arg;

	for (size_t i = 0; i < r->n; i++) {
		if (r->seqs[i] == number)
			return false;
	}
	return true;
}

static bool is_never_held(uint64_t number, void *arg)
{
	(void)number;
	(void)arg;
	return false;
}

/* With S to 2S free, the more of it the more of the oldest jobs go on; with
 * less than S one alone. */
static void suspend_jobs(struct gate *g, double has, double limit)
{
	struct running r;
	double left = 2 - has / limit;
	size_t n;

	if (has >= 2 * limit) {
		if (g->holds)
			child_hold(is_never_held, NULL);
		g->holds = false;
		return;
	}
	list_running(g, &r);
	n = left * (double)r.n > 1 ? 1 + (size_t)(1 / left) : r.n;
	if (has < limit)
		n = 1;
	if (n < r.n)
		r.n = n;
	child_hold(is_to_be_held, &r);
	g->holds = true;
	free(r.seqs);
}

static int64_t look_at_memory(struct gate *g)
{
	const struct options *o = g->o;
	int64_t has = strain_memory(NULL);
	double bytes = (double)has;

	if (has < 0) {
		tell_unknown(g, o->memfree ? "--memfree" : "--memsuspend");
		return NO_BOUND;
	}
	if (o->memfree && bytes < (double)o->memfree / 2)
		end_youngest(g, "--memfree");
	if (o->memsuspend)
		suspend_jobs(g, bytes, (double)o->memsuspend);
	return bytes < (double)o->memfree + (double)o->memsuspend ? 0
								   : NO_BOUND;
}

/* --limit: 0 go, 1 wait, 2 the youngest is one too many. */

/* Waits for the command; the end of the run is the end of it. */
static int await(struct gate *g, struct child *c)
{
	struct pollfd p = { .fd = c->pidfd, .events = POLLIN };

	while (!child_poll(c)) {
		if (atomic_load(&g->stop))
			child_signal(c, SIGKILL);
		thread_poll(&p, c->pidfd >= 0, LIMIT_LOOK);
	}
	child_finish(c);
	return WIFEXITED(c->wait_status) ? WEXITSTATUS(c->wait_status) : 1;
}

static int run_limit(struct gate *g)
{
	char *argv[] = { (char *)g->shell, (char *)"-c", (char *)g->o->limit,
			 NULL };
	int devnull = fd_open("/dev/null", O_RDONLY, 0);
	struct spawn_request req = {
		.path = g->shell, .argv = argv, .envp = environ,
		.in = devnull, .out = 1, .err = 2,
		.die_with_parent = true,
	};
	struct child child = { .number = 0 };
	enum spawn_result r = SPAWN_NO_PROCESS;
	int err;

	if (devnull >= 0)
		r = child_start(&child, &req);
	err = errno;
	fd_close(&devnull);
	if (r == SPAWN_OK)
		return await(g, &child);
	/* It may be a shortage that passes. */
	diag_debug(DIAG_SCHED, "--limit: %s", strerror(err));
	return 1;
}

static int judge_memory(double wanted)
{
	int64_t has = strain_memory(NULL);

	if (has < 0)
		return 0;
	return (double)has < wanted / 2 ? 2 : (double)has < wanted;
}

/* As a percentage of the time since the last look. */
static int judge_disk(struct gate *g, double wanted)
{
	int64_t now = clock_now_ns();
	int64_t ms = strain_disk_ms(NULL);
	double percent = 0;

	if (g->disk_ns && now > g->disk_ns)
		percent = (double)(ms - g->disk_ms) * 100 /
			  ((double)(now - g->disk_ns) / (double)NS_PER_MS);
	g->disk_ns = now;
	g->disk_ms = ms;
	return percent > wanted;
}

static int64_t look_at_limit(struct gate *g)
{
	int verdict = 0;

	switch (g->o->limit_kind) {
	case LIMIT_COMMAND:
		verdict = run_limit(g);
		break;
	case LIMIT_MEMORY:
		verdict = judge_memory(g->o->limit_number);
		break;
	case LIMIT_LOAD:
		verdict = (double)strain_tasks(NULL) > g->o->limit_number;
		break;
	case LIMIT_IO:
		verdict = judge_disk(g, g->o->limit_number);
		break;
	}
	if (verdict == 2)
		end_youngest(g, "--limit");
	return verdict == 0 ? 1 : 0;
}

static int64_t look(struct gate *g)
{
	const struct options *o = g->o;
	int64_t n = NO_BOUND;

	if (o->has_load)
		n = smaller(n, look_at_load(g));
	if (o->noswap)
		n = smaller(n, look_at_swaps(g));
	if (o->memfree || o->memsuspend)
		n = smaller(n, look_at_memory(g));
	/* Last, and only where it matters: it costs a process. */
	if (o->limit && n != 0)
		n = smaller(n, look_at_limit(g));
	return n;
}

/* Until it is time, or a start has used up what --limit gave. */
static void rest(struct gate *g, bool is_open)
{
	int64_t end = clock_now_ns() + GATE_PAUSE;

	while (!atomic_load(&g->stop)) {
		int64_t now = clock_now_ns();

		if (now >= end || (is_open && atomic_load(&g->started)))
			return;
		thread_poll(NULL, 0, end - now);
	}
}

static void *gate_main(void *arg)
{
	struct gate *g = arg;

	thread_set_name("muster-gate");
	while (!atomic_load(&g->stop)) {
		int64_t n;

		atomic_store(&g->started, false);
		n = look(g);
		engine_allow(g->engine, n);
		rest(g, n != 0);
	}
	if (g->holds)
		child_hold(is_never_held, NULL);
	return NULL;
}

int gate_start(struct gate *g)
{
	g->has_thread = thread_start(&g->thread, 0, gate_main, g) == 0;
	return g->has_thread ? 0 : -1;
}

void gate_stop(struct gate *g)
{
	if (!g->has_thread)
		return;
	atomic_store(&g->stop, true);
	thread_wake(g->thread);
	thread_join(&g->thread);
	g->has_thread = false;
}
