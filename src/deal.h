/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * deal.h - --round-robin and --tee: jobs that are given their input while they
 * run.
 *
 * With --round-robin the first block makes the first job, and so on up to as
 * many as may run at once; the blocks behind them go to these jobs. With --tee
 * all jobs there are to be are made at first, and get all there is. Belongs to
 * the reader thread once that runs, but for deal_stop.
 */
#ifndef MUSTER_DEAL_H
#define MUSTER_DEAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct buf;
struct deal;
struct job;
struct options;
struct pipe;
struct piece;

/* NULL when the options ask for neither. slots: jobs at a time. */
struct deal *deal_new(const struct options *o, struct pipe *p, unsigned slots);
/* After the last job. */
void deal_free(struct deal *d);

bool deal_is_tee(const struct deal *d);

/* --tee: there will be n jobs. 0, or -1 with a message in err: too many to run
 * at once. */
int deal_expect(struct deal *d, size_t n, struct buf *err);
/* Makes the job, which was not submitted, the next one that is given
 * something: at first the piece, which is taken; or NULL. */
void deal_attach(struct deal *d, struct job *job, const struct piece *piece);

/* Does the next piece make a job? */
bool deal_wants_job(const struct deal *d);
/* Gives the piece to whom it is due, who is waited for. False: nobody is left
 * to give it to, or deal_stop was called. */
bool deal_give(struct deal *d, const struct piece *piece);
/* There is nothing more. */
void deal_close(struct deal *d);

/* From any thread: the reader waits no more, and ends. */
void deal_stop(struct deal *d);
bool deal_is_stopped(const struct deal *d);

#endif
