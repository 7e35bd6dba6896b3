/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench.h - a worker of the local runner on the bench: real processes, run
 * by the test itself, their output into a fake one.
 *
 * Between bench_start and bench_end a thread stands in for main, which tells
 * of ended children on systems where there is no other way.
 */
#ifndef MUSTER_TESTS_BENCH_H
#define MUSTER_TESTS_BENCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/thread.h"
#include "fake.h"
#include "runner/local.h"

struct bench {
	struct fake *f;			/* for its output and sink */
	struct local *l;
	struct runner *r;
	void *slot;
	_Atomic int64_t timeout_ns;	/* the run's */
	uint64_t seq;			/* of the last job */
	struct thread notifier;
	atomic_bool stop;
};

/* /bin/sh, the environment, and a short term sequence that ends with KILL. */
struct local_config bench_config(void);
void bench_start_with(struct bench *b, const struct local_config *config);
void bench_start(struct bench *b);
void bench_end(struct bench *b);

/* A job for a line, with the next number. */
struct job *bench_job(struct bench *b, const char *line);
enum run_result bench_run_job(struct bench *b, struct job *job);
/* Runs a line; what it wrote is in bench_text then. */
struct job_outcome bench_run(struct bench *b, const char *line);
struct job_outcome bench_run_for(struct bench *b, const char *line,
				 int64_t timeout_ns);
/* What the last job wrote; while one runs, only bench_heard is safe: how many
 * bytes of its standard output have come. */
const struct buf *bench_text(struct bench *b, int stream);
size_t bench_heard(struct bench *b);
/* Interrupts the job that runs. */
void bench_wake(void *bench);

/* A pipe with a name, which processes of a job can hold open. */
struct holder {
	char path[600];
	int fd;
};

void holder_make(struct holder *h);
bool holder_is_held(struct holder *h);
/* The script, behind what opens it as descriptor 9; in a static buffer. */
const char *holding(struct holder *h, const char *script);

/* The reverse: "exec 8<PATH; cat <&8" lasts until it is let go. */
struct latch {
	char path[600];
	int fd;
};

void latch_make(struct latch *l);
void latch_let_go(struct latch *l);

/* A second thread that acts on the job while the first runs it. */
struct helper {
	struct bench *b;
	struct job *job;
	struct thread thread;
	struct latch *latch;
};

void helper_start(struct helper *p, struct bench *b, struct job *job,
		  void *(*fn)(void *));

#endif
