/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shquote.h - values as shell words.
 *
 * The promise: whatever bytes a value holds (no NUL), the shell takes it as
 * data. In plain context the form is GNU parallel's: unchanged when every
 * byte is one of A-Z a-z 0-9 - _ . + / (and the value is not empty), else in
 * single quotes with "'" for each single quote; but keywords of the shell are
 * quoted as well ("case x in {})" with esac). fish and csh have their own
 * rules inside single quotes (\ and ' ; ! and newline). What the command
 * itself makes of its arguments (eval, sh -c, let, test -v) is beyond
 * quoting. Pure functions.
 */
#ifndef MUSTER_INPUT_SHQUOTE_H
#define MUSTER_INPUT_SHQUOTE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

enum shell_kind {
	SHELL_SH,	/* dash, ash, posh, yash, and anything unknown */
	SHELL_BASH,
	SHELL_KSH,	/* ksh93, mksh, pdksh */
	SHELL_ZSH,
	SHELL_FISH,
	SHELL_CSH,	/* csh, tcsh */
};

/* By the last part of the path ("/usr/bin/bash", "bash-5.1", "-zsh"). */
enum shell_kind shell_kind_of(const char *path);
/* True when path's name is that of any known shell. */
bool shell_is_known(const char *path);

/* Where in a command a value is to stand. */
enum quote_context {
	QUOTE_PLAIN,		/* outside quotes, also in $( ) */
	QUOTE_PLAIN_APART,	/* the same, glued to text that it must not
				   merge with ($x{}): always quoted */
	QUOTE_SINGLE,		/* inside '...' */
	QUOTE_DOUBLE,		/* inside "..." */
	QUOTE_DOUBLE_APART,	/* the same, glued to text ("$x{}"): the quotes
				   are closed around the value */
	QUOTE_ANSI,		/* inside $'...' (bash, ksh, zsh) */
	QUOTE_BACKTICK,		/* plain, inside `...` */
	QUOTE_BACKTICK_SINGLE,	/* '...' inside `...` */
	QUOTE_BACKTICK_DOUBLE,	/* "..." inside `...` */
	QUOTE_NUMBER,		/* $(( )), (( )), x[ ], behind >&, where shells
				   evaluate what was quoted: only
				   [A-Za-z0-9_.+-] may stand here */
	QUOTE_COMMENT,		/* behind #: newlines become blanks */
	QUOTE_RAW,		/* as it is: the command begins with {} */
	QUOTE_IMPOSSIBLE,	/* here-document, backtick in double quotes:
				   no safe way in this kind of shell */
};

/*
 * Adds value (len bytes) for that context. Returns 0, or -1 when it can't
 * stand there safely (QUOTE_NUMBER with other characters, QUOTE_IMPOSSIBLE);
 * out is unchanged then.
 */
int shquote_add(struct buf *out, const char *value, size_t len,
		enum quote_context ctx, enum shell_kind kind);

/* True when plain quoting leaves the value as it is. */
bool shquote_is_safe(const char *value, size_t len);

#endif
