/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_blocks.c - blocks of whole records: where they are cut, and that they
 * are the input.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/num.h"
#include "base/thread.h"
#include "input/blocks.h"
#include "input/group.h"
#include "input/recsep.h"
#include "tap.h"

/* One set of options, and what came of it. */
struct cut {
	struct recsep_opts sep;
	struct blocks_opts opts;
	bool by_pipe;

	struct buf shown;	/* the blocks, a | behind each */
	struct buf whole;	/* without */
	size_t ends[4096];	/* of the blocks, in whole */
	size_t n;
};

/* A descriptor that gives these bytes; a pipe holds up to 60000 of them. */
static int source_of(const char *text, size_t len, bool by_pipe)
{
	char path[600];
	int ends[2], fd;

	if (by_pipe) {
		if (!CHECK_INT(fd_pipe(ends), 0))
			return -1;
		CHECK_INT(fd_write_all(ends[1], text, len), 0);
		fd_close(&ends[1]);
		return ends[0];
	}
	snprintf(path, sizeof(path), "%s/input", tap_tmpdir());
	fd = fd_open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	CHECK_INT(fd_write_all(fd, text, len), 0);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void cut_bytes(struct cut *c, const char *text, size_t len)
{
	struct buf err = BUF_INIT;
	struct recsep *sep = recsep_new(&c->sep, &err);
	struct blocks *b;
	char *data;
	size_t n;

	buf_init(&c->shown);
	buf_init(&c->whole);
	c->n = 0;
	if (!CHECK(sep != NULL)) {
		CHECK_STR(err.data, "");
		return;
	}
	c->opts.recsep = sep;
	if (!c->opts.bytes)
		c->opts.bytes = (size_t)1 << 20;
	b = blocks_new(source_of(text, len, c->by_pipe), &c->opts, &err);
	while (CHECK(b != NULL) && blocks_next(b, &data, &n) > 0) {
		CHECK(n > 0);
		buf_add(&c->shown, data, n);
		buf_addch(&c->shown, '|');
		buf_add(&c->whole, data, n);
		if (c->n < 4096)
			c->ends[c->n++] = c->whole.len;
		free(data);
	}
	blocks_free(b);
	recsep_free(sep);
	buf_release(&err);
}

static void release(struct cut *c)
{
	buf_release(&c->shown);
	buf_release(&c->whole);
}

/* Both ways in give the same. */
static void check_cut(struct cut c, const char *text, const char *want)
{
	for (int i = 0; i < 2; i++) {
		c.by_pipe = i == 1;
		cut_bytes(&c, text, strlen(text));
		CHECK_STR(c.shown.data, want);
		release(&c);
	}
}

#define BY(...)	((struct cut){ .opts = { __VA_ARGS__ } })
#define WITH(s, e, ...)	((struct cut){ .sep = { .start = (s), .end = (e) }, \
				       .opts = { __VA_ARGS__ } })
#define MATCH(s, e, ...) ((struct cut){ .sep = { .start = (s), .end = (e), \
						 .is_regexp = true }, \
					.opts = { __VA_ARGS__ } })

static void what_fits(void)
{
	check_cut(BY(.bytes = 5), "1\n2\n3\n4\n5", "1\n2\n|3\n4\n|5|");
	check_cut(BY(.bytes = 1000), "1\n2\n3\n", "1\n2\n3\n|");
	check_cut(BY(.bytes = 5), "", "");
	check_cut(BY(.bytes = 5), "\n", "\n|");
	check_cut(BY(.bytes = 1), "a\nb\n", "a\n|b\n|");
}

static void longer_than_a_block(void)
{
	check_cut(BY(.bytes = 3), "abcdefgh\nij\nkl\n", "abcdefgh\nij\n|kl\n|");
	check_cut(BY(.bytes = 3), "abcdefghijklmnopqrst",
		  "abcdefghijklmnopqrst|");
}

static void counted(void)
{
	check_cut(BY(.records = 2), "1\n2\n3\n4\n5\n", "1\n2\n|3\n4\n|5\n|");
	check_cut(BY(.records = 1, .bytes = 2), "aaaaaa\nb\nc",
		  "aaaaaa\n|b\n|c|");
	check_cut(BY(.records = 2, .lines = 2), "1\n2\n3\n4\n5\n",
		  "1\n2\n3\n4\n|5\n|");
	check_cut(BY(.lines = 3), "1\n2\n3\n4\n5\n6\n7\n",
		  "1\n2\n3\n4\n5\n6\n|7\n|");
	check_cut(BY(.lines = 2, .bytes = 5), "1\n2\n3\n4\n5\n",
		  "1\n2\n|3\n4\n|5\n|");
}

static void other_separators(void)
{
	check_cut(WITH(NULL, "X", .records = 1), "aXbXcXd", "aX|bX|cX|d|");
	check_cut(WITH("X", NULL, .records = 1), "aXbXcXd", "a|Xb|Xc|Xd|");
	check_cut(WITH("X", NULL, .records = 1), "XaXb", "Xa|Xb|");
	check_cut(WITH("Y", "X", .records = 1), "aXbXYcYXYd", "aXbX|YcYX|Yd|");
	check_cut(WITH("Y", "X", .bytes = 4), "aXYbXYcXYd", "aX|YbX|YcX|Yd|");
	check_cut(WITH(NULL, "", .records = 2), "abcde", "ab|cd|e|");
	check_cut(WITH(NULL, "", .bytes = 2), "abcde", "ab|cd|e|");
	check_cut(WITH(NULL, "\\n--\\t", .records = 1), "a\n--\tb\n--\t",
		  "a\n--\t|b\n--\t|");
	check_cut(WITH(NULL, "\\x41", .records = 1), "A\\x41b", "A\\x41|b|");
}

static void expressions(void)
{
	check_cut(MATCH(NULL, "[0-9]+", .records = 1), "a12b3c45d",
		  "a12|b3|c45|d|");
	check_cut(MATCH("[0-9]+", NULL, .records = 1), "a12b3c",
		  "a|12b|3c|");
	check_cut(MATCH("^>", "\\n", .records = 1), ">a\nx>\n>b\n",
		  ">a\nx>\n|>b\n|");
	check_cut(MATCH(NULL, "\\d\\x2c(?:a|b)", .records = 1), "x1,ay2,bz",
		  "x1,a|y2,b|z|");
	check_cut(MATCH("X", NULL, .records = 2), "aXbXcXd", "a|XbXc|Xd|");
	check_cut(MATCH(NULL, "", .records = 2), "a\nbc", "a\n|bc|");
	check_cut(MATCH(NULL, "$", .records = 2), "ab\n\ncd\n",
		  "ab\n|\ncd\n|");
	check_cut(MATCH(NULL, "\\n", .bytes = 5), "1\n2\n3\n4\n",
		  "1\n2\n|3\n4\n|");
}

static void removed(void)
{
	check_cut(WITH(NULL, "X", .records = 2, .remove_separators = true),
		  "aXbXcXd", "ab|cd|");
	check_cut(WITH("X", NULL, .records = 1, .remove_separators = true),
		  "aXbXc", "a|b|c|");
	check_cut(WITH("Y", "X", .records = 1, .remove_separators = true),
		  "aXYbXYc", "a|b|c|");
	check_cut(MATCH(NULL, "[0-9]+", .records = 2,
			.remove_separators = true),
		  "a12b3c45d", "ab|cd|");
}

static void blank_lines(void)
{
	check_cut(BY(.records = 1, .skip_blank = true), "a\n\n \t\nb\n\n",
		  "a\n|b\n|");
	check_cut(BY(.bytes = 3, .skip_blank = true), "\n\n\n\n\n", "");
}

static void headers(void)
{
	check_cut(BY(.bytes = 4, .header = ":", .repeat_header = true),
		  "h\n1\n2\n3\n4\n5\n", "h\n1\n2\n|h\n3\n4\n|h\n5\n|");
	check_cut(BY(.records = 2, .header = "2", .repeat_header = true),
		  "h\ni\n1\n2\n3\n", "h\ni\n1\n2\n|h\ni\n3\n|");
	check_cut(BY(.records = 1, .header = "(#.*\\n)*",
		     .repeat_header = true),
		  "#a\n#b\n1\n2\n", "#a\n#b\n1\n|#a\n#b\n2\n|");
	check_cut(BY(.records = 1, .header = ":", .repeat_header = true),
		  "no end", "no end|");
	check_cut(BY(.bytes = 2, .header = ":"), "head\n1\n2\n", "1\n|2\n|");
}

static void bad_expressions(void)
{
	static const char *const bad[] = {
		"a*?", "(?=a)", "(", "[a", "\\Q", "[\\D]", "a++",
	};
	struct buf err = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct recsep_opts o = { .end = bad[i], .is_regexp = true };

		buf_reset(&err);
		CHECK(recsep_new(&o, &err) == NULL);
		CHECK(err.len > 0);
	}
	buf_release(&err);
}

/* Any bytes, NUL among them, from few letters, so that separators are. */
static size_t random_text(char *text, size_t max, unsigned *seed)
{
	size_t len = (size_t)rand_r(seed) % max;

	for (size_t i = 0; i < len; i++)
		text[i] = "ab\0\nXY"[rand_r(seed) % 6];
	return len;
}

static void check_borders(const struct cut *c, const char *end,
			  const char *start)
{
	size_t e = strlen(end), s = strlen(start);

	for (size_t i = 0; i + 1 < c->n; i++) {
		size_t at = c->ends[i];

		CHECK(at >= e && memcmp(c->whole.data + at - e, end, e) == 0);
		CHECK(at + s <= c->whole.len &&
		      memcmp(c->whole.data + at, start, s) == 0);
	}
}

static void is_the_input(void)
{
	static const struct {
		const char *start, *end;
	} seps[] = {
		{ "", "\n" }, { "", "X" }, { "Y", "X" }, { "XY", "" },
		{ "", "aX" }, { "", "XX" }, { "bb", "aa" }, { "", "" },
	};
	unsigned seed = 5;
	char text[3000];

	for (int round = 0; round < 1500; round++) {
		size_t k = (size_t)rand_r(&seed) % ARRAY_SIZE(seps);
		size_t len = random_text(text, sizeof(text), &seed);
		struct cut c = {
			.sep = { .start = seps[k].start, .end = seps[k].end,
				 .is_regexp = rand_r(&seed) % 3 == 0 },
			.opts = { .bytes = 1 + (size_t)rand_r(&seed) % 200 },
			.by_pipe = rand_r(&seed) % 2,
		};

		if (rand_r(&seed) % 3 == 0)
			c.opts.records = 1 + (uint64_t)rand_r(&seed) % 9;
		cut_bytes(&c, text, len);
		CHECK_MEM(c.whole.data, c.whole.len, text, len);
		check_borders(&c, seps[k].end, seps[k].start);
		release(&c);
	}
}

/* So many records each, whatever the size of a block. */
static void counts_without_size(void)
{
	unsigned seed = 7;
	char text[3000];

	for (int round = 0; round < 300; round++) {
		size_t len = random_text(text, sizeof(text), &seed);
		bool is_regexp = rand_r(&seed) % 2;
		struct cut a = {
			.sep = { .end = is_regexp ? "X+\\n?" : "X",
				 .is_regexp = is_regexp },
			.opts = { .bytes = 1 + (size_t)rand_r(&seed) % 200,
				  .records = 1 + (uint64_t)rand_r(&seed) % 5 },
		};
		struct cut b = a;

		b.opts.bytes = 1 << 20;
		b.by_pipe = true;
		cut_bytes(&a, text, len);
		cut_bytes(&b, text, len);
		CHECK_MEM(a.shown.data, a.shown.len, b.shown.data,
			  b.shown.len);
		release(&a);
		release(&b);
	}
}

/* Parts of a file are its bytes too. */
static void parts(void)
{
	unsigned seed = 9;
	char text[3000];
	struct buf err = BUF_INIT;

	for (int round = 0; round < 300; round++) {
		bool is_regexp = rand_r(&seed) % 2;
		struct recsep_opts so = { .start = "Y", .end = "X",
					  .is_regexp = is_regexp };
		struct recsep *sep = recsep_new(&so, &err);
		struct blocks_opts o = {
			.recsep = sep,
			.bytes = 1 + (size_t)rand_r(&seed) % 200,
		};
		size_t len = random_text(text, sizeof(text), &seed);
		int fd = source_of(text, len, false);
		off_t at = 0;

		while (at < (off_t)len) {
			int64_t n = blocks_part(fd, &o, at, (off_t)len);

			if (!CHECK(n > 0))
				break;
			at += n;
			CHECK(at == (off_t)len || n >= (int64_t)o.bytes);
			CHECK(at == (off_t)len ||
			      (text[at - 1] == 'X' && text[at] == 'Y'));
		}
		CHECK_INT(at, len);
		fd_close(&fd);
		recsep_free(sep);
	}
	buf_release(&err);
}

/* Blocks cut by offset are those that reading makes. */
static void by_offset(void)
{
	static const struct {
		const char *start, *end;
	} seps[] = {
		{ "", "\n" }, { "Y", "X" }, { "", "aX" }, { "", "" },
		{ "XYab\nXY", "" },
	};
	static char text[40000];
	struct buf err = BUF_INIT;
	unsigned seed = 11;

	for (int round = 0; round < 300; round++) {
		size_t k = (size_t)rand_r(&seed) % ARRAY_SIZE(seps);
		size_t max = round % 2 ? 300 : sizeof(text);
		size_t len = random_text(text, max, &seed), n = 0;
		struct cut c = {
			.sep = { .start = seps[k].start, .end = seps[k].end },
			.opts = { .bytes = max / 100 + (size_t)rand_r(&seed) %
					   (max / 3) },
		};
		struct recsep *sep = recsep_new(&c.sep, &err);
		size_t bytes = c.opts.bytes;
		off_t at = 0;
		int fd;

		cut_bytes(&c, text, len);
		fd = source_of(text, len, false);
		c.opts.recsep = sep;
		while (at < (off_t)len && CHECK(n < c.n)) {
			at += blocks_cut(fd, &c.opts, at, (off_t)len, &bytes);
			if (!CHECK_INT(at, c.ends[n++]))
				break;
		}
		CHECK_UINT(n, c.n);
		release(&c);
		fd_close(&fd);
		recsep_free(sep);
	}
	buf_release(&err);
}

/* So many blocks in all, from a file and from what is none. */
static void in_parts(void)
{
	unsigned seed = 13;
	char text[3000];

	for (int round = 0; round < 200; round++) {
		size_t len = random_text(text, sizeof(text), &seed);
		struct cut c = {
			.sep = { .end = "X", .is_regexp = round % 2 },
			.opts = { .parts = 1 + (uint64_t)rand_r(&seed) % 20,
				  .tmpdir = tap_tmpdir() },
			.by_pipe = rand_r(&seed) % 2,
		};

		cut_bytes(&c, text, len);
		CHECK_MEM(c.whole.data, c.whole.len, text, len);
		CHECK(c.n <= c.opts.parts);
		check_borders(&c, "X", "");
		release(&c);
	}
}

/* Groups. */

static void check_groups(const char *by, const char *colsep, const char *text,
			 const char *want)
{
	struct buf err = BUF_INIT;
	struct group *g = group_new(by, colsep, &err);
	struct cut c = { .sep.group = g, .opts.records = 1, .opts.group = g };

	if (!CHECK(g != NULL)) {
		CHECK_STR(err.data, "");
		return;
	}
	if (group_has_name(g)) {
		c.opts.header = ":";
		c.opts.repeat_header = false;
	}
	check_cut(c, text, want);
	CHECK(group_problem(g) == NULL);
	group_free(g);
	buf_release(&err);
}

static void groups(void)
{
	check_groups("1", ",", "1,a\n1,b\n2,c\n1,d", "1,a\n1,b\n|2,c\n|1,d|");
	check_groups("2", NULL, "a\t1\nb\t1\nc\t2", "a\t1\nb\t1\n|c\t2|");
	check_groups("2", ",", "a,1\nb,1", "a,1\nb,1|");
	check_groups("-1", ",", "a,1\nb,c,1\n1\n2\n",
		     "a,1\nb,c,1\n1\n|2\n|");
	check_groups("2", " +", "a 1\nb   1\nc 2\n", "a 1\nb   1\n|c 2\n|");
	check_groups("0", ",", "a\na\nb\n", "a\na\n|b\n|");
	check_groups("9", ",", "a\nb\n", "a\nb\n|");
	check_groups("v", ",", "id,v\n1,a\n2,a\n3,b\n", "1,a\n2,a\n|3,b\n|");
	check_groups("$_=substr($_,0,1)", ",", "ab\nac\nb\n",
		     "ab\nac\n|b\n|");
	check_groups("1 s/-//", ",", "1-2,a\n12,b\n3,c\n",
		     "1-2,a\n12,b\n|3,c\n|");
	check_groups("id  uc", ",", "", "");
}

/* Which takes no longer than reading it. */
static void long_line_of_names(void)
{
	struct buf names = BUF_INIT, err = BUF_INIT;
	struct group *g;

	for (int i = 0; i < 1000000; i++)
		buf_addf(&names, "%d,", i);
	for (int i = 0; i < 2; i++) {
		g = group_new("none", i ? "," : ",+", &err);
		CHECK_INT(group_set_names(g, names.data, names.len, &err), -1);
		group_free(g);
		buf_reset(&err);
	}
	g = group_new("name", ",", &err);
	buf_addstr(&names, "name\n");
	CHECK_INT(group_set_names(g, names.data, names.len, &err), 0);
	group_free(g);
	buf_release(&names);
	buf_release(&err);
}

static void bad_groups(void)
{
	struct buf err = BUF_INIT;
	struct group *g;

	CHECK(group_new("", NULL, &err) == NULL);
	CHECK_STR(err.data,
		  "--group-by: '' is neither a column nor an expression");
	buf_reset(&err);
	CHECK(group_new("1 open(F)", NULL, &err) == NULL);
	CHECK(err.len > 0);
	buf_reset(&err);
	g = group_new("zz", ",", &err);
	CHECK_INT(group_set_names(g, "a,b\nzz", 6, &err), -1);
	CHECK_STR(err.data, "--group-by: there is no column 'zz' in 'a,b'");
	CHECK_INT(group_set_names(g, "a,zz\n", 5, &err), 0);
	group_free(g);
	buf_release(&err);
}

/* Where the value of the first byte changes, and nowhere else with records = 1;
 * the blocks are the input. */
static void check_group_borders(const struct cut *c)
{
	const char *data = c->whole.data;

	for (size_t i = 0; i + 1 < c->n; i++) {
		size_t at = c->ends[i], before = at - 1;

		while (before && data[before - 1] != '\n')
			before--;
		CHECK(data[at - 1] == '\n' && data[before] != data[at]);
	}
}

static void groups_are_the_input(void)
{
	unsigned seed = 17;
	char text[3000];

	for (int round = 0; round < 500; round++) {
		struct buf err = BUF_INIT;
		struct group *g = group_new("$_=substr($_,0,1)", NULL, &err);
		size_t len = 0, lines = (size_t)rand_r(&seed) % 100;
		struct cut c = {
			.sep.group = g,
			.opts = { .bytes = 1 + (size_t)rand_r(&seed) % 100,
				  .records = rand_r(&seed) % 2 },
			.by_pipe = rand_r(&seed) % 2,
		};

		for (size_t i = 0; i < lines; i++)
			len += (size_t)snprintf(text + len, 30, "%c%.*s\n",
						"abc"[rand_r(&seed) % 3],
						rand_r(&seed) % 20,
						"xxxxxxxxxxxxxxxxxxxx");
		cut_bytes(&c, text, len);
		CHECK_MEM(c.whole.data, c.whole.len, text, len);
		check_group_borders(&c);
		release(&c);
		group_free(g);
		buf_release(&err);
	}
}

/* What is there is handed out when its time is up. */
static void times_out(void)
{
	struct recsep *sep = recsep_new(&(struct recsep_opts){ NULL }, NULL);
	struct blocks_opts o = { .recsep = sep, .bytes = 1000,
				 .timeout_ns = 5 * NS_PER_MS };
	int ends[2];
	struct blocks *b;
	char *data;
	size_t n;

	CHECK_INT(fd_pipe(ends), 0);
	CHECK_INT(fd_write_all(ends[1], "one\ntw", 6), 0);
	b = blocks_new(ends[0], &o, NULL);
	CHECK_INT(blocks_next(b, &data, &n), 1);
	CHECK_MEM(data, n, "one\n", 4);
	free(data);
	CHECK_INT(fd_write_all(ends[1], "o\n", 2), 0);
	fd_close(&ends[1]);
	CHECK_INT(blocks_next(b, &data, &n), 1);
	CHECK_MEM(data, n, "two\n", 4);
	free(data);
	CHECK_INT(blocks_next(b, &data, &n), 0);
	blocks_free(b);
	recsep_free(sep);
}

static void *stop_it(void *arg)
{
	usleep(5000);
	blocks_stop(arg);
	return NULL;
}

static void stops(void)
{
	struct recsep *sep = recsep_new(&(struct recsep_opts){ NULL }, NULL);
	struct blocks_opts o = { .recsep = sep, .bytes = 1000 };
	struct thread t;
	int ends[2];
	struct blocks *b;
	char *data;
	size_t n;

	thread_setup();
	CHECK_INT(fd_pipe(ends), 0);
	b = blocks_new(ends[0], &o, NULL);
	CHECK_INT(thread_start(&t, 0, stop_it, b), 0);
	CHECK_INT(blocks_next(b, &data, &n), 0);
	thread_join(&t);
	blocks_free(b);
	fd_close(&ends[1]);
	recsep_free(sep);
}

static void fails(void)
{
	struct recsep *sep = recsep_new(&(struct recsep_opts){ NULL }, NULL);
	struct blocks_opts o = { .recsep = sep, .bytes = 1000 };
	struct blocks *b = blocks_new(fd_open(tap_tmpdir(), O_RDONLY, 0), &o,
				      NULL);
	char *data;
	size_t n;

	CHECK_INT(blocks_next(b, &data, &n), -1);
	CHECK_INT(errno, EISDIR);
	CHECK_INT(blocks_next(b, &data, &n), 0);
	blocks_free(b);
	recsep_free(sep);
}

static const struct tap_case cases[] = {
	{ "a block is what fits of whole records", what_fits },
	{ "a record longer than a block", longer_than_a_block },
	{ "so many records, so many lines", counted },
	{ "other separators", other_separators },
	{ "regular expressions as separators", expressions },
	{ "separators taken out", removed },
	{ "lines of blanks dropped", blank_lines },
	{ "headers", headers },
	{ "expressions that are not supported", bad_expressions },
	{ "blocks are the input, cut at borders", is_the_input },
	{ "counting does not depend on sizes", counts_without_size },
	{ "parts of a file are the file", parts },
	{ "blocks cut by offset are the same", by_offset },
	{ "so many blocks in all", in_parts },
	{ "groups of lines", groups },
	{ "groups that can't be", bad_groups },
	{ "a name is looked for in a long line once", long_line_of_names },
	{ "groups are the input, cut where the value changes",
	  groups_are_the_input },
	{ "a timeout hands out what is there", times_out },
	{ "a reader that waits is stopped", stops },
	{ "what can't be read is an error, then the end", fails },
};
TAP_MAIN(cases)
