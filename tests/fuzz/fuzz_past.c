/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_past.c - job logs and journals of an earlier run: whatever stands in
 * the file, what is read from it is consistent; and what our own writers wrote
 * is read back as it was. And the torn end of a file that is appended to.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/kept.h"
#include "base/mem.h"
#include "fuzz.h"
#include "input/ledger.h"
#include "input/past.h"
#include "sched/job.h"
#include "sched/sink.h"
#include "sched/tally.h"
#include "sink/joblog.h"
#include "sink/journal.h"
#include "sink/logfile.h"

#define JOBS	6

/* The jobs that the writers are told of. */

static struct job *make_job(uint64_t seq, const char *command, unsigned end)
{
	char *values[] = { (char *)command };
	size_t len = strlen(command);
	struct job *job = job_new(seq, values, &len, 1);

	job->tries = 1;
	job->slot = 1;
	job->command = job->values[0];
	job->has_key = true;
	memset(job->key, 0, sizeof(job->key));
	job->key[0] = (unsigned char)seq;
	job->outcome.end = end < 4 ? JOB_EXITED : JOB_SIGNALED;
	job->outcome.status = (int)end % 4;
	job->outcome.signal = end < 4 ? 0 : 9;
	job->outcome.has_run = true;
	return job;
}

static bool describe(void *arg, const struct job *job, struct buf *out)
{
	(void)arg;
	buf_addstr(out, job->command);
	return true;
}

static struct buf read_whole(const char *path)
{
	struct buf text = BUF_INIT;

	FUZZ_CHECK(fd_read_file(path, &text) == 0);
	return text;
}

/* --joblog */

static void check_past(const struct past *p)
{
	uint64_t last = 0;

	for (size_t i = 0; i < past_count(p); i++) {
		struct buf command = BUF_INIT;
		uint64_t seq = past_seq(p, i);

		FUZZ_CHECK(seq > last && seq <= PAST_SEQ_MAX);
		last = seq;
		FUZZ_CHECK(past_find(p, seq) != PAST_NONE);
		FUZZ_CHECK(past_add_command(p, seq, &command) == 0);
		FUZZ_CHECK(past_is_command(p, seq, command.data, command.len));
		buf_release(&command);
	}
	FUZZ_CHECK(past_find(p, last + 1) == PAST_NONE);
	FUZZ_CHECK(past_find(p, 0) == PAST_NONE);
}

int fuzz_joblog(const uint8_t *data, size_t size)
{
	struct buf err = BUF_INIT;
	struct past *p = past_new(fuzz_file("log", data, size), &err);

	fuzz_check_message(&err, !p);
	if (p)
		check_past(p);
	past_free(p);
	buf_release(&err);
	return 0;
}

static void check_joblog(char *const *commands, const unsigned *ends, size_t n,
			 const char *before, size_t len)
{
	struct joblog_config cfg = { .append = true, .describe = describe };
	struct buf err = BUF_INIT;
	struct joblog *l;
	struct past *p, *old;

	cfg.path = fuzz_file("log", before, len);
	old = past_new(cfg.path, &err);
	buf_reset(&err);
	l = joblog_new(&cfg, &err);
	FUZZ_CHECK(l != NULL);
	for (size_t i = 0; i < n; i++) {
		struct job *job = make_job(i + 1, commands[i], ends[i]);
		struct sink *sink = joblog_sink(l);

		sink->ops->done(sink, job);
		job_free(job);
	}
	FUZZ_CHECK(joblog_free(l) == 0);
	p = past_new(cfg.path, &err);
	/* What could be read before can be now; and what was just written. */
	FUZZ_CHECK(!old || p);
	for (size_t i = 0; p && i < n; i++) {
		FUZZ_CHECK(past_find(p, i + 1) ==
			   (ends[i] ? PAST_FAILED : PAST_SUCCEEDED));
		FUZZ_CHECK(past_is_command(p, i + 1, commands[i],
					   strlen(commands[i])));
	}
	past_free(old);
	past_free(p);
	buf_release(&err);
}

/* --journal */

static void check_tasks(struct ledger *l)
{
	struct buf err = BUF_INIT;
	struct ledger_task t;
	uint64_t rounds = 0;
	int ret;

	ledger_task_init(&t);
	while ((ret = ledger_next(l, &t, &err)) > 0) {
		FUZZ_CHECK(strlen(t.command.data) == t.command.len);
		FUZZ_CHECK(rounds++ < 100000);
	}
	FUZZ_CHECK((err.len > 0) == (ret < 0));
	ledger_task_release(&t);
	buf_release(&err);
}

/* Of what is kept, that with an even place. */
static bool is_there(void *arg, const struct kept *kept)
{
	(void)arg;
	return kept->n == 0 || kept->ranges[0].at % 2 == 0;
}

int fuzz_journal(const uint8_t *data, size_t size)
{
	struct buf err = BUF_INIT;
	struct ledger *l;
	uint64_t left, trust;
	off_t end;

	l = ledger_new(fuzz_file("journal", data, size), &err);
	fuzz_check_message(&err, !l);
	if (l) {
		end = ledger_size(l);
		FUZZ_CHECK(end >= 0 && end <= (off_t)size);
		FUZZ_CHECK(end == 0 || data[end - 1] == '\n');
		(void)ledger_has_run(l);
		(void)ledger_output(l);
		check_tasks(l);
		trust = ledger_trust(l, size ? data[0] : 0);
		FUZZ_CHECK(trust <= (size ? data[0] : 0) ||
			   !ledger_output(l));
		ledger_trust_kept(l, "mark", is_there, NULL);
		for (unsigned i = 0; i < 256; i++) {
			unsigned char key[LEDGER_KEY_BYTES] = { 0 };
			const struct kept *kept;

			key[0] = (unsigned char)i;
			left = ledger_left(l);
			if (ledger_take(l, key, &kept) != LEDGER_NONE)
				FUZZ_CHECK(ledger_left(l) == left - 1);
			else
				FUZZ_CHECK(ledger_left(l) == left);
		}
	}
	ledger_free(l);
	buf_release(&err);
	return 0;
}

static void write_journal(const char *path, char *const *commands,
			  const unsigned *ends, size_t n)
{
	struct logfile_config file = { "--journal", path, LOGFILE_NONE };
	struct journal_run run = {
		.version = "1", .cwd = "/", .resume = "no", .stages = 1,
		.options = commands, .noptions = n, .command = commands[0],
	};
	struct buf err = BUF_INIT;
	struct journal_config cfg = { .describe = describe };
	struct tally tally = { 0 };
	struct journal *j;
	struct sink *sink;

	cfg.file = logfile_open(&file, &err);
	FUZZ_CHECK(cfg.file != NULL);
	FUZZ_CHECK(logfile_cut(cfg.file, 0, &err) == 0);
	j = journal_new(&cfg);
	sink = journal_sink(j);
	FUZZ_CHECK(journal_begin(j, &run) == 0);
	for (size_t i = 0; i < n; i++) {
		struct job *job = make_job(i + 1, commands[i], ends[i]);

		job->cwd = commands[i];
		sink->ops->start(sink, job);
		/* Some never came to their end. */
		if (ends[i] != 5)
			sink->ops->done(sink, job);
		job_free(job);
	}
	FUZZ_CHECK(journal_finish(j, &tally) == 0);
	journal_free(j);
	buf_release(&err);
}

static void check_journal(char *const *commands, const unsigned *ends, size_t n)
{
	const char *path = fuzz_file("journal", "", 0);
	struct buf err = BUF_INIT;
	struct ledger_task t;
	struct ledger *l;
	uint64_t succeeded = 0;

	write_journal(path, commands, ends, n);
	l = ledger_new(path, &err);
	FUZZ_CHECK(l != NULL);
	FUZZ_CHECK(ledger_left(l) == n);
	ledger_task_init(&t);
	for (size_t i = 0; i < n; i++) {
		if (ends[i] == 0) {
			succeeded++;
			continue;
		}
		FUZZ_CHECK(ledger_next(l, &t, &err) == 1);
		FUZZ_CHECK(t.number == i + 1);
		FUZZ_CHECK(strcmp(t.command.data, commands[i]) == 0);
		FUZZ_CHECK(strcmp(t.cwd.data, commands[i]) == 0);
	}
	FUZZ_CHECK(ledger_next(l, &t, &err) == 0);
	FUZZ_CHECK(ledger_left(l) == succeeded);
	ledger_free(l);
	l = ledger_new(path, &err);
	FUZZ_CHECK(l != NULL);
	for (size_t i = 0; i < n; i++) {
		unsigned char key[LEDGER_KEY_BYTES] = { 0 };
		const struct kept *kept;

		key[0] = (unsigned char)(i + 1);
		FUZZ_CHECK(ledger_take(l, key, &kept) ==
			   (ends[i] == 0 ? LEDGER_SUCCEEDED :
			    ends[i] == 5 ? LEDGER_UNDONE : LEDGER_FAILED));
	}
	ledger_task_release(&t);
	ledger_free(l);
	buf_release(&err);
}

/* What is there already is kept up to its last newline. */
static void check_logfile(const char *before, size_t len)
{
	const char *path = fuzz_file("log", before, len);
	struct logfile_config cfg = { "--joblog", path, LOGFILE_NONE };
	struct buf err = BUF_INIT, text;
	struct logfile *l = logfile_open(&cfg, &err);
	size_t whole;

	FUZZ_CHECK(l != NULL);
	whole = (size_t)logfile_whole(l);
	FUZZ_CHECK(whole <= len);
	FUZZ_CHECK(whole == 0 || before[whole - 1] == '\n');
	FUZZ_CHECK(!memchr(before + whole, '\n', len - whole));
	FUZZ_CHECK(logfile_cut(l, (off_t)whole, &err) == 0);
	FUZZ_CHECK(logfile_add(l, "end\n", 4) == 0);
	FUZZ_CHECK(logfile_free(l) == 0);
	text = read_whole(path);
	FUZZ_CHECK(text.len == whole + 4);
	FUZZ_CHECK(memcmp(text.data, before, whole) == 0);
	FUZZ_CHECK(strcmp(text.data + whole, "end\n") == 0);
	buf_release(&text);
	buf_release(&err);
}

int fuzz_log(const uint8_t *data, size_t size)
{
	unsigned ends[JOBS];
	char *commands[JOBS];
	struct in in;
	const char *before;
	size_t n, len;

	in_begin(&in, data, size);
	n = 1 + in_choice(&in, JOBS);
	for (size_t i = 0; i < n; i++) {
		ends[i] = in_choice(&in, 6);
		commands[i] = in_line(&in);
		/* A line is a command, so newlines come from elsewhere. */
		for (char *s = commands[i]; *s; s++)
			*s = *s == '\r' ? '\n' : *s;
	}
	before = in_rest(&in, &len);
	check_journal(commands, ends, n);
	check_joblog(commands, ends, n, before, len);
	check_logfile(before, len);
	in_end(&in);
	return 0;
}
