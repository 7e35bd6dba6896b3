/* SPDX-License-Identifier: GPL-3.0-or-later */
/* options_sem.c - as options_rows.c, for --semaphore and --tmux. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "options_impl.h"

void set_semaphore_id(struct parser *p, const struct given *g)
{
	p->o->sem.id = g->arg;
}

/* As GNU parallel: 0 is no limit. */
void set_semaphore_timeout(struct parser *p, const struct given *g)
{
	struct sem_opts *sem = &p->o->sem;
	const char *time = g->arg;

	sem->is_on = true;
	sem->gives_up = *time == '-';
	if (sem->gives_up)
		time++;
	if (num_duration(time, &sem->timeout_ns) < 0)
		options_bad(p, "%s: '%s' is not a time (such as 90, 1.5m, "
			    "-2h)", g->name, g->arg);
	sem->has_timeout = sem->timeout_ns > 0;
}

static void refuse(struct parser *p, bool other, const char *name)
{
	if (other)
		options_bad(p, "--semaphore cannot be combined with %s", name);
}

/* There is one command, made of no input. */
static void refuse_input(struct parser *p)
{
	const struct options *o = p->o;
	const struct source_opts *s = &o->source;

	refuse(p, p->filling, p->filling);
	refuse(p, p->records_option, p->records_option);
	refuse(p, p->lines_option, p->lines_option);
	refuse(p, o->pipe.is_part, "--pipe-part");
	refuse(p, o->pipe.is_cat, "--cat");
	refuse(p, o->pipe.is_fifo, "--fifo");
	refuse(p, s->colsep, "--colsep");
	refuse(p, s->csv, "--csv");
	refuse(p, s->header != HEADER_NONE || o->pipe.header, "--header");
	refuse(p, s->linked, "--link");
	refuse(p, o->shuffle, "--shuf");
	refuse(p, o->nfilters, "--filter");
	refuse(p, o->retry_failed, "--retry-failed");
	refuse(p, o->resume_failed, "--resume-failed");
	refuse(p, o->resume, "--resume");
	refuse(p, o->nthen, "--then");
	refuse(p, o->min.kind != JOBSPEC_UNSET, "--min");
	refuse(p, o->tmux.is_on, "--tmux");
}

/* One -a is the command's standard input, as in GNU parallel. */
static void take_input(struct parser *p)
{
	static char *const none[] = { (char *)"" };
	struct options *o = p->o;
	const struct input_spec *first = &o->inputs[0];

	for (size_t i = 0; i < o->ninputs; i++) {
		const struct input_spec *in = &o->inputs[i];

		if (in->kind == INPUT_STDIN)
			continue;
		if (in->kind != INPUT_FILE || in->option[0] == ':' || i > 0)
			options_bad(p, "--semaphore takes no input from '%s'%s",
				    in->option, i > 0 &&
				    in->kind == INPUT_FILE ? " twice" : "");
	}
	if (first->kind == INPUT_FILE)
		o->sem.input = first->path;
	o->ninputs = 1;
	o->inputs[0] = (struct input_spec){
		.kind = INPUT_ARGS,
		.args = none,
		.nargs = 1,
		.option = ":::",
		.timeout_ns = -1,
	};
	p->has_max_args = true;
	p->max_args = 0;
	o->source.skip_blank = false;
	o->source.skip_first_line = false;
	o->source.eof = NULL;
}

/* Output and status of one job. */
static void settle_run(struct parser *p)
{
	struct options *o = p->o;

	if (!p->has_jobs) {
		o->max.kind = JOBSPEC_COUNT;
		o->max.n = 1;
	}
	if (o->exit_as == EXIT_COUNT)
		o->exit_as = EXIT_FIRST;
	/* Of several at a time, each must come in one piece. */
	if (o->order == ORDER_DEFAULT &&
	    !(o->sem.fg && o->max.kind == JOBSPEC_COUNT && o->max.n == 1))
		o->order = ORDER_COMPLETION;
}

void options_settle_sem(struct parser *p)
{
	struct options *o = p->o;
	struct sem_opts *sem = &o->sem;

	o->tmux.is_on |= o->tmux.in_panes;
	o->tmux.attach = o->tmux.is_on && sem->fg;
	if (o->tmux.is_on && (o->files || o->files0 || o->latest_line ||
			      o->cgroup))
		options_bad(p, "--tmux cannot be combined with %s",
			    o->cgroup ? "--cgroup" :
			    o->latest_line ? "--latest-line" : "--files");
	sem->is_on |= sem->id || sem->bg || sem->wait ||
		      (sem->fg && !o->tmux.is_on);
	if (!sem->is_on)
		return;
	refuse_input(p);
	if (o->interactive && sem->bg)
		options_bad(p, "--bg cannot be combined with --interactive");
	if (!o->command && !sem->wait)
		options_bad(p, "--semaphore needs a command, or --wait");
	o->pipe.is_on = false;
	take_input(p);
	settle_run(p);
}
