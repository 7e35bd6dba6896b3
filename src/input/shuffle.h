/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shuffle.h - all tuples of a source in random order (--shuf).
 *
 * All input is read and kept before the first tuple is handed out. Tasks are
 * no part of it: they, barriers and bad items are handed out as they come.
 * One thread.
 */
#ifndef MUSTER_INPUT_SHUFFLE_H
#define MUSTER_INPUT_SHUFFLE_H

#include <stdint.h>

#include "input/source.h"

struct buf;
struct shuffle;

/* seed: any number; the same one gives the same order. The source must
 * outlive it. */
struct shuffle *shuffle_new(struct source *s, uint64_t seed);
void shuffle_free(struct shuffle *sh);

/* As source_next. */
enum source_result shuffle_next(struct shuffle *sh, struct tuple *t,
				struct buf *err);

#endif
