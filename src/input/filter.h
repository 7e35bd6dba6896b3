/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * filter.h - --filter: a condition that a job has to meet to be run.
 *
 * Replacement strings in it are replaced by the values as they are; what comes
 * out is compiled and run for each job (eval.h). Constant after filter_new.
 */
#ifndef MUSTER_INPUT_FILTER_H
#define MUSTER_INPUT_FILTER_H

#include <stdbool.h>

struct buf;
struct eval_memo;
struct filter;
struct template_args;
struct template_opts;

/* NULL with a message in err, which names the option. */
struct filter *filter_new(const char *text, const struct template_opts *opts,
			  struct buf *err);
void filter_free(struct filter *f);

/* True when it asks for the number of all jobs. */
bool filter_wants_total(const struct filter *f);

/* Finds out before the job has a slot, and keeps in memo what filter_passes is
 * going to say, as far as that can be known then. */
void filter_learn(const struct filter *f, const struct template_args *a,
		  struct eval_memo *memo);

/* 1: the job is to be run; 0: not; -1 with a message in err. */
int filter_passes(const struct filter *f, const struct template_args *a,
		  struct buf *err);

#endif
