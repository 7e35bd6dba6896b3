/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_eval.c - expressions: what compiles can be run, gives the same each
 * time, and leaves nothing behind when it fails. And filters, which are made
 * of the values.
 */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "input/eval.h"
#include "input/filter.h"
#include "input/template.h"

#define VALUES	4

/* They would be an expression of another day, or take for ever. */
static const char *const unsteady[] = {
	"time", "rand", "x", "..", "*", NULL
};

static bool is_steady(const char *code)
{
	for (size_t i = 0; unsteady[i]; i++) {
		if (strstr(code, unsteady[i]))
			return false;
	}
	return true;
}

static void check_run(const struct eval *e, const char *code,
		      const struct eval_job *job)
{
	struct buf out = BUF_INIT, again = BUF_INIT, err = BUF_INIT;
	unsigned wishes = 0;
	int ret, test;

	buf_addstr(&out, "<");
	buf_addstr(&again, "<");
	ret = eval_run(e, job, &out, &wishes, &err);
	FUZZ_CHECK((err.len > 0) == (ret < 0));
	FUZZ_CHECK(!strchr(err.data, '\n'));
	FUZZ_CHECK(ret == 0 || strcmp(out.data, "<") == 0);
	FUZZ_CHECK((wishes & ~eval_wishes(e)) == 0);
	buf_reset(&err);
	FUZZ_CHECK(eval_run(e, job, &again, &wishes, &err) == ret);
	if (is_steady(code))
		FUZZ_CHECK(out.len == again.len &&
			   memcmp(out.data, again.data, out.len) == 0);
	buf_reset(&err);
	test = eval_test(e, job, &wishes, &err);
	FUZZ_CHECK(test >= -1 && test <= 1);
	FUZZ_CHECK((err.len > 0) == (test < 0));
	buf_release(&out);
	buf_release(&again);
	buf_release(&err);
}

static void check_filter(const char *text, char *const *values, size_t n)
{
	struct template_opts opts = { .plain_text = true };
	struct template_args args = { .values = values, .n = n, .seq = 7 };
	struct buf err = BUF_INIT;
	struct filter *f = filter_new(text, &opts, &err);
	int ret;

	fuzz_check_message(&err, !f);
	if (f) {
		(void)filter_wants_total(f);
		ret = filter_passes(f, &args, &err);
		FUZZ_CHECK(ret >= -1 && ret <= 1);
		FUZZ_CHECK((err.len > 0) == (ret < 0));
	}
	filter_free(f);
	buf_release(&err);
}

int fuzz_eval(const uint8_t *data, size_t size)
{
	static char *groups[] = { (char *)"one", (char *)"2" };
	struct buf err = BUF_INIT;
	struct eval_job job = { .seq = 12, .slot = 3, .total = 20, .most = 4 };
	char *values[VALUES];
	struct in in;
	struct eval *e;
	const char *code;
	bool is_filter;

	in_begin(&in, data, size);
	is_filter = in_choice(&in, 2);
	code = in_line(&in);
	job.n = in_lines(&in, values, VALUES);
	job.values = values;
	job.value = job.n ? values[0] : "";
	if (is_filter) {
		check_filter(code, values, job.n);
	} else {
		e = eval_new(code, strlen(code), groups, 2, NULL, &err);
		fuzz_check_message(&err, !e);
		if (e)
			check_run(e, code, &job);
		eval_free(e);
	}
	buf_release(&err);
	in_end(&in);
	return 0;
}
