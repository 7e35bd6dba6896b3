/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * library.h - a library that is loaded when it is first needed.
 *
 * To map and relocate a library takes a tenth of a millisecond, in each run,
 * and few runs need one. So who uses it has a table of pointers to what it
 * calls, and has that filled before the first call. Where configure found no
 * name to load it by, it is linked as usual, and the table is full from the
 * start. Once loaded it stays. Thread-safe.
 */
#ifndef MUSTER_BASE_LIBRARY_H
#define MUSTER_BASE_LIBRARY_H

#include <stdatomic.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/thread.h"

struct buf;

struct library {
	const char *soname;	/* for the dynamic linker; NULL: linked */
	const char *symbols;	/* one behind the other, each with its NUL,
				   in the order of the table; "" ends them */
	void *table;		/* of pointers to functions and nothing else */
	struct mutex lock;
	atomic_bool is_loaded;	/* with release, when the table is full */
};

/* A static one: LIBRARY(SONAME, "a\0" "b\0", table). */
#define LIBRARY(name, list, to) \
	{ .soname = (name), .symbols = (list), .table = &(to), \
	  .lock = MUTEX_INIT }

/* Fills the table, unless it is. 0, or -1 with a message in err (or NULL) that
 * names the library. */
int library_load(struct library *lib, struct buf *err) MUST_USE;

#endif
