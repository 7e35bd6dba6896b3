/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * poolstats.c - see poolstats.h.
 *
 * Waiting times are counted in buckets, 32 for each power of two, so that the
 * memory they take is constant and a bucket's middle is near what is in it.
 */
#include <config.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "sched/engine.h"
#include "sched/job.h"
#include "sink/columns.h"
#include "sink/poolstats.h"

#define SUB_BITS	5
#define SUBS		(1 << SUB_BITS)
#define NBUCKETS	((64 - SUB_BITS) * SUBS)

/* Columns that the counts of workers may take. */
#define LIST_WIDTH	76

/* A worker that is there: the state that the engine is given for it. */
struct life {
	struct list link;	/* guarded by the lock */
	void *inner;		/* the runner's state */
	int64_t since_ns;	/* clock_run_ns */
};

struct poolstats {
	struct sink sink;
	struct runner runner;
	struct runner *inner;

	struct mutex lock;	/* guards all that follows */
	struct list lives;
	int64_t lived_ns;	/* of workers that have ended */
	int64_t busy_ns;
	uint64_t waits[NBUCKETS];
	uint64_t nwaits;
	int64_t wait_sum_ns;
	int64_t wait_max_ns;
};

/* What this thread is at work on. A job whose end comes long after its last
 * try, or is told by another thread, is not. */
static _Thread_local struct {
	uint64_t seq;		/* 0: nothing */
	int64_t since_ns;	/* clock_run_ns */
} at_work;

/* Times in buckets. */

static unsigned bucket_of(uint64_t v)
{
	unsigned shift = 0;

	while (v >> shift >= 2 * SUBS)
		shift++;
	return shift * SUBS + (unsigned)(v >> shift);
}

static int64_t bucket_middle(unsigned i)
{
	unsigned shift = i < 2 * SUBS ? 0 : i / SUBS - 1;
	uint64_t low = (uint64_t)(i - shift * SUBS) << shift;

	return (int64_t)(low + ((uint64_t)1 << shift) / 2);
}

static void add_wait_locked(struct poolstats *p, int64_t ns) REQUIRES(p->lock)
{
	if (ns < 0)
		ns = 0;
	p->waits[bucket_of((uint64_t)ns)]++;
	p->nwaits++;
	p->wait_sum_ns += ns;
	if (ns > p->wait_max_ns)
		p->wait_max_ns = ns;
}

/* What so many per cent of the waiting times do not exceed. */
static int64_t wait_percentile_locked(const struct poolstats *p,
				      unsigned percent) REQUIRES(p->lock)
{
	uint64_t rank = p->nwaits / 100 * percent +
			(p->nwaits % 100 * percent + 99) / 100;
	uint64_t seen = 0;
	int64_t ns;

	for (unsigned i = 0; i < NBUCKETS; i++) {
		seen += p->waits[i];
		if (seen == 0 || seen < rank)
			continue;
		ns = bucket_middle(i);
		return ns < p->wait_max_ns ? ns : p->wait_max_ns;
	}
	return 0;
}

/* The sink. */

static void note_start(struct sink *s, const struct job *job)
{
	struct poolstats *p = container_of(s, struct poolstats, sink);
	int64_t now = clock_now_ns();
	/* For want of a process the same try can begin again. */
	bool is_new = at_work.seq != job->seq;

	at_work.seq = job->seq;
	at_work.since_ns = clock_run_ns();
	if (!is_new || job->ready_ns <= 0)
		return;
	mutex_lock(&p->lock);
	add_wait_locked(p, now - job->ready_ns);
	mutex_unlock(&p->lock);
}

static void note_end(struct sink *s, const struct job *job)
{
	struct poolstats *p = container_of(s, struct poolstats, sink);

	if (at_work.seq != job->seq)
		return;
	at_work.seq = 0;
	mutex_lock(&p->lock);
	p->busy_ns += clock_run_ns() - at_work.since_ns;
	mutex_unlock(&p->lock);
}

static const struct sink_ops sink_ops = {
	.start = note_start,
	.retry = note_end,
	.done = note_end,
};

/* The runner. */

static struct poolstats *of_runner(struct runner *r)
{
	return container_of(r, struct poolstats, runner);
}

static void *open_slot(struct runner *r, unsigned slot)
{
	struct poolstats *p = of_runner(r);
	struct life *life = xmalloc(sizeof(*life));

	life->since_ns = clock_run_ns();
	life->inner = p->inner->ops->slot_open(p->inner, slot);
	mutex_lock(&p->lock);
	list_append(&p->lives, &life->link);
	mutex_unlock(&p->lock);
	return life;
}

static void close_slot(struct runner *r, void *state)
{
	struct poolstats *p = of_runner(r);
	struct life *life = state;

	p->inner->ops->slot_close(p->inner, life->inner);
	mutex_lock(&p->lock);
	list_del(&life->link);
	p->lived_ns += clock_run_ns() - life->since_ns;
	mutex_unlock(&p->lock);
	free(life);
}

static enum run_result run_job(struct runner *r, void *state, struct job *job)
{
	struct runner *inner = of_runner(r)->inner;

	return inner->ops->run(inner, ((struct life *)state)->inner, job);
}

static void interrupt(struct runner *r, void *state)
{
	struct runner *inner = of_runner(r)->inner;

	inner->ops->interrupt(inner, ((struct life *)state)->inner);
}

static const struct runner_ops runner_ops = {
	.slot_open = open_slot,
	.slot_close = close_slot,
	.run = run_job,
	.interrupt = interrupt,
};

struct poolstats *poolstats_new(struct runner *inner)
{
	struct poolstats *p = xcalloc(1, sizeof(*p));

	p->sink.ops = &sink_ops;
	list_init(&p->sink.link);
	p->runner.ops = &runner_ops;
	p->inner = inner;
	mutex_init(&p->lock);
	list_init(&p->lives);
	return p;
}

void poolstats_free(struct poolstats *p)
{
	if (!p)
		return;
	mutex_release(&p->lock);
	free(p);
}

struct sink *poolstats_sink(struct poolstats *p)
{
	return &p->sink;
}

struct runner *poolstats_runner(struct poolstats *p)
{
	return &p->runner;
}

/* The table. */

enum { STARTED, ENDED, PEAK, JOBS, TIME, WAITING, STEALS, RETRIES, NROWS };

static const char *const titles[NROWS] = {
	[STARTED] = "Workers started",
	[ENDED] = "Workers ended",
	[PEAK] = "Most at once",
	[JOBS] = "Tries per worker",
	[TIME] = "Worker time",
	[WAITING] = "Waiting",
	[STEALS] = "Steals",
	[RETRIES] = "Retries",
};

struct row {
	struct buf value;
	struct buf details;
};

static void add_time(struct buf *b, int64_t ns)
{
	if (ns < NS_PER_SEC)
		buf_addf(b, "%.3fms", (double)ns / (double)NS_PER_MS);
	else
		num_add_duration(b, ns);
}

static double share(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

static void fill_reasons(struct row *row, const uint64_t *counts)
{
	uint64_t sum = 0;

	for (int i = 0; i < RESIZE_REASONS; i++) {
		if (!counts[i])
			continue;
		buf_addf(&row->details, "%s%s %llu", sum ? ", " : "",
			 engine_resize_name(i), (unsigned long long)counts[i]);
		sum += counts[i];
	}
	buf_addu(&row->value, sum);
}

static void fill_ended(struct row *row, const struct engine_stats *s)
{
	uint64_t counts[RESIZE_REASONS];

	memcpy(counts, s->shrunk, sizeof(counts));
	counts[RESIZE_END] += s->workers;
	fill_reasons(row, counts);
}

static int compare_counts(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void fill_jobs(struct row *row, const struct engine_worker *workers,
		      size_t n)
{
	uint64_t *counts = xcalloc(n ? n : 1, sizeof(*counts));
	double mean, spread;
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += counts[i] = workers[i].jobs;
	if (n) {
		qsort(counts, n, sizeof(*counts), compare_counts);
		mean = (double)sum / (double)n;
		spread = (double)(counts[n - 1] - counts[0]);
		buf_addf(&row->value, "%.1f", mean);
		buf_addf(&row->details,
			 "min %llu, median %llu, max %llu, spread %.1f%%",
			 (unsigned long long)counts[0],
			 (unsigned long long)counts[(n - 1) / 2],
			 (unsigned long long)counts[n - 1],
			 share(spread, mean));
	} else {
		buf_addch(&row->value, '-');
	}
	free(counts);
}

static void fill_time_locked(struct row *row, struct poolstats *p)
	REQUIRES(p->lock)
{
	int64_t now = clock_run_ns();
	int64_t lived = p->lived_ns;
	struct list *pos;
	double busy;

	list_for_each(pos, &p->lives)
		lived += now - container_of(pos, struct life, link)->since_ns;
	busy = share((double)p->busy_ns, (double)lived);
	add_time(&row->value, lived);
	buf_addf(&row->details, "busy %.1f%%, idle %.1f%%", busy, 100 - busy);
}

static void fill_waiting_locked(struct row *row, const struct poolstats *p)
	REQUIRES(p->lock)
{
	struct buf *b = &row->details;

	if (!p->nwaits) {
		buf_addch(&row->value, '-');
		return;
	}
	add_time(&row->value, p->wait_sum_ns / (int64_t)p->nwaits);
	buf_addstr(b, "median ");
	add_time(b, wait_percentile_locked(p, 50));
	buf_addstr(b, ", 95% ");
	add_time(b, wait_percentile_locked(p, 95));
	buf_addstr(b, ", max ");
	add_time(b, p->wait_max_ns);
}

/* Each worker's count, in columns. */
static void list_workers(struct buf *out, const struct engine_worker *workers,
			 size_t n)
{
	struct buf cell = BUF_INIT;
	size_t width = 0, per_line;

	/* The first round measures, the second one writes. */
	for (size_t i = 0; i < 2 * n; i++) {
		const struct engine_worker *w = &workers[i < n ? i : i - n];

		buf_reset(&cell);
		if (workers[n - 1].stage > 0)
			buf_addf(&cell, "%u.", w->stage + 1);
		buf_addf(&cell, "%u: %llu", w->slot,
			 (unsigned long long)w->jobs);
		if (i < n) {
			width = cell.len > width ? cell.len : width;
			continue;
		}
		columns_add_blanks(out, 2 + width - cell.len);
		buf_add(out, cell.data, cell.len);
		per_line = width + 2 < LIST_WIDTH ? LIST_WIDTH / (width + 2)
						  : 1;
		if ((i - n + 1) % per_line == 0 || i + 1 == 2 * n)
			buf_addch(out, '\n');
	}
	buf_release(&cell);
}

static void add_rows(struct buf *out, struct row *rows,
		     const struct engine_worker *workers, size_t n)
{
	size_t title_width = 0, value_width = 0;

	for (int i = 0; i < NROWS; i++) {
		if (strlen(titles[i]) > title_width)
			title_width = strlen(titles[i]);
		if (rows[i].value.len > value_width)
			value_width = rows[i].value.len;
	}
	for (int i = 0; i < NROWS; i++) {
		buf_addf(out, "%-*s  %*s%s%s\n", (int)title_width, titles[i],
			 (int)value_width, rows[i].value.data,
			 rows[i].details.len ? "  " : "",
			 rows[i].details.data);
		if (i == JOBS && n <= POOLSTATS_LISTED)
			list_workers(out, workers, n);
	}
}

void poolstats_format(struct poolstats *p, const struct engine_stats *s,
		      const struct engine_worker *workers, size_t nworkers,
		      struct buf *out)
{
	struct row rows[NROWS];

	for (int i = 0; i < NROWS; i++) {
		buf_init(&rows[i].value);
		buf_init(&rows[i].details);
	}
	fill_reasons(&rows[STARTED], s->grown);
	fill_ended(&rows[ENDED], s);
	buf_addu(&rows[PEAK].value, s->peak_workers);
	fill_jobs(&rows[JOBS], workers, nworkers);
	mutex_lock(&p->lock);
	fill_time_locked(&rows[TIME], p);
	fill_waiting_locked(&rows[WAITING], p);
	mutex_unlock(&p->lock);
	buf_addu(&rows[STEALS].value, s->steals);
	buf_addu(&rows[RETRIES].value, s->retries);
	buf_addstr(out, "muster: pool statistics:\n");
	add_rows(out, rows, workers, nworkers);
	for (int i = 0; i < NROWS; i++) {
		buf_release(&rows[i].value);
		buf_release(&rows[i].details);
	}
}
