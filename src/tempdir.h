/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tempdir.h - a private directory for the files of jobs (--cat, --fifo), which
 * is gone with us, also when we are killed.
 *
 * A process of its own waits for our end, however it comes, and removes the
 * directory then: a shell that reads from a pipe whose other end nobody else
 * has. It can itself be killed together with us, as by the end of a whole
 * cgroup; then the directory stays. For main's thread.
 */
#ifndef MUSTER_TEMPDIR_H
#define MUSTER_TEMPDIR_H

#include <stdbool.h>

struct buf;
struct tempdir;

/* Below parent, mode 0700. guarded: with that process; without one jobs that
 * outlive us keep their files. NULL with errno; path is then what could not
 * be made. */
struct tempdir *tempdir_new(const char *parent, bool guarded,
			    struct buf *path);
const char *tempdir_path(const struct tempdir *t);
/* Removes it; it has to be empty by then. */
void tempdir_free(struct tempdir *t);

#endif
