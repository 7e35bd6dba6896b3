/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rig.h - an emitter with its output captured, driven by a test in the place
 * of workers.
 */
#ifndef MUSTER_TESTS_RIG_H
#define MUSTER_TESTS_RIG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "base/compiler.h"
#include "capture.h"
#include "sched/output.h"
#include "sink/emit.h"

#define RIG_JOBS	4096

/* Waits until cond holds; the case's own time limit ends a vain wait. */
#ifndef AWAIT
#define AWAIT(cond)				\
	do {					\
		while (!(cond))			\
			usleep(200);		\
	} while (0)
#endif

struct rig {
	struct emit *e;
	struct output *o;
	struct capture cap;
	struct job *job[RIG_JOBS];	/* begun, by sequence number */
	atomic_uint wakes[RIG_JOBS];
	atomic_uint failed[2];		/* calls of failed for 1 and 2 */
	atomic_int failed_err;		/* of the last one */
	atomic_uint finished;
};

/* With files, 64 MiB of memory and the case's directory for the spool. */
void rig_start(struct rig *r, enum emit_mode mode);
/* The same; each line gets the job's number and a TAB. */
void rig_start_tagged(struct rig *r, enum emit_mode mode);
/* What is not said in config is as in rig_start. */
void rig_start_with(struct rig *r, const struct emit_config *config,
		    bool pipes);
/* Waits for the writer's end, checks that nothing is held any more, and
 * frees the emitter. */
void rig_finish(struct rig *r);
void rig_release(struct rig *r);

/* The workers' calls. */
bool rig_try_begin(struct rig *r, uint64_t seq, bool last);
/* Checked to succeed. */
void rig_begin(struct rig *r, uint64_t seq, bool last);
bool rig_room(struct rig *r, uint64_t seq);
void rig_put(struct rig *r, uint64_t seq, enum output_stream stream,
	     const void *p, size_t len);
void rig_say(struct rig *r, uint64_t seq, enum output_stream stream,
	     const char *text);
void rig_sayf(struct rig *r, uint64_t seq, enum output_stream stream,
	      const char *fmt, ...) PRINTF_LIKE(4, 5);
/* len times c, in pieces as a runner reads them. */
void rig_fill(struct rig *r, uint64_t seq, char c, size_t len);
void rig_end(struct rig *r, uint64_t seq, bool keep);
void rig_skip(struct rig *r, uint64_t seq);
/* A whole job: begins, says text, ends. */
void rig_all(struct rig *r, uint64_t seq, const char *text);
unsigned rig_wakes(struct rig *r, uint64_t seq);

#endif
