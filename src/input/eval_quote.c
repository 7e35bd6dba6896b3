/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eval_quote.c - texts, patterns and translations as Perl quotes them. */
#include <config.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "input/eval_impl.h"

/* What stands between two delimiters. */
struct part {
	const char *s;		/* with a NUL behind */
	size_t len;
};

static char closing(char open)
{
	switch (open) {
	case '(':
		return ')';
	case '[':
		return ']';
	case '{':
		return '}';
	case '<':
		return '>';
	}
	return open;
}

/* Up to the delimiter that closes open; p->s is behind that one. Backslashes
 * stay, but not before a delimiter that is no bracket. */
static bool take_part(struct eval_parser *p, char open, struct part *part)
{
	char close = closing(open);
	struct buf text = BUF_INIT;
	const char *at = p->s;
	unsigned depth = 1;

	for (; p->s < p->end; p->s++) {
		if (*p->s == '\\' && p->s + 1 < p->end) {
			p->s++;
			if (*p->s != open || open != close || open == '|' ||
			    open == '.' || open == '+' || open == '*')
				buf_addch(&text, '\\');
		} else if (*p->s == close && --depth == 0) {
			break;
		} else if (*p->s == open && open != close) {
			depth++;
		}
		buf_addch(&text, *p->s);
	}
	part->s = arena_memdup0(&p->e->arena, text.data, text.len);
	part->len = text.len;
	buf_release(&text);
	if (p->s == p->end) {
		eval_fail_at(p, at - (at > p->text), "has no end");
		return false;
	}
	p->s++;
	return true;
}

struct pattern *eval_keep_pattern(struct eval_parser *p, const char *s,
				  size_t len, unsigned flags)
{
	struct buf why = BUF_INIT;
	struct pattern *made = pattern_new(s, len, flags, &why);
	struct eval *e = p->e;

	if (made) {
		e->patterns = xreallocarray(e->patterns, e->npatterns + 1,
					    sizeof(*e->patterns));
		e->patterns[e->npatterns++] = made;
	} else if (!p->failed) {
		p->failed = true;
		buf_addstr(p->err, "regular expression '");
		buf_add_visible(p->err, s, len);
		buf_addf(p->err, "': %s", why.data);
	}
	buf_release(&why);
	return made;
}

/* Text with variables */

/* A character that is written as \ and more; *s is behind the backslash. */
static void add_escape(struct buf *text, const char **s)
{
	static const char from[] = "ntrfae0";
	static const char to[] = "\n\t\r\f\a\033\0";
	const char *at = strchr(from, **s);
	char digits[9] = "";
	size_t n = 0;

	if (**s == 'x') {
		bool has_braces = *++*s == '{';

		*s += has_braces;
		while (n < (has_braces ? 8 : 2) &&
		       isxdigit((unsigned char)**s))
			digits[n++] = *(*s)++;
		*s += has_braces && **s == '}';
		buf_addch(text, (char)strtoul(digits, NULL, 16));
		return;
	}
	buf_addch(text, at && **s ? to[at - from] : **s);
	if (**s)
		(*s)++;
}

/* Where a text is being taken apart. */
struct inter {
	struct eval_parser *p;
	const char *s;
	const char *end;
	bool is_pattern;
	struct node *node;	/* what there is of it */
	struct buf text;	/* plain text not yet among its kids */
	unsigned once;		/* u or l for what comes next */
};

static void add_piece(struct inter *in, struct node *n)
{
	struct node *kase;

	if (in->once) {
		kase = eval_node(in->p, eval_do_case);
		kase->a = n;
		kase->var = in->once;
		in->once = 0;
		n = kase;
	}
	eval_kid(in->p, in->node, n);
}

static void flush(struct inter *in)
{
	if (in->text.len)
		add_piece(in, eval_const(in->p, in->text.data, in->text.len));
	buf_reset(&in->text);
}

/* Variables of Perl's own that are refused later, not taken for text. */
static bool is_special(const struct inter *in)
{
	char c = in->s[1];
	char next = in->s + 2 < in->end ? in->s[2] : '\0';

	if (*in->s == '@')
		return c == '{' || (c == '$' && isalpha((unsigned char)next));
	if (strchr("+-", c))
		return next == '{' || next == '[';
	if (c == ':')
		return next == ':';
	if (c == '#')
		return isalpha((unsigned char)next) || next == '_' ||
		       next == '{' || next == '$';
	return c == '`' || (strchr("'!,.;/", c) && !in->is_pattern);
}

/* In a pattern a $ may be the end of a line. */
static bool is_variable(const struct inter *in)
{
	char c = in->s[1];

	if (in->s + 1 >= in->end)
		return false;
	if (isalpha((unsigned char)c) || c == '_' || is_special(in))
		return true;
	if (*in->s == '@')
		return false;
	return c == '{' || c == '&' || isdigit((unsigned char)c) ||
	       (c == '$' && isdigit((unsigned char)in->s[2]));
}

static int take_variable(struct inter *in)
{
	struct eval_parser *p = in->p;
	const char *back = p->s;
	const char *end = p->end;
	struct node *n, *joined;

	flush(in);
	p->s = in->s;
	p->end = in->end;
	n = eval_parse_variable(p, true);
	in->s = p->s;
	p->s = back;
	p->end = end;
	if (!n)
		return -1;
	if (n->kind == NODE_ARRAY) {
		joined = eval_node(p, eval_do_join_array);
		joined->a = n;
		n = joined;
	}
	/* Of the replacement string: it is a pattern as it stands. */
	add_piece(in, n);
	return 0;
}

static struct node *interpolate(struct eval_parser *p, const char **s,
				const char *end, bool is_pattern,
				unsigned nested);

/* \U \L \Q up to \E; \u \l */
static int take_case(struct inter *in, char letter)
{
	struct node *n;

	flush(in);
	if (letter == 'E')
		return 0;
	if (letter == 'u' || letter == 'l') {
		in->once = (unsigned)letter;
		return 0;
	}
	if (++in->p->depth > EVAL_DEPTH_MAX) {
		eval_fail_at(in->p, in->s, "is nested too deeply");
		return -1;
	}
	n = eval_node(in->p, eval_do_case);
	n->var = (unsigned)letter;
	n->a = interpolate(in->p, &in->s, in->end,
			   in->is_pattern && letter != 'Q',
			   (unsigned)letter);
	in->p->depth--;
	if (!n->a)
		return -1;
	add_piece(in, n);
	return 0;
}

static int take_backslash(struct inter *in)
{
	char c = in->s[1];

	if (in->s + 1 < in->end && strchr("ULQEul", c)) {
		in->s += 2;
		return take_case(in, c);
	}
	in->s++;
	if (in->is_pattern) {
		buf_addch(&in->text, '\\');
		if (in->s < in->end)
			buf_addch(&in->text, *in->s++);
	} else if (in->s < in->end) {
		add_escape(&in->text, &in->s);
	}
	return 0;
}

/* Up to end, or in one of \U \L \Q, which nested is, up to \E. */
static struct node *interpolate(struct eval_parser *p, const char **s,
				const char *end, bool is_pattern,
				unsigned nested)
{
	struct inter in = { .p = p, .s = *s, .end = end,
			    .is_pattern = is_pattern };
	int ret = 0;

	in.node = eval_node(p, eval_do_concat);
	buf_init(&in.text);
	while (in.s < end && ret == 0) {
		if (nested && in.s[0] == '\\' && in.s[1] == 'E') {
			in.s += 2;
			break;
		}
		/* One of these ends the other. */
		if ((nested == 'U' || nested == 'L') && in.s[0] == '\\' &&
		    (in.s[1] == 'U' || in.s[1] == 'L'))
			break;
		if (*in.s == '\\')
			ret = take_backslash(&in);
		else if ((*in.s == '$' || *in.s == '@') && is_variable(&in))
			ret = take_variable(&in);
		else if (in.once)
			buf_addch(&in.text, *in.s++), flush(&in);
		else
			buf_addch(&in.text, *in.s++);
	}
	flush(&in);
	buf_release(&in.text);
	*s = in.s;
	return ret < 0 ? NULL : in.node;
}

/* One constant for what is made of constants alone. */
static struct node *fold(struct eval_parser *p, struct node *n)
{
	struct buf text = BUF_INIT;
	bool is_const = true;

	for (size_t i = 0; i < n->nkids && is_const; i++) {
		is_const = n->kids[i]->scalar == eval_do_const;
		if (is_const)
			buf_add(&text, n->kids[i]->value.s,
				n->kids[i]->value.len);
	}
	if (is_const)
		n = eval_const(p, text.data, text.len);
	buf_release(&text);
	return n;
}

/* Text with variables in it. */
static struct node *interpolate_all(struct eval_parser *p, const char *s,
				    size_t len, bool is_pattern)
{
	struct node *n = interpolate(p, &s, s + len, is_pattern, 0);

	return n ? fold(p, n) : NULL;
}

/* '...': only \\ and \' are special. */
static struct node *plain_text(struct eval_parser *p, const struct part *part)
{
	struct buf text = BUF_INIT;
	struct node *n;

	for (size_t i = 0; i < part->len; i++) {
		if (part->s[i] == '\\' && part->s[i + 1] == '\\')
			i++;
		buf_addch(&text, part->s[i]);
	}
	n = eval_const(p, text.data, text.len);
	buf_release(&text);
	return n;
}

/* Patterns */

/* The letters behind; -1 with a message for one that is not known. */
static int take_flags(struct eval_parser *p, const char *known,
		      unsigned *flags, bool *is_code)
{
	*is_code = false;
	for (; isalpha((unsigned char)*p->s); p->s++) {
		if (!strchr(known, *p->s)) {
			/* Not a flag, but a word: s/a/b/ if ... */
			eval_fail_at(p, p->s, "is no flag that is supported");
			return -1;
		}
		switch (*p->s) {
		case 'i':
			*flags |= PATTERN_ICASE;
			break;
		case 'm':
			*flags |= PATTERN_MULTILINE;
			break;
		case 's':
			*flags |= PATTERN_DOTALL;
			break;
		case 'x':
			*flags |= PATTERN_EXTENDED;
			break;
		case 'g':
			*flags |= MATCH_GLOBAL;
			break;
		case 'r':
			*flags |= MATCH_RETURN;
			break;
		case 'e':
			*is_code = true;
			break;
		}
	}
	return 0;
}

static int set_pattern(struct eval_parser *p, struct node *n,
		       const struct part *part, bool is_plain)
{
	n->b = is_plain ? eval_const(p, part->s, part->len)
			: interpolate_all(p, part->s, part->len, true);
	if (!n->b)
		return -1;
	if (n->b->scalar != eval_do_const)
		return 0;
	n->pattern = eval_keep_pattern(p, n->b->value.s, n->b->value.len,
				       n->flags & 0xff);
	return n->pattern ? 0 : -1;
}

static struct node *match_node(struct eval_parser *p, eval_scalar_fn *fn)
{
	struct node *n = eval_node(p, fn);

	n->kind = NODE_MATCH;
	return n;
}

static struct node *parse_match(struct eval_parser *p, char open)
{
	struct node *n = match_node(p, eval_do_match);
	struct part part;
	bool is_code;

	n->list = eval_all_match;
	if (!take_part(p, open, &part) ||
	    take_flags(p, "imsxgo", &n->flags, &is_code) < 0 ||
	    set_pattern(p, n, &part, open == '\'') < 0)
		return NULL;
	return n;
}

/* The second part, which has delimiters of its own behind brackets. */
static bool take_second(struct eval_parser *p, char *open, struct part *part)
{
	if (closing(*open) != *open) {
		eval_skip_space(p);
		if (p->s == p->end) {
			eval_fail_at(p, p->s, "");
			return false;
		}
		*open = *p->s++;
	}
	return take_part(p, *open, part);
}

/* The expression of s///e. */
static struct node *parse_code(struct eval_parser *p, const struct part *part)
{
	const char *back = p->s;
	const char *end = p->end;
	struct node *n;

	p->s = part->s;
	p->end = part->s + part->len;
	n = eval_parse_block(p);
	if (n && p->s != p->end)
		n = eval_fail_at(p, p->s, "is not understood here");
	p->s = back;
	p->end = end;
	return n;
}

static struct node *parse_subst(struct eval_parser *p, char open)
{
	struct node *n = match_node(p, eval_do_subst);
	struct part pattern, with;
	char second = open;
	bool is_code;

	if (!take_part(p, open, &pattern) ||
	    !take_second(p, &second, &with) ||
	    take_flags(p, "imsxgore", &n->flags, &is_code) < 0 ||
	    set_pattern(p, n, &pattern, open == '\'') < 0)
		return NULL;
	if (is_code)
		n->c = parse_code(p, &with);
	else if (second == '\'')
		n->c = eval_const(p, with.s, with.len);
	else
		n->c = interpolate_all(p, with.s, with.len, false);
	return n->c ? n : NULL;
}

/* tr */

/* The characters of a list like a-z\n; at most so many. */
static size_t expand(const struct part *part, unsigned char *out, size_t max)
{
	const char *s = part->s;
	const char *end = s + part->len;
	size_t n = 0;

	while (s < end && n < max) {
		struct buf text = BUF_INIT;
		unsigned char c = (unsigned char)*s++;

		if (c == '\\' && s < end) {
			add_escape(&text, &s);
			c = (unsigned char)text.data[0];
			buf_release(&text);
		} else if (c == '-' && n && s < end &&
			   out[n - 1] < (unsigned char)*s) {
			while (out[n - 1] < (unsigned char)*s && n < max) {
				out[n] = (unsigned char)(out[n - 1] + 1);
				n++;
			}
			s++;
			continue;
		}
		out[n++] = c;
	}
	return n;
}

/* For c: all the others, in order. */
static size_t complement(unsigned char *list, size_t n)
{
	bool is_in[256] = { false };
	size_t to = 0;

	for (size_t i = 0; i < n; i++)
		is_in[list[i]] = true;
	for (unsigned c = 0; c < 256; c++) {
		if (!is_in[c])
			list[to++] = (unsigned char)c;
	}
	return to;
}

#define TR_MAX	1024

static void fill_map(unsigned short *map, const unsigned char *from,
		     size_t nfrom, const unsigned char *to, size_t nto,
		     bool deletes)
{
	for (unsigned c = 0; c < 256; c++)
		map[c] = MAP_KEEP;
	for (size_t i = 0; i < nfrom; i++) {
		if (map[from[i]] != MAP_KEEP)
			continue;
		if (i < nto)
			map[from[i]] = to[i];
		else if (deletes)
			map[from[i]] = MAP_DELETE;
		else
			map[from[i]] = nto ? to[nto - 1] : from[i];
	}
}

static struct node *parse_translation(struct eval_parser *p, char open)
{
	struct node *n = match_node(p, eval_do_translate);
	unsigned char from[TR_MAX], to[TR_MAX];
	unsigned short *map;
	struct part first, second;
	size_t nfrom, nto;
	bool deletes = false;

	if (!take_part(p, open, &first) || !take_second(p, &open, &second))
		return NULL;
	nfrom = expand(&first, from, TR_MAX);
	nto = expand(&second, to, TR_MAX);
	for (; isalpha((unsigned char)*p->s); p->s++) {
		if (!strchr("cdsr", *p->s))
			return eval_fail_at(p, p->s, "is no flag that is "
					    "supported");
		if (*p->s == 'c')
			nfrom = complement(from, nfrom);
		else if (*p->s == 's')
			n->flags |= MATCH_SQUEEZE;
		else if (*p->s == 'r')
			n->flags |= MATCH_RETURN;
		else
			deletes = true;
	}
	map = arena_alloc(&p->e->arena, 256 * sizeof(*map));
	fill_map(map, from, nfrom, to, nto, deletes);
	n->map = map;
	return n;
}

/* qw(a b c) */
static struct node *parse_words(struct eval_parser *p, char open)
{
	struct node *n = eval_node(p, eval_do_comma);
	struct part part;
	const char *s;

	if (!take_part(p, open, &part))
		return NULL;
	n->list = eval_all_comma;
	for (s = part.s; *s;) {
		size_t len = strcspn(s, " \t\n");

		if (len)
			eval_kid(p, n, eval_const(p, s, len));
		s += len;
		s += strspn(s, " \t\n");
	}
	return n;
}

static struct node *parse_text(struct eval_parser *p, char open,
			       bool is_plain)
{
	struct part part;

	if (!take_part(p, open, &part))
		return NULL;
	if (is_plain)
		return plain_text(p, &part);
	return interpolate_all(p, part.s, part.len, false);
}

/* A word that begins quotes, with the delimiter behind it; p->s is behind
 * that then. */
static int take_opening(struct eval_parser *p, char *open)
{
	static const char *const words[] = { "qq", "qw", "q", "m", "s", "tr",
					     "y" };
	const char *s = p->s;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t len = strlen(words[i]);
		const char *at = s + len;

		if (strncmp(s, words[i], len) != 0 || *at == '_' ||
		    isalnum((unsigned char)*at))
			continue;
		while (*at == ' ')
			at++;
		/* y => 1, s = 2, f(s) */
		if (!*at || *at == ')' ||
		    (*at == '=' && (at > s + len || at[1] == '>')))
			continue;
		if (isalnum((unsigned char)*at) || (*at == '#' && at > s + len))
			continue;
		*open = *at;
		p->s = at + 1;
		return (int)i;
	}
	return -1;
}

struct node *eval_parse_quoted(struct eval_parser *p)
{
	char open = *p->s;

	if (open == '\'' || open == '"' || open == '/') {
		p->s++;
		if (open == '/')
			return parse_match(p, open);
		return parse_text(p, open, open == '\'');
	}
	switch (take_opening(p, &open)) {
	case 0:
		return parse_text(p, open, open == '\'');
	case 1:
		return parse_words(p, open);
	case 2:
		return parse_text(p, open, true);
	case 3:
		return parse_match(p, open);
	case 4:
		return parse_subst(p, open);
	case 5:
	case 6:
		return parse_translation(p, open);
	}
	return NULL;
}
