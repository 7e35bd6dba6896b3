/* SPDX-License-Identifier: GPL-3.0-or-later */
/* steer_request.c - what can be asked, and what is answered. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/num.h"
#include "input/attributes.h"
#include "input/template.h"
#include "sched/job.h"
#include "steer_impl.h"

#define WORDS_MAX	4
#define WORKERS_MAX	1000000
/* Of a wrong word, in a message. */
#define SHOWN		60

#define NO_ID		SIZE_MAX

static void open_answer(struct buf *out, bool is_ok)
{
	json_open(out, '{');
	json_key(out, "ok");
	json_bool(out, is_ok);
}

static void close_answer(struct buf *out)
{
	json_close(out, '}');
	buf_addch(out, '\n');
}

static void answer_ok(struct buf *out)
{
	open_answer(out, true);
	close_answer(out);
}

void steer_refuse(struct buf *out, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	open_answer(out, false);
	json_key(out, "error");
	json_strn(out, text.data, text.len);
	close_answer(out);
	buf_release(&text);
}

/* The arguments. */

static bool take_number(const char *what, const char *word, int64_t min,
			int64_t max, int64_t *n, struct buf *out)
{
	if (num_int(word, min, max, n) == 0)
		return true;
	steer_refuse(out, "%s: '%.*s' is not a whole number from %lld to %lld",
		     what, SHOWN, word, (long long)min, (long long)max);
	return false;
}

static bool take_seq(const char *word, int64_t *seq, struct buf *out)
{
	if (num_int(word, 1, INT64_MAX, seq) == 0)
		return true;
	steer_refuse(out, "'%.*s' is not the number of a job", SHOWN, word);
	return false;
}

static bool take_priority(const char *word, int *priority, struct buf *out)
{
	if (attributes_priority(word, priority) == 0)
		return true;
	steer_refuse(out, "priority: '%.*s' is not low, normal, high or a "
		     "whole number from -1000 to 1000", SHOWN, word);
	return false;
}

/* status */

static const char *stop_name(enum engine_stop stop)
{
	switch (stop) {
	case ENGINE_RUN:
		return "no";
	case ENGINE_DRAIN:
		return "drain";
	case ENGINE_CANCEL:
		return "cancel";
	case ENGINE_KILL:
		return "kill";
	}
	BUG("stop level out of range");
}

static void add_count(struct buf *out, const char *key, uint64_t n)
{
	json_key(out, key);
	json_uint(out, n);
}

static void add_jobs_counts(struct buf *out, const struct engine_stats *st)
{
	const struct tally *t = &st->tally;

	add_count(out, "submitted", st->submitted);
	add_count(out, "queued", st->queued);
	add_count(out, "held", st->held);
	add_count(out, "delayed", st->delayed);
	add_count(out, "running", st->running);
	add_count(out, "done", t->succeeded + t->failed - t->cancelled);
	add_count(out, "failed", t->failed - t->cancelled);
	add_count(out, "cancelled", t->cancelled);
	add_count(out, "retries", st->retries);
}

static void add_workers(struct buf *out, const struct engine_stats *st)
{
	unsigned idle = st->idle < st->workers ? st->idle : st->workers;

	add_count(out, "min", st->min);
	add_count(out, "max", st->max);
	add_count(out, "goal", st->goal);
	add_count(out, "workers", st->workers);
	add_count(out, "busy", st->workers - idle);
	add_count(out, "idle", idle);
}

static void do_status(struct steer *s, char **words, unsigned n,
		      struct buf *out)
{
	struct engine_stats st;

	(void)words;
	(void)n;
	s->cfg.ops->get_stats(s->cfg.engine, &st);
	open_answer(out, true);
	json_key(out, "version");
	json_str(out, PACKAGE_VERSION);
	add_count(out, "pid", (uint64_t)getpid());
	json_key(out, "elapsed");
	json_seconds(out, clock_run_ns() - s->start_ns);
	json_key(out, "paused");
	json_bool(out, st.paused);
	json_key(out, "stopping");
	json_str(out, stop_name(st.stop));
	json_key(out, "input_ended");
	json_bool(out, st.closed);
	add_jobs_counts(out, &st);
	add_workers(out, &st);
	close_answer(out);
}

/*
 * jobs. What is needed of each job is copied while the engine's lock is held;
 * commands are made of it after that.
 */

struct shot {
	uint64_t seq;
	uint64_t number;
	enum job_state state;
	unsigned stage, slot, tries, nvalues, width;
	int priority;
	bool is_argv;
	size_t id;		/* where in text, or NO_ID */
	size_t values;		/* one behind the other, with their NULs */
};

struct shots {
	struct shot *v;
	size_t n, cap;
	struct buf text;
};

static size_t keep_text(struct shots *all, const char *s)
{
	size_t at = all->text.len;

	buf_add(&all->text, s, strlen(s) + 1);
	return at;
}

static void shoot(const struct job *job, enum job_state state, void *arg)
{
	struct shots *all = arg;
	struct shot *shot;

	if (all->n == all->cap) {
		all->cap = 2 * all->cap + 64;
		all->v = xreallocarray(all->v, all->cap, sizeof(*all->v));
	}
	shot = &all->v[all->n++];
	*shot = (struct shot){
		.seq = job->seq,
		.number = job->number,
		.state = state,
		.stage = job->stage,
		.slot = state == JOB_RUNNING ? job->slot : 0,
		/* A running one's are its worker's: see steer_find_run. */
		.tries = state == JOB_RUNNING ? 0 : job->tries,
		.nvalues = job->nvalues, .width = job->width,
		.priority = job->priority,
		.is_argv = job->is_argv,
		.id = job->id ? keep_text(all, job->id) : NO_ID,
		.values = all->text.len,
	};
	for (unsigned i = 0; i < job->nvalues; i++)
		keep_text(all, job->values[i]);
}

static void join_values(char **values, unsigned n, struct buf *command)
{
	for (unsigned i = 0; i < n; i++)
		buf_addf(command, "%s%s", i ? " " : "", values[i]);
}

/* The text of the command, as it is logged; of one that can't be made, its
 * values. */
static void add_command(struct steer *s, const struct shots *all,
			const struct shot *shot, struct buf *command)
{
	const struct template *t = NULL;
	char **values = xreallocarray(NULL, shot->nvalues + 1,
				      sizeof(*values));
	struct buf err = BUF_INIT;
	char *at = all->text.data + shot->values;

	for (unsigned i = 0; i < shot->nvalues; i++) {
		values[i] = at;
		at += strlen(at) + 1;
	}
	values[shot->nvalues] = NULL;
	if (!shot->is_argv && s->cfg.template)
		t = s->cfg.template(s->cfg.arg, shot->stage);
	if (!t || template_expand(t, &(struct template_args){
			.values = values, .n = shot->nvalues,
			.width = shot->width,
			.seq = shot->number, .slot = shot->slot,
			.is_quick = true,
		}, command, &err) < 0)
		join_values(values, shot->nvalues, command);
	buf_release(&err);
	free(values);
}

static void add_times(struct steer *s, const struct shot *shot,
		      struct buf *out)
{
	struct steer_run run = { .tries = shot->tries };
	bool has_started = shot->state == JOB_RUNNING &&
			   steer_find_run(s, shot->stage, shot->slot,
					  shot->seq, &run);

	add_count(out, "tries", has_started ? run.tries : shot->tries);
	if (shot->state != JOB_RUNNING)
		return;
	json_key(out, "elapsed");
	json_seconds(out, has_started ? clock_run_ns() - run.start_ns : 0);
}

static void add_shot(struct steer *s, const struct shots *all,
		     const struct shot *shot, struct buf *out)
{
	static const char *const names[] = {
		[JOB_QUEUED] = "queued", [JOB_HELD] = "held",
		[JOB_DELAYED] = "delayed", [JOB_RUNNING] = "running",
	};
	struct buf command = BUF_INIT;
	struct buf visible = BUF_INIT;

	json_open(out, '{');
	add_count(out, "seq", shot->seq);
	json_key(out, "state");
	json_str(out, names[shot->state]);
	if (s->cfg.stages > 1)
		add_count(out, "stage", shot->stage + 1);
	if (shot->slot)
		add_count(out, "slot", shot->slot);
	json_key(out, "priority");
	json_int(out, shot->priority);
	add_times(s, shot, out);
	if (shot->id != NO_ID) {
		json_key(out, "id");
		json_str(out, all->text.data + shot->id);
	}
	add_command(s, all, shot, &command);
	buf_add_visible(&visible, command.data, command.len);
	json_key(out, "command");
	json_strn(out, visible.data, visible.len);
	json_close(out, '}');
	buf_release(&visible);
	buf_release(&command);
}

/* Running ones first, then by number. */
static int before(const void *a, const void *b)
{
	const struct shot *x = a;
	const struct shot *y = b;
	bool x_runs = x->state == JOB_RUNNING;
	bool y_runs = y->state == JOB_RUNNING;

	if (x_runs != y_runs)
		return x_runs ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

static void do_jobs(struct steer *s, char **words, unsigned n,
		    struct buf *out)
{
	struct shots all = { .text = BUF_INIT };

	(void)words;
	(void)n;
	s->cfg.ops->each_job(s->cfg.engine, shoot, &all);
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), before);
	open_answer(out, true);
	json_key(out, "jobs");
	json_open(out, '[');
	for (size_t i = 0; i < all.n; i++)
		add_shot(s, &all, &all.v[i], out);
	json_close(out, ']');
	close_answer(out);
	buf_release(&all.text);
	free(all.v);
}

/* The pool and the run. */

static void do_scale(struct steer *s, char **words, unsigned n,
		     struct buf *out)
{
	int64_t min, max;
	int64_t stage = 1;

	if (!take_number("scale: MIN", words[0], 1, WORKERS_MAX, &min, out) ||
	    !take_number("scale: MAX", words[1], 1, WORKERS_MAX, &max, out) ||
	    (n > 2 && !take_number("scale: STAGE", words[2], 1, s->cfg.stages,
				   &stage, out)))
		return;
	if (min > max) {
		steer_refuse(out, "scale: MIN %lld is more than MAX %lld",
			     (long long)min, (long long)max);
		return;
	}
	s->cfg.ops->resize(s->cfg.engine, (unsigned)stage - 1, (unsigned)min,
			   (unsigned)max);
	answer_ok(out);
}

static void do_pause(struct steer *s, char **words, unsigned n,
		     struct buf *out)
{
	(void)words;
	(void)n;
	s->cfg.ops->pause(s->cfg.engine, true);
	answer_ok(out);
}

static void do_resume(struct steer *s, char **words, unsigned n,
		      struct buf *out)
{
	(void)words;
	(void)n;
	s->cfg.ops->pause(s->cfg.engine, false);
	answer_ok(out);
}

static void do_stop(struct steer *s, char **words, unsigned n,
		    struct buf *out)
{
	(void)words;
	(void)n;
	s->cfg.stop(s->cfg.arg);
	answer_ok(out);
}

/* One job. */

static void answer_seq(struct buf *out, uint64_t seq)
{
	open_answer(out, true);
	add_count(out, "seq", seq);
	close_answer(out);
}

/* What came of a call that told the engine to do something with a job; busy
 * says what EBUSY means for it. */
static void answer_job(struct buf *out, int result, int64_t seq,
		       const char *busy)
{
	if (result == 0)
		answer_seq(out, (uint64_t)seq);
	else if (errno == EBUSY)
		steer_refuse(out, "job %lld %s", (long long)seq, busy);
	else
		steer_refuse(out, "no job %lld runs or waits", (long long)seq);
}

static void do_kill(struct steer *s, char **words, unsigned n,
		    struct buf *out)
{
	int64_t seq;

	(void)n;
	if (take_seq(words[0], &seq, out))
		answer_job(out, s->cfg.ops->kill_job(s->cfg.engine,
						     (uint64_t)seq),
			   seq, "cannot be killed now");
}

/* New jobs have room where the reader's have none, but not without end. False
 * when there can't be one now, which is answered. */
static bool may_add(struct steer *s, struct buf *out)
{
	struct engine_stats st;

	s->cfg.ops->get_stats(s->cfg.engine, &st);
	if (st.is_crowded)
		steer_refuse(out, "too many jobs wait: the queue is twice as "
			     "long as --queue-size");
	else if (s->cfg.is_resumed && !st.closed)
		steer_refuse(out, "a run that is resumed takes new jobs when "
			     "all input has been read");
	else
		return true;
	return false;
}

/* Hands the job to the engine; false when the run is over, which is answered.
 * It may be over itself, and freed, before this returns. */
static bool add_job(struct steer *s, struct job *job, uint64_t *seq,
		    struct buf *out)
{
	if (s->cfg.ops->add(s->cfg.engine, job, seq))
		return true;
	job_free(job);
	steer_refuse(out, "the run is over");
	return false;
}

static void retry_failed(struct steer *s, uint64_t seq, struct buf *out)
{
	struct job *job;
	uint64_t new_seq;

	if (!may_add(s, out))
		return;
	job = steer_take_failed(s, seq);
	if (!job) {
		steer_refuse(out, "no job %llu runs, waits or has failed",
			     (unsigned long long)seq);
		return;
	}
	if (!add_job(s, job, &new_seq, out))
		return;
	open_answer(out, true);
	add_count(out, "seq", new_seq);
	add_count(out, "failed", seq);
	close_answer(out);
}

static void do_retry(struct steer *s, char **words, unsigned n,
		     struct buf *out)
{
	int64_t seq;
	int result;

	(void)n;
	if (!take_seq(words[0], &seq, out))
		return;
	result = s->cfg.ops->retry_job(s->cfg.engine, (uint64_t)seq);
	if (result < 0 && errno == ESRCH)
		retry_failed(s, (uint64_t)seq, out);
	else
		answer_job(out, result, seq, "waits for its first try");
}

static void do_priority(struct steer *s, char **words, unsigned n,
			struct buf *out)
{
	int64_t seq;
	int priority;

	(void)n;
	if (take_seq(words[0], &seq, out) &&
	    take_priority(words[1], &priority, out))
		answer_job(out, s->cfg.ops->set_priority(s->cfg.engine,
							 (uint64_t)seq,
							 priority),
			   seq, "is running");
}

/* Resolves \n and \\ in text; false for anything else behind a backslash. */
static bool unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text != '\\') {
			*to++ = *text;
			continue;
		}
		text++;
		if (*text != 'n' && *text != '\\')
			return false;
		*to++ = *text == 'n' ? '\n' : '\\';
	}
	*to = '\0';
	return true;
}

static void do_add(struct steer *s, char **words, unsigned n, struct buf *out)
{
	char *text = words[0];
	struct buf err = BUF_INIT;
	struct job *job;
	uint64_t seq;

	(void)n;
	if (!unescape(text)) {
		steer_refuse(out, "add: a backslash must be followed by n or "
			     "by another one");
		return;
	}
	if (!may_add(s, out))
		return;
	job = s->cfg.make_job(s->cfg.arg, text, strlen(text), &err);
	if (!job)
		steer_refuse(out, "add: %s", err.data);
	else if (add_job(s, job, &seq, out))
		answer_seq(out, seq);
	buf_release(&err);
}

/* The requests. */

static const struct verb {
	const char *name;
	const char *args;
	unsigned min, max;	/* words; add takes the rest of the line */
	void (*fn)(struct steer *s, char **words, unsigned n, struct buf *out);
} verbs[] = {
	{ "status", "", 0, 0, do_status },
	{ "jobs", "", 0, 0, do_jobs },
	{ "scale", " MIN MAX [STAGE]", 2, 3, do_scale },
	{ "pause", "", 0, 0, do_pause },
	{ "resume", "", 0, 0, do_resume },
	{ "stop", "", 0, 0, do_stop },
	{ "kill", " SEQ", 1, 1, do_kill },
	{ "retry", " SEQ", 1, 1, do_retry },
	{ "priority", " SEQ P", 2, 2, do_priority },
	{ "add", " COMMAND", 1, 1, do_add },
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	}
	return NULL;
}

static void refuse_verb(const char *name, struct buf *out)
{
	struct nearest n;

	nearest_init(&n, name);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		nearest_offer(&n, verbs[i].name);
	if (n.best)
		steer_refuse(out, "unknown request '%.*s' (did you mean "
			     "'%s'?)", SHOWN, name, n.best);
	else
		steer_refuse(out, "unknown request '%.*s'", SHOWN, name);
}

/* Cuts the next word off *at, which then is what follows the blank behind it;
 * NULL at the end. */
static char *next_word(char **at)
{
	char *word = *at + strspn(*at, " \t");
	size_t len = strcspn(word, " \t");

	if (len == 0)
		return NULL;
	*at = word + len;
	if (**at)
		*(*at)++ = '\0';
	return word;
}

/* Returns how many words there are, WORDS_MAX if more. */
static unsigned cut_words(char *rest, char **words)
{
	unsigned n = 0;

	while (n < WORDS_MAX && (words[n] = next_word(&rest)) != NULL)
		n++;
	return n;
}

void steer_request(struct steer *s, char *line, size_t len, struct buf *out)
{
	const struct verb *verb;
	char *words[WORDS_MAX];
	char *rest = line;
	char *name;
	unsigned n;

	if (strlen(line) != len) {
		steer_refuse(out, "a request cannot hold a NUL");
		return;
	}
	name = next_word(&rest);
	if (!name) {
		steer_refuse(out, "an empty request");
		return;
	}
	verb = find_verb(name);
	if (!verb) {
		refuse_verb(name, out);
		return;
	}
	if (verb->fn == do_add) {
		words[0] = rest;
		n = rest[strspn(rest, " \t")] != '\0';
	} else {
		n = cut_words(rest, words);
	}
	if (n < verb->min || n > verb->max)
		steer_refuse(out, "usage: %s%s", verb->name, verb->args);
	else
		verb->fn(s, words, n, out);
}
