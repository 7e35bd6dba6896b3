/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell.h - which shell runs the commands, and programs found in PATH.
 */
#ifndef MUSTER_PROC_SHELL_H
#define MUSTER_PROC_SHELL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The shell GNU parallel would choose: $PARALLEL_SHELL; else the nearest
 * ancestor process for which is_shell(path) holds (needs /proc); else $SHELL;
 * else /bin/sh. An absolute path or a name as given, the caller's to free.
 * An ancestor that is bash running under the name sh counts as /bin/sh.
 */
char *shell_choose(bool (*is_shell)(const char *path));

/*
 * Looks name up as a shell would: with a slash it is returned as it is; else
 * the first executable regular file of that name in path, a list of
 * directories (empty ones mean the current). Written to out (size bytes).
 * 0, or -1 when there is none (or it doesn't fit).
 */
int path_find(const char *name, const char *path, char *out, size_t size);

/*
 * The same as execvp does it, for a process in directory dir (NULL: ours): a
 * name that is empty or has a slash as it is; else the first executable
 * regular file in path, else the first that is there at all, so that its exec
 * tells what is wrong with it. NULL: none is there; else the caller's to free.
 */
char *path_search(const char *name, const char *path, const char *dir);

#endif
