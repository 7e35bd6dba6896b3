/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ledger_kept.c - for ledger.c: jobs that are done but for their output, which
 * is kept. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "input/ledger_impl.h"

void keeps_release(struct keeps *k)
{
	for (size_t i = 0; i < k->n; i++)
		free(k->v[i].kept.ranges);
	free(k->v);
	*k = (struct keeps){ 0 };
}

void keeps_add(struct keeps *k, struct cell *cell, const struct keep *keep)
{
	if (k->n == k->cap) {
		k->cap = k->cap ? 2 * k->cap : 16;
		k->v = xreallocarray(k->v, k->cap, sizeof(*k->v));
	}
	k->v[k->n] = *keep;
	k->v[k->n].next = cell->keeps;
	cell->keeps = ++k->n;
}

struct keep *keeps_take(struct keeps *k, struct cell *cell, bool has_failed)
{
	size_t *link = &cell->keeps;

	while (*link) {
		struct keep *keep = &k->v[*link - 1];

		if (keep->has_failed == has_failed) {
			*link = keep->next;
			keep->is_taken = true;
			return keep;
		}
		link = &keep->next;
	}
	return NULL;
}

struct keep *keeps_missing(struct keeps *k, size_t *at,
			   bool (*is_there)(void *arg, const struct kept *kept),
			   void *arg)
{
	while (*at < k->n) {
		struct keep *keep = &k->v[(*at)++];

		if (!keep->is_taken &&
		    !(is_there && is_there(arg, &keep->kept)))
			return keep;
	}
	return NULL;
}

void keeps_del(struct keeps *k, struct cell *cell, struct keep *keep)
{
	size_t *link = &cell->keeps;

	while (&k->v[*link - 1] != keep)
		link = &k->v[*link - 1].next;
	*link = keep->next;
	keep->is_taken = true;
}

void ledger_each_kept(const struct ledger *l,
		      void (*take)(void *arg, const struct kept *kept),
		      void *arg)
{
	for (size_t i = 0; i < l->keeps.n; i++) {
		if (!l->keeps.v[i].is_taken)
			take(arg, &l->keeps.v[i].kept);
	}
}

bool ledger_has_kept(const struct ledger *l)
{
	size_t i = 0;

	while (i < l->keeps.n && l->keeps.v[i].is_taken)
		i++;
	return i < l->keeps.n;
}
