/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link.h - inputs in step with each other (--link): first with first, second
 * with second; shorter ones begin again until the longest has ended.
 *
 * All are read lazily. What may be needed again is kept in memory: the values
 * of every input but the longest. One thread.
 */
#ifndef MUSTER_INPUT_LINK_H
#define MUSTER_INPUT_LINK_H

#include <stddef.h>

#include "input/source.h"

struct buf;
struct items;
struct link;

/* n inputs, which must outlive the link. */
struct link *link_new(struct items *inputs, size_t n);
void link_free(struct link *l);

/*
 * The next row, in n places of values and lens, valid until the next call; an
 * empty input gives empty values, unless all are. All inputs take a step even
 * when one has a bad item: SOURCE_BAD, and *bad is where. As items_next else.
 */
enum source_result link_next(struct link *l, char **values, size_t *lens,
			     const struct items **bad, struct buf *err);

#endif
