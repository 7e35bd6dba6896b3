/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emit.c - see emit.h.
 *
 * Actors: workers bring output (begin, append, end), one writer takes it
 * away. Between them stands one `struct out` a job, with a queue of bytes a
 * stream, all guarded by the emitter's lock; nothing is written, and no spool
 * file is touched, while the lock is held.
 *
 * In input order the ring holds the outs by sequence number, from the head
 * (the oldest job whose output is not all taken) on: NULL for a job that has
 * not begun, GONE for one that has nothing more to say. The out at the head
 * is live, unless its try may still be repeated: then its output may turn out
 * not to count, and is held like that of all others.
 *
 * Who may not go on reading (room() says no) is on the waiting list. It is
 * shortened when memory or spool space is freed, when an out becomes live,
 * and when the head is a job that does not run (queued behind the very jobs
 * that wait, or being retried): then no one may be held up, or it would never
 * run; memory grows above the ceiling instead.
 *
 * With a file to keep output in (emit_keep.c) nobody is live before his end,
 * and all that waits behind that is in the file.
 *
 * In order of completion nobody is live. If all are held up, one of them is
 * made the patron: it is live, and the only one written, until it ends.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "sched/job.h"
#include "sink/emit_impl.h"

static struct emit *emit_of(struct output *o)
{
	return container_of(o, struct emit, output);
}

/* The workers' side: struct output_ops. */

/* What has ended is not written while the patron is between two tries: it may
 * be the next to come here, and others go on without bound, as in has_room. */
static bool is_shut_locked(const struct emit *e)
{
	return e->backlog > BACKLOG_MAX && !e->stop_waiting &&
	       !e->is_broken[0] && !(e->patron && e->patron->is_resting);
}

static bool gate_locked(struct emit *e) REQUIRES(e->lock)
{
	while (is_shut_locked(e)) {
		emit_kick_writer_locked(e, NULL);
		cond_wait(&e->gate, &e->lock);
	}
	return !e->stop_waiting && !e->is_broken[0];
}

static void end_dropped_locked(struct emit *e, struct out *out)
{
	BUG_ON(out == e->patron);
	if (e->cfg.mode == EMIT_ORDERED)
		emit_ring_set(e, out->seq, NULL);
	/* It may not run again before those who wait for it have ended. */
	if (e->cfg.mode == EMIT_ORDERED && out->seq == e->head)
		emit_wake_all_locked(e);
	emit_out_free_locked(e, out);
}

/*
 * Another try of a job: *go tells whether it may begin, and the output of the
 * try before is dropped if it counts no more. True when the new one goes on
 * with the same.
 */
static bool begin_again(struct emit *e, struct job *job, void (*wake)(void *),
			void *wake_arg, bool *go)
{
	struct out *out = job->out;
	bool goes_on;

	mutex_lock(&e->lock);
	*go = gate_locked(e);
	goes_on = out->last;
	if (*go && goes_on) {
		out->is_resting = false;
		out->passed = 0;
		out->wake = wake;
		out->wake_arg = wake_arg;
	} else if (*go) {
		end_dropped_locked(e, out);
		e->running--;
	}
	mutex_unlock(&e->lock);
	return goes_on;
}

/* By the job's worker, before the writer may look at it. */
static void set_tag(struct emit *e, struct out *out, const struct job *job)
{
	struct buf text = BUF_INIT;
	size_t colour_len;

	if (e->cfg.colour)
		e->cfg.colour(e->cfg.arg, job, &text);
	colour_len = text.len;
	if (e->cfg.tag)
		e->cfg.tag(e->cfg.arg, job, &text);
	writer_tag_set(&out->tag, &text);
	out->tag.colour_len = colour_len;
}

/* Gives the lock back for a while where there are tags. */
static struct out *new_out_locked(struct emit *e, const struct job *job)
	NO_LOCK_CHECK
{
	struct out *out = emit_out_take_locked(e, job->seq);

	if (e->cfg.tag || e->cfg.colour) {
		mutex_unlock(&e->lock);
		set_tag(e, out, job);
		mutex_lock(&e->lock);
	}
	return out;
}

static bool emit_begin(struct output *o, struct job *job, bool last,
		       void (*wake)(void *), void *wake_arg)
{
	struct emit *e = emit_of(o);
	struct out *out;
	bool go;

	if (job->out && (begin_again(e, job, wake, wake_arg, &go) || !go))
		return go;
	mutex_lock(&e->lock);
	out = new_out_locked(e, job);
	out->last = last && !e->cfg.late;
	out->wake = wake;
	out->wake_arg = wake_arg;
	go = gate_locked(e);
	if (!go) {
		emit_out_free_locked(e, out);
		out = NULL;
	} else if (e->cfg.mode == EMIT_ORDERED) {
		emit_ring_set(e, job->seq, out);
	}
	e->running += go;
	mutex_unlock(&e->lock);
	job->out = out;
	return go;
}

static bool has_room_locked(struct emit *e, struct out *out)
{
	if (emit_is_live(e, out))
		return out->pending < emit_live_max(e, out);
	if (e->memory < e->cfg.memory_max || !e->spool.full)
		return true;
	if (e->cfg.mode == EMIT_ORDERED)
		return emit_head_is_absent(e);
	if (e->patron && e->patron->is_resting)
		return true;
	if (e->patron || e->cfg.mode == EMIT_LINES || !out->last)
		return !out->last;
	e->patron = out;
	emit_kick_writer_locked(e, NULL);
	return true;
}

static bool emit_room(struct output *o, struct job *job)
{
	struct emit *e = emit_of(o);
	struct out *out = job->out;
	bool room;

	mutex_lock(&e->lock);
	room = has_room_locked(e, out);
	if (!room && !out->is_waiting) {
		out->is_waiting = true;
		list_append(&e->waiting, &out->waiting);
		emit_kick_writer_locked(e, NULL);
	} else if (room && out->is_waiting) {
		out->is_waiting = false;
		list_del(&out->waiting);
	}
	mutex_unlock(&e->lock);
	return room;
}

/*
 * Puts as much as the spool takes there; unlocks meanwhile: the chunk is
 * marked, so that the writer leaves it alone. Returns the bytes taken.
 */
static size_t spill_locked(struct emit *e, struct out *out, int stream,
			   const char *data, size_t len)
	NO_LOCK_CHECK
{
	size_t n = len;
	struct held_chunk *c = held_spool(&out->stream[stream], &e->spool, &n);
	int err = 0;

	if (!c)
		return 0;
	mutex_unlock(&e->lock);
	if (spool_write(&e->spool, c->extent + (off_t)c->len, data, n) < 0)
		err = errno;
	mutex_lock(&e->lock);
	c->writing = false;
	if (err) {
		diag_debug(DIAG_EMIT, "spool: %s", strerror(err));
		/* What follows must not go behind this chunk's hole. Now, as
		 * the next call unlocks, and the writer may free it. */
		c->cap = c->len;
		if (e->keeps)
			emit_keep_failed_locked(e, err);
		else
			spool_fail(&e->spool, err);
		return 0;
	}
	c->len += n;
	return n;
}

static void store_locked(struct emit *e, struct out *out, int stream,
			 const char *data, size_t len)
{
	out->pending += len;
	if (e->packs) {
		emit_store_packed_locked(e, out, stream, data, len);
		return;
	}
	while (len && !emit_is_live(e, out) && e->memory >= e->cfg.memory_max &&
	       !e->spool.full) {
		size_t n = spill_locked(e, out, stream, data, len);

		data += n;
		len -= n;
	}
	if (len)
		e->memory += held_add(&out->stream[stream], &e->pool, data,
				      len);
}

/* EMIT_LINES: something of out can be written. */
static void make_ready_locked(struct emit *e, struct out *out, size_t bytes)
{
	e->backlog += bytes;
	if (!list_is_linked(&out->ready))
		list_append(&e->ready, &out->ready);
	emit_kick_writer_locked(e, out);
}

static void append_lines_locked(struct emit *e, struct out *out, int stream,
				const char *data, size_t len)
{
	struct buf *rest = &out->rest[stream];
	size_t whole = len;
	size_t bytes;

	while (whole && data[whole - 1] != '\n')
		whole--;
	if (whole) {
		bytes = rest->len + whole;
		e->memory += held_add(&out->stream[stream], &e->pool,
				      rest->data, rest->len);
		e->memory += held_add(&out->stream[stream], &e->pool, data,
				      whole);
		out->pending += bytes;
		buf_reset(rest);
		if (emit_is_live(e, out))
			make_ready_locked(e, out, bytes);
	}
	buf_add(rest, data + whole, len - whole);
}

static void emit_append(struct output *o, struct job *job,
			enum output_stream stream, const char *data,
			size_t len)
{
	struct emit *e = emit_of(o);
	struct out *out = job->out;

	if (e->spool.is_kept)
		siphash_add(&out->sum[stream], data, len);
	mutex_lock(&e->lock);
	/* What can't be written now may be by a later run. */
	if ((e->is_broken[stream] && !e->keeps) || len == 0) {
		mutex_unlock(&e->lock);
		return;
	}
	if (e->cfg.mode == EMIT_LINES) {
		append_lines_locked(e, out, stream, data, len);
	} else {
		store_locked(e, out, stream, data, len);
		if (emit_is_live(e, out))
			emit_kick_writer_locked(e, out);
	}
	mutex_unlock(&e->lock);
}

/* As far as it is kept as it comes, and in memory. */
static bool can_reserve_locked(const struct emit *e, const struct out *out,
			       int stream)
{
	return e->cfg.mode != EMIT_LINES && !e->packs && !e->spool.is_kept &&
	       !e->is_broken[stream] &&
	       (emit_is_live(e, out) || e->memory < e->cfg.memory_max);
}

static char *emit_make_room(struct output *o, struct job *job,
			    enum output_stream stream, size_t *n)
{
	struct emit *e = emit_of(o);
	struct out *out = job->out;
	struct held_chunk *c = NULL;
	size_t grown;

	mutex_lock(&e->lock);
	if (can_reserve_locked(e, out, stream)) {
		c = held_reserve(&out->stream[stream], &e->pool, &grown);
		e->memory += grown;
		*n = c->cap - c->len;
	}
	mutex_unlock(&e->lock);
	return c ? c->data + c->len : NULL;
}

static void emit_commit(struct output *o, struct job *job,
			enum output_stream stream, size_t n)
{
	struct emit *e = emit_of(o);
	struct out *out = job->out;

	mutex_lock(&e->lock);
	e->memory -= held_filled(&out->stream[stream], &e->pool, n);
	out->pending += n;
	if (emit_is_live(e, out))
		emit_kick_writer_locked(e, out);
	mutex_unlock(&e->lock);
}

static void end_lines_locked(struct emit *e, struct out *out)
{
	size_t held = out->last ? 0 : out->pending;

	for (int i = 0; i < 2; i++) {
		held += out->rest[i].len;
		out->pending += out->rest[i].len;
		if (out->rest[i].len)
			e->memory += held_add(&out->stream[i], &e->pool,
					      out->rest[i].data,
					      out->rest[i].len);
	}
	if (list_is_linked(&out->ready) || !emit_out_is_empty(out) ||
	    out->pending)
		make_ready_locked(e, out, held);
	else
		emit_out_free_locked(e, out);
}

static void end_kept_locked(struct emit *e, struct out *out)
{
	out->is_done = true;
	out->wake = NULL;
	switch (e->cfg.mode) {
	case EMIT_ORDERED:
		emit_count_ready_locked(e);
		emit_advance_locked(e);
		out = emit_ring_get(e, e->head);
		if (out && out != GONE && !emit_out_is_empty(out) &&
		    emit_is_live(e, out))
			emit_kick_writer_locked(e, out);
		break;
	case EMIT_GROUPED:
		if (emit_out_is_empty(out) && out != e->patron &&
		    !e->cfg.written) {
			emit_out_free_locked(e, out);
			break;
		}
		out->cost = emit_cost(out);
		e->backlog += out->cost;
		if (out != e->patron)
			list_append(&e->ready, &out->ready);
		emit_kick_writer_locked(e, out);
		break;
	case EMIT_LINES:
		end_lines_locked(e, out);
		break;
	}
}

static void emit_end(struct output *o, struct job *job, bool keep)
{
	struct emit *e = emit_of(o);
	struct out *out = job->out;

	job->out = NULL;
	if (e->cfg.late)
		set_tag(e, out, job);
	if (keep && e->cfg.ended)
		emit_put_on_record(e, out, job);
	mutex_lock(&e->lock);
	out->is_resting = false;
	if (out->is_waiting) {
		out->is_waiting = false;
		list_del(&out->waiting);
	}
	if (keep)
		emit_pack_rest_locked(e, out);
	if (keep)
		end_kept_locked(e, out);
	else
		end_dropped_locked(e, out);
	/* Nobody else is at work: someone may wait for this. */
	if (--e->running == 0 && e->writer_naps)
		emit_kick_writer_locked(e, NULL);
	mutex_unlock(&e->lock);
}

static void emit_rest(struct output *o, struct job *job)
{
	struct emit *e = emit_of(o);
	struct out *out = job->out;

	mutex_lock(&e->lock);
	if (out->is_waiting) {
		out->is_waiting = false;
		list_del(&out->waiting);
	}
	out->wake = NULL;
	out->is_resting = true;
	/* It may not run again before those who wait for it have ended. */
	if (emit_is_live(e, out)) {
		emit_wake_all_locked(e);
		cond_broadcast(&e->gate);
	}
	mutex_unlock(&e->lock);
}

static void emit_skip(struct output *o, uint64_t seq, bool undone)
{
	struct emit *e = emit_of(o);

	if (e->cfg.mode != EMIT_ORDERED)
		return;
	mutex_lock(&e->lock);
	if (undone)
		emit_miss_locked(e, seq);
	emit_ring_set(e, seq, GONE);
	emit_count_ready_locked(e);
	emit_advance_locked(e);
	mutex_unlock(&e->lock);
}

static void emit_replay(struct output *o, struct job *job)
{
	struct emit *e = emit_of(o);
	struct out *out = emit_out_kept(job);

	if (e->cfg.replays && job->stage == 0)
		e->cfg.replays(e->cfg.book, job);
	set_tag(e, out, job);
	mutex_lock(&e->lock);
	if (e->cfg.mode == EMIT_ORDERED)
		emit_ring_set(e, out->seq, out);
	e->promised += out->nranges > 0;
	end_kept_locked(e, out);
	mutex_unlock(&e->lock);
}

static void emit_stop_waiting(struct output *o)
{
	struct emit *e = emit_of(o);

	mutex_lock(&e->lock);
	e->stop_waiting = true;
	cond_broadcast(&e->gate);
	mutex_unlock(&e->lock);
}

static const struct output_ops emit_ops = {
	.begin = emit_begin,
	.room = emit_room,
	.append = emit_append,
	.reserve = emit_make_room,
	.commit = emit_commit,
	.pass = emit_pass,
	.end = emit_end,
	.rest = emit_rest,
	.skip = emit_skip,
	.replay = emit_replay,
	.stop_waiting = emit_stop_waiting,
};

static void release(struct emit *e)
{
	emit_keep_release(e);
	emit_release_spares(e);
	spool_release(&e->spool);
	fd_close(&e->relay[0]);
	fd_close(&e->relay[1]);
	cond_release(&e->gate);
	cond_release(&e->work);
	mutex_release(&e->lock);
	free(e->ring);
	free(e);
}

struct emit *emit_new(const struct emit_config *config)
{
	struct emit *e = xcalloc(1, sizeof(*e));

	e->output.ops = &emit_ops;
	e->cfg = *config;
	e->packs = config->compress;
	e->can_pass = emit_can_pass(e);
	e->wants_relay = true;
	e->relay[0] = e->relay[1] = -1;
	e->head = 1;
	e->end = 1;
	e->ready_end = 1;
	mutex_init(&e->lock);
	cond_init(&e->work);
	cond_init(&e->gate);
	spool_init(&e->spool, config->tmpdir);
	list_init(&e->open);
	list_init(&e->ready);
	list_init(&e->waiting);
	list_init(&e->spare);
	if (config->mode == EMIT_ORDERED)
		emit_ring_grow(e);
	if (thread_start(&e->thread, 0, emit_writer_main, e) < 0) {
		int err = errno;

		release(e);
		errno = err;
		return NULL;
	}
	return e;
}

struct output *emit_output(struct emit *e)
{
	return &e->output;
}

/* Nothing is left for the writer, and none will come. */
static bool is_drained_locked(const struct emit *e)
{
	if (e->cfg.mode == EMIT_ORDERED)
		return e->head == e->end;
	return !e->patron && list_is_empty(&e->ready);
}

void emit_close(struct emit *e)
{
	mutex_lock(&e->lock);
	e->closing = true;
	/* It sleeps, and all is written: nobody need wait for its end. */
	e->is_finished = (e->writer_idle || e->writer_naps) &&
			 is_drained_locked(e);
	emit_kick_writer_locked(e, NULL);
	mutex_unlock(&e->lock);
}

bool emit_is_finished(struct emit *e)
{
	bool is_finished;

	mutex_lock(&e->lock);
	is_finished = e->is_finished;
	mutex_unlock(&e->lock);
	return is_finished;
}

void emit_free(struct emit *e)
{
	thread_join(&e->thread);
	release(e);
}
