/* SPDX-License-Identifier: GPL-3.0-or-later */
/* group.c - see group.h. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "input/eval.h"
#include "input/group.h"
#include "input/recsep.h"
#include "input/split.h"

struct group {
	bool has_column;
	char *name;		/* of the column, or NULL */
	long column;		/* from 1; 0: the line; < 0: from the end */
	int byte;		/* that separates columns, or -1: */
	struct split *split;
	struct cells cells;
	struct eval *eval;	/* or NULL */
	struct buf line;	/* with a NUL behind it, for these three */
	struct buf result;
	struct buf kept;	/* the value that others are compared with */
	struct buf problem;
};

struct text {
	const char *data;
	size_t len;
};

/* What is before an expression: [-A-Za-z0-9_]+, alone or before a blank. */
static size_t word_length(const char *s)
{
	size_t n = strspn(s, "-_0123456789abcdefghijklmnopqrstuvwxyz"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return s[n] == '\0' || strchr(" \t\n", s[n]) ? n : 0;
}

/* Takes number or name from the front of by. Returns what is behind it. */
static const char *take_column(struct group *g, const char *by)
{
	size_t n = word_length(by);
	char *end;

	if (n == 0)
		return by;
	g->column = strtol(by, &end, 10);
	if (end != by + n) {
		if (memchr(by, '-', n))
			return by;
		g->column = 0;
		g->name = xmemdup0(by, n);
	}
	g->has_column = true;
	return by + n + strspn(by + n, " \t\n");
}

/* The byte that colsep stands for, if it is no more than that. */
static int literal(const char *colsep)
{
	if (!colsep || strcmp(colsep, "\\t") == 0)
		return '\t';
	if (colsep[0] == '\0' || colsep[1] != '\0' ||
	    strchr(".^$*+?()[{|\\\n", colsep[0]))
		return -1;
	return (unsigned char)colsep[0];
}

struct group *group_new(const char *by, const char *colsep, struct buf *err)
{
	struct group *g = xcalloc(1, sizeof(*g));
	const char *expr = take_column(g, by);
	struct buf why = BUF_INIT;

	cells_init(&g->cells);
	buf_init(&g->line);
	buf_init(&g->result);
	buf_init(&g->kept);
	buf_init(&g->problem);
	g->byte = literal(colsep);
	if (*by == '\0') {
		buf_addstr(err, "--group-by: '' is neither a column nor an "
			   "expression");
		goto fail;
	}
	if (g->byte < 0) {
		g->split = split_new(&(struct split_opts){ .colsep = colsep },
				     err);
		if (!g->split)
			goto fail;
	}
	if (*expr) {
		g->eval = eval_new(expr, strlen(expr), NULL, 0, NULL, &why);
		if (!g->eval) {
			buf_addf(err, "--group-by: %s", why.data);
			goto fail;
		}
	}
	buf_release(&why);
	return g;

fail:
	buf_release(&why);
	group_free(g);
	return NULL;
}

void group_free(struct group *g)
{
	if (!g)
		return;
	split_free(g->split);
	eval_free(g->eval);
	cells_release(&g->cells);
	buf_release(&g->line);
	buf_release(&g->result);
	buf_release(&g->kept);
	buf_release(&g->problem);
	free(g->name);
	free(g);
}

bool group_has_name(const struct group *g)
{
	return g->name;
}

const char *group_problem(const struct group *g)
{
	return g->problem.len ? g->problem.data : NULL;
}

/* Values. */

static struct text column_by_byte(const struct group *g, struct text line,
				  long column)
{
	const char *at = line.data, *end = line.data + line.len;

	for (;;) {
		const char *sep = memchr(at, g->byte, (size_t)(end - at));

		if (--column == 0)
			return (struct text){
				at, (size_t)((sep ? sep : end) - at),
			};
		if (!sep)
			return (struct text){ end, 0 };
		at = sep + 1;
	}
}

static long count_columns(const struct group *g, struct text line)
{
	long n = 1;

	for (size_t i = 0; i < line.len; i++)
		n += (unsigned char)line.data[i] == g->byte;
	return n;
}

/* Behind the last column, and before the first, is nothing. */
static struct text column_by_split(struct group *g, struct text line,
				   long column)
{
	struct buf err = BUF_INIT;

	buf_reset(&g->line);
	buf_add(&g->line, line.data, line.len);
	cells_reset(&g->cells);
	if (split_add(g->split, &g->cells, g->line.data, line.len, &err) < 0 &&
	    !g->problem.len)
		buf_addstr(&g->problem, err.data);
	buf_release(&err);
	cells_finish(&g->cells);
	if (column < 0)
		column += (long)g->cells.n + 1;
	if (column < 1 || column > (long)g->cells.n)
		return (struct text){ "", 0 };
	return (struct text){ g->cells.values[column - 1],
			      g->cells.lens[column - 1] };
}

static struct text column_of(struct group *g, struct text line)
{
	long column = g->column;

	if (column == 0)
		return line;
	if (g->byte < 0)
		return column_by_split(g, line, column);
	if (column < 0)
		column += count_columns(g, line) + 1;
	if (column < 1)
		return (struct text){ "", 0 };
	return column_by_byte(g, line, column);
}

static struct text value_of(struct group *g, struct text line)
{
	struct text value = g->has_column ? column_of(g, line) : line;
	struct buf copy = BUF_INIT, err = BUF_INIT;
	struct eval_job job = { .n = 0 };
	unsigned wishes = 0;

	if (!g->eval)
		return value;
	buf_add(&copy, value.data, value.len);
	job.value = copy.data;
	buf_reset(&g->result);
	if (eval_run(g->eval, &job, &g->result, &wishes, &err) < 0 &&
	    !g->problem.len)
		buf_addf(&g->problem, "--group-by: %s", err.data);
	buf_release(&copy);
	buf_release(&err);
	return (struct text){ g->result.data, g->result.len };
}

static void keep(struct group *g, struct text line)
{
	struct text value = value_of(g, line);

	buf_reset(&g->kept);
	buf_add(&g->kept, value.data, value.len);
}

static bool is_kept(struct group *g, struct text line)
{
	struct text value = value_of(g, line);

	return value.len == g->kept.len &&
	       memcmp(value.data, g->kept.data, value.len) == 0;
}

static bool is_name(const struct group *g, const char *s, size_t len)
{
	return len == strlen(g->name) && memcmp(s, g->name, len) == 0;
}

/* The number of the column that has our name, 0: there is none. */
static long find_by_byte(const struct group *g, struct text names)
{
	const char *at = names.data, *end = names.data + names.len;

	for (long n = 1;; n++) {
		const char *sep = memchr(at, g->byte, (size_t)(end - at));

		if (is_name(g, at, (size_t)((sep ? sep : end) - at)))
			return n;
		if (!sep)
			return 0;
		at = sep + 1;
	}
}

static long find_by_split(struct group *g, struct text names)
{
	(void)column_by_split(g, names, 1);
	for (size_t i = 0; i < g->cells.n; i++) {
		if (is_name(g, g->cells.values[i], g->cells.lens[i]))
			return (long)i + 1;
	}
	return 0;
}

int group_set_names(struct group *g, const char *line, size_t len,
		    struct buf *err)
{
	const char *end = memchr(line, '\n', len);
	struct text names = { line, end ? (size_t)(end - line) : len };

	g->column = g->byte < 0 ? find_by_split(g, names)
				: find_by_byte(g, names);
	if (g->column)
		return 0;
	buf_addf(err, "--group-by: there is no column '%s' in '", g->name);
	buf_add_visible(err, names.data, names.len);
	buf_addch(err, '\'');
	return -1;
}

/* Borders. */

/* The line at that place; false: it is not complete yet. */
static bool line_at(const struct recsep_text *t, size_t at, struct text *line)
{
	const char *end;

	if (at >= t->len)
		return false;
	line->data = t->data + at;
	end = memchr(line->data, '\n', t->len - at);
	line->len = end ? (size_t)(end - line->data) : t->len - at;
	return end || t->is_all;
}

bool group_find(struct group *g, const struct recsep_text *t, size_t from,
		struct border *b)
{
	struct text line;

	if (!line_at(t, from, &line))
		return false;
	keep(g, line);
	for (;;) {
		size_t at = (size_t)(line.data - t->data) + line.len + 1;

		if (!line_at(t, at, &line))
			return false;
		if (!is_kept(g, line)) {
			*b = (struct border){ .at = at, .next = at };
			return true;
		}
	}
}

/* Where the line that ends before byte end begins. */
static size_t begin_of_line(const char *data, size_t end)
{
	while (end && data[end - 1] != '\n')
		end--;
	return end;
}

size_t group_last(struct group *g, const struct recsep_text *t)
{
	size_t at = t->len;
	struct text line;

	/* The last line that is complete. */
	if (!t->is_all || (at && t->data[at - 1] == '\n'))
		at = begin_of_line(t->data, at);
	if (at && t->data[at - 1] == '\n')
		at--;
	at = begin_of_line(t->data, at);
	if (!line_at(t, at, &line))
		return 0;
	keep(g, line);
	while (at) {
		size_t before = begin_of_line(t->data, at - 1);

		line_at(t, before, &line);
		if (!is_kept(g, line))
			return at;
		at = before;
	}
	return 0;
}
