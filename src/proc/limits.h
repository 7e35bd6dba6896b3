/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limits.h - descriptors and processes enough for many jobs at once.
 *
 * limits_raise runs once, before any thread; jobs get the limits back that
 * muster was given (limits_restore, in the child).
 */
#ifndef MUSTER_PROC_LIMITS_H
#define MUSTER_PROC_LIMITS_H

#include <stddef.h>

/* How many jobs can run at once at most, limits raised as far as allowed, when
 * each holds so many descriptors more than one without input or files. */
unsigned limits_possible_jobs(unsigned more_fds);

/* More than this no system with so few numbers for processes can run at once:
 * each job takes two, its thread's and its process'. Asked for once. Both
 * are main's. */
unsigned limits_most_jobs(void);

/* Raises the soft limits, up to the hard ones, to what jobs jobs at once
 * need; best effort: what is lacking shows as RUN_AGAIN later. */
void limits_raise(unsigned jobs, unsigned more_fds);

/* How many descriptors a job may have open. */
size_t limits_job_fds(void);

/* The longest command that a shell can be given with this environment. */
size_t limits_command_bytes(void);

/* Async-signal-safe; nothing to do unless limits_raise changed something. */
void limits_restore(void);

#endif
