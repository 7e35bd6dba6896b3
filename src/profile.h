/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * profile.h - options that stand elsewhere than on the command line: in the
 * files of GNU parallel, and in $PARALLEL.
 *
 * Without -J these files are read where they exist, one after the other, so
 * that the last one counts: /etc/parallel/config; `config` in each of
 * $PARALLEL_HOME, $XDG_CONFIG_HOME/parallel, the directories of
 * $XDG_CONFIG_DIRS with /parallel behind them and ~/.parallel; ~/.parallelrc.
 * With -J NAME only NAME in these directories, or the file NAME itself when it
 * begins with / or ./ . Behind them comes $PARALLEL.
 *
 * Words are split and quoted as in a shell; lines that begin with # are
 * comments. For the main thread.
 */
#ifndef MUSTER_PROFILE_H
#define MUSTER_PROFILE_H

#include <stddef.h>

#include "base/mem.h"

struct buf;

enum profile_kind { PROFILE_FILES, PROFILE_PARALLEL };
#define PROFILE_KINDS	2

/* Embedded; all zero: empty. The strings lie in the arena. */
struct profile {
	char **words;		/* a word for the program's name, then those
				   found; NULL when there are none */
	const char **places;	/* where each stands ("FILE:3", "$PARALLEL") */
	size_t n;
	struct arena arena;
};

/*
 * Reads the files, those of n names from -J if n is not 0, and $PARALLEL, into
 * p[PROFILE_KINDS], which is empty. A name that is found nowhere is told of,
 * and passed over. 0, or -1 with a message in err: a file that can't be read,
 * a quote without its end.
 */
int profile_read(struct profile p[PROFILE_KINDS], const char *const *names,
		 size_t n, struct buf *err);
void profile_release(struct profile *p);

/* Adds the words of one line (a C string), which stands at place. 0, or -1:
 * a quote has no end. */
int profile_add_line(struct profile *p, const char *line, const char *place);

/* Adds the directories of settings that there are, each with a NUL, in the
 * order above. */
void profile_add_dirs(struct buf *out);

#endif
