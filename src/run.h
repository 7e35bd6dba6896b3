/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run.h - the composition root: from options to source, engine, runner and
 * sinks, and to the exit status.
 */
#ifndef MUSTER_RUN_H
#define MUSTER_RUN_H

struct options;

/* The status of muster's own failure. */
#define RUN_ERROR 255

/* Runs it all; returns the exit status. May end by a signal instead, once
 * everything is cleaned up. thread_setup has been called. */
int run(const struct options *o);

#endif
