/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bounds.c - see bounds.h. */
#include <config.h>

#include "base/buf.h"
#include "base/mem.h"
#include "bounds.h"
#include "control.h"
#include "jobspec.h"
#include "options.h"
#include "proc/cpus.h"
#include "proc/limits.h"
#include "proc/topology.h"
#include "sink/results.h"

void bounds_limit(struct engine_bounds *b)
{
	unsigned most = limits_most_jobs();

	if (b->min > most)
		b->min = most;
	if (b->max > most)
		b->max = most;
}

void bounds_resize(struct engine *e, unsigned stage, unsigned min,
		   unsigned max)
{
	struct engine_bounds b = { min, max };

	bounds_limit(&b);
	engine_resize(e, stage, b.min, b.max);
}

static int resolve_bounds(struct control *c, const struct jobspec *max,
			  const struct jobspec *min, struct engine_bounds *b,
			  struct buf *err)
{
	b->max = jobspec_resolve(max, c->cpus, c->possible, err);
	if (!b->max)
		return -1;
	b->min = 1;
	if (min->kind != JOBSPEC_UNSET) {
		b->min = jobspec_resolve(min, c->cpus, c->possible, err);
		if (!b->min)
			return -1;
	}
	if (b->min > b->max) {
		buf_addf(err, "--min %u is more than the maximum of %u",
			 b->min, b->max);
		return -1;
	}
	bounds_limit(b);
	return 0;
}

unsigned bounds_cpus(const struct options *o)
{
	unsigned usable = cpus_usable();
	struct topology t;
	unsigned n;

	if (!o->count_cores && !o->count_sockets)
		return usable;
	topology_read(&t, NULL);
	n = o->count_sockets ? t.sockets : t.cores;
	return n < usable ? n : usable;
}

/* Descriptors that each job holds beside the usual ones: for the block it
 * reads, for the files it writes, for its worker's warm shell. */
static unsigned more_fds(const struct options *o)
{
	bool to_stdout;
	unsigned n = 0;

	if (o->pipe.is_on)
		n += o->pipe.is_part ? 2 : 1;
	if (o->results && !results_are_records(results_kind_of(o->results,
							       &to_stdout)))
		n += 2;
	if (o->fast)
		n += 2;
	return n;
}

int bounds_resolve(const struct options *o, struct control *c,
		   struct engine_bounds *first, struct engine_bounds **then,
		   struct buf *err)
{
	bool may_grow = o->max.kind == JOBSPEC_FILE || o->control;
	unsigned most;

	c->cpus = bounds_cpus(o);
	c->possible = limits_possible_jobs(more_fds(o));
	if (resolve_bounds(c, &o->max, &o->min, first, err) < 0)
		return -1;
	most = first->max;
	(*then) = xcalloc(o->nthen + 1, sizeof(*(*then)));
	for (size_t i = 0; i < o->nthen; i++) {
		const struct then *t = &o->then[i];

		if (resolve_bounds(c, &t->max, &t->min, &(*then)[i],
				   err) < 0)
			return -1;
		may_grow |= t->max.kind == JOBSPEC_FILE;
		most += (*then)[i].max;
	}
	c->said = xcalloc(o->nthen + 1, sizeof(*c->said));
	c->said[0] = *first;
	for (size_t i = 0; i < o->nthen; i++)
		c->said[i + 1] = (*then)[i];
	/* There may be more later. */
	limits_raise(may_grow || most > c->possible ? c->possible : most,
		     more_fds(o));
	return 0;
}
