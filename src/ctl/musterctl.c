/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * musterctl.c - musterctl(1): sends one request to the socket of a run
 * (muster --control, see steer.h) and prints the answer.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef HAVE_JANSSON
#include <jansson.h>
#endif

#include "base/buf.h"
#include "base/compiler.h"
#include "base/diag.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/usock.h"

#define CTL_OK		0
#define CTL_REFUSED	1
#define CTL_ERROR	255

#define READ_BYTES	((size_t)64 << 10)

static const char help[] =
	"Usage: musterctl [--json] PATH REQUEST [WORD]...\n"
	"Steer the run of muster that was started with --control PATH.\n"
	"\n"
	"  status                  counts of jobs, workers, times\n"
	"  jobs                    the jobs that run or wait\n"
	"  scale MIN MAX [STAGE]   set the bounds of the pool\n"
	"  pause                   start no more jobs\n"
	"  resume                  go on\n"
	"  stop                    end the run as SIGTERM does\n"
	"  kill SEQ                end a job, or cancel it if it waits\n"
	"  retry SEQ               try a job once more, also one that failed\n"
	"  priority SEQ P          low, normal, high or -1000 to 1000\n"
	"  add COMMAND             one more job\n"
	"\n"
	"      --json              print the answer as it is, a JSON object\n"
	"  -h, --help              print this text\n"
	"  -V, --version           print the version\n"
	"\n"
	"Exit status: 0 when the request was obeyed, 1 when it was refused,\n"
	"255 when there is no such run or on bad usage. See musterctl(1).\n";

static const char version[] =
	"musterctl " PACKAGE_VERSION "\n"
	"Copyright (C) 2026 the muster authors\n"
	"License GPLv3+: GNU GPL version 3 or later "
	"<https://gnu.org/licenses/gpl.html>\n"
	"This is free software; there is no warranty, to the extent permitted "
	"by law.\n"
#ifdef HAVE_JANSSON
	"With: jansson\n";
#else
	"Without: jansson (answers are printed as JSON)\n";
#endif

struct ctl {
	const char *path;
	struct buf request;
	bool is_add;		/* all further words are its command */
	bool options_end;
	bool json;
	const char *print;	/* this text instead */
};

static int print(const char *text, size_t len)
{
	int err = EBADF;

	if (!fd_was_closed(STDOUT_FILENO)) {
		if (fd_write_all(STDOUT_FILENO, text, len) == 0)
			return 0;
		err = errno;
	}
	diag_err(err, "standard output");
	return -1;
}

/* The command line. */

static bool is_option(const struct ctl *c, const char *arg)
{
	/* -5 can be a priority. */
	return !c->is_add && !c->options_end && arg[0] == '-' && arg[1] &&
	       !strchr("0123456789", arg[1]);
}

/* Is arg the long option name, or a part of it that says which? */
static bool is_long(const char *arg, const char *name)
{
	return strlen(arg) > 2 && strncmp(name, arg, strlen(arg)) == 0;
}

static int take_option(struct ctl *c, const char *arg)
{
	if (strcmp(arg, "--") == 0)
		c->options_end = true;
	else if (is_long(arg, "--json"))
		c->json = true;
	else if (is_long(arg, "--help") || strcmp(arg, "-h") == 0)
		c->print = help;
	else if (is_long(arg, "--version") || strcmp(arg, "-V") == 0)
		c->print = version;
	else
		goto unknown;
	return 0;
unknown:
	diag_msg("unknown option '%s' (see musterctl --help)", arg);
	return -1;
}

/* The command of add may hold what ends a line. */
static void add_escaped(struct buf *out, const char *word)
{
	for (; *word; word++) {
		if (*word == '\n')
			buf_addstr(out, "\\n");
		else if (*word == '\\')
			buf_addstr(out, "\\\\");
		else
			buf_addch(out, *word);
	}
}

static int take_word(struct ctl *c, const char *word)
{
	if (!c->path) {
		c->path = word;
		return 0;
	}
	if (c->request.len)
		buf_addch(&c->request, ' ');
	if (c->is_add) {
		add_escaped(&c->request, word);
		return 0;
	}
	if (strchr(word, '\n')) {
		diag_msg("'%s' holds a newline", word);
		return -1;
	}
	c->is_add = !c->request.len && strcmp(word, "add") == 0;
	buf_addstr(&c->request, word);
	return 0;
}

static int parse(struct ctl *c, int argc, char **argv)
{
	for (int i = 1; i < argc && !c->print; i++) {
		int result = is_option(c, argv[i]) ? take_option(c, argv[i])
						   : take_word(c, argv[i]);

		if (result < 0)
			return -1;
	}
	if (c->print || c->request.len)
		return 0;
	diag_msg("usage: musterctl [--json] PATH REQUEST [WORD]... "
		 "(see musterctl --help)");
	return -1;
}

/* Talking to the run. */

/* The answer, without its newline. */
static int read_answer(int fd, struct buf *answer)
{
	ssize_t n;

	do {
		char *to = buf_reserve(answer, READ_BYTES);
		const char *end;

		n = fd_read(fd, to, READ_BYTES);
		if (n <= 0)
			break;
		end = memchr(to, '\n', (size_t)n);
		answer->len += end ? (size_t)(end - to) : (size_t)n;
		answer->data[answer->len] = '\0';
		if (end)
			return 0;
	} while (n > 0);
	if (n == 0)
		diag_msg("the run ended before it answered");
	else
		diag_err(errno, "no answer");
	return -1;
}

static int ask(struct ctl *c, struct buf *answer)
{
	int fd = usock_connect(c->path);
	int result;

	if (fd < 0) {
		diag_err(errno, "cannot connect to '%s'", c->path);
		return -1;
	}
	buf_addch(&c->request, '\n');
	/* Who turns us away does not read, but says why. */
	if (fd_write_all(fd, c->request.data, c->request.len) < 0 &&
	    errno != EPIPE && errno != ECONNRESET) {
		diag_err(errno, "cannot send the request");
		fd_close(&fd);
		return -1;
	}
	result = read_answer(fd, answer);
	fd_close(&fd);
	return result;
}

static int print_json(struct buf *answer)
{
	static const char yes[] = "{\"ok\":true";
	bool is_ok = strncmp(answer->data, yes, strlen(yes)) == 0;

	buf_addch(answer, '\n');
	if (print(answer->data, answer->len) < 0)
		return CTL_ERROR;
	return is_ok ? CTL_OK : CTL_REFUSED;
}

#ifdef HAVE_JANSSON

/* Answers for people. */

static const struct column {
	const char *key;
	const char *title;
	bool to_right;
} columns[] = {
	{ "seq", "SEQ", true },
	{ "state", "STATE", false },
	{ "stage", "STAGE", true },
	{ "slot", "SLOT", true },
	{ "tries", "TRIES", true },
	{ "priority", "PRIORITY", true },
	{ "elapsed", "ELAPSED", true },
	{ "id", "ID", false },
	{ "command", "COMMAND", false },
};

/* A time in seconds. Whoever answers may be no run of ours. */
static void add_seconds(struct buf *out, double seconds)
{
	if (seconds >= 0 && seconds < (double)(INT64_MAX / NS_PER_SEC))
		num_add_duration(out, (int64_t)(seconds * (double)NS_PER_SEC));
	else
		buf_addf(out, "%gs", seconds);
}

static void add_value(struct buf *out, const json_t *value)
{
	if (json_is_integer(value))
		buf_addf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		add_seconds(out, json_real_value(value));
	else if (json_is_boolean(value))
		buf_addstr(out, json_is_true(value) ? "yes" : "no");
	else if (json_is_string(value))
		buf_add_visible(out, json_string_value(value),
				json_string_length(value));
}

/* Characters, as far as they are as wide as one. */
static size_t width_of(const char *s)
{
	size_t n = 0;

	for (; *s; n++) {
		size_t len = buf_utf8_length(s, strlen(s));

		s += len ? len : 1;
	}
	return n;
}

static char *cell(const json_t *job, const struct column *column)
{
	struct buf text = BUF_INIT;

	add_value(&text, json_object_get(job, column->key));
	return buf_take(&text);
}

static size_t column_width(const json_t *jobs, const struct column *column)
{
	size_t width = 0;

	for (size_t i = 0; i < json_array_size(jobs); i++) {
		char *text = cell(json_array_get(jobs, i), column);
		size_t n = width_of(text);

		width = n > width ? n : width;
		free(text);
	}
	/* None has it. */
	if (width == 0 && json_array_size(jobs))
		return 0;
	return width < strlen(column->title) ? strlen(column->title) : width;
}

static void pad(struct buf *out, size_t n)
{
	while (n--)
		buf_addch(out, ' ');
}

/* A row of the table; NULL: the titles. */
static void add_row(struct buf *out, const json_t *job, const size_t *widths)
{
	bool is_first = true;

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		const struct column *column = &columns[i];
		char *text;
		size_t left;

		if (!widths[i])
			continue;
		text = job ? cell(job, column) : xstrdup(column->title);
		left = widths[i] - width_of(text);
		pad(out, (is_first ? 0 : 2) + (column->to_right ? left : 0));
		buf_addstr(out, text);
		if (!column->to_right && i + 1 < ARRAY_SIZE(columns))
			pad(out, left);
		free(text);
		is_first = false;
	}
	buf_addch(out, '\n');
}

static void add_table(struct buf *out, const json_t *jobs)
{
	size_t widths[ARRAY_SIZE(columns)];

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		widths[i] = column_width(jobs, &columns[i]);
	add_row(out, NULL, widths);
	for (size_t i = 0; i < json_array_size(jobs); i++)
		add_row(out, json_array_get(jobs, i), widths);
}

static void add_lines(struct buf *out, json_t *answer)
{
	for (void *at = json_object_iter(answer); at;
	     at = json_object_iter_next(answer, at)) {
		const char *key = json_object_iter_key(at);
		const json_t *value = json_object_iter_value(at);

		if (strcmp(key, "ok") == 0)
			continue;
		if (json_is_array(value)) {
			add_table(out, value);
			continue;
		}
		buf_add_visible(out, key, strlen(key));
		buf_addstr(out, ": ");
		add_value(out, value);
		buf_addch(out, '\n');
	}
}

static void tell_refusal(const json_t *answer)
{
	const char *why = json_string_value(json_object_get(answer, "error"));

	diag_msg("%s", why ? why : "refused");
}

static int print_human(struct buf *answer)
{
	struct buf out = BUF_INIT;
	int status = CTL_OK;
	json_error_t error;
	json_t *root = json_loadb(answer->data, answer->len, 0, &error);

	if (!json_is_object(root)) {
		diag_msg("the answer is not a JSON object");
		json_decref(root);
		return CTL_ERROR;
	}
	if (json_is_true(json_object_get(root, "ok"))) {
		add_lines(&out, root);
		if (print(out.data, out.len) < 0)
			status = CTL_ERROR;
	} else {
		tell_refusal(root);
		status = CTL_REFUSED;
	}
	buf_release(&out);
	json_decref(root);
	return status;
}

#else

/* A refusal is a message all the same. */
static int print_human(struct buf *answer)
{
	static const char no[] = "{\"ok\":false";

	if (strncmp(answer->data, no, strlen(no)) != 0)
		return print_json(answer);
	diag_msg("%s", answer->data);
	return CTL_REFUSED;
}

#endif

int main(int argc, char **argv)
{
	struct ctl c = { .request = BUF_INIT };
	struct buf answer = BUF_INIT;
	int status = CTL_ERROR;

	diag_setup("musterctl");
	if (fd_setup() < 0)
		return CTL_ERROR;
	signal(SIGPIPE, SIG_IGN);
	if (parse(&c, argc, argv) < 0)
		goto out;
	if (c.print)
		status = print(c.print, strlen(c.print)) < 0 ? CTL_ERROR
							     : CTL_OK;
	else if (ask(&c, &answer) == 0)
		status = c.json ? print_json(&answer) : print_human(&answer);
out:
	buf_release(&c.request);
	buf_release(&answer);
	return status;
}
