/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * list.h - a doubly linked list whose links live inside its elements.
 *
 * The head is a node as well; an empty list is a head that points at itself.
 * No function allocates, locks or fails. An element is on one list at most
 * for each node it embeds; list_del leaves its node unlinked (self-pointing),
 * so that list_is_linked tells the truth.
 */
#ifndef MUSTER_BASE_LIST_H
#define MUSTER_BASE_LIST_H

#include <stdbool.h>

#include "base/compiler.h"

struct list {
	struct list *next;
	struct list *prev;
};

#define LIST_INIT(name)		{ &(name), &(name) }

static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_is_empty(const struct list *head)
{
	return head->next == head;
}

static inline bool list_is_linked(const struct list *node)
{
	return node->next != node;
}

/* Puts node, which is on no list, before head: at the end of head's list. */
static inline void list_append(struct list *head, struct list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

/* Puts node, which is on no list, right behind head: at the front. */
static inline void list_prepend(struct list *head, struct list *node)
{
	list_append(head->next, node);
}

static inline void list_del(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

/* Takes the first node off the list; NULL when there is none. */
static inline struct list *list_take_first(struct list *head)
{
	struct list *node = head->next;

	if (node == head)
		return NULL;
	list_del(node);
	return node;
}

#define list_for_each(pos, head) \
	for ((pos) = (head)->next; (pos) != (head); (pos) = (pos)->next)

/* As list_for_each, but pos may be taken off the list inside the loop. */
#define list_for_each_safe(pos, tmp, head)				\
	for ((pos) = (head)->next, (tmp) = (pos)->next;			\
	     (pos) != (head); (pos) = (tmp), (tmp) = (pos)->next)

#endif
