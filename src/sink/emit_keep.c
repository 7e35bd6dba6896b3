/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emit_keep.c - the emitter's held output in a file that outlives muster. See
 * emit.c, and doc/internals/journal.md for the whole.
 *
 * Here nobody is live before his end. At that end all that the job has printed
 * is brought into the spool, which is that file, and the record of the end
 * says where. Then the writer may have it. The place is freed when it is on
 * record that the output has been written, and that nothing before it will be
 * cut away again: that would be what a job printed that is to be run again,
 * or one of whose later stages is. From such a one on, nothing is freed.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/kept.h"
#include "base/mem.h"
#include "sched/job.h"
#include "sink/emit_impl.h"
#include "sink/logfile.h"

/* The chunks of out that are in memory alone: a new array of them, marked, so
 * that nobody takes them meanwhile. */
static struct held_chunk **mark_locked(struct out *out, size_t *n,
				       uint64_t *bytes)
{
	struct held_chunk **marked = NULL;
	size_t cap = 0;

	*n = 0;
	*bytes = 0;
	for (int i = 0; i < 2; i++) {
		struct held_chunk *c = out->stream[i].first;

		for (; c; c = c->next) {
			if (c->extent >= 0 || c->len == 0)
				continue;
			if (*n == cap) {
				cap = 2 * cap + 2;
				marked = xreallocarray(marked, cap,
						       sizeof(*marked));
			}
			marked[(*n)++] = c;
			c->writing = true;
			*bytes += c->len;
		}
	}
	return marked;
}

/* Without the lock. */
static int write_chunks(const struct emit *e, off_t at,
			struct held_chunk *const *chunks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (spool_write(&e->spool, at, chunks[i]->data,
				chunks[i]->len) < 0)
			return -1;
		chunks[i]->kept = at;
		at += (off_t)chunks[i]->len;
	}
	return e->keep_syncs ? logfile_sync_fd(e->spool.fd) : 0;
}

void emit_keep_failed_locked(struct emit *e, int err) NO_LOCK_CHECK
{
	bool is_first = e->keeps;

	diag_debug(DIAG_EMIT, "output can't be kept: %s", strerror(err));
	e->keeps = false;
	e->retains = true;
	spool_fail(&e->spool, err);
	if (!is_first)
		return;
	/* From now on the first one is live. */
	emit_wake_all_locked(e);
	emit_kick_writer_locked(e, NULL);
	mutex_unlock(&e->lock);
	e->cfg.keep_failed(e->cfg.arg, err);
	mutex_lock(&e->lock);
}

/* All of out's bytes into the spool. */
static bool store_locked(struct emit *e, struct out *out) NO_LOCK_CHECK
{
	size_t n;
	uint64_t bytes;
	struct held_chunk **chunks = mark_locked(out, &n, &bytes);
	off_t at = n ? spool_take(&e->spool, bytes) : 0;
	int err = at < 0 ? e->spool.err : 0;

	if (at >= 0 && (n || (e->keep_syncs && !emit_out_is_empty(out)))) {
		mutex_unlock(&e->lock);
		if (write_chunks(e, at, chunks, n) < 0)
			err = errno;
		mutex_lock(&e->lock);
	}
	for (size_t i = 0; i < n; i++)
		chunks[i]->writing = false;
	free(chunks);
	if (err)
		emit_keep_failed_locked(e, err);
	return e->keeps;
}

static void add_range(struct out *out, unsigned stage, unsigned stream,
		      off_t at, size_t len)
{
	struct kept_range *r = out->nranges ? &out->ranges[out->nranges - 1]
					    : NULL;

	if (r && r->stream == stream && r->at + r->len == (uint64_t)at) {
		r->len += len;
		return;
	}
	*kept_add(&out->ranges, &out->nranges) = (struct kept_range){
		.stage = stage, .stream = stream, .at = (uint64_t)at,
		.len = len,
	};
}

static void promise_locked(struct emit *e, struct out *out, unsigned stage)
{
	for (unsigned i = 0; i < 2; i++) {
		struct held_chunk *c = out->stream[i].first;
		size_t before = out->nranges;

		for (; c; c = c->next) {
			if (c->extent >= 0 && c->len < c->cap) {
				spool_drop(&e->spool,
					   c->extent + (off_t)c->len,
					   c->cap - c->len);
				c->cap = c->len;
			}
			c->is_promised = true;
			if (c->len)
				add_range(out, stage, i, c->extent >= 0
					  ? c->extent : c->kept, c->len);
		}
		if (out->nranges > before)
			out->ranges[out->nranges - 1].sum =
				kept_sum(&out->sum[i]);
	}
}

/* Its place is on record now; is there more in memory than need be? */
static void relieve_locked(struct emit *e, struct out *out)
{
	for (int i = 0; i < 2 && e->memory > e->cfg.memory_max / 2; i++)
		e->memory -= held_drop_data(&out->stream[i]);
}

static void judge_locked(struct emit *e, struct out *out,
			 const struct job *job)
{
	out->has_bytes = !held_is_empty(&out->stream[0]);
	out->fate = !job_is_over(job) ? FATE_UNDONE
		    : job_has_succeeded(job) && job->stage + 1 < e->cfg.stages
		    ? FATE_GOES_ON : FATE_DONE;
}

void emit_put_on_record(struct emit *e, struct out *out, struct job *job)
{
	struct kept kept = { 0 };
	bool is_kept = false;

	mutex_lock(&e->lock);
	if (e->keeps) {
		judge_locked(e, out, job);
		is_kept = out->fate != FATE_UNDONE && store_locked(e, out);
	}
	if (is_kept) {
		promise_locked(e, out, job->stage);
		relieve_locked(e, out);
		kept.ranges = out->ranges;
		kept.n = out->nranges;
		e->promised += out->nranges > 0;
	}
	mutex_unlock(&e->lock);
	e->cfg.ended(e->cfg.book, job, is_kept ? &kept : NULL);
}

static void free_ranges_locked(struct emit *e, struct kept_range *ranges,
			       size_t n)
{
	for (size_t i = 0; i < n; i++)
		spool_drop(&e->spool, (off_t)ranges[i].at, ranges[i].len);
	free(ranges);
}

/* What earlier stages of the same job printed. */
static void free_open_locked(struct emit *e)
{
	struct list *node;

	while ((node = list_take_first(&e->open)) != NULL) {
		struct out *out = container_of(node, struct out, ready);

		free_ranges_locked(e, out->ranges, out->nranges);
		e->promised -= out->nranges > 0;
		out->ranges = NULL;
		emit_out_free_locked(e, out);
	}
}

void emit_settle_locked(struct emit *e, struct out *out, bool is_told)
{
	uint64_t number = (out->seq - 1) / e->cfg.stages + 1;

	if (!is_told || (e->open_number && e->open_number != number) ||
	    (out->fate == FATE_UNDONE && (out->has_bytes || e->open_number)))
		e->retains = true;
	if (!e->retains && out->fate == FATE_GOES_ON) {
		if (out->has_bytes)
			e->open_number = number;
		/* It is there for the record only: no job waits for that. */
		e->backlog -= out->cost;
		out->cost = 0;
		list_append(&e->open, &out->ready);
		return;
	}
	if (!e->retains) {
		free_open_locked(e);
		e->open_number = 0;
		free_ranges_locked(e, out->ranges, out->nranges);
		e->promised -= out->nranges > 0;
		out->ranges = NULL;
	}
	emit_out_free_locked(e, out);
}

void emit_keep_release(struct emit *e)
{
	struct list *node;

	while ((node = list_take_first(&e->open)) != NULL)
		emit_out_free_locked(e, container_of(node, struct out, ready));
}

/* An earlier run's. */

static void add_kept(struct held *h, const struct kept_range *r)
{
	for (uint64_t at = 0; at < r->len; at += SPOOL_EXTENT) {
		uint64_t n = r->len - at;

		held_add_kept(h, (off_t)(r->at + at),
			      n < SPOOL_EXTENT ? (size_t)n : SPOOL_EXTENT);
	}
}

/* Returns whether stages behind it have something, too. */
static bool take_ranges(struct out *out, const struct job *job)
{
	const struct kept *kept = job->kept;
	bool goes_on = false;

	for (size_t i = 0; i < kept->n; i++) {
		const struct kept_range *r = &kept->ranges[i];

		goes_on |= r->stage > job->stage;
		if (r->stage != job->stage)
			continue;
		add_kept(&out->stream[r->stream], r);
		add_range(out, r->stage, r->stream, (off_t)r->at,
			  (size_t)r->len);
		out->pending += (size_t)r->len;
	}
	return goes_on;
}

struct out *emit_out_kept(const struct job *job)
{
	struct out *out = emit_out_new(job->seq);
	bool goes_on = take_ranges(out, job);

	out->last = true;
	out->is_done = true;
	out->has_bytes = !held_is_empty(&out->stream[0]);
	out->fate = goes_on ? FATE_GOES_ON : FATE_DONE;
	return out;
}

void emit_keep(struct emit *e, int fd, off_t header, off_t size, bool syncs)
{
	mutex_lock(&e->lock);
	spool_keep(&e->spool, fd, header, size);
	e->keeps = true;
	e->keep_syncs = syncs;
	/* Only what is there byte for byte can be found again. */
	e->packs = false;
	mutex_unlock(&e->lock);
}

void emit_reserve(struct emit *e, const struct kept *kept)
{
	mutex_lock(&e->lock);
	for (size_t i = 0; i < kept->n; i++)
		spool_reserve(&e->spool, (off_t)kept->ranges[i].at,
			      kept->ranges[i].len);
	mutex_unlock(&e->lock);
}

bool emit_is_keeping(struct emit *e)
{
	bool is_keeping;

	mutex_lock(&e->lock);
	is_keeping = e->retains || e->promised;
	mutex_unlock(&e->lock);
	return is_keeping;
}
