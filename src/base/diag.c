/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * diag.c - everything that muster itself says on standard error.
 *
 * What is written is built before the lock is taken: under it there is no
 * allocation, only the write. The status line is erased and drawn again in
 * the same writev as the message, so it never flickers or mixes with it.
 */
#include <config.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/fdio.h"
#include "base/thread.h"

/* To the first column, then away with what is on the line. */
#define ERASE		"\r\033[K"
/* The same from the first of several lines on. */
#define ERASE_LINES	"\r\033[%uA\033[J"
#define ERASE_MAX	32

#define LOOK_MS		100

/* Written by diag_setup alone, before there is a second thread. */
static const char *diag_name = "muster";
static bool is_terminal;

static _Atomic unsigned debug_areas;

/* When waiting for a reader ends (clock_now_ns); 0: not yet. */
static _Atomic int64_t patience_end;
/* Set before there is a second thread. */
static bool (*is_wanted)(void);

/* Which worker this thread is; 0: none. */
static _Thread_local unsigned worker;

/* Held while writing to standard error. */
static struct mutex lock = MUTEX_INIT;
/* What stands at the bottom, by part; guarded by lock, as is drawn. */
static struct buf status[2] = { BUF_INIT, BUF_INIT };
static unsigned drawn;	/* lines of it on the screen above the cursor's */
/*
 * Whether status is not empty; written under lock. Relaxed: one who misses
 * the first status line by a moment is no worse off than just before it.
 */
static atomic_bool has_status;
/* Whether a line has been lost: for the exit status, at the end. */
static atomic_bool is_lost;
/* Whether output has left the terminal's cursor within a line: there the
 * status line is not drawn. Relaxed, for the same reason. */
static atomic_bool is_in_line;

static bool in_line(void)
{
	return atomic_load_explicit(&is_in_line, memory_order_relaxed);
}

static void set_in_line(bool yes)
{
	atomic_store_explicit(&is_in_line, yes, memory_order_relaxed);
}

/*
 * Who does not read must not keep a run from ending: a line is waited for
 * until there is room for it, but not while a signal waits to be obeyed, nor
 * when the run has been told to hurry and that time is over.
 */
static bool has_room_locked(void)
{
	int64_t until;

	for (;;) {
		struct pollfd p = { STDERR_FILENO, POLLOUT, 0 };

		if (poll(&p, 1, 0) != 0)
			return true;
		until = atomic_load(&patience_end);
		if (until && clock_now_ns() >= until)
			return false;
		if (poll(&p, 1, LOOK_MS) > 0)
			return true;
		if (is_wanted && is_wanted())
			return false;
	}
}

/* More than this may not fit where there is room. */
static int write_vectors_locked(struct iovec *v, int n)
{
	size_t len = 0;

	for (int i = 0; i < n; i++)
		len += v[i].iov_len;
	if (len <= PIPE_BUF)
		return has_room_locked() ? fd_writev_all(STDERR_FILENO, v, n)
					 : -1;
	for (int i = 0; i < n; i++) {
		const char *p = v[i].iov_base;

		len = v[i].iov_len;
		while (len > 0) {
			size_t piece = len < PIPE_BUF ? len : PIPE_BUF;

			if (!has_room_locked() ||
			    fd_write_all(STDERR_FILENO, p, piece) < 0)
				return -1;
			p += piece;
			len -= piece;
		}
	}
	return 0;
}

static void write_ignored(void *p, size_t len)
{
	struct iovec v = { p, len };

	if (write_vectors_locked(&v, 1) < 0)
		return;	/* no one to tell */
}

static bool is_shown_locked(void)
{
	return status[0].len || status[1].len;
}

/* What takes away that which is drawn; it counts as gone. */
static struct iovec erase_locked(char text[ERASE_MAX])
{
	int n = drawn ? snprintf(text, ERASE_MAX, ERASE_LINES, drawn)
		      : snprintf(text, ERASE_MAX, ERASE);

	drawn = 0;
	return (struct iovec){ text, (size_t)n };
}

/* Both parts as three vectors; they count as drawn. */
static void add_status_locked(struct iovec v[3])
{
	bool both = status[0].len && status[1].len;

	v[0] = (struct iovec){ status[0].data, status[0].len };
	v[1] = (struct iovec){ (char *)"\n", both };
	v[2] = (struct iovec){ status[1].data, status[1].len };
	drawn = both;
	for (size_t i = 0; i < status[0].len; i++)
		drawn += status[0].data[i] == '\n';
}

static void write_status_locked(void)
{
	char erase[ERASE_MAX];
	struct iovec v[4];

	if (in_line())
		return;
	v[0] = erase_locked(erase);
	add_status_locked(v + 1);
	if (write_vectors_locked(v, ARRAY_SIZE(v)) < 0)
		return;	/* no one to tell */
}

static int write_line_locked(const char *text, size_t len)
{
	char erase[ERASE_MAX];
	struct iovec v[5] = { { (char *)"", 0 } };

	if (is_shown_locked())
		v[0] = erase_locked(erase);
	if (is_terminal && in_line()) {
		v[0] = (struct iovec){ (char *)"\n", 1 };
		set_in_line(false);
	}
	v[1] = (struct iovec){ (char *)text, len };
	add_status_locked(v + 2);
	/* There is no one to tell. */
	if (write_vectors_locked(v, ARRAY_SIZE(v)) == 0 &&
	    (!len || !fd_was_closed(STDERR_FILENO)))
		return 0;
	atomic_store(&is_lost, true);
	return -1;
}

void diag_set_wanted(bool (*fn)(void))
{
	is_wanted = fn;
}

void diag_hurry(int64_t patience_ns)
{
	atomic_store(&patience_end, clock_now_ns() + patience_ns);
}

bool diag_has_lost(void)
{
	return atomic_load(&is_lost);
}

void diag_setup(const char *name)
{
	diag_name = name;
	is_terminal = isatty(STDERR_FILENO);
}

int diag_raw(const char *text, size_t len)
{
	int saved_errno = errno;
	int ret;

	mutex_lock(&lock);
	ret = write_line_locked(text, len);
	mutex_unlock(&lock);
	errno = saved_errno;
	return ret;
}

/* text as one line with the name before it. */
static void say(const struct buf *text)
{
	struct buf line = BUF_INIT;

	buf_addf(&line, "%s: ", diag_name);
	if (is_terminal)
		buf_add_visible(&line, text->data, text->len);
	else
		buf_add(&line, text->data, text->len);
	buf_addch(&line, '\n');
	diag_raw(line.data, line.len);
	buf_release(&line);
}

void diag_msg(const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	say(&text);
	buf_release(&text);
}

void diag_err(int err, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	buf_addf(&text, ": %s", strerror(err));
	say(&text);
	buf_release(&text);
}

void diag_debug_on(unsigned areas)
{
	atomic_fetch_or_explicit(&debug_areas, areas, memory_order_relaxed);
}

bool diag_is_debug(enum diag_area area)
{
	return atomic_load_explicit(&debug_areas, memory_order_relaxed) & area;
}

void diag_set_worker(unsigned number)
{
	worker = number;
}

static const char *area_name(enum diag_area area)
{
	switch (area) {
	case DIAG_SCHED:
		return "sched";
	case DIAG_PROC:
		return "proc";
	case DIAG_EMIT:
		return "emit";
	case DIAG_INPUT:
		return "input";
	}
	BUG("unknown debug area");
}

void diag_debug(enum diag_area area, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	if (!diag_is_debug(area))
		return;
	buf_addf(&text, "%s: ", area_name(area));
	if (worker)
		buf_addf(&text, "[%u] ", worker);
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	say(&text);
	buf_release(&text);
}

static void show(unsigned part, const char *text, size_t len)
{
	struct buf fresh = BUF_INIT;
	struct buf old;

	buf_add(&fresh, text, len);
	mutex_lock(&lock);
	old = status[part];
	status[part] = fresh;
	atomic_store_explicit(&has_status, is_shown_locked(),
			      memory_order_relaxed);
	if (old.len || len)
		write_status_locked();
	mutex_unlock(&lock);
	buf_release(&old);
}

void diag_lines(const char *text, size_t len)
{
	show(0, text, len);
}

void diag_status(const char *text, size_t len)
{
	show(1, text, len);
}

bool diag_output_begin(void) NO_LOCK_CHECK
{
	char erase[ERASE_MAX];
	struct iovec v;

	if (LIKELY(!atomic_load_explicit(&has_status, memory_order_relaxed)))
		return false;
	mutex_lock(&lock);
	/* Taken away meanwhile: what stands there now is output. */
	if (!is_shown_locked()) {
		mutex_unlock(&lock);
		return false;
	}
	if (!in_line()) {
		v = erase_locked(erase);
		write_ignored(v.iov_base, v.iov_len);
	}
	return true;
}

void diag_output_end(bool began, bool within_line) NO_LOCK_CHECK
{
	set_in_line(within_line);
	if (!began)
		return;
	write_status_locked();
	mutex_unlock(&lock);
}

/* Without the lock, which the thread at fault may hold; and no memory. */
void bug_abort(const char *file, int line, const char *why)
{
	char text[512];
	int n = snprintf(text, sizeof(text) - 1, "%s%s: bug: %s:%d: %s",
			 atomic_load(&has_status) ? ERASE : "", diag_name, file,
			 line, why);
	size_t len = n < 0 ? 0 : (size_t)n;

	if (len > sizeof(text) - 2)
		len = sizeof(text) - 2;
	text[len] = '\n';
	(void)!write(STDERR_FILENO, text, len + 1);
	abort();
}
