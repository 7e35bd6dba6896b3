/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_words.c - splitting commands, and which of them need a shell.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/compiler.h"
#include "input/words.h"
#include "tap.h"

static char *const no_env[] = { NULL };

/* The words joined by |, or NULL when the line needs a shell. */
static void check_split(const char *line, size_t len, enum shell_kind kind,
			const char *want)
{
	struct words w;
	struct buf got = BUF_INIT;
	char **argv;
	int ret;

	words_init(&w);
	words_add(&w, "left over", 9);
	ret = words_split(&w, line, len, kind);
	argv = words_argv(&w);
	for (size_t i = 0; argv[i]; i++) {
		if (i)
			buf_addch(&got, '|');
		buf_addstr(&got, argv[i]);
	}
	if (!CHECK_INT(ret, want ? 0 : -1) ||
	    !CHECK_STR(got.data, want ? want : ""))
		fprintf(stderr, "# %s\n", line);
	buf_release(&got);
	words_release(&w);
}

struct row {
	const char *line;
	const char *want;
};

static void check_rows(const struct row *rows, size_t n)
{
	words_env_setup(no_env);
	for (size_t i = 0; i < n; i++) {
		check_split(rows[i].line, strlen(rows[i].line), SHELL_SH,
			    rows[i].want);
		check_split(rows[i].line, strlen(rows[i].line), SHELL_BASH,
			    rows[i].want);
	}
}

#define LINES(name, ...)						\
	static void name(void)						\
	{								\
		static const struct row rows[] = { __VA_ARGS__ };	\
									\
		check_rows(rows, ARRAY_SIZE(rows));			\
	}

LINES(plain_words,
	{ "date", "date" },
	{ "gzip -9 a.txt", "gzip|-9|a.txt" },
	{ "./run.sh x_1", "./run.sh|x_1" },
	{ "/bin/echo a+b,c:d@e%f", "/bin/echo|a+b,c:d@e%f" },
	{ "env a=b x", "env|a=b|x" },
	{ "dd if=a of=b bs=1M", "dd|if=a|of=b|bs=1M" },
	{ "g++ -o x", "g++|-o|x" },
	{ "7z a b", "7z|a|b" },
	{ "x86_64-linux-gnu-gcc --version", "x86_64-linux-gnu-gcc|--version" })

LINES(blanks,
	{ " date ", "date" },
	{ "a\tb  c\t", "a|b|c" },
	{ "\t\ta", "a" },
	{ "", NULL },
	{ " ", NULL },
	{ " \t ", NULL })

LINES(quotes,
	{ "a 'b c'", "a|b c" },
	{ "a \"b c\"", "a|b c" },
	{ "a ''", "a|" },
	{ "a \"\" x", "a||x" },
	{ "a b'c'\"d\"e", "a|bcde" },
	{ "a '$x;`\\!\"'", "a|$x;`\\!\"" },
	{ "a \"it's\"", "a|it's" },
	{ "a '\xc3\xa9\xff'", "a|\xc3\xa9\xff" },
	{ "a \"\xff\"", "a|\xff" },
	{ "a 'b\r'", "a|b\r" },
	{ "a --b='c d'", "a|--b=c d" })

LINES(unclear_quotes,
	{ "a \"$x\"", NULL },
	{ "a \"`b`\"", NULL },
	{ "a \"\\\\\"", NULL },
	{ "a \"b!\"", NULL },
	{ "a 'b", NULL },
	{ "a \"b", NULL },
	{ "a 'b\nc'", NULL },
	{ "'a' b", NULL },
	{ "\"a\" b", NULL },
	{ "a'b' c", NULL })

/* Each redirection as FD, sign and target: n is the null device. */
static void check_redirs(const char *line, const char *words, const char *want)
{
	static const char signs[] = { '<', '>', 'a', '&' };
	struct buf got = BUF_INIT;
	struct words w;

	words_init(&w);
	check_split(line, strlen(line), SHELL_SH, words);
	CHECK_INT(words_split(&w, line, strlen(line), SHELL_SH), 0);
	for (unsigned i = 0; i < w.redirs.n; i++) {
		const struct redir *r = &w.redirs.at[i];

		buf_addf(&got, "%s%d%c", i ? " " : "", r->fd, signs[r->kind]);
		if (r->kind == REDIR_DUP)
			buf_addf(&got, "%d", r->from);
		/* It is all of the text there, and no more. */
		CHECK(w.redir_at[i][1] <= strlen(line));
		CHECK(strchr("012<>", line[w.redir_at[i][0]]) != NULL);
		CHECK(strchr("012l", line[w.redir_at[i][1] - 1]) != NULL);
	}
	if (!CHECK_STR(got.data ? got.data : "", want))
		fprintf(stderr, "# %s\n", line);
	buf_release(&got);
	words_release(&w);
}

static void redirections(void)
{
	words_env_setup(no_env);
	check_redirs("a b", "a|b", "");
	check_redirs("cat >/dev/null", "cat", "1>");
	check_redirs("a > /dev/null b", "a|b", "1>");
	check_redirs("a </dev/null\t2>/dev/null ", "a", "0< 2>");
	check_redirs("a 1>/dev/null 2>&1", "a", "1> 2&1");
	check_redirs("a 2>&1 b 1>/dev/null c", "a|b|c", "2&1 1>");
	check_redirs("a >&2", "a", "1&2");
	check_redirs("a >& 2", "a", "1&2");
	check_redirs("a <&1 0<&2 1<&0", "a", "0&1 0&2 1&0");
	check_redirs("a 0>/dev/null 1</dev/null", "a", "0> 1<");
	check_redirs("a >>/dev/null 2>>/dev/null", "a", "1a 2a");
	check_redirs("a 2>&2", "a", "2&2");
	check_redirs("a 2 >/dev/null", "a|2", "1>");
	check_redirs("a '2' >&2 '>' \"2>&1\"", "a|2|>|2>&1", "1&2");
}

LINES(unclear_redirections,
	{ ">/dev/null", NULL }, { ">/dev/null a", NULL },
	{ "2>&1 a", NULL }, { "a>/dev/null", NULL },
	{ "a b>/dev/null", NULL }, { "a b2>&1", NULL },
	{ "a '2'>&1", NULL }, { "a x'2'>&1", NULL },
	{ "a 3>/dev/null", NULL }, { "a 10>/dev/null", NULL },
	{ "a 12>&1", NULL }, { "a >&3", NULL }, { "a >&-", NULL },
	{ "a 2>&-", NULL }, { "a >&12", NULL }, { "a >&1x", NULL },
	{ "a >&'1'", NULL }, { "a >&", NULL }, { "a >", NULL },
	{ "a <", NULL }, { "a 2>", NULL }, { "a >/dev/nul", NULL },
	{ "a >/dev/nullx", NULL }, { "a >/dev/null/", NULL },
	{ "a >'/dev/null'", NULL }, { "a >/dev/null;b", NULL },
	{ "a >/dev/null|b", NULL }, { "a >/dev/null&", NULL },
	{ "a 2>&1>/dev/null", NULL }, { "a >/dev/null>&2", NULL },
	{ "a >/dev/null2>&1", NULL }, { "a &>/dev/null", NULL },
	{ "a >&/dev/null", NULL }, { "a >|/dev/null", NULL },
	{ "a <>/dev/null", NULL }, { "a <</dev/null", NULL },
	{ "a <<</dev/null", NULL }, { "a <<-/dev/null", NULL },
	{ "a >>&1", NULL }, { "a <(b)", NULL }, { "a >/dev/tty", NULL },
	{ "a {b}>/dev/null", NULL }, { "a >//dev/null", NULL },
	{ "a >/dev/null >&1 >&1 >&1 >&1 >&1 >&1", NULL },
	{ "echo >/dev/null", NULL })

LINES(signs,
	{ "a; b", NULL }, { "a | b", NULL }, { "a & b", NULL },
	{ "a > b", NULL }, { "a < b", NULL }, { "(a)", NULL },
	{ "a $x", NULL }, { "a `b`", NULL }, { "a \\b", NULL },
	{ "a *", NULL }, { "a ?", NULL }, { "a [b]", NULL },
	{ "a ~", NULL }, { "a {b,c}", NULL }, { "a {}", NULL },
	{ "a #b", NULL }, { "a b#c", NULL }, { "a !", NULL },
	{ "a ^b", NULL }, { "a\nb", NULL }, { "a\r", NULL },
	{ "a b\x80", NULL }, { "a \xc2\xa0 b", NULL }, { "a\vb", NULL },
	{ "a\fb", NULL }, { "a \x01", NULL })

LINES(first_words,
	{ "a=b c", NULL }, { "a,b", NULL }, { "a:b", NULL }, { "a@b", NULL },
	{ "-x", NULL }, { "+x", NULL }, { "%1", NULL }, { ".", NULL },
	{ ". x", NULL }, { ":", NULL }, { "[ a ]", NULL }, { "! a", NULL },
	{ "{ a; }", NULL }, { "./-x", "./-x" }, { "..", ".." },
	{ ".x", ".x" }, { "a/b=c", NULL }, { "_", "_" })

LINES(builtins_and_keywords,
	{ "echo a", NULL }, { "cd /", NULL }, { "if", NULL },
	{ "test a", NULL }, { "true", NULL }, { "false", NULL },
	{ "printf a", NULL }, { "time ls", NULL }, { "coproc a", NULL },
	{ "mapfile x", NULL }, { "alias", NULL }, { "wait", NULL },
	{ "while", NULL }, { "exec ls", NULL }, { "freebsd_wordexp a", NULL },
	{ "echoo a", "echoo|a" }, { "ech a", "ech|a" }, { "Echo", "Echo" },
	{ "/bin/echo", "/bin/echo" }, { "./test", "./test" },
	{ "sleep 1", "sleep|1" }, { "cat", "cat" }, { "zzz", "zzz" })

static void nul_bytes_need_a_shell(void)
{
	words_env_setup(no_env);
	check_split("a\0b", 3, SHELL_SH, NULL);
	check_split("a '\0'", 5, SHELL_SH, NULL);
	check_split("a b; c", 3, SHELL_SH, "a|b");
}

static void other_shells_know_everything(void)
{
	words_env_setup(no_env);
	check_split("gzip a", 6, SHELL_ZSH, NULL);
	check_split("gzip a", 6, SHELL_FISH, NULL);
	check_split("gzip a", 6, SHELL_CSH, NULL);
	check_split("gzip a", 6, SHELL_KSH, "gzip|a");
	check_split("cat a", 5, SHELL_KSH, NULL);
	check_split("whence a", 8, SHELL_KSH, NULL);
	check_split("whence a", 8, SHELL_BASH, "whence|a");
}

static void needs_setup(void)
{
	check_split("gzip a", 6, SHELL_SH, NULL);
	words_env_setup(no_env);
	check_split("gzip a", 6, SHELL_SH, "gzip|a");
}

static void exported_functions(void)
{
	static char *const env[] = {
		(char *)"HOME=/",
		(char *)"BASH_FUNC_gzip%%=() { echo mine;\n}",
		(char *)"BASH_FUNC_a.b%%=() {  :\n}",
		(char *)"BASH_FUNC_old()=() {  :\n}",
		(char *)"older=() { :; }",
		(char *)"BASH_FUNC_/bin/ls%%=() {  :\n}",
		(char *)"var=gzip", (char *)"BASH_FUNC_=", (char *)"novalue",
		NULL,
	};

	words_env_setup(env);
	for (enum shell_kind kind = SHELL_SH; kind <= SHELL_BASH; kind++) {
		check_split("gzip x", 6, kind, NULL);
		check_split("a.b", 3, kind, NULL);
		check_split("old", 3, kind, NULL);
		check_split("older", 5, kind, NULL);
		check_split("/bin/ls", 7, kind, NULL);
		check_split("gzi x", 5, kind, "gzi|x");
		check_split("gzip2", 5, kind, "gzip2");
		check_split("var", 3, kind, "var");
	}
	words_env_setup(no_env);
	check_split("gzip x", 6, SHELL_BASH, "gzip|x");
}

static void start_up_files(void)
{
	static char *const bash_env[] = { (char *)"BASH_ENV=/x", NULL };
	static char *const env[] = { (char *)"ENV=/x", NULL };
	static char *const opts[] = {
		(char *)"SHELLOPTS=keyword", NULL,
	};

	words_env_setup(bash_env);
	check_split("gzip", 4, SHELL_BASH, NULL);
	check_split("gzip", 4, SHELL_SH, "gzip");
	words_env_setup(env);
	check_split("gzip", 4, SHELL_BASH, "gzip");
	check_split("gzip", 4, SHELL_SH, NULL);
	check_split("gzip", 4, SHELL_KSH, NULL);
	words_env_setup(opts);
	check_split("gzip", 4, SHELL_BASH, NULL);
	check_split("gzip", 4, SHELL_SH, NULL);
}

static void scan_does_not_ask(void)
{
	struct words w;

	words_init(&w);
	CHECK_INT(words_scan(&w, "echo a", 6), 0);
	CHECK_STR(words_argv(&w)[1], "a");
	CHECK_INT(words_scan(&w, "echo $a", 7), -1);
	CHECK(words_argv(&w)[0] == NULL);
	words_release(&w);
}

static void check_pipe(const char *line, size_t want)
{
	CHECK_UINT(words_find_pipe(line, strlen(line)), want);
}

static void pipes(void)
{
	check_pipe("", 0);
	check_pipe("a", 1);
	check_pipe("|", 0);
	check_pipe("a | b", 2);
	check_pipe("a|b|c", 1);
	check_pipe("'|' \"|\" |", 8);
	check_pipe("'\"' | a", 4);
	check_pipe("\"'\" | a", 4);
	check_pipe("'a | b", 6);
	check_pipe("a'b'c|", 5);
	CHECK_UINT(words_find_pipe("ab|", 2), 2);
}

static void building(void)
{
	struct words w;
	char **argv;

	words_init(&w);
	CHECK(words_argv(&w)[0] == NULL);
	words_begin(&w);
	buf_addstr(&w.bytes, "a");
	buf_addstr(&w.bytes, " b");
	words_end(&w);
	words_add(&w, "", 0);
	words_add(&w, "cd", 1);
	argv = words_argv(&w);
	CHECK_STR(argv[0], "a b");
	CHECK_STR(argv[1], "");
	CHECK_STR(argv[2], "c");
	CHECK(argv[3] == NULL);
	words_reset(&w);
	CHECK(words_argv(&w)[0] == NULL);
	words_release(&w);
	CHECK_UINT(w.n, 0);
}

static void many_words(void)
{
	struct words w;
	struct buf line = BUF_INIT;
	char **argv;

	words_env_setup(no_env);
	words_init(&w);
	for (int i = 0; i < 5000; i++)
		buf_addf(&line, "w%d ", i);
	for (int round = 0; round < 2; round++) {
		CHECK_INT(words_split(&w, line.data, line.len, SHELL_SH), 0);
		argv = words_argv(&w);
		for (int i = 0; i < 5000; i++) {
			char want[16];

			snprintf(want, sizeof(want), "w%d", i);
			if (!CHECK_STR(argv[i], want))
				break;
		}
		CHECK(argv[5000] == NULL);
	}
	words_release(&w);
	buf_release(&line);
}

/* What "bash -c 'compgen -bk'" lists; false without a bash. */
static bool ask_bash(struct buf *names)
{
	FILE *f = popen("bash -c 'compgen -bk' 2>/dev/null", "r");
	int c;

	while (f && (c = getc(f)) != EOF)
		buf_addch(names, (char)c);
	return f && pclose(f) == 0;
}

static void knows_what_bash_knows(void)
{
	struct buf names = BUF_INIT;
	char *rest;
	char *name;

	words_env_setup(no_env);
	CHECK(ask_bash(&names));
	CHECK(names.len > 300);
	rest = names.data;
	while ((name = strsep(&rest, "\n"))) {
		if (!CHECK(words_is_shells_own(name, strlen(name),
					       SHELL_BASH)))
			CHECK_STR(name, NULL);
	}
	buf_release(&names);
}

static const struct tap_case cases[] = {
	{ "plain words", plain_words },
	{ "blanks and tabs", blanks },
	{ "quotes are taken off", quotes },
	{ "quotes with more to them", unclear_quotes },
	{ "redirections that are no words", redirections },
	{ "redirections with more to them", unclear_redirections },
	{ "signs that shells know", signs },
	{ "first words that are no plain name", first_words },
	{ "builtins and keywords", builtins_and_keywords },
	{ "NUL bytes, and bytes behind the end", nul_bytes_need_a_shell },
	{ "other kinds of shells", other_shells_know_everything },
	{ "without words_env_setup everything needs a shell", needs_setup },
	{ "exported functions", exported_functions },
	{ "BASH_ENV, ENV and SHELLOPTS", start_up_files },
	{ "words_scan splits builtins as well", scan_does_not_ask },
	{ "where a pipe is, but in quotes", pipes },
	{ "vectors built piece by piece", building },
	{ "thousands of words", many_words },
	/* Last: left out where there is no bash. */
	{ "every builtin and keyword of bash is known",
	  knows_what_bash_knows },
};

int main(int argc, char **argv)
{
	struct buf names = BUF_INIT;
	size_t n = ARRAY_SIZE(cases);

	if (!ask_bash(&names))
		n--;
	buf_release(&names);
	return tap_main(cases, n, argc, argv);
}
