/* SPDX-License-Identifier: GPL-3.0-or-later */
/* past.c - see past.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "input/past.h"

#define READ_BYTES	((size_t)65536)
/* Columns before the command. */
#define COLUMNS		8
#define COLUMN_EXIT	6
#define COLUMN_SIGNAL	7

/* The last line of one job. Bits for the end, then where its command is: a
 * log of 2^61 bytes is out of reach. */
struct entry {
	uint64_t seq;
	uint64_t hash;		/* of the command */
	uint64_t end : 3;	/* enum past_end */
	uint64_t at : 61;	/* offset of the command */
};

struct past {
	int fd;
	struct entry *entries;	/* ascending */
	size_t n;
	size_t cap;
};

/* FNV-1a, where newline and NUL are the same byte. */
static uint64_t hash_of(const char *s, size_t len)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < len; i++) {
		h ^= (unsigned char)(s[i] == '\n' ? '\0' : s[i]);
		h *= UINT64_C(1099511628211);
	}
	return h;
}

static struct entry *next_entry(struct past *p)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 64;
		p->entries = xreallocarray(p->entries, p->cap,
					   sizeof(*p->entries));
	}
	return &p->entries[p->n++];
}

/* Digits alone, of a number that a job can have; 0: they are not. */
static uint64_t scan_seq(const char *s, size_t len)
{
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9' || n > PAST_SEQ_MAX)
			return 0;
		n = 10 * n + (uint64_t)(s[i] - '0');
	}
	return n <= PAST_SEQ_MAX ? n : 0;
}

static bool is_number(const char *s, size_t len)
{
	size_t i = len > 1 && *s == '-';

	for (; i < len && s[i] >= '0' && s[i] <= '9'; i++)
		;
	return len > 0 && i == len;
}

static bool is_text(const char *s, size_t len, const char *text)
{
	return strlen(text) == len && memcmp(s, text, len) == 0;
}

static enum past_end end_of(const char *status, size_t nstatus,
			    const char *sig, size_t nsig)
{
	if (is_text(status, nstatus, "-1"))
		return PAST_KILLED;
	/* -2: it was left out, as it wanted itself. */
	if (is_text(status, nstatus, "-2") ||
	    (is_text(status, nstatus, "0") && is_text(sig, nsig, "0")))
		return PAST_SUCCEEDED;
	return PAST_FAILED;
}

/* One line without its newline, which begins at offset at. False: it is
 * nothing that a job log has. */
static bool take_line(struct past *p, const char *line, size_t len, off_t at)
{
	const char *column[COLUMNS + 1] = { line };
	size_t width[COLUMNS];
	const char *end = line + len;
	struct entry *e;
	uint64_t seq;

	if (len >= 4 && memcmp(line, "Seq\t", 4) == 0)
		return true;
	for (unsigned i = 0; i < COLUMNS; i++) {
		const char *tab = memchr(column[i], '\t',
					 (size_t)(end - column[i]));

		if (!tab)
			return false;
		width[i] = (size_t)(tab - column[i]);
		column[i + 1] = tab + 1;
	}
	seq = scan_seq(line, width[0]);
	if (!seq || !is_number(column[COLUMN_EXIT], width[COLUMN_EXIT]) ||
	    !is_number(column[COLUMN_SIGNAL], width[COLUMN_SIGNAL]))
		return false;
	e = next_entry(p);
	e->seq = seq;
	e->at = (uint64_t)(at + (column[COLUMNS] - line));
	e->end = end_of(column[COLUMN_EXIT], width[COLUMN_EXIT],
			column[COLUMN_SIGNAL], width[COLUMN_SIGNAL]);
	e->hash = hash_of(column[COLUMNS], (size_t)(end - column[COLUMNS]));
	return true;
}

/* The whole lines in b, which begins at offset at; what is behind them stays.
 * False: *line is a bad one. */
static bool take_lines(struct past *p, struct buf *b, off_t *at,
		       unsigned long long *line)
{
	const char *s = b->data;
	const char *end = b->data + b->len;
	const char *nl;

	while ((nl = memchr(s, '\n', (size_t)(end - s))) != NULL) {
		++*line;
		if (!take_line(p, s, (size_t)(nl - s),
			       *at + (s - b->data)))
			return false;
		s = nl + 1;
	}
	if (s != b->data) {
		size_t left = (size_t)(end - s);

		*at += s - b->data;
		memmove(b->data, s, left);
		buf_truncate(b, left);
	}
	return true;
}

static int read_all(struct past *p, const char *path, struct buf *err)
{
	struct buf b = BUF_INIT;
	unsigned long long line = 0;
	off_t at = 0;
	ssize_t n;

	while ((n = fd_read(p->fd, buf_reserve(&b, READ_BYTES),
			    READ_BYTES)) > 0) {
		b.len += (size_t)n;
		b.data[b.len] = '\0';
		if (!take_lines(p, &b, &at, &line)) {
			buf_addf(err, "--joblog: '%s': line %llu is not that "
				 "of a job", path, line);
			break;
		}
	}
	if (n < 0)
		buf_addf(err, "--joblog: cannot read '%s': %s", path,
			 strerror(errno));
	buf_release(&b);
	return n == 0 ? 0 : -1;
}

static int by_seq_and_place(const void *one, const void *other)
{
	const struct entry *a = one;
	const struct entry *b = other;

	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return 0;
}

/* The last line of each job stays. */
static void sort_entries(struct past *p)
{
	size_t n = 0;

	if (p->n == 0)
		return;
	qsort(p->entries, p->n, sizeof(*p->entries), by_seq_and_place);
	for (size_t i = 1; i < p->n; i++) {
		if (p->entries[i].seq != p->entries[n].seq)
			n++;
		p->entries[n] = p->entries[i];
	}
	p->n = n + 1;
}

struct past *past_new(const char *path, struct buf *err)
{
	struct past *p = xcalloc(1, sizeof(*p));
	struct stat st;

	p->fd = fd_open(path, O_RDONLY | O_NONBLOCK, 0);
	if (p->fd < 0) {
		buf_addf(err, "--joblog: cannot read '%s': %s", path,
			 strerror(errno));
		free(p);
		return NULL;
	}
	/* A FIFO or a device has no past, and might never come to its end. */
	if (fstat(p->fd, &st) == 0 && !S_ISREG(st.st_mode) &&
	    !S_ISDIR(st.st_mode))
		return p;
	if (read_all(p, path, err) < 0) {
		past_free(p);
		return NULL;
	}
	sort_entries(p);
	return p;
}

void past_free(struct past *p)
{
	if (!p)
		return;
	fd_close(&p->fd);
	free(p->entries);
	free(p);
}

static const struct entry *find(const struct past *p, uint64_t seq)
{
	size_t from = 0;
	size_t to = p->n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (p->entries[mid].seq == seq)
			return &p->entries[mid];
		if (p->entries[mid].seq < seq)
			from = mid + 1;
		else
			to = mid;
	}
	return NULL;
}

enum past_end past_find(const struct past *p, uint64_t seq)
{
	const struct entry *e = find(p, seq);

	return e ? (enum past_end)e->end : PAST_NONE;
}

bool past_is_command(const struct past *p, uint64_t seq, const char *command,
		     size_t len)
{
	const struct entry *e = find(p, seq);

	return e && e->hash == hash_of(command, len);
}

int past_add_command(const struct past *p, uint64_t seq, struct buf *out)
{
	const struct entry *e = find(p, seq);
	size_t start = out->len;
	char *nl = NULL;
	off_t at;
	ssize_t n;

	errno = ENOENT;
	if (!e)
		return -1;
	at = (off_t)e->at;
	while (!nl) {
		char *to = buf_reserve(out, READ_BYTES);

		n = fd_pread(p->fd, to, READ_BYTES, at);
		if (n < 0)
			return -1;
		/* The file has been cut since. */
		if (n == 0)
			break;
		nl = memchr(to, '\n', (size_t)n);
		out->len += nl ? (size_t)(nl - to) : (size_t)n;
		out->data[out->len] = '\0';
		at += n;
	}
	for (size_t i = start; i < out->len; i++) {
		if (out->data[i] == '\0')
			out->data[i] = '\n';
	}
	return 0;
}

size_t past_count(const struct past *p)
{
	return p->n;
}

uint64_t past_seq(const struct past *p, size_t i)
{
	return p->entries[i].seq;
}
