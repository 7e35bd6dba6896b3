/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ask.h - --interactive: asks on the terminal before each job.
 *
 * Workers ask, one at a time. So that the questions come in the order of the
 * input, the reader hands over no job before the last one was asked about, or
 * is over without that; but it does not wait for a job that waits for others,
 * which may be still to be read. Thread-safe.
 */
#ifndef MUSTER_ASK_H
#define MUSTER_ASK_H

#include <stdint.h>

struct ask;
struct buf;
struct job;
struct sink;

enum ask_answer {
	ASK_YES,
	ASK_NO,
	ASK_ORDERED,	/* nobody has answered: look at job->order */
};

/* Opens the terminal. NULL with a message in err when there is none. */
struct ask *ask_new(struct buf *err);
void ask_free(struct ask *a);
/* To be told of jobs that end unasked. */
struct sink *ask_sink(struct ask *a);

/* The question: command, and an answer that begins with y means yes. Blocks,
 * but for an order to the job. In the thread that the runner interrupts. */
enum ask_answer ask_about(struct ask *a, const struct job *job);

/* For the reader: waits until the job of that number has been asked about. */
void ask_await(struct ask *a, uint64_t number);

#endif
