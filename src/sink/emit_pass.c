/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emit_pass.c - the live job's output, without a copy and without the writer.
 *
 * While the writer has nothing to do and nothing is held of the live job, its
 * worker may splice from the job's pipe to where standard output goes. Nothing
 * can come to stand before that meanwhile: only this worker adds to the job
 * at the head, and the head stays until it has ended the job. A pipe that is
 * full is no reason to wait here: the worker does, with an ear for the clock,
 * and only for a job that has printed much.
 *
 * To a file it goes by way of a pipe of our own, the relay, which is empty
 * whenever emit_pass is not at work. From pipe to pipe nothing is copied;
 * splice to a file copies, and holds the lock of the pipe it takes from
 * meanwhile, so that the job could not write. And so it is known how much
 * there is: splice does not lock the position of a file, which others may
 * share (our own messages, with 2>&1, or another program). lseek does: it
 * claims the place, and splice writes there.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fdio.h"
#include "sched/job.h"
#include "sink/emit_impl.h"

#ifdef HAVE_SPLICE

#define PASS_BYTES	((size_t)1 << 20)
#define RELAY_BYTES	(512 << 10)
/* Who has written so much, in its turn, gets larger pipes. One job at a time:
 * users have no more than 64 of FD_PIPE_MAX for all they run. */
#define BULK_BYTES	((int64_t)256 << 10)
/* Where there are fewer descriptors, jobs need them more. */
#define FDS_ENOUGH	256
/* The writer is faster with what is short: it writes that of many jobs at
 * once to a file, while their workers start others. */
#define FILE_BYTES	((uint64_t)64 << 10)

static int out_of(const struct emit *e)
{
	return e->cfg.out_fd ? e->cfg.out_fd : 1;
}

/* A pipe, or a file that is not written to at its end wherever that is. */
static bool takes_splice(int fd, bool *is_file)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || (flags & O_APPEND) || fstat(fd, &st) < 0)
		return false;
	*is_file = S_ISREG(st.st_mode);
	return *is_file || S_ISFIFO(st.st_mode);
}

bool emit_can_pass(struct emit *e)
{
	const struct emit_config *c = &e->cfg;

	return c->mode == EMIT_ORDERED && !c->written && !c->out_offset &&
	       !c->late && !c->compress &&
	       !(out_of(e) <= 2 && fd_was_closed(out_of(e))) &&
	       takes_splice(out_of(e), &e->out_is_file);
}

/* Whoever has printed less need not wait for a slow reader, as ever. */
static bool is_long(const struct job *job)
{
	return job->outcome.out_bytes >= LIVE_MAX;
}

/* May out's worker write? If not, but soon, it is to wait for that. */
static bool may_pass_locked(struct emit *e, struct out *out,
			    const struct job *job)
{
	bool is_busy;

	if (!e->can_pass || e->is_broken[0] || out->tag.text.len ||
	    !emit_is_live(e, out))
		return false;
	is_busy = e->is_writing || out->pending || !emit_out_is_empty(out);
	out->wants_pass = is_busy && is_long(job);
	return !is_busy;
}

/* The pipes before and behind us, when there is much to come: a quarter as
 * many turns for all three of us. On the way to a file, less is better: its
 * pages are still in the caches. */
static void widen(const struct emit *e, struct out *out, int fd, ssize_t n)
{
	if (out->passed <= BULK_BYTES && out->passed + n > BULK_BYTES) {
		fd_widen_pipe(fd, e->out_is_file ? RELAY_BYTES : FD_PIPE_MAX);
		fd_widen_pipe(out_of(e), FD_PIPE_MAX);
	}
	out->passed += n;
}

static void stop_passing(struct emit *e)
{
	mutex_lock(&e->lock);
	e->can_pass = false;
	mutex_unlock(&e->lock);
}

static void give_up(struct emit *e, int err)
{
	diag_debug(DIAG_EMIT, "splice: %s", strerror(err));
	stop_passing(e);
}

/* Writes what is in the relay from at on. Returns how much is left; then errno
 * is set. */
static size_t write_relay(struct emit *e, loff_t at, size_t left)
{
	ssize_t n;

	while (left) {
		n = splice(e->relay[0], NULL, out_of(e), &at, left,
			   SPLICE_F_MOVE);
		if (n > 0) {
			left -= (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			errno = n ? errno : EIO;
			break;
		}
	}
	return left;
}

/* What was claimed up to end, and not used. */
static void give_back(int fd, off_t end, size_t left)
{
	if (lseek(fd, 0, SEEK_CUR) == end)
		(void)lseek(fd, end - (off_t)left, SEEK_SET);
}

/*
 * splice does not take the left bytes before end, which are claimed (or end is
 * negative): they are written there, as far as that can be; else the place is
 * given back, and they are appended like any other output. 0, or -1 with errno
 * when some are lost.
 */
static int save_rest(struct emit *e, struct job *job, off_t end, size_t left)
{
	char data[4096];

	while (left) {
		ssize_t n = fd_read(e->relay[0], data,
				    left < sizeof(data) ? left : sizeof(data));

		if (n <= 0)
			return -1;
		if (end >= 0 && fd_pwrite_all(out_of(e), data, (size_t)n,
					      end - (off_t)left) < 0) {
			give_back(out_of(e), end, left);
			end = -1;
		}
		if (end < 0)
			e->output.ops->append(&e->output, job, OUTPUT_OUT,
					      data, (size_t)n);
		left -= (size_t)n;
	}
	return 0;
}

/* From fd to the file. As output_ops.pass, but -1 with errno for splice's. */
static ssize_t relay(struct emit *e, struct job *job, int fd)
{
	ssize_t n = splice(fd, NULL, e->relay[1], NULL, PASS_BYTES,
			   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	size_t left;
	off_t end;

	if (n <= 0)
		return n;
	end = lseek(out_of(e), n, SEEK_CUR);
	left = end < 0 ? (size_t)n : write_relay(e, end - n, (size_t)n);
	if (!left)
		return n;
	give_up(e, errno);
	return save_rest(e, job, end, left) < 0 ? OUTPUT_LOST : n;
}

/* Only the live job's worker is here, and the lock is between it and the one
 * before. */
static bool has_relay(struct emit *e)
{
	struct rlimit r;

	if (!e->wants_relay)
		return e->relay[0] >= 0;
	e->wants_relay = false;
	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < FDS_ENOUGH)
		return false;
	fd_fork_lock();
	if (fd_pipe(e->relay) < 0)
		e->relay[0] = e->relay[1] = -1;
	fd_fork_unlock();
	if (e->relay[0] >= 0)
		fd_widen_pipe(e->relay[0], RELAY_BYTES);
	return e->relay[0] >= 0;
}

static ssize_t move(struct emit *e, struct job *job, int fd)
{
	if (e->out_is_file)
		return relay(e, job, fd);
	return splice(fd, NULL, out_of(e), NULL, PASS_BYTES,
		      SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
}

int64_t emit_pass(struct output *o, struct job *job, int fd, int *full)
{
	struct emit *e = container_of(o, struct emit, output);
	struct out *out = job->out;
	bool may;
	ssize_t n;

	if (e->out_is_file && job->outcome.out_bytes < FILE_BYTES)
		return -1;
	mutex_lock(&e->lock);
	may = may_pass_locked(e, out, job);
	mutex_unlock(&e->lock);
	if (!may)
		return -1;
	if (e->out_is_file && !has_relay(e)) {
		stop_passing(e);
		return -1;
	}
	n = move(e, job, fd);
	if (n > 0)
		widen(e, out, fd, n);
	if (n > 0 || n == OUTPUT_LOST)
		return n;
	if (n < 0 && errno == EAGAIN) {
		if (!is_long(job))
			return -1;
		*full = out_of(e);
		return 0;
	}
	/* What is wrong, the writer will find and say. */
	if (n < 0 && errno != EINTR)
		give_up(e, errno);
	return -1;
}

#else

bool emit_can_pass(struct emit *e)
{
	(void)e;
	return false;
}

int64_t emit_pass(struct output *o, struct job *job, int fd, int *full)
{
	(void)o, (void)job, (void)fd, (void)full;
	return -1;
}

#endif
