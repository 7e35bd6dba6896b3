/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watch.c - see watch.h. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/mem.h"
#include "control.h"
#include "options.h"
#include "sched/engine.h"
#include "sink/hook.h"
#include "sink/metrics.h"
#include "sink/poolstats.h"
#include "watch.h"

extern char **environ;

static void hook_failed(void *arg, const char *text)
{
	(void)arg;
	diag_msg("--on-done: %s", text);
}

static int open_hook(struct watch *w, const struct options *o,
		     const char *shell, struct control *control,
		     struct buf *err)
{
	struct hook_config config = {
		.command = o->on_done,
		.shell = shell,
		.envp = environ,
		.term_seq = o->term_seq,
		.die_with_parent = o->die_with_parent,
		.failed = hook_failed,
		.idle = control_notify,
		.arg = control,
	};

	w->hook = hook_new(&config);
	if (w->hook)
		return 0;
	buf_addf(err, "--on-done: cannot start a thread: %s", strerror(errno));
	return -1;
}

static int open_metrics(struct watch *w, const char *path,
			const struct engine_stats *start, struct buf *err)
{
	w->metrics = metrics_new(path, err);
	if (!w->metrics)
		return -1;
	if (metrics_write(w->metrics, start) == 0)
		return 0;
	buf_addf(err, "--metrics: cannot write '%s': %s", path,
		 strerror(errno));
	return -1;
}

int watch_open(struct watch *w, const struct options *options,
	       const char *shell, const struct engine_stats *start,
	       struct control *control, struct buf *err)
{
	const struct options *o = options;

	/* Nothing runs then, and nothing is logged. */
	if (o->dry_run)
		return 0;
	if (o->metrics && open_metrics(w, o->metrics, start, err) < 0)
		return -1;
	if (o->on_done && open_hook(w, o, shell, control, err) < 0)
		return -1;
	control->metrics = w->metrics;
	control->hook = w->hook;
	return 0;
}

struct runner *watch_runner(struct watch *w, const struct options *options,
			    struct runner *inner)
{
	if (!options->pool_stats)
		return inner;
	w->poolstats = poolstats_new(inner);
	return poolstats_runner(w->poolstats);
}

void watch_add_sinks(struct watch *w, struct engine *e)
{
	if (w->metrics)
		engine_add_sink(e, metrics_sink(w->metrics));
	/* Behind those whose records it may look at. */
	if (w->hook)
		engine_add_sink(e, hook_sink(w->hook));
	/* Last, for it tells when workers are done with a job. */
	if (w->poolstats)
		engine_add_sink(e, poolstats_sink(w->poolstats));
}

struct worker_list {
	struct engine_worker *worker;
	size_t n;
	size_t cap;
};

static void list_worker(const struct engine_worker *worker, void *arg)
{
	struct worker_list *l = arg;

	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 64;
		l->worker = xreallocarray(l->worker, l->cap,
					  sizeof(*l->worker));
	}
	l->worker[l->n++] = *worker;
}

int watch_print(struct watch *w, struct engine *e)
{
	struct worker_list l = { NULL, 0, 0 };
	struct buf text = BUF_INIT;
	struct engine_stats s;
	int ret;

	if (!w->poolstats)
		return 0;
	engine_get_stats(e, &s);
	engine_each_worker(e, list_worker, &l);
	poolstats_format(w->poolstats, &s, l.worker, l.n, &text);
	ret = diag_raw(text.data, text.len);
	buf_release(&text);
	free(l.worker);
	return ret;
}

bool watch_has_failed(const struct watch *w)
{
	return w->hook && hook_failures(w->hook) > 0;
}

void watch_release(struct watch *w)
{
	hook_free(w->hook);
	metrics_free(w->metrics);
	poolstats_free(w->poolstats);
	*w = (struct watch){ .hook = NULL };
}
