/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_template.c - commands with replacement strings. The expected texts of
 * the tables are what GNU parallel 20221122 --dry-run prints, where the row
 * does not say otherwise.
 */
#include <config.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "input/template.h"
#include "input/words.h"
#include "tap.h"

#define VALUES_MAX	4

struct row {
	const char *text;
	const char *want;		/* NULL: template_expand refuses */
	const char *values[VALUES_MAX];
};

static size_t count(const char *const *values)
{
	size_t n = 0;

	while (n < VALUES_MAX && values[n])
		n++;
	return n;
}

static void check_row(const struct row *row, const struct template_opts *opts)
{
	struct template_args args = {
		.values = (char *const *)row->values,
		.n = count(row->values), .seq = 12, .slot = 3,
	};
	struct buf out = BUF_INIT;
	struct buf err = BUF_INIT;
	struct template *t = template_new(row->text, opts, &err);
	int ret = -2;

	buf_addstr(&out, "<");
	if (t)
		ret = template_expand(t, &args, &out, &err);
	if (!CHECK_INT(ret, row->want ? 0 : -1) ||
	    !CHECK_STR(out.data + 1, row->want ? row->want : ""))
		fprintf(stderr, "# %s: %s\n", row->text, err.data);
	CHECK((err.len > 0) == (row->want == NULL));
	template_free(t);
	buf_release(&out);
	buf_release(&err);
}

static void check_rows(const struct row *rows, size_t n,
		       struct template_opts opts)
{
	for (size_t i = 0; i < n; i++)
		check_row(&rows[i], &opts);
}

/* The options are the last argument, in parentheses. */
#define OPTS(...)	((struct template_opts){ __VA_ARGS__ })
#define BASH		OPTS(.shell = SHELL_BASH, .append = true)

#define ROWS(name, opts, ...)						\
	static void name(void)						\
	{								\
		static const struct row rows[] = { __VA_ARGS__ };	\
									\
		check_rows(rows, ARRAY_SIZE(rows), opts);		\
	}

/* Whose every byte could begin something: not looked at to the end each. But
 * some tools do that at each call of the library's that gets a string. */
static void long_texts(void)
{
	static const char *const pieces[] = { ":%", "{", "{=", "{1" };
	size_t len = 400000 / (size_t)(tap_slow() * tap_slow());
	struct buf err = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		struct buf text = BUF_INIT;
		struct template *t;

		while (text.len < len)
			buf_addstr(&text, pieces[i]);
		t = template_new(text.data, &OPTS(.shell = SHELL_BASH), &err);
		CHECK_STR(err.data, "");
		template_free(t);
		buf_release(&text);
	}
	buf_release(&err);
}

static int64_t now_of_thread(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/* What it takes to compile "echo " and n times piece, at best. */
static int64_t cost_of(const char *piece, size_t n,
		       const struct template_opts *opts)
{
	int64_t best = INT64_MAX;
	struct buf text = BUF_INIT;
	struct buf err = BUF_INIT;

	buf_addstr(&text, "echo ");
	while (n--)
		buf_addstr(&text, piece);
	for (unsigned i = 0; i < 3; i++) {
		int64_t start = now_of_thread();
		struct template *t = template_new(text.data, opts, &err);
		int64_t cost = now_of_thread() - start;

		CHECK_STR(err.data, "");
		template_free(t);
		best = cost < best ? cost : best;
	}
	buf_release(&text);
	buf_release(&err);
	return best;
}

/* Sixteen times as many cost sixteen times as much, not 256 times. */
static void many_places(void)
{
	static const char *const pieces[] = {
		"{}", "'{}'", "\"{}\"", "{1}-eq", "){}", " {}", "{}x  ",
		"{#}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		for (unsigned repeat = 0; repeat < 2; repeat++) {
			struct template_opts opts = {
				.shell = SHELL_BASH, .repeat_words = repeat,
			};
			int64_t few = cost_of(pieces[i], 1000, &opts);
			int64_t many = cost_of(pieces[i], 16000, &opts);

			if (!CHECK(many < few * 64))
				fprintf(stderr, "# %s: %lld, %lld ns\n",
					pieces[i], (long long)few,
					(long long)many);
		}
	}
}

ROWS(one_value, BASH,
	{ "echo {}", "echo a", { "a" } },
	{ "echo {}", "echo 'a b'", { "a b" } },
	{ "echo {}", "echo ''", { "" } },
	{ "echo {}{}", "echo aa", { "a" } },
	{ "echo x{}y", "echo x'$v'y", { "$v" } },
	{ "echo {1}", "echo a", { "a" } },
	{ "echo {-1}", "echo a", { "a" } },
	{ "echo {01}", "echo a", { "a" } },
	{ "echo {{}} {{1}}", "echo {a} {a}", { "a" } })

ROWS(several_values, BASH,
	{ "echo {}", "echo 'a b' 'c d'", { "a b", "c d" } },
	{ "echo x{}y", "echo xa by", { "a", "b" } },
	{ "echo {2} {1}", "echo b a", { "a", "b" } },
	{ "echo {-1} {-2}", "echo b a", { "a", "b" } },
	{ "echo {.}", "echo x/a y/b", { "x/a.b", "y/b.c" } },
	{ "echo {//} {/}", "echo x y a.b b.c", { "x/a.b", "y/b.c" } },
	{ "echo {-1.} {1/} {-2//} {2/.}", "echo y/b a.b x b",
	{ "x/a.b", "y/b.c" } })

/* {-3} differs: GNU parallel turns round and takes the last. */
ROWS(no_such_value, BASH,
	{ "echo {3}", "echo ", { "a b" } },
	{ "echo x{3}y", "echo xy", { "a" } },
	{ "echo {-3}", "echo ", { "a", "b" } },
	{ "echo {2.} {2/.}", "echo  ", { "a" } },
	{ "echo {}", "echo ", { NULL } })

ROWS(numbers, BASH,
	{ "echo {#}", "echo 12", { "a" } },
	{ "echo {%} {}", "echo 3 a", { "a" } },
	{ "echo '{#}'{%}", "echo '12'3", { "a" } })

ROWS(appending, BASH,
	{ "echo", "echo a", { "a" } },
	{ "echo x", "echo x 'a b' c", { "a b", "c" } },
	{ "echo {#}", "echo 12", { "a" } },
	{ "echo {2}", "echo ", { "a" } },
	{ "", "a b", { "a b" } })

ROWS(no_appending, OPTS(.shell = SHELL_BASH), { "echo", "echo", { "a" } })

ROWS(ordinary_text, BASH,
	{ "echo { }", "echo { } a", { "a" } },
	{ "echo {a,b} {1..3} ${x}", "echo {a,b} {1..3} ${x} a", { "a" } },
	{ "echo {+1} {1.x} {./} {///} {..} {#.}",
	"echo {+1} {1.x} {./} {///} {..} {#.} a", { "a" } },
	{ "echo {1", "echo {1 a", { "a" } },
	{ "echo {", "echo { a", { "a" } },
	{ "echo {- {-} {-0}", "echo {- {-} {-0} a", { "a" } })

ROWS(path_without_extension, BASH,
	{ "e {.}", "e a", { "a." } },
	{ "e {.}", "e ''", { ".hidden" } },
	{ "e {.}", "e dir.d/file", { "dir.d/file" } },
	{ "e {.}", "e x/", { "x/.h" } },
	{ "e {.}", "e a.b", { "a.b.c" } },
	{ "e {.}", "e a.b/", { "a.b/" } },
	{ "e {.}", "e .", { ".." } },
	{ "e {.}", "e a/.", { "a/.." } })

ROWS(path_basename, BASH,
	{ "e {/}", "e ''", { "dir/" } },
	{ "e {/}", "e ''", { "/" } },
	{ "e {/}", "e b", { "a//b" } },
	{ "e {/}", "e file", { "file" } },
	{ "e {/}", "e ..", { "a/.." } })

ROWS(path_dirname, BASH,
	{ "e {//}", "e .", { "file" } },
	{ "e {//}", "e .", { "dir/" } },
	{ "e {//}", "e .", { "" } },
	{ "e {//}", "e a", { "a//b" } },
	{ "e {//}", "e a", { "a/b/" } },
	{ "e {//}", "e /", { "/" } },
	{ "e {//}", "e /", { "//" } },
	{ "e {//}", "e /", { "///a" } },
	{ "e {//}", "e /", { "/a/" } },
	{ "e {//}", "e dir.d", { "dir.d/file" } })

ROWS(path_bare_name, BASH,
	{ "e {/.}", "e a", { "x/a." } },
	{ "e {/.}", "e ''", { "x/.h" } },
	{ "e {/.}", "e .b", { "a/.b.c" } },
	{ "e {/.}", "e ''", { "a/b.c/" } },
	{ "e {/.}", "e -x", { "-x.y" } })

ROWS(other_braces, OPTS(.shell = SHELL_BASH, .braces = "X", .append = true),
	{ "echo X {} {.} {1} {1.} {#} {%}",
	  "echo 'v w.e' {} 'v w' {1} 'v w' 12 3",
	{ "v w.e" } },
	{ "echo X.X", "echo 'v w'.'v w'", { "v w" } },
	{ "echo hi", "echo hi 'v w'", { "v w" } },
	{ "echo {}", "echo {} 'v w'", { "v w" } },
	{ "echo {1}", "echo {1} v", { "v" } },
	{ "echo {-1} {2/}", "echo {-1} b", { "a", "x/b" } })

ROWS(braces_like_a_path_form,
	OPTS(.shell = SHELL_BASH, .braces = "{.}", .append = true),
	{ "echo {.} {} {/}", "echo a.b {} a.b", { "a.b" } })

ROWS(longest_wins, OPTS(.shell = SHELL_BASH, .braces = "{"),
	{ "echo {.}{#}{", "echo a12a.b", { "a.b" } })

ROWS(given_default, OPTS(.shell = SHELL_BASH, .braces = "{}"),
	{ "echo {1}{}", "echo aa", { "a" } })

ROWS(raw_commands, BASH,
	{ "{}", "a b", { "a b" } },
	{ "{} {}", "a b a b", { "a b" } },
	{ "{.} {}", "a b a b.c", { "a b.c" } },
	{ "{1} {2}", "a b c d", { "a b", "c d" } },
	{ "{}x", "a bx", { "a b" } },
	{ "A{} {}", "Aa b a b", { "a b" } },
	{ "{#} {}", "12 a b", { "a b" } },
	{ "{3} {}", " a b", { "a b" } },
	{ " {}", " 'a b'", { "a b" } },
	{ "V={} x", "V='a b' x", { "a b" } },
	{ "a; {}", "a; 'a b'", { "a b" } })

/* Differs: these are quoted for their place, and no raw commands either. */
ROWS(quoted_first_words, BASH,
	{ "\"{}\"", "\"a b\"", { "a b" } },
	{ "'{}' {}", "'a b' 'a b'", { "a b" } },
	{ "{} \"{}\"", "a$ \"a\\$\"", { "a$" } })

ROWS(quoted_places, BASH,
	{ "echo '{}'", "echo 'a b $c'", { "a b $c" } },
	{ "echo '{}'", "echo 'a'\"'\"'b'", { "a'b" } },
	{ "echo \"{}\"", "echo \"a b\"", { "a b" } },
	{ "echo \"{}\"", "echo \"\\$(id)\"", { "$(id)" } },
	{ "echo \"{}\"", "echo \"a b\"", { "a", "b" } },
	{ "echo '{2}'", "echo ''", { "a" } },
	{ "x=$(f {}); echo {}", "x=$(f 'a b'); echo 'a b'", { "a b" } },
	{ "echo `f {}`", "echo `f 'a\\`'`", { "a`" } },
	{ "echo a # {}", "echo a # x y", { "x\ny" } },
	{ "echo $x{}", "echo $x'a'", { "a" } },
	{ "echo \"$x{}\"", "echo \"$x\"'a'\"\"", { "a" } },
	{ "[[ {} == x ]]", "[[ '-n' == x ]]", { "-n" } })

/* Differs: GNU parallel's echo 2>f puts nothing into f. */
ROWS(redirections, BASH,
	{ "echo {}>f", "echo '2'>f", { "2" } },
	{ "echo {}>f", "echo a>f", { "a" } },
	{ "echo {}2>f", "echo '1'2>f", { "1" } },
	{ "echo {} >f", "echo 2 >f", { "2" } },
	{ "echo {{}}>f", "echo {'a'}>f", { "a" } },
	{ "echo {#}>f", "echo '12'>f", { "a" } },
	{ "echo {}<f", "echo '0'<f", { "0" } })

ROWS(kept_apart, BASH,
	{ "echo {2}#{1}", "echo ''#'a b'", { "a b" } },
	{ "cat <{2}<E {1}", "cat <''<E 'a b'", { "a b" } },
	{ ": ({2}(a); b {1})", ": (''(a); b 'a b')", { "a b" } },
	{ "echo $x{2}y", "echo $x''y", { "a" } },
	{ "echo \"$x{2}y\"", "echo \"$x\"''\"y\"", { "a" } },
	{ "echo {2}a", "echo a", { "a" } })

ROWS(only_numbers, BASH,
	{ "echo $(({} + 1))", "echo $((41 + 1))", { "41" } },
	{ "echo $(({} + 1))", NULL, { "a[$(id)]" } },
	{ "a[{}]=1", NULL, { "$(id)" } },
	{ "[[ {} -eq 1 ]]", "[[ 1 -eq 1 ]]", { "1" } },
	{ "[[ {} -eq 1 ]]", NULL, { "a[$(id)]" } },
	{ "[[ 1 -lt \"{}\" ]]", NULL, { "a[$(id)]" } },
	{ "test {} -ge\t1", NULL, { "a b" } },
	{ "test {} -eqx", "test 'a b' -eqx", { "a b" } },
	{ "echo >&{}", "echo >&2", { "2" } },
	{ "echo >&{}", NULL, { "$(id)" } },
	{ "echo {} $((1 + {2}))", NULL, { "a", "b;" } })

ROWS(other_shells, OPTS(.shell = SHELL_FISH),
	{ "echo {}", "echo 'a\\\\b'", { "a\\b" } },
	{ "test {} -eq 1", "test 'a b' -eq 1", { "a b" } })

ROWS(tag_strings, OPTS(.plain_text = true),
	{ "{}", "a b c", { "a b", "c" } },
	{ "'{2}' $(({1})) <<{1}", "'c;' $((a b)) <<a b", { "a b", "c;" } },
	{ "{/.}:{#}", "a:12", { "x/a.b" } },
	{ "text", "text", { "a" } })

struct refusal {
	const char *text;
	const char *want;
};

static void refused_templates(void)
{
	static const struct refusal rows[] = {
		{ "echo ${1}", "'{1}' can't be replaced safely behind '$': "
			       "'echo ${1}'" },
		{ "echo \"${1}\"", "'{1}' can't be replaced safely behind "
				   "'$': 'echo \"${1}\"'" },
		{ "cat <<E\n{}\nE", "'{}' can't be replaced safely in or "
				    "behind a here-document: "
				    "'cat <<E\\n{}\\nE'" },
		{ "echo \"`f {.}`\"", "'{.}' can't be replaced safely in "
				      "backticks in quotes or with "
				      "backslashes: 'echo \"`f {.}`\"'" },
		{ "echo \\{}", "'{}' can't be replaced safely behind a "
			       "backslash: 'echo \\{}'" },
		{ "[[ $x{} -eq 1 ]]", "'{}' can't be replaced safely behind "
				      "a variable in a test of numbers: "
				      "'[[ $x{} -eq 1 ]]'" },
		{ "echo ${x", "'{}' can't be replaced safely in ${ }: "
			      "'echo ${x {}'" },
	};
	struct template_opts opts = { .shell = SHELL_BASH, .append = true };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf err = BUF_INIT;

		CHECK(template_new(rows[i].text, &opts, &err) == NULL);
		CHECK_STR(err.data, rows[i].want);
		buf_release(&err);
	}
}

static void failure_leaves_out_alone(void)
{
	struct template_opts opts = { .shell = SHELL_BASH };
	struct buf out = BUF_INIT;
	struct buf err = BUF_INIT;
	struct template *t = template_new("f {} $(({}))", &opts, &err);
	char *value = (char *)"a\nb";
	struct template_args args = { .values = &value, .n = 1 };

	buf_addstr(&out, "before");
	CHECK_INT(template_expand(t, &args, &out, &err), -1);
	CHECK_STR(out.data, "before");
	CHECK_STR(err.data, "'a\\nb' is no number or name, the only thing "
			    "that is safe for '{}' in arithmetic, in [ ] and "
			    "behind >&");
	template_free(t);
	buf_release(&out);
	buf_release(&err);
}

static void path_forms_alone(void)
{
	struct buf out = BUF_INIT;

	template_add_path(&out, "d/a.b", 0);
	template_add_path(&out, "|d/a.b", '.');
	template_add_path(&out, "d/|a.b", '/');
	template_add_path(&out, "|d/a.b", 'd');
	template_add_path(&out, "d/|a.b", 'b');
	CHECK_STR(out.data, "d/a.b|d/a|a.b|d|a");
	buf_release(&out);
}

/* Without a shell */

struct direct_row {
	const char *text;
	const char *want;	/* words joined by |; NULL: needs a shell */
	const char *values[VALUES_MAX];
};

static void check_direct(const struct direct_row *row)
{
	struct template_opts opts = { .shell = SHELL_BASH, .append = true };
	struct template_args args = {
		.values = (char *const *)row->values,
		.n = count(row->values), .seq = 12, .slot = 3,
	};
	struct buf out = BUF_INIT;
	struct template *t = template_new(row->text, &opts, &out);
	struct words w;

	words_init(&w);
	if (!CHECK_INT(template_is_direct(t), row->want != NULL))
		fprintf(stderr, "# %s\n", row->text);
	if (row->want) {
		words_add(&w, "left over", 9);
		template_argv(t, &args, &w);
		for (size_t i = 0; words_argv(&w)[i]; i++)
			buf_addf(&out, "%s%s", i ? "|" : "", w.argv[i]);
		CHECK_STR(out.data, row->want);
	}
	template_free(t);
	words_release(&w);
	buf_release(&out);
}

#define DIRECT(name, ...)						\
	static void name(void)						\
	{								\
		static const struct direct_row rows[] = { __VA_ARGS__ }; \
		static char *const env[] = { NULL };			\
									\
		words_env_setup(env);					\
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)		\
			check_direct(&rows[i]);				\
	}

DIRECT(direct,
	{ "gzip -9 {}", "gzip|-9|a b;$c", { "a b;$c" } },
	{ "gzip", "gzip|a", { "a" } },
	{ "gzip {}", "gzip|", { "" } },
	{ " gzip\t{} ", "gzip|a", { "a" } },
	{ "f x{}y", "f|xa by", { "a b" } },
	{ "f x{}y", "f|xa|by", { "a", "b" } },
	{ "f '{}' \"{2}\"", "f|a 'b|'b", { "a", "'b" } },
	{ "f '{}{}'", "f|a ba b", { "a", "b" } },
	{ "f {3} x", "f|x", { "a" } },
	{ "f x{3}", "f|x", { "a" } },
	{ "f '{3}' ''", "f||", { "a" } },
	{ "f {#}{%} {1.}", "f|123|x/a", { "x/a.b" } },
	{ "f --o={//}/{/.}.c", "f|--o=d/x.c", { "d/x.y" } },
	{ "f 'it is' {}\"it's\"", "f|it is|ait's", { "a" } },
	{ "f {1} {2}", "f|a\nb|\xff", { "a\nb", "\xff" } },
	{ "f {} 2>/dev/null", "f|2", { "2" } },
	{ "f 2>&1 {} > /dev/null x{}", "f|2|x2", { "2" } },
	{ "f >/dev/null", "f|a>b", { "a>b" } },
	{ "f '{} 2>&1' >&2", "f|a 2>&1", { "a" } },
	{ "f {#}", "f|12", { "a" } })

DIRECT(not_direct,
	{ "{}", NULL, { "a" } },
	{ "{} x", NULL, { "a" } },
	{ " {}", NULL, { "a" } },
	{ "x{} y", NULL, { "a" } },
	{ "'{}' y", NULL, { "a" } },
	{ "echo {}", NULL, { "a" } },
	{ "cd {}", NULL, { "a" } },
	{ "f {} > x", NULL, { "a" } },
	{ "f {}>/dev/null", NULL, { "2" } },
	{ "f {}2>&1", NULL, { "1" } },
	{ "f >&{}", NULL, { "1" } },
	{ "f >/dev/null{}", NULL, { "a" } },
	{ "f >/dev/{}", NULL, { "null" } },
	{ "f >{}", NULL, { "/dev/null" } },
	{ "{}>&2 >/dev/null", NULL, { "f" } },
	{ "f $x {}", NULL, { "a" } },
	{ "f {} | g", NULL, { "a" } },
	{ "f \"$x {}\"", NULL, { "a" } },
	{ "a={} f", NULL, { "a" } },
	{ "f \\x {}", NULL, { "a" } },
	{ "f * {}", NULL, { "a" } },
	{ "f\n{}", NULL, { "a" } },
	{ "f {a,b} {}", NULL, { "a" } },
	{ "", NULL, { "a" } })

/* As launchers do it: the template is there before the environment is. */
static void direct_depends_on_the_environment(void)
{
	static char *const plain[] = { NULL };
	static char *const env[] = {
		(char *)"BASH_FUNC_gzip%%=() { :; }", NULL,
	};
	struct template_opts opts = { .shell = SHELL_BASH };
	struct template_opts zsh = { .shell = SHELL_ZSH };
	struct buf err = BUF_INIT;
	struct template *t = template_new("gzip {}", &opts, &err);
	struct template *other = template_new("gzip {}", &zsh, &err);

	CHECK(!template_is_direct(t));
	words_env_setup(plain);
	CHECK(template_is_direct(t));
	CHECK(!template_is_direct(other));
	words_env_setup(env);
	CHECK(!template_is_direct(t));
	template_free(t);
	template_free(other);
	template_free(NULL);
	buf_release(&err);
}

/* Two rows of two values: {} for each, {n} for each row. */
struct repeat_row {
	const char *text;
	const char *want;
	size_t width;
};

static void check_repeat(const struct repeat_row *row, bool repeats)
{
	static char *const values[] = {
		(char *)"a b", (char *)"2", (char *)"c", (char *)"4",
	};
	struct template_opts opts = {
		.shell = SHELL_BASH, .repeat_words = repeats,
	};
	struct template_args args = {
		.values = values, .n = ARRAY_SIZE(values),
		.width = row->width, .seq = 12, .slot = 3,
	};
	struct buf out = BUF_INIT;
	struct buf err = BUF_INIT;
	struct template *t = template_new(row->text, &opts, &err);

	if (CHECK(t != NULL))
		CHECK_INT(template_expand(t, &args, &out, &err), 0);
	CHECK_STR(out.data, row->want);
	template_free(t);
	buf_release(&out);
	buf_release(&err);
}

static void repeated_words(void)
{
	static const struct repeat_row rows[] = {
		{ "e x{}y z", "e x'a b'y x2y xcy x4y z", 0 },
		{ "e {1}-{2}", "e 'a b'-2", 0 },
		{ "e {1}-{2}", "e 'a b'-2 c-4", 2 },
		{ "e {}{1}", "e 'a b''a b' 2'a b' cc 4c", 2 },
		{ "e {#}{} {#}", "e 12'a b' 122 12c 124 12", 0 },
		{ "e \"x {}y\"", "e \"x a by 2y cy 4y\"", 0 },
		{ "e $(f {}x)", "e $(f 'a b'x 2x cx 4x)", 0 },
		{ "e {= s/ /\"(/ =}{}", "e 'a\"(b''a b' 22 cc 44", 0 },
		{ "e x{= $_ .= \" y\" =}z", "e x'a b y'z x'2 y'z x'c y'z "
		  "x'4 y'z", 0 },
		{ "e {=2 $_++ =}.{1}", "e 3.'a b' 5.c", 2 },
		{ "e {= $_ = $arg[3] =}", "e c c c c", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_repeat(&rows[i], true);
}

static void values_in_place(void)
{
	static const struct repeat_row rows[] = {
		{ "e x{}y", "e x'a b' 2 c 4y", 0 },
		{ "e {2}x{1}", "e 2 4x'a b' c", 2 },
		{ "e x{=-1 $_++ =}", "e x3 5", 2 },
		{ "e {3}x", "e x", 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_repeat(&rows[i], false);
}

static void repeated_words_without_a_shell(void)
{
	static char *const words[] = { (char *)"e", (char *)"x {}'", NULL };
	static char *const values[] = { (char *)"a b", (char *)"2" };
	struct template_opts opts = {
		.shell = SHELL_BASH, .repeat_words = true,
	};
	struct template_args args = { .values = values, .n = 2 };
	struct buf out = BUF_INIT;
	struct buf err = BUF_INIT;
	struct template *t = template_new("gzip 'x {}y'", &opts, &err);
	struct words w;

	words_init(&w);
	CHECK_INT(template_argv(t, &args, &w), 0);
	for (size_t i = 0; words_argv(&w)[i]; i++)
		buf_addf(&out, "%s%s", i ? "|" : "", w.argv[i]);
	CHECK_STR(out.data, "gzip|x a by 2y");
	template_free(t);
	opts.words = words;
	opts.nwords = 2;
	buf_reset(&out);
	t = template_new("e x {}'", &opts, &err);
	CHECK_INT(template_expand(t, &args, &out, &err), 0);
	CHECK_STR(out.data, "e 'x a b'\"'\" '2'\"'\"");
	template_free(t);
	words_release(&w);
	buf_release(&out);
	buf_release(&err);
}

static const struct tap_case cases[] = {
	{ "one value", one_value },
	{ "a long text is looked at once", long_texts },
	{ "many places cost as much each as few", many_places },
	{ "several values", several_values },
	{ "positions without a value", no_such_value },
	{ "sequence number and slot", numbers },
	{ "appended values", appending },
	{ "nothing is appended unasked", no_appending },
	{ "braces that are ordinary text", ordinary_text },
	{ "path forms: without extension", path_without_extension },
	{ "path forms: last part", path_basename },
	{ "path forms: directory", path_dirname },
	{ "path forms: last part without extension", path_bare_name },
	{ "another string for {}", other_braces },
	{ "another string that looks like a path form",
	  braces_like_a_path_form },
	{ "the longest string wins", longest_wins },
	{ "{} given for {}", given_default },
	{ "commands that begin with a value are not quoted", raw_commands },
	{ "first words in quotes are", quoted_first_words },
	{ "values are quoted for their place", quoted_places },
	{ "values do not become descriptors", redirections },
	{ "text around an absent value stays apart", kept_apart },
	{ "numbers where shells do arithmetic", only_numbers },
	{ "fish", other_shells },
	{ "tag strings are not quoted", tag_strings },
	{ "templates that are refused", refused_templates },
	{ "a refused value leaves the output alone",
	  failure_leaves_out_alone },
	{ "path forms by themselves", path_forms_alone },
	{ "commands that need no shell", direct },
	{ "commands that need a shell", not_direct },
	{ "builtins are asked for late", direct_depends_on_the_environment },
	{ "words repeated for each value", repeated_words },
	{ "several rows in place", values_in_place },
	{ "words repeated without a shell", repeated_words_without_a_shell },
};
TAP_MAIN(cases)
