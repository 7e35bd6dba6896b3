/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jobspec.c - see jobspec.h. */
#include <config.h>

#include "jobspec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arith.h"
#include "base/buf.h"
#include "base/compiler.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"

/* More workers than any system has room for: a slip, not a wish. */
#define WORKERS_MAX	1000000

/* A file that is longer holds something else. */
#define FILE_BYTES	256

/*
 * All forms but sums and the file. 0, or -1 with errno EINVAL (none of them)
 * or ERANGE (one, but too large); spec's kind and amount are set on success
 * only.
 */
static int parse_number(struct jobspec *spec, const char *word)
{
	size_t len = strlen(word);
	double percent;
	int64_t n;

	if (len && word[len - 1] == '%') {
		if (num_percent(word, &percent) < 0)
			return -1;
		if (percent > WORKERS_MAX) {
			errno = ERANGE;
			return -1;
		}
		spec->kind = JOBSPEC_PERCENT;
		spec->percent = percent;
		return 0;
	}
	if (num_int(word, -WORKERS_MAX, WORKERS_MAX, &n) < 0)
		return -1;
	spec->n = (int)n;
	if (*word == '+' || *word == '-')
		spec->kind = JOBSPEC_OFFSET;
	else
		spec->kind = n ? JOBSPEC_COUNT : JOBSPEC_ALL;
	return 0;
}

/* Is there an operator between two numbers? */
static bool has_operator(const char *word, size_t len)
{
	for (size_t i = 1; i < len; i++) {
		if (strchr("+-*/", word[i]) && strchr("0123456789.) ",
						      word[i - 1]))
			return true;
	}
	return false;
}

/* A sum of plain numbers, of which there are several. */
static int parse_sum(const char *word, size_t len, double *n)
{
	char text[FILE_BYTES + 1];

	if (len == 0 || len > FILE_BYTES ||
	    strspn(word, "0123456789.+-*/() ") < len ||
	    !has_operator(word, len)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(text, word, len);
	text[len] = '\0';
	if (arith_eval(text, n) < 0)
		return -1;
	if (*n >= -WORKERS_MAX && *n <= WORKERS_MAX)
		return 0;
	errno = ERANGE;
	return -1;
}

/* As parse_number, for sums. */
static int parse_arith(struct jobspec *spec, const char *word)
{
	bool is_offset = *word == '+' || *word == '-';
	size_t len = strlen(word);
	bool is_percent = len && word[len - 1] == '%';
	double n;

	if (parse_sum(word, len - is_percent, &n) < 0)
		return -1;
	if (is_percent) {
		spec->kind = JOBSPEC_PERCENT;
		spec->percent = n < 0 ? 0 : n;
	} else if (is_offset) {
		spec->kind = JOBSPEC_OFFSET;
		spec->n = (int)n;
	} else {
		spec->kind = JOBSPEC_COUNT;
		spec->n = n < 1 ? 1 : (int)n;
	}
	return 0;
}

/* The same, too. */
static int parse_any(struct jobspec *spec, const char *word)
{
	if (parse_number(spec, word) == 0)
		return 0;
	return errno == EINVAL ? parse_arith(spec, word) : -1;
}

/* N and "auto". */
static int parse_auto(struct jobspec *spec, const char *word)
{
	static const char tail[] = "auto";
	size_t len = strlen(word), tail_len = sizeof(tail) - 1;
	char *number;
	int ret;

	errno = EINVAL;
	if (len <= tail_len || strcmp(word + len - tail_len, tail) != 0)
		return -1;
	number = xmemdup0(word, len - tail_len);
	ret = parse_any(spec, number);
	free(number);
	spec->is_auto = ret == 0;
	return ret;
}

int jobspec_parse(struct jobspec *spec, const char *option, const char *word,
		  struct buf *err)
{
	struct stat st;

	*spec = (struct jobspec){ .option = option };
	if (parse_any(spec, word) == 0 ||
	    (errno == EINVAL && parse_auto(spec, word) == 0))
		return 0;
	if (errno == ERANGE) {
		buf_addf(err, "%s: '%s' is too large", option, word);
		return -1;
	}
	if (stat(word, &st) < 0) {
		buf_addf(err, "%s: '%s' is neither N, +N, -N, N%% nor a file",
			 option, word);
		return -1;
	}
	if (!S_ISREG(st.st_mode)) {
		buf_addf(err, "%s: '%s' is %s", option, word,
			 S_ISDIR(st.st_mode) ? "a directory"
					     : "not a regular file");
		return -1;
	}
	spec->kind = JOBSPEC_FILE;
	spec->path = word;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The bytes of a small regular file in text, as a string; that of anything
 * else is empty. 0, or -1 with errno. */
static int read_text(const char *path, char text[FILE_BYTES + 1])
{
	/* Not to wait for the writer of a FIFO that took the file's place. */
	int fd = fd_open(path, O_RDONLY | O_NONBLOCK, 0);
	struct stat st;
	ssize_t n;
	int err;

	if (fd < 0)
		return -1;
	n = fstat(fd, &st);
	if (n == 0 && S_ISREG(st.st_mode))
		n = fd_pread(fd, text, FILE_BYTES + 1, 0);
	err = errno;
	fd_close(&fd);
	errno = err;
	if (n < 0)
		return -1;
	if (n > FILE_BYTES || memchr(text, '\0', (size_t)n))
		n = 0;
	text[n] = '\0';
	return 0;
}

/* Reads the file of spec into now. 0, or -1 with a message. */
static int read_file(const struct jobspec *spec, struct jobspec *now,
		     struct buf *err)
{
	char text[FILE_BYTES + 1];
	char *start = text;
	size_t len;

	*now = (struct jobspec){ .option = spec->option };
	if (read_text(spec->path, text) < 0) {
		buf_addf(err, "%s: cannot read '%s': %s", spec->option,
			 spec->path, strerror(errno));
		return -1;
	}
	while (is_blank(*start))
		start++;
	for (len = strlen(start); len && is_blank(start[len - 1]); len--)
		start[len - 1] = '\0';
	if (parse_any(now, start) == 0)
		return 0;
	buf_addf(err, "%s: '%s' holds no number of jobs", spec->option,
		 spec->path);
	return -1;
}

static unsigned within(double n)
{
	if (n < 1)
		return 1;
	return n > WORKERS_MAX ? WORKERS_MAX : (unsigned)n;
}

/* Rounded up, as GNU parallel's. */
static unsigned percent_of(unsigned cpus, double percent)
{
	double n = cpus * percent / 100;
	unsigned whole = within(n);

	return n > whole ? within(n + 1) : whole;
}

unsigned jobspec_resolve(const struct jobspec *spec, unsigned cpus,
			 unsigned possible, struct buf *err)
{
	struct jobspec now = *spec;

	if (spec->kind == JOBSPEC_FILE && read_file(spec, &now, err) < 0)
		return 0;
	switch (now.kind) {
	case JOBSPEC_COUNT:
		return (unsigned)now.n;
	case JOBSPEC_ALL:
		return possible;
	case JOBSPEC_OFFSET:
		return within((double)cpus + now.n);
	case JOBSPEC_PERCENT:
		return percent_of(cpus, now.percent);
	case JOBSPEC_UNSET:
	case JOBSPEC_FILE:
		break;
	}
	BUG("no number of jobs to resolve");
}
