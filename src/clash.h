/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clash.h - files that a run would both read and write.
 *
 * Records begin by emptying their file, and output behind the input would be
 * read as more of it: so a run in which one file has two such parts is
 * refused, before anything is opened.
 */
#ifndef MUSTER_CLASH_H
#define MUSTER_CLASH_H

struct buf;
struct options;

/* 0, or -1 with a message in err that names both options. Files are compared
 * as they are now; one that is not there yet, by its name. */
int clash_check(const struct options *o, struct buf *err);

#endif
