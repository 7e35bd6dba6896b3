/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * items.c - the items of one input.
 *
 * Files are opened without blocking: a FIFO would otherwise hold up everyone
 * until someone writes to it, and records.c waits with poll anyway.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "input/attributes.h"
#include "input/items.h"
#include "input/records.h"
#include "input/split.h"

#define COUNT_CHUNK	((size_t)64 << 10)

static const char stdin_name[] = "standard input";

bool items_are_stdin(const struct input_spec *spec)
{
	switch (spec->kind) {
	case INPUT_ARGS:
		return false;
	case INPUT_STDIN:
		return true;
	case INPUT_FILE:
	case INPUT_TASKS:
	case INPUT_JSONL:
		return strcmp(spec->path, "-") == 0;
	}
	BUG("input kind out of range");
}

static int open_file(const struct input_spec *spec, struct buf *err)
{
	int saved_errno;
	int fd;

	if (items_are_stdin(spec)) {
		if (!fd_was_closed(0))
			return 0;
		buf_addf(err, "%s is closed", stdin_name);
		return -1;
	}
	fd = fd_open(spec->path, O_RDONLY | O_NONBLOCK, 0);
	if (fd >= 0)
		return fd;
	saved_errno = errno;
	buf_addf(err, "%s: cannot open '", spec->option);
	buf_add_visible(err, spec->path, strlen(spec->path));
	buf_addf(err, "': %s", strerror(saved_errno));
	return -1;
}

/* "standard input" or "-a: 'file'", the beginning of a message. */
static void add_name(const struct input_spec *spec, struct buf *err)
{
	if (items_are_stdin(spec)) {
		buf_addstr(err, stdin_name);
		return;
	}
	buf_addf(err, "%s: '", spec->option);
	buf_add_visible(err, spec->path, strlen(spec->path));
	buf_addch(err, '\'');
}

/* JSON objects are one a line, whatever ends other items. */
static unsigned char delimiter_of(const struct items *it)
{
	return it->spec->kind == INPUT_JSONL ? '\n' : it->opts->delimiter;
}

int items_init(struct items *it, const struct input_spec *spec,
	       const struct source_opts *opts, const struct split *split,
	       struct buf *err)
{
	struct stat st;
	int fd;

	*it = (struct items){
		.spec = spec, .opts = opts, .split = split, .fd = -1,
	};
	it->is_plain = !input_is_tasks(spec->kind);
	buf_init(&it->joined);
	if (spec->kind == INPUT_ARGS)
		return 0;
	it->reads_comments = !opts->no_attributes &&
			     (opts->are_commands || spec->kind == INPUT_TASKS);
	fd = open_file(spec, err);
	if (fd < 0)
		return -1;
	it->records = records_new(fd, fd ? spec->path : stdin_name,
				  delimiter_of(it));
	if (fstat(fd, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode)) {
		add_name(spec, err);
		buf_addstr(err, " is a directory");
		items_release(it);
		return -1;
	}
	it->start = lseek(fd, 0, SEEK_CUR);
	if (S_ISREG(st.st_mode) && it->start >= 0)
		it->fd = fd;
	return 0;
}

void items_release(struct items *it)
{
	records_free(it->records);
	arena_release(&it->arena);
	buf_release(&it->joined);
	it->records = NULL;
	it->fd = -1;
}

const char *items_file(const struct items *it)
{
	return it->records ? records_name(it->records) : NULL;
}

uint64_t items_number(const struct items *it)
{
	return it->records ? records_number(it->records) : it->next_word;
}

void items_stop(struct items *it)
{
	if (it->records)
		records_stop(it->records);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* As -r has it. */
static bool skips_blank(const struct items *it)
{
	return it->opts->skip_blank || it->spec->kind == INPUT_JSONL;
}

static bool is_skipped(const struct items *it, const char *s, size_t len)
{
	if (!skips_blank(it))
		return false;
	while (len && is_blank(*s)) {
		s++;
		len--;
	}
	return !len;
}

static void add_line(const struct items *it, uint64_t number, struct buf *err)
{
	add_name(it->spec, err);
	buf_addf(err, ": %s %llu",
		 delimiter_of(it) == '\n' ? "line" : "item",
		 (unsigned long long)number);
}

void items_add_place(const struct items *it, struct buf *err)
{
	if (it->records)
		add_line(it, items_number(it), err);
	else
		buf_addf(err, "%s: value %zu", it->spec->option,
			 it->next_word);
}

static enum source_result report_nul(const struct items *it, struct buf *err)
{
	add_line(it, items_number(it), err);
	buf_addstr(err, ": NUL byte (use -0 for NUL-separated input)");
	return SOURCE_BAD;
}

static enum source_result report_failure(const struct items *it, int error,
					 struct buf *err)
{
	if (error == EFBIG) {
		add_line(it, items_number(it) + 1, err);
		buf_addf(err, ": longer than %zu MiB", RECORDS_LEN_MAX >> 20);
	} else {
		add_name(it->spec, err);
		buf_addf(err, ": cannot read: %s", strerror(error));
	}
	return SOURCE_FAILED;
}

/* The next word or record as it is. */
static enum source_result next_raw(struct items *it, struct buf *err)
{
	int ret;

	if (!it->records) {
		if (it->next_word == it->spec->nargs)
			return SOURCE_END;
		it->value = it->spec->args[it->next_word++];
		it->len = strlen(it->value);
		return SOURCE_TUPLE;
	}
	ret = records_next(it->records, &it->value, &it->len);
	if (ret < 0)
		return report_failure(it, errno, err);
	return ret ? SOURCE_TUPLE : SOURCE_END;
}

/* The same up to the line that -E names. */
static enum source_result next_before_eof(struct items *it, struct buf *err)
{
	const char *eof = it->is_plain ? it->opts->eof : NULL;
	enum source_result ret;

	if (it->has_ended)
		return SOURCE_END;
	ret = next_raw(it, err);
	if (eof && ret == SOURCE_TUPLE && strlen(eof) == it->len &&
	    memcmp(eof, it->value, it->len) == 0) {
		it->has_ended = true;
		return SOURCE_END;
	}
	return ret;
}

/* Does what there is of it go on in the next line? */
static bool goes_on(const struct items *it)
{
	if (it->opts->csv)
		return it->records && split_is_open(it->split, it->value,
							it->len);
	return it->opts->joins_lines && it->len &&
	       (it->value[it->len - 1] == ' ' ||
		it->value[it->len - 1] == '\t');
}

/* Adds the lines in which it->value goes on; what ends them may be the end
 * of the input. */
static enum source_result join_lines(struct items *it, struct buf *err)
{
	enum source_result ret;

	buf_reset(&it->joined);
	buf_add(&it->joined, it->value, it->len);
	do {
		ret = next_before_eof(it, err);
		if (ret == SOURCE_TUPLE) {
			if (it->opts->csv)
				buf_addch(&it->joined,
					  (char)delimiter_of(it));
			buf_add(&it->joined, it->value, it->len);
		}
		it->value = it->joined.data;
		it->len = it->joined.len;
		if (it->len > RECORDS_LEN_MAX)
			return report_failure(it, EFBIG, err);
	} while (ret == SOURCE_TUPLE && goes_on(it));
	return ret == SOURCE_FAILED ? ret : SOURCE_TUPLE;
}

static enum source_result next_item(struct items *it, struct buf *err)
{
	enum source_result ret;

	do {
		ret = next_before_eof(it, err);
		if (ret != SOURCE_TUPLE)
			return ret;
	} while (is_skipped(it, it->value, it->len));
	if (UNLIKELY(it->is_plain && goes_on(it)))
		return join_lines(it, err);
	return SOURCE_TUPLE;
}

static enum source_result report_text(const struct items *it,
				      const struct buf *text, struct buf *err)
{
	add_line(it, items_number(it), err);
	buf_addf(err, ": %s", text->data);
	return SOURCE_BAD;
}

static enum source_result split_comment(struct items *it, struct buf *err)
{
	enum source_result ret = SOURCE_TUPLE;
	struct attributes *a = &it->task.attributes;
	struct buf text = BUF_INIT;
	size_t len = attributes_split(a, &it->arena, it->opts->shell,
				      it->value, it->len, &text);

	if (LIKELY(len == it->len))
		return SOURCE_TUPLE;
	it->has_attributes = true;
	if (len == ATTRIBUTES_BAD) {
		ret = report_text(it, &text, err);
	} else {
		it->len = len;
		it->value[len] = '\0';
		if (a->is_barrier)
			ret = SOURCE_BARRIER;
	}
	buf_release(&text);
	return ret;
}

static enum source_result read_object(struct items *it, struct buf *err)
{
	enum source_result ret = SOURCE_TUPLE;
	struct jsonl_task *t = &it->task;
	struct buf text = BUF_INIT;

	if (jsonl_parse(t, &it->arena, it->value, it->len, &text) < 0)
		ret = report_text(it, &text, err);
	else if (t->attributes.is_barrier)
		ret = SOURCE_BARRIER;
	it->has_attributes = t->has_attributes;
	buf_release(&text);
	return ret;
}

static enum source_result read_item(struct items *it, struct buf *err)
{
	enum source_result ret = next_item(it, err);

	if (ret != SOURCE_TUPLE || !it->records)
		return ret;
	if (it->has_attributes || it->spec->kind == INPUT_JSONL)
		arena_reset(&it->arena);
	it->has_attributes = false;
	if (it->spec->kind == INPUT_JSONL)
		return read_object(it, err);
	if (it->opts->delimiter && memchr(it->value, '\0', it->len))
		return report_nul(it, err);
	return it->reads_comments ? split_comment(it, err) : SOURCE_TUPLE;
}

enum source_result items_next(struct items *it, struct buf *err)
{
	for (; UNLIKELY(it->to_skip); it->to_skip--) {
		size_t said = err->len;
		enum source_result ret = read_item(it, err);

		/* Nobody wants it, so it may be as bad as it likes. */
		if (ret == SOURCE_BAD)
			buf_truncate(err, said);
		else if (ret != SOURCE_TUPLE)
			return ret;
		it->taken++;
	}
	return read_item(it, err);
}

enum source_result items_take(struct items *it, struct buf *err)
{
	enum source_result ret = items_next(it, err);

	it->taken += ret == SOURCE_TUPLE;
	return ret;
}

static int64_t count_words(const struct items *it)
{
	int64_t n = 0;

	for (size_t i = 0; i < it->spec->nargs; i++) {
		const char *word = it->spec->args[i];

		if (it->opts->eof && strcmp(word, it->opts->eof) == 0)
			break;
		n += !is_skipped(it, word, strlen(word));
	}
	return n;
}

/* Where a count stands between two chunks. */
struct tally {
	int64_t n;
	bool has_bytes;		/* of a record whose end is not seen yet */
	bool has_ink;		/* such that -r would not skip it */
};

static void count_chunk(struct tally *t, const char *s, size_t len,
			unsigned char delimiter)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)s[i] == delimiter) {
			t->n += t->has_ink;
			t->has_bytes = t->has_ink = false;
		} else {
			t->has_bytes = true;
			t->has_ink |= !is_blank(s[i]);
		}
	}
}

/* The same where blank records count: one addition a byte. */
static void count_all(struct tally *t, const char *s, size_t len,
		      unsigned char delimiter)
{
	char c = (char)delimiter;
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += s[i] == c;
	t->n += (int64_t)n;
	t->has_bytes = s[len - 1] != c;
}

static int64_t count_records(const struct items *it)
{
	unsigned char delimiter = delimiter_of(it);
	bool skips = skips_blank(it);
	char *chunk = xmalloc(COUNT_CHUNK);
	struct tally t = { .n = 0 };
	off_t at = it->start;
	ssize_t n;

	while ((n = fd_pread(it->fd, chunk, COUNT_CHUNK, at)) > 0) {
		if (skips)
			count_chunk(&t, chunk, (size_t)n, delimiter);
		else
			count_all(&t, chunk, (size_t)n, delimiter);
		at += n;
	}
	free(chunk);
	if (n < 0)
		return -1;
	return t.n + (skips ? t.has_ink : t.has_bytes);
}

/* What else decides where items end takes reading them. */
static bool is_countable(const struct items *it)
{
	if (!it->is_plain)
		return true;
	if (it->opts->joins_lines)
		return false;
	return !it->records || (!it->opts->eof && !it->opts->csv);
}

int64_t items_count(const struct items *it, bool read_files)
{
	int64_t none = (int64_t)(it->taken + it->to_skip);
	int64_t n = -1;

	if (!is_countable(it))
		return -1;
	if (!it->records)
		n = count_words(it);
	else if (read_files && it->fd >= 0)
		n = count_records(it);
	if (n >= 0)
		n = n > none ? n - none : 0;
	return n;
}
