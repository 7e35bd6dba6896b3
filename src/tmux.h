/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tmux.h - --tmux: each job in a window of a tmux server of its own.
 *
 * What muster runs and watches is not the job but a small script, the proxy:
 * it has the server open the window, waits for the status of what runs there
 * and ends with it; signals it gets it hands on to the window. So timeouts,
 * retries, job log and exit status are as ever; output stays in the window,
 * which lasts some seconds longer than its job.
 *
 * All files are in a directory of the run's own: the server's socket, and for
 * each job its command and the FIFO for its status. The first window belongs
 * to the keeper, a script that reads a FIFO which muster holds open: when
 * muster is gone it ends the server (at once if muster did not say goodbye)
 * and removes the directory.
 */
#ifndef MUSTER_TMUX_H
#define MUSTER_TMUX_H

#include <stdbool.h>

struct buf;
struct job;
struct options;
struct tmux;

struct tmux_opts {
	bool is_on;
	bool in_panes;
	bool attach;		/* show it on the terminal */
};

/* Starts the server, with its files in a new directory in tmpdir, and says how
 * to attach. child_setup has been called. NULL with a message in err. */
struct tmux *tmux_new(const struct options *o, const char *tmpdir,
		      struct buf *err);

/*
 * The words of the proxy for a job, to be run instead of argv with env, which
 * is the same as ours but for what the job adds; in the job's arena. NULL with
 * errno when its file can't be written. Any thread. The job's command is there.
 */
char *const *tmux_wrap(struct tmux *t, struct job *job, char *const *argv,
		       char *const *env);

/* At the end of the run: lets the server go, and waits until the client that
 * tmux_new has attached is gone, too. t may be NULL. */
void tmux_free(struct tmux *t);

#endif
