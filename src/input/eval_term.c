/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eval_term.c - what operators stand between: variables, numbers, parens. */
#include <config.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "input/eval_impl.h"

/* Variables */

static unsigned find_var(struct eval_parser *p, char sigil, const char *name,
			 size_t len)
{
	struct var *v;

	for (size_t i = 0; i < p->nvars; i++) {
		v = &p->vars[i];
		if (*v->name == sigil && strlen(v->name) == len + 1 &&
		    memcmp(v->name + 1, name, len) == 0)
			return (unsigned)i;
	}
	p->vars = xreallocarray(p->vars, p->nvars + 1, sizeof(*p->vars));
	v = &p->vars[p->nvars];
	*v = (struct var){ .name = xmalloc(len + 2) };
	v->name[0] = sigil;
	memcpy(v->name + 1, name, len);
	v->name[len + 1] = '\0';
	return (unsigned)p->nvars++;
}

/* A node for the variable at `at`, which is read there until eval_mark_set
 * says that it is not. */
static struct node *use_var(struct eval_parser *p, const char *at, char sigil,
			    const char *name, size_t len, eval_scalar_fn *fn)
{
	struct node *n = eval_node(p, fn);
	struct var *v;

	n->name = at;
	if (sigil == '@' && len == 3 && memcmp(name, "arg", 3) == 0) {
		n->var = EVAL_ARG;
		p->e->wishes |= EVAL_ARGS;
		return n;
	}
	n->var = find_var(p, sigil, name, len);
	v = &p->vars[n->var];
	if (!v->is_set && !v->read_at)
		v->read_at = at;
	return n;
}

void eval_mark_set(struct eval_parser *p, const struct node *n)
{
	struct var *v;

	for (size_t i = 0; n->kind == NODE_LIST && i < n->nkids; i++)
		eval_mark_set(p, n->kids[i]);
	if ((n->kind != NODE_SCALAR && n->kind != NODE_ELEMENT &&
	     n->kind != NODE_ARRAY) || n->var == EVAL_ARG)
		return;
	v = &p->vars[n->var];
	v->is_set = true;
	if (v->read_at == n->name)
		v->read_at = NULL;
}

void eval_mark_mine(struct eval_parser *p, const struct node *n)
{
	eval_mark_set(p, n);
	for (size_t i = 0; n->kind == NODE_LIST && i < n->nkids; i++)
		eval_mark_mine(p, n->kids[i]);
	if ((n->kind == NODE_SCALAR || n->kind == NODE_ARRAY) &&
	    n->var != EVAL_ARG)
		p->vars[n->var].is_mine = true;
}

/* $job->seq() and the like. */
static struct node *parse_method(struct eval_parser *p, const char *at)
{
	static const char *const known[] = { "seq", "slot", "skip",
					     "total_jobs" };
	size_t len;

	eval_take(p, "->");
	eval_skip_space(p);
	for (len = 0; eval_is_word(p->s[len]); len++)
		;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		const char *name = p->s;

		if (strlen(known[i]) == len &&
		    memcmp(known[i], name, len) == 0) {
			p->s += len;
			return eval_parse_call(p, name, len);
		}
	}
	return eval_fail_at(p, at, "is not supported");
}

/* $ENV{NAME}, $ENV{"NAME"} */
static struct node *parse_env(struct eval_parser *p)
{
	struct node *n = eval_node(p, eval_do_env);
	size_t len = 0;

	eval_take(p, "{");
	eval_skip_space(p);
	while (eval_is_word(p->s[len]))
		len++;
	if (len && p->s[len] == '}') {
		n->a = eval_const(p, p->s, len);
		p->s += len;
	} else {
		n->a = eval_parse_expr(p);
	}
	if (n->a && !eval_take(p, "}"))
		return eval_fail_at(p, p->s, "is not the } of it");
	return n->a ? n : NULL;
}

static struct node *parse_element(struct eval_parser *p, const char *at,
				  const char *name, size_t len)
{
	struct node *n = use_var(p, at, '@', name, len, eval_do_element);

	n->kind = NODE_ELEMENT;
	p->s++;
	n->a = eval_parse_expr(p);
	if (n->a && !eval_take(p, "]"))
		return eval_fail_at(p, p->s, "is not the ] of it");
	return n->a ? n : NULL;
}

/* $$1 and so on of a replacement string's own groups. */
static struct node *parse_tag_group(struct eval_parser *p, const char *at)
{
	size_t i = 0;

	p->s += 2;
	while (isdigit((unsigned char)*p->s) && i < 100)
		i = i * 10 + (size_t)(*p->s++ - '0');
	if (i == 0 || i > p->ngroups)
		return eval_fail_at(p, at, "is no group of the replacement "
				    "string");
	return eval_const(p, p->groups[i - 1], strlen(p->groups[i - 1]));
}

/* In quotes an [ may be text, or a class in a pattern. */
static bool is_index(const char *s, bool in_quotes)
{
	if (*s != '[')
		return false;
	return !in_quotes || isdigit((unsigned char)s[1]) || s[1] == '$' ||
	       (s[1] == '-' && isdigit((unsigned char)s[2]));
}

static struct node *parse_named(struct eval_parser *p, const char *at,
				bool in_quotes)
{
	bool has_braces = *p->s == '{';
	const char *name;
	struct node *n;
	size_t len = 0;

	p->s += has_braces;
	name = p->s;
	while (eval_is_word(name[len]))
		len++;
	p->s += len;
	if (len == 0 || isdigit((unsigned char)*name) ||
	    (has_braces && *p->s++ != '}'))
		return eval_fail_at(p, at, "is not supported");
	if (len == 1 && *name == '_' && !is_index(p->s, in_quotes)) {
		n = eval_node(p, eval_do_topic);
		n->kind = NODE_TOPIC;
		return n;
	}
	if (len == 3 && memcmp(name, "ENV", 3) == 0 && *p->s == '{')
		return parse_env(p);
	if (len == 3 && memcmp(name, "job", 3) == 0 && !in_quotes &&
	    p->s[0] == '-' && p->s[1] == '>')
		return parse_method(p, at);
	if (*p->s == '{' || strncmp(p->s, "::", 2) == 0 ||
	    (strncmp(p->s, "->", 2) == 0 &&
	     (!in_quotes || p->s[2] == '[' || p->s[2] == '{')))
		return eval_fail_at(p, at, "is not supported");
	if (len == 1 && *name == '_')
		return eval_fail_at(p, at, "is not supported");
	if (is_index(p->s, in_quotes))
		return parse_element(p, at, name, len);
	n = use_var(p, at, '$', name, len, eval_do_var);
	n->kind = NODE_SCALAR;
	return n;
}

static struct node *parse_array(struct eval_parser *p, const char *at,
				eval_scalar_fn *fn)
{
	struct node *n;
	size_t len = 0;

	while (eval_is_word(p->s[len]))
		len++;
	if (len == 0 || isdigit((unsigned char)*p->s) || *p->s == '_')
		return eval_fail_at(p, at, "is not supported");
	n = use_var(p, at, '@', p->s, len, fn);
	p->s += len;
	if (*at == '@') {
		n->kind = NODE_ARRAY;
		n->list = eval_all_array;
	}
	return n;
}

struct node *eval_parse_variable(struct eval_parser *p, bool in_quotes)
{
	const char *at = p->s;
	struct node *n;

	if (*p->s++ == '@')
		return parse_array(p, at, eval_do_array);
	if (*p->s == '$' && isdigit((unsigned char)p->s[1])) {
		p->s--;
		return parse_tag_group(p, at);
	}
	if (isdigit((unsigned char)*p->s) || *p->s == '&') {
		n = eval_node(p, eval_do_group);
		if (*p->s == '&')
			p->s++;
		while (isdigit((unsigned char)*p->s) && n->var < 10000)
			n->var = n->var * 10 + (unsigned)(*p->s++ - '0');
		if (n->var == 0 && at[1] == '0')
			return eval_fail_at(p, at, "is not supported");
		return n;
	}
	if (*p->s == '#' && (!in_quotes || isalpha((unsigned char)p->s[1]))) {
		p->s++;
		return parse_array(p, at, eval_do_count);
	}
	return parse_named(p, at, in_quotes);
}

/* Terms */

static struct node *parse_number(struct eval_parser *p)
{
	struct node *n = eval_node(p, eval_do_const);
	struct buf digits = BUF_INIT;
	struct value text = { .kind = VALUE_TEXT };
	const char *s = p->s;
	char *end;

	if (*s == '0' && (isdigit((unsigned char)s[1]) || s[1] == 'x' ||
			  s[1] == 'b')) {
		int base = s[1] == 'x' ? 16 : s[1] == 'b' ? 2 : 8;

		s += base == 8 ? 1 : 2;
		n->value = value_int((int64_t)strtoull(s, &end, base));
		p->s = end;
		return n;
	}
	while (isdigit((unsigned char)*s) || *s == '_' ||
	       (*s == '.' && s[1] != '.' && !strchr(digits.data, '.'))) {
		if (*s != '_')
			buf_addch(&digits, *s);
		s++;
	}
	if ((*s == 'e' || *s == 'E') &&
	    isdigit((unsigned char)s[1 + (s[1] == '-' || s[1] == '+')])) {
		buf_addch(&digits, *s++);
		do {
			buf_addch(&digits, *s++);
		} while (isdigit((unsigned char)*s));
	}
	text.s = digits.data;
	n->value = value_as_number(&text);
	buf_release(&digits);
	p->s = s;
	return n;
}

struct node *eval_list_node(struct eval_parser *p)
{
	struct node *n = eval_node(p, eval_do_comma);

	n->list = eval_all_comma;
	n->kind = NODE_LIST;
	return n;
}

/* (...) and (...)[...] */
struct node *eval_parse_parens(struct eval_parser *p)
{
	struct node *n = eval_list_node(p);
	struct node *inner, *slice;

	if (!eval_take(p, ")")) {
		inner = eval_parse_expr(p);
		if (!inner)
			return NULL;
		if (inner->scalar == eval_do_comma && inner->kind == NODE_LIST)
			n = inner;
		else
			eval_kid(p, n, inner);
		if (!eval_take(p, ")"))
			return eval_fail_at(p, p->s, "is not the ) that "
					    "should be there");
	}
	eval_skip_space(p);
	if (*p->s != '[')
		return n;
	p->s++;
	slice = eval_node(p, eval_do_slice);
	slice->list = eval_all_slice;
	slice->a = n;
	slice->b = eval_parse_expr(p);
	if (slice->b && !eval_take(p, "]"))
		return eval_fail_at(p, p->s, "is not the ] of it");
	return slice->b ? slice : NULL;
}

/* Behind my. Without a value the variables are unset. */
static struct node *parse_my(struct eval_parser *p)
{
	struct node *n;

	eval_skip_space(p);
	if (*p->s == '(') {
		p->s++;
		n = eval_parse_parens(p);
	} else if (*p->s == '$' || *p->s == '@') {
		n = eval_parse_variable(p, false);
	} else {
		return eval_fail_at(p, p->s, "is not a variable");
	}
	if (!n)
		return NULL;
	eval_mark_mine(p, n);
	eval_skip_space(p);
	/* Anew for each round of a loop. */
	if (n->kind == NODE_SCALAR && *p->s != '=')
		n->scalar = eval_do_unset;
	return n;
}

/* Behind our: a variable that keeps what it was, unless it is set here. */
static struct node *parse_our(struct eval_parser *p, const char *at)
{
	struct node *n;

	eval_skip_space(p);
	if (*p->s != '$' && *p->s != '@')
		return eval_fail_at(p, p->s, "is not a variable");
	n = eval_parse_variable(p, false);
	eval_skip_space(p);
	if (n && *p->s != '=')
		return eval_fail_at(p, at, "is not supported");
	return n;
}

static struct node *parse_word(struct eval_parser *p)
{
	const char *at = p->s;
	const char *name;
	struct node *n;
	size_t len = 0;

	if (eval_take(p, "my") || eval_take(p, "local"))
		return parse_my(p);
	if (eval_take(p, "our"))
		return parse_our(p, at);
	if (strncmp(at, "not", 3) == 0 && !eval_is_word(at[3]))
		return eval_parse_not(p);
	if (eval_take(p, "undef"))
		return eval_node(p, eval_do_const);
	if (strncmp(p->s, "::", 2) == 0)
		p->s += 2;
	name = p->s;
	while (eval_is_word(name[len]))
		len++;
	p->s += len;
	n = eval_parse_call(p, name, len);
	if (!n && !p->failed) {
		p->s = at;
		return eval_fail_at(p, at, "is not supported");
	}
	return n;
}

struct node *eval_parse_term(struct eval_parser *p)
{
	struct node *n;

	eval_skip_space(p);
	n = eval_parse_quoted(p);
	if (n || p->failed)
		return n;
	if (*p->s == '(') {
		p->s++;
		return eval_parse_parens(p);
	}
	if (*p->s == '$' || *p->s == '@')
		return eval_parse_variable(p, false);
	if (isdigit((unsigned char)*p->s) ||
	    (*p->s == '.' && isdigit((unsigned char)p->s[1])))
		return parse_number(p);
	if (isalpha((unsigned char)*p->s) || *p->s == '_' ||
	    strncmp(p->s, "::", 2) == 0)
		return parse_word(p);
	return eval_fail_at(p, p->s, "is not supported");
}
