/* SPDX-License-Identifier: GPL-3.0-or-later */
/* texts.c - see texts.h. */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "colours.h"
#include "input/eval.h"
#include "input/filter.h"
#include "input/names.h"
#include "input/shquote.h"
#include "input/tags.h"
#include "input/template.h"
#include "options.h"
#include "perl.h"
#include "sched/job.h"
#include "texts.h"

extern char **environ;

/* Can a job have several values of one input? */
static bool has_cells(const struct options *o)
{
	return o->source.colsep || o->source.csv || o->pack.is_on;
}

/* Lines and values are commands as they are; several values of one job are
 * one command, as GNU parallel has it. NULL: no template is needed. */
bool texts_are_commands(const struct options *o)
{
	size_t combined = 0;

	if (o->command)
		return false;
	for (size_t i = 0; i < o->ninputs; i++)
		combined += !input_is_tasks(o->inputs[i].kind);
	return combined == 0 || (combined < 2 && !o->quote && !has_cells(o));
}

static const char *command_of(const struct options *o, const struct tags *tags)
{
	if (o->command)
		return o->command;
	if (texts_are_commands(o))
		return NULL;
	return tags_values(tags);
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

/* A command that does not name its file would have no input at all. */
static bool wants_file(const struct options *o, const char *command)
{
	return (o->pipe.is_cat || o->pipe.is_fifo) && command &&
	       !strstr(command, "PARALLEL_TMP");
}

/* -q without a command: one word that is {}. */
static char *const no_words[] = { (char *)"" };

static int make_commands(struct texts *t, enum shell_kind shell,
			 const struct names *names, struct buf *err)
{
	const struct options *o = t->options;
	const char *command = command_of(o, t->tags);
	struct template_opts opts = {
		.shell = shell,
		.tags = t->tags,
		.run = &t->run,
		.append = !o->pipe.is_on || wants_file(o, command),
		.repeat_words = o->pack.repeat_words,
		/* Nothing is run, and the shell would put it in. */
		.plain_text = o->dry_run && (o->pipe.is_cat ||
					     o->pipe.is_fifo),
	};

	if (command && o->quote) {
		opts.words = o->words ? o->words : no_words;
		opts.nwords = o->words ? o->nwords : 1;
	}
	if (command) {
		t->command = make_template(command, &opts, names, err);
		if (!t->command)
			return -1;
	}
	opts.words = NULL;
	opts.nwords = 0;
	opts.append = !o->pipe.is_on;
	t->then = xcalloc(o->nthen + 1, sizeof(*t->then));
	for (size_t i = 0; i < o->nthen; i++) {
		t->then[i] = make_template(o->then[i].command, &opts, names,
					   err);
		if (!t->then[i])
			return -1;
	}
	return 0;
}

static int make_filters(struct texts *t, const struct template_opts *opts,
			const struct names *names, struct buf *err)
{
	const struct options *o = t->options;
	struct buf text = BUF_INIT;

	t->filters = xcalloc(o->nfilters + 1, sizeof(*t->filters));
	for (size_t i = 0; i < o->nfilters; i++) {
		buf_reset(&text);
		/* {word} may as well be a key of a hash. */
		names_resolve(names, o->filters[i], &text, NULL);
		t->filters[i] = filter_new(text.data, opts, err);
		if (!t->filters[i])
			break;
	}
	buf_release(&text);
	return err->len ? -1 : 0;
}

int texts_make(struct texts *t, const struct options *o, enum shell_kind shell,
	       const struct names *names, struct buf *err)
{
	const char *tag = o->tagstring;
	struct template_opts plain = { .run = &t->run, .plain_text = true };
	struct perl_config perl = { .path = getenv("PATH"), .envp = environ };
	struct tag_opts tags = o->tags;

	*t = (struct texts){ .options = o, .perl = perl_new(&perl) };
	if (o->color)
		colours_init(&t->colours);
	tags.perl = perl_eval(t->perl);
	t->tags = tags_new(&tags, err);
	if (!t->tags)
		return -1;
	plain.tags = t->tags;
	if (make_commands(t, shell, names, err) < 0 ||
	    make_filters(t, &plain, names, err) < 0)
		return -1;
	if (o->workdir && strcmp(o->workdir, "...") != 0) {
		t->cwd = make_template(o->workdir, &plain, names, err);
		if (!t->cwd)
			return -1;
	}
	if (!tag && o->tag)
		tag = tags_values(t->tags);
	plain.repeat_words = o->pack.repeat_words;
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
	template_free(t->cwd);
	for (size_t i = 0; t->filters && t->filters[i]; i++)
		filter_free(t->filters[i]);
	free(t->filters);
	tags_free(t->tags);
	perl_free(t->perl);
	t->perl = NULL;
}

/* What is expanded for the job, in that slot. */
static struct template_args args_of(const struct job *job, unsigned slot)
{
	return (struct template_args){
		.values = job->values, .n = job->nvalues,
		.width = job->width,
		.seq = job->number, .slot = slot, .memo = job->memo,
	};
}

void texts_learn(const struct texts *t, struct job *job, uint64_t number)
{
	struct template_args args = args_of(job, 0);
	const struct template *all[] = { t->command, t->tag, t->cwd };
	bool may_ask = eval_perl_is_used(perl_eval(t->perl));
	struct eval_memo *memo;

	/* Filters may come to it once there are values in them. */
	if (!may_ask && !t->filters[0])
		return;
	memo = eval_memo_new(&job->arena);
	args.seq = number;
	args.memo = memo;
	for (struct filter **f = t->filters; *f; f++)
		filter_learn(*f, &args, memo);
	for (size_t i = 0; may_ask && i < ARRAY_SIZE(all); i++) {
		if (all[i])
			template_learn(all[i], &args, memo);
	}
	job->memo = memo;
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

static bool is_wanted_tag(const struct options *o)
{
	return !o->tagstring || *o->tagstring;
}

void texts_add_tag(const struct texts *t, const struct job *job,
		   struct buf *out)
{
	struct template_args args = args_of(job, job->slot);
	struct buf err = BUF_INIT;
	size_t before = out->len;

	if (job->tag)
		buf_addstr(out, job->tag);
	else if (t->tag)
		template_expand(t->tag, &args, out, &err);
	else
		return;
	buf_release(&err);
	/* Columns stay columns; but no text at all wants no TAB. */
	if (out->len > before || (!job->tag && is_wanted_tag(t->options)))
		buf_addch(out, '\t');
}

void texts_add_colour(const struct texts *t, const struct job *job,
		      struct buf *out)
{
	const struct options *o = t->options;

	if (o->color_failed && !job_has_succeeded(job))
		colours_add_failed(out);
	else if (o->color)
		colours_add(&t->colours, job->number, out);
}

/* As GNU parallel names it. */
static void add_own_dir(const struct job *job, struct buf *out)
{
	const char *home = getenv("HOME");
	struct utsname u;

	buf_addf(out, "%s/.parallel/tmp/%s-%ld-%llu", home ? home : "",
		 uname(&u) == 0 ? u.nodename : "localhost", (long)getpid(),
		 (unsigned long long)job->number);
}

void texts_add_cwd(const struct texts *t, const struct job *job,
		   struct buf *out)
{
	struct template_args args = args_of(job, job->slot);
	struct buf err = BUF_INIT;

	if (t->cwd)
		template_expand(t->cwd, &args, out, &err);
	else
		add_own_dir(job, out);
	buf_release(&err);
}

static bool add_command_of(const struct texts *t, const struct job *job,
			   unsigned stage, unsigned slot, struct buf *out)
{
	const struct template *command = texts_command(t, stage);
	struct template_args args = args_of(job, slot);
	struct buf err = BUF_INIT;
	bool is_good = true;

	if (job->command && stage == job->stage)
		buf_addstr(out, job->command);
	else if (command)
		is_good = template_expand(command, &args, out, &err) == 0;
	else
		buf_addstr(out, job->values[0]);
	buf_release(&err);
	return is_good;
}

bool texts_add_command(const struct texts *t, const struct job *job,
		       unsigned slot, struct buf *out)
{
	return add_command_of(t, job, job->stage, slot, out);
}

/* A shell for each: what one does to its shell (exit, cd, a comment) is not
 * for the next one. */
bool texts_add_rest(const struct texts *t, const struct job *job,
		    const char *shell, struct buf *out)
{
	enum shell_kind kind = shell_kind_of(shell);
	struct buf command = BUF_INIT;
	size_t before = out->len;
	bool is_good = job->stage < t->options->nthen;

	for (unsigned k = job->stage; is_good && k <= t->options->nthen; k++) {
		buf_reset(&command);
		is_good = add_command_of(t, job, k, 1, &command);
		buf_addstr(out, k == job->stage ? "" : " && ");
		shquote_add(out, shell, strlen(shell), QUOTE_PLAIN, kind);
		buf_addstr(out, " -c ");
		shquote_add(out, command.data, command.len, QUOTE_PLAIN, kind);
	}
	buf_release(&command);
	if (!is_good)
		buf_truncate(out, before);
	return is_good;
}

bool texts_describe(const struct texts *t, const struct job *job,
		    struct buf *out)
{
	/* What was refused may be no values for a command at all. In the first
	 * slot, for the others have to be looked for by who reads a log. */
	return job->outcome.end != JOB_REFUSED &&
	       texts_add_command(t, job, 1, out);
}
