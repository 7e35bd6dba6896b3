/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pack.c - several tuples in one job.
 *
 * How long a command gets is known without making it: every tuple adds what
 * it adds to a command of two tuples over one of one. With the second tuple of
 * a job both are made, later ones take one expansion of the template each; or
 * none, when all they change is how often so many bytes stand in it.
 *
 * Of some templates (p->is_rough) that is no more than an estimate. There the
 * command itself is made when it seems to be full, when it is handed out, and
 * now and then between. Should it be too long, its first tuples are a job, and
 * the rest begins the next one.
 */
#include <config.h>

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "input/pack.h"
#include "input/shquote.h"
#include "input/split.h"
#include "input/template.h"

#define UNKNOWN		SSIZE_MAX
#define FIRST_LOOK	16

struct pack_mark {
	size_t end;		/* of the tuple, in cells */
	const char *file;	/* as struct tuple has it */
	uint64_t line;
};

struct pack {
	struct pack_opts opts;
	struct cells cells;	/* values of the job that is being packed */
	struct pack_mark *marks;	/* of its tuples */
	size_t n;
	size_t cap;
	size_t at;		/* the first one that is not handed out */
	size_t share;		/* tuples a job while the rest is spread,
				   or 0 */
	struct tuple first;	/* what else is known of the job */
	struct tuple last;	/* and of the next one, if it has begun */
	unsigned long long seq;	/* of the job, as far as is known */

	size_t chars;		/* of its command */
	size_t bytes;
	size_t known;		/* is_rough: of so many tuples, as they are */
	size_t next_look;	/* is_rough: with so many tuples, measure all */
	size_t places;		/* template_simple_places */
	bool is_rough;
	/* Of the job; or UNKNOWN: */
	ssize_t base;		/* what a command of one tuple has beyond what
				   that adds to another; -1 for {} alone, where
				   there is no blank */
	ssize_t frame;		/* what a simple value adds beyond itself */
	struct buf scratch;

	/* What came and does not belong to the job. */
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
	if (!p->opts.slot)
		p->opts.slot = 1;
	if (opts->template && opts->chars_max) {
		p->places = template_simple_places(opts->template);
		p->is_rough = !template_adds_up(opts->template, opts->has_rows);
	}
	p->base = p->frame = UNKNOWN;
	p->next_look = FIRST_LOOK;
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
	free(p->marks);
	free(p);
}

/* Measuring */

/* The length of a command of these values, to *len. False when it can't be
 * made, at least not here. */
static bool measure(struct pack *p, char *const *values, size_t n,
		    size_t width, size_t *len)
{
	struct template_args args = {
		.values = values, .n = p->opts.takes_none ? 0 : n,
		.width = p->opts.has_rows ? width : 0,
		.seq = p->seq + 1, .slot = p->opts.slot, .is_quick = true,
	};
	struct buf err = BUF_INIT;
	int ret;

	buf_reset(&p->scratch);
	ret = template_expand(p->opts.template, &args, &p->scratch, &err);
	buf_release(&err);
	*len = p->scratch.len;
	return ret == 0;
}

static size_t sum_of(const size_t *lens, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += lens[i] + 1;
	return sum;
}

/* One that can't be made counts its values. */
static size_t measure_once(struct pack *p, const struct tuple *t)
{
	size_t len;

	if (measure(p, t->values, t->n, t->n, &len))
		return len;
	return sum_of(t->lens, t->n);
}

static bool measure_twice(struct pack *p, const struct tuple *t, size_t *len)
{
	char **twice = xreallocarray(NULL, 2 * t->n, sizeof(*twice));
	bool ok;

	memcpy(twice, t->values, t->n * sizeof(*twice));
	memcpy(twice + t->n, t->values, t->n * sizeof(*twice));
	ok = measure(p, twice, 2 * t->n, t->n, len);
	free(twice);
	return ok;
}

/* What t adds to a command that has a tuple already. */
static size_t measure_more(struct pack *p, const struct tuple *t)
{
	bool is_simple = p->places && t->n == 1 &&
			 shquote_is_safe(t->values[0], t->lens[0]);
	size_t own = is_simple ? p->places * t->lens[0] : 0;
	size_t once, twice;
	ssize_t more;

	if (LIKELY(is_simple && p->frame != UNKNOWN))
		return (size_t)p->frame + own;
	if (!measure(p, t->values, t->n, t->n, &once))
		return sum_of(t->lens, t->n);
	if (p->base == UNKNOWN && measure_twice(p, t, &twice) && twice >= once)
		p->base = (ssize_t)once - (ssize_t)(twice - once);
	if (p->base == UNKNOWN)
		return once;
	more = (ssize_t)once - p->base;
	if (more < 0)
		return 0;
	if (is_simple)
		p->frame = more - (ssize_t)own;
	return (size_t)more;
}

/* The job's width in rows of values. */
static size_t width(const struct pack *p)
{
	return p->marks[0].end;
}

/* The command of the first count tuples; as measure. */
static bool measure_first(struct pack *p, size_t count, size_t *len)
{
	cells_finish(&p->cells);
	return measure(p, p->cells.values, p->marks[count - 1].end, width(p),
		       len);
}

static size_t bytes_of(const size_t *lens, size_t n)
{
	return sum_of(lens, n) + n * sizeof(char *);
}

static bool is_too_long(const struct pack *p)
{
	return (p->opts.chars_max && p->chars >= p->opts.chars_max) ||
	       (p->opts.bytes_max && p->bytes > p->opts.bytes_max);
}

/* The job */

/* How many values have been handed out. */
static size_t values_out(const struct pack *p)
{
	return p->at ? p->marks[p->at - 1].end : 0;
}

/* Takes out those. */
static void drop(struct pack *p)
{
	size_t values = values_out(p);

	cells_drop(&p->cells, values);
	p->n -= p->at;
	for (size_t i = 0; i < p->n; i++) {
		p->marks[i] = p->marks[p->at + i];
		p->marks[i].end -= values;
	}
	p->at = p->share = 0;
	p->chars = p->known = 0;
	p->bytes = bytes_of(p->cells.lens, p->cells.n);
	p->base = p->frame = UNKNOWN;
	p->next_look = FIRST_LOOK;
	p->first = p->last;
}

static void add(struct pack *p, const struct tuple *t)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 64;
		p->marks = xreallocarray(p->marks, p->cap, sizeof(*p->marks));
	}
	if (p->opts.template && p->opts.chars_max)
		p->chars += p->n ? measure_more(p, t) : measure_once(p, t);
	p->bytes += bytes_of(t->lens, t->n);
	for (size_t i = 0; i < t->n; i++)
		cells_add(&p->cells, t->values[i], t->lens[i]);
	p->known = 0;
	p->marks[p->n++] = (struct pack_mark){
		.end = p->cells.n, .file = t->file, .line = t->line,
	};
	p->last = *t;
	if (p->n == 1)
		p->first = *t;
}

/* The next count tuples become a job. */
static enum source_result hand_out(struct pack *p, size_t count,
				   struct tuple *t)
{
	size_t from = values_out(p);

	if (count > p->n - p->at)
		count = p->n - p->at;
	cells_finish(&p->cells);
	*t = p->first;
	t->file = p->marks[p->at].file;
	t->line = p->marks[p->at].line;
	t->values = p->cells.values + from;
	t->lens = p->cells.lens + from;
	t->n = p->opts.takes_none ? 0 : p->marks[p->at + count - 1].end - from;
	t->width = p->opts.has_rows ? width(p) : 0;
	p->at += count;
	p->seq++;
	return SOURCE_TUPLE;
}

/* A tuple alone is too long. */
static enum source_result refuse(struct pack *p, struct tuple *t,
				 struct buf *err)
{
	hand_out(p, 1, t);
	if (t->file)
		buf_addf(err, "%s: item %llu", t->file,
			 (unsigned long long)t->line);
	else
		buf_addf(err, "value %llu", (unsigned long long)t->line);
	if (p->opts.chars_max && p->chars >= p->opts.chars_max)
		buf_addf(err, ": its command would be too long (%zu bytes, "
			 "the limit is %zu)", p->chars, p->opts.chars_max - 1);
	else
		buf_addstr(err, ": its command would be too long");
	t->n = t->n ? 1 : 0;
	if (!p->opts.gives_up)
		return SOURCE_BAD;
	p->has_ended = true;
	return SOURCE_FAILED;
}

/* Do the first count tuples fit? Sets the lengths to theirs. */
static bool fits(struct pack *p, size_t count)
{
	size_t values = p->marks[count - 1].end;

	if (p->known == count)
		return !is_too_long(p);
	p->known = count;
	p->bytes = bytes_of(p->cells.lens, values);
	if (!measure_first(p, count, &p->chars))
		p->chars = sum_of(p->cells.lens, values);
	return !is_too_long(p);
}

/* How many of the first tuples are a job, when all are too long; 0: not even
 * one. Most often only the last one was too much. */
static size_t find_fitting(struct pack *p)
{
	size_t high = p->n;
	size_t low = high - 1;
	size_t step = 1;

	if (!p->is_rough && low)
		return low;
	while (low && !fits(p, low)) {
		high = low;
		step *= 2;
		low = low > step ? low - step : 0;
	}
	while (low + 1 < high) {
		size_t middle = low + (high - low) / 2;

		if (fits(p, middle))
			low = middle;
		else
			high = middle;
	}
	return low;
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
		return p->opts.next(p->opts.arg, t, err);
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

/* All tuples are to be a job, as far as they fit. */
static enum source_result close_job(struct pack *p, struct tuple *t,
				    struct buf *err)
{
	size_t count = p->n;

	if (p->is_rough ? !fits(p, count) : is_too_long(p))
		count = find_fitting(p);
	return count ? hand_out(p, count, t) : refuse(p, t, err);
}

/* Is there no place for another one? */
static bool is_full(struct pack *p)
{
	if (p->n >= p->opts.tuples_max)
		return true;
	if (!p->is_rough || (!is_too_long(p) && p->n < p->next_look))
		return is_too_long(p);
	p->next_look = 4 * p->n;
	return !fits(p, p->n);
}

static bool belongs(const struct pack *p, const struct tuple *t)
{
	return is_packed(t) &&
	       (!p->opts.has_rows || !p->n || t->n == width(p));
}

enum source_result pack_next(struct pack *p, struct tuple *t,
			     struct buf *err)
{
	enum source_result ret;

	if (p->has_ended)
		return SOURCE_END;
	if (p->share && p->at < p->n)
		return hand_out(p, p->share, t);
	if (p->at)
		drop(p);
	if (p->n && p->opts.template && p->opts.chars_max)
		fits(p, p->n);
	while (!p->n || !is_full(p)) {
		ret = take(p, t, err);
		if (ret == SOURCE_TUPLE && belongs(p, t)) {
			add(p, t);
			continue;
		}
		if (!p->n)
			return ret;
		if (ret == SOURCE_END && (!p->is_rough || fits(p, p->n)))
			return spread(p, t);
		if (ret != SOURCE_END)
			hold(p, ret, t, err);
		break;
	}
	return close_job(p, t, err);
}
