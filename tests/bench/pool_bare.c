/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool_bare.c - what everyone writes first: threads around a bounded ring
 * under one mutex, with a condition for each side. No job has more to it than
 * its number. What a shared queue can't do without.
 */
#include <config.h>

#include <stdlib.h>

#include "base/mem.h"
#include "load.h"

struct ring {
	struct load *load;
	struct mutex lock;	/* guards all that follows */
	struct cond filled;
	struct cond space;
	struct cond over;
	size_t *ids;
	size_t head;
	size_t len;
	size_t done;
	bool closed;
};

static void *bare_main(void *arg)
{
	struct ring *r = arg;

	mutex_lock(&r->lock);
	for (;;) {
		size_t id;

		while (r->len == 0 && !r->closed)
			cond_wait(&r->filled, &r->lock);
		if (r->len == 0)
			break;
		id = r->ids[r->head];
		r->head = (r->head + 1) % r->load->capacity;
		/* Not for each job: the two sides would take turns. */
		if (--r->len == r->load->capacity / 2)
			cond_signal(&r->space);
		mutex_unlock(&r->lock);
		load_job(r->load, id);
		mutex_lock(&r->lock);
		if (++r->done == r->load->jobs)
			cond_signal(&r->over);
	}
	mutex_unlock(&r->lock);
	return NULL;
}

static void push(struct ring *r, size_t id)
{
	size_t capacity = r->load->capacity;

	mutex_lock(&r->lock);
	while (r->len == capacity)
		cond_wait(&r->space, &r->lock);
	r->ids[(r->head + r->len) % capacity] = id;
	r->len++;
	cond_signal(&r->filled);
	mutex_unlock(&r->lock);
}

static void race(struct load *l)
{
	struct ring r = { .load = l };
	struct thread threads[LOAD_WORKERS_MAX];

	mutex_init(&r.lock);
	cond_init(&r.filled);
	cond_init(&r.space);
	cond_init(&r.over);
	r.ids = xcalloc(l->capacity, sizeof(*r.ids));
	for (unsigned i = 0; i < l->threads; i++) {
		if (thread_start(&threads[i], 0, bare_main, &r) < 0)
			abort();
	}
	load_begin(l);
	for (size_t id = 0; id < l->jobs; id++)
		push(&r, id);
	mutex_lock(&r.lock);
	while (r.done < l->jobs)
		cond_wait(&r.over, &r.lock);
	mutex_unlock(&r.lock);
	load_end(l);
	mutex_lock(&r.lock);
	r.closed = true;
	cond_broadcast(&r.filled);
	mutex_unlock(&r.lock);
	for (unsigned i = 0; i < l->threads; i++)
		thread_join(&threads[i]);
	free(r.ids);
	cond_release(&r.over);
	cond_release(&r.space);
	cond_release(&r.filled);
	mutex_release(&r.lock);
}

const struct entrant pool_bare = { .name = "bare queue", .race = race };
