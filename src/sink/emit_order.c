/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emit_order.c - the emitter's ring: whose turn it is, who is live, who may
 * go on. See emit.c. Everything here wants the emitter's lock.
 */
#include <config.h>

#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "sink/emit_impl.h"

/* So many outs stay for jobs to come. */
#define SPARE_MAX	256

struct out emit_gone;

/* The ring. */

struct out **emit_ring_slot(const struct emit *e, uint64_t seq)
{
	return &e->ring[seq & (e->ring_cap - 1)];
}

struct out *emit_ring_get(const struct emit *e, uint64_t seq)
{
	return seq < e->end ? *emit_ring_slot(e, seq) : NULL;
}

void emit_ring_grow(struct emit *e)
{
	size_t cap = e->ring_cap ? 2 * e->ring_cap : 64;
	struct out **ring = xcalloc(cap, sizeof(*ring));

	for (uint64_t seq = e->head; seq < e->end; seq++)
		ring[seq & (cap - 1)] = *emit_ring_slot(e, seq);
	free(e->ring);
	e->ring = ring;
	e->ring_cap = cap;
}

void emit_ring_set(struct emit *e, uint64_t seq, struct out *out)
{
	while (seq - e->head >= e->ring_cap)
		emit_ring_grow(e);
	for (; e->end <= seq; e->end++)
		*emit_ring_slot(e, e->end) = NULL;
	*emit_ring_slot(e, seq) = out;
}

/* Outs. */

static struct out *set_up(struct out *out, uint64_t seq)
{
	*out = (struct out){ .seq = seq };
	buf_init(&out->rest[0]);
	buf_init(&out->rest[1]);
	kept_begin_sum(&out->sum[0]);
	kept_begin_sum(&out->sum[1]);
	writer_tag_init(&out->tag);
	list_init(&out->waiting);
	list_init(&out->ready);
	return out;
}

struct out *emit_out_new(uint64_t seq)
{
	return set_up(xmalloc(sizeof(struct out)), seq);
}

struct out *emit_out_take_locked(struct emit *e, uint64_t seq)
{
	struct list *node = list_take_first(&e->spare);

	if (!node)
		return emit_out_new(seq);
	e->nspare--;
	return set_up(container_of(node, struct out, ready), seq);
}

void emit_release_spares(struct emit *e)
{
	struct list *node;

	while ((node = list_take_first(&e->spare)) != NULL)
		free(container_of(node, struct out, ready));
	held_pool_release(&e->pool);
}

/* Frees them; who waits for memory or for the spool may go on then. */
void emit_drop_chunks_locked(struct emit *e, struct held_chunk *c)
{
	uint64_t enough = e->cfg.memory_max - e->cfg.memory_max / 4;
	bool was_full = e->spool.full;

	while (c) {
		struct held_chunk *next = c->next;

		e->memory -= held_chunk_free(c, &e->pool, &e->spool);
		c = next;
	}
	if (e->memory <= enough)
		spool_retry(&e->spool);
	if (e->memory <= enough || (was_full && !e->spool.full))
		emit_wake_all_locked(e);
}

void emit_out_free_locked(struct emit *e, struct out *out)
{
	for (int i = 0; i < 2; i++) {
		emit_drop_chunks_locked(e, held_take(&out->stream[i]));
		buf_release(&out->rest[i]);
	}
	writer_tag_release(&out->tag);
	free(out->ranges);
	list_del(&out->waiting);
	list_del(&out->ready);
	e->backlog -= out->cost;
	if (e->nspare == SPARE_MAX) {
		free(out);
		return;
	}
	list_append(&e->spare, &out->ready);
	e->nspare++;
}

bool emit_out_is_empty(const struct out *out)
{
	return held_is_empty(&out->stream[0]) && held_is_empty(&out->stream[1]);
}

bool emit_is_live(const struct emit *e, const struct out *out)
{
	switch (e->cfg.mode) {
	case EMIT_ORDERED:
		return out->seq == e->head &&
		       ((out->last && !e->keeps) || out->is_done);
	case EMIT_GROUPED:
		return out == e->patron;
	case EMIT_LINES:
		return out->last || out->is_done;
	}
	BUG("emit mode out of range");
}

/* What a live job may be ahead of the writer. */
size_t emit_live_max(const struct emit *e, const struct out *out)
{
	return out->wants_pass && e->can_pass ? 1 : LIVE_MAX;
}

void emit_wake_locked(struct out *out)
{
	if (!out->is_waiting)
		return;
	out->is_waiting = false;
	list_del(&out->waiting);
	if (out->wake)
		out->wake(out->wake_arg);
}

void emit_wake_all_locked(struct emit *e)
{
	struct list *pos, *tmp;

	list_for_each_safe(pos, tmp, &e->waiting)
		emit_wake_locked(container_of(pos, struct out, waiting));
}

void emit_kick_writer_locked(struct emit *e, const struct out *out)
{
	bool is_urgent = !out || out->pending >= NAP_BYTES;

	if (e->writer_idle || (e->writer_naps && is_urgent)) {
		e->writer_idle = false;
		e->writer_naps = false;
		cond_signal(&e->work);
	}
}

/* Is the head a job whose output does not count yet, or that does not run
 * just now? */
bool emit_head_is_absent(const struct emit *e)
{
	const struct out *out = emit_ring_get(e, e->head);

	return !out || (out != GONE && !out->is_done &&
			(!out->last || out->is_resting));
}

void emit_miss_locked(struct emit *e, uint64_t seq)
{
	if (!e->gap || seq < e->gap)
		e->gap = seq;
}

/* The head has moved: who is live now? */
void emit_new_head_locked(struct emit *e)
{
	struct out *out = emit_ring_get(e, e->head);

	if (emit_head_is_absent(e)) {
		emit_wake_all_locked(e);
	} else if (out != GONE) {
		emit_wake_locked(out);
		if (!emit_out_is_empty(out))
			emit_kick_writer_locked(e, out);
	}
}

/* Moves the head over what has nothing to say. */
void emit_advance_locked(struct emit *e)
{
	uint64_t before = e->head;
	struct out *out;

	while ((out = emit_ring_get(e, e->head)) != NULL) {
		if (out != GONE) {
			/* Pending bytes may be in the writer's hands. */
			if (!out->is_done || out->pending)
				break;
			/* The writer is to tell of it. */
			if (e->cfg.written) {
				emit_kick_writer_locked(e, out);
				break;
			}
			emit_out_free_locked(e, out);
		}
		*emit_ring_slot(e, e->head) = NULL;
		e->head++;
	}
	if (e->head != before)
		emit_new_head_locked(e);
}

/* A long output counts for less: else one or two would let nobody begin, and
 * what is held in memory has a ceiling of its own. */
size_t emit_cost(const struct out *out)
{
	size_t n = out->pending;

	return OUT_COST + (n < NAP_BYTES ? n : NAP_BYTES + (n - NAP_BYTES) / 4);
}

/* What has ended in unbroken order is ready for the writer. */
void emit_count_ready_locked(struct emit *e)
{
	struct out *out;

	if (e->ready_end < e->head)
		e->ready_end = e->head;
	while ((out = emit_ring_get(e, e->ready_end)) != NULL) {
		if (out != GONE) {
			if (!out->is_done)
				break;
			out->cost = emit_cost(out);
			e->backlog += out->cost;
		}
		e->ready_end++;
	}
}
