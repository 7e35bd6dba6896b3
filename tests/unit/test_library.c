/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_library.c - libraries that are loaded when they are first needed. */
#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "base/library.h"
#include "base/thread.h"
#include "tap.h"

#ifdef JANSSON_SONAME

static struct {
	void (*seed)(size_t seed);
	void *(*truth)(void);
} jansson;
static struct library is_there =
	LIBRARY(JANSSON_SONAME, "json_object_seed\0" "json_true\0", jansson);

static void *load_it(void *arg)
{
	struct buf err = BUF_INIT;

	if (library_load(&is_there, &err) == 0 && jansson.seed &&
	    jansson.truth() != NULL)
		atomic_fetch_add((atomic_uint *)arg, 1);
	buf_release(&err);
	return NULL;
}

static void by_many_at_once(void)
{
	struct thread t[8];
	atomic_uint good;

	atomic_init(&good, 0);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		CHECK_INT(thread_start(&t[i], 0, load_it, &good), 0);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		thread_join(&t[i]);
	CHECK_UINT(atomic_load(&good), ARRAY_SIZE(t));
}

static void lacks_a_function(void)
{
	static struct {
		void *(*truth)(void);
		void *(*none)(void);
	} table;
	static struct library lib =
		LIBRARY(JANSSON_SONAME, "json_true\0" "muster_has_none\0",
			table);
	struct buf err = BUF_INIT;

	CHECK_INT(library_load(&lib, &err), -1);
	CHECK(strstr(err.data, "muster_has_none"));
	buf_release(&err);
}

#endif

static void is_linked(void)
{
	static struct { int (*none)(void); } table;
	static struct library lib = LIBRARY(NULL, "none\0", table);
	struct buf err = BUF_INIT;

	CHECK_INT(library_load(&lib, &err), 0);
	CHECK_UINT(err.len, 0);
	buf_release(&err);
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
	buf_release(&err);
}

#endif

static const struct tap_case cases[] = {
	{ "one that is linked needs nothing", is_linked },
#ifdef JANSSON_SONAME
	{ "by many threads at once", by_many_at_once },
	{ "one that lacks a function", lacks_a_function },
#endif
#ifdef HAVE_DLOPEN
	{ "one that is not there", is_not_there },
#endif
};
TAP_MAIN(cases)
