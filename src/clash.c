/* SPDX-License-Identifier: GPL-3.0-or-later */
/* clash.c - see clash.h. */
#include <config.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/path.h"
#include "clash.h"
#include "input/source.h"
#include "options.h"
#include "sink/results.h"

struct written {
	const char *option;
	const char *path;
	struct stat st;
	bool is_there;
};

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static const char *records_path(const struct options *o)
{
	bool to_stdout;

	if (!o->results ||
	    !results_are_records(results_kind_of(o->results, &to_stdout)))
		return NULL;
	return to_stdout ? NULL : o->results;
}

static int check_input(const struct input_spec *in, const struct written *w,
		       size_t n, struct buf *err)
{
	struct stat st, out;
	bool is_stdin;

	if (in->kind == INPUT_ARGS)
		return 0;
	is_stdin = in->kind == INPUT_STDIN || strcmp(in->path, "-") == 0;
	if ((is_stdin ? fstat(0, &st) : stat(in->path, &st)) < 0 ||
	    !S_ISREG(st.st_mode))
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (!w[i].is_there || !is_same(&w[i].st, &st))
			continue;
		buf_addf(err, "%s: '%s' is also ", w[i].option, w[i].path);
		if (is_stdin)
			buf_addstr(err, "the standard input");
		else
			buf_addf(err, "read (%s)", in->option);
		return -1;
	}
	/* One that is empty does no harm, and > has emptied it by now. */
	if (st.st_size == 0 || fstat(1, &out) < 0 || !is_same(&out, &st))
		return 0;
	if (is_stdin)
		buf_addstr(err, "standard input");
	else
		buf_addf(err, "%s: '%s'", in->option, in->path);
	buf_addstr(err, " is also the standard output");
	return -1;
}

/* The directory that a file will be made in. */
static bool find_directory(const char *path, struct stat *st)
{
	char *dir = path_directory(path);
	bool found = stat(dir, st) == 0;

	free(dir);
	return found;
}

static bool clash(const struct written *a, const struct written *b)
{
	struct stat x, y;

	if (a->is_there || b->is_there)
		return a->is_there && b->is_there && is_same(&a->st, &b->st);
	if (strcmp(path_last(a->path), path_last(b->path)) != 0)
		return false;
	return strcmp(a->path, b->path) == 0 ||
	       (find_directory(a->path, &x) && find_directory(b->path, &y) &&
		is_same(&x, &y));
}

int clash_check(const struct options *o, struct buf *err)
{
	struct written all[] = {
		{ .option = "--joblog", .path = o->joblog },
		{ .option = "--journal", .path = o->journal },
		{ .option = "--output", .path = o->output },
		{ .option = "--results", .path = records_path(o) },
		{ .option = "--failed-to", .path = o->failed_to },
		{ .option = "--metrics", .path = o->metrics },
	};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct written *w = &all[i];

		if (!w->path || strcmp(w->path, "-") == 0)
			continue;
		w->is_there = stat(w->path, &w->st) == 0;
		/* A terminal may well be read and written at a time. */
		if (w->is_there && !S_ISREG(w->st.st_mode))
			continue;
		for (size_t k = 0; k < n; k++) {
			if (!clash(&all[k], w))
				continue;
			buf_addf(err, "%s and %s: both write to '%s'",
				 all[k].option, w->option, w->path);
			return -1;
		}
		all[n++] = *w;
	}
	for (size_t i = 0; i < o->ninputs; i++) {
		if (check_input(&o->inputs[i], all, n, err) < 0)
			return -1;
	}
	return 0;
}
