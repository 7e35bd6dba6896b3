/* SPDX-License-Identifier: GPL-3.0-or-later */
/* options_pipe.c - what the options of pipe mode mean, together and alone. */
#include <config.h>

#include <errno.h>

#include "base/arith.h"
#include "options_impl.h"

#define BLOCK_MAX	1e15
#define COUNT_MAX	1e15

/* A sum of sizes in range; or an error. */
static double eval(struct parser *p, const struct given *g, double min,
		   double max, const char *what)
{
	double value = 0;

	if (arith_eval(g->arg, &value) == 0 && value >= min && value <= max)
		return value;
	options_bad(p, "%s: '%s' is not %s", g->name, g->arg, what);
	return 0;
}

void set_block(struct parser *p, const struct given *g)
{
	double block = eval(p, g, -BLOCK_MAX, BLOCK_MAX,
			    "a size (such as 10M, 64k or 2*1G), or minus so "
			    "many blocks for each job at a time");

	p->o->pipe.block = block > 0 && block < 1 ? 1 : block;
}

uint64_t options_count(struct parser *p, const struct given *g)
{
	return (uint64_t)eval(p, g, 0, COUNT_MAX, "a number from 0 on");
}

static void refuse_with(struct parser *p, bool other, const char *name)
{
	if (other)
		options_bad(p, "%s cannot be combined with %s",
			    p->o->pipe.is_part ? "--pipe-part" : "--pipe",
			    name);
}

void options_settle_pipe(struct parser *p)
{
	struct options *o = p->o;
	struct pipe_opts *po = &o->pipe;

	if ((po->is_cat || po->is_fifo) && !po->is_part)
		po->is_on = true;
	po->is_on |= po->is_part;
	if (!po->is_on) {
		po->records = po->lines = 0;
		return;
	}
	if (p->lines_option && po->lines == 0)
		po->lines = 1;
	if (po->is_cat && po->is_fifo)
		options_bad(p, "--fifo cannot be combined with --cat");
	if (po->is_part && (po->records || po->lines))
		refuse_with(p, true, p->records_option ? p->records_option
						       : p->lines_option);
	if (!o->command)
		options_bad(p, "%s: a command to pipe into is missing (such "
			    "as cat)", po->is_part ? "--pipe-part" : "--pipe");
	if (po->block < 0 && !po->is_part)
		options_bad(p, "--block: blocks for each job at a time need "
			    "--pipe-part");
	for (size_t i = 0; i < o->ninputs; i++)
		refuse_with(p, input_is_tasks(o->inputs[i].kind),
			    o->inputs[i].option);
	refuse_with(p, o->nthen > 0, "--then");
	refuse_with(p, p->filling, p->filling);
}
