/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source.c - the user's inputs, combined into one stream of tuples.
 *
 * The tuples of a group are the combinations of its columns' rows, counted
 * like digits, the last column fastest. Rows of the first column are read
 * when their turn comes and stay in the buffers of their inputs; before its
 * first row all other columns are loaded into the arena.
 */
#include <config.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "input/items.h"
#include "input/link.h"
#include "input/source.h"
#include "input/source_impl.h"
#include "input/split.h"

static char empty_value[1] = "";

static bool is_stopped(struct source *s)
{
	return atomic_load_explicit(&s->stop, memory_order_relaxed);
}

bool source_is_linked(const struct source *s, const struct group *g)
{
	return s->opts.linked && g->is_combination && g->ninputs > 1;
}

void source_forget(struct source *s)
{
	for (size_t i = 0; i < s->ncolumns; i++) {
		struct column *c = &s->columns[i];

		for (size_t k = 0; c->rows && k < c->n; k++)
			free(c->rows[k]);
		free(c->rows);
		c->rows = NULL;
	}
	free(s->loaded);
	s->loaded = NULL;
	s->nloaded = s->loaded_cap = 0;
	arena_reset(&s->arena);
	link_free(s->link);
	s->link = NULL;
}

/* Loading the columns behind the first */

static void keep_value(struct source *s, const char *data, size_t len)
{
	struct value *v;

	if (s->nloaded == s->loaded_cap) {
		s->loaded_cap = s->loaded_cap ? s->loaded_cap * 2 : 64;
		s->loaded = xreallocarray(s->loaded, s->loaded_cap,
					  sizeof(*s->loaded));
	}
	v = &s->loaded[s->nloaded++];
	v->data = arena_memdup0(&s->arena, data, len);
	v->len = len;
}

/* The column of the input that was just loaded gets its values; on to the
 * next. */
static void give_to_column(struct source *s)
{
	struct column *c = &s->columns[s->groups[s->group].first];

	while (s->loading >= c->first + c->n)
		c++;
	s->any_loaded |= s->nloaded > 0;
	if (!s->nloaded)
		keep_value(s, "", 0);
	if (!c->rows)
		c->rows = xcalloc(c->n, sizeof(*c->rows));
	if (s->loading == c->first || s->nloaded < c->nrows)
		c->nrows = s->nloaded;
	c->rows[s->loading - c->first] = s->loaded;
	s->loaded = NULL;
	s->nloaded = s->loaded_cap = 0;
	s->loading++;
}

/* Goes on loading. SOURCE_END: all is loaded. */
static enum source_result load(struct source *s, struct buf *err)
{
	const struct group *g = &s->groups[s->group];

	while (s->loading < g->first_input + g->ninputs) {
		struct items *it = &s->inputs[s->loading];
		enum source_result ret = items_next(it, err);

		if (ret == SOURCE_TUPLE)
			keep_value(s, it->value, it->len);
		else if (ret != SOURCE_END || is_stopped(s))
			return ret;
		else
			give_to_column(s);
	}
	return SOURCE_END;
}

/* Tuples */

static void fill_place(struct source *s, size_t place, char *data, size_t len)
{
	s->values[place] = data;
	s->lens[place] = len;
}

/* One value of a row. A second message in a row takes the place of the first
 * only when it is about a failure. */
static enum source_result read_place(struct source *s, size_t place,
				     struct items *it, bool has_bad,
				     struct buf *err)
{
	struct buf more = BUF_INIT;
	enum source_result ret = items_next(it, has_bad ? &more : err);

	if (ret == SOURCE_FAILED && has_bad) {
		buf_reset(err);
		buf_add(err, more.data, more.len);
	}
	buf_release(&more);
	if (ret == SOURCE_END)
		fill_place(s, place, empty_value, 0);
	else
		fill_place(s, place, it->value, it->len);
	return ret;
}

/*
 * Reads the next row of the first column. All inputs take a step even when
 * one has a bad item; *bad is then where. In the first row those that are
 * empty give an empty value, unless the whole group is empty.
 */
static enum source_result read_row(struct source *s, bool is_first,
				   const struct items **bad, struct buf *err)
{
	const struct column *c = &s->columns[s->groups[s->group].first];
	bool is_empty = !s->any_loaded;

	*bad = NULL;
	for (size_t i = 0; i < c->n; i++) {
		struct items *it = &s->inputs[c->first + i];
		enum source_result ret = read_place(s, i, it, *bad != NULL,
						    err);

		if (ret == SOURCE_FAILED || ret == SOURCE_BARRIER)
			return ret;
		if (ret == SOURCE_END && !is_first) {
			buf_reset(err);
			return ret;
		}
		if (ret == SOURCE_BAD && !*bad)
			*bad = it;
		is_empty &= ret == SOURCE_END;
	}
	if (*bad)
		return SOURCE_BAD;
	return is_empty ? SOURCE_END : SOURCE_TUPLE;
}

/* The kept columns' values, from their current rows. */
static void fill_kept(struct source *s)
{
	const struct group *g = &s->groups[s->group];

	for (size_t i = 1; i < g->n; i++) {
		const struct column *c = &s->columns[g->first + i];

		for (size_t k = 0; k < c->n; k++) {
			const struct value *v = &c->rows[k][c->row];

			fill_place(s, c->first + k - g->first_input, v->data,
				   v->len);
		}
	}
}

/* Moves the kept columns on, last digit first. False when all turned over. */
static bool next_combination(struct source *s)
{
	const struct group *g = &s->groups[s->group];

	for (size_t i = g->n; i-- > 1;) {
		struct column *c = &s->columns[g->first + i];

		if (++c->row < c->nrows)
			return true;
		c->row = 0;
	}
	return false;
}

static void fill_tuple(struct source *s, struct tuple *t,
		       const struct items *from, size_t n)
{
	const struct group *g = &s->groups[s->group];
	const struct input_spec *spec = s->inputs[g->first_input].spec;

	*t = (struct tuple){
		.values = s->values, .lens = s->lens, .n = n,
		.priority = spec->priority, .timeout_ns = spec->timeout_ns,
		.file = items_file(from), .line = items_number(from),
		.attributes = from->has_attributes ? &from->task.attributes
						   : NULL,
		.is_task = !g->is_combination,
	};
}

/* A JSON object has more than one value, or none that was in the line. */
static void use_object(struct tuple *t, const struct jsonl_task *task)
{
	t->values = task->values;
	t->lens = task->lens;
	t->n = task->n;
	t->is_argv = task->is_argv;
}

static void fill_bad(struct source *s, struct tuple *t,
		     const struct items *from, const char *value, size_t len)
{
	buf_reset(&s->visible);
	buf_add_visible(&s->visible, value, len);
	fill_place(s, 0, s->visible.data, s->visible.len);
	fill_tuple(s, t, from, 1);
}

static enum source_result hand_out_bad(struct source *s, struct tuple *t,
				       const struct items *bad)
{
	fill_bad(s, t, bad, bad->value, bad->len);
	return SOURCE_BAD;
}

/* Item i of the tuple can't be cut, for why. */
static enum source_result report_cut(struct source *s, struct tuple *t,
				     size_t i, const char *why,
				     struct buf *err)
{
	const struct group *g = &s->groups[s->group];
	const struct items *it = &s->inputs[g->first_input];

	/* Of those that are kept in memory, the line is not. */
	if (s->link || i < s->columns[g->first].n)
		items_add_place(&it[i], err);
	else
		buf_addf(err, "%s: an item", it[i].spec->option);
	buf_addf(err, ": %s", why);
	fill_bad(s, t, it, t->values[i], t->lens[i]);
	return SOURCE_BAD;
}

/* The cells of a tuple's items become its values. */
static enum source_result cut_tuple(struct source *s, struct tuple *t,
				    struct buf *err)
{
	enum source_result ret = SOURCE_TUPLE;
	struct buf why = BUF_INIT;
	size_t i = 0;

	cells_reset(&s->cells);
	while (i < t->n && split_add(s->split, &s->cells, t->values[i],
				     t->lens[i], &why) == 0)
		i++;
	if (i < t->n) {
		ret = report_cut(s, t, i, why.data, err);
	} else {
		cells_finish(&s->cells);
		t->values = s->cells.values;
		t->lens = s->cells.lens;
		t->n = s->cells.n;
	}
	buf_release(&why);
	return ret;
}

/* The row in s->values is one; s->phase has been set. */
static enum source_result hand_out_row(struct source *s, struct tuple *t,
				       struct buf *err)
{
	const struct group *g = &s->groups[s->group];
	const struct items *it = &s->inputs[g->first_input];

	fill_tuple(s, t, it, g->ninputs);
	if (it->spec->kind == INPUT_JSONL)
		use_object(t, &it->task);
	else if (s->split && g->is_combination)
		return cut_tuple(s, t, err);
	return SOURCE_TUPLE;
}

static enum source_result hand_out(struct source *s, struct tuple *t,
				   struct buf *err)
{
	fill_kept(s);
	s->phase = next_combination(s) ? PHASE_COMBINE : PHASE_ROW;
	return hand_out_row(s, t, err);
}

static enum source_result step_linked(struct source *s, struct tuple *t,
				      struct buf *err)
{
	const struct group *g = &s->groups[s->group];
	const struct items *bad;
	enum source_result ret;

	if (!s->link)
		s->link = link_new(&s->inputs[g->first_input], g->ninputs);
	ret = link_next(s->link, s->values, s->lens, &bad, err);
	if (is_stopped(s))
		return SOURCE_END;
	if (ret == SOURCE_BAD)
		return hand_out_bad(s, t, bad);
	return ret == SOURCE_TUPLE ? hand_out_row(s, t, err) : ret;
}

static void begin_load(struct source *s)
{
	const struct group *g = &s->groups[s->group];

	s->any_loaded = false;
	s->loading = g->first_input + s->columns[g->first].n;
	s->phase = PHASE_LOAD;
}

static void next_group(struct source *s)
{
	source_forget(s);
	s->group++;
	s->phase = PHASE_NEW;
}

/* One step in the group. SOURCE_END: nothing more in it. */
static enum source_result step(struct source *s, struct tuple *t,
			       struct buf *err)
{
	bool is_first = s->phase != PHASE_ROW;
	const struct items *bad;
	enum source_result ret;

	if (s->phase == PHASE_COMBINE)
		return hand_out(s, t, err);
	if (s->phase == PHASE_NEW && source_is_linked(s, &s->groups[s->group]))
		s->phase = PHASE_LINK;
	if (s->phase == PHASE_LINK)
		return step_linked(s, t, err);
	if (s->phase == PHASE_NEW)
		begin_load(s);
	if (s->phase == PHASE_LOAD) {
		ret = load(s, err);
		if (ret == SOURCE_BAD)
			return hand_out_bad(s, t, &s->inputs[s->loading]);
		if (ret != SOURCE_END || is_stopped(s))
			return ret;
	}
	ret = read_row(s, is_first, &bad, err);
	s->phase = PHASE_ROW;
	if (is_stopped(s))
		return SOURCE_END;
	if (ret == SOURCE_BAD)
		return hand_out_bad(s, t, bad);
	return ret == SOURCE_TUPLE ? hand_out(s, t, err) : ret;
}

enum source_result source_next(struct source *s, struct tuple *t,
			       struct buf *err)
{
	while (s->group < s->ngroups && !is_stopped(s)) {
		enum source_result ret = step(s, t, err);

		if (ret == SOURCE_TUPLE || ret == SOURCE_BAD ||
		    ret == SOURCE_BARRIER)
			return ret;
		next_group(s);
		if (ret == SOURCE_FAILED)
			return ret;
	}
	return SOURCE_END;
}
