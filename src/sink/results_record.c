/* SPDX-License-Identifier: GPL-3.0-or-later */
/* results_record.c - see results_record.h. */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/num.h"
#include "sched/job.h"
#include "sink/joblog.h"
#include "sink/results_record.h"

/* The longest UTF-8 character. */
#define CHAR_MAX_BYTES 4

static const char *const columns[] = {
	"Seq", "Host", "Starttime", "JobRuntime", "Send", "Receive",
	"Exitval", "Signal", "Command",
};

/* What stands for the value of a job that has none. */
static const char no_value[] = "\0noarg";

static const char *const streams[] = { "Stdout", "Stderr" };

static char separator(enum results_kind kind)
{
	return kind == RESULTS_TSV ? '\t' : ',';
}

static void add_seconds(struct buf *b, int64_t ns)
{
	buf_addf(b, "%lld.%03d", (long long)(ns / NS_PER_SEC),
		 (int)(ns % NS_PER_SEC / NS_PER_MS));
}

static void add_doubled(struct buf *b, const char *s, size_t len)
{
	while (len) {
		const char *quote = memchr(s, '"', len);
		size_t n = quote ? (size_t)(quote - s) + 1 : len;

		buf_add(b, s, n);
		if (quote)
			buf_addch(b, '"');
		s += n;
		len -= n;
	}
}

static bool needs_quotes(const char *s, size_t len, char sep)
{
	for (; len; s++, len--) {
		if (*s <= ' ' || *s > '~' || *s == '"' || *s == sep)
			return true;
	}
	return false;
}

static void add_fieldn(struct buf *b, enum results_kind kind, const char *s,
		       size_t len)
{
	if (!needs_quotes(s, len, separator(kind))) {
		buf_add(b, s, len);
		return;
	}
	buf_addch(b, '"');
	add_doubled(b, s, len);
	buf_addch(b, '"');
}

static void add_field(struct buf *b, enum results_kind kind, const char *s)
{
	add_fieldn(b, kind, s, strlen(s));
}

/* JSON text without the quotes around it. */
static void add_json_text(struct buf *b, const char *s, size_t len)
{
	struct buf text = BUF_INIT;

	json_strn(&text, s, len);
	buf_add(b, text.data + 1, text.len - 2);
	buf_release(&text);
}

static void add_json_stringn(struct buf *b, const char *s, size_t len)
{
	buf_addch(b, '"');
	add_json_text(b, s, len);
	buf_addch(b, '"');
}

static void add_json_string(struct buf *b, const char *s)
{
	add_json_stringn(b, s, strlen(s));
}

size_t record_values(const struct results_config *config,
		     const struct job *job)
{
	return job->nvalues == 0 && config->names_none ? 1 : job->nvalues;
}

void record_add_header(struct buf *b, const struct results_config *config,
		       size_t n)
{
	enum results_kind kind = config->kind;

	if (kind == RESULTS_JSON)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		buf_addf(b, "%s%c", columns[i], separator(kind));
	for (size_t i = 0; i < n; i++) {
		if (i < config->nnames && *config->names[i])
			add_field(b, kind, config->names[i]);
		else
			buf_addf(b, "V%zu", i + 1);
		buf_addch(b, separator(kind));
	}
	buf_addf(b, "%s%c%s\n", streams[0], separator(kind), streams[1]);
}

/* What stands before column i. */
static void add_name(struct buf *b, enum results_kind kind, unsigned i)
{
	if (kind == RESULTS_JSON)
		buf_addf(b, "%s\"%s\": ", i ? ", " : "{ ", columns[i]);
	else if (i)
		buf_addch(b, separator(kind));
}

static void add_value(struct buf *b, enum results_kind kind, const char *s,
		      size_t len)
{
	if (kind == RESULTS_JSON) {
		add_json_stringn(b, s, len);
	} else {
		buf_addch(b, separator(kind));
		add_fieldn(b, kind, s, len);
	}
}

static void add_values(struct buf *b, const struct results_config *config,
		       const struct job *job)
{
	enum results_kind kind = config->kind;

	if (kind == RESULTS_JSON)
		buf_addstr(b, ", \"V\": [ ");
	for (unsigned i = 0; i < job->nvalues; i++) {
		if (kind == RESULTS_JSON)
			buf_addstr(b, i ? "," : "");
		add_value(b, kind, job->values[i], strlen(job->values[i]));
	}
	if (job->nvalues == 0 && config->names_none)
		add_value(b, kind, no_value, sizeof(no_value) - 1);
	if (kind == RESULTS_JSON)
		buf_addstr(b, " ]");
}

void record_add_begin(struct buf *b, const struct results_config *config,
		      const struct job *job, size_t nvalues)
{
	enum results_kind kind = config->kind;
	const char *command = job->command ? job->command : "";

	for (unsigned i = 0; i < ARRAY_SIZE(columns); i++) {
		add_name(b, kind, i);
		switch (i) {
		case 0:
			buf_addu(b, job->seq);
			break;
		case 1:
			buf_addstr(b, kind == RESULTS_JSON ? "\":\"" : ":");
			break;
		case 2:
			add_seconds(b, job->outcome.start_wall_ns +
				       NS_PER_MS / 2);
			break;
		case 3:
			add_seconds(b, job_runtime_ns(job));
			break;
		case 4:
			buf_addu(b, joblog_sent(job));
			break;
		case 5:
			buf_addu(b, job->outcome.out_bytes);
			break;
		case 6:
			buf_addf(b, "%d", joblog_status(job));
			break;
		case 7:
			buf_addf(b, "%d", joblog_signal(job));
			break;
		case 8:
			if (kind == RESULTS_JSON)
				add_json_string(b, command);
			else
				add_field(b, kind, command);
			break;
		}
	}
	add_values(b, config, job);
	for (size_t i = record_values(config, job); i < nvalues; i++) {
		if (kind != RESULTS_JSON)
			buf_addch(b, separator(kind));
	}
}

void record_open_stream(struct buf *b, enum results_kind kind, int stream,
			bool is_empty)
{
	if (kind == RESULTS_JSON)
		buf_addf(b, ", \"%s\": \"", streams[stream]);
	else
		buf_addf(b, "%c%s", separator(kind), is_empty ? "" : "\"");
}

/* How much of it ends with a whole character, or with none at all. */
static size_t whole_length(const char *text, size_t len)
{
	for (size_t back = 1; back < CHAR_MAX_BYTES && back <= len; back++) {
		unsigned char c = (unsigned char)text[len - back];

		if (c < 0x80)
			return len;
		if (c >= 0xc0)
			return buf_utf8_length(text + len - back, back)
				       ? len : len - back;
	}
	return len;
}

size_t record_add_text(struct buf *b, enum results_kind kind,
		       const char *text, size_t len, bool is_last)
{
	if (kind != RESULTS_JSON) {
		add_doubled(b, text, len);
		return len;
	}
	if (!is_last)
		len = whole_length(text, len);
	add_json_text(b, text, len);
	return len;
}

void record_close_stream(struct buf *b, enum results_kind kind, bool is_empty)
{
	if (kind == RESULTS_JSON || !is_empty)
		buf_addch(b, '"');
}

void record_add_end(struct buf *b, enum results_kind kind)
{
	buf_addstr(b, kind == RESULTS_JSON ? " }\n" : "\n");
}
