/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hook.h - --on-done: a command that the shell runs after each job.
 *
 * A sink; add it behind those whose records the command may want to see. The
 * thread that ends a job runs its hook and waits for that, so hooks of
 * different workers run side by side. Only the thread that called hook_new
 * (main, which must not wait) hands them to a thread of the hook's own, which
 * runs them one after the other.
 *
 * A hook is told of its job by MUSTER_* in its environment (the list is in
 * hook.c and in the manual page). It leads a process group of its own, reads
 * /dev/null and writes to muster's standard error. Nothing but its own end and
 * orders ends it. Jobs that were cancelled before they began have no hook.
 * Thread-safe.
 */
#ifndef MUSTER_SINK_HOOK_H
#define MUSTER_SINK_HOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "proc/term.h"
#include "sched/sink.h"

struct hook;

/* What hooks are to do; only ever raised. */
enum hook_order {
	HOOK_GO,
	HOOK_STOP,	/* those that run go through the term sequence, those
			   that begin later do so after a while */
	HOOK_KILL,	/* SIGKILL now; none begins any more */
};

/* All pointers are kept. Callbacks come from any thread, without locks. */
struct hook_config {
	const char *command;
	const char *shell;		/* path */
	char *const *envp;		/* what MUSTER_* is added to */
	struct term_seq term_seq;
	bool die_with_parent;
	int64_t patience_ns;		/* the while above; 0: two seconds */
	/* A hook has failed, or could not be run; text is one line: "job 3:
	 * exit status 5". */
	void (*failed)(void *arg, const char *text);
	/* hook_is_idle may have become true. */
	void (*idle)(void *arg);
	void *arg;
};

/* NULL with errno: no thread, or /dev/null can't be opened. */
struct hook *hook_new(const struct hook_config *config);
struct sink *hook_sink(struct hook *h);

/* Tells all hooks, those that run and those to come; any thread, does not
 * block. */
void hook_order(struct hook *h, enum hook_order order);

/* True when nothing is left of what the thread of hook_new handed over. */
bool hook_is_idle(struct hook *h);

/* How many have failed so far. */
uint64_t hook_failures(struct hook *h);

/* When no job can end any more; waits until it is idle. */
void hook_free(struct hook *h);

#endif
