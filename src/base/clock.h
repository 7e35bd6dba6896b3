/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clock.h - time in nanoseconds.
 *
 * clock_now_ns is CLOCK_MONOTONIC. clock_run_ns is the same clock less the
 * time muster has been stopped (SIGTSTP): timeouts and run times are measured
 * with it. Wall-clock time is for log lines only. All thread-safe, none
 * fails or blocks.
 */
#ifndef MUSTER_BASE_CLOCK_H
#define MUSTER_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_now_ns(void);
int64_t clock_run_ns(void);
/* Nanoseconds since 1970, wall clock. */
int64_t clock_wall_ns(void);

/*
 * Freezes clock_run_ns, and lets it go on from where it stood. Called by the
 * thread that handles SIGTSTP; nested calls have no further effect.
 */
void clock_freeze(void);
void clock_thaw(void);

/*
 * Milliseconds to pass to poll(2) for ns nanoseconds, rounded up, at most
 * a day (an int overflows at 24.8); -1 for a negative ns (no limit).
 */
int clock_poll_ms(int64_t ns);

#endif
