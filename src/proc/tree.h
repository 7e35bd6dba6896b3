/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tree.h - what a job has started outside its own process group.
 *
 * A signal to the group reaches most of what a job is made of; what has gone
 * into a group or session of its own is found by looking at all processes of
 * the system (/proc). It is the job's if its parent is, or if it has lost its
 * parent and was adopted by muster, is not older than the job, and carries
 * the job's number and ours in its environment. Whoever has lost its parent
 * and has cleared its environment before that is not found.
 *
 * A tree belongs to one worker. Processes are signalled through a pidfd, after
 * their start time has been compared: never a stranger.
 *
 * Without /proc or pidfds (configure --disable-linux) nothing is ever found.
 */
#ifndef MUSTER_PROC_TREE_H
#define MUSTER_PROC_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proc/child.h"

struct tree_member {
	pid_t pid;
	uint64_t start;		/* in ticks since the start of the system */
	bool is_stopped;	/* by us, before the end */
};

struct tree {
	pid_t leader;
	struct tree_member root[CHILD_PARTS_MAX];	/* as the leader: they
					   get their signals otherwise */
	unsigned nroots;
	bool knows_roots;
	pid_t group;		/* who is in it needs no help; 0: nobody is */
	uint64_t number;	/* the job's, in its environment */
	uint64_t start;		/* of the leader; 0: not seen yet */
	struct tree_member *members;
	size_t n;
};

/* Of the job with that number, which runs as process leader. With own_group
 * that is a group of its own, else only the leader itself gets signals. */
void tree_init(struct tree *t, pid_t leader, bool own_group, uint64_t number);
/* For a job without a leader: one of its processes, a child of ours that is not
 * reaped. Before the first look. */
void tree_add_root(struct tree *t, pid_t pid);
void tree_release(struct tree *t);

/* Looks for members; true when there is one that is alive. Costs a walk
 * through all processes, which threads that ask together share. */
bool tree_look(struct tree *t);
/* Is one of those known alive? Cheap. */
bool tree_lives(const struct tree *t);
/* Sends sig to the members known. */
void tree_signal(struct tree *t, int sig);
/* Looks, and ends all there are: stops them until there is no new one, so
 * that none gets away, then sends KILL. */
void tree_kill(struct tree *t);

#endif
