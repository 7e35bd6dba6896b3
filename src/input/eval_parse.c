/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval_parse.c - the text of an expression becomes a tree.
 *
 * By recursive descent on the bytes themselves, as in Perl whether a / divides
 * or begins a pattern depends on what is expected there. Nodes live in the
 * arena of the expression.
 */
#include <config.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "input/eval_impl.h"

struct node *eval_node(struct eval_parser *p, eval_scalar_fn *fn)
{
	struct node *n = arena_alloc(&p->e->arena, sizeof(*n));

	memset(n, 0, sizeof(*n));
	n->scalar = fn;
	return n;
}

struct node *eval_const(struct eval_parser *p, const char *s, size_t len)
{
	struct node *n = eval_node(p, eval_do_const);

	n->value.kind = VALUE_TEXT;
	n->value.s = arena_memdup0(&p->e->arena, s, len);
	n->value.len = len;
	return n;
}

void eval_kid(struct eval_parser *p, struct node *n, struct node *kid)
{
	struct node **kids;

	/* One in two steps has no room left: when n is 0 or a power of 2. */
	if ((n->nkids & (n->nkids - 1)) == 0) {
		kids = arena_alloc(&p->e->arena,
				   (n->nkids ? n->nkids * 2 : 1) *
				   sizeof(*kids));
		if (n->nkids)
			memcpy(kids, n->kids, n->nkids * sizeof(*kids));
		n->kids = kids;
	}
	n->kids[n->nkids++] = kid;
}

void *eval_fail_at(struct eval_parser *p, const char *at, const char *why)
{
	size_t len = strnlen(at, 30);

	if (p->failed)
		return NULL;
	p->failed = true;
	if (len == 0) {
		buf_addstr(p->err, "something is missing at the end");
		return NULL;
	}
	buf_addch(p->err, '\'');
	buf_add_visible(p->err, at, len);
	buf_addf(p->err, "%s' %s", at[len] ? "..." : "", why);
	return NULL;
}

void eval_skip_space(struct eval_parser *p)
{
	for (;;) {
		while (isspace((unsigned char)*p->s))
			p->s++;
		if (*p->s != '#')
			return;
		while (*p->s && *p->s != '\n')
			p->s++;
	}
}

bool eval_is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Takes that word or sign, if it is what comes. */
bool eval_take(struct eval_parser *p, const char *word)
{
	size_t len = strlen(word);

	eval_skip_space(p);
	if (strncmp(p->s, word, len) != 0 ||
	    (eval_is_word(*word) && eval_is_word(p->s[len])))
		return false;
	p->s += len;
	return true;
}

static bool enter(struct eval_parser *p)
{
	if (++p->depth > EVAL_DEPTH_MAX)
		eval_fail_at(p, p->s, "is nested too deeply");
	return !p->failed;
}

static bool is_changeable(const struct node *n)
{
	return n->kind == NODE_TOPIC || n->kind == NODE_SCALAR ||
	       n->kind == NODE_SUBSTR ||
	       (n->kind == NODE_ELEMENT && n->var != EVAL_ARG);
}

static struct node *step(struct eval_parser *p, struct node *of,
			 unsigned flags, const char *at)
{
	struct node *n = eval_node(p, eval_do_step);

	if (!is_changeable(of))
		return eval_fail_at(p, at, "has nothing to change");
	n->a = of;
	n->flags = flags;
	return n;
}

static struct node *parse_postfix(struct eval_parser *p)
{
	const char *at;
	struct node *n = eval_parse_term(p);

	if (!n)
		return NULL;
	eval_skip_space(p);
	at = p->s;
	if (strncmp(at, "++", 2) != 0 && strncmp(at, "--", 2) != 0)
		return n;
	p->s += 2;
	return step(p, n, *at == '-' ? 2 : 0, at);
}

static struct node *binary(struct eval_parser *p, eval_scalar_fn *fn,
			   struct node *a, struct node *b)
{
	struct node *n;

	if (!a || !b)
		return NULL;
	n = eval_node(p, fn);
	n->a = a;
	n->b = b;
	return n;
}

static eval_scalar_fn *binary_fn(const char *sign, size_t len)
{
	for (size_t i = 0; i < eval_nbinaries; i++) {
		if (strlen(eval_binaries[i].sign) == len &&
		    memcmp(eval_binaries[i].sign, sign, len) == 0)
			return eval_binaries[i].fn;
	}
	return NULL;
}

static struct node *parse_sign(struct eval_parser *p);

static struct node *parse_power(struct eval_parser *p)
{
	struct node *n = parse_postfix(p);

	if (!n)
		return NULL;
	eval_skip_space(p);
	if (strncmp(p->s, "**", 2) != 0 || p->s[2] == '=')
		return n;
	p->s += 2;
	return binary(p, binary_fn("**", 2), n, parse_sign(p));
}

static struct node *parse_sign(struct eval_parser *p)
{
	const char *at;
	struct node *n = NULL;

	eval_skip_space(p);
	at = p->s;
	if (!enter(p))
		return NULL;
	if (strncmp(at, "++", 2) == 0 || strncmp(at, "--", 2) == 0) {
		p->s += 2;
		n = parse_sign(p);
		if (n)
			n = step(p, n, *at == '-' ? 3 : 1, at);
	} else if (*at == '-' && isalpha((unsigned char)at[1]) &&
		   !eval_is_word(at[2])) {
		n = eval_fail_at(p, at, "is not supported");
	} else if (*at == '-' || *at == '+' || (*at == '!' && at[1] != '~')) {
		p->s++;
		n = eval_node(p, *at == '-' ? eval_do_minus :
			      *at == '!' ? eval_do_not : eval_do_plus);
		n->a = parse_sign(p);
		if (n->a && *at == '+')
			n = n->a;
		else if (!n->a)
			n = NULL;
	} else {
		n = parse_power(p);
	}
	p->depth--;
	return n;
}

/* text =~ match */
static struct node *bind(struct eval_parser *p, struct node *text,
			 struct node *match, bool is_not, const char *at)
{
	struct node *both_of, *n;

	if (match->kind != NODE_MATCH || match->a) {
		n = eval_node(p, eval_do_match);
		n->kind = NODE_MATCH;
		n->list = eval_all_match;
		n->b = match;
		match = n;
	}
	if (is_not)
		match->flags |= MATCH_NOT;
	if (text->kind == NODE_LIST && text->nkids == 1)
		text = text->kids[0];
	match->a = text;
	/* (my $x = ...) =~ s///: first the one, then the other. */
	if (text->scalar == eval_do_assign) {
		both_of = eval_list_node(p);
		both_of->kind = NODE_VALUE;
		eval_kid(p, both_of, text);
		eval_kid(p, both_of, match);
		match->a = text->a;
		return both_of;
	}
	if (match->scalar != eval_do_match &&
	    !(match->flags & MATCH_RETURN) && !is_changeable(text))
		return eval_fail_at(p, at, "has nothing to change");
	return match;
}

static struct node *parse_bound(struct eval_parser *p)
{
	struct node *n = parse_sign(p);

	while (n) {
		const char *at;
		struct node *match;

		eval_skip_space(p);
		at = p->s;
		if (strncmp(at, "=~", 2) != 0 && strncmp(at, "!~", 2) != 0)
			break;
		p->s += 2;
		match = parse_sign(p);
		n = match ? bind(p, n, match, *at == '!', at) : NULL;
	}
	return n;
}

/* The operator at p->s, at least that tight; not a part of an assignment. */
static const struct eval_binary *find_binary(struct eval_parser *p, int level)
{
	for (size_t i = 0; i < eval_nbinaries; i++) {
		const struct eval_binary *b = &eval_binaries[i];
		size_t len = strlen(b->sign);
		const char *behind = p->s + len;

		if (strncmp(p->s, b->sign, len) != 0)
			continue;
		if (isalpha((unsigned char)*b->sign)) {
			bool is_times = *b->sign == 'x' && len == 1;

			if (eval_is_word(*behind) &&
			    !(is_times && isdigit((unsigned char)*behind)))
				continue;
			if (is_times && *behind == '=' && behind[1] != '=' &&
			    behind[1] != '~')
				return NULL;
		} else if ((*behind == '=' && b->level != 9 &&
			    b->level != 10) ||
			   (*b->sign == '.' && *behind == '.')) {
			return NULL;
		}
		return b->level >= level ? b : NULL;
	}
	return NULL;
}

static struct node *parse_binary(struct eval_parser *p, int level)
{
	struct node *n;

	if (!enter(p))
		return NULL;
	n = parse_bound(p);
	while (n) {
		const struct eval_binary *b;
		bool is_list;

		eval_skip_space(p);
		b = find_binary(p, level);
		if (!b)
			break;
		p->s += strlen(b->sign);
		is_list = n->kind == NODE_LIST && strcmp(b->sign, "x") == 0;
		n = binary(p, b->fn, n, parse_binary(p, b->level + 1));
		if (n && is_list)
			n->list = eval_all_repeat;
	}
	p->depth--;
	return n;
}

struct node *eval_parse_unary(struct eval_parser *p)
{
	return parse_binary(p, 11);
}

static struct node *parse_range(struct eval_parser *p)
{
	struct node *n = parse_binary(p, 5);

	if (!n)
		return NULL;
	eval_skip_space(p);
	if (strncmp(p->s, "..", 2) != 0 || p->s[2] == '.')
		return n;
	p->s += 2;
	n = binary(p, eval_do_range, n, parse_binary(p, 5));
	if (n)
		n->list = eval_all_range;
	return n;
}

static struct node *parse_ternary(struct eval_parser *p)
{
	struct node *n = parse_range(p);
	struct node *t;

	if (!n || !eval_take(p, "?"))
		return n;
	t = eval_node(p, eval_do_ternary);
	t->list = eval_all_ternary;
	t->a = n;
	t->b = eval_parse_assign(p);
	if (t->b && !eval_take(p, ":"))
		return eval_fail_at(p, p->s, "is not the : behind ?");
	t->c = t->b ? eval_parse_assign(p) : NULL;
	return t->c ? t : NULL;
}

/* How long the operator before the = of an assignment is; -1: none. */
static int assignment(const struct eval_parser *p)
{
	static const char *const before[] = {
		"", "+", "-", "*", "/", ".", "%", "x", "&", "|", "^", "**",
		"||", "&&", "//", "<<", ">>",
	};

	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
		size_t len = strlen(before[i]);

		if (strncmp(p->s, before[i], len) == 0 && p->s[len] == '=' &&
		    p->s[len + 1] != '=' && p->s[len + 1] != '~' &&
		    (len || p->s[1] != '>'))
			return (int)len;
	}
	return -1;
}

static bool is_list_target(const struct node *n)
{
	if (n->kind == NODE_ARRAY)
		return n->var != EVAL_ARG;
	if (n->kind != NODE_LIST)
		return false;
	for (size_t i = 0; i < n->nkids; i++) {
		if (!is_changeable(n->kids[i]) &&
		    (n->kids[i]->kind != NODE_ARRAY ||
		     n->kids[i]->var == EVAL_ARG))
			return false;
	}
	return true;
}

static struct node *parse_assignment(struct eval_parser *p, struct node *to,
				     size_t len)
{
	const char *at = p->s;
	bool is_list = len == 0 && is_list_target(to);
	struct node *n;

	if (!is_list && !is_changeable(to))
		return eval_fail_at(p, at, "has nothing to change");
	p->s += len + 1;
	n = eval_node(p, is_list ? eval_do_assign_list : eval_do_assign);
	if (is_list)
		n->list = eval_all_assign;
	/* What was no reading of it is not one any more; it is set only
	 * behind what it is set to. */
	if (len == 0) {
		bool was_set = to->kind == NODE_SCALAR &&
			       p->vars[to->var].is_set;

		eval_mark_set(p, to);
		if (to->kind == NODE_SCALAR)
			p->vars[to->var].is_set = was_set;
	}
	n->a = to;
	n->b = eval_parse_assign(p);
	if (n->b && len)
		n->b = binary(p, binary_fn(at, len), to, n->b);
	if (len == 0)
		eval_mark_set(p, to);
	return n->b ? n : NULL;
}

struct node *eval_parse_assign(struct eval_parser *p)
{
	struct node *n;
	int len;

	if (!enter(p))
		return NULL;
	n = parse_ternary(p);
	if (n) {
		eval_skip_space(p);
		len = assignment(p);
		if (len >= 0)
			n = parse_assignment(p, n, (size_t)len);
	}
	p->depth--;
	return n;
}

static struct node *parse_comma(struct eval_parser *p)
{
	struct node *n = eval_parse_assign(p);
	struct node *l;

	if (!n || !(eval_take(p, ",") || eval_take(p, "=>")))
		return n;
	l = eval_list_node(p);
	eval_kid(p, l, n);
	do {
		eval_skip_space(p);
		if (p->s == p->end || strchr(")]};", *p->s))
			break;
		n = eval_parse_assign(p);
		if (!n)
			return NULL;
		eval_kid(p, l, n);
	} while (eval_take(p, ",") || eval_take(p, "=>"));
	return l;
}

struct node *eval_parse_not(struct eval_parser *p)
{
	struct node *n;

	if (!eval_take(p, "not"))
		return parse_comma(p);
	n = eval_node(p, eval_do_not);
	if (!enter(p))
		return NULL;
	n->a = eval_parse_not(p);
	p->depth--;
	return n->a ? n : NULL;
}

static struct node *parse_and(struct eval_parser *p)
{
	struct node *n = eval_parse_not(p);

	while (n && eval_take(p, "and"))
		n = binary(p, binary_fn("and", 3), n, eval_parse_not(p));
	return n;
}

struct node *eval_parse_expr(struct eval_parser *p)
{
	struct node *n;

	if (!enter(p))
		return NULL;
	n = parse_and(p);
	while (n) {
		if (eval_take(p, "or"))
			n = binary(p, binary_fn("or", 2), n, parse_and(p));
		else if (eval_take(p, "xor"))
			n = binary(p, binary_fn("xor", 3), n, parse_and(p));
		else
			break;
	}
	p->depth--;
	return n;
}

/* Statements */

static struct node *parse_braced(struct eval_parser *p)
{
	struct node *n;

	if (!eval_take(p, "{"))
		return eval_fail_at(p, p->s, "is not the { of a block");
	n = eval_parse_block(p);
	if (n && !eval_take(p, "}"))
		return eval_fail_at(p, p->s, "is not the } of the block");
	return n;
}

static struct node *negate(struct eval_parser *p, struct node *n)
{
	struct node *negation = eval_node(p, eval_do_not);

	negation->a = n;
	return negation;
}

static struct node *parse_condition(struct eval_parser *p)
{
	struct node *n;

	if (!eval_take(p, "("))
		return eval_fail_at(p, p->s, "is not the ( of a condition");
	n = eval_parse_expr(p);
	if (n && !eval_take(p, ")"))
		return eval_fail_at(p, p->s, "is not the ) of the condition");
	return n;
}

static struct node *parse_if(struct eval_parser *p, bool is_unless)
{
	struct node *n = eval_node(p, eval_do_if);
	struct node *part;

	do {
		part = parse_condition(p);
		if (!part)
			return NULL;
		eval_kid(p, n, is_unless ? negate(p, part) : part);
		is_unless = false;
		part = parse_braced(p);
		if (!part)
			return NULL;
		eval_kid(p, n, part);
	} while (eval_take(p, "elsif"));
	if (eval_take(p, "else")) {
		part = parse_braced(p);
		if (!part)
			return NULL;
		eval_kid(p, n, part);
	}
	return n;
}

static struct node *parse_for(struct eval_parser *p)
{
	struct node *n = eval_node(p, eval_do_foreach);

	eval_take(p, "my");
	eval_skip_space(p);
	if (*p->s == '$') {
		n->c = eval_parse_variable(p, false);
		if (!n->c)
			return NULL;
		if (n->c->kind == NODE_TOPIC)
			n->c = NULL;
		else if (n->c->kind != NODE_SCALAR)
			return eval_fail_at(p, p->s, "comes behind what is "
					    "no variable");
		else
			eval_mark_mine(p, n->c);
	}
	if (!eval_take(p, "("))
		return eval_fail_at(p, p->s, "is not the ( of a list");
	n->a = eval_parse_parens(p);
	n->b = n->a ? parse_braced(p) : NULL;
	return n->b ? n : NULL;
}

/* expression [if|unless|for expression] */
static struct node *parse_simple(struct eval_parser *p)
{
	struct node *n = eval_parse_expr(p);
	struct node *by;
	bool is_unless;

	if (!n)
		return NULL;
	if (eval_take(p, "for") || eval_take(p, "foreach")) {
		by = eval_node(p, eval_do_foreach);
		by->a = eval_parse_expr(p);
		by->b = n;
		return by->a ? by : NULL;
	}
	is_unless = eval_take(p, "unless");
	if (!is_unless && !eval_take(p, "if"))
		return n;
	by = eval_parse_expr(p);
	if (!by)
		return NULL;
	return binary(p, binary_fn("&&", 2), is_unless ? negate(p, by) : by,
		      n);
}

static struct node *parse_statement(struct eval_parser *p, bool *is_block)
{
	*is_block = true;
	if (eval_take(p, "if"))
		return parse_if(p, false);
	if (eval_take(p, "unless"))
		return parse_if(p, true);
	if (eval_take(p, "for") || eval_take(p, "foreach"))
		return parse_for(p);
	*is_block = false;
	return parse_simple(p);
}

/* Says which variable is read that nothing has set. */
static void check_vars(struct eval_parser *p)
{
	for (size_t i = 0; i < p->nvars && !p->failed; i++) {
		if (p->vars[i].read_at)
			eval_fail_at(p, p->vars[i].read_at,
				     "begins with a variable that is not set "
				     "(none keeps its value from job to job)");
	}
}

/* Statements up to the end or a }. */
struct node *eval_parse_block(struct eval_parser *p)
{
	struct node *n = eval_node(p, eval_do_block);
	bool is_block = true;

	if (!enter(p))
		return NULL;
	for (;;) {
		struct node *kid;

		while (eval_take(p, ";"))
			is_block = true;
		eval_skip_space(p);
		if (p->s == p->end || *p->s == '}')
			break;
		if (!is_block)
			return eval_fail_at(p, p->s, "is not supported here");
		kid = parse_statement(p, &is_block);
		if (!kid)
			return NULL;
		eval_kid(p, n, kid);
	}
	p->depth--;
	if (p->depth == 0)
		check_vars(p);
	return p->failed ? NULL : n;
}
