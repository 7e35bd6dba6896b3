/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bar.h - --bar, --eta and --progress on standard error.
 *
 * A sink that remembers what began last, and a tick that draws: on a terminal
 * one status line (through diag_status) redrawn at most every 100 ms;
 * elsewhere a plain line when a further tenth of the work is done, or when 10 s
 * have passed and something has changed, never carriage returns. Thread-safe;
 * drawing is done by the ticking thread only. The bar's clock begins with its
 * first tick, which is to be made when the run starts.
 */
#ifndef MUSTER_SINK_BAR_H
#define MUSTER_SINK_BAR_H

#include <stdbool.h>
#include <stdint.h>

#include "sched/sink.h"

struct bar;

enum bar_style {
	BAR_BAR = 1 << 0,
	BAR_ETA = 1 << 1,
	BAR_PROGRESS = 1 << 2,
};

/* What the tick is told of the engine. */
struct bar_sample {
	int64_t now_ns;
	int64_t total;		/* jobs in all, -1 while not known */
	uint64_t submitted;
	uint64_t done;
	uint64_t failed;
	unsigned running;
	unsigned workers;
	unsigned max;
};

/* No styles: nothing is drawn until bar_toggle, which then shows progress. */
struct bar *bar_new(unsigned styles, bool terminal);
struct sink *bar_sink(struct bar *b);
void bar_free(struct bar *b);
/* Switches on or off what is drawn (SIGUSR2), with the next tick. */
void bar_toggle(struct bar *b);

/* Draws if it is time; returns the nanoseconds until it wants to be called
 * again, -1 for not before the next bar_toggle. width: columns of the
 * terminal, 0 when not known. */
int64_t bar_tick(struct bar *b, const struct bar_sample *s, unsigned width);
/* Takes the status line away and leaves the last state as a plain line, unless
 * that was the last thing said. */
void bar_finish(struct bar *b, const struct bar_sample *s, unsigned width);

/*
 * Pure, for tests: one line of that style, cut to width columns (0: not cut,
 * and no reverse video). What is not known, as the total, is a question mark.
 *	bar:		40% 4:6=12s failed:1 LAST	(done:left=time left)
 *	eta:		ETA: 12s Left: 6 AVG: 2.00s  and progress behind it
 *	progress:	local:2/4/100%/2.0s failed:1	(running/done)
 * LAST is what began last; "failed" is there when any did. With several
 * styles, bar wins over eta, and eta over progress.
 */
struct buf;
void bar_format(struct buf *out, unsigned styles, const struct bar_sample *s,
		int64_t start_ns, const char *last, unsigned width);

#endif
