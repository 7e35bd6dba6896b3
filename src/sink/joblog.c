/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * joblog.c - see joblog.h.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "sched/job.h"
#include "sink/joblog.h"

static const char header[] =
	"Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\t"
	"Command\n";

struct joblog {
	struct sink sink;
	char *path;
	void (*failed)(void *arg, const char *path, int err);
	void *arg;
	struct mutex lock;
	int fd;
	struct buf line;	/* guarded by lock, as err */
	int err;		/* of the first failed write; 0: none */
};

/* Seconds with three decimals. */
static void add_seconds(struct buf *b, int64_t ns, int width)
{
	buf_addf(b, "%*lld.%03d", width - 4, (long long)(ns / NS_PER_SEC),
		 (int)(ns % NS_PER_SEC / NS_PER_MS));
}

static void add_command(struct buf *b, const struct job *job)
{
	size_t start = b->len;

	if (job->command)
		buf_addstr(b, job->command);
	else
		job_add_values(job, b);
	for (size_t i = start; i < b->len; i++) {
		if (b->data[i] == '\n')
			b->data[i] = '\0';
	}
}

static int logged_status(const struct job *job)
{
	enum job_end end = job->outcome.end;

	return end == JOB_TIMEOUT || end == JOB_KILLED ? -1 : job_status(job);
}

static int logged_signal(const struct job *job)
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

static void format_line(struct buf *b, const struct job *job)
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
	buf_addu(b, job->data_len + (uint64_t)job->part_len);
	buf_addch(b, '\t');
	buf_addu(b, job->outcome.out_bytes);
	buf_addf(b, "\t%d\t%d\t", logged_status(job), logged_signal(job));
	add_command(b, job);
	buf_addch(b, '\n');
}

static void log_job(struct sink *s, const struct job *job)
{
	struct joblog *l = container_of(s, struct joblog, sink);
	int err = 0;

	if (job->outcome.end == JOB_CANCELLED)
		return;
	mutex_lock(&l->lock);
	if (!l->err) {
		buf_reset(&l->line);
		format_line(&l->line, job);
		if (fd_write_all(l->fd, l->line.data, l->line.len) < 0)
			err = l->err = errno;
	}
	mutex_unlock(&l->lock);
	if (err)
		l->failed(l->arg, l->path, err);
}

static const struct sink_ops joblog_ops = {
	.done = log_job,
};

static int open_log(const char *path, bool append)
{
	int flags = O_WRONLY | O_CREAT | O_APPEND;

	if (strcmp(path, "-") == 0)
		return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return fd_open(path, append ? flags : flags | O_TRUNC, 0666);
}

/* True when the file has a last line without a newline. A file that may be
 * written but not read is taken to be whole. */
static bool ends_torn(const char *path, off_t size)
{
	int fd = fd_open(path, O_RDONLY, 0);
	char last = '\n';

	if (fd < 0)
		return false;
	if (fd_pread(fd, &last, 1, size - 1) != 1)
		last = '\n';
	fd_close(&fd);
	return last != '\n';
}

/* What has to be written before the first job's line. */
static const char *opening(int fd, const char *path, bool append)
{
	struct stat st;

	if (!append || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_size == 0)
		return header;
	return ends_torn(path, st.st_size) ? "\n" : "";
}

struct joblog *joblog_new(const char *path, bool append,
			  void (*failed)(void *arg, const char *path, int err),
			  void *arg, struct buf *err)
{
	int fd = open_log(path, append);
	struct joblog *l;
	const char *first;

	if (fd < 0) {
		buf_addf(err, "--joblog: can't open '%s': %s", path,
			 strerror(errno));
		return NULL;
	}
	first = opening(fd, path, append);
	if (fd_write_all(fd, first, strlen(first)) < 0) {
		buf_addf(err, "--joblog: can't write to '%s': %s", path,
			 strerror(errno));
		fd_close(&fd);
		return NULL;
	}
	l = xcalloc(1, sizeof(*l));
	l->sink.ops = &joblog_ops;
	list_init(&l->sink.link);
	l->path = xstrdup(path);
	l->failed = failed;
	l->arg = arg;
	mutex_init(&l->lock);
	l->fd = fd;
	buf_init(&l->line);
	return l;
}

struct sink *joblog_sink(struct joblog *l)
{
	return &l->sink;
}

int joblog_free(struct joblog *l)
{
	int err;

	if (!l)
		return 0;
	err = l->err;
	/* Network file systems tell only here that a line was lost. */
	if (close(l->fd) < 0 && errno != EINTR && !err)
		err = errno;
	buf_release(&l->line);
	mutex_release(&l->lock);
	free(l->path);
	free(l);
	errno = err;
	return err ? -1 : 0;
}
