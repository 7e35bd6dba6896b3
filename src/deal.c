/* SPDX-License-Identifier: GPL-3.0-or-later */
/* deal.c - see deal.h. */
#include <config.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/thread.h"
#include "deal.h"
#include "options.h"
#include "pipe.h"
#include "runner/inlet.h"
#include "sched/job.h"

struct deal {
	struct pipe *pipe;
	bool is_tee;
	bool in_turn;
	unsigned slots;
	size_t made;		/* jobs */
	size_t most;		/* of them */
	atomic_bool stop;
	struct mutex lock;
	struct inlets *inlets;	/* set once, guarded by lock then */
};

struct deal *deal_new(const struct options *o, struct pipe *p, unsigned slots)
{
	const struct pipe_opts *po = &o->pipe;
	struct deal *d;

	if (!p || po->is_part || (!po->is_tee && !po->round_robin))
		return NULL;
	d = xcalloc(1, sizeof(*d));
	d->pipe = p;
	d->is_tee = po->is_tee;
	d->in_turn = o->order == ORDER_KEEP;
	d->slots = slots;
	atomic_init(&d->stop, false);
	mutex_init(&d->lock);
	if (!d->is_tee) {
		d->most = slots;
		d->inlets = inlets_new(slots, !d->in_turn);
	}
	return d;
}

void deal_free(struct deal *d)
{
	if (!d)
		return;
	inlets_free(d->inlets);
	mutex_release(&d->lock);
	free(d);
}

bool deal_is_tee(const struct deal *d)
{
	return d->is_tee;
}

int deal_expect(struct deal *d, size_t n, struct buf *err)
{
	if (n > d->slots) {
		buf_addf(err, "--tee: all %zu jobs have to run at once, but "
			 "only %u may (-j 0: as many as possible)", n,
			 d->slots);
		return -1;
	}
	d->most = n;
	mutex_lock(&d->lock);
	d->inlets = inlets_new(n, false);
	mutex_unlock(&d->lock);
	return 0;
}

void deal_attach(struct deal *d, struct job *job, const struct piece *piece)
{
	size_t head = 0, i = d->made++;
	const char *header;
	char *data;

	BUG_ON(i >= d->most);
	job->inlet = inlets_at(d->inlets, i);
	pipe_name_file(d->pipe, job);
	if (!piece)
		return;
	header = pipe_header(d->pipe, &head);
	if (head == 0) {
		inlets_give(d->inlets, i, piece->data, piece->len);
		return;
	}
	data = xmalloc(head + piece->len);
	memcpy(data, header, head);
	memcpy(data + head, piece->data, piece->len);
	free(piece->data);
	inlets_give(d->inlets, i, data, head + piece->len);
}

bool deal_wants_job(const struct deal *d)
{
	return !d->is_tee && d->made < d->most;
}

bool deal_give(struct deal *d, const struct piece *piece)
{
	if (d->is_tee)
		return inlets_give_all(d->inlets, piece->data, piece->len);
	return inlets_deal(d->inlets, d->in_turn, piece->data, piece->len);
}

void deal_close(struct deal *d)
{
	if (d->inlets)
		inlets_close(d->inlets);
}

void deal_stop(struct deal *d)
{
	struct inlets *inlets;

	atomic_store(&d->stop, true);
	pipe_stop(d->pipe);
	mutex_lock(&d->lock);
	inlets = d->inlets;
	mutex_unlock(&d->lock);
	if (inlets)
		inlets_stop(inlets);
}

bool deal_is_stopped(const struct deal *d)
{
	return atomic_load(&d->stop);
}
