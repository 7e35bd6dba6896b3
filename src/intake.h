/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * intake.h - the input of a run, from its sources to the tuples that become
 * jobs: --header, --shuf, -X and the like.
 *
 * Opened by main before there is any other thread; from then on intake_next
 * is the reader thread's alone, intake_stop anyone's.
 */
#ifndef MUSTER_INTAKE_H
#define MUSTER_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "input/names.h"
#include "input/shquote.h"
#include "input/source.h"

struct buf;
struct options;
struct pack;
struct shuffle;
struct template;

/* Embedded; all zero is one that was never opened. */
struct intake {
	struct source *source;
	struct names names;
	struct shuffle *shuffle;	/* or NULL */
	struct pack *pack;		/* or NULL */
};

/*
 * Opens the n inputs and reads the names of columns, for which it may wait;
 * a signal that ends muster does so then. are_commands: there is no template.
 * 0, or -1 with a message in err; intake_release is to be called in both
 * cases. The options must outlive it.
 */
int intake_open(struct intake *in, const struct options *o,
		const struct input_spec *inputs, size_t n,
		enum shell_kind shell, bool are_commands, struct buf *err);
/* Puts several items into a job, if the options ask for that. The template of
 * its command must outlive the intake; slots: jobs at once. */
void intake_pack(struct intake *in, const struct options *o,
		 const struct template *template, unsigned slots);
void intake_release(struct intake *in);

/* As source_next. */
enum source_result intake_next(struct intake *in, struct tuple *t,
			       struct buf *err);
/* As source_stop. */
void intake_stop(struct intake *in);

/* How many jobs there will be, -1 unknown; count: files are read for it. */
int64_t intake_total(const struct intake *in, const struct options *o,
		     bool count);

#endif
