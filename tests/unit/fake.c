/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake.c - what the engine sees in tests; see fake.h.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/maths.h"
#include "base/mem.h"
#include "base/num.h"
#include "fake.h"
#include "tap.h"

/* What a worker's slot is in the fake runner. */
struct slot {
	unsigned number;
	uint64_t seq;		/* in run(), or 0; guarded by the fake's lock */
};

static struct fake_job *record(struct fake *f, uint64_t seq)
{
	if (seq == 0 || seq >= FAKE_JOBS) {
		fprintf(stderr, "fake: no room for job %llu\n",
			(unsigned long long)seq);
		abort();
	}
	return &f->job[seq];
}

/* The runner. */

static struct fake *of_runner(struct runner *r)
{
	return container_of(r, struct fake, runner);
}

static void *fake_slot_open(struct runner *r, unsigned number)
{
	struct fake *f = of_runner(r);
	struct slot *s = xcalloc(1, sizeof(*s));

	s->number = number;
	mutex_lock(&f->lock);
	f->slots++;
	f->slots_opened++;
	if (number > f->slot_high)
		f->slot_high = number;
	cond_broadcast(&f->change);
	mutex_unlock(&f->lock);
	return s;
}

static void fake_slot_close(struct runner *r, void *state)
{
	struct fake *f = of_runner(r);

	mutex_lock(&f->lock);
	f->closing++;
	cond_broadcast(&f->change);
	while (f->hold_close)
		cond_wait(&f->change, &f->lock);
	f->closing--;
	f->slots--;
	if (f->slots < f->slots_low)
		f->slots_low = f->slots;
	cond_broadcast(&f->change);
	mutex_unlock(&f->lock);
	free(state);
}

static bool word_is(const char *word, const char *name)
{
	size_t n = strlen(name);

	return strncmp(word, name, n) == 0 && strchr(" /", word[n]);
}

/* The number behind name, or -1. */
static int word_number(const char *word, const char *name)
{
	size_t n = strlen(name);

	return strncmp(word, name, n) == 0 ? atoi(word + n) : -1;
}

static const char *word_of(const char *script, unsigned stage, unsigned call)
{
	for (; stage > 0 && strchr(script, '/'); stage--)
		script = strchr(script, '/') + 1;
	while (call-- > 1) {
		size_t n = strcspn(script, " /");

		if (script[n] != ' ')
			break;
		script += n + 1;
	}
	return script;
}

/* Waits as the word says; true when it is to end as one that was killed. */
static bool hold_locked(struct fake *f, struct job *job, struct fake_job *j,
			const char *word) REQUIRES(f->lock)
{
	int enough = word_is(word, "stubborn") ? JOB_KILL : JOB_STOP;

	for (;;) {
		int order = atomic_load(&job->order);

		if (order > j->order) {
			j->order = order;
			cond_broadcast(&f->change);
		}
		if (order >= enough)
			return true;
		if (j->released || f->release_all)
			return false;
		cond_wait(&f->change, &f->lock);
	}
}

static void play_locked(struct fake *f, struct job *job, struct fake_job *j,
			const char *word) REQUIRES(f->lock)
{
	struct job_outcome *o = &job->outcome;
	bool holds = word_is(word, "hold") || word_is(word, "holdfail") ||
		     word_is(word, "stubborn");

	*o = (struct job_outcome){ .end = JOB_EXITED };
	if (holds && hold_locked(f, job, j, word)) {
		o->end = JOB_KILLED;
		o->signal = 15;
	} else if (word_is(word, "fail") || word_is(word, "holdfail")) {
		o->status = 1;
	} else if (word_is(word, "late")) {
		o->end = JOB_TIMEOUT;
	} else if (word_is(word, "lost")) {
		o->end = JOB_LOST;
	} else if (word_is(word, "none")) {
		o->end = JOB_UNSTARTED;
		o->err = ENOENT;
	} else if (word_number(word, "sig") > 0) {
		o->end = JOB_SIGNALED;
		o->signal = word_number(word, "sig");
	} else if (word_number(word, "exit") > 0) {
		o->status = word_number(word, "exit");
	} else if (word_number(word, "took") > 0) {
		o->end_ns = word_number(word, "took") * NS_PER_MS;
	} else if (!holds && !word_is(word, "ok")) {
		CHECK_STR(word, "a word of the script");
	}
}

static enum run_result fake_run(struct runner *r, void *state,
				struct job *job)
{
	struct fake *f = of_runner(r);
	struct slot *s = state;
	struct fake_job *j = record(f, job->seq);
	const char *word;
	char text[32];
	bool again;

	mutex_lock(&f->lock);
	CHECK(j->open && !j->runs);
	CHECK_INT(s->number, job->slot);
	CHECK_INT(s->seq, 0);
	s->seq = job->seq;
	j->runs = true;
	j->slot = job->slot;
	j->calls++;
	f->started[f->nstarted++ % FAKE_JOBS] = job->seq;
	if (++f->running > f->peak)
		f->peak = f->running;
	cond_broadcast(&f->change);
	word = word_of(job->values[0], job->stage, j->calls);
	again = word_is(word, "again") || word_is(word, "holdagain");
	if (word_is(word, "holdagain"))
		hold_locked(f, job, j, word);
	if (again)
		job->outcome = (struct job_outcome){ .err = EAGAIN };
	else
		play_locked(f, job, j, word);
	snprintf(text, sizeof(text), "try%u", j->calls);
	mutex_unlock(&f->lock);

	if (!again)
		f->output.ops->append(&f->output, job, OUTPUT_OUT, text,
				      strlen(text));

	mutex_lock(&f->lock);
	s->seq = 0;
	j->runs = false;
	f->running--;
	cond_broadcast(&f->change);
	mutex_unlock(&f->lock);
	return again ? RUN_AGAIN : RUN_ENDED;
}

static void fake_interrupt(struct runner *r, void *state)
{
	struct fake *f = of_runner(r);
	struct slot *s = state;

	mutex_lock(&f->lock);
	if (s->seq)
		record(f, s->seq)->interrupts++;
	cond_broadcast(&f->change);
	mutex_unlock(&f->lock);
}

static const struct runner_ops runner_ops = {
	.slot_open = fake_slot_open,
	.slot_close = fake_slot_close,
	.run = fake_run,
	.interrupt = fake_interrupt,
};

/* The output. */

static struct fake *of_output(struct output *o)
{
	return container_of(o, struct fake, output);
}

static bool is_final(const struct fake_job *j)
{
	return j->keeps || j->skips;
}

static bool fake_begin(struct output *o, struct job *job, bool last,
		       void (*wake)(void *), void *wake_arg)
{
	struct fake *f = of_output(o);
	struct fake_job *j = record(f, job->seq);
	bool go;

	mutex_lock(&f->lock);
	CHECK(!j->open && !is_final(j));
	CHECK((job->out != NULL) == (j->rests > 0));
	go = !f->waiting_stopped;
	if (go && job->out && !j->was_last) {
		j->drops++;
		buf_reset(&j->text[0]);
		buf_reset(&j->text[1]);
	}
	if (go) {
		j->goes_on |= job->out && j->was_last;
		j->was_last = last;
		j->open = true;
		j->begins++;
		j->lasts += last;
		j->wake = wake;
		j->wake_arg = wake_arg;
	}
	mutex_unlock(&f->lock);
	return go;
}

static bool fake_room(struct output *o, struct job *job)
{
	struct fake *f = of_output(o);
	bool room;

	mutex_lock(&f->lock);
	CHECK(record(f, job->seq)->open);
	room = !f->no_room;
	mutex_unlock(&f->lock);
	return room;
}

static void fake_append(struct output *o, struct job *job,
			enum output_stream stream, const char *data,
			size_t len)
{
	struct fake *f = of_output(o);
	struct fake_job *j = record(f, job->seq);

	mutex_lock(&f->lock);
	CHECK(j->open);
	buf_add(&j->text[stream], data, len);
	cond_broadcast(&f->change);
	mutex_unlock(&f->lock);
}

static void fake_end_try(struct output *o, struct job *job, bool keep)
{
	struct fake *f = of_output(o);
	struct fake_job *j = record(f, job->seq);

	mutex_lock(&f->lock);
	CHECK(j->open || j->rests);
	j->open = false;
	job->out = NULL;
	if (keep) {
		j->keeps++;
	} else {
		j->drops++;
		buf_reset(&j->text[0]);
		buf_reset(&j->text[1]);
	}
	mutex_unlock(&f->lock);
}

static void fake_rest(struct output *o, struct job *job)
{
	struct fake *f = of_output(o);
	struct fake_job *j = record(f, job->seq);

	mutex_lock(&f->lock);
	CHECK(j->open);
	j->open = false;
	j->rests++;
	job->out = j;
	mutex_unlock(&f->lock);
}

static void fake_skip(struct output *o, uint64_t seq, bool undone)
{
	struct fake *f = of_output(o);
	struct fake_job *j = record(f, seq);

	(void)undone;
	mutex_lock(&f->lock);
	CHECK(!j->open && !is_final(j));
	j->skips++;
	mutex_unlock(&f->lock);
}

static void fake_stop_waiting(struct output *o)
{
	struct fake *f = of_output(o);

	mutex_lock(&f->lock);
	f->waiting_stopped = true;
	mutex_unlock(&f->lock);
}

static const struct output_ops output_ops = {
	.begin = fake_begin,
	.room = fake_room,
	.append = fake_append,
	.end = fake_end_try,
	.rest = fake_rest,
	.skip = fake_skip,
	.stop_waiting = fake_stop_waiting,
};

/* The sink. */

static struct fake_job *of_sink(struct sink *s, const struct job *job,
				struct fake **f)
{
	*f = container_of(s, struct fake, sink);
	return record(*f, job->seq);
}

static void note_start(struct sink *s, const struct job *job)
{
	struct fake *f;
	struct fake_job *j = of_sink(s, job, &f);

	mutex_lock(&f->lock);
	CHECK_INT(j->dones, 0);
	j->starts++;
	mutex_unlock(&f->lock);
}

static void note_retry(struct sink *s, const struct job *job)
{
	struct fake *f;
	struct fake_job *j = of_sink(s, job, &f);

	mutex_lock(&f->lock);
	CHECK_INT(j->dones, 0);
	j->retries++;
	mutex_unlock(&f->lock);
}

static void note_done(struct sink *s, const struct job *job)
{
	struct fake *f;
	struct fake_job *j = of_sink(s, job, &f);

	mutex_lock(&f->lock);
	CHECK_INT(j->dones, 0);
	CHECK(!j->runs && !j->open);
	j->dones++;
	j->tries = job->tries;
	j->outcome = job->outcome;
	cond_broadcast(&f->change);
	mutex_unlock(&f->lock);
}

static const struct sink_ops sink_ops = {
	.start = note_start,
	.retry = note_retry,
	.done = note_done,
};

/* Life. */

static int64_t fake_now(void *arg)
{
	return atomic_load(&((struct fake *)arg)->now_ns);
}

static void fake_notify(void *arg)
{
	atomic_fetch_add(&((struct fake *)arg)->notified, 1);
}

static void fake_shortage(void *arg, unsigned reached, int err)
{
	struct fake *f = arg;

	atomic_store(&f->short_of, reached);
	atomic_store(&f->short_err, (unsigned)err);
	atomic_fetch_add(&f->shortages, 1);
}

struct fake *fake_new_output(void)
{
	struct fake *f = xcalloc(1, sizeof(*f));

	f->runner.ops = &runner_ops;
	f->output.ops = &output_ops;
	f->sink.ops = &sink_ops;
	f->clock.now_ns = fake_now;
	f->clock.arg = f;
	/* Not 0, which stands for never in many places. */
	atomic_store(&f->now_ns, 1000 * NS_PER_SEC);
	mutex_init(&f->lock);
	cond_init(&f->change);
	f->job = xcalloc(FAKE_JOBS, sizeof(*f->job));
	f->started = xcalloc(FAKE_JOBS, sizeof(*f->started));
	for (unsigned i = 0; i < FAKE_JOBS; i++) {
		buf_init(&f->job[i].text[0]);
		buf_init(&f->job[i].text[1]);
	}
	f->tries_max = 1;
	f->nstages = 1;
	f->slots_low = ~0u;
	return f;
}

struct fake *fake_new(const struct engine_config *config, bool real_clock)
{
	struct fake *f = fake_new_output();
	struct engine_config c = *config;

	c.runner = &f->runner;
	c.output = &f->output;
	c.notify = fake_notify;
	c.notify_arg = f;
	c.shortage = fake_shortage;
	if (!real_clock)
		c.clock = &f->clock;
	if (!c.min)
		c.min = 1;
	if (!c.max)
		c.max = 4;
	if (!c.queue_capacity)
		c.queue_capacity = 100000;
	if (!c.idle_timeout_ns)
		c.idle_timeout_ns = 5 * NS_PER_SEC;
	CHECK_INT(maths_load(NULL), 0);
	f->engine = engine_new(&c);
	engine_add_sink(f->engine, &f->sink);
	return f;
}

void fake_free(struct fake *f)
{
	for (unsigned i = 0; i < FAKE_JOBS; i++) {
		buf_release(&f->job[i].text[0]);
		buf_release(&f->job[i].text[1]);
	}
	cond_release(&f->change);
	mutex_release(&f->lock);
	free(f->started);
	free(f->job);
	free(f);
}

static void check_job(struct fake *f, uint64_t seq)
{
	const struct fake_job *j = &f->job[seq];
	/* A stage that its input never came to is skipped, and no more. */
	bool is_absent = (seq - 1) % f->nstages != 0 && j->calls == 0 &&
			 j->dones == 0;
	bool ok = j->dones == !is_absent && j->keeps + j->skips == 1 &&
		  !j->open && j->starts == j->calls &&
		  (j->goes_on || j->begins == j->keeps + j->drops);
	char why[128];

	snprintf(why, sizeof(why),
		 "job %llu: %u done, %u kept, %u skipped, %u begun, %u run",
		 (unsigned long long)seq, j->dones, j->keeps, j->skips,
		 j->begins, j->calls);
	if (!ok)
		CHECK_STR(why, "one end of each job");
}

void fake_end(struct fake *f)
{
	struct engine_stats s;

	fake_close(f);
	CHECK(engine_wait(f->engine, -1));
	engine_get_stats(f->engine, &s);
	CHECK(s.is_over);
	CHECK_INT(s.running, 0);
	CHECK_INT(s.queued, 0);
	if (f->nstages == 1)
		CHECK_INT(s.submitted, f->submitted);
	CHECK_INT(s.tally.succeeded + s.tally.failed, s.submitted);
	engine_free(f->engine);
	/* By the one who made it over, before it was joined. */
	CHECK(atomic_load(&f->notified) > 0);
	CHECK_INT(f->slots, 0);
	CHECK_INT(f->running, 0);
	for (uint64_t seq = 1; seq <= f->submitted * f->nstages;
	     seq++)
		check_job(f, seq);
	fake_free(f);
}

/* Driving it. */

static struct job *make_job(struct fake *f, const char *script)
{
	char *values[] = { (char *)script };
	size_t lens[] = { strlen(script) };
	struct job *job;

	mutex_lock(&f->lock);
	job = job_new(++f->submitted, values, lens, 1);
	mutex_unlock(&f->lock);
	job->tries_max = f->tries_max;
	job->priority = f->priority;
	return job;
}

struct job *fake_make(struct fake *f, const char *script)
{
	return make_job(f, script);
}

bool fake_submit(struct fake *f, const char *script)
{
	return engine_submit(f->engine, make_job(f, script));
}

bool fake_add(struct fake *f, struct job *job)
{
	if (engine_add(f->engine, job, NULL))
		return true;
	job_free(job);
	mutex_lock(&f->lock);
	f->submitted--;
	mutex_unlock(&f->lock);
	return false;
}

void fake_submit_n(struct fake *f, unsigned n, const char *script)
{
	while (n--)
		fake_submit(f, script);
}

bool fake_refuse(struct fake *f, const char *message)
{
	struct job *job = make_job(f, "ok");

	job->message = arena_strdup(&job->arena, message);
	return engine_submit(f->engine, job);
}

void fake_close(struct fake *f)
{
	bool was_closed = f->closed;

	f->closed = true;
	if (!was_closed)
		engine_close(f->engine);
}

void fake_release(struct fake *f, uint64_t seq)
{
	mutex_lock(&f->lock);
	record(f, seq)->released = true;
	cond_broadcast(&f->change);
	mutex_unlock(&f->lock);
}

void fake_release_all(struct fake *f)
{
	mutex_lock(&f->lock);
	f->release_all = true;
	cond_broadcast(&f->change);
	mutex_unlock(&f->lock);
}

void fake_move_clock(struct fake *f, int64_t ns)
{
	atomic_fetch_add(&f->now_ns, ns);
	engine_tick(f->engine);
}

void fake_mark_slots(struct fake *f)
{
	mutex_lock(&f->lock);
	f->slots_low = f->slots;
	mutex_unlock(&f->lock);
}

void fake_hold_close(struct fake *f, bool hold)
{
	mutex_lock(&f->lock);
	f->hold_close = hold;
	cond_broadcast(&f->change);
	mutex_unlock(&f->lock);
}

void fake_await_closing(struct fake *f, unsigned n)
{
	mutex_lock(&f->lock);
	while (f->closing != n)
		cond_wait(&f->change, &f->lock);
	mutex_unlock(&f->lock);
}

void fake_await_running(struct fake *f, unsigned n)
{
	mutex_lock(&f->lock);
	while (f->running != n)
		cond_wait(&f->change, &f->lock);
	mutex_unlock(&f->lock);
}

void fake_await_run(struct fake *f, uint64_t seq)
{
	mutex_lock(&f->lock);
	while (!record(f, seq)->runs)
		cond_wait(&f->change, &f->lock);
	mutex_unlock(&f->lock);
}

void fake_await_done(struct fake *f, uint64_t seq)
{
	mutex_lock(&f->lock);
	while (!record(f, seq)->dones)
		cond_wait(&f->change, &f->lock);
	mutex_unlock(&f->lock);
}

void fake_await_order(struct fake *f, uint64_t seq, int order)
{
	mutex_lock(&f->lock);
	while (record(f, seq)->order < order)
		cond_wait(&f->change, &f->lock);
	mutex_unlock(&f->lock);
}

struct engine_stats fake_stats(struct fake *f)
{
	struct engine_stats s;

	engine_get_stats(f->engine, &s);
	return s;
}

struct fake_job fake_job(struct fake *f, uint64_t seq)
{
	struct fake_job j;

	mutex_lock(&f->lock);
	j = *record(f, seq);
	mutex_unlock(&f->lock);
	return j;
}

unsigned fake_peak(struct fake *f)
{
	unsigned peak;

	mutex_lock(&f->lock);
	peak = f->peak;
	mutex_unlock(&f->lock);
	return peak;
}
