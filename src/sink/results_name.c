/* SPDX-License-Identifier: GPL-3.0-or-later */
/* results_name.c - see results_name.h. */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "sched/job.h"
#include "sink/results_name.h"

/* As GNU parallel; but what would leave the directory does not. */
static void add_part(struct buf *path, const char *value)
{
	if (strcmp(value, ".") == 0 || strcmp(value, "..") == 0)
		buf_addch(path, '\\');
	for (; *value; value++) {
		switch (*value) {
		case '/':
			buf_addstr(path, "\\_");
			break;
		case '\\':
			buf_addstr(path, "\\\\");
			break;
		case '\t':
			buf_addstr(path, "\\t");
			break;
		default:
			buf_addch(path, *value);
		}
	}
	buf_addch(path, '/');
}

static void add_base(const struct results_config *c, const struct job *job,
		     struct buf *path)
{
	if (c->kind == RESULTS_FILES) {
		c->name(c->arg, job, path);
		return;
	}
	buf_addf(path, "%s/", c->path);
	if (c->names_none && job->nvalues == 0) {
		buf_addf(path, "%s/\\0noarg/",
			 c->nnames && *c->names[0] ? c->names[0] : "1");
		return;
	}
	for (unsigned i = 0; i < job->nvalues; i++) {
		if (i < c->nnames && *c->names[i])
			add_part(path, c->names[i]);
		else
			buf_addf(path, "%u/", i + 1);
		add_part(path, job->values[i]);
	}
}

void results_name_files(const struct results_config *c, const struct job *job,
			struct buf *out, struct buf *err, struct buf *seq)
{
	struct buf base = BUF_INIT;
	bool is_dir;

	add_base(c, job, &base);
	is_dir = base.len > 0 && base.data[base.len - 1] == '/';
	buf_addf(out, "%s%s", base.data, is_dir ? "stdout" : "");
	buf_addf(err, "%s%s", base.data, is_dir ? "stderr" : ".err");
	buf_addf(seq, "%s%s", base.data, is_dir ? "seq" : ".seq");
	buf_release(&base);
}
