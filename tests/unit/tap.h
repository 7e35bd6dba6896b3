/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tap.h - unit tests that speak TAP, every case in a process of its own.
 *
 * A test file is functions, a table and TAP_MAIN:
 *
 *	#include <config.h>
 *	#include "base/heap.h"
 *	#include "tap.h"
 *
 *	static void pop_empty(void)
 *	{
 *		struct heap h;
 *
 *		heap_init(&h, int_before, NULL);
 *		CHECK(heap_pop(&h) == NULL);
 *		CHECK_INT(h.len, 0);
 *		heap_release(&h);
 *	}
 *
 *	static const struct tap_case cases[] = {
 *		{ "popping an empty heap gives NULL", pop_empty },
 *	};
 *	TAP_MAIN(cases)
 *
 * A case is "not ok" when a CHECK fails in it, in a thread of it or in a
 * child of it, and also when its process dies, does not end with status 0 (a
 * sanitizer or valgrind found something), or takes longer than 60 seconds
 * times $MUSTER_TEST_SLOW. What is left of its process group is then killed.
 * Failed checks do not end the case; they are expressions and tell whether
 * they held: "if (!CHECK(p)) return;".
 *
 * Standard output belongs to the harness: in a case, descriptor 1 is a copy
 * of 2. A case must return, not exit. "test_x WORD" runs only the cases that
 * have WORD in their name.
 */
#ifndef MUSTER_TESTS_TAP_H
#define MUSTER_TESTS_TAP_H

#include <stdbool.h>
#include <stddef.h>

struct tap_case {
	const char *name;	/* a sentence, without '#' */
	void (*run)(void);
};

#define TAP_MAIN(cases)							\
	int main(int argc, char **argv)					\
	{								\
		return tap_main((cases), sizeof(cases) / sizeof((cases)[0]), \
				argc, argv);				\
	}

#define CHECK(cond) \
	tap_check(!!(cond), __FILE__, __LINE__, #cond)
/* Signed integers of any width, enums, bools, errno values. */
#define CHECK_INT(got, want) \
	tap_check_int((got), (want), __FILE__, __LINE__, #got)
/* Unsigned integers above INT64_MAX as well. */
#define CHECK_UINT(got, want) \
	tap_check_uint((got), (want), __FILE__, __LINE__, #got)
/* NUL-terminated strings; NULL is equal to NULL only. */
#define CHECK_STR(got, want) \
	tap_check_str((got), (want), __FILE__, __LINE__, #got)
/* Bytes: both the lengths and the contents have to be the same. */
#define CHECK_MEM(got, got_len, want, want_len) \
	tap_check_mem((got), (got_len), (want), (want_len), \
		      __FILE__, __LINE__, #got)

/*
 * Runs fn(arg) in a child with standard output and standard error captured.
 * Returns the wait status (0 when fn returned). out (out_size bytes) gets what
 * the child wrote, cut to fit, with a NUL behind it.
 */
int tap_run(void (*fn)(void *), void *arg, char *out, size_t out_size);

/* A new empty directory that is removed with all it holds after the case. */
const char *tap_tmpdir(void);
/* Makes the file path (with a slash in front) in it, and the way to it, anew
 * with that text. */
void tap_put(const char *path, const char *text);

/*
 * $MUSTER_TEST_SLOW, at least 1: how much slower than normal this run is
 * (sanitizers, valgrind). Multiply by it what bounds a wait from above.
 */
int tap_slow(void);

/* What is behind the macros. */
int tap_main(const struct tap_case *cases, size_t n, int argc, char **argv);
bool tap_check(bool ok, const char *file, int line, const char *what);
bool tap_check_int(long long got, long long want, const char *file, int line,
		   const char *what);
bool tap_check_uint(unsigned long long got, unsigned long long want,
		    const char *file, int line, const char *what);
bool tap_check_str(const char *got, const char *want, const char *file,
		   int line, const char *what);
bool tap_check_mem(const void *got, size_t got_len, const void *want,
		   size_t want_len, const char *file, int line,
		   const char *what);

#endif
