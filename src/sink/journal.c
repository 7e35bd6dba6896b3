/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal.c - see journal.h. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/kept.h"
#include "base/mem.h"
#include "base/num.h"
#include "input/ledger.h"
#include "sched/job.h"
#include "sched/sink.h"
#include "sched/tally.h"
#include "sink/journal.h"
#include "sink/logfile.h"

struct journal {
	struct sink sink;
	struct journal_config cfg;
	unsigned stages;
};

/* Members of records. */

static void open_record(struct buf *b, const char *event)
{
	json_open(b, '{');
	json_key(b, "event");
	json_str(b, event);
}

static void add_uint(struct buf *b, const char *name, uint64_t n)
{
	json_key(b, name);
	json_uint(b, n);
}

static void add_seconds(struct buf *b, const char *name, int64_t ns)
{
	json_key(b, name);
	json_seconds(b, ns);
}

static void add_hex(struct buf *b, const char *name, const void *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *s = p;

	json_key(b, name);
	buf_addch(b, '"');
	for (size_t i = 0; i < n; i++) {
		buf_addch(b, digits[s[i] >> 4]);
		buf_addch(b, digits[s[i] & 15]);
	}
	buf_addch(b, '"');
}

static bool is_utf8(const char *s, size_t len)
{
	while (len) {
		size_t n = buf_utf8_length(s, len);

		if (n == 0)
			return false;
		s += n;
		len -= n;
	}
	return true;
}

/* A text that can be had back: what is no UTF-8 is there a second time, in
 * hexadecimal digits. */
static void add_text(struct buf *b, const char *name, const char *text)
{
	size_t len = strlen(text);
	struct buf hex = BUF_INIT;

	json_key(b, name);
	json_strn(b, text, len);
	if (is_utf8(text, len))
		return;
	buf_addf(&hex, "%s_hex", name);
	add_hex(b, hex.data, text, len);
	buf_release(&hex);
}

/* One line, one write. */
static int end_record(struct journal *j, struct buf *b)
{
	int ret, err;

	json_close(b, '}');
	buf_addch(b, '\n');
	ret = logfile_add(j->cfg.file, b->data, b->len);
	err = errno;
	buf_release(b);
	errno = err;
	return ret;
}

/* Runs. */

int journal_begin(struct journal *j, const struct journal_run *run)
{
	struct buf b = BUF_INIT;

	j->stages = run->stages;
	open_record(&b, "run");
	add_uint(&b, "format", LEDGER_FORMAT);
	add_text(&b, "version", run->version);
	add_seconds(&b, "time", clock_wall_ns());
	add_uint(&b, "pid", (uint64_t)getpid());
	add_text(&b, "resume", run->resume);
	add_uint(&b, "stages", run->stages);
	add_text(&b, "cwd", run->cwd);
	json_key(&b, "options");
	json_open(&b, '[');
	for (size_t i = 0; i < run->noptions; i++)
		json_str(&b, run->options[i]);
	json_close(&b, ']');
	if (run->command)
		add_text(&b, "command", run->command);
	if (run->output) {
		add_text(&b, "output", run->output);
		add_uint(&b, "offset", run->offset);
	}
	if (run->kept) {
		json_key(&b, "kept");
		json_str(&b, run->kept);
	}
	if (end_record(j, &b) < 0)
		return -1;
	return logfile_commit(j->cfg.file);
}

int journal_finish(struct journal *j, const struct tally *tally)
{
	struct buf b = BUF_INIT;

	open_record(&b, "finish");
	add_seconds(&b, "time", clock_wall_ns());
	add_uint(&b, "succeeded", tally->succeeded);
	add_uint(&b, "failed", tally->failed - tally->cancelled);
	add_uint(&b, "cancelled", tally->cancelled);
	if (end_record(j, &b) < 0)
		return -1;
	return logfile_finish(j->cfg.file);
}

/* Jobs. */

static void open_job(struct journal *j, struct buf *b, const char *event,
		     const struct job *job)
{
	open_record(b, event);
	add_uint(b, "job", job->number);
	if (j->stages > 1)
		add_uint(b, "stage", job->stage + 1);
	add_uint(b, "try", job->tries);
	if (job->has_key)
		add_hex(b, "key", job->key, sizeof(job->key));
}

static void add_command(struct journal *j, struct buf *b,
			const struct job *job)
{
	struct buf text = BUF_INIT;

	if (j->cfg.describe(j->cfg.arg, job, &text)) {
		add_text(b, "command", text.data);
	} else {
		job_add_values(job, &text);
		add_text(b, "values", text.data);
	}
	buf_release(&text);
}

/* The names of its variables, but not what they hold: that may be secret. */
static void add_env(struct buf *b, const struct job *job)
{
	json_key(b, "env");
	json_open(b, '[');
	for (char **var = job->env; *var; var++)
		json_strn(b, *var, strcspn(*var, "="));
	json_close(b, ']');
}

static void record_start(struct sink *s, const struct job *job)
{
	struct journal *j = container_of(s, struct journal, sink);
	struct buf b = BUF_INIT;

	open_job(j, &b, "start", job);
	add_seconds(&b, "time", clock_wall_ns());
	add_uint(&b, "slot", job->slot);
	add_command(j, &b, job);
	if (job->cwd)
		add_text(&b, "cwd", job->cwd);
	if (job->input)
		add_text(&b, "stdin", job->input);
	if (job->env)
		add_env(&b, job);
	if (job->has_data || job->inlet) {
		json_key(&b, "block");
		json_bool(&b, true);
	}
	(void)!end_record(j, &b);
}

static void add_outcome(struct buf *b, const struct job *job)
{
	const struct job_outcome *o = &job->outcome;

	json_key(b, "end");
	json_str(b, job_end_name(o->end));
	json_key(b, "status");
	json_int(b, job_status(job));
	json_key(b, "signal");
	json_int(b, o->end == JOB_EXITED ? 0 : o->signal);
	json_key(b, "timeout");
	json_bool(b, o->end == JOB_TIMEOUT);
	if (o->core_dumped) {
		json_key(b, "core");
		json_bool(b, true);
	}
	if (!o->start_wall_ns)
		return;
	add_seconds(b, "time", o->start_wall_ns);
	add_seconds(b, "runtime", job_runtime_ns(job));
	add_seconds(b, "user", o->user_ns);
	add_seconds(b, "system", o->system_ns);
	add_uint(b, "maxrss", o->rss_bytes);
	add_uint(b, "bytes", o->out_bytes);
}

/* Five numbers a range, in one row. */
static void add_kept(struct buf *b, const struct kept *kept)
{
	json_key(b, "kept");
	json_open(b, '[');
	for (size_t i = 0; i < kept->n; i++) {
		json_uint(b, kept->ranges[i].stage + 1);
		json_uint(b, kept->ranges[i].stream + 1);
		json_uint(b, kept->ranges[i].at);
		json_uint(b, kept->ranges[i].len);
		json_uint(b, kept->ranges[i].sum);
	}
	json_close(b, ']');
}

/* again: another try will follow. kept: NULL, if its output is not. */
static void record_end(struct journal *j, const struct job *job,
		       const struct kept *kept, bool again)
{
	struct buf b = BUF_INIT;

	open_job(j, &b, "end", job);
	add_outcome(&b, job);
	if (job->message)
		add_text(&b, "message", job->message);
	if (job->tries == 0)
		add_command(j, &b, job);
	if (again) {
		json_key(&b, "again");
		json_bool(&b, true);
	}
	if (kept)
		add_kept(&b, kept);
	/* What never ran will be seen to be missing if its record is lost. */
	if (end_record(j, &b) == 0 && job->tries > 0)
		(void)!journal_commit(j);
}

static void record_retry(struct sink *s, const struct job *job)
{
	record_end(container_of(s, struct journal, sink), job, NULL, true);
}

static void record_done(struct sink *s, const struct job *job)
{
	struct journal *j = container_of(s, struct journal, sink);

	if (job->recorded != job->seq && !job->is_unfinished)
		record_end(j, job, NULL, false);
}

static const struct sink_ops journal_ops = {
	.start = record_start,
	.retry = record_retry,
	.done = record_done,
};

/* Life. */

struct journal *journal_new(const struct journal_config *config)
{
	struct journal *j = xcalloc(1, sizeof(*j));

	j->sink.ops = &journal_ops;
	list_init(&j->sink.link);
	j->cfg = *config;
	j->stages = 1;
	return j;
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	(void)!logfile_free(j->cfg.file);
	free(j);
}

int journal_close(struct journal *j)
{
	return logfile_close(j->cfg.file);
}

struct sink *journal_sink(struct journal *j)
{
	return &j->sink;
}

void journal_end(struct journal *j, struct job *job, const struct kept *kept)
{
	/* A later run is to do it. */
	if (!job->is_unfinished)
		record_end(j, job, kept, false);
	job->recorded = job->seq;
}

void journal_replay(struct journal *j, const struct job *job)
{
	struct buf b = BUF_INIT;

	open_record(&b, "kept");
	add_uint(&b, "job", job->number);
	add_hex(&b, "key", job->key, sizeof(job->key));
	json_key(&b, "status");
	json_int(&b, job_status(job));
	add_uint(&b, "slot", job->slot);
	add_kept(&b, job->kept);
	(void)!end_record(j, &b);
}

static int add_place(struct journal *j, const char *event, uint64_t seq,
		     uint64_t offset)
{
	struct buf b = BUF_INIT;

	open_record(&b, event);
	add_uint(&b, "job", (seq - 1) / j->stages + 1);
	if (j->stages > 1)
		add_uint(&b, "stage", (seq - 1) % j->stages + 1);
	add_uint(&b, "offset", offset);
	return end_record(j, &b);
}

int journal_add_out(struct journal *j, uint64_t seq, uint64_t offset)
{
	return add_place(j, "out", seq, offset);
}

int journal_add_gap(struct journal *j, uint64_t seq, uint64_t offset)
{
	return add_place(j, "gap", seq, offset);
}

int journal_commit(struct journal *j)
{
	return logfile_commit(j->cfg.file);
}
