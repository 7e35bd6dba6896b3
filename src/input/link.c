/* SPDX-License-Identifier: GPL-3.0-or-later */
/* link.c - see link.h. */
#include <config.h>

#include <stdbool.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "input/items.h"
#include "input/link.h"

struct kept {
	char *data;
	size_t len;
};

/* One input. */
struct lane {
	struct items *items;
	struct kept *kept;	/* its values so far, for when it has ended */
	size_t nkept;
	size_t cap;
	size_t at;		/* the next one to be used again */
	bool has_ended;
	struct arena arena;
};

struct link {
	struct lane *lanes;
	size_t n;
	size_t nended;
};

static char nothing[1] = "";

struct link *link_new(struct items *inputs, size_t n)
{
	struct link *l = xcalloc(1, sizeof(*l));

	l->lanes = xcalloc(n, sizeof(*l->lanes));
	l->n = n;
	for (size_t i = 0; i < n; i++)
		l->lanes[i].items = &inputs[i];
	return l;
}

void link_free(struct link *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n; i++) {
		free(l->lanes[i].kept);
		arena_release(&l->lanes[i].arena);
	}
	free(l->lanes);
	free(l);
}

static void keep(struct lane *lane)
{
	struct kept *k;

	if (lane->nkept == lane->cap) {
		lane->cap = lane->cap ? lane->cap * 2 : 64;
		lane->kept = xreallocarray(lane->kept, lane->cap,
					   sizeof(*lane->kept));
	}
	k = &lane->kept[lane->nkept++];
	k->data = arena_memdup0(&lane->arena, lane->items->value,
				lane->items->len);
	k->len = lane->items->len;
}

/* A step of one that may have more. */
static enum source_result step(struct link *l, struct lane *lane, char **value,
			       size_t *len, struct buf *err)
{
	enum source_result ret = items_next(lane->items, err);

	if (ret == SOURCE_END) {
		lane->has_ended = true;
		l->nended++;
		return ret;
	}
	*value = lane->items->value;
	*len = lane->items->len;
	/* When all others have ended it is the longest. */
	if (ret == SOURCE_TUPLE && l->nended + 1 < l->n)
		keep(lane);
	return ret;
}

static void use_again(struct lane *lane, char **value, size_t *len)
{
	*value = nothing;
	*len = 0;
	if (!lane->nkept)
		return;
	*value = lane->kept[lane->at].data;
	*len = lane->kept[lane->at].len;
	lane->at = (lane->at + 1) % lane->nkept;
}

enum source_result link_next(struct link *l, char **values, size_t *lens,
			     const struct items **bad, struct buf *err)
{
	bool has_new = false;

	*bad = NULL;
	for (size_t i = 0; i < l->n; i++) {
		struct lane *lane = &l->lanes[i];
		struct buf more = BUF_INIT;
		enum source_result ret = SOURCE_END;

		if (!lane->has_ended)
			ret = step(l, lane, &values[i], &lens[i],
				   *bad ? &more : err);
		if (ret == SOURCE_FAILED && *bad) {
			buf_reset(err);
			buf_add(err, more.data, more.len);
		}
		buf_release(&more);
		if (ret == SOURCE_FAILED || ret == SOURCE_BARRIER)
			return ret;
		if (ret == SOURCE_BAD && !*bad)
			*bad = lane->items;
		has_new |= ret != SOURCE_END;
	}
	if (!has_new)
		return SOURCE_END;
	for (size_t i = 0; i < l->n; i++) {
		if (l->lanes[i].has_ended)
			use_again(&l->lanes[i], &values[i], &lens[i]);
	}
	return *bad ? SOURCE_BAD : SOURCE_TUPLE;
}
