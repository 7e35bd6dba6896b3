/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool_glib.c - GLib's GThreadPool, exclusive; its queue has no bound. */
#include <config.h>

#include "load.h"

#if HAVE_GLIB
#include <glib.h>

struct bench {
	struct load *load;
	struct mutex lock;
	struct cond over;
	bool is_over;		/* guarded by lock */
	atomic_size_t left;
};

static void run(gpointer data, gpointer arg)
{
	struct bench *b = arg;

	/* NULL can't be pushed. */
	load_job(b->load, GPOINTER_TO_SIZE(data) - 1);
	if (atomic_fetch_sub(&b->left, 1) != 1)
		return;
	mutex_lock(&b->lock);
	b->is_over = true;
	cond_signal(&b->over);
	mutex_unlock(&b->lock);
}

static void race(struct load *l)
{
	struct bench b = { .load = l };
	GThreadPool *pool;

	mutex_init(&b.lock);
	cond_init(&b.over);
	atomic_init(&b.left, l->jobs);
	pool = g_thread_pool_new(run, &b, (gint)l->threads, TRUE, NULL);
	load_begin(l);
	for (size_t id = 0; id < l->jobs; id++)
		g_thread_pool_push(pool, GSIZE_TO_POINTER(id + 1), NULL);
	mutex_lock(&b.lock);
	while (!b.is_over)
		cond_wait(&b.over, &b.lock);
	mutex_unlock(&b.lock);
	load_end(l);
	g_thread_pool_free(pool, FALSE, TRUE);
	cond_release(&b.over);
	mutex_release(&b.lock);
}

const struct entrant pool_glib = { .name = "GThreadPool", .race = race };
#else
const struct entrant pool_glib = {
	.name = "GThreadPool",
	.why_not = "configure found no glib-2.0 (libglib2.0-dev)",
};
#endif
