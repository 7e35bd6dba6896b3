/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_source.c - inputs combined into tuples. What combinations come out is
 * GNU parallel's, tried with release 20221122.
 */
#include <config.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/thread.h"
#include "input/attributes.h"
#include "input/source.h"
#include "tap.h"

#define SPECS_MAX	6
#define WORDS_MAX	8

/* Inputs as a case writes them: ::: words, or a file that holds text. */
struct input {
	enum input_kind kind;
	bool linked;
	const char *words[WORDS_MAX];
	const char *text;
	size_t len;		/* of text; 0: up to its NUL */
};

#define ARGS(...)	{ .kind = INPUT_ARGS, .words = { __VA_ARGS__ } }
#define NO_ARGS		{ .kind = INPUT_ARGS }
#define PLUS(...)	{ .kind = INPUT_ARGS, .linked = true, \
			  .words = { __VA_ARGS__ } }
#define NO_PLUS		{ .kind = INPUT_ARGS, .linked = true }
#define HOLDS(t)	{ .kind = INPUT_FILE, .text = (t) }
#define HOLDS_PLUS(t)	{ .kind = INPUT_FILE, .linked = true, .text = (t) }
#define BYTES(t)	{ .kind = INPUT_FILE, .text = (t), \
			  .len = sizeof(t) - 1 }
#define TASKS(t)	{ .kind = INPUT_TASKS, .text = (t) }
#define OBJECTS(t)	{ .kind = INPUT_JSONL, .text = (t) }

struct setup {
	struct input_spec specs[SPECS_MAX];
	struct buf paths[SPECS_MAX];
	size_t n;
	struct source_opts opts;
	struct source *source;
	struct buf err;
};

static void write_file(const char *path, const char *text, size_t len)
{
	int fd = fd_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0);
	CHECK(fd_write_all(fd, text, len) == 0);
	close(fd);
}

static void add_input(struct setup *s, const struct input *in)
{
	struct input_spec *spec = &s->specs[s->n];
	struct buf *path = &s->paths[s->n];

	*spec = (struct input_spec){ .kind = in->kind, .linked = in->linked,
				     .priority = (int)s->n,
				     .timeout_ns = (int64_t)s->n * 1000 };
	buf_init(path);
	if (in->kind == INPUT_ARGS) {
		spec->option = ":::";
		spec->args = (char *const *)in->words;
		while (spec->nargs < WORDS_MAX && in->words[spec->nargs])
			spec->nargs++;
	} else {
		buf_addf(path, "%s/in%zu", tap_tmpdir(), s->n);
		spec->option = in->kind == INPUT_TASKS ? "--tasks" :
			       in->kind == INPUT_JSONL ? "--jsonl" : "-a";
		spec->path = path->data;
		write_file(path->data, in->text,
			   in->len ? in->len : strlen(in->text));
	}
	s->n++;
}

static void set_up(struct setup *s, const struct input *inputs, size_t n,
		   struct source_opts opts)
{
	*s = (struct setup){ .opts = opts, .err = BUF_INIT };
	for (size_t i = 0; i < n; i++)
		add_input(s, &inputs[i]);
	s->source = source_new(s->specs, s->n, &s->opts, &s->err);
	CHECK_STR(s->err.data, "");
	CHECK(s->source != NULL);
}

static void tear_down(struct setup *s)
{
	source_free(s->source);
	for (size_t i = 0; i < s->n; i++)
		buf_release(&s->paths[i]);
	buf_release(&s->err);
}

/* One tuple: values with + between, its tag, a blank behind; ! before a bad
 * one; | for a barrier. */
static enum source_result add_next(struct setup *s, struct buf *out)
{
	struct tuple t;
	enum source_result ret;

	buf_reset(&s->err);
	ret = source_next(s->source, &t, &s->err);
	CHECK((ret == SOURCE_BAD || ret == SOURCE_FAILED) == (s->err.len > 0));
	if (ret == SOURCE_END || ret == SOURCE_FAILED)
		return ret;
	if (ret == SOURCE_BARRIER) {
		buf_addch(out, '|');
		return ret;
	}
	if (ret == SOURCE_BAD) {
		CHECK_UINT(t.n, 1);
		buf_addch(out, '!');
	}
	for (size_t i = 0; i < t.n; i++) {
		CHECK_UINT(t.lens[i], strlen(t.values[i]));
		buf_addf(out, "%s%s", i ? "+" : "", t.values[i]);
	}
	if (t.attributes && t.attributes->tag)
		buf_addf(out, ":%s", t.attributes->tag);
	buf_addch(out, ' ');
	return ret;
}

static void check_all(const struct input *inputs, size_t n,
		      struct source_opts opts, const char *want, int64_t total)
{
	struct setup s;
	struct buf got = BUF_INIT;
	enum source_result ret;

	set_up(&s, inputs, n, opts);
	CHECK_INT(source_total(s.source, true), total);
	do {
		ret = add_next(&s, &got);
	} while (ret > SOURCE_END);
	CHECK_INT(ret, SOURCE_END);
	CHECK_INT(add_next(&s, &got), SOURCE_END);
	CHECK_STR(got.data, want);
	buf_release(&got);
	tear_down(&s);
}

#define LINES	((struct source_opts){ .delimiter = '\n' })
#define INKED	((struct source_opts){ .delimiter = '\n', .skip_blank = true })
#define NULS	((struct source_opts){ .delimiter = '\0' })
#define COMMAS	((struct source_opts){ .delimiter = ',' })

/* name, options, how many tuples, all of them, the inputs */
#define TUPLES(name, opts, total, want, ...)				\
	static void name(void)						\
	{								\
		static const struct input inputs[] = { __VA_ARGS__ };	\
									\
		check_all(inputs, ARRAY_SIZE(inputs), opts, want, total); \
	}

TUPLES(words, LINES, 3, "a b c ", ARGS("a", "b", "c"))
TUPLES(no_words, LINES, 0, "", NO_ARGS)
TUPLES(lines, LINES, 3, "a  b\r ", HOLDS("a\n\nb\r"))
TUPLES(no_lines, LINES, 0, "", HOLDS(""))
TUPLES(product, LINES, 6, "a+1 a+2 a+3 b+1 b+2 b+3 ",
	ARGS("a", "b"), ARGS("1", "2", "3"))
TUPLES(product_of_three, LINES, 8,
	"a+1+x a+1+y a+2+x a+2+y b+1+x b+1+y b+2+x b+2+y ",
	HOLDS("a\nb\n"), ARGS("1", "2"), HOLDS("x\ny"))
TUPLES(linked, LINES, 2, "a+1 b+2 ", ARGS("a", "b"), PLUS("1", "2"))
TUPLES(linked_shorter, LINES, 1, "a+1 ", ARGS("a", "b"), PLUS("1"))
TUPLES(linked_longer, LINES, 1, "a+1 ", ARGS("a"), PLUS("1", "2"))
TUPLES(linked_files, LINES, 2, "a+1+x b+2+y ",
	HOLDS("a\nb\nc\n"), HOLDS_PLUS("1\n2\n3\n"), PLUS("x", "y"))
TUPLES(linked_then_product, LINES, 4, "a+x+1 a+x+2 b+y+1 b+y+2 ",
	ARGS("a", "b"), PLUS("x", "y", "z"), ARGS("1", "2"))
TUPLES(product_of_linked, LINES, 4, "1+a+x 1+b+y 2+a+x 2+b+y ",
	ARGS("1", "2"), HOLDS("a\nb\n"), PLUS("x", "y", "z"))
TUPLES(linked_first, LINES, 2, "1 2 ", PLUS("1", "2"))
TUPLES(empty_second, LINES, 2, "a+ b+ ", HOLDS("a\nb\n"), HOLDS(""))
TUPLES(empty_first, LINES, 2, "+a +b ", HOLDS(""), HOLDS("a\nb\n"))
TUPLES(empty_first_words, LINES, 2, "+a +b ", NO_ARGS, ARGS("a", "b"))
TUPLES(all_empty, LINES, 0, "", HOLDS(""), NO_ARGS, HOLDS(""))
TUPLES(empty_linked, LINES, 1, "a+ ", ARGS("a", "b"), NO_PLUS)
TUPLES(empty_linked_to, LINES, 1, "+a ", NO_ARGS, PLUS("a", "b"))
TUPLES(all_empty_linked, LINES, 0, "", NO_ARGS, NO_PLUS)
TUPLES(empty_linked_product, LINES, 2, "1+a+ 2+a+ ",
	ARGS("1", "2"), ARGS("a", "b"), NO_PLUS)
TUPLES(empty_to_link_product, LINES, 2, "1++a 2++a ",
	ARGS("1", "2"), NO_ARGS, PLUS("a", "b"))
TUPLES(empty_value_is_one, LINES, 1, "+ ", ARGS(""), ARGS(""))
TUPLES(blank_lines_count, LINES, 4, "x     y ", HOLDS("x\n\n  \ny"))
TUPLES(blank_lines_skipped, INKED, 2, "x y ",
	HOLDS("x\n\n  \n\t\v\f\r\ny"))
TUPLES(blank_words_skipped, INKED, 2, "a b ", ARGS("a", "", " ", "b"))
TUPLES(skipped_before_linking, INKED, 2, "a+1 b+2 ",
	ARGS("a", "", " ", "b"), PLUS("1", "2", "3"))
TUPLES(only_blank_is_empty, INKED, 1, "+a ", HOLDS(" \n\n"), ARGS("a"))
TUPLES(all_blank, INKED, 0, "", HOLDS(" \n\t"), ARGS(""))
TUPLES(nul_items, NULS, 2, "a\nb c\n ", BYTES("a\nb\0c\n"))
TUPLES(comma_items, COMMAS, 3, "a b\n  ", HOLDS("a,b\n,,"))
TUPLES(tasks, LINES, 3, "a b c ", TASKS("a\nb\n"), TASKS("c\n"))
TUPLES(tasks_and_words, LINES, 5, "a 1+x 1+y b c ",
	TASKS("a\n"), ARGS("1"), TASKS("b\nc"), ARGS("x", "y"))
TUPLES(an_empty_tasks_file, LINES, 1, "b ", TASKS(""), TASKS("b"))
TUPLES(nul_in_line, LINES, 3, "a !b\\x00c d ", BYTES("a\nb\0c\nd\n"))
TUPLES(nul_in_kept_line, LINES, 4, "!\\x00 a+1 b+1 ",
	HOLDS("a\nb\n"), BYTES("\0\n1\n"))
TUPLES(nul_in_step, LINES, 3, "a+1 !\\x00 c+3 ",
	HOLDS("a\nb\nc\n"), { .kind = INPUT_FILE, .linked = true,
			       .text = "1\n\0\n3\n", .len = 6 })
TUPLES(nul_in_product, LINES, 4, "!\\x00 b+1 b+2 ",
	BYTES("\0\nb\n"), ARGS("1", "2"))

#define COMMANDS ((struct source_opts){ .delimiter = '\n', \
					.are_commands = true })
#define AS_IS	((struct source_opts){ .delimiter = '\n', \
				       .are_commands = true, \
				       .no_attributes = true })

TUPLES(attributes_of_commands, COMMANDS, 4, "a b:x c d:y ",
	HOLDS("a\nb #muster: tag=x\nc\nd #muster: tag=y"))
TUPLES(attributes_of_tasks, LINES, 4, "a:x b #muster: tag=c c:y d ",
	TASKS("a #muster: tag=x\n"), HOLDS("b #muster: tag=c\n"),
	TASKS("c #muster: tag=y\nd\n"))
TUPLES(no_attributes, AS_IS, 2, "a #muster: x b #muster: y ",
	TASKS("a #muster: x\n"), HOLDS("b #muster: y\n"))
TUPLES(no_attributes_of_words, COMMANDS, 1, "a #muster: tag=x ",
	ARGS("a #muster: tag=x"))
TUPLES(bad_attributes, COMMANDS, 3, "a !b #muster: x=y c ",
	HOLDS("a\nb #muster: x=y\nc\n"))
TUPLES(barriers, COMMANDS, 5, "a |b |d ",
	HOLDS("a\n#muster: barrier\nb\n #muster: barrier\nd"))
#ifdef HAVE_JANSSON
TUPLES(objects, NULS, 4, "a b:x c+d |",
	OBJECTS("{\"command\": \"a\"}\n\n"
		"{\"command\": \"b\", \"tag\": \"x\"}\n \n"
		"{\"command\": [\"c\", \"d\"]}\n{\"barrier\": true}"))
TUPLES(bad_objects, LINES, 3, "!{} ![] a ",
	OBJECTS("{}\n[]\n"), TASKS("a"))
#endif

static void totals_without_reading(void)
{
	static const struct input words_only[] = {
		ARGS("a", "b"), ARGS("1", "2", "3"),
	};
	static const struct input with_file[] = { ARGS("a"), HOLDS("1\n") };
	struct setup s;

	set_up(&s, words_only, 2, LINES);
	CHECK_INT(source_total(s.source, false), 6);
	tear_down(&s);
	set_up(&s, with_file, 2, LINES);
	CHECK_INT(source_total(s.source, false), -1);
	CHECK_INT(source_total(s.source, true), 1);
	tear_down(&s);
}

static void priorities_are_the_groups(void)
{
	static const struct input inputs[] = {
		TASKS("a\n"), ARGS("b"), TASKS("c\n"), ARGS("d"),
	};
	struct setup s;
	struct tuple t;

	set_up(&s, inputs, 4, LINES);
	for (int want = 0; want < 3; want++) {
		CHECK_INT(source_next(s.source, &t, &s.err), SOURCE_TUPLE);
		CHECK_INT(t.priority, want);
		CHECK_INT(t.timeout_ns, want * 1000);
	}
	CHECK_UINT(t.line, 1);
	tear_down(&s);
}

static void tells_where_values_are_from(void)
{
	static const struct input inputs[] = { HOLDS("a\n\nb\n"),
					       ARGS("1", "2") };
	struct setup s;
	struct tuple t;

	set_up(&s, inputs, 2, INKED);
	CHECK_INT(source_next(s.source, &t, &s.err), SOURCE_TUPLE);
	CHECK_INT(source_next(s.source, &t, &s.err), SOURCE_TUPLE);
	CHECK_STR(t.file, s.paths[0].data);
	CHECK_UINT(t.line, 1);
	CHECK_INT(source_next(s.source, &t, &s.err), SOURCE_TUPLE);
	CHECK_STR(t.values[0], "b");
	CHECK_UINT(t.line, 3);
	tear_down(&s);
}

/* Messages */

static void check_message(const struct setup *s, const char *before,
			  const char *after)
{
	struct buf want = BUF_INIT;

	buf_addf(&want, "%s%s%s", before, s->paths[0].data, after);
	CHECK_STR(s->err.data, want.data);
	buf_release(&want);
}

static void nul_messages(void)
{
	static const struct input line[] = { BYTES("a\nb\nc\0\n") };
	static const struct input item[] = { BYTES("\0") };
	struct buf out = BUF_INIT;
	struct setup s;

	set_up(&s, line, 1, LINES);
	CHECK_INT(add_next(&s, &out), SOURCE_TUPLE);
	CHECK_INT(add_next(&s, &out), SOURCE_TUPLE);
	CHECK_INT(add_next(&s, &out), SOURCE_BAD);
	check_message(&s, "-a: '", "': line 3: NUL byte (use -0 for "
				   "NUL-separated input)");
	tear_down(&s);
	set_up(&s, item, 1, COMMAS);
	CHECK_INT(add_next(&s, &out), SOURCE_BAD);
	check_message(&s, "-a: '", "': item 1: NUL byte (use -0 for "
				   "NUL-separated input)");
	tear_down(&s);
	buf_release(&out);
}

/* Standard input becomes a file that holds text, read up to start. */
static void feed_stdin(const char *text, size_t len, off_t start)
{
	struct buf path = BUF_INIT;
	int fd;

	buf_addf(&path, "%s/stdin", tap_tmpdir());
	write_file(path.data, text, len);
	fd = fd_open(path.data, O_RDONLY, 0);
	CHECK(lseek(fd, start, SEEK_SET) == start);
	CHECK(dup2(fd, 0) == 0);
	close(fd);
	buf_release(&path);
}

static void standard_input(void)
{
	static const struct input_spec specs[] = {
		{ .kind = INPUT_ARGS, .args = NULL },
		{ .kind = INPUT_STDIN },
	};
	struct buf err = BUF_INIT;
	struct source_opts opts = LINES;
	struct source *s;
	struct tuple t;

	feed_stdin("skip\na\nb\0\nc", 11, 5);
	s = source_new(specs + 1, 1, &opts, &err);
	CHECK(source_uses_stdin(s));
	CHECK_INT(source_total(s, true), 3);
	CHECK_INT(source_next(s, &t, &err), SOURCE_TUPLE);
	CHECK_STR(t.values[0], "a");
	CHECK_STR(t.file, "standard input");
	CHECK_INT(source_next(s, &t, &err), SOURCE_BAD);
	CHECK_STR(err.data, "standard input: line 2: NUL byte (use -0 for "
			    "NUL-separated input)");
	CHECK_INT(source_total(s, true), 3);
	CHECK_INT(source_next(s, &t, &err), SOURCE_TUPLE);
	CHECK_STR(t.values[0], "c");
	CHECK_INT(source_next(s, &t, &err), SOURCE_END);
	source_free(s);
	s = source_new(specs, 1, &opts, &err);
	CHECK(!source_uses_stdin(s));
	source_free(s);
	buf_release(&err);
}

static void check_refused(const struct input_spec *specs, size_t n,
			  const char *want)
{
	struct source_opts opts = LINES;
	struct buf err = BUF_INIT;

	CHECK(source_new(specs, n, &opts, &err) == NULL);
	CHECK_STR(err.data, want);
	buf_release(&err);
}

static void stdin_twice(void)
{
	static const struct input_spec both[] = {
		{ .kind = INPUT_FILE, .path = "-", .option = "-a" },
		{ .kind = INPUT_TASKS, .path = "-", .option = "--tasks" },
	};

	feed_stdin("a\n", 2, 0);
	check_refused(both, 2, "standard input is named twice");
}

static void stdin_is_a_directory(void)
{
	static const struct input_spec spec = { .kind = INPUT_STDIN };
	int fd = fd_open(tap_tmpdir(), O_RDONLY, 0);

	CHECK(dup2(fd, 0) == 0);
	check_refused(&spec, 1, "standard input is a directory");
}

static void stdin_is_closed(void)
{
	static const struct input_spec spec = { .kind = INPUT_STDIN };

	close(0);
	CHECK(fd_setup() == 0);
	check_refused(&spec, 1, "standard input is closed");
}

/* Refused before anything is read, although the first would do. */
static void files_that_cannot_be_opened(void)
{
	struct input_spec specs[] = {
		{ .kind = INPUT_ARGS },
		{ .kind = INPUT_FILE, .path = "/nonexistent/a\nb",
		  .option = "::::" },
	};
	struct buf want = BUF_INIT;

	check_refused(specs, 2, "::::: cannot open '/nonexistent/a\\nb': "
				"No such file or directory");
	specs[1].path = tap_tmpdir();
	specs[1].kind = INPUT_TASKS;
	specs[1].option = "--tasks";
	buf_addf(&want, "--tasks: '%s' is a directory", tap_tmpdir());
	check_refused(specs, 2, want.data);
	buf_release(&want);
}

static void same_file_twice(void)
{
	static const struct input inputs[] = { HOLDS("a\nb\n"), HOLDS("") };
	struct setup s;
	struct buf got = BUF_INIT;

	set_up(&s, inputs, 2, LINES);
	source_free(s.source);
	s.specs[1].path = s.specs[0].path;
	s.source = source_new(s.specs, 2, &s.opts, &s.err);
	while (add_next(&s, &got) == SOURCE_TUPLE)
		;
	CHECK_STR(got.data, "a+a a+b b+a b+b ");
	buf_release(&got);
	tear_down(&s);
}

/* A connection that breaks: what came before counts, then the next group. */
static void failure_in_the_middle(void)
{
	static const struct input next_tasks[] = { TASKS("z\n") };
	struct setup s;
	struct buf got = BUF_INIT;
	int ends[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	CHECK(fd_write_all(ends[1], "a\nb", 3) == 0);
	CHECK(fd_write_all(ends[0], "x", 1) == 0);
	CHECK(dup2(ends[0], 0) == 0);
	set_up(&s, next_tasks, 1, LINES);
	source_free(s.source);
	s.specs[s.n++] = s.specs[0];
	buf_init(&s.paths[1]);
	s.specs[0] = (struct input_spec){ .kind = INPUT_STDIN };
	s.source = source_new(s.specs, 2, &s.opts, &s.err);
	CHECK_INT(add_next(&s, &got), SOURCE_TUPLE);
	close(ends[1]);
	CHECK_INT(add_next(&s, &got), SOURCE_FAILED);
	CHECK_STR(s.err.data, "standard input: cannot read: "
			      "Connection reset by peer");
	CHECK_INT(add_next(&s, &got), SOURCE_TUPLE);
	CHECK_INT(add_next(&s, &got), SOURCE_END);
	CHECK_STR(got.data, "a z ");
	buf_release(&got);
	tear_down(&s);
}

static void failure_while_loading(void)
{
	static const struct input first[] = { ARGS("a", "b") };
	struct setup s;
	struct buf got = BUF_INIT;
	int ends[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	CHECK(fd_write_all(ends[1], "1\n2\n", 4) == 0);
	CHECK(fd_write_all(ends[0], "x", 1) == 0);
	CHECK(dup2(ends[0], 0) == 0);
	close(ends[1]);
	set_up(&s, first, 1, LINES);
	source_free(s.source);
	s.specs[1] = (struct input_spec){ .kind = INPUT_STDIN };
	s.source = source_new(s.specs, 2, &s.opts, &s.err);
	CHECK_INT(add_next(&s, &got), SOURCE_FAILED);
	CHECK_INT(add_next(&s, &got), SOURCE_END);
	CHECK_STR(got.data, "");
	buf_release(&got);
	tear_down(&s);
}

/* Pipes */

struct reading {
	struct source *source;
	enum source_result ret;
	struct thread thread;
};

static void *read_one(void *arg)
{
	struct reading *r = arg;
	struct tuple t;
	struct buf err = BUF_INIT;

	r->ret = source_next(r->source, &t, &err);
	buf_release(&err);
	return NULL;
}

/* Standard input is a pipe; returns the end to write to. */
static int pipe_to_stdin(void)
{
	int ends[2];

	CHECK(fd_pipe(ends) == 0);
	CHECK(dup2(ends[0], 0) == 0);
	return ends[1];
}

static void first_input_is_lazy(void)
{
	static char *const words_behind[] = {
		(char *)"1", (char *)"2",
	};
	static const struct input_spec specs[] = {
		{ .kind = INPUT_FILE, .path = "-", .option = "-a" },
		{ .kind = INPUT_ARGS, .args = words_behind, .nargs = 2 },
	};
	struct source_opts opts = LINES;
	struct buf err = BUF_INIT;
	struct source *s;
	struct tuple t;
	int fd = pipe_to_stdin();

	s = source_new(specs, 2, &opts, &err);
	CHECK_INT(source_total(s, true), -1);
	CHECK(fd_write_all(fd, "a\n", 2) == 0);
	CHECK_INT(source_next(s, &t, &err), SOURCE_TUPLE);
	CHECK_INT(source_next(s, &t, &err), SOURCE_TUPLE);
	CHECK_STR(t.values[0], "a");
	CHECK_STR(t.values[1], "2");
	CHECK(fd_write_all(fd, "b\n", 2) == 0);
	CHECK_INT(source_next(s, &t, &err), SOURCE_TUPLE);
	CHECK_STR(t.values[0], "b");
	source_free(s);
	buf_release(&err);
}

static void check_stop(const struct input_spec *specs, size_t n)
{
	struct source_opts opts = LINES;
	struct buf err = BUF_INIT;
	struct reading r = { .ret = SOURCE_FAILED };
	struct tuple t;
	int fd = pipe_to_stdin();

	thread_setup();
	CHECK(fd_write_all(fd, "half", 4) == 0);
	r.source = source_new(specs, n, &opts, &err);
	CHECK(thread_start(&r.thread, 0, read_one, &r) == 0);
	usleep(20000);
	source_stop(r.source);
	thread_join(&r.thread);
	CHECK_INT(r.ret, SOURCE_END);
	CHECK_INT(source_next(r.source, &t, &err), SOURCE_END);
	source_free(r.source);
	buf_release(&err);
}

static void stops_a_blocked_reader(void)
{
	static const struct input_spec specs[] = {
		{ .kind = INPUT_STDIN },
	};

	check_stop(specs, 1);
}

static void stops_while_loading(void)
{
	static char *const word[] = { (char *)"a" };
	static const struct input_spec specs[] = {
		{ .kind = INPUT_ARGS, .args = word, .nargs = 1 },
		{ .kind = INPUT_STDIN },
	};

	check_stop(specs, 2);
}

static void stops_words(void)
{
	static const struct input inputs[] = { ARGS("a", "b"), ARGS("1", "2") };
	struct setup s;
	struct buf got = BUF_INIT;

	set_up(&s, inputs, 2, LINES);
	CHECK_INT(add_next(&s, &got), SOURCE_TUPLE);
	source_stop(s.source);
	CHECK_INT(add_next(&s, &got), SOURCE_END);
	buf_release(&got);
	tear_down(&s);
}

/* Opening it must not wait for a writer. */
static void a_fifo_without_writer(void)
{
	struct input_spec spec = { .kind = INPUT_FILE, .option = "-a" };
	struct source_opts opts = LINES;
	struct buf path = BUF_INIT;
	struct buf err = BUF_INIT;
	struct reading r = { .ret = SOURCE_FAILED };
	int fd;

	thread_setup();
	buf_addf(&path, "%s/fifo", tap_tmpdir());
	CHECK(mkfifo(path.data, 0600) == 0);
	spec.path = path.data;
	r.source = source_new(&spec, 1, &opts, &err);
	if (!CHECK(r.source != NULL))
		return;
	CHECK(thread_start(&r.thread, 0, read_one, &r) == 0);
	usleep(20000);
	fd = fd_open(path.data, O_WRONLY, 0);
	CHECK(fd_write_all(fd, "a\n", 2) == 0);
	thread_join(&r.thread);
	CHECK_INT(r.ret, SOURCE_TUPLE);
	close(fd);
	source_free(r.source);
	buf_release(&path);
	buf_release(&err);
}

/* The kept values of many inputs, more than one arena block. */
static void large_product(void)
{
	static char *const ten[] = {
		(char *)"0", (char *)"1", (char *)"2", (char *)"3",
		(char *)"4", (char *)"5", (char *)"6", (char *)"7",
		(char *)"8", (char *)"9",
	};
	struct input_spec specs[5];
	struct source_opts opts = LINES;
	struct buf err = BUF_INIT;
	struct source *s;
	struct tuple t;
	unsigned want = 0;

	for (size_t i = 0; i < 5; i++)
		specs[i] = (struct input_spec){ .kind = INPUT_ARGS,
						.args = ten, .nargs = 10 };
	s = source_new(specs, 5, &opts, &err);
	CHECK_INT(source_total(s, false), 100000);
	while (source_next(s, &t, &err) == SOURCE_TUPLE) {
		unsigned got = 0;

		for (size_t i = 0; i < t.n; i++)
			got = got * 10 + (unsigned)(t.values[i][0] - '0');
		if (!CHECK_UINT(got, want++))
			break;
	}
	CHECK_UINT(want, 100000);
	source_free(s);
	buf_release(&err);
}

#define CASE(name, sentence)	{ sentence, name }

static const struct tap_case cases[] = {
	CASE(words, "words"),
	CASE(no_words, "no words"),
	CASE(lines, "lines of a file"),
	CASE(no_lines, "an empty file"),
	CASE(product, "two inputs are combined, the last fastest"),
	CASE(product_of_three, "three inputs, words and files"),
	CASE(linked, "linked words"),
	CASE(linked_shorter, "a shorter linked input ends both"),
	CASE(linked_longer, "a longer linked input ends with the first"),
	CASE(linked_files, "linked files and words"),
	CASE(linked_then_product, "a linked pair combined with words"),
	CASE(product_of_linked, "words combined with a linked pair"),
	CASE(linked_first, "a linked input with none before it"),
	CASE(empty_second, "an empty second input is one empty value"),
	CASE(empty_first, "an empty first file is one empty value"),
	CASE(empty_first_words, "an empty first list is one empty value"),
	CASE(all_empty, "all inputs empty: nothing"),
	CASE(empty_linked, "an empty linked input is one empty value"),
	CASE(empty_linked_to, "linked to an empty input"),
	CASE(all_empty_linked, "linked and both empty: nothing"),
	CASE(empty_linked_product, "an empty linked input in a product"),
	CASE(empty_to_link_product, "linked to an empty input in a product"),
	CASE(empty_value_is_one, "empty values are values"),
	CASE(blank_lines_count, "blank lines count"),
	CASE(blank_lines_skipped, "blank lines are skipped on request"),
	CASE(blank_words_skipped, "so are blank words"),
	CASE(skipped_before_linking, "blank items are skipped, then linked"),
	CASE(only_blank_is_empty, "an input of skipped items is empty"),
	CASE(all_blank, "nothing but skipped items: nothing"),
	CASE(nul_items, "NUL-separated items"),
	CASE(comma_items, "comma-separated items"),
	CASE(tasks, "tasks files one after the other"),
	CASE(tasks_and_words, "tasks files around a combination"),
	CASE(an_empty_tasks_file, "an empty tasks file"),
	CASE(nul_in_line, "a NUL makes one line bad"),
	CASE(nul_in_kept_line, "a bad line of a second input counts once"),
	CASE(nul_in_step, "a bad line makes its row bad and keeps step"),
	CASE(nul_in_product, "a bad line of a first input counts once"),
	CASE(totals_without_reading, "totals that need no reading"),
	CASE(priorities_are_the_groups, "priority and timeout of a group"),
	CASE(tells_where_values_are_from, "file and line of a tuple"),
	CASE(nul_messages, "messages name option, file and line"),
	CASE(standard_input, "standard input, from where it is"),
	CASE(stdin_twice, "standard input can't be named twice"),
	CASE(stdin_is_a_directory, "standard input is a directory"),
	CASE(stdin_is_closed, "standard input is closed"),
	CASE(files_that_cannot_be_opened, "files that can't be opened"),
	CASE(same_file_twice, "a file named twice"),
	CASE(failure_in_the_middle, "a failure ends its group alone"),
	CASE(failure_while_loading, "a failure of a second input"),
	CASE(first_input_is_lazy, "the first input is read lazily"),
	CASE(stops_a_blocked_reader, "stop ends a blocked reader"),
	CASE(stops_while_loading, "stop while inputs are loaded"),
	CASE(stops_words, "stop between tuples"),
	CASE(a_fifo_without_writer, "a FIFO without a writer yet"),
	CASE(large_product, "100,000 combinations"),
	CASE(attributes_of_commands, "attributes of commands"),
	CASE(attributes_of_tasks, "of tasks, but not of values"),
	CASE(no_attributes, "no attributes where they are not wanted"),
	CASE(no_attributes_of_words, "none in words"),
	CASE(bad_attributes, "a task with bad attributes is a bad item"),
	CASE(barriers, "barriers between tasks"),
#ifdef HAVE_JANSSON
	CASE(objects, "JSON objects are one a line"),
	CASE(bad_objects, "bad objects are bad items"),
#endif
};
TAP_MAIN(cases)
