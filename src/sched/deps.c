/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * deps.c - see deps.h.
 *
 * A node for each id that was seen, as a job's own or in a condition, and an
 * entry for each job that was added, with an edge for each of its conditions.
 * An open edge is on the list of the node whose end will decide it. Nodes stay
 * for the whole run, because their ids may still be named; entries lie in
 * their jobs' arenas and go with them.
 *
 * Ids are found by a hash table: libc's tsearch would take some seventeen
 * comparisons, each a miss of the cache, where this takes one or two, and a
 * malloc for each id.
 *
 * What a failed job does to those behind it needs no recursion and no queue
 * of its own: the jobs that it skips are appended to the caller's list, and
 * the walk along that list is what finds those behind them in turn.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sched/deps.h"
#include "sched/job.h"

#define BUCKETS_MIN	64
#define NONE		(~0u)

enum node_state {
	NODE_UNKNOWN,		/* named, but no job has it yet */
	NODE_OPEN,		/* a job has it, which is not over */
	NODE_SUCCEEDED,		/* from here on: over */
	NODE_FAILED,
	NODE_SKIPPED,
	NODE_REFUSED,
};

struct node {
	struct node *next;	/* in its bucket */
	struct list edges;	/* the open conditions on it */
	struct entry *waiting;	/* its job's, while that is kept here */
	uint32_t hash;
	enum node_state state;
	char id[];
};

struct edge {
	struct list link;	/* on its node's list while it is open */
	struct node *node;
	struct entry *entry;
	enum job_after when;
};

struct entry {
	struct job *job;
	struct node *own;	/* NULL: no id */
	enum node_state failure;	/* what becomes of own if not success */
	unsigned visit;		/* its number in a search for cycles */
	struct edge edges[];	/* as job->deps */
};

struct deps {
	struct node **buckets;	/* a power of 2 of them, or none */
	size_t nbuckets;
	size_t nnodes;
	struct arena nodes;
	struct list waiting;	/* jobs, in order of arrival */
	size_t len;
	uint64_t steps;
};

struct deps *deps_new(void)
{
	struct deps *d = xcalloc(1, sizeof(*d));

	list_init(&d->waiting);
	return d;
}

void deps_free(struct deps *d)
{
	struct list *node;

	if (!d)
		return;
	while ((node = list_take_first(&d->waiting)))
		job_free(container_of(node, struct job, link));
	arena_release(&d->nodes);
	free(d->buckets);
	free(d);
}

/* Ids. */

/* FNV-1a. */
static uint32_t hash_id(const char *id)
{
	uint32_t hash = 2166136261u;

	for (; *id; id++)
		hash = (hash ^ (unsigned char)*id) * 16777619u;
	return hash;
}

static struct node **bucket_of(const struct deps *d, uint32_t hash)
{
	return &d->buckets[hash & (d->nbuckets - 1)];
}

static void put_node(struct deps *d, struct node *n)
{
	struct node **bucket = bucket_of(d, n->hash);

	d->steps++;
	n->next = *bucket;
	*bucket = n;
}

static void grow_table(struct deps *d)
{
	struct node **old = d->buckets;
	size_t nold = d->nbuckets;

	d->nbuckets = nold ? nold * 2 : BUCKETS_MIN;
	d->buckets = xcalloc(d->nbuckets, sizeof(*d->buckets));
	for (size_t i = 0; i < nold; i++) {
		struct node *n = old[i];

		while (n) {
			struct node *next = n->next;

			put_node(d, n);
			n = next;
		}
	}
	free(old);
}

static struct node *add_node(struct deps *d, const char *id, uint32_t hash)
{
	size_t size = strlen(id) + 1;
	struct node *n;

	if (d->nnodes == d->nbuckets)
		grow_table(d);
	n = arena_alloc(&d->nodes, sizeof(*n) + size);
	n->waiting = NULL;
	n->hash = hash;
	n->state = NODE_UNKNOWN;
	list_init(&n->edges);
	memcpy(n->id, id, size);
	put_node(d, n);
	d->nnodes++;
	return n;
}

static struct node *get_node(struct deps *d, const char *id)
{
	uint32_t hash = hash_id(id);
	struct node *n = d->nbuckets ? *bucket_of(d, hash) : NULL;

	for (; n; n = n->next) {
		d->steps++;
		if (n->hash == hash && strcmp(n->id, id) == 0)
			return n;
	}
	return add_node(d, id, hash);
}

/* Conditions. */

static bool is_over(const struct node *n)
{
	return n->state >= NODE_SUCCEEDED;
}

/* Of an edge whose node is over. */
static bool is_true(const struct edge *edge)
{
	bool has_succeeded = edge->node->state == NODE_SUCCEEDED;

	switch (edge->when) {
	case JOB_AFTER_SUCCESS:
		return has_succeeded;
	case JOB_AFTER_END:
		return true;
	case JOB_AFTER_FAILURE:
		return !has_succeeded;
	}
	BUG("condition out of range");
}

/* Messages: where the task stands in the input comes first. */

static void set_message(struct job *job, struct buf *text)
{
	job->message = arena_strdup(&job->arena, text->data);
	buf_release(text);
}

static void add_where(struct buf *b, const struct job *job)
{
	if (job->where)
		buf_addf(b, "%s: ", job->where);
}

static const char *state_words(enum node_state state)
{
	switch (state) {
	case NODE_SUCCEEDED:
		return "succeeded";
	case NODE_FAILED:
		return "failed";
	case NODE_SKIPPED:
		return "was skipped";
	case NODE_REFUSED:
		return "was refused";
	case NODE_UNKNOWN:
	case NODE_OPEN:
		break;
	}
	BUG("not over");
}

static void say_skipped(const struct edge *edge)
{
	struct job *job = edge->entry->job;
	struct buf b = BUF_INIT;

	add_where(&b, job);
	if (!job->where && job->id)
		buf_addf(&b, "'%s': ", job->id);
	buf_addf(&b, "skipped: '%s' %s", edge->node->id,
		 state_words(edge->node->state));
	set_message(job, &b);
	edge->entry->failure = NODE_SKIPPED;
}

static enum deps_verdict refuse(struct job *job, const char *id,
				const char *why)
{
	struct buf b = BUF_INIT;

	add_where(&b, job);
	buf_addf(&b, "'%s' %s", id, why);
	set_message(job, &b);
	job->is_misuse = true;
	return DEPS_BAD;
}

/* Jobs that are kept. */

static void keep(struct deps *d, struct entry *e)
{
	list_append(&d->waiting, &e->job->link);
	d->len++;
	if (e->own)
		e->own->waiting = e;
}

/* Takes the job off the list, and off all nodes it waits for. */
static void let_go(struct deps *d, struct entry *e)
{
	for (unsigned i = 0; e->job->deps_left && i < e->job->ndeps; i++) {
		d->steps++;
		if (list_is_linked(&e->edges[i].link))
			list_del(&e->edges[i].link);
	}
	e->job->deps_left = 0;
	list_del(&e->job->link);
	d->len--;
	if (e->own)
		e->own->waiting = NULL;
}

static struct entry *make_entry(struct deps *d, struct job *job,
				struct node *own)
{
	struct entry *e = arena_alloc(&job->arena, sizeof(*e) +
				      job->ndeps * sizeof(e->edges[0]));

	e->job = job;
	e->own = own;
	e->failure = NODE_FAILED;
	for (unsigned i = 0; i < job->ndeps; i++) {
		struct edge *edge = &e->edges[i];

		list_init(&edge->link);
		edge->node = get_node(d, job->deps[i].id);
		edge->entry = e;
		edge->when = job->deps[i].when;
	}
	return e;
}

static bool names_itself(const struct entry *e)
{
	for (unsigned i = 0; e->own && i < e->job->ndeps; i++) {
		if (e->edges[i].node == e->own)
			return true;
	}
	return false;
}

static enum deps_verdict judge(struct deps *d, struct entry *e)
{
	struct job *job = e->job;

	for (unsigned i = 0; i < job->ndeps; i++) {
		const struct edge *edge = &e->edges[i];

		if (is_over(edge->node) && !is_true(edge)) {
			say_skipped(edge);
			return DEPS_SKIP;
		}
	}
	for (unsigned i = 0; i < job->ndeps; i++) {
		struct edge *edge = &e->edges[i];

		if (is_over(edge->node))
			continue;
		list_append(&edge->node->edges, &edge->link);
		job->deps_left++;
	}
	if (job->deps_left == 0)
		return DEPS_READY;
	keep(d, e);
	return DEPS_WAITS;
}

enum deps_verdict deps_add(struct deps *d, struct job *job)
{
	struct node *own = job->id ? get_node(d, job->id) : NULL;
	struct entry *e;

	job->node = NULL;
	job->deps_left = 0;
	if (own && own->state != NODE_UNKNOWN)
		return job->message ? DEPS_BAD :
		       refuse(job, job->id, "is the id of another task already");
	e = make_entry(d, job, own);
	job->node = e;
	if (own)
		own->state = NODE_OPEN;
	e->failure = NODE_REFUSED;
	if (job->message)
		return DEPS_BAD;
	if (names_itself(e))
		return refuse(job, job->id, "waits for itself");
	e->failure = NODE_FAILED;
	return judge(d, e);
}

/* Ends. */

static void decide(struct deps *d, struct edge *edge, struct list *ready,
		   struct list *skipped)
{
	struct entry *e = edge->entry;

	d->steps++;
	if (!is_true(edge)) {
		say_skipped(edge);
		let_go(d, e);
		list_append(skipped, &e->job->link);
	} else if (--e->job->deps_left == 0) {
		let_go(d, e);
		list_append(ready, &e->job->link);
	}
}

/* What follows at once from the end of job. */
static void end_one(struct deps *d, struct job *job, bool has_succeeded,
		    struct list *ready, struct list *skipped)
{
	struct entry *e = job->node;
	struct list *link;

	job->node = NULL;
	if (!e || !e->own)
		return;
	e->own->state = has_succeeded ? NODE_SUCCEEDED : e->failure;
	while ((link = list_take_first(&e->own->edges)))
		decide(d, container_of(link, struct edge, link), ready,
		       skipped);
}

/* The same for all jobs on skipped behind last, also those that come on. */
static void end_skipped(struct deps *d, struct list *last, struct list *ready,
			struct list *skipped)
{
	for (struct list *pos = last->next; pos != skipped; pos = pos->next)
		end_one(d, container_of(pos, struct job, link), false, ready,
			skipped);
}

void deps_end(struct deps *d, struct job *job, bool has_succeeded,
	      struct list *ready, struct list *skipped)
{
	struct list *last = skipped->prev;

	end_one(d, job, has_succeeded, ready, skipped);
	end_skipped(d, last, ready, skipped);
}

/*
 * Cycles. A job whose conditions lead back to itself is in a strong component
 * of more than one job: Tarjan's algorithm, on a stack of its own. Jobs are
 * called by their numbers on the list of those that wait.
 */

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
	add_where(&b, job);
	if (is_unknown)
		add_unknown(&b, visit->entry, names_barrier);
	if (is_unknown && visit->is_in_cycle)
		buf_addstr(&b, "; ");
	if (visit->is_in_cycle && visit->component == v)
		add_whole_cycle(s, v, &b);
	else if (visit->is_in_cycle)
		add_short_cycle(s, v, &b);
	set_message(job, &b);
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
		let_go(d, e);
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
		end_one(d, container_of(pos, struct job, link), false, ready,
			skipped);
	end_skipped(d, last, ready, skipped);
}

/* Steering. */

void deps_take_all(struct deps *d, struct list *out)
{
	while (!list_is_empty(&d->waiting)) {
		struct job *job = container_of(d->waiting.next, struct job,
					       link);

		let_go(d, job->node);
		list_append(out, &job->link);
	}
}

struct job *deps_find(const struct deps *d, uint64_t seq)
{
	struct list *pos;

	list_for_each(pos, &d->waiting) {
		struct job *job = container_of(pos, struct job, link);

		if (job->seq == seq)
			return job;
	}
	return NULL;
}

void deps_remove(struct deps *d, struct job *job)
{
	let_go(d, job->node);
}

void deps_each(const struct deps *d, void (*fn)(struct job *, void *),
	       void *arg)
{
	struct list *pos;

	list_for_each(pos, &d->waiting)
		fn(container_of(pos, struct job, link), arg);
}

size_t deps_len(const struct deps *d)
{
	return d->len;
}

uint64_t deps_steps(const struct deps *d)
{
	return d->steps;
}
