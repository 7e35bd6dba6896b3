/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * latest.c - see latest.h.
 *
 * One struct row a job, from its beginning to its end. What its worker writes
 * and latest_format reads is guarded by the lock; rows are in a list by slot.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/thread.h"
#include "sched/job.h"
#include "sched/output.h"
#include "sink/columns.h"
#include "sink/latest.h"

/* More of one line is not kept. */
#define LINE_BYTES	((size_t)65536)
#define TAB		8

struct latest {
	struct output output;
	struct latest_config cfg;
	struct mutex lock;
	struct list rows;	/* guarded by lock */
};

/* What job->out is. */
struct row {
	struct list link;	/* guarded by the lock, as all up to inner */
	unsigned slot;
	struct buf line;	/* the last whole one */
	struct buf rest[2];	/* and what follows it */
	bool after_cr[2];	/* a newline would belong to it */
	int stream;		/* that has written last */
	bool has_line;
	struct buf tag;
	struct buf colour;

	void *inner;		/* and what job->out is for the emitter */
	bool counts;		/* what the last try wrote stays */
};

static struct latest *latest_of(struct output *o)
{
	return container_of(o, struct latest, output);
}

/* Lines. */

static bool is_end(char c)
{
	return c == '\n' || c == '\r';
}

/* The end of the last line in data, behind its end character; 0: none. */
static size_t last_end(const char *data, size_t len)
{
	while (len && !is_end(data[len - 1]))
		len--;
	return len;
}

static void add_rest(struct buf *rest, const char *data, size_t len)
{
	size_t room = LINE_BYTES - rest->len;

	buf_add(rest, data, len < room ? len : room);
}

static void take_line(struct row *row, struct buf *rest, const char *data,
		      size_t end)
{
	size_t len = end - 1, begin;

	/* One end, of two characters. */
	if (data[len] == '\n' && len && data[len - 1] == '\r')
		len--;
	begin = last_end(data, len);
	if (begin)
		buf_reset(rest);
	add_rest(rest, data + begin, len - begin);
	buf_reset(&row->line);
	buf_add(&row->line, rest->data, rest->len);
	buf_reset(rest);
	row->has_line = true;
}

static void add_text(struct row *row, int stream, const char *data, size_t len)
{
	struct buf *rest = &row->rest[stream];
	size_t end;

	row->stream = stream;
	if (row->after_cr[stream] && *data == '\n') {
		row->after_cr[stream] = false;
		data++;
		len--;
	}
	if (len == 0)
		return;
	row->after_cr[stream] = data[len - 1] == '\r';
	end = last_end(data, len);
	if (end)
		take_line(row, rest, data, end);
	add_rest(rest, data + end, len - end);
}

/* A line without its end, at the end of all. */
static void take_rest(struct row *row)
{
	struct buf *rest = &row->rest[row->stream];

	if (!rest->len)
		return;
	buf_reset(&row->line);
	buf_add(&row->line, rest->data, rest->len);
	row->has_line = true;
}

/* How they look. */

/* Adds text with tabs as blanks, up to max columns. Returns whether that was
 * all of it. */
static bool add_cut(struct buf *out, const char *text, size_t len, size_t max)
{
	size_t at = 0;

	for (size_t i = 0; i <= len; i++) {
		const char *tab = memchr(text + i, '\t', len - i);
		size_t n = tab ? (size_t)(tab - text) - i : len - i;
		struct buf seen = BUF_INIT;
		size_t columns = columns_add_visible(&seen, text + i, n, 0);
		size_t cut = columns_prefix(seen.data, seen.len, max - at);

		buf_add(out, seen.data, cut);
		buf_release(&seen);
		if (columns > max - at)
			return false;
		at += columns;
		i += n;
		if (!tab)
			break;
		columns = TAB - at % TAB;
		if (columns > max - at)
			return false;
		columns_add_blanks(out, columns);
		at += columns;
	}
	return true;
}

static void format_cut(const struct row *row, struct buf *out, unsigned width)
{
	struct buf tag = BUF_INIT;
	size_t left;

	if (!add_cut(&tag, row->tag.data, row->tag.len, width)) {
		buf_truncate(&tag, columns_prefix(tag.data, tag.len,
						  width - 1));
		buf_addf(out, "%s>", tag.data);
		buf_release(&tag);
		return;
	}
	left = width - columns_count(tag.data, tag.len);
	buf_add(out, tag.data, tag.len);
	buf_release(&tag);
	buf_add(out, row->colour.data, row->colour.len);
	buf_init(&tag);
	if (add_cut(&tag, row->line.data, row->line.len, left)) {
		buf_add(out, tag.data, tag.len);
	} else if (left) {
		buf_add(out, tag.data, columns_prefix(tag.data, tag.len,
						      left - 1));
		buf_addch(out, '>');
	}
	buf_release(&tag);
	if (row->colour.len)
		buf_addstr(out, "\033[m");
}

static void format(const struct row *row, struct buf *out, unsigned width)
{
	if (width) {
		format_cut(row, out, width);
		return;
	}
	buf_add(out, row->tag.data, row->tag.len);
	buf_add(out, row->colour.data, row->colour.len);
	buf_add(out, row->line.data, row->line.len);
	if (row->colour.len)
		buf_addstr(out, "\033[m");
}

void latest_format(struct latest *l, struct buf *out, unsigned width,
		   unsigned max)
{
	struct list *pos;
	size_t before = out->len;

	mutex_lock(&l->lock);
	list_for_each(pos, &l->rows) {
		struct row *row = container_of(pos, struct row, link);

		if (max-- == 0)
			break;
		if (out->len > before)
			buf_addch(out, '\n');
		format(row, out, width);
	}
	mutex_unlock(&l->lock);
}

/* Rows. */

static struct row *row_new(void)
{
	struct row *row = xcalloc(1, sizeof(*row));

	list_init(&row->link);
	buf_init(&row->line);
	buf_init(&row->rest[0]);
	buf_init(&row->rest[1]);
	buf_init(&row->tag);
	buf_init(&row->colour);
	return row;
}

static void row_free(struct row *row)
{
	buf_release(&row->line);
	buf_release(&row->rest[0]);
	buf_release(&row->rest[1]);
	buf_release(&row->tag);
	buf_release(&row->colour);
	free(row);
}

static void row_reset(struct row *row)
{
	buf_reset(&row->line);
	for (int i = 0; i < 2; i++) {
		buf_reset(&row->rest[i]);
		row->after_cr[i] = false;
	}
	row->has_line = false;
}

static void set_looks(struct latest *l, struct row *row, const struct job *job)
{
	buf_reset(&row->tag);
	buf_reset(&row->colour);
	if (l->cfg.tag)
		l->cfg.tag(l->cfg.arg, job, &row->tag);
	if (l->cfg.colour)
		l->cfg.colour(l->cfg.arg, job, &row->colour);
}

/* In its place by slot. */
static void insert_locked(struct latest *l, struct row *row)
{
	struct list *pos;

	list_for_each(pos, &l->rows) {
		if (container_of(pos, struct row, link)->slot > row->slot)
			break;
	}
	/* Before it: that is at the end of the list that begins there. */
	list_append(pos, &row->link);
}

static void hide(struct latest *l, struct row *row)
{
	mutex_lock(&l->lock);
	list_del(&row->link);
	mutex_unlock(&l->lock);
}

/* The operations. */

static bool latest_begin(struct output *o, struct job *job, bool last,
			 void (*wake)(void *), void *wake_arg)
{
	struct latest *l = latest_of(o);
	struct row *row = job->out;
	bool is_first = !row, go;

	if (is_first)
		row = row_new();
	job->out = row->inner;
	go = l->cfg.inner->ops->begin(l->cfg.inner, job, last, wake, wake_arg);
	row->inner = job->out;
	job->out = row;
	if (!go) {
		if (is_first) {
			row_free(row);
			job->out = NULL;
		}
		return false;
	}
	if (!row->counts)
		row_reset(row);
	row->counts = last;
	row->slot = job->slot;
	set_looks(l, row, job);
	mutex_lock(&l->lock);
	insert_locked(l, row);
	mutex_unlock(&l->lock);
	return true;
}

static bool latest_room(struct output *o, struct job *job)
{
	(void)o;
	(void)job;
	return true;
}

static void latest_append(struct output *o, struct job *job,
			  enum output_stream stream, const char *data,
			  size_t len)
{
	struct latest *l = latest_of(o);

	if (!len)
		return;
	mutex_lock(&l->lock);
	add_text(job->out, stream, data, len);
	mutex_unlock(&l->lock);
}

static void latest_end(struct output *o, struct job *job, bool keep)
{
	struct latest *l = latest_of(o);
	struct row *row = job->out;
	struct buf text = BUF_INIT;

	hide(l, row);
	take_rest(row);
	set_looks(l, row, job);
	job->out = row->inner;
	if (keep && (row->has_line || job->outcome.has_run)) {
		format(row, &text, l->cfg.width(l->cfg.arg));
		buf_addch(&text, '\n');
		l->cfg.inner->ops->append(l->cfg.inner, job, OUTPUT_OUT,
					  text.data, text.len);
	}
	l->cfg.inner->ops->end(l->cfg.inner, job, keep);
	job->out = NULL;
	buf_release(&text);
	row_free(row);
}

static void latest_rest(struct output *o, struct job *job)
{
	struct latest *l = latest_of(o);
	struct row *row = job->out;

	hide(l, row);
	job->out = row->inner;
	l->cfg.inner->ops->rest(l->cfg.inner, job);
	job->out = row;
}

static void latest_skip(struct output *o, uint64_t seq, bool undone)
{
	struct latest *l = latest_of(o);

	l->cfg.inner->ops->skip(l->cfg.inner, seq, undone);
}

static void latest_replay(struct output *o, struct job *job)
{
	struct latest *l = latest_of(o);

	l->cfg.inner->ops->replay(l->cfg.inner, job);
}

static void latest_stop_waiting(struct output *o)
{
	struct latest *l = latest_of(o);

	l->cfg.inner->ops->stop_waiting(l->cfg.inner);
}

static const struct output_ops latest_ops = {
	.begin = latest_begin,
	.room = latest_room,
	.append = latest_append,
	.end = latest_end,
	.rest = latest_rest,
	.skip = latest_skip,
	.replay = latest_replay,
	.stop_waiting = latest_stop_waiting,
};

struct latest *latest_new(const struct latest_config *config)
{
	struct latest *l = xcalloc(1, sizeof(*l));

	l->output.ops = &latest_ops;
	l->cfg = *config;
	mutex_init(&l->lock);
	list_init(&l->rows);
	return l;
}

void latest_free(struct latest *l)
{
	if (!l)
		return;
	mutex_release(&l->lock);
	free(l);
}

struct output *latest_output(struct latest *l)
{
	return &l->output;
}
