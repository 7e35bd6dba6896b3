/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keep.c - see keep.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "input/names.h"
#include "input/template.h"
#include "keep.h"
#include "options.h"
#include "sched/job.h"
#include "sink/logfile.h"
#include "texts.h"

static void expand(const struct template *t, char *const *values, size_t n,
		   const struct job *job, struct buf *out)
{
	struct template_args args = {
		.values = values, .n = n,
		.seq = job ? job->number : 1, .slot = job ? job->slot : 1,
		.memo = job ? job->memo : NULL,
	};
	struct buf err = BUF_INIT;

	/* Plain text takes any value. */
	(void)!template_expand(t, &args, out, &err);
	buf_release(&err);
}

/* A path without replacement strings is one that a value is appended to. */
static int is_template(const struct keep *k, const char *path,
		       struct buf *err)
{
	struct template_opts opts = { .tags = k->texts->tags,
				      .run = &k->texts->run,
				      .plain_text = true, .append = true };
	struct template *t = template_new(path, &opts, err);
	struct buf with = BUF_INIT, without = BUF_INIT;
	char value[] = "x";
	char *values[] = { value, NULL };
	bool is_same;

	if (!t)
		return -1;
	expand(t, values, 1, NULL, &with);
	buf_addf(&without, "%s x", path);
	is_same = strcmp(with.data, without.data) == 0;
	buf_release(&with);
	buf_release(&without);
	template_free(t);
	return !is_same;
}

static int open_records(struct keep *k, bool to_stdout, struct buf *err)
{
	const struct options *o = k->options;
	struct stat st;

	if (to_stdout)
		return 0;
	k->fd = logfile_claim("--results", o->results, !o->resume, &st, err);
	if (k->fd < 0)
		return -1;
	k->has_header = S_ISREG(st.st_mode) && o->resume && st.st_size > 0;
	return 0;
}

static int check_tree(const struct options *o, struct buf *err)
{
	struct stat st;

	/* Those above it are made with the first file. */
	if (mkdir(o->results, 0777) == 0 || errno == ENOENT)
		return 0;
	if (errno == EEXIST) {
		errno = ENOTDIR;
		if (stat(o->results, &st) == 0 && S_ISDIR(st.st_mode))
			return 0;
	}
	buf_addf(err, "--results: cannot use '%s': %s", o->results,
		 strerror(errno));
	return -1;
}

static int open_files(struct keep *k, struct buf *err)
{
	const struct options *o = k->options;
	struct template_opts opts = { .tags = k->texts->tags,
				      .run = &k->texts->run,
				      .plain_text = true };
	struct buf path = BUF_INIT;
	int replaces = -1;

	if (names_resolve(k->names, o->results, &path, err) == 0)
		replaces = is_template(k, path.data, err);
	if (replaces > 0) {
		k->kind = RESULTS_FILES;
		k->name = template_new(path.data, &opts, err);
		replaces = k->name ? 0 : -1;
	} else if (replaces == 0) {
		replaces = check_tree(o, err);
	}
	buf_release(&path);
	return replaces;
}

int keep_open(struct keep *k, const struct options *o,
	      const struct names *names, const struct texts *texts,
	      struct buf *err)
{
	bool to_stdout;

	*k = (struct keep){ .options = o, .names = names,
			    .texts = texts, .fd = -1 };
	k->is_on = (o->results || (o->files && !o->ungroup)) && !o->dry_run &&
		   !o->shell_quote;
	if (!k->is_on)
		return 0;
	if (!o->results) {
		k->kind = RESULTS_TEMPORARY;
		return 0;
	}
	k->kind = results_kind_of(o->results, &to_stdout);
	if (results_are_records(k->kind))
		return open_records(k, to_stdout, err);
	return open_files(k, err);
}

void keep_release(struct keep *k)
{
	fd_close(&k->fd);
	results_free(k->results);
	template_free(k->name);
}

int keep_out_fd(const struct keep *k)
{
	return k->fd > 0 ? k->fd : 0;
}

static void add_name(void *arg, const struct job *job, struct buf *out)
{
	const struct keep *k = arg;

	expand(k->name, job->values, job->nvalues, job, out);
}

int keep_names_fd(const struct keep *k)
{
	return k->fd > 0 && k->options->files ? 1 : 0;
}

bool keep_has_lines(const struct keep *k)
{
	return !k->is_on ||
	       (k->options->files && !results_are_records(k->kind));
}

static const char *option_of(const struct keep *k)
{
	return k->options->results ? "--results" : "--files";
}

static void has_failed(void *arg, const char *why)
{
	struct keep *k = arg;

	atomic_store(&k->failed, true);
	diag_msg("%s: %s", option_of(k), why);
}

struct output *keep_output(struct keep *k, struct output *inner,
			   const char *tmpdir, const struct compress *compress)
{
	const struct options *o = k->options;
	struct results_config config = {
		.kind = k->kind,
		.path = o->results,
		.names = k->names->names,
		.nnames = k->names->n,
		.names_none = !o->pipe.is_on || o->pipe.is_part,
		.name = add_name,
		.fd = k->fd >= 0 ? k->fd : 1,
		.has_header = k->has_header,
		.inner = inner,
		.tmpdir = tmpdir,
		.prints_names = o->files,
		.names_early = o->files && o->line_buffer,
		.name_end = o->files0 ? '\0' : '\n',
		.compress = compress,
		.option = option_of(k),
		.failed = has_failed,
		.arg = k,
	};

	if (!k->is_on)
		return inner;
	if (!k->results)
		k->results = results_new(&config);
	return results_output(k->results);
}

struct runner *keep_runner(struct keep *k, struct runner *inner)
{
	return k->is_on ? results_runner(k->results, inner) : inner;
}

bool keep_finish(struct keep *k, bool closes)
{
	if (closes && k->fd >= 0 && close(k->fd) < 0 && errno != EINTR) {
		diag_err(errno, "--results: cannot write to '%s'",
			 k->options->results);
		atomic_store(&k->failed, true);
	}
	if (closes)
		k->fd = -1;
	return !atomic_load(&k->failed);
}
