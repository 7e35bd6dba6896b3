/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tmpname.h - temporary files that have a name, or are to get one later.
 *
 * Names are "DIR/par", letters and digits nobody can guess, ".par"; files
 * are made with mode 0600 and never over another. A file that gets its name
 * only when there is something to say about it leaves nothing behind when we
 * are killed before. Thread-safe. -1 with errno on failure.
 */
#ifndef MUSTER_BASE_TMPNAME_H
#define MUSTER_BASE_TMPNAME_H

#include <stddef.h>

#include "base/compiler.h"

struct buf;

/* Adds n letters and digits by chance. */
void tmpname_add(struct buf *out, size_t n);

/*
 * A new file in dir, open for reading and writing. path stays empty while it
 * has no name; where the system knows no such files it has one at once.
 */
int tmpname_open(const char *dir, struct buf *path) MUST_USE;

/* Gives a file of tmpname_open its name, unless it has one. */
int tmpname_give(int fd, const char *dir, struct buf *path) MUST_USE;

#endif
