/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * blocks.c - see blocks.h.
 *
 * One buffer is filled at a time: the header, if it is repeated, then what was
 * read and belongs to no block yet. When that is cut, either the buffer goes
 * out and the rest moves to a new one, or the block is copied and the rest
 * stays.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "input/blocks.h"
#include "input/blocks_impl.h"
#include "input/group.h"
#include "input/recsep.h"

/* Memory for a block is taken in such steps while it arrives. */
#define CHUNK		((size_t)1 << 20)
#define BLOCK_MAX	(((size_t)1 << 31) - 1)

struct blocks {
	int fd;
	struct blocks_opts opts;
	bool never_waits;
	bool at_end;
	bool is_filled;		/* since the last cut, or try of one */
	bool has_cut;		/* the first record is out */
	bool seeks_header;
	bool seeks_parts;	/* all is to be copied first */
	regex_t header_re;
	bool has_header_re;
	struct buf header;
	struct buf problem;
	size_t head;		/* bytes of it before each block */

	size_t target;		/* bytes of a block, now */
	char *mem;		/* the header, data */
	size_t cap;		/* of mem */
	size_t start;		/* of the data in mem */
	size_t len;		/* of the data */
	size_t clean;		/* so much of it was looked at: skip_blank */

	/* the count so far, in the data */
	uint64_t found;
	size_t next;
	size_t at;

	atomic_bool stop;
	struct mutex lock;
	struct thread reader;	/* guarded by lock, as is is_waiting */
	bool is_waiting;
};

/* The header. */

/* ":" and "N": how many lines; 0: it is an expression. */
uint64_t blocks_header_lines(const char *header)
{
	int64_t n;

	if (strcmp(header, ":") == 0)
		return 1;
	return num_int(header, 1, INT64_MAX, &n) == 0 ? (uint64_t)n : 0;
}

static size_t match_lines(const char *data, size_t len, uint64_t lines)
{
	const char *at = data;

	for (; lines; lines--) {
		at = memchr(at, '\n', len - (size_t)(at - data));
		if (!at)
			return 0;
		at++;
	}
	return (size_t)(at - data);
}

/* The length of the header that data begins with; 0: not (yet). */
size_t blocks_match_header(const regex_t *re, const char *header,
			   const char *data, size_t len)
{
	uint64_t lines = blocks_header_lines(header);

	if (lines)
		return match_lines(data, len, lines);
#ifdef REG_STARTEND
	regmatch_t m = { .rm_so = 0, .rm_eo = (regoff_t)len };

	if (regexec(re, data, 1, &m, REG_STARTEND) == 0 && m.rm_so == 0)
		return (size_t)m.rm_eo;
#else
	(void)re;
#endif
	return 0;
}

/* Life cycle. */

static void set_target(struct blocks *b, size_t bytes)
{
	b->target = bytes < BLOCK_MAX ? bytes : BLOCK_MAX;
	if (b->target == 0)
		b->target = 1;
}

static off_t position(int fd)
{
	off_t at = lseek(fd, 0, SEEK_CUR);

	return at < 0 ? 0 : at;
}

size_t blocks_bytes(int64_t size, uint64_t parts)
{
	return size > 0 ? (size_t)((uint64_t)size / parts) + 1 : 1;
}

struct blocks *blocks_new(int fd, const struct blocks_opts *opts,
			  struct buf *err)
{
	struct blocks *b = xcalloc(1, sizeof(*b));
	struct stat st;

	b->opts = *opts;
	b->seeks_header = opts->header != NULL;
	if (opts->header && !blocks_header_lines(opts->header)) {
		if (recsep_compile(&b->header_re, "--header",
				   opts->header, err) < 0) {
			free(b);
			return NULL;
		}
		b->has_header_re = true;
	}
	b->fd = fd;
	b->never_waits = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	set_target(b, opts->bytes);
	if (opts->parts && b->never_waits)
		set_target(b, blocks_bytes(st.st_size - position(fd),
					   opts->parts));
	b->seeks_parts = opts->parts && !b->never_waits;
	buf_init(&b->header);
	buf_init(&b->problem);
	atomic_init(&b->stop, false);
	mutex_init(&b->lock);
	/* For larger reads. */
	fd_widen_pipe(fd, FD_PIPE_MAX);
	return b;
}

void blocks_free(struct blocks *b)
{
	if (!b)
		return;
	if (b->fd != 0)
		fd_close(&b->fd);
	if (b->has_header_re)
		regfree(&b->header_re);
	buf_release(&b->header);
	buf_release(&b->problem);
	mutex_release(&b->lock);
	free(b->mem);
	free(b);
}

const char *blocks_header(const struct blocks *b, size_t *len)
{
	*len = b->header.len;
	return b->header.data;
}

const char *blocks_problem(const struct blocks *b)
{
	return b->problem.len ? b->problem.data : NULL;
}

static bool is_stopped(struct blocks *b)
{
	return atomic_load_explicit(&b->stop, memory_order_relaxed);
}

void blocks_stop(struct blocks *b)
{
	mutex_lock(&b->lock);
	atomic_store_explicit(&b->stop, true, memory_order_relaxed);
	if (b->is_waiting)
		thread_wake(b->reader);
	mutex_unlock(&b->lock);
}

/* Reading. */

static bool begin_wait(struct blocks *b)
{
	mutex_lock(&b->lock);
	b->is_waiting = !is_stopped(b);
	b->reader = thread_self();
	mutex_unlock(&b->lock);
	return b->is_waiting;
}

static void end_wait(struct blocks *b)
{
	mutex_lock(&b->lock);
	b->is_waiting = false;
	mutex_unlock(&b->lock);
}

/* 1: there is input, or the reader is to stop; 0: the time is up; -1. */
static int wait_for_input(struct blocks *b, int64_t end_ns)
{
	struct pollfd p = { .fd = b->fd, .events = POLLIN };
	int64_t left = -1;
	int ret;

	do {
		if (!begin_wait(b))
			return 1;
		if (end_ns >= 0) {
			left = end_ns - clock_now_ns();
			left = left > 0 ? left : 0;
		}
		ret = thread_poll(&p, 1, left);
		end_wait(b);
	} while (ret < 0 && errno == EINTR);
	return ret;
}

/* One read: its bytes; 0 at the end, which at_end says, when stopped, or when
 * the time is up; -1 with errno. */
static ssize_t read_some(struct blocks *b, char *to, size_t room,
			 int64_t end_ns)
{
	ssize_t n;

	do {
		int ready = b->never_waits ? 1 : wait_for_input(b, end_ns);

		if (ready <= 0 || is_stopped(b))
			return ready < 0 ? -1 : 0;
		n = read(b->fd, to, room);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN ||
			   errno == EWOULDBLOCK));
	b->at_end = n == 0;
	return n;
}

/* Room for n bytes behind the data, or for some of them. Returns for how many.
 */
static size_t make_room(struct blocks *b, size_t n)
{
	size_t step = n < CHUNK ? n : CHUNK;

	if (b->start + b->len + step > b->cap && b->start > b->head) {
		memmove(b->mem + b->head, b->mem + b->start, b->len);
		b->start = b->head;
	}
	if (b->start + b->len + step > b->cap) {
		size_t want = b->cap + b->cap / 2;

		if (want > b->start + b->len + n)
			want = b->start + b->len + n;
		if (want < b->start + b->len + step)
			want = b->start + b->len + step;
		b->mem = xrealloc(b->mem, want + 1);
		b->cap = want;
	}
	step = b->cap - b->start - b->len;
	return step < n ? step : n;
}

/* Lines of blanks among what is new; a last line without its end may become
 * one or not. */
static void drop_blank(struct blocks *b)
{
	char *data = b->mem + b->start;
	size_t to = b->clean, from = b->clean;

	for (;;) {
		const char *end = memchr(data + from, '\n', b->len - from);
		size_t n = end ? (size_t)(end - (data + from)) + 1 : 0;
		size_t i = 0;

		if (!end)
			break;
		while (data[from + i] != '\n' &&
		       strchr(" \t\r\f\v", data[from + i]) && data[from + i])
			i++;
		if (data[from + i] != '\n') {
			memmove(data + to, data + from, n);
			to += n;
		}
		from += n;
	}
	b->clean = to;
	memmove(data + to, data + from, b->len - from);
	b->len -= from - to;
}

/* Puts the header aside when it has come. It may be longer than a block. 0, or
 * -1 with a problem. */
static int take_header(struct blocks *b)
{
	size_t n;

	b->mem[b->start + b->len] = '\0';
	n = blocks_match_header(&b->header_re, b->opts.header,
				b->mem + b->start, b->len);

	if (n)
		buf_add(&b->header, b->mem + b->start, n);
	if (!n && !b->at_end)
		return 0;
	if (n && b->opts.group && group_has_name(b->opts.group) &&
	    group_set_names(b->opts.group, b->header.data, n,
			    &b->problem) < 0)
		return -1;
	b->seeks_header = false;
	/* It stays where it is. */
	BUG_ON(b->start != 0);
	b->head = b->opts.repeat_header ? n : 0;
	b->start = n;
	b->len -= n;
	b->clean = 0;
	return 0;
}

/* Fills up to a multiple of the target, or for one read with is_eager. 0, or
 * -1 with errno. */
static int fill(struct blocks *b, bool is_eager)
{
	size_t want = b->target - b->len % b->target;
	int64_t end_ns = -1;

	if (b->opts.timeout_ns)
		end_ns = clock_now_ns() + b->opts.timeout_ns;
	do {
		size_t room = make_room(b, want);
		ssize_t n = read_some(b, b->mem + b->start + b->len, room,
				      end_ns);

		if (n < 0)
			return -1;
		b->len += (size_t)n;
		want -= (size_t)n;
		if (b->seeks_header) {
			if (take_header(b) < 0)
				return -1;
			want = b->target - b->len % b->target;
		}
		if (n == 0)
			break;
	} while (want && (!is_eager || b->seeks_header));
	if (b->opts.skip_blank)
		drop_blank(b);
	b->is_filled = true;
	return 0;
}

/* Cutting: where the block at the start of the data ends, or 0. */

static struct recsep_text text_of(const struct blocks *b)
{
	b->mem[b->start + b->len] = '\0';
	return (struct recsep_text){ b->mem + b->start, b->len, b->at_end };
}

/* After so many records, counting goes on where it was. */
static size_t cut_records(struct blocks *b, uint64_t records)
{
	struct recsep_text t = text_of(b);
	struct border border;

	if (b->found == 0 && !b->has_cut && !recsep_begins(b->opts.recsep, &t))
		records = 1;
	while (b->found < records &&
	       recsep_find(b->opts.recsep, &t, b->next, &border)) {
		/* An expression that matches nothing finds some twice. */
		if (b->found == 0 || border.at > b->at)
			b->found++;
		b->next = border.next;
		b->at = border.at;
	}
	return b->found == records ? b->at : 0;
}

static size_t cut_lines(const struct blocks *b)
{
	const char *data = b->mem + b->start, *at = data;
	size_t cut = 0;
	uint64_t n = 0;

	while ((at = memchr(at, '\n', b->len - (size_t)(at - data)))) {
		at++;
		if (++n % b->opts.lines == 0)
			cut = (size_t)(at - data);
	}
	return cut;
}

/* As GNU parallel: 30 % and one, rounded up. */
size_t blocks_larger(size_t bytes)
{
	return bytes + 1 + (bytes * 3 + 9) / 10;
}

/* A record is longer than that. */
static void grow(struct blocks *b)
{
	set_target(b, blocks_larger(b->target));
}

/* The first border behind the size of a block, as blocks_part has it, so that
 * there are no more blocks than asked for. */
static size_t cut_part(const struct blocks *b, const struct recsep_text *t)
{
	struct border border = { .next = 0 };

	if (b->len <= b->target)
		return 0;
	if (recsep_is_simple(b->opts.recsep))
		border.next = b->target;
	while (recsep_find(b->opts.recsep, t, border.next, &border)) {
		if (border.at > b->target)
			return border.at;
	}
	return 0;
}

static size_t find_cut(struct blocks *b)
{
	uint64_t lines = b->opts.lines ? b->opts.lines : 1;
	struct recsep_text t;
	size_t cut = 0;

	if (b->len == 0)
		return 0;
	t = text_of(b);
	if (b->opts.records)
		return cut_records(b, b->opts.records * lines);
	if (!b->is_filled)
		return 0;
	b->is_filled = false;
	if (b->opts.lines)
		cut = cut_lines(b);
	else if (b->opts.parts)
		return cut_part(b, &t);
	else if (!b->at_end)
		cut = recsep_last(b->opts.recsep, &t);
	if (cut == 0 && !b->opts.timeout_ns && !b->at_end)
		grow(b);
	return cut;
}

/* Handing out. */

/* The buffer goes out, the rest moves to a new one. */
static char *part_with_buffer(struct blocks *b, size_t n)
{
	size_t head = b->head, rest = b->len - n;
	char *out = b->mem;

	b->cap = head + (b->target < CHUNK ? b->target : CHUNK);
	if (b->cap < head + rest)
		b->cap = head + rest;
	b->mem = xmalloc(b->cap + 1);
	memcpy(b->mem, b->header.data, head);
	memcpy(b->mem + head, out + head + n, rest);
	b->start = head;
	return out;
}

/* 1, or 0 when nothing is left of it without its separators. */
static int hand_out(struct blocks *b, size_t n, char **data, size_t *len)
{
	size_t head = b->head, rest = b->len - n;

	/* Most of the memory is the block's, or it is not worth its own. */
	if (b->start == head && n >= rest && n >= b->cap / 4) {
		*data = part_with_buffer(b, n);
	} else {
		*data = xmalloc(head + n + 1);
		memcpy(*data, b->header.data, head);
		memcpy(*data + head, b->mem + b->start, n);
		b->start += n;
	}
	b->len = rest;
	b->clean = b->clean > n ? b->clean - n : 0;
	b->found = 0;
	b->next = 0;
	b->has_cut = true;
	(*data)[head + n] = '\0';
	if (b->opts.remove_separators)
		n = recsep_remove(b->opts.recsep, *data + head, n);
	*len = head + n;
	if (*len == 0)
		free(*data);
	return *len > 0;
}

/* Copies all of the input to a file, and goes on with that. 0, also when
 * stopped; or -1 with errno. */
static int collect(struct blocks *b)
{
	int tmp = fd_tmpfile(b->opts.tmpdir);
	char *buffer = tmp < 0 ? NULL : xmalloc(CHUNK);
	int64_t size = 0;
	ssize_t n = tmp < 0 ? -1 : 1;
	int err;

	while (n > 0 && (n = read_some(b, buffer, CHUNK, -1)) > 0) {
		size += n;
		if (fd_write_all(tmp, buffer, (size_t)n) < 0)
			n = -1;
	}
	if (n == 0 && lseek(tmp, 0, SEEK_SET) < 0)
		n = -1;
	err = errno;
	free(buffer);
	if (b->fd != 0)
		fd_close(&b->fd);
	b->fd = tmp;
	b->never_waits = true;
	b->seeks_parts = false;
	b->at_end = false;
	set_target(b, blocks_bytes(size, b->opts.parts));
	errno = err;
	return n < 0 ? -1 : 0;
}

int blocks_next(struct blocks *b, char **data, size_t *len)
{
	if (b->seeks_parts && collect(b) < 0)
		goto failed;
	while (!is_stopped(b)) {
		size_t cut = b->seeks_header ? 0 : find_cut(b);

		if (!cut && b->at_end) {
			if (b->len == 0)
				return 0;
			cut = b->len;
		}
		if (cut && hand_out(b, cut, data, len))
			return 1;
		if (cut)
			continue;
		if (b->opts.records && b->len && b->len % b->target == 0)
			grow(b);
		if (fill(b, b->opts.records || b->opts.is_eager) < 0)
			goto failed;
	}
	return 0;

failed:
	b->at_end = true;
	b->len = 0;
	return -1;
}
