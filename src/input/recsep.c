/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recsep.c - see recsep.h.
 *
 * With regular expressions the borders are those of one search from the first
 * byte of the input to its last, whatever the size of the pieces it comes in:
 * a match that reaches the end of a piece, and might go on behind it, is no
 * match until more is known.
 */
#include <config.h>

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "input/ere.h"
#include "input/group.h"
#include "input/recsep.h"

struct recsep {
	struct group *group;	/* or NULL; then nothing else counts */
	bool is_csv;		/* the same */

	/* fixed strings */
	char *both;		/* end, then start */
	size_t len;
	size_t end_len;

	bool is_regexp;
	bool is_fixed;		/* every match has one length, known at once */
	bool has_start;
	regex_t border;		/* \1 is the end */
	regex_t start;		/* at the beginning alone */
	regex_t end;
};

/* Fixed strings. */

/* As printf's, for few of them: GNU parallel knows no others here. */
static void add_unescaped(struct buf *out, const char *s)
{
	static const char from[] = "rnt'\"\\";
	static const char to[] = "\r\n\t'\"\\";

	for (; *s; s++) {
		const char *at = *s == '\\' && s[1] ? strchr(from, s[1])
						    : NULL;

		if (*s == '\\' && s[1] == '0')
			buf_addch(out, '\0');
		else if (at)
			buf_addch(out, to[at - from]);
		else
			buf_addch(out, *s);
		if (at || (*s == '\\' && s[1] == '0'))
			s++;
	}
}

static const char *find_bytes(const char *data, size_t len, const char *what,
			      size_t n)
{
	const char *end = data + len;

	while (n <= (size_t)(end - data)) {
		data = memchr(data, *what, (size_t)(end - data) - n + 1);
		if (!data || memcmp(data, what, n) == 0)
			return data;
		data++;
	}
	return NULL;
}

static bool find_fixed(const struct recsep *s, const struct recsep_text *t,
		       size_t from, struct border *b)
{
	const char *hit;

	/* A separator at the very beginning ends nothing. */
	if (from == 0)
		from = 1;
	if (from > t->len)
		return false;
	hit = s->len ? find_bytes(t->data + from, t->len - from, s->both,
				  s->len)
		     : t->data + from;
	if (!hit)
		return false;
	b->at = (size_t)(hit - t->data) + s->end_len;
	b->next = (size_t)(hit - t->data) + 1;
	return true;
}

static size_t last_fixed(const struct recsep *s, const struct recsep_text *t)
{
	if (s->len == 0)
		return t->len;
	for (size_t i = t->len; i >= s->len; i--) {
		if (t->data[i - 1] == s->both[s->len - 1] &&
		    memcmp(t->data + i - s->len, s->both, s->len) == 0)
			return i - s->len + s->end_len;
	}
	return 0;
}

static size_t remove_fixed(const struct recsep *s, char *data, size_t len)
{
	size_t start_len = s->len - s->end_len;
	char *from = data, *to = data, *end = data + len;
	const char *hit;
	size_t n;

	if (s->len == 0)
		return len;
	while ((hit = find_bytes(from, (size_t)(end - from), s->both,
				 s->len))) {
		n = (size_t)(hit - from);
		memmove(to, from, n);
		to += n;
		from += n + s->len;
	}
	memmove(to, from, (size_t)(end - from));
	len = (size_t)(to - data) + (size_t)(end - from);
	if (len >= start_len &&
	    memcmp(data, s->both + s->end_len, start_len) == 0) {
		len -= start_len;
		memmove(data, data + start_len, len);
	}
	if (len >= s->end_len &&
	    memcmp(data + len - s->end_len, s->both, s->end_len) == 0)
		len -= s->end_len;
	return len;
}

/* CSV: a record begins outside of quotes, and two quotes in a cell are as good
 * as none. */

static bool find_csv(const struct recsep_text *t, size_t from,
		     struct border *b)
{
	bool is_quoted = false;

	for (size_t i = from; i < t->len; i++) {
		if (t->data[i] == '"') {
			is_quoted = !is_quoted;
		} else if (t->data[i] == '\n' && !is_quoted) {
			b->at = b->next = i + 1;
			return true;
		}
	}
	return false;
}

static size_t last_csv(const struct recsep_text *t)
{
	struct border b = { 0, 0 };

	while (find_csv(t, b.next, &b))
		continue;
	return b.at;
}

/* Regular expressions */

static int translate(struct buf *out, const char *option, const char *s,
		     struct buf *err)
{
	struct ere_refusal r;

	if (ere_translate(out, s, ERE_BARE | ERE_EDGES, &r) == 0)
		return 0;
	buf_addf(err, "%s: '%s' is not supported as a regular expression from "
		 "'%s' on", option, s, r.len ? r.at : "\\");
	return -1;
}

static int compile(regex_t *re, const char *option, const char *text,
		   struct buf *err)
{
	char why[200];
	int ret = regcomp(re, text, REG_EXTENDED | REG_NEWLINE);

	if (ret == 0)
		return 0;
	regerror(ret, re, why, sizeof(why));
	buf_addf(err, "%s: bad regular expression: %s", option, why);
	return -1;
}

/* A match in the text from `from` on. Offsets are from the text's start. */
static bool match(const regex_t *re, const struct recsep_text *t, size_t from,
		  regmatch_t m[2])
{
#ifdef REG_STARTEND
	int flags = REG_STARTEND;

	m[0].rm_so = (regoff_t)from;
	m[0].rm_eo = (regoff_t)t->len;
	if (from && t->data[from - 1] != '\n')
		flags |= REG_NOTBOL;
	return from <= t->len && regexec(re, t->data, 2, m, flags) == 0;
#else
	(void)re, (void)t, (void)from, (void)m;
	return false;
#endif
}

static bool find_regexp(const struct recsep *s, const struct recsep_text *t,
			size_t from, struct border *b)
{
	regmatch_t m[2];

	while (match(&s->border, t, from, m)) {
		size_t end = (size_t)m[0].rm_eo;

		if (end == t->len && !t->is_all && !s->is_fixed)
			return false;
		b->at = (size_t)m[1].rm_eo;
		b->next = end > from ? end : from + 1;
		if (b->at > 0)
			return true;
		from = b->next;
	}
	return false;
}

static size_t last_regexp(const struct recsep *s, const struct recsep_text *t)
{
	struct border b = { 0, 0 };
	size_t last = 0;

	while (find_regexp(s, t, b.next, &b))
		last = b.at;
	return last;
}

static size_t remove_regexp(const struct recsep *s, char *data, size_t len)
{
	struct recsep_text t = { data, len, true };
	struct buf out = BUF_INIT;
	size_t from = 0;
	regmatch_t m[2];

	while (from < len && match(&s->border, &t, from, m)) {
		size_t at = (size_t)m[0].rm_so, end = (size_t)m[0].rm_eo;

		if (end == at)
			end = at += at < len;
		buf_add(&out, data + from, at - from);
		from = end;
	}
	buf_add(&out, data + from, len - from);
	t = (struct recsep_text){ out.data, out.len, true };
	from = 0;
	if (match(&s->start, &t, 0, m) && m[0].rm_so == 0)
		from = (size_t)m[0].rm_eo;
	len = out.len;
	for (size_t at = from; match(&s->end, &t, at, m); at++) {
		at = (size_t)m[0].rm_eo;
		if (at == out.len)
			len = (size_t)m[0].rm_so;
	}
	len -= from;
	memcpy(data, out.data + from, len);
	buf_release(&out);
	return len;
}

static int make_regexp(struct recsep *s, const struct recsep_opts *o,
		       const char *end, struct buf *err)
{
	struct buf a = BUF_INIT, z = BUF_INIT, both = BUF_INIT;
	int ret = -1;

#ifndef REG_STARTEND
	buf_addstr(err, "--regexp: regular expressions of this system cannot "
		   "be used for it");
	return -1;
#endif
	s->has_start = o->start && *o->start;
	s->is_fixed = !strpbrk(end, "*+?{|$") &&
		      (!o->start || !strpbrk(o->start, "*+?{|$"));
	if (translate(&z, "--recend", end, err) < 0 ||
	    translate(&a, "--recstart", o->start ? o->start : "", err) < 0)
		goto out;
	/* Any byte ends a record of one. */
	if (z.len == 0 && a.len == 0)
		buf_addstr(&z, ".|\n");
	buf_addf(&both, "(%s)(%s)", z.data, a.data);
	if (compile(&s->border, "--regexp", both.data, err) < 0)
		goto out;
	buf_reset(&both);
	buf_addf(&both, "^(%s)", a.data);
	if (compile(&s->start, "--recstart", both.data, err) < 0)
		goto free_border;
	buf_reset(&both);
	buf_addf(&both, "(%s)$", z.data);
	if (compile(&s->end, "--recend", both.data, err) < 0)
		goto free_start;
	s->is_regexp = true;
	ret = 0;
	goto out;

free_start:
	regfree(&s->start);
free_border:
	regfree(&s->border);
out:
	buf_release(&a);
	buf_release(&z);
	buf_release(&both);
	return ret;
}

int recsep_compile(regex_t *re, const char *option, const char *text,
		   struct buf *err)
{
	struct buf posix = BUF_INIT;
	int ret = -1;

	buf_addstr(&posix, "^(");
	if (translate(&posix, option, text, err) == 0) {
		buf_addch(&posix, ')');
		ret = compile(re, option, posix.data, err);
	}
	buf_release(&posix);
	return ret;
}

struct recsep *recsep_new(const struct recsep_opts *o, struct buf *err)
{
	const char *end = o->end ? o->end : o->start ? "" : "\\n";
	struct recsep *s = xcalloc(1, sizeof(*s));
	struct buf both = BUF_INIT;

	s->group = o->group;
	s->is_csv = o->is_csv;
	if (o->is_regexp) {
		if (make_regexp(s, o, end, err) == 0)
			return s;
		free(s);
		return NULL;
	}
	add_unescaped(&both, end);
	s->end_len = both.len;
	add_unescaped(&both, o->start ? o->start : "");
	s->len = both.len;
	s->both = buf_take(&both);
	return s;
}

void recsep_free(struct recsep *s)
{
	if (!s)
		return;
	if (s->is_regexp) {
		regfree(&s->border);
		regfree(&s->start);
		regfree(&s->end);
	}
	free(s->both);
	free(s);
}

bool recsep_find(const struct recsep *s, const struct recsep_text *t,
		 size_t from, struct border *b)
{
	if (s->group)
		return group_find(s->group, t, from, b);
	if (s->is_csv)
		return find_csv(t, from, b);
	return s->is_regexp ? find_regexp(s, t, from, b)
			    : find_fixed(s, t, from, b);
}

size_t recsep_last(const struct recsep *s, const struct recsep_text *t)
{
	if (s->group)
		return group_last(s->group, t);
	if (s->is_csv)
		return last_csv(t);
	return s->is_regexp ? last_regexp(s, t) : last_fixed(s, t);
}

bool recsep_begins(const struct recsep *s, const struct recsep_text *t)
{
	regmatch_t m[2];

	return !s->is_regexp || !s->has_start ||
	       (match(&s->start, t, 0, m) && m[0].rm_so == 0);
}

bool recsep_is_by_line(const struct recsep *s)
{
	return s->group;
}

bool recsep_is_simple(const struct recsep *s)
{
	return !s->group && !s->is_csv && !s->is_regexp;
}

size_t recsep_remove(const struct recsep *s, char *data, size_t len)
{
	return s->is_regexp ? remove_regexp(s, data, len)
			    : remove_fixed(s, data, len);
}
