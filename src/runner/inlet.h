/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inlet.h - standard input that comes while the job runs.
 *
 * One reader gives chunks of bytes to a set of inlets, of which each job has
 * one: each chunk to one of them, to whichever is ready (--round-robin), or to
 * all (--tee). The worker that runs the job takes them. An inlet is new, then
 * begun, then over: its job is, or reads no more. One lock for the set; the
 * inlets belong to it and live as long.
 */
#ifndef MUSTER_RUNNER_INLET_H
#define MUSTER_RUNNER_INLET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/thread.h"

struct inlet;
struct inlets;

/* The reader's. */

/* n inlets; passes_on: what one that is over has not begun goes to others. */
struct inlets *inlets_new(size_t n, bool passes_on) MUST_USE;
/* After the last job. */
void inlets_free(struct inlets *s);
struct inlet *inlets_at(struct inlets *s, size_t i);

/* Gives data (malloc'ed, len bytes, at least 1) to inlet i, now. */
void inlets_give(struct inlets *s, size_t i, char *data, size_t len);
/*
 * The same for the next inlet in the round that is ready, which is waited for;
 * in_turn: for the next one, ready or not over. False: there is nobody left,
 * or inlets_stop was called; data is freed all the same.
 */
bool inlets_deal(struct inlets *s, bool in_turn, char *data, size_t len);
/* The same for all; waits while one of them lags far behind. */
bool inlets_give_all(struct inlets *s, char *data, size_t len);
/* That was all: the jobs meet the end behind what they have been given. What
 * those left that are over goes to others first. */
void inlets_close(struct inlets *s);
/* From any thread: the reader waits no more. */
void inlets_stop(struct inlets *s);

/* The worker's. */

/* Whom to wake when there is more. */
void inlet_begin(struct inlet *in, struct thread worker);
bool inlet_has_begun(struct inlet *in);
/* 1: *len bytes at *data, until they are taken; 0: none yet; -1: the end. */
int inlet_peek(struct inlet *in, const char **data, size_t *len);
void inlet_take(struct inlet *in, size_t n);
/* It is over. More than once is fine. */
void inlet_end(struct inlet *in);

#endif
