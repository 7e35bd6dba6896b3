/* SPDX-License-Identifier: GPL-3.0-or-later */
/* feed.c - see feed.h. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/mem.h"
#include "book.h"
#include "deal.h"
#include "feed.h"
#include "input/attributes.h"
#include "input/ledger.h"
#include "input/source.h"
#include "intake.h"
#include "pipe.h"
#include "resume.h"
#include "runner/inlet.h"
#include "runner/launch.h"
#include "sched/engine.h"
#include "sched/job.h"
#include "texts.h"

/* jansson goes down 2048 levels of JSON, a call or two for each. */
#define STACK_BYTES	((size_t)2 << 20)

static const char *copy_string(struct job *job, const char *s)
{
	if (!s)
		return NULL;
	job->bytes += strlen(s) + 1;
	return arena_strdup(&job->arena, s);
}

static const char *describe_place(struct job *job, const struct tuple *t)
{
	struct buf where = BUF_INIT;
	const char *copy;

	if (!t->file)
		return NULL;
	buf_addf(&where, "%s:%llu", t->file, (unsigned long long)t->line);
	copy = copy_string(job, where.data);
	buf_release(&where);
	return copy;
}

static enum job_after after_of(enum after_when when)
{
	switch (when) {
	case AFTER_SUCCESS:
		return JOB_AFTER_SUCCESS;
	case AFTER_END:
		return JOB_AFTER_END;
	case AFTER_FAILURE:
		return JOB_AFTER_FAILURE;
	}
	BUG("after_when out of range");
}

static void copy_deps(struct job *job, const struct attributes *a)
{
	struct job_dep *deps;

	if (a->nafter == 0)
		return;
	job->bytes += a->nafter * sizeof(*deps);
	deps = arena_alloc(&job->arena, a->nafter * sizeof(*deps));
	for (size_t i = 0; i < a->nafter; i++) {
		deps[i] = (struct job_dep){
			.id = copy_string(job, a->after[i].id),
			.when = after_of(a->after[i].when),
		};
	}
	job->deps = deps;
	job->ndeps = (unsigned)a->nafter;
}

static void copy_env(struct job *job, const struct attributes *a)
{
	size_t bytes = (a->nenv + 1) * sizeof(*job->env);

	if (a->nenv == 0)
		return;
	job->bytes += bytes;
	job->env = arena_alloc(&job->arena, bytes);
	for (size_t i = 0; i < a->nenv; i++)
		job->env[i] = (char *)copy_string(job, a->env[i]);
	job->env[a->nenv] = NULL;
}

static void copy_numbers(struct job *job, const struct attributes *a,
			 bool retry_jitter)
{
	if (a->has & ATTR_PRIORITY)
		job->priority = a->priority;
	if (a->has & ATTR_TIMEOUT)
		job->timeout_ns = a->timeout_ns;
	if (a->has & ATTR_RETRIES)
		job->tries_max = a->tries_max;
	if (a->has & ATTR_WEIGHT)
		job->weight = a->weight;
	if (a->has & ATTR_RETRY_DELAY) {
		job->backoff = a->backoff;
		job->backoff.jitter = retry_jitter;
	}
}

/* What a task says of itself goes before what was said of all. */
static void copy_attributes(const struct feed *f, struct job *job,
			    const struct tuple *t)
{
	const struct attributes *a = t->attributes;

	job->where = describe_place(job, t);
	job->id = copy_string(job, a->id);
	job->cwd = copy_string(job, a->cwd);
	if (a->input)
		job->input = copy_string(job, a->input);
	job->tag = copy_string(job, a->tag);
	job->attributes_text = copy_string(job, a->text);
	copy_numbers(job, a, f->retry_jitter);
	copy_deps(job, a);
	copy_env(job, a);
}

/* Known before it is started, so that it can be written down if it never is;
 * what a template makes of it is not. */
static void know_command(const struct feed *f, struct job *job)
{
	struct buf command = BUF_INIT;

	if (job->is_argv) {
		launch_add_words(&command, job, SHELL_SH);
		job->command = copy_string(job, command.data);
		buf_release(&command);
	} else if (f->are_commands) {
		job->command = job->values[0];
	}
}

static struct job *make_job(const struct feed *f, const struct tuple *t)
{
	struct job *job = job_new(0, t->values, t->lens, t->n);

	job->priority = t->priority;
	job->timeout_ns = t->timeout_ns;
	job->tries_max = f->tries_max;
	job->is_argv = t->is_argv;
	job->width = (unsigned)t->width;
	job->input = f->input;
	if (t->attributes)
		copy_attributes(f, job, t);
	know_command(f, job);
	return job;
}

/* A task that can't be run; others may still come after it. */
static struct job *make_refused(const struct feed *f, const struct tuple *t,
				const char *message)
{
	struct job *job = job_new(0, t->values, t->lens, t->n);

	job->priority = t->priority;
	job->tries_max = f->tries_max;
	job->message = arena_strdup(&job->arena, message);
	if (t->attributes) {
		job->where = describe_place(job, t);
		job->id = copy_string(job, t->attributes->id);
	}
	return job;
}

/* Bad attributes, or none of a job's: false, with a message. */
static bool split_added(const struct feed *f, struct tuple *t,
			struct attributes *a, struct arena *arena,
			struct buf *err)
{
	size_t len = t->lens[0];

	if (!f->are_commands || f->no_attributes)
		return true;
	t->lens[0] = attributes_split(a, arena, f->shell, t->values[0], len,
				      err);
	if (t->lens[0] == ATTRIBUTES_BAD)
		return false;
	if (t->lens[0] == len)
		return true;
	t->attributes = a;
	if (a->is_barrier)
		buf_addstr(err, "a barrier cannot be added");
	return !a->is_barrier;
}

/* What was to be read can't be had: a message, and the status says it, too. */
static void tell_failure(struct feed *f, const struct buf *err)
{
	atomic_store(&f->failed, true);
	diag_msg("%s", err->data);
}

struct job *feed_job(const struct feed *f, const char *text, size_t len,
		     struct buf *err)
{
	char *value = (char *)text;
	struct tuple t = {
		.values = &value,
		.lens = &len,
		.n = 1,
		.timeout_ns = -1,
	};
	struct arena arena = { 0 };
	struct attributes a = { 0 };
	struct job *job = NULL;

	if (split_added(f, &t, &a, &arena, err)) {
		job = make_job(f, &t);
		book_identify(f->book, job, 0);
	}
	arena_release(&arena);
	return job;
}

/* False: no more jobs. */
static bool run_job(struct feed *f, struct job *job)
{
	bool waits = job->ndeps > 0;
	bool more = engine_submit(f->engine, job);

	f->submitted++;
	if (f->ask && more && !waits)
		ask_await(f->ask, f->submitted);
	return more;
}

static bool submit(struct feed *f, struct job *job, struct buf *err)
{
	f->number++;
	if (f->may_number && !job->is_argv && job->nvalues)
		texts_learn(f->texts, job, f->number);
	book_identify(f->book, job, f->number);
	if (!f->resume)
		return run_job(f, job);
	switch (resume_judge(f->resume, job, err)) {
	case RESUME_RUN:
		return run_job(f, job);
	case RESUME_PASS:
		if (job->inlet)
			inlet_end(job->inlet);
		return engine_pass(f->engine, job, true);
	case RESUME_PASS_FAILED:
		return engine_pass(f->engine, job, false);
	case RESUME_CHANGED:
		break;
	}
	tell_failure(f, err);
	job_free(job);
	engine_stop(f->engine, ENGINE_DRAIN);
	return false;
}

static bool refuse_job(struct feed *f, struct job *job)
{
	book_identify(f->book, job, ++f->number);
	atomic_store(&f->failed, true);
	if (f->resume)
		resume_count(f->resume);
	return run_job(f, job);
}

/* One step; false at the end. */
static bool feed_one(struct feed *f, struct buf *err)
{
	struct tuple t;

	buf_reset(err);
	switch (intake_next(f->intake, &t, err)) {
	case SOURCE_END:
		atomic_store(&f->at_end, !atomic_load(&f->is_stopped));
		if (f->resume)
			f->resume->has_ended = true;
		return false;
	case SOURCE_TUPLE:
		return submit(f, make_job(f, &t), err);
	case SOURCE_BAD:
		return refuse_job(f, make_refused(f, &t, err->data));
	case SOURCE_BARRIER:
		return engine_barrier(f->engine);
	case SOURCE_FAILED:
		tell_failure(f, err);
		return true;
	}
	BUG("source result out of range");
}

/* One step of --retry-failed: each number of the log is a job's again. */
static bool feed_again(struct feed *f, struct buf *command)
{
	struct tuple t = { .n = 1, .timeout_ns = -1 };
	bool is_failed;
	int error;

	if (!resume_next(f->resume, &is_failed, command, &error))
		return false;
	t.values = &command->data;
	t.lens = &command->len;
	if (error) {
		diag_err(error, "--joblog: cannot read");
		atomic_store(&f->failed, true);
		return false;
	}
	if (is_failed)
		return engine_submit(f->engine, make_job(f, &t));
	return engine_pass(f->engine, make_job(f, &t), true);
}

/* What can't be run again from the journal alone is told, and left. */
static bool submit_task(struct feed *f, const struct ledger_task *task)
{
	char *value = task->command.data;
	size_t len = task->command.len;
	struct tuple t = {
		.values = &value, .lens = &len, .n = 1, .timeout_ns = -1,
	};
	struct job *job;

	if (task->is_bound && !task->kept) {
		diag_msg("--retry-failed: job %llu had more than a command, "
			 "which the journal does not hold (use "
			 "--resume-failed)", (unsigned long long)task->number);
		atomic_store(&f->failed, true);
		return true;
	}
	job = make_job(f, &t);
	if (task->cwd.len)
		job->cwd = copy_string(job, task->cwd.data);
	if (task->input.len)
		job->input = copy_string(job, task->input.data);
	memcpy(job->key, task->key, sizeof(job->key));
	job->has_key = true;
	if (!task->kept)
		return engine_submit(f->engine, job);
	resume_keep(job, task->kept, false);
	return engine_pass(f->engine, job, true);
}

/* One step of --retry-failed with a journal. */
static bool feed_task(struct feed *f, struct buf *err)
{
	struct ledger_task task;
	bool more = false;

	ledger_task_init(&task);
	buf_reset(err);
	switch (ledger_next(f->resume->ledger, &task, err)) {
	case 1:
		more = submit_task(f, &task);
		break;
	case 0:
		atomic_store(&f->at_end, true);
		break;
	default:
		tell_failure(f, err);
		break;
	}
	ledger_task_release(&task);
	return more;
}

static void let_go(struct feed *f)
{
	struct engine_stats stats;

	engine_get_stats(f->engine, &stats);
	atomic_store(f->total, stats.submitted);
	engine_pause(f->engine, false);
}

/* Values for a block: the next ones, as long as there are any. What is not
 * SOURCE_TUPLE is an error. */
static enum source_result next_values(struct feed *f, struct tuple *t,
				      struct buf *err)
{
	enum source_result ret;

	do
		ret = intake_next(f->intake, t, err);
	while (ret == SOURCE_BARRIER);
	if (ret != SOURCE_END)
		return ret;
	*t = (struct tuple){ .timeout_ns = -1 };
	return SOURCE_TUPLE;
}

static bool was_stopped(const struct feed *f)
{
	return atomic_load(&f->is_stopped) ||
	       (f->deal && deal_is_stopped(f->deal));
}

/* The next piece: 1, 0 at the end, -1 for one that is bad, which was said. */
static int next_piece(struct feed *f, struct piece *piece, struct buf *err)
{
	int ret;

	buf_reset(err);
	ret = pipe_next(f->pipe, piece, err);
	if (ret < 0) {
		tell_failure(f, err);
	} else if (ret == 0) {
		atomic_store(&f->at_end, !was_stopped(f));
		if (f->resume)
			f->resume->has_ended = true;
	}
	return ret;
}

/* There are no values for it, nor for what would come. */
static bool refuse_piece(struct feed *f, struct piece *piece,
			 const struct buf *err)
{
	tell_failure(f, err);
	free(piece->data);
	return false;
}

/* The same in pipe mode. */
static bool feed_block(struct feed *f, struct buf *err)
{
	struct piece piece;
	struct tuple t;
	enum source_result values;
	struct job *job;
	int ret = next_piece(f, &piece, err);

	if (ret <= 0)
		return ret < 0;
	values = next_values(f, &t, err);
	if (values == SOURCE_FAILED)
		return refuse_piece(f, &piece, err);
	if (values == SOURCE_BAD) {
		job = make_refused(f, &t, err->data);
		pipe_attach(f->pipe, job, &piece);
		return refuse_job(f, job);
	}
	job = make_job(f, &t);
	pipe_attach(f->pipe, job, &piece);
	return submit(f, job, err);
}

/* Jobs that run while they are given more. */

/* All jobs of --tee; the first one is started when there is the last. */
static bool make_all(struct feed *f, struct buf *err)
{
	struct job **jobs = NULL;
	size_t n = 0, i = 0, cap = 0;
	enum source_result ret;
	bool more = true;
	struct tuple t;

	buf_reset(err);
	while ((ret = intake_next(f->intake, &t, err)) == SOURCE_TUPLE) {
		if (n == cap)
			jobs = xreallocarray(jobs, cap = 2 * cap + 16,
					     sizeof(struct job *));
		jobs[n++] = make_job(f, &t);
	}
	if (ret != SOURCE_END || deal_expect(f->deal, n, err) < 0) {
		tell_failure(f, err);
		more = false;
	}
	for (; more && i < n; i++) {
		deal_attach(f->deal, jobs[i], NULL);
		more = submit(f, jobs[i], err);
	}
	for (; i < n; i++)
		job_free(jobs[i]);
	free(jobs);
	f->has_all = true;
	return more && n;
}

static bool feed_dealt(struct feed *f, struct buf *err)
{
	struct piece piece;
	struct tuple t;
	struct job *job;
	int ret;

	if (deal_is_tee(f->deal) && !f->has_all)
		return make_all(f, err);
	ret = next_piece(f, &piece, err);
	if (ret <= 0)
		return ret < 0;
	if (!deal_wants_job(f->deal))
		return deal_give(f->deal, &piece);
	if (next_values(f, &t, err) != SOURCE_TUPLE)
		return refuse_piece(f, &piece, err);
	job = make_job(f, &t);
	deal_attach(f->deal, job, &piece);
	return submit(f, job, err);
}

/* One step, of whatever kind; false at the end. */
static bool feed_next(struct feed *f, struct buf *err)
{
	if (f->from_log && f->resume->ledger)
		return feed_task(f, err);
	if (f->from_log)
		return feed_again(f, err);
	if (f->deal)
		return feed_dealt(f, err);
	return f->pipe && !f->input ? feed_block(f, err) : feed_one(f, err);
}

static void *feed_main(void *arg)
{
	struct feed *f = arg;
	struct buf err = BUF_INIT;

	thread_set_name("muster-reader");
	while (feed_next(f, &err))
		;
	buf_release(&err);
	if (f->deal)
		deal_close(f->deal);
	if (f->total)
		let_go(f);
	engine_close(f->engine);
	return NULL;
}

int feed_start(struct feed *f)
{
	if (f->total)
		engine_pause(f->engine, true);
	f->has_thread = thread_start(&f->thread, STACK_BYTES, feed_main, f) ==
			0;
	return f->has_thread ? 0 : -1;
}

void feed_finish(struct feed *f)
{
	if (!f->has_thread)
		return;
	atomic_store(&f->is_stopped, true);
	intake_stop(f->intake);
	if (f->deal)
		deal_stop(f->deal);
	else if (f->pipe)
		pipe_stop(f->pipe);
	thread_wake(f->thread);
	thread_join(&f->thread);
	f->has_thread = false;
}
