/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eval_func.c - functions: Perl's, and those of GNU parallel. */
#include <config.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compiler.h"
#include "input/eval_impl.h"

/* What split ' ' cuts at. */
#define AWK_BLANKS	"[ \t\n\r\f\v]+"

/* How a function takes its arguments. */
enum args {
	ARGS_NONE,
	ARGS_ONE,	/* $_ when there is none */
	ARGS_LIST,	/* all that follow, as a list */
	ARGS_OWN,	/* as parse says */
};

struct function {
	const char *name;
	enum args args;
	eval_scalar_fn *scalar;
	eval_list_fn *list;
	struct node *(*parse)(struct eval_parser *p, struct node *n);
	unsigned wishes;
	unsigned var;
};

/* Of a list: kids */

static int do_sprintf(struct machine *m, const struct node *n,
		      struct value *out)
{
	struct list l = { .n = 0 };
	struct buf text = BUF_INIT;

	if (eval_all_comma(m, n, &l) < 0)
		return -1;
	if (value_format(m, &l, &text) < 0) {
		buf_release(&text);
		return -1;
	}
	*out = value_take(m, &text);
	return 0;
}

static int do_join(struct machine *m, const struct node *n, struct value *out)
{
	struct list l = { .n = 0 };
	struct buf text = BUF_INIT;
	struct value with;

	if (eval_all_comma(m, n, &l) < 0)
		return -1;
	with = l.n ? value_as_text(m, &l.at[0]) : value_string(m, "");
	for (size_t i = 1; i < l.n; i++) {
		struct value v = value_as_text(m, &l.at[i]);

		if (eval_spend(m, text.len / 16 + v.len + with.len) < 0) {
			buf_release(&text);
			return -1;
		}
		if (i > 1)
			buf_add(&text, with.s, with.len);
		buf_add(&text, v.s, v.len);
	}
	*out = value_take(m, &text);
	return 0;
}

static int all_reverse(struct machine *m, const struct node *n,
		       struct list *out)
{
	struct list l = { .n = 0 };

	if (eval_all_comma(m, n, &l) < 0)
		return -1;
	while (l.n)
		list_add(m, out, l.at[--l.n]);
	return 0;
}

/* The text backwards; of $_ when there is none. */
static int do_reverse(struct machine *m, const struct node *n,
		      struct value *out)
{
	struct list l = { .n = 0 };
	struct buf text = BUF_INIT;
	struct value v;

	if (eval_all_comma(m, n, &l) < 0)
		return -1;
	if (n->nkids == 0)
		list_add(m, &l, m->topic);
	while (l.n) {
		v = value_as_text(m, &l.at[--l.n]);
		while (v.len)
			buf_addch(&text, v.s[--v.len]);
	}
	*out = value_take(m, &text);
	return 0;
}

static int all_unique(struct machine *m, const struct node *n,
		      struct list *out)
{
	struct list l = { .n = 0 };

	if (eval_all_comma(m, n, &l) < 0 || eval_spend(m, l.n * l.n) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++) {
		struct value v = value_as_text(m, &l.at[i]);
		size_t k = 0;

		while (k < out->n && (out->at[k].len != v.len ||
				      memcmp(out->at[k].s, v.s, v.len) != 0))
			k++;
		if (k == out->n)
			list_add(m, out, v);
	}
	return 0;
}

static int do_unique(struct machine *m, const struct node *n,
		     struct value *out)
{
	struct list l = { .n = 0 };

	if (all_unique(m, n, &l) < 0)
		return -1;
	*out = value_int((int64_t)l.n);
	return 0;
}

/* index and, with var set, rindex. */
static int do_index(struct machine *m, const struct node *n,
		    struct value *out)
{
	struct value text, word, at;
	int64_t from, last;

	if (eval_text(m, n->kids[0], &text) < 0 ||
	    eval_text(m, n->kids[1], &word) < 0)
		return -1;
	last = (int64_t)text.len - (int64_t)word.len;
	from = n->var ? last : 0;
	if (n->nkids > 2) {
		if (eval_scalar(m, n->kids[2], &at) < 0)
			return -1;
		from = value_as_int(&at);
	}
	if (from < 0 && (!n->var || word.len == 0))
		from = 0;
	if (from > last && (n->var || word.len == 0))
		from = last;
	*out = value_int(-1);
	for (; from >= 0 && from <= last; from += n->var ? -1 : 1) {
		if (memcmp(text.s + from, word.s, word.len) == 0) {
			*out = value_int(from);
			break;
		}
	}
	return 0;
}

/* map and grep (var set): a the list, b what is done to each. */
static int all_map(struct machine *m, const struct node *n, struct list *out)
{
	struct value before = m->topic;
	struct list l = { .n = 0 };
	int ret = eval_list(m, n->a, &l);

	for (size_t i = 0; i < l.n && ret == 0; i++) {
		struct value v;

		m->topic = l.at[i];
		if (!n->var) {
			ret = eval_list(m, n->b, out);
			continue;
		}
		ret = eval_scalar(m, n->b, &v);
		if (ret == 0 && value_is_true(&v))
			list_add(m, out, l.at[i]);
	}
	m->topic = before;
	return ret;
}

static int do_map(struct machine *m, const struct node *n, struct value *out)
{
	struct list l = { .n = 0 };

	if (all_map(m, n, &l) < 0)
		return -1;
	*out = value_int((int64_t)l.n);
	return 0;
}

/* Of the job */

static int do_job(struct machine *m, const struct node *n, struct value *out)
{
	switch (n->var) {
	case 's':
		*out = value_int((int64_t)m->job->seq);
		break;
	case '%':
		*out = value_int((int64_t)m->job->slot);
		break;
	case 't':
		*out = value_int((int64_t)m->job->total);
		break;
	case 'm':
		*out = value_int((int64_t)m->job->most);
		break;
	case 'u':
		m->wishes |= EVAL_UNQUOTED;
		*out = value_int(1);
		break;
	case 'k':
		m->wishes |= EVAL_SKIP;
		*out = value_int(1);
		break;
	}
	return 0;
}

/* Perl's own: in hexadecimal, one that is the same everywhere (FNV-1a). */
static int do_hash(struct machine *m, const struct node *n, struct value *out)
{
	uint32_t sum = 2166136261u;
	struct buf text = BUF_INIT;
	struct value v;

	if (eval_text(m, n->a, &v) < 0)
		return -1;
	for (size_t i = 0; i < v.len; i++)
		sum = (sum ^ (unsigned char)v.s[i]) * 16777619u;
	buf_addf(&text, "0x%x", (unsigned)sum);
	*out = value_take(m, &text);
	return 0;
}

static int do_time(struct machine *m, const struct node *n, struct value *out)
{
	(void)m;
	(void)n;
	*out = value_int(time(NULL));
	return 0;
}

static const char *const date_forms[] = {
	"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d", "%H:%M:%S",
	"%H:%M", "%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d", "%H%M%S", "%H%M",
};

static int do_date(struct machine *m, const struct node *n, struct value *out)
{
	time_t now = time(NULL);
	char text[40] = "";
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(text, sizeof(text), date_forms[n->var], &tm);
	*out = value_string(m, text);
	return 0;
}

/* Those with arguments of their own */

/* Takes the arguments that stand in kids, from min to max. */
static struct node *check_count(struct eval_parser *p, struct node *n,
				size_t min, size_t max)
{
	if (n->nkids >= min && n->nkids <= max)
		return n;
	return eval_fail_at(p, p->s, n->nkids < min
				    ? "comes behind too few arguments"
				    : "comes behind too many arguments");
}

static struct node *parse_index(struct eval_parser *p, struct node *n)
{
	return check_count(p, n, 2, 3);
}

static struct node *parse_substr(struct eval_parser *p, struct node *n)
{
	struct node **kids = n->kids;

	if (!check_count(p, n, 2, 4))
		return NULL;
	n->kind = NODE_SUBSTR;
	n->a = kids[0];
	n->b = kids[1];
	n->c = n->nkids > 2 ? kids[2] : NULL;
	n->kids = n->nkids > 3 ? kids + 3 : NULL;
	n->nkids = n->kids ? 1 : 0;
	if (n->nkids && (n->a->kind == NODE_VALUE ||
			 n->a->kind > NODE_ELEMENT))
		return eval_fail_at(p, p->s, "comes behind a substr that "
				    "has nothing to change");
	return n;
}

/* A pattern, or what becomes one; ' ' is special. */
static struct node *parse_split(struct eval_parser *p, struct node *n)
{
	struct node *by = n->nkids ? n->kids[0] : NULL;

	if (n->nkids > 3)
		return check_count(p, n, 0, 3);
	n->flags = 0;
	if (!by || (by->kind == NODE_VALUE && by->scalar == eval_do_const &&
		    by->value.len == 1 && by->value.kind == VALUE_TEXT &&
		    *by->value.s == ' ')) {
		n->var = 1;
		n->pattern = eval_keep_pattern(p, AWK_BLANKS,
					       strlen(AWK_BLANKS), 0);
	} else if (by->kind == NODE_MATCH && by->scalar == eval_do_match &&
		   !by->a) {
		n->pattern = by->pattern;
		n->b = by->b;
		n->flags = by->flags;
	} else {
		n->b = by;
	}
	if (n->nkids) {
		n->kids++;
		n->nkids--;
	}
	return p->failed ? NULL : n;
}

/* scalar(@x) and the like; what is no list is taken as it is. */
static struct node *parse_chop(struct eval_parser *p, struct node *n)
{
	if (n->a->kind >= NODE_TOPIC && n->a->kind <= NODE_ELEMENT)
		return n;
	return eval_fail_at(p, p->s, "comes behind what cannot be changed");
}

/* map { block } list, map expression, list. The name and ( are behind us. */
static struct node *parse_map(struct eval_parser *p, struct node *n)
{
	bool has_parens = eval_take(p, "(");
	struct node *list = eval_node(p, eval_do_comma);

	list->list = eval_all_comma;
	n->a = list;
	if (eval_take(p, "{")) {
		n->b = eval_parse_expr(p);
		if (n->b && !eval_take(p, "}"))
			return eval_fail_at(p, p->s, "is not the end of the "
					    "block");
		eval_take(p, ",");
	} else {
		n->b = eval_parse_assign(p);
		if (n->b && !eval_take(p, ","))
			return eval_fail_at(p, p->s, "is not the comma");
	}
	if (!n->b)
		return NULL;
	list->a = eval_parse_expr(p);
	if (!list->a)
		return NULL;
	eval_kid(p, list, list->a);
	if (has_parens && !eval_take(p, ")"))
		return eval_fail_at(p, p->s, "is not the ) of it");
	return n;
}

/* \U and the like as functions: a case of the node in a */
#define CASE(name, letter) \
	{ name, ARGS_ONE, eval_do_case, NULL, NULL, 0, letter }
#define REAL(name, letter) \
	{ name, ARGS_ONE, eval_do_real, NULL, NULL, 0, letter }
#define JOB(name, letter, wish) \
	{ name, ARGS_NONE, do_job, NULL, NULL, wish, letter }
#define DATE(name, i) \
	{ name, ARGS_NONE, do_date, NULL, NULL, 0, i }

static const struct function functions[] = {
	{ "Q", ARGS_ONE, eval_do_shell_quote, NULL, NULL, 0, 0 },
	{ "abs", ARGS_ONE, eval_do_abs, NULL, NULL, 0, 0 },
	{ "basename", ARGS_ONE, eval_do_path, NULL, NULL, 0, '/' },
	{ "chomp", ARGS_ONE, eval_do_chop, NULL, parse_chop, 0, 1 },
	{ "chop", ARGS_ONE, eval_do_chop, NULL, parse_chop, 0, 0 },
	{ "chr", ARGS_ONE, eval_do_chr, NULL, NULL, 0, 0 },
	REAL("cos", 'c'),
	{ "defined", ARGS_ONE, eval_do_defined, NULL, NULL, 0, 0 },
	{ "dirname", ARGS_ONE, eval_do_path, NULL, NULL, 0, 'd' },
	REAL("exp", 'e'),
	{ "grep", ARGS_OWN, do_map, all_map, parse_map, 0, 1 },
	{ "hash", ARGS_ONE, do_hash, NULL, NULL, 0, 0 },
	{ "hex", ARGS_ONE, eval_do_hex, NULL, NULL, 0, 16 },
	{ "index", ARGS_LIST, do_index, NULL, parse_index, 0, 0 },
	{ "int", ARGS_ONE, eval_do_int, NULL, NULL, 0, 0 },
	{ "join", ARGS_LIST, do_join, NULL, NULL, 0, 0 },
	CASE("lc", 'L'),
	CASE("lcfirst", 'l'),
	{ "length", ARGS_ONE, eval_do_length, NULL, NULL, 0, 0 },
	REAL("log", 'l'),
	{ "map", ARGS_OWN, do_map, all_map, parse_map, 0, 0 },
	JOB("max_jobs", 'm', 0),
	{ "oct", ARGS_ONE, eval_do_hex, NULL, NULL, 0, 8 },
	{ "ord", ARGS_ONE, eval_do_ord, NULL, NULL, 0, 0 },
	{ "pQ", ARGS_ONE, eval_do_perl_quote, NULL, NULL, 0, 0 },
	{ "path_form", ARGS_ONE, eval_do_path_form, NULL, NULL, 0, 0 },
	CASE("quotemeta", 'Q'),
	{ "reverse", ARGS_LIST, do_reverse, all_reverse, NULL, 0, 0 },
	{ "rindex", ARGS_LIST, do_index, NULL, parse_index, 0, 1 },
	{ "scalar", ARGS_ONE, eval_do_scalar, NULL, NULL, 0, 0 },
	JOB("seq", 's', 0),
	REAL("sin", 's'),
	JOB("skip", 'k', EVAL_SKIP),
	JOB("slot", '%', EVAL_SLOT),
	{ "split", ARGS_LIST, eval_do_split, eval_all_split, parse_split,
	  0, 0 },
	{ "sprintf", ARGS_LIST, do_sprintf, NULL, NULL, 0, 0 },
	REAL("sqrt", 'q'),
	{ "substr", ARGS_LIST, eval_do_substr, NULL, parse_substr, 0, 0 },
	{ "time", ARGS_NONE, do_time, NULL, NULL, 0, 0 },
	JOB("total_jobs", 't', EVAL_TOTAL),
	CASE("uc", 'U'),
	CASE("ucfirst", 'u'),
	{ "ungreedy", ARGS_ONE, eval_do_ungreedy, NULL, NULL, 0, 0 },
	{ "uniq", ARGS_LIST, do_unique, all_unique, NULL, 0, 0 },
	JOB("uq", 'u', EVAL_UNQUOTED),
	DATE("yyyy_mm_dd_hh_mm_ss", 0),
	DATE("yyyy_mm_dd_hh_mm", 1),
	DATE("yyyy_mm_dd", 2),
	DATE("hh_mm_ss", 3),
	DATE("hh_mm", 4),
	DATE("yyyymmddhhmmss", 5),
	DATE("yyyymmddhhmm", 6),
	DATE("yyyymmdd", 7),
	DATE("hhmmss", 8),
	DATE("hhmm", 9),
};

static const struct function *find_function(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		if (strlen(functions[i].name) == len &&
		    memcmp(functions[i].name, name, len) == 0)
			return &functions[i];
	}
	return NULL;
}

/* Is this the end of what could be an argument? */
static bool is_over(struct eval_parser *p)
{
	static const char *const words[] = {
		"if", "unless", "or", "and", "xor", "eq", "ne", "lt", "gt",
		"le", "ge", "cmp", "x", "for", "foreach",
	};
	size_t len = 0;

	eval_skip_space(p);
	if (p->s == p->end || strchr(")]};,?:=.<>|&*!+", *p->s))
		return true;
	while (p->s[len] >= 'a' && p->s[len] <= 'z')
		len++;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strlen(words[i]) == len && len &&
		    memcmp(words[i], p->s, len) == 0)
			return true;
	}
	return false;
}

static struct node *topic(struct eval_parser *p)
{
	struct node *n = eval_node(p, eval_do_topic);

	n->kind = NODE_TOPIC;
	return n;
}

/* The arguments into kids. */
static int parse_args(struct eval_parser *p, struct node *n, bool has_parens)
{
	struct node *arg;

	if (has_parens && eval_take(p, ")"))
		return 0;
	if (!has_parens && is_over(p))
		return 0;
	do {
		eval_skip_space(p);
		if (has_parens && *p->s == ')')
			break;
		arg = eval_parse_assign(p);
		if (!arg)
			return -1;
		eval_kid(p, n, arg);
	} while (eval_take(p, ",") || eval_take(p, "=>"));
	if (!has_parens || eval_take(p, ")"))
		return 0;
	eval_fail_at(p, p->s, "is not a , or ) of the arguments");
	return -1;
}

static int parse_one(struct eval_parser *p, struct node *n,
		     const struct function *f, bool has_parens)
{
	if (has_parens) {
		if (!eval_take(p, ")")) {
			n->a = eval_parse_expr(p);
			if (!n->a)
				return -1;
			if (!eval_take(p, ")")) {
				eval_fail_at(p, p->s, "is not the ) of the "
					     "argument");
				return -1;
			}
		}
	} else if (!is_over(p) && f->args == ARGS_ONE) {
		n->a = eval_parse_unary(p);
		if (!n->a)
			return -1;
	}
	if (!n->a)
		n->a = topic(p);
	return 0;
}

struct node *eval_parse_call(struct eval_parser *p, const char *name,
			     size_t len)
{
	const struct function *f = find_function(name, len);
	struct node *n;
	bool has_parens;

	if (!f)
		return NULL;
	n = eval_node(p, f->scalar);
	n->list = f->list;
	n->var = f->var;
	n->name = f->name;
	p->e->wishes |= f->wishes;
	if (f->args == ARGS_OWN)
		return f->parse(p, n);
	has_parens = eval_take(p, "(");
	if (f->args == ARGS_NONE) {
		if (has_parens && !eval_take(p, ")"))
			return eval_fail_at(p, p->s, "is an argument too "
					    "many");
	} else if (f->args == ARGS_LIST) {
		if (parse_args(p, n, has_parens) < 0)
			return NULL;
	} else if (parse_one(p, n, f, has_parens) < 0) {
		return NULL;
	}
	return f->parse ? f->parse(p, n) : n;
}
