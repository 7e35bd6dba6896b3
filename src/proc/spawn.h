/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spawn.h - one new process, started as cheaply as the system can.
 *
 * On Linux clone(CLONE_VM | CLONE_VFORK | CLONE_PIDFD): no page tables are
 * copied, the calling thread alone sleeps until the exec, any number of
 * threads spawn at once, exec errors come back through shared memory. (Not
 * posix_spawn: it can't set the parent-death signal.) Elsewhere, and under
 * ThreadSanitizer, fork with a close-on-exec pipe that carries the error.
 *
 * The process leads a group of its own, unless it is to stay in ours or to
 * join another's; has the signal mask and dispositions muster was started
 * with, muster's original limits, the three descriptors it is given and no
 * other; and dies when the calling thread does, if asked and possible: so a
 * thread must outlive the process it started. Before its exec it stands in
 * the warden's table.
 */
#ifndef MUSTER_PROC_SPAWN_H
#define MUSTER_PROC_SPAWN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

struct redirs;

#if defined(__SANITIZE_THREAD__)
#define SPAWN_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SPAWN_TSAN 1
#endif
#endif

/* Then there is a pidfd. */
#if defined(HAVE_CLONE_PIDFD) && !defined(SPAWN_TSAN)
#define SPAWN_BY_CLONE 1
#else
#define SPAWN_BY_CLONE 0
#endif

struct warm;

struct spawn_request {
	const char *path;	/* of the program: no PATH search here */
	char *const *argv;
	char *const *envp;
	const char *cwd;	/* NULL: muster's own */
	int in;			/* become 0, 1, 2; stay the caller's */
	int out;
	int err;
	const struct redirs *redirs;	/* done to these; NULL: none */
	bool die_with_parent;
	bool same_group;	/* it stays in ours: for a terminal */
	pid_t group;		/* it joins that one, of a child of ours that
				   is not reaped; 0: one of its own */
	int place;		/* in the warden's table; 0: none */
	const char *cgroup;	/* its cgroup.procs, to be entered; or NULL */
	bool has_nice;
	int nice;		/* as far as it may be had */
	struct warm *warm;	/* child_start: to be asked for it (warm.h),
				   instead; or NULL */
	const atomic_int *hurry;	/* not 0: it is not to be waited for
					   any more; or NULL */
};

enum spawn_result {
	SPAWN_OK,
	SPAWN_NO_PROCESS,	/* errno: EAGAIN, ENOMEM, EMFILE, ... */
	SPAWN_NO_EXEC,		/* errno of the chdir or exec that failed; the
				   process is gone and reaped */
	SPAWN_NO_WARM,		/* nothing was done: try it without ->warm */
};

/* *pidfd: a descriptor that polls readable at the end of the process, the
 * caller's to close; -1 where there is no such thing. pidfd may be NULL. */
enum spawn_result spawn_process(const struct spawn_request *req, pid_t *pid,
				int *pidfd);

/* A process that has ended as soon as it leads a group of its own, for others
 * to join; not reaped. SPAWN_OK or SPAWN_NO_PROCESS. */
enum spawn_result spawn_leader(int place, pid_t *pid);

/* Lets processes go on that are being started, and stand still: a stop signal
 * to our group has met them when they were about to leave it. From any
 * thread. */
void spawn_continue(void);
/* How often that has been called. */
unsigned spawn_continued(void);

/* Waits for a child's end, and for nothing that it has to tell. */
void spawn_reap(pid_t pid);

/* True when jobs can be made to die with muster. */
bool spawn_has_parent_death(void);

#endif
