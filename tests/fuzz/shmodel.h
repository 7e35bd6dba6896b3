/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shmodel.h - how shells take quotes off, written a second time and as simply
 * as possible, to judge what the program says. Knows words, quotes,
 * backslashes and the redirections of base/redir.h; whatever more a shell would
 * do is refused.
 */
#ifndef MUSTER_TESTS_SHMODEL_H
#define MUSTER_TESTS_SHMODEL_H

#include <stddef.h>

#include "input/shquote.h"

struct buf;
struct words;

/* The words of text, in w, which is reset. 0; -1: not as simple as that. */
int shmodel_words(struct words *w, const char *text, size_t len,
		  enum shell_kind kind);

/* What is left of text in `...` for the shell that runs it. Likewise. */
int shmodel_backtick(struct buf *out, const char *text, size_t len);

#endif
