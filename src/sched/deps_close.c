/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * deps_close.c - who waits for what will never be: unknown ids, cycles.
 *
 * A job whose conditions lead back to itself is in a strong component of more
 * than one job: Tarjan's algorithm, on a stack of its own. Jobs are called by
 * their numbers on the list of those that wait.
 */
#include <config.h>

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sched/deps_impl.h"
#include "sched/job.h"

#define NONE		(~0u)

struct visit {
	struct entry *entry;
	unsigned index;		/* in the order of visits from 1; 0: not yet */
	unsigned low;		/* the lowest index it leads to */
	unsigned edge;		/* the next one to follow */
	unsigned parent;	/* from which it was reached, or NONE */
	unsigned component;	/* the first job in it; NONE while unknown */
	bool is_in_cycle;
	bool is_reached;	/* by find_way_back */
};

struct search {
	struct deps *d;
	struct visit *visits;
	unsigned n;
	unsigned *stack;	/* depth of n; later a queue of its own */
	unsigned depth;
	unsigned nindex;
};

static void search_init(struct search *s, struct deps *d)
{
	struct list *pos;

	*s = (struct search){ .d = d };
	s->visits = xcalloc(d->len + 1, sizeof(*s->visits));
	s->stack = xcalloc(d->len + 1, sizeof(*s->stack));
	list_for_each(pos, &d->waiting) {
		struct job *job = container_of(pos, struct job, link);
		struct visit *v = &s->visits[s->n];

		v->entry = job->node;
		v->entry->visit = s->n++;
		v->component = NONE;
	}
}

static void search_release(struct search *s)
{
	free(s->visits);
	free(s->stack);
}

/* The next job that v waits for, of those that wait themselves, or NONE. */
static unsigned next_of(struct search *s, unsigned v)
{
	struct entry *e = s->visits[v].entry;

	while (s->visits[v].edge < e->job->ndeps) {
		const struct node *n = e->edges[s->visits[v].edge++].node;

		s->d->steps++;
		if (n->waiting)
			return n->waiting->visit;
	}
	return NONE;
}

static void enter(struct search *s, unsigned v, unsigned parent)
{
	s->visits[v].index = s->visits[v].low = ++s->nindex;
	s->visits[v].parent = parent;
	s->stack[s->depth++] = v;
}

/* The component that was entered with v is whole: it is on top of the stack. */
static void close_component(struct search *s, unsigned v)
{
	unsigned first = v;
	unsigned bottom = s->depth;

	do {
		unsigned u = s->stack[--bottom];

		if (u < first)
			first = u;
	} while (s->stack[bottom] != v);
	for (unsigned i = bottom; i < s->depth; i++) {
		s->visits[s->stack[i]].component = first;
		s->visits[s->stack[i]].is_in_cycle = s->depth - bottom > 1;
	}
	s->depth = bottom;
}

/* Returns whom v was reached from. */
static unsigned leave(struct search *s, unsigned v)
{
	unsigned parent = s->visits[v].parent;
	unsigned low = s->visits[v].low;

	if (low == s->visits[v].index)
		close_component(s, v);
	if (parent != NONE && low < s->visits[parent].low)
		s->visits[parent].low = low;
	return parent;
}

static void search_from(struct search *s, unsigned root)
{
	unsigned v = root;

	enter(s, root, NONE);
	while (v != NONE) {
		unsigned u = next_of(s, v);

		if (u == NONE) {
			v = leave(s, v);
		} else if (s->visits[u].index == 0) {
			enter(s, u, v);
			v = u;
		} else if (s->visits[u].component == NONE &&
			   s->visits[u].index < s->visits[v].low) {
			s->visits[v].low = s->visits[u].index;
		}
	}
}

/* The next job that v waits for in its own component, or NONE. */
static unsigned next_inside(struct search *s, unsigned v)
{
	unsigned u;

	do {
		u = next_of(s, v);
	} while (u != NONE &&
		 s->visits[u].component != s->visits[v].component);
	return u;
}

/* Finds a shortest way from first, which is in a cycle, back to it: breadth
 * first. The parents, from first's on, lead along it backwards. */
static void find_way_back(struct search *s, unsigned first)
{
	unsigned *queue = s->stack;
	unsigned head = 0;
	unsigned tail = 0;

	queue[tail++] = first;
	while (head < tail) {
		unsigned v = queue[head++];
		unsigned u;

		s->visits[v].edge = 0;
		while ((u = next_inside(s, v)) != NONE) {
			if (s->visits[u].is_reached)
				continue;
			s->visits[u].is_reached = true;
			s->visits[u].parent = v;
			if (u == first)
				return;
			queue[tail++] = u;
		}
	}
	BUG("no cycle");
}

static const char *id_of(const struct search *s, unsigned v)
{
	return s->visits[v].entry->own->id;
}

static void add_whole_cycle(struct search *s, unsigned first, struct buf *b)
{
	unsigned *way = s->stack;
	unsigned n = 0;

	find_way_back(s, first);
	for (unsigned v = s->visits[first].parent; v != first;
	     v = s->visits[v].parent)
		way[n++] = v;
	buf_addf(b, "these tasks wait for each other: '%s'", id_of(s, first));
	while (n > 0)
		buf_addf(b, " -> '%s'", id_of(s, way[--n]));
	buf_addf(b, " -> '%s'", id_of(s, first));
}

static void add_short_cycle(struct search *s, unsigned v, struct buf *b)
{
	s->visits[v].edge = 0;
	buf_addf(b, "'%s' waits for '%s', which waits for '%s' in turn",
		 id_of(s, v), id_of(s, next_inside(s, v)), id_of(s, v));
}

static bool has_unknown(const struct entry *e)
{
	for (unsigned i = 0; i < e->job->ndeps; i++) {
		if (e->edges[i].node->state == NODE_UNKNOWN)
			return true;
	}
	return false;
}

static void add_unknown(struct buf *b, const struct entry *e,
			bool names_barrier)
{
	const struct node *last = NULL;
	bool are_several = false;

	if (e->own)
		buf_addf(b, "'%s'", e->own->id);
	else
		buf_addstr(b, "this task");
	for (unsigned i = 0; i < e->job->ndeps; i++) {
		const struct node *n = e->edges[i].node;

		if (n->state != NODE_UNKNOWN || n == last)
			continue;
		buf_addf(b, last ? ", '%s'" : " waits for '%s'", n->id);
		are_several = last != NULL;
		last = n;
	}
	buf_addf(b, ", which %s %s",
		 are_several ? "are no tasks' ids" : "is no task's id",
		 names_barrier ? "before the barrier" : "in the input");
}

/* Gives the job its message if it can never start. */
static void judge_stuck(struct search *s, unsigned v, bool names_barrier)
{
	const struct visit *visit = &s->visits[v];
	struct job *job = visit->entry->job;
	bool is_unknown = has_unknown(visit->entry);
	struct buf b = BUF_INIT;

	if (!is_unknown && !visit->is_in_cycle)
		return;
	deps_add_where(&b, job);
	if (is_unknown)
		add_unknown(&b, visit->entry, names_barrier);
	if (is_unknown && visit->is_in_cycle)
		buf_addstr(&b, "; ");
	if (visit->is_in_cycle && visit->component == v)
		add_whole_cycle(s, v, &b);
	else if (visit->is_in_cycle)
		add_short_cycle(s, v, &b);
	deps_set_message(job, &b);
	job->is_misuse = true;
}

static void take_stuck(struct deps *d, struct list *stuck)
{
	struct list *pos;
	struct list *tmp;

	list_for_each_safe(pos, tmp, &d->waiting) {
		struct job *job = container_of(pos, struct job, link);
		struct entry *e = job->node;

		if (!job->message)
			continue;
		deps_let_go(d, e);
		e->failure = NODE_REFUSED;
		list_append(stuck, &job->link);
	}
}

void deps_close(struct deps *d, bool names_barrier, struct list *stuck,
		struct list *ready, struct list *skipped)
{
	struct list *last_stuck = stuck->prev;
	struct list *last = skipped->prev;
	struct search s;

	search_init(&s, d);
	for (unsigned v = 0; v < s.n; v++) {
		if (s.visits[v].index == 0)
			search_from(&s, v);
	}
	for (unsigned v = 0; v < s.n; v++)
		judge_stuck(&s, v, names_barrier);
	search_release(&s);
	/* All are taken first, so that none is released by another one. */
	take_stuck(d, stuck);
	for (struct list *pos = last_stuck->next; pos != stuck;
	     pos = pos->next)
		deps_end_one(d, container_of(pos, struct job, link), false,
			     ready, skipped);
	deps_end_skipped(d, last, ready, skipped);
}
