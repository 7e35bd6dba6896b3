/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * control.h - what main does while the jobs run: takes signals, keeps the
 * clock of the bar, of the deadline and of the grace period, reads job files
 * again, and with --scale adaptive how hard pressed the machine is.
 *
 * Stages of ending (see the man page, SIGNALS): TERM and HUP drain, INT and
 * QUIT cancel; each further signal is one stage harder: drain, cancel, kill.
 */
#ifndef MUSTER_CONTROL_H
#define MUSTER_CONTROL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/thread.h"

struct bar;
struct deal;
struct engine;
struct engine_bounds;
struct hook;
struct lines;
struct metrics;
struct options;
struct perl;
struct pressure;
struct template;

struct control {
	const struct options *options;
	struct engine *engine;
	struct bar *bar;		/* or NULL */
	struct lines *lines;		/* or NULL */
	struct hook *hook;		/* or NULL */
	struct perl *perl;		/* or NULL */
	struct deal *deal;		/* or NULL */
	struct metrics *metrics;	/* or NULL */
	const struct template *template; /* or NULL */
	struct template *const *then;	/* of later stages */
	int64_t total;			/* jobs in all, -1 unknown */
	unsigned cpus;
	unsigned possible;

	/* Set by anyone, who then calls control_notify: drain. */
	atomic_bool no_memory;
	/* How often control_stop was called. */
	atomic_uint stops_asked;

	/* What the job files said last, by stage; made and set at first by
	 * who sets up. */
	struct engine_bounds *said;

	/* results */
	bool was_stopped;		/* by TERM, HUP or the deadline */
	int die_of;			/* INT or QUIT; 0: none */
	bool metrics_lost;		/* not written once; that was said */

	/* its own */
	struct thread self;
	bool told_no_memory;
	bool is_past_deadline;
	int64_t start_ns;		/* clock_run_ns */
	unsigned stops_taken;
	int64_t grace_end_ns;		/* -1: none */
	int64_t next_tick_ns;		/* -1: none */
	int64_t next_lines_ns;		/* likewise */
	int64_t next_read_ns;		/* of the job files; -1: never */
	int64_t next_metrics_ns;
	struct pressure *pressure;	/* for --scale adaptive, or NULL */
	int64_t next_feel_ns;		/* -1: never */
};

/* Call in the thread that will run the loop, before any other is started. */
void control_init(struct control *c);
/* Wakes the loop; from any thread (engine_config.notify). */
void control_notify(void *control);
/* Returns when the engine is over, and the hooks. */
/* The same as SIGTERM; from any thread. */
void control_stop(void *control);
/* Returns when the engine is over. */
void control_loop(struct control *c);
/*
 * After the loop: waits until done(arg), which control_notify announces. Gives
 * up, returning false, when a reader who does not read would keep a run from
 * ending that a signal has told to end: CONTROL_FLUSH after the order to
 * cancel or after --grace, and sooner with each further signal.
 */
bool control_await(struct control *c, bool (*done)(void *), void *arg);
/* Writes the metrics as they are now, if wanted. A shortage of descriptors is
 * an error only when it is the last time. For main. */
void control_write_metrics(struct control *c, bool is_last);
/* The bar's last state. */
void control_finish(struct control *c);
/* Frees what the loop has made. */
void control_release(struct control *c);

#endif
