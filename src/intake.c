/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake.c - see intake.h. */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/thread.h"
#include "input/pack.h"
#include "input/shuffle.h"
#include "input/template.h"
#include "intake.h"
#include "options.h"
#include "proc/sigstate.h"

/* A shell gets the command as one argument, for which Linux has this limit
 * whatever the others are; xargs takes as much. */
#define COMMAND_MAX	((size_t)128 << 10)
/* Where the system names no limit, and what others may add to it. */
#define ARGUMENTS_MIN	4096
#define ARGUMENTS_SPARE	2048

extern char **environ;

/* Names are read by a thread of their own, so that main can take signals. */
struct reading {
	struct intake *in;
	struct buf *err;
	struct thread main;
	int result;
	atomic_bool is_done;	/* releases what the thread has written */
};

static void *read_names(void *arg)
{
	struct reading *r = arg;

	r->result = source_read_names(r->in->source, &r->in->names, r->err);
	atomic_store(&r->is_done, true);
	thread_wake(r->main);
	return NULL;
}

/* Nothing has been started: signals do what they do to any program. */
static void obey(int sig)
{
	switch (sig) {
	case SIGINT:
	case SIGQUIT:
	case SIGTERM:
	case SIGHUP:
		sigstate_die_of(sig);
		break;
	case SIGTSTP:
		raise(SIGSTOP);
		break;
	default:
		break;
	}
}

static int await_names(struct intake *in, struct buf *err)
{
	struct reading r = { .in = in, .err = err, .main = thread_self() };
	struct thread thread;

	atomic_init(&r.is_done, false);
	if (thread_start(&thread, 0, read_names, &r) < 0) {
		buf_addf(err, "cannot start a thread: %s", strerror(errno));
		return -1;
	}
	while (!atomic_load(&r.is_done))
		obey(thread_wait_signal(sigstate_wait_set(), -1));
	thread_join(&thread);
	return r.result;
}

int intake_open(struct intake *in, const struct options *o,
		const struct input_spec *inputs, size_t n,
		enum shell_kind shell, bool are_commands, struct buf *err)
{
	struct source_opts opts = o->source;

	*in = (struct intake){ .source = NULL };
	opts.no_attributes = o->no_attributes;
	opts.are_commands = are_commands;
	opts.shell = shell;
	in->source = source_new(inputs, n, &opts, err);
	if (!in->source)
		return -1;
	if (opts.header != HEADER_NONE && await_names(in, err) < 0)
		return -1;
	if (o->shuffle)
		in->shuffle = shuffle_new(in->source,
					  (uint64_t)clock_wall_ns() ^
					  (uint64_t)getpid());
	return 0;
}

void intake_release(struct intake *in)
{
	pack_free(in->pack);
	shuffle_free(in->shuffle);
	source_free(in->source);
	names_release(&in->names);
}

static enum source_result next_tuple(void *arg, struct tuple *t,
				     struct buf *err)
{
	struct intake *in = arg;

	if (in->shuffle)
		return shuffle_next(in->shuffle, t, err);
	return source_next(in->source, t, err);
}

enum source_result intake_next(struct intake *in, struct tuple *t,
			       struct buf *err)
{
	return in->pack ? pack_next(in->pack, t, err)
			: next_tuple(in, t, err);
}

/* What arguments, environment and the pointers to them may take. */
static size_t bytes_possible(void)
{
	long max = sysconf(_SC_ARG_MAX);
	size_t left = max > 0 ? (size_t)max : ARGUMENTS_MIN;
	size_t taken = ARGUMENTS_SPARE;

	for (char **var = environ; *var; var++)
		taken += strlen(*var) + 1 + sizeof(*var);
	return left > taken ? left - taken : 1;
}

void intake_pack(struct intake *in, const struct options *o,
		 const struct template *template, unsigned slots)
{
	const struct packing *k = &o->pack;
	struct pack_opts opts = {
		.tuples_max = k->tuples_max,
		.takes_none = k->takes_none,
		.has_rows = k->has_rows && template &&
			    template_has_positions(template),
		.chars_max = COMMAND_MAX,
		.bytes_max = bytes_possible(),
		.slots = k->spreads ? slots : 0,
		.slot = slots,
		.gives_up = k->gives_up,
		.template = template,
		.next = next_tuple,
		.arg = in,
	};

	if (k->chars_max && k->chars_max < COMMAND_MAX)
		opts.chars_max = k->chars_max;
	if (k->is_on || k->chars_max || k->gives_up)
		in->pack = pack_new(&opts);
}

void intake_stop(struct intake *in)
{
	source_stop(in->source);
}

int64_t intake_total(const struct intake *in, const struct options *o,
		     bool count)
{
	if (o->total_jobs)
		return o->total_jobs;
	return in->pack ? -1 : source_total(in->source, count);
}
