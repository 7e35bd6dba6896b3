/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * summary.c - see summary.h.
 *
 * Rows are kept in the order in which jobs ended and sorted when they are
 * asked for. All that a row needs is copied: the job does not stay.
 */
#include <config.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "input/attributes.h"
#include "proc/term.h"
#include "sched/job.h"
#include "sink/columns.h"
#include "sink/summary.h"

#define WRITE_CHUNK	((size_t)64 << 10)
#define COMMAND_MIN	10	/* columns, however narrow the terminal */
#define NENDS		(JOB_SKIPPED + 1)

struct row {
	uint64_t seq;
	struct job_outcome outcome;
	int64_t wall_ns;
	unsigned tries;
	bool has_failed;
	bool has_command;	/* else text is what the job was made of */
	const char *text;	/* in the arena, as all here */
	const char *rest;	/* to be run again instead of it, or NULL */
	const char *attributes;	/* the comment behind it, or NULL */
	const char *id;
	struct job_dep *deps;
	unsigned ndeps;
	bool is_written;	/* --failed-to: it will be */
};

/* A job that others may come after. */
struct named {
	const char *id;
	const struct row *row;	/* NULL: it has succeeded */
};

/* All guarded by lock, but for the last six, which never change. */
struct summary {
	struct sink sink;
	struct mutex lock;
	struct arena texts;
	struct row *rows;
	size_t nrows;
	size_t cap;
	const char **good_ids;		/* of jobs that succeeded */
	size_t ngood;
	size_t good_cap;
	uint64_t njobs;
	uint64_t nfailed;
	uint64_t failed_by[NENDS];	/* enum job_end */
	int64_t start_ns;
	bool all;
	bool (*describe)(void *arg, const struct job *job, struct buf *out);
	void *arg;
	bool (*rest)(void *arg, const struct job *job, struct buf *out);
	void *rest_arg;
};

/* In the order of the last line. */
static const enum job_end ends[] = {
	JOB_EXITED, JOB_SIGNALED, JOB_TIMEOUT, JOB_KILLED, JOB_UNSTARTED,
	JOB_REFUSED, JOB_LOST, JOB_DROPPED, JOB_SKIPPED, JOB_CANCELLED,
};

enum { SEQ, STATUS, TRIES, WALL, CPU, MEMORY, NCOLUMNS };

static const char *const titles[NCOLUMNS] = {
	"Seq", "Status", "Tries", "Wall", "CPU", "Memory",
};

static void add_text(struct summary *s, struct row *row, const struct job *job)
	REQUIRES(s->lock)
{
	struct buf values = BUF_INIT;

	row->has_command = job->command ||
			   (s->describe && s->describe(s->arg, job, &values));
	if (!row->has_command)
		job_add_values(job, &values);
	row->text = arena_strdup(&s->texts, job->command ? job->command
							 : values.data);
	row->rest = NULL;
	buf_reset(&values);
	if (row->has_command && s->rest && s->rest(s->rest_arg, job, &values))
		row->rest = arena_strdup(&s->texts, values.data);
	row->attributes = NULL;
	if (row->has_command && job->attributes_text)
		row->attributes = arena_strdup(&s->texts,
					       job->attributes_text);
	buf_release(&values);
}

static void add_deps(struct summary *s, struct row *row, const struct job *job)
	REQUIRES(s->lock)
{
	row->id = job->id ? arena_strdup(&s->texts, job->id) : NULL;
	row->ndeps = job->ndeps;
	row->deps = NULL;
	if (!job->ndeps)
		return;
	row->deps = arena_alloc(&s->texts, job->ndeps * sizeof(*row->deps));
	for (unsigned i = 0; i < job->ndeps; i++) {
		row->deps[i].id = arena_strdup(&s->texts, job->deps[i].id);
		row->deps[i].when = job->deps[i].when;
	}
}

static void add_good_id(struct summary *s, const char *id) REQUIRES(s->lock)
{
	if (s->ngood == s->good_cap) {
		s->good_cap = s->good_cap ? s->good_cap * 2 : 16;
		s->good_ids = xreallocarray(s->good_ids, s->good_cap,
					    sizeof(*s->good_ids));
	}
	s->good_ids[s->ngood++] = arena_strdup(&s->texts, id);
}

static void add_row(struct summary *s, const struct job *job)
	REQUIRES(s->lock)
{
	struct row *row;

	if (s->nrows == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 16;
		s->rows = xreallocarray(s->rows, s->cap, sizeof(*s->rows));
	}
	row = &s->rows[s->nrows++];
	row->seq = job->seq;
	row->outcome = job->outcome;
	row->wall_ns = job_runtime_ns(job);
	row->tries = job->tries;
	row->has_failed = !job_has_succeeded(job);
	add_text(s, row, job);
	add_deps(s, row, job);
}

static void remember(struct sink *sink, const struct job *job)
{
	struct summary *s = container_of(sink, struct summary, sink);
	bool has_failed = !job_has_succeeded(job);
	bool is_wanted = has_failed && job->outcome.end != JOB_CANCELLED;

	mutex_lock(&s->lock);
	s->njobs++;
	if (has_failed) {
		s->nfailed++;
		s->failed_by[job->outcome.end]++;
	} else if (job->id) {
		add_good_id(s, job->id);
	}
	if (s->all || is_wanted)
		add_row(s, job);
	mutex_unlock(&s->lock);
}

static const struct sink_ops summary_ops = {
	.done = remember,
};

struct summary *summary_new(bool all)
{
	struct summary *s = xcalloc(1, sizeof(*s));

	s->sink.ops = &summary_ops;
	list_init(&s->sink.link);
	mutex_init(&s->lock);
	s->start_ns = clock_run_ns();
	s->all = all;
	return s;
}

void summary_set_describe(struct summary *s,
			  bool (*describe)(void *arg, const struct job *job,
					   struct buf *out),
			  void *arg)
{
	s->describe = describe;
	s->arg = arg;
}

void summary_set_rest(struct summary *s,
		      bool (*rest)(void *arg, const struct job *job,
				   struct buf *out),
		      void *arg)
{
	s->rest = rest;
	s->rest_arg = arg;
}

struct sink *summary_sink(struct summary *s)
{
	return &s->sink;
}

void summary_free(struct summary *s)
{
	if (!s)
		return;
	arena_release(&s->texts);
	mutex_release(&s->lock);
	free(s->good_ids);
	free(s->rows);
	free(s);
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

static void sort_rows(struct summary *s) REQUIRES(s->lock)
{
	if (s->nrows)
		qsort(s->rows, s->nrows, sizeof(*s->rows), compare_rows);
}

static void add_status(struct buf *b, const struct row *row)
{
	switch (row->outcome.end) {
	case JOB_EXITED:
		buf_addf(b, "%d", row->outcome.status);
		return;
	case JOB_SIGNALED:
		buf_addf(b, "SIG%s", signal_name(row->outcome.signal));
		return;
	case JOB_TIMEOUT:
	case JOB_KILLED:
	case JOB_UNSTARTED:
	case JOB_REFUSED:
	case JOB_CANCELLED:
	case JOB_LOST:
	case JOB_DROPPED:
	case JOB_SKIPPED:
		break;
	}
	buf_addstr(b, job_end_name(row->outcome.end));
}

static bool has_run(const struct row *row)
{
	return row->outcome.start_wall_ns != 0;
}

/* One cell; what was never measured is a dash. */
static void add_cell(struct buf *b, const struct row *row, int column)
{
	const struct job_outcome *o = &row->outcome;

	if (column >= WALL && !has_run(row)) {
		buf_addch(b, '-');
		return;
	}
	switch (column) {
	case SEQ:
		buf_addu(b, row->seq);
		break;
	case STATUS:
		add_status(b, row);
		break;
	case TRIES:
		buf_addu(b, row->tries);
		break;
	case WALL:
		num_add_duration(b, row->wall_ns);
		break;
	case CPU:
		num_add_duration(b, o->user_ns + o->system_ns);
		break;
	case MEMORY:
		num_add_size(b, o->rss_bytes);
		break;
	}
}

static void measure(struct summary *s, size_t *widths) REQUIRES(s->lock)
{
	struct buf cell = BUF_INIT;

	for (int c = 0; c < NCOLUMNS; c++) {
		widths[c] = strlen(titles[c]);
		for (size_t i = 0; i < s->nrows; i++) {
			buf_reset(&cell);
			add_cell(&cell, &s->rows[i], c);
			if (cell.len > widths[c])
				widths[c] = cell.len;
		}
	}
	buf_release(&cell);
}

static void add_header(struct buf *out, const size_t *widths)
{
	for (int c = 0; c < NCOLUMNS; c++)
		buf_addf(out, "%*s  ", (int)widths[c], titles[c]);
	buf_addstr(out, "Command\n");
}

static void add_line(struct buf *out, const struct row *row,
		     const size_t *widths, size_t command_max)
{
	struct buf cell = BUF_INIT;

	for (int c = 0; c < NCOLUMNS; c++) {
		buf_reset(&cell);
		add_cell(&cell, row, c);
		columns_add_blanks(out, widths[c] - cell.len);
		buf_add(out, cell.data, cell.len);
		buf_addstr(out, "  ");
	}
	columns_add_visible(out, row->text, strlen(row->text), command_max);
	buf_addch(out, '\n');
	buf_release(&cell);
}

/* Columns left for the command; 0: any number. */
static size_t command_columns(const size_t *widths, unsigned width)
{
	size_t taken = 0;

	if (width == 0)
		return 0;
	for (int c = 0; c < NCOLUMNS; c++)
		taken += widths[c] + 2;
	return width > taken + COMMAND_MIN ? width - taken : COMMAND_MIN;
}

static void add_table(struct summary *s, struct buf *out, unsigned width)
	REQUIRES(s->lock)
{
	size_t widths[NCOLUMNS];
	size_t command_max;

	sort_rows(s);
	measure(s, widths);
	command_max = command_columns(widths, width);
	add_header(out, widths);
	for (size_t i = 0; i < s->nrows; i++)
		add_line(out, &s->rows[i], widths, command_max);
}

/* A failed job that ended by itself did so by what makes it one. */
static const char *what_failed(enum job_end end)
{
	if (end == JOB_EXITED)
		return "exit status";
	return end == JOB_SIGNALED ? "signal" : job_end_name(end);
}

static void add_reasons(struct summary *s, struct buf *out) REQUIRES(s->lock)
{
	const char *before = " (";

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		uint64_t n = s->failed_by[ends[i]];

		if (n == 0)
			continue;
		buf_addstr(out, before);
		buf_addu(out, n);
		buf_addch(out, ' ');
		buf_addstr(out, what_failed(ends[i]));
		before = ", ";
	}
	buf_addch(out, ')');
}

static void add_totals(struct summary *s, struct buf *out) REQUIRES(s->lock)
{
	const char *jobs = s->njobs == 1 ? "job" : "jobs";
	unsigned long long n = s->njobs;

	buf_addstr(out, "muster: ");
	if (s->nfailed) {
		buf_addf(out, "%llu of %llu %s failed",
			 (unsigned long long)s->nfailed, n, jobs);
		add_reasons(s, out);
	} else {
		buf_addf(out, "%llu %s, none failed,", n, jobs);
	}
	buf_addstr(out, " in ");
	num_add_duration(out, clock_run_ns() - s->start_ns);
	buf_addch(out, '\n');
}

void summary_format(struct summary *s, struct buf *out, unsigned width)
{
	mutex_lock(&s->lock);
	if (s->nrows)
		add_table(s, out, width);
	add_totals(s, out);
	mutex_unlock(&s->lock);
}

/*
 * The failed jobs, written down to be run again.
 *
 * What they come after may have succeeded and not be there then: those ids are
 * left out. A job that waits for the failure of such a one will never run, nor
 * will one that waits for its success; they are left out themselves.
 */

/* All that have a name, sorted by it. */
struct names {
	struct named *named;
	size_t n;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->id,
		      ((const struct named *)b)->id);
}

static void collect_names(struct summary *s, struct names *names)
	REQUIRES(s->lock)
{
	names->n = 0;
	names->named = xcalloc(s->nrows + s->ngood + 1, sizeof(*names->named));
	for (size_t i = 0; i < s->ngood; i++)
		names->named[names->n++].id = s->good_ids[i];
	for (size_t i = 0; i < s->nrows; i++) {
		if (s->rows[i].id && s->rows[i].has_failed)
			names->named[names->n++] = (struct named){
				.id = s->rows[i].id, .row = &s->rows[i],
			};
	}
	qsort(names->named, names->n, sizeof(*names->named), compare_names);
}

static const struct named *find_name(const struct names *names, const char *id)
{
	struct named key = { .id = id };

	return bsearch(&key, names->named, names->n, sizeof(key),
		       compare_names);
}

/* A job whose command was never made can't be written down; what was cancelled
 * has not failed, and is here only for the table. */
static bool has_to_run_again(const struct row *row)
{
	return row->has_failed && row->has_command &&
	       row->outcome.end != JOB_CANCELLED;
}

/* It could be written down, but was left out. */
static bool is_left_out(const struct named *name)
{
	return name->row && has_to_run_again(name->row) &&
	       !name->row->is_written;
}

static bool can_run_again(const struct names *names, const struct row *row)
{
	for (unsigned i = 0; i < row->ndeps; i++) {
		const struct named *name = find_name(names, row->deps[i].id);

		if (!name || row->deps[i].when == JOB_AFTER_END)
			continue;
		if (is_left_out(name) ||
		    (!name->row && row->deps[i].when == JOB_AFTER_FAILURE))
			return false;
	}
	return true;
}

/* Leaving one out may leave out others that come after it. */
static void choose_rows(struct summary *s, const struct names *names)
	REQUIRES(s->lock)
{
	bool more = true;

	for (size_t i = 0; i < s->nrows; i++)
		s->rows[i].is_written = has_to_run_again(&s->rows[i]);
	while (more) {
		more = false;
		for (size_t i = 0; i < s->nrows; i++) {
			struct row *row = &s->rows[i];

			if (row->is_written && !can_run_again(names, row)) {
				row->is_written = false;
				more = true;
			}
		}
	}
}

static const char *again(const struct row *row)
{
	return row->rest ? row->rest : row->text;
}

/* A comment ends with its line, whatever ends a command. */
static bool holds(const struct row *row, unsigned char delimiter)
{
	return (delimiter && strchr(again(row), delimiter)) ||
	       (row->attributes && strchr(row->attributes, '\n'));
}

static bool any_holds(struct summary *s, unsigned char delimiter)
	REQUIRES(s->lock)
{
	for (size_t i = 0; i < s->nrows; i++) {
		if (s->rows[i].is_written && holds(&s->rows[i], delimiter))
			return true;
	}
	return false;
}

static bool is_gone(const char *id, void *arg)
{
	const struct named *name = find_name(arg, id);

	return name && (!name->row || is_left_out(name));
}

static void add_again(struct buf *b, const struct row *row,
		      struct names *names, unsigned char delimiter)
{
	buf_addstr(b, again(row));
	if (row->attributes) {
		buf_addch(b, ' ');
		attributes_add_kept(b, row->attributes, is_gone, names);
	}
	buf_addch(b, (char)delimiter);
}

static int write_rows(struct summary *s, struct names *names, int fd,
		      unsigned char delimiter)
	REQUIRES(s->lock)
{
	struct buf b = BUF_INIT;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < s->nrows; i++) {
		if (!s->rows[i].is_written)
			continue;
		add_again(&b, &s->rows[i], names, delimiter);
		if (b.len >= WRITE_CHUNK) {
			ret = fd_write_all(fd, b.data, b.len);
			buf_reset(&b);
		}
	}
	if (ret == 0 && b.len)
		ret = fd_write_all(fd, b.data, b.len);
	buf_release(&b);
	return ret;
}

int summary_write_failed(struct summary *s, int fd, unsigned char delimiter)
{
	struct names names;
	int ret = -1;
	int err;

	mutex_lock(&s->lock);
	sort_rows(s);
	collect_names(s, &names);
	choose_rows(s, &names);
	if (any_holds(s, delimiter))
		errno = EILSEQ;
	else
		ret = write_rows(s, &names, fd, delimiter);
	err = errno;
	free(names.named);
	mutex_unlock(&s->lock);
	errno = err;
	return ret;
}
