/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_latest.c - the last lines of jobs.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "sched/job.h"
#include "sched/output.h"
#include "sink/latest.h"
#include "tap.h"

/* In the place of the emitter. */
struct plain {
	struct output output;
	struct buf text;
	unsigned begun, ended, dropped, rested;
};

static struct plain plain;
static unsigned width;
static struct latest *latest;
static struct output *out;

static bool plain_begin(struct output *o, struct job *job, bool last,
			void (*wake)(void *), void *wake_arg)
{
	(void)o, (void)last, (void)wake, (void)wake_arg;
	CHECK(job->out == NULL || job->out == &plain);
	job->out = &plain;
	plain.begun++;
	return true;
}

static void plain_append(struct output *o, struct job *job,
			 enum output_stream stream, const char *data,
			 size_t len)
{
	(void)o;
	CHECK(job->out == &plain);
	CHECK_INT(stream, OUTPUT_OUT);
	buf_add(&plain.text, data, len);
}

static void plain_end(struct output *o, struct job *job, bool keep)
{
	(void)o;
	CHECK(job->out == &plain);
	job->out = NULL;
	plain.ended += keep;
	plain.dropped += !keep;
}

static void plain_rest(struct output *o, struct job *job)
{
	(void)o;
	CHECK(job->out == &plain);
	plain.rested++;
}

static const struct output_ops plain_ops = {
	.begin = plain_begin,
	.append = plain_append,
	.end = plain_end,
	.rest = plain_rest,
};

static void add_tag(void *arg, const struct job *job, struct buf *to)
{
	(void)arg;
	buf_addf(to, "%llu\t", (unsigned long long)job->seq);
}

static unsigned get_width(void *arg)
{
	(void)arg;
	return width;
}

static void start(bool tags)
{
	struct latest_config c = {
		.inner = &plain.output,
		.tag = tags ? add_tag : NULL,
		.width = get_width,
	};

	plain.output.ops = &plain_ops;
	buf_init(&plain.text);
	latest = latest_new(&c);
	out = latest_output(latest);
}

static void stop(void)
{
	latest_free(latest);
	buf_release(&plain.text);
}

static struct job *begin(uint64_t seq, unsigned slot)
{
	char *values[] = { (char *)"x" };
	size_t lens[] = { 1 };
	struct job *job = job_new(seq, values, lens, 1);

	job->slot = slot;
	CHECK(out->ops->begin(out, job, true, NULL, NULL));
	return job;
}

static void say(struct job *job, enum output_stream stream, const char *text)
{
	out->ops->append(out, job, stream, text, strlen(text));
}

static void end(struct job *job, bool keep)
{
	job->outcome.has_run = true;
	out->ops->end(out, job, keep);
	job_free(job);
}

/* What a job that says these pieces comes to. */
static void check_line(const char *const *pieces, const char *want)
{
	struct job *job = begin(1, 1);

	buf_reset(&plain.text);
	for (; *pieces; pieces++)
		say(job, OUTPUT_OUT, *pieces);
	end(job, true);
	CHECK_STR(plain.text.data, want);
}

#define LINE(want, ...)	check_line((const char *const[]){ __VA_ARGS__, NULL }, \
				   want)

static void last_lines(void)
{
	start(false);
	LINE("b\n", "a\nb\n");
	LINE("b\n", "a\nb");
	LINE("\n", "a\n\n");
	LINE("b\n", "a\rb\r");
	LINE("b\n", "a\r\nb\r\n");
	LINE("ab\n", "a", "b", "\n");
	LINE("ab\n", "a", "b\r", "\n");
	LINE("\n", "a\r", "\n", "\n");
	LINE("c\n", "a", "b\nc", "\n");
	LINE("20%\n", "\r10%", "\r20%");
	LINE("d\n", "a\nb\nc\nd\n");
	LINE("\n", "\n");
	stop();
}

static void streams_are_one(void)
{
	struct job *job;

	start(false);
	job = begin(1, 1);
	say(job, OUTPUT_OUT, "a\n");
	say(job, OUTPUT_ERR, "b\n");
	say(job, OUTPUT_OUT, "half");
	say(job, OUTPUT_ERR, "c\n");
	end(job, true);
	CHECK_STR(plain.text.data, "c\n");
	stop();
}

static void long_lines_are_cut(void)
{
	static char piece[1001];
	struct job *job;

	memset(piece, 'x', 1000);
	start(false);
	job = begin(1, 1);
	for (int i = 0; i < 1000; i++)
		say(job, OUTPUT_OUT, piece);
	end(job, true);
	CHECK_INT(plain.text.len, 65537);
	stop();
}

static void check_shown(unsigned columns, unsigned max, const char *want)
{
	struct buf text = BUF_INIT;

	latest_format(latest, &text, columns, max);
	CHECK_STR(text.data, want);
	buf_release(&text);
}

static void running_jobs(void)
{
	struct job *a, *b, *c;

	start(true);
	check_shown(40, 5, "");
	a = begin(1, 3);
	b = begin(2, 1);
	c = begin(3, 2);
	say(a, OUTPUT_OUT, "one\ntwo");
	say(c, OUTPUT_OUT, "three\n");
	check_shown(40, 5, "2       \n3       three\n1       one");
	check_shown(40, 2, "2       \n3       three");
	end(c, true);
	check_shown(40, 5, "2       \n1       one");
	end(a, false);
	end(b, true);
	check_shown(40, 5, "");
	CHECK_STR(plain.text.data, "3\tthree\n2\t\n");
	CHECK_INT(plain.ended, 2);
	CHECK_INT(plain.dropped, 1);
	stop();
}

static void widths(void)
{
	struct job *job;

	start(true);
	job = begin(1, 1);
	say(job, OUTPUT_OUT, "1234567890\n");
	check_shown(18, 1, "1       1234567890");
	check_shown(17, 1, "1       12345678>");
	check_shown(9, 1, "1       >");
	check_shown(8, 1, "1       ");
	check_shown(4, 1, "1>");
	say(job, OUTPUT_OUT, "a\tb\033[2J\303\244\n");
	check_shown(40, 1, "1       a       b\\x1B[2J\303\244");
	width = 12;
	end(job, true);
	CHECK_STR(plain.text.data, "1       a>\n");
	width = 0;
	stop();
}

static void tries(void)
{
	struct job *job;

	start(false);
	job = begin(1, 1);
	/* As if it had been begun without last. */
	out->ops->end(out, job, false);
	CHECK(job->out == NULL);
	CHECK(out->ops->begin(out, job, false, NULL, NULL));
	say(job, OUTPUT_OUT, "bad");
	out->ops->rest(out, job);
	check_shown(40, 5, "");
	CHECK(out->ops->begin(out, job, true, NULL, NULL));
	check_shown(40, 5, "");
	say(job, OUTPUT_OUT, "good\n");
	check_shown(40, 5, "good");
	end(job, true);
	CHECK_STR(plain.text.data, "good\n");
	CHECK_INT(plain.rested, 1);
	stop();
}

static void jobs_that_do_not_run(void)
{
	struct job *job;

	start(false);
	job = begin(1, 1);
	out->ops->end(out, job, true);
	job_free(job);
	CHECK_STR(plain.text.data, "");
	CHECK_INT(plain.ended, 1);
	stop();
}

static const struct tap_case cases[] = {
	{ "the last line, however it comes", last_lines },
	{ "both streams are one", streams_are_one },
	{ "a line is kept up to a length", long_lines_are_cut },
	{ "running jobs are shown by slot", running_jobs },
	{ "lines are cut to the width, and visible", widths },
	{ "of tries that do not count nothing is left", tries },
	{ "a job that does not run has no line", jobs_that_do_not_run },
};
TAP_MAIN(cases)
