/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eval_match.c - m// s/// tr/// and split. */
#include <config.h>

#include <ctype.h>
#include <string.h>

#include "input/eval_impl.h"

/* A pattern that is made for one use, or the constant one. */
struct use {
	const struct pattern *pattern;
	struct pattern *own;
};

static int use_pattern(struct machine *m, const struct node *n, struct use *u)
{
	struct buf why = BUF_INIT;
	struct value text;

	*u = (struct use){ .pattern = n->pattern };
	if (n->pattern)
		return 0;
	if (eval_text(m, n->b, &text) < 0)
		return -1;
	u->own = pattern_new(text.s, text.len, n->flags & 0xff, &why);
	u->pattern = u->own;
	if (!u->own) {
		/* Perl may know more of them. */
		m->is_beyond = true;
		eval_fail(m, "regular expression '");
		buf_add_visible(m->err, text.s, text.len);
		buf_addf(m->err, "': %s", why.data);
	}
	buf_release(&why);
	return u->own ? 0 : -1;
}

static int match_at(struct machine *m, const struct use *u,
		    const struct value *text, size_t from, bool is_fresh,
		    struct span *spans)
{
	struct buf why = BUF_INIT;
	int ret;

	if (eval_spend(m, text->len / 16) < 0)
		return -1;
	ret = pattern_match(u->pattern, text->s, text->len, from, is_fresh,
			    spans, &why);
	if (ret < 0)
		eval_fail(m, "regular expression: %s", why.data);
	buf_release(&why);
	return ret;
}

static void remember(struct machine *m, const struct value *text,
		     const struct span *spans)
{
	m->subject = *text;
	memcpy(m->spans, spans, sizeof(m->spans));
}

static int target(struct machine *m, const struct node *n, struct value *out)
{
	if (n->a)
		return eval_text(m, n->a, out);
	*out = value_as_text(m, &m->topic);
	return 0;
}

static int set_target(struct machine *m, const struct node *n, struct value v)
{
	if (n->a)
		return eval_assign(m, n->a, v);
	m->topic = v;
	return 0;
}

int eval_do_match(struct machine *m, const struct node *n, struct value *out)
{
	struct span spans[PATTERN_SPANS];
	struct value text;
	struct use u;
	int ret;

	if (target(m, n, &text) < 0 || use_pattern(m, n, &u) < 0)
		return -1;
	ret = match_at(m, &u, &text, 0, false, spans);
	if (ret > 0)
		remember(m, &text, spans);
	pattern_free(u.own);
	*out = value_bool((ret > 0) == !(n->flags & MATCH_NOT));
	return ret < 0 ? -1 : 0;
}

static struct value part(struct machine *m, const struct value *text,
			 const struct span *at)
{
	if (at->start == PATTERN_UNSET)
		return (struct value){ .kind = VALUE_UNDEF };
	return value_text(m, text->s + at->start, at->end - at->start);
}

/* The groups of one match, or if there are none itself. */
static void add_groups(struct machine *m, const struct use *u,
		       const struct value *text, const struct span *spans,
		       bool is_global, struct list *out)
{
	unsigned n = pattern_groups(u->pattern);

	for (unsigned i = 1; i <= n && i < PATTERN_SPANS; i++)
		list_add(m, out, part(m, text, &spans[i]));
	if (n == 0)
		list_add(m, out, is_global ? part(m, text, &spans[0])
					   : value_int(1));
}

int eval_all_match(struct machine *m, const struct node *n, struct list *out)
{
	bool is_global = n->flags & MATCH_GLOBAL;
	struct span spans[PATTERN_SPANS];
	struct value text;
	struct use u;
	size_t from = 0;
	bool is_fresh = false;
	int ret;

	if (n->flags & MATCH_NOT) {
		if (eval_do_match(m, n, &text) < 0)
			return -1;
		list_add(m, out, text);
		return 0;
	}
	if (target(m, n, &text) < 0 || use_pattern(m, n, &u) < 0)
		return -1;
	while ((ret = match_at(m, &u, &text, from, is_fresh, spans)) > 0) {
		remember(m, &text, spans);
		add_groups(m, &u, &text, spans, is_global, out);
		if (!is_global)
			break;
		from = spans[0].end;
		is_fresh = spans[0].start == from;
	}
	pattern_free(u.own);
	return ret < 0 ? -1 : 0;
}

/* All replacements; the new text in out. Returns how many, or -1. */
static int64_t replace(struct machine *m, const struct node *n,
		       const struct use *u, const struct value *text,
		       struct buf *out)
{
	struct span spans[PATTERN_SPANS];
	int64_t count = 0;
	size_t done = 0;
	bool is_fresh = false;
	struct value with;
	int ret;

	while ((ret = match_at(m, u, text, done, is_fresh, spans)) > 0) {
		remember(m, text, spans);
		buf_add(out, text->s + done, spans[0].start - done);
		if (eval_text(m, n->c, &with) < 0 ||
		    eval_spend(m, with.len) < 0)
			return -1;
		buf_add(out, with.s, with.len);
		done = spans[0].end;
		is_fresh = spans[0].start == done;
		count++;
		if (!(n->flags & MATCH_GLOBAL))
			break;
	}
	buf_add(out, text->s + done, text->len - done);
	return ret < 0 ? -1 : count;
}

int eval_do_subst(struct machine *m, const struct node *n, struct value *out)
{
	struct buf result = BUF_INIT;
	struct value text, changed;
	struct use u;
	int64_t count;

	if (target(m, n, &text) < 0 || use_pattern(m, n, &u) < 0)
		return -1;
	count = replace(m, n, &u, &text, &result);
	pattern_free(u.own);
	changed = value_take(m, &result);
	if (count < 0)
		return -1;
	if (n->flags & MATCH_RETURN) {
		*out = changed;
		return 0;
	}
	*out = count ? value_int(count) : value_bool(false);
	if (n->flags & MATCH_NOT)
		*out = value_bool(count == 0);
	return count ? set_target(m, n, changed) : 0;
}

int eval_do_translate(struct machine *m, const struct node *n,
		      struct value *out)
{
	struct buf result = BUF_INIT;
	struct value text, changed;
	int64_t count = 0;
	int last = -1;

	if (target(m, n, &text) < 0)
		return -1;
	for (size_t i = 0; i < text.len; i++) {
		unsigned short to = n->map[(unsigned char)text.s[i]];

		if (to == MAP_KEEP) {
			buf_addch(&result, text.s[i]);
			last = -1;
			continue;
		}
		count++;
		if (to == MAP_DELETE)
			continue;
		if (!(n->flags & MATCH_SQUEEZE) || to != last)
			buf_addch(&result, (char)to);
		last = to;
	}
	changed = value_take(m, &result);
	if (n->flags & MATCH_RETURN) {
		*out = changed;
		return 0;
	}
	*out = value_int(count);
	if (changed.len == text.len &&
	    memcmp(changed.s, text.s, text.len) == 0)
		return 0;
	return set_target(m, n, changed);
}

/* split: kids[0] the text and kids[1] the limit; b or pattern where to. As
 * GNU's awk, for ' ', when var is set. */
static int split(struct machine *m, const struct node *n, const struct use *u,
		 struct value text, struct list *out)
{
	struct span spans[PATTERN_SPANS];
	struct value limit = value_int(0);
	size_t first = out->n;
	size_t from = 0;
	int64_t max;
	int ret = 0;

	if (n->nkids > 1 && eval_scalar(m, n->kids[1], &limit) < 0)
		return -1;
	max = value_as_int(&limit);
	while (n->var && from < text.len &&
	       isspace((unsigned char)text.s[from]))
		from++;
	if (from == text.len)
		return 0;
	while (max <= 0 || (int64_t)(out->n - first) < max - 1) {
		ret = match_at(m, u, &text, from, true, spans);
		if (ret <= 0)
			break;
		if (spans[0].start == text.len && spans[0].end == text.len)
			break;
		list_add(m, out, value_text(m, text.s + from,
					    spans[0].start - from));
		if (pattern_groups(u->pattern))
			add_groups(m, u, &text, spans, false, out);
		from = spans[0].end;
	}
	list_add(m, out, value_text(m, text.s + from, text.len - from));
	while (max == 0 && out->n > first && out->at[out->n - 1].len == 0)
		out->n--;
	return ret < 0 ? -1 : 0;
}

int eval_all_split(struct machine *m, const struct node *n, struct list *out)
{
	struct value text = value_as_text(m, &m->topic);
	struct use u;
	int ret;

	if (n->nkids && eval_text(m, n->kids[0], &text) < 0)
		return -1;
	if (use_pattern(m, n, &u) < 0)
		return -1;
	ret = split(m, n, &u, text, out);
	pattern_free(u.own);
	return ret;
}

int eval_do_split(struct machine *m, const struct node *n, struct value *out)
{
	struct list l = { .n = 0 };

	if (eval_all_split(m, n, &l) < 0)
		return -1;
	*out = value_int((int64_t)l.n);
	return 0;
}
