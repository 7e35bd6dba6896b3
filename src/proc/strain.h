/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * strain.h - what --load, --memfree, --noswap and --limit ask of the machine,
 * at this instant: from /proc.
 *
 * root: NULL, or a directory that stands for / in tests. What the system does
 * not tell is negative, or false. Functions of one thread at a time.
 */
#ifndef MUSTER_PROC_STRAIN_H
#define MUSTER_PROC_STRAIN_H

#include <stdbool.h>
#include <stdint.h>

/* Threads that run or wait for a disk, without those of the kernel and our
 * own. */
int64_t strain_tasks(const char *root);

/* Bytes of memory that can be had without swapping. */
int64_t strain_memory(const char *root);

/* Pages swapped in and out since the start of the system. */
bool strain_swaps(const char *root, uint64_t *in, uint64_t *out);

/* Milliseconds in which the disk that had most to do had something to do,
 * since its start. */
int64_t strain_disk_ms(const char *root);

#endif
