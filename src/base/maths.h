/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * maths.h - the functions of the real numbers that need a library, loaded when
 * they are first needed (library.h). What compilers have as instructions
 * (sqrt, trunc, floor, fabs) is called as usual.
 */
#ifndef MUSTER_BASE_MATHS_H
#define MUSTER_BASE_MATHS_H

#include "base/compiler.h"

struct buf;

struct maths {
	double (*cos)(double x);
	double (*exp)(double x);
	double (*log)(double x);
	double (*pow)(double x, double y);
	double (*sin)(double x);
};

/* 0, or -1 with a message in err (or NULL). From any thread. */
int maths_load(struct buf *err) MUST_USE;

/* To be called after maths_load. */
extern const struct maths *const maths;

#endif
