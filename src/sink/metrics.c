/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics.c - see metrics.h.
 *
 * The format is text/plain; version=0.0.4: for each metric a HELP and a TYPE
 * line and its samples. Times are in seconds, sizes in bytes; what only grows
 * ends in _total. A histogram's buckets are cumulative, the last one is +Inf
 * and equal to its count.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
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
#include "sched/engine.h"
#include "sched/job.h"
#include "sink/metrics.h"

#define NENDS	(JOB_SKIPPED + 1)

#define MS(n)	((n) * NS_PER_MS)
#define SEC(n)	((n) * NS_PER_SEC)

/* Upper bounds of the buckets below +Inf. */
static const int64_t bounds[] = {
	MS(1), MS(2) + MS(1) / 2, MS(5), MS(10), MS(25), MS(50),
	MS(100), MS(250), MS(500), SEC(1), SEC(2) + MS(500), SEC(5),
	SEC(10), SEC(30), SEC(60), SEC(120), SEC(300), SEC(600),
	SEC(1800), SEC(3600),
};

#define NBOUNDS	ARRAY_SIZE(bounds)

struct histogram {
	uint64_t n[NBOUNDS + 1];	/* not cumulative here */
	int64_t sum_ns;
};

struct metrics {
	struct sink sink;
	char *path;			/* links resolved */
	char *temporary;
	int64_t start_wall_ns;

	struct mutex lock;		/* guards all that follows */
	uint64_t succeeded;
	uint64_t failed[NENDS];		/* enum job_end */
	uint64_t tries;
	uint64_t retries;
	struct histogram wait;		/* of tries that began */
	struct histogram run;		/* of tries that ended */
	int64_t user_ns;
	int64_t system_ns;
	uint64_t out_bytes;
};

/*
 * The job whose try this thread has begun; 0: none. The end of a job is heard
 * of also when it comes long after its last try, and by another thread: then
 * that try has been counted already.
 */
static _Thread_local uint64_t trying;

/* Counting. */

static void observe(struct histogram *h, int64_t ns)
{
	size_t i = 0;

	if (ns < 0)
		ns = 0;
	while (i < NBOUNDS && ns > bounds[i])
		i++;
	h->n[i]++;
	h->sum_ns += ns;
}

static void note_start(struct sink *s, const struct job *job)
{
	struct metrics *m = container_of(s, struct metrics, sink);
	int64_t now = clock_now_ns();

	/* For want of a process the same try can begin again. */
	if (trying == job->seq)
		return;
	trying = job->seq;
	mutex_lock(&m->lock);
	m->tries++;
	if (job->ready_ns > 0)
		observe(&m->wait, now - job->ready_ns);
	mutex_unlock(&m->lock);
}

static void end_try_locked(struct metrics *m, const struct job *job)
	REQUIRES(m->lock)
{
	if (trying != job->seq)
		return;
	trying = 0;
	observe(&m->run, job_runtime_ns(job));
	m->user_ns += job->outcome.user_ns;
	m->system_ns += job->outcome.system_ns;
	m->out_bytes += job->outcome.out_bytes;
}

static void note_retry(struct sink *s, const struct job *job)
{
	struct metrics *m = container_of(s, struct metrics, sink);

	mutex_lock(&m->lock);
	end_try_locked(m, job);
	m->retries++;
	mutex_unlock(&m->lock);
}

static void note_done(struct sink *s, const struct job *job)
{
	struct metrics *m = container_of(s, struct metrics, sink);

	mutex_lock(&m->lock);
	end_try_locked(m, job);
	if (job_has_succeeded(job))
		m->succeeded++;
	else
		m->failed[job->outcome.end]++;
	mutex_unlock(&m->lock);
}

static const struct sink_ops metrics_ops = {
	.start = note_start,
	.retry = note_retry,
	.done = note_done,
};

/* The text. */

/* Opens a metric; its samples follow. */
static void open_metric(struct buf *b, const char *name, const char *type,
			const char *help)
{
	buf_addf(b, "# HELP muster_%s %s\n# TYPE muster_%s %s\n", name, help,
		 name, type);
}

static void add_sample(struct buf *b, const char *name, uint64_t value)
{
	buf_addf(b, "muster_%s ", name);
	buf_addu(b, value);
	buf_addch(b, '\n');
}

static void add_labelled(struct buf *b, const char *name, const char *label,
			 const char *word, uint64_t value)
{
	buf_addf(b, "muster_%s{%s=\"%s\"} ", name, label, word);
	buf_addu(b, value);
	buf_addch(b, '\n');
}

static void add_gauge(struct buf *b, const char *name, const char *help,
		      uint64_t value)
{
	open_metric(b, name, "gauge", help);
	add_sample(b, name, value);
}

static void add_counter(struct buf *b, const char *name, const char *help,
			uint64_t value)
{
	open_metric(b, name, "counter", help);
	add_sample(b, name, value);
}

/* Seconds, all digits that count and no more. */
static void add_seconds(struct buf *b, int64_t ns)
{
	buf_addf(b, "%lld.%09d", (long long)(ns / NS_PER_SEC),
		 (int)(ns % NS_PER_SEC));
	while (b->data[b->len - 1] == '0')
		buf_truncate(b, b->len - 1);
	if (b->data[b->len - 1] == '.')
		buf_truncate(b, b->len - 1);
}

static void add_histogram(struct buf *b, const char *name, const char *help,
			  const struct histogram *h)
{
	uint64_t sum = 0;

	open_metric(b, name, "histogram", help);
	for (size_t i = 0; i < NBOUNDS; i++) {
		sum += h->n[i];
		buf_addf(b, "muster_%s_bucket{le=\"", name);
		add_seconds(b, bounds[i]);
		buf_addf(b, "\"} %llu\n", (unsigned long long)sum);
	}
	sum += h->n[NBOUNDS];
	buf_addf(b, "muster_%s_bucket{le=\"+Inf\"} %llu\nmuster_%s_sum ", name,
		 (unsigned long long)sum, name);
	add_seconds(b, h->sum_ns);
	buf_addf(b, "\nmuster_%s_count %llu\n", name, (unsigned long long)sum);
}

static void add_run(struct metrics *m, const struct engine_stats *s,
		    struct buf *b)
{
	open_metric(b, "build_info", "gauge", "The version of muster.");
	buf_addstr(b, "muster_build_info{version=\"" PACKAGE_VERSION "\"} 1\n");
	open_metric(b, "start_time_seconds", "gauge",
		    "When the run began, since 1970.");
	buf_addstr(b, "muster_start_time_seconds ");
	add_seconds(b, m->start_wall_ns);
	buf_addch(b, '\n');
	add_gauge(b, "input_complete", "1 when all input has been read.",
		  s->closed);
	add_gauge(b, "paused", "1 while no jobs are started.", s->paused);
	add_gauge(b, "stopping", "1 when the run has been told to end early.",
		  s->stop != ENGINE_RUN);
}

static void add_jobs_locked(struct metrics *m, const struct engine_stats *s,
			    struct buf *b) REQUIRES(m->lock)
{
	open_metric(b, "jobs", "gauge", "Jobs that are not over, by state.");
	add_labelled(b, "jobs", "state", "running", s->running);
	add_labelled(b, "jobs", "state", "queued", s->queued);
	add_labelled(b, "jobs", "state", "delayed", s->delayed);
	add_labelled(b, "jobs", "state", "held", s->held);
	add_gauge(b, "queue_depth", "Jobs that wait for a worker.", s->queued);
	add_counter(b, "jobs_submitted_total", "Jobs read from the input.",
		    s->submitted);
	add_counter(b, "jobs_succeeded_total", "Jobs that succeeded.",
		    m->succeeded);
	open_metric(b, "jobs_failed_total", "counter",
		    "Jobs that did not succeed, by kind of end.");
	for (int i = 0; i < NENDS; i++)
		add_labelled(b, "jobs_failed_total", "end", job_end_name(i),
			     m->failed[i]);
}

static void add_tries_locked(struct metrics *m, struct buf *b)
	REQUIRES(m->lock)
{
	add_counter(b, "tries_total", "Tries of jobs that have begun.",
		    m->tries);
	add_counter(b, "retries_total", "Tries that another one followed.",
		    m->retries);
	add_histogram(b, "wait_seconds",
		      "How long tries waited for a worker.", &m->wait);
	add_histogram(b, "run_seconds", "How long tries ran.", &m->run);
	open_metric(b, "cpu_seconds_total", "counter",
		    "CPU time of tries that have ended.");
	buf_addstr(b, "muster_cpu_seconds_total{mode=\"user\"} ");
	add_seconds(b, m->user_ns);
	buf_addstr(b, "\nmuster_cpu_seconds_total{mode=\"system\"} ");
	add_seconds(b, m->system_ns);
	buf_addch(b, '\n');
	add_counter(b, "output_bytes_total",
		    "What tries that have ended wrote to standard output.",
		    m->out_bytes);
}

static void add_resizes(struct buf *b, const char *name, const char *help,
			const uint64_t *counts)
{
	open_metric(b, name, "counter", help);
	for (int i = 0; i < RESIZE_REASONS; i++)
		add_labelled(b, name, "reason", engine_resize_name(i),
			     counts[i]);
}

static void add_workers(const struct engine_stats *s, struct buf *b)
{
	open_metric(b, "workers", "gauge", "Workers, by what they do.");
	add_labelled(b, "workers", "state", "busy",
		     s->workers > s->idle ? s->workers - s->idle : 0);
	add_labelled(b, "workers", "state", "idle", s->idle);
	add_gauge(b, "workers_min", "Workers that are always kept.", s->min);
	add_gauge(b, "workers_max", "Workers there may be.", s->max);
	add_gauge(b, "workers_goal",
		  "Workers that --scale adaptive aims at; else the maximum.",
		  s->goal);
	add_gauge(b, "workers_peak", "Most workers at once so far.",
		  s->peak_workers);
	add_resizes(b, "workers_started_total",
		    "Workers started, by reason.", s->grown);
	add_resizes(b, "workers_ended_total", "Workers ended, by reason.",
		    s->shrunk);
	add_counter(b, "steals_total",
		    "Times that a worker took jobs of another.", s->steals);
}

void metrics_format(struct metrics *m, const struct engine_stats *s,
		    struct buf *out)
{
	add_run(m, s, out);
	mutex_lock(&m->lock);
	add_jobs_locked(m, s, out);
	add_tries_locked(m, out);
	mutex_unlock(&m->lock);
	add_workers(s, out);
}

/* The file. */

/* A new file of that name. One that is there was left by a muster that was
 * killed and had our number. */
static int open_temporary(const char *path)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL;
	int fd = fd_open(path, flags, 0644);

	if (fd >= 0 || errno != EEXIST || unlink(path) < 0)
		return fd;
	return fd_open(path, flags, 0644);
}

static int write_temporary(const char *path, const struct buf *text)
{
	int fd = open_temporary(path);
	int ret, err;

	if (fd < 0)
		return -1;
	ret = fd_write_all(fd, text->data, text->len);
	err = errno;
	/* Some file systems tell only here. */
	if (close(fd) < 0 && errno != EINTR && ret == 0) {
		ret = -1;
		err = errno;
	}
	errno = err;
	return ret;
}

int metrics_write(struct metrics *m, const struct engine_stats *s)
{
	struct buf text = BUF_INIT;
	int err = 0;

	metrics_format(m, s, &text);
	if (write_temporary(m->temporary, &text) < 0 ||
	    rename(m->temporary, m->path) < 0) {
		err = errno;
		unlink(m->temporary);
	}
	buf_release(&text);
	errno = err;
	return err ? -1 : 0;
}

/* Where the file is or is to be, to be freed; NULL with errno. The end of a
 * chain of links is replaced, not the first link. */
static char *settle_path(const char *path)
{
	char real[PATH_MAX];
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT && *path ? xstrdup(path) : NULL;
	if (S_ISLNK(st.st_mode) &&
	    (!realpath(path, real) || stat(path = real, &st) < 0))
		return NULL;
	if (S_ISREG(st.st_mode))
		return xstrdup(path);
	errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	return NULL;
}

struct metrics *metrics_new(const char *path, struct buf *err)
{
	char *settled = settle_path(path);
	struct metrics *m;
	struct buf name = BUF_INIT;

	if (!settled) {
		buf_addf(err, "--metrics: cannot write '%s': %s", path,
			 errno == EINVAL ? "Not a regular file"
					 : strerror(errno));
		return NULL;
	}
	m = xcalloc(1, sizeof(*m));
	m->sink.ops = &metrics_ops;
	list_init(&m->sink.link);
	mutex_init(&m->lock);
	m->path = settled;
	m->start_wall_ns = clock_wall_ns();
	buf_addf(&name, "%s.%ld.tmp", settled, (long)getpid());
	m->temporary = buf_take(&name);
	return m;
}

struct sink *metrics_sink(struct metrics *m)
{
	return &m->sink;
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	mutex_release(&m->lock);
	free(m->path);
	free(m->temporary);
	free(m);
}
