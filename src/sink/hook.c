/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hook.c - see hook.h.
 *
 * A task is all that a hook needs to know of its job, as a block of text: so
 * one that is handed over outlives the job. Whoever runs one is in the list of
 * runs meanwhile, and there hook_order finds its thread and wakes it, with the
 * lock held: a thread that is in the list has not ended.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "input/shquote.h"
#include "proc/child.h"
#include "sched/job.h"
#include "sink/hook.h"

#define PATIENCE	(2 * NS_PER_SEC)

/* With no process to be had: so long, with growing pauses. */
#define SHORTAGE_PATIENCE	(10 * NS_PER_SEC)
#define SHORTAGE_PAUSE_MIN	(10 * NS_PER_MS)
#define SHORTAGE_PAUSE_MAX	NS_PER_SEC

struct task {
	struct list link;
	uint64_t seq;
	struct buf vars;	/* "NAME=value", each with its NUL */
};

/* A hook while it is run. */
struct hook_run {
	struct list link;	/* guarded by the hook's lock */
	struct thread thread;
	struct child child;
	bool is_late;		/* began after HOOK_STOP */

	/* the term sequence; clock_run_ns */
	bool is_ending;
	bool sent_kill;
	unsigned stage;
	int64_t next_ns;
};

struct hook {
	struct sink sink;
	struct hook_config cfg;
	char **base_env;	/* less our own names */
	size_t nbase;
	char *argv[5];
	int devnull;
	struct thread creator;
	struct thread helper;
	atomic_int order;	/* enum hook_order */
	_Atomic uint64_t failures;

	struct mutex lock;	/* guards all that follows */
	struct cond change;
	struct list runs;
	struct list tasks;	/* handed over */
	bool helper_is_busy;
	bool quit;
};

/* What a hook is told. */

static void add_seq(struct buf *b, const struct job *job)
{
	buf_addu(b, job->seq);
}

static void add_slot(struct buf *b, const struct job *job)
{
	if (job->slot)
		buf_addu(b, job->slot);
}

static void add_id(struct buf *b, const struct job *job)
{
	if (job->id)
		buf_addstr(b, job->id);
}

static void add_end(struct buf *b, const struct job *job)
{
	buf_addstr(b, job_end_name(job->outcome.end));
}

/* Only of a job that came to its end by itself: then 0 means success, also to
 * a hook that looks no further. */
static void add_status(struct buf *b, const struct job *job)
{
	if (job->outcome.end == JOB_EXITED)
		buf_addu(b, (unsigned)job->outcome.status);
}

static void add_signal(struct buf *b, const struct job *job)
{
	if (job->outcome.signal)
		buf_addstr(b, signal_name(job->outcome.signal));
}

static void add_tries(struct buf *b, const struct job *job)
{
	buf_addu(b, job->tries);
}

static void add_runtime(struct buf *b, const struct job *job)
{
	int64_t ns = job_runtime_ns(job);

	buf_addf(b, "%lld.%03d", (long long)(ns / NS_PER_SEC),
		 (int)(ns % NS_PER_SEC / NS_PER_MS));
}

static void add_rss(struct buf *b, const struct job *job)
{
	buf_addu(b, job->outcome.rss_bytes);
}

static void add_command(struct buf *b, const struct job *job)
{
	if (job->command)
		buf_addstr(b, job->command);
	else
		job_add_values(job, b);
}

/* The command stands last: it may have to be left out. */
static const struct variable {
	const char *name;
	void (*add)(struct buf *b, const struct job *job);
} variables[] = {
	{ "MUSTER_SEQ", add_seq },
	{ "MUSTER_SLOT", add_slot },
	{ "MUSTER_ID", add_id },
	{ "MUSTER_END", add_end },
	{ "MUSTER_STATUS", add_status },
	{ "MUSTER_SIGNAL", add_signal },
	{ "MUSTER_TRIES", add_tries },
	{ "MUSTER_RUNTIME", add_runtime },
	{ "MUSTER_RSS", add_rss },
	{ "MUSTER_COMMAND", add_command },
};

#define NVARS	ARRAY_SIZE(variables)

static struct task *task_new(const struct job *job)
{
	struct task *t = xmalloc(sizeof(*t));

	list_init(&t->link);
	t->seq = job->seq;
	buf_init(&t->vars);
	for (size_t i = 0; i < NVARS; i++) {
		buf_addf(&t->vars, "%s=", variables[i].name);
		variables[i].add(&t->vars, job);
		buf_addch(&t->vars, '\0');
	}
	return t;
}

static void task_free(struct task *t)
{
	buf_release(&t->vars);
	free(t);
}

static bool is_ours(const char *var)
{
	for (size_t i = 0; i < NVARS; i++) {
		size_t n = strlen(variables[i].name);

		if (strncmp(var, variables[i].name, n) == 0 && var[n] == '=')
			return true;
	}
	return false;
}

static void keep_environment(struct hook *h)
{
	size_t n = 0;

	while (h->cfg.envp[n])
		n++;
	h->base_env = xcalloc(n + 1, sizeof(*h->base_env));
	for (size_t i = 0; i < n; i++) {
		if (!is_ours(h->cfg.envp[i]))
			h->base_env[h->nbase++] = h->cfg.envp[i];
	}
}

/* nvars of the task's variables with the rest before them; to be freed. */
static char **make_env(const struct hook *h, const struct task *t,
		       size_t nvars)
{
	char **env = xcalloc(h->nbase + nvars + 1, sizeof(*env));
	char *var = t->vars.data;

	if (h->nbase)
		memcpy(env, h->base_env, h->nbase * sizeof(*env));
	for (size_t i = 0; i < nvars; i++) {
		env[h->nbase + i] = var;
		var += strlen(var) + 1;
	}
	return env;
}

static void set_argv(struct hook *h)
{
	enum shell_kind kind = shell_kind_of(h->cfg.shell);
	const char *command = h->cfg.command;
	char **arg = h->argv;

	*arg++ = (char *)h->cfg.shell;
	*arg++ = (char *)"-c";
	/* Else the shell would take it for an option of its own. */
	if ((*command == '-' || *command == '+') && kind != SHELL_FISH &&
	    kind != SHELL_CSH)
		*arg++ = (char *)"--";
	*arg = (char *)command;
}

/* Ending one. */

static void send_signal(struct hook_run *r, int sig, int64_t next_ns)
{
	child_signal(&r->child, sig);
	r->sent_kill = sig == SIGKILL;
	/* A stopped process takes its signals when it goes on. */
	if (!r->sent_kill)
		child_signal(&r->child, SIGCONT);
	r->next_ns = next_ns;
}

static void begin_ending(const struct hook *h, struct hook_run *r, int64_t now)
{
	int64_t patience = h->cfg.patience_ns ? h->cfg.patience_ns : PATIENCE;

	r->is_ending = true;
	r->next_ns = r->is_late ? now + patience : now;
}

/* Does what the orders ask for now. Returns the moment to look again, -1 for
 * none. */
static int64_t obey(struct hook *h, struct hook_run *r, int64_t now)
{
	const struct term_seq *seq = &h->cfg.term_seq;
	int order = atomic_load(&h->order);

	if (order == HOOK_GO || r->sent_kill)
		return -1;
	if (!r->is_ending)
		begin_ending(h, r, now);
	if (order == HOOK_KILL)
		send_signal(r, SIGKILL, now);
	while (!r->sent_kill && now >= r->next_ns) {
		unsigned i = r->stage++;

		if (i < seq->n)
			send_signal(r, seq->stage[i].signal,
				    now + seq->stage[i].wait_ns);
		else
			send_signal(r, SIGKILL, now);
	}
	return r->sent_kill ? -1 : r->next_ns;
}

static void watch(struct hook *h, struct hook_run *r)
{
	struct pollfd p = { .fd = r->child.pidfd, .events = POLLIN };

	while (!child_poll(&r->child)) {
		int64_t now = clock_run_ns();
		int64_t next = obey(h, r, now);

		if (next >= 0)
			next = next > now ? next - now : 0;
		thread_poll(&p, 1, next);
	}
	child_finish(&r->child);
}

/* Running one. */

static void fail(struct hook *h, const struct task *t, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

static void fail(struct hook *h, const struct task *t, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	buf_addf(&text, "job %llu: ", (unsigned long long)t->seq);
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	atomic_fetch_add(&h->failures, 1);
	h->cfg.failed(h->cfg.arg, text.data);
	buf_release(&text);
}

static void judge(struct hook *h, const struct task *t, int wait_status)
{
	if (WIFSIGNALED(wait_status))
		fail(h, t, "killed by SIG%s",
		     signal_name(WTERMSIG(wait_status)));
	else if (WEXITSTATUS(wait_status) != 0)
		fail(h, t, "exit status %d", WEXITSTATUS(wait_status));
}

static enum spawn_result start(struct hook *h, struct hook_run *r,
			       const struct task *t, size_t nvars)
{
	char **env = make_env(h, t, nvars);
	struct spawn_request req = {
		.path = h->cfg.shell, .argv = h->argv, .envp = env,
		.in = h->devnull, .out = 2, .err = 2,
		.die_with_parent = h->cfg.die_with_parent,
	};
	enum spawn_result result = child_start(&r->child, &req);
	int err = errno;

	free(env);
	errno = err;
	return result;
}

/* As start, but waits while there is no process to be had. Without the
 * command when the environment has no room for it. */
static enum spawn_result start_patiently(struct hook *h, struct hook_run *r,
					 const struct task *t)
{
	int64_t end = clock_now_ns() + SHORTAGE_PATIENCE;
	int64_t pause = SHORTAGE_PAUSE_MIN;
	size_t nvars = NVARS;

	for (;;) {
		enum spawn_result result = start(h, r, t, nvars);
		int err = errno;

		if (result == SPAWN_NO_EXEC && err == E2BIG && nvars == NVARS) {
			nvars--;
			continue;
		}
		if (result != SPAWN_NO_PROCESS || clock_now_ns() >= end ||
		    atomic_load(&h->order) != HOOK_GO)
			return result;
		thread_poll(NULL, 0, pause);
		pause = pause < SHORTAGE_PAUSE_MAX / 2 ? 2 * pause
						       : SHORTAGE_PAUSE_MAX;
	}
}

static void enter(struct hook *h, struct hook_run *r)
{
	r->thread = thread_self();
	mutex_lock(&h->lock);
	list_append(&h->runs, &r->link);
	mutex_unlock(&h->lock);
	/* From here on, orders come with a wake. */
	r->is_late = atomic_load(&h->order) != HOOK_GO;
}

static void leave(struct hook *h, struct hook_run *r)
{
	mutex_lock(&h->lock);
	list_del(&r->link);
	mutex_unlock(&h->lock);
}

static void run_task(struct hook *h, const struct task *t)
{
	struct hook_run r = { .is_late = false };
	enum spawn_result result;
	int err;

	if (atomic_load(&h->order) == HOOK_KILL) {
		fail(h, t, "not run: the end did not wait for it");
		return;
	}
	enter(h, &r);
	result = start_patiently(h, &r, t);
	err = errno;
	if (result == SPAWN_OK)
		watch(h, &r);
	leave(h, &r);
	if (result == SPAWN_OK)
		judge(h, t, r.child.wait_status);
	else
		fail(h, t, "cannot execute '%s': %s", h->cfg.shell,
		     strerror(err));
}

static void hand_over(struct hook *h, struct task *t)
{
	mutex_lock(&h->lock);
	list_append(&h->tasks, &t->link);
	cond_signal(&h->change);
	mutex_unlock(&h->lock);
}

static void job_done(struct sink *s, const struct job *job)
{
	struct hook *h = container_of(s, struct hook, sink);
	struct task *t;

	if (job->outcome.end == JOB_CANCELLED)
		return;
	t = task_new(job);
	if (thread_is_self(h->creator)) {
		hand_over(h, t);
		return;
	}
	run_task(h, t);
	task_free(t);
}

static const struct sink_ops hook_ops = { .done = job_done };

/* The next task, or NULL at the end. */
static struct task *take_task(struct hook *h)
{
	struct list *node;
	bool was_busy;

	mutex_lock(&h->lock);
	was_busy = h->helper_is_busy;
	h->helper_is_busy = false;
	if (was_busy && list_is_empty(&h->tasks)) {
		mutex_unlock(&h->lock);
		h->cfg.idle(h->cfg.arg);
		mutex_lock(&h->lock);
	}
	while (list_is_empty(&h->tasks) && !h->quit)
		cond_wait(&h->change, &h->lock);
	node = list_take_first(&h->tasks);
	h->helper_is_busy = node != NULL;
	mutex_unlock(&h->lock);
	return node ? container_of(node, struct task, link) : NULL;
}

static void *help(void *arg)
{
	struct hook *h = arg;
	struct task *t;

	thread_set_name("muster-hook");
	while ((t = take_task(h)) != NULL) {
		run_task(h, t);
		task_free(t);
	}
	return NULL;
}

/* Life cycle and the controlling side. */

static void release(struct hook *h)
{
	fd_close(&h->devnull);
	cond_release(&h->change);
	mutex_release(&h->lock);
	free(h->base_env);
	free(h);
}

struct hook *hook_new(const struct hook_config *config)
{
	struct hook *h = xcalloc(1, sizeof(*h));
	int err;

	h->sink.ops = &hook_ops;
	list_init(&h->sink.link);
	h->cfg = *config;
	h->creator = thread_self();
	list_init(&h->runs);
	list_init(&h->tasks);
	mutex_init(&h->lock);
	cond_init(&h->change);
	set_argv(h);
	keep_environment(h);
	h->devnull = fd_open("/dev/null", O_RDONLY, 0);
	if (h->devnull >= 0 && thread_start(&h->helper, 0, help, h) == 0)
		return h;
	err = errno;
	release(h);
	errno = err;
	return NULL;
}

struct sink *hook_sink(struct hook *h)
{
	return &h->sink;
}

void hook_order(struct hook *h, enum hook_order order)
{
	struct list *pos;

	mutex_lock(&h->lock);
	if ((int)order > atomic_load(&h->order))
		atomic_store(&h->order, order);
	list_for_each(pos, &h->runs)
		thread_wake(container_of(pos, struct hook_run, link)->thread);
	mutex_unlock(&h->lock);
}

bool hook_is_idle(struct hook *h)
{
	bool is_idle;

	mutex_lock(&h->lock);
	is_idle = list_is_empty(&h->tasks) && !h->helper_is_busy;
	mutex_unlock(&h->lock);
	return is_idle;
}

uint64_t hook_failures(struct hook *h)
{
	return atomic_load(&h->failures);
}

void hook_free(struct hook *h)
{
	if (!h)
		return;
	mutex_lock(&h->lock);
	h->quit = true;
	cond_signal(&h->change);
	mutex_unlock(&h->lock);
	thread_join(&h->helper);
	release(h);
}
