/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_split.c - columns: expressions, cells, names; and the order that
 * shuffle.c makes.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "input/ere.h"
#include "input/names.h"
#include "input/shuffle.h"
#include "input/split.h"
#include "tap.h"

#define BOTH	(TRIM_LEFT | TRIM_RIGHT)

/* The cells of item with | between; "!..." for a message. */
static void check(struct split_opts opts, const char *item, const char *want)
{
	struct buf got = BUF_INIT;
	struct buf err = BUF_INIT;
	struct cells c;
	struct split *s = split_new(&opts, &err);

	cells_init(&c);
	if (s && split_add(s, &c, item, strlen(item), &err) == 0) {
		cells_finish(&c);
		for (size_t i = 0; i < c.n; i++) {
			CHECK_UINT(c.lens[i], strlen(c.values[i]));
			buf_addf(&got, "%s%s", i ? "|" : "", c.values[i]);
		}
	} else {
		buf_addf(&got, "!%s", err.data);
	}
	CHECK_STR(got.data, want);
	split_free(s);
	cells_release(&c);
	buf_release(&got);
	buf_release(&err);
}

#define RE(re, ...)	check((struct split_opts){ .colsep = re }, __VA_ARGS__)
#define CSV(...)	check((struct split_opts){ .csv = true }, __VA_ARGS__)

#ifdef HAVE_PCRE2
/* What nobody knows is not taken for no match. */
static void takes_too_long(void)
{
	RE("(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
	   "!--colsep: match limit exceeded");
}
#endif

static void bytes(void)
{
	RE(",", "a,b,c", "a|b|c");
	RE(",", "a,b,,", "a|b||");
	RE(",", ",", "|");
	RE(",", "", "");
	RE("\\t", "a\tb c", "a|b c");
	RE("\\|", "a|b", "a|b");
	RE("\\.", "a.b", "a|b");
	RE("\\x2c", "a,b", "a|b");
	RE(" ", " a  b", "|a||b");
}

static void expressions(void)
{
	RE(",|;", "a,b;c", "a|b|c");
	RE("\\s+", "a  b \t c", "a|b|c");
	RE(" *, *", "a , b,c", "a|b|c");
	RE("\\d", "a1b2", "a|b|");
	RE("[\\d;]+", "a1;2b", "a|b");
	RE("\\D+", "1ab2", "1|2");
	RE("[\\t,]", "a\tb,c", "a|b|c");
	RE("[]]", "a]b", "a|b");
	RE("(?:,|;)", "a,b;c", "a|b|c");
	RE("(,)", "a,b", "a|,|b");
	RE("(,)|;", "a;b", "a||b");
	RE("^a", "aaa", "|aa");
}

/* As Perl has it. */
static void empty_matches(void)
{
	RE("x*", "axbxxc", "a|b|c|");
	RE("x*", "x", "|");
	RE("", "ab", "a|b|");
}

static void bad_expressions(void)
{
	struct buf err = BUF_INIT;
	static const struct { const char *re, *why; } bad[] = {
		{ "a+?", "'+?' is not supported" },
		{ "(?=a)", "'(?=' is not supported" },
		{ "(a)\\1", "'\\1' is not supported" },
		{ "\\b", "'\\b' is not supported" },
		{ "[\\D]", "'\\D' is not supported" },
		{ "\\x", "'\\x' is not supported" },
		{ "a\\", "it ends in a backslash" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		buf_reset(&err);
		CHECK(ere_new(bad[i].re, &err) == NULL);
		CHECK_STR(err.data, bad[i].why);
	}
	buf_reset(&err);
	CHECK(ere_new("(", &err) == NULL);
	CHECK(err.len > 0);
	buf_release(&err);
}

static void finds_groups(void)
{
	struct buf err = BUF_INIT;
	struct ere *e = ere_new("(b)(x)?", &err);
	regmatch_t m[ERE_GROUPS];

	CHECK(e != NULL);
	CHECK_UINT(ere_groups(e), 2);
	CHECK(ere_find(e, "abab", 2, m));
	CHECK_INT(m[0].rm_so, 3);
	CHECK_INT(m[1].rm_eo, 4);
	CHECK_INT(m[2].rm_so, -1);
	CHECK(!ere_find(e, "abab", 4, m));
	ere_free(e);
	buf_release(&err);
}

static void trims(void)
{
	check((struct split_opts){ .trim = BOTH }, " a b\t", "a b");
	check((struct split_opts){ .trim = TRIM_LEFT }, " a ", "a ");
	check((struct split_opts){ .trim = TRIM_RIGHT }, " a ", " a");
	check((struct split_opts){ .trim = BOTH }, "  ", "");
	check((struct split_opts){ .colsep = ",", .trim = BOTH }, " a , b ",
	      "a|b");
}

static void csv(void)
{
	CSV("a,b", "a|b");
	CSV("", "");
	CSV("a,", "a|");
	CSV("\"a,b\",c", "a,b|c");
	CSV("\"a \"\"b\"\"\",\"\"", "a \"b\"|");
	CSV("\"two\nlines\",x", "two\nlines|x");
	CSV(" a , b ", " a | b ");
	CSV("a,b\r", "a|b");
	check((struct split_opts){ .csv = true, .colsep = ";" }, "a,b;\"c;d\"",
	      "a,b|c;d");
	check((struct split_opts){ .csv = true, .colsep = "\\t" }, "a\tb",
	      "a|b");
}

static void bad_csv(void)
{
	CSV("\"a", "!no CSV: a quote is not closed");
	CSV("a\"b", "!no CSV: a quote inside a cell without quotes");
	CSV("\"a\"b,c", "!no CSV: text behind a closing quote");
	check((struct split_opts){ .csv = true, .colsep = ", *" }, "a",
	      "!--colsep: ', *' is not one byte, as --csv needs");
}

static void open_quotes(void)
{
	struct buf err = BUF_INIT;
	struct split *s = split_new(&(struct split_opts){ .csv = true }, &err);
	static const char *const open[] = {
		"\"", "a,\"b", "\"a,", "a,\"b\"\"", "\"\",\"\n", "\"\"\"",
	};
	static const char *const closed[] = {
		"", "a,b",
		"\"a\",b", "a,\"b\"\"\"", "a\"b", "a \"b", "\"\"", "a\"\"b",
		"\"\"\"\"",
	};

	for (size_t i = 0; i < ARRAY_SIZE(open); i++)
		CHECK(split_is_open(s, open[i], strlen(open[i])));
	for (size_t i = 0; i < ARRAY_SIZE(closed); i++)
		CHECK(!split_is_open(s, closed[i], strlen(closed[i])));
	split_free(s);
	buf_release(&err);
}

static void check_names(const char *text, const char *want)
{
	struct buf got = BUF_INIT;
	struct buf err = BUF_INIT;
	struct names names;

	names_init(&names);
	names_add(&names, "size");
	names_add(&names, "size x");
	names_add(&names, "");
	names_add(&names, "color");
	names_add(&names, "size");
	if (names_resolve(&names, text, &got, &err) < 0)
		CHECK_STR(err.data, want);
	else
		CHECK_STR(got.data, want);
	names_release(&names);
	buf_release(&got);
	buf_release(&err);
}

static void names(void)
{
	check_names("a {color} {size}", "a {4} {1}");
	check_names("{size.} {color/.} {size//}", "{1.} {4/.} {1//}");
	check_names("{size x}", "{2}");
	check_names("{=size s/a/b/ =}", "{=1 s/a/b/ =}");
	check_names("{color:%05d}", "{4:%05d}");
	check_names("{} {1} {#} {} {", "{} {1} {#} {} {");
	check_names("{a,b} {1..3} {size,b}", "{a,b} {1..3} {size,b}");
	check_names("awk '{print}' ${x}", "awk '{print}' ${x}");
	check_names("{colour}", "--header: there is no column 'colour' "
		    "(did you mean 'color'?)");
	check_names("{quux.}", "--header: there is no column 'quux'");
}

static void no_names(void)
{
	struct buf got = BUF_INIT;
	struct buf err = BUF_INIT;
	struct names none;

	names_init(&none);
	CHECK_INT(names_resolve(&none, "{x}", &got, &err), 0);
	CHECK_STR(got.data, "{x}");
	names_release(&none);
	buf_release(&got);
	buf_release(&err);
}

/* The values of a to e, shuffled. */
static void shuffle(uint64_t seed, struct buf *out)
{
	char *args[] = { (char[]){ "a" }, (char[]){ "b" }, (char[]){ "c" },
			 (char[]){ "d" }, (char[]){ "e" } };
	struct input_spec spec = { .kind = INPUT_ARGS, .args = args,
				   .nargs = 5, .option = ":::" };
	struct source_opts opts = { .delimiter = '\n' };
	struct buf err = BUF_INIT;
	struct source *s = source_new(&spec, 1, &opts, &err);
	struct shuffle *sh = shuffle_new(s, seed);
	struct tuple t;

	while (shuffle_next(sh, &t, &err) == SOURCE_TUPLE) {
		CHECK_UINT(t.n, 1);
		buf_add(out, t.values[0], t.lens[0]);
	}
	shuffle_free(sh);
	source_free(s);
	buf_release(&err);
}

static void shuffles(void)
{
	unsigned first[5] = { 0 };
	struct buf a = BUF_INIT;
	struct buf b = BUF_INIT;

	for (unsigned seed = 0; seed < 1000; seed++) {
		buf_reset(&a);
		shuffle(seed * 7919, &a);
		CHECK_UINT(a.len, 5);
		CHECK_UINT(strspn(a.data, "abcde"), 5);
		for (const char *c = "abcde"; *c; c++)
			CHECK(strchr(a.data, *c) != NULL);
		first[a.data[0] - 'a']++;
	}
	for (size_t i = 0; i < 5; i++)
		CHECK(first[i] > 100 && first[i] < 300);
	buf_reset(&a);
	shuffle(5, &a);
	shuffle(5, &b);
	CHECK_STR(a.data, b.data);
	buf_release(&a);
	buf_release(&b);
}

static const struct tap_case cases[] = {
	{ "separators of one byte", bytes },
	{ "expressions", expressions },
	{ "matches of nothing", empty_matches },
	{ "expressions that are none", bad_expressions },
	{ "groups", finds_groups },
#ifdef HAVE_PCRE2
	{ "an expression that takes too long", takes_too_long },
#endif
	{ "trimming", trims },
	{ "CSV", csv },
	{ "no CSV", bad_csv },
	{ "quotes that are open", open_quotes },
	{ "names become positions", names },
	{ "without names nothing is one", no_names },
	{ "any order, and each as likely", shuffles },
};
TAP_MAIN(cases)
