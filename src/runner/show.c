/* SPDX-License-Identifier: GPL-3.0-or-later */
/* show.c - see show.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "base/thread.h"
#include "runner/show.h"
#include "sched/job.h"

/* So that a write after poll does not block where a job was faster. The flag
 * must not be set for all who share the description. */
static int open_again(void)
{
#ifdef HAVE_PROCFS
	struct stat st;

	if (fstat(1, &st) == 0 &&
	    (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		return fd_open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK, 0);
#endif
	return -1;
}

void show_init(struct show *s, bool at_once)
{
	*s = (struct show){
		.is_tty = { false, isatty(1) == 1, isatty(2) == 1 },
		.out = at_once ? open_again() : -1,
	};
}

void show_release(struct show *s)
{
	fd_close(&s->out);
}

void show_add(const struct show *s, const struct job *job, int fd,
	      struct buf *line)
{
	if (s->is_tty[fd])
		buf_add_visible_lines(line, job->command);
	else
		buf_addstr(line, job->command);
	buf_addch(line, '\n');
}

/* One piece. How much; 0: not now; -1 with errno. */
static ssize_t write_some(const struct show *s, const char *data, size_t len)
{
	struct pollfd p = { .fd = 1, .events = POLLOUT };
	ssize_t n = thread_poll(&p, 1, -1);

	if (n > 0)
		n = write(s->out >= 0 ? s->out : 1, data,
			  len < PIPE_BUF ? len : PIPE_BUF);
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : n;
}

int show_at_once(const struct show *s, const struct job *job)
{
	struct buf line = BUF_INIT;
	size_t done = 0;
	ssize_t n = 0;

	show_add(s, job, 1, &line);
	while (n >= 0 && done < line.len &&
	       atomic_load(&job->order) == JOB_GO) {
		n = write_some(s, line.data + done, line.len - done);
		done += n > 0 ? (size_t)n : 0;
	}
	buf_release(&line);
	return n < 0 ? -1 : 0;
}
