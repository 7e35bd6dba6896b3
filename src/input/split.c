/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * split.c - items cut into columns.
 *
 * Most separators are one byte (a comma, \t, \|), which memchr finds; only
 * others are left to regular expressions: PCRE2's, or else those of libc.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "input/ere.h"
#include "input/pattern.h"
#include "input/split.h"

enum split_kind { SPLIT_NONE, SPLIT_BYTE, SPLIT_PATTERN, SPLIT_CSV };

struct split {
	enum split_kind kind;
	char byte;		/* SPLIT_BYTE, SPLIT_CSV */
	struct pattern *pattern;
	struct ere *ere;	/* where there is no PCRE2 */
	unsigned trim;
};

void cells_init(struct cells *c)
{
	*c = (struct cells){ .bytes = BUF_INIT };
}

void cells_release(struct cells *c)
{
	buf_release(&c->bytes);
	free(c->values);
	free(c->lens);
	cells_init(c);
}

void cells_reset(struct cells *c)
{
	buf_reset(&c->bytes);
	c->n = 0;
}

void cells_add(struct cells *c, const char *data, size_t len)
{
	char *to;

	if (c->n == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 16;
		c->values = xreallocarray(c->values, c->cap,
					  sizeof(*c->values));
		c->lens = xreallocarray(c->lens, c->cap, sizeof(*c->lens));
	}
	c->lens[c->n++] = len;
	to = buf_reserve(&c->bytes, len + 1);
	memcpy(to, data, len);
	to[len] = to[len + 1] = '\0';
	c->bytes.len += len + 1;
}

void cells_drop(struct cells *c, size_t n)
{
	size_t bytes = 0;

	if (n == c->n) {
		cells_reset(c);
		return;
	}
	for (size_t i = 0; i < n; i++)
		bytes += c->lens[i] + 1;
	c->n -= n;
	memmove(c->lens, c->lens + n, c->n * sizeof(*c->lens));
	memmove(c->bytes.data, c->bytes.data + bytes, c->bytes.len - bytes);
	buf_truncate(&c->bytes, c->bytes.len - bytes);
}

void cells_finish(struct cells *c)
{
	char *at = c->bytes.data;

	for (size_t i = 0; i < c->n; i++) {
		c->values[i] = at;
		at += c->lens[i] + 1;
	}
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void add_trimmed(const struct split *s, struct cells *c,
			const char *data, size_t len)
{
	while ((s->trim & TRIM_LEFT) && len && is_blank(*data)) {
		data++;
		len--;
	}
	while ((s->trim & TRIM_RIGHT) && len && is_blank(data[len - 1]))
		len--;
	cells_add(c, data, len);
}

/* The one byte that the expression text matches; -1 when it is another. */
static int single_byte(const char *text)
{
	static const char special[] = "\\^$.[]|()*+?{}";
	struct buf posix = BUF_INIT;
	struct ere_refusal r;
	int byte = -1;

	if (ere_translate(&posix, text, ERE_BARE, &r) < 0)
		buf_reset(&posix);
	else if (posix.len == 1 && !strchr(special, posix.data[0]))
		byte = (unsigned char)posix.data[0];
	else if (posix.len == 2 && posix.data[0] == '\\')
		byte = (unsigned char)posix.data[1];
	buf_release(&posix);
	return byte;
}

static int compile(struct split *s, const char *text, struct buf *why)
{
#ifdef HAVE_PCRE2
	s->pattern = pattern_new(text, strlen(text), 0, why);
	return s->pattern ? 0 : -1;
#else
	s->ere = ere_new(text, why);
	return s->ere ? 0 : -1;
#endif
}

static int set_separator(struct split *s, const struct split_opts *opts,
			 struct buf *err)
{
	struct buf why = BUF_INIT;
	int byte = opts->colsep ? single_byte(opts->colsep) : ',';
	int ret = 0;

	if (byte >= 0) {
		s->kind = opts->csv ? SPLIT_CSV : SPLIT_BYTE;
		s->byte = (char)byte;
	} else if (opts->csv) {
		buf_addf(err, "--colsep: '%s' is not one byte, as --csv needs",
			 opts->colsep);
		ret = -1;
	} else {
		s->kind = SPLIT_PATTERN;
		ret = compile(s, opts->colsep, &why);
		if (ret < 0)
			buf_addf(err, "--colsep: '%s': %s", opts->colsep,
				 why.data);
	}
	buf_release(&why);
	return ret;
}

struct split *split_new(const struct split_opts *opts, struct buf *err)
{
	struct split *s = xcalloc(1, sizeof(*s));

	s->trim = opts->trim;
	if ((opts->colsep || opts->csv) && set_separator(s, opts, err) < 0) {
		split_free(s);
		return NULL;
	}
	return s;
}

void split_free(struct split *s)
{
	if (!s)
		return;
	pattern_free(s->pattern);
	ere_free(s->ere);
	free(s);
}

static void split_bytes(const struct split *s, struct cells *c,
			const char *item, size_t len)
{
	const char *end = item + len;
	const char *hit;

	while ((hit = memchr(item, s->byte, (size_t)(end - item)))) {
		add_trimmed(s, c, item, (size_t)(hit - item));
		item = hit + 1;
	}
	add_trimmed(s, c, item, (size_t)(end - item));
}

/* The first match at or behind at, and its groups, which it returns the
 * number of; -1: there is none, or err says why nobody knows. */
static int find(const struct split *s, const char *item, size_t len, size_t at,
		struct span *spans, struct buf *err)
{
	regmatch_t m[ERE_GROUPS];
	size_t n;

	if (s->pattern) {
		struct buf why = BUF_INIT;
		int found = pattern_match(s->pattern, item, len, at, false,
					  spans, &why);

		if (found < 0)
			buf_addf(err, "--colsep: %s", why.data);
		buf_release(&why);
		n = pattern_groups(s->pattern);
		return found <= 0 ? -1 :
		       n < PATTERN_SPANS ? (int)n : PATTERN_SPANS - 1;
	}
	if (!ere_find(s->ere, item, at, m))
		return -1;
	n = ere_groups(s->ere);
	for (size_t i = 0; i <= n; i++)
		spans[i] = (struct span){ (size_t)m[i].rm_so,
					  (size_t)m[i].rm_eo };
	return (int)n;
}

/* As Perl's split: a match of nothing never stands where a cell begins. */
static int split_pattern(const struct split *s, struct cells *c,
			 const char *item, size_t len, struct buf *err)
{
	struct span m[PATTERN_SPANS];
	size_t said = err->len;
	size_t start = 0;
	size_t at = 0;
	int groups;

	while (at <= len && (groups = find(s, item, len, at, m, err)) >= 0) {
		if (m->end == m->start && m->start == start) {
			at++;
			continue;
		}
		add_trimmed(s, c, item + start, m->start - start);
		for (int i = 1; i <= groups; i++) {
			size_t n = m[i].end - m[i].start;

			add_trimmed(s, c, item + (n ? m[i].start : 0), n);
		}
		start = at = m->end;
	}
	add_trimmed(s, c, item + start, len - start);
	return err->len == said ? 0 : -1;
}

/* A cell in quotes, whose first is at p. Returns what is behind the closing
 * one; NULL when there is none. */
static const char *take_quoted(const char *p, const char *end, struct buf *cell)
{
	for (p++; p < end; p++) {
		if (*p != '"')
			buf_addch(cell, *p);
		else if (p + 1 < end && p[1] == '"')
			buf_addch(cell, *p++);
		else
			return p + 1;
	}
	return NULL;
}

static int split_csv(const struct split *s, struct cells *c, const char *p,
		     size_t len, struct buf *err)
{
	const char *end = p + len;
	struct buf cell = BUF_INIT;
	const char *what = NULL;

	/* Lines of CSV may end in CR LF. */
	if (len && end[-1] == '\r')
		end--;
	for (;;) {
		const char *start = p;

		buf_reset(&cell);
		if (p < end && *p == '"') {
			p = take_quoted(p, end, &cell);
			if (!p)
				what = "a quote is not closed";
			else if (p < end && *p != s->byte)
				what = "text behind a closing quote";
		} else {
			while (p < end && *p != s->byte && *p != '"')
				p++;
			buf_add(&cell, start, (size_t)(p - start));
			if (p < end && *p == '"')
				what = "a quote inside a cell without quotes";
		}
		if (what)
			break;
		add_trimmed(s, c, cell.data, cell.len);
		if (p++ == end)
			break;
	}
	buf_release(&cell);
	if (!what)
		return 0;
	buf_addf(err, "no CSV: %s", what);
	return -1;
}

int split_add(const struct split *s, struct cells *c, const char *item,
	      size_t len, struct buf *err)
{
	switch (s->kind) {
	case SPLIT_NONE:
		add_trimmed(s, c, item, len);
		return 0;
	case SPLIT_BYTE:
		split_bytes(s, c, item, len);
		return 0;
	case SPLIT_PATTERN:
		return split_pattern(s, c, item, len, err);
	case SPLIT_CSV:
		return split_csv(s, c, item, len, err);
	}
	BUG("kind of splitter out of range");
}

bool split_is_open(const struct split *s, const char *record, size_t len)
{
	const char *end = record + len;
	const char *closed = NULL;	/* the last that did */
	bool is_open = false;

	/* One may begin a cell, or stand behind a closing one for itself. */
	for (const char *p = record; p < end; p++) {
		if (*p != '"')
			continue;
		if (is_open)
			closed = p;
		else if (p != record && p[-1] != s->byte && closed != p - 1)
			continue;
		is_open = !is_open;
	}
	return is_open;
}
