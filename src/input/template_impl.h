/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * template_impl.h - what template.c, which makes text for a shell, shares with
 * template_places.c, which knows how values are quoted where,
 * template_words.c, which makes words, and template_repeat.c, which knows what
 * values stand where.
 */
#ifndef MUSTER_INPUT_TEMPLATE_IMPL_H
#define MUSTER_INPUT_TEMPLATE_IMPL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/redir.h"
#include "input/braces.h"
#include "input/shquote.h"
#include "input/template.h"

/* Literal text, or with a kind of braces a place for values. */
struct piece {
	size_t off;		/* the text it was, in t->text */
	size_t len;
	struct braces braces;
	enum quote_context ctx;
	bool keeps_word;	/* may not vanish before what follows */
	bool is_fd_place;	/* digits here would be one with a > behind */
	unsigned unit;		/* the word to be repeated, from 1; 0: none */
};

struct template {
	char *text;
	size_t len;
	struct piece *pieces;
	size_t npieces;
	size_t cap;
	enum shell_kind shell;
	bool is_splittable;	/* direct, if the first word is a program */
	size_t name_len;	/* that word, for is_splittable */
	char *name;
	struct redirs redirs;	/* likewise; where in text they are: */
	size_t redir_at[REDIRS_MAX][2];
	const struct template_run *run;
	bool is_quoted;		/* -q: each word is quoted whole */
	unsigned wishes;	/* enum eval_wish of all expressions */
};

void template_add_piece(struct template *t, const struct piece *p);
/* Anything but text and breaks. */
bool template_is_value(const struct piece *p);

/* template_places.c: the contexts of all values, for a shell. 0, or -1 with a
 * message where one can't be safe. */
int template_find_contexts(struct template *t, struct buf *err);

/* What an expression makes of a value, added to out. 0, or -1 with a message;
 * wishes as for eval_run. */
int template_evaluate(const struct template *t, const struct piece *p,
		      const char *value, const struct template_args *a,
		      struct buf *out, unsigned *wishes, struct buf *err);

/* As template_expand, of piece i alone; for templates without words that are
 * repeated. */
int template_expand_piece(const struct template *t, size_t i,
			  const struct template_args *a, struct buf *out,
			  struct buf *err);

/* template_words.c: as template_argv, with a message. */
int template_split(const struct template *t, const struct template_args *a,
		   struct words *w, struct buf *err);

/* As in template_args. */
struct rows {
	char *const *values;
	size_t n;
	size_t width;
};

/* Walks over the values that the pieces of one word are repeated for. A piece
 * outside such words is walked over once. */
struct repeat {
	const struct template_args *all;
	size_t end;			/* behind the last piece */
	size_t n;			/* how often, at least once */
	bool is_word;
	bool by_value;			/* {} is in it: once for each value */
	struct rows one;		/* for {} */
	struct rows row;		/* for {1} and the like */
};

/* template_repeat.c: finds the words to be repeated, once all else is known,
 * and cuts text where they end. */
void template_find_units(struct template *t);
/* From piece i on; a must stay. */
void repeat_init(struct repeat *r, const struct template *t, size_t i,
		 const struct template_args *a);
/* Goes to repetition k, from 0. */
void repeat_at(struct repeat *r, size_t k);
/* How many values p stands for there, and value k of them: NULL where a row
 * has fewer than its position. */
size_t repeat_count(const struct repeat *r, const struct piece *p);
const char *repeat_value(const struct repeat *r, const struct piece *p,
			 size_t k);

#endif
