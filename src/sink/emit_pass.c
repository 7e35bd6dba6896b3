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
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fdio.h"
#include "sched/job.h"
#include "sink/emit_impl.h"

#ifdef HAVE_SPLICE

#define PASS_BYTES	((size_t)1 << 20)
#define BULK_BYTES	((int64_t)256 << 10)
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

/* The pipe behind us, when there is much to come: half as many turns for all
 * three of us. */
static void widen(const struct emit *e, struct out *out, ssize_t n)
{
	if (out->passed <= BULK_BYTES && out->passed + n > BULK_BYTES)
		fd_widen_pipe(out_of(e));
	out->passed += n;
}

static void give_up(struct emit *e, int err)
{
	diag_debug(DIAG_EMIT, "splice: %s", strerror(err));
	mutex_lock(&e->lock);
	e->can_pass = false;
	mutex_unlock(&e->lock);
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
	n = splice(fd, NULL, out_of(e), NULL, PASS_BYTES,
		   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n > 0) {
		widen(e, out, n);
		return n;
	}
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
