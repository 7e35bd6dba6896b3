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

/* --tee and --group-by imply --pipe, as the manual of GNU parallel has it of
 * --round-robin. */
static void settle_kinds(struct parser *p)
{
	struct pipe_opts *po = &p->o->pipe;

	if (po->is_part)
		return;
	po->is_on |= po->is_cat || po->is_fifo || po->round_robin ||
		     po->is_tee || po->group_by;
}

static void refuse_both(struct parser *p, bool both, const char *name,
			const char *other)
{
	if (both)
		options_bad(p, "%s cannot be combined with %s", name, other);
}

static void settle_group_by(struct parser *p)
{
	const struct pipe_opts *po = &p->o->pipe;
	static const char name[] = "--group-by";

	if (!po->group_by)
		return;
	refuse_both(p, po->remove_separators, "--remove-rec-sep", name);
	refuse_both(p, po->recstart, "--recstart", name);
	refuse_both(p, po->recend, "--recend", name);
	refuse_both(p, po->is_regexp, "--regexp", name);
	refuse_both(p, p->o->source.csv, "--csv", name);
	refuse_both(p, po->is_tee, "--tee", name);
}

/* Quotes have to be counted from the beginning, and newlines end records. */
static void settle_csv(struct parser *p)
{
	const struct pipe_opts *po = &p->o->pipe;
	static const char name[] = "--csv";

	if (!p->o->source.csv)
		return;
	refuse_both(p, po->is_part, "--pipe-part", name);
	refuse_both(p, po->remove_separators, "--remove-rec-sep", name);
	refuse_both(p, po->recstart, "--recstart", name);
	refuse_both(p, po->recend, "--recend", name);
	refuse_both(p, po->is_regexp, "--regexp", name);
	refuse_both(p, p->lines_option, p->lines_option, name);
}

/* The data of jobs that have theirs while they run is gone then. */
static void settle_dealt(struct parser *p)
{
	struct options *o = p->o;
	struct pipe_opts *po = &o->pipe;
	const char *name = po->is_tee ? "--tee" : "--round-robin";

	/* As GNU parallel: these are not to be told apart then. */
	if (po->is_tee) {
		po->round_robin = false;
		po->records = po->lines = 0;
	}
	if (po->is_tee && o->ninputs == 1 && o->inputs[0].kind == INPUT_STDIN)
		options_bad(p, "--tee needs values, one for each job (:::)");
	if (po->is_tee && !p->has_jobs)
		o->max = (struct jobspec){
			.kind = JOBSPEC_ALL, .option = "--jobs",
		};
	if (po->is_part || (!po->is_tee && !po->round_robin))
		return;
	refuse_both(p, po->is_cat, "--cat", name);
	refuse_both(p, o->retries != 1, "--retries", name);
	refuse_both(p, o->resume && !po->is_tee, "--resume", name);
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

	settle_kinds(p);
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
	settle_group_by(p);
	settle_csv(p);
	settle_dealt(p);
	for (size_t i = 0; i < o->ninputs; i++)
		refuse_with(p, input_is_tasks(o->inputs[i].kind),
			    o->inputs[i].option);
	refuse_with(p, o->nthen > 0, "--then");
	refuse_with(p, p->filling, p->filling);
	refuse_with(p, o->shuffle, "--shuf");
	refuse_with(p, o->tmux.is_on, "--tmux");
}
