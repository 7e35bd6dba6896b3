/* SPDX-License-Identifier: GPL-3.0-or-later */
/* emit_writer.c - the emitter's writer thread. See emit.c. */
#include <config.h>

#include <unistd.h>

#include "base/clock.h"
#include "sink/emit_impl.h"

static void take_out_locked(struct out *out, struct writer_batch *b)
{
	for (int i = 0; i < 2; i++) {
		struct held_chunk *c = held_take(&out->stream[i]);

		if (c)
			writer_batch_add(b, c, i, &out->tag);
	}
}

/*
 * What is written from here on is not where it belongs, if something before it
 * is still to be run: that is said first, and what is kept is not freed. Where
 * nothing is kept nothing is said: what is behind would have to be run again.
 */
static void pass_gap_locked(struct emit *e, struct out *out)
{
	if (!e->keeps)
		return;
	if (out->is_done && out->fate == FATE_UNDONE)
		emit_miss_locked(e, out->seq);
	if (!e->gap || e->gap > out->seq || e->gap_is_said)
		return;
	out->gap = e->gap;
	e->gap_is_said = true;
	e->retains = true;
}

static void gather_ordered_locked(struct emit *e, struct writer_batch *b,
				  struct list *spent)
{
	uint64_t before = e->head;

	while (e->head < e->end && !writer_batch_is_full(b)) {
		struct out *out = *emit_ring_slot(e, e->head);

		if (!out && !e->closing)
			break;
		if (!out)
			emit_miss_locked(e, e->head);
		if (out && out != GONE) {
			if (!emit_is_live(e, out))
				break;
			pass_gap_locked(e, out);
			take_out_locked(out, b);
			if (!out->is_done || !emit_out_is_empty(out))
				break;
			out->nparts = b->n;
			list_append(spent, &out->ready);
		}
		*emit_ring_slot(e, e->head) = NULL;
		e->head++;
	}
	if (e->head != before)
		emit_new_head_locked(e);
}

static void gather_ready_locked(struct emit *e, struct writer_batch *b,
				struct list *spent)
{
	struct list *pos, *tmp;

	if (e->patron) {
		struct out *out = e->patron;

		take_out_locked(out, b);
		if (!out->is_done || !emit_out_is_empty(out))
			return;
		e->patron = NULL;
		out->nparts = b->n;
		list_del(&out->ready);
		list_append(spent, &out->ready);
		/* However much the others hold: one of them is next. */
		emit_wake_all_locked(e);
	}
	list_for_each_safe(pos, tmp, &e->ready) {
		struct out *out = container_of(pos, struct out, ready);

		if (writer_batch_is_full(b))
			return;
		take_out_locked(out, b);
		list_del(&out->ready);
		out->nparts = b->n;
		if (out->is_done && emit_out_is_empty(out))
			list_append(spent, &out->ready);
	}
}

static void written_locked(struct emit *e, struct writer_batch *b,
			   struct list *spent, bool is_told)
{
	struct list *node;
	struct out *out;

	for (unsigned i = 0; i < b->n; i++) {
		out = container_of(b->part[i].tag, struct out, tag);
		out->pending -= b->part[i].bytes;
		if (e->cfg.mode == EMIT_LINES)
			e->backlog -= b->part[i].bytes;
		if (out->is_waiting && emit_is_live(e, out) &&
		    out->pending <= emit_live_max(e, out) / 2)
			emit_wake_locked(out);
		emit_drop_chunks_locked(e, b->part[i].chunks);
	}
	while ((node = list_take_first(spent)) != NULL) {
		out = container_of(node, struct out, ready);
		if (e->spool.is_kept)
			emit_settle_locked(e, out, is_told);
		else
			emit_out_free_locked(e, out);
	}
	/* The head may have ended while the batch was written. */
	if (e->cfg.mode == EMIT_ORDERED)
		emit_advance_locked(e);
	if (e->backlog <= BACKLOG_MAX / 2)
		cond_broadcast(&e->gate);
}

static void broken(struct emit *e, int stream, int err)
{
	mutex_lock(&e->lock);
	e->is_broken[stream] = true;
	cond_broadcast(&e->gate);
	mutex_unlock(&e->lock);
	e->cfg.failed(e->cfg.arg, stream + 1, err);
}

static void write_batch(struct emit *e, struct writer *w,
			struct writer_batch *b)
{
	for (int stream = 0; stream < 2; stream++) {
		/* Only this thread sets is_broken. */
		w->is_off[stream] = e->is_broken[stream];
		w->err[stream] = 0;
	}
	writer_write(w, b, &e->spool);
	for (int stream = 0; stream < 2; stream++) {
		if (w->err[stream])
			broken(e, stream, w->err[stream]);
	}
}

/* Tells of the jobs that ended in the batch; start: bytes before it. The outs
 * are the writer's alone by now. False: nobody knows of it. */
static bool tell_written(struct emit *e, const struct writer_batch *b,
			 const struct list *spent, uint64_t start)
{
	struct emit_written w[WRITER_BATCH_PARTS + 1];
	const struct list *pos;
	uint64_t offset = start;
	bool is_told = true;
	size_t n = 0;

	/* Only this thread sets is_broken. */
	if (!e->cfg.written || e->is_broken[0])
		return false;
	list_for_each(pos, spent) {
		const struct out *out = container_of(pos, struct out, ready);

		if (out->gap)
			w[n++] = (struct emit_written){
				.seq = out->gap, .offset = offset,
				.is_gap = true,
			};
		if (out->nparts)
			offset = b->part[out->nparts - 1].total;
		w[n++] = (struct emit_written){
			.seq = out->seq, .offset = offset,
		};
		if (n >= WRITER_BATCH_PARTS) {
			is_told &= e->cfg.written(e->cfg.book, w, n);
			n = 0;
		}
	}
	if (n)
		is_told &= e->cfg.written(e->cfg.book, w, n);
	return is_told;
}

static bool gather_locked(struct emit *e, struct writer_batch *b,
			  struct list *spent)
{
	writer_batch_reset(b);
	if (e->cfg.mode == EMIT_ORDERED)
		gather_ordered_locked(e, b, spent);
	else
		gather_ready_locked(e, b, spent);
	return b->n > 0 || !list_is_empty(spent);
}

static void nap_locked(struct emit *e) NO_LOCK_CHECK
{
	int64_t until = clock_now_ns() + NAP_NS;

	e->writer_naps = true;
	while (e->writer_naps && cond_wait_until(&e->work, &e->lock, until))
		;
	e->writer_naps = false;
}

void *emit_writer_main(void *arg)
{
	struct emit *e = arg;
	struct writer_batch batch;
	struct writer writer;
	struct list spent;
	bool is_told, has_written = false;

	thread_set_name("muster-writer");
	list_init(&spent);
	writer_init(&writer);
	writer.compress = e->cfg.compress;
	writer.failed = e->cfg.pack_failed;
	writer.arg = e->cfg.arg;
	writer.total = e->cfg.out_offset;
	if (e->cfg.out_fd) {
		writer.fd[0] = e->cfg.out_fd;
		writer.is_tty[0] = isatty(e->cfg.out_fd) == 1;
	}
	if (e->cfg.err_fd) {
		writer.fd[1] = e->cfg.err_fd;
		writer.is_tty[1] = isatty(e->cfg.err_fd) == 1;
	}
	mutex_lock(&e->lock);
	for (;;) {
		if (gather_locked(e, &batch, &spent)) {
			uint64_t start = writer.total;

			e->is_writing = true;
			mutex_unlock(&e->lock);
			write_batch(e, &writer, &batch);
			is_told = tell_written(e, &batch, &spent, start);
			mutex_lock(&e->lock);
			e->is_writing = false;
			written_locked(e, &batch, &spent, is_told);
			has_written = true;
			continue;
		}
		if (e->closing)
			break;
		if (has_written && e->running > 0) {
			nap_locked(e);
			has_written = false;
			continue;
		}
		e->writer_idle = true;
		while (e->writer_idle)
			cond_wait(&e->work, &e->lock);
	}
	is_told = e->is_finished;
	e->is_finished = true;
	mutex_unlock(&e->lock);
	writer_release(&writer);
	if (e->cfg.finished && !is_told)
		e->cfg.finished(e->cfg.arg);
	return NULL;
}
