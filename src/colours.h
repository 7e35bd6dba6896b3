/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * colours.h - --color and --color-failed: which colours the lines of a job
 * have. The same as GNU parallel's: light or dark text on a background of 256
 * colours, by the job's number. Constant after colours_init.
 */
#ifndef MUSTER_COLOURS_H
#define MUSTER_COLOURS_H

#include <stddef.h>
#include <stdint.h>

struct buf;

#define COLOURS_MAX	512

struct colours {
	struct {
		unsigned char back;
		unsigned char text;
	} pair[COLOURS_MAX];
	unsigned n;
};

void colours_init(struct colours *c);
/* Adds what switches on the colours of the job of that number. */
void colours_add(const struct colours *c, uint64_t number, struct buf *out);
/* The same for one that has failed: white on red. */
void colours_add_failed(struct buf *out);

#endif
