/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * records.c - delimited records from a descriptor.
 *
 * One buffer holds what the last read gave: data[start..end) is still to be
 * handed out, and data[start..scanned) is known to hold no delimiter. A
 * record is handed out in place, its delimiter overwritten by the NUL. When
 * no whole record is left, the rest moves to the front, and the buffer grows
 * only if that rest fills it.
 *
 * records_stop and the reader meet in two ways. The flag alone ends a reader
 * that is not waiting. One that waits is in thread_poll, and has left its
 * identity under the lock, so that the wake never goes to a thread that has
 * ended. Regular files never wait and are read without poll.
 */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/thread.h"
#include "input/records.h"

#define CHUNK	((size_t)64 << 10)

struct records {
	int fd;
	bool never_waits;	/* a regular file */
	bool at_end;
	unsigned char delimiter;
	char *data;		/* cap + 1 bytes: the last record's NUL */
	size_t cap;
	size_t start;
	size_t scanned;
	size_t end;
	uint64_t number;
	char *name;

	atomic_bool stop;	/* a flag; nothing else hangs on its order */
	struct mutex lock;
	bool is_waiting;	/* under lock: reader is in thread_poll */
	struct thread reader;	/* under lock, while is_waiting */
};

struct records *records_new(int fd, const char *name, unsigned char delimiter)
{
	struct records *r = xcalloc(1, sizeof(*r));
	struct stat st;

	r->fd = fd;
	r->never_waits = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	r->delimiter = delimiter;
	r->cap = CHUNK;
	r->data = xmalloc(r->cap + 1);
	r->name = xstrdup(name);
	atomic_init(&r->stop, false);
	mutex_init(&r->lock);
	return r;
}

void records_free(struct records *r)
{
	if (!r)
		return;
	if (r->fd != 0)
		fd_close(&r->fd);
	mutex_release(&r->lock);
	free(r->name);
	free(r->data);
	free(r);
}

uint64_t records_number(const struct records *r)
{
	return r->number;
}

const char *records_name(const struct records *r)
{
	return r->name;
}

static bool is_stopped(struct records *r)
{
	return atomic_load_explicit(&r->stop, memory_order_relaxed);
}

void records_stop(struct records *r)
{
	mutex_lock(&r->lock);
	atomic_store_explicit(&r->stop, true, memory_order_relaxed);
	if (r->is_waiting)
		thread_wake(r->reader);
	mutex_unlock(&r->lock);
}

/* Says where the wake has to go; false when it is too late to wait. */
static bool begin_wait(struct records *r)
{
	mutex_lock(&r->lock);
	r->is_waiting = !is_stopped(r);
	r->reader = thread_self();
	mutex_unlock(&r->lock);
	return r->is_waiting;
}

static void end_wait(struct records *r)
{
	mutex_lock(&r->lock);
	r->is_waiting = false;
	mutex_unlock(&r->lock);
}

/* Returns when there is input or the reader is to stop. */
static int wait_for_input(struct records *r)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	int ret;

	do {
		if (!begin_wait(r))
			return 0;
		ret = thread_poll(&p, 1, -1);
		end_wait(r);
	} while (ret < 0 && errno == EINTR);
	return ret;
}

/* One read(2): bytes, 0 at the end (also when stopped), -1 with errno. */
static ssize_t read_some(struct records *r, char *to, size_t room)
{
	ssize_t n;

	do {
		if (!r->never_waits && wait_for_input(r) < 0)
			return -1;
		if (is_stopped(r))
			return 0;
		n = read(r->fd, to, room);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN ||
			   errno == EWOULDBLOCK));
	return n;
}

/* Room for at least one more byte behind the rest. */
static int make_room(struct records *r)
{
	size_t rest = r->end - r->start;

	if (rest > RECORDS_LEN_MAX) {
		errno = EFBIG;
		return -1;
	}
	if (r->start) {
		memmove(r->data, r->data + r->start, rest);
		r->scanned -= r->start;
		r->end = rest;
		r->start = 0;
	}
	if (r->end == r->cap) {
		r->cap = r->cap > RECORDS_LEN_MAX / 2 ? RECORDS_LEN_MAX + CHUNK
						      : 2 * r->cap;
		r->data = xrealloc(r->data, r->cap + 1);
	}
	return 0;
}

/* Adds what one read gives; at_end when that is nothing. */
static int fill(struct records *r)
{
	ssize_t n;

	if (make_room(r) < 0)
		return -1;
	n = read_some(r, r->data + r->end, r->cap - r->end);
	if (n < 0)
		return -1;
	r->at_end = n == 0;
	r->end += (size_t)n;
	return 0;
}

static int hand_out(struct records *r, size_t to, char **rec, size_t *len)
{
	r->data[to] = '\0';
	*rec = r->data + r->start;
	*len = to - r->start;
	r->start = r->scanned = to < r->end ? to + 1 : to;
	r->number++;
	return 1;
}

int records_next(struct records *r, char **rec, size_t *len)
{
	while (LIKELY(!is_stopped(r))) {
		char *hit = memchr(r->data + r->scanned, r->delimiter,
				   r->end - r->scanned);

		if (LIKELY(hit != NULL))
			return hand_out(r, (size_t)(hit - r->data), rec, len);
		r->scanned = r->end;
		if (!r->at_end && fill(r) < 0)
			goto failed;
		/* A stop looks like the end; what is left is then no record. */
		if (!r->at_end || is_stopped(r))
			continue;
		return r->start < r->end ? hand_out(r, r->end, rec, len) : 0;
	}
	return 0;

failed:
	r->at_end = true;
	r->start = r->scanned = r->end;
	return -1;
}
