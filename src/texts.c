/* SPDX-License-Identifier: GPL-3.0-or-later */
/* texts.c - see texts.h. */
#include <config.h>

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "input/names.h"
#include "input/template.h"
#include "options.h"
#include "sched/job.h"
#include "texts.h"

/* Can a job have several values of one input? */
static bool has_cells(const struct options *o)
{
	return o->source.colsep || o->source.csv || o->pack.is_on;
}

/* Lines and values are commands as they are; several values of one job are
 * one command, as GNU parallel has it. NULL: no template is needed. */
const char *texts_command_of(const struct options *o)
{
	size_t combined = 0;

	if (o->command)
		return o->command;
	for (size_t i = 0; i < o->ninputs; i++)
		combined += !input_is_tasks(o->inputs[i].kind);
	if (combined < 2 && !has_cells(o))
		return NULL;
	return o->replace ? o->replace : "{}";
}

/* A template of text with names put in their places. */
static struct template *make_template(const char *text,
				      const struct template_opts *opts,
				      const struct names *names,
				      struct buf *err)
{
	struct buf named = BUF_INIT;
	struct template *t = NULL;

	if (names_resolve(names, text, &named, err) == 0)
		t = template_new(named.data, opts, err);
	buf_release(&named);
	return t;
}

static int make_commands(struct texts *t, enum shell_kind shell,
			 const struct names *names, struct buf *err)
{
	const struct options *o = t->options;
	const char *command = texts_command_of(o);
	struct template_opts opts = {
		.shell = shell,
		.braces = o->replace,
		.append = true,
		.repeat_words = o->pack.repeat_words,
	};

	if (command) {
		t->command = make_template(command, &opts, names, err);
		if (!t->command)
			return -1;
	}
	t->then = xcalloc(o->nthen + 1, sizeof(*t->then));
	for (size_t i = 0; i < o->nthen; i++) {
		t->then[i] = make_template(o->then[i].command, &opts, names,
					   err);
		if (!t->then[i])
			return -1;
	}
	return 0;
}

int texts_make(struct texts *t, const struct options *o, enum shell_kind shell,
	       const struct names *names, struct buf *err)
{
	const char *tag = o->tagstring;
	struct template_opts plain = { .braces = o->replace,
				       .repeat_words = o->pack.repeat_words,
				       .plain_text = true };

	*t = (struct texts){ .options = o };
	if (make_commands(t, shell, names, err) < 0)
		return -1;
	if (!tag && o->tag)
		tag = o->replace ? o->replace : "{}";
	if (tag)
		t->tag = make_template(tag, &plain, names, err);
	return tag && !t->tag ? -1 : 0;
}

void texts_release(struct texts *t)
{
	template_free(t->command);
	for (size_t i = 0; t->then && i < t->options->nthen; i++)
		template_free(t->then[i]);
	free(t->then);
	template_free(t->tag);
}

const struct template *texts_command(const struct texts *t, unsigned stage)
{
	return stage ? t->then[stage - 1] : t->command;
}

void texts_add_tag(const struct texts *t, const struct job *job,
		   struct buf *out)
{
	struct template_args args = {
		.values = job->values, .n = job->nvalues,
		.width = job->width,
		.seq = job->number, .slot = job->slot,
	};
	struct buf err = BUF_INIT;

	if (job->tag)
		buf_addstr(out, job->tag);
	else if (t->tag)
		template_expand(t->tag, &args, out, &err);
	else
		return;
	buf_release(&err);
	if (out->len || (!job->tag && !t->options->tagstring))
		buf_addch(out, '\t');
}

bool texts_describe(const struct texts *t, const struct job *job,
		    struct buf *out)
{
	const struct template *command = texts_command(t, job->stage);
	struct template_args args = {
		.values = job->values, .n = job->nvalues,
		.width = job->width, .seq = job->number,
	};
	struct buf err = BUF_INIT;
	bool is_good = true;

	if (job->is_argv || (job->outcome.end != JOB_DROPPED &&
			     job->outcome.end != JOB_SKIPPED))
		return false;
	if (command)
		is_good = template_expand(command, &args, out, &err) == 0;
	else
		buf_addstr(out, job->values[0]);
	buf_release(&err);
	return is_good;
}
