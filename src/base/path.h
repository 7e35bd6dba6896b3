/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path.h - the parts of a path, and directories that are to be there.
 *
 * Of the text alone, but for path_make_parents. Thread-safe.
 */
#ifndef MUSTER_BASE_PATH_H
#define MUSTER_BASE_PATH_H

#include "base/compiler.h"

/* What is behind the last slash: within path, perhaps empty. */
const char *path_last(const char *path);
/* What is before that, with the slash, or "." where there is none; the
 * caller's. */
char *path_directory(const char *path);
/* Makes the directories above what path names, as far as they are missing.
 * path is as before afterwards. 0, or -1 with errno. */
int path_make_parents(char *path) MUST_USE;

#endif
