/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_records.c - delimited records from files, pipes and FIFOs.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/thread.h"
#include "input/records.h"
#include "tap.h"

/* A file that holds text, open for reading, at its beginning. */
static int file_with(const char *text, size_t len)
{
	struct buf path = BUF_INIT;
	int fd;

	buf_addf(&path, "%s/file", tap_tmpdir());
	fd = fd_open(path.data, O_RDWR | O_CREAT | O_TRUNC, 0600);
	CHECK(fd >= 0);
	CHECK(fd_write_all(fd, text, len) == 0);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	buf_release(&path);
	return fd;
}

static bool check_next(struct records *r, const char *want, size_t len)
{
	char *rec;
	size_t got = 0;

	if (!CHECK_INT(records_next(r, &rec, &got), 1))
		return false;
	return CHECK_MEM(rec, got, want, len) && CHECK_INT(rec[got], 0);
}

#define CHECK_NEXT(r, want)	check_next((r), (want), sizeof(want) - 1)

static void check_end(struct records *r)
{
	char *rec;
	size_t len;

	CHECK_INT(records_next(r, &rec, &len), 0);
	CHECK_INT(records_next(r, &rec, &len), 0);
}

/* All records of text, each followed by |, are want. */
static void check_records(const char *text, size_t len, char delimiter,
			  const char *want)
{
	struct records *r = records_new(file_with(text, len), "file",
					(unsigned char)delimiter);
	struct buf got = BUF_INIT;
	char *rec;
	size_t n;

	while (records_next(r, &rec, &n) == 1) {
		buf_add(&got, rec, n);
		buf_addch(&got, '|');
	}
	CHECK_STR(got.data, want);
	buf_release(&got);
	records_free(r);
}

#define ROW(name, text, delimiter, want)				\
	static void name(void)						\
	{								\
		check_records(text, sizeof(text) - 1, delimiter, want);	\
	}

ROW(lines, "a\nbc\n\nd e\n", '\n', "a|bc||d e|")
ROW(no_last_newline, "a\nb", '\n', "a|b|")
ROW(nothing, "", '\n', "")
ROW(one_newline, "\n", '\n', "|")
ROW(carriage_returns, "a\r\n\r\nb\r", '\n', "a\r|\r|b\r|")
ROW(nul_items, "a\nb\0c\0\0d", '\0', "a\nb|c||d|")
ROW(other_delimiter, "a,b\n,,c", ',', "a|b\n||c|")
ROW(high_delimiter, "a\xff" "b\xfe\xff", '\xff', "a|b\xfe|")
ROW(high_bytes, "\x80\xff\n\xc3\n", '\n', "\x80\xff|\xc3|")

static void keeps_nul_bytes(void)
{
	struct records *r = records_new(file_with("a\0b\n\0\n", 6), "f", '\n');

	CHECK_NEXT(r, "a\0b");
	CHECK_NEXT(r, "\0");
	check_end(r);
	records_free(r);
}

static void counts(void)
{
	struct records *r = records_new(file_with("a\n\nc", 4), "the file",
					'\n');

	CHECK_STR(records_name(r), "the file");
	CHECK_UINT(records_number(r), 0);
	CHECK_NEXT(r, "a");
	CHECK_UINT(records_number(r), 1);
	CHECK_NEXT(r, "");
	CHECK_NEXT(r, "c");
	CHECK_UINT(records_number(r), 3);
	check_end(r);
	CHECK_UINT(records_number(r), 3);
	records_free(r);
}

/* Lengths around the size of the buffer, and one record of many reads. */
static void long_records(void)
{
	static const size_t lens[] = {
		65534, 65535, 65536, 65537, 1, 131071, 131072, 0, 700001, 3,
	};
	struct buf text = BUF_INIT;
	struct records *r;

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		memset(buf_reserve(&text, lens[i]), 'a' + (int)i, lens[i]);
		text.len += lens[i];
		buf_addch(&text, '\n');
	}
	r = records_new(file_with(text.data, text.len), "f", '\n');
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		char *rec;
		size_t len;

		CHECK_INT(records_next(r, &rec, &len), 1);
		CHECK_UINT(len, lens[i]);
		CHECK(len == 0 || (rec[0] == (char)('a' + i) &&
				   memcmp(rec, rec + 1, len - 1) == 0));
		CHECK_INT(rec[len], 0);
	}
	check_end(r);
	records_free(r);
	buf_release(&text);
}

static void too_long(void)
{
	int fd = file_with("a\n", 2);
	struct records *r;
	char *rec;
	size_t len;

	/* The rest is a hole. */
	CHECK(ftruncate(fd, (off_t)RECORDS_LEN_MAX * 4) == 0);
	r = records_new(fd, "f", '\n');
	CHECK_NEXT(r, "a");
	CHECK_INT(records_next(r, &rec, &len), -1);
	CHECK_INT(errno, EFBIG);
	check_end(r);
	records_free(r);
}

static void a_directory_is_an_error(void)
{
	struct records *r = records_new(fd_open(tap_tmpdir(), O_RDONLY, 0),
					"d", '\n');
	char *rec;
	size_t len;

	CHECK_INT(records_next(r, &rec, &len), -1);
	CHECK_INT(errno, EISDIR);
	check_end(r);
	records_free(r);
}

static void a_closed_descriptor_is_an_error(void)
{
	struct records *r = records_new(1000, "f", '\n');
	char *rec;
	size_t len;

	CHECK_INT(records_next(r, &rec, &len), -1);
	CHECK_INT(errno, EBADF);
	records_free(r);
}

/* A reset connection: what came before is handed out, then the error. */
static void error_in_the_middle(void)
{
	int ends[2];
	struct records *r;
	char *rec;
	size_t len;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	CHECK(fd_write_all(ends[1], "a\nb\ntorn", 8) == 0);
	/* Unread bytes at the close of a socket reset its peer. */
	CHECK(fd_write_all(ends[0], "x", 1) == 0);
	r = records_new(ends[0], "socket", '\n');
	CHECK_NEXT(r, "a");
	close(ends[1]);
	CHECK_NEXT(r, "b");
	CHECK_INT(records_next(r, &rec, &len), -1);
	CHECK_INT(errno, ECONNRESET);
	check_end(r);
	records_free(r);
}

static void leaves_descriptor_0_open(void)
{
	struct records *r;
	int fd = file_with("a\n", 2);

	CHECK(dup2(fd, 0) == 0);
	r = records_new(0, "standard input", '\n');
	CHECK_NEXT(r, "a");
	records_free(r);
	CHECK(fcntl(0, F_GETFD) >= 0);
	r = records_new(fd, "f", '\n');
	records_free(r);
	CHECK_INT(fcntl(fd, F_GETFD), -1);
	records_free(NULL);
}

/* Pipes */

struct reader {
	struct records *r;
	int ret;
	int error;
	char first[16];
	struct thread thread;
};

static void *read_one(void *arg)
{
	struct reader *rd = arg;
	char *rec;
	size_t len;

	rd->ret = records_next(rd->r, &rec, &len);
	rd->error = errno;
	if (rd->ret == 1)
		snprintf(rd->first, sizeof(rd->first), "%s", rec);
	return NULL;
}

/* The first record is there before the writer has said more. */
static void hands_out_at_once(void)
{
	struct records *r;
	int ends[2];

	CHECK(fd_pipe(ends) == 0);
	CHECK(fd_write_all(ends[1], "a\nb\nc", 5) == 0);
	r = records_new(ends[0], "pipe", '\n');
	CHECK_NEXT(r, "a");
	CHECK_NEXT(r, "b");
	CHECK(fd_write_all(ends[1], "d\n", 2) == 0);
	CHECK_NEXT(r, "cd");
	CHECK(fd_write_all(ends[1], "e", 1) == 0);
	close(ends[1]);
	CHECK_NEXT(r, "e");
	check_end(r);
	records_free(r);
}

/* No byte is taken from a pipe before it is asked for. */
static void reads_no_further(void)
{
	struct records *r;
	char byte;
	int ends[2];

	CHECK(fd_pipe(ends) == 0);
	CHECK(fd_write_all(ends[1], "a\n", 2) == 0);
	r = records_new(dup(ends[0]), "pipe", '\n');
	CHECK_NEXT(r, "a");
	CHECK(fd_write_all(ends[1], "b\n", 2) == 0);
	CHECK_INT(fd_read(ends[0], &byte, 1), 1);
	CHECK_INT(byte, 'b');
	records_free(r);
}

static void waits_when_non_blocking(void)
{
	struct reader rd = { .ret = -2 };
	int ends[2];

	thread_setup();
	CHECK(fd_pipe(ends) == 0);
	CHECK(fd_set_nonblock(ends[0]) == 0);
	rd.r = records_new(ends[0], "pipe", '\n');
	CHECK(thread_start(&rd.thread, 0, read_one, &rd) == 0);
	CHECK(fd_write_all(ends[1], "late\n", 5) == 0);
	thread_join(&rd.thread);
	CHECK_INT(rd.ret, 1);
	CHECK_STR(rd.first, "late");
	records_free(rd.r);
}

/* A FIFO opened before anyone writes to it is not at its end. */
static void waits_for_a_writer(void)
{
	struct reader rd = { .ret = -2 };
	struct buf path = BUF_INIT;
	int fd;

	thread_setup();
	buf_addf(&path, "%s/fifo", tap_tmpdir());
	CHECK(mkfifo(path.data, 0600) == 0);
	fd = fd_open(path.data, O_RDONLY | O_NONBLOCK, 0);
	rd.r = records_new(fd, path.data, '\n');
	CHECK(thread_start(&rd.thread, 0, read_one, &rd) == 0);
	usleep(20000);
	fd = fd_open(path.data, O_WRONLY, 0);
	CHECK(fd_write_all(fd, "hello\n", 6) == 0);
	thread_join(&rd.thread);
	CHECK_STR(rd.first, "hello");
	close(fd);
	check_end(rd.r);
	records_free(rd.r);
	buf_release(&path);
}

static void check_stop(int fd, useconds_t delay)
{
	struct reader rd = { .r = records_new(fd, "pipe", '\n'), .ret = -2 };

	CHECK(thread_start(&rd.thread, 0, read_one, &rd) == 0);
	usleep(delay);
	records_stop(rd.r);
	thread_join(&rd.thread);
	CHECK_INT(rd.ret, 0);
	check_end(rd.r);
	records_free(rd.r);
}

/* Soon after the start and later: the reader is on its way or blocked. */
static void stops_a_blocked_reader(void)
{
	int ends[2];

	thread_setup();
	CHECK(fd_pipe(ends) == 0);
	for (useconds_t delay = 0; delay < 5000; delay += 50)
		check_stop(dup(ends[0]), delay);
	CHECK(fd_set_nonblock(ends[0]) == 0);
	check_stop(ends[0], 20000);
}

static void stops_in_mid_record(void)
{
	int ends[2];

	thread_setup();
	CHECK(fd_pipe(ends) == 0);
	CHECK(fd_write_all(ends[1], "half", 4) == 0);
	check_stop(ends[0], 20000);
}

static void stops_a_regular_file(void)
{
	struct records *r = records_new(file_with("a\nb\nc\n", 6), "f", '\n');

	thread_setup();
	CHECK_NEXT(r, "a");
	records_stop(r);
	check_end(r);
	CHECK_UINT(records_number(r), 1);
	records_free(r);
}

/* Nobody is left to be woken; must not touch the ended thread. */
static void stop_after_the_reader(void)
{
	struct reader rd = { .ret = -2 };
	int ends[2];

	thread_setup();
	CHECK(fd_pipe(ends) == 0);
	CHECK(fd_write_all(ends[1], "a\n", 2) == 0);
	rd.r = records_new(ends[0], "pipe", '\n');
	CHECK(thread_start(&rd.thread, 0, read_one, &rd) == 0);
	thread_join(&rd.thread);
	CHECK_INT(rd.ret, 1);
	records_stop(rd.r);
	records_stop(rd.r);
	check_end(rd.r);
	records_free(rd.r);
}

static void *write_slowly(void *arg)
{
	int fd = *(int *)arg;

	for (int i = 0; i < 2000; i++) {
		char line[32];
		int n = snprintf(line, sizeof(line), "line %d\n", i);

		/* Cut at every place a line can be cut. */
		CHECK(fd_write_all(fd, line, (size_t)(i % n)) == 0);
		CHECK(fd_write_all(fd, line + i % n,
				   (size_t)(n - i % n)) == 0);
	}
	close(fd);
	return NULL;
}

static void any_cut_will_do(void)
{
	struct thread writer;
	struct records *r;
	int ends[2];

	thread_setup();
	CHECK(fd_pipe(ends) == 0);
	r = records_new(ends[0], "pipe", '\n');
	CHECK(thread_start(&writer, 0, write_slowly, &ends[1]) == 0);
	for (int i = 0; i < 2000; i++) {
		char want[32];
		int n = snprintf(want, sizeof(want), "line %d", i);

		if (!check_next(r, want, (size_t)n))
			break;
	}
	check_end(r);
	thread_join(&writer);
	records_free(r);
}

static const struct tap_case cases[] = {
	{ "lines", lines },
	{ "a last line without newline", no_last_newline },
	{ "empty input has no records", nothing },
	{ "one newline is one empty record", one_newline },
	{ "carriage returns are kept", carriage_returns },
	{ "NUL-separated records", nul_items },
	{ "a comma as delimiter", other_delimiter },
	{ "a delimiter above 127", high_delimiter },
	{ "bytes above 127 are kept", high_bytes },
	{ "NUL bytes in lines are kept", keeps_nul_bytes },
	{ "records are counted", counts },
	{ "records around and beyond the buffer's size", long_records },
	{ "a record beyond all measure is an error", too_long },
	{ "a directory is an error", a_directory_is_an_error },
	{ "a closed descriptor is an error", a_closed_descriptor_is_an_error },
	{ "what came before an error is handed out", error_in_the_middle },
	{ "descriptor 0 stays open, others are closed",
	  leaves_descriptor_0_open },
	{ "a record is handed out before the writer goes on",
	  hands_out_at_once },
	{ "nothing is read ahead of need", reads_no_further },
	{ "a non-blocking pipe is waited for", waits_when_non_blocking },
	{ "a FIFO is waited for until it has a writer", waits_for_a_writer },
	{ "stop ends a reader that waits", stops_a_blocked_reader },
	{ "stop in mid-record hands out no half", stops_in_mid_record },
	{ "stop ends the records of a regular file", stops_a_regular_file },
	{ "stop after the reader has ended", stop_after_the_reader },
	{ "records cut at any place by the writer", any_cut_will_do },
};
TAP_MAIN(cases)
