/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool_engine.c - muster's engine. Each job is made and freed as the reader
 * thread makes it, so its cost is in the figures.
 */
#include <config.h>

#include <string.h>

#include "base/num.h"
#include "load.h"
#include "noop.h"

static void run(void *arg, const struct job *job)
{
	load_job(arg, job->seq - 1);
}

static void race(struct load *l, enum engine_dispatch dispatch)
{
	struct noop noop;
	struct engine_config config = {
		.runner = &noop.runner,
		.output = &noop.output,
		.min = l->threads,
		.max = l->threads,
		.scale = SCALE_FIXED,
		.dispatch = dispatch,
		.idle_timeout_ns = 5 * NS_PER_SEC,
		.queue_capacity = l->capacity,
	};
	struct engine *e;
	char *values[] = { (char *)"true" };
	size_t lens[] = { strlen(values[0]) };

	noop_init(&noop, run, l);
	e = engine_new(&config);
	engine_start(e);
	load_begin(l);
	for (size_t id = 0; id < l->jobs; id++) {
		struct job *job = job_new(id + 1, values, lens, 1);

		job->tries_max = 1;
		engine_submit(e, job);
	}
	engine_close(e);
	engine_wait(e, -1);
	load_end(l);
	engine_free(e);
}

static void race_shared(struct load *l)
{
	race(l, DISPATCH_SHARED);
}

static void race_stealing(struct load *l)
{
	race(l, DISPATCH_STEALING);
}

const struct entrant pool_shared = {
	.name = "muster shared", .race = race_shared,
};
const struct entrant pool_stealing = {
	.name = "muster stealing", .race = race_stealing,
};
