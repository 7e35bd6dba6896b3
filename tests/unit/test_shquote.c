/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_shquote.c - the form a value takes in each context; whether shells
 * agree is test_shquote_shells.c's.
 */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "input/shquote.h"
#include "tap.h"

struct row {
	const char *value;
	const char *want;	/* NULL: refused */
};

static void check_rows(const struct row *rows, size_t n,
		       enum quote_context ctx, enum shell_kind kind)
{
	for (size_t i = 0; i < n; i++) {
		struct buf out = BUF_INIT;
		int ret;

		buf_addstr(&out, "<");
		ret = shquote_add(&out, rows[i].value, strlen(rows[i].value),
				  ctx, kind);
		CHECK_INT(ret, rows[i].want ? 0 : -1);
		CHECK_STR(out.data + 1, rows[i].want ? rows[i].want : "");
		buf_release(&out);
	}
}

/* A case that checks its rows of value and form. */
#define FORMS(name, ctx, kind, ...)					\
	static void name(void)						\
	{								\
		static const struct row rows[] = { __VA_ARGS__ };	\
									\
		check_rows(rows, ARRAY_SIZE(rows), ctx, kind);		\
	}

FORMS(plain, QUOTE_PLAIN, SHELL_BASH,
	{ "abc", "abc" },
	{ "A-z_0.9+/x", "A-z_0.9+/x" },
	{ "-rf", "-rf" },
	{ "", "''" },
	{ "a b", "'a b'" },
	{ "a=b", "'a=b'" },
	{ "a:b", "'a:b'" },
	{ "~", "'~'" },
	{ "$(id)", "'$(id)'" },
	{ "a\nb", "'a\nb'" },
	{ "\xc3\xa9\xff", "'\xc3\xa9\xff'" })

FORMS(plain_quotes, QUOTE_PLAIN, SHELL_SH,
	{ "it's", "'it'\"'\"'s'" },
	{ "'", "\"'\"" },
	{ "''", "\"'\"''\"'\"" },
	{ "'a", "\"'\"'a'" },
	{ "a'", "'a'\"'\"" },
	{ "\"", "'\"'" },
	{ "\\", "'\\'" })

FORMS(keywords, QUOTE_PLAIN, SHELL_SH,
	{ "esac", "'esac'" },
	{ "in", "'in'" },
	{ "while", "'while'" },
	{ "function", "'function'" },
	{ "inn", "inn" },
	{ "e", "e" },
	{ "echo", "echo" })

FORMS(apart, QUOTE_PLAIN_APART, SHELL_ZSH,
	{ "abc", "'abc'" },
	{ "", "''" },
	{ "'", "\"'\"" })

FORMS(single, QUOTE_SINGLE, SHELL_SH,
	{ "abc", "abc" },
	{ "", "" },
	{ "a b$`\\\"", "a b$`\\\"" },
	{ "'", "'\"'\"'" },
	{ "a'b'", "a'\"'\"'b'\"'\"'" })

FORMS(double_, QUOTE_DOUBLE, SHELL_BASH,
	{ "abc", "abc" },
	{ "", "" },
	{ "a'b c!", "a'b c!" },
	{ "$x", "\\$x" },
	{ "\"", "\\\"" },
	{ "`a`", "\\`a\\`" },
	{ "\\$", "\\\\\\$" },
	{ "\\\n", "\\\\\n" })

FORMS(double_apart, QUOTE_DOUBLE_APART, SHELL_BASH,
	{ "abc", "\"'abc'\"" },
	{ "$x", "\"'$x'\"" },
	{ "", "\"''\"" })

FORMS(ansi, QUOTE_ANSI, SHELL_BASH,
	{ "41", "''41'$'" },
	{ "\\n'", "''\\n'\"'\"''$'" })

FORMS(no_ansi_in_sh, QUOTE_ANSI, SHELL_SH, { "a", NULL }, { "", NULL })
FORMS(no_ansi_in_fish, QUOTE_ANSI, SHELL_FISH, { "a", NULL })

FORMS(backtick, QUOTE_BACKTICK, SHELL_SH,
	{ "abc", "'abc'" },
	{ "`a`", "'\\`a\\`'" },
	{ "\\", "'\\\\'" },
	{ "$x", "'$x'" },
	{ "'", "\"'\"" })

FORMS(backtick_single, QUOTE_BACKTICK_SINGLE, SHELL_SH,
	{ "`\\$'", "\\`\\\\$'\"'\"'" })

FORMS(backtick_double, QUOTE_BACKTICK_DOUBLE, SHELL_SH,
	{ "a", "a" },
	{ "$", "\\\\$" },
	{ "\"", "\\\\\"" },
	{ "`", "\\\\\\`" },
	{ "\\", "\\\\\\\\" })

FORMS(no_backtick_in_csh, QUOTE_BACKTICK, SHELL_CSH, { "a", NULL })
FORMS(no_backtick_in_fish, QUOTE_BACKTICK_DOUBLE, SHELL_FISH, { "a", NULL })

FORMS(number, QUOTE_NUMBER, SHELL_SH,
	{ "0", "0" },
	{ "-1.5e+3", "-1.5e+3" },
	{ "name_1", "name_1" },
	{ "a b", NULL },
	{ "a[1]", NULL },
	{ "$x", NULL },
	{ "1;2", NULL },
	{ "/", NULL },
	{ "1\n", NULL })

FORMS(comment, QUOTE_COMMENT, SHELL_SH,
	{ "a 'b' $(c)", "a 'b' $(c)" },
	{ "a\nb\n", "a b " })

FORMS(raw, QUOTE_RAW, SHELL_SH,
	{ "a b; c", "a b; c" },
	{ "", "" })

FORMS(impossible, QUOTE_IMPOSSIBLE, SHELL_SH, { "a", NULL }, { "", NULL })

FORMS(fish, QUOTE_PLAIN, SHELL_FISH,
	{ "abc", "abc" },
	{ "", "''" },
	{ "'", "'\\''" },
	{ "a\\b", "'a\\\\b'" },
	{ "$x", "'$x'" },
	{ "\\'", "'\\\\\\''" })

FORMS(fish_single, QUOTE_SINGLE, SHELL_FISH, { "a'b\\", "a\\'b\\\\" })
FORMS(fish_double, QUOTE_DOUBLE, SHELL_FISH,
	{ "$\"\\", "\\$\\\"\\\\" },
	{ "`(a)'", "`(a)'" })

FORMS(csh, QUOTE_PLAIN, SHELL_CSH,
	{ "abc", "abc" },
	{ "a b", "'a b'" },
	{ "", "''" },
	{ "!", "\\!" },
	{ "a!b", "'a'\\!'b'" },
	{ "a\nb", "'a\\\nb'" },
	{ "\\", "\\\\" },
	{ "it's", "'it'\\''s'" })

FORMS(csh_double, QUOTE_DOUBLE, SHELL_CSH,
	{ "a", "\"'a'\"" },
	{ "$x!", "\"'$x'\\!\"" })

static void add_keeps_what_is_there(void)
{
	struct buf out = BUF_INIT;

	buf_addstr(&out, "''x");
	CHECK_INT(shquote_add(&out, "' '", 3, QUOTE_PLAIN, SHELL_SH), 0);
	CHECK_STR(out.data, "''x\"'\"' '\"'\"");
	buf_release(&out);
}

static void length_counts(void)
{
	struct buf out = BUF_INIT;

	CHECK_INT(shquote_add(&out, "ab;", 2, QUOTE_PLAIN, SHELL_SH), 0);
	CHECK_INT(shquote_add(&out, "cd'", 2, QUOTE_DOUBLE, SHELL_SH), 0);
	CHECK_STR(out.data, "abcd");
	buf_release(&out);
}

static void safe_values(void)
{
	CHECK(shquote_is_safe("a/b", 3));
	CHECK(shquote_is_safe("a;b", 1));
	CHECK(!shquote_is_safe("", 0));
	CHECK(!shquote_is_safe("a;b", 3));
	CHECK(!shquote_is_safe("a\0b", 3));
	CHECK(!shquote_is_safe("done", 4));
	for (int c = 1; c < 256; c++) {
		char one = (char)c;
		bool is_ours = c < 128 && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						 "abcdefghijklmnopqrstuvwxyz"
						 "0123456789-_.+/", c);

		CHECK_INT(shquote_is_safe(&one, 1), is_ours);
	}
}

struct kind_row {
	const char *path;
	enum shell_kind kind;
};

static void kinds_by_name(void)
{
	static const struct kind_row rows[] = {
		{ "/bin/sh", SHELL_SH }, { "dash", SHELL_SH },
		{ "/usr/bin/bash", SHELL_BASH }, { "bash-5.1", SHELL_BASH },
		{ "-bash", SHELL_BASH }, { "rbash", SHELL_BASH },
		{ "/bin/ksh93", SHELL_KSH }, { "mksh", SHELL_KSH },
		{ "/opt/x/mksh-static", SHELL_KSH }, { "pdksh", SHELL_KSH },
		{ "-zsh", SHELL_ZSH }, { "/bin/zsh5", SHELL_ZSH },
		{ "zsh-beta", SHELL_ZSH }, { "/usr/bin/fish", SHELL_FISH },
		{ "tcsh", SHELL_CSH }, { "/bin/csh", SHELL_CSH },
		{ "bsd-csh", SHELL_CSH }, { "yash", SHELL_SH },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CHECK_INT(shell_kind_of(rows[i].path), rows[i].kind);
		CHECK(shell_is_known(rows[i].path));
	}
}

static void unknown_shells(void)
{
	static const char *const names[] = {
		"perl", "/bin/shell", "bashful", "fish_indent", "ssh", "",
		"zsh-foo", "/bin/sh/perl", "dash-to-dock", "rc", "-",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CHECK_INT(shell_kind_of(names[i]), SHELL_SH);
		if (!CHECK(!shell_is_known(names[i])))
			CHECK_STR(names[i], NULL);
	}
}

static const struct tap_case cases[] = {
	{ "plain", plain },
	{ "plain: quotes as GNU parallel writes them", plain_quotes },
	{ "plain: keywords are quoted", keywords },
	{ "apart: always quoted", apart },
	{ "in single quotes", single },
	{ "in double quotes", double_ },
	{ "in double quotes behind a variable", double_apart },
	{ "in ANSI quotes", ansi },
	{ "ANSI quotes: not in sh", no_ansi_in_sh },
	{ "ANSI quotes: not in fish", no_ansi_in_fish },
	{ "in backticks", backtick },
	{ "in single quotes in backticks", backtick_single },
	{ "in double quotes in backticks", backtick_double },
	{ "backticks: not in csh", no_backtick_in_csh },
	{ "backticks: not in fish", no_backtick_in_fish },
	{ "numbers", number },
	{ "comments", comment },
	{ "raw", raw },
	{ "impossible", impossible },
	{ "fish: plain", fish },
	{ "fish: in single quotes", fish_single },
	{ "fish: in double quotes", fish_double },
	{ "csh: plain", csh },
	{ "csh: in double quotes", csh_double },
	{ "what the buffer held is left alone", add_keeps_what_is_there },
	{ "no byte beyond the length is looked at", length_counts },
	{ "which values are safe", safe_values },
	{ "kinds of shells by name", kinds_by_name },
	{ "names that are no shell's", unknown_shells },
};
TAP_MAIN(cases)
