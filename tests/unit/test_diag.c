/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_diag.c - messages, the status line, and what they write exactly.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/diag.h"
#include "base/thread.h"
#include "tap.h"

#define ERASE	"\r\033[K"

#define TALKERS	6
#define LINES	200

/* Runs fn with standard error on a pipe; it has to end well and say want. */
#define CHECK_SAYS(fn, want)						\
	do {								\
		char out_[4096];					\
									\
		CHECK_INT(tap_run(fn, NULL, out_, sizeof(out_)), 0);	\
		CHECK_STR(out_, want);					\
	} while (0)

static void say_lines(void *arg)
{
	(void)arg;
	diag_setup("tool");
	diag_msg("bad number '%s' in line %d", "x", 7);
	diag_err(ENOENT, "cannot open '%s'", "f");
	diag_raw("as\tit is\n", 9);
	/* On a pipe a message is what it is. */
	diag_msg("a\033b\xff");
}

static void lines_have_the_name(void)
{
	char want[256];

	snprintf(want, sizeof(want),
		 "tool: bad number 'x' in line 7\n"
		 "tool: cannot open 'f': %s\n"
		 "as\tit is\n"
		 "tool: a\033b\xff\n", strerror(ENOENT));
	CHECK_SAYS(say_lines, want);
}

static void say_long(void *arg)
{
	diag_setup("tool");
	diag_msg("%s", (char *)arg);
}

static void long_messages_are_whole(void)
{
	static char text[9001], out[9100], want[9100];

	memset(text, 'x', sizeof(text) - 1);
	snprintf(want, sizeof(want), "tool: %s\n", text);
	CHECK_INT(tap_run(say_long, text, out, sizeof(out)), 0);
	CHECK_STR(out, want);
}

static void debug_some(void *arg)
{
	(void)arg;
	diag_setup("tool");
	diag_debug(DIAG_PROC, "not on yet");
	diag_debug_on(DIAG_PROC);
	diag_debug_on(DIAG_INPUT);
	diag_debug(DIAG_SCHED, "not on");
	diag_debug(DIAG_PROC, "pid %d", 5);
	diag_debug(DIAG_INPUT, "read");
}

static void debug_by_area(void)
{
	CHECK(!diag_is_debug(DIAG_EMIT));
	CHECK_SAYS(debug_some, "tool: proc: pid 5\ntool: input: read\n");
	diag_debug_on(DIAG_EMIT | DIAG_SCHED);
	CHECK(diag_is_debug(DIAG_EMIT));
	CHECK(diag_is_debug(DIAG_SCHED));
	CHECK(!diag_is_debug(DIAG_PROC));
}

static void *debug_in_thread(void *arg)
{
	(void)arg;
	diag_debug(DIAG_SCHED, "unnamed");
	diag_set_worker(12);
	diag_debug(DIAG_SCHED, "%s", "named");
	diag_debug(DIAG_PROC, "named");
	diag_msg("no debug line");
	diag_set_worker(0);
	diag_debug(DIAG_SCHED, "unnamed again");
	diag_set_worker(13);
	return NULL;
}

static void debug_in_threads(void *arg)
{
	struct thread t;

	(void)arg;
	diag_setup("tool");
	diag_debug_on(DIAG_SCHED | DIAG_PROC);
	diag_set_worker(3);
	if (!CHECK_INT(thread_start(&t, 0, debug_in_thread, NULL), 0))
		return;
	thread_join(&t);
	diag_debug(DIAG_SCHED, "the first");
}

static void debug_names_the_worker(void)
{
	CHECK_SAYS(debug_in_threads,
		   "tool: sched: unnamed\n"
		   "tool: sched: [12] named\n"
		   "tool: proc: [12] named\n"
		   "tool: no debug line\n"
		   "tool: sched: unnamed again\n"
		   "tool: sched: [3] the first\n");
}

static void show_status(void *arg)
{
	(void)arg;
	diag_setup("tool");
	diag_status("", 0);
	diag_status("[1/3]", 5);
	diag_msg("hello");
	diag_status("[2/3]", 5);
	diag_raw("row\n", 4);
	diag_status("", 0);
	diag_msg("plain again");
}

static void messages_go_above_the_status(void)
{
	CHECK_SAYS(show_status,
		   ERASE "[1/3]"
		   ERASE "tool: hello\n[1/3]"
		   ERASE "[2/3]"
		   ERASE "row\n[2/3]"
		   ERASE
		   "tool: plain again\n");
}

static void show_lines(void *arg)
{
	bool began;

	(void)arg;
	diag_setup("tool");
	diag_lines("a\nb", 3);
	diag_msg("hello");
	diag_status("bar", 3);
	began = diag_output_begin();
	CHECK(began);
	diag_output_end(began, false);
	diag_lines("", 0);
	diag_status("", 0);
	diag_msg("plain again");
}

static void several_lines_are_taken_away(void)
{
	CHECK_SAYS(show_lines,
		   ERASE "a\nb"
		   "\r\033[1A\033[Jtool: hello\na\nb"
		   "\r\033[1A\033[Ja\nb\nbar"
		   "\r\033[2A\033[J"
		   ERASE "a\nb\nbar"
		   "\r\033[2A\033[Jbar"
		   ERASE
		   "tool: plain again\n");
}

static void output_twice(void *arg)
{
	bool began;

	(void)arg;
	began = diag_output_begin();
	CHECK(!began);
	diag_raw("one\n", 4);
	diag_output_end(began, false);

	diag_status("bar", 3);
	began = diag_output_begin();
	CHECK(began);
	if (write(2, "two\n", 4) < 0)
		CHECK(false);
	diag_output_end(began, false);

	diag_status("", 0);
	CHECK(!diag_output_begin());
}

static void output_hides_the_status(void)
{
	CHECK_SAYS(output_twice, "one\n" ERASE "bar" ERASE "two\n" ERASE "bar"
		   ERASE);
}

static void *say_one(void *arg)
{
	(void)arg;
	diag_msg("message");
	return NULL;
}

static void talk_during_output(void *arg)
{
	struct timespec ts = { .tv_nsec = 20000000 };
	struct thread t;
	bool began;

	(void)arg;
	diag_setup("tool");
	diag_status("bar", 3);
	began = diag_output_begin();
	if (!CHECK_INT(thread_start(&t, 0, say_one, NULL), 0))
		return;
	/* Time enough for a message that is not kept out. */
	nanosleep(&ts, NULL);
	if (write(2, "output\n", 7) < 0)
		CHECK(false);
	diag_output_end(began, false);
	thread_join(&t);
}

static void output_keeps_messages_out(void)
{
	CHECK_SAYS(talk_during_output, ERASE "bar" ERASE "output\n" ERASE "bar"
		   ERASE "tool: message\nbar");
}

static void *talk(void *arg)
{
	for (int i = 0; i < LINES; i++) {
		diag_msg("%d %d %s", *(int *)arg, i, "some more of a message");
		if (i % 50 == 0)
			diag_status("status", (size_t)(i % 7));
	}
	return NULL;
}

static void talk_at_once(void *arg)
{
	struct thread threads[TALKERS];
	int numbers[TALKERS];

	(void)arg;
	diag_setup("t");
	for (int i = 0; i < TALKERS; i++) {
		numbers[i] = i;
		if (!CHECK_INT(thread_start(&threads[i], 0, talk, &numbers[i]),
			       0))
			return;
	}
	for (int i = 0; i < TALKERS; i++)
		thread_join(&threads[i]);
}

/* Every line is there once, whole, and in its thread's order. */
static void messages_never_mix(void)
{
	static char out[200000];
	int next[TALKERS] = { 0 };
	int lines = 0;

	CHECK_INT(tap_run(talk_at_once, NULL, out, sizeof(out)), 0);
	for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n")) {
		char want[80];
		int n, i;

		line = strstr(line, "t: ");
		if (!line)
			continue;	/* only status lines */
		if (!CHECK_INT(sscanf(line, "t: %d %d", &n, &i), 2) ||
		    !CHECK(n >= 0 && n < TALKERS))
			return;
		snprintf(want, sizeof(want),
			 "t: %d %d some more of a message", n, next[n]++);
		if (!CHECK_STR(line, want))
			return;
		lines++;
	}
	CHECK_INT(lines, TALKERS * LINES);
}

/* On a packet socket what one call wrote is read as one. */
static void a_message_is_one_write(void)
{
	char out[256];
	int ends[2];
	ssize_t n;

	if (!CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0) ||
	    !CHECK_INT(dup2(ends[1], 2), 2))
		return;
	diag_setup("tool");
	diag_msg("%d", 1);
	diag_status("bar", 3);
	diag_err(EPERM, "no");
	n = read(ends[0], out, sizeof(out));
	CHECK_MEM(out, (size_t)n, "tool: 1\n", 8);
	n = read(ends[0], out, sizeof(out));
	CHECK_MEM(out, (size_t)n, ERASE "bar", 7);
	n = read(ends[0], out, sizeof(out) - 1);
	out[n] = '\0';
	CHECK(strncmp(out, ERASE "tool: no: ", 14) == 0);
	CHECK(n > 4 && strcmp(out + n - 4, "\nbar") == 0);
	diag_status("", 0);
}

/* What fn says to a terminal; its last newline ends the reading. */
static void on_terminal(void (*fn)(void), const char *want)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	char out[256];
	size_t len = 0;
	int slave;

	if (!CHECK(master >= 0) || !CHECK_INT(grantpt(master), 0) ||
	    !CHECK_INT(unlockpt(master), 0))
		return;
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (!CHECK(slave >= 0) || !CHECK_INT(dup2(slave, 2), 2))
		return;
	diag_setup("tool");
	fn();
	while (len < strlen(want)) {
		ssize_t n = read(master, out + len, sizeof(out) - 1 - len);

		if (!CHECK(n > 0))
			return;
		len += (size_t)n;
	}
	out[len] = '\0';
	CHECK_STR(out, want);
}

static void say_controls(void)
{
	diag_msg("%s", "name \033]0;x\007\n\x9b gr\xc3\xbc\xc3\x9f");
}

static void terminals_get_visible_text(void)
{
	on_terminal(say_controls,
		    "tool: name \\x1B]0;x\\x07\\n\\x9B gr\xc3\xbc\xc3\x9f\r\n");
}

static void put_out(const char *text, bool within_line)
{
	bool began = diag_output_begin();

	if (write(2, text, strlen(text)) < 0)
		CHECK(false);
	diag_output_end(began, within_line);
}

static void output_in_pieces(void)
{
	diag_status("bar", 3);
	put_out("a", true);
	diag_status("bar 2", 5);
	put_out("b", true);
	put_out("c\n", false);
	put_out("d", true);
	diag_msg("hello");
	diag_status("", 0);
	put_out("e", true);
	diag_raw("end\n", 4);
}

static void unfinished_lines_are_left_alone(void)
{
	on_terminal(output_in_pieces,
		    ERASE "bar" ERASE "abc\r\n" ERASE "bar 2" ERASE "d\r\n"
		    "tool: hello\r\nbar 2" ERASE "e\r\nend\r\n");
}

static void failed_writes_are_ignored(void)
{
	close(2);
	diag_setup("tool");
	errno = EAGAIN;
	diag_msg("lost");
	diag_status("lost", 4);
	diag_output_end(diag_output_begin(), false);
	diag_status("", 0);
	CHECK(!diag_output_begin());
}

static void say_keeping_errno(void *arg)
{
	(void)arg;
	close(2);
	errno = EXDEV;
	diag_msg("lost");
	CHECK_INT(errno, EXDEV);
	diag_err(EPERM, "lost");
	CHECK_INT(errno, EXDEV);
	diag_raw("lost\n", 5);
	CHECK_INT(errno, EXDEV);
}

static void errno_is_kept(void)
{
	CHECK_SAYS(say_keeping_errno, "");
}

static void break_something(void *status)
{
	diag_setup("tool");
	if (status)
		diag_status(status, 3);
	BUG_ON(sizeof(char) == 1);
}

static void bugs_say_where(void)
{
	char out[512], bar[512], text[] = "bar";
	int status = tap_run(break_something, NULL, out, sizeof(out));

	CHECK(WIFSIGNALED(status));
	CHECK_INT(WTERMSIG(status), SIGABRT);
	CHECK(strncmp(out, "tool: bug: ", 11) == 0);
	CHECK(strstr(out, "test_diag.c:"));
	CHECK(strstr(out, ": sizeof(char) == 1\n"));

	status = tap_run(break_something, text, bar, sizeof(bar));
	CHECK(WIFSIGNALED(status));
	CHECK(strncmp(bar, ERASE "bar" ERASE "tool: bug: ", 22) == 0);
}

static void break_at_length(void *arg)
{
	bug_abort("file.c", 12, arg);
}

static void long_bugs_are_cut(void)
{
	char why[2000];
	char out[4000];
	size_t len;

	memset(why, 'y', sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	tap_run(break_at_length, why, out, sizeof(out));
	len = strcspn(out, "\n");
	CHECK(strncmp(out, "muster: bug: file.c:12: yyy", 27) == 0);
	CHECK(len > 400 && len < 600);
	CHECK_INT(out[len], '\n');
}

static void say_to_nobody(void *arg)
{
	int ends[2];

	(void)arg;
	if (pipe(ends) < 0 || fcntl(ends[1], F_SETFL, O_NONBLOCK) < 0)
		abort();
	while (write(ends[1], "x", 1) == 1)
		;
	if (fcntl(ends[1], F_SETFL, 0) < 0 || dup2(ends[1], 2) < 0)
		abort();
	if (diag_has_lost())
		abort();
	diag_hurry(0);
	/* The time is over: neither may wait. */
	diag_msg("short");
	say_long(arg);
	if (!diag_has_lost())
		abort();
}

static void nobody_is_waited_for(void)
{
	static char text[9001], out[64];

	memset(text, 'x', sizeof(text) - 1);
	CHECK_INT(tap_run(say_to_nobody, text, out, sizeof(out)), 0);
}

static const struct tap_case cases[] = {
	{ "messages have the name before them", lines_have_the_name },
	{ "long messages are whole", long_messages_are_whole },
	{ "debug lines appear by area", debug_by_area },
	{ "debug lines name the worker", debug_names_the_worker },
	{ "messages go above the status line", messages_go_above_the_status },
	{ "several lines are taken away as one",
	  several_lines_are_taken_away },
	{ "output takes the status line away", output_hides_the_status },
	{ "output keeps messages out", output_keeps_messages_out },
	{ "messages of many threads never mix", messages_never_mix },
	{ "a message is one write", a_message_is_one_write },
	{ "a terminal gets visible text only", terminals_get_visible_text },
	{ "the status line waits for the end of an output line",
	  unfinished_lines_are_left_alone },
	{ "failed writes are ignored", failed_writes_are_ignored },
	{ "errno is kept", errno_is_kept },
	{ "a bug says where and aborts", bugs_say_where },
	{ "a long bug is cut to one line", long_bugs_are_cut },
	{ "in a hurry nobody who does not read is waited for",
	  nobody_is_waited_for },
};
TAP_MAIN(cases)
