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
#include <sys/file.h>
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
	bool (*describe)(void *arg, const struct job *job, struct buf *out);
	void *describe_arg;
	struct mutex lock;
	int fd;
	bool can_cut;		/* it is a regular file of our own */
	struct buf line;	/* guarded by lock, as err */
	int err;		/* of the first failed write; 0: none */
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
	else if (!l->describe || !l->describe(l->describe_arg, job, b))
		job_add_values(job, b);
	for (size_t i = start; i < b->len; i++) {
		if (b->data[i] == '\n')
			b->data[i] = '\0';
	}
}

int joblog_status(const struct job *job)
{
	enum job_end end = job->outcome.end;

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
	buf_addu(b, job->data_len + (uint64_t)job->part_len);
	buf_addch(b, '\t');
	buf_addu(b, job->outcome.out_bytes);
	buf_addf(b, "\t%d\t%d\t", joblog_status(job), joblog_signal(job));
	add_command(l, b, job);
	buf_addch(b, '\n');
}

static off_t size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_size : -1;
}

/* One write, and of a line that does not go in as a whole, nothing. 0, or -1
 * with errno. */
static int write_line_locked(struct joblog *l) REQUIRES(l->lock)
{
	off_t before = l->can_cut ? size_of(l->fd) : -1;
	off_t after;
	int err;

	if (fd_write_all(l->fd, l->line.data, l->line.len) == 0)
		return 0;
	err = errno;
	after = before < 0 ? -1 : size_of(l->fd);
	/* More than a part of ours has come from elsewhere. What can't be cut
	 * off now is cut off when the log is used again. */
	if (after > before && after - before < (off_t)l->line.len)
		(void)!ftruncate(l->fd, before);
	errno = err;
	return -1;
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
		format_line(l, &l->line, job);
		if (write_line_locked(l) < 0)
			err = l->err = errno;
	}
	mutex_unlock(&l->lock);
	if (err)
		l->failed(l->arg, l->path, err);
}

static const struct sink_ops joblog_ops = {
	.done = log_job,
};

/* Where the last line begins that has lost its newline; the end of the file
 * when it has none. A file that may be written but not read is taken to be
 * whole. -1 with errno. */
static off_t torn_from(const char *path, off_t size)
{
	int fd = fd_open(path, O_RDONLY, 0);
	char block[4096];
	off_t end = size;
	ssize_t n = 0;

	if (fd < 0)
		return size;
	while (end > 0) {
		size_t len = end < (off_t)sizeof(block) ? (size_t)end
							: sizeof(block);

		n = fd_pread(fd, block, len, end - (off_t)len);
		if (n != (ssize_t)len)
			break;
		while (n > 0 && block[n - 1] != '\n')
			n--;
		end -= (off_t)len - n;
		if (n > 0)
			break;
	}
	fd_close(&fd);
	return n < 0 ? size : end;
}

/* Takes the file for this run alone, and prepares it: empty, or whole lines.
 * has_lines: the names of the columns are there. 0, or -1 with errno;
 * EWOULDBLOCK: another run has it. */
static int take_log(int fd, const char *path, bool append, bool *has_lines)
{
	struct stat st;
	off_t size;

	*has_lines = false;
	if (fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode))
		return 0;
	/* Some file systems know no locks. */
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return -1;
	if (fstat(fd, &st) < 0)
		return -1;
	size = append ? torn_from(path, st.st_size) : 0;
	*has_lines = size > 0;
	return size < st.st_size ? ftruncate(fd, size) : 0;
}

/* -1 with a message in err. */
static int open_log(const char *path, bool append, struct buf *err)
{
	bool is_stdout = strcmp(path, "-") == 0;
	bool has_lines = false;
	int fd;

	if (is_stdout)
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		fd = fd_open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
	if (fd < 0) {
		buf_addf(err, "--joblog: can't open '%s': %s", path,
			 strerror(errno));
		return -1;
	}
	if (!is_stdout && take_log(fd, path, append, &has_lines) < 0) {
		if (errno == EWOULDBLOCK)
			buf_addf(err, "--joblog: '%s' is in use by another "
				 "run", path);
		else
			buf_addf(err, "--joblog: can't write to '%s': %s",
				 path, strerror(errno));
		fd_close(&fd);
		return -1;
	}
	if (!has_lines && fd_write_all(fd, header, strlen(header)) < 0) {
		buf_addf(err, "--joblog: can't write to '%s': %s", path,
			 strerror(errno));
		fd_close(&fd);
	}
	return fd;
}

static bool is_regular(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

struct joblog *joblog_new(const char *path, bool append,
			  void (*failed)(void *arg, const char *path, int err),
			  void *arg, struct buf *err)
{
	int fd = open_log(path, append, err);
	struct joblog *l;

	if (fd < 0)
		return NULL;
	l = xcalloc(1, sizeof(*l));
	l->sink.ops = &joblog_ops;
	list_init(&l->sink.link);
	l->path = xstrdup(path);
	l->failed = failed;
	l->arg = arg;
	mutex_init(&l->lock);
	l->fd = fd;
	l->can_cut = strcmp(path, "-") != 0 && is_regular(fd);
	buf_init(&l->line);
	return l;
}

void joblog_set_describe(struct joblog *l,
			 bool (*describe)(void *arg, const struct job *job,
					  struct buf *out),
			 void *arg)
{
	l->describe = describe;
	l->describe_arg = arg;
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
