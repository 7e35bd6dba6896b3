/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_options.c - a whole command line, and $PARALLEL: it is understood, or
 * refused with one line; and what was understood keeps the bounds that the
 * engine asks for, and its templates can be compiled.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "input/names.h"
#include "options.h"
#include "texts.h"

#define WORDS	24

/* Nothing of this machine is to be looked at, and perl not to be found. */
static void set_up(void)
{
	static bool is_done;

	if (is_done)
		return;
	is_done = true;
	setenv("HOME", fuzz_dir(), 1);
	setenv("PATH", fuzz_dir(), 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_CONFIG_DIRS");
	unsetenv("PARALLEL_HOME");
}

static void check_bounds(const struct options *o)
{
	FUZZ_CHECK(o->queue_size >= 1);
	FUZZ_CHECK(o->idle_timeout_ns >= -1 && o->delay_ns >= 0);
	FUZZ_CHECK(o->grace_ns >= 0 && o->deadline_ns >= 0);
	FUZZ_CHECK(o->timeout_percent >= 0);
	FUZZ_CHECK(o->retry_delay.factor >= 1 || !o->retry_delay.delay_ns);
	FUZZ_CHECK(o->term_seq.n >= 1 && o->term_seq.n <= TERM_STAGES_MAX);
	FUZZ_CHECK(o->total_jobs >= 0 && o->pipe.block_timeout_ns >= 0);
	for (size_t i = 0; i < o->ninputs; i++) {
		FUZZ_CHECK(o->inputs[i].priority >= -1000);
		FUZZ_CHECK(o->inputs[i].priority <= 1000);
	}
}

static void check_texts(const struct options *o)
{
	struct buf err = BUF_INIT;
	struct names names;
	struct texts t;
	int ret;

	names_init(&names);
	ret = texts_make(&t, o, SHELL_BASH, &names, &err);
	FUZZ_CHECK((err.len > 0) == (ret < 0));
	texts_release(&t);
	names_release(&names);
	buf_release(&err);
}

int fuzz_options(const uint8_t *data, size_t size)
{
	char *argv[WORDS + 2] = { (char *)"muster" };
	struct buf err = BUF_INIT;
	enum options_result result;
	struct options o;
	struct in in;
	size_t n;

	set_up();
	in_begin(&in, data, size);
	setenv("PARALLEL", in_line(&in), 1);
	n = in_lines(&in, argv + 1, WORDS);
	result = options_parse(&o, (int)n + 1, argv, &err);
	fuzz_check_message(&err, result == OPTIONS_BAD);
	if (result == OPTIONS_RUN) {
		check_bounds(&o);
		check_texts(&o);
	}
	options_release(&o);
	buf_release(&err);
	in_end(&in);
	return 0;
}
