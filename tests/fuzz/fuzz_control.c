/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_control.c - requests to --control: each has one answer, a line of JSON
 * that says yes or no, and what is passed on keeps its bounds.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/jsonscan.h"
#include "fuzz.h"
#include "sched/job.h"
#include "steer_impl.h"

static struct engine_stats stats;
static struct job *jobs[2];

static void get_stats(struct engine *e, struct engine_stats *out)
{
	(void)e;
	*out = stats;
}

static void each_job(struct engine *e,
		     void (*fn)(const struct job *, enum job_state, void *),
		     void *arg)
{
	(void)e;
	fn(jobs[0], (enum job_state)0, arg);
	fn(jobs[1], (enum job_state)1, arg);
}

static void resize(struct engine *e, unsigned stage, unsigned min, unsigned max)
{
	(void)e;
	FUZZ_CHECK(stage < 3 && min >= 1 && min <= max);
}

static void pause_it(struct engine *e, bool paused)
{
	(void)e;
	stats.paused = paused;
}

static int on_job(struct engine *e, uint64_t seq)
{
	(void)e;
	FUZZ_CHECK(seq >= 1);
	errno = seq % 2 ? ESRCH : EBUSY;
	return seq % 3 ? -1 : 0;
}

static int set_priority(struct engine *e, uint64_t seq, int priority)
{
	FUZZ_CHECK(priority >= -1000 && priority <= 1000);
	return on_job(e, seq);
}

static bool add(struct engine *e, struct job *job, uint64_t *seq)
{
	(void)e;
	FUZZ_CHECK(job->nvalues == 1);
	*seq = 4;
	job_free(job);
	return true;
}

static const struct steer_ops ops = {
	.get_stats = get_stats,
	.each_job = each_job,
	.resize = resize,
	.pause = pause_it,
	.kill_job = on_job,
	.retry_job = on_job,
	.set_priority = set_priority,
	.add = add,
};

static struct job *make_job(void *arg, const char *text, size_t len,
			    struct buf *err)
{
	char *values[] = { (char *)text };

	(void)arg;
	FUZZ_CHECK(strlen(text) == len);
	if (*text == '!') {
		buf_addf(err, "no '%s'", text);
		return NULL;
	}
	return job_new(0, values, &len, 1);
}

static void stop(void *arg)
{
	*(bool *)arg = true;
}

struct seen {
	unsigned members;
	bool is_ok;
};

static int member(void *arg, const char *name, size_t len,
		  const struct json_value *value)
{
	struct seen *seen = arg;

	if (seen->members++ == 0) {
		FUZZ_CHECK(len == 2 && memcmp(name, "ok", 2) == 0);
		seen->is_ok = json_is_true(value);
	} else if (!seen->is_ok) {
		FUZZ_CHECK(len == 5 && memcmp(name, "error", 5) == 0);
	}
	return 0;
}

static void check_answer(const struct buf *out)
{
	struct seen seen = { 0 };

	FUZZ_CHECK(out->len > 1);
	FUZZ_CHECK(strchr(out->data, '\n') == out->data + out->len - 1);
	fuzz_check_utf8(out->data, out->len);
	FUZZ_CHECK(json_scan(out->data, out->len, member, &seen) == 0);
	FUZZ_CHECK(seen.members >= (seen.is_ok ? 1 : 2));
}

int fuzz_control(const uint8_t *data, size_t size)
{
	bool is_stopped = false;
	struct steer s = {
		.cfg = {
			.ops = &ops, .stages = 3, .make_job = make_job,
			.stop = stop, .arg = &is_stopped,
		},
	};
	struct buf out = BUF_INIT;
	char *first[1], *lines[4];
	struct in in;
	size_t len, n;

	in_begin(&in, data, size);
	s.cfg.is_resumed = in_choice(&in, 2);
	/* What jobs are called is as much by chance as what is asked. */
	first[0] = in_line(&in);
	len = strlen(first[0]);
	jobs[0] = job_new(1, first, &len, 1);
	jobs[1] = job_new(2, first, &len, 1);
	jobs[1]->id = jobs[1]->values[0];
	steer_sink_init(&s);
	s.sink.ops->start(&s.sink, jobs[0]);
	n = in_lines(&in, lines, 4);
	for (size_t i = 0; i < n; i++) {
		buf_reset(&out);
		steer_request(&s, lines[i], strlen(lines[i]), &out);
		check_answer(&out);
	}
	steer_sink_release(&s);
	job_free(jobs[0]);
	job_free(jobs[1]);
	buf_release(&out);
	in_end(&in);
	return 0;
}
