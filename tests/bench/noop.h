/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * noop.h - a runner that runs no process and an output that puts nothing out:
 * what is left of a run with them is the engine.
 */
#ifndef MUSTER_BENCH_NOOP_H
#define MUSTER_BENCH_NOOP_H

#include "sched/engine.h"
#include "sched/job.h"
#include "sched/output.h"
#include "sched/runner.h"

struct noop {
	struct runner runner;
	struct output output;
	/* Called for each try, in its worker; every job succeeds. */
	void (*run)(void *arg, const struct job *job);
	void *arg;
};

void noop_init(struct noop *n, void (*run)(void *arg, const struct job *job),
	       void *arg);

#endif
