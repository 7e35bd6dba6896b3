/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_split.c - columns: cells put together are the row again; a row of CSV
 * or TSV that --results has written is read as what it was made of; and JSON
 * is JSON.
 */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "base/jsonscan.h"
#include "fuzz.h"
#include "input/split.h"
#include "sched/job.h"
#include "sink/results_record.h"

/* With a fixed separator of one byte. */
static void check_joined(const char *row, const char *sep, unsigned trim)
{
	struct split_opts opts = { .colsep = sep, .trim = trim };
	struct buf err = BUF_INIT, joined = BUF_INIT;
	struct split *s = split_new(&opts, &err);
	struct cells c;

	cells_init(&c);
	FUZZ_CHECK(s != NULL);
	FUZZ_CHECK(split_add(s, &c, row, strlen(row), &err) == 0);
	cells_finish(&c);
	FUZZ_CHECK(c.n >= 1);
	for (size_t i = 0; i < c.n; i++) {
		FUZZ_CHECK(strlen(c.values[i]) == c.lens[i]);
		FUZZ_CHECK(!strchr(c.values[i], *sep));
		if (i)
			buf_addstr(&joined, sep);
		buf_addstr(&joined, c.values[i]);
		if (trim & TRIM_LEFT)
			FUZZ_CHECK(*c.values[i] != ' ');
	}
	if (!trim) {
		/* Empty ones at the end are gone, as in Perl. */
		FUZZ_CHECK(joined.len <= strlen(row));
		FUZZ_CHECK(strncmp(row, joined.data, joined.len) == 0);
		FUZZ_CHECK(strspn(row + joined.len, sep) ==
			   strlen(row + joined.len));
	}
	cells_release(&c);
	split_free(s);
	buf_release(&err);
	buf_release(&joined);
}

static void check_any(const char *row, const char *colsep, bool csv)
{
	struct split_opts opts = { .colsep = colsep, .csv = csv };
	struct buf err = BUF_INIT;
	struct split *s = split_new(&opts, &err);
	struct cells c;
	int ret;

	fuzz_check_message(&err, !s);
	cells_init(&c);
	if (s) {
		ret = split_add(s, &c, row, strlen(row), &err);
		fuzz_check_message(&err, ret < 0);
		cells_finish(&c);
		FUZZ_CHECK(ret < 0 || c.n >= 1);
		/* An open quote is the one thing that may yet be mended. */
		if (csv && ret == 0)
			FUZZ_CHECK(!split_is_open(s, row, strlen(row)));
	}
	cells_release(&c);
	split_free(s);
	buf_release(&err);
}

static void add_record(struct buf *b, enum results_kind kind,
		       const struct job *job, const char *text)
{
	struct results_config config = { .kind = kind };

	record_add_begin(b, &config, job, 1);
	for (int stream = 0; stream < 2; stream++) {
		size_t len = stream ? 0 : strlen(text), at = 0;

		record_open_stream(b, kind, stream, len == 0);
		/* In pieces, as it comes. */
		if (len) {
			at = record_add_text(b, kind, text, len / 2, false);
			FUZZ_CHECK(at <= len / 2);
			FUZZ_CHECK(record_add_text(b, kind, text + at,
						   len - at, true) ==
				   len - at);
		}
		record_close_stream(b, kind, len == 0);
	}
	record_add_end(b, kind);
}

static int count_member(void *arg, const char *name, size_t len,
			const struct json_value *value)
{
	(void)name;
	(void)len;
	(void)value;
	++*(int *)arg;
	return 0;
}

static void check_record(const char *value, const char *text)
{
	char *values[2] = { (char *)value, NULL };
	struct job job = {
		.seq = 3, .values = values, .nvalues = 1, .command = value,
	};
	struct split_opts opts = { .csv = true };
	struct buf line = BUF_INIT, err = BUF_INIT;
	struct split *s = split_new(&opts, &err);
	struct cells c;
	int members = 0;

	cells_init(&c);
	add_record(&line, RESULTS_CSV, &job, text);
	FUZZ_CHECK(line.data[line.len - 1] == '\n');
	buf_truncate(&line, line.len - 1);
	FUZZ_CHECK(!split_is_open(s, line.data, line.len));
	FUZZ_CHECK(split_add(s, &c, line.data, line.len, &err) == 0);
	cells_finish(&c);
	FUZZ_CHECK(c.n == 12);
	FUZZ_CHECK(strcmp(c.values[8], value) == 0);
	FUZZ_CHECK(strcmp(c.values[9], value) == 0);
	FUZZ_CHECK(strcmp(c.values[10], text) == 0);
	buf_reset(&line);
	add_record(&line, RESULTS_JSON, &job, text);
	fuzz_check_utf8(line.data, line.len);
	FUZZ_CHECK(json_scan(line.data, line.len, count_member, &members) == 0);
	FUZZ_CHECK(members >= 10);
	cells_release(&c);
	split_free(s);
	buf_release(&line);
	buf_release(&err);
}

int fuzz_split(const uint8_t *data, size_t size)
{
	static const char *const seps[] = { ",", "\t", ";", "x" };
	struct in in;
	const char *colsep, *row;
	unsigned flags;
	size_t len;

	in_begin(&in, data, size);
	flags = in_choice(&in, 64);
	colsep = in_line(&in);
	row = in_rest(&in, &len);
	check_joined(row, seps[flags & 3], flags >> 2 & 3);
	if (strlen(colsep) < 20 && !strchr(colsep, '{'))
		check_any(row, colsep, flags & 16);
	check_any(row, NULL, true);
	check_record(colsep, row);
	in_end(&in);
	return 0;
}
