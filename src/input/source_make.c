/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source_make.c - see source.h: inputs opened and put into groups, their
 * tuples counted, the names of their columns. */
#include <config.h>

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "input/items.h"
#include "input/names.h"
#include "input/source.h"
#include "input/source_impl.h"
#include "input/split.h"

/* Setting up */

/* As many as there can be of everything; ninputs grows as they open. */
static struct source *alloc_source(size_t n, const struct source_opts *opts)
{
	struct source *s = xcalloc(1, sizeof(*s));

	s->opts = *opts;
	s->inputs = xcalloc(n + 1, sizeof(*s->inputs));
	s->columns = xcalloc(n + 1, sizeof(*s->columns));
	s->groups = xcalloc(n + 1, sizeof(*s->groups));
	s->values = xcalloc(n + 1, sizeof(*s->values));
	s->lens = xcalloc(n + 1, sizeof(*s->lens));
	buf_init(&s->visible);
	cells_init(&s->cells);
	atomic_init(&s->stop, false);
	return s;
}

void source_free(struct source *s)
{
	if (!s)
		return;
	source_forget(s);
	for (size_t i = 0; i < s->ninputs; i++)
		items_release(&s->inputs[i]);
	free(s->inputs);
	free(s->columns);
	free(s->groups);
	free(s->values);
	free(s->lens);
	buf_release(&s->visible);
	cells_release(&s->cells);
	split_free(s->split);
	arena_release(&s->arena);
	free(s);
}

/* Opens one more input, as the last of the last group. */
static int add_input(struct source *s, const struct input_spec *spec,
		     bool starts_group, struct buf *err)
{
	struct group *g;

	if (items_are_stdin(spec) && source_uses_stdin(s)) {
		buf_addstr(err, "standard input is named twice");
		return -1;
	}
	if (items_init(&s->inputs[s->ninputs], spec, &s->opts, s->split,
		       err) < 0)
		return -1;
	if (starts_group)
		s->groups[s->ngroups++] = (struct group){
			.first = s->ncolumns, .first_input = s->ninputs,
			.is_combination = !input_is_tasks(spec->kind),
		};
	g = &s->groups[s->ngroups - 1];
	if (starts_group || !spec->linked) {
		s->columns[s->ncolumns++].first = s->ninputs;
		g->n++;
	}
	s->columns[s->ncolumns - 1].n++;
	g->ninputs++;
	s->ninputs++;
	return 0;
}

/* All inputs but tasks make one group, where the first of them is. */
static int add_combination(struct source *s, const struct input_spec *specs,
			   size_t n, struct buf *err)
{
	bool is_first = true;

	for (size_t i = 0; i < n; i++) {
		if (input_is_tasks(specs[i].kind))
			continue;
		if (add_input(s, &specs[i], is_first, err) < 0)
			return -1;
		if (is_first && s->opts.skip_first_line)
			s->inputs[s->ninputs - 1].to_skip = 1;
		is_first = false;
	}
	return 0;
}

static int make_split(struct source *s, struct buf *err)
{
	const struct source_opts *o = &s->opts;

	if (!o->colsep && !o->csv && !o->trim)
		return 0;
	s->split = split_new(&(struct split_opts){
		.colsep = o->colsep, .csv = o->csv, .trim = o->trim,
	}, err);
	return s->split ? 0 : -1;
}

struct source *source_new(const struct input_spec *specs, size_t n,
			  const struct source_opts *opts, struct buf *err)
{
	struct source *s = alloc_source(n, opts);
	bool has_combination = false;

	if (make_split(s, err) < 0) {
		source_free(s);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		int ret = 0;

		if (input_is_tasks(specs[i].kind))
			ret = add_input(s, &specs[i], true, err);
		else if (!has_combination)
			ret = add_combination(s, specs + i, n - i, err);
		has_combination |= !input_is_tasks(specs[i].kind);
		if (ret < 0) {
			source_free(s);
			return NULL;
		}
	}
	return s;
}

bool source_uses_stdin(const struct source *s)
{
	for (size_t i = 0; i < s->ninputs; i++) {
		if (items_are_stdin(s->inputs[i].spec))
			return true;
	}
	return false;
}

void source_stop(struct source *s)
{
	atomic_store_explicit(&s->stop, true, memory_order_relaxed);
	for (size_t i = 0; i < s->ninputs; i++)
		items_stop(&s->inputs[i]);
}

/* Counting */

/* The rows of a column; -1 when not known. Clears *is_empty if that is so. */
static int64_t count_column(const struct source *s, const struct column *c,
			    bool read_files, bool *is_empty)
{
	int64_t least = -1;

	for (size_t i = 0; i < c->n; i++) {
		int64_t n = items_count(&s->inputs[c->first + i], read_files);

		if (n < 0)
			return -1;
		if (n > 0)
			*is_empty = false;
		/* An empty one counts as one empty value. */
		n = n ? n : 1;
		if (least < 0 || n < least)
			least = n;
	}
	return least;
}

/* In step, the longest counts. */
static int64_t count_linked(const struct source *s, const struct group *g,
			    bool read_files)
{
	int64_t most = 0;

	for (size_t i = 0; i < g->ninputs; i++) {
		int64_t n = items_count(&s->inputs[g->first_input + i],
					read_files);

		if (n < 0)
			return -1;
		most = n > most ? n : most;
	}
	return most;
}

static int64_t count_group(const struct source *s, const struct group *g,
			   bool read_files)
{
	bool is_empty = true;
	int64_t total = 1;

	if (source_is_linked(s, g))
		return count_linked(s, g, read_files);

	for (size_t i = 0; i < g->n; i++) {
		int64_t n = count_column(s, &s->columns[g->first + i],
					 read_files, &is_empty);

		if (n < 1 || total > INT64_MAX / n)
			return -1;
		total *= n;
	}
	return is_empty ? 0 : total;
}

int64_t source_total(struct source *s, bool count)
{
	int64_t total = 0;

	for (size_t i = 0; i < s->ngroups; i++) {
		int64_t n = count_group(s, &s->groups[i], count);

		if (n < 0 || total > INT64_MAX - n)
			return -1;
		total += n;
	}
	return total;
}

/* Names */

static int add_names_of(struct source *s, struct items *it,
			struct names *names, struct buf *err)
{
	enum source_result ret;

	if (s->opts.header == HEADER_FILES) {
		names_add(names, items_file(it) ? items_file(it) : "");
		return 0;
	}
	ret = items_take(it, err);
	if (ret == SOURCE_FAILED || ret == SOURCE_BAD)
		return -1;
	cells_reset(&s->cells);
	if (ret != SOURCE_TUPLE)
		return 0;
	if (!s->split)
		cells_add(&s->cells, it->value, it->len);
	else if (split_add(s->split, &s->cells, it->value, it->len, err) < 0)
		return -1;
	cells_finish(&s->cells);
	for (size_t i = 0; i < s->cells.n; i++)
		names_add(names, s->cells.values[i]);
	return 0;
}

int source_read_names(struct source *s, struct names *names, struct buf *err)
{
	for (size_t i = 0; i < s->ninputs; i++) {
		struct items *it = &s->inputs[i];

		if (s->opts.header != HEADER_NONE && it->is_plain &&
		    add_names_of(s, it, names, err) < 0)
			return -1;
	}
	return 0;
}
