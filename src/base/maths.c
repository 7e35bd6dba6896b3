/* SPDX-License-Identifier: GPL-3.0-or-later */
/* maths.c - see maths.h. */
#include <config.h>

#include <math.h>
#include <stddef.h>

#include "base/library.h"
#include "base/maths.h"

#define SYMBOL(f) #f "\0"

#ifdef MATHS_SONAME
#define FIRST(f) NULL,
#else
#define MATHS_SONAME NULL
#define FIRST(f) f,
#endif

/* In the order of the struct. */
#define MATHS_CALLS(X) X(cos) X(exp) X(log) X(pow) X(sin)

static struct maths table = { MATHS_CALLS(FIRST) };
static struct library library =
	LIBRARY(MATHS_SONAME, MATHS_CALLS(SYMBOL), table);

const struct maths *const maths = &table;

int maths_load(struct buf *err)
{
	return library_load(&library, err);
}
