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

/* What it means depends on --pipe. */
void set_header(struct parser *p, const struct given *g)
{
	p->o->pipe.header = g->arg;
}

/* Without --pipe, GNU parallel takes anything but 0 for ':'. */
static void settle_header(struct parser *p)
{
	const char *word = p->o->pipe.header;

	if (!word || p->o->pipe.is_on)
		return;
	p->o->pipe.header = NULL;
	if (strcmp(word, "0") == 0)
		p->o->source.header = HEADER_FILES;
	else if (strcmp(word, ":") == 0 || strcmp(word, "1") == 0)
		p->o->source.header = HEADER_FIRST;
	else
		options_bad(p, "--header: '%s' is not ':' or 0 (others are for "
			    "--pipe)", word);
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

/* With --pipe, what -n, -N, -L and -l say is of records and lines. */
static void note_records(struct parser *p, const struct given *g)
{
	p->o->pipe.records = options_count(p, g);
	p->records_option = g->name;
}

void set_max_args(struct parser *p, const struct given *g)
{
	note_records(p, g);
	p->has_max_args = true;
	p->max_args = p->o->pipe.records;
}

void set_replace_args(struct parser *p, const struct given *g)
{
	note_records(p, g);
	p->has_replace_args = true;
	p->replace_args = p->o->pipe.records;
}

void set_max_lines(struct parser *p, const struct given *g)
{
	p->max_lines = g->arg ? options_count(p, g) : 1;
	p->o->pipe.lines = p->max_lines;
	p->lines_option = g->name;
}

void set_context(struct parser *p, const struct given *g)
{
	p->filling = g->name;
	p->has_context = true;
}

void set_many(struct parser *p, const struct given *g)
{
	p->filling = g->name;
	p->has_many = true;
}

void set_xargs(struct parser *p, const struct given *g)
{
	p->filling = g->name;
}

void set_max_chars(struct parser *p, const struct given *g)
{
	p->o->pack.chars_max = options_count(p, g);
}

/* -N goes before -n, that before -L; -X before -m. */
static void settle_packing(struct parser *p)
{
	struct packing *k = &p->o->pack;
	bool has_max = true;
	bool fills = p->filling;

	p->o->source.joins_lines = p->lines_option;
	if (p->lines_option && p->max_lines == 0)
		options_bad(p, "%s: '0' is not a number of lines from 1 on",
			    p->lines_option);
	if (p->has_replace_args)
		k->tuples_max = p->replace_args;
	else if (p->has_max_args)
		k->tuples_max = p->max_args;
	else if (p->lines_option)
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
			  (p->lines_option && !p->has_max_args);
	k->has_rows = fills && !has_max;
	k->spreads = p->has_context || p->has_many;
}

void options_settle_input(struct parser *p)
{
	struct source_opts *s = &p->o->source;

	settle_header(p);
	/* Cells of CSV keep their blanks. */
	if (s->colsep && !s->csv && !p->has_trim)
		s->trim = TRIM_LEFT | TRIM_RIGHT;
	/* Names in columns are columns; blanks stay what they are. */
	if (s->header == HEADER_FIRST && !s->colsep && !s->csv &&
	    !p->o->pipe.is_on)
		s->colsep = "\\t";
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
	if (p->o->pipe.is_on)
		p->lines_option = NULL;
	if (!p->o->pipe.is_on || p->has_replace_args || p->has_max_args)
		settle_packing(p);
	if (s->header != HEADER_NONE && p->o->tags.values)
		options_bad(p, "--header cannot be combined with -I: with "
			    "that, columns have no replacement strings");
}
