/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shuffle.c - see shuffle.h. */
#include <config.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "input/shuffle.h"

struct shuffle {
	struct source *source;
	uint64_t random;
	struct tuple *kept;
	size_t n;
	size_t cap;
	size_t next;
	bool is_ready;		/* all is read and in its order */
	struct arena arena;
};

struct shuffle *shuffle_new(struct source *s, uint64_t seed)
{
	struct shuffle *sh = xcalloc(1, sizeof(*sh));

	sh->source = s;
	sh->random = seed | 1;
	return sh;
}

void shuffle_free(struct shuffle *sh)
{
	if (!sh)
		return;
	arena_release(&sh->arena);
	free(sh->kept);
	free(sh);
}

static void keep(struct shuffle *sh, const struct tuple *t)
{
	struct tuple *k;

	if (sh->n == sh->cap) {
		sh->cap = sh->cap ? sh->cap * 2 : 64;
		sh->kept = xreallocarray(sh->kept, sh->cap, sizeof(*sh->kept));
	}
	k = &sh->kept[sh->n++];
	*k = *t;
	k->values = arena_alloc(&sh->arena, t->n * sizeof(*k->values));
	k->lens = arena_alloc(&sh->arena, t->n * sizeof(*k->lens));
	for (size_t i = 0; i < t->n; i++) {
		k->values[i] = arena_memdup0(&sh->arena, t->values[i],
					     t->lens[i]);
		k->lens[i] = t->lens[i];
	}
}

/* xorshift64* */
static uint64_t next_random(struct shuffle *sh)
{
	sh->random ^= sh->random >> 12;
	sh->random ^= sh->random << 25;
	sh->random ^= sh->random >> 27;
	return sh->random * UINT64_C(2685821657736338717);
}

static void put_in_order(struct shuffle *sh)
{
	for (size_t i = sh->n; i > 1; i--) {
		size_t other = (size_t)((next_random(sh) >> 11) % i);
		struct tuple t = sh->kept[i - 1];

		sh->kept[i - 1] = sh->kept[other];
		sh->kept[other] = t;
	}
	sh->is_ready = true;
}

/* A command line may have attributes, which are not kept: such tuples pass. */
static bool is_kept(const struct tuple *t)
{
	return !t->is_task && !t->attributes && !t->is_argv;
}

enum source_result shuffle_next(struct shuffle *sh, struct tuple *t,
				struct buf *err)
{
	while (!sh->is_ready) {
		enum source_result ret = source_next(sh->source, t, err);

		if (ret == SOURCE_END)
			put_in_order(sh);
		else if (ret == SOURCE_TUPLE && is_kept(t))
			keep(sh, t);
		else
			return ret;
	}
	if (sh->next == sh->n)
		return SOURCE_END;
	*t = sh->kept[sh->next++];
	return SOURCE_TUPLE;
}
