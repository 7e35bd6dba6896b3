/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * diag.h - everything that muster itself says on standard error.
 *
 * A message is one line "muster: ..." and one write(2), made of visible
 * characters only when standard error is a terminal. One status line (the
 * bar) can stand at the bottom of a terminal: messages, and job output that
 * goes to the same terminal, take it away first and put it back after.
 * Thread-safe; one lock, held while writing to standard error.
 */
#ifndef MUSTER_BASE_DIAG_H
#define MUSTER_BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* Once at start; name is the word before the colon (static string). */
void diag_setup(const char *name);

/* "name: message\n". No one can be told of a failed write: diag_has_lost. */
void diag_msg(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* As diag_msg, with ": strerror(err)" behind it. */
void diag_err(int err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The text as it is, no name before it: summary tables, job lists, -t. -1 when
 * it could not be written; errno stays what it was all the same. */
int diag_raw(const char *text, size_t len);
/* True when one of these could not be written: no run may end with 0 then. */
bool diag_has_lost(void);

/*
 * Where standard error is a pipe that nobody reads: each line waits for room,
 * until fn (set before there is a second thread; any thread may call it) says
 * that its caller is wanted elsewhere, or until the time that the last
 * diag_hurry has given is over. A line that does not wait any longer is lost.
 */
void diag_set_wanted(bool (*fn)(void));
void diag_hurry(int64_t patience_ns);

/*
 * Debug lines, printed when the area was switched on with diag_debug_on:
 * "name: area: message", in a worker's thread "name: area: [3] message".
 */
enum diag_area {
	DIAG_SCHED = 1 << 0,
	DIAG_PROC = 1 << 1,
	DIAG_EMIT = 1 << 2,
	DIAG_INPUT = 1 << 3,
};
void diag_debug_on(unsigned areas);
bool diag_is_debug(enum diag_area area);
void diag_debug(enum diag_area area, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The number of the worker that the calling thread is; 0: none (as at first).
 */
void diag_set_worker(unsigned number);

/*
 * The status line: shows text (no newline; already cut to the width by the
 * caller) instead of the last one; an empty text takes it away for good.
 * Only sensible when standard error is a terminal.
 */
void diag_status(const char *text, size_t len);
/* The same for lines above it, with newlines between them but not behind the
 * last. */
void diag_lines(const char *text, size_t len);

/*
 * Around output that another module writes to a terminal: begin takes the
 * status line away and keeps messages out, end puts it back. Output that ends
 * within a line keeps it away until that line has its end; a message
 * meanwhile begins a line of its own. Without a status line both cost one
 * atomic access. What begin returns goes to end.
 */
bool diag_output_begin(void);
void diag_output_end(bool began, bool within_line);

#endif
