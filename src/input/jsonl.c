/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jsonl.c - tasks as JSON objects.
 *
 * Every member that is an attribute becomes the text it would be in a comment
 * and goes through attributes_set. The same texts, quoted, make the comment
 * under which the task can be written down again.
 */
#include <config.h>

#include "input/jsonl.h"

#include <string.h>

#include "base/buf.h"

#ifdef HAVE_JANSSON

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/library.h"
#include "input/shquote.h"

/* What we call of jansson: json_delete is jansson.delete. */
#define JANSSON_CALLS(X) \
	X(array_get) X(array_size) X(delete) X(integer_value) X(loadb) \
	X(object_iter) X(object_iter_key) X(object_iter_next) \
	X(object_iter_value) X(object_seed) X(real_value) \
	X(string_length) X(string_value)
#define POINTER(f) __typeof__(&json_##f) f;
#define SYMBOL(f) "json_" #f "\0"

#ifdef JANSSON_SONAME
#define FIRST(f) NULL,
#else
#define JANSSON_SONAME NULL
#define FIRST(f) json_##f,
#endif

static struct { JANSSON_CALLS(POINTER) } jansson = { JANSSON_CALLS(FIRST) };
static struct library library =
	LIBRARY(JANSSON_SONAME, JANSSON_CALLS(SYMBOL), jansson);

/* While one line is read. */
struct reader {
	struct jsonl_task *t;
	struct arena *arena;
	struct buf *err;
	struct buf ignored;	/* mistakes behind the first */
	struct buf comment;
	bool has_command;
	bool has_other;		/* than a barrier */
};

/* What a value may be. */
enum {
	STRING = 1 << 0,
	NUMBER = 1 << 1,
	LIST = 1 << 2,
};

int jsonl_setup(struct buf *err)
{
	if (library_load(&library, err) < 0)
		return -1;
	/* Else the first object reads /dev/urandom, with workers about. */
	jansson.object_seed(0);
	return 0;
}

/* Values as text. */

static int bad_type(struct reader *r, const char *key, const char *what)
{
	buf_addf(r->err, "%s: has to be %s", key, what);
	return -1;
}

/* The shortest that reads back as the same. */
static void format_real(double x, char *text, size_t size)
{
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, size, "%.*g", digits, x);
		if (strtod(text, NULL) == x)
			return;
	}
}

static int check_nul(struct reader *r, const char *key, const json_t *value)
{
	size_t len = jansson.string_length(value);

	if (!memchr(jansson.string_value(value), '\0', len))
		return 0;
	buf_addf(r->err, "%s: holds a NUL (\\u0000)", key);
	return -1;
}

/* A string or a number as text, in the arena; NULL with a message. */
static const char *text_of(struct reader *r, const char *key,
			   const json_t *value, unsigned may_be)
{
	char number[64];

	if (json_is_string(value) && (may_be & STRING))
		return check_nul(r, key, value) < 0 ? NULL
						    : jansson.string_value(value);
	if (!json_is_number(value) || !(may_be & NUMBER)) {
		bad_type(r, key, may_be & NUMBER ? "a string or a number" :
			 may_be & LIST ? "a string or an array of strings" :
			 "a string");
		return NULL;
	}
	if (json_is_integer(value))
		snprintf(number, sizeof(number), "%lld",
			 (long long)jansson.integer_value(value));
	else
		format_real(jansson.real_value(value), number, sizeof(number));
	return arena_strdup(r->arena, number);
}

/* Sets the attribute, and adds it to the comment. */
static int set(struct reader *r, const char *key, const char *value)
{
	r->t->has_attributes = true;
	if (attributes_set(&r->t->attributes, r->arena, key, value,
			   r->err) < 0)
		return -1;
	buf_addf(&r->comment, " %s=", key);
	return shquote_add(&r->comment, value, strlen(value), QUOTE_PLAIN,
			   SHELL_SH);
}

/* The members. */

static int take_text(struct reader *r, const char *key, const json_t *value,
		     unsigned may_be)
{
	const char *text = text_of(r, key, value, may_be);

	return text ? set(r, key, text) : -1;
}

/* One id, or a list of them; in a list a comma is part of an id, and so wrong.
 */
static int take_after(struct reader *r, const char *key, const json_t *value)
{
	size_t n = jansson.array_size(value);

	if (!json_is_array(value))
		return take_text(r, key, value, STRING | LIST);
	for (size_t i = 0; i < n; i++) {
		const char *id = text_of(r, key, jansson.array_get(value, i),
					 STRING | LIST);

		if (!id)
			return -1;
		if (strchr(id, ',')) {
			buf_addf(r->err, "%s: ", key);
			attributes_add_value(r->err, id);
			buf_addstr(r->err, " has a comma");
			return -1;
		}
		if (set(r, key, id) < 0)
			return -1;
	}
	return 0;
}

static int take_env(struct reader *r, json_t *value)
{
	int ret = 0;

	if (!json_is_object(value))
		return bad_type(r, "env", "an object of names and values");
	for (void *at = jansson.object_iter(value); at;
	     at = jansson.object_iter_next(value, at)) {
		struct buf key = BUF_INIT;

		buf_addf(&key, "env:%s", jansson.object_iter_key(at));
		ret = take_text(r, key.data, jansson.object_iter_value(at),
				STRING | NUMBER);
		buf_release(&key);
		if (ret < 0)
			break;
	}
	return ret;
}

static int take_barrier(struct reader *r, const json_t *value)
{
	if (!json_is_boolean(value))
		return bad_type(r, "barrier", "true");
	r->t->attributes.is_barrier = json_is_true(value);
	return 0;
}

static void alloc_values(struct reader *r, size_t n)
{
	struct jsonl_task *t = r->t;

	t->values = arena_alloc(r->arena, n * sizeof(*t->values));
	t->lens = arena_alloc(r->arena, n * sizeof(*t->lens));
}

static int add_value(struct reader *r, const json_t *value)
{
	struct jsonl_task *t = r->t;
	size_t len = jansson.string_length(value);

	if (!json_is_string(value))
		return bad_type(r, "command",
				"a string or an array of strings");
	if (check_nul(r, "command", value) < 0)
		return -1;
	t->values[t->n] = arena_memdup0(r->arena, jansson.string_value(value),
					len);
	t->lens[t->n++] = len;
	return 0;
}

static int take_command(struct reader *r, const json_t *value)
{
	size_t n = jansson.array_size(value);

	r->has_command = true;
	r->t->is_argv = json_is_array(value);
	if (!r->t->is_argv) {
		alloc_values(r, 1);
		return add_value(r, value);
	}
	if (n == 0) {
		buf_addstr(r->err, "command: an empty array");
		return -1;
	}
	alloc_values(r, n);
	for (size_t i = 0; i < n; i++) {
		if (add_value(r, jansson.array_get(value, i)) < 0)
			return -1;
	}
	return 0;
}

static int take_member(struct reader *r, const char *key, json_t *value)
{
	static const struct {
		const char *key;
		unsigned may_be;
	} texts[] = {
		{ "id", STRING },
		{ "priority", STRING | NUMBER },
		{ "timeout", STRING | NUMBER },
		{ "retries", STRING | NUMBER },
		{ "retry-delay", STRING | NUMBER },
		{ "cwd", STRING },
		{ "stdin", STRING },
		{ "tag", STRING },
		{ "weight", STRING | NUMBER },
	};

	if (strcmp(key, "barrier") == 0)
		return take_barrier(r, value);
	r->has_other = true;
	if (strcmp(key, "command") == 0)
		return take_command(r, value);
	if (strcmp(key, "env") == 0)
		return take_env(r, value);
	if (strncmp(key, "env:", 4) == 0)
		return take_text(r, key, value, STRING | NUMBER);
	if (strncmp(key, "after", 5) == 0 && attributes_is_key(key))
		return take_after(r, key, value);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (strcmp(key, texts[i].key) == 0)
			return take_text(r, key, value, texts[i].may_be);
	}
	attributes_add_unknown(r->err, key, "command");
	return -1;
}

/* All members. The first mistake is told, but the others are still read: the
 * id counts. */
static int take_members(struct reader *r, json_t *object)
{
	int ret = 0;

	for (void *at = jansson.object_iter(object); at;
	     at = jansson.object_iter_next(object, at)) {
		if (take_member(r, jansson.object_iter_key(at),
				jansson.object_iter_value(at)) < 0) {
			ret = -1;
			r->err = &r->ignored;
		}
	}
	return ret;
}

static int check_whole(struct reader *r)
{
	if (r->t->attributes.is_barrier && r->has_other)
		buf_addstr(r->err, "barrier: has to stand alone");
	else if (!r->t->attributes.is_barrier && !r->has_command)
		buf_addstr(r->err, "command: missing");
	else
		return 0;
	return -1;
}

/* Nobody else refers to it, and to jansson's true, false and null it is
 * nothing. (json_decref would call the library directly.) */
static void free_all(json_t *root)
{
	if (root)
		jansson.delete(root);
}

static json_t *load(const char *line, size_t len, struct buf *err)
{
	json_error_t e;
	json_t *root = jansson.loadb(line, len, JSON_REJECT_DUPLICATES |
				  JSON_ALLOW_NUL | JSON_DECODE_ANY, &e);

	if (json_is_object(root))
		return root;
	if (root) {
		buf_addstr(err, "not a JSON object");
	} else {
		/* It quotes what is there, whatever that is. */
		buf_addstr(err, "bad JSON: ");
		buf_add_visible(err, e.text, strlen(e.text));
		buf_addf(err, " (column %d)", e.column > 0 ? e.column : 1);
	}
	free_all(root);
	return NULL;
}

int jsonl_parse(struct jsonl_task *t, struct arena *arena, const char *line,
		size_t len, struct buf *err)
{
	struct reader r = { .t = t, .arena = arena, .err = err,
			    .comment = BUF_INIT, .ignored = BUF_INIT };
	json_t *root;
	int ret;

	memset(t, 0, sizeof(*t));
	if (jsonl_setup(err) < 0)
		return -1;
	root = load(line, len, err);
	if (!root)
		return -1;
	buf_addstr(&r.comment, "#muster:");
	ret = take_members(&r, root);
	r.err = err;
	if (ret == 0)
		ret = check_whole(&r);
	if (t->has_attributes)
		t->attributes.text = arena_memdup0(arena, r.comment.data,
						   r.comment.len);
	free_all(root);
	buf_release(&r.comment);
	buf_release(&r.ignored);
	return ret;
}

#else

int jsonl_setup(struct buf *err)
{
	buf_addstr(err, "muster was built without jansson");
	return -1;
}

int jsonl_parse(struct jsonl_task *t, struct arena *arena, const char *line,
		size_t len, struct buf *err)
{
	(void)arena;
	(void)line;
	(void)len;
	memset(t, 0, sizeof(*t));
	return jsonl_setup(err);
}

#endif
