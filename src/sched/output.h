/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * output.h - where a runner puts what a job writes.
 *
 * Declared here because runners call it and sinks implement it. For each
 * job number from 1 on exactly one of `end`, `skip` or `replay` is called in
 * the end. Calls for one job come from one thread at a time.
 */
#ifndef MUSTER_SCHED_OUTPUT_H
#define MUSTER_SCHED_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct job;
struct output;

enum output_stream { OUTPUT_OUT = 0, OUTPUT_ERR = 1 };

#define OUTPUT_LOST (-2)

struct output_ops {
	/*
	 * A try begins. last tells that its output will count whatever comes
	 * (so it may be shown at once). May block while what is ready to be
	 * written is not taken by its reader; returns false, and begins
	 * nothing, when output has been given up or stop_waiting was called.
	 * wake is called, with the output's lock held, when room() may have
	 * become true and before end; it must neither block nor call the
	 * output.
	 */
	bool (*begin)(struct output *o, struct job *job, bool last,
		      void (*wake)(void *), void *wake_arg);

	/* May more of the job's output be read now? False: try again after
	 * wake. What is appended all the same is kept, above the ceiling. */
	bool (*room)(struct output *o, struct job *job);

	/* Takes len bytes (copied). */
	void (*append)(struct output *o, struct job *job,
		       enum output_stream stream, const char *data,
		       size_t len);

	/*
	 * Where the next bytes of the job can be put without a copy, and *n,
	 * for how many; commit must follow, with as many as have been (0: none
	 * have). NULL: append them. Both NULL: always so.
	 */
	char *(*reserve)(struct output *o, struct job *job,
			 enum output_stream stream, size_t *n);
	void (*commit)(struct output *o, struct job *job,
		       enum output_stream stream, size_t n);

	/*
	 * Moves what fd, a pipe in which there is something, has of the job's
	 * standard output straight to where that goes, if its turn has come
	 * and if it can be done; never blocks but for a disk. Returns how many
	 * bytes; 0: *full, a descriptor, takes no more just now; -1: they are
	 * to be read and appended; OUTPUT_LOST: some could not be read, errno
	 * says why. NULL: they are to be read, always.
	 */
	int64_t (*pass)(struct output *o, struct job *job, int fd, int *full);

	/* The job is over, or its try: keep: its output counts; else it is
	 * dropped and another try, or skip, follows. */
	void (*end)(struct output *o, struct job *job, bool keep);

	/* The try is over and another one is to follow: begin will be called
	 * again, or, if nothing comes of it, end. Until then the output of
	 * this try is the job's; begin drops it unless it was begun with
	 * last. */
	void (*rest)(struct output *o, struct job *job);

	/* The job will never (again) begin. undone: in this run; one that goes
	 * on with it will still have it to do. */
	void (*skip)(struct output *o, uint64_t seq, bool undone);

	/* In place of skip: an earlier run has done that stage of the job (seq
	 * and stage are set), and kept what it had printed (kept). Stage
	 * after stage. */
	void (*replay)(struct output *o, struct job *job);

	/* From now on begin never blocks: nothing new is to be started. */
	void (*stop_waiting)(struct output *o);
};

struct output {
	const struct output_ops *ops;
};

#endif
