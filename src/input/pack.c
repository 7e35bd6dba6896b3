/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pack.c - several tuples in one job.
 *
 * How long a command gets is known without making it: every tuple adds what
 * it adds to a command of two tuples over one of one. With the second tuple of
 * a job both are made, later ones take one expansion of the template each; or
 * none, when all they change is how often so many bytes stand in it.
 */
#include <config.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "input/pack.h"
#include "input/shquote.h"
#include "input/split.h"
#include "input/template.h"

#define UNKNOWN	(SIZE_MAX / 2)

struct pack {
	struct pack_opts opts;
	struct cells cells;	/* values of the job that is being packed */
	size_t *ends;		/* of each tuple, in cells */
	size_t n;		/* tuples */
	size_t cap;
	size_t at;		/* the first one that is not handed out */
	size_t share;		/* tuples a job while the rest is spread,
				   or 0 */
	struct tuple first;	/* what else is known of the job */
	size_t width;
	unsigned long long seq;	/* of the job, as far as is known */

	size_t chars;		/* of its command */
	size_t bytes;
	size_t places;		/* template_simple_places */
	bool is_uneven;		/* what one tuple adds says nothing of others:
				   -q, where values share the quotes of text;
				   {1}, which is the first one's */
	/* Of the job, when known, modulo SIZE_MAX + 1: */
	size_t base;		/* what a command of one tuple has beyond what
				   that adds to another; -1 for {} alone, where
				   there is no blank */
	size_t frame;		/* what a simple value adds beyond itself */
	struct buf scratch;

	/* What came and did not fit. */
	bool has_held;
	enum source_result held_result;
	struct tuple held;
	struct buf held_err;
	bool has_ended;
};

struct pack *pack_new(const struct pack_opts *opts)
{
	struct pack *p = xcalloc(1, sizeof(*p));

	p->opts = *opts;
	if (opts->template) {
		p->places = template_simple_places(opts->template);
		p->is_uneven = template_is_quoted(opts->template) ||
			       (!opts->has_rows &&
				template_has_positions(opts->template));
	}
	cells_init(&p->cells);
	buf_init(&p->scratch);
	buf_init(&p->held_err);
	return p;
}

void pack_free(struct pack *p)
{
	if (!p)
		return;
	cells_release(&p->cells);
	buf_release(&p->scratch);
	buf_release(&p->held_err);
	free(p->ends);
	free(p);
}

/* The length of a command of these values; one that can't be made counts its
 * values. */
static size_t measure(struct pack *p, char *const *values, size_t n,
		      size_t width)
{
	struct template_args args = {
		.values = values, .n = n, .width = width,
		.seq = p->seq + 1, .slot = 1, .is_quick = true,
	};
	struct buf err = BUF_INIT;
	size_t len = 0;

	buf_reset(&p->scratch);
	if (template_expand(p->opts.template, &args, &p->scratch, &err) == 0)
		len = p->scratch.len;
	else
		for (size_t i = 0; i < n; i++)
			len += strlen(values[i]) + 1;
	buf_release(&err);
	return len;
}

static size_t width_of(const struct pack *p, const struct tuple *t)
{
	return p->opts.has_rows ? t->n : 0;
}

static size_t measure_once(struct pack *p, const struct tuple *t)
{
	return measure(p, t->values, p->opts.takes_none ? 0 : t->n,
		       width_of(p, t));
}

static size_t measure_twice(struct pack *p, const struct tuple *t)
{
	char **twice = xreallocarray(NULL, 2 * t->n, sizeof(*twice));
	size_t len;

	memcpy(twice, t->values, t->n * sizeof(*twice));
	memcpy(twice + t->n, t->values, t->n * sizeof(*twice));
	len = measure(p, twice, 2 * t->n, width_of(p, t));
	free(twice);
	return len;
}

static bool is_simple(const struct pack *p, const struct tuple *t)
{
	return p->places && t->n == 1 &&
	       shquote_is_safe(t->values[0], t->lens[0]);
}

/* What t adds to a command that has a tuple already. */
static size_t measure_more(struct pack *p, const struct tuple *t)
{
	bool is_easy = is_simple(p, t);
	size_t once;
	size_t more;

	if (LIKELY(is_easy && p->frame != UNKNOWN))
		return p->frame + p->places * t->lens[0];
	once = measure_once(p, t);
	if (p->base == UNKNOWN || p->is_uneven)
		p->base = once - (measure_twice(p, t) - once);
	more = once - p->base;
	if (is_easy)
		p->frame = more - p->places * t->lens[0];
	return more;
}

/* The lengths of the job with t in it. */
static void add_lengths(struct pack *p, const struct tuple *t, size_t *chars,
			size_t *bytes)
{
	*chars = *bytes = 0;
	if (!p->opts.template || !p->opts.chars_max)
		return;
	*chars = p->n ? p->chars + measure_more(p, t) : measure_once(p, t);
	*bytes = p->bytes;
	for (size_t i = 0; i < t->n; i++)
		*bytes += t->lens[i] + 1 + sizeof(char *);
}

static bool is_too_long(const struct pack *p, size_t chars, size_t bytes)
{
	return (p->opts.chars_max && chars >= p->opts.chars_max) ||
	       (p->opts.bytes_max && bytes > p->opts.bytes_max);
}

static void begin(struct pack *p)
{
	cells_reset(&p->cells);
	p->n = p->at = p->share = 0;
	p->chars = p->bytes = 0;
	p->base = p->frame = UNKNOWN;
}

static void add(struct pack *p, const struct tuple *t)
{
	if (!p->n) {
		p->first = *t;
		p->width = t->n;
	}
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 64;
		p->ends = xreallocarray(p->ends, p->cap, sizeof(*p->ends));
	}
	for (size_t i = 0; i < t->n; i++)
		cells_add(&p->cells, t->values[i], t->lens[i]);
	p->ends[p->n++] = p->cells.n;
}

/* The next count tuples become a job. */
static enum source_result hand_out(struct pack *p, size_t count,
				   struct tuple *t)
{
	size_t from = p->at ? p->ends[p->at - 1] : 0;

	if (count > p->n - p->at)
		count = p->n - p->at;
	cells_finish(&p->cells);
	*t = p->first;
	t->values = p->cells.values + from;
	t->lens = p->cells.lens + from;
	t->n = p->opts.takes_none ? 0 : p->ends[p->at + count - 1] - from;
	t->width = p->opts.has_rows ? p->width : 0;
	p->at += count;
	p->seq++;
	return SOURCE_TUPLE;
}

/* All that is left, evenly. */
static enum source_result spread(struct pack *p, struct tuple *t)
{
	size_t slots = p->opts.slots ? p->opts.slots : 1;

	p->share = (p->n + slots - 1) / slots;
	return hand_out(p, p->share, t);
}

static bool is_packed(const struct tuple *t)
{
	return !t->is_task && !t->attributes && !t->is_argv;
}

static enum source_result take(struct pack *p, struct tuple *t,
			       struct buf *err)
{
	if (!p->has_held)
		return p->has_ended ? SOURCE_END
				    : p->opts.next(p->opts.arg, t, err);
	p->has_held = false;
	*t = p->held;
	buf_add(err, p->held_err.data, p->held_err.len);
	return p->held_result;
}

static void hold(struct pack *p, enum source_result result,
		 const struct tuple *t, struct buf *err)
{
	p->has_held = true;
	p->held_result = result;
	p->held = *t;
	buf_reset(&p->held_err);
	buf_add(&p->held_err, err->data, err->len);
	buf_reset(err);
}

static enum source_result refuse(struct pack *p, struct tuple *t,
				 size_t chars, struct buf *err)
{
	if (t->file)
		buf_addf(err, "%s: item %llu", t->file,
			 (unsigned long long)t->line);
	else
		buf_addf(err, "value %llu", (unsigned long long)t->line);
	if (p->opts.chars_max && chars >= p->opts.chars_max)
		buf_addf(err, ": its command would be too long (%zu bytes, "
			 "the limit is %zu)", chars, p->opts.chars_max - 1);
	else
		buf_addstr(err, ": its command would be too long");
	p->seq++;
	t->n = t->n ? 1 : 0;
	if (!p->opts.gives_up)
		return SOURCE_BAD;
	p->has_ended = true;
	return SOURCE_FAILED;
}

/* Has t a place in the job that is being packed? */
static bool fits(const struct pack *p, const struct tuple *t, size_t chars,
		 size_t bytes)
{
	if (p->opts.has_rows && p->n && t->n != p->width)
		return false;
	return !is_too_long(p, chars, bytes);
}

enum source_result pack_next(struct pack *p, struct tuple *t,
			     struct buf *err)
{
	if (p->share && p->at < p->n)
		return hand_out(p, p->share, t);
	begin(p);
	while (p->n < p->opts.tuples_max) {
		enum source_result ret = take(p, t, err);
		size_t chars;
		size_t bytes;

		if (ret == SOURCE_END)
			return p->n ? spread(p, t) : ret;
		if (ret != SOURCE_TUPLE || !is_packed(t)) {
			if (!p->n)
				return ret;
			hold(p, ret, t, err);
			break;
		}
		add_lengths(p, t, &chars, &bytes);
		if (!fits(p, t, chars, bytes)) {
			if (!p->n)
				return refuse(p, t, chars, err);
			hold(p, ret, t, err);
			break;
		}
		p->chars = chars;
		p->bytes = bytes;
		add(p, t);
	}
	return hand_out(p, p->n, t);
}
