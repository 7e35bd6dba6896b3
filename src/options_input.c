/* SPDX-License-Identifier: GPL-3.0-or-later */
/* options_input.c - the options that say what of the input are values, and
 * how many of them a job gets. */
#include <config.h>

#include <limits.h>
#include <string.h>

#include "base/num.h"
#include "input/split.h"
#include "options_impl.h"

void set_end_line(struct parser *p, const struct given *g)
{
	p->o->source.eof = g->arg && *g->arg ? g->arg : NULL;
}

static void set_separator(struct parser *p, const struct given *g,
			  const char **field)
{
	if (*g->arg)
		*field = g->arg;
	else
		options_bad(p, "%s: an empty word cannot separate anything",
			    g->name);
}

void set_arg_sep(struct parser *p, const struct given *g)
{
	set_separator(p, g, &p->arg_sep);
}

void set_arg_file_sep(struct parser *p, const struct given *g)
{
	set_separator(p, g, &p->arg_file_sep);
}

/* An expression that is none is an error at once. */
void set_colsep(struct parser *p, const struct given *g)
{
	struct buf err = BUF_INIT;
	struct split *s = split_new(&(struct split_opts){ .colsep = g->arg },
				    &err);

	if (!s)
		options_bad(p, "%s", err.data);
	split_free(s);
	buf_release(&err);
	p->o->source.colsep = g->arg;
}

/* Without --pipe, GNU parallel takes anything but 0 for ':'. */
void set_header(struct parser *p, const struct given *g)
{
	if (strcmp(g->arg, "0") == 0)
		p->o->source.header = HEADER_FILES;
	else if (strcmp(g->arg, ":") == 0 || strcmp(g->arg, "1") == 0)
		p->o->source.header = HEADER_FIRST;
	else
		options_bad(p, "%s: '%s' is not ':' or 0 (others are for "
			    "--pipe)", g->name, g->arg);
}

void set_trim(struct parser *p, const struct given *g)
{
	static const struct {
		const char *word;
		unsigned trim;
	} known[] = {
		{ "n", 0 }, { "l", TRIM_LEFT }, { "r", TRIM_RIGHT },
		{ "lr", TRIM_LEFT | TRIM_RIGHT },
		{ "rl", TRIM_LEFT | TRIM_RIGHT },
	};

	p->has_trim = true;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(g->arg, known[i].word) == 0) {
			p->o->source.trim = known[i].trim;
			return;
		}
	}
	options_bad(p, "%s: '%s' is none of n, l, r, lr, rl", g->name, g->arg);
}

void set_total_jobs(struct parser *p, const struct given *g)
{
	if (num_int(g->arg, 1, INT64_MAX, &p->o->total_jobs) < 0)
		options_bad(p, "%s: '%s' is not a whole number from 1 on",
			    g->name, g->arg);
}

/* A number of items, with a unit if one likes. */
static bool read_number(struct parser *p, const struct given *g, uint64_t *n)
{
	if (num_size(g->arg, n) == 0)
		return true;
	options_bad(p, "%s: '%s' is not a number (such as 2 or 10k)",
		    g->name, g->arg);
	return false;
}

void set_max_args(struct parser *p, const struct given *g)
{
	p->has_max_args = read_number(p, g, &p->max_args);
}

void set_replace_args(struct parser *p, const struct given *g)
{
	p->has_replace_args = read_number(p, g, &p->replace_args);
}

void set_max_lines(struct parser *p, const struct given *g)
{
	p->max_lines = 1;
	p->has_max_lines = !g->arg || read_number(p, g, &p->max_lines);
	if (p->has_max_lines && p->max_lines == 0)
		options_bad(p, "%s: '%s' is not a number of lines from 1 on",
			    g->name, g->arg);
	p->o->source.joins_lines = true;
}

void set_context(struct parser *p, const struct given *g)
{
	(void)g;
	p->has_context = true;
}

void set_many(struct parser *p, const struct given *g)
{
	(void)g;
	p->has_many = true;
}

void set_xargs(struct parser *p, const struct given *g)
{
	(void)g;
	p->has_xargs = true;
}

void set_max_chars(struct parser *p, const struct given *g)
{
	read_number(p, g, &p->o->pack.chars_max);
}

/* -N goes before -n, that before -L; -X before -m. */
static void settle_packing(struct parser *p)
{
	struct packing *k = &p->o->pack;
	bool has_max = true;
	bool fills = p->has_context || p->has_many || p->has_xargs;

	if (p->has_replace_args)
		k->tuples_max = p->replace_args;
	else if (p->has_max_args)
		k->tuples_max = p->max_args;
	else if (p->has_max_lines)
		k->tuples_max = p->max_lines;
	else
		has_max = false;
	k->takes_none = has_max && k->tuples_max == 0;
	if (!has_max)
		k->tuples_max = fills ? SIZE_MAX : 1;
	if (k->takes_none)
		k->tuples_max = 1;
	k->is_on = has_max || fills;
	k->repeat_words = p->has_context || p->has_replace_args ||
			  (p->has_max_lines && !p->has_max_args);
	k->has_rows = fills && !has_max;
	k->spreads = p->has_context || p->has_many;
}

void options_settle_input(struct parser *p)
{
	struct source_opts *s = &p->o->source;

	/* Cells of CSV keep their blanks. */
	if (s->colsep && !s->csv && !p->has_trim)
		s->trim = TRIM_LEFT | TRIM_RIGHT;
	if (s->csv && s->colsep) {
		struct buf err = BUF_INIT;
		struct split *split = split_new(&(struct split_opts){
			.colsep = s->colsep, .csv = true,
		}, &err);

		if (!split)
			options_bad(p, "%s", err.data);
		split_free(split);
		buf_release(&err);
	}
	settle_packing(p);
	if (s->header != HEADER_NONE && p->o->replace)
		options_bad(p, "--header cannot be combined with -I: with "
			    "that, columns have no replacement strings");
}
