/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * template_impl.h - what template.c, which makes text for a shell, shares with
 * template_words.c, which makes words.
 */
#ifndef MUSTER_INPUT_TEMPLATE_IMPL_H
#define MUSTER_INPUT_TEMPLATE_IMPL_H

#include <stdbool.h>
#include <stddef.h>

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
	const struct template_run *run;
	bool is_quoted;		/* -q: each word is quoted whole */
	unsigned wishes;	/* enum eval_wish of all expressions */
};

/* The value that a {n} stands for; NULL when there are fewer. */
const char *template_value_at(const struct template_args *a, int pos);
/* The same for an expression: {= =} at the first place is also that of a job
 * without values. */
const char *template_eval_value(const struct piece *p,
				const struct template_args *a);

/* What an expression makes of a value, added to out. 0, or -1 with a message;
 * wishes as for eval_run. */
int template_evaluate(const struct template *t, const struct piece *p,
		      const char *value, const struct template_args *a,
		      struct buf *out, unsigned *wishes, struct buf *err);

/* template_words.c: as template_argv, with a message. */
int template_split(const struct template *t, const struct template_args *a,
		   struct words *w, struct buf *err);

#endif
