/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cgroup.h - a control group (Linux, version 2) for each job, so that all it
 * has started can be killed at once, whatever that did to hide.
 *
 * Below a cgroup that muster may use there is one for the run, with a lock on
 * it while muster lives, and in that one for each job that runs. A job enters
 * it before its exec; who is forked in it stays in it. The system removes a
 * cgroup only when nobody is in it, so removing those of runs that are over
 * harms nobody. Thread-safe but for new and free.
 */
#ifndef MUSTER_PROC_CGROUP_H
#define MUSTER_PROC_CGROUP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/compiler.h"

struct cgroup;

/* Adds the path of the cgroup this process is in, from the mount on; false when
 * it is in none or in the root. root: "", or what stands for / in tests. */
bool cgroup_own(const char *root, struct buf *path);

/*
 * Makes the cgroup of the run below that at dir, NULL: the one muster is in,
 * and removes what is left there of runs that are over. NULL with errno: ENOSYS
 * when the system has no cgroup.kill (before Linux 5.14).
 */
struct cgroup *cgroup_new(const char *dir) MUST_USE;
/* After the last job; what daemons are in stays. NULL is fine. */
void cgroup_free(struct cgroup *g);

/* Makes a cgroup for a job; path becomes its path. 0, or -1 with errno. */
int cgroup_make(struct cgroup *g, struct buf *path);
/* In the child: enters the cgroup whose file cgroup.procs that is. 0, or -1
 * with errno. Async-signal-safe. */
int cgroup_enter(const char *procs);
/* Kills all that is in it. */
void cgroup_kill(const char *path);
/* If it is empty; else cgroup_free tries again. */
void cgroup_remove(const char *path);

#endif
