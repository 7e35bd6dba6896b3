/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * deps.c - see deps.h.
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
#include "sched/deps_impl.h"
#include "sched/job.h"

#define BUCKETS_MIN	64

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

void deps_set_message(struct job *job, struct buf *text)
{
	job->message = arena_strdup(&job->arena, text->data);
	buf_release(text);
}

void deps_add_where(struct buf *b, const struct job *job)
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

	deps_add_where(&b, job);
	if (!job->where && job->id)
		buf_addf(&b, "'%s': ", job->id);
	buf_addf(&b, "skipped: '%s' %s", edge->node->id,
		 state_words(edge->node->state));
	deps_set_message(job, &b);
	edge->entry->failure = NODE_SKIPPED;
}

static enum deps_verdict refuse(struct job *job, const char *why)
{
	struct buf b = BUF_INIT;

	deps_add_where(&b, job);
	buf_addf(&b, "'%s' %s", job->id, why);
	deps_set_message(job, &b);
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
void deps_let_go(struct deps *d, struct entry *e)
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
		       refuse(job, "is the id of another task already");
	e = make_entry(d, job, own);
	job->node = e;
	if (own)
		own->state = NODE_OPEN;
	e->failure = NODE_REFUSED;
	if (job->message)
		return DEPS_BAD;
	if (names_itself(e))
		return refuse(job, "waits for itself");
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
		deps_let_go(d, e);
		list_append(skipped, &e->job->link);
	} else if (--e->job->deps_left == 0) {
		deps_let_go(d, e);
		list_append(ready, &e->job->link);
	}
}

/* What follows at once from the end of job. */
void deps_end_one(struct deps *d, struct job *job, bool has_succeeded,
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
void deps_end_skipped(struct deps *d, struct list *last, struct list *ready,
		      struct list *skipped)
{
	for (struct list *pos = last->next; pos != skipped; pos = pos->next)
		deps_end_one(d, container_of(pos, struct job, link), false,
			     ready, skipped);
}

void deps_end(struct deps *d, struct job *job, bool has_succeeded,
	      struct list *ready, struct list *skipped)
{
	struct list *last = skipped->prev;

	deps_end_one(d, job, has_succeeded, ready, skipped);
	deps_end_skipped(d, last, ready, skipped);
}

/* Steering. */

void deps_take_all(struct deps *d, struct list *out)
{
	while (!list_is_empty(&d->waiting)) {
		struct job *job = container_of(d->waiting.next, struct job,
					       link);

		deps_let_go(d, job->node);
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
	deps_let_go(d, job->node);
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
