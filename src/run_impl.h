/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run_impl.h - what run.c and run_setup.c share.
 *
 * A run is set up by the one and carried out and ended by the other. All of it
 * belongs to main's thread but what is atomic, and what other threads have
 * behind a lock of its own.
 */
#ifndef MUSTER_RUN_IMPL_H
#define MUSTER_RUN_IMPL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "book.h"
#include "control.h"
#include "feed.h"
#include "intake.h"
#include "keep.h"
#include "lines.h"
#include "resume.h"
#include "sched/engine.h"
#include "sched/sink.h"
#include "sink/compress.h"
#include "texts.h"
#include "watch.h"

struct run {
	const struct options *o;
	struct texts texts;
	struct engine_bounds bounds;
	struct engine_bounds *then_bounds;
	char *shell;
	struct intake intake;
	struct pipe *pipe;		/* or NULL */
	struct deal *deal;		/* or NULL */
	struct emit *emit;
	struct cgroup *cgroup;	/* --cgroup */
	struct local *local;
	struct engine *engine;
	struct joblog *joblog;
	struct summary *summary;
	struct bar *bar;
	struct watch watch;
	int failed_fd;
	int tty;			/* for jobs, or -1 */
	struct sink complaints;
	struct ask *ask;		/* or NULL */
	struct gate *gate;		/* or NULL */
	struct vary *vary;		/* or NULL */
	struct tmux *tmux;		/* or NULL */
	struct book book;
	struct keep keep;
	struct lines lines;
	struct compress compress;	/* pack is NULL: nothing is */
	struct resume resume;
	struct feed feed;
	struct control control;
	struct steer *steer;		/* or NULL */
	atomic_bool own_error;		/* exit status 255 */
	atomic_bool broken_pipe;	/* nobody reads standard output */
	bool joblog_lost;		/* a line, and that was said */
};

/* Something of ours is broken: no new jobs, running ones end as how says, and
 * the exit status is 255. Any thread; the message has been said. */
void run_stop_in_error(struct run *r, enum engine_stop how);

/* Fills r, of which o, control and the descriptors (-1) are set. Nothing is
 * started. Returns 0, or -1 with a message in err; what there is by then is
 * freed with the rest. */
int run_set_up(struct run *r, struct buf *err);

#endif
