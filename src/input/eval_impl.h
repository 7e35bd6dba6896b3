/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval_impl.h - what the parts of the evaluator share.
 *
 * eval_parse.c makes a tree of nodes from the text, with the help of
 * eval_quote.c for all that stands in quotes. Each node has a function that
 * runs it (eval_ops.c, eval_func.c, eval_match.c) on a machine, which holds
 * what one run needs and is gone after it. Values are small and copied; their
 * bytes live in the arena of the machine, or in that of the expression.
 */
#ifndef MUSTER_INPUT_EVAL_IMPL_H
#define MUSTER_INPUT_EVAL_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "input/eval.h"
#include "input/pattern.h"

/* No result is longer, no list has more elements than the second. */
#define EVAL_BYTES_MAX	((size_t)16 << 20)
#define EVAL_LIST_MAX	((size_t)1 << 20)
#define EVAL_DEPTH_MAX	200

enum value_kind { VALUE_UNDEF, VALUE_TEXT, VALUE_INT, VALUE_REAL };

struct value {
	enum value_kind kind;
	size_t len;
	const char *s;		/* VALUE_TEXT, with a NUL behind */
	int64_t i;
	double d;
};

struct list {
	struct value *at;
	size_t n;
	size_t cap;
};

struct machine;
struct node;

typedef int eval_scalar_fn(struct machine *m, const struct node *n,
			   struct value *out);
typedef int eval_list_fn(struct machine *m, const struct node *n,
			 struct list *out);

/* What a node can be the left side of. */
enum node_kind {
	NODE_VALUE,	/* of nothing */
	NODE_TOPIC,	/* $_ */
	NODE_SCALAR,	/* $name */
	NODE_ELEMENT,	/* $name[a] */
	NODE_ARRAY,	/* @name */
	NODE_LIST,	/* (a, b) */
	NODE_SUBSTR,
	NODE_MATCH,	/* m// s/// tr///: a is the text, or NULL */
};

struct node {
	enum node_kind kind;
	eval_scalar_fn *scalar;
	eval_list_fn *list;	/* NULL: a list of the one scalar */
	struct node *a, *b, *c;
	struct node **kids;
	size_t nkids;
	unsigned var;		/* index, number of a group, or kind of case */
	struct value value;
	struct pattern *pattern;	/* if constant; else b is it */
	unsigned flags;
	const unsigned short *map;	/* tr: 256 of them */
	const char *name;	/* where a variable was read */
};

#define EVAL_ARG	((unsigned)-1)	/* var of @arg */

/* flags of NODE_MATCH, above those of the pattern */
enum {
	MATCH_GLOBAL = 1 << 8,
	MATCH_RETURN = 1 << 9,	/* r */
	MATCH_NOT = 1 << 10,	/* !~ */
	MATCH_SQUEEZE = 1 << 11,	/* tr///s */
};
#define MAP_KEEP	0x100	/* not in the list */
#define MAP_DELETE	0x200

struct var {
	char *name;		/* with its $ or @ */
	bool is_set;		/* in the text so far */
	bool is_mine;		/* it has a my */
	const char *read_at;	/* where it was read before */
};

struct eval {
	struct arena arena;
	struct node *root;
	struct pattern **patterns;
	size_t npatterns;
	size_t nvars;
	unsigned wishes;
	bool sets_globals;	/* variables without my */

	struct eval_perl *perl;	/* or NULL */
	const char *code;	/* all of it, groups put in */
	size_t len;
};

struct slot {
	struct value value;	/* of a scalar */
	struct list list;	/* of an array */
};

struct machine {
	const struct eval *eval;
	const struct eval_job *job;
	struct arena arena;
	struct value topic;
	struct slot *vars;
	struct value last;	/* of the last statement */
	struct value subject;	/* of the last match, for $1 */
	struct span spans[PATTERN_SPANS];
	unsigned wishes;
	size_t spent;		/* bytes and steps, to end what would not */
	bool is_beyond;		/* it failed at what perl could do */
	struct buf *err;
};

/* eval_value.c */
struct value value_text(struct machine *m, const char *s, size_t len);
struct value value_string(struct machine *m, const char *s);
struct value value_int(int64_t i);
struct value value_real(double d);
struct value value_bool(bool b);
/* As a text, whose bytes live as long as the machine. */
struct value value_as_text(struct machine *m, const struct value *v);
/* As a number: of kind VALUE_INT or VALUE_REAL. */
struct value value_as_number(const struct value *v);
double value_as_real(const struct value *v);
int64_t value_as_int(const struct value *v);
bool value_is_true(const struct value *v);
/* Takes the bytes out of b, which is empty then. */
struct value value_take(struct machine *m, struct buf *b);
void list_add(struct machine *m, struct list *l, struct value v);
/* sprintf; -1 with a message for what it does not know. */
int value_format(struct machine *m, const struct list *args,
		 struct buf *out);

/* eval_text.c: to be called before anything in maths.h; -1: failed. */
int eval_need_maths(struct machine *m);

/* eval.c: a message, always -1. */
int eval_fail(struct machine *m, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same for what is not supported. */
int eval_beyond(struct machine *m, const char *what);
/* Counts n towards what a run may cost; -1 when that is too much. */
int eval_spend(struct machine *m, size_t n);
int eval_scalar(struct machine *m, const struct node *n, struct value *out);
int eval_list(struct machine *m, const struct node *n, struct list *out);
/* The scalar of a node as text. */
int eval_text(struct machine *m, const struct node *n, struct value *out);

/* While a text is compiled. */
struct eval_parser {
	struct eval *e;
	const char *text;	/* all of it */
	const char *s;		/* where we are */
	const char *end;
	struct var *vars;
	size_t nvars;
	char *const *groups;
	size_t ngroups;
	unsigned depth;
	bool failed;		/* err has the message */
	struct buf *err;
};

/* eval_parse.c */
struct node *eval_node(struct eval_parser *p, eval_scalar_fn *fn);
struct node *eval_const(struct eval_parser *p, const char *s, size_t len);
void *eval_fail_at(struct eval_parser *p, const char *at, const char *why);
void eval_skip_space(struct eval_parser *p);
struct node *eval_parse_expr(struct eval_parser *p);
struct node *eval_parse_block(struct eval_parser *p);
struct node *eval_parse_assign(struct eval_parser *p);
/* As an argument of a function of one: nothing looser than + */
struct node *eval_parse_unary(struct eval_parser *p);
/* not, and what it is before. */
struct node *eval_parse_not(struct eval_parser *p);
bool eval_is_word(char c);

/* eval_term.c */
struct node *eval_parse_term(struct eval_parser *p);
/* Behind a (. */
struct node *eval_parse_parens(struct eval_parser *p);
struct node *eval_list_node(struct eval_parser *p);
/* $name $_ $1 $arg[..] @name at p->s. */
struct node *eval_parse_variable(struct eval_parser *p, bool in_quotes);
void eval_kid(struct eval_parser *p, struct node *n, struct node *kid);
/* Says that n is given a value here. */
void eval_mark_set(struct eval_parser *p, const struct node *n);
/* And that it is of this expression alone. */
void eval_mark_mine(struct eval_parser *p, const struct node *n);
bool eval_take(struct eval_parser *p, const char *word);

/* eval_quote.c */
/* A string, match, substitution or translation at p->s; NULL without failed
 * when there is none. */
struct node *eval_parse_quoted(struct eval_parser *p);
/* The constant pattern, made once. NULL: failed. */
struct pattern *eval_keep_pattern(struct eval_parser *p, const char *s,
				  size_t len, unsigned flags);

/* eval_func.c: a call of the function name (len bytes), p->s behind it; NULL
 * without failed when there is none of that name. */
struct node *eval_parse_call(struct eval_parser *p, const char *name,
			     size_t len);
eval_scalar_fn eval_do_substr;

/* eval_text.c */
eval_scalar_fn eval_do_length, eval_do_defined, eval_do_scalar,
	eval_do_real, eval_do_int, eval_do_abs, eval_do_hex, eval_do_ord,
	eval_do_chr, eval_do_chop, eval_do_shell_quote, eval_do_perl_quote,
	eval_do_path, eval_do_path_form, eval_do_ungreedy;

/* eval_ops.c */
struct eval_binary {
	const char *sign;
	int level;
	eval_scalar_fn *fn;
};
extern const struct eval_binary eval_binaries[];
extern const size_t eval_nbinaries;
eval_scalar_fn eval_do_const, eval_do_topic, eval_do_var, eval_do_element,
	eval_do_array, eval_do_count, eval_do_group, eval_do_env,
	eval_do_concat, eval_do_case, eval_do_not, eval_do_minus,
	eval_do_plus, eval_do_ternary, eval_do_assign, eval_do_assign_list,
	eval_do_step, eval_do_if, eval_do_foreach, eval_do_block,
	eval_do_comma, eval_do_slice, eval_do_join_array, eval_do_unset,
	eval_do_range;
eval_list_fn eval_all_array, eval_all_comma, eval_all_slice, eval_all_range,
	eval_all_assign, eval_all_ternary, eval_all_repeat;
int eval_assign(struct machine *m, const struct node *to, struct value v);

/* eval_perl.c: the code for perl, from the text. */
void eval_keep_code(struct eval *e, const char *text, size_t len,
		    char *const *groups, size_t ngroups);
/* For what is beyond us (why says what): 0, or -1 with what perl said, or why
 * as it was when there is none. */
int eval_hand_over(struct eval *e, struct buf *why);
/* Must perl be asked? */
bool eval_needs_perl(const struct eval *e);
/* As the run of struct eval_perl_ops, or from the memo. */
int eval_ask(const struct eval *e, const struct eval_job *job, bool is_test,
	     struct buf *out, unsigned *wishes, struct buf *err);

/* eval_match.c */
eval_scalar_fn eval_do_match, eval_do_subst, eval_do_translate;
eval_list_fn eval_all_match, eval_all_split;
eval_scalar_fn eval_do_split;

#endif
