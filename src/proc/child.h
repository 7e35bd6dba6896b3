/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * child.h - a started process and its group, from start to reaped.
 *
 * Only this module waits and signals. A group is signalled only while one of
 * our unreaped children pins its number: the leader itself, or, where muster
 * is a subreaper (Linux), a process the leader left behind, which then is a
 * child of ours. So no signal ever reaches a stranger.
 *
 * A child may also be a group of several processes, the parts of a pipeline,
 * none of which leads it, as in a shell: it is over when all are.
 *
 * A child belongs to the thread that started it; child_broadcast may be
 * called from any thread.
 */
#ifndef MUSTER_PROC_CHILD_H
#define MUSTER_PROC_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/list.h"
#include "base/thread.h"
#include "proc/spawn.h"

/* Without pidfds the end of a child is noticed by SIGCHLD: main waits for it
 * and calls child_notice. */
#define CHILD_NEEDS_SIGCHLD (!SPAWN_BY_CLONE)

struct child_usage {
	int64_t user_ns;
	int64_t system_ns;
	uint64_t rss_bytes;	/* peak */
};

#define CHILD_PARTS_MAX 5

/* A process of a child that is several. */
struct child_part {
	pid_t pid;
	bool is_watched;	/* the child's pidfd is its own; the owner's */
	bool is_reaped;		/* guarded by the registry's lock */
	int wait_status;
};

struct child {
	uint64_t number;	/* whose it is, set before the start, for
				   child_hold */
	bool is_held;
	int place;		/* in the warden's table; 0: none */
	bool same_group;	/* as ours: it alone gets signals */
	pid_t pid;		/* also the number of its group; of is_group
				   that only */
	int pidfd;		/* polls readable at its end; or -1 */
	bool has_ended;		/* child_poll said so */
	bool is_reaped;
	bool leaves_some;	/* of its group; once it is reaped */
	int wait_status;	/* as from waitpid, after child_finish */
	struct child_usage usage;	/* of all parts */
	bool is_group;
	struct thread owner;	/* who started it */
	bool is_owned;
	/* Guarded by the registry's lock from here on. */
	struct child_part part[CHILD_PARTS_MAX];
	unsigned nparts;	/* the owner may read it without */
	bool part_is_starting;
	int missed;		/* a signal to the group meanwhile; 0: none */
	struct list link;	/* the registry's */
};

/* Once, before any thread: makes muster adopt what jobs leave behind. */
void child_setup(void);

/* Starts a process; see spawn_process. c is not a child unless SPAWN_OK. */
enum spawn_result child_start(struct child *c, const struct spawn_request *req);

/* Makes a group with nobody in it yet; of req what is common to all. As
 * child_start. */
enum spawn_result child_start_group(struct child *c,
				    const struct spawn_request *req);

/*
 * Starts a process in the group c, which has not been polled yet; at most
 * CHILD_PARTS_MAX. The first one to be started is the one whose status is that
 * of c. Results as of spawn_process; without it c is what it was.
 */
enum spawn_result child_start_part(struct child *c,
				   const struct spawn_request *req);

/* No thread of its own waits for c any more: it may be another one that asks
 * for its end, and nobody is woken. */
void child_disown(struct child *c);

/* Those parts of c that are not reaped, into pid; how many. */
unsigned child_list_parts(struct child *c, pid_t pid[CHILD_PARTS_MAX]);

/* It lasts: what there is of its group must die with muster, too. For who has
 * waited a little; cheap when called again. */
void child_lasts(const struct child *c);

/* Has it ended? Never blocks. Where wakes come from SIGCHLD, ask at every
 * wake of the thread. */
bool child_poll(struct child *c);

/* Is anyone of its group known to be alive besides the leader? */
bool child_group_lives(struct child *c);

/* Sends sig to the whole group, if it can be done safely. */
void child_signal(struct child *c, int sig);

/* After the end: frees what is held. Members of the group that still live
 * are remembered for child_end_leftovers. */
void child_finish(struct child *c);

/* Sends sig to the groups of all children that have not ended. */
void child_broadcast(int sig);

/* Stops the groups of the children, with a number other than 0, for which
 * holds(number, arg) is true, and lets the others that were stopped so go
 * on. From any thread; holds is called with the registry's lock held. */
void child_hold(bool (*holds)(uint64_t number, void *arg), void *arg);

/* At SIGCHLD: wakes the owners of all children. */
void child_notice(void);

/* Reaps adopted processes that have ended. Cheap when there are none. */
void child_sweep(void);

/*
 * At the end of muster: gives what finished jobs left in their groups
 * patience_ns to end by themselves, then sends TERM, then KILL. Returns when
 * none is left. Processes in sessions of their own are left alone. After it
 * muster's own death ends nobody any more.
 */
void child_end_leftovers(int64_t patience_ns);

#endif
