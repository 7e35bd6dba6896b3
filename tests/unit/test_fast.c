/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_fast.c - workers with warm shells, when there is a shortage.
 */
#include <config.h>

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/thread.h"
#include "proc/child.h"
#include "proc/sigstate.h"
#include "runner/fast.h"
#include "runner/launcher.h"
#include "sched/job.h"
#include "tap.h"

static char *env[] = { (char *)"PATH=/usr/bin:/bin", NULL };

/* A worker that starts shell commands, and not the first time. */
struct worker {
	struct fast fast;
	struct fast_slot slot;
	struct launcher by;
	const char *shell;
	atomic_bool retreats;	/* it has begun to */
};

static void set_up(struct worker *w, const char *shell)
{
	*w = (struct worker){
		.shell = shell,
		.by = { .shell = "/bin/sh", .can_be_warm = true,
			.base_env = env, .nbase = 1 },
	};
	CHECK(fd_setup() == 0);
	sigstate_setup();
	thread_setup();
	child_setup();
	fast_init(&w->fast, &w->by, true);
	fast_slot_init(&w->slot, &w->fast);
	w->slot.has_begun = true;
}

static void tear_down(struct worker *w)
{
	fast_slot_release(&w->slot);
	fast_release(&w->fast);
}

/* Has it start a job, and waits for the end of that. */
static void start(struct worker *w)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)":", NULL };
	struct spawn_request req = {
		.path = w->shell, .argv = argv, .envp = env, .out = 1,
		.err = 2, .in = fd_open("/dev/null", O_RDONLY, 0),
		.die_with_parent = true,
	};
	struct job job = { .seq = 1 };
	struct child c = { .number = 1 };

	CHECK_INT(fast_start(&w->slot, &c, &req, &job), SPAWN_OK);
	fd_close(&req.in);
	while (!child_poll(&c))
		usleep(1000);
	child_finish(&c);
	CHECK_INT(c.wait_status, 0);
}

static void *start_one(void *arg)
{
	start(arg);
	return NULL;
}

static void *retreat(void *arg)
{
	struct worker *w = arg;

	atomic_store(&w->retreats, true);
	fast_retreat(&w->slot);
	return NULL;
}

static void none_after_a_retreat(void)
{
	struct worker w;

	set_up(&w, "/bin/sh");
	start(&w);
	CHECK(w.slot.was_warm == warm_is_built_in());
	CHECK(fast_retreat(&w.slot));
	CHECK(!fast_retreat(&w.slot));
	CHECK(!warm_is_up(&w.slot.warm));
	start(&w);
	CHECK(!w.slot.was_warm);
	CHECK(!warm_is_up(&w.slot.warm));
	tear_down(&w);
}

/* What turns out not to be a shell that can be warm, while another worker has
 * found a shortage and waits for this one. */
static void retreats_from_one_that_fails(void)
{
	char shell[256], begun[256], go[256], text[1024];
	const char *dir = tap_tmpdir();
	struct thread starter, other;
	struct worker w;

	snprintf(shell, sizeof(shell), "%s/sh", dir);
	snprintf(begun, sizeof(begun), "%s/begun", dir);
	snprintf(go, sizeof(go), "%s/go", dir);
	snprintf(text, sizeof(text), "#!/bin/sh\n"
		 ": >'%s'; until [ -e '%s' ]; do sleep 0.01; done\n",
		 begun, go);
	tap_put("/sh", text);
	CHECK_INT(chmod(shell, 0755), 0);
	set_up(&w, shell);
	/* The linker takes no notice of that, so the shell is heard of only at
	 * its end. */
	close(atomic_exchange(&w.fast.library,
			      fd_open("/dev/null", O_RDONLY, 0)));
	CHECK_INT(thread_start(&starter, 0, start_one, &w), 0);
	while (access(begun, F_OK) < 0)
		usleep(1000);
	CHECK_INT(thread_start(&other, 0, retreat, &w), 0);
	while (!atomic_load(&w.retreats))
		usleep(1000);
	/* It holds what it holds soon; should it not, this shows less. */
	usleep(50000);
	tap_put("/go", "");
	thread_join(&starter);
	thread_join(&other);
	CHECK(!w.slot.was_warm);
	CHECK(atomic_load(&w.fast.is_over));
	tear_down(&w);
}

static const struct tap_case cases[] = {
	{ "after a retreat no shell is warm", none_after_a_retreat },
	{ "a retreat waits for a start that fails, not the other way round",
	  retreats_from_one_that_fails },
};
TAP_MAIN(cases)
