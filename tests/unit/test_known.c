/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_known.c - which commands are known without being run, and what of them.
 *
 * That shells agree is for tests/cli/launch.bats to say.
 */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "input/words.h"
#include "runner/known.h"
#include "tap.h"

/* "1:text", "2:text" or "-:text" and the status, as in "0 1:text\n". */
static void describe(const char *line, struct buf *to)
{
	struct words w;
	struct known k;

	words_init(&w);
	known_init(&k);
	if (words_scan(&w, line, strlen(line)) < 0)
		buf_addstr(to, "no plain words");
	else if (!known_outcome(&k, words_argv(&w), &w.redirs))
		buf_addstr(to, "?");
	else
		buf_addf(to, "%d %c:%s", k.status,
			 k.to == KNOWN_TO_STDOUT ? '1'
			 : k.to == KNOWN_TO_STDERR ? '2' : '-',
			 k.out.data ? k.out.data : "");
	known_release(&k);
	words_release(&w);
}

static void check(const char *line, const char *want)
{
	struct buf got = BUF_INIT, wanted = BUF_INIT;

	buf_addf(&got, "%s -> ", line);
	describe(line, &got);
	buf_addf(&wanted, "%s -> %s", line, want);
	CHECK_STR(got.data, wanted.data);
	buf_release(&got);
	buf_release(&wanted);
}

static void echoes(void)
{
	check("echo", "0 1:\n");
	check("echo a  b", "0 1:a b\n");
	check("echo 'a  b' \"\" c", "0 1:a  b  c\n");
	check("echo '$x' '*' '!' '~' '#'", "0 1:$x * ! ~ #\n");
	check("echo -n a", "?");
	check("echo a -n", "?");
	check("echo -", "?");
	check("echo 'a\\n'", "?");
	check("echo '\303\251'", "?");
	check("echo '\t'", "?");
	check("Echo a", "?");
	check("echoa", "?");
	check("/bin/echo a", "?");
}

static void prints(void)
{
	check("printf a", "0 1:a");
	check("printf '%s-%s\\n' b c", "0 1:b-c\n");
	check("printf '%s,' a b c", "0 1:a,b,c,");
	check("printf '%s %s.' a b c", "0 1:a b.c .");
	check("printf '%%\\t\\\\'", "0 1:%\t\\");
	check("printf %s", "0 1:");
	check("printf", "?");
	check("printf -- a", "?");
	check("printf a b", "?");
	check("printf '%d' 1", "?");
	check("printf '%5s' 1", "?");
	check("printf '%'", "?");
	check("printf '\\'", "?");
	check("printf '\\0'", "?");
	check("printf '%s' '\\'", "?");
	check("printf '%s' -n", "?");
}

static void statuses(void)
{
	check("true", "0 1:");
	check("true a b", "0 1:");
	check("false", "1 1:");
	check("false a", "1 1:");
	check("false --help", "?");
	check("exit 0", "0 1:");
	check("exit 7", "7 1:");
	check("exit 255", "255 1:");
	check("exit 256", "?");
	check("exit 00", "?");
	check("exit 01", "?");
	check("exit", "?");
	check("exit ''", "?");
	check("exit 1 2", "?");
	check("exit a", "?");
	check("exit -1", "?");
	check("exit 99999999999999999999", "?");
}

static void redirections(void)
{
	check("echo a >&2", "0 2:a\n");
	check("echo a >/dev/null", "0 -:a\n");
	check("echo a >>/dev/null", "0 -:a\n");
	check("echo a 2>/dev/null", "0 1:a\n");
	check("echo a 2>&1", "0 1:a\n");
	check("echo a 2>&1 1>&2", "0 1:a\n");
	check("echo a >&2 2>/dev/null", "0 2:a\n");
	check("echo a 2>/dev/null >&2", "0 -:a\n");
	check("echo a >/dev/null 1>&2", "0 2:a\n");
	check("echo a </dev/null", "0 1:a\n");
	check("exit 3 >&2", "3 2:");
	/* Written to, that fails. */
	check("echo a 1</dev/null", "?");
	check("echo a >&0", "?");
	check("echo a </dev/null >&0", "?");
	check("echo a 0>/dev/null >&0", "0 -:a\n");
}

/* However short the command: "printf '%sxxx...' a a a ...". */
static void is_too_much(void)
{
	struct buf line = BUF_INIT, got = BUF_INIT;

	buf_addstr(&line, "printf '%s");
	for (int i = 0; i < 1000; i++)
		buf_addch(&line, 'x');
	buf_addch(&line, '\'');
	for (int i = 0; i < 60; i++)
		buf_addstr(&line, " a");
	describe(line.data, &got);
	CHECK_UINT(got.len, 4 + 60 * 1001);
	for (int i = 0; i < 10; i++)
		buf_addstr(&line, " a");
	buf_reset(&got);
	describe(line.data, &got);
	CHECK_STR(got.data, "?");
	buf_release(&got);
	buf_release(&line);
}

static const struct tap_case cases[] = {
	{ "echo of plain words", echoes },
	{ "printf of %s and what stands for itself", prints },
	{ "true, false and exit", statuses },
	{ "where standard output goes", redirections },
	{ "output that is long", is_too_much },
};
TAP_MAIN(cases)
