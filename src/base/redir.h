/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * redir.h - redirections that can do nothing but what they say: of standard
 * input, output or error, to /dev/null or to where another of them goes.
 *
 * They are carried out in their order, each on what those before it left.
 */
#ifndef MUSTER_BASE_REDIR_H
#define MUSTER_BASE_REDIR_H

#define REDIRS_MAX 6

enum redir_kind {
	REDIR_READ,		/* N</dev/null */
	REDIR_WRITE,		/* N>/dev/null */
	REDIR_APPEND,		/* N>>/dev/null */
	REDIR_DUP,		/* N>&FROM, N<&FROM */
};

struct redirs {
	unsigned n;
	struct redir {
		enum redir_kind kind;
		int fd;		/* 0, 1 or 2 */
		int from;	/* likewise; for REDIR_DUP */
	} at[REDIRS_MAX];
};

#endif
