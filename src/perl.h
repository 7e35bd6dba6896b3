/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * perl.h - one perl that runs what is beyond our own expressions.
 *
 * Implements struct eval_perl (input/eval.h). It is looked for and started
 * when the first such expression is met, and asked by any thread, one at a
 * time. What expressions may call, and what they share, is in perl_text.c.
 *
 * A perl that ends by itself, is killed or gives no answer is not replaced,
 * since what its variables held is gone: from then on every expression that
 * needs it fails.
 */
#ifndef MUSTER_PERL_H
#define MUSTER_PERL_H

#include <stdint.h>

struct eval_perl;
struct perl;

struct perl_config {
	const char *path;	/* directories to look in; NULL: none */
	char *const *envp;
	int64_t patience_ns;	/* for an answer; 0: a minute */
};

/* Never fails; starts nothing. Strings stay the caller's and must outlive it.
 */
struct perl *perl_new(const struct perl_config *config);
/* Ends perl, and waits for that; nobody may be asking it. */
void perl_free(struct perl *p);

struct eval_perl *perl_eval(struct perl *p);

/* Whoever waits for it waits no longer, and it answers nobody any more. From
 * any thread; never blocks. */
void perl_stop(struct perl *p);

/* What it is told to run. */
extern const char perl_text[];

#endif
