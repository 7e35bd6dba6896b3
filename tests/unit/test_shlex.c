/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_shlex.c - the quoting context behind a piece of shell text.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "input/shlex.h"
#include "tap.h"

struct row {
	const char *text;	/* a @ stands for a value before */
	enum quote_context want;
};

static const char *const names[] = {
	[QUOTE_PLAIN] = "plain", [QUOTE_PLAIN_APART] = "plain apart",
	[QUOTE_SINGLE] = "single", [QUOTE_DOUBLE] = "double",
	[QUOTE_DOUBLE_APART] = "double apart", [QUOTE_ANSI] = "ansi",
	[QUOTE_BACKTICK] = "backtick",
	[QUOTE_BACKTICK_SINGLE] = "backtick single",
	[QUOTE_BACKTICK_DOUBLE] = "backtick double",
	[QUOTE_NUMBER] = "number", [QUOTE_COMMENT] = "comment",
	[QUOTE_RAW] = "raw", [QUOTE_IMPOSSIBLE] = "impossible",
};

/* In pieces of step bytes, which must make no difference. */
static enum quote_context context_of(const char *text, size_t step,
				     enum shell_kind kind)
{
	struct shlex l;

	shlex_init(&l, kind);
	while (*text) {
		size_t n = strcspn(text, "@");

		if (n == 0) {
			shlex_value(&l);
			text++;
			continue;
		}
		n = n < step ? n : step;
		shlex_feed(&l, text, n);
		text += n;
	}
	CHECK((shlex_context(&l) == QUOTE_IMPOSSIBLE) ==
	      (strcmp(shlex_why(&l), "in quotes") != 0));
	return shlex_context(&l);
}

static void check_rows(const struct row *rows, size_t n, enum shell_kind kind)
{
	for (size_t i = 0; i < n; i++) {
		const char *want = names[rows[i].want];

		if (!CHECK_STR(names[context_of(rows[i].text, 1000, kind)],
			       want) ||
		    !CHECK_STR(names[context_of(rows[i].text, 1, kind)], want))
			fprintf(stderr, "# %s\n", rows[i].text);
	}
}

#define TEXTS(name, kind, ...)						\
	static void name(void)						\
	{								\
		static const struct row rows[] = { __VA_ARGS__ };	\
									\
		check_rows(rows, ARRAY_SIZE(rows), kind);		\
	}

TEXTS(plain, SHELL_SH,
	{ "", QUOTE_PLAIN }, { "a ", QUOTE_PLAIN }, { "a", QUOTE_PLAIN },
	{ "'a' ", QUOTE_PLAIN }, { "\"a\" ", QUOTE_PLAIN },
	{ "a | b && ", QUOTE_PLAIN }, { "a\n", QUOTE_PLAIN },
	{ "a > ", QUOTE_PLAIN }, { "a < ", QUOTE_PLAIN },
	{ "a \\' ", QUOTE_PLAIN }, { "a \\\" ", QUOTE_PLAIN },
	{ "a 'b'\\''c' ", QUOTE_PLAIN }, { "a@b", QUOTE_PLAIN },
	{ "[ -f ", QUOTE_PLAIN }, { "[ a = b ] && ", QUOTE_PLAIN },
	{ "a \\\n ", QUOTE_PLAIN }, { "{ a; } ", QUOTE_PLAIN })

TEXTS(single, SHELL_SH,
	{ "'", QUOTE_SINGLE }, { "a 'b", QUOTE_SINGLE },
	{ "a '\\", QUOTE_SINGLE }, { "a '\"", QUOTE_SINGLE },
	{ "a 'b'c'", QUOTE_SINGLE }, { "'$(", QUOTE_SINGLE },
	{ "'# ", QUOTE_SINGLE }, { "'`", QUOTE_SINGLE },
	{ "'$", QUOTE_SINGLE })

TEXTS(double_, SHELL_SH,
	{ "\"", QUOTE_DOUBLE }, { "a \"b ", QUOTE_DOUBLE },
	{ "\"\\\"", QUOTE_DOUBLE }, { "\"'", QUOTE_DOUBLE },
	{ "\"\\\\", QUOTE_DOUBLE }, { "\" # ", QUOTE_DOUBLE },
	{ "\"$(a)", QUOTE_DOUBLE }, { "\"${a}", QUOTE_DOUBLE },
	{ "\"$x ", QUOTE_DOUBLE }, { "\"(", QUOTE_DOUBLE },
	{ "\"<<", QUOTE_DOUBLE }, { "\"$(a \")\")", QUOTE_DOUBLE })

TEXTS(glued, SHELL_SH,
	{ "$x", QUOTE_PLAIN_APART }, { "a$x", QUOTE_PLAIN_APART },
	{ "$1", QUOTE_PLAIN_APART }, { "$?", QUOTE_PLAIN_APART },
	{ "$x@", QUOTE_PLAIN }, { "$x-", QUOTE_PLAIN },
	{ "${x}", QUOTE_PLAIN }, { "$x ", QUOTE_PLAIN },
	{ "\"$x", QUOTE_DOUBLE_APART }, { "\"$x\"", QUOTE_PLAIN },
	{ "$$", QUOTE_PLAIN_APART }, { "$x:", QUOTE_PLAIN })

TEXTS(behind_signs, SHELL_SH,
	{ "$", QUOTE_IMPOSSIBLE }, { "\"$", QUOTE_IMPOSSIBLE },
	{ "\\", QUOTE_IMPOSSIBLE }, { "\"\\", QUOTE_IMPOSSIBLE },
	{ "\\\\", QUOTE_PLAIN }, { "\\$", QUOTE_PLAIN },
	{ "\"\\$", QUOTE_DOUBLE }, { "$[", QUOTE_IMPOSSIBLE })

TEXTS(substitutions, SHELL_SH,
	{ "$(", QUOTE_PLAIN }, { "\"$(", QUOTE_PLAIN },
	{ "\"$(a '", QUOTE_SINGLE }, { "\"$(a \"", QUOTE_DOUBLE },
	{ "\"$(a \"$(b ", QUOTE_PLAIN }, { "\"$(a)\" ", QUOTE_PLAIN },
	{ "\"$(a (b) ", QUOTE_PLAIN }, { "\"$( (b) )", QUOTE_DOUBLE },
	{ "$(a ')' ", QUOTE_PLAIN }, { "\"$(a \\) ", QUOTE_PLAIN },
	{ "\"$(a [b] ) ", QUOTE_DOUBLE }, { "\"$(a; [ b ]) ", QUOTE_DOUBLE })

TEXTS(unclear_substitutions, SHELL_BASH,
	{ "$(case a in a) ", QUOTE_IMPOSSIBLE },
	{ "\"$(case a in (a) b;; esac) ", QUOTE_IMPOSSIBLE },
	{ "$(cases ", QUOTE_PLAIN }, { "$(a_case ", QUOTE_PLAIN },
	{ "case a in a) ", QUOTE_PLAIN },
	{ "\"$(a [b(] ) ", QUOTE_IMPOSSIBLE },
	{ "\"$(a ${x#(} ) ", QUOTE_IMPOSSIBLE })

TEXTS(backticks, SHELL_SH,
	{ "`", QUOTE_BACKTICK }, { "`a '", QUOTE_BACKTICK_SINGLE },
	{ "`a \"", QUOTE_BACKTICK_DOUBLE }, { "`a` ", QUOTE_PLAIN },
	{ "`a \"$(b ", QUOTE_BACKTICK }, { "$(a `", QUOTE_BACKTICK },
	{ "`$x", QUOTE_BACKTICK }, { "`\"$x", QUOTE_IMPOSSIBLE },
	{ "\"`", QUOTE_IMPOSSIBLE }, { "\"`a`", QUOTE_DOUBLE },
	{ "`a \\\\", QUOTE_IMPOSSIBLE }, { "`a \\\\ `", QUOTE_PLAIN },
	{ "`a \\`b\\` ", QUOTE_IMPOSSIBLE }, { "`a \\`b\\` ` ", QUOTE_PLAIN },
	{ "`a \\' ", QUOTE_BACKTICK }, { "`a '\\'", QUOTE_BACKTICK },
	{ "`a '` ", QUOTE_IMPOSSIBLE }, { "`# ", QUOTE_IMPOSSIBLE })

TEXTS(arithmetic, SHELL_BASH,
	{ "$((", QUOTE_NUMBER }, { "\"$((1 + ", QUOTE_NUMBER },
	{ "$((1 << ", QUOTE_NUMBER }, { "$((1 <<", QUOTE_NUMBER },
	{ "$(((1) + (", QUOTE_NUMBER }, { "$((1)) ", QUOTE_PLAIN },
	{ "((", QUOTE_NUMBER }, { "((x = ", QUOTE_NUMBER },
	{ "((1)) && ", QUOTE_PLAIN }, { "( (", QUOTE_PLAIN },
	{ "$((a); b) ", QUOTE_PLAIN }, { "$((a); ", QUOTE_NUMBER },
	{ "$((a << 1); ", QUOTE_IMPOSSIBLE }, { "$(( \"", QUOTE_IMPOSSIBLE },
	{ "$(( $(a ", QUOTE_PLAIN }, { "$(( $x", QUOTE_IMPOSSIBLE },
	{ "for ((i=0; i<", QUOTE_NUMBER }, { "$((16#", QUOTE_NUMBER })

TEXTS(subscripts, SHELL_BASH,
	{ "a[", QUOTE_NUMBER }, { "a[1 + ", QUOTE_NUMBER },
	{ "a[@", QUOTE_NUMBER }, { "a[1]=", QUOTE_PLAIN },
	{ "a=([", QUOTE_NUMBER }, { "a=([x", QUOTE_NUMBER },
	{ "a[\"", QUOTE_NUMBER }, { "${a[", QUOTE_IMPOSSIBLE },
	{ "\"${a[", QUOTE_IMPOSSIBLE }, { "ls [a-z]", QUOTE_PLAIN },
	{ "ls [", QUOTE_NUMBER }, { "\"a[", QUOTE_DOUBLE },
	{ "\"$a[", QUOTE_DOUBLE }, { "a[$(b ", QUOTE_PLAIN },
	{ "[[ ", QUOTE_PLAIN_APART }, { "[[ a == ", QUOTE_PLAIN_APART },
	{ "[[ a ]] && ", QUOTE_PLAIN }, { "a[b[1]", QUOTE_NUMBER },
	{ "ls [[:alpha:]]", QUOTE_PLAIN })

TEXTS(braces, SHELL_BASH,
	{ "${x:-", QUOTE_PLAIN }, { "${x-", QUOTE_PLAIN },
	{ "${x:=a", QUOTE_PLAIN }, { "${x:+'", QUOTE_SINGLE },
	{ "${x:?\"", QUOTE_DOUBLE }, { "${x:-a} ", QUOTE_PLAIN },
	{ "${x:-${y-", QUOTE_PLAIN }, { "${x", QUOTE_IMPOSSIBLE },
	{ "${x:", QUOTE_IMPOSSIBLE }, { "${x:1", QUOTE_IMPOSSIBLE },
	{ "${x#", QUOTE_IMPOSSIBLE }, { "${x/a/", QUOTE_IMPOSSIBLE },
	{ "${!x", QUOTE_IMPOSSIBLE }, { "\"${x:-", QUOTE_IMPOSSIBLE },
	{ "\"${x:-a}", QUOTE_DOUBLE }, { "\"${x:-'}", QUOTE_IMPOSSIBLE },
	{ "\"${x#${y}}", QUOTE_DOUBLE }, { "\"${x:-$(a ", QUOTE_PLAIN },
	{ "${ a; } ", QUOTE_IMPOSSIBLE }, { "${x#'}'} ", QUOTE_PLAIN },
	{ "${x#$(a ", QUOTE_PLAIN }, { "${x:-{", QUOTE_IMPOSSIBLE })

TEXTS(comments, SHELL_SH,
	{ "# ", QUOTE_COMMENT }, { "a # 'b ", QUOTE_COMMENT },
	{ "a\t#", QUOTE_COMMENT }, { "a\n#", QUOTE_COMMENT },
	{ "a#", QUOTE_PLAIN }, { "a '#'#", QUOTE_PLAIN },
	{ "@#", QUOTE_PLAIN }, { "a # b\n", QUOTE_PLAIN },
	{ "a # it's\n'", QUOTE_SINGLE }, { "\\#", QUOTE_PLAIN },
	{ "$#", QUOTE_PLAIN_APART }, { "${#x} ", QUOTE_PLAIN },
	{ "a;#", QUOTE_IMPOSSIBLE }, { "(#", QUOTE_IMPOSSIBLE },
	{ "\\\n#", QUOTE_IMPOSSIBLE }, { "$(# ", QUOTE_IMPOSSIBLE },
	{ "$( # a)\n", QUOTE_PLAIN }, { "${x:- # ", QUOTE_IMPOSSIBLE })

TEXTS(heredocs, SHELL_SH,
	{ "cat <<", QUOTE_IMPOSSIBLE }, { "cat <<EOF\n", QUOTE_IMPOSSIBLE },
	{ "cat <<-E\nE\n", QUOTE_IMPOSSIBLE }, { "cat <<<", QUOTE_IMPOSSIBLE },
	{ "cat <<< ", QUOTE_IMPOSSIBLE }, { "cat <", QUOTE_PLAIN },
	{ "cat '<<' ", QUOTE_PLAIN }, { "cat \\<\\< ", QUOTE_PLAIN })

TEXTS(here_strings, SHELL_BASH,
	{ "cat <<<", QUOTE_PLAIN }, { "cat <<< ", QUOTE_PLAIN },
	{ "cat <<<\"", QUOTE_DOUBLE }, { "cat <<", QUOTE_IMPOSSIBLE })

TEXTS(duplications, SHELL_BASH,
	{ "a >&", QUOTE_NUMBER }, { "a 2>& ", QUOTE_NUMBER },
	{ "a >&\"", QUOTE_NUMBER }, { "a >&2 ", QUOTE_PLAIN },
	{ "a >&x", QUOTE_NUMBER }, { "a >&$(b) ", QUOTE_PLAIN },
	{ "a >&$(b ", QUOTE_NUMBER }, { "a <&", QUOTE_NUMBER },
	{ "(a >&2) ", QUOTE_PLAIN }, { "a &>", QUOTE_PLAIN },
	{ "a & ", QUOTE_PLAIN }, { "a >&$x", QUOTE_IMPOSSIBLE })

TEXTS(ansi, SHELL_BASH,
	{ "$'", QUOTE_ANSI }, { "$'\\'", QUOTE_ANSI },
	{ "$'a' ", QUOTE_PLAIN }, { "$'\\", QUOTE_IMPOSSIBLE },
	{ "$'\\c", QUOTE_IMPOSSIBLE }, { "\"$'", QUOTE_DOUBLE },
	{ "$'\\\\'", QUOTE_PLAIN }, { "$\"", QUOTE_DOUBLE },
	{ "`$'", QUOTE_IMPOSSIBLE })

TEXTS(no_ansi_in_sh, SHELL_SH,
	{ "$'", QUOTE_IMPOSSIBLE }, { "$'a' ", QUOTE_PLAIN },
	{ "$'\\n' ", QUOTE_IMPOSSIBLE }, { "\"$'", QUOTE_DOUBLE })

TEXTS(zsh, SHELL_ZSH,
	{ "\"$a[", QUOTE_NUMBER }, { "\"$a[1]", QUOTE_DOUBLE },
	{ "$a[", QUOTE_NUMBER }, { "\"$a['", QUOTE_IMPOSSIBLE },
	{ "$a:", QUOTE_PLAIN_APART }, { "$a:h", QUOTE_PLAIN_APART },
	{ "$a:s/x/", QUOTE_IMPOSSIBLE }, { "$a:/", QUOTE_PLAIN },
	{ "\"$a:", QUOTE_DOUBLE_APART }, { "(#", QUOTE_IMPOSSIBLE },
	{ "${(f)a} ", QUOTE_PLAIN }, { "$$", QUOTE_PLAIN_APART },
	{ "$$'a' ", QUOTE_IMPOSSIBLE }, { "$$a ", QUOTE_PLAIN })

TEXTS(fish, SHELL_FISH,
	{ "", QUOTE_PLAIN }, { "'\\'", QUOTE_SINGLE },
	{ "'\\\\'", QUOTE_PLAIN }, { "\"\\\"", QUOTE_DOUBLE },
	{ "(a ", QUOTE_PLAIN }, { "\"(", QUOTE_DOUBLE },
	{ "\"$(a ", QUOTE_PLAIN }, { "\"$(a '", QUOTE_SINGLE },
	{ "`", QUOTE_PLAIN }, { "a << ", QUOTE_PLAIN },
	{ "$x[", QUOTE_NUMBER }, { "a[", QUOTE_PLAIN },
	{ "$x", QUOTE_PLAIN_APART }, { "\"$x", QUOTE_DOUBLE_APART },
	{ "# ", QUOTE_COMMENT }, { "a#", QUOTE_PLAIN },
	{ "${", QUOTE_IMPOSSIBLE }, { "'\\", QUOTE_IMPOSSIBLE })

TEXTS(csh, SHELL_CSH,
	{ "", QUOTE_PLAIN }, { "'", QUOTE_SINGLE }, { "\"", QUOTE_DOUBLE },
	{ "`", QUOTE_IMPOSSIBLE }, { "`a` ", QUOTE_PLAIN },
	{ "\"`a` ", QUOTE_DOUBLE }, { "!", QUOTE_IMPOSSIBLE },
	{ "!a ", QUOTE_IMPOSSIBLE }, { "\\!a ", QUOTE_PLAIN },
	{ "if ( ! ", QUOTE_PLAIN }, { "a != ", QUOTE_PLAIN },
	{ "'!", QUOTE_IMPOSSIBLE }, { "'a\n", QUOTE_IMPOSSIBLE },
	{ "'a\\\n", QUOTE_SINGLE }, { "'a\\' ", QUOTE_IMPOSSIBLE },
	{ "# ", QUOTE_IMPOSSIBLE }, { "# a\n", QUOTE_PLAIN },
	{ "# a\\\n", QUOTE_IMPOSSIBLE }, { "'a'#", QUOTE_IMPOSSIBLE },
	{ "a#", QUOTE_PLAIN }, { "$x[", QUOTE_NUMBER },
	{ "$x:", QUOTE_PLAIN_APART }, { "cat <<", QUOTE_IMPOSSIBLE },
	{ "${x:-", QUOTE_IMPOSSIBLE })

static void nesting_has_a_limit(void)
{
	struct shlex l;

	shlex_init(&l, SHELL_BASH);
	for (unsigned i = 0; i < SHLEX_DEPTH; i++)
		shlex_feed(&l, "$(", 2);
	CHECK_INT(shlex_context(&l), QUOTE_PLAIN);
	shlex_feed(&l, "$(", 2);
	CHECK_INT(shlex_context(&l), QUOTE_IMPOSSIBLE);
	for (unsigned i = 0; i < 2 * SHLEX_DEPTH; i++)
		shlex_feed(&l, ")", 1);
	CHECK_INT(shlex_context(&l), QUOTE_IMPOSSIBLE);
}

static void says_why(void)
{
	struct shlex l;

	shlex_init(&l, SHELL_SH);
	shlex_feed(&l, "\\", 1);
	CHECK_STR(shlex_why(&l), "behind a backslash");
	shlex_feed(&l, "a $", 3);
	CHECK_STR(shlex_why(&l), "behind '$'");
	shlex_feed(&l, "{x#", 3);
	CHECK_STR(shlex_why(&l), "in ${ }");
	shlex_feed(&l, "} <<E\n", 6);
	CHECK_STR(shlex_why(&l), "in or behind a here-document");
}

static const struct tap_case cases[] = {
	{ "plain text", plain },
	{ "single quotes", single },
	{ "double quotes", double_ },
	{ "behind a variable", glued },
	{ "behind a dollar or backslash", behind_signs },
	{ "command substitutions", substitutions },
	{ "substitutions whose end is unclear", unclear_substitutions },
	{ "backticks", backticks },
	{ "arithmetic", arithmetic },
	{ "subscripts and other brackets", subscripts },
	{ "parameter expansions", braces },
	{ "comments", comments },
	{ "here-documents", heredocs },
	{ "here-strings", here_strings },
	{ "duplicated descriptors", duplications },
	{ "ANSI quotes", ansi },
	{ "ANSI quotes are unsure in sh", no_ansi_in_sh },
	{ "zsh", zsh },
	{ "fish", fish },
	{ "csh", csh },
	{ "nesting has a limit", nesting_has_a_limit },
	{ "a reason is given", says_why },
};
TAP_MAIN(cases)
