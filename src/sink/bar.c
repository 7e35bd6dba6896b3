/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bar.c - see bar.h.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "sched/job.h"
#include "sink/bar.h"
#include "sink/columns.h"

#define REDRAW_NS	(100 * NS_PER_MS)
#define LOOK_NS		NS_PER_SEC	/* elsewhere than on a terminal */
#define LINE_NS		(10 * NS_PER_SEC)
#define WIDTH_UNKNOWN	80
#define LAST_MAX	1024	/* bytes; more fits on no screen */

struct bar {
	struct sink sink;
	bool terminal;		/* never changes */

	struct mutex lock;
	unsigned styles;	/* guarded by lock, as all up to toggled */
	bool is_on;
	bool toggled;		/* since the last tick */
	char last[LAST_MAX];	/* what began last, NUL-terminated */

	/* The ticking thread's own. */
	bool has_started;
	int64_t start_ns;
	int64_t said_ns;	/* when the last line was drawn */
	size_t said_tenth;	/* of the work that was done then */
	uint64_t said_done;
	struct buf said;	/* that line */
};

/* Days to seconds, as GNU parallel writes them. */
static void add_eta(struct buf *out, int64_t s)
{
	int seconds = (int)(s % 60);
	int minutes = (int)(s / 60 % 60);
	int hours = (int)(s / 3600 % 24);

	if (s >= 86400)
		buf_addf(out, "%lldd%02dh%02dm%02ds", (long long)(s / 86400),
			 hours, minutes, seconds);
	else if (s >= 3600)
		buf_addf(out, "%dh%02dm%02ds", hours, minutes, seconds);
	else if (s >= 60)
		buf_addf(out, "%dm%02ds", minutes, seconds);
	else
		buf_addf(out, "%ds", seconds);
}

/* What follows from a sample; -1 where that can't be known. */
struct estimate {
	int64_t left;
	double average;		/* seconds from one end of a job to the next */
	double eta;		/* seconds */
};

static struct estimate estimate(const struct bar_sample *s, int64_t start_ns)
{
	struct estimate e = { -1, -1, -1 };
	double passed_ns = (double)(s->now_ns - start_ns);
	double done = (double)s->done;
	uint64_t total = (uint64_t)s->total;

	if (s->done)
		e.average = passed_ns / done / (double)NS_PER_SEC;
	if (s->total < 0)
		return e;
	/* A total that was told beforehand can turn out to be too low. */
	e.left = total > s->done ? (int64_t)(total - s->done) : 0;
	if (e.left == 0)
		e.eta = 0;
	else if (s->done)
		e.eta = passed_ns * (double)e.left / done / (double)NS_PER_SEC;
	return e;
}

/* The part of whole that the jobs done are of all, rounded down. */
static size_t done_part(const struct bar_sample *s, size_t whole)
{
	uint64_t total = (uint64_t)s->total;

	if (s->total < 0)
		return 0;
	return s->done >= total ? whole : (size_t)(s->done * whole / total);
}

static void add_left(struct buf *out, int64_t left)
{
	if (left < 0)
		buf_addch(out, '?');
	else
		buf_addu(out, (unsigned long long)left);
}

static void add_failed(struct buf *out, const struct bar_sample *s)
{
	if (s->failed) {
		buf_addstr(out, " failed:");
		buf_addu(out, s->failed);
	}
}

static void format_bar(struct buf *out, const struct bar_sample *s,
		       const struct estimate *e, const char *last,
		       unsigned width)
{
	if (s->total < 0)
		buf_addch(out, '?');
	else
		buf_addu(out, done_part(s, 100));
	buf_addstr(out, "% ");
	buf_addu(out, s->done);
	buf_addch(out, ':');
	add_left(out, e->left);
	buf_addch(out, '=');
	if (e->eta < 0)
		buf_addch(out, '?');
	else
		add_eta(out, (int64_t)e->eta);
	add_failed(out, s);
	if (*last) {
		buf_addch(out, ' ');
		columns_add_visible(out, last, strlen(last), width);
	}
}

static void format_progress(struct buf *out, const struct bar_sample *s,
			    const struct estimate *e)
{
	/* The share is that of this host, and there is no other. */
	buf_addf(out, "local:%u/%llu/100%%/", s->running,
		 (unsigned long long)s->done);
	buf_addf(out, "%.1fs", e->average < 0 ? 0 : e->average);
	add_failed(out, s);
}

static void format_eta(struct buf *out, const struct bar_sample *s,
		       const struct estimate *e)
{
	buf_addstr(out, "ETA: ");
	if (e->eta < 0)
		buf_addch(out, '?');
	else
		buf_addf(out, "%llds", (long long)e->eta);
	buf_addstr(out, " Left: ");
	add_left(out, e->left);
	buf_addf(out, " AVG: %.2fs  ", e->average < 0 ? 0 : e->average);
	format_progress(out, s, e);
}

/* The text over the whole width, its first part in reverse video. */
static void add_reversed(struct buf *out, const struct buf *text, size_t lit,
			 unsigned width)
{
	size_t taken = columns_count(text->data, text->len);
	struct buf line = BUF_INIT;
	size_t cut;

	buf_add(&line, text->data, text->len);
	columns_add_blanks(&line, width - taken);
	cut = columns_prefix(line.data, line.len, lit);
	if (cut) {
		buf_addstr(out, "\033[7m");
		buf_add(out, line.data, cut);
		buf_addstr(out, "\033[0m");
	}
	buf_add(out, line.data + cut, line.len - cut);
	buf_release(&line);
}

void bar_format(struct buf *out, unsigned styles, const struct bar_sample *s,
		int64_t start_ns, const char *last, unsigned width)
{
	struct estimate e = estimate(s, start_ns);
	struct buf text = BUF_INIT;

	if (styles & BAR_BAR)
		format_bar(&text, s, &e, last, width);
	else if (styles & BAR_ETA)
		format_eta(&text, s, &e);
	else if (styles & BAR_PROGRESS)
		format_progress(&text, s, &e);
	if (width)
		buf_truncate(&text,
			     columns_prefix(text.data, text.len, width));
	if (width && (styles & BAR_BAR))
		add_reversed(out, &text, done_part(s, width), width);
	else
		buf_add(out, text.data, text.len);
	buf_release(&text);
}

/* The values rather than the command, which is not made yet, and tells less. */
static void note_start(struct sink *sink, const struct job *job)
{
	struct bar *b = container_of(sink, struct bar, sink);
	size_t at = 0;

	mutex_lock(&b->lock);
	for (unsigned i = 0; i < job->nvalues && at < LAST_MAX - 1; i++) {
		size_t len = strnlen(job->values[i], LAST_MAX - 1 - at);

		memcpy(b->last + at, job->values[i], len);
		at += len;
		if (i + 1 < job->nvalues && at < LAST_MAX - 1)
			b->last[at++] = ' ';
	}
	b->last[at] = '\0';
	mutex_unlock(&b->lock);
}

static const struct sink_ops bar_ops = {
	.start = note_start,
};

struct bar *bar_new(unsigned styles, bool terminal)
{
	struct bar *b = xcalloc(1, sizeof(*b));

	b->sink.ops = &bar_ops;
	list_init(&b->sink.link);
	mutex_init(&b->lock);
	b->styles = styles ? styles : BAR_PROGRESS;
	b->is_on = styles != 0;
	b->terminal = terminal;
	buf_init(&b->said);
	return b;
}

struct sink *bar_sink(struct bar *b)
{
	return &b->sink;
}

void bar_free(struct bar *b)
{
	if (!b)
		return;
	buf_release(&b->said);
	mutex_release(&b->lock);
	free(b);
}

void bar_toggle(struct bar *b)
{
	mutex_lock(&b->lock);
	b->is_on = !b->is_on;
	b->toggled = true;
	mutex_unlock(&b->lock);
}

/* What the ticking thread takes from the rest, so that it can draw unlocked. */
struct view {
	unsigned styles;
	bool is_on;
	bool toggled;
	char last[LAST_MAX];
};

static void look(struct bar *b, struct view *v)
{
	mutex_lock(&b->lock);
	v->styles = b->styles;
	v->is_on = b->is_on;
	v->toggled = b->toggled;
	b->toggled = false;
	memcpy(v->last, b->last, sizeof(v->last));
	mutex_unlock(&b->lock);
}

static void begin_clock(struct bar *b, int64_t now_ns)
{
	if (b->has_started)
		return;
	b->has_started = true;
	b->start_ns = now_ns;
	/* A terminal shows something at once, a log file when there is news. */
	b->said_ns = b->terminal ? now_ns - REDRAW_NS : now_ns;
}

static void format(struct bar *b, const struct view *v,
		   const struct bar_sample *s, unsigned width)
{
	buf_reset(&b->said);
	bar_format(&b->said, v->styles, s, b->start_ns, v->last, width);
	b->said_ns = s->now_ns;
	b->said_tenth = done_part(s, 10);
	b->said_done = s->done;
}

static void say_line(struct bar *b)
{
	buf_addch(&b->said, '\n');
	diag_raw(b->said.data, b->said.len);
}

static int64_t tick_terminal(struct bar *b, const struct view *v,
			     const struct bar_sample *s, unsigned width)
{
	int64_t rest = b->said_ns + REDRAW_NS - s->now_ns;

	if (rest > 0 && !v->toggled)
		return rest;
	format(b, v, s, width ? width : WIDTH_UNKNOWN);
	diag_status(b->said.data, b->said.len);
	return REDRAW_NS;
}

static int64_t tick_lines(struct bar *b, const struct view *v,
			  const struct bar_sample *s)
{
	bool due = s->now_ns - b->said_ns >= LINE_NS &&
		   s->done != b->said_done;

	if (due || v->toggled || done_part(s, 10) > b->said_tenth) {
		format(b, v, s, 0);
		say_line(b);
	}
	return LOOK_NS;
}

int64_t bar_tick(struct bar *b, const struct bar_sample *s, unsigned width)
{
	struct view v;

	begin_clock(b, s->now_ns);
	look(b, &v);
	if (v.is_on)
		return b->terminal ? tick_terminal(b, &v, s, width)
				   : tick_lines(b, &v, s);
	if (v.toggled && b->terminal)
		diag_status("", 0);
	return -1;
}

void bar_finish(struct bar *b, const struct bar_sample *s, unsigned width)
{
	struct view v;
	bool is_said;

	begin_clock(b, s->now_ns);
	look(b, &v);
	if (b->terminal)
		diag_status("", 0);
	if (!v.is_on)
		return;
	is_said = b->said.len && b->said_done == s->done &&
		  b->said_tenth == done_part(s, 10);
	if (!b->terminal && is_said)
		return;
	format(b, &v, s, b->terminal ? (width ? width : WIDTH_UNKNOWN) : 0);
	say_line(b);
}
