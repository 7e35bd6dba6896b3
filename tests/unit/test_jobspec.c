/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_jobspec.c - -j N, +N, -N, N%, 0 and FILE. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "jobspec.h"
#include "tap.h"
#include "vary.h"

#define POSSIBLE 5000

/* What word comes to with so many CPUs; 0 with the message in err. */
static unsigned workers(const char *word, unsigned cpus, struct buf *err)
{
	struct jobspec spec;

	buf_reset(err);
	if (jobspec_parse(&spec, "-j", word, err) < 0)
		return 0;
	return jobspec_resolve(&spec, cpus, POSSIBLE, err);
}

static void check(const char *word, unsigned cpus, unsigned want)
{
	struct buf err = BUF_INIT;

	CHECK_INT(workers(word, cpus, &err), want);
	CHECK_STR(err.data, "");
	buf_release(&err);
}

static void check_bad(const char *word, const char *message)
{
	struct buf err = BUF_INIT;

	CHECK_INT(workers(word, 4, &err), 0);
	CHECK_STR(err.data, message);
	buf_release(&err);
}

/* A file in the case's own directory, which becomes the current one. */
static void write_file(const char *name, const char *text, size_t len)
{
	FILE *f;

	if (!CHECK(chdir(tap_tmpdir()) == 0))
		return;
	f = fopen(name, "w");
	if (!CHECK(f != NULL))
		return;
	CHECK_INT(fwrite(text, 1, len, f), len);
	fclose(f);
}

static void write_text(const char *name, const char *text)
{
	write_file(name, text, strlen(text));
}

static void counts(void)
{
	check("1", 4, 1);
	check("12", 4, 12);
	check("007", 4, 7);
	check("1000000", 4, 1000000);
}

static void sums(void)
{
	check("2*3", 4, 6);
	check("(1+2)*2", 4, 6);
	check("7/2", 4, 3);
	check("1-5", 4, 1);
	check("+2*3", 4, 10);
	check("-1-2", 4, 1);
	check("-1-2", 9, 6);
	check("25*2%", 8, 4);
	check_bad("2*", "-j: '2*' is neither N, +N, -N, N% nor a file");
	check_bad("1/0", "-j: '1/0' is neither N, +N, -N, N% nor a file");
	check_bad("2*1k", "-j: '2*1k' is neither N, +N, -N, N% nor a file");
	check_bad("1000*1001", "-j: '1000*1001' is too large");
}

static void automatic(void)
{
	struct buf err = BUF_INIT;
	struct jobspec spec;

	CHECK_INT(jobspec_parse(&spec, "-j", "8auto", &err), 0);
	CHECK(spec.is_auto);
	CHECK_INT(jobspec_resolve(&spec, 4, POSSIBLE, &err), 8);
	CHECK_INT(jobspec_parse(&spec, "-j", "50%auto", &err), 0);
	CHECK(spec.is_auto);
	CHECK_INT(jobspec_resolve(&spec, 4, POSSIBLE, &err), 2);
	CHECK_INT(jobspec_parse(&spec, "-j", "8", &err), 0);
	CHECK(!spec.is_auto);
	check_bad("auto", "-j: 'auto' is neither N, +N, -N, N% nor a file");
	buf_release(&err);
}

/* As many at once as go well. */
static void varied(void)
{
	double n = 8;

	n = vary_step(n, 8, true);
	CHECK(n == 8);
	n = vary_step(n, 8, false);
	CHECK(n == 6);
	for (int i = 0; i < 7; i++)
		n = vary_step(n, 8, true);
	CHECK(n > 7 && n < 8);
	for (int i = 0; i < 20; i++)
		n = vary_step(n, 8, false);
	CHECK(n == 1);
	for (int i = 0; i < 100; i++)
		n = vary_step(n, 8, true);
	CHECK(n == 8);
}

static void zero(void)
{
	check("0", 4, POSSIBLE);
	check("00", 4, POSSIBLE);
}

static void offsets(void)
{
	check("+3", 4, 7);
	check("+0", 4, 4);
	check("-1", 4, 3);
	check("-0", 4, 4);
}

static void never_below_one(void)
{
	check("-4", 4, 1);
	check("-1000", 4, 1);
	check("0%", 4, 1);
	check("1%", 4, 1);
}

static void percents(void)
{
	check("100%", 4, 4);
	check("50%", 4, 2);
	check("12.5%", 16, 2);
	check("30%", 10, 3);
	check("250%", 4, 10);
	check("1000000%", 1000, 1000000);
}

static void percents_round_up(void)
{
	check("60%", 2, 2);
	check("33.3%", 4, 2);
	check("100.1%", 4, 5);
}

static void too_large(void)
{
	check_bad("1000001", "-j: '1000001' is too large");
	check_bad("+99999999999999999999",
		  "-j: '+99999999999999999999' is too large");
	check_bad("-99999999999999999999",
		  "-j: '-99999999999999999999' is too large");
	check_bad("1e9%", "-j: '1e9%' is too large");
}

static void no_number(void)
{
	static const char *const words[] = {
		"x", "1.5", " 4", "4 ", "++1", "%", "-%", "-5%", "0x10", "1k",
	};
	struct buf want = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		buf_reset(&want);
		buf_addf(&want, "-j: '%s' is neither N, +N, -N, N%% nor a "
			 "file", words[i]);
		check_bad(words[i], want.data);
	}
	check_bad("", "-j: '' is neither N, +N, -N, N% nor a file");
	buf_release(&want);
}

static void unknown_file_kinds(void)
{
	CHECK_INT(chdir(tap_tmpdir()), 0);
	CHECK_INT(mkdir("d", 0700), 0);
	CHECK_INT(mkfifo("f", 0600), 0);
	check_bad("d", "-j: 'd' is a directory");
	check_bad("f", "-j: 'f' is not a regular file");
}

static void files(void)
{
	write_text("n", "3\n");
	check("n", 4, 3);
	write_text("n", " \t+2 \r\n\n");
	check("n", 4, 6);
	write_text("n", "50%");
	check("n", 4, 2);
	write_text("n", "0");
	check("n", 4, POSSIBLE);
	write_text("n", "-9");
	check("n", 4, 1);
}

static void file_is_read_again(void)
{
	struct buf err = BUF_INIT;
	struct jobspec spec;

	write_text("n", "3");
	CHECK_INT(jobspec_parse(&spec, "--max", "n", &err), 0);
	CHECK_INT(spec.kind, JOBSPEC_FILE);
	CHECK_STR(spec.path, "n");
	CHECK_STR(spec.option, "--max");
	CHECK_INT(jobspec_resolve(&spec, 4, POSSIBLE, &err), 3);
	write_text("n", "5");
	CHECK_INT(jobspec_resolve(&spec, 4, POSSIBLE, &err), 5);
	CHECK_INT(unlink("n"), 0);
	CHECK_INT(jobspec_resolve(&spec, 4, POSSIBLE, &err), 0);
	CHECK_STR(err.data,
		  "--max: cannot read 'n': No such file or directory");
	buf_release(&err);
}

static void files_of_something_else(void)
{
	char large[400];

	write_text("n", "");
	check_bad("n", "-j: 'n' holds no number of jobs");
	write_text("n", "3 4\n");
	check_bad("n", "-j: 'n' holds no number of jobs");
	write_text("n", "99999999");
	check_bad("n", "-j: 'n' holds no number of jobs");
	write_file("n", "3\0" "4", 3);
	check_bad("n", "-j: 'n' holds no number of jobs");
	memset(large, '\n', sizeof(large));
	large[0] = '3';
	write_file("n", large, sizeof(large));
	check_bad("n", "-j: 'n' holds no number of jobs");
}

static void files_are_not_nested(void)
{
	write_text("inner", "3");
	write_text("n", "inner");
	check_bad("n", "-j: 'n' holds no number of jobs");
}

static void number_before_file(void)
{
	write_text("7", "3");
	check("7", 4, 7);
	check("./7", 4, 3);
}

static void file_becomes_fifo(void)
{
	struct buf err = BUF_INIT;
	struct jobspec spec;

	write_text("n", "3");
	CHECK_INT(jobspec_parse(&spec, "-j", "n", &err), 0);
	CHECK_INT(unlink("n"), 0);
	CHECK_INT(mkfifo("n", 0600), 0);
	CHECK_INT(jobspec_resolve(&spec, 4, POSSIBLE, &err), 0);
	CHECK_STR(err.data, "-j: 'n' holds no number of jobs");
	buf_release(&err);
}

static const struct tap_case cases[] = {
	{ "N", counts },
	{ "0 is as many as possible", zero },
	{ "sums", sums },
	{ "auto behind it", automatic },
	{ "auto: fewer after failures, more after successes", varied },
	{ "+N and -N", offsets },
	{ "never below 1", never_below_one },
	{ "N%", percents },
	{ "parts of a CPU count as one", percents_round_up },
	{ "too large", too_large },
	{ "neither number nor file", no_number },
	{ "a directory or a FIFO is no file", unknown_file_kinds },
	{ "a file", files },
	{ "a file is read again each time", file_is_read_again },
	{ "a file that holds something else", files_of_something_else },
	{ "a file that names a file", files_are_not_nested },
	{ "a number goes before a file of that name", number_before_file },
	{ "a FIFO in the place of the file does not block",
	  file_becomes_fifo },
};
TAP_MAIN(cases)
