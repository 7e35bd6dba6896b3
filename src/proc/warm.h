/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * warm.h - a program that is kept loaded, and forks instead of being executed.
 *
 * Most of what a short shell command costs is not the command: it is execve,
 * the dynamic linker and the locale. A warm program is the shell itself, held
 * at the moment before its main: loaded, linked, and nothing else. For each
 * job it forks, and the new process calls main with the arguments and the
 * environment that exec would have given it.
 *
 * So a job sees what it always saw. It is a process of its own, with its own
 * $$, line numbers, traps, descriptors; nothing it does can reach another one,
 * as nothing of the shell has run in the process that is forked. It is made
 * with CLONE_PARENT, so it is muster's child like any other: its status, its
 * signals, its resource use, its death with muster's are the real ones, and
 * $PPID is muster. What ps and /proc/PID/environ show is set right.
 *
 * How it comes to stand there: muster starts the shell with LD_PRELOAD naming
 * a small library of ours (warm_inside.c), which is a part of muster's own file
 * and handed over in memory, and which takes the place of __libc_start_main.
 *
 * Should anything about that not work, the answer is SPAWN_NO_WARM, nothing has
 * been run, and the caller starts the job the usual way.
 *
 * If the warm program is killed while it makes a process, there either is one,
 * which says so itself, or there is none: the socket is closed only when both
 * are gone.
 *
 * A warm belongs to the thread that started it, which must outlive the
 * processes it makes (spawn.h, die_with_parent). Not thread-safe.
 */
#ifndef MUSTER_PROC_WARM_H
#define MUSTER_PROC_WARM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "proc/spawn.h"

struct warm {
	int sock;		/* -1: it is not there */
	int pidfd;
	uint32_t seq;		/* of the last request */
	struct buf request;
};

void warm_init(struct warm *w);
/* Ends it. */
void warm_release(struct warm *w);

/* Was muster built for a system that can do it? */
bool warm_is_built_in(void);
/*
 * Why the program at path can't be kept warm, as words for "it is ..." ("not
 * dynamically linked"); NULL: nothing speaks against it so far.
 */
const char *warm_objection(const char *path);

/*
 * The library as a file without a name; -1 with errno. The caller's to close,
 * after the last warm_start.
 */
int warm_open_library(void) MUST_USE;

/*
 * Starts req->path with that library and req->envp, for requests that have the
 * same path, argv[0] and niceness. 0, or -1 with errno: EAGAIN, ENOMEM, EMFILE
 * or ENFILE are a shortage, anything else will be so the next time.
 */
int warm_start(struct warm *w, const struct spawn_request *req, int library)
	MUST_USE;
static inline bool warm_is_up(const struct warm *w)
{
	return w->sock >= 0;
}
void warm_end(struct warm *w);

/* Has it make a process: as spawn_process, or SPAWN_NO_WARM. It may be gone
 * after that. req->same_group must not be set. */
enum spawn_result warm_process(struct warm *w, const struct spawn_request *req,
			       pid_t *pid, int *pidfd);

#endif
