/* SPDX-License-Identifier: GPL-3.0-or-later */
/* texts.c - see texts.h. */
#include <config.h>

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "input/filter.h"
#include "input/tags.h"
#include "options.h"
#include "sched/job.h"
#include "texts.h"

/* Lines and values are commands as they are; several values of one job are
 * one command, as GNU parallel has it. NULL: no template is needed. */
static const char *command_of(const struct options *o, const struct tags *tags)
{
	size_t combined = 0;

	if (o->command)
		return o->command;
	for (size_t i = 0; i < o->ninputs; i++)
		combined += !input_is_tasks(o->inputs[i].kind);
	if (combined == 0 || (combined < 2 && !o->quote))
		return NULL;
	return tags_values(tags);
}

/* -q without a command: one word that is {}. */
static char *const no_words[] = { (char *)"" };

static int make_commands(struct texts *t, enum shell_kind shell,
			 struct buf *err)
{
	const struct options *o = t->options;
	const char *command = command_of(o, t->tags);
	struct template_opts opts = {
		.shell = shell,
		.tags = t->tags,
		.run = &t->run,
		.append = true,
	};

	if (command && o->quote) {
		opts.words = o->words ? o->words : no_words;
		opts.nwords = o->words ? o->nwords : 1;
	}
	if (command) {
		t->command = template_new(command, &opts, err);
		if (!t->command)
			return -1;
	}
	opts.words = NULL;
	opts.nwords = 0;
	t->then = xcalloc(o->nthen + 1, sizeof(*t->then));
	for (size_t i = 0; i < o->nthen; i++) {
		t->then[i] = template_new(o->then[i].command, &opts, err);
		if (!t->then[i])
			return -1;
	}
	return 0;
}

static int make_filters(struct texts *t, const struct template_opts *opts,
			struct buf *err)
{
	const struct options *o = t->options;

	t->filters = xcalloc(o->nfilters + 1, sizeof(*t->filters));
	for (size_t i = 0; i < o->nfilters; i++) {
		t->filters[i] = filter_new(o->filters[i], opts, err);
		if (!t->filters[i])
			return -1;
	}
	return 0;
}

int texts_make(struct texts *t, const struct options *o, enum shell_kind shell,
	       struct buf *err)
{
	const char *tag = o->tagstring;
	struct template_opts plain = { .run = &t->run, .plain_text = true };

	*t = (struct texts){ .options = o };
	t->tags = tags_new(&o->tags, err);
	if (!t->tags)
		return -1;
	plain.tags = t->tags;
	if (make_commands(t, shell, err) < 0 ||
	    make_filters(t, &plain, err) < 0)
		return -1;
	if (!tag && o->tag)
		tag = tags_values(t->tags);
	if (tag)
		t->tag = template_new(tag, &plain, err);
	return tag && !t->tag ? -1 : 0;
}

void texts_release(struct texts *t)
{
	template_free(t->command);
	for (size_t i = 0; t->then && i < t->options->nthen; i++)
		template_free(t->then[i]);
	free(t->then);
	template_free(t->tag);
	for (size_t i = 0; t->filters && t->filters[i]; i++)
		filter_free(t->filters[i]);
	free(t->filters);
	tags_free(t->tags);
}

bool texts_want_total(const struct texts *t)
{
	bool wants = (t->command && template_wants_total(t->command)) ||
		     (t->tag && template_wants_total(t->tag));

	for (size_t i = 0; t->then && i < t->options->nthen; i++)
		wants |= template_wants_total(t->then[i]);
	for (size_t i = 0; t->filters && t->filters[i]; i++)
		wants |= filter_wants_total(t->filters[i]);
	return wants;
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
		.values = job->values, .n = job->nvalues, .seq = job->number,
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
