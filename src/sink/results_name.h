/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * results_name.h - which files --results keeps a job's output in. A pure
 * function.
 */
#ifndef MUSTER_SINK_RESULTS_NAME_H
#define MUSTER_SINK_RESULTS_NAME_H

#include "sink/results.h"

/* Adds the paths of the two streams, and of the file that tells what is
 * whole; for RESULTS_TREE and RESULTS_FILES. */
void results_name_files(const struct results_config *c, const struct job *job,
			struct buf *out, struct buf *err, struct buf *seq);

#endif
