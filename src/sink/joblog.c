/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * joblog.c - see joblog.h.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "sched/job.h"
#include "sink/joblog.h"
#include "sink/logfile.h"

static const char header[] =
	"Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\t"
	"Command\n";

struct joblog {
	struct sink sink;
	struct logfile *file;
	bool (*describe)(void *arg, const struct job *job, struct buf *out);
	void *arg;
};

/* Seconds with three decimals. */
static void add_seconds(struct buf *b, int64_t ns, int width)
{
	buf_addf(b, "%*lld.%03d", width - 4, (long long)(ns / NS_PER_SEC),
		 (int)(ns % NS_PER_SEC / NS_PER_MS));
}

static void add_command(const struct joblog *l, struct buf *b,
			const struct job *job)
{
	size_t start = b->len;

	if (job->command)
		buf_addstr(b, job->command);
	else if (!l->describe || !l->describe(l->arg, job, b))
		job_add_values(job, b);
	for (size_t i = start; i < b->len; i++) {
		if (b->data[i] == '\n')
			b->data[i] = '\0';
	}
}

int joblog_status(const struct job *job)
{
	enum job_end end = job->outcome.end;

	if (job->outcome.was_left_out)
		return -2;
	return end == JOB_TIMEOUT || end == JOB_KILLED ? -1 : job_status(job);
}

int joblog_signal(const struct job *job)
{
	switch (job->outcome.end) {
	case JOB_SIGNALED:
		return job->outcome.signal;
	case JOB_TIMEOUT:
	case JOB_KILLED:
		return job->outcome.signal ? job->outcome.signal : SIGTERM;
	case JOB_EXITED:
	case JOB_UNSTARTED:
	case JOB_REFUSED:
	case JOB_CANCELLED:
	case JOB_LOST:
	case JOB_DROPPED:
	case JOB_SKIPPED:
		break;
	}
	return 0;
}

uint64_t joblog_sent(const struct job *job)
{
	return job->data_len + (uint64_t)job->part_len;
}

static void format_line(const struct joblog *l, struct buf *b,
			const struct job *job)
{
	int64_t start = job->outcome.start_wall_ns;

	/* A job that never ran has no time of its own. */
	if (!start)
		start = clock_wall_ns();
	buf_addu(b, job->seq);
	buf_addstr(b, "\t:\t");
	add_seconds(b, start + NS_PER_MS / 2, 4);
	buf_addch(b, '\t');
	add_seconds(b, job_runtime_ns(job), 10);
	buf_addch(b, '\t');
	buf_addu(b, joblog_sent(job));
	buf_addch(b, '\t');
	buf_addu(b, job->outcome.out_bytes);
	buf_addf(b, "\t%d\t%d\t", joblog_status(job), joblog_signal(job));
	add_command(l, b, job);
	buf_addch(b, '\n');
}

static void log_job(struct sink *s, const struct job *job)
{
	struct joblog *l = container_of(s, struct joblog, sink);
	struct buf line = BUF_INIT;

	if (job->outcome.end == JOB_CANCELLED)
		return;
	format_line(l, &line, job);
	/* What fails is told by the file, which may end the run: then jobs that
	 * wait to be tried again are told to us from in here. */
	(void)!logfile_add(l->file, line.data, line.len);
	(void)!logfile_commit(l->file);
	buf_release(&line);
}

static const struct sink_ops joblog_ops = {
	.done = log_job,
};

/* Empties the file, or cuts a torn line off it; sees to the header. 0, or -1
 * with a message in err. */
static int prepare(struct logfile *file, const char *path, bool append,
		   struct buf *err)
{
	off_t size = append ? logfile_whole(file) : 0;

	if (logfile_cut(file, size, err) < 0)
		return -1;
	if (size > 0 || logfile_add(file, header, strlen(header)) == 0)
		return 0;
	buf_addf(err, "--joblog: can't write to '%s': %s", path,
		 strerror(errno));
	return -1;
}

struct joblog *joblog_new(const struct joblog_config *config, struct buf *err)
{
	struct logfile_config file_config = {
		.option = "--joblog",
		.path = config->path,
		.sync = config->sync,
	};
	struct logfile *file = logfile_open(&file_config, err);
	struct joblog *l;

	if (!file)
		return NULL;
	if (prepare(file, config->path, config->append, err) < 0) {
		logfile_free(file);
		return NULL;
	}
	l = xcalloc(1, sizeof(*l));
	l->sink.ops = &joblog_ops;
	list_init(&l->sink.link);
	l->file = file;
	l->describe = config->describe;
	l->arg = config->arg;
	logfile_set_failed(file, config->failed, config->arg);
	return l;
}

struct sink *joblog_sink(struct joblog *l)
{
	return &l->sink;
}

int joblog_finish(struct joblog *l)
{
	return logfile_finish(l->file);
}

int joblog_free(struct joblog *l)
{
	int ret;

	if (!l)
		return 0;
	ret = logfile_free(l->file);
	free(l);
	return ret;
}
