/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inlet.c - see inlet.h.
 *
 * The reader waits while those whom it could give to have enough. But a job
 * that has not begun may be unable to: because those that run are waiting for
 * the reader. So it does not hold the reader up when all that run have taken
 * everything; what it gets meanwhile is kept for it.
 */
#include <config.h>

#include <stdlib.h>

#include "base/mem.h"
#include "base/thread.h"
#include "runner/inlet.h"

/* How far ahead of the slowest job all may get, in chunks. */
#define AHEAD	8

/* Bytes that one or several inlets have. */
struct chunk {
	char *data;
	size_t len;
	size_t refs;		/* guarded by the set's lock */
};

/* A place in a queue. */
struct link {
	struct link *next;
	struct chunk *chunk;
};

struct queue {
	struct link *head, **tail;
	size_t n;
};

enum stage { INLET_NEW, INLET_BEGUN, INLET_OVER };

struct inlet {
	struct inlets *set;
	/* all guarded by the set's lock */
	enum stage stage;
	struct thread worker;	/* once begun */
	struct queue queue;
	size_t at;		/* of its first chunk; the worker alone moves
				   it */
};

struct inlets {
	struct mutex lock;
	struct cond changed;	/* for the reader */
	/* guarded by lock */
	size_t n;
	size_t over;		/* so many are */
	size_t turn;		/* the next one in the round */
	bool is_closed;
	bool is_stopped;
	bool is_waiting;	/* the reader */
	bool passes_on;		/* never changes */
	struct queue left;	/* of those that are over */
	struct inlet at[];
};

static void queue_init(struct queue *q)
{
	*q = (struct queue){ .tail = &q->head };
}

static void queue_push(struct queue *q, struct chunk *c)
{
	struct link *l = xmalloc(sizeof(*l));

	*l = (struct link){ .chunk = c };
	*q->tail = l;
	q->tail = &l->next;
	q->n++;
}

/* NULL when it is empty. */
static struct chunk *queue_pop(struct queue *q)
{
	struct link *l = q->head;
	struct chunk *c;

	if (!l)
		return NULL;
	c = l->chunk;
	q->head = l->next;
	if (!q->head)
		q->tail = &q->head;
	q->n--;
	free(l);
	return c;
}

static struct chunk *chunk_new(char *data, size_t len)
{
	struct chunk *c = xmalloc(sizeof(*c));

	*c = (struct chunk){ .data = data, .len = len, .refs = 1 };
	return c;
}

static void chunk_put(struct chunk *c)
{
	if (--c->refs)
		return;
	free(c->data);
	free(c);
}

static void queue_clear(struct queue *q)
{
	struct chunk *c;

	while ((c = queue_pop(q)))
		chunk_put(c);
}

struct inlets *inlets_new(size_t n, bool passes_on)
{
	struct inlets *s = xcalloc(1, sizeof(*s) + n * sizeof(s->at[0]));

	mutex_init(&s->lock);
	cond_init(&s->changed);
	s->n = n;
	s->passes_on = passes_on;
	queue_init(&s->left);
	for (size_t i = 0; i < n; i++) {
		s->at[i].set = s;
		queue_init(&s->at[i].queue);
	}
	return s;
}

void inlets_free(struct inlets *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		queue_clear(&s->at[i].queue);
	queue_clear(&s->left);
	cond_release(&s->changed);
	mutex_release(&s->lock);
	free(s);
}

struct inlet *inlets_at(struct inlets *s, size_t i)
{
	return &s->at[i];
}

/* The reader's. */

static void wait_locked(struct inlets *s) REQUIRES(s->lock)
{
	s->is_waiting = true;
	cond_wait(&s->changed, &s->lock);
	s->is_waiting = false;
}

static void tell_reader_locked(struct inlets *s)
{
	if (s->is_waiting)
		cond_signal(&s->changed);
}

/* The worker can't be gone: it says so before, under the same lock. */
static void wake_locked(struct inlet *in)
{
	if (in->stage == INLET_BEGUN)
		thread_wake(in->worker);
}

static void push_locked(struct inlet *in, struct chunk *c)
{
	queue_push(&in->queue, c);
	/* With more than this it is busy and will see it. */
	if (in->queue.n == 1)
		wake_locked(in);
}

/* Have all that run taken everything? */
static bool all_idle_locked(const struct inlets *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->at[i].stage == INLET_BEGUN && s->at[i].queue.n)
			return false;
	}
	return true;
}

/* May it be given one more, when it may have up to `most`? */
static bool has_room_locked(const struct inlets *s, const struct inlet *in,
			    size_t most)
{
	if (in->queue.n < most || in->stage == INLET_OVER)
		return true;
	return in->stage == INLET_NEW && all_idle_locked(s);
}

static bool is_done_locked(const struct inlets *s)
{
	return s->is_stopped || s->over == s->n;
}

/* Who is next and ready; NULL: nobody. */
static struct inlet *ready_locked(struct inlets *s, bool in_turn)
{
	for (size_t i = 0; i < (in_turn ? 1 : s->n); i++) {
		struct inlet *in = &s->at[(s->turn + i) % s->n];

		if (in_turn ? !has_room_locked(s, in, 1)
			    : in->stage == INLET_OVER || in->queue.n)
			continue;
		s->turn = (s->turn + i + 1) % s->n;
		return in;
	}
	return NULL;
}

/* Takes the chunk. */
static bool deal_locked(struct inlets *s, bool in_turn, struct chunk *c)
	REQUIRES(s->lock)
{
	struct inlet *in = NULL;

	while (!is_done_locked(s) && !(in = ready_locked(s, in_turn)))
		wait_locked(s);
	if (in && in->stage != INLET_OVER)
		push_locked(in, c);
	else
		chunk_put(c);
	return in;
}

/* What others left behind goes first. */
static bool deal_left_locked(struct inlets *s) REQUIRES(s->lock)
{
	struct chunk *c;

	while ((c = queue_pop(&s->left))) {
		if (!deal_locked(s, false, c))
			return false;
	}
	return true;
}

void inlets_give(struct inlets *s, size_t i, char *data, size_t len)
{
	struct chunk *c = chunk_new(data, len);

	mutex_lock(&s->lock);
	if (s->at[i].stage == INLET_OVER)
		chunk_put(c);
	else
		push_locked(&s->at[i], c);
	mutex_unlock(&s->lock);
}

bool inlets_deal(struct inlets *s, bool in_turn, char *data, size_t len)
{
	struct chunk *c = chunk_new(data, len);
	bool ret;

	mutex_lock(&s->lock);
	deal_left_locked(s);
	ret = deal_locked(s, in_turn, c);
	mutex_unlock(&s->lock);
	return ret;
}

static bool one_lags_locked(const struct inlets *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!has_room_locked(s, &s->at[i], AHEAD))
			return true;
	}
	return false;
}

bool inlets_give_all(struct inlets *s, char *data, size_t len)
{
	struct chunk *c = chunk_new(data, len);
	bool ret;

	mutex_lock(&s->lock);
	while (!is_done_locked(s) && one_lags_locked(s))
		wait_locked(s);
	ret = !is_done_locked(s);
	for (size_t i = 0; ret && i < s->n; i++) {
		if (s->at[i].stage == INLET_OVER)
			continue;
		c->refs++;
		push_locked(&s->at[i], c);
	}
	chunk_put(c);
	mutex_unlock(&s->lock);
	return ret;
}

void inlets_close(struct inlets *s)
{
	mutex_lock(&s->lock);
	deal_left_locked(s);
	s->is_closed = true;
	for (size_t i = 0; i < s->n; i++)
		wake_locked(&s->at[i]);
	mutex_unlock(&s->lock);
}

void inlets_stop(struct inlets *s)
{
	mutex_lock(&s->lock);
	s->is_stopped = true;
	tell_reader_locked(s);
	mutex_unlock(&s->lock);
}

/* The worker's. */

void inlet_begin(struct inlet *in, struct thread worker)
{
	struct inlets *s = in->set;

	mutex_lock(&s->lock);
	if (in->stage == INLET_NEW) {
		in->stage = INLET_BEGUN;
		in->worker = worker;
		tell_reader_locked(s);
	}
	mutex_unlock(&s->lock);
}

bool inlet_has_begun(struct inlet *in)
{
	bool ret;

	mutex_lock(&in->set->lock);
	ret = in->stage != INLET_NEW;
	mutex_unlock(&in->set->lock);
	return ret;
}

int inlet_peek(struct inlet *in, const char **data, size_t *len)
{
	struct inlets *s = in->set;
	int ret = 0;

	mutex_lock(&s->lock);
	if (in->stage == INLET_OVER) {
		ret = -1;
	} else if (in->queue.head) {
		*data = in->queue.head->chunk->data + in->at;
		*len = in->queue.head->chunk->len - in->at;
		ret = 1;
	} else if (s->is_closed) {
		ret = -1;
	}
	mutex_unlock(&s->lock);
	return ret;
}

void inlet_take(struct inlet *in, size_t n)
{
	struct inlets *s = in->set;

	mutex_lock(&s->lock);
	in->at += n;
	if (in->at == in->queue.head->chunk->len) {
		chunk_put(queue_pop(&in->queue));
		in->at = 0;
		tell_reader_locked(s);
	}
	mutex_unlock(&s->lock);
}

void inlet_end(struct inlet *in)
{
	struct inlets *s = in->set;
	struct chunk *c;

	mutex_lock(&s->lock);
	if (in->stage != INLET_OVER) {
		in->stage = INLET_OVER;
		s->over++;
		/* Half a chunk is of no use to anyone. */
		if (in->at)
			chunk_put(queue_pop(&in->queue));
		while (s->passes_on && (c = queue_pop(&in->queue)))
			queue_push(&s->left, c);
		queue_clear(&in->queue);
		tell_reader_locked(s);
	}
	mutex_unlock(&s->lock);
}
