/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_blocks.c - blocks of --pipe put together are the input, and each begins
 * a record; the same of parts of a file; and records are the input, less their
 * delimiters.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "fuzz.h"
#include "input/blocks.h"
#include "input/group.h"
#include "input/records.h"
#include "input/recsep.h"

struct input {
	struct recsep_opts sep;
	struct blocks_opts opts;
	const char *text;
	size_t len;
	bool by_pipe;
};

/* Nothing is left out or added, so they are all there is. */
static bool is_whole(const struct blocks_opts *o)
{
	return !o->header && !o->remove_separators && !o->skip_blank;
}

static void check_blocks(const struct input *in)
{
	struct buf err = BUF_INIT, all = BUF_INIT;
	int fd = fuzz_fd(in->text, in->len, in->by_pipe);
	struct blocks *b = blocks_new(fd, &in->opts, &err);
	size_t len;
	char *data;
	int ret;

	fuzz_check_message(&err, !b);
	if (!b) {
		fd_close(&fd);
		goto out;
	}
	while ((ret = blocks_next(b, &data, &len)) > 0) {
		FUZZ_CHECK(len > 0);
		buf_add(&all, data, len);
		free(data);
	}
	FUZZ_CHECK(ret == 0 || blocks_problem(b));
	if (ret == 0 && is_whole(&in->opts))
		FUZZ_CHECK(all.len == in->len &&
			   memcmp(all.data, in->text, all.len) == 0);
	FUZZ_CHECK(all.len <= in->len || in->opts.repeat_header);
	blocks_free(b);
out:
	buf_release(&err);
	buf_release(&all);
}

static void check_parts(const struct input *in, bool cut)
{
	int fd = fuzz_fd(in->text, in->len, 0);
	off_t size = (off_t)in->len, at = 0;
	size_t bytes = in->opts.bytes;
	int64_t n = 1;

	while (n > 0) {
		n = cut ? blocks_cut(fd, &in->opts, at, size, &bytes)
			: blocks_part(fd, &in->opts, at, size);
		FUZZ_CHECK(n >= 0 && n <= size - at);
		at += n;
	}
	FUZZ_CHECK(at == size);
	fd_close(&fd);
}

/* From border to border; all of them behind the one before. */
static void check_borders(const struct input *in)
{
	struct recsep_text t = { in->text, in->len, true };
	size_t from = 0, last = 0, at;
	struct border b;
	int64_t rounds = 0;

	while (recsep_find(in->opts.recsep, &t, from, &b)) {
		FUZZ_CHECK(b.at > 0 && b.at >= last && b.at <= in->len);
		FUZZ_CHECK(b.next >= from && b.next <= in->len + 1);
		FUZZ_CHECK(rounds++ <= (int64_t)in->len);
		last = b.at;
		from = b.next;
	}
	at = recsep_last(in->opts.recsep, &t);
	FUZZ_CHECK(at <= in->len);
	/* One at the very beginning ends nothing, but what is cut there. */
	FUZZ_CHECK(!recsep_is_simple(in->opts.recsep) || at >= last);
}

static void check_removed(const struct input *in)
{
	struct buf copy = BUF_INIT;
	size_t n;

	buf_add(&copy, in->text, in->len);
	n = recsep_remove(in->opts.recsep, copy.data, copy.len);
	FUZZ_CHECK(n <= in->len);
	buf_release(&copy);
}

static void take_options(struct in *in, struct input *i)
{
	unsigned flags = in_choice(in, 128);
	unsigned more = in_choice(in, 64);
	const char *start = in_line(in);
	const char *end = in_line(in);
	const char *header = in_line(in);

	i->sep.is_regexp = flags & 1 && strlen(start) + strlen(end) < 30 &&
			   !strpbrk(start, "{*+") && !strpbrk(end, "{*+");
	i->sep.start = flags & 2 ? start : NULL;
	i->sep.end = flags & 4 ? end : NULL;
	i->sep.is_csv = flags & 8;
	i->opts.remove_separators = flags & 16;
	i->opts.skip_blank = flags & 32;
	i->by_pipe = flags & 64;
	if (more & 1 && *header && strlen(header) < 20 &&
	    !strpbrk(header, "{*+"))
		i->opts.header = header;
	i->opts.repeat_header = more & 2;
	i->opts.records = more & 4 ? 2 : 0;
	i->opts.lines = more & 8 ? 3 : 0;
	i->opts.is_eager = more & 16;
	i->opts.parts = more & 32 ? 3 : 0;
	i->opts.tmpdir = fuzz_dir();
	i->opts.bytes = 1 + in_choice(in, 40);
}

int fuzz_blocks(const uint8_t *data, size_t size)
{
	struct buf err = BUF_INIT;
	struct input i = { .len = 0 };
	struct recsep *sep;
	struct in in;

	in_begin(&in, data, size);
	take_options(&in, &i);
	i.text = in_rest(&in, &i.len);
	sep = recsep_new(&i.sep, &err);
	fuzz_check_message(&err, !sep);
	i.opts.recsep = sep;
	if (sep) {
		check_borders(&i);
		check_removed(&i);
		check_blocks(&i);
	}
	/* What parts of files are made with has none of these. */
	i.opts.records = i.opts.lines = i.opts.parts = 0;
	if (sep && is_whole(&i.opts)) {
		check_parts(&i, false);
		if (recsep_is_simple(sep))
			check_parts(&i, true);
	}
	recsep_free(sep);
	buf_release(&err);
	in_end(&in);
	return 0;
}

int fuzz_group(const uint8_t *data, size_t size)
{
	struct buf err = BUF_INIT;
	struct input i = { .len = 0 };
	struct recsep *sep;
	struct group *group;
	struct in in;
	const char *by, *colsep;
	unsigned flags;

	in_begin(&in, data, size);
	flags = in_choice(&in, 8);
	by = in_line(&in);
	colsep = in_line(&in);
	if (strlen(colsep) > 20 || strpbrk(colsep, "{*+"))
		colsep = ",";
	i.by_pipe = flags & 1;
	i.opts.header = flags & 2 ? ":" : NULL;
	i.opts.bytes = 1 + in_choice(&in, 40);
	i.text = in_rest(&in, &i.len);
	group = group_new(by, flags & 4 ? colsep : NULL, &err);
	fuzz_check_message(&err, !group);
	if (group && (!group_has_name(group) || i.opts.header)) {
		i.sep.group = group;
		sep = recsep_new(&i.sep, &err);
		FUZZ_CHECK(sep != NULL);
		i.opts.recsep = sep;
		i.opts.group = group;
		check_blocks(&i);
		if (!group_has_name(group))
			check_borders(&i);
		recsep_free(sep);
	}
	group_free(group);
	buf_release(&err);
	in_end(&in);
	return 0;
}

int fuzz_records(const uint8_t *data, size_t size)
{
	static const unsigned char delimiters[] = { '\n', '\0', ',', 0xff };
	struct buf all = BUF_INIT;
	unsigned char delimiter;
	struct records *r;
	struct in in;
	const char *text;
	bool by_pipe;
	size_t len, n;
	uint64_t count = 0;
	char *rec;

	in_begin(&in, data, size);
	delimiter = delimiters[in_choice(&in, 4)];
	by_pipe = in_choice(&in, 2);
	text = in_rest(&in, &len);
	r = records_new(fuzz_fd(text, len, by_pipe), "it", delimiter);
	while (records_next(r, &rec, &n) > 0) {
		FUZZ_CHECK(rec[n] == '\0' && !memchr(rec, delimiter, n));
		FUZZ_CHECK(records_number(r) == ++count);
		buf_add(&all, rec, n);
		buf_addch(&all, (char)delimiter);
	}
	/* The last one may have had none. */
	if (len && (unsigned char)text[len - 1] != delimiter)
		buf_truncate(&all, all.len - 1);
	FUZZ_CHECK(all.len == len && memcmp(all.data, text, len) == 0);
	records_free(r);
	buf_release(&all);
	in_end(&in);
	return 0;
}
