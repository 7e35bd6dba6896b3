/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * steer_impl.h - what the files of steer share: steer.c, the server;
 * steer_request.c, what is asked; steer_sink.c, what is known of jobs.
 */
#ifndef MUSTER_STEER_IMPL_H
#define MUSTER_STEER_IMPL_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/thread.h"
#include "base/usock.h"
#include "sched/sink.h"
#include "steer.h"

#define STEER_CLIENTS		64
/* Bytes of a request, its newline not counted. */
#define STEER_LINE		((size_t)1 << 20)
/* Failed jobs that are remembered, the latest; and their memory. */
#define STEER_FAILED		10000
#define STEER_FAILED_BYTES	((size_t)16 << 20)

struct steer_client {
	int fd;
	bool is_closing;	/* when its answer is sent */
	struct buf in;
	size_t scanned;		/* of in: no newline there */
	struct buf out;
	size_t sent;		/* of out */
	int64_t taken_ns;	/* when it last took something */
};

/* The job that a slot runs, or ran last. */
struct steer_run {
	uint64_t seq;
	unsigned tries;
	int64_t start_ns;	/* clock_run_ns */
};

struct steer_slots {
	struct steer_run *runs;	/* by slot, from 1 */
	size_t n;
};

struct steer {
	struct steer_config cfg;	/* constant, as start_ns and owner */
	int64_t start_ns;		/* clock_run_ns */
	uid_t owner;
	struct sink sink;

	/* The server's thread's; steer_stop's once that is joined. */
	struct usock socket;
	struct steer_client clients[STEER_CLIENTS];
	size_t nclients;
	int64_t deaf_until_ns;		/* no descriptor for one more; or 0 */
	struct thread thread;
	bool has_thread;
	atomic_bool quit;

	struct mutex lock;		/* guards all that follows */
	struct steer_slots *slots;	/* by stage */
	struct list failed;		/* jobs to be run anew, oldest first */
	size_t nfailed;
	size_t failed_bytes;
};

/* steer_request.c */

/* Adds the answer to the request: line is len bytes and a NUL, and changed. */
void steer_request(struct steer *s, char *line, size_t len, struct buf *out);
/* Adds an answer that says no. */
void steer_refuse(struct buf *out, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* steer_sink.c */

void steer_sink_init(struct steer *s);
void steer_sink_release(struct steer *s);
/* A job with what the failed one had, no longer remembered; or NULL. */
struct job *steer_take_failed(struct steer *s, uint64_t seq);
/* What is known of the try that the job with that number is at; false when it
 * has not been started yet. */
bool steer_find_run(struct steer *s, unsigned stage, unsigned slot,
		    uint64_t seq, struct steer_run *out);

#endif
