/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_list.c - the intrusive list.
 */
#include <config.h>

#include <string.h>

#include "base/list.h"
#include "tap.h"

struct item {
	char name;
	struct list node;
};

/* The names in order, once forward; the way back has to give the reverse. */
static const char *names(struct list *head, char *out)
{
	struct list *pos;
	size_t n = 0;

	list_for_each(pos, head)
		out[n++] = container_of(pos, struct item, node)->name;
	out[n] = '\0';
	for (pos = head->prev; pos != head; pos = pos->prev)
		if (!CHECK(n > 0) ||
		    !CHECK_INT(container_of(pos, struct item, node)->name,
			       out[--n]))
			return out;
	CHECK_INT(n, 0);
	return out;
}

static void empty_list(void)
{
	struct list head = LIST_INIT(head);
	struct list other;

	list_init(&other);
	CHECK(list_is_empty(&head));
	CHECK(list_is_empty(&other));
	CHECK(list_take_first(&head) == NULL);
}

static void append_keeps_order(void)
{
	struct item a = { .name = 'a' };
	struct item b = { .name = 'b' };
	struct item c = { .name = 'c' };
	struct list head = LIST_INIT(head);
	char out[8];

	list_append(&head, &a.node);
	list_append(&head, &b.node);
	list_append(&head, &c.node);
	CHECK(!list_is_empty(&head));
	CHECK_STR(names(&head, out), "abc");
}

static void prepend_goes_first(void)
{
	struct item a = { .name = 'a' };
	struct item b = { .name = 'b' };
	struct item c = { .name = 'c' };
	struct list head = LIST_INIT(head);
	char out[8];

	list_prepend(&head, &a.node);
	list_prepend(&head, &b.node);
	list_append(&head, &c.node);
	CHECK_STR(names(&head, out), "bac");
}

static void del_unlinks(void)
{
	struct item a = { .name = 'a' };
	struct item b = { .name = 'b' };
	struct item c = { .name = 'c' };
	struct list head = LIST_INIT(head);
	char out[8];

	list_append(&head, &a.node);
	list_append(&head, &b.node);
	list_append(&head, &c.node);
	CHECK(list_is_linked(&b.node));
	list_del(&b.node);
	CHECK(!list_is_linked(&b.node));
	CHECK_STR(names(&head, out), "ac");
	/* A node that is on no list may be taken off again. */
	list_del(&b.node);
	CHECK_STR(names(&head, out), "ac");
	list_append(&head, &b.node);
	CHECK_STR(names(&head, out), "acb");
}

static void take_first_until_empty(void)
{
	struct item items[3];
	struct list head = LIST_INIT(head);

	for (int i = 0; i < 3; i++)
		list_append(&head, &items[i].node);
	CHECK(!list_is_empty(&head));
	for (int i = 0; i < 3; i++) {
		struct list *node = list_take_first(&head);

		CHECK(node == &items[i].node);
		CHECK(!list_is_linked(&items[i].node));
	}
	CHECK(list_take_first(&head) == NULL);
	CHECK(list_is_empty(&head));
}

static void for_each_safe_survives_del(void)
{
	struct item items[6];
	struct list head = LIST_INIT(head);
	struct list *pos, *tmp;
	char out[8];
	int seen = 0;

	for (int i = 0; i < 6; i++) {
		items[i].name = (char)('a' + i);
		list_append(&head, &items[i].node);
	}
	list_for_each_safe(pos, tmp, &head)
		if (seen++ % 2 == 0)
			list_del(pos);
	CHECK_INT(seen, 6);
	CHECK_STR(names(&head, out), "bdf");
}

static const struct tap_case cases[] = {
	{ "an empty list has no first node", empty_list },
	{ "append keeps the order", append_keeps_order },
	{ "prepend puts a node in front", prepend_goes_first },
	{ "del leaves a node unlinked and fit for reuse", del_unlinks },
	{ "take_first empties a list in order", take_first_until_empty },
	{ "for_each_safe goes on after del", for_each_safe_survives_del },
};
TAP_MAIN(cases)
