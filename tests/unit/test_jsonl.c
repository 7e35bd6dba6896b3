/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_jsonl.c - tasks as JSON objects.
 */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/num.h"
#include "input/jsonl.h"
#include "tap.h"

static struct arena arena;
static struct jsonl_task task;
static struct buf err = BUF_INIT;

static int parse(const char *line)
{
	buf_reset(&err);
	return jsonl_parse(&task, &arena, line, strlen(line), &err);
}

#ifdef HAVE_JANSSON

static void clean(void)
{
	arena_release(&arena);
	buf_release(&err);
}

static void is_good(const char *line)
{
	CHECK_INT(parse(line), 0);
	CHECK_STR(err.data, "");
}

static void is_bad(const char *line, const char *message)
{
	CHECK_INT(parse(line), -1);
	CHECK_STR(err.data, message);
}

/* A task with this member is. */
static void member_is_bad(const char *member, const char *message)
{
	struct buf line = BUF_INIT;

	buf_addf(&line, "{\"command\": \"c\", %s}", member);
	is_bad(line.data, message);
	buf_release(&line);
}

static void command_string(void)
{
	is_good("{\"command\": \"echo 'a b' | cat\"}");
	CHECK(!task.is_argv);
	CHECK(!task.has_attributes);
	if (!CHECK_UINT(task.n, 1))
		return;
	CHECK_STR(task.values[0], "echo 'a b' | cat");
	CHECK_UINT(task.lens[0], 16);
	is_good("{\"command\": \"\"}");
	CHECK_UINT(task.n, 1);
	is_good("{\"command\": \"a\\nb \\u00e4\"}");
	CHECK_STR(task.values[0], "a\nb \xc3\xa4");
	clean();
}

static void command_words(void)
{
	is_good("{\"command\": [\"echo\", \"a b\", \"\", \"$x\"]}");
	CHECK(task.is_argv);
	if (!CHECK_UINT(task.n, 4))
		return;
	CHECK_STR(task.values[0], "echo");
	CHECK_STR(task.values[1], "a b");
	CHECK_STR(task.values[2], "");
	CHECK_STR(task.values[3], "$x");
	CHECK_UINT(task.lens[1], 3);
	clean();
}

static void all_keys(void)
{
	const struct attributes *a = &task.attributes;

	is_good("{\"command\": \"c\", \"id\": \"a\", \"after\": \"b,c\", "
		"\"after!\": [\"d\", \"e\"], \"after?\": [], "
		"\"priority\": -5, \"timeout\": 1.5, \"retries\": 3, "
		"\"retry-delay\": \"1,2\", \"cwd\": \"/d\", "
		"\"env\": {\"A\": \"x y\", \"B\": 2}, \"env:C\": 0.1, "
		"\"stdin\": \"in\", \"tag\": \"t\", \"weight\": \"2\", "
		"\"barrier\": false}");
	CHECK(task.has_attributes);
	CHECK_STR(a->id, "a");
	CHECK_INT(a->priority, -5);
	CHECK_INT(a->timeout_ns, 1500 * NS_PER_MS);
	CHECK_UINT(a->tries_max, 3);
	CHECK(a->backoff.factor == 2);
	CHECK_STR(a->cwd, "/d");
	CHECK_STR(a->input, "in");
	CHECK_STR(a->tag, "t");
	CHECK_UINT(a->weight, 2);
	if (CHECK_UINT(a->nenv, 3)) {
		CHECK_STR(a->env[0], "A=x y");
		CHECK_STR(a->env[1], "B=2");
		CHECK_STR(a->env[2], "C=0.1");
	}
	if (CHECK_UINT(a->nafter, 4)) {
		CHECK_STR(a->after[1].id, "c");
		CHECK_INT(a->after[1].when, AFTER_SUCCESS);
		CHECK_STR(a->after[3].id, "e");
		CHECK_INT(a->after[3].when, AFTER_END);
	}
	clean();
}

/* Read back, it sets the same. */
static void as_comment(void)
{
	struct attributes back;
	struct buf line = BUF_INIT;

	is_good("{\"command\": \"c\", \"tag\": \"it's # a 'tag'\", "
		"\"env\": {\"A\": \"x y\"}, \"after\": [\"a\", \"b c\"], "
		"\"after?\": \"d\", \"timeout\": 2.5, \"priority\": \"low\"}");
	buf_addf(&line, "c %s", task.attributes.text);
	CHECK_UINT(attributes_split(&back, &arena, SHELL_SH, line.data,
				    line.len, &err), 1);
	CHECK_STR(err.data, "");
	CHECK_STR(back.tag, "it's # a 'tag'");
	CHECK_INT(back.timeout_ns, 2500 * NS_PER_MS);
	CHECK_INT(back.priority, -10);
	CHECK_UINT(back.nafter, 3);
	CHECK_STR(back.after[1].id, "b c");
	CHECK_INT(back.after[2].when, AFTER_FAILURE);
	CHECK_UINT(back.nenv, 1);
	CHECK_STR(back.env[0], "A=x y");
	buf_release(&line);
	clean();
}

static void barriers(void)
{
	is_good("{\"barrier\": true}");
	CHECK(task.attributes.is_barrier);
	CHECK_UINT(task.n, 0);
	is_bad("{\"barrier\": true, \"command\": \"c\"}",
	       "barrier: has to stand alone");
	is_bad("{\"barrier\": true, \"id\": \"x\"}",
	       "barrier: has to stand alone");
	is_bad("{\"barrier\": false}", "command: missing");
	is_bad("{\"barrier\": 1}", "barrier: has to be true");
	clean();
}

static void bad_json(void)
{
	CHECK_INT(parse("{\"command\": }"), -1);
	CHECK(strncmp(err.data, "bad JSON: ", 10) == 0);
	CHECK(strstr(err.data, "(column 13)") != NULL);
	CHECK_INT(parse("{\"command\": \"\xff\"}"), -1);
	CHECK(strncmp(err.data, "bad JSON: ", 10) == 0);
	/* What is quoted stays on the line. */
	CHECK_INT(parse("{\"a\\u\n00\": 1}"), -1);
	CHECK(strncmp(err.data, "bad JSON: ", 10) == 0);
	CHECK(!strchr(err.data, '\n'));
	CHECK_INT(parse("{} x"), -1);
	CHECK(strncmp(err.data, "bad JSON: ", 10) == 0);
	CHECK_INT(parse("{\"id\": \"a\", \"id\": \"b\"}"), -1);
	CHECK(strstr(err.data, "duplicate") != NULL);
	CHECK_INT(parse("{\"command\": \"a\\u0000\", \"x\\u0000\": 1}"), -1);
	CHECK(strncmp(err.data, "bad JSON: ", 10) == 0);
	clean();
}

static void nesting(void)
{
	struct buf line = BUF_INIT;

	for (int i = 0; i < 100000; i++)
		buf_addch(&line, '[');
	CHECK_INT(parse(line.data), -1);
	CHECK(strncmp(err.data, "bad JSON: ", 10) == 0);
	buf_release(&line);
	clean();
}

static void no_object(void)
{
	is_bad("[]", "not a JSON object");
	is_bad("\"c\"", "not a JSON object");
	is_bad("null", "not a JSON object");
	is_bad("5", "not a JSON object");
	is_bad("{}", "command: missing");
	clean();
}

static void bad_types(void)
{
	static const char both[] = ": has to be a string or a number";
	static const char *const keys[] = { "timeout", "priority", "retries",
					    "retry-delay", "weight" };

	is_bad("{\"command\": 5}",
	       "command: has to be a string or an array of strings");
	is_bad("{\"command\": []}", "command: an empty array");
	is_bad("{\"command\": [\"a\", 1]}",
	       "command: has to be a string or an array of strings");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct buf member = BUF_INIT, want = BUF_INIT;

		buf_addf(&member, "\"%s\": true", keys[i]);
		buf_addf(&want, "%s%s", keys[i], both);
		member_is_bad(member.data, want.data);
		buf_release(&member);
		buf_release(&want);
	}
	member_is_bad("\"id\": 5", "id: has to be a string");
	member_is_bad("\"cwd\": null", "cwd: has to be a string");
	member_is_bad("\"stdin\": {}", "stdin: has to be a string");
	member_is_bad("\"tag\": 1", "tag: has to be a string");
	member_is_bad("\"after\": 1",
		      "after: has to be a string or an array of strings");
	member_is_bad("\"after?\": [[]]",
		      "after?: has to be a string or an array of strings");
	member_is_bad("\"env\": []",
		      "env: has to be an object of names and values");
	member_is_bad("\"env\": {\"A\": null}",
		      "env:A: has to be a string or a number");
	clean();
}

static void bad_values(void)
{
	member_is_bad("\"timeout\": -1", "timeout: '-1' is not a time (such "
		      "as 90, 1.5m or 2h)");
	member_is_bad("\"retries\": 1.5",
		      "retries: '1.5' is not a whole number from 0 on");
	member_is_bad("\"after\": [\"a,b\"]", "after: 'a,b' has a comma");
	member_is_bad("\"env\": {\"1\": \"x\"}", "env:1: has to be env: and a "
		      "name of letters, digits and _");
	member_is_bad("\"env\": {\"A\": 1}, \"env:A\": 2",
		      "env:A: given twice");
	member_is_bad("\"tag\": \"a\\u0000b\"", "tag: holds a NUL (\\u0000)");
	is_bad("{\"command\": [\"a\\u0000\"]}",
	       "command: holds a NUL (\\u0000)");
	member_is_bad("\"prority\": 1",
		      "unknown attribute 'prority' (did you mean "
		      "'priority'?)");
	is_bad("{\"comand\": \"c\"}",
	       "unknown attribute 'comand' (did you mean 'command'?)");
	member_is_bad("\"quux\": 1", "unknown attribute 'quux'");
	clean();
}

static void id_behind_a_mistake(void)
{
	member_is_bad("\"tag\": 1, \"id\": \"a\"", "tag: has to be a string");
	CHECK_STR(task.attributes.id, "a");
	CHECK(task.has_attributes);
	clean();
}

static void long_line(void)
{
	struct buf line = BUF_INIT;

	buf_addstr(&line, "{\"command\": \"");
	for (int i = 0; i < 1 << 20; i++)
		buf_addch(&line, 'x');
	buf_addstr(&line, "\"}");
	is_good(line.data);
	CHECK_UINT(task.lens[0], 1 << 20);
	buf_release(&line);
	clean();
}

#else

static void is_not_there(void)
{
	CHECK_INT(jsonl_setup(&err), -1);
	buf_reset(&err);
	CHECK_INT(parse("{\"command\": \"c\"}"), -1);
	CHECK_STR(err.data, "muster was built without jansson");
	buf_release(&err);
}

#endif

static const struct tap_case cases[] = {
#ifdef HAVE_JANSSON
	{ "a command for the shell", command_string },
	{ "a command of words", command_words },
	{ "all keys", all_keys },
	{ "written as a comment it says the same", as_comment },
	{ "barriers", barriers },
	{ "bad JSON", bad_json },
	{ "nested too deep", nesting },
	{ "no object, or none with a command", no_object },
	{ "values of a wrong type", bad_types },
	{ "bad values and unknown keys", bad_values },
	{ "the id counts behind a mistake", id_behind_a_mistake },
	{ "a line of 1 MiB", long_line },
#else
	{ "there is no jansson", is_not_there },
#endif
};
TAP_MAIN(cases)
