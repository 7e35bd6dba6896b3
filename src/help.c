/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * help.c - --help and --version. The options come from options.def, each
 * with its help in a column of its own, no line wider than 80.
 */
#include <config.h>

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/fdio.h"
#include "options.h"

#define WIDTH		80
#define HELP_COLUMN	28

enum group_id {
#define GROUP(id, heading) GROUP_##id,
#include "options.def"
};

static const char *const headings[] = {
#define GROUP(id, heading) heading,
#include "options.def"
};

static const struct help_row {
	enum group_id group;
	char letter;
	const char *name;	/* "" when it has none */
	int argument;
	const char *arg_name;
	const char *text;
} rows[] = {
#define OPT(id, name, c, argument, arg_name, group, parser, field, help) \
	{ GROUP_##group, c, name, argument, arg_name, help },
#include "options.def"
};

static const char head[] =
	"Usage: muster [OPTION]... [COMMAND [WORD]...] "
	"[::: VALUE... | :::: FILE...]...\n"
	"       muster [OPTION]... < COMMANDS\n"
	"Run commands in parallel; give back output and exit codes in input "
	"order.\n"
	"\n"
	"  muster < jobs.txt                   every line is a command\n"
	"  muster gzip {} ::: *.log            one command, many values\n"
	"  find . -name '*.wav' | muster -j 4 --timeout 5m flac {}\n"
	"  muster --tasks nightly.jobs --joblog night.log --summary\n";

static const char tail[] =
	"\n"
	"Options end at the first word of the command. Replaced in it: {} {.}\n"
	"{/} {//} {/.} {#} {%} and {1}, {2}, ... Exit status: 0 when all jobs\n"
	"succeeded, 1 to 100 when that many failed, 101 when more did, 255\n"
	"for an error of muster's own. See muster(1) for all of it.\n";

/* The part left of the help: "  -j, --jobs N". */
static void add_option(struct buf *out, const struct help_row *row)
{
	if (row->letter)
		buf_addf(out, "  -%c", row->letter);
	else
		buf_addstr(out, "    ");
	if (*row->name)
		buf_addf(out, "%s --%s", row->letter ? "," : " ", row->name);
	if (row->argument == optional_argument)
		buf_addf(out, "[=%s]", row->arg_name);
	else if (row->argument == required_argument)
		buf_addf(out, " %s", row->arg_name);
}

static void add_blanks(struct buf *out, size_t n)
{
	while (n--)
		buf_addch(out, ' ');
}

/* Adds text word by word in a column of its own; at is where the line, which
 * may hold something to its left, ends now. */
static void add_wrapped(struct buf *out, const char *text, size_t at,
			size_t column)
{
	while (*text) {
		size_t len = strcspn(text, " ");

		if (at + 1 + len > WIDTH) {
			buf_addch(out, '\n');
			at = 0;
		}
		if (at < column) {
			add_blanks(out, column - at);
			at = column;
		} else {
			buf_addch(out, ' ');
			at++;
		}
		buf_add(out, text, len);
		at += len;
		text += len;
		text += strspn(text, " ");
	}
	buf_addch(out, '\n');
}

static void add_row(struct buf *out, const struct help_row *row)
{
	size_t start = out->len;

	add_option(out, row);
	/* At least two blanks, else the help begins below. */
	if (out->len - start + 2 > HELP_COLUMN) {
		buf_addch(out, '\n');
		start = out->len;
	}
	add_wrapped(out, row->text, out->len - start, HELP_COLUMN);
}

void help_format(struct buf *out)
{
	buf_addstr(out, head);
	for (size_t g = 0; g < ARRAY_SIZE(headings); g++) {
		buf_addf(out, "\n%s:\n", headings[g]);
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			if (rows[i].group == (enum group_id)g)
				add_row(out, &rows[i]);
		}
	}
	buf_addstr(out, tail);
}

/* "1" when configure has defined x, else the name of x. */
#define TEXT_OF(value)	#value
#define VALUE_OF(x)	TEXT_OF(x)

#if defined(HAVE_SO_PEERCRED) || defined(HAVE_GETPEEREID)
#define WITH_PEERS	1
#endif

/* What the system was found to have when muster was configured. */
static const struct {
	const char *name;
	const char *value;
} techniques[] = {
	{ "clone with pidfd", VALUE_OF(HAVE_CLONE_PIDFD) },
	{ "parent-death signal", VALUE_OF(HAVE_PDEATHSIG) },
	{ "subreaper", VALUE_OF(HAVE_SUBREAPER) },
	{ "ppoll", VALUE_OF(HAVE_PPOLL) },
	{ "pipe2", VALUE_OF(HAVE_PIPE2) },
	{ "close_range", VALUE_OF(HAVE_CLOSE_RANGE) },
	{ "O_TMPFILE", VALUE_OF(HAVE_O_TMPFILE) },
	{ "sigtimedwait", VALUE_OF(HAVE_SIGTIMEDWAIT) },
	{ "peer credentials", VALUE_OF(WITH_PEERS) },
	{ "affinity mask", VALUE_OF(HAVE_SCHED_GETAFFINITY) },
	{ "/proc", VALUE_OF(HAVE_PROCFS) },
	{ "jansson", VALUE_OF(HAVE_JANSSON) },
	{ "PCRE2", VALUE_OF(HAVE_PCRE2) },
};

static void add_techniques(struct buf *out, const char *title, bool are_there)
{
	struct buf names = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(techniques); i++) {
		bool is_there = strcmp(techniques[i].value, "1") == 0;

		if (is_there == are_there)
			buf_addf(&names, "%s%s", names.len ? ", " : "",
				 techniques[i].name);
	}
	if (names.len) {
		buf_addstr(out, title);
		add_wrapped(out, names.data, strlen(title), 10);
	}
	buf_release(&names);
}

void help_format_version(struct buf *out)
{
	buf_addstr(out, PACKAGE_NAME " " PACKAGE_VERSION "\n"
		   "Copyright (C) 2026 the muster authors\n"
		   "License GPLv3+: GNU GPL version 3 or later "
		   "<https://gnu.org/licenses/gpl.html>\n"
		   "This is free software; there is no warranty, to the "
		   "extent permitted by law.\n");
	add_techniques(out, "With:", true);
	add_techniques(out, "Without:", false);
}

static int print(void (*format)(struct buf *))
{
	struct buf text = BUF_INIT;
	int result;
	int err;

	format(&text);
	if (fd_was_closed(STDOUT_FILENO)) {
		errno = EBADF;
		result = -1;
	} else {
		result = fd_write_all(STDOUT_FILENO, text.data, text.len);
	}
	err = errno;
	buf_release(&text);
	errno = err;
	return result;
}

int help_print(void)
{
	return print(help_format);
}

int help_version(void)
{
	return print(help_format_version);
}
