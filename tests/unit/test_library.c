/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_library.c - libraries that are loaded when they are first needed. */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "base/library.h"
#include "base/maths.h"
#include "base/thread.h"
#include "tap.h"

static void maths_are_there(void)
{
	struct buf err = BUF_INIT;

	CHECK_INT(maths_load(&err), 0);
	CHECK_INT(maths_load(NULL), 0);
	CHECK_UINT(err.len, 0);
	CHECK(maths->exp(0) == 1);
	CHECK(maths->log(1) == 0);
	CHECK(maths->sin(0) == 0);
	CHECK(maths->cos(0) == 1);
	CHECK(maths->pow(3, 4) == 81);
	buf_release(&err);
}

static void *load_maths(void *arg)
{
	if (maths_load(NULL) == 0 && maths->pow(2, 10) == 1024)
		atomic_fetch_add((atomic_uint *)arg, 1);
	return NULL;
}

static void by_many_at_once(void)
{
	struct thread t[8];
	atomic_uint good;

	atomic_init(&good, 0);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		CHECK_INT(thread_start(&t[i], 0, load_maths, &good), 0);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		thread_join(&t[i]);
	CHECK_UINT(atomic_load(&good), ARRAY_SIZE(t));
}

#ifdef HAVE_DLOPEN

static void is_not_there(void)
{
	static struct { double (*f)(double x); } table;
	static struct library lib =
		LIBRARY("libmuster-has-none.so.1", "sin\0", table);
	struct buf err = BUF_INIT;

	/* Twice: it may be there the next time. */
	for (int i = 0; i < 2; i++) {
		buf_reset(&err);
		CHECK_INT(library_load(&lib, &err), -1);
		CHECK(strstr(err.data, "cannot load a library: "));
		CHECK(strstr(err.data, "libmuster-has-none.so.1"));
		CHECK(!strchr(err.data, '\n'));
	}
	CHECK(!table.f);
	CHECK_INT(library_load(&lib, NULL), -1);
	buf_release(&err);
}

#endif

#ifdef MATHS_SONAME

static void lacks_a_function(void)
{
	static struct { double (*sin)(double x), (*none)(double x); } table;
	static struct library lib =
		LIBRARY(MATHS_SONAME, "sin\0" "muster_has_none\0", table);
	struct buf err = BUF_INIT;

	CHECK_INT(library_load(&lib, &err), -1);
	CHECK(strstr(err.data, "muster_has_none"));
	CHECK_INT(library_load(&lib, NULL), -1);
	buf_release(&err);
}

#endif

static const struct tap_case cases[] = {
	{ "the functions of real numbers", maths_are_there },
	{ "by many threads at once", by_many_at_once },
#ifdef HAVE_DLOPEN
	{ "one that is not there", is_not_there },
#endif
#ifdef MATHS_SONAME
	{ "one that lacks a function", lacks_a_function },
#endif
};
TAP_MAIN(cases)
