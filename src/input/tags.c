/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tags.c - see tags.h. */
#include <config.h>

#include "input/tags.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "input/eval.h"
#include "input/pattern.h"

/* How long the text may be that groups of a tag are looked for in. */
#define GROUPS_MAX	4096

struct tag {
	char *name;		/* all of it as defined */
	size_t name_len;
	size_t prefix_len;	/* up to the groups, or all */
	struct pattern *rest;	/* groups and what is behind; NULL: none */
	enum braces_kind kind;	/* of those that are built in */
	char form;
	char *code;		/* of the others */
};

struct tags {
	struct tag *tags;	/* longest definition first */
	size_t n;
	const char *values;
	struct eval_perl *perl;
	char **match;		/* of --match, as m''; NULL: none */
	size_t nmatch;
	char *left;		/* of {= =} */
	char *right;
};

/*
 * What --plus adds. Where a value has no such part, {+/} and {+.} are empty;
 * {slot} and the like are left for the shell to replace.
 */
static const char *const plus[] = {
	"{+/} $_ = m{(.*)/}s ? $1 : q()",
	"{+.} $_ = m{.*\\.(.*)} ? $1 : q()",
	"{+..} $_ = m{.*\\.([^/.]*\\.[^/.]*)$} ? $1 : q()",
	"{+...} $_ = m{.*\\.([^/.]*\\.[^/.]*\\.[^/.]*)$} ? $1 : q()",
	"{..} s{(\\.[^/.]*){2}$}{}",
	"{...} s{(\\.[^/.]*){3}$}{}",
	"{/..} s{.*/}{}; s{(\\.[^/.]*){2}$}{}",
	"{/...} s{.*/}{}; s{(\\.[^/.]*){3}$}{}",
	"{choose_k} for my $k (1..$#arg) {"
		" skip() if $k > 1 && $arg[$k - 1] ge $arg[$k] }",
	"{uniq} skip() if uniq(@arg) != @arg",
	"{##} 1 $_ = total_jobs()",
	"{0%} 1 $_ = sprintf('%0*d', length(max_jobs()), slot())",
	"{0#} 1 $_ = sprintf('%0*d', length(total_jobs()), seq())",
	"{seq-1} 1 $_ = seq() - 1",
	"{slot-1} 1 $_ = slot() - 1",
	"{:-([^}]+?)} $_ ||= \"$$1\"",
	"{:(\\d+?)} $_ = substr($_, \"$$1\")",
	"{:(\\d+?):(\\d+?)} $_ = substr($_, \"$$1\", \"$$2\")",
	"{#([^#}][^}]*?)} my $p = ungreedy(\"$$1\"); s/^$p(.*)/$1/",
	"{##([^#}][^}]*?)} s/^$$1//",
	"{%([^}]+?)} my $p = ungreedy(\"$$1\"); s/(.*)$p$/$1/",
	"{%%([^}]+?)} s/$$1$//",
	"{/([^#%}/]+?)/([^}]*?)} s/$$1/$$2/",
	"{/#([^}]+?)/([^}]*?)} s/^$$1/$$2/g",
	"{/%([^}]+?)/([^}]*?)} s/$$1$/$$2/g",
	"{//([^}]+?)/([^}]*?)} s/$$1/$$2/g",
	"{^([^}]+?)} s/^($$1)/\\U$1/",
	"{^^([^}]+?)} s/($$1)/\\U$1/g",
	"{,([^}]+?)} s/^($$1)/\\L$1/",
	"{,,([^}]+?)} s/($$1)/\\L$1/g",
	"{slot} 1 $_ = q(${PARALLEL_JOBSLOT}); uq()",
	"{host} 1 $_ = q(${PARALLEL_SSHHOST}); uq()",
	"{sshlogin} 1 $_ = q(${PARALLEL_SSHLOGIN}); uq()",
	"{hgrp} 1 $_ = q(${PARALLEL_HOSTGROUPS}); uq()",
	"{agrp} 1 $_ = q(${PARALLEL_ARGHOSTGROUPS}); uq()",
};

static struct tag *find(const struct tags *t, const char *name, size_t len)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->tags[i].name_len == len &&
		    memcmp(t->tags[i].name, name, len) == 0)
			return &t->tags[i];
	}
	return NULL;
}

/* The last definition of a name counts. */
static struct tag *add(struct tags *t, const char *name, size_t len)
{
	struct tag *tag = find(t, name, len);

	if (tag) {
		free(tag->code);
		pattern_free(tag->rest);
		free(tag->name);
	} else {
		t->tags = xreallocarray(t->tags, t->n + 1, sizeof(*t->tags));
		tag = &t->tags[t->n++];
	}
	*tag = (struct tag){
		.name = xmemdup0(name, len),
		.name_len = len,
		.prefix_len = len,
	};
	return tag;
}

/* Those that have, or have not, another name than usual. */
static void add_builtins(struct tags *t, const struct tag_opts *o,
			 bool are_renamed)
{
	const struct {
		const char *name;
		const char *usual;
		enum braces_kind kind;
		char form;
	} all[] = {
		{ o->values, "{}", BRACES_VALUES, 0 },
		{ o->extension, "{.}", BRACES_VALUES, '.' },
		{ o->base, "{/}", BRACES_VALUES, '/' },
		{ o->dir, "{//}", BRACES_VALUES, 'd' },
		{ o->bare, "{/.}", BRACES_VALUES, 'b' },
		{ o->seq, "{#}", BRACES_SEQ, 0 },
		{ o->slot, "{%}", BRACES_SLOT, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const char *name = all[i].name;
		struct tag *tag;

		if ((name != NULL) != are_renamed)
			continue;
		if (!name)
			name = all[i].usual;
		tag = add(t, name, strlen(name));
		tag->kind = all[i].kind;
		tag->form = all[i].form;
	}
}

/* Without PCRE2: what is repeated as rarely as possible is so as often. */
static void add_groups(struct buf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
#ifndef HAVE_PCRE2
		if (s[i] == '?' && i && strchr("+*", s[i - 1]))
			continue;
#endif
		buf_addch(out, s[i]);
	}
}

static void add_literally(struct buf *out, const char *s)
{
	for (; *s; s++) {
		if (strchr("\\.^$|()[]{}*+?", *s))
			buf_addch(out, '\\');
		buf_addch(out, *s);
	}
}

/* Takes "{%(.+?)}" apart, if there are groups in it. */
static int set_groups(struct tag *tag, struct buf *err)
{
	const char *open = strchr(tag->name, '(');
	const char *close = strrchr(tag->name, ')');
	struct buf rest = BUF_INIT;

	if (!open || !close || close < open)
		return 0;
	tag->prefix_len = (size_t)(open - tag->name);
	buf_addch(&rest, '^');
	add_groups(&rest, open, (size_t)(close + 1 - open));
	add_literally(&rest, close + 1);
	tag->rest = pattern_new(rest.data, rest.len, 0, err);
	buf_release(&rest);
	return tag->rest ? 0 : -1;
}

static int add_rpl(struct tags *t, const char *text, struct buf *err)
{
	size_t len = strcspn(text, " \t\n");
	struct buf why = BUF_INIT;
	struct tag *tag;

	if (len == 0 || !text[len]) {
		buf_addf(err, "--rpl: '%s' is not a replacement string, a "
			 "blank and an expression", text);
		return -1;
	}
	tag = add(t, text, len);
	tag->kind = BRACES_EVAL;
	tag->code = xstrdup(text + len + 1);
	if (set_groups(tag, &why) < 0)
		buf_addf(err, "--rpl: '%s': %s", tag->name, why.data);
	buf_release(&why);
	return err->len ? -1 : 0;
}

/* The expression of value i, behind all references to others. */
static const char *find_match(const struct tag_opts *o, size_t i)
{
	for (size_t n = 0; n <= o->nmatch && i < o->nmatch; n++) {
		const char *end;
		int other;

		if (*o->match[i] != '+')
			return o->match[i];
		other = braces_position(o->match[i] + 1, &end);
		if (other < 1 || *end)
			return NULL;
		i = (size_t)other - 1;
	}
	return NULL;
}

static char *match_code(const char *regexp)
{
	struct buf code = BUF_INIT;

	buf_addstr(&code, "m'");
	for (; *regexp; regexp++) {
		if (*regexp == '\'')
			buf_addch(&code, '\\');
		buf_addch(&code, *regexp);
		if (*regexp == '\\' && regexp[1])
			buf_addch(&code, *++regexp);
	}
	buf_addch(&code, '\'');
	return buf_take(&code);
}

static int add_match(struct tags *t, const struct tag_opts *o, size_t i,
		     struct buf *err)
{
	const char *regexp = find_match(o, i);
	struct buf why = BUF_INIT;
	struct eval *e;

	if (!regexp) {
		buf_addf(err, "--match: '%s' is not + and the number of "
			 "another one", o->match[i]);
		return -1;
	}
	if (!*regexp)
		return 0;
	t->match[i] = match_code(regexp);
	e = eval_new(t->match[i], strlen(t->match[i]), NULL, 0, t->perl, &why);
	if (!e)
		buf_addf(err, "--match: '%s': %s", o->match[i], why.data);
	buf_release(&why);
	eval_free(e);
	return e ? 0 : -1;
}

static int add_matches(struct tags *t, const struct tag_opts *o,
		       struct buf *err)
{
	t->match = xcalloc(o->nmatch + 1, sizeof(*t->match));
	t->nmatch = o->nmatch;
	for (size_t i = 0; i < o->nmatch; i++) {
		if (add_match(t, o, i, err) < 0)
			return -1;
	}
	return 0;
}

static int by_length(const void *a, const void *b)
{
	const struct tag *x = a;
	const struct tag *y = b;

	return (x->name_len < y->name_len) - (x->name_len > y->name_len);
}

static void set_parens(struct tags *t, const char *parens)
{
	size_t half = strlen(parens) / 2;

	t->left = xmemdup0(parens, half);
	t->right = xstrdup(parens + half);
}

struct tags *tags_new(const struct tag_opts *o, struct buf *err)
{
	struct tags *t = xcalloc(1, sizeof(*t));
	int ret = 0;

	t->values = o->values ? o->values : "{}";
	t->perl = o->perl;
	set_parens(t, o->parens ? o->parens : "{==}");
	for (size_t i = 0; o->plus && i < ARRAY_SIZE(plus) && ret == 0; i++)
		ret = add_rpl(t, plus[i], err);
	add_builtins(t, o, false);
	add_builtins(t, o, true);
	for (size_t i = 0; i < o->nrpl && ret == 0; i++)
		ret = add_rpl(t, o->rpl[i], err);
	if (ret == 0)
		ret = add_matches(t, o, err);
	qsort(t->tags, t->n, sizeof(*t->tags), by_length);
	if (ret == 0)
		return t;
	tags_free(t);
	return NULL;
}

void tags_free(struct tags *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++) {
		free(t->tags[i].name);
		free(t->tags[i].code);
		pattern_free(t->tags[i].rest);
	}
	free(t->tags);
	for (size_t i = 0; i < t->nmatch; i++)
		free(t->match[i]);
	free(t->match);
	free(t->left);
	free(t->right);
	free(t);
}

struct eval_perl *tags_perl(const struct tags *t)
{
	return t->perl;
}

const char *tags_values(const struct tags *t)
{
	return t->values;
}

/* Matching */

/* What a tag took of the text. */
struct hit {
	size_t len;		/* without the position; 0: nothing */
	int pos;
	char *groups[PATTERN_SPANS];
	size_t ngroups;
	const char *fmt;	/* behind a colon, or NULL */
	size_t fmt_len;
};

static void release_hit(struct hit *h)
{
	for (size_t i = 0; i < h->ngroups; i++)
		free(h->groups[i]);
}

/* :%04d} at s. */
static size_t match_format(const char *s, struct hit *h)
{
	const char *fmt = s + 1;
	size_t n;

	if (*s != ':' || *fmt != '%')
		return 0;
	n = 1 + strspn(fmt + 1, "-+ #0123456789.");
	if (!fmt[n] || !strchr("diuoxXeEfFgGscbB", fmt[n]) ||
	    fmt[n + 1] != '}')
		return 0;
	h->fmt = fmt;
	h->fmt_len = n + 1;
	return 1 + n + 2;
}

/* The same behind all of the tag but its }. */
static size_t match_formatted(const struct tag *tag, const char *s,
			      size_t skip, struct hit *h)
{
	size_t len = tag->name_len - skip - 1;
	size_t fmt;

	if (tag->name[tag->name_len - 1] != '}' || tag->name_len < skip + 1 ||
	    strncmp(s, tag->name + skip, len) != 0)
		return 0;
	fmt = match_format(s + len, h);
	return fmt ? len + fmt : 0;
}

static size_t match_groups(const struct tag *tag, const char *s, struct hit *h)
{
	unsigned last;
	struct span spans[PATTERN_SPANS];
	struct buf ignored = BUF_INIT;
	size_t len = strnlen(s, GROUPS_MAX);
	char *copy = xmemdup0(s, len);
	int ret = pattern_match(tag->rest, copy, len, 0, false, spans,
				&ignored);

	buf_release(&ignored);
	last = pattern_groups(tag->rest);
	if (last >= PATTERN_SPANS)
		last = PATTERN_SPANS - 1;
	for (unsigned i = 1; ret > 0 && i <= last; i++) {
		bool is_set = spans[i].start != PATTERN_UNSET;

		h->groups[h->ngroups++] = is_set
			? xmemdup0(s + spans[i].start,
				   spans[i].end - spans[i].start)
			: xstrdup("");
	}
	free(copy);
	return ret > 0 && spans[0].start == 0 ? spans[0].end : 0;
}

/* Does the tag, less so many bytes, stand at s? */
static size_t match_rest(const struct tag *tag, const char *s, size_t skip,
			 struct hit *h)
{
	size_t len = tag->prefix_len - skip;
	size_t more;

	if (!tag->rest && strncmp(s, tag->name + skip, len) == 0)
		return len;
	if (!tag->rest)
		return match_formatted(tag, s, skip, h);
	if (strncmp(s, tag->name + skip, len) != 0)
		return 0;
	more = match_groups(tag, s + len, h);
	return more ? len + more : 0;
}

/* {n: digits, perhaps a minus before and blanks behind. */
static size_t match_position(const struct tag *tag, const char *s,
			     struct hit *h)
{
	const char *at;
	size_t len;

	if (*s != '{' || *tag->name != '{' || tag->prefix_len < 1 ||
	    tag->kind == BRACES_SEQ || tag->kind == BRACES_SLOT)
		return 0;
	h->pos = braces_position(s + 1, &at);
	if (!h->pos)
		return 0;
	at += strspn(at, " \t\n");
	len = match_rest(tag, at, 1, h);
	return len ? (size_t)(at - s) + len : 0;
}

/* Is there a format in the braces that s begins with? It goes before what
 * --plus would make of its text ({#:%04d}). */
static bool has_format(const char *s)
{
	size_t len = *s == '{' ? 1 + strcspn(s + 1, "{}") : 0;

	/* Asked for each byte of a template, so never beyond this one. */
	for (size_t i = 1; i + 1 < len; i++) {
		if (s[i] == ':' && s[i + 1] == '%')
			return true;
	}
	return false;
}

static bool match_tag(const struct tag *tag, const char *s, struct hit *h)
{
	*h = (struct hit){ .pos = 0 };
	h->len = match_rest(tag, s, 0, h);
	if (h->len)
		return true;
	release_hit(h);
	*h = (struct hit){ .pos = 0 };
	h->len = match_position(tag, s, h);
	if (h->len)
		return true;
	release_hit(h);
	return false;
}

/* Compiling */

static struct eval *compile(const struct tags *t, const char *code,
			    size_t len, const struct hit *h,
			    const char *shown, size_t shown_len,
			    struct buf *err)
{
	struct buf why = BUF_INIT;
	struct eval *e = eval_new(code, len, (char *const *)h->groups,
				  h->ngroups, t->perl, &why);

	if (!e) {
		buf_addstr(err, "cannot use '");
		buf_add_visible(err, shown, shown_len);
		buf_addf(err, "': %s", why.data);
	}
	buf_release(&why);
	return e;
}

/* What the built-in ones would be as expressions, for a format. */
static const char *code_of(const struct tag *tag)
{
	if (tag->kind == BRACES_SEQ)
		return "$_ = seq()";
	if (tag->kind == BRACES_SLOT)
		return "$_ = slot()";
	switch (tag->form) {
	case '.':
		return "$_ = path_form('.')";
	case '/':
		return "$_ = path_form('/')";
	case 'd':
		return "$_ = path_form('d')";
	case 'b':
		return "$_ = path_form('b')";
	}
	return "";
}

static void add_format(struct buf *code, const struct hit *h)
{
	if (!h->fmt)
		return;
	buf_addstr(code, "\n; $_ = sprintf('");
	buf_add(code, h->fmt, h->fmt_len);
	buf_addstr(code, "', $_)");
}

static int use_tag(const struct tags *t, const struct tag *tag, const char *s,
		   const struct hit *h, struct braces *found, struct buf *err)
{
	const char *code = tag->code ? tag->code : code_of(tag);
	struct buf text = BUF_INIT;

	*found = (struct braces){ .kind = tag->kind, .form = tag->form };
	if (found->kind == BRACES_VALUES && h->pos)
		found->kind = BRACES_VALUE;
	found->pos = h->pos;
	if (tag->kind != BRACES_EVAL && !h->fmt)
		return 0;
	found->kind = BRACES_EVAL;
	if (!h->pos && (tag->kind == BRACES_SEQ || tag->kind == BRACES_SLOT))
		found->pos = 1;
	/* As in GNU parallel: a number before the expression is a position. */
	if (!h->pos && tag->code)
		found->pos = braces_position(code, &code);
	buf_addstr(&text, code);
	add_format(&text, h);
	found->eval = compile(t, text.data, text.len, h, s, h->len, err);
	buf_release(&text);
	return found->eval ? 0 : -1;
}

/* Where word begins in s, and not behind last; NULL: anywhere. */
static const char *find_word(const char *s, const char *word,
			     const char *last)
{
	size_t len = strlen(word);

	if (!last)
		return strstr(s, word);
	for (; s <= last; s++) {
		if (strncmp(s, word, len) == 0)
			return s;
	}
	return NULL;
}

/* {= expr =}, {=n expr =}: from the last {= before the next =}. */
static long match_parens(const struct tags *t, const char *s,
			 struct braces *found, struct buf *err)
{
	size_t left = strlen(t->left);
	size_t right = strlen(t->right);
	const char *code = s + left;
	struct hit none = { .len = 0 };
	const char *end, *inner, *from;
	long len;

	if (left == 0 || strncmp(s, t->left, left) != 0)
		return 0;
	inner = strcmp(t->left, t->right) == 0 ? NULL : strstr(code, t->left);
	end = find_word(code, t->right, inner);
	if (!end)
		return 0;
	len = (long)(end + right - s);
	*found = (struct braces){ .kind = BRACES_EVAL };
	from = code;
	if (*code == '0')
		code++;
	else if (*code == '-' || (*code > '0' && *code <= '9'))
		found->pos = braces_position(code, &code);
	/* The right one may be made of digits. */
	if (code > end) {
		code = from;
		found->pos = 0;
	}
	found->eval = compile(t, code, (size_t)(end - code), &none, s,
			      (size_t)len, err);
	return found->eval ? len : -1;
}

/* {2.1}, {2.1:%03d} */
static long match_capture(const struct tags *t, const char *s,
			  struct braces *found, struct buf *err)
{
	struct hit h = { .len = 0 };
	struct buf code = BUF_INIT;
	const char *at;
	int pos = *s == '{' ? braces_position(s + 1, &at) : 0;
	int group;
	size_t fmt;

	if (pos < 1 || (size_t)pos > t->nmatch || !t->match[pos - 1] ||
	    *at != '.')
		return 0;
	group = braces_position(at + 1, &at);
	fmt = *at == '}' ? 1 : match_format(at, &h);
	if (group < 1 || !fmt)
		return 0;
	h.len = (size_t)(at - s) + fmt;
	buf_addf(&code, "$_ = %s ? $%d : q()", t->match[pos - 1], group);
	add_format(&code, &h);
	*found = (struct braces){ .kind = BRACES_EVAL, .pos = pos };
	found->eval = compile(t, code.data, code.len, &h, s, h.len, err);
	buf_release(&code);
	return found->eval ? (long)h.len : -1;
}

/* As tags_match; formatted: only those with a format. */
static long match_tags(const struct tags *t, const char *s, bool formatted,
		       struct braces *found, struct buf *err)
{
	struct hit h;
	long len;
	int ret;

	for (size_t i = 0; i < t->n; i++) {
		if ((formatted && t->tags[i].rest) ||
		    !match_tag(&t->tags[i], s, &h) || (formatted && !h.fmt))
			continue;
		ret = use_tag(t, &t->tags[i], s, &h, found, err);
		len = (long)h.len;
		release_hit(&h);
		return ret < 0 ? -1 : len;
	}
	return 0;
}

long tags_match(const struct tags *t, const char *s, struct braces *found,
		struct buf *err)
{
	long len = match_parens(t, s, found, err);

	if (!len)
		len = match_capture(t, s, found, err);
	if (!len && has_format(s))
		len = match_tags(t, s, true, found, err);
	if (!len)
		len = match_tags(t, s, false, found, err);
	if (!len)
		*found = (struct braces){ .kind = BRACES_NONE };
	return len;
}
