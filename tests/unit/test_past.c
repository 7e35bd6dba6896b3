/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_past.c - job logs read back.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "input/past.h"
#include "tap.h"

#define HEADER	"Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\t" \
		"Signal\tCommand\n"
#define LINE(seq, status, signal, command) \
	seq "\t:\t1795274271.450\t     0.003\t0\t0\t" status "\t" signal \
	"\t" command "\n"

static char path[4096];
static struct buf err = BUF_INIT;

static struct past *past_of(const char *text, size_t len)
{
	int fd;

	snprintf(path, sizeof(path), "%s/log", tap_tmpdir());
	fd = fd_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	CHECK(fd >= 0);
	CHECK(fd_write_all(fd, text, len) == 0);
	fd_close(&fd);
	return past_new(path, &err);
}

#define PAST(text)	past_of(text, sizeof(text) - 1)

static const char *command_of(const struct past *p, uint64_t seq)
{
	static struct buf text = BUF_INIT;

	buf_reset(&text);
	CHECK(past_add_command(p, seq, &text) == 0);
	return text.data;
}

static void tells_ends(void)
{
	struct past *p = PAST(HEADER LINE("1", "0", "0", "true")
			      LINE("2", "3", "0", "exit 3")
			      LINE("3", "137", "9", "kill -9 $$")
			      LINE("4", "0", "9", "of GNU parallel in 2022")
			      LINE("5", "-1", "15", "sleep 1000")
			      LINE("7", "255", "0", "bad"));

	CHECK(p != NULL);
	CHECK(past_find(p, 1) == PAST_SUCCEEDED);
	CHECK(past_find(p, 2) == PAST_FAILED);
	CHECK(past_find(p, 3) == PAST_FAILED);
	CHECK(past_find(p, 4) == PAST_FAILED);
	CHECK(past_find(p, 5) == PAST_KILLED);
	CHECK(past_find(p, 6) == PAST_NONE);
	CHECK(past_find(p, 7) == PAST_FAILED);
	CHECK(past_find(p, 8) == PAST_NONE);
	CHECK(past_find(p, 0) == PAST_NONE);
	CHECK(past_count(p) == 6);
	CHECK(past_seq(p, 5) == 7);
	past_free(p);
}

static void last_line_counts(void)
{
	struct past *p = PAST(HEADER LINE("3", "1", "0", "c")
			      LINE("1", "0", "0", "a") HEADER
			      LINE("3", "0", "0", "d")
			      LINE("1", "9", "0", "b"));

	CHECK(past_count(p) == 2);
	CHECK(past_find(p, 1) == PAST_FAILED);
	CHECK(past_find(p, 3) == PAST_SUCCEEDED);
	CHECK_STR(command_of(p, 1), "b");
	CHECK_STR(command_of(p, 3), "d");
	past_free(p);
}

static void knows_commands(void)
{
	struct past *p = PAST(LINE("1", "0", "0", "echo a\tb\0echo c")
			      LINE("2", "0", "0", ""));

	CHECK(past_is_command(p, 1, "echo a\tb\necho c", 15));
	CHECK(!past_is_command(p, 1, "echo a\tb\necho d", 15));
	CHECK(!past_is_command(p, 1, "echo a\tb\necho ", 14));
	CHECK(past_is_command(p, 2, "", 0));
	CHECK(!past_is_command(p, 3, "", 0));
	CHECK_STR(command_of(p, 1), "echo a\tb\necho c");
	CHECK_STR(command_of(p, 2), "");
	past_free(p);
}

static void long_commands(void)
{
	struct buf text = BUF_INIT, command = BUF_INIT;
	struct past *p;

	for (int i = 0; i < 40000; i++)
		buf_addf(&command, "%d ", i);
	for (int i = 1; i <= 3; i++)
		buf_addf(&text, "%d\t:\t1.000\t0.1\t0\t0\t%d\t0\t%s\n", i,
			 i - 1, command.data);
	p = past_of(text.data, text.len);
	CHECK(p != NULL);
	CHECK(past_find(p, 1) == PAST_SUCCEEDED);
	CHECK(past_find(p, 3) == PAST_FAILED);
	CHECK(past_is_command(p, 3, command.data, command.len));
	CHECK_STR(command_of(p, 2), command.data);
	past_free(p);
	buf_release(&text);
	buf_release(&command);
}

/* Cut anywhere: the whole lines are there and nothing else. */
static void torn(void)
{
	static const char text[] = HEADER LINE("1", "0", "0", "a")
				   LINE("2", "0", "0", "b");
	size_t header = sizeof(HEADER) - 1;
	size_t line = sizeof(LINE("1", "0", "0", "a")) - 1;

	for (size_t len = 0; len < sizeof(text); len++) {
		struct past *p = past_of(text, len);
		size_t whole = len < header ? 0 : (len - header) / line;

		CHECK(p != NULL);
		CHECK(past_count(p) == whole);
		CHECK((past_find(p, 2) == PAST_SUCCEEDED) == (whole == 2));
		past_free(p);
	}
}

static void check_bad(const char *text, size_t len, const char *which)
{
	buf_reset(&err);
	CHECK(past_of(text, len) == NULL);
	CHECK(strstr(err.data, which) != NULL);
}

#define BAD(text, which)	check_bad(text, sizeof(text) - 1, which)

static void bad_lines(void)
{
	BAD("a line of something else\n", "line 1 is not that of a job");
	BAD(HEADER LINE("1", "0", "0", "a") "\n", "line 3 is not");
	BAD(LINE("0", "0", "0", "a"), "line 1 is not");
	BAD(LINE("1x", "0", "0", "a"), "line 1 is not");
	BAD(LINE("", "0", "0", "a"), "line 1 is not");
	BAD(LINE("1", "", "0", "a"), "line 1 is not");
	BAD(LINE("1", "-", "0", "a"), "line 1 is not");
	BAD(LINE("1", "0", "x", "a"), "line 1 is not");
	BAD(LINE("99999999999999999999999", "0", "0", "a"), "line 1 is not");
	BAD("1\t:\t1\t1\t0\t0\t0\t0\n", "line 1 is not");
}

static void unreadable(void)
{
	CHECK(past_new("/nonexistent/log", &err) == NULL);
	CHECK(strstr(err.data, "'/nonexistent/log'") != NULL);
	buf_reset(&err);
	CHECK(past_new("/", &err) == NULL);
	CHECK(strstr(err.data, "--joblog: cannot read '/'") != NULL);
}

static void empty(void)
{
	struct past *p = PAST("");
	struct buf text = BUF_INIT;

	CHECK(p != NULL);
	CHECK(past_count(p) == 0);
	CHECK(past_find(p, 1) == PAST_NONE);
	CHECK(past_add_command(p, 1, &text) < 0 && errno == ENOENT);
	past_free(p);
}

static const struct tap_case cases[] = {
	{ "tells how jobs ended", tells_ends },
	{ "the last line of a job counts", last_line_counts },
	{ "knows commands, with newlines", knows_commands },
	{ "long commands", long_commands },
	{ "a log cut at every byte", torn },
	{ "lines that are no job's", bad_lines },
	{ "files that can't be read", unreadable },
	{ "an empty log", empty },
};
TAP_MAIN(cases)
