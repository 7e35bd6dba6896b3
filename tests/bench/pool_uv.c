/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool_uv.c - libuv's uv_queue_work. Its threads are those of the process,
 * their number is read from the environment when the first job comes; the
 * queue has no bound. Each end is told to the event loop.
 */
#include <config.h>

#include "load.h"

#if HAVE_UV
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "base/mem.h"

struct request {
	uv_work_t work;
	struct load *load;
	size_t id;
};

static void run(uv_work_t *work)
{
	struct request *r = container_of(work, struct request, work);

	load_job(r->load, r->id);
}

static void done(uv_work_t *work, int status)
{
	(void)work;
	(void)status;
}

static void race(struct load *l)
{
	struct request *requests = xcalloc(l->jobs, sizeof(*requests));
	char number[16];
	uv_loop_t loop;

	snprintf(number, sizeof(number), "%u", l->threads);
	setenv("UV_THREADPOOL_SIZE", number, 1);
	uv_loop_init(&loop);
	load_begin(l);
	for (size_t id = 0; id < l->jobs; id++) {
		requests[id].load = l;
		requests[id].id = id;
		uv_queue_work(&loop, &requests[id].work, run, done);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	load_end(l);
	uv_loop_close(&loop);
	free(requests);
}

const struct entrant pool_uv = { .name = "libuv", .race = race };
#else
const struct entrant pool_uv = {
	.name = "libuv",
	.why_not = "configure found no libuv (libuv1-dev)",
};
#endif
